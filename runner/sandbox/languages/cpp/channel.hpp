// Frames on descriptor 3 and plain data in them, shared by the candidate's and the judge's process of a C++ task.
#pragma once
#include <any>
#include <cstdint>
#include <cstring>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <unistd.h>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace evalrun {

constexpr int channel = 3;

inline void write_all(const std::string &bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t sent = ::write(channel, bytes.data() + at, bytes.size() - at);
        if (sent <= 0) ::_exit(1);
        at += static_cast<std::size_t>(sent);
    }
}

inline std::string read_all(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t at = 0; at < size;) {
        const ssize_t got = ::read(channel, bytes.data() + at, size - at);
        if (got <= 0) ::_exit(1);
        at += static_cast<std::size_t>(got);
    }
    return bytes;
}

inline std::string big_endian(std::uint32_t number) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 255);
    return bytes;
}

inline std::uint32_t from_big_endian(const char *bytes) {
    std::uint32_t number = 0;
    for (int at = 0; at < 4; at++) number = number << 8 | static_cast<unsigned char>(bytes[at]);
    return number;
}

inline void send(char kind, const std::string &payload) {
    write_all(big_endian(static_cast<std::uint32_t>(payload.size() + 1)) + kind + payload);
}

struct Frame {
    char kind;
    std::string payload;
};

inline Frame receive() {
    std::string bytes = read_all(from_big_endian(read_all(4).data()));
    return {bytes[0], bytes.substr(1)};
}

// Texts in the format that the parent reads.
template <class... Texts>
std::string words(const Texts &...texts) {
    const auto word = [](const std::string &text) { return "s" + big_endian(text.size()) + text; };
    return "t" + big_endian(sizeof...(texts)) + (std::string() + ... + word(texts));
}

struct DataError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Values are written without their types: both sides know them, and numbers may be of another width there.
class Reader {
  public:
    explicit Reader(const std::string &bytes) : bytes_(bytes) {}
    char tag() { return take(1)[0]; }
    std::uint32_t count() { return from_big_endian(take(4)); }
    std::string text() {
        const std::uint32_t size = count();
        return {take(size), size};
    }
    template <class T>
    T raw() {
        T value;
        std::memcpy(&value, take(sizeof(T)), sizeof(T));
        return value;
    }
    void expect(char wanted) {
        if (tag() != wanted) throw DataError("a value of another type");
    }

  private:
    const char *take(std::size_t size) {
        if (size > bytes_.size() - at_) throw DataError("a value that ends too early");
        at_ += size;
        return bytes_.data() + at_ - size;
    }
    const std::string &bytes_;
    std::size_t at_ = 0;
};

template <class T>
std::string raw_bytes(const T &value) {
    std::string bytes(sizeof(T), '\0');
    std::memcpy(bytes.data(), &value, sizeof(T));
    return bytes;
}

template <class T, class = void>
struct Codec;

template <class T>
std::string encode(const T &value) {
    return Codec<std::decay_t<T>>::encode(value);
}

template <class T>
T decode(Reader &in) {
    return Codec<T>::decode(in);
}

// Integers as 64 bits, the rest as double or, where that is what it was, as float: both convert as C++ converts them.
template <class T>
struct Codec<T, std::enable_if_t<std::is_arithmetic_v<T>>> {
    static std::string encode(T value) {
        if constexpr (std::is_same_v<T, float>) return "g" + raw_bytes(value);
        else if constexpr (std::is_floating_point_v<T>) return "f" + raw_bytes(static_cast<double>(value));
        else return "i" + raw_bytes(static_cast<std::int64_t>(value));
    }
    static T decode(Reader &in) {
        switch (in.tag()) {
            case 'i': return static_cast<T>(in.raw<std::int64_t>());
            case 'f': return static_cast<T>(in.raw<double>());
            case 'g': return static_cast<T>(in.raw<float>());
            default: throw DataError("no number");
        }
    }
};

template <>
struct Codec<std::string> {
    static std::string encode(const std::string &value) { return "s" + big_endian(value.size()) + value; }
    static std::string decode(Reader &in) {
        in.expect('s');
        return in.text();
    }
};

template <>
struct Codec<const char *> {
    static std::string encode(const char *value) { return Codec<std::string>::encode(value); }
};

template <>
struct Codec<std::nullopt_t> {
    static std::string encode(std::nullopt_t) { return "n"; }
    static std::nullopt_t decode(Reader &in) {
        in.expect('n');
        return std::nullopt;
    }
};

template <class T>
struct Codec<std::optional<T>> {
    static std::string encode(const std::optional<T> &value) {
        return value ? "o" + evalrun::encode(*value) : std::string("n");
    }
    static std::optional<T> decode(Reader &in) {
        const char tag = in.tag();
        if (tag == 'n') return std::nullopt;
        if (tag != 'o') throw DataError("nothing that may be absent");
        return evalrun::decode<T>(in);
    }
};

template <class Sequence>
struct SequenceCodec {
    // Elements of a map are pairs with a constant key, which cannot be read into.
    template <class E>
    struct Plain {
        using type = E;
    };
    template <class K, class V>
    struct Plain<std::pair<const K, V>> {
        using type = std::pair<K, V>;
    };
    using Element = typename Plain<typename Sequence::value_type>::type;

