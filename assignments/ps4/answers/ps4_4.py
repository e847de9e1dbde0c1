"""Problem 4 of set 4: the best matrix for one loop on noisy labels."""

from tests.course.answers import Answer


def pair(scale="n / (n + m)", loss="d * m / (n + m)",
         matrix="np.linalg.inv(covariance)"):
    return f"""\
def best_for_one_loop(n, covariance, noise):
    d = len(covariance)
    m = d + 1 + noise**2
    return {scale} * {matrix}, {loss}
"""


WRONG = [
    Answer("inverse", pair("1"), "this is Σ⁻¹"),
    Answer("n over n+d", pair("n / (n + d + noise**2)"), "the factor n/(n + d)"),
    Answer("n over n+1", pair("n / (n + 1 + noise**2)"), "the factor n/(n + 1)"),
    Answer("times covariance", pair(matrix="covariance"),
           "this is a multiple of Σ, not of Σ⁻¹"),
    Answer("identity", pair(matrix="np.eye(d)"),
           "the covariance of the examples is Σ, not I"),
    Answer("root", """\
def best_for_one_loop(n, covariance, noise):
    d = len(covariance)
    lam, V = np.linalg.eigh(covariance)
    m = d + 1 + noise**2
    A = n / (n + m) * (V / np.sqrt(lam)) @ V.T
    return A, d * m / (n + m)
""", "this is a multiple of Σ^(−1/2)"),
    Answer("inverse Wishart", pair("(n - d - 1) / n"),
           "makes Σ̂⁻¹ right on average"),
    Answer("n over n-d-1", pair("n / (n - d - 1)"),
           "this is the mean of Σ̂⁻¹"),
    Answer("n over n+2", pair("n / (n + 2 + noise**2)"), "takes tr(I) to be 1"),
    Answer("per feature", pair(loss="m / (n + m)"),
           "this is the loss per feature"),
    Answer("loss of inverse", pair(loss="d * m / n"),
           "this is the loss of Σ⁻¹"),
    Answer("gain", pair(loss="d * n / (n + m)"),
           "this is d minus the loss"),
    Answer("root of loss", pair(loss="(d * m / (n + m))**0.5"),
           "this is the square root of the loss"),
    Answer("no fluctuation", pair(loss="d * (m / (n + m))**2"),
           "the fluctuations of Σ̂ are left out"),
    Answer("matrix only", pair(loss="0").replace(", 0\n", "\n"),
           "return two things"),
    Answer("whole-number division", pair("n // (n + m)"),
           "did // cut the factor"),
    Answer("fitted to the check", pair("n / (2 * n - d + noise**2)"),
           "Derive it, do not read it off the check"),
    Answer("four for d + 1", pair("n / (n + 4 + noise**2)"),
           "Derive it, do not read it off the check"),
    Answer("zero for few examples", pair("(n > d) * n / (n + m)"),
           "A is zero where n is not larger than d"),
    Answer("noise forgotten", pair("n / (n + d + 1)"),
           "this is the best matrix without noise"),
    Answer("noise not squared", pair("n / (n + d + 1 + noise)"),
           "noise is a standard deviation"),
    Answer("noise for each feature", pair("n / (n + d + 1 + d * noise**2)"),
           "the noise counts d times"),
    Answer("noise not averaged", pair("n / (n + d + 1 + n * noise**2)"),
           "the noise of n examples averages out"),
    Answer("share of the noise", pair("n / (n + d + 1 + noise**2 / d)"),
           "the noise is divided by the number of features"),
    Answer("noise in the loss forgotten",
           pair(loss="d * (d + 1) / (n + d + 1)"),
           "this is the loss without noise"),
    Answer("noise of the query", pair(loss="d * m / (n + m) + noise**2"),
           "the noise of the query's own label is no part"),
    Answer("rounded", """\
def best_for_one_loop(n, covariance, noise):
    d = len(covariance)
    m = d + 1 + noise**2
    A = n / (n + m) * np.linalg.inv(covariance)
    return np.round(A, 8), round(d * m / (n + m), 9)
""", "a random Σ with large entries"),
    Answer("cut to integers", """\
def best_for_one_loop(n, covariance, noise):
    d, A = len(covariance), np.zeros_like(covariance)
    m = d + 1 + noise**2
    A[:] = n / (n + m) * np.linalg.inv(covariance)
    return A, d * m / (n + m)
""", "A is cut to whole numbers"),
    Answer("calls the package", """\
from lttutor.learning.wishart import optimal_scale


def best_for_one_loop(n, covariance, noise):
    d = len(covariance)
    a = optimal_scale(n, d, 1)
    return a * np.linalg.inv(covariance), d * (1 - a)
""", "is not part of"),
    Answer("typed in", """\
def best_for_one_loop(n, covariance, noise):
    A = np.linalg.inv([[2.0, 1, 0], [1, 3, 0.5], [0, 0.5, 1]])
    return 7 / 13.25 * A, 18.75 / 13.25
""", "the matrix that belongs to the visible check"),
    Answer("in place", """\
def best_for_one_loop(n, covariance, noise):
    d = len(covariance)
    m = d + 1 + noise**2
    covariance *= (n + m) / n
    return np.linalg.inv(covariance), d * m / (n + m)
""", "changes its argument number 2"),
]

RIGHT = [
    Answer("solve", """\
def best_for_one_loop(n, covariance, noise):
    d = covariance.shape[0]
    a = 1 / (1 + (d + 1 + noise**2) / n)
    return np.linalg.solve(covariance, a * np.identity(d)), d * (1 - a)
"""),
    Answer("normal equations, whatever Σ is", """\
def best_for_one_loop(n, covariance, noise):
    # E[Σ̂CΣ̂] = SCS + (SCᵀS + tr(CS) S)/n, here for C = Σ⁻¹
    S = np.array(covariance, dtype=float)
    C = np.linalg.inv(S)
    second = S @ C @ S + (S @ C.T @ S + np.trace(C @ S) * S) / n
    second = second + noise**2 / n * S
    A = np.linalg.solve(S.T, np.linalg.solve(second, S).T).T
    return A, len(S) - 2 * np.trace(S @ A) + np.trace(second @ A @ S @ A.T)
"""),
    Answer("numerical minimum along Σ⁻¹", """\
def best_for_one_loop(n, covariance, noise):
    # d − 2 a d + a² d (1 + (d + 1 + ν²)/n)
    d = len(covariance)
    c = d * np.array([1 + (d + 1 + noise**2) / n, -2, 1])
    a = np.roots(np.polyder(c))[0]
    return a * np.linalg.pinv(covariance), np.polyval(c, a)
"""),
]
