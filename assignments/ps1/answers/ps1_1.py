"""Problem 1 of set 1: one prompt reads another."""

from tests.course.answers import Answer

HEAD = "def attention(Z, W, Q, P, M):\n"


def returns(expression):
    return f"{HEAD}    return {expression}\n"


WRONG = [
    Answer("no mask", returns("(Z @ Q @ W.T) @ W @ P"),
           "the scores are not masked: where does M enter?"),
    Answer("mask as switch", returns("np.where(M != 0, Z @ Q @ W.T, 0) @ W @ P"),
           "you use the mask as a switch: multiply each score by the"),
    Answer("Q transposed", returns("(M * (Z @ Q.T @ W.T)) @ W @ P"),
           "the scores are those of Q transposed: in Z Q Wᵀ, row i of Z"),
    Answer("the book's order, roles exchanged", returns("(M * (W @ Q @ Z.T).T) @ W @ P"),
           "the scores are those of Q transposed: in Z Q Wᵀ, row i of Z"),
    Answer("no P", returns("(M * (Z @ Q @ W.T)) @ W"),
           "P is missing: the rows that are read must be multiplied by P"),
    Answer("P transposed", returns("(M * (Z @ Q @ W.T)) @ W @ P.T"),
           "P enters transposed"),
    Answer("softmax", HEAD + """\
    scores = Z @ Q @ W.T
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return (M * weights) @ W @ P
""",
           "a softmax is applied to the scores: this attention is linear"),
    Answer("softmax of masked scores", HEAD + """\
    scores = M * (Z @ Q @ W.T)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights @ W @ P
""",
           "a softmax is applied to the masked scores: this attention"),
    Answer("softmax as usual", HEAD + """\
    scores = np.where(M != 0, Z @ Q @ W.T, -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights @ W @ P
""",
           "masked scores are set to minus infinity and a softmax is"),
    Answer("no Q", returns("(M * (Z @ W.T)) @ W @ P"),
           "Q is missing: the scores are Z Q Wᵀ"),
    Answer("a whole loop", returns("Z - (M * (Z @ Q @ W.T)) @ W @ P"),
           "this is Z minus the layer: return the layer itself"),
    Answer("a whole loop, uphill", returns("Z + (M * (Z @ Q @ W.T)) @ W @ P"),
           "this is Z plus the layer: return the layer itself"),
    Answer("divided by n", returns("(M * (Z @ Q @ W.T)) @ W @ P / len(W)"),
           "the result is divided by n: this attention does not average"),
    Answer("divided by the root", returns("(M * (Z @ Q @ W.T)) @ W @ P / np.sqrt(W.shape[1])"),
           "the scores are divided by the root of d + 1: this attention"),
    Answer("labels dropped", HEAD + """\
    out = (M * (Z @ Q @ W.T)) @ W @ P
    out[:, -1] = 0
    return out
""",
           "your last column is zero: here P is any matrix, and what it"),
    Answer("reads itself", returns("(M[:, :len(Z)] * (Z @ Q @ Z.T)) @ Z @ P"),
           "the rows of Z read each other: they read the rows of W"),
    Answer("answers with Z", HEAD + """\
    scores = M * (Z @ Q @ W.T)
    return scores[:, :len(Z)] @ Z @ P
""",
           "the scores are right, but what is read are rows of Z: row i"),
    Answer("Z Q W", returns("(M * (Z @ Q @ W)) @ W @ P"),
           "is a transpose missing"),
    Answer("P on the left", returns("P @ (M * (Z @ Q @ W.T)) @ W"),
           "does P stand on the wrong side"),
    Answer("mask as matrix", returns("(M @ (Z @ Q @ W.T)) @ W @ P"),
           "is a transpose missing"),
    Answer("no parentheses", returns("(M * Z @ Q @ W.T) @ W @ P"),
           "are parentheses missing"),
    Answer("M transposed", returns("(M.T * (Z @ Q @ W.T)) @ W @ P"),
           "is a transpose missing"),
    Answer("one prompt of both", HEAD + """\
    both = np.vstack([Z, W])
    mask = np.zeros((len(both), len(both)))
    mask[:len(Z), len(Z):] = M
    return (mask * (both @ Q @ both.T)) @ both @ P
""",
           "the result has shape"),
    Answer("typed in", HEAD + """\
    return np.array([[0, 12, 2],
                     [96.5, 45.5, 38.75]]) * 1.0
""",
           "that belong to the visible check"),
    Answer("cut to integers", HEAD + """\
    out = np.zeros_like(Z)
    out[:] = (M * (Z @ Q @ W.T)) @ W @ P
    return out
""",
           "cut to whole numbers"),
    Answer("in place", HEAD + """\
    M *= Z @ Q @ W.T
    return M @ W @ P
""",
           "changes its argument number 5"),
    Answer("nothing returned", HEAD + """\
    (M * (Z @ Q @ W.T)) @ W @ P
""",
           "is a return statement missing"),
    Answer("calls the package", """\
from lttutor.attention import linear_attention as attention
""",
           "is not part of"),
    Answer("scores clipped", HEAD + """\
    scores = np.clip(Z @ Q @ W.T, -1e3, 1e3)
    return (M * scores) @ W @ P
""",
           "on random prompts of size 100"),
    Answer("rounded", returns("np.round((M * (Z @ Q @ W.T)) @ W @ P, 6)"),
           "is the largest error allowed"),
]

RIGHT = [
    Answer("in one line", returns("(M * (Z @ Q @ W.T)) @ W @ P")),
    Answer("other grouping",
           "attention = lambda Z, W, Q, P, M: "
           "np.multiply(M, Z.dot(Q).dot(W.T)).dot(W.dot(P) + 0.0)\n"),
    Answer("row by row", """\
def attention(Z, W, Q, P, M):
    out = np.zeros(np.shape(Z))
    for i, asking in enumerate(Z):
        for j, read in enumerate(W):
            out[i] += M[i, j] * (asking @ Q @ read) * (read @ P)
    return out
"""),
    Answer("one large prompt, cut again", """\
def attention(Z, W, Q, P, M):
    both = np.vstack([Z, W]).astype(float)
    mask = np.zeros((len(both), len(both)))
    mask[:len(Z), len(Z):] = M
    return ((mask * (both @ Q @ both.T)) @ both @ P)[:len(Z)]
"""),
]
