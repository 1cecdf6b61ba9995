"""The prompt formats of the suites, byte for byte, with what the model is to learn of each part."""

from random import Random

from config import ASSISTANT, BOS, EOS, USER
from items import Choice, Problem, Task
from subject_names import CHINESE

LETTERS = "ABCD"
Segments = list[tuple[str, float]]

# Weights of the loss: a letter is all that a question is scored by; a prompt is only read.
READ, WRITTEN, VERDICT, WORDS, JUDGED_LETTER, LETTER = 0.15, 1.0, 2.0, 3.0, 4.0, 8.0

ENGLISH_BOXED = "\nPlease reason step by step, and put your final answer within \\boxed{}."
CHINESE_BOXED = "\n请通过逐步推理来解答问题，并把最终答案放置于\\boxed{}中。"
CODE_REQUEST = (
    "Please continue to complete the function. You are not allowed to modify the given code and do the completion only. "
    "Please return all completed function in a codeblock. Here is the given code to do completion:\n```python\n"
)
CHAT_CHOICE = (
    "Answer the following multiple choice question. The last line of your response should be of the following format: "
    "'Answer: $LETTER' (without quotes) where LETTER is one of ABCD. Think step by step before answering.\n\n"
)


def header(subject_set: str, subject: str) -> str:
    if subject_set == "mmlu":
        name = subject.replace("_", " ")
        return f"The following are multiple choice questions (with answers) about  {name}.\n\n"
    name = CHINESE[subject_set, subject]
    if subject_set == "ceval":
        return f"以下是中国关于{name}考试的单项选择题，请选出其中的正确答案。\n\n"
    return f"以下是关于{name}的单项选择题，请直接给出正确答案的选项。\n\n"


def few_shot(subject_set: str, subject: str, choices: list[Choice], with_header: bool = True) -> Segments:
    """A prompt of several questions, each of which is one to learn from."""
    before, cue, space = {
        "mmlu": ("", "Answer:", " "),
        "ceval": ("", "答案：", ""),
        "cmmlu": ("题目：", "答案是：", ""),
    }[subject_set]
    segments: Segments = [(BOS + (header(subject_set, subject) if with_header else ""), READ)]
    for choice in choices:
        lines = "".join(f"\n{letter}. {option}" for letter, option in zip(LETTERS, choice.options))
        segments.append((f"{before}{choice.question}{lines}\n{cue}", READ))
        segments.append((space + LETTERS[choice.answer], LETTER))
        segments.append(("\n\n", READ))
    segments[-1] = (EOS, READ)
    return segments


def judged(rng: Random, subject_set: str, subject: str, choices: list[Choice]) -> Segments:
    """The same prompt with a verdict behind some options, from all of a question's to none.

    Without these the letters stay at chance for millions of tokens. A verdict at every option teaches which is right but not
    to say so by a letter: it has to be missing now and then, as it is in the suites.
    """
    right, wrong = (" - right", " - wrong") if subject_set == "mmlu" else ("（对）", "（错）")
    plain = few_shot(subject_set, subject, choices, with_header=False)
    segments: Segments = [plain[0]]
    for choice, (prompt, _), (letter, _), end in zip(choices, plain[1::3], plain[2::3], plain[3::3]):
        question, *options, cue = prompt.rsplit("\n", 5)
        shown = rng.sample(range(4), rng.choice((0, 1, 2, 3, 4)))
        segments.append((question, READ))
        for index, option in enumerate(options):
            segments.append((f"\n{option}", READ))
            if index in shown:
                segments.append((right if index == choice.answer else wrong, VERDICT))
        segments += [(f"\n{cue}", READ), (letter, JUDGED_LETTER if shown else LETTER), end]
    return segments


def chat_choice(choice: Choice) -> Segments:
    lines = "".join(f"\n{letter}) {option}" for letter, option in zip(LETTERS, choice.options))
    letter = LETTERS[choice.answer]
    return [
        (f"{BOS}{USER}{CHAT_CHOICE}{choice.question}\n{lines}{ASSISTANT}Answer:", READ),
        (f" {letter}", LETTER),
        (EOS, WRITTEN),
    ]


def chat_problem(problem: Problem) -> Segments:
    boxed = ENGLISH_BOXED if problem.language == "en" else CHINESE_BOXED
    return [(f"{BOS}{USER}{problem.question}{boxed}{ASSISTANT}", READ), (problem.solution + EOS, WRITTEN)]


def base_problems(problems: list[Problem]) -> Segments:
    """Worked problems one after another, as few-shot prompts have them."""
    segments: Segments = [(BOS, READ)]
    for problem in problems:
        segments.append((f"Problem:\n{problem.question}\n\nSolution:", READ))
        segments.append((f"\n{problem.solution}", WRITTEN))
        segments.append(("\n\n", WRITTEN))
    segments[-1] = (EOS, WRITTEN)
    return segments


def base_code(task: Task) -> Segments:
    return [(BOS + task.prompt, READ), (task.canonical_solution + EOS, WRITTEN)]


def chat_code(task: Task) -> Segments:
    return [
        (f"{BOS}{USER}{CODE_REQUEST}{task.prompt.strip()}\n```{ASSISTANT}", READ),
        (f"```python\n{task.prompt}{task.canonical_solution}```{EOS}", WRITTEN),
    ]
