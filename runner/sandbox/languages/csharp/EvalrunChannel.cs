// Frames on standard input and output, which are the channel, and plain data in them; for both processes of a C# task.
using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Numerics;
using System.Reflection;
using System.Text;

static class EvalrunChannel {
    /// <summary>An answer that is no plain data, or an exception of the candidate.</summary>
    public sealed class CandidateError : Exception {
        public CandidateError(string message) : base(message) {}
    }

    private static Stream input, output;

    /// <summary>What the code prints is shown to people, and what it reads is empty: neither touches the channel.</summary>
    public static void Open() {
        input = Console.OpenStandardInput();
        output = Console.OpenStandardOutput();
        Console.SetOut(Console.Error);
        Console.SetIn(TextReader.Null);
    }

    private static byte[] Read(int size) {
        var bytes = new byte[size];
        for (int at = 0; at < size;) {
            int got = input.Read(bytes, at, size - at);
            if (got <= 0) Environment.Exit(1);
            at += got;
        }
        return bytes;
    }

    public static char Receive(out byte[] payload) {
        byte[] frame = Read((int) FromBigEndian(Read(4), 0));
        payload = frame.Skip(1).ToArray();
        return (char) frame[0];
    }

    public static void Send(char kind, byte[] payload) {
        var frame = new List<byte>(payload.Length + 5);
        frame.AddRange(BigEndian((uint) payload.Length + 1));
        frame.Add((byte) kind);
        frame.AddRange(payload);
        output.Write(frame.ToArray(), 0, frame.Count);
        output.Flush();
    }

    private static byte[] BigEndian(uint number) {
        return new[] {(byte) (number >> 24), (byte) (number >> 16), (byte) (number >> 8), (byte) number};
    }

    private static uint FromBigEndian(byte[] bytes, int at) {
        return (uint) bytes[at] << 24 | (uint) bytes[at + 1] << 16 | (uint) bytes[at + 2] << 8 | bytes[at + 3];
    }

    /// <summary>Texts in the format that the parent reads.</summary>
    public static byte[] Words(params string[] texts) {
        var bytes = new List<byte> {(byte) 't'};
        bytes.AddRange(BigEndian((uint) texts.Length));
        foreach (string text in texts) PutText(bytes, text);
        return bytes.ToArray();
    }

    private static void PutText(List<byte> bytes, string text) {
        byte[] encoded = Encoding.UTF8.GetBytes(text);
        bytes.Add((byte) 's');
        bytes.AddRange(BigEndian((uint) encoded.Length));
        bytes.AddRange(encoded);
    }

    public static byte[] Encode(params object[] values) {
        var bytes = new List<byte>();
        foreach (object value in values) Put(bytes, value, 0);
        return bytes.ToArray();
    }

    private static void Put(List<byte> bytes, object value, int depth) {
        if (depth > 100) throw new CandidateError("an answer is deeper than 100 levels");
        if (value == null) bytes.Add((byte) 'N');
        else if (value is bool) bytes.Add((byte) ((bool) value ? 'T' : 'F'));
        else if (value is string) PutText(bytes, (string) value);
        else if (value is char) {
            bytes.Add((byte) 'c');
            bytes.AddRange(BigEndian((char) value));
        } else if (value is float || value is double || value is decimal) {
            bytes.Add((byte) (value is float ? 'g' : 'f'));
            bytes.AddRange(BitConverter.GetBytes(Convert.ToDouble(value)));
        } else if (value is BigInteger) {
            bytes.Add((byte) 'b');
            PutText(bytes, value.ToString());
        } else if (value is IConvertible) {
            bytes.Add((byte) (value is int ? 'j' : 'i'));
            bytes.AddRange(BitConverter.GetBytes(Convert.ToInt64(value)));
        } else if (value is IDictionary) {
            var map = (IDictionary) value;
            bytes.Add((byte) 'd');
            bytes.AddRange(BigEndian((uint) map.Count));
            foreach (DictionaryEntry entry in map) {
                Put(bytes, entry.Key, depth + 1);
                Put(bytes, entry.Value, depth + 1);
            }
        } else if (value is IEnumerable) {
            List<object> items = ((IEnumerable) value).Cast<object>().Take(1000001).ToList();
            if (items.Count > 1000000) throw new CandidateError("an answer has more than 1000000 parts");
            PutAll(bytes, 'l', items, depth);
        } else if (IsTuple(value.GetType())) {
            PutAll(bytes, 't', Parts(value.GetType()).Select(part => part(value)).ToList(), depth);
        } else throw new CandidateError("an answer holds an object of class " + value.GetType());
    }

    private static void PutAll(List<byte> bytes, char tag, List<object> items, int depth) {
        bytes.Add((byte) tag);
        bytes.AddRange(BigEndian((uint) items.Count));
        foreach (object item in items) Put(bytes, item, depth + 1);
    }

