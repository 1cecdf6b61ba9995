"""Counting and probability, and geometry."""

import random

from math_family import Family, Written, chain, divide, lowest_terms, minus, pick, plus, say, times

BOTH = ("en", "zh")
COUNTING = "Counting & Probability"


def _outfits(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b, c = p
    question = pick(
        rng,
        lang,
        [
            f"A wardrobe holds {a} shirts, {b} skirts and {c} hats. An outfit is one of each. How many outfits?",
            f"A menu lists {a} soups, {b} dishes and {c} drinks. A meal is one of each. How many meals?",
        ],
    )
    steps = [chain(lang, times(a, b), "The first two"), chain(lang, times(a * b, c), "All three")]
    return question, steps, str(a * b * c)


def _probability(rng: random.Random, p: tuple, lang: str) -> Written:
    red, blue = p
    question = pick(
        rng,
        lang,
        [
            f"A bag holds {red} red balls and {blue} blue balls. One ball is drawn at random. "
            "What is the probability that it is red?",
            f"A box contains {red} red and {blue} blue marbles. One is picked at random. Find the probability of red.",
        ],
        [
            f"袋子里有{red}个红球和{blue}个蓝球，任意摸出一个，摸到红球的概率是多少？",
            f"盒子里有{red}颗红弹珠和{blue}颗蓝弹珠，随机取一颗，取到红色的概率是多少？",
        ],
    )
    step, reduced = lowest_terms(red, red + blue, lang)
    return question, [chain(lang, plus(red, blue), say(lang, "In all", "总数")), *step], reduced


def _complement(rng: random.Random, p: tuple, lang: str) -> Written:
    green, total = p
    question = pick(
        rng,
        lang,
        [
            f"A bag holds {total} balls, and {green} of them are green. One ball is drawn at random. "
            "What is the probability that it is not green?",
            f"Of {total} tickets, {green} win a prize. One ticket is picked at random. "
            "What is the probability that it wins nothing?",
        ],
    )
    step, reduced = lowest_terms(total - green, total, lang)
    return question, [chain(lang, minus(total, green), "The others"), *step], reduced


def _draw_complement(rng: random.Random) -> tuple:
    total = rng.randint(5, 25)
    return rng.randint(2, total - 1), total


def _integers(rng: random.Random, p: tuple, lang: str) -> Written:
    low, high = p
    question = pick(
        rng,
        lang,
        [
            f"How many integers are there from ${low}$ to ${high}$, including both?",
            f"A book is read from page ${low}$ through page ${high}$. How many pages are read?",
        ],
    )
    return question, [chain(lang, minus(high, low)), chain(lang, plus(high - low, 1))], str(high - low + 1)


def _area(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b = p
    question = pick(
        rng,
        lang,
        [
            f"A rectangle has length ${a}$ and width ${b}$. What is its area?",
            f"Find the area of a rectangle with sides ${a}$ and ${b}$.",
        ],
        [
            f"长方形的长是{a}厘米，宽是{b}厘米，面积是多少平方厘米？",
            f"一个长方形长{a}米，宽{b}米，求它的面积（平方米）。",
        ],
    )
    return question, [chain(lang, times(a, b), say(lang, "Area", "面积"))], str(a * b)


def _perimeter(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b = p
    question = pick(
        rng,
        lang,
        [
            f"A rectangle has length ${a}$ and width ${b}$. What is its perimeter?",
            f"Find the perimeter of a rectangle with sides ${a}$ and ${b}$.",
        ],
        [f"长方形的长是{a}厘米，宽是{b}厘米，周长是多少厘米？", f"一个长方形长{a}米，宽{b}米，求它的周长（米）。"],
    )
    steps = [
        chain(lang, plus(a, b), say(lang, "Length plus width", "长加宽")),
        chain(lang, times(a + b, 2), say(lang, "Perimeter", "周长")),
    ]
    return question, steps, str(2 * (a + b))


def _draw_rectangle(rng: random.Random) -> tuple:
    b = rng.randint(2, 9)
    return rng.randint(max(b + 1, 4), 40), b


def _triangle(rng: random.Random, p: tuple, lang: str) -> Written:
    a, h = p
    question = pick(
        rng,
        lang,
        [
            f"A triangle has base ${a}$ and height ${h}$. What is its area?",
            f"Find the area of a triangle with base ${a}$ and height ${h}$.",
        ],
    )
    return (
        question,
        [chain(lang, times(a, h), "Base times height"), chain(lang, divide(a * h, 2), "Area")],
        str(a * h // 2),
    )


def _draw_triangle(rng: random.Random) -> tuple | None:
    a, h = rng.randint(3, 60), rng.randint(2, 9)
    return (a, h) if a * h % 2 == 0 and a * h < 200 else None


def _angle(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b = p
    question = pick(
        rng,
        lang,
        [
            f"Two angles of a triangle measure ${a}$ and ${b}$ degrees. How many degrees is the third angle?",
            f"A triangle has angles of ${a}$ and ${b}$ degrees. Find the third angle in degrees.",
        ],
        [
            f"三角形的两个角分别是{a}度和{b}度，第三个角是多少度？",
            f"一个三角形有两个角是{a}度和{b}度，求第三个角的度数。",
        ],
    )
    steps = [
        chain(lang, plus(a, b), say(lang, "The two angles", "两角之和")),
        chain(lang, minus(180, a + b), say(lang, "The third angle", "第三个角")),
    ]
    return question, steps, str(180 - a - b)


def _volume(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b, c = p
    question = pick(
        rng,
        lang,
        [
            f"A box has length ${a}$, width ${b}$ and height ${c}$. What is its volume?",
            f"Find the volume of a rectangular box with edges ${a}$, ${b}$ and ${c}$.",
        ],
    )
    return question, [chain(lang, times(a, b), "Base"), chain(lang, times(a * b, c), "Volume")], str(a * b * c)


def _distance(rng: random.Random, p: tuple, lang: str) -> Written:
    x1, x2, y = p
    question = pick(
        rng,
        lang,
        [
            f"What is the distance between the points $({x1},{y})$ and $({x2},{y})$?",
            f"Find the length of the segment from $({x1},{y})$ to $({x2},{y})$.",
        ],
    )
    steps = [f"Both points have $y={y}$.", chain(lang, minus(max(x1, x2), min(x1, x2)), "Distance")]
    return question, steps, str(abs(x1 - x2))


def _draw_distance(rng: random.Random) -> tuple | None:
    x1, x2 = rng.randint(0, 40), rng.randint(0, 40)
    return (x1, x2, rng.randint(0, 9)) if x1 != x2 else None


FAMILIES = [
    Family("outfits", COUNTING, 2, lambda r: (r.randint(2, 9), r.randint(2, 9), r.randint(2, 5)), _outfits),
    Family("probability", COUNTING, 2, lambda r: (r.randint(2, 18), r.randint(2, 18)), _probability, BOTH),
    Family("complement", COUNTING, 3, _draw_complement, _complement),
    Family("integers", COUNTING, 1, lambda r: (r.randint(11, 39), r.randint(40, 99)), _integers),
    Family("area", "Geometry", 1, _draw_rectangle, _area, BOTH),
    Family("perimeter", "Geometry", 1, _draw_rectangle, _perimeter, BOTH),
    Family("triangle area", "Geometry", 2, _draw_triangle, _triangle),
    Family("triangle angle", "Geometry", 1, lambda r: (r.randint(20, 79), r.randint(20, 79)), _angle, BOTH),
    Family("volume", "Geometry", 2, lambda r: (r.randint(2, 9), r.randint(2, 9), r.randint(2, 5)), _volume),
    Family("distance", "Geometry", 3, _draw_distance, _distance),
]
