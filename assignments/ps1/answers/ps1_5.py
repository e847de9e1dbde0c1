"""Problem 5 of set 1: where the wrong mask ends."""

from tests.course.answers import Answer

START = """\
def ridge_level(X, y, alpha, s):
    d = X.shape[1]

    def rest(level):
        return -alpha * np.linalg.solve(X.T @ X + level * np.eye(d),
                                        X.T @ y)

"""


def after(*lines):
    return START + "".join(f"    {line}\n" for line in lines)


SEARCH = """\
    low, high = 0.0, 1e6
    for _ in range(200):
        level = (low + high) / 2
        if {score} > level:
            low = level
        else:
            high = level
    return level
"""

OWN = "s * (rest(level) @ rest(level) + alpha**2)"

WRONG = [
    Answer("alpha squared", after("return s * alpha**2"),
           "the row's own score is not α²"),
    Answer("q squared", START + SEARCH.format(
        score="s * (rest(level) @ rest(level))"),
           "the row's own score is not ‖q‖²"),
    Answer("one substitution", after(
        "q = rest(0)", "return s * (q @ q + alpha**2)"),
        "you put q for λ = 0 into the formula"),
    Answer("q without alpha", START + SEARCH.format(
        score="s * (rest(level) @ rest(level) / alpha**2 + alpha**2)"),
        "the α in q is missing"),
    Answer("root", START + SEARCH.format(score=OWN).replace(
        "return level", "return np.sqrt(level)"),
        "this is the square root"),
    Answer("negative", START + SEARCH.format(score=OWN).replace(
        "return level", "return -level"),
        "enters the fixed point with a plus"),
    Answer("two rounds", after(
        "level = s * alpha**2", "for _ in range(2):", "    q = rest(level)",
        "    level = s * (q @ q + alpha**2)", "return level"),
        "the iteration has not settled"),
    Answer("alpha is one", START.replace("d = ", "alpha, d = 1.0, ")
           + SEARCH.format(score=OWN),
           "this is λ for α = 1"),
    Answer("mean", START.replace(
        "d = X.shape[1]", "d, X, y = (X.shape[1], X / len(X)**0.5,"
        " y / len(X)**0.5)")
        + SEARCH.format(score=OWN),
        "you divide the examples' part by n"),
    Answer("plain iteration", after(
        "level = s * alpha**2", "for _ in range(500):", "    q = rest(level)",
        "    level = s * (q @ q + alpha**2)", "return level"),
        "does it settle, or jump to and fro"),
    Answer("starts at the inverse", """\
def ridge_level(X, y, alpha, s):
    S = X.T @ X
    ols = np.linalg.inv(S) @ X.T @ y
    low, high = s * alpha**2, s * alpha**2 * (1 + ols @ ols)
    for _ in range(200):
        level = (low + high) / 2
        q = alpha * np.linalg.solve(S + level * np.eye(len(S)), X.T @ y)
        if s * (q @ q + alpha**2) > level:
            low = level
        else:
            high = level
    return level
""", "for n = 3, d = 6"),
    Answer("bracket too narrow", START + SEARCH.format(score=OWN).replace(
        "0.0, 1e6", "0.0, 30.0"), "the row is not at rest"),
    Answer("typed in", "def ridge_level(X, y, alpha, s):\n"
           "    return 4.124218002 if s == 1 else 8.114449036\n",
           "you always return a λ"),
    Answer("a vector", after("return rest(1.0)"), "return one number"),
    Answer("one round", after(
        "q = rest(s * alpha**2)", "return s * (q @ q + alpha**2)"),
        "this is one substitution"),
    Answer("three rounds", after(
        "level = s * alpha**2", "for _ in range(3):", "    q = rest(level)",
        "    level = s * (q @ q + alpha**2)", "return level"),
        "three substitutions are not enough"),
    Answer("length not squared", START + SEARCH.format(
        score="s * (np.linalg.norm(rest(level)) + alpha**2)"),
        "you add the length of q"),
    Answer("the book's bracket", START + SEARCH.format(score=OWN).replace(
        "1e6", "1e3"),
        "does the bracket hold λ"),
    Answer("s forgotten", START + SEARCH.format(
        score="rest(level) @ rest(level) + alpha**2"),
        "this is λ for s = 1"),
    Answer("own score", START + SEARCH.format(score=OWN).replace(
        "return level", "return level / s"),
        "this is the row's own score at rest"),
    Answer("s at the end", START + SEARCH.format(
        score="rest(level) @ rest(level) + alpha**2").replace(
            "return level", "return s * level"),
        "this is s times the λ for s = 1"),
    Answer("s on q only", START + SEARCH.format(
        score="s * (rest(level) @ rest(level)) + alpha**2"),
        "s multiplies ‖q‖² only"),
    Answer("s on alpha only", START + SEARCH.format(
        score="rest(level) @ rest(level) + s * alpha**2"),
        "s multiplies α² only"),
    Answer("s squared", START + SEARCH.format(score="s * " + OWN),
           "s enters squared"),
    Answer("ten rounds", after(
        "level = s * alpha**2", "for _ in range(10):", "    q = rest(level)",
        "    level = s * (q @ q + alpha**2)", "return level"),
        "does a search or an iteration stop too soon"),
    Answer("stops at 1e-6", START + """\
    low, high = s * alpha**2, 10 * s * alpha**2 * (1 + y @ y)
    while high - low > 1e-6:
        level = (low + high) / 2
        if s * (rest(level) @ rest(level) + alpha**2) > level:
            low = level
        else:
            high = level
    return (low + high) / 2
""", "is the largest error allowed"),
]

RIGHT = [
    Answer("brentq", """\
from scipy.optimize import brentq


def ridge_level(X, y, alpha, s):
    lam, V = np.linalg.eigh(X.T @ X)
    lam = np.maximum(lam, 0)
    b = alpha * (V.T @ (X.T @ y))

    def gap(level):
        return s * (np.sum((b / (lam + level))**2) + alpha**2) - level

    low = s * alpha**2
    return brentq(gap, low, low + gap(low) + 1, xtol=1e-14, rtol=1e-14)
"""),
    Answer("Newton from the left", """\
def ridge_level(X, y, alpha, s):
    K, level = X @ X.T, float(s * alpha**2)
    for _ in range(300):
        A = K + level * np.eye(len(X))
        u = np.linalg.solve(A, y)
        q = alpha * X.T @ u
        slope = -2 * alpha * s * (X.T @ np.linalg.solve(A, u)) @ q - 1
        level -= (s * (q @ q + alpha**2) - level) / slope
    return level
"""),
    Answer("damped substitution", """\
def ridge_level(X, y, alpha, s):
    S, b, level = X.T @ X, X.T @ y, s * alpha**2
    for _ in range(500):
        q = alpha * np.linalg.solve(S + level * np.eye(len(S)), b)
        level = (level + s * (q @ q + alpha**2)) / 2
    return level
"""),
    Answer("minimizes the loss over q", """\
def ridge_level(X, y, alpha, s):
    def loss(q):
        r = X @ q + alpha * y
        return r @ r / 2 + s * (q @ q + alpha**2)**2 / 4

    S, b, q = X.T @ X, alpha * (X.T @ y), np.zeros(X.shape[1])
    for _ in range(200):
        level = s * (q @ q + alpha**2)
        H = S + level * np.eye(len(S)) + 2 * s * np.outer(q, q)
        move = np.linalg.solve(H, S @ q + b + level * q)
        while loss(q - move) > loss(q) * (1 + 1e-14):
            move = move / 2
        q = q - move
    return s * (q @ q + alpha**2)
"""),
]
