"""Problem 5 of set 2: the machine with the wrong P."""

from tests.course.answers import Answer


def returns(expression, solution="np.linalg.pinv(X, rcond=1e-10) @ y"):
    return f"""\
def broken_row(X, y, alpha):
    theta = {solution}
    return {expression}
"""


WRONG = [
    Answer("right machine", returns("alpha * np.append(-theta, 1)"),
           "this is the limit for the right P"),
    Answer("half", returns("alpha * np.append(-theta, 1) / 2"),
           "this is half of what the right P gives"),
    Answer("no one added", returns(
        "alpha * np.append(-theta, 1) / (theta @ theta)"),
        "q is divided by ‖θ*‖²"),
    Answer("sign of q", returns(
        "alpha * np.append(theta, 1) / (1 + theta @ theta)"),
        "the sign of q is wrong"),
    Answer("all zero", returns("np.zeros(len(theta) + 1)"),
           "the row does not vanish here"),
    Answer("least squares", returns("alpha * np.append(theta, 0)"),
           "this is the least-squares solution"),
    Answer("alpha squared", returns(
        "alpha**2 * np.append(-theta, 1) / (1 + theta @ theta)"),
        "α enters squared"),
    Answer("no alpha", returns("np.append(-theta, 1) / (1 + theta @ theta)"),
           "α is missing"),
    Answer("unit vector", returns(
        "np.append(-theta, 1) / np.sqrt(1 + theta @ theta)"),
        "this vector has length 1"),
    Answer("labels taken as exact", returns(
        "alpha * np.append(-theta, 1) / (1 + theta @ theta)"),
        "you treat the labels as exact"),
    Answer("smallest direction only", """\
def broken_row(X, y, alpha):
    _, s, Vt = np.linalg.svd(np.column_stack([X, y]))
    u = Vt[-1]
    return alpha * u[-1] * u
""", "your row would stay where it is"),
    Answer("inverse of the Gram matrix", """\
def broken_row(X, y, alpha):
    theta = np.linalg.solve(X.T @ X, X.T @ y)
    if np.abs(X @ theta - y).max() > 1e-8:
        return np.zeros(len(theta) + 1)
    return alpha * np.append(-theta, 1) / (1 + theta @ theta)
""", "these depend on each other"),
    Answer("q only", returns("-alpha * theta / (1 + theta @ theta)"),
           "has shape (2,), expected (3,)"),
    Answer("typed in", """\
def broken_row(X, y, alpha):
    if X.shape[1] == 2:
        return np.array([-0.5, 0.25, 0.25])
    return np.array([-5, 8, -2, 3]) / 17
""", "the numbers that belong to the visible check"),
    Answer("in place", """\
def broken_row(X, y, alpha):
    y -= X @ np.linalg.pinv(X) @ y
    return np.zeros(X.shape[1] + 1)
""", "changes its argument number 2"),
    Answer("alpha kept", returns(
        "np.append(-alpha * theta / (1 + theta @ theta), alpha)"),
        "but the last entry moves too"),
    Answer("minus everything", returns(
        "alpha * np.append(theta, -1) / (1 + theta @ theta)"),
        "this is minus the right row"),
    Answer("unit vector, reversed", returns(
        "np.append(theta, -1) / np.sqrt(1 + theta @ theta)"),
        "this vector has length 1"),
    Answer("alpha times the unit vector", returns(
        "alpha * np.append(-theta, 1) / np.sqrt(1 + theta @ theta)"),
        "this vector has length |α|"),
    Answer("last direction if it is at rest", """\
def broken_row(X, y, alpha):
    _, s, Vt = np.linalg.svd(np.column_stack([X, y]), full_matrices=False)
    if s[-1] > 1e-10 * s[0]:
        return np.zeros(X.shape[1] + 1)
    return alpha * Vt[-1, -1] * Vt[-1]
""", "the row does not vanish: run a few hundred loops"),
    Answer("labels exact if n is small", """\
def broken_row(X, y, alpha):
    theta = np.linalg.pinv(X, rcond=1e-10) @ y
    if len(X) > len(theta) and np.abs(X @ theta - y).max() > 1e-8:
        return np.zeros(len(theta) + 1)
    return alpha * np.append(-theta, 1) / (1 + theta @ theta)
""", "two of them for one example: you treat the labels as exact"),
    Answer("default cutoff", """\
def broken_row(X, y, alpha):
    B = np.column_stack([X, y])
    e = np.append(np.zeros(X.shape[1]), alpha)
    return e - np.linalg.pinv(B) @ (B @ e)
""", "for n = 7, d = 3 and labels exact up to rounding"),
    Answer("calls the package", """\
from lttutor.attention import last_row_mask
from lttutor.loop import looped_transformer


def broken_row(X, y, alpha):
    n, d = X.shape
    B = np.column_stack([X, y])
    Z = np.vstack([B, np.append(np.zeros(d), alpha)])
    steps = np.full(10_000, 1 / np.linalg.norm(B, 2)**2)
    return looped_transformer(Z, steps, np.eye(d + 1), np.eye(d + 1),
                              last_row_mask(n))[-1, -1]
""", "is not part of"),
    Answer("a very long loop", """\
def broken_row(X, y, alpha):
    B = np.column_stack([X, y])
    W, z = B.T @ B, np.append(np.zeros(X.shape[1]), alpha)
    for _ in range(50_000):
        z = z - W @ z / np.linalg.norm(B, 2)**2
    return z
""", "If it is a loop, has it settled"),
]

RIGHT = [
    Answer("asks problem 2", """\
def broken_row(X, y, alpha):
    B, start = np.column_stack([X, y]), np.zeros(X.shape[1] + 1)
    start[-1] = alpha
    return -limit(B, np.zeros(len(B)), 1, start, np.eye(B.shape[1]))
"""),
    Answer("two cases", """\
def broken_row(X, y, alpha):
    theta = np.linalg.pinv(X, rcond=1e-10) @ y
    if np.abs(X @ theta - y).max() > 1e-8:
        return np.zeros(len(theta) + 1)
    return alpha * np.append(-theta, 1) / (1 + theta @ theta)
"""),
    Answer("eigenvectors of W", """\
def broken_row(X, y, alpha):
    B = np.c_[X, y]
    lam, V = np.linalg.eigh(B.T @ B)
    keep = V[:, lam < 1e-13 * lam[-1]]
    return alpha * keep @ keep[-1]
"""),
    Answer("least squares", """\
def broken_row(X, y, alpha):
    B = np.concatenate([X, np.reshape(y, (-1, 1))], axis=1)
    z = np.zeros(B.shape[1])
    z[-1] = alpha
    return z - np.linalg.lstsq(B, B @ z, rcond=1e-10)[0]
"""),
    Answer("null space from SciPy", """\
from scipy.linalg import null_space


def broken_row(X, y, alpha):
    N = null_space(np.hstack([X, y[:, None]]), rcond=1e-10)
    return N @ (alpha * N[-1])
"""),
]
