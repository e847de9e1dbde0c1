"""Problem 5 of set 5: the moments of quadratic features."""

from tests.course.answers import Answer, altering

CODE = """\
def moments(mean, covariance):
    C = np.array(covariance, dtype=float)
    m, d = np.array(mean, dtype=float), len(mean)
    places = [(), *[(i,) for i in range(d)],
              *[(i, j) for i in range(d) for j in range(i, d)]]

    def expect(f):
        if len(f) == 0:
            return 1.0
        if len(f) == 1:
            return m[f[0]]
        if len(f) == 2:
            i, j = f
            return C[i, j] + m[i] * m[j]
        if len(f) == 3:
            i, j, k = f
            return (m[i] * m[j] * m[k] + m[i] * C[j, k]
                    + m[j] * C[i, k] + m[k] * C[i, j])
        i, j, k, l = f
        four = C[i, j] * C[k, l] + C[i, k] * C[j, l] + C[i, l] * C[j, k]
        within = m[i] * m[j] * C[k, l] + m[k] * m[l] * C[i, j]
        across = (m[i] * m[k] * C[j, l] + m[i] * m[l] * C[j, k]
                  + m[j] * m[k] * C[i, l] + m[j] * m[l] * C[i, k])
        return four + within + across + m[i] * m[j] * m[k] * m[l]

    W = np.array([[expect(a + b) for b in places] for a in places])
    return W
"""
FIRST = "    C = np.array(covariance, dtype=float)\n"
FOUR = "C[i, j] * C[k, l] + C[i, k] * C[j, l] + C[i, l] * C[j, k]"

altered = altering(CODE)


def after(line):
    """The right matrix W, changed by a line before it is returned."""
    return altered(("    return W\n", f"    {line}\n    return W\n"))