    private static bool IsTuple(Type type) {
        return type.FullName.StartsWith("System.Tuple`") || type.FullName.StartsWith("System.ValueTuple`");
    }

    /// <summary>Item1, Item2 ...: properties of a Tuple, fields of a ValueTuple.</summary>
    private static IEnumerable<Func<object, object>> Parts(Type type) {
        for (int at = 1;; at++) {
            PropertyInfo property = type.GetProperty("Item" + at);
            FieldInfo field = type.GetField("Item" + at);
            if (property == null && field == null) yield break;
            yield return value => property != null ? property.GetValue(value, null) : field.GetValue(value);
        }
    }

    public static object[] Decode(byte[] bytes, Type[] types) {
        int at = 0;
        return types.Select(type => Get(bytes, ref at, type)).ToArray();
    }

    /// <summary>A value of the type that is asked for; of the nearest plain type where that is `object`.</summary>
    private static object Get(byte[] bytes, ref int at, Type type) {
        Type inner = Nullable.GetUnderlyingType(type) ?? type;
        char tag = (char) bytes[at++];
        switch (tag) {
            case 'N': return null;
            case 'T': return true;
            case 'F': return false;
            case 's': return GetText(bytes, ref at);
            case 'c':
                at += 4;
                return (char) FromBigEndian(bytes, at - 4);
            case 'i':
            case 'j':
                at += 8;
                long number = BitConverter.ToInt64(bytes, at - 8);
                if (inner == typeof(BigInteger)) return new BigInteger(number);
                return As(inner, tag == 'j' ? (object) (int) number : number);
            case 'f':
            case 'g':
                at += 8;
                double real = BitConverter.ToDouble(bytes, at - 8);
                return As(inner, tag == 'g' ? (object) (float) real : real);
            case 'b':
                at++;
                return BigInteger.Parse(GetText(bytes, ref at));
            case 'l': return GetList(bytes, ref at, inner);
            case 't': return GetTuple(bytes, ref at, inner);
            case 'd': return GetMap(bytes, ref at, inner);
            default: throw new CandidateError("an answer that is no plain data");
        }
    }

    private static object As(Type type, object number) {
        return type.IsPrimitive || type == typeof(decimal) ? Convert.ChangeType(number, type) : number;
    }

    private static string GetText(byte[] bytes, ref int at) {
        int size = (int) FromBigEndian(bytes, at);
        at += 4 + size;
        return Encoding.UTF8.GetString(bytes, at - size, size);
    }

    private static object GetList(byte[] bytes, ref int at, Type type) {
        uint count = FromBigEndian(bytes, at);
        at += 4;
        Type element = type.IsArray ? type.GetElementType()
            : type.IsGenericType ? type.GetGenericArguments()[0] : typeof(object);
        var list = (IList) Activator.CreateInstance(typeof(List<>).MakeGenericType(element));
        for (uint left = count; left > 0; left--) list.Add(Get(bytes, ref at, element));
        if (type.IsArray) return list.GetType().GetMethod("ToArray").Invoke(list, null);
        if (type.IsAssignableFrom(list.GetType())) return list;
        return Activator.CreateInstance(type, list);
    }

    private static object GetTuple(byte[] bytes, ref int at, Type type) {
        uint count = FromBigEndian(bytes, at);
        at += 4;
        Type[] types = IsTuple(type) ? type.GetGenericArguments() : Enumerable.Repeat(typeof(object), (int) count).ToArray();
        if (types.Length != count) throw new CandidateError("a tuple of " + count + " parts");
        var parts = new object[count];
        for (int part = 0; part < count; part++) parts[part] = Get(bytes, ref at, types[part]);
        if (IsTuple(type)) return Activator.CreateInstance(type, parts);
        MethodInfo create = typeof(Tuple).GetMethods().First(method => method.Name == "Create" && method.GetParameters().Length == count);
        return create.MakeGenericMethod(types).Invoke(null, parts);
    }

    private static object GetMap(byte[] bytes, ref int at, Type type) {
        uint count = FromBigEndian(bytes, at);
        at += 4;
        Type[] types = type.IsGenericType ? type.GetGenericArguments() : new[] {typeof(object), typeof(object)};
        Type made = typeof(Dictionary<,>).MakeGenericType(types);
        var map = (IDictionary) Activator.CreateInstance(made);
        for (uint left = count; left > 0; left--) {
            object key = Get(bytes, ref at, types[0]);
            map[key] = Get(bytes, ref at, types[1]);
        }
        return type.IsAssignableFrom(made) ? map : Activator.CreateInstance(type, map);
    }

    public static string Explain(Exception error) {
        string text = error.GetType().Name + ": " + error.Message;
        return text.Substring(0, Math.Min(300, text.Length));
    }
}
