"""Questions whose answer stands in the question: invented names, so that only reading helps."""

from random import Random

from items import Choice, is_reserved

ONSETS = "b d f g k l m n p r s t v z br dr gr kr pl tr".split()
VOWELS = "a e i o u".split()
CODAS = "n r l s m k nd rt".split()
HANZI = "安 柏 川 丹 枫 光 河 华 嘉 江 金 兰 林 龙 梅 明 宁 平 青 秋 山 石 松 天 文 溪 夏 星 雪 云 竹 子".split()

ENGLISH = [
    ("{0} keeps {1}.", "What does {0} keep?"),
    ("The bridge of {0} was built by {1}.", "Who built the bridge of {0}?"),
    ("{0} is the capital of {1}.", "Of which land is {0} the capital?"),
    ("The river {0} flows into lake {1}.", "Into which lake does the river {0} flow?"),
    ("{0} was written by {1}.", "The author of {0} is"),
    ("In {0} they grow {1}.", "Which crop is grown in {0}?"),
    ("The color of {0} is {1}.", "Which color has {0}?"),
]
CHINESE = [
    ("{0}养了一只{1}。", "{0}养了____。"),
    ("{0}桥是{1}建造的。", "建造{0}桥的人是____。"),
    ("{0}城在{1}国。", "{0}城所在的国家是____。"),
    ("{0}河流入{1}湖。", "{0}河流入的湖是____。"),
    ("《{0}》的作者是{1}。", "写了《{0}》的是____。"),
    ("{0}村种植{1}。", "{0}村种植的作物是____。"),
]
THINGS = "cat dog goat horse hen duck sheep cow rabbit fox".split()
ANIMALS = "猫 狗 山羊 马 母鸡 鸭子 绵羊 牛 兔子 狐狸".split()
CROPS = "rice wheat corn beans apples grapes tea cotton plums oats".split()
PLANTS = "水稻 小麦 玉米 大豆 苹果 葡萄 茶叶 棉花 桃子 土豆".split()
COLORS = "red blue green white black yellow brown gray pink purple".split()


def english_name(rng: Random) -> str:
    syllables = rng.choice((1, 2))
    name = "".join(rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(syllables)) + rng.choice(CODAS)
    return name.capitalize()


def chinese_name(rng: Random) -> str:
    return "".join(rng.sample(HANZI, 2))


def names(rng: Random, language: str, count: int, reserved: bool) -> list[str]:
    """Distinct invented names; the reserved ones are kept for testing on names never seen."""
    draw = english_name if language == "en" else chinese_name
    found: list[str] = []
    while len(found) < count:
        name = draw(rng)
        if name not in found and is_reserved("name", (name,)) == reserved:
            found.append(name)
    return found


def values(rng: Random, language: str, template: str, reserved: bool) -> list[str]:
    """Four values for the template's second place."""
    pools = {"keeps": THINGS, "grow": CROPS, "color": COLORS, "养": ANIMALS, "种植": PLANTS}
    for word, pool in pools.items():
        if word in template:
            chosen = rng.sample(pool, 4)
            return ["a " + value for value in chosen] if word == "keeps" else chosen
    return names(rng, language, 4, reserved)


def reading_choice(rng: Random, language: str, reserved: bool = False) -> Choice:
    """A short text of two to four statements of one kind about different names, and a question about one of them."""
    statement, question = rng.choice(ENGLISH if language == "en" else CHINESE)
    options = values(rng, language, statement, reserved)
    told = rng.choice((2, 3, 4))
    keys = [key for key in names(rng, language, told + 4, reserved) if key not in options][:told]
    joiner = " " if language == "en" else ""
    text = joiner.join(statement.format(key, value) for key, value in zip(keys, options))
    asked = rng.randrange(told)
    answer = options[asked]
    rng.shuffle(options)
    return Choice("reading", (), f"{text}\n{question.format(keys[asked])}", tuple(options), options.index(answer))


def same_word_choice(rng: Random, language: str, reserved: bool = False) -> Choice:
    """Which option repeats the word in the question: the first thing to learn about letters."""
    options = names(rng, language, 4, reserved)
    answer = rng.randrange(4)
    question = f"Which of these is {options[answer]}?" if language == "en" else f"下列各项中，{options[answer]}是____。"
    return Choice("same", (), question, tuple(options), answer)
