// The candidate's process: holds the generated class Problem and answers calls of its function with plain data.

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;

final class EvalrunCandidate {
    public static void main(String[] args) throws Exception {
        EvalrunChannel.open();
        Method method = null;
        try {
            for (Method one : Class.forName("Problem").getDeclaredMethods()) if (one.getName().equals(args[0])) method = one;
        } catch (Throwable error) {
            EvalrunChannel.send('R', EvalrunChannel.words("exception", EvalrunChannel.explain(error)));
            return;
        }
        if (method == null || !Modifier.isStatic(method.getModifiers())) {
            String detail = "the program defines no static function " + args[0] + " in class Problem";
            EvalrunChannel.send('R', EvalrunChannel.words("missing_entry_point", detail));
            return;
        }
        method.setAccessible(true);
        EvalrunChannel.send('R', EvalrunChannel.words("ready", ""));
        for (;;) answer(method, EvalrunChannel.receive().payload);
    }

    private static void answer(Method method, byte[] payload) throws Exception {
        List<Object> values = EvalrunChannel.decode(payload);
        Class<?>[] types = method.getParameterTypes();
        for (int at = 0; at < types.length && at < values.size(); at++) values.set(at, EvalrunChannel.as(types[at], values.get(at)));
        byte[] answer;
        char kind = 'V';
        try {
            answer = EvalrunChannel.encode(method.invoke(null, values.toArray()));
        } catch (InvocationTargetException error) {
            kind = 'E';
            answer = EvalrunChannel.encode(EvalrunChannel.explain(error.getCause()));
        } catch (Throwable error) {
            kind = 'E';
            answer = EvalrunChannel.encode(EvalrunChannel.explain(error));
        }
        EvalrunChannel.send(kind, answer);
    }
}
