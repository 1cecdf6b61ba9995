"""Arithmetic of elementary mathematics in English."""

import random

from options import Drawn, Family, decimal, ordered

R = random.Random
_NAMES = [("Anna", "she"), ("Ben", "he"), ("Lucy", "she"), ("Tom", "he"), ("Sara", "she"), ("Paul", "he")]
_WARES = ["pencils", "cards", "toys", "cups", "books", "tickets"]


def _dollars(cents: int) -> str:
    return f"${cents // 100}.{cents % 100:02d}"


def product(rng: R, place: int) -> Drawn:
    a, b = rng.randint(2, 9), rng.randint(2, 9)
    text = rng.choice([f"What is {a} × {b}?", f"{a} × {b} =", f"What is the product of {a} and {b}?"])
    p = a * b
    return (a, b), text, ordered(rng, place, p, [p - a, p + a, p - b, p + b, p + 10, p - 1, p + 1], 2)


def change(rng: R, place: int) -> Drawn:
    n, price, bill = rng.randint(2, 6), rng.randint(1, 6), rng.choice([10, 20, 50])
    (name, she), ware, right = rng.choice(_NAMES), rng.choice(_WARES), bill - n * price
    text = rng.choice([
        f"{name} buys {n} {ware} for ${price} each and pays with a ${bill} bill. How much change does {she} get?",
        f"One of these {ware} costs ${price}. {name} takes {n} and pays with ${bill}. What is the change?",
    ])
    options = ordered(rng, place, right, [bill - price, n * price, right + 1, right - 1], 2, 1, "${}".format)
    return (n, price, bill), text, options if right > 0 else None


def digit_value(rng: R, place: int) -> Drawn:
    digits = rng.sample(range(1, 10), 4)
    number, digit = int("".join(map(str, digits))), digits[3 - place]
    text = rng.choice([
        f"What is the value of the digit {digit} in the number {number:,}?",
        f"In {number:,}, what is the digit {digit} worth?",
    ])
    return (number, digit), text, tuple(f"{digit * 10**power:,}" for power in range(4))


def order_of_operations(rng: R, place: int) -> Drawn:
    a, b, c = rng.randint(1, 9), rng.randint(2, 9), rng.randint(2, 9)
    if rng.random() < 0.6:
        text, right, slips = f"{a} + {b} × {c}", a + b * c, [(a + b) * c, a * b + c, a + b + c]
    else:
        text, right, slips = f"{b} × {c} − {a}", b * c - a, [b * (c - a), b * c + a, b + c - a]
    text = rng.choice([f"What is the value of {text}?", f"What is {text}?", f"{text} ="])
    return (a, b, c, right), text, ordered(rng, place, right, [*slips, right - 1, right + 2], 3)


