"""High-school physics in Chinese."""

import random

from options import Drawn, Family, decimal, ordered, placed

R = random.Random
_G = r"$g=10\ \mathrm{m/s^2}$"


def velocity(rng: R, place: int) -> Drawn:
    a, t = rng.randint(1, 6), rng.randint(2, 8)
    text = rng.choice([
        rf"小车由静止开始匀加速运动，加速度为${a}\ \mathrm{{m/s^2}}$，第{t} s末的速度大小为____。",
        f"一个物体从静止出发，加速度恒为{a} m/s²，经过{t} s，它的速度大小为____。",
    ])
    slips = [a + t, a * (t - 1), a * (t + 1), a * t * t // 2, t]
    return (a, t), text, ordered(rng, place, a * t, slips, 1, 1, "{} m/s".format)


def newton(rng: R, place: int) -> Drawn:
    m, a = rng.randint(2, 8), rng.randint(2, 10)
    if rng.random() < 0.65:
        text = rng.choice([
            f"质量为{m} kg的物体受到的合力大小为{m * a} N，它的加速度大小为____。",
            f"大小为{m * a} N的合力作用在质量{m} kg的物体上，产生的加速度为____。",
        ])
        slips = [m * a + m, m * a - m, m * a, m, m * m * a]
        return (m, a, "a"), text, ordered(rng, place, a, slips, 1, 1, "{} m/s²".format)
    text = f"质量为{m} kg的物体加速度大小为{a} m/s²，它受到的合力大小为____。"
    slips = [m + a, a, m * a * 2, m * a - m, m * a + a]
    return (m, a, "F"), text, ordered(rng, place, m * a, slips, 2, 1, "{} N".format)


def ohm(rng: R, place: int) -> Drawn:
    i, r = rng.choice([1, 2, 3, 4, 5, 10, 15, 20, 30, 40, 50]), rng.choice([2, 3, 4, 5, 6, 8, 10, 20])
    u = i * r
    voltage = decimal(u, 10)
    kind = rng.choice("IIUR")
    amps, volts = (lambda v: decimal(v, 10) + " A"), (lambda v: decimal(v, 10) + " V")
    if kind == "I":
        text = rng.choice([
            f"阻值为{r} Ω的定值电阻两端的电压为{voltage} V，通过它的电流为____。",
            f"把{r} Ω的电阻接在{voltage} V的电源上，电流为____。",
        ])
        slips = [100 * r // u, u * r, i * 2, i * 10, i + 5, i - 5, i // 2]
        return (r, u, kind), text, ordered(rng, place, i, slips, 5, 1, amps)
    if kind == "U":
        text = f"通过{r} Ω电阻的电流为{amps(i)}，电阻两端的电压为____。"
        return (r, u, kind), text, ordered(rng, place, u, [i, u * 2, u // 2, 10 * r + i, u * 10], 5, 1, volts)
    text = f"某导体两端的电压为{voltage} V，通过的电流为{amps(i)}，它的电阻为____。"
    return (r, u, kind), text, ordered(rng, place, r, [r * 2, r + 1, r * 10, r - 1, i * u // 100], 1, 1, "{} Ω".format)


def power(rng: R, place: int) -> Drawn:
    u, i = rng.choice([6, 10, 12, 20, 24, 100, 110, 200, 220]), rng.randint(1, 5)
    what = rng.choice(["电热器", "灯泡", "电炉", "电动机"])
    text = rng.choice([
        f"{what}两端的电压为{u} V，电流为{i} A，它消耗的电功率为____。",
        f"一个{what}接在{u} V的电路中，电流为{i} A，电功率为____。",
    ])
    slips = [u, u + i, u * i * 2, u * i * i, u // i, u * (i + 1)]
    return (u, i), text, ordered(rng, place, u * i, slips, 2, 1, "{} W".format)


def work(rng: R, place: int) -> Drawn:
    f, s, kind = rng.randint(1, 10) * 2, rng.randint(2, 10), rng.choice(["60", "60", "0", "90"])
    cosine = {"60": r"，$\cos 60^\circ=0.5$", "0": "", "90": ""}[kind]
    angle = {"60": "夹角为60°", "0": "方向相同", "90": "夹角为90°"}[kind]
    right = {"60": f * s // 2, "0": f * s, "90": 0}[kind]
    text = rng.choice([
        f"物体受到{f} N的拉力，前进了{s} m，拉力与运动{'的' if kind == '0' else '方向'}{angle}{cosine}，拉力做的功为____。",
        f"大小为{f} N的力使物体移动{s} m，力与位移{angle}{cosine}，这个力做功____。",
    ])
    slips = [f, f * s, 2 * f * s, f * s // 2, right + f, right - f]
    return (f, s, kind), text, ordered(rng, place, right, slips, 5, 0, "{} J".format)


def collision(rng: R, place: int) -> Drawn:
    m1, m2, v = rng.randint(1, 4), rng.randint(1, 6), rng.randint(1, 4)
    speed = v * (m1 + m2) // m1 if v * (m1 + m2) % m1 == 0 else 0
    text = rng.choice([
        f"质量为{m1} kg的小车以{speed} m/s的速度撞上质量为{m2} kg的静止小车，撞后连在一起，共同速度为____。",
        f"{m1} kg的滑块以{speed} m/s的速度撞上静止的{m2} kg的滑块并粘在一起，粘在一起后的速度为____。",
    ])
    slips = [speed // 2, speed, speed - v, v + 1, v - 1, 2 * speed]
    return (m1, m2, speed), text, ordered(rng, place, v, slips, 1, 1, "{} m/s".format) if speed else None


def momentum(rng: R, place: int) -> Drawn:
    m, v = rng.randint(1, 9), rng.randint(2, 10)
    text = rng.choice([f"质量为{m} kg的物体速度大小为{v} m/s，它的动量大小为____。", f"{m} kg的小球以{v} m/s的速度运动，动量大小为____。"])
    slips = [m + v, m * v * 2, m * v * v, v, m * v // 2]
    return (m, v), text, ordered(rng, place, m * v, slips, 2, 1, "{} kg·m/s".format)


def spring(rng: R, place: int) -> Drawn:
    k, cm = rng.choice([50, 100, 200, 300, 400, 500, 1000]), rng.choice([1, 2, 3, 4, 5, 6, 8, 10, 20])
    text = rng.choice([
        f"一根轻弹簧的劲度系数为{k} N/m，伸长{cm} cm时弹力的大小为____。",
        f"劲度系数{k} N/m的弹簧被压缩{cm} cm（弹性限度内），弹力为____。",
    ])
    right = k * cm // 100
    slips = [k // cm, right * 2, right * 10, right // 10, right // 2, right * 100]
    options = ordered(rng, place, right, slips, 1, 1, "{} N".format)
    return (k, cm), text, options if k * cm % 100 == 0 else None


def kinetic_energy(rng: R, place: int) -> Drawn:
    m, v = rng.randint(1, 8), rng.randint(1, 10)
    text = rng.choice([
        f"质量为{m} kg的小车以{v} m/s的速度行驶，动能为____。", f"物体的质量为{m} kg，速度大小为{v} m/s，它的动能为____。",
    ])
    right = m * v * v // 2
    slips = [m * v, m * v * v, m * v // 2, m + v, right + v, 4 * right]
    options = ordered(rng, place, right, slips, 2, 1, "{} J".format)
    return (m, v), text, options if m * v * v % 2 == 0 else None


def friction(rng: R, place: int) -> Drawn:
    m, tenths, a = rng.randint(1, 8), rng.choice([1, 2, 3, 4, 5]), rng.randint(1, 6)
    f = m * (a + tenths)
    text = rng.choice([
        f"水平地面上质量为{m} kg的木箱受到{f} N的水平推力，动摩擦因数为0.{tenths}，取{_G}，木箱的加速度大小为____。",
        f"用{f} N的水平力拉{m} kg的物体在水平面上运动，动摩擦因数0.{tenths}，取{_G}，加速度为____。",
    ])
    slips = [a + tenths, a + 2 * tenths, tenths, a + 1, a - 1, a + 2]
    return (m, tenths, f), text, ordered(rng, place, a, slips, 1, 1, "{} m/s²".format)


_HEIGHTS = [("0.2", 2), ("0.8", 4), ("1.8", 6), ("3.2", 8), ("5", 10), ("7.2", 12), ("20", 20), ("45", 30), ("80", 40)]


def slope_speed(rng: R, place: int) -> Drawn:
    h, v = rng.choice(_HEIGHTS)
    text = rng.choice([
        f"小球从光滑斜面顶端由静止滑下，斜面高{h} m，取{_G}，到底端时的速度大小为____。",
        f"物体从{h} m高处自由落下，取{_G}，落地时的速度大小为____。",
    ])
    return (h,), text, ordered(rng, place, v, [v * 2, v // 2, v * 4, v + 2, v - 1], 2, 1, "{} m/s".format)


def half_life(rng: R, place: int) -> Drawn:
    n, kind = rng.randint(1, 5), rng.choice("np")
    right = f"1/{2**n}"
    if kind == "n":
        text = rng.choice([f"某种放射性元素经过{n}个半衰期后，剩下的原子核约为原来的____。", f"经过{n}个半衰期，放射性原子核还剩下原来的____。"])
        key = (n, 0)
    else:
        days = rng.choice([2, 5, 8, 10])
        text = f"某放射性元素的半衰期为{days}天，经过{days * n}天，未衰变的原子核约为原来的____。"
        key = (n, days)
    wrong = [n + 1, 2 * n + 2, n * n + 1, 2 ** (n + 1), 2 ** (n - 1), 3 * n]
    return key, text, placed(rng, place, right, [f"1/{w}" for w in wrong if w > 1])


def inverse_square_force(rng: R, place: int) -> Drawn:
    thing, what, force = rng.choice([("点电荷", "电荷量", "库仑力"), ("质点", "质量", "万有引力")])
    factor, kind = rng.randint(2, 10), rng.choice(["both", "one", "far", "near"])
    right = {"both": factor**2, "one": factor, "far": -(factor**2), "near": factor**2}[kind]
    cause = {
        "both": f"两个{thing}的{what}都变为{factor}倍，距离不变",
        "one": f"两个{thing}中一个的{what}变为{factor}倍，其他不变",
        "far": f"两个{thing}之间的距离变为{factor}倍",
        "near": f"两个{thing}之间的距离变为1/{factor}",
    }[kind]
    ask = rng.choice(["它们间的{}变为原来的____。", "它们之间{}的大小变为原来的____。"]).format(force)
    # A negative number stands for its reciprocal part: -4 is 1/4.
    sizes = [factor, 2 * factor, factor**2, 2 * factor**2, factor**3]
    values = {sign * size for sign in (1, -1) for size in sizes} - {right}
    below = sorted(v for v in values if _size(v) < _size(right))
    above = sorted(v for v in values if _size(v) > _size(right))
    if len(below) < place or len(above) < 3 - place:
        return (), "", None
    chosen = sorted([right, *rng.sample(below, place), *rng.sample(above, 3 - place)], key=_size)
    return (thing, factor, kind), f"{cause}，{ask}", tuple(f"{v}倍" if v > 0 else f"1/{-v}" for v in chosen)


def _size(value: int) -> float:
    return value if value > 0 else -1 / value


_CIRCLES = [(r, v) for r in range(1, 13) for v in range(1, 21) if v * v % r == 0 and v * v <= 40 * r]


def centripetal(rng: R, place: int) -> Drawn:
    r, v = rng.choice(_CIRCLES)
    a = v * v // r
    text = rng.choice([
        f"小球做匀速圆周运动，半径为{r} m，线速度为{v} m/s，它的向心加速度为____。",
        f"质点以{v} m/s的速率沿半径{r} m的圆周运动，向心加速度大小为____。",
    ])
    slips = [v, v * r, v * v, v // r, a * r * r, a + 2]
    return (r, v), text, ordered(rng, place, a, slips, 1, 1, "{} m/s²".format)


def resistors(rng: R, place: int) -> Drawn:
    a, b = rng.choice([
        (2, 2), (3, 6), (4, 4), (4, 12), (6, 6), (5, 20), (6, 12), (8, 8), (10, 15), (10, 10), (20, 30), (12, 12),
        (20, 20), (9, 18), (30, 60),
    ])
    a, b = (a, b) if rng.random() < 0.5 else (b, a)
    joint, right = rng.choice([("并", a * b // (a + b)), ("并", a * b // (a + b)), ("串", a + b)])
    text = rng.choice([f"将{a} Ω和{b} Ω的两个电阻{joint}联，总电阻为____。", f"阻值为{a} Ω和{b} Ω的电阻{joint}联后，等效电阻为____。"])
    slips = [a + b, a * b, (a + b) // 2, abs(a - b), a * b // (a + b), min(a, b)]
    return (a, b, joint), text, ordered(rng, place, right, slips, 1, 1, "{} Ω".format)


def resultant(rng: R, place: int) -> Drawn:
    x, y, z = rng.choice([(3, 4, 5), (6, 8, 10), (5, 12, 13), (9, 12, 15), (12, 16, 20), (8, 15, 17), (30, 40, 50)])
    x, y = (x, y) if rng.random() < 0.5 else (y, x)
    kind = rng.choice(["垂直", "垂直", "同向", "反向"])
    right = {"垂直": z, "同向": x + y, "反向": abs(x - y)}[kind]
    text = rng.choice([
        f"大小为{x} N和{y} N的两个力互相{kind}，合力大小为____。" if kind == "垂直" else f"大小为{x} N和{y} N的两个力{kind}，合力大小为____。",
        f"两个力{'相互' * (kind == '垂直')}{kind}，大小为{x} N和{y} N，合力为____。",
    ])
    slips = [abs(x - y), x + y, z, x * y, z + 1, z - 1]
    return (x, y, kind), text, ordered(rng, place, right, slips, 1, 1, "{} N".format)


def free_fall(rng: R, place: int) -> Drawn:
    t = rng.randint(1, 6)
    what, right, unit = rng.choice([("下落的高度", 5 * t * t, "m"), ("下落的高度", 5 * t * t, "m"), ("末的速度", 10 * t, "m/s")])
    text = rng.choice([
        f"小球从静止自由下落，取{_G}，{t} s{'内' if unit == 'm' else ''}{what}为____。",
        f"石块做自由落体运动，取{_G}，{'前' if unit == 'm' else '第'}{t} s{'内' if unit == 'm' else ''}{what}为____。",
    ])
    slips = [5 * t, 10 * t, 10 * t * t, 20 * t, 5 * t * t]
    return (t, unit), text, ordered(rng, place, right, slips, 5, 1, f"{{}} {unit}".format)


def projectile(rng: R, place: int) -> Drawn:
    h, t = rng.choice([(5, 1), (20, 2), (45, 3), (80, 4)])
    v = rng.choice([2, 3, 4, 5, 6, 8, 10, 15, 20])
    text = rng.choice([
        f"小球以{v} m/s的速度从{h} m高处水平抛出，取{_G}，落地前的水平位移为____。",
        f"从{h} m高的平台上水平抛出一石块，初速度为{v} m/s，取{_G}，水平射程为____。",
    ])
    slips = [h, v * t * 2, v * h, v + t, v * t // 2, v * (t + 1)]
    return (h, v), text, ordered(rng, place, v * t, slips, 2, 1, "{} m".format)


def transformer(rng: R, place: int) -> Drawn:
    n, u2 = rng.choice([2, 4, 5, 10, 11, 20]), rng.choice([10, 11, 20, 22, 36, 40, 50, 110])
    u1 = n * u2
    text = rng.choice([
        f"理想变压器的原、副线圈匝数比为{n}:1，原线圈接{u1} V的交流电，副线圈的电压为____。",
        f"原、副线圈匝数之比为{n}:1的理想变压器，输入电压为{u1} V，输出电压为____。",
    ])
    return (n, u1), text, ordered(rng, place, u2, [u1, u1 * n, u2 * 2, u2 // 2, u1 - n], 4, 1, "{} V".format)


ZH_PHYSICS: list[Family] = [
    velocity, newton, ohm, power, work, collision, momentum, spring, kinetic_energy, friction, slope_speed, half_life,
    inverse_square_force, centripetal, resistors, resultant, free_fall, projectile, transformer,
]
