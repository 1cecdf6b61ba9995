// The candidate's process: holds the generated class Problem and answers calls of its function with plain data.
using System;
using System.Linq;
using System.Reflection;

static class EvalrunCandidate {
    static void Main(string[] args) {
        EvalrunChannel.Open();
        const BindingFlags anyStatic = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        MethodInfo method = typeof(Problem).GetMethods(anyStatic).FirstOrDefault(one => one.Name == args[0]);
        if (method == null) {
            string detail = "the program defines no static function " + args[0] + " in class Problem";
            EvalrunChannel.Send('R', EvalrunChannel.Words("missing_entry_point", detail));
            return;
        }
        EvalrunChannel.Send('R', EvalrunChannel.Words("ready", ""));
        Type[] types = method.GetParameters().Select(parameter => parameter.ParameterType).ToArray();
        for (;;) {
            byte[] payload;
            EvalrunChannel.Receive(out payload);
            byte[] answer;
            char kind = 'V';
            try {
                answer = EvalrunChannel.Encode(method.Invoke(null, EvalrunChannel.Decode(payload, types)));
            } catch (Exception error) {
                kind = 'E';
                Exception cause = error is TargetInvocationException ? error.InnerException : error;
                answer = EvalrunChannel.Encode(EvalrunChannel.Explain(cause));
            }
            EvalrunChannel.Send(kind, answer);
        }
    }
}
