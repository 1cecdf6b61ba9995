"""Word problems about money, speed and averages, the same in English and Chinese."""

import random

from math_family import Draw, Family, Write, Written, chain, divide, minus, pick, plus, say, times
from math_word_scenes import GOODS, scene

BOTH = ("en", "zh")


def _two_kinds(rng: random.Random, p: tuple, lang: str) -> Written:
    a, x, b, y = p
    s = scene(rng, lang, GOODS)
    question = pick(
        rng,
        lang,
        [
            f"{s.name} buys {a} {s.one} at {x} dollars each and {b} {s.other} at {y} dollars each. "
            "How many dollars does this cost?",
            f"{s.name} buys {a} {s.one} and {b} {s.other}. The {s.one} cost {x} dollars each, "
            f"the {s.other} {y} dollars each. How many dollars does {s.name} pay?",
        ],
        [
            f"{s.name}买了{a}{s.unit}{s.one}，每{s.unit}{x}元，又买了{b}{s.unit2}{s.other}，每{s.unit2}{y}元。一共花了多少元？",
            f"{s.name}买了{a}{s.unit}{s.one}和{b}{s.unit2}{s.other}。{s.one}每{s.unit}{x}元，"
            f"{s.other}每{s.unit2}{y}元。{s.name}要付多少元？",
        ],
    )
    steps = [
        chain(lang, times(a, x), s.one),
        chain(lang, times(b, y), s.other),
        chain(lang, plus(a * x, b * y), say(lang, "Together", "一共")),
    ]
    return question, steps, str(a * x + b * y)


def _change(rng: random.Random, p: tuple, lang: str) -> Written:
    paid, a, x = p
    s = scene(rng, lang, GOODS)
    question = pick(
        rng,
        lang,
        [
            f"{s.name} buys {a} {s.one} at {x} dollars each and pays with {paid} dollars. "
            f"How many dollars does {s.name} get back?",
            f"{s.name} has {paid} dollars and buys {a} {s.one} for {x} dollars each. How many dollars are left?",
        ],
        [
            f"{s.name}买了{a}{s.unit}{s.one}，每{s.unit}{x}元，付了{paid}元。应找回多少元？",
            f"{s.name}有{paid}元，买了{a}{s.unit}{s.one}，每{s.unit}{x}元。还剩多少元？",
        ],
    )
    steps = [
        chain(lang, times(a, x), say(lang, "Cost", "花了")),
        chain(lang, minus(paid, a * x), say(lang, "Left", "剩下")),
    ]
    return question, steps, str(paid - a * x)


def _draw_change(rng: random.Random) -> tuple | None:
    paid, a, x = 10 * rng.randint(2, 10), rng.randint(2, 9), rng.randint(2, 12)
    return (paid, a, x) if a * x < paid else None


def _saving(rng: random.Random, p: tuple, lang: str) -> Written:
    start, a, weeks = p
    s = scene(rng, lang)
    question = pick(
        rng,
        lang,
        [
            f"{s.name} has {start} dollars and saves {a} dollars every week. "
            f"How many dollars does {s.name} have after {weeks} weeks?",
            f"{s.name} saves {a} dollars a week for {weeks} weeks. {s.name} had {start} dollars before. "
            f"How many dollars does {s.name} have now?",
        ],
        [
            f"{s.name}有{start}元，每周存{a}元。{weeks}周后一共有多少元？",
            f"{s.name}每周存{a}元，存了{weeks}周，原来有{start}元。现在有多少元？",
        ],
    )
    steps = [
        chain(lang, times(a, weeks), say(lang, "Saved", "存了")),
        chain(lang, plus(start, a * weeks), say(lang, "Now", "现在")),
    ]
    return question, steps, str(start + a * weeks)


def _discount(rng: random.Random, p: tuple, lang: str) -> Written:
    price, percent = p
    s = scene(rng, lang, GOODS)
    tenth, count = price // 10, percent // 10
    cut = tenth * count
    question = pick(
        rng,
        lang,
        [
            f"A set of {s.one} costs {price} dollars. In a sale the price drops by {percent}%. "
            "How many dollars does it cost now?",
            f"{s.name} wants {s.one} that cost {price} dollars. The price falls by {percent}%. "
            "What is the new price in dollars?",
        ],
        [
            f"一套{s.one}原价{price}元，现在降价{percent}%。现价是多少元？",
            f"{s.name}想买一套{s.one}，原价{price}元，价格降低{percent}%。现在的价格是多少元？",
        ],
    )
    steps = [
        say(
            lang,
            rf"$10\%$ of ${price}$ is ${price} \div 10 = {tenth}$.",
            rf"{price}的10%是${price} \div 10 = {tenth}$。",
        ),
        say(
            lang,
            rf"${percent}\%$ of ${price}$ is ${times(tenth, count)}$.",
            rf"{price}的{percent}%是${times(tenth, count)}$。",
        ),
        chain(lang, minus(price, cut), say(lang, "New price", "现价")),
    ]
    return question, steps, str(price - cut)


