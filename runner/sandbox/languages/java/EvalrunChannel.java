// Frames on standard input and output, which are the channel, and plain data in them; for both processes of a Java task.

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.javatuples.Tuple;

final class EvalrunChannel {
    static final class Frame {
        final char kind;
        final byte[] payload;

        Frame(char kind, byte[] payload) {
            this.kind = kind;
            this.payload = payload;
        }
    }

    /** An answer that is no plain data, or an exception of the candidate. */
    static final class CandidateError extends RuntimeException {
        CandidateError(String message) {
            super(message);
        }
    }

    private static final DataInputStream in = new DataInputStream(new FileInputStream(FileDescriptor.in));
    private static final FileOutputStream out = new FileOutputStream(FileDescriptor.out);

    /** What the code prints is shown to people, and what it reads is empty: neither touches the channel. */
    static void open() {
        System.setOut(System.err);
        System.setIn(InputStream.nullInputStream());
    }

    static Frame receive() throws IOException {
        byte[] frame = new byte[in.readInt()];
        in.readFully(frame);
        return new Frame((char) frame[0], java.util.Arrays.copyOfRange(frame, 1, frame.length));
    }

    static void send(char kind, byte[] payload) throws IOException {
        out.write(ByteBuffer.allocate(payload.length + 5).putInt(payload.length + 1).put((byte) kind).put(payload).array());
    }

    /** Texts in the format that the parent reads. */
    static byte[] words(String... texts) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream to = new DataOutputStream(bytes);
        to.write('t');
        to.writeInt(texts.length);
        for (String text : texts) putText(to, 's', text);
        return bytes.toByteArray();
    }

    private static void putText(DataOutputStream to, char tag, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        to.write(tag);
        to.writeInt(bytes.length);
        to.write(bytes);
    }

    static byte[] encode(Object... values) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream to = new DataOutputStream(bytes);
        for (Object value : values) put(to, value, 0);
        return bytes.toByteArray();
    }

    private static void put(DataOutputStream to, Object value, int depth) throws IOException {
        if (depth > 100) throw new CandidateError("an answer is deeper than 100 levels");
        if (value == null) to.write('N');
        else if (value instanceof Boolean) to.write((Boolean) value ? 'T' : 'F');
        else if (value instanceof Long) {
            to.write('i');
            to.writeLong((Long) value);
        } else if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
            to.write('j');
            to.writeInt(((Number) value).intValue());
        } else if (value instanceof Double) {
            to.write('f');
            to.writeDouble((Double) value);
        } else if (value instanceof Float) {
            to.write('g');
            to.writeFloat((Float) value);
        } else if (value instanceof Character) {
            to.write('c');
            to.writeChar((Character) value);
        } else if (value instanceof CharSequence) putText(to, 's', value.toString());
        else if (value instanceof Optional) {
            Optional<?> optional = (Optional<?>) value;
            to.write(optional.isPresent() ? 'o' : 'n');
            if (optional.isPresent()) put(to, optional.get(), depth + 1);
        } else if (value instanceof Tuple) putAll(to, 't', ((Tuple) value).toList(), depth);
        else if (value instanceof Set) putAll(to, 'e', (Set<?>) value, depth);
        else if (value instanceof Collection) putAll(to, 'l', (Collection<?>) value, depth);
        else if (value instanceof Map) {
            Map<?, ?> map = (Map<?, ?>) value;
            to.write('d');
            to.writeInt(map.size());
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                put(to, entry.getKey(), depth + 1);
                put(to, entry.getValue(), depth + 1);
            }
        } else if (value.getClass().isArray()) {
            List<Object> elements = new ArrayList<>();
            for (int at = 0; at < Array.getLength(value); at++) elements.add(Array.get(value, at));
            putAll(to, 'l', elements, depth);
        } else throw new CandidateError("an answer holds an object of " + value.getClass());
    }

    private static void putAll(DataOutputStream to, char tag, Collection<?> values, int depth) throws IOException {
        to.write(tag);
        to.writeInt(values.size());
        for (Object value : values) put(to, value, depth + 1);
    }

    static List<Object> decode(byte[] bytes) throws IOException {
        DataInputStream from = new DataInputStream(new java.io.ByteArrayInputStream(bytes));
        List<Object> values = new ArrayList<>();
        while (from.available() > 0) values.add(get(from));
        return values;
    }

    private static Object get(DataInputStream from) throws IOException {
        int tag = from.read();
        switch (tag) {
            case 'N':
                return null;
            case 'T':
                return true;
            case 'F':
                return false;
            case 'i':
                return from.readLong();
            case 'j':
                return from.readInt();
            case 'f':
                return from.readDouble();
            case 'g':
                return from.readFloat();
            case 'c':
                return from.readChar();
            case 's':
                return new String(from.readNBytes(from.readInt()), StandardCharsets.UTF_8);
            case 'n':
                return Optional.empty();
            case 'o':
                return Optional.ofNullable(get(from));
            case 't':
                return Tuple.of(getAll(from));
            case 'e':
                return new HashSet<>(getAll(from));
            case 'l':
                return getAll(from);
            case 'd':
                Map<Object, Object> map = new HashMap<>();
                for (int left = from.readInt(); left > 0; left--) {
                    Object key = get(from);
                    map.put(key, get(from));
                }
                return map;
            default:
                throw new CandidateError("an answer that is no plain data");
        }
    }

    private static ArrayList<Object> getAll(DataInputStream from) throws IOException {
        ArrayList<Object> values = new ArrayList<>();
        for (int left = from.readInt(); left > 0; left--) values.add(get(from));
        return values;
    }

    /** A number as the type that is asked for; everything else as it is. */
    static Object as(Class<?> type, Object value) {
        if (!(value instanceof Number)) return value;
        Number number = (Number) value;
        if (type == long.class || type == Long.class) return number.longValue();
        if (type == int.class || type == Integer.class) return number.intValue();
        if (type == double.class || type == Double.class) return number.doubleValue();
        if (type == float.class || type == Float.class) return number.floatValue();
        return value;
    }

    static String explain(Throwable error) {
        String text = String.valueOf(error);
        return text.substring(0, Math.min(300, text.length()));
    }
}
