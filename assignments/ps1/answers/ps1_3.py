"""Problem 3 of set 1: the lemma for another mask, with SymPy."""

from tests.course.answers import Answer


def row(features, last="sp.zeros(1, 1)"):
    return f"""\
def last_row(X, y, q, alpha, s):
    own = (q.T * q)[0, 0] + alpha**2
    features = {features}
    return sp.Matrix.hstack(features, {last})
"""


LEMMA = "q.T * X.T * X + alpha * y.T * X"

WRONG = [
    Answer("no alpha", row("q.T * X.T * X + y.T * X + s * own * q.T"),
           "the term with y lacks the factor α"),
    Answer("P is the identity", row(
        f"{LEMMA} + s * own * q.T",
        "(q.T * X.T + alpha * y.T) * y + s * own * sp.Matrix([[alpha]])"),
        "the last column is not zero"),
    Answer("own score without alpha",
           row(f"{LEMMA} + s * (own - alpha**2) * q.T"),
           "the last row's own score is not ‖q‖²"),
    Answer("own score without q", row(f"{LEMMA} + s * alpha**2 * q.T"),
           "the last row's own score is not α²"),
    Answer("s forgotten", row(f"{LEMMA} + own * q.T"),
           "lacks the factor s"),
    Answer("s is zero", row(LEMMA), "this is the lemma for s = 0"),
    Answer("minus alpha",
           row("q.T * X.T * X - alpha * y.T * X + s * own * q.T"),
           "the sign of the term with α"),
    Answer("alpha not squared",
           row(f"{LEMMA} + s * (own - alpha**2 + alpha) * q.T"),
           "holds α, not α²"),
    Answer("a whole loop", row(f"q.T - ({LEMMA} + s * own * q.T)"),
           "this is q minus the layer"),
    Answer("alpha on everything", row(
        "alpha * (q.T * X.T * X + y.T * X) + s * own * q.T"),
        "α multiplies the row that is read"),
    Answer("column", row(f"{LEMMA} + s * own * q.T").replace(
        "return sp.Matrix.hstack(features, sp.zeros(1, 1))",
        "return sp.Matrix.hstack(features, sp.zeros(1, 1)).T"),
        "return a row of shape (1, d + 1), not a column"),
    Answer("no last entry", row(f"{LEMMA} + s * own * q.T").replace(
        "return sp.Matrix.hstack(features, sp.zeros(1, 1))",
        "return features"), "the last entry of the row is missing"),
    Answer("X Xᵀ", row("q.T * X * X.T + alpha * y.T * X + s * own * q.T"),
           "which products have shape (1, d)"),
    Answer("typed in", """\
def last_row(X, y, q, alpha, s):
    return sp.Matrix([[486, 1753, 0]])
""", "do you use its numbers"),
    Answer("a NumPy array", row(f"{LEMMA} + s * own * q.T").replace(
        "return sp.Matrix.hstack(features, sp.zeros(1, 1))",
        "return np.array(sp.Matrix.hstack(features, sp.zeros(1, 1)))"),
        "return a SymPy matrix"),
    Answer("y not multiplied by X",
           row("q.T * X.T * X + alpha * y.T + s * own * q.T"),
           "which products have shape (1, d)"),
    Answer("s squared", row(f"{LEMMA} + s**2 * own * q.T"),
           "s enters squared"),
    Answer("s on q only", row(
        f"{LEMMA} + (s * (own - alpha**2) + alpha**2) * q.T"),
        "s multiplies ‖q‖² only"),
    Answer("s on everything", row(f"s * ({LEMMA} + own * q.T)"),
           "s multiplies the examples' part as well"),
    Answer("minus s", row(f"{LEMMA} - s * own * q.T"),
           "the sign of the own term"),
    Answer("keeps alpha", row(f"{LEMMA} + s * own * q.T",
                              "sp.Matrix([[alpha]])"),
           "the last entry is α"),
    Answer("mask as matrix", """\
def last_row(X, y, q, alpha, s):
    Z = X.row_join(y).col_join(q.T.row_join(sp.Matrix([[alpha]])))
    M = sp.zeros(len(y), len(y) + 1).col_join(
        sp.ones(1, len(y)).row_join(sp.Matrix([[s]])))
    return (M * (Z * Z.T) * Z * sp.diag(sp.eye(len(q)), 0))[len(y), :]
""", "M multiplies the scores as a matrix"),
    Answer("a matrix plus a number", row(
        f"{LEMMA} + s * (q.T * q + alpha**2) * q.T"),
        "[0, 0] takes its entry"),
    Answer("blocks and a number", """\
def last_row(X, y, q, alpha, s):
    Z = sp.Matrix([[X, y], [q.T, alpha]])
    scores = Z[len(y), :] * Z.T
    scores[len(y)] *= s
    return scores * Z * sp.diag(sp.eye(len(q)), 0)
""", "α must be one too"),
    Answer("symbols of its own", """\
def last_row(X, y, q, alpha, s):
    alpha, s = sp.symbols("alpha s", real=True)
    own = q.dot(q) + alpha**2
    row = q.T * X.T * X + alpha * y.T * X + s * own * q.T
    return row.row_join(sp.zeros(1, 1))
""", "symbols of its own (alpha, s)"),
    Answer("the whole layer", """\
def last_row(X, y, q, alpha, s):
    own = q.dot(q) + alpha**2
    row = q.T * X.T * X + alpha * y.T * X + s * own * q.T
    row = row.row_join(sp.zeros(1, 1))
    return sp.zeros(len(y), len(q) + 1).col_join(row)
""", "this is the whole layer"),
    Answer("s is a number", """\
def last_row(X, y, q, alpha, s):
    row = q.T * X.T * X + alpha * y.T * X
    for _ in range(int(s)):
        row += (q.dot(q) + alpha**2) * q.T
    return row.row_join(sp.zeros(1, 1))
""", "which int and float do not take"),
    Answer("calls the package", """\
from lttutor.symbolic import symbolic_attention


def last_row(X, y, q, alpha, s):
    n, d = X.shape
    Z = X.row_join(y).col_join(q.T.row_join(sp.Matrix([[alpha]])))
    M = sp.zeros(n + 1, n + 1)
    M[n, :] = sp.ones(1, n).row_join(sp.Matrix([[s]]))
    return symbolic_attention(Z, sp.eye(d + 1), sp.diag(sp.eye(d), 0), M)[n, :]
""", "is not part of"),
]

