"""Elementary mathematics in Chinese."""

import random
from fractions import Fraction
from math import gcd, lcm

from options import Drawn, Family, decimal, ordered, placed

R = random.Random
_PARTS = sorted({Fraction(n, d) for d in (2, 3, 4, 5, 6, 8, 10) for n in range(1, d)})


def addition(rng: R, place: int) -> Drawn:
    a, b = rng.randint(11, 89), rng.randint(11, 89)
    right = a + b
    text = rng.choice([f"{a}+{b}的结果是", f"{a}与{b}的和是", f"{a}+{b}="])
    return (a, b), text, ordered(rng, place, right, [right - 10, right + 10, right - 1, right + 1, right - 2], 10)


def subtraction(rng: R, place: int) -> Drawn:
    a = rng.randint(30, 100)
    b = rng.randint(11, a - 5)
    right = a - b
    text = rng.choice([f"{a}-{b}的结果是", f"{a}与{b}的差是", f"{a}减去{b}等于"])
    return (a, b), text, ordered(rng, place, right, [right - 10, right + 10, right - 1, right + 1, right + 2], 2)


def multiplication(rng: R, place: int) -> Drawn:
    a = rng.choice([rng.randint(2, 9), rng.choice([11, 12, 15, 20, 25, 50]), rng.choice([125, 250, 200])])
    b = rng.choice([2, 4, 8]) if a > 100 else rng.randint(2, 9)
    right = a * b
    text = rng.choice([f"{a}×{b}的结果是", f"{a}与{b}的积是", f"{a}×{b}="])
    slips = [right - a, right + a, right - b, right + 10, right - 10, right + b]
    return (a, b), text, ordered(rng, place, right, slips, 2)


def third_angle(rng: R, place: int) -> Drawn:
    a, b = rng.randint(2, 11) * 10, rng.randint(2, 7) * 10
    right = 180 - a - b
    text = rng.choice([
        f"三角形的两个内角是{a}°和{b}°，第三个内角是", f"在三角形中，一个角是{a}°，另一个角是{b}°，还有一个角是",
    ])
    slips = [180 - a, 180 - b, a + b, right + 10, right - 10]
    return (a, b), text, ordered(rng, place, right, slips, 10, 10, "{}°".format)


def acute_angle(rng: R, place: int) -> Drawn:
    a = rng.randint(2, 16) * 5
    text = rng.choice([f"直角三角形的一个锐角是{a}°，另一个锐角是", f"一个直角三角形中，一个锐角为{a}°，另一锐角为"])
    right = 90 - a
    return (a,), text, ordered(rng, place, right, [a, 180 - a, 90, right + 10, right - 10], 5, 5, "{}°".format)


