"""Writes data/wasserstein.csv: pairs of pitch counts and SciPy's distance between them.

Run with a python that has scipy:  python3 make_wasserstein.py > data/wasserstein.csv
Each line is name;counts a;counts b;distance, counts as pitch:count separated by blanks.
"""

import random

from scipy.stats import wasserstein_distance


def counts(sample):
    return {pitch: sample.count(pitch) for pitch in sorted(set(sample))}


def text(sample):
    return " ".join(f"{pitch}:{n}" for pitch, n in counts(sample).items())


def case(name, a, b):
    ca, cb = counts(a), counts(b)
    distance = wasserstein_distance(list(ca), list(cb), list(ca.values()), list(cb.values()))
    print(f"{name};{text(a)};{text(b)};{distance:.17g}")


def main():
    rng = random.Random(1974)
    case("same", [60, 64, 67], [67, 60, 64])
    case("ends of the keyboard", [0] * 3, [127])
    case("one against many", [60], [50, 55, 61, 70, 71, 71])
    for number in range(20):
        low, high = sorted(rng.sample(range(128), 2))
        a = [rng.randint(low, high) for _ in range(rng.randint(1, 400))]
        b = [min(127, max(0, round(rng.gauss(64, 14)))) for _ in range(rng.randint(1, 400))]
        case(f"random {number}", a, b)
    scale = [60, 62, 64, 65, 67, 69, 71]
    a = [rng.choice(scale) + 12 * rng.randint(-1, 1) for _ in range(1000)]
    case("scale, shifted", a, [p + rng.choice([-2, -1, 0, 0, 0, 1, 2]) for p in a])
    case("octave apart", a, [p + 12 for p in a])


main()