RIGHT = [
    Answer("runs the layer", """\
def last_row(X, y, q, alpha, s):
    n, d = X.shape
    Z = sp.Matrix(sp.BlockMatrix([[X, y], [q.T, sp.Matrix([[alpha]])]]))
    M = sp.zeros(n + 1, n + 1)
    for j in range(n):
        M[n, j] = 1
    M[n, n] = s
    P = sp.diag(sp.eye(d), 0)
    return (M.multiply_elementwise(Z * Z.T) * Z * P)[n, :]
"""),
    Answer("score by score", """\
def last_row(X, y, q, alpha, s):
    n, d = X.shape
    out = s * (q.dot(q) + alpha**2) * q.T
    for i in range(n):
        score = X[i, :].dot(q) + alpha * y[i]
        out += score * X[i, :]
    return sp.ImmutableMatrix(list(out) + [0]).T
"""),
    Answer("gradient of the loss", """\
def last_row(X, y, q, alpha, s):
    t = sp.Matrix([sp.Dummy() for _ in q])
    residuals = X * t + alpha * y
    loss = residuals.dot(residuals) / 2 + s * (t.dot(t) + alpha**2)**2 / 4
    gradient = [loss.diff(t[j]).subs(dict(zip(t, q))) for j in range(len(q))]
    return sp.Matrix([gradient + [0]])
"""),
]
