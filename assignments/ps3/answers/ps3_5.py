"""Problem 5 of set 3: examples for a guarantee."""

from tests.course.answers import Answer


def both(*, t="math.sqrt(2 * math.log(2 / delta))", up="n**0.5 + d**0.5 + t",
         down="n**0.5 - d**0.5 - t", power="2", guard="down <= 0",
         root="math.sqrt(kappa)", square="((d**0.5 + t) * ratio)**2",
         done="math.ceil(n)"):
    return f"""\
def condition_bound(n, d, delta):
    t = {t}
    up, down = {up}, {down}
    if {guard}:
        return math.inf
    return (up / down)**{power}


def examples_for(d, kappa, delta):
    t = math.sqrt(2 * math.log(2 / delta))
    ratio = ({root} + 1) / ({root} - 1)
    n = {square}
    return {done}
"""


WRONG = [
    Answer("no square", both(power="1"),
           "this bounds the quotient of singular values"),
    Answer("one over delta", both(t="math.sqrt(2 * math.log(1 / delta))"),
           "t belongs to 1/δ instead of 2/δ"),
    Answer("no 2 in t", both(t="math.sqrt(math.log(2 / delta))"),
           "t lacks the factor 2"),
    Answer("no t below", both(down="n**0.5 - d**0.5"),
           "t is missing in the denominator"),
    Answer("denominator swapped", both(down="d**0.5 - n**0.5 - t",
                                       guard="down == 0"),
           "n and d are swapped in the denominator"),
    Answer("n and d swapped", both(up="d**0.5 + n**0.5 + t",
                                   down="d**0.5 - n**0.5 - t"),
           "are n and d swapped?"),
    Answer("count with one over delta", both(
        square="((d**0.5 + math.sqrt(2 * math.log(1 / delta))) * ratio)**2"),
        "in examples_for t belongs to 1/δ"),
    Answer("count with no 2 in t", both(
        square="((d**0.5 + math.sqrt(math.log(2 / delta))) * ratio)**2"),
        "in examples_for t lacks the factor 2"),
    Answer("count with four over delta", both(
        square="((d**0.5 + math.sqrt(2 * math.log(4 / delta))) * ratio)**2"),
        "in examples_for δ is split"),
    Answer("negative ends from n = d", both() + """

def examples_for(d, kappa, delta):
    width = math.sqrt(d) + math.sqrt(2 * math.log(2 / delta))
    n = d
    while ((n**0.5 + width) / (n**0.5 - width))**2 > kappa:
        n += 1
    return n
""", "the search stops at n = d"),
    Answer("d for its root", both(up="n**0.5 + d + t", down="n**0.5 - d - t",
                                  guard="down == 0"),
           "this uses d where its root belongs"),
    Answer("upside down", both(power="-2"), "upside down"),
    Answer("Marchenko–Pastur", both(t="0"),
           "this is the Marchenko–Pastur limit"),
    Answer("t below only", both(up="n**0.5 + d**0.5"),
           "t is missing in the numerator"),
    Answer("four over delta", both(t="math.sqrt(2 * math.log(4 / delta))"),
           "δ is split in two once too often"),
    Answer("no infinity", both(guard="down == 0"), "it promises nothing"),
    Answer("floor", both(done="math.floor(n)"), "rounded down"),
    Answer("round", both(done="round(n)"), "rounded to the nearest integer"),
    Answer("kappa for its root", both(root="kappa"),
           "κ is used where its root belongs"),
    Answer("root of n", both(square="(d**0.5 + t) * ratio"), "this is √n"),
    Answer("one more", both(done="math.floor(n) + 2"),
           "one example fewer is enough"),
    Answer("count without t", both(square="d * ratio**2"),
           "this is the count for the Marchenko–Pastur limit"),
    Answer("negative ends", both() + """

def examples_for(d, kappa, delta):
    width = math.sqrt(d) + math.sqrt(2 * math.log(2 / delta))
    n = 1
    while ((n**0.5 + width) / (n**0.5 - width))**2 > kappa:
        n += 1
    return n
""", "its square is positive again"),
    Answer("root of d forgotten, with a guard",
           both(up="n**0.5 + d + t", down="n**0.5 - d - t"),
           "condition_bound(400, 50, 0.01) is inf"),
    Answer("infinity too early", both(guard="down < 0.1"),
           "but there the theorem gives a bound"),
    Answer("one feature apart", both().replace(
        "    up, down", "    if d == 1:\n        return 1.0\n    up, down"),
        "but there the theorem promises nothing"),
    Answer("rounded first", both(done="math.ceil(round(n, 1))"),
           "for this n the bound is"),
    Answer("short search", both() + """

def examples_for(d, kappa, delta):
    for n in range(1, 10000):
        if condition_bound(n, d, delta) <= kappa:
            return n
    return math.inf
""", "not a positive integer"),
    Answer("search from 2d", both() + """

def examples_for(d, kappa, delta):
    n = 2 * d
    while condition_bound(n, d, delta) > kappa:
        n += 1
    return n
""", "one example fewer is enough"),
    Answer("typed in", """\
def condition_bound(n, d, delta):
    known = {(120, 3): 5.604534347, (400, 50): 9.827779615}
    return known.get((n, d), math.inf)


def examples_for(d, kappa, delta):
    return {4: 103, 12: 95, 9: 63}[d]
""", "there the theorem gives a bound"),
    Answer("calls the package", """\
from lttutor.theory.conditioning import davidson_szarek_condition as condition_bound
from lttutor.theory.conditioning import examples_needed as examples_for
""", "is not part of"),
]

RIGHT = [
    Answer("search", """\
def condition_bound(n, d, delta):
    t = np.sqrt(-2 * np.log(delta / 2))
    low = np.sqrt(n) - np.sqrt(d) - t
    high = np.sqrt(n) + np.sqrt(d) + t
    return (high / low)**2 if low > 0 else np.inf


def examples_for(d, kappa, delta):
    low, high = 0, 1
    while condition_bound(high, d, delta) > kappa:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if condition_bound(middle, d, delta) > kappa:
            low = middle
        else:
            high = middle
    return high
"""),
    Answer("one quotient", """\
def share(d, delta):
    return math.sqrt(d) + math.sqrt(2 * (math.log(2) - math.log(delta)))


def condition_bound(n, d, delta):
    ratio = share(d, delta) / math.sqrt(n)
    return ((1 + ratio) / (1 - ratio))**2 if ratio < 1 else math.inf


def examples_for(d, kappa, delta):
    root = (math.sqrt(kappa) + 1)**2 / (kappa - 1) * share(d, delta)
    return math.ceil(root * root)
"""),
]
