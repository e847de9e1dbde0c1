"""Problem 1 of set 1: one layer of attention."""

from tests.course.answers import Answer

HEAD = "def attention(Z, Q, P, M):\n"


def returns(expression, before=""):
    return f"{HEAD}{before}    return {expression}\n"


WRONG = [
    Answer("no mask", returns("(Z @ Q @ Z.T) @ Z @ P"),
           "the scores are not masked"),
    Answer("mask as switch", returns("np.where(M != 0, Z @ Q @ Z.T, 0) @ Z @ P"),
           "you use the mask as a switch"),
    Answer("mask as matrix", returns("(M @ (Z @ Q @ Z.T)) @ Z @ P"),
           "M multiplies the scores as a matrix"),
    Answer("Q transposed", returns("(M * (Z @ Q.T @ Z.T)) @ Z @ P"),
           "the scores are those of Q transposed"),
    Answer("M transposed", returns("(M.T * (Z @ Q @ Z.T)) @ Z @ P"),
           "M enters transposed"),
    Answer("no P", returns("(M * (Z @ Q @ Z.T)) @ Z"),
           "P is missing"),
    Answer("P transposed", returns("(M * (Z @ Q @ Z.T)) @ Z @ P.T"),
           "P enters transposed"),
    Answer("softmax", HEAD + """\
    scores = Z @ Q @ Z.T
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return (M * weights) @ Z @ P
""", "a softmax is applied"),
    Answer("divided by n", returns("(M * (Z @ Q @ Z.T)) @ Z @ P / (len(Z) - 1)"),
           "the result is divided by n"),
    Answer("a whole loop", returns("Z - (M * (Z @ Q @ Z.T)) @ Z @ P"),
           "this is Z minus the layer"),
    Answer("labels dropped", HEAD + """\
    out = (M * (Z @ Q @ Z.T)) @ Z @ P
    out[:, -1] = 0
    return out
""", "your last column is zero"),
    Answer("Z Q Z", returns("(M * (Z @ Q @ Z)) @ Z @ P"),
           "is a transpose missing"),
    Answer("P on the left", returns("P @ (M * (Z @ Q @ Z.T)) @ Z"),
           "does P stand on the wrong side"),
    Answer("typed in", HEAD + """\
    return np.array([[46, -62, 0], [-4, 6, 0],
                     [-74, -102, -60], [87, -156, -6.0]])
""", "that belong to the visible check"),
    Answer("cut to integers", HEAD + """\
    out = np.zeros_like(Z)
    out[:] = (M * (Z @ Q @ Z.T)) @ Z @ P
    return out
""", "cut to whole numbers"),
    Answer("in place", HEAD + """\
    M *= Z @ Q @ Z.T
    return M @ Z @ P
""", "changes its argument number 4"),
    Answer("nothing returned", HEAD + "    (M * (Z @ Q @ Z.T)) @ Z @ P\n",
           "is a return statement missing"),
    Answer("calls the package", """\
from lttutor.attention import linear_attention as attention
""", "is not part of"),
    Answer("softmax of masked scores", HEAD + """\
    scores = M * (Z @ Q @ Z.T)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights @ Z @ P
""", "a softmax is applied to the masked scores"),
    Answer("softmax as usual", HEAD + """\
    scores = np.where(M != 0, Z @ Q @ Z.T, -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights @ Z @ P
""", "masked scores are set to minus infinity"),
    Answer("mask as matrix, right", returns("((Z @ Q @ Z.T) @ M) @ Z @ P"),
           "as a matrix, from the right"),
    Answer("no Q", returns("(M * (Z @ Z.T)) @ Z @ P"), "Q is missing"),
    Answer("a whole loop, uphill", returns("Z + (M * (Z @ Q @ Z.T)) @ Z @ P"),
           "this is Z plus the layer"),
    Answer("no parentheses", returns("(M * Z @ Q @ Z.T) @ Z @ P"),
           "are parentheses missing"),
    Answer("scores clipped", HEAD + """\
    scores = np.clip(Z @ Q @ Z.T, -1e3, 1e3)
    return (M * scores) @ Z @ P
""", "on a random prompt of size 100"),
    Answer("rounded", returns("np.round((M * (Z @ Q @ Z.T)) @ Z @ P, 6)"),
           "on a random prompt of size 0.01"),
]

RIGHT = [
    Answer("in one line", returns("(M * (Z @ Q @ Z.T)) @ Z @ P")),
    Answer("other grouping",
           "attention = lambda Z, Q, P, M: "
           "np.multiply(M, Z.dot(Q).dot(Z.T)).dot(Z.dot(P) + 0.0)\n"),
    Answer("row by row", """\
def attention(Z, Q, P, M):
    out = np.zeros(np.shape(Z))
    for i, asking in enumerate(Z):
        for j, read in enumerate(Z):
            out[i] += M[i, j] * (asking @ Q @ read) * (read @ P)
    return out
"""),
    Answer("one einsum", """\
def attention(Z, Q, P, M):
    scores = np.einsum("ia,ab,jb->ij", Z, Q, Z)
    return np.einsum("ij,ij,jc,ce->ie", M, scores, Z, P).astype(float)
"""),
]
