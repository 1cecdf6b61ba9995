"""Prealgebra: the four operations, percents, fractions, means, absolute values and ratios."""

import math
import random

from math_family import Family, Written, chain, divide, lowest_terms, minus, pick, plus, say, times

BOTH = ("en", "zh")


def _sum(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b = p
    question = pick(
        rng,
        lang,
        [f"What is ${a} + {b}$?", f"Compute ${a} + {b}$.", f"Find the sum of ${a}$ and ${b}$."],
        [f"${a} + {b}$等于多少？", f"计算${a} + {b}$。", f"求{a}与{b}的和。"],
    )
    return question, [chain(lang, plus(a, b))], str(a + b)


def _difference(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b = p
    question = pick(
        rng,
        lang,
        [f"What is ${a} - {b}$?", f"Compute ${a} - {b}$.", f"How much larger is ${a}$ than ${b}$?"],
        [f"${a} - {b}$等于多少？", f"计算${a} - {b}$。", f"{a}比{b}大多少？"],
    )
    return question, [chain(lang, minus(a, b))], str(a - b)


def _product(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b = p
    question = pick(
        rng,
        lang,
        [rf"What is ${a} \times {b}$?", rf"Compute ${a} \times {b}$.", f"Find the product of ${a}$ and ${b}$."],
        [rf"${a} \times {b}$等于多少？", rf"计算${a} \times {b}$。", f"求{a}与{b}的积。"],
    )
    return question, [chain(lang, times(a, b))], str(a * b)


def _quotient(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b = p
    question = pick(
        rng,
        lang,
        [rf"What is ${a} \div {b}$?", rf"Compute ${a} \div {b}$.", f"Divide ${a}$ by ${b}$."],
        [rf"${a} \div {b}$等于多少？", rf"计算${a} \div {b}$。", f"求{a}除以{b}的商。"],
    )
    return question, [chain(lang, divide(a, b))], str(a // b)


def _draw_quotient(rng: random.Random) -> tuple:
    b = rng.randint(2, 9)
    return b * rng.randint(2, 49), b


def _order(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b, c = p
    text = rf"{a} + {b} \times {c}"
    question = pick(
        rng,
        lang,
        [f"Evaluate ${text}$.", f"What is the value of ${text}$?"],
        [f"计算${text}$。", f"${text}$的值是多少？"],
    )
    steps = [
        chain(lang, times(b, c), say(lang, "First multiply", "先算乘法")),
        chain(lang, plus(a, b * c), say(lang, "Then add", "再算加法")),
    ]
    return question, steps, str(a + b * c)


def _percent_of(rng: random.Random, p: tuple, lang: str) -> Written:
    percent, number = p
    tenth, count = number // 10, percent // 10
    question = pick(
        rng,
        lang,
        [rf"What is ${percent}\%$ of ${number}$?", rf"Find ${percent}\%$ of ${number}$."],
        [f"{number}的{percent}%是多少？", f"求{number}的{percent}%。"],
    )
    steps = [
        say(
            lang,
            rf"$10\%$ of ${number}$ is ${number} \div 10 = {tenth}$.",
            rf"{number}的10%是${number} \div 10 = {tenth}$。",
        )
    ]
    steps.append(
        say(
            lang,
            rf"${percent}\%$ of ${number}$ is ${times(tenth, count)}$.",
            rf"{number}的{percent}%是${times(tenth, count)}$。",
        )
    )
    return question, steps, str(tenth * count)


def _what_percent(rng: random.Random, p: tuple, lang: str) -> Written:
    part, whole = p
    one = 100 // whole
    question = pick(
        rng,
        lang,
        [f"What percent of ${whole}$ is ${part}$?", f"${part}$ is what percent of ${whole}$?"],
    )
    steps = [
        rf"$1$ of ${whole}$ is $100 \div {whole} = {one}$ percent.",
        rf"${part}$ of ${whole}$ is ${times(part, one)}$ percent.",
    ]
    return question, steps, rf"{part * one}\%"


def _draw_what_percent(rng: random.Random) -> tuple:
    whole = rng.choice([4, 5, 10, 20, 25, 50])
    return rng.randint(1, 2 * whole), whole


def _fraction_sum(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b, d = p
    text = rf"\frac{{{a}}}{{{d}}} + \frac{{{b}}}{{{d}}}"
    question = pick(
        rng,
        lang,
        [f"Compute ${text}$. Give the answer in lowest terms.", f"What is ${text}$ in lowest terms?"],
        [f"计算${text}$，结果化成最简分数。", f"${text}$等于多少？结果用最简分数表示。"],
    )
    step, reduced = lowest_terms(a + b, d, lang)
    return question, [chain(lang, rf"{text} = \frac{{{a} + {b}}}{{{d}}} = \frac{{{a + b}}}{{{d}}}"), *step], reduced


def _draw_fraction_sum(rng: random.Random) -> tuple | None:
    d = rng.randint(3, 20)
    a, b = rng.randint(1, 9), rng.randint(1, 9)
    return (a, b, d) if a + b < d else None


def _fraction_of(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b, number = p
    fraction = rf"\frac{{{a}}}{{{b}}}"
    one = number // b
    question = pick(rng, lang, [f"What is ${fraction}$ of ${number}$?", f"Find ${fraction}$ of ${number}$."])
    steps = [
        rf"One part is ${divide(number, b)}$.",
        rf"${a}$ parts are ${times(one, a)}$.",
    ]
    return question, steps, str(one * a)


def _draw_fraction_of(rng: random.Random) -> tuple | None:
    b = rng.randint(3, 9)
    a = rng.randint(2, b - 1)
    return (a, b, b * rng.randint(2, 15)) if math.gcd(a, b) == 1 else None


def _mean(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b, c = p
    question = pick(
        rng,
        lang,
        [f"What is the mean of ${a}$, ${b}$ and ${c}$?", f"Find the average of ${a}$, ${b}$ and ${c}$."],
        [f"{a}、{b}、{c}的平均数是多少？", f"求{a}、{b}、{c}这三个数的平均数。"],
    )
    steps = [
        chain(lang, plus(a, b), say(lang, "Add the first two", "前两个数的和")),
        chain(lang, plus(a + b, c), say(lang, "Add the third", "加上第三个数")),
        chain(lang, divide(a + b + c, 3), say(lang, "Divide by $3$", "除以$3$")),
    ]
    return question, steps, str((a + b + c) // 3)


def _draw_mean(rng: random.Random) -> tuple | None:
    numbers = tuple(rng.randint(2, 40) for _ in range(3))
    return numbers if sum(numbers) % 3 == 0 else None


def _absolute(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b = p
    question = pick(rng, lang, [f"Evaluate $|{a} - {b}|$.", f"What is the value of $|{a} - {b}|$?"])
    if a > b:
        steps = [chain(lang, minus(a, b)), f"So $|{a} - {b}| = |{a - b}| = {a - b}$."]
    else:
        steps = [chain(lang, minus(b, a)), f"So ${a} - {b} = -{b - a}$ and $|{a} - {b}| = |-{b - a}| = {b - a}$."]
    return question, steps, str(abs(a - b))


def _draw_absolute(rng: random.Random) -> tuple | None:
    a, b = rng.randint(2, 60), rng.randint(2, 60)
    return (a, b) if a != b else None


def _ratio(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b, total = p
    one = total // (a + b)
    question = pick(
        rng,
        lang,
        [
            f"Two numbers are in the ratio ${a}:{b}$ and their sum is ${total}$. What is the larger number?",
            f"The number ${total}$ is split in the ratio ${a}:{b}$. What is the larger part?",
        ],
        [
            f"两个数的比是{a}:{b}，和是{total}。较大的数是多少？",
            f"把{total}按{a}:{b}分成两部分，较大的一部分是多少？",
        ],
    )
    steps = [
        chain(lang, plus(a, b), say(lang, "Number of parts", "总份数")),
        chain(lang, divide(total, a + b), say(lang, "One part", "一份")),
        chain(lang, times(one, max(a, b)), say(lang, "The larger one", "较大的")),
    ]
    return question, steps, str(one * max(a, b))


def _draw_ratio(rng: random.Random) -> tuple | None:
    a, b = rng.randint(1, 7), rng.randint(1, 7)
    return (a, b, (a + b) * rng.randint(2, 12)) if math.gcd(a, b) == 1 and 2 < a + b < 10 else None


FAMILIES = [
    Family("sum", "Prealgebra", 1, lambda r: (r.randint(11, 99), r.randint(11, 99)), _sum, BOTH),
    Family("difference", "Prealgebra", 1, lambda r: (r.randint(50, 99), r.randint(11, 49)), _difference, BOTH),
    Family("product", "Prealgebra", 1, lambda r: (r.randint(11, 99), r.randint(2, 9)), _product, BOTH),
    Family("quotient", "Prealgebra", 1, _draw_quotient, _quotient, BOTH),
    Family(
        "order of operations",
        "Prealgebra",
        1,
        lambda r: (r.randint(2, 40), r.randint(2, 9), r.randint(2, 9)),
        _order,
        BOTH,
    ),
    Family("percent of", "Prealgebra", 2, lambda r: (10 * r.randint(1, 9), 10 * r.randint(1, 30)), _percent_of, BOTH),
    Family("what percent", "Prealgebra", 2, _draw_what_percent, _what_percent),
    Family("fraction sum", "Prealgebra", 2, _draw_fraction_sum, _fraction_sum, BOTH),
    Family("fraction of", "Prealgebra", 2, _draw_fraction_of, _fraction_of),
    Family("mean", "Prealgebra", 2, _draw_mean, _mean, BOTH),
    Family("absolute value", "Prealgebra", 2, _draw_absolute, _absolute),
    Family("ratio", "Prealgebra", 3, _draw_ratio, _ratio, BOTH),
]
