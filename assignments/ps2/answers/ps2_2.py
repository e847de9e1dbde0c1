"""Problem 2 of set 2: the limit, for any prompt."""

from tests.course.answers import Answer


def returns(expression, solution="np.linalg.pinv(X, rcond=1e-10) @ y"):
    return f"""\
def limit(X, y, alpha, q0):
    d = X.shape[1]
    solution = {solution}
    return {expression}
"""


PROJECT = "np.linalg.pinv(X, rcond=1e-10) @ X @ q0"

WRONG = [
    Answer("no minus", returns("-alpha * solution"), "the sign is wrong"),
    Answer("no alpha", returns(f"solution - q0 + {PROJECT}"),
           "α is missing"),
    Answer("ridge", returns(
        "alpha * solution",
        "np.linalg.solve(X.T @ X + alpha**2 * np.eye(d), X.T @ y)"),
        "ridge regression"),
    Answer("start added", returns("alpha * solution - q0"),
           "the start still counts here"),
    Answer("normalized", returns(
        "alpha * solution / np.linalg.norm(solution)"),
        "the result is scaled to length |α|"),
    Answer("shortest vector", returns(
        "alpha * solution / (solution @ solution)"),
        "the result is divided by its squared length"),
    Answer("one step", returns(
        "alpha * solution", "X.T @ y / np.linalg.norm(X, 2)**2"),
        "the first loop goes in this direction"),
    Answer("inverse", returns(
        "alpha * solution", "np.linalg.inv(X.T @ X) @ X.T @ y"),
        "XᵀX has no inverse"),
    Answer("start forgotten", returns("alpha * solution"),
           "the start is forgotten: run a few loops"),
    Answer("unseen part added", returns(
        f"alpha * solution + (q0 - {PROJECT})"),
        "what is left of the start has the wrong sign"),
    Answer("seen part kept", returns(
        f"alpha * solution - {PROJECT} * (np.linalg.matrix_rank(X) < d)"),
        "the other part stays"),
    Answer("all of q0 kept", returns(
        "alpha * solution - q0 * (np.linalg.matrix_rank(X) < d)"),
        "all of q₀ is kept"),
    Answer("long loop", """\
def limit(X, y, alpha, q0):
    q, eta = np.array(q0, dtype=float), 1 / np.linalg.norm(X, 2)**2
    for _ in range(40):
        q = q - eta * (X.T @ (X @ q + alpha * y))
    return -q
""", "is it a loop, cut off?"),
    Answer("typed in", """\
def limit(X, y, alpha, q0):
    if X.shape[1] == 2:
        return np.array([3.4, -3.966666667])
    return np.array([-0.8368421053, 2.163157895, -0.5894736842])
""", "the numbers that belong to the visible check"),
    Answer("in place", """\
def limit(X, y, alpha, q0):
    A = np.linalg.pinv(X, rcond=1e-10)
    q0 -= A @ (X @ q0)
    return alpha * (A @ y) - q0
""", "changes its argument number 4"),
    Answer("no minus, no alpha", returns("-solution"),
           "α is missing, and the sign is wrong"),
    Answer("the value, not the vector", returns(
        "alpha * solution @ solution"),
        "the result has shape (), expected (2,)"),
    Answer("ridge with level 1", returns(
        "alpha * solution",
        "np.linalg.solve(X.T @ X + np.eye(d), X.T @ y)"),
        "ridge regression with the level 1"),
    Answer("q0 added", returns("alpha * solution + q0"), "q₀ is added here"),
    Answer("a very long loop", """\
def limit(X, y, alpha, q0):
    S, b = X.T @ X, alpha * (X.T @ y)
    q, eta = np.array(q0, dtype=float), 1 / np.linalg.norm(S, 2)
    for _ in range(50_000):
        q = q - eta * (S @ q + b)
    return -q
""", "for n = 5, d = 2 and rank 2"),
    Answer("all that lstsq returns", """\
def limit(X, y, alpha, q0):
    return np.linalg.lstsq(X, alpha * y + X @ q0, rcond=1e-10)
""", "your function returns a tuple"),
    Answer("alpha on the start", returns(f"alpha * (solution - q0 + {PROJECT})"),
           "α multiplies what is left of the start"),
    Answer("rank read off the shape", """\
def limit(X, y, alpha, q0):
    A = np.linalg.pinv(X, rcond=1e-10)
    if len(X) >= len(q0):
        return alpha * A @ y
    return alpha * A @ y - (q0 - A @ (X @ q0))
""", "the start is forgotten: run a few loops"),
    Answer("default cutoff", returns(
        "alpha * solution - q0 + np.linalg.pinv(X) @ X @ q0",
        "np.linalg.pinv(X) @ y"),
        "below 1e-10 times the largest treated as zero"),
    Answer("absolute cutoff", """\
def limit(X, y, alpha, q0):
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    keep = s > 1e-10
    U, s, Vt = U[:, keep], s[keep], Vt[keep]
    return alpha * Vt.T @ (U.T @ y / s) - (q0 - Vt.T @ (Vt @ q0))
""", "for n = 6, d = 6 and rank 2"),
]

RIGHT = [
    Answer("least squares twice", """\
def limit(X, y, alpha, q0):
    def solve(b):
        return np.linalg.lstsq(X, b, rcond=1e-10)[0]

    return solve(alpha * y + X @ q0) - q0
"""),
    Answer("singular values", """\
def limit(X, y, alpha, q0):
    U, s, Vt = np.linalg.svd(X)
    r = int((s > 1e-10 * s.max()).sum())
    v = Vt[:r].T @ (U[:, :r].T @ y / s[:r]) * alpha
    for unseen in Vt[r:]:
        v = v - (unseen @ q0) * unseen
    return v
"""),
]