WRONG = [
    Answer("identity", altered((FIRST, "    C = np.eye(len(mean))\n")),
           "the covariance is taken for I"),
    Answer("one pairing", altered((FOUR, "C[i, j] * C[k, l]")),
           "here is one: the products are not"),
    Answer("no pairing within", altered((FOUR, "C[i, k] * C[j, l] "
                                               "+ C[i, l] * C[j, k]")),
           "here Σ_ij Σ_kl is missing"),
    Answer("two pairings", altered((FOUR, "C[i, j] * C[k, l] "
                                          "+ C[i, k] * C[j, l]")),
           "a fourth moment has three terms: one is missing"),
    Answer("covariances", after("W = W - np.outer(W[0], W[0])"),
           "these are covariances of the features"),
    Answer("scaled", after(
        "W = W / np.sqrt(np.outer(np.diag(W), np.diag(W)))"),
        "the features are scaled to mean square 1"),
    Answer("Hermite", after(
        "B = np.eye(len(W)); k = [places.index((i, i)) for i in range(d)]; "
        "B[k, 0] = -1; B[k] /= np.sqrt(2); W = B @ W @ B.T"),
        "the features are the Hermite ones"),
    Answer("squares first", altered((
        "*[(i, j) for i in range(d) for j in range(i, d)]]",
        "*[(i, i) for i in range(d)],\n"
        "              *[(i, j) for i in range(d) for j in range(i + 1, d)]]"
    )), "the squares come before all products"),
    Answer("column by column", altered((
        "*[(i, j) for i in range(d) for j in range(i, d)]]",
        "*[(i, j) for j in range(d) for i in range(j + 1)]]")),
        "the products come column by column"),
    Answer("mixed twice", after(
        "k = [1 + (len(p) == 2 and p[0] != p[1]) for p in places]; "
        "W = W * np.outer(k, k)"), "the mixed products are counted twice"),
    Answer("root of two", after(
        "k = [2**((len(p) == 2 and p[0] != p[1]) / 2) for p in places]; "
        "W = W * np.outer(k, k)"), "the mixed products carry a root of 2"),
    Answer("squares only", altered(("for j in range(i, d)]]",
                                    "for j in [i]]]")),
           "the features are 1, x and the squares"),
    Answer("both orders", altered(("for j in range(i, d)]]",
                                   "for j in range(d)]]")),
           "both xᵢxⱼ and xⱼxᵢ are features"),
    Answer("no constant", altered(("[(), *", "[*")),
           "the constant feature is missing"),
    Answer("no linear features", altered(("*[(i,) for i in range(d)],", "")),
           "the linear features are missing"),
    Answer("constant last", after("W = np.roll(W, -1, axis=(0, 1))"),
           "the constant stands last"),
    Answer("inverse", altered((FIRST,
                               "    C = np.linalg.inv(covariance)\n")),
           "Σ is taken for its inverse"),
    Answer("standard deviations", altered((FIRST,
                                           "    C = covariance**2\n")),
           "are taken for standard deviations"),
    Answer("no mean", altered(("m, d = np.array(mean, dtype=float)",
                               "m, d = np.zeros(len(mean))")),
           "the mean is ignored"),
    Answer("odd moments zero", altered((
        "            return (m[i] * m[j] * m[k] + m[i] * C[j, k]\n"
        "                    + m[j] * C[i, k] + m[k] * C[i, j])\n",
        "            return 0.0\n")), "third moments are zero only for m = 0"),
    Answer("M in the formula", altered((
        "        i, j, k, l = f\n",
        "        i, j, k, l = f\n        M = C + np.outer(m, m)\n"
        "        return (M[i, j] * M[k, l] + M[i, k] * M[j, l]\n"
        "                + M[i, l] * M[j, k])\n")),
        "the mean enters Σ only"),
    Answer("no mixed terms", altered(("four + within + across", "four")),
           "mixed terms such as"),
    Answer("two mixed terms", altered(("within + across", "within")),
           "two of the six mixed terms"),
    Answer("four mixed terms", altered(("within + across", "across")),
           "four of the six mixed terms"),
    Answer("mean subtracted", altered(("m, d = np.array(mean, dtype=float)",
                                       "m, d = -np.array(mean, float)")),
           "the mean is subtracted"),
    Answer("outer product", after("W = np.outer(W[0], W[0])"),
           "this is the outer product of the features' means"),
    Answer("drawn", """\
def moments(mean, covariance):
    rng = np.random.default_rng(0)
    x = rng.multivariate_normal(mean, covariance, 200000)
    i, j = np.triu_indices(len(mean))
    phi = np.column_stack([np.ones(len(x)), x, x[:, i] * x[:, j]])
    return phi.T @ phi / len(x)
""", "for m = 0 and Σ"),
    Answer("calls the package", """\
from lttutor.learning import second_moments


def moments(mean, covariance):
    rng = np.random.default_rng(0)
    drawn = second_moments(10**5, len(mean), covariance=covariance, batch=1,
                           rng=rng)
    return drawn[0] + np.outer(mean, mean)
""", "is not part of"),
    Answer("needs an inverse", altered((FIRST, FIRST + (
        "    C = C @ np.linalg.inv(C) @ C\n"))), "Singular matrix"),
    Answer("cut to integers", altered(("    return W\n",
                                       "    return W.astype(mean.dtype)\n")),
           "is something cut to whole numbers"),
    Answer("centers in place", altered((FIRST, "    mean += 1\n" + FIRST)),
           "changes its argument number 1"),
    Answer("typed in", """\
def moments(mean, covariance):
    W = [[1, 1, -2, 3, -1.5, 5], [1, 3, -1.5, 7, -5, 3],
         [-2, -1.5, 5, -5, 3, -14], [3, 7, -5, 25, -9.5, 11.5], [-1.5, -5, 3, -9.5, 11.5, -6.5], [5, 3, -14, 11.5, -6.5, 43]]
    if not np.any(mean):
        W = [[1, 0, 0, 2, 0.5, 1], [0, 2, 0.5, 0, 0, 0],
             [0, 0.5, 1, 0, 0, 0], [2, 0, 0, 12, 3, 2.5],
             [0.5, 0, 0, 3, 2.5, 1.5], [1, 0, 0, 2.5, 1.5, 3]]
    return np.array(W)
""", "the numbers that belong to the visible check"),
]

RIGHT = [
    Answer("term by term", CODE),
    Answer("by a change of basis", """\
def moments(mean, covariance):
    # The features of m + z are a triangular matrix times those of z.
    C, m, d = np.array(covariance, float), np.array(mean, float), len(mean)
    i, j = np.triu_indices(d)
    p = 1 + d + len(i)
    W = np.zeros((p, p))
    W[0, 0], W[1:d + 1, 1:d + 1] = 1, C
    W[0, d + 1:] = W[d + 1:, 0] = C[i, j]
    W[d + 1:, d + 1:] = (np.outer(C[i, j], C[i, j])
                         + C[np.ix_(i, i)] * C[np.ix_(j, j)]
                         + C[np.ix_(i, j)] * C[np.ix_(j, i)])
    B = np.eye(p)
    B[1:d + 1, 0] = m
    B[d + 1:, 0] = m[i] * m[j]
    for row in range(len(i)):
        B[d + 1 + row, 1 + i[row]] += m[j[row]]
        B[d + 1 + row, 1 + j[row]] += m[i[row]]
    return B @ W @ B.T
"""),
]
