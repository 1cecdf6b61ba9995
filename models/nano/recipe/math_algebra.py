"""Algebra: equations, polynomials, lines, sequences and powers."""

import random

from math_family import Family, Written, chain, divide, minus, pick, plus, power, quadratic, say, times

BOTH = ("en", "zh")


def _linear(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b, c = p
    question = pick(
        rng,
        lang,
        [
            f"Solve for $x$: ${a}x+{b}={c}$.",
            f"If ${a}x+{b}={c}$, what is $x$?",
            f"What value of $x$ makes ${a}x+{b}={c}$?",
        ],
        [f"解方程：${a}x+{b}={c}$。", f"已知${a}x+{b}={c}$，求$x$。", f"方程${a}x+{b}={c}$的解$x$是多少？"],
    )
    rest = c - b
    steps = [
        say(lang, f"Subtract ${b}$: ${a}x = {minus(c, b)}$.", f"两边减去${b}$：${a}x = {minus(c, b)}$。"),
        say(lang, f"Divide by ${a}$: $x = {divide(rest, a)}$.", f"两边除以${a}$：$x = {divide(rest, a)}$。"),
    ]
    return question, steps, str(rest // a)


def _draw_linear(rng: random.Random) -> tuple:
    a, b, x = rng.randint(2, 9), rng.randint(1, 30), rng.randint(2, 9)
    return a, b, a * x + b


def _linear_minus(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b, c = p
    question = pick(
        rng,
        lang,
        [
            f"Solve for $x$: ${a}x-{b}={c}$.",
            f"If ${a}x-{b}={c}$, what is $x$?",
            f"What value of $x$ makes ${a}x-{b}={c}$?",
        ],
        [f"解方程：${a}x-{b}={c}$。", f"已知${a}x-{b}={c}$，求$x$。", f"方程${a}x-{b}={c}$的解$x$是多少？"],
    )
    total = c + b
    steps = [
        say(lang, f"Add ${b}$: ${a}x = {plus(c, b)}$.", f"两边加上${b}$：${a}x = {plus(c, b)}$。"),
        say(lang, f"Divide by ${a}$: $x = {divide(total, a)}$.", f"两边除以${a}$：$x = {divide(total, a)}$。"),
    ]
    return question, steps, str(total // a)


def _draw_linear_minus(rng: random.Random) -> tuple | None:
    a, b, x = rng.randint(2, 9), rng.randint(1, 30), rng.randint(2, 9)
    return (a, b, a * x - b) if a * x > b else None


def _two_sides(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b, c, d = p
    equation = f"{a}x+{b}={c}x+{d}"
    question = pick(rng, lang, [f"Solve for $x$: ${equation}$.", f"If ${equation}$, what is $x$?"])
    k = a - c
    left = "x" if k == 1 else f"{k}x"
    steps = [
        f"Subtract ${c}x$: ${a} - {c} = {k}$, so ${left}+{b}={d}$.",
        f"Subtract ${b}$: ${left} = {minus(d, b)}$.",
    ]
    if k > 1:
        steps.append(f"Divide by ${k}$: $x = {divide(d - b, k)}$.")
    return question, steps, str((d - b) // k)


def _draw_two_sides(rng: random.Random) -> tuple:
    c, k, b, x = rng.randint(2, 5), rng.randint(1, 4), rng.randint(1, 20), rng.randint(2, 9)
    return c + k, b, c, b + k * x


def _sum_and_difference(rng: random.Random, p: tuple, lang: str) -> Written:
    total, gap = p
    question = pick(
        rng,
        lang,
        [
            f"The sum of two numbers is ${total}$ and their difference is ${gap}$. What is the larger number?",
            f"Two numbers add to ${total}$ and differ by ${gap}$. Find the larger number.",
        ],
        [f"两个数的和是{total}，差是{gap}，较大的数是多少？", f"甲乙两数的和是{total}，甲比乙大{gap}。甲是多少？"],
    )
    steps = [
        chain(lang, plus(total, gap), say(lang, "Twice the larger number", "较大数的两倍")),
        chain(lang, divide(total + gap, 2), say(lang, "The larger number", "较大数")),
    ]
    return question, steps, str((total + gap) // 2)


def _draw_sum_and_difference(rng: random.Random) -> tuple | None:
    total, gap = rng.randint(10, 80), rng.randint(2, 30)
    return (total, gap) if gap < total and (total + gap) % 2 == 0 else None


def _evaluate(rng: random.Random, p: tuple, lang: str) -> Written:
    b, c, x = p
    text = f"x^2+{b}x+{c}"
    question = pick(
        rng,
        lang,
        [
            f"What is the value of ${text}$ when $x={x}$?",
            f"If $f(x)={text}$, what is $f({x})$?",
            f"Evaluate ${text}$ at $x={x}$.",
        ],
    )
    square, linear = x * x, b * x
    steps = [
        rf"${x}^2 = {x} \times {x} = {square}$ and ${b} \times {x} = {linear}$.",
        f"${plus(square, linear)}$.",
        f"${plus(square + linear, c)}$.",
    ]
    return question, steps, str(square + linear + c)


def _expand(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b = p
    text = f"(x{a:+d})(x{b:+d})"
    question = pick(
        rng, lang, [f"Expand ${text}$.", f"Expand the product ${text}$.", f"Write ${text}$ without parentheses."]
    )
    second = f"({b})" if b < 0 else str(b)
    steps = [
        rf"Sum: ${a} + {second} = {a + b}$. Product: ${a} \times {second} = {a * b}$.",
        f"So ${text}={quadratic(a + b, a * b)}$.",
    ]
    return question, steps, quadratic(a + b, a * b)


def _signed(rng: random.Random, low: int, high: int) -> int:
    return rng.choice([-1, 1]) * rng.randint(low, high)


def _factor(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b = p
    text = quadratic(a + b, a * b)
    question = pick(
        rng,
        lang,
        [f"Factor ${text}$.", f"Factor the polynomial ${text}$.", f"Write ${text}$ as a product of two factors."],
    )
    second = f"({b})" if b < 0 else str(b)
    answer = f"(x{a:+d})(x{b:+d})"
    steps = [rf"${a} \times {second} = {a * b}$ and ${a} + {second} = {a + b}$.", f"So ${text}={answer}$."]
    return question, steps, answer


def _draw_factor(rng: random.Random) -> tuple | None:
    # The larger number comes first, so that each polynomial has one way to be written.
    a, b = _signed(rng, 1, 11), _signed(rng, 1, 11)
    return (a, b) if a >= b and a + b != 0 else None


def _slope(rng: random.Random, p: tuple, lang: str) -> Written:
    x1, y1, x2, y2 = p
    question = pick(
        rng,
        lang,
        [
            f"What is the slope of the line through $({x1},{y1})$ and $({x2},{y2})$?",
            f"A line passes through $({x1},{y1})$ and $({x2},{y2})$. Find its slope.",
        ],
    )
    rise, run = y2 - y1, x2 - x1
    steps = [f"Rise: ${minus(y2, y1)}$. Run: ${minus(x2, x1)}$.", f"Slope: ${divide(rise, run)}$."]
    return question, steps, str(rise // run)


def _draw_slope(rng: random.Random) -> tuple:
    x1, y1, run, slope = rng.randint(0, 9), rng.randint(0, 9), rng.randint(1, 5), rng.randint(1, 9)
    return x1, y1, x1 + run, y1 + run * slope


def _midpoint(rng: random.Random, p: tuple, lang: str) -> Written:
    x1, y1, x2, y2 = p
    question = pick(
        rng,
        lang,
        [
            f"What is the midpoint of the segment from $({x1},{y1})$ to $({x2},{y2})$?",
            f"Find the midpoint of the points $({x1},{y1})$ and $({x2},{y2})$.",
        ],
    )
    x, y = (x1 + x2) // 2, (y1 + y2) // 2
    steps = [
        rf"$x$: ${x1} + {x2} = {x1 + x2}$, ${x1 + x2} \div 2 = {x}$.",
        rf"$y$: ${y1} + {y2} = {y1 + y2}$, ${y1 + y2} \div 2 = {y}$.",
    ]
    return question, steps, f"({x},{y})"


def _draw_midpoint(rng: random.Random) -> tuple | None:
    x1, y1, x2, y2 = (rng.randint(0, 12) for _ in range(4))
    return (x1, y1, x2, y2) if (x1 + x2) % 2 == (y1 + y2) % 2 == 0 and (x1, y1) != (x2, y2) else None


def _sequence(rng: random.Random, p: tuple, lang: str) -> Written:
    a, d, n = p
    question = pick(
        rng,
        lang,
        [
            f"An arithmetic sequence begins ${a}, {a + d}, {a + 2 * d}$. What is term number ${n}$?",
            f"An arithmetic sequence has first term ${a}$ and common difference ${d}$. Find term number ${n}$.",
        ],
        [
            f"等差数列的前三项是{a}、{a + d}、{a + 2 * d}，第{n}项是多少？",
            f"等差数列的首项是{a}，公差是{d}，第{n}项是多少？",
        ],
    )
    steps = [
        chain(lang, str(d), say(lang, "Difference", "公差")),
        chain(lang, minus(n, 1), say(lang, "Number of steps", "间隔数")),
        chain(lang, times(n - 1, d), say(lang, "Increase", "增加")),
        chain(lang, plus(a, d * (n - 1)), say(lang, "The term", "这一项")),
    ]
    return question, steps, str(a + d * (n - 1))


def _powers(rng: random.Random, p: tuple, lang: str) -> Written:
    kind, m, n = p
    if kind == 0:
        text, step, result = rf"{power('x', m)} \cdot {power('x', n)}", f"Add the exponents: ${plus(m, n)}$.", m + n
    elif kind == 1:
        text, step, result = rf"({power('x', m)}){power('', n)}", f"Multiply the exponents: ${times(m, n)}$.", m * n
    else:
        text = rf"\frac{{{power('x', m)}}}{{{power('x', n)}}}"
        step, result = f"Subtract the exponents: ${minus(m, n)}$.", m - n
    question = pick(rng, lang, [f"Simplify ${text}$.", f"Write ${text}$ as a single power of $x$."])
    return question, [step], "x" if result == 1 else power("x", result)


def _draw_powers(rng: random.Random) -> tuple | None:
    kind, m, n = rng.randrange(3), rng.randint(2, 12), rng.randint(2, 9)
    return (kind, m, n) if kind < 2 or m > n else None


FAMILIES = [
    Family("linear equation", "Algebra", 1, _draw_linear, _linear, BOTH),
    Family("linear equation minus", "Algebra", 1, _draw_linear_minus, _linear_minus, BOTH),
    Family("linear equation two sides", "Algebra", 3, _draw_two_sides, _two_sides),
    Family("sum and difference", "Algebra", 2, _draw_sum_and_difference, _sum_and_difference, BOTH),
    Family("evaluate", "Algebra", 2, lambda r: (r.randint(2, 9), r.randint(1, 9), r.randint(2, 9)), _evaluate),
    Family("expand", "Algebra", 3, lambda r: (_signed(r, 1, 9), _signed(r, 1, 9)), _expand),
    Family("factor", "Algebra", 4, _draw_factor, _factor),
    Family("slope", "Algebra", 3, _draw_slope, _slope),
    Family("midpoint", "Algebra", 2, _draw_midpoint, _midpoint),
    Family("sequence", "Algebra", 3, lambda r: (r.randint(1, 20), r.randint(2, 9), r.randint(4, 10)), _sequence, BOTH),
    Family("powers", "Algebra", 2, _draw_powers, _powers),
]
