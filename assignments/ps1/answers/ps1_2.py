"""Problem 2 of set 1: a mask for several queries."""

from tests.course.answers import Answer


def fills(*lines):
    """A mask of zeros, then these lines."""
    body = "".join(f"    {line}\n" for line in lines)
    return ("def query_mask(n, m):\n"
            f"    M = np.zeros((n + m, n + m))\n{body}    return M\n")


WRONG = [
    Answer("transposed", fills("M[:n, n:] = 1"), "your mask is transposed"),
    Answer("itself", fills("M[n:, :n] = 1", "np.fill_diagonal(M[n:, n:], 1)"),
           "each moving row also reads itself"),
    Answer("each other", fills("M[n:] = 1", "np.fill_diagonal(M, 0)"),
           "the moving rows read each other"),
    Answer("all", fills("M[n:] = 1"), "the moving rows read every row"),
    Answer("tril", fills("M += np.tril(np.ones_like(M))"),
           "the causal mask with the diagonal"),
    Answer("strict tril", fills("M += np.tril(np.ones_like(M), -1)"),
           "the causal mask without the diagonal"),
    Answer("examples read too", fills("M[:, :n] = 1"),
           "every row reads the examples"),
    Answer("only the last", fills("M[-1, :n] = 1"), "only the last row reads"),
    Answer("swapped", fills("M[m:, :m] = 1"), "n and m are swapped"),
    Answer("additive", fills("M -= 1e9", "M[n:, :n] = 0"),
           "meant to be added before a softmax"),
    Answer("wrong size", """\
def query_mask(n, m):
    M = np.zeros((n + 1, n + 1))
    M[n:, :n] = 1
    return M
""", "the result has shape (4, 4), expected (5, 5)"),
    Answer("typed in", """\
def query_mask(n, m):
    M = np.zeros((5, 5))
    M[3:, :3] = 1
    return M
""", "you always return the mask for n = 3, m = 2"),
    Answer("calls the package", """\
from lttutor.attention import last_row_mask

def query_mask(n, m):
    M = np.zeros((n + m, n + m))
    M[n:, :n] = last_row_mask(n)[-1, :n]
    return M
""", "is not part of"),
    Answer("minus infinity", """\
def query_mask(n, m):
    M = np.full((n + m, n + m), -np.inf)
    M[n:, :n] = 0
    return M
""", "meant to be added before a softmax"),
    Answer("no mask", fills("M += 1"), "this is no mask at all"),
    Answer("tril, moving rows", fills("M += np.tril(np.ones_like(M))",
                                      "M[:n] = 0"),
           "reads itself and the moving rows above it"),
    Answer("strict tril, moving rows", fills(
        "M += np.tril(np.ones_like(M), -1)", "M[:n] = 0"),
        "a moving row reads the moving rows above it"),
    Answer("exchanged", fills("M += 1", "M[n:, :n] = 0"),
           "ones and zeros are exchanged"),
    Answer("the last two rows", fills("M[-2:, :n] = 1"),
           "does a 2 or a 3 of the visible check stand in your code"),
    Answer("n is the larger one", fills(
        "n, m = max(n, m), min(n, m)", "M[n:, :n] = 1"), "for n = 2, m = 5"),
]

RIGHT = [
    Answer("blocks", """\
def query_mask(n, m):
    return np.block([[np.zeros((n, n)), np.zeros((n, m))],
                     [np.ones((m, n)), np.zeros((m, m))]])
"""),
    Answer("outer product", """\
def query_mask(n, m):
    moves = np.arange(n + m) >= n
    return np.outer(moves, ~moves).astype(int)
"""),
    Answer("booleans", """\
def query_mask(n, m):
    i = np.arange(n + m)
    return (i[:, None] >= n) & (i < n)
"""),
    Answer("lists", """\
def query_mask(n, m):
    return [[int(i >= n > j) for j in range(n + m)] for i in range(n + m)]
"""),
]
