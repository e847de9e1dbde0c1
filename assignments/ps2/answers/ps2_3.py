"""Problem 3 of set 2: the loop as a polynomial, with SymPy."""

from tests.course.answers import Answer


def product(expression, factor="1 - eta * lam"):
    return f"""\
def polynomial(steps, lam):
    p = sp.Integer(1)
    for eta in steps:
        p *= {factor}
    return {expression}
"""


def recursion(update, *, steps="steps", start="0"):
    return f"""\
def polynomial(steps, lam):
    g = sp.Integer({start})
    for eta in {steps}:
        g = sp.expand({update})
    return g
"""


WRONG = [
    Answer("residual", product("sp.expand(p)"),
           "how much of the error is left"),
    Answer("lambda too many", product("sp.expand(1 - p)"),
           "one factor lam too many: what is g"),
    Answer("minus", product("sp.cancel((p - 1) / lam)"),
           "the sign is wrong"),
    Answer("T minus 1", recursion("g + eta * (1 - lam * g)",
                                  steps="steps[:-1]"),
           "the last loop is missing"),
    Answer("own damping", """\
def polynomial(steps, lam):
    g = sp.Integer(0)
    for t, eta in enumerate(steps):
        g += eta * (1 - eta * lam)**t
    return sp.expand(g)
""", "powers of its own factor"),
    Answer("plus", recursion("g + eta * (1 + lam * g)"),
           "the factors are 1 + η lam"),
    Answer("shifted down", product("sp.cancel((1 - p) / lam - sum(steps))"),
           "what is g(0)"),
    Answer("quotient", product("(1 - p) / lam"),
           "carry the division out"),
    Answer("sum of the steps", "def polynomial(steps, lam):\n"
           "    return sp.Add(*steps)\n", "this is the sum of the steps"),
    Answer("own symbol", """\
lam = sp.Symbol("lam")


def polynomial(steps, lam_ignored):
    g = sp.Integer(0)
    for eta in steps:
        g = sp.expand(g + eta * (1 - lam * g))
    return g
""", "the result contains lam: "),
    Answer("a symbol of the usual name", """\
def polynomial(steps, lam):
    lam = sp.Symbol("lambda")
    return sp.cancel((1 - sp.prod([1 - eta * lam for eta in steps])) / lam)
""", "the result contains lambda: "),
    Answer("alpha is kept", recursion("g + eta * (alpha - lam * g)").replace(
        "    g = ", "    alpha = sp.Symbol(\"alpha\")\n    g = ", 1),
        "the result contains alpha: "),
    Answer("nothing happens", "def polynomial(steps, lam):\n    return 0\n",
           "the result does not depend on lam"),
    Answer("floats", recursion("g + float(eta) * (1 - lam * g)"),
           "the result holds floats"),
    Answer("a series", product("sp.series((1 - p) / lam, lam, 0).removeO()"),
           "for T = 8 the result does not satisfy the loop"),
    Answer("equal steps once", product("sp.cancel((1 - p) / lam)").replace(
        "in steps", "in set(steps)"),
        "for T = 8 the result does not satisfy the loop"),
    Answer("calls the package", """\
from lttutor.theory import residual_polynomial


def polynomial(steps, lam):
    points = range(1, len(steps) + 1)
    left = residual_polynomial([float(k) for k in points],
                               [float(eta) for eta in steps])
    return sp.interpolate([(k, (1 - p) / k) for k, p in zip(points, left)],
                          lam)
""", "is not part of"),
    Answer("three steps only", """\
def polynomial(steps, lam):
    a, b, c = (list(steps) + [0, 0, 0])[:3]
    p = (1 - a * lam) * (1 - b * lam) * (1 - c * lam)
    return sp.cancel((1 - p) / lam)
""", "the number of steps"),
    Answer("constant step", """\
def polynomial(steps, lam):
    if not steps:
        return sp.Integer(0)
    eta = sp.Add(*steps) / len(steps)
    p = (1 - eta * lam)**len(steps)
    return sp.cancel((1 - p) / lam)
""", "each step is replaced by the mean"),
    Answer("typed in", """\
def polynomial(steps, lam):
    return sp.Rational(31, 30) - lam / 3 + lam**2 / 30
""", "the number of steps"),
    Answer("first loop missing", recursion("g + eta * (1 - lam * g)",
                                           steps="steps[1:]"),
           "the first loop is missing"),
    Answer("own loop damps too", """\
def polynomial(steps, lam):
    g, p = sp.Integer(0), sp.Integer(1)
    for eta in steps:
        p *= 1 - eta * lam
        g += eta * p
    return sp.expand(g)
""", "one factor 1 − η lam too many"),
    Answer("a Poly", recursion("g + eta * (1 - lam * g)").replace(
        "return g", "return sp.Poly(g, lam)"), "Poly"),
    Answer("simplify", product("sp.simplify((1 - p) / lam)"),
           "sp.simplify need not do it"),
]

RIGHT = [
    Answer("residual, divided", product("sp.cancel(sp.expand(1 - p) / lam)")),
    Answer("sum of products", """\
def polynomial(steps, lam):
    g, left = sp.Integer(0), sp.Integer(1)
    for eta in steps:
        g = g + eta * left
        left = left * (1 - eta * lam)
    return g
"""),
    Answer("symmetric polynomials", """\
from itertools import combinations


def polynomial(steps, lam):
    return sum(((-lam)**(k - 1) * sp.Add(*(sp.Mul(*c) for c in
                                          combinations(steps, k)))
                for k in range(1, len(steps) + 1)), 0)
"""),
]
