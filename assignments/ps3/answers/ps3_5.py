"""Problem 5 of set 3: examples for a budget of loops."""

from tests.course.answers import Answer


def both(*, t="math.sqrt(2 * math.log(2 / delta))", up="n**0.5 + d**0.5 + t",
         down="n**0.5 - d**0.5 - t", guard="down <= 0", square="**2",
         inside="1 - (down / up){square}", power="T",
         per_loop="1 - epsilon**(1 / T)", ratio="math.sqrt(share)",
         width="d**0.5 + math.sqrt(2 * math.log(2 / delta))",
         count="(width * (1 + ratio) / (1 - ratio))**2",
         done="math.ceil(n)"):
    return f"""\
def error_bound(n, d, T, delta):
    t = {t}
    up, down = {up}, {down}
    if {guard}:
        return 1.0
    return ({inside.format(square=square)})**({power})


def examples_for(d, T, epsilon, delta):
    width = {width}
    share = {per_loop}
    ratio = {ratio}
    n = {count}
    return {done}
"""


SEARCH = """

def examples_for(d, T, epsilon, delta):
    n = {start}
    while {bound} > epsilon:
        n += 1
    return n
"""

WRONG = [
    Answer("no square", both(square=""),
           "a quotient of singular values stands where"),
    Answer("one over delta", both(t="math.sqrt(2 * math.log(1 / delta))"),
           "t belongs to 1/δ instead of 2/δ"),
    Answer("no 2 in t", both(t="math.sqrt(math.log(2 / delta))"),
           "t lacks the factor 2"),
    Answer("no t below", both(down="n**0.5 - d**0.5"),
           "t is missing in the lower end"),
    Answer("no t above", both(up="n**0.5 + d**0.5"),
           "t is missing in the upper end"),
    Answer("four over delta", both(t="math.sqrt(2 * math.log(4 / delta))"),
           "δ is split in two once too often"),
    Answer("Marchenko–Pastur", both(t="0"),
           "this is the Marchenko–Pastur limit"),
    Answer("d for its root", both(up="n**0.5 + d + t", down="n**0.5 - d - t"),
           "error_bound(400, 50, 30, 0.01) is 1"),
    Answer("n and d swapped", both(down="d**0.5 - n**0.5 - t"),
           "are n and d swapped?"),
    Answer("the published bound", both(inside="math.exp(-(down / up)**2 / 2)"),
           "this is the published bound"),
    Answer("an exponential", both(inside="math.exp(-(down / up)**2)"),
           "1 − x is smaller than e^(−x)"),
    Answer("the best constant step", both(
        inside="(up**2 - down**2) / (up**2 + down**2)"),
        "this is the bound for the step 2/(L + μ)"),
    Answer("one loop", both(power="1"), "this is the factor of one loop"),
    Answer("twice the loops", both(power="2 * T"), "this is the squared error"),
    Answer("one loop fewer", both(power="T - 1"), "T loops, not T − 1"),
    Answer("the expected largest", both(
        inside="1 - (down / (n**0.5 + d**0.5))**2"),
        "t is missing in the upper end"),
    Answer("no floor for the bound", both(guard="False"),
           "it promises nothing"),
    Answer("infinity", both().replace("return 1.0", "return math.inf"),
           "it promises nothing beyond 1"),
    Answer("floor", both(done="math.floor(n)"), "rounded down"),
    Answer("round", both(done="round(n)"), "rounded to the nearest integer"),
    Answer("one more", both(done="math.floor(n) + 2"),
           "one example fewer is enough"),
    Answer("root of n", both(count="width * (1 + ratio) / (1 - ratio)"),
           "this is √n"),
    Answer("no root of the share", both(ratio="share"),
           "the share of one loop is a square"),
    Answer("epsilon for each loop", both(per_loop="1 - epsilon"),
           "you ask for ε after a single loop"),
    Answer("epsilon over T", both(per_loop="1 - epsilon / T"),
           "the error is multiplied from loop to loop"),
    Answer("count with an exponential", both(
        per_loop="math.log(1 / epsilon) / T"),
        "in examples_for you use e^(−x)"),
    Answer("count with one over delta", both(
        width="d**0.5 + math.sqrt(2 * math.log(1 / delta))"),
        "in examples_for t belongs to 1/δ"),
    Answer("count without t", both(width="d**0.5"),
           "in examples_for t is missing"),
    Answer("search from 5d", both() + SEARCH.format(
        start="5 * d", bound="error_bound(n, d, T, delta)"),
        "one example fewer is enough"),
    Answer("negative ends", both(guard="False") .replace(
        "def error_bound", "def bound_of") + both().split("def examples_for")[0]
        + SEARCH.format(start="1", bound="bound_of(n, d, T, delta)"),
        "its square is positive again"),
    Answer("short search", both() + """

def examples_for(d, T, epsilon, delta):
    for n in range(1, 500):
        if error_bound(n, d, T, delta) <= epsilon:
            return n
    return math.inf
""", "not a positive integer"),
    Answer("typed in", """\
def error_bound(n, d, T, delta):
    return {120: 0.1401076402, 400: 0.0399836286}.get(n, 1.0)


def examples_for(d, T, epsilon, delta):
    return {4: 311, 12: 118, 9: 220}[d]
""", "there the theorem gives a bound"),
    Answer("calls the package", """\
from lttutor.theory.conditioning import davidson_szarek_condition
from lttutor.theory.conditioning import examples_needed


def error_bound(n, d, T, delta):
    return (1 - 1 / davidson_szarek_condition(n, d, delta))**T


def examples_for(d, T, epsilon, delta):
    return examples_needed(d, 1 / (1 - epsilon**(1 / T)), delta)
""", "is not part of"),
]

RIGHT = [
    Answer("search", """\
def error_bound(n, d, T, delta):
    t = np.sqrt(-2 * np.log(delta / 2))
    low = np.sqrt(n) - np.sqrt(d) - t
    high = np.sqrt(n) + np.sqrt(d) + t
    return (1 - (low / high)**2)**T if low > 0 else 1


def examples_for(d, T, epsilon, delta):
    low, high = 0, 1
    while error_bound(high, d, T, delta) > epsilon:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if error_bound(middle, d, T, delta) > epsilon:
            low = middle
        else:
            high = middle
    return high
"""),
    Answer("in closed form", both()),
]
