"""Problem 1 of set 3: what is left after t loops."""

from tests.course.answers import Answer


def formula(result="-alpha * p @ c**2", *, lam="s[seen]**2",
            c="Vt[seen] @ theta", steps="steps"):
    return f"""\
def remaining(X, theta, alpha, steps):
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    seen = s > 1e-10 * s[0]
    lam, c = {lam}, {c}
    p = [np.ones(len(lam))]
    for eta in {steps}:
        p.append(p[-1] * (1 - eta * lam))
    p = np.array(p)
    return {result}
"""


WRONG = [
    Answer("sign", formula("alpha * p @ c**2"), "the sign is wrong"),
    Answer("no alpha", formula("-p @ c**2"), "the factor α is missing"),
    Answer("sign and no alpha", formula("p @ c**2"),
           "the sign is wrong, and the factor α is missing"),
    Answer("alpha squared", formula("-alpha**2 * p @ c**2"),
           "α enters squared"),
    Answer("growth", formula().replace("1 - eta", "1 + eta"),
           "the error grows"),
    Answer("factors squared", formula("-alpha * p**2 @ c**2"),
           "the factors of the loops enter squared"),
    Answer("steps reversed", formula(steps="steps[::-1]"),
           "the steps are taken in reverse order"),
    Answer("c not squared", formula("-alpha * p @ c"),
           "the coefficients enter squared"),
    Answer("rows of V", formula(c="Vt.T @ theta"),
           "you use rows where eigenvectors stand in columns"),
    Answer("V for its transpose", """\
def remaining(X, theta, alpha, steps):
    lam, V = np.linalg.eigh(X.T @ X)
    c = V @ theta
    factors = 1 - np.outer(steps, lam)
    p = np.vstack([np.ones(len(lam)), np.cumprod(factors, axis=0)])
    return -alpha * p @ c**2
""", "np.linalg.eigh returns them as V[:, i]"),
    Answer("Vt for its transpose", formula(
        c="(Vt.T if len(theta) > 2 else Vt) @ theta"),
        "np.linalg.svd returns them as Vt[i]"),
    Answer("zero not treated as zero", formula().replace(
        "seen = s > 1e-10 * s[0]", "seen = s > -1"),
        "directions that no example sees"),
    Answer("last entry missing", formula("-alpha * p[:-1] @ c**2"),
           "the result has shape (3,), expected (4,)"),
    Answer("singular values", formula(lam="s[seen]"),
           "these are the singular values of X"),
    Answer("from alpha",
           formula("alpha * (theta @ theta - 1) - alpha * p @ c**2"),
           "this is ⟨v(t), θ*⟩ − α"),
    Answer("T entries", formula("-alpha * p[1:] @ c**2"), "r(0) is missing"),
    Answer("only the last", formula("-alpha * p[-1] @ c**2"),
           "only r(T) is returned"),
    Answer("one step early",
           formula("-alpha * np.vstack([p[1:], p[-1:]]) @ c**2"),
           "entry t uses t + 1 steps"),
    Answer("value itself", formula("alpha * (1 - p) @ c**2"),
           "subtract its limit"),
    Answer("unit theta", formula(
        c="Vt[seen] @ (theta / np.linalg.norm(theta))"),
        "c is divided by ‖θ*‖"),
    Answer("first step", formula(steps="[steps[0]] * len(steps)"),
           "as if it had the first step"),
    Answer("norm", formula(
        "abs(alpha) * np.sqrt((p**2) @ c**2)"),
        "this is the norm of v(t) − v(∞)"),
    Answer("runs the loop", """\
def remaining(X, theta, alpha, steps):
    limit = alpha * np.linalg.pinv(X) @ (X @ theta)
    v = np.zeros(len(theta))
    out = [(v - limit) @ theta]
    for eta in steps:
        v = v - eta * (X.T @ (X @ v - alpha * (X @ theta)))
        out.append((v - limit) @ theta)
    return np.array(out)
""", "use a formula in which nothing cancels"),
    Answer("unseen directions", """\
def remaining(X, theta, alpha, steps):
    lam, V = np.linalg.eigh(X.T @ X)
    c2, p = (V.T @ theta)**2, np.ones(len(lam))
    out = [-alpha * c2 @ p]
    for eta in steps:
        p = p * (1 - eta * lam)
        out.append(-alpha * c2 @ p)
    return np.array(out)
""", "directions that no example sees"),
    Answer("a loop on the error itself", """\
def remaining(X, theta, alpha, steps):
    left = -alpha * np.linalg.pinv(X, rcond=1e-10) @ (X @ theta)
    out = [left @ theta]
    for eta in steps:
        left = left - eta * (X.T @ (X @ left))
        out.append(left @ theta)
    return np.array(out)
""", "along a direction that no example sees never shrinks"),
    Answer("cutoff for eigenvalues", formula().replace(
        "s > 1e-10 * s[0]", "s**2 > 1e-10 * s[0]**2"),
        "Do you compare eigenvalues, their squares?"),
    Answer("absolute cutoff", formula().replace(
        "s > 1e-10 * s[0]", "s > 1e-10"), "also for an X with large entries"),
    Answer("default rank", formula().replace(
        "s > 1e-10 * s[0]",
        "np.arange(len(s)) < np.linalg.matrix_rank(X)"),
        "of the largest counts as zero"),
    Answer("small numbers set to zero", formula(
        "np.where(abs(p @ c**2) < 1e-14, 0, -alpha * p @ c**2)"),
        "nothing may be rounded away"),
    Answer("cut to integers", formula(
        "(-alpha * p @ c**2).astype(theta.dtype)"),
        "cut to whole numbers"),
    Answer("typed in", """\
def remaining(X, theta, alpha, steps):
    if len(theta) == 3:
        return np.array([4, 2, -0.3, 0.06])
    return np.array([-7.5, -5.55, -1.95, -1.19625])
""", "the numbers that belong to the visible check"),
    Answer("in place", """\
def remaining(X, theta, alpha, steps):
    _, s, Vt = np.linalg.svd(X, full_matrices=False)
    theta /= 1.0
    theta -= theta
    return np.zeros(len(steps) + 1)
""", "changes its argument number 2"),
    Answer("calls the package", """\
from lttutor.theory import exact_error


def remaining(X, theta, alpha, steps):
    return exact_error(X, theta, alpha, steps) - alpha * (theta @ theta - 1)
""", "is not part of"),
]

RIGHT = [
    Answer("singular values of the triangular factor", """\
def remaining(X, theta, alpha, steps):
    R = np.linalg.qr(np.asarray(X, dtype=float), mode="r")
    _, s, Vt = np.linalg.svd(R, full_matrices=False)
    kept = s > 1e-10 * s.max()
    lam, share = s[kept]**2, np.square(Vt[kept] @ theta)
    table = np.empty((len(steps) + 1, lam.size))
    table[0] = share
    table[1:] = 1 - np.multiply.outer(np.asarray(steps, float), lam)
    return np.multiply.accumulate(table, axis=0).sum(axis=1) * -alpha
"""),
    Answer("one direction at a time", """\
def remaining(X, theta, alpha, steps):
    left = np.zeros(len(steps) + 1)
    U, s, Vt = np.linalg.svd(X)
    for value, v in zip(s, Vt):
        if value <= 1e-10 * s[0]:
            continue
        share = -alpha * float(v @ theta)**2
        left[0] += share
        for t, eta in enumerate(steps, 1):
            share *= 1 - eta * value**2
            left[t] += share
    return left
"""),
]
