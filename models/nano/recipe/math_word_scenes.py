"""Names and things of word problems, each in English and Chinese."""

import random
from dataclasses import dataclass

NAMES = [
    ("Tom", "小明"),
    ("Anna", "小红"),
    ("Ben", "小刚"),
    ("Mary", "小丽"),
    ("Jack", "小华"),
    ("Lucy", "小芳"),
    ("Sam", "小军"),
    ("Emma", "小英"),
]
# English plural, Chinese measure word, Chinese noun.
THINGS = [
    ("apples", "个", "苹果"),
    ("pears", "个", "梨"),
    ("eggs", "个", "鸡蛋"),
    ("pencils", "支", "铅笔"),
    ("stamps", "张", "邮票"),
    ("cards", "张", "卡片"),
    ("books", "本", "书"),
    ("flowers", "朵", "花"),
    ("sweets", "颗", "糖"),
    ("marbles", "颗", "弹珠"),
]
GOODS = [
    ("pens", "支", "钢笔"),
    ("notebooks", "本", "笔记本"),
    ("cups", "个", "杯子"),
    ("toys", "个", "玩具"),
    ("caps", "顶", "帽子"),
    ("balls", "个", "皮球"),
    ("rulers", "把", "尺子"),
    ("bags", "个", "书包"),
]


@dataclass(frozen=True)
class Scene:
    """Two people and two kinds of things; `one` and `other` hold the noun, `unit` and `unit2` the measure words."""

    name: str
    friend: str
    one: str
    unit: str
    other: str
    unit2: str


def scene(rng: random.Random, lang: str, things: list[tuple[str, str, str]] = THINGS) -> Scene:
    names, kinds = rng.sample(NAMES, 2), rng.sample(things, 2)
    place, noun = (0, 0) if lang == "en" else (1, 2)
    return Scene(names[0][place], names[1][place], kinds[0][noun], kinds[0][1], kinds[1][noun], kinds[1][1])
