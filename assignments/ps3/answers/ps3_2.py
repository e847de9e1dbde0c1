"""Problem 2 of set 3: loops for a guarantee, with one large feature."""

from tests.course.answers import Answer


def count(*, kappa="(s[1] / s[-1])**2", done="math.ceil(T)", first="1",
          left="epsilon / (1 - s[-1]**2 / s[0]**2)", whole="(s[0] / s[-1])**2",
          constant="math.log(e) / math.log(1 - 1 / k)",
          optimal="math.log(e) / math.log((k - 1) / (k + 1))",
          chebyshev="math.acosh(1 / e) / math.acosh((k + 1) / (k - 1))",
          paper="2 * whole * math.log(1 / epsilon)",
          guard="X.shape[0] < X.shape[1] or s[-1] < 1e-10 * s[0]"):
    return f"""\
def loops_for(X, epsilon, rule):
    s = np.linalg.svd(X, compute_uv=False)
    if {guard}:
        return math.inf
    k, whole, e = {kappa}, {whole}, {left}
    if rule == "constant":
        T = {constant}
    elif rule == "optimal":
        T = {optimal}
    elif rule == "chebyshev":
        T = {chebyshev}
    else:
        T = {paper} - {first}
    T = T + {first}
    return {done}
"""


LOGS = {"constant": "math.log10(e) / math.log(1 - 1 / k)",
        "optimal": "math.log10(e) / math.log((k - 1) / (k + 1))",
        "paper": "2 * whole * math.log10(1 / epsilon)"}

