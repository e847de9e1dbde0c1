"""Problem 5 of set 1: two rows that read each other."""

from tests.course.answers import Answer, altering

START = """\
def mutual_level(X, y, alpha, s):
    a, b = alpha
    lam, V = np.linalg.eigh(X.T @ X)
    m = V.T @ (X.T @ y)

    def pair(c):
        return -(a + b) * m / (lam + c), -(a - b) * m / (lam - c)

    def gap(c):
        plus, minus = pair(c)
        return s * ((plus @ plus - minus @ minus) / 4 + a * b) - c

"""
SEARCH = """\
    low, high = -lam[0], lam[0]
    for _ in range(200):
        c = (low + high) / 2
        low, high = (c, high) if gap(c) > 0 else (low, c)
    return c
"""

altered = altering(START + SEARCH)


WRONG = [
    Answer("own ridge", """\
def mutual_level(X, y, alpha, s):
    a, b = alpha
    S, m = X.T @ X, X.T @ y

    def rest(c, own):
        return -own * np.linalg.solve(S + c * np.eye(len(S)), m)

    low, high = -np.linalg.eigvalsh(S)[0], 1e3
    for _ in range(200):
        c = (low + high) / 2
        if s * (rest(c, a) @ rest(c, b) + a * b) > c:
            low = c
        else:
            high = c
    return c
""",
           "you end each row at a ridge regression of its own: in the"),
    Answer("reads itself", """\
def mutual_level(X, y, alpha, s):
    a = alpha[0]
    S, m = X.T @ X, X.T @ y
    low, high = 0.0, 1e6
    for _ in range(200):
        c = (low + high) / 2
        q = a * np.linalg.solve(S + c * np.eye(len(S)), m)
        if s * (q @ q + a**2) > c:
            low = c
        else:
            high = c
    return c
""",
           "this is the level of a row that reads itself: here each row"),
    Answer("alphas forgotten", altered((
        "s * ((plus @ plus - minus @ minus) / 4 + a * b) - c",
        "s * (plus @ plus - minus @ minus) / 4 - c")),
           "the score of the two rows is not ⟨q_a, q_b⟩ alone: the rows"),
    Answer("products forgotten", """\
def mutual_level(X, y, alpha, s):
    return s * alpha[0] * alpha[1]
""",
           "the score of the two rows is not α_a α_b alone: at rest"),
    Answer("quarter forgotten", altered((
        " / 4 + a * b",
        " + a * b")),
           "‖q_a + q_b‖² − ‖q_a − q_b‖² is four times ⟨q_a, q_b⟩"),
    Answer("half", altered((
        " / 4 + a * b",
        " / 2 + a * b")),
           "‖q_a + q_b‖² − ‖q_a − q_b‖² is four times ⟨q_a, q_b⟩, not"),
    Answer("signs swapped", altered((
        "m / (lam + c), -(a - b) * m / (lam - c)",
        "m / (lam - c), -(a - b) * m / (lam + c)")),
           "your search ends at the edge of its bracket: are the signs"),
    Answer("both plus", altered((
        "(lam - c)\n",
        "(lam + c)\n")),
           "you end each row at a ridge regression of its own: in the"),
    Answer("both minus", altered((
        "m / (lam + c), -(a",
        "m / (lam - c), -(a")),
           "your search ends at the edge of its bracket: are the signs"),
    Answer("negative", altered((
        "    return c\n",
        "    return -c\n")),
           "this is −c: the loop subtracts the layer, and c is the"),
    Answer("one substitution", START + """\
    plus, minus = pair(s * a * b * 0)
    return s * ((plus @ plus - minus @ minus) / 4 + a * b)
""",
           "you put the rows at rest for c = 0 into the formula for c:"),
    Answer("divided by n", altered((
        "X.T @ X)",
        "X.T @ X / len(X))"), (
        "V.T @ (X.T @ y)",
        "V.T @ (X.T @ y) / len(X)")),
           "you divide the examples' part by n: XᵀX is a sum"),
    Answer("alpha of the first row twice", altered((
        "a, b = alpha",
        "a, b = alpha[0], alpha[0]")),
           "this is the level of a row that reads itself: here each row"),
    Answer("labels of unit alpha", altered((
        "-(a + b) * m",
        "-2 * m"), (
        "-(a - b) * m",
        "0 * m")),
           "the rows at rest depend on their α: that of the sum is α_a"),
    Answer("s forgotten", altered((
        "s * ((plus @ plus - minus @ minus) / 4 + a * b) - c",
        "(plus @ plus - minus @ minus) / 4 + a * b - c")),
           "this is c for s = 1: here the rows read each other 2.5 times"),
    Answer("own score", altered((
        "    return c\n",
        "    return c / s\n")),
           "this is the score of the two rows: in the layer, the mask"),
    Answer("s at the end", altered((
        "s * ((plus @ plus - minus @ minus) / 4 + a * b) - c",
        "(plus @ plus - minus @ minus) / 4 + a * b - c"), (
        "    return c\n",
        "    return s * c\n")),
           "this is s times the c for s = 1: the rows at rest depend on"),
    Answer("s on the products only", altered((
        "s * ((plus @ plus - minus @ minus) / 4 + a * b) - c",
        "s * (plus @ plus - minus @ minus) / 4 + a * b - c")),
           "s multiplies ⟨q_a, q_b⟩ only: it multiplies the whole score"),
    Answer("s on the alphas only", altered((
        "s * ((plus @ plus - minus @ minus) / 4 + a * b) - c",
        "(plus @ plus - minus @ minus) / 4 + s * a * b - c")),
           "s multiplies α_a α_b only: it multiplies the whole score"),
    Answer("s squared", altered((
        "s * ((plus @ plus - minus @ minus) / 4 + a * b) - c",
        "s * s * ((plus @ plus - minus @ minus) / 4 + a * b) - c")),
           "s enters squared: the mask multiplies the score once"),
    Answer("only positive", altered(("-lam[0], lam[0]", "0.0, lam[0]")),
           "is a bracket or a start too narrow"),
    Answer("bracket too wide", altered(("-lam[0], lam[0]", "-1e6, 1e6")),
           "expected a number between −μ and μ"),
    Answer("typed in", "def mutual_level(X, y, alpha, s):\n"
           "    return 1.364631126 if s == 1 else 2.043769096\n",
           "you always return a c"),
    Answer("a vector", START + "    return pair(1.0)[0]\n",
           "return one number"),
    Answer("ten rounds", START + """\
    c = 0.0
    for _ in range(10):
        plus, minus = pair(c)
        c = s * ((plus @ plus - minus @ minus) / 4 + a * b)
    return c
""",
           "on the prompt of the check, for s = 1"),
    Answer("a short loop", """\
def mutual_level(X, y, alpha, s):
    a, b = alpha
    S, m = X.T @ X, X.T @ y
    qa = qb = np.zeros(len(S))
    eta = 0.2 / np.linalg.norm(S, 2)
    for _ in range(60):
        c = s * (qa @ qb + a * b)
        qa, qb = (qa - eta * (S @ qa + a * m + c * qb),
                  qb - eta * (S @ qb + b * m + c * qa))
    return s * (qa @ qb + a * b)
""",
           "does a search or an iteration stop too soon"),
    Answer("stops at 1e-5", START + """\
    low, high = -lam[0], lam[0]
    while high - low > 1e-5:
        c = (low + high) / 2
        low, high = (c, high) if gap(c) > 0 else (low, c)
    return c
""",
           "does a search or an iteration stop too soon"),
]

