"""Problem 3 of set 4: the limit of large prompts, with SymPy."""

from tests.course.answers import Answer


def both(*, power="2 * T", sign="-a", binomial="sp.binomial(p, k)",
         g="gamma", shift="k", first="0", last="p + 1", zero="1",
         moment=None, scale="1 / (1 + gamma)"):
    total = moment or f"""sum(({g})**r * sp.binomial(k, r)
               * sp.binomial(k - 1, r) / (r + 1) for r in range(k))"""
    return f"""\
def moment(k, gamma):
    if k == 0:
        return sp.Integer({zero})
    return {total}


def limit_loss(T, a, gamma):
    p = {power}
    return sp.expand(sum({binomial} * ({sign})**k * moment({shift}, gamma)
                         for k in range({first}, {last})))


def limit_scale(T, gamma):
    return {scale}
"""


WRONG = [
    Answer("power T", both(power="T"), "the power is T, not 2T"),
    Answer("plus", both(sign="a"), "the powers of −a alternate"),
    Answer("no binomials", both(binomial="1"),
           "the binomial coefficients of the power 2T are missing"),
    Answer("no r + 1", both(moment="""sum(gamma**r * sp.binomial(k, r)
               * sp.binomial(k - 1, r) for r in range(k))"""),
           "the factor 1/(r + 1) of the moments"),
    Answer("Catalan", both(g="sp.Integer(1)"), "the Catalan numbers"),
    Answer("shifted", both(shift="k + 1"), "the moments are shifted"),
    Answer("last missing", both(last="p"), "the sum stops one term early"),
    Answer("no constant", both(zero="0"), "the term for k = 0"),
    Answer("no fluctuation", both(moment="sp.Integer(1)"),
           "all moments are taken as 1"),
    Answer("gamma inverted", both(g="1 / gamma"), "γ and 1/γ are swapped"),
    Answer("one", both(scale="sp.Integer(1)"), "a = 1 would invert Σ"),
    Answer("series", both(scale="1 - gamma"), "this is 1 − γ"),
    Answer("one over edge", both(scale="1 / (1 + sp.sqrt(gamma))**2"),
           "this is one over the largest eigenvalue"),
    Answer("complement", both(scale="gamma / (1 + gamma)"),
           "your scale grows with γ"),
    Answer("scale inverted", both(scale="1 / (1 + 1 / gamma)"),
           "your scale grows with γ"),
    Answer("right for one loop only", both(
        scale="1 / (1 + gamma) if T == 1 else 1 / (1 + gamma + gamma**2)"),
        "right for T = 1 and wrong for T = 2"),
    Answer("typed in", """\
def limit_loss(T, a, gamma):
    known = {(1, 1): sp.Rational(1, 3), (1, 4): 3,
             (2, 1): sp.Rational(19, 108), (2, 2): 3}
    return known.get((T, 2 * a), sp.Rational(845, 128))


def limit_scale(T, gamma):
    return 1 / (1 + gamma)
""", "called with symbols for T = 2"),
    Answer("moments up to two loops", """\
def limit_loss(T, a, gamma):
    m = [1, 1, 1 + gamma, 1 + 3 * gamma + gamma**2,
         1 + 6 * gamma + 6 * gamma**2 + gamma**3] + [0] * 20
    return sp.expand(sum(sp.binomial(2 * T, k) * (-a)**k * m[k]
                         for k in range(2 * T + 1)))


def limit_scale(T, gamma):
    return 1 / (1 + gamma)
""", "for T = 3 with symbols"),
    Answer("numbers only", both(scale="sp.nsimplify(1 / (1 + float(gamma)))"),
           "a symbol is neither large nor small"),
    Answer("binomials equal", both(moment="""sum(gamma**r * sp.binomial(k, r)**2
               / (r + 1) for r in range(k))"""),
           "are taken equal: in one of them stands k − 1"),
    Answer("inner sum too short", both(moment="""sum(
        gamma**r * sp.binomial(k, r) * sp.binomial(k - 1, r) / (r + 1)
        for r in range(max(k - 1, 1)))"""),
        "the sum over r in the moments stops one term early"),
    Answer("floats", both(moment="""sum(
        math.comb(k, r) * math.comb(k - 1, r) / (r + 1) * gamma**r
        for r in range(k))"""), "The division of two Python integers"),
    Answer("numerical root", both(scale="sp.nsolve(sp.diff(limit_loss("
                                  "T, sp.Symbol('b'), gamma)), 0.5)"),
           "contains floats"),
    Answer("own symbol", both(scale="1 / (1 + sp.Symbol('gamma'))"),
           "which was not passed"),
    Answer("a list", both(scale="[1 / (1 + gamma)]"),
           "return the one expression that is asked for"),
    Answer("the first root", """\
def limit_loss(T, a, gamma):
    def moment(k):
        return sum(gamma**r * sp.binomial(k, r) * sp.binomial(k - 1, r)
                   / (r + 1) for r in range(k)) if k else sp.Integer(1)
    return sp.expand(sum(sp.binomial(2 * T, k) * (-a)**k * moment(k)
                         for k in range(2 * T + 1)))


def limit_scale(T, gamma):
    a = sp.Symbol("a")
    return sp.solve(sp.diff(limit_loss(T, a, gamma), a), a)[0]
""", "which of several roots do you return?"),
    Answer("falls with T", both(
        scale="1 / (1 + gamma) if T <= 2 else 1 / (1 + (T - 1) * gamma)"),
        "For T > 1, does the derivative factor?"),
]

RIGHT = [
    Answer("semicircle", """\
def limit_loss(T, a, gamma):
    # m_k = E λ^(k−1) under λ·MP, a semicircle: center 1 + γ, variance γ.
    def catalan(j):
        return sp.binomial(2 * j, j) / (j + 1)

    def moment(k):
        if k == 0:
            return 1
        return sum(sp.binomial(k - 1, 2 * j) * catalan(j) * gamma**j
                   * (1 + gamma)**(k - 1 - 2 * j)
                   for j in range((k - 1) // 2 + 1))

    return sum(sp.binomial(2 * T, k) * (-a)**k * moment(k)
               for k in range(2 * T + 1))


def limit_scale(T, gamma):
    return (1 + gamma)**-1
"""),
    Answer("Jacobi matrix of the law", """\
def limit_loss(T, a, gamma):
    size = T + 1
    J = sp.eye(size) * (1 + gamma)
    J[0, 0] = 1
    for i in range(T):
        J[i, i + 1], J[i + 1, i] = gamma, 1
    row = sp.zeros(1, size)
    row[0] = 1
    for _ in range(2 * T):
        row = (row - a * row * J).applyfunc(sp.expand)
    return row[0]


def limit_scale(T, gamma):
    return 1 / sp.expand(1 + gamma)
"""),
    Answer("solves for the slope's root", """\
def limit_loss(T, a, gamma):
    def narayana(k, r):
        return sp.binomial(k, r) * sp.binomial(k - 1, r) / sp.Integer(r + 1)

    h = sp.Integer(1)
    for k in range(1, 2 * T + 1):
        m = sp.Add(*[narayana(k, r) * gamma**r for r in range(k)])
        h += sp.binomial(2 * T, k) * (-1)**k * a**k * m
    return sp.expand(h)


def limit_scale(T, gamma):
    a, g = sp.symbols("a g", positive=True)
    slope = sp.factor(sp.diff(limit_loss(T, a, g), a))
    linear = [f for f, _ in sp.factor_list(slope, a)[1]
              if sp.degree(f, a) == 1]
    return sp.solve(linear[0], a)[0].subs(g, gamma)
"""),
]