def _interest(rng: random.Random, p: tuple, lang: str) -> Written:
    hundreds, rate, years = p
    s = scene(rng, lang)
    amount, yearly = 100 * hundreds, hundreds * rate
    question = pick(
        rng,
        lang,
        [
            f"{s.name} puts {amount} dollars in a bank at {rate}% simple interest a year. "
            f"How many dollars of interest are earned in {years} years?",
            f"A bank pays {rate}% simple interest a year. {s.name} leaves {amount} dollars there for {years} years. "
            "How many dollars is the interest?",
        ],
        [
            f"{s.name}在银行存了{amount}元，年利率是{rate}%，按单利计算。{years}年的利息是多少元？",
            f"银行的单利年利率是{rate}%，{s.name}存入{amount}元，存{years}年。利息是多少元？",
        ],
    )
    steps = [
        say(
            lang,
            rf"$1\%$ of ${amount}$ is ${amount} \div 100 = {hundreds}$.",
            rf"{amount}的1%是${amount} \div 100 = {hundreds}$。",
        ),
        chain(lang, times(hundreds, rate), say(lang, "One year", "一年")),
        chain(lang, times(yearly, years), say(lang, f"{years} years", f"{years}年")),
    ]
    return question, steps, str(yearly * years)


def _way(rng: random.Random, p: tuple, lang: str) -> Written:
    speed, hours, more = p
    question = pick(
        rng,
        lang,
        [
            f"A car travels {speed} km an hour for {hours} hours and then {more} km more. "
            "How many km does it travel in all?",
            f"A train goes {speed} km each hour. It goes for {hours} hours and then another {more} km. "
            "How many km does it go in all?",
        ],
        [
            f"一辆汽车每小时行{speed}千米，行了{hours}小时，又行了{more}千米。一共行了多少千米？",
            f"一列火车每小时行{speed}千米，开了{hours}小时后又开了{more}千米。一共开了多少千米？",
        ],
    )
    steps = [
        chain(lang, times(speed, hours), say(lang, "First part", "前一段")),
        chain(lang, plus(speed * hours, more), say(lang, "In all", "一共")),
    ]
    return question, steps, str(speed * hours + more)


def _speed(rng: random.Random, p: tuple, lang: str) -> Written:
    first, second, hours = p
    total = first + second
    question = pick(
        rng,
        lang,
        [
            f"A cyclist rides {first} km in the morning and {second} km in the afternoon, {hours} hours in all. "
            "What is the average speed in km per hour?",
            f"A boat sails {first} km and then {second} km. The whole trip takes {hours} hours. "
            "What is its average speed in km per hour?",
        ],
        [
            f"骑车人上午骑了{first}千米，下午骑了{second}千米，一共用了{hours}小时。平均每小时骑多少千米？",
            f"一艘船先行{first}千米，再行{second}千米，全程用了{hours}小时。平均每小时行多少千米？",
        ],
    )
    steps = [
        chain(lang, plus(first, second), say(lang, "Distance", "路程")),
        chain(lang, divide(total, hours), say(lang, "Speed", "速度")),
    ]
    return question, steps, str(total // hours)


def _draw_speed(rng: random.Random) -> tuple | None:
    hours, first = rng.randint(2, 6), rng.randint(10, 50)
    second = hours * rng.randint(8, 18) - first
    return (first, second, hours) if second > 5 else None


def _scores(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b, c = p
    s = scene(rng, lang)
    question = pick(
        rng,
        lang,
        [
            f"{s.name} scores {a}, {b} and {c} points in three games. What is the average score?",
            f"In three tests {s.name} gets {a}, {b} and {c} points. How many points is that on average?",
        ],
        [
            f"{s.name}三场比赛分别得了{a}分、{b}分和{c}分。平均每场得多少分？",
            f"{s.name}三次测验分别得{a}分、{b}分、{c}分。平均分是多少？",
        ],
    )
    steps = [
        chain(lang, plus(a, b), say(lang, "Add the first two", "前两个数的和")),
        chain(lang, plus(a + b, c), say(lang, "Add the third", "加上第三个数")),
        chain(lang, divide(a + b + c, 3), say(lang, "Divide by $3$", "除以$3$")),
    ]
    return question, steps, str((a + b + c) // 3)


def _draw_scores(rng: random.Random) -> tuple | None:
    scores = tuple(rng.randint(5, 30) for _ in range(3))
    return scores if sum(scores) % 3 == 0 else None


def _family(name: str, level: int, draw: Draw, write: Write) -> Family:
    return Family(name, "Prealgebra", level, draw, write, BOTH, True)


FAMILIES = [
    _family("two kinds", 3, lambda r: (r.randint(2, 6), r.randint(2, 9), r.randint(2, 6), r.randint(2, 9)), _two_kinds),
    _family("change", 2, _draw_change, _change),
    _family("saving", 2, lambda r: (r.randint(5, 50), r.randint(2, 9), r.randint(2, 9)), _saving),
    _family("discount", 3, lambda r: (10 * r.randint(2, 30), 10 * r.randint(1, 8)), _discount),
    _family("interest", 3, lambda r: (r.randint(1, 9), r.randint(2, 6), r.randint(2, 6)), _interest),
    _family("way", 2, lambda r: (r.randint(20, 60), r.randint(2, 3), r.randint(5, 40)), _way),
    _family("speed", 2, _draw_speed, _speed),
    _family("scores", 2, _draw_scores, _scores),
]
