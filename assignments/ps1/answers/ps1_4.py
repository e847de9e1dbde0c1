"""Problem 4 of set 1: a machine for weighted examples."""

from tests.course.answers import Answer


def machine(*lines, P="A.T", w="w", Q="np.eye(d + 1)", M="M[n, :n]"):
    body = "".join(f"    {line}\n" for line in lines)
    return f"""\
def machine(A, w):
    n, d = len(w), len(A)
    Q, P, M = {Q}, np.zeros((d + 1, d + 1)), np.zeros((n + 1, n + 1))
    P[:d, :d] = {P}
    {M} = {w}
{body}    return Q, P, M
"""


WRONG = [
    Answer("A as it is", machine(P="A"), "by Aᵀ times the gradient, not by A"),
    Answer("w ignored", machine(w="1"), "the weights w do not enter"),
    Answer("A ignored", machine(P="np.eye(d)"), "A does not enter"),
    Answer("w squared", machine(w="w**2"), "each weight enters twice"),
    Answer("root of w", machine(w="np.sqrt(w)"),
           "the weights enter by their square roots"),
    Answer("minus A", machine(P="-A.T"), "the step goes uphill"),
    Answer("normalized", machine(w="w / w.sum()"),
           "the weights are divided by their sum"),
    Answer("inverse", machine(P="np.linalg.inv(A).T"),
           "A enters as its inverse"),
    Answer("A in Q", machine("Q[:d, :d] = A.T", P="np.eye(d)"),
           "Q changes the scores"),
    Answer("P keeps the labels", machine("P[d, d] = 1"),
           "P writes into the last column"),
    Answer("Q without labels", machine("Q[d, d] = 0"),
           "Q does not compare the labels"),
    Answer("reads itself", machine("M[n, n] = 1"),
           "lets the last row read itself"),
    Answer("causal mask", machine("M += np.tril(np.ones_like(M), -1)"),
           "lets a row of the examples read"),
    Answer("mask transposed", machine(M="M[:n, n]"),
           "your mask is transposed"),
    Answer("typed in", """\
def machine(A, w):
    P, M = np.zeros((3, 3)), np.zeros((4, 4))
    P[:2, :2] = [[2, 3], [7, 4]]
    M[3, :3] = [0.5, 3, 2.4]
    return np.eye(3), P, M
""", "you always return the machine of the visible check"),
    Answer("cut to integers", """\
def machine(A, w):
    n, d = len(w), len(A)
    P = np.zeros((d + 1, d + 1), dtype=A.dtype)
    M = np.zeros((n + 1, n + 1), dtype=A.dtype)
    P[:d, :d], M[n, :n] = A.T, w
    return np.eye(d + 1), P, M
""", "an A of integers the weights are cut"),
    Answer("in place", machine("A *= 1 / w.sum()", "M *= w.sum()",
                               "P[:d, :d] = A.T"),
           "changes its argument number 1"),
    Answer("inverse, transposed", machine(P="np.linalg.inv(A)"),
           "A enters as its inverse, and transposed"),
    Answer("mean", machine(w="w / n"), "the weights are divided by n"),
    Answer("labels written into q", machine("P[d, :d] = 1"),
           "the last row of P adds labels"),
    Answer("order", machine().replace("return Q, P, M", "return M, Q, P"),
           "the shapes of Q, P, M are"),
    Answer("Q and P swapped", machine().replace("return Q, P, M",
                                                "return P, Q, M"),
           "are Q and P swapped"),
    Answer("labels with a minus", machine("Q[d, d] = -1"),
           "Q gives features and labels opposite signs"),
    Answer("weights on the diagonal", machine(M="M[:n, :n]", w="np.diag(w)"),
           "lets each example read itself"),
    Answer("the last row is w", machine(M="M[n]"),
           "a row of M has n + 1 entries"),
    Answer("one over w", machine(w="1 / w"), "the weights enter as 1/w"),
    Answer("minus A, as it is", machine(P="-A"),
           "by −Aᵀ times the gradient"),
    Answer("relative to the mean", machine(w="w / w.mean()"),
           "divided by their mean"),
    Answer("relative to the first", machine(w="w / w[0]"),
           "divided by the first of them"),
    Answer("cut to integers, by w", """\
def machine(A, w):
    n, d = len(w), len(A)
    P = np.zeros((d + 1, d + 1), dtype=w.dtype)
    M = np.zeros((n + 1, n + 1), dtype=w.dtype)
    P[:d, :d], M[n, :n] = A.T, w
    return np.eye(d + 1), P, M
""", "a w of integers A is cut"),
    Answer("weights clipped", machine(w="np.clip(w, 0.1, 10)"),
           "the row that your machine writes"),
    Answer("calls the package", """\
from lttutor.attention import generation_weights, last_row_mask


def machine(A, w):
    Q, P = generation_weights(len(A))
    P[:-1, :-1] = A.T
    return Q, P, last_row_mask(len(w)) * np.append(w, 0)
""", "is not part of"),
]

RIGHT = [
    Answer("scaled apart", """\
def machine(A, w):
    n, d = np.size(w), np.shape(A)[0]
    keep = np.diag([1.0] * d + [0])
    B = np.eye(d + 1)
    B[:d, :d] = A
    M = np.zeros((n + 1, n + 1))
    M[-1, :-1] = 4 * np.array(w)
    return -2 * np.eye(d + 1), -keep @ B.T @ keep / 8, M
"""),
    Answer("blocks", """\
def machine(A, w):
    n, d = len(w), len(A)
    P = np.block([[A.T, np.zeros((d, 1))], [np.zeros((1, d + 1))]])
    M = np.outer(np.eye(n + 1)[n], np.append(w, 0))
    return np.identity(d + 1), P, M
"""),
    Answer("weights normalized, P makes up for it", """\
def machine(A, w):
    total = np.sum(w)
    P = np.pad(np.transpose(A) * total, (0, 1))
    M = np.pad(np.append(w / total, 0)[None], ((len(w), 0), (0, 0)))
    return [np.eye(len(A) + 1), P, M]
"""),
    Answer("zeros up to rounding", """\
def machine(A, w):
    n, d = len(w), len(A)
    turn = np.linalg.qr(np.vander(np.arange(1.0, d + 2)))[0]
    P = np.zeros((d + 1, d + 1))
    P[:d, :d] = np.transpose(A)
    M = np.outer(np.eye(n + 1)[n], np.append(w, 0))
    return turn @ turn.T, turn.T @ (turn @ P @ turn.T) @ turn, M
"""),
]