def brackets(rng: R, place: int) -> Drawn:
    b, c, k, d = (rng.randint(1, 5) for _ in range(4))
    a, d = k * (b + c), d + 1
    text = rng.choice([f"What is the value of {a} ÷ ({b} + {c}) × {d}?", f"{a} ÷ ({b} + {c}) × {d} ="])
    slips = [k, k + d, a // b + c * d, a // d, a * d]
    return (a, b, c, d), text, ordered(rng, place, k * d, slips, 2)


def minutes(rng: R, place: int) -> Drawn:
    quarters = rng.randint(5, 24)
    hours, right = decimal(quarters * 25, 100), quarters * 15
    text = rng.choice([
        f"How many minutes are there in {hours} hours?",
        f"How many minutes are {hours} hours?",
        f"{hours} hours =",
    ])
    whole = quarters // 4
    slips = [whole * 60, whole * 60 + quarters % 4 * 25, quarters * 25, right - 15, right + 15, right - 20]
    unit = "{} minutes" if text.endswith("=") else "{}"
    return (quarters,), text, ordered(rng, place, right, slips, 10, 1, unit.format)


def bags(rng: R, place: int) -> Drawn:
    single, n, packs = rng.choice([20, 30, 40, 50, 60, 100]), rng.choice([4, 5, 6, 10]), rng.randint(1, 4)
    off = rng.choice([20, 30, 40, 50, 100])
    ware = rng.choice(["pears", "lemons", "rolls", "eggs"])
    text = rng.choice([
        f"A stall sells {ware} at these prices.\n1 of the {ware}: {_dollars(single)}\n"
        f"box of {n}: {_dollars(n * single - off)}\nHow much does a person who buys {n * packs} in boxes save?",
        f"One of the {ware} costs {_dollars(single)}, a bag of {n} costs {_dollars(n * single - off)}. "
        f"How much is saved on {n * packs} {ware} by buying bags?",
    ])
    slips = [off, off * 2, n * packs * single, n * single - off, off * (packs + 1)]
    options = ordered(rng, place, off * packs, slips, 10, 5, _dollars)
    return (single, n, packs, off), text, options if n * single > 2 * off else None


def end_time(rng: R, place: int) -> Drawn:
    start, half = rng.randint(12, 100) * 5, rng.choice(["a.m.", "p.m."])
    length = 60 * rng.randint(0, 2) + rng.randint(2, 11) * 5
    hours, mins = divmod(length, 60)
    lasts = f"{mins} minutes" if not hours else f"{hours} hour{'s' * (hours > 1)} and {mins} minutes"
    show = lambda t: f"{t // 60}:{t % 60:02d} {half}"  # noqa: E731
    event = rng.choice(["concert", "lesson", "match", "show", "trip"])
    text = rng.choice([
        f"A {event} starts at {show(start)} and lasts {lasts}. When does it end?",
        f"A {event} of {lasts} begins at {show(start)}. It ends at",
    ])
    right = start + length
    slips = [right - 60, right + 60, right - 10, right + 10, right + 20, right - 40]
    return (start, length, half), text, ordered(rng, place, right, slips, 10, 60, show) if right < 660 else None


def mean(rng: R, place: int) -> Drawn:
    n, right = rng.choice([2, 3, 4]), rng.randint(3, 12)
    values = [rng.randint(1, 16) for _ in range(n - 1)]
    values = sorted([*values, right * n - sum(values)])
    if len(set(values)) < n or values[0] < 1 or values[-1] > 25:
        return (), "", None
    listed = ", ".join(map(str, values[:-1])) + f" and {values[-1]}"
    text = rng.choice([f"What is the mean of {listed}?", f"The average of {listed} is"])
    return tuple(values), text, ordered(rng, place, right, [values[1], values[-2], right + 1, right - 1, sum(values)])


def percent_of(rng: R, place: int) -> Drawn:
    p, n = rng.choice([5, 10, 20, 25, 30, 40, 50, 75]), rng.randint(1, 20) * 20
    right = p * n // 100
    text = rng.choice([f"What is {p}% of {n}?", f"{p}% of {n} is", f"How much is {p} percent of {n}?"])
    slips = [p, n - right, n // p, right * 2, right // 2, right + 5, right - 5]
    return (p, n), text, ordered(rng, place, right, slips, 2)


def rounding(rng: R, place: int) -> Drawn:
    unit, word = rng.choice([(10, "ten"), (100, "hundred"), (1000, "thousand")])
    number = rng.randint(2 * unit, 10 * unit) if unit > 10 else rng.randint(20, 999)
    if number % unit in (0, unit // 2):
        return (), "", None
    right = (number + unit // 2) // unit * unit
    text = rng.choice([
        f"What is {number:,} rounded to the nearest {word}?",
        f"Round {number:,} to the nearest {word}.",
    ])
    slips = [right - unit, right + unit, number // unit * unit, number // 10 * 10]
    return (number, unit), text, ordered(rng, place, right, slips, unit, 1, "{:,}".format)


def difference(rng: R, place: int) -> Drawn:
    top = rng.choice([100, 500, 1000, 1000, rng.randint(30, 99)])
    n = rng.randint(11, top - 11)
    right = top - n
    text = rng.choice([f"What is {top:,} − {n}?", f"{top:,} − {n} =", f"What is left if you take {n} from {top:,}?"])
    return (top, n), text, ordered(rng, place, right, [right + 10, right - 10, right + 100, right - 100, right + 1], 10)


def sum_of_two(rng: R, place: int) -> Drawn:
    low, high = rng.choice([(11, 89), (101, 499)])
    a, b = rng.randint(low, high), rng.randint(low, high)
    right = a + b
    text = rng.choice([f"What is {a} + {b}?", f"{a} + {b} =", f"What is the sum of {a} and {b}?"])
    return (a, b), text, ordered(rng, place, right, [right - 10, right + 10, right - 100, right + 100, right + 1], 10)


def decimal_product(rng: R, place: int) -> Drawn:
    a, b = rng.randint(2, 9), rng.randint(2, 9)
    right = a * b * 1000
    text = rng.choice([f"What is 0.{a} × 0.{b}?", f"0.{a} × 0.{b} =", f"What is the product of 0.{a} and 0.{b}?"])
    slips = [right // 10, right // 100, right // 1000, right * 10, right * 100, (a + b) * 10000]
    return (a, b), text, ordered(rng, place, right, slips, 10000, 1, lambda v: decimal(v, 100000))


def sale_price(rng: R, place: int) -> Drawn:
    price, p = rng.randint(1, 10) * 20, rng.choice([5, 10, 15, 20, 25, 30, 40, 50])
    off = price * p // 100
    ware = rng.choice(["coat", "bag", "lamp", "watch", "chair", "jacket"])
    text = rng.choice([
        f"A {ware} costs ${price}. In a sale the price is cut by {p}%. What is the sale price?",
        f"The price of a {ware} is ${price}. With {p}% off, how much does it cost?",
    ])
    slips = [off, price - p, price + off, price - off // 2, price - off + 5]
    return (price, p), text, ordered(rng, place, price - off, slips, 4, 1, "${}".format)


def remainder(rng: R, place: int) -> Drawn:
    b, q = rng.randint(3, 9), rng.randint(2, 9)
    right = rng.randint(0, b - 1)
    a = b * q + right
    text = rng.choice([
        f"What is the remainder when {a} is divided by {b}?",
        f"{a} is divided by {b}. What is the remainder?",
    ])
    return (a, b), text, ordered(rng, place, right, [q, b, b - right, right + 1, right - 1], 1, 0)


ARITHMETIC: list[Family] = [
    product, change, digit_value, order_of_operations, brackets, minutes, bags, end_time, mean, percent_of,
    rounding, difference, sum_of_two, decimal_product, sale_price, remainder,
]
