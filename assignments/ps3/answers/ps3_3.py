"""Problem 3 of set 3: the last step."""

from tests.course.answers import Answer


def dual(result="(1 - u @ y) / (r @ y)", steps="steps"):
    return f"""\
def last_step(X, y, steps):
    u, v = np.zeros(len(y)), np.zeros(X.shape[1])
    for eta in {steps}:
        u = u + eta * (y - X @ v)
        v = X.T @ u
    r = y - X @ v
    return {result}
"""


WRONG = [
    Answer("no earlier loops", dual("1 / (y @ y)"), "this is 1/‖y‖²"),
    Answer("one over L", dual("1 / np.linalg.norm(X, 2)**2"), "this is 1/L"),
    Answer("line search",
           dual("(X.T @ r) @ (X.T @ r) / np.sum((X @ (X.T @ r))**2)"),
           "this step minimizes ‖Xv − αy‖"),
    Answer("norm not squared",
           dual("(1 - u @ y) / np.sqrt(abs(r @ y))"), "a root is too many"),
    Answer("one over the norm of y", dual("1 / np.linalg.norm(y)"),
           "this is 1/‖y‖: not even its units"),
    Answer("best constant step", dual(
        "2 / np.linalg.eigvalsh(X.T @ X)[[0, -1]].sum()"),
        "this is 2/(L + μ)"),
    Answer("sign", dual("(u @ y - 1) / (r @ y)"), "the sign is wrong"),
    Answer("limit", dual(
        "(np.linalg.lstsq(X, y)[0] @ np.linalg.lstsq(X, y)[0] - u @ y)"
        " / (r @ y)"), "you aim at the limit"),
    Answer("Frobenius", dual("1 / np.sum(X**2)"), "with the Frobenius norm"),
    Answer("numerator", dual("1 / (r @ y)"), "the numerator ignores"),
    Answer("denominator", dual("(1 - u @ y) / (y @ y)"),
           "the denominator ignores"),
    Answer("Xv for v", dual("(1 - y @ (X @ v)) / (r @ y)"),
           "what is asked for is ⟨v, θ*⟩"),
    Answer("q for v", """\
def last_step(X, y, steps):
    theta, q = np.linalg.pinv(X) @ y, np.zeros(X.shape[1])
    for eta in steps:
        q = q - eta * (X.T @ (X @ q) + X.T @ y)
    return (1 - q @ theta) / ((X.T @ (X @ q) + X.T @ y) @ theta)
""", "v is −q, not q"),
    Answer("ascent", """\
def last_step(X, y, steps):
    theta, v = np.linalg.pinv(X) @ y, np.zeros(X.shape[1])
    for eta in steps:
        v = v - eta * X.T @ (y - X @ v)
    return (1 - v @ theta) / (X.T @ (y - X @ v) @ theta)
""", "v moves away from the limit"),
    Answer("never negative", dual("max(0.0, (1 - u @ y) / (r @ y))"),
           "the right step is negative"),
    Answer("rounded", dual("round(float((1 - u @ y) / (r @ y)), 9)"),
           "Is the step rounded?"),
    Answer("cut to integers", """\
def last_step(X, y, steps):
    u = np.zeros_like(y)
    for eta in steps:
        u[:] = u + eta * (y - X @ (X.T @ u))
    return (1 - u @ y) / (y @ (y - X @ (X.T @ u)))
""", "cut to whole numbers"),
    Answer("one step fewer", dual(steps="steps[:-1]"),
           "one of the given steps is left out"),
    Answer("first step missing", dual(steps="steps[1:]"),
           "the first of the given steps is left out"),
    Answer("inverse", """\
def last_step(X, y, steps):
    S = X.T @ X
    theta = np.linalg.inv(S) @ X.T @ y
    v = np.zeros(len(theta))
    for eta in steps:
        v = v + eta * (X.T @ y - S @ v)
    return (1 - v @ theta) / ((X.T @ y - S @ v) @ theta)
""", "for n = 2, d = 5"),
    Answer("unit theta assumed", """\
def last_step(X, y, steps):
    theta = np.linalg.pinv(X) @ y
    theta = theta / np.linalg.norm(theta)
    v = np.zeros(len(theta))
    for eta in steps:
        v = v + eta * X.T @ (X @ (theta - v))
    return (1 - v @ theta) / ((theta - v) @ X.T @ X @ theta)
""", "or scale θ* to length 1"),
    Answer("typed in", "def last_step(X, y, steps):\n"
           "    return 0.0526315789\n",
           "the number that belongs to the visible check"),
    Answer("a vector", dual("X.T @ r / (r @ y)"), "return one number"),
    Answer("in place", """\
def last_step(X, y, steps):
    left, u = y, 0 * y
    for eta in steps:
        u = u + eta * left
        left -= eta * X @ (X.T @ left)
    return (1 - u @ y) / (left @ y)
""", "changes its argument number 2"),
]

RIGHT = [
    Answer("with the pseudoinverse", """\
def last_step(X, y, steps):
    theta = np.linalg.pinv(X) @ y
    v = np.zeros(len(theta))
    for eta in steps:
        v = v + eta * X.T @ (y - X @ v)
    return (1 - v @ theta) / (X.T @ (y - X @ v) @ theta)
"""),
    Answer("two trial steps and the line through them", """\
def last_step(X, y, steps):
    G, y = X @ X.T, 1.0 * y

    def product(schedule):
        u = np.zeros(len(y))
        for eta in schedule:
            u = u - eta * (G @ u - y)
        return u @ y

    trial = 1 / (y @ y)
    start = product(steps)
    slope = (product([*steps, trial]) - start) / trial
    return (1 - start) / slope
"""),
    Answer("residual polynomial", """\
def last_step(X, y, steps):
    lam, U = np.linalg.eigh(X @ X.T)
    weight = (U.T @ y)**2
    g = np.zeros(len(lam))
    p = np.ones(len(lam))
    for eta in steps:
        g, p = g + eta * p, p * (1 - eta * lam)
    return (1 - weight @ g) / (weight @ p)
"""),
]
