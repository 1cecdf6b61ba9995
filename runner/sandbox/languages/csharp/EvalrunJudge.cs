// The judge's process: runs the test on a function that asks the candidate's process; never runs the candidate's code.
using System;
using System.Diagnostics;
using System.IO;
using System.Linq;

/// <summary>The test's assertions: a name of the program itself wins over that of a namespace.</summary>
static class Debug {
    public sealed class Failure : Exception {
        public Failure(string message) : base(message) {}
    }

    public static void Assert(bool holds) {
        if (!holds) throw new Failure(new StackTrace(true).ToString());
    }
}

static class EvalrunJudge {
    static void Main(string[] args) {
        EvalrunChannel.Open();
        string outcome = "passed";
        string detail = "";
        try {
            Problem.Main(new string[0]);
        } catch (Debug.Failure error) {
            outcome = "assertion";
            detail = LineOf(error.Message);
        } catch (EvalrunChannel.CandidateError error) {
            outcome = "exception";
            detail = error.Message;
        } catch (Exception error) {
            outcome = "exception";
            detail = EvalrunChannel.Explain(error);
        }
        EvalrunChannel.Send('J', EvalrunChannel.Words(args[0], outcome, detail));
        // Nothing of the test runs after the verdict; the parent ends this process.
        byte[] nothing;
        EvalrunChannel.Receive(out nothing);
    }

    /// <summary>Called by the function that the test asks.</summary>
    public static T Ask<T>(params object[] arguments) {
        EvalrunChannel.Send('C', EvalrunChannel.Encode(arguments));
        byte[] payload;
        char kind = EvalrunChannel.Receive(out payload);
        if (kind != 'V') {
            throw new EvalrunChannel.CandidateError((string) EvalrunChannel.Decode(payload, new[] {typeof(string)})[0]);
        }
        return (T) EvalrunChannel.Decode(payload, new[] {typeof(T)})[0];
    }

    /// <summary>An assertion has no message: its line says more.</summary>
    private static string LineOf(string trace) {
        string frame = trace.Split('\n').FirstOrDefault(line => line.Contains("Problem.cs:"));
        if (frame == null) return "an assertion of the test";
        int number = int.Parse(new string(frame.Substring(frame.IndexOf("Problem.cs:") + 11).TakeWhile(char.IsDigit).ToArray()));
        string text = File.ReadAllLines("Problem.cs")[number - 1].Trim();
        return "at: " + text.Substring(0, Math.Min(250, text.Length));
    }
}
