// The judge's process: runs the test on a function that asks the candidate's process; never runs the candidate's code.

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

final class EvalrunJudge {
    public static void main(String[] args) throws Exception {
        EvalrunChannel.open();
        String outcome = "passed";
        String detail = "";
        try {
            Problem.main(new String[0]);
        } catch (AssertionError error) {
            outcome = "assertion";
            detail = lineOf(error);
        } catch (EvalrunChannel.CandidateError error) {
            outcome = "exception";
            detail = String.valueOf(error.getMessage());
        } catch (Throwable error) {
            outcome = "exception";
            detail = EvalrunChannel.explain(error);
        }
        EvalrunChannel.send('J', EvalrunChannel.words(args[0], outcome, detail));
        // Nothing of the test runs after the verdict; the parent ends this process.
        EvalrunChannel.receive();
    }

    /** Called by the function that the test asks. */
    static Object ask(Class<?> type, Object... arguments) {
        try {
            EvalrunChannel.send('C', EvalrunChannel.encode(arguments));
            EvalrunChannel.Frame frame = EvalrunChannel.receive();
            Object value = EvalrunChannel.decode(frame.payload).get(0);
            if (frame.kind != 'V') throw new EvalrunChannel.CandidateError(String.valueOf(value));
            return EvalrunChannel.as(type, value);
        } catch (IOException error) {
            throw new EvalrunChannel.CandidateError(EvalrunChannel.explain(error));
        }
    }

    /** An assertion of Java has no message: its line says more. */
    private static String lineOf(AssertionError error) throws IOException {
        for (StackTraceElement at : error.getStackTrace()) {
            if (at.getClassName().equals("Problem")) {
                String line = Files.readAllLines(Path.of("Problem.java")).get(at.getLineNumber() - 1).trim();
                return "at: " + line.substring(0, Math.min(250, line.length()));
            }
        }
        return EvalrunChannel.explain(error);
    }
}
