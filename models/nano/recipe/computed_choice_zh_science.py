"""Geography, sports, biology and astronomy in Chinese."""

import random

from options import Drawn, Family, decimal, ordered, placed

R = random.Random


def map_scale(rng: R, place: int) -> Drawn:
    scale, cm = rng.choice([10000, 20000, 50000, 100000, 200000, 500000, 1000000]), rng.randint(2, 9)
    meters = scale * cm // 100
    text = rng.choice([
        f"地图的比例尺为1:{scale}，图上{cm}厘米代表实地距离____。",
        f"在比例尺为1:{scale}的地图上，两地相距{cm}厘米，实地距离是____。",
    ])
    slips = [meters // 10, meters // 100, meters // 1000, meters * 10, meters * 100, meters * 1000]
    return (scale, cm), text, ordered(rng, place, meters, slips, 1000, 1, lambda v: decimal(v, 1000) + "千米")


def temperature(rng: R, place: int) -> Drawn:
    foot, hundreds = rng.randint(12, 32), rng.choice([5, 10, 10, 15, 20, 25, 30])
    drop = 6 * hundreds
    up = rng.random() < 0.7
    meters = hundreds * 100
    if up:
        right, text = foot * 10 - drop, rng.choice([
            f"山脚气温为{foot}℃，山顶比山脚高{meters}米。按每升高100米降低0.6℃计算，山顶气温约为____。",
            f"某山山脚气温{foot}℃，相对高度{meters}米，海拔每上升100米气温下降0.6℃，山顶气温约为____。",
        ])
    else:
        right, text = foot * 10, f"山顶气温为{decimal(foot * 10 - drop, 10)}℃，山脚比山顶低{meters}米，每下降100米升高0.6℃，山脚气温约为____。"
    slips = [foot * 10 - 6, foot * 10 - drop // 2, foot * 10 + drop, foot * 10 - drop, right - 20, right + 20, drop]
    options = ordered(rng, place, right, slips, 10, 0, lambda v: decimal(v, 10) + "℃")
    return (foot, meters, up), text, options if foot * 10 - drop >= 0 else None


def density(rng: R, place: int) -> Drawn:
    area, right = rng.choice([50, 100, 200, 400, 500, 1000]), rng.choice([100, 200, 250, 300, 400, 500, 600, 800])
    people = area * right
    shown = f"{decimal(people, 10000)}万人"
    text = rng.choice([
        f"某地有{shown}，面积为{area}平方千米，人口密度为____。", f"某市辖区面积{area}平方千米，人口{shown}，人口密度是____。",
    ])
    slips = [right // 10, right * 10, right * 2, right // 2, right + 150, right - 50]
    return (area, people), text, ordered(rng, place, right, slips, 20, 1, "{}人/平方千米".format)


def body_mass_index(rng: R, place: int) -> Drawn:
    tall, weight, right = rng.choice([
        ("2", 80, 20), ("2", 100, 25), ("2", 88, 22), ("2", 120, 30), ("2", 96, 24), ("1.5", 45, 20), ("1.5", 54, 24),
        ("1.5", 63, 28), ("1.8", 81, 25), ("2", 84, 21), ("2", 72, 18), ("1.5", 72, 32),
    ])
    text = rng.choice([
        f"某人身高{tall}米，体重{weight}千克，BMI（体重除以身高的平方）是____。",
        f"BMI是体重千克数除以身高米数的平方。身高{tall}米、体重{weight}千克的人，BMI为____。",
    ])
    return (tall, weight), text, ordered(rng, place, right, [weight // 2, 40, right - 5, right + 5, right + 2], 2)


def heart_rate(rng: R, place: int) -> Drawn:
    age = rng.choice([10, 12, 15, 16, 18, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70])
    right = 220 - age
    text = rng.choice([f"按“220－年龄”估算，{age}岁的人最大心率约为____。", f"一个{age}岁的人，用220减去年龄估算的最大心率是____。"])
    slips = [220, 220 + age, 200 - age, 180, right - 20, right + 10]
    return (age,), text, ordered(rng, place, right, slips, 10, 1, "{}次/分".format)


def relay(rng: R, place: int) -> Drawn:
    runners, leg = rng.choice([3, 4, 5, 6, 8, 10, 12]), rng.choice([50, 100, 200, 400])
    if rng.random() < 0.6:
        text = rng.choice([f"{runners}×{leg}米接力赛中，每队要交接棒____。", f"在{runners}×{leg}米接力中，一个队需要传接棒____。"])
        slips = [runners, runners + 1, runners - 2, 1]
        return (runners, leg, "pass"), text, ordered(rng, place, runners - 1, slips, 1, 1, "{}次".format)
    text = f"{runners}×{leg}米接力的全程是____。"
    slips = [leg, (runners - 1) * leg, (runners + 1) * leg]
    return (runners, leg, "total"), text, ordered(rng, place, runners * leg, slips, 50, 1, "{}米".format)


def laps(rng: R, place: int) -> Drawn:
    n = rng.choice([2, 3, 4, 5, 6, 8, 10, 20, 25])
    if rng.random() < 0.5:
        text = rng.choice([f"在一圈400米的跑道上跑{400 * n}米，需要跑____。", f"标准田径场一圈为400米，{400 * n}米跑是____。"])
        return (n, "laps"), text, ordered(rng, place, n, [2 * n, n + 1, n - 1, 4 * n], 1, 1, "{}圈".format)
    text = f"沿一圈400米的跑道跑{n}圈，路程是____。"
    slips = [200 * n, 300 * n, 500 * n, 400 * n + 400, 400 * n - 400]
    return (n, "distance"), text, ordered(rng, place, 400 * n, slips, 100, 1, "{}米".format)


_TRAITS = [
    ("双眼皮", "单眼皮", "A"), ("有耳垂", "无耳垂", "B"), ("能卷舌", "不能卷舌", "R"), ("惯用右手", "惯用左手", "D"),
    ("有酒窝", "无酒窝", "E"),
]


def cross(rng: R, place: int) -> Drawn:
    dominant, recessive, letter = rng.choice(_TRAITS)
    small = letter.lower()
    first, second = rng.choice([(1, 1), (1, 0), (2, 0), (2, 1), (0, 0), (2, 2)])
    genes = [letter * n + small * (2 - n) for n in (first, second)]
    none = (2 - first) * (2 - second)
    which, quarters = rng.choice([(recessive, none), (dominant, 4 - none)])
    text = rng.choice([
        f"{dominant}（{letter}）对{recessive}（{small}）为显性。父母的基因组成是{genes[0]}和{genes[1]}，孩子{which}的可能性是____。",
        f"若{dominant}由显性基因{letter}控制，{genes[0]}与{genes[1]}的夫妇生{which}孩子的可能性是____。",
    ])
    show = {0: "0", 1: "1/4", 2: "1/2", 3: "3/4", 4: "1"}
    options = placed(rng, place, show[quarters], [show[q] for q in show if q != quarters])
    return (dominant, first, second, which), text, options


def chromosomes(rng: R, place: int) -> Drawn:
    pairs = rng.randint(4, 24)
    body = rng.choice(["动物", "植物", "生物"])
    if rng.random() < 0.6:
        text = rng.choice([f"某种{body}的体细胞中有{2 * pairs}条染色体，它的生殖细胞中有染色体____。", f"体细胞有{pairs}对染色体的{body}，生殖细胞中染色体有____。"])
        right = pairs
    else:
        text = f"某种{body}的精子中有{pairs}条染色体，它的体细胞中有染色体____。"
        right = 2 * pairs
    slips = [pairs, 2 * pairs, 4 * pairs, pairs // 2, right + 1, right - 1]
    return (pairs, right, "对" in text), text, ordered(rng, place, right, slips, 2, 1, "{}条".format)


def cell_division(rng: R, place: int) -> Drawn:
    start, n = rng.randint(1, 4), rng.randint(1, 6)
    right = start * 2**n
    text = rng.choice([f"由{start}个细胞开始，连续分裂{n}次，得到的细胞数是____。", f"经过{n}次分裂，{start}个细胞变成的细胞有____。"])
    slips = [2 * n * start, start + n, start * n * n, right // 2, right * 2, n]
    return (start, n), text, ordered(rng, place, right, slips, 2, 1, "{}个".format)


def magnitudes(rng: R, place: int) -> Drawn:
    m = rng.randint(0, 6)
    gap, right = rng.choice([(1, "2.5倍"), (2, "6.3倍"), (5, "100倍"), (5, "100倍"), (10, "10000倍")])
    text = rng.choice([f"{m}等星的亮度大约是{m + gap}等星的", f"星等为{m}的恒星比星等为{m + gap}的恒星亮，前者亮度约为后者的"])
    pool = ["2.5倍", "5倍", "6.3倍", "10倍", "100倍", "1000倍", "10000倍"]
    at = pool.index(right)
    below, above = [p for p in pool[:at] if p != f"{gap}倍" or gap > 2], pool[at + 1:]
    if len(below) < place or len(above) < 3 - place:
        return (), "", None
    chosen = {right, *rng.sample(below, place), *rng.sample(above, 3 - place)}
    return (m, gap), text, tuple(p for p in pool if p in chosen)


def kepler(rng: R, place: int) -> Drawn:
    root, body = rng.choice([2, 3, 4, 5, 10]), rng.choice(["小行星", "彗星", "天体"])
    if rng.random() < 0.4:
        text = f"某{body}绕太阳公转一周需{root**3}年，它与太阳的平均距离约为"
        slips = [root, root**3, root**2 * 2, root**3 * 2]
        return (root, "distance"), text, ordered(rng, place, root**2, slips, root - 1, 1, "{}天文单位".format)
    text = rng.choice([
        f"某{body}与太阳的平均距离为{root**2}天文单位，它的公转周期约为",
        f"距离太阳{root**2}天文单位的{body}，公转一周约需",
    ])
    slips = [root, root**2, root**2 // 2, root**2 * 2, root**4, 2 * root**3]
    return (root, "period"), text, ordered(rng, place, root**3, slips, root, 1, "{}年".format)


def parallax(rng: R, place: int) -> Drawn:
    parsecs = rng.choice([2, 4, 5, 8, 10, 20, 25, 40, 50, 100])
    angle = decimal(1000 // parsecs, 1000)
    text = rng.choice([f"某恒星的周年视差为{angle}角秒，它的距离约为", f"周年视差是{angle}角秒的恒星，距离约为"])
    slips = [1, parsecs * 10, parsecs * 2, parsecs // 2, parsecs * 100]
    return (angle,), text, ordered(rng, place, parsecs, slips, 1, 1, "{}秒差距".format)


ZH_GEOGRAPHY: list[Family] = [map_scale, temperature, density]
ZH_SPORTS: list[Family] = [body_mass_index, heart_rate, relay, laps]
ZH_BIOLOGY: list[Family] = [cross, chromosomes, cell_division]
ZH_ASTRONOMY: list[Family] = [magnitudes, kepler, parallax]
