"""Problem 1 of set 4: the best matrix for one loop."""

from tests.course.answers import Answer


def pair(scale="n / (n + d + 1)", loss="d * (d + 1) / (n + d + 1)",
         matrix="np.linalg.inv(covariance)"):
    return f"""\
def best_for_one_loop(n, covariance):
    d = len(covariance)
    return {scale} * {matrix}, {loss}
"""


WRONG = [
    Answer("inverse", pair("1"), "this is Σ⁻¹"),
    Answer("n over n+d", pair("n / (n + d)"), "the factor n/(n + d)"),
    Answer("n over n+1", pair("n / (n + 1)"), "the factor n/(n + 1)"),
    Answer("times covariance", pair(matrix="covariance"),
           "this is a multiple of Σ, not of Σ⁻¹"),
    Answer("identity", pair(matrix="np.eye(d)"),
           "the covariance of the examples is Σ, not I"),
    Answer("root", """\
def best_for_one_loop(n, covariance):
    d = len(covariance)
    lam, V = np.linalg.eigh(covariance)
    A = n / (n + d + 1) * (V / np.sqrt(lam)) @ V.T
    return A, d * (d + 1) / (n + d + 1)
""", "this is a multiple of Σ^(−1/2)"),
    Answer("inverse Wishart", pair("(n - d - 1) / n"),
           "makes Σ̂⁻¹ right on average"),
    Answer("n over n-d-1", pair("n / (n - d - 1)"),
           "this is the mean of Σ̂⁻¹"),
    Answer("n over n+2", pair("n / (n + 2)"), "takes tr(I) to be 1"),
    Answer("per feature", pair(loss="(d + 1) / (n + d + 1)"),
           "this is the loss per feature"),
    Answer("loss of inverse", pair(loss="d * (d + 1) / n"),
           "this is the loss of Σ⁻¹"),
    Answer("gain", pair(loss="d * n / (n + d + 1)"),
           "this is d minus the loss"),
    Answer("root of loss", pair(loss="(d * (d + 1) / (n + d + 1))**0.5"),
           "this is the square root of the loss"),
    Answer("no fluctuation", pair(loss="d * ((d + 1) / (n + d + 1))**2"),
           "the fluctuations of Σ̂ are left out"),
    Answer("matrix only", pair(loss="0").replace(", 0\n", "\n"),
           "return two things"),
    Answer("whole-number division", pair("n // (n + d + 1)"),
           "did // cut the factor"),
    Answer("fitted to the check", pair("n / (2 * n - d)"),
           "Derive it, do not read it off the check"),
    Answer("four for d + 1", pair("n / (n + 4)", "4 * d / (n + 4)"),
           "Derive it, do not read it off the check"),
    Answer("zero for few examples", pair(
        "(n > d) * n / (n + d + 1)", "d * (1 - (n > d) * n / (n + d + 1))"),
        "A is zero where n is not larger than d"),
    Answer("rounded", """\
def best_for_one_loop(n, covariance):
    d = len(covariance)
    A = n / (n + d + 1) * np.linalg.inv(covariance)
    return np.round(A, 8), round(d * (d + 1) / (n + d + 1), 9)
""", "a random Σ with large entries"),
    Answer("cut to integers", """\
def best_for_one_loop(n, covariance):
    d, A = len(covariance), np.zeros_like(covariance)
    A[:] = n / (n + d + 1) * np.linalg.inv(covariance)
    return A, d * (d + 1) / (n + d + 1)
""", "A is cut to whole numbers"),
    Answer("calls the package", """\
from lttutor.learning.wishart import optimal_scale


def best_for_one_loop(n, covariance):
    d = len(covariance)
    a = optimal_scale(n, d, 1)
    return a * np.linalg.inv(covariance), d * (1 - a)
""", "is not part of"),
    Answer("typed in", """\
def best_for_one_loop(n, covariance):
    A = np.linalg.inv([[2.0, 1, 0], [1, 3, 0.5], [0, 0.5, 1]])
    return 7 / 11 * A, 12 / 11
""", "the matrix that belongs to the visible check"),
    Answer("in place", """\
def best_for_one_loop(n, covariance):
    d = len(covariance)
    covariance *= (n + d + 1) / n
    return np.linalg.inv(covariance), d * (d + 1) / (n + d + 1)
""", "changes its argument number 2"),
]

RIGHT = [
    Answer("solve", """\
def best_for_one_loop(n, covariance):
    d = covariance.shape[0]
    a = 1 / (1 + (d + 1) / n)
    return np.linalg.solve(covariance, a * np.identity(d)), d * (1 - a)
"""),
    Answer("normal equations, whatever Σ is", """\
def best_for_one_loop(n, covariance):
    # E[Σ̂CΣ̂] = SCS + (SCᵀS + tr(CS) S)/n, here for C = Σ⁻¹
    S = np.array(covariance, dtype=float)
    C = np.linalg.inv(S)
    second = S @ C @ S + (S @ C.T @ S + np.trace(C @ S) * S) / n
    A = np.linalg.solve(S.T, np.linalg.solve(second, S).T).T
    return A, len(S) - 2 * np.trace(S @ A) + np.trace(second @ A @ S @ A.T)
"""),
    Answer("numerical minimum along Σ⁻¹", """\
def best_for_one_loop(n, covariance):
    # tr E(I − aW)² = d − 2 a d + a² d (1 + (d + 1)/n)
    d = len(covariance)
    c = d * np.array([1 + (d + 1) / n, -2, 1])
    a = np.roots(np.polyder(c))[0]
    return a * np.linalg.pinv(covariance), np.polyval(c, a)
"""),
]
