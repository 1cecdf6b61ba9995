"""Plain data to bytes and back: all that passes between the candidate's process and the judge's. Never pickle."""
import os
import struct

CHANNEL = 3


class LimitError(Exception):
    """A value too large, too deep or of too many parts."""


class DataError(Exception):
    """Bytes that no encoder of ours makes."""


class Opaque:
    """Stands for an object without a plain form: equal to nothing, neither true nor false."""

    __slots__ = ("name",)
    __hash__ = None

    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        return False

    def __ne__(self, other):
        return True

    def __bool__(self):
        raise TypeError(f"an object of class {self.name} is not plain data")

    def __repr__(self):
        return f"<object of class {self.name}>"


def mro(value):
    """Base classes by the type's own record, so that a lying __class__ is not asked."""
    return type.__dict__["__mro__"].__get__(type(value))


class Encoder:
    """Subclasses are flattened to the builtin that they extend; anything else becomes Opaque at the other end."""

    def __init__(self, limits):
        self.limits = limits
        self.out = bytearray()
        self.nodes = 0

    def block(self, tag, data):
        if len(self.out) + len(data) > self.limits["bytes"]:
            raise LimitError(f"more than {self.limits['bytes']} bytes")
        self.out += tag + struct.pack(">I", len(data)) + data

    def count(self, tag, number):
        if number > self.limits["nodes"]:
            raise LimitError(f"more than {self.limits['nodes']} parts")
        self.out += tag + struct.pack(">I", number)

    def integer(self, value):
        bits = int.bit_length(value)
        if bits // 8 > self.limits["bytes"]:
            raise LimitError(f"an integer of {bits} bits")
        self.block(b"i", int.to_bytes(value, bits // 8 + 1, "big", signed=True))

    def put(self, value, depth=0):
        self.nodes += 1
        if self.nodes > self.limits["nodes"]:
            raise LimitError(f"more than {self.limits['nodes']} parts")
        if depth > self.limits["depth"]:
            raise LimitError(f"deeper than {self.limits['depth']} levels")
        if len(self.out) > self.limits["bytes"]:
            raise LimitError(f"more than {self.limits['bytes']} bytes")
        if value is None:
            self.out += b"N"
        elif value is True:
            self.out += b"T"
        elif value is False:
            self.out += b"F"
        else:
            self.put_by_class(value, depth)

    def put_by_class(self, value, depth):
        for base in mro(value):
            if base is int:
                return self.integer(value)
            if base is float:
                self.out += b"f" + struct.pack(">d", value)
                return None
            if base is complex:
                self.out += b"c" + struct.pack(">dd", complex.real.__get__(value), complex.imag.__get__(value))
                return None
            if base is str:
                return self.block(b"s", str.encode(value, "utf-8", "surrogatepass"))
            if base is bytes or base is bytearray:
                return self.block(b"b" if base is bytes else b"B", bytes(memoryview(value)))
            if base is list or base is tuple:
                self.count(b"l" if base is list else b"t", base.__len__(value))
                return self.put_all(base.__iter__(value), depth)
            if base is set or base is frozenset:
                self.count(b"S" if base is set else b"Z", base.__len__(value))
                return self.put_all(base.__iter__(value), depth)
            if base is dict:
                self.count(b"d", dict.__len__(value))
                return self.put_all((part for item in dict.items(value) for part in item), depth)
            if base is range:
                self.out += b"r"
                return self.put_all((value.start, value.stop, value.step), depth)
            if base.__module__ == "fractions" and base.__name__ == "Fraction":
                self.out += b"q"
                return self.put_all((value.numerator, value.denominator), depth)
            if base.__module__ == "decimal" and base.__name__ == "Decimal":
                return self.block(b"D", base.__str__(value).encode())
            if base.__module__ == "numpy" and base.__name__ == "generic":
                plain = value.item()
                if mro(plain)[0].__module__ == "builtins":
                    return self.put(plain, depth + 1)
        return self.block(b"o", str.encode(type(value).__name__, "utf-8", "replace")[:100])

    def put_all(self, values, depth):
        for value in values:
            self.put(value, depth + 1)


def encode(value, limits):
    encoder = Encoder(limits)
    encoder.put(value)
    return bytes(encoder.out)


class Decoder:
    """Trusts nothing: every length is checked against the bytes that are left."""

    def __init__(self, data, limits):
        self.data = data
        self.at = 0
        self.limits = limits
        self.nodes = 0

    def take(self, size):
        end = self.at + size
        if end > len(self.data):
            raise DataError("a value that ends too early")
        part = self.data[self.at : end]
        self.at = end
        return part

    def number(self):
        return struct.unpack(">I", self.take(4))[0]

    def block(self):
        return self.take(self.number())

    def get(self, depth=0):
        self.nodes += 1
        if self.nodes > self.limits["nodes"]:
            raise LimitError(f"more than {self.limits['nodes']} parts")
        if depth > self.limits["depth"]:
            raise LimitError(f"deeper than {self.limits['depth']} levels")
        tag = self.take(1)
        if tag == b"N":
            return None
        if tag == b"T":
            return True
        if tag == b"F":
            return False
        if tag == b"i":
            return int.from_bytes(self.block(), "big", signed=True)
        if tag == b"f":
            return struct.unpack(">d", self.take(8))[0]
        if tag == b"s":
            return self.block().decode("utf-8", "surrogatepass")
        if tag == b"l":
            return self.several(self.number(), depth)
        if tag == b"t":
            return tuple(self.several(self.number(), depth))
        if tag == b"d":
            return self.mapping(self.number(), depth)
        return self.get_rare(tag, depth)

    def get_rare(self, tag, depth):
        if tag == b"c":
            return complex(*struct.unpack(">dd", self.take(16)))
        if tag == b"b":
            return bytes(self.block())
        if tag == b"B":
            return bytearray(self.block())
        if tag == b"S":
            return set(self.several(self.number(), depth))
        if tag == b"Z":
            return frozenset(self.several(self.number(), depth))
        if tag == b"r":
            return range(*self.several(3, depth))
        if tag == b"q":
            from fractions import Fraction

            return Fraction(*self.several(2, depth))
        if tag == b"D":
            from decimal import Decimal

            return Decimal(self.block().decode())
        if tag == b"o":
            return Opaque(self.block().decode("utf-8", "replace"))
        raise DataError(f"an unknown tag {tag!r}")

    def several(self, number, depth):
        return [self.get(depth + 1) for _ in range(number)]

    def mapping(self, number, depth):
        found = {}
        for _ in range(number):
            key = self.get(depth + 1)
            found[key] = self.get(depth + 1)
        return found


def decode(data, limits):
    """Throws LimitError, or DataError for whatever else is wrong with the bytes."""
    decoder = Decoder(data, limits)
    try:
        value = decoder.get()
    except (LimitError, MemoryError, DataError):
        raise
    except Exception as error:
        raise DataError(f"{type(error).__name__}: {error}") from None
    if decoder.at != len(data):
        raise DataError("bytes after the value")
    return value


def read_exactly(size, read=os.read):
    parts = []
    while size > 0:
        part = read(CHANNEL, min(size, 1 << 20))
        if not part:
            raise SystemExit(0)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def receive():
    """One frame: length (u32, big endian), kind (one byte), payload."""
    body = read_exactly(struct.unpack(">I", read_exactly(4))[0])
    return body[:1], body[1:]


def send(kind, payload, write=os.write):
    frame = memoryview(struct.pack(">I", len(payload) + 1) + kind + payload)
    while frame:
        frame = frame[write(CHANNEL, frame) :]


def short(text, size=400):
    return text if len(text) <= size else text[:size] + "..."
