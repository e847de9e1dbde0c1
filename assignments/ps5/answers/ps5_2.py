"""Problem 2 of set 5: the worst stretch of a schedule."""

from tests.course.answers import Answer, altering

GRID = """\
def worst_growth(L, mu, steps):
    T = len(steps)
    lam = np.linspace(mu, L, 200001)
    best = 1.0
    for a in range(T):
        p = np.ones(len(lam))
        for b in range(a, T):
            p = p * (1 - steps[b] * lam)
            best = max(best, np.abs(p).max())
    return best
"""

altered = altering(GRID)


def at(points, start="1.0"):
    """The largest growth over these values of λ only."""
    return f"""\
def worst_growth(L, mu, steps):
    best = {start}
    for a in range(len(steps)):
        for b in range(a + 1, len(steps) + 1):
            part = steps[a:b]
            roots = np.sort(1 / part)
            for x in {points}:
                best = max(best, abs(np.prod(1 - part * x)))
    return best
"""


CRITICAL = """\
def worst_growth(L, mu, steps):
    best = 1.0
    for a in range(len(steps)):
        for b in range(a + 1, len(steps) + 1):
            part = steps[a:b]
            p = np.poly1d([1.0])
            for eta in part:
                p = p * np.poly1d([-eta, 1.0])
            turns = np.real(p.deriv().roots)
            POINTS
            for x in points:
                best = max(best, abs(np.prod(1 - part * x)))
    return best
"""

WRONG = [
    Answer("heads", altered(("range(T)", "range(min(T, 1))")),
           "you look at stretches that begin with loop 1, or end"),
    Answer("tails", altered(("            best = max(best, np.abs(p).max())\n",
                             "        best = max(best, np.abs(p).max())\n")),
           "you look at stretches that end with loop T only"),
    Answer("heads and tails", altered((
        "            best = max(best, np.abs(p).max())\n",
        "            if a == 0 or b == T - 1:\n"
        "                best = max(best, np.abs(p).max())\n")),
        "you look at stretches that begin with loop 1, or end"),
    Answer("the whole schedule", """\
def worst_growth(L, mu, steps):
    lam = np.linspace(mu, L, 1000001)
    p = np.ones(len(lam))
    for eta in steps:
        p *= 1 - eta * lam
    return np.abs(p).max()
""", "this is the whole schedule only"),
    Answer("single factors", altered(("range(a, T)", "range(a, a + 1)")),
           "stretches of one or two loops only"),
    Answer("both ends", at("[mu, L]"), "you look at an end of [μ, L] only"),
    Answer("upper end", at("[L]"), "you look at an end of [μ, L] only"),
    Answer("lower end", at("[mu]", "0.0"), "you look at λ = μ only"),
    Answer("halfway between roots", at("(roots[1:] + roots[:-1]) / 2"),
           "only halfway between the roots"),
    Answer("each its own worst λ", """\
def worst_growth(L, mu, steps):
    peaks = np.maximum(abs(1 - steps * L), abs(1 - steps * mu))
    best = 1.0
    for a in range(len(steps)):
        for b in range(a + 1, len(steps) + 1):
            best = max(best, np.prod(peaks[a:b]))
    return best
""", "each loop has its own worst λ"),
    Answer("only what grows", """\
def worst_growth(L, mu, steps):
    lam = np.linspace(mu, L, 1000001)
    p = np.ones(len(lam))
    for eta in steps:
        p *= np.maximum(abs(1 - eta * lam), 1)
    return p.max()
""", "you leave out loops that shrink, or sort the steps"),
    Answer("logarithm", altered(("return best", "return np.log10(best)")),
           "this is the logarithm"),
    Answer("square", altered(("return best", "return best**2")),
           "this is the square"),
    Answer("signed", altered(("np.abs(p).max()", "p.max()")),
           "without its absolute value"),
    Answer("last step unused", altered(("    T = len(steps)\n",
                                        "    T = len(steps) - 1\n")),
           "the last step is never used"),
    Answer("first step unused", altered(
        ("range(T):", "range(1, T):")), "the first step is never used"),
    Answer("sorted", altered(("    T = len(steps)\n",
                              "    T, steps = len(steps), np.sort(steps)\n")),
           "you leave out loops that shrink, or sort the steps"),
    Answer("steps as roots", altered(("steps[b] * lam", "lam / steps[b]")),
           "the steps are taken for the roots"),
    Answer("pairs", altered(("range(a, T)", "range(a, min(a + 2, T))")),
           "stretches of one or two loops only"),
    Answer("sum", altered(("np.ones(len(lam))", "np.zeros(len(lam))"),
                          ("p = p * (1 - steps[b] * lam)",
                           "p = p + (1 - steps[b] * lam)")),
           "the factors are added up"),
    Answer("inner extremes only", CRITICAL.replace(
        "POINTS", "points = turns[(turns > mu) & (turns < L)]"),
        "you look at the inner extremes only"),
    Answer("extremes outside count", CRITICAL.replace(
        "POINTS", "points = np.append(turns, [mu, L])"),
        "an extreme outside [μ, L] does not count"),
    Answer("coarse grid", altered(("200001", "101")),
           "is a grid of λ too coarse"),
    Answer("no empty stretch", altered(("best = 1.0", "best = 0.0")),
           "the stretch without loops has growth 1"),
    Answer("an array", altered(("return best", "return np.abs(p)")),
           "return one number"),
    Answer("typed in", """\
def worst_growth(L, mu, steps):
    return 25.17822502904 if L == 10 else 15.6977443609
""", "a number that belongs to the visible check"),
    Answer("calls the package", """\
from lttutor.theory import residual_polynomial


def worst_growth(L, mu, steps):
    lam = np.linspace(mu, L, 200001)
    return max(np.abs(residual_polynomial(lam, steps[a:b])).max()
               for a in range(len(steps)) for b in range(a, len(steps) + 1))
""", "is not part of"),
    Answer("sorts in place", altered(("    T = len(steps)\n",
                                      "    T = len(steps)\n"
                                      "    steps.sort()\n")),
           "changes its argument number 3"),
]

RIGHT = [
    Answer("a very fine grid", GRID),
    Answer("extremes from the derivative", CRITICAL.replace(
        "POINTS", "points = np.append(np.clip(turns, mu, L), [mu, L])")),
    Answer("golden section in every gap", """\
from scipy.optimize import minimize_scalar


def worst_growth(L, mu, steps):
    best = 1.0
    for a in range(len(steps)):
        for b in range(a + 1, len(steps) + 1):
            part = steps[a:b]

            def minus(x):
                return -abs(np.prod(1 - part * x))

            roots = np.unique(np.clip(1 / part, mu, L))
            for low, high in zip([mu, *roots], [*roots, L]):
                best = max(best, -minus(low), -minus(high))
                if high > low:
                    found = minimize_scalar(minus, bounds=(low, high),
                                            method="bounded",
                                            options={"xatol": 1e-9 * L})
                    best = max(best, -found.fun)
    return best
"""),
]