def fraction_to_percent(rng: R, place: int) -> Drawn:
    part = rng.choice([p for p in _PARTS if 100 % p.denominator == 0])
    n, d = part.numerator, part.denominator
    right = 100 * n // d
    text = rng.choice([f"把{n}/{d}化成百分数是", f"{n}/{d}等于百分之几", f"分数{n}/{d}用百分数表示是"])
    slips = [n * 10 + d, d * 10 + n, 100 - right, n * 10, right + 10, right - 10, 100 * d // n]
    return (n, d), text, ordered(rng, place, right, slips, 5, 1, "{}%".format)


def square_area(rng: R, place: int) -> Drawn:
    a = rng.randint(2, 12)
    if rng.random() < 0.6:
        text = rng.choice([f"一个正方形的边长是{a}厘米，它的面积是", f"边长为{a}厘米的正方形，面积是"])
        slips = [2 * a, 4 * a, a * a + a, a * a - a, 3 * a]
        return (a, "area"), text, ordered(rng, place, a * a, slips, 2, 1, "{}平方厘米".format)
    text = rng.choice([f"一个正方形的边长是{a}厘米，它的周长是", f"边长为{a}厘米的正方形，周长是"])
    return (a, "length"), text, ordered(rng, place, 4 * a, [2 * a, a * a, 3 * a, 8 * a], 2, 1, "{}厘米".format)


def rectangle(rng: R, place: int) -> Drawn:
    b = rng.randint(2, 9)
    a = b + rng.randint(1, 6)
    what, right, unit = rng.choice([("面积", a * b, "平方厘米"), ("周长", 2 * (a + b), "厘米")])
    text = rng.choice([f"长方形的长是{a}厘米，宽是{b}厘米，{what}是", f"一个长{a}厘米、宽{b}厘米的长方形，它的{what}是"])
    slips = [a + b, a * b, 2 * (a + b), 2 * a * b, right + 2, right - 2]
    return (a, b, what), text, ordered(rng, place, right, slips, 3, 1, f"{{}}{unit}".format)


def sharing(rng: R, place: int) -> Drawn:
    n, each = rng.randint(2, 9), rng.randint(2, 9)
    thing, word, who = rng.choice([("颗", "糖", "个孩子"), ("个", "苹果", "个小朋友"), ("支", "铅笔", "名同学"), ("本", "书", "个班")])
    text = rng.choice([
        f"把{n * each}{thing}{word}平均分给{n}{who}，每{who[0]}分到",
        f"{n}{who}平均分{n * each}{thing}{word}，每{who[0]}得到",
    ])
    slips = [n, each - 1, each + 1, n * each - n, each + n]
    return (n * each, n), text, ordered(rng, place, each, slips, 1, 1, f"{{}}{thing}".format)


def circle_area(rng: R, place: int) -> Drawn:
    r = rng.randint(1, 10)
    show = lambda v: decimal(v, 100)  # noqa: E731
    if rng.random() < 0.6:
        text = rng.choice([f"一个圆的半径是{r}厘米，π取3.14，它的面积是", f"半径为{r}厘米的圆，面积是（π取3.14）"])
        slips = [628 * r, 314 * r, 1256 * r * r, 628 * r * r, 942 * r]
        return (r, "area"), text, ordered(rng, place, 314 * r * r, slips, 314, 1, lambda v: show(v) + "平方厘米")
    text = rng.choice([f"一个圆的半径是{r}厘米，π取3.14，它的周长是", f"半径为{r}厘米的圆，周长是（π取3.14）"])
    slips = [314 * r, 314 * r * r, 1256 * r]
    return (r, "length"), text, ordered(rng, place, 628 * r, slips, 157, 1, lambda v: show(v) + "厘米")


def decimal_and_fraction(rng: R, place: int) -> Drawn:
    (n, d), hundredths = rng.choice([(1, 2), (1, 4), (3, 4), (1, 5), (2, 5), (3, 5), (4, 5)]), rng.randint(1, 9) * 10
    if d == 4:
        hundredths = rng.choice([25, 50, 75, 125])
    other = 100 * n // d
    text = rng.choice([f"{decimal(hundredths, 100)}与{n}/{d}的和是", f"{decimal(hundredths, 100)}+{n}/{d}的结果是"])
    right = hundredths + other
    slips = [right - 50, right + 50, right - 25, right + 25, right - 10, right + 10]
    return (hundredths, n, d), text, ordered(rng, place, right, slips, 5, 1, lambda v: decimal(v, 100))


def series(rng: R, place: int) -> Drawn:
    n = rng.randint(4, 20)
    right = n * (n + 1) // 2
    text = rng.choice([f"1+2+3+…+{n}的和是", f"从1加到{n}，和是", f"计算：1+2+…+{n}="])
    slips = [right - n, right - 5, right + 5, right + n + 1, n * n, n * (n + 1)]
    return (n,), text, ordered(rng, place, right, slips, 3)


def cuboid(rng: R, place: int) -> Drawn:
    a, b, c = sorted((rng.randint(1, 8) for _ in range(3)), reverse=True)
    right = a * b * c
    text = rng.choice([f"一个长方体长{a}厘米、宽{b}厘米、高{c}厘米，它的体积是", f"长{a}厘米、宽{b}厘米、高{c}厘米的长方体，体积是"])
    slips = [a + b + c, 2 * (a * b + b * c + a * c), right * 2, 4 * (a + b + c), right - a, right + b]
    return (a, b, c), text, ordered(rng, place, right, slips, 4, 1, "{}立方厘米".format) if a > c else None


def cube(rng: R, place: int) -> Drawn:
    a = rng.randint(2, 10)
    text = rng.choice([f"一个正方体的棱长是{a}厘米，它的体积是", f"棱长为{a}厘米的正方体，体积是"])
    return (a,), text, ordered(rng, place, a**3, [a * a, 3 * a, 6 * a * a, 12 * a, 2 * a**3], 3, 1, "{}立方厘米".format)


def whole_of_percent(rng: R, place: int) -> Drawn:
    p, whole = rng.choice([10, 20, 25, 40, 50]), rng.randint(1, 15) * 20
    part = p * whole // 100
    text = rng.choice([f"一个数的{p}%是{part}，这个数是", f"某数的{p}%等于{part}，某数是"])
    slips = [part + p, part * p // 100, part * 2, whole // 2, whole * 2, part, whole + 10]
    return (p, part), text, ordered(rng, place, whole, slips, 10)


def percent_of(rng: R, place: int) -> Drawn:
    p, whole = rng.choice([10, 20, 25, 40, 50, 75]), rng.randint(1, 15) * 20
    right = p * whole // 100
    text = rng.choice([f"{whole}的{p}%是", f"求{whole}的{p}%，结果是"])
    return (p, whole), text, ordered(rng, place, right, [p, whole - right, right * 2, right // 2, right + 10], 2)


_FOLDS = {9: "九", 8: "八", 7: "七", 6: "六", 5: "五"}


def discount(rng: R, place: int) -> Drawn:
    price, fold = rng.randint(2, 25) * 20, rng.choice(list(_FOLDS))
    right = price * fold // 10
    ware = rng.choice(["衣服", "裤子", "书包", "鞋"])
    text = rng.choice([f"一件商品原价{price}元，打{_FOLDS[fold]}折后的价格是", f"原价{price}元的{ware}打{_FOLDS[fold]}折出售，现价是"])
    slips = [price - right, price - fold, price + fold, right + 10, right - 20, price]
    return (price, fold), text, ordered(rng, place, right, slips, 10, 1, "{}元".format)


def ratio(rng: R, place: int) -> Drawn:
    a = rng.randint(1, 4)
    b, k = rng.randint(a + 1, 7), rng.randint(2, 9)
    total = k * (a + b)
    which, right = rng.choice([("大", k * b), ("小", k * a)])
    text = rng.choice([
        f"把{total}按{a}:{b}分成两份，较{which}的一份是", f"两个数的和是{total}，它们的比是{a}:{b}，较{which}的数是",
    ])
    slips = [k * a, k * b, k, total // 2, total - b, right + k]
    return (total, a, b, which), text, ordered(rng, place, right, slips, 2) if gcd(a, b) == 1 else None


def extreme_fraction(rng: R, place: int) -> Drawn:
    parts = rng.sample([p for p in _PARTS if p.denominator < 9], 4)
    which, right = rng.choice([("大", max(parts)), ("小", min(parts))])
    text = rng.choice([f"下列分数中，最{which}的是", f"下面四个分数中最{which}的是"])
    options = placed(rng, place, str(right), [str(p) for p in parts if p != right])
    return (which, *sorted(map(str, parts))), text, options


def number_pattern(rng: R, place: int) -> Drawn:
    kind, a, d = rng.choice(["square", "add", "times", "cube"]), rng.randint(1, 6), rng.randint(2, 6)
    if kind == "square":
        n = rng.randint(4, 9)
        text = rng.choice([f"一列数：1，4，9，16，……依次是1、2、3、4的平方，第{n}个数是", f"数列1，4，9，……中，第n个数是n的平方，第{n}个数是"])
        slips = [n * n - n, n * n + n, 4 * n, n * n - 1, n * n + 2, 5 * n]
        return (kind, n), text, ordered(rng, place, n * n, slips, 2)
    if kind == "cube":
        n = rng.randint(2, 5)
        text = f"数列1，8，27，……中，第n个数是n的立方，第{n}个数是"
        return (kind, n), text, ordered(rng, place, n**3, [n * n, 3 * n, n**3 + n, n**3 - n, n**3 * 2], 4)
    if kind == "add":
        terms, rule = [a + d * i for i in range(5)], f"每个数比前一个数大{d}"
    else:
        d = rng.choice([2, 3])
        terms, rule = [a * d**i for i in range(5)], f"每个数是前一个数的{d}倍"
    shown = "，".join(map(str, terms[:4]))
    text = rng.choice([f"一列数：{shown}，……，{rule}，第5个数是", f"按规律填数：{shown}，（　），其中{rule}，括号里是"])
    slips = [terms[4] + 1, terms[4] - 1, terms[3] + 1, terms[4] + d]
    return (kind, a, d), text, ordered(rng, place, terms[4], slips, 2)


def common_multiple(rng: R, place: int) -> Drawn:
    a = rng.randint(2, 10)
    b = rng.randint(a + 1, 15)
    right = lcm(a, b)
    text = rng.choice([f"{a}和{b}的最小公倍数是", f"求{a}与{b}的最小公倍数，结果是"])
    slips = [gcd(a, b), a + b, a * b, 2 * right, right // 2, right - a, right + b]
    return (a, b), text, ordered(rng, place, right, slips, a) if right <= 72 else None


def common_divisor(rng: R, place: int) -> Drawn:
    g, (m, n) = rng.randint(2, 12), rng.choice([(1, 2), (2, 3), (1, 3), (3, 4), (2, 5), (3, 5), (1, 4)])
    text = rng.choice([f"{g * m}和{g * n}的最大公因数是", f"求{g * m}与{g * n}的最大公因数，结果是"])
    divisors = [d for d in range(1, g) if g % d == 0]
    return (g * m, g * n), text, ordered(rng, place, g, [*divisors, 2 * g, g * m, g * n, g * m * n], 2)


def equation(rng: R, place: int) -> Drawn:
    a, x, b, sign = rng.randint(2, 6), rng.randint(2, 10), rng.randint(1, 9), rng.choice([1, -1])
    c = a * x + sign * b
    left = f"{a}x{'+' if sign > 0 else '−'}{b}"
    text = rng.choice([f"方程{left}={c}的解是", f"如果{left}={c}，那么", f"解方程{left}={c}，得"])
    slips = [c // a, (c - sign * 2 * b) // a, x + 1, x - 1, c - a]
    return (a, sign * b, c), text, ordered(rng, place, x, slips, 1, 1, "x={}".format) if c > 0 else None


def work_together(rng: R, place: int) -> Drawn:
    a, b = rng.choice([(6, 3), (2, 2), (4, 4), (4, 12), (6, 6), (5, 20), (6, 12), (8, 8), (10, 15), (10, 10), (9, 18),
                       (12, 12), (8, 24), (12, 24), (15, 30), (20, 20), (20, 30), (14, 35)])
    a, b = (a, b) if rng.random() < 0.5 else (b, a)
    right = a * b // (a + b)
    text = rng.choice([
        f"一项工作，甲单独做{a}天完成，乙单独做{b}天完成，甲乙合作需要", f"修一条路，甲队要{a}天，乙队要{b}天，两队一起修要",
    ])
    slips = [a + b, abs(a - b), (a + b) // 2, right - 1, right + 1, right + 2, a]
    return (a, b), text, ordered(rng, place, right, slips, 1, 1, "{}天".format)


def signed(rng: R, place: int) -> Drawn:
    a, b = rng.choice([-1, 1]) * rng.randint(2, 9), rng.choice([-1, 1]) * rng.randint(2, 9)
    operator, right = rng.choice([("×", a * b), ("×", a * b), ("+", a + b)])
    shown = [f"(−{-v})" if v < 0 else str(v) for v in (a, b)]
    text = rng.choice([f"{shown[0]}{operator}{shown[1]}的结果是", f"计算{shown[0]}{operator}{shown[1]}，得"])
    slips = [-right, a + b, -a - b, a * b, -a * b, a - b]
    options = ordered(rng, place, right, slips, 2, -99, lambda v: f"−{-v}" if v < 0 else str(v))
    return (a, b, operator), text, options if min(a, b) < 0 else None


def chickens_and_rabbits(rng: R, place: int) -> Drawn:
    heads = rng.randint(5, 15)
    rabbits = rng.randint(1, heads - 1)
    feet = 2 * heads + 2 * rabbits
    who, right = rng.choice([("兔", rabbits), ("鸡", heads - rabbits)])
    text = rng.choice([
        f"笼子里有鸡和兔共{heads}只，数一数有{feet}只脚，{who}有", f"鸡兔同笼，有{heads}个头、{feet}只脚，{who}的只数是",
    ])
    slips = [rabbits, heads - rabbits, heads // 2, right + 1, right - 1, heads]
    unit = "{}" if "只数" in text else "{}只"
    return (heads, feet, who), text, ordered(rng, place, right, slips, 1, 1, unit.format)


def average(rng: R, place: int) -> Drawn:
    values = [rng.randint(2, 20) for _ in range(3)]
    right = sum(values) // 3
    text = rng.choice(["{}、{}、{}的平均数是", "求{}、{}、{}这三个数的平均数，结果是"]).format(*values)
    options = ordered(rng, place, right, [sum(values), *values, right + 1, right - 1])
    return tuple(values), text, options if sum(values) % 3 == 0 else None


def journey(rng: R, place: int) -> Drawn:
    speed, hours = rng.randint(2, 9) * 10, rng.randint(2, 6)
    what = rng.choice(["汽车", "火车", "客车", "货车"])
    if rng.random() < 0.5:
        text = f"一辆{what}每小时行{speed}千米，{hours}小时行"
        slips = [speed * hours + 10, speed * hours - speed, speed + hours, speed * hours + speed]
        return (speed, hours, "distance"), text, ordered(rng, place, speed * hours, slips, 20, 1, "{}千米".format)
    text = f"一辆{what}{hours}小时行{speed * hours}千米，平均每小时行"
    slips = [speed * 2, speed + 10, speed - 10, speed + 5]
    return (speed, hours, "speed"), text, ordered(rng, place, speed, slips, 5, 5, "{}千米".format)


ZH_MATHEMATICS: list[Family] = [
    addition, subtraction, multiplication, third_angle, acute_angle, fraction_to_percent, square_area, rectangle,
    sharing, circle_area, decimal_and_fraction, series, cuboid, cube, whole_of_percent, percent_of, discount, ratio,
    extreme_fraction, number_pattern, common_multiple, common_divisor, equation, work_together, signed,
    chickens_and_rabbits, average, journey,
]