RIGHT = [
    Answer("brentq on the large system", """\
from scipy.optimize import brentq


def mutual_level(X, y, alpha, s):
    S, d = X.T @ X, X.shape[1]

    def gap(c):
        both = np.block([[S, c * np.eye(d)], [c * np.eye(d), S]])
        rows = np.linalg.solve(both, -np.kron(alpha, X.T @ y))
        return s * (rows[:d] @ rows[d:] + np.prod(alpha)) - c

    mu = np.linalg.eigvalsh(S)[0] * (1 - 1e-9)
    return brentq(gap, -mu, mu, xtol=1e-14, rtol=1e-14)
"""),
    Answer("minimizes the loss of both rows", """\
def mutual_level(X, y, alpha, s):
    S, m, d = X.T @ X, np.kron(alpha, X.T @ y), X.shape[1]
    swap = np.kron([[0, 1], [1, 0]], np.eye(d))
    both = np.kron(np.eye(2), S)
    q = np.zeros(2 * d)

    def score(q):
        return q[:d] @ q[d:] + np.prod(alpha)

    def loss(q):
        return q @ both @ q / 2 + m @ q + s * score(q)**2 / 2

    for _ in range(300):
        w = swap @ q
        H = both + s * score(q) * swap + s * np.outer(w, w)
        lam, V = np.linalg.eigh(H)
        slope = both @ q + m + s * score(q) * w
        move = V @ ((V.T @ slope) / np.abs(lam))
        while loss(q - move) > loss(q) + 1e-13 * abs(loss(q)):
            move = move / 2
        q = q - move
    return s * score(q)
"""),
    Answer("by the spectrum", altered(("range(200)", "range(120)"))),
]
