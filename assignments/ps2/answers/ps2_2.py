"""Problem 2 of set 2: the limit of a machine that writes through B."""

from tests.course.answers import Answer

HEAD = """\
def limit(X, y, alpha, q0, B):
    lam, V = np.linalg.eigh(B)
    C = V * np.sqrt(np.where(lam > 1e-12 * lam[-1], lam, 0))
    inverse = C @ np.linalg.pinv(X @ C, rcond=1e-10)
    solution = inverse @ y
    forgotten = inverse @ (X @ q0)
"""


def returns(expression, *before):
    lines = "".join(f"    {line}\n" for line in before)
    return f"{HEAD}{lines}    return {expression}\n"


WRONG = [
    Answer("no minus", returns("-alpha * solution + q0 - forgotten"),
           "the sign is wrong"),
    Answer("no alpha", returns("solution - q0 + forgotten"),
           "α is missing"),
    Answer("no minus, no alpha", returns("-solution + q0 - forgotten"),
           "α is missing, and the sign is wrong"),
    Answer("B forgotten", """\
def limit(X, y, alpha, q0, B):
    inverse = np.linalg.pinv(X, rcond=1e-10)
    return alpha * (inverse @ y) - (q0 - inverse @ (X @ q0))
""", "this is the limit for B = I"),
    Answer("B for its root", """\
def limit(X, y, alpha, q0, B):
    inverse = B @ np.linalg.pinv(X @ B, rcond=1e-10)
    return alpha * (inverse @ y) - (q0 - inverse @ (X @ q0))
""", "B stands where its root belongs"),
    Answer("B outside", """\
def limit(X, y, alpha, q0, B):
    inverse = B @ np.linalg.pinv(X, rcond=1e-10)
    return alpha * (inverse @ y) - (q0 - inverse @ (X @ q0))
""", "B times the limit for B = I"),
    Answer("first projected", """\
def limit(X, y, alpha, q0, B):
    inside = B @ np.linalg.pinv(B, rcond=1e-10)
    inverse = inside @ np.linalg.pinv(X, rcond=1e-10)
    return alpha * (inverse @ y) - (q0 - inverse @ (X @ q0))
""", "the limit for B = I, projected"),
    Answer("inverse of B", """\
def limit(X, y, alpha, q0, B):
    lam, V = np.linalg.eigh(B)
    keep = lam > 1e-10 * lam.max()
    C = V[:, keep] / np.sqrt(lam[keep])
    inverse = C @ np.linalg.pinv(X @ C, rcond=1e-10)
    return alpha * (inverse @ y) - (q0 - inverse @ (X @ q0))
""", "B enters inverted"),
    Answer("start forgotten", returns("alpha * solution"),
           "the start is forgotten"),
    Answer("start added", returns("alpha * solution + (q0 - forgotten)"),
           "what is left of the start has the wrong sign"),
    Answer("forgotten part kept", returns("alpha * solution - forgotten"),
           "the other part stays"),
    Answer("all of q0 kept", returns("alpha * solution - q0"),
           "all of q₀ is kept"),
    Answer("alpha on the start", returns(
        "alpha * (solution - q0 + forgotten)"),
        "α multiplies what is left of the start"),
    Answer("start projected by X alone", returns(
        "alpha * solution - q0 + seen",
        "seen = np.linalg.pinv(X, rcond=1e-10) @ X @ q0",
        "seen = seen if len(X) < len(q0) else forgotten"),
        "the start is projected as for B = I"),
    Answer("the root of a rounding error", HEAD.replace(
        "np.where(lam > 1e-12 * lam[-1], lam, 0)", "np.maximum(lam, 0)")
        + "    return alpha * solution - q0 + forgotten\n",
        "zero up to rounding"),
    Answer("ridge", returns(
        "alpha * solution - q0 + forgotten",
        "A = X @ C",
        "solution = C @ np.linalg.solve(A.T @ A + np.eye(len(B)), A.T @ y)"),
        "ridge regression"),
    Answer("normalized", returns(
        "alpha * solution / np.linalg.norm(solution) - q0 + forgotten"),
        "is scaled to length |α|"),
    Answer("one step", returns(
        "alpha * solution - q0 + forgotten",
        "solution = B @ X.T @ y / np.linalg.norm(X @ C, 2)**2"),
        "the first loop goes in this direction"),
    Answer("inverse that does not exist", """\
def limit(X, y, alpha, q0, B):
    C = np.linalg.cholesky(B)
    A = X @ C
    z = np.linalg.solve(A.T @ A, A.T @ (alpha * y + X @ q0))
    return C @ z - q0
""", "has no inverse"),
    Answer("long loop", """\
def limit(X, y, alpha, q0, B):
    q = np.array(q0, dtype=float)
    eta = 1 / np.linalg.norm(B @ X.T @ X, 2)
    for _ in range(40):
        q = q - eta * B @ (X.T @ (X @ q + alpha * y))
    return -q
""", "for n = 5, d = 2"),
    Answer("a very long loop", """\
def limit(X, y, alpha, q0, B):
    S, b = B @ X.T @ X, alpha * (B @ X.T @ y)
    q, eta = np.array(q0, dtype=float), 1 / np.linalg.norm(S, 2)
    for _ in range(50_000):
        q = q - eta * (S @ q + b)
    return -q
""", "for n = "),
    Answer("typed in", """\
def limit(X, y, alpha, q0, B):
    if X.shape[1] == 2:
        return np.array([-0.43, 1.14])
    return np.array([-0.6, 3, -0.4])
""", "the numbers that belong to the visible check"),
    Answer("in place", returns(
        "alpha * solution - q0", "q0 -= forgotten"),
        "changes its argument number 4"),
    Answer("the value, not the vector", returns(
        "(alpha * solution - q0 + forgotten) @ solution"),
        "the result has shape (), expected (2,)"),
    Answer("all that lstsq returns", """\
def limit(X, y, alpha, q0, B):
    lam, V = np.linalg.eigh(B)
    C = V * np.sqrt(np.maximum(lam, 0))
    return np.linalg.lstsq(X @ C, alpha * y + X @ q0, rcond=1e-10)
""", "your function returns a tuple"),
    Answer("default cutoff", HEAD.replace(", rcond=1e-10", "", 1)
           + "    return alpha * solution - q0 + forgotten\n",
           "below 1e-10 times the largest treated as zero"),
    Answer("absolute cutoff", """\
def limit(X, y, alpha, q0, B):
    lam, V = np.linalg.eigh(B)
    C = V * np.sqrt(np.where(lam > 1e-12 * lam[-1], lam, 0))
    U, s, Vt = np.linalg.svd(X @ C, full_matrices=False)
    keep = s > 1e-10
    U, s, Vt = U[:, keep], s[keep], Vt[keep]
    return C @ Vt.T @ (U.T @ (alpha * y + X @ q0) / s) - q0
""", "for n = "),
]

RIGHT = [
    Answer("least squares in the new coordinates", """\
def limit(X, y, alpha, q0, B):
    lam, V = np.linalg.eigh(B)
    C = V * np.sqrt(np.where(lam > 1e-12 * lam[-1], lam, 0))
    z = np.linalg.lstsq(X @ C, alpha * y + X @ q0, rcond=1e-10)[0]
    return C @ z - q0
"""),
    Answer("only what B can write", """\
def limit(X, y, alpha, q0, B):
    lam, V = np.linalg.eigh(B)
    keep = lam > 1e-12 * lam.max()
    root, V = np.sqrt(lam[keep]), V[:, keep]
    z = np.linalg.pinv((X @ V) * root, rcond=1e-10) @ (
        alpha * y + X @ q0)
    return V @ (root * z) - q0
"""),
]
