"""Short prose: encyclopaedic paragraphs from the facts, questions with their answers in words, and little stories."""

from random import Random

from config import BOS, EOS
from facts import Fact, Subject
from prompts import READ, WORDS, WRITTEN, Segments

PEOPLE = "Anna Ben Clara David Emma Felix Grace Henry Ida Jonas Lena Max Nora Oscar Paula Tom".split()
PLACES = "market|garden|library|station|school|lake|kitchen|museum".split("|")
GOODS = "apples|pears|books|pencils|stamps|cups|shells|cards".split("|")
WEATHER = "It was raining.|The sun was shining.|It was a cold day.|The wind was strong.|It was early.|It was late.".split("|")
ENDS = "Then {0} went home.|{0} was glad.|In the evening {0} told everybody about it.|After that {0} was tired.".split("|")
MEN = "小明 小红 小刚 小丽 小华 小芳 小军 小云".split()
SPOTS = "市场 花园 图书馆 车站 学校 湖边 厨房 博物馆".split()
ITEMS = "苹果 梨 书 铅笔 邮票 杯子 贝壳 卡片".split()
SKIES = "天下着雨。 阳光明媚。 天气很冷。 风很大。 时间还早。 天色已晚。".split()
CLOSES = "然后{0}回家了。 {0}很高兴。 晚上{0}把这件事告诉了大家。 之后{0}累了。".split()


def paragraph(rng: Random, subject: Subject) -> Segments:
    facts = rng.sample(subject.facts, min(len(subject.facts), rng.randint(5, 12)))
    joiner = " " if subject.subject_set == "mmlu" else ""
    return [(BOS + joiner.join(rng.choice(fact.statements) for fact in facts) + EOS, WRITTEN)]


def answers(rng: Random, subject: Subject) -> Segments:
    """Questions one after another, each with its answer in words."""
    segments: Segments = [(BOS, READ)]
    for fact in rng.sample(subject.facts, min(len(subject.facts), rng.randint(4, 9))):
        before, after = answered(rng, fact, subject.subject_set)
        segments += [(before, READ), (after, WORDS), ("\n", READ)]
    segments[-1] = (EOS, READ)
    return segments


def answered(rng: Random, fact: Fact, subject_set: str) -> tuple[str, str]:
    question = rng.choice(fact.questions)
    if "____" in question:
        before, _, after = question.partition("____")
        return before, fact.answer + after
    if subject_set != "mmlu":
        return f"{question}？答：", fact.answer
    return question, f" {fact.answer}"


def story(rng: Random) -> Segments:
    if rng.random() < 0.5:
        name, count, more = rng.choice(PEOPLE), rng.randint(2, 9), rng.randint(2, 9)
        good, place = rng.choice(GOODS), rng.choice(PLACES)
        text = (
            f"{name} walked to the {place}. {rng.choice(WEATHER)} {name} had {count} {good}. "
            f"A friend gave {name} {more} more {good}. Now {name} had {count + more} {good}. {rng.choice(ENDS).format(name)}"
        )
    else:
        name, count, more = rng.choice(MEN), rng.randint(2, 9), rng.randint(2, 9)
        item, place = rng.choice(ITEMS), rng.choice(SPOTS)
        text = (
            f"{name}去了{place}。{rng.choice(SKIES)}{name}有{count}个{item}。"
            f"一个朋友又给了{name}{more}个{item}。现在{name}有{count + more}个{item}。{rng.choice(CLOSES).format(name)}"
        )
    return [(BOS + text + EOS, WRITTEN)]
