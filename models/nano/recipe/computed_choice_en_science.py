"""Geography, astronomy and nutrition in English."""

import random

from options import Drawn, Family, decimal, ordered, placed

R = random.Random


def map_scale(rng: R, place: int) -> Drawn:
    scale, cm = rng.choice([10000, 20000, 25000, 50000, 100000, 200000, 500000]), rng.randint(1, 8)
    meters = scale * cm // 100
    show = lambda m: f"{m} m" if m < 1000 else f"{decimal(m, 1000)} km"  # noqa: E731
    text = rng.choice([
        f"A map has the scale 1:{scale:,}. What distance on the ground does {cm} cm on the map represent?",
        f"On a map with the scale 1:{scale:,} two villages are {cm} cm apart. How far apart are they on the ground?",
    ])
    slips = [meters // 10, meters // 100, meters * 10, meters * 100, meters * 1000, meters // 1000]
    options = ordered(rng, place, meters, [s for s in slips if s >= 5], 0, 1, show) if _room(meters, place) else None
    return (scale, cm), text, options


def _room(meters: int, place: int) -> bool:
    return sum(meters // 10**k >= 5 for k in (1, 2, 3)) >= place


def solar_time(rng: R, place: int) -> Drawn:
    hours, east, noon = rng.randint(1, 5), rng.choice([True, False]), rng.choice([True, True, False])
    start = 12 if noon else rng.choice([9, 10, 11, 13, 14])
    right = 60 * (start + hours if east else start - hours)
    where = f"{hours * 15}° {'E' if east else 'W'}"
    begin = "noon" if noon else _clock(60 * start)
    text = rng.choice([
        f"When the local solar time at 0° longitude is {begin}, what is it at {where}?",
        f"It is {begin} in local solar time on the prime meridian. At {where} it is",
    ])
    mirrored = 60 * (start - hours if east else start + hours)
    halfway = 30 * (2 * start + (hours if east else -hours))
    slips = [mirrored, right - 60, right + 60, right - 90, right + 90, halfway]
    return (hours, east, start), text, ordered(rng, place, right, slips, 60, 60, _clock)


def _clock(minutes: int) -> str:
    hour, minute = divmod(minutes, 60)
    return f"{(hour - 1) % 12 + 1}:{minute:02d} {'a.m.' if hour < 12 else 'p.m.'}"


def density(rng: R, place: int) -> Drawn:
    area, right = rng.choice([50, 100, 200, 300, 400, 500]), rng.choice([20, 30, 40, 50, 60, 80, 100, 120, 150, 200])
    people = area * right
    what = rng.choice(["district", "county", "region", "island"])
    text = rng.choice([
        f"A {what} of {area} km² has {people:,} inhabitants. What is its population density?",
        f"{people:,} people live in a {what} with an area of {area} km². The population density is",
    ])
    slips = [right // 10, right * 10, right * 2, right // 2, right + 18, right - 10]
    return (area, people), text, ordered(rng, place, right, slips, 10, 2, "{} people per square kilometer".format)


def natural_increase(rng: R, place: int) -> Drawn:
    tenths = rng.choice([5, 10, 10, 15, 20, 25, 30])
    deaths = rng.choice([5, 8, 10, 12, 15])
    births = deaths + tenths
    text = rng.choice([
        f"In one year a country has {births} births and {deaths} deaths per 1,000 people. Nobody moves in or out. "
        "Its rate of natural increase is",
        f"A country has a birth rate of {births} per 1,000 and a death rate of {deaths} per 1,000. "
        "What is its rate of natural increase?",
    ])
    slips = [tenths * 10, births + deaths, births, deaths, tenths * 2, tenths // 5 * 2, tenths + 10, tenths - 5]
    return (births, deaths), text, ordered(rng, place, tenths, slips, 5, 1, lambda v: decimal(v, 10) + "%")


def rotation(rng: R, place: int) -> Drawn:
    hours = rng.randint(2, 12)
    angle = 15 * hours
    if rng.random() < 0.6:
        text = rng.choice([
            f"The Earth turns on its axis through how many degrees in {hours} hours?",
            f"By how many degrees does the Earth rotate in {hours} hours?",
        ])
        slips = [4 * hours, 10 * hours, 24 * hours, angle + 15, 30 * hours]
        return (hours, "angle"), text, ordered(rng, place, angle, slips, 15)
    text = f"How many hours does the Earth need to turn through {angle}°?"
    return (hours, "time"), text, ordered(rng, place, hours, [hours * 2, hours + 1, hours - 1, angle // 10])


def kepler(rng: R, place: int) -> Drawn:
    root = rng.choice([2, 3, 4, 5, 6, 10])
    a, period = root**2, root**3
    body = rng.choice(["asteroid", "comet", "icy body", "object"])
    if rng.random() < 0.6:
        text = rng.choice([
            f"By Kepler's third law, an {body} whose average distance from the Sun is {a} astronomical units has a "
            "period of",
            f"An {body} orbits the Sun at {a} astronomical units on average. What is its orbital period?",
        ]).replace("n comet", " comet")
        slips = [a // 2, a, 2 * a, a * a, root, period * 2]
        return (a, "period"), text, ordered(rng, place, period, slips, root, 1, "{} years".format)
    text = f"An {body} takes {period} years to go around the Sun. What is its average distance from the Sun?"
    slips = [root, period, period // 2, period * 2, 2 * a]
    options = ordered(rng, place, a, slips, root - 1, 1, "{} astronomical units".format)
    return (a, "distance"), text.replace("n comet", " comet"), options


def signal_time(rng: R, place: int) -> Drawn:
    k = rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20])
    target = rng.choice(["probe", "satellite", "space station", "asteroid"])
    text = rng.choice([
        f"Light travels about 300,000 km per second. How long does it take to reach a {target} {k * 300000:,} km away?",
        f"A radio signal covers about 300,000 km per second. To a {target} at {k * 300000:,} km it takes",
    ]).replace("a asteroid", "an asteroid")
    slips = [k * 10 * 5, k * 10 * 3, k * 2, k * 20, k * 100, k * 5]
    show = lambda v: "1 second" if v == 10 else f"{decimal(v, 10)} seconds"  # noqa: E731
    return (k,), text, ordered(rng, place, k * 10, slips, 5, 1, show)


def parallax(rng: R, place: int) -> Drawn:
    parsecs = rng.choice([2, 4, 5, 10, 20, 25, 50, 100])
    thousandths = 1000 // parsecs
    angle = decimal(thousandths, 1000)
    show = lambda v: "1 parsec" if v == 1000 else f"{decimal(v, 1000)} parsecs"  # noqa: E731
    if rng.random() < 0.65:
        text = rng.choice([
            f"A star has a parallax of {angle} arcsecond. Its distance is",
            f"What is the distance of a star whose parallax is {angle} arcsecond?",
        ])
        slips = [thousandths, 1000, parsecs * 10000, parsecs * 100, parsecs * 2000]
        return (thousandths, "distance"), text, ordered(rng, place, parsecs * 1000, slips, 1000, 1, show)
    text = f"A star is {parsecs} parsecs away. What is its parallax?"
    slips = [thousandths // 2, thousandths * 2, thousandths * 10, 1000, parsecs * 1000, thousandths // 10]
    show = lambda v: f"{decimal(v, 1000)} arcsecond{'s' * (v > 1000)}"  # noqa: E731
    return (thousandths, "angle"), text, ordered(rng, place, thousandths, slips, 1000, 1, show)


_PARTS = {
    2: "one half", 4: "one quarter", 5: "one fifth", 6: "one sixth", 8: "one eighth", 10: "one tenth",
    16: "one sixteenth", 20: "one twentieth", 25: "one twenty-fifth", 36: "one thirty-sixth",
    100: "one hundredth", 12: "one twelfth",
}
_TIMES = {2: "twice", 4: "four times", 5: "five times", 6: "six times", 10: "ten times"}


def inverse_square(rng: R, place: int) -> Drawn:
    factor = rng.choice(list(_TIMES))
    part = lambda n: f"{_PARTS[n]} as bright"  # noqa: E731
    wrong = ["equally bright", *(part(n) for n in {factor, 2 * factor, 2, 10, 4} if n in _PARTS)]
    text = rng.choice([
        f"Two stars give off the same amount of light, but one is {_TIMES[factor]} as far away. It appears",
        f"A star is moved to {_TIMES[factor]} its distance. Compared with before, it looks",
        f"Of two stars with the same luminosity one is {_TIMES[factor]} as far away as the other. The farther appears",
    ])
    return (factor,), text, placed(rng, place, part(factor**2), wrong)


def mass_on_moon(rng: R, place: int) -> Drawn:
    m = rng.randint(1, 20) * 6
    if rng.random() < 0.6:
        body = rng.choice(["robot", "rock", "rover", "box"])
        text = rng.choice([
            f"A {body} has a mass of {m} kg on the Earth. The Moon's gravity is about one sixth of the Earth's. "
            f"On the Moon the mass of the {body} is",
            f"On the Earth a {body} has a mass of {m} kg. What is its mass on the Moon, where gravity is one sixth?",
        ])
        return (m, "mass"), text, ordered(rng, place, m, [m // 6, m - 6, m * 6, 0, m + 6, m * 2], 6, 0, "{} kg".format)
    text = (
        f"The Moon's gravity is about one sixth of the Earth's. What does an object weigh on the Moon if it weighs "
        f"{m} N on the Earth?"
    )
    return (m, "weight"), text, ordered(rng, place, m // 6, [m, m * 6, m - 6, 0, m // 3, m // 2], 2, 0, "{} N".format)


def serving(rng: R, place: int) -> Drawn:
    energy, grams = rng.choice([100, 200, 300, 400, 500, 600]), rng.choice([10, 20, 25, 30, 50, 75, 200])
    fat = rng.randint(1, 9)
    right = energy * grams // 100
    text = rng.choice([
        f"A label gives these values per 100 g.\nEnergy: {energy} kcal\nFat: {fat} g\n"
        f"How much energy is in a {grams} g serving?",
        f"100 g of a food provide {energy} kcal. How much energy do {grams} g provide?",
    ])
    slips = [grams, energy // grams, energy // 10, energy, right * 2, right // 2, right + 20]
    return (energy, grams), text, ordered(rng, place, right, slips, 10, 1, "{} kcal".format)


def body_mass_index(rng: R, place: int) -> Drawn:
    tall, weight, right = rng.choice([
        ("2.00", 100, 25), ("2.00", 120, 30), ("2.00", 72, 18), ("2.00", 88, 22), ("1.50", 45, 20), ("1.50", 54, 24),
        ("1.50", 63, 28), ("1.80", 81, 25), ("2.00", 96, 24), ("2.00", 84, 21), ("1.50", 72, 32),
    ])
    text = rng.choice([
        f"A person is {tall} m tall and weighs {weight} kg. What is the body mass index (kilograms divided by the "
        "square of meters)?",
        f"What is the body mass index, in kilograms per square meter, of a person of {weight} kg and {tall} m?",
    ])
    return (tall, weight), text, ordered(rng, place, right, [weight // 2, weight * 2, right - 5, right + 5, 40], 4)


def energy_sum(rng: R, place: int) -> Drawn:
    fat, carbs, protein = rng.choice([0, 1, 2, 5, 10]), rng.choice([0, 5, 10, 20]), rng.choice([0, 5, 10])
    right = 9 * fat + 4 * (carbs + protein)
    text = rng.choice([
        f"A meal contains {fat} g of fat, {carbs} g of carbohydrate and {protein} g of protein. How much energy does "
        "it provide at 9, 4 and 4 kcal per gram?",
        f"Using 9 kcal per gram of fat and 4 kcal per gram of carbohydrate or protein, how much energy is in {fat} g "
        f"of fat, {carbs} g of carbohydrate and {protein} g of protein?",
    ])
    total = fat + carbs + protein
    slips = [4 * total, 9 * total, right - 20, right + 20, right + 5 * fat, right + 50]
    return (fat, carbs, protein), text, ordered(rng, place, right, slips, 10, 1, "{} kcal".format) if total else None


def gram_energy(rng: R, place: int) -> Drawn:
    name, each = rng.choice([("fat", 9), ("carbohydrate", 4), ("protein", 4)])
    grams = rng.choice([2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 25, 50, 100])
    text = rng.choice([
        f"About how many kilocalories do {grams} grams of {name} provide?",
        f"How much energy, in kilocalories, is in {grams} g of {name}?",
    ])
    right = each * grams
    slips = [grams, 2 * grams, (13 - each) * grams, 7 * grams, 12 * grams]
    return (name, grams), text, ordered(rng, place, right, slips, 4)


def fat_share(rng: R, place: int) -> Drawn:
    percent, (fat, energy) = rng.choice([
        (45, (5, 100)), (90, (10, 100)), (30, (10, 300)), (50, (10, 180)), (60, (20, 300)), (25, (10, 360)),
        (10, (2, 180)), (20, (4, 180)), (90, (20, 200)), (9, (1, 100)), (18, (2, 100)), (36, (4, 100)), (45, (20, 400)),
    ])
    text = rng.choice([
        f"A snack with {fat} g of fat provides {energy} kcal. At 9 kcal per gram, fat gives which share of it?",
        f"A food has {energy} kcal and {fat} g of fat (9 kcal per gram). The fat provides what share of the energy?",
    ])
    slips = [fat, fat * 100 // energy, min(95, percent * 2), percent // 2, percent + 5, percent - 5]
    return (fat, energy), text, ordered(rng, place, percent, slips, 2, 1, "{}%".format)


GEOGRAPHY: list[Family] = [map_scale, solar_time, density, natural_increase, rotation]
ASTRONOMY: list[Family] = [kepler, signal_time, parallax, inverse_square, mass_on_moon]
NUTRITION: list[Family] = [serving, body_mass_index, energy_sum, gram_energy, fat_share]
