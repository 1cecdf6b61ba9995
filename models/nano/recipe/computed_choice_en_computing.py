"""Computer science in English."""

import random

from options import Drawn, Family, ordered, placed

R = random.Random


def binary_to_decimal(rng: R, place: int) -> Drawn:
    n = rng.randint(4, 31)
    text = rng.choice([
        f"Which decimal number equals the binary number {n:b}?", f"What is the binary number {n:b} in decimal?",
    ])
    slips = [n - 1, n + 1, n - 2, n + 2, n + 4, n - 4, n // 2, n * 2]
    return (n,), text, ordered(rng, place, n, slips)


def decimal_to_binary(rng: R, place: int) -> Drawn:
    n = rng.randint(2, 31)
    bits = max(3, n.bit_length())
    text = rng.choice([
        f"Which binary number equals the decimal number {n}?", f"How is the decimal number {n} written in binary?",
    ])
    values = ordered(rng, place, n, [n ^ 1, n ^ 2, n ^ 3, n ^ 1 << bits - 1], 1, 1)
    if values is None or max(map(int, values)) >= 1 << bits:
        return (n,), text, None
    return (n,), text, tuple(f"{int(v):0{bits}b}" for v in values)


def hexadecimal_to_decimal(rng: R, place: int) -> Drawn:
    n = rng.randint(10, 47)
    text = rng.choice([
        f"Which decimal number equals the hexadecimal number {n:X}?", f"What is hexadecimal {n:X} in decimal?",
    ])
    return (n,), text, ordered(rng, place, n, [n - 16, n + 16, n - 1, n + 1, n % 16 + n // 16, n // 16 * 10 + n % 16])


def twos_complement(rng: R, place: int) -> Drawn:
    n, bits = rng.randint(1, 8), rng.choice([4, 8])
    mask = (1 << bits) - 1
    text = rng.choice([
        f"How is the number −{n} written in {bits}-bit two's complement?",
        f"What is the {bits}-bit two's complement of −{n}?",
    ])
    right = -n & mask
    pool = {n, mask ^ n, 1 << bits - 1 | n, right ^ 1, right - 2 & mask, right + 2 & mask} - {right}
    below, above = sorted(v for v in pool if v < right), sorted(v for v in pool if v > right)
    if len(below) < place or len(above) < 3 - place:
        return (), "", None
    values = sorted([right, *rng.sample(below, place), *rng.sample(above, 3 - place)])
    return (n, bits), text, tuple(f"{v:0{bits}b}" for v in values)


def assignment(rng: R, place: int) -> Drawn:
    x, a, b = rng.randint(2, 9), rng.randint(2, 5), rng.randint(1, 9)
    name = rng.choice("xyna")
    expression, right, slips = rng.choice([
        (f"{name} * {a} + {b}", x * a + b, [x * (a + b), x * a, x + a + b]),
        (f"{name} + {a} * {b}", x + a * b, [(x + a) * b, a * b, x + a + b]),
        (f"({name} + {a}) * {b}", (x + a) * b, [x + a * b, x + a, x + a + b]),
    ])
    text = rng.choice([
        f"What does this Python program print?\n{name} = {x}\nprint({expression})",
        f"What is the output of this Python code?\n{name} = {x}\nprint({expression})",
    ])
    return (expression, x), text, ordered(rng, place, right, [*slips, right + 1, right - 1], 2)


def loop_count(rng: R, place: int) -> Drawn:
    start, end, step = rng.choice([0, 0, 1, 2]), rng.randint(4, 14), rng.randint(1, 5)
    name = rng.choice("ijkn")
    right = -(-(end - start) // step)
    text = rng.choice([
        "How many times is the loop body executed?\n",
        "How often does the body of this loop run?\n",
    ]) + f"{name} = {start}\nwhile {name} < {end}:\n    {name} = {name} + {step}"
    return (start, end, step), text, ordered(rng, place, right, [right - 1, right + 1, end, end // step, step])


def loop_total(rng: R, place: int) -> Drawn:
    n, name, by = rng.randint(3, 8), rng.choice(["total", "s", "result"]), rng.choice([0, 0, 1, 2])
    first = 1 if by == 1 else 0
    span = f"1, {n}" if first else str(n)
    item = "i * 2" if by == 2 else "i"
    right = sum(range(first, n)) * (2 if by == 2 else 1)
    text = rng.choice(["What does this Python program print?\n", "What is the output of this Python code?\n"])
    text += f"{name} = 0\nfor i in range({span}):\n    {name} = {name} + {item}\nprint({name})"
    return (n, by), text, ordered(rng, place, right, [n, n - 1, right + n, right - n + 1, right + 2, right - 1], 2)


def loop_print(rng: R, place: int) -> Drawn:
    n, start, step = rng.randint(2, 5), rng.randint(0, 5), rng.randint(2, 5)
    right = start + n * step
    text = rng.choice(["What does this Python program print?\n", "What is the output of this Python code?\n"])
    text += f"x = {start}\nfor i in range({n}):\n    x = x + {step}\nprint(x)"
    return (n, start, step), text, ordered(rng, place, right, [right - step, right + step, n * step, start + step])


def modulo(rng: R, place: int) -> Drawn:
    b, q = rng.randint(2, 9), rng.randint(1, 5)
    r = rng.randint(0, b - 1)
    a = b * q + r
    operator, right = rng.choice([("%", r), ("%", r), ("//", q)])
    text = rng.choice([
        f"What value has the Python expression {a} {operator} {b}?", f"In Python, what is {a} {operator} {b}?",
    ])
    return (a, b, operator), text, ordered(rng, place, right, [q, r, b - r, a - b, right + 1, right - 1], 1, 0)


def string_index(rng: R, place: int) -> Drawn:
    word = rng.choice(["cat", "dog", "house", "python", "world", "water", "apple", "green", "table", "music", "river"])
    index = rng.randrange(len(word) if rng.random() < 0.5 else 3)
    name = rng.choice("stw")
    text = rng.choice([
        f'In Python 3, {name} = "{word}". What is the value of {name}[{index}]?',
        f'What does this Python 3 program print?\n{name} = "{word}"\nprint({name}[{index}])',
    ])
    quote = "{}" if "print" in text else '"{}"'
    wrong = [quote.format(w) for w in [*word, word[:2], word[:index + 1]]]
    return (word, index), text, placed(rng, place, quote.format(word[index]), wrong)


def list_index(rng: R, place: int) -> Drawn:
    values = rng.sample(range(1, 10), 4)
    index = rng.randrange(4)
    text = rng.choice([
        f"In Python, a = {values}. What is the value of a[{index}]?",
        f"What does this Python program print?\na = {values}\nprint(a[{index}])",
    ])
    return (*values, index), text, tuple(map(str, sorted(values))) if sorted(values)[place] == values[index] else None


def list_length(rng: R, place: int) -> Drawn:
    right, nested, single = rng.randint(2, 5), rng.randint(0, 3), rng.randint(0, 1)
    items = [str(rng.randint(1, 9)) for _ in range(right)]
    if nested:
        items[rng.randrange(right)] = str([rng.randint(1, 9) for _ in range(nested + single)])
    listed = f"[{', '.join(items)}]"
    text = rng.choice([
        f"What value has the Python expression len({listed})?", f"In Python, what is len({listed})?",
    ])
    inner = nested + single if nested else 0
    return (listed,), text, ordered(rng, place, right, [right - 1, right + inner - 1, right + 1, right + inner], 1)


def recursion(rng: R, place: int) -> Drawn:
    n, kind = rng.randint(2, 6), rng.choice(["*", "+"])
    right = 1
    for k in range(2, n + 1):
        right = right * k if kind == "*" else right + k
    name = rng.choice(["f", "g", "h"])
    text = rng.choice(["Consider the Python function below.\n", "A Python function is defined as follows.\n"])
    text += f"def {name}(n):\n    if n <= 1:\n        return 1\n    return n {kind} {name}(n - 1)\n"
    text += rng.choice([f"What is the value of {name}({n})?", f"What does {name}({n}) return?"])
    slips = [n, 2 * n, right // n, right * 2, n * (n - 1), right - 1, right + n]
    return (n, kind), text, ordered(rng, place, right, slips, 2)


def bit_values(rng: R, place: int) -> Drawn:
    n = rng.randint(2, 10)
    text = rng.choice([
        f"How many different values can {n} bits hold?", f"How many values can {n} bits take?",
        f"What is 2 to the power of {n}?",
    ])
    return (n,), text, ordered(rng, place, 2**n, [2 * n, 2**n // 2, 2**n * 2, n * n, 2**n // 4, 2**n * 4, 10 * n], 2)


def bits_in_bytes(rng: R, place: int) -> Drawn:
    n = rng.randint(2, 20)
    text = rng.choice([f"How many bits are there in {n} bytes?", f"{n} bytes hold how many bits?"])
    return (n,), text, ordered(rng, place, 8 * n, [4 * n, 10 * n, 16 * n, n + 8, 2 * n, 8 * n + 8], 4)


def binary_search(rng: R, place: int) -> Drawn:
    n, right = rng.choice([(16, 4), (32, 5), (60, 6), (64, 6), (120, 7), (250, 8), (500, 9), (2000, 11), (4000, 12)])
    text = rng.choice([
        f"At most about how many comparisons does binary search need for {n:,} sorted elements?",
        f"A sorted list has {n:,} elements. About how many steps does a binary search take at most?",
    ])
    slips = [2, 3, n // 2, n, n // 10, right * 2]
    return (n,), text, ordered(rng, place, right, slips, 2, 1, "{:,}".format)


def boolean(rng: R, place: int) -> Drawn:
    a, b = rng.choice([True, False]), rng.choice([True, False])
    forms = {
        "A and B": a and b, "A or B": a or b, "not A": not a, "not B": not b, "A and (not B)": a and not b,
        "(not A) and B": not a and b, "(not A) and (not B)": not a and not b, "not (A or B)": not (a or b),
        "not (A and B)": not (a and b), "(not A) or B": not a or b, "A or (not B)": a or not b,
    }
    right = rng.choice([form for form, value in forms.items() if value])
    word = {True: "true", False: "false"}
    text = rng.choice([
        f"Suppose B is {word[b]} and A is {word[a]}. Which of these expressions is true?",
        f"Let A be {word[a]} and B be {word[b]}. Which of these is true?",
    ])
    options = placed(rng, place, right, [form for form, value in forms.items() if not value])
    return (a, b, right), text, options


COMPUTER_SCIENCE: list[Family] = [
    binary_to_decimal, decimal_to_binary, hexadecimal_to_decimal, twos_complement, assignment, loop_count, loop_total,
    loop_print, modulo, string_index, list_index, list_length, recursion, bit_values, bits_in_bytes, binary_search,
    boolean,
]