    static std::string encode(const Sequence &value) {
        std::string bytes = "l" + big_endian(static_cast<std::uint32_t>(value.size()));
        // A copy, because std::vector<bool> hands out no elements.
        for (const auto &element : value) bytes += evalrun::encode(Element(element));
        return bytes;
    }
    static Sequence decode(Reader &in) {
        in.expect('l');
        Sequence value;
        for (std::uint32_t left = in.count(); left > 0; left--) value.insert(value.end(), evalrun::decode<Element>(in));
        return value;
    }
};

template <class T>
struct Codec<std::vector<T>> : SequenceCodec<std::vector<T>> {};
template <class T>
struct Codec<std::deque<T>> : SequenceCodec<std::deque<T>> {};
template <class T>
struct Codec<std::list<T>> : SequenceCodec<std::list<T>> {};
template <class T>
struct Codec<std::set<T>> : SequenceCodec<std::set<T>> {};
template <class T>
struct Codec<std::unordered_set<T>> : SequenceCodec<std::unordered_set<T>> {};
template <class K, class V>
struct Codec<std::map<K, V>> : SequenceCodec<std::map<K, V>> {};
template <class K, class V>
struct Codec<std::unordered_map<K, V>> : SequenceCodec<std::unordered_map<K, V>> {};

template <class A, class B>
struct Codec<std::pair<A, B>> {
    static std::string encode(const std::pair<A, B> &value) {
        return "t" + evalrun::encode(value.first) + evalrun::encode(value.second);
    }
    static std::pair<A, B> decode(Reader &in) {
        in.expect('t');
        A first = evalrun::decode<A>(in);
        return {std::move(first), evalrun::decode<B>(in)};
    }
};

template <class... T>
struct Codec<std::tuple<T...>> {
    static std::string encode(const std::tuple<T...> &value) {
        return std::apply([](const T &...part) { return ("t" + ... + evalrun::encode(part)); }, value);
    }
    static std::tuple<T...> decode(Reader &in) {
        in.expect('t');
        // Braces, because they are evaluated from left to right.
        return std::tuple<T...>{evalrun::decode<T>(in)...};
    }
};

// The tests put numbers, texts and containers into std::any; what a program returns there has one of these types, too.
template <>
struct Codec<std::any> {
    using Types = std::tuple<int, long, long long, float, double, bool, std::string, const char *, std::vector<long>,
                             std::vector<int>, std::vector<std::string>, std::vector<std::any>, std::map<long, long>,
                             std::map<int, int>, std::map<std::string, long>, std::map<std::string, std::string>>;
    template <class T>
    static bool put(const std::any &value, char index, std::string &bytes) {
        if (value.type() != typeid(T)) return false;
        bytes = std::string("a") + index + evalrun::encode(std::any_cast<T>(value));
        return true;
    }
    template <std::size_t... At>
    static std::string encode_one(const std::any &value, std::index_sequence<At...>) {
        std::string bytes = "a\x7f";
        (void)(put<std::tuple_element_t<At, Types>>(value, static_cast<char>(At), bytes) || ...);
        return bytes;
    }
    template <class T>
    static std::any get(Reader &in) {
        if constexpr (std::is_same_v<T, const char *>) return evalrun::decode<std::string>(in);
        else return evalrun::decode<T>(in);
    }
    template <std::size_t... At>
    static std::any decode_one(Reader &in, std::index_sequence<At...>) {
        const auto index = static_cast<std::size_t>(in.tag());
        std::any value;
        (void)((index == At && (value = get<std::tuple_element_t<At, Types>>(in), true)) || ...);
        return value;
    }
    using Indices = std::make_index_sequence<std::tuple_size_v<Types>>;
    static std::string encode(const std::any &value) { return encode_one(value, Indices()); }
    static std::any decode(Reader &in) {
        in.expect('a');
        return decode_one(in, Indices());
    }
};

// The unions of MultiPL-E do not know which member they hold. Compiled as structures they hold every member, and each is sent.
template <class T>
struct Codec<T, std::void_t<decltype(std::declval<T>().f0), decltype(std::declval<T>().f1)>> {
    template <class U>
    static auto third(const U &value, int) -> decltype(value.f2, std::string()) {
        return evalrun::encode(value.f2);
    }
    template <class U>
    static std::string third(const U &, long) {
        return "";
    }
    template <class U>
    static auto set_third(U &value, Reader &in, int) -> decltype(value.f2, void()) {
        value.f2 = evalrun::decode<std::decay_t<decltype(value.f2)>>(in);
    }
    template <class U>
    static void set_third(U &, Reader &, long) {}

    static std::string encode(const T &value) {
        return "u" + evalrun::encode(value.f0) + evalrun::encode(value.f1) + third(value, 0);
    }
    static T decode(Reader &in) {
        in.expect('u');
        T value(evalrun::decode<std::decay_t<decltype(std::declval<T>().f0)>>(in));
        value.f1 = evalrun::decode<std::decay_t<decltype(value.f1)>>(in);
        set_third(value, in, 0);
        return value;
    }
};

} // namespace evalrun