WRONG = [
    Answer("cond of X", count(kappa="s[1] / s[-1]", whole="s[0] / s[-1]"),
           "the quotient of singular values"),
    Answer("floor", count(done="math.floor(T)"),
           "some of the numbers are one too small"),
    Answer("one more", count(done="math.floor(T) + 2"),
           "some of the numbers are one too large"),
    Answer("log10", count(**LOGS), "this logarithm has base 10"),
    Answer("exponentials", count(
        constant="k * math.log(1 / e)",
        optimal="(k + 1) / 2 * math.log(1 / e)"),
        "for \"constant\" and \"optimal\" you use a bound with an"),
    Answer("exponential for the optimal step", count(
        optimal="k / 2 * math.log(1 / e)"),
        "one loop fewer than your"),
    Answer("exponential for Chebyshev", count(
        chebyshev="k**0.5 / 2 * math.log(2 / e)"),
        "you use 2e^(−2T/√κ)"),
    Answer("half of arccosh", count(
        chebyshev="2 * math.acosh(1 / e)"
        " / math.acosh((k + 1) / (k - 1))"),
        "arccosh is halved once too often"),
    Answer("arccosh of less than 1", count(
        chebyshev="math.acosh(e) / math.acosh((k + 1) / (k - 1))"),
        "'chebyshev': arccosh needs an argument of at least 1"),
    Answer("rounded first", count(done="math.ceil(round(T, 2))"),
           "loops the bound is still"),
    Answer("short search", """\
def loops_for(X, epsilon, rule):
    s = np.linalg.svd(X, compute_uv=False)
    if X.shape[0] < X.shape[1] or s[-1] < 1e-10 * s[0]:
        return math.inf
    k, whole = (s[1] / s[-1])**2, (s[0] / s[-1])**2
    for T in range(1, 10000):
        bound = {"constant": (1 - 1 / k)**(T - 1),
                 "optimal": ((k - 1) / (k + 1))**(T - 1),
                 "chebyshev": 1 / np.cosh((T - 1) * np.arccosh(
                     (k + 1) / (k - 1))),
                 "paper": np.exp(-T / (2 * whole))}[rule]
        if bound * (1 - (rule != "paper") / whole) <= epsilon:
            return T
    return math.inf
""", "or stop a search?"),
    Answer("default rank", count(
        constant="math.log(e) / math.log1p(-1 / k)",
        guard="np.linalg.matrix_rank(X) < X.shape[1]"),
        "5e-13 of the largest"),
    Answer("leading part", count(
        chebyshev="math.log(2 / e) / math.log((k**0.5 + 1)"
        " / (k**0.5 - 1)) + 1e-12", done="math.ceil(T)"),
        "the leading part of the bound"),
    Answer("paper without 2", count(paper="whole * math.log(1 / epsilon)"),
           "the factor 2 in the exponent is missing"),
    Answer("swapped", count(
        optimal="math.log(e) / math.log(1 - 1 / k)",
        constant="math.log(e) / math.log((k - 1) / (k + 1))"),
        "are swapped"),
    Answer("kappa squared twice", count(kappa="(s[1] / s[-1])**4", whole="(s[0] / s[-1])**4"),
           "this is κ²"),
    Answer("acosh of kappa", count(
        chebyshev="math.acosh(1 / e) / math.acosh(k)"),
        "the arccosh of κ is taken"),
    Answer("eigenvalues of XXᵀ", """\
def loops_for(X, epsilon, rule):
    lam = np.linalg.eigvalsh(X @ X.T)
    if lam[0] < 1e-10 * lam[-1]:
        return math.inf
    return math.ceil(lam[-1] / lam[0] * math.log(1 / epsilon))
""", "Do you take the eigenvalues of XXᵀ?"),
    Answer("round", count(done="round(T)"), "rounded to the nearest"),
    Answer("constant for optimal", count(
        optimal="math.log(e) / math.log(1 - 1 / k)"),
        "you use the bound of the step 1/L"),
    Answer("step 1/(L + μ)", count(
        optimal="math.log(e) / math.log(k / (k + 1))"),
        "the bound of the step 1/(L + μ)"),
    Answer("chebyshev without 2", count(
        chebyshev="math.log(1 / e) / math.acosh((k + 1) / (k - 1))"),
        "and a factor 2 is missing"),
    Answer("rank forgotten", count(guard="False"),
           "Some θ* are invisible"),
    Answer("fewer examples than features",
           count(guard="s[-1] < 1e-10 * s[0]"), "Some θ* are invisible"),
    Answer("not rounded", count(done="T"), "must be a whole number"),
    Answer("the outlier stays", count(
        kappa="whole", left="epsilon", first="0").replace(
            "k, whole, e = whole, ", "k, whole, e = (s[0] / s[-1])**2, "),
        "you use κ with the large eigenvalue"),
    Answer("the first loop not counted", count(first="0"),
           "the first loop is a loop"),
    Answer("what the first loop gives is forgotten", count(left="epsilon"),
           "the first loop does not leave the others as they were"),
    Answer("the first loop at L", count(
        left="epsilon / (1 - s[1]**2 / s[0]**2)"),
        "the first loop shrinks the smallest eigenvalue's direction least"),
    Answer("the first loop multiplies epsilon", count(
        left="epsilon * (1 - s[-1]**2 / s[0]**2)"),
        "the first loop does not leave the others"),
    Answer("two large ones", count(
        kappa="(s[2 if len(s) > 3 else 1] / s[-1])**2"),
        "loops the bound is still"),
    Answer("typed in", """\
def loops_for(X, epsilon, rule):
    known = {"constant": (31, 3, 12), "optimal": (18, 2, 8),
             "chebyshev": (9, 2, 6), "paper": (417, 26, 100)}
    return known[rule][(epsilon > 0.1) + 2 * (len(X) == 4)]
""", "the bound is still"),
    Answer("calls the package", """\
from lttutor.theory.rates import loops_needed


def loops_for(X, epsilon, rule):
    return loops_needed(np.linalg.cond(X)**2, epsilon, rule)
""", "is not part of"),
]

RIGHT = [
    Answer("search with the bounds", """\
def loops_for(X, epsilon, rule):
    if np.linalg.matrix_rank(X, rtol=1e-10) < X.shape[1]:
        return math.inf
    lam = np.linalg.eigvalsh(X.T @ X)
    k, whole = lam[-2] / lam[0], lam[-1] / lam[0]

    def bound(T):
        if rule == "paper":
            return math.exp(-T / 2 / whole)
        left = 1 - 1 / whole
        if rule == "constant":
            return left * (1 - 1 / k)**(T - 1)
        if rule == "optimal":
            return left * (1 - 2 / (k + 1))**(T - 1)
        x = (k + 1) / (k - 1)
        grown = (x + math.sqrt(x * x - 1))**(T - 1)
        return left * 2 / (grown + 1 / grown)

    high = 1
    while bound(high) > epsilon:
        high *= 2
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        if bound(middle) > epsilon:
            low = middle
        else:
            high = middle
    return high
"""),
    Answer("in one formula each", count()),
]
