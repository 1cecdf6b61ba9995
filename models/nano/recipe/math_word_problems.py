"""Word problems about having, giving and sharing, the same in English and Chinese."""

import random

from math_family import Draw, Family, Write, Written, chain, divide, minus, pick, plus, say, times
from math_word_scenes import scene

BOTH = ("en", "zh")


def _give_and_get(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b, c = p
    s = scene(rng, lang)
    question = pick(
        rng,
        lang,
        [
            f"{s.name} has {a} {s.one}. {s.name} gives {b} to {s.friend} and then buys {c} more. "
            f"How many {s.one} does {s.name} have now?",
            f"There are {a} {s.one} in a basket. {s.name} takes out {b} and {s.friend} puts in {c}. "
            f"How many {s.one} are in the basket now?",
        ],
        [
            f"{s.name}有{a}{s.unit}{s.one}，送给{s.friend}{b}{s.unit}，又买了{c}{s.unit}。{s.name}现在有多少{s.unit}{s.one}？",
            f"篮子里有{a}{s.unit}{s.one}，{s.name}拿走{b}{s.unit}，{s.friend}放进{c}{s.unit}。篮子里现在有多少{s.unit}{s.one}？",
        ],
    )
    steps = [
        chain(lang, minus(a, b), say(lang, "Left", "剩下")),
        chain(lang, plus(a - b, c), say(lang, "Now", "现在")),
    ]
    return question, steps, str(a - b + c)


def _more_than(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b = p
    s = scene(rng, lang)
    question = pick(
        rng,
        lang,
        [
            f"{s.name} has {a} {s.one}. {s.friend} has {b} more than {s.name}. How many do they have together?",
            f"{s.name} collects {a} {s.one}. {s.friend} collects {b} more than {s.name}. "
            f"How many {s.one} do the two collect in all?",
        ],
        [
            f"{s.name}有{a}{s.unit}{s.one}，{s.friend}比{s.name}多{b}{s.unit}。两人一共有多少{s.unit}{s.one}？",
            f"{s.name}收集了{a}{s.unit}{s.one}，{s.friend}比{s.name}多收集{b}{s.unit}。两人一共收集了多少{s.unit}{s.one}？",
        ],
    )
    steps = [chain(lang, plus(a, b), s.friend), chain(lang, plus(a, a + b), say(lang, "Together", "一共"))]
    return question, steps, str(2 * a + b)


def _times_as_many(rng: random.Random, p: tuple, lang: str) -> Written:
    a, k = p
    s = scene(rng, lang)
    question = pick(
        rng,
        lang,
        [
            f"{s.name} has {a} {s.one}. {s.friend} has {k} times as many. How many do they have together?",
            f"{s.name} picks {a} {s.one} and {s.friend} picks {k} times as many. How many {s.one} are there in all?",
        ],
        [
            f"{s.name}有{a}{s.unit}{s.one}，{s.friend}的{s.one}是{s.name}的{k}倍。两人一共有多少{s.unit}{s.one}？",
            f"{s.name}拿了{a}{s.unit}{s.one}，{s.friend}拿的是{s.name}的{k}倍。一共有多少{s.unit}{s.one}？",
        ],
    )
    steps = [chain(lang, times(a, k), s.friend), chain(lang, plus(a * k, a), say(lang, "Together", "一共"))]
    return question, steps, str(a * k + a)


def _share(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b, k = p
    s = scene(rng, lang)
    question = pick(
        rng,
        lang,
        [
            f"{s.name} has {a} {s.one}. {s.name} keeps {b} and shares the rest equally among {k} friends. "
            f"How many {s.one} does each friend get?",
            f"There are {a} {s.one}. {b} are damaged, and the others are packed equally into {k} boxes. "
            f"How many {s.one} are in each box?",
        ],
        [
            f"{s.name}有{a}{s.unit}{s.one}，自己留下{b}{s.unit}，其余的平均分给{k}个朋友。每个朋友分到多少{s.unit}{s.one}？",
            f"有{a}{s.unit}{s.one}，其中{b}{s.unit}破损，其余的平均装进{k}个盒子。每个盒子装多少{s.unit}{s.one}？",
        ],
    )
    steps = [
        chain(lang, minus(a, b), say(lang, "The rest", "其余")),
        chain(lang, divide(a - b, k), say(lang, "Each", "每份")),
    ]
    return question, steps, str((a - b) // k)


def _draw_share(rng: random.Random) -> tuple:
    k, each, b = rng.randint(2, 9), rng.randint(3, 9), rng.randint(2, 18)
    return k * each + b, b, k


def _boxes(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b, c = p
    s = scene(rng, lang)
    question = pick(
        rng,
        lang,
        [
            f"{s.name} has {a} boxes with {b} {s.one} in each box. {s.name} gives away {c} {s.one}. "
            f"How many {s.one} are left?",
            f"A shop has {a} boxes of {b} {s.one}. It sells {c} {s.one}. How many {s.one} are left?",
        ],
        [
            f"{s.name}有{a}盒{s.one}，每盒{b}{s.unit}，送出{c}{s.unit}。还剩多少{s.unit}{s.one}？",
            f"商店有{a}箱{s.one}，每箱{b}{s.unit}，卖出{c}{s.unit}。还剩多少{s.unit}{s.one}？",
        ],
    )
    steps = [
        chain(lang, times(a, b), say(lang, "In all", "总数")),
        chain(lang, minus(a * b, c), say(lang, "Left", "剩下")),
    ]
    return question, steps, str(a * b - c)


def _draw_boxes(rng: random.Random) -> tuple | None:
    a, b, c = rng.randint(2, 9), rng.randint(3, 12), rng.randint(2, 30)
    return (a, b, c) if c < a * b else None


def _pages(rng: random.Random, p: tuple, lang: str) -> Written:
    n, a, d = p
    s = scene(rng, lang)
    question = pick(
        rng,
        lang,
        [
            f"A book has {n} pages. {s.name} reads {a} pages a day for {d} days. How many pages are left?",
            f"{s.name} reads a book of {n} pages. {s.name} reads {a} pages every day. "
            f"How many pages are left after {d} days?",
        ],
        [
            f"一本书有{n}页，{s.name}每天看{a}页，看了{d}天。还剩多少页？",
            f"{s.name}看一本{n}页的书，每天看{a}页。{d}天后还剩多少页没看？",
        ],
    )
    steps = [
        chain(lang, times(a, d), say(lang, "Read", "看了")),
        chain(lang, minus(n, a * d), say(lang, "Left", "剩下")),
    ]
    return question, steps, str(n - a * d)


def _draw_pages(rng: random.Random) -> tuple | None:
    n, a, d = rng.randint(30, 99), rng.randint(3, 12), rng.randint(2, 7)
    return (n, a, d) if a * d < n else None


def _ages(rng: random.Random, p: tuple, lang: str) -> Written:
    a, k, c = p
    s = scene(rng, lang)
    question = pick(
        rng,
        lang,
        [
            f"{s.name} is {a} years old. The teacher is {k} times as old. How old will the teacher be in {c} years?",
            f"{s.name} is {a} years old, and a neighbour is {k} times as old. "
            f"How old will the neighbour be in {c} years?",
        ],
        [
            f"{s.name}今年{a}岁，老师的年龄是{s.name}的{k}倍。{c}年后老师多少岁？",
            f"{s.name}今年{a}岁，邻居的年龄是{s.name}的{k}倍。{c}年后邻居多少岁？",
        ],
    )
    steps = [
        chain(lang, times(a, k), say(lang, "Age now", "现在")),
        chain(lang, plus(a * k, c), say(lang, f"In {c} years", f"{c}年后")),
    ]
    return question, steps, str(a * k + c)


def _bus(rng: random.Random, p: tuple, lang: str) -> Written:
    a, b, c = p
    question = pick(
        rng,
        lang,
        [
            f"A bus carries {a} people. At a stop {b} get off and {c} get on. How many people are on the bus now?",
            f"There are {a} people on a train. {b} leave and {c} enter. How many people are on the train now?",
        ],
        [
            f"公共汽车上有{a}人，到站下车{b}人，上车{c}人。现在车上有多少人？",
            f"火车上有{a}人，下去{b}人，上来{c}人。现在火车上有多少人？",
        ],
    )
    steps = [
        chain(lang, minus(a, b), say(lang, "Left", "剩下")),
        chain(lang, plus(a - b, c), say(lang, "Now", "现在")),
    ]
    return question, steps, str(a - b + c)


def _family(name: str, level: int, draw: Draw, write: Write) -> Family:
    return Family(name, "Prealgebra", level, draw, write, BOTH, True)


FAMILIES = [
    _family("give and get", 1, lambda r: (r.randint(30, 80), r.randint(2, 29), r.randint(2, 20)), _give_and_get),
    _family("more than", 2, lambda r: (r.randint(5, 40), r.randint(2, 15)), _more_than),
    _family("times as many", 2, lambda r: (r.randint(3, 40), r.randint(2, 8)), _times_as_many),
    _family("share", 2, _draw_share, _share),
    _family("boxes", 2, _draw_boxes, _boxes),
    _family("pages", 2, _draw_pages, _pages),
    _family("ages", 2, lambda r: (r.randint(6, 12), r.randint(3, 6), r.randint(2, 12)), _ages),
    _family("bus", 1, lambda r: (r.randint(30, 60), r.randint(3, 29), r.randint(3, 29)), _bus),
]
