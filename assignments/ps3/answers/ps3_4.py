"""Problem 4 of set 3: the best two steps, with SymPy."""

from tests.course.answers import Answer


def answer(first="1 / (m + r / sp.sqrt(2))", second="1 / (m - r / sp.sqrt(2))",
           worst="r**2 / (2 * m**2 - r**2)"):
    return f"""\
def two_steps(L, mu):
    m, r = (L + mu) / 2, (L - mu) / 2
    return {first}, {second}, {worst}
"""


WRONG = [
    Answer("constant", answer("1 / m", "1 / m", "(r / m)**2"),
           "the best constant step"),
    Answer("ends", answer("1 / L", "1 / mu"),
           "one step fits L and the other fits μ"),
    Answer("roots", answer("m + r / sp.sqrt(2)", "m - r / sp.sqrt(2)"),
           "these are the roots of p"),
    Answer("no half shift", answer("1 / m", "1 / L"),
           "not shifted by a half"),
    Answer("from zero", answer("1 / (L / 2 + L / (2 * sp.sqrt(2)))",
                               "1 / (L / 2 - L / (2 * sp.sqrt(2)))"),
           "for the interval [0, L]"),
    Answer("even", answer("1 / (m + r / 3)", "1 / (m - r / 3)"),
           "the roots divide the interval evenly"),
    Answer("halves", answer("1 / (m + r / 2)", "1 / (m - r / 2)"),
           "halfway between the middle and the ends"),
    Answer("roots too far out", answer("1 / (m + r * sp.sqrt(3) / 2)",
                                      "1 / (m - r * sp.sqrt(3) / 2)"),
           "the roots lie too far out"),
    Answer("no half shift, other end", answer("1 / m", "1 / mu"),
           "not shifted by a half, and start at μ"),
    Answer("twice 1/L", answer("1 / L", "1 / L"), "both steps are 1/L"),
    Answer("twice 2/L", answer("2 / L", "2 / L"), "both steps are 2/L"),
    Answer("twice 1/mu", answer("1 / mu", "1 / mu"), "both steps are 1/μ"),
    Answer("twice 1/(L + mu)", answer("1 / (L + mu)", "1 / (L + mu)"),
           "both steps are 1/(L + μ)"),
    Answer("length for radius", answer("1 / (m + r * sp.sqrt(2))",
                                       "1 / (m - r * sp.sqrt(2))"),
           "the length of the interval and its radius"),
    Answer("worst of constant", answer(worst="(r / m)**2"),
           "the factor of two constant steps"),
    Answer("leading part", answer(
        worst="2 * ((sp.sqrt(L) - sp.sqrt(mu))"
        " / (sp.sqrt(L) + sp.sqrt(mu)))**2"), "this is the bound 2ρ²"),
    Answer("per loop", answer(worst="sp.sqrt(r**2 / (2 * m**2 - r**2))"),
           "this is the factor per loop"),
    Answer("inverse", answer(worst="2 * (m / r)**2 - 1"),
           "the inverse of the factor"),
    Answer("sign of worst", answer(worst="-r**2 / (2 * m**2 - r**2)"),
           "has the wrong sign"),
    Answer("floats", answer("1 / (m + r * 0.7071067811865476)"),
           "contains floats"),
    Answer("typed in", """\
def two_steps(L, mu):
    a = sp.sqrt(2)
    return 4 / (18 + 5 * a), 4 / (18 - 5 * a), sp.Rational(25, 137)
""", "you always return the steps for L = 7, μ = 2"),
    Answer("from 1 to κ", """\
def two_steps(L, mu):
    k = L / mu
    m, r = (k + 1) / 2, (k - 1) / 2
    return (1 / (m + r / sp.sqrt(2)), 1 / (m - r / sp.sqrt(2)),
            r**2 / (2 * m**2 - r**2))
""", "for an interval from 1 to κ"),
    Answer("ρ squared", answer(
        worst="((sp.sqrt(L / mu) - 1) / (sp.sqrt(L / mu) + 1))**2"),
        "this is ρ² with"),
    Answer("not normalized", answer(worst="(L - mu)**2 / 8"),
           "p has the value 1 at λ = 0"),
    Answer("fitted at mu = 1", answer(
        worst="(L - mu)**2 / (L**2 + 6 * L + 1)"),
        "1 stands where a power of μ belongs"),
    Answer("own symbols", """\
def two_steps(L, mu):
    L, mu = sp.symbols("L mu")
    m, r = (L + mu) / 2, (L - mu) / 2
    return (1 / (m + r / sp.sqrt(2)), 1 / (m - r / sp.sqrt(2)),
            r**2 / (2 * m**2 - r**2))
""", "not with symbols of your own"),
    Answer("the largest of three values", """\
def two_steps(L, mu):
    m, r = (L + mu) / 2, (L - mu) / 2
    a, b = 1 / (m + r / sp.sqrt(2)), 1 / (m - r / sp.sqrt(2))
    return a, b, max(abs((1 - a * x) * (1 - b * x)) for x in (mu, m, L))
""", "This happens when L and mu are symbols"),
    Answer("sign of symbols", """\
def two_steps(L, mu):
    m, r = (L + mu) / 2, (L - mu) / 2
    a, b = 1 / (m + r / sp.sqrt(2)), 1 / (m - r / sp.sqrt(2))
    w = sp.simplify((1 - a * m) * (1 - b * m))
    return a, b, -w if w.is_negative else w
""", "with symbols, the worst factor has the wrong sign"),
    Answer("a fraction for the root", answer(
        first="1 / (m + r * sp.nsimplify(0.5**0.5, rational=True))",
        second="1 / (m - r * sp.nsimplify(0.5**0.5, rational=True))"),
        "Is a root replaced by a decimal or a fraction?"),
    Answer("calls the package", """\
from lttutor.theory.rates import tight_bound
from lttutor.steps import chebyshev_steps


def two_steps(L, mu):
    a, b = chebyshev_steps(float(L), float(mu), 2)
    return a, b, tight_bound(float(L / mu), 2, "chebyshev")
""", "is not part of"),
    Answer("two results", answer().replace(", r**2 / (2 * m**2 - r**2)", ""),
           "return three expressions"),
]

RIGHT = [
    Answer("SymPy's Chebyshev polynomial", """\
def two_steps(L, mu):
    lam, x = sp.symbols("lam x")
    top = sp.chebyshevt(2, x)
    p = top.subs(x, (L + mu - 2 * lam) / (L - mu))
    low, high = sp.solve(sp.numer(sp.together(p)), lam)
    return 1 / low, 1 / high, sp.simplify(1 / p.subs(lam, 0))
"""),
    Answer("larger step first", answer(
        "4 / (2 * (L + mu) - sp.sqrt(2) * (L - mu))",
        "4 / (2 * (L + mu) + sp.sqrt(2) * (L - mu))",
        "(L - mu)**2 / (L**2 + 6 * L * mu + mu**2)")),
    Answer("solves for equal heights", """\
def two_steps(L, mu):
    # p = 1 - s λ + c λ², with p(mu) = p(L) = -p(middle).
    s, c = sp.symbols("s c")
    middle = (L + mu) / 2

    def p(x):
        return 1 - s * x + c * x**2

    found = sp.solve([p(mu) - p(L), p(mu) + p(middle)], [s, c], dict=True)[0]
    s, c = found[s], found[c]
    root = sp.sqrt(s**2 - 4 * c)
    return (s + root) / 2, (s - root) / 2, 1 - s * mu + c * mu**2
"""),
]
