"""Problem 2 of set 4: the loss and its gradient."""

from tests.course.answers import Answer


def batch(*, N="I - W @ A", power="np.linalg.matrix_power(N, loops)",
          value="np.trace(Si @ F @ S @ F.T)",
          term="W @ P(k).T @ Si @ F @ S @ P(loops - 1 - k).T",
          terms="range(loops)", factor="-2", loss="value / len(moments)",
          gradient="G / len(moments)", before="", S="covariance"):
    return f"""\
def loss_and_slope(A, moments, loops, covariance):
    {before or "pass"}
    I, S = np.eye(len(A)), {S}
    Si = np.linalg.inv(S)
    value, G = 0.0, np.zeros((len(A), len(A)))
    for W in moments:
        N = {N}

        def P(k):
            return np.linalg.matrix_power(N, k)

        F = {power}
        value += {value}
        for k in {terms}:
            G += {factor} * {term}
    return {loss}, {gradient}
"""


WRONG = [
    Answer("loss summed", batch(loss="value"), "this is the sum over the"),
    Answer("wrong order", batch(N="I - A @ W"),
           "the factors of N are in the wrong order"),
    Answer("swapped covariance",
           batch(value="np.trace(S @ F @ Si @ F.T)"),
           "Σ and Σ⁻¹ are swapped"),
    Answer("no covariance", batch(S="np.eye(len(A))"), "Σ does not enter"),
    Answer("one loop", batch(power="N"), "this is the loss after one loop"),
    Answer("mean prompt", batch(
        before="moments = moments.mean(axis=0, keepdims=True)"),
        "this is the loss of the mean prompt"),
    Answer("entry powers", batch(power="N**loops"),
           "the entries of N are raised"),
    Answer("no transpose", batch(value="np.trace(Si @ F @ S @ F)"),
           "one of the two powers is not transposed"),
    Answer("one loop less", batch(power="P(loops - 1)"),
           "the power is T − 1"),
    Answer("one loop more", batch(power="P(loops + 1)"),
           "the power is T + 1"),
    Answer("twice the loops", batch(power="P(2 * loops)"),
           "the power is 2T"),
    Answer("wrong factor transposed",
           batch(value="np.trace(Si @ F.T @ S @ F)"),
           "or N^T and its transpose"),
    Answer("last term only", batch(terms="[loops - 1]"),
           "only the last of the T factors"),
    Answer("equal to the last term", batch(
        term="loops * W @ P(loops - 1).T @ Si @ F @ S", terms="[0]"),
        "all T terms are taken equal to the last"),
    Answer("left transposed only", batch(
        term="W @ P(k).T @ Si @ F @ S @ P(loops - 1 - k)"),
        "only the left one is transposed"),
    Answer("right transposed only", batch(
        term="W @ P(k) @ Si @ F @ S @ P(loops - 1 - k).T"),
        "only the right one is transposed"),
    Answer("mean taken twice", batch(gradient="G / len(moments)**2"),
           "the number of prompts a second time"),
    Answer("loops times too large", batch(factor="-2 * loops"),
           "a factor T too many"),
    Answer("transposed", batch(gradient="G.T / len(moments)"),
           "the gradient is transposed"),
    Answer("uphill", batch(factor="2"), "the gradient has the wrong sign"),
    Answer("no 2", batch(factor="-1"), "a factor 2 is missing"),
    Answer("first term only", batch(terms="[0]"),
           "only one of the T factors N is differentiated"),
    Answer("equal terms", batch(
        term="loops * W @ Si @ F @ S @ P(loops - 1).T", terms="[0]"),
        "all T terms are taken equal"),
    Answer("powers not transposed", batch(
        term="W @ P(k) @ Si @ F @ S @ P(loops - 1 - k)"),
        "the powers of N in your terms are not transposed"),
    Answer("symmetrized", batch(gradient="(G + G.T) / 2 / len(moments)"),
           "the symmetric part of the gradient"),
    Answer("gradient summed", batch(gradient="G"),
           "the gradient is summed over the prompts"),
    Answer("no moments", batch(
        term="P(k).T @ Si @ F @ S @ P(loops - 1 - k).T"),
        "the factor Σ̂ is missing"),
    Answer("gradient without covariance", batch(
        term="W @ P(k).T @ F @ P(loops - 1 - k).T"),
        "Σ does not enter the gradient"),
    Answer("over T", batch(factor="-2 / loops"),
           "the gradient is divided by T"),
    Answer("mean over T", batch(loss="value / loops",
                                gradient="G / loops"),
           "the sum over the prompts is divided by T (or by B − 1)"),
    Answer("gradient over T for B", batch(gradient="G / loops"),
           "the sum over the prompts is divided by T in the gradient"),
    Answer("last term missing", batch(terms="range(loops - 1)"),
           "the last of the T terms is left out"),
    Answer("first term missing", batch(terms="range(1, loops)"),
           "the first of the T terms is left out"),
    Answer("moments inside", batch(
        term="P(k).T @ W @ Si @ F @ S @ P(loops - 1 - k).T"),
        "Σ̂ stands on the wrong side"),
    Answer("moments last", batch(
        term="P(k).T @ Si @ F @ S @ P(loops - 1 - k).T @ W"),
        "Σ̂ stands on the far right"),
    Answer("one power too many", batch(
        term="W @ P(k).T @ Si @ F @ S @ P(loops - k).T"),
        "the powers in each term add up to T + T"),
    Answer("diagonalized", batch(before="""power = np.linalg.matrix_power

    def matrix_power(N, k):
        w, V = np.linalg.eig(N)
        return ((V * w**k) @ np.linalg.inv(V)).real
""", power="matrix_power(N, loops)").replace(
        "return np.linalg.matrix_power(N, k)", "return matrix_power(N, k)"),
        "no basis of eigenvectors"),
    Answer("finite differences", """\
def loss_and_slope(A, moments, loops, covariance):
    inverse = np.linalg.inv(covariance)

    def value(A):
        F = np.linalg.matrix_power(np.eye(len(A)) - moments @ A, loops)
        return np.einsum("ij,bjk,kl,bil->", inverse, F, covariance, F
                         ) / len(moments)

    G = np.zeros(A.shape)
    for i, j in np.ndindex(*A.shape):
        B = 1.0 * A
        B[i, j] += 1e-4
        G[i, j] = (value(B) - value(A)) / 1e-4
    return value(A), G
""", "finite differences, or single precision?"),
    Answer("central differences", """\
def loss_and_slope(A, moments, loops, covariance):
    inverse = np.linalg.inv(covariance)

    def value(A):
        F = np.linalg.matrix_power(np.eye(len(A)) - moments @ A, loops)
        return np.einsum("ij,bjk,kl,bil->", inverse, F, covariance, F
                         ) / len(moments)

    G = np.zeros(A.shape)
    for i, j in np.ndindex(*A.shape):
        E = np.zeros(A.shape)
        E[i, j] = 1e-5
        G[i, j] = (value(A + E) - value(A - E)) / 2e-5
    return value(A), G
""", "digits are lost (finite differences?)"),
    Answer("differences of fourth order", """\
def loss_and_slope(A, moments, loops, covariance):
    inverse = np.linalg.inv(covariance)

    def value(A):
        F = np.linalg.matrix_power(np.eye(len(A)) - moments @ A, loops)
        return np.einsum("ij,bjk,kl,bil->", inverse, F, covariance, F
                         ) / len(moments)

    G = np.zeros(A.shape)
    for i, j in np.ndindex(*A.shape):
        E = np.zeros(A.shape)
        E[i, j] = h = 1e-3
        G[i, j] = (8 * (value(A + E) - value(A - E)) - value(A + 2 * E)
                   + value(A - 2 * E)) / (12 * h)
    return value(A), G
""", "finite differences"),
    Answer("typed in", batch().replace("def loss", "def right") + """

def loss_and_slope(A, moments, loops, covariance):
    value, _ = right_and_slope(A, moments, loops, covariance)
    A = np.array([[0.5, 0.4], [-0.2, 0.3]])
    moments = np.array([[[1.0, 0.2], [0.2, 2]], [[0.5, -0.3], [-0.3, 1]],
                        [[2, 0.5], [0.5, 1.5]], [[1.5, -0.4], [-0.4, 0.5]]])
    covariance = np.array([[1.0, 0.25], [0.25, 2]])
    return value, right_and_slope(A, moments, 3, covariance)[1]
""", "the gradient that belongs to the visible check"),
    Answer("cut to integers", """\
def loss_and_slope(A, moments, loops, covariance):
    inverse = np.linalg.inv(covariance)
    d, value, G = len(A), 0.0, np.zeros_like(A)
    for W in moments:
        N = np.eye(d) - W @ A
        P = [np.linalg.matrix_power(N, k) for k in range(loops + 1)]
        R = inverse @ P[loops] @ covariance
        value += np.sum(R * P[loops]) / len(moments)
        slope = sum(P[k].T @ R @ P[loops - 1 - k].T for k in range(loops))
        G[:] = G - 2 * W @ slope / len(moments)
    return value, G
""", "cut to whole numbers"),
    Answer("in place", batch(before="moments -= 0; moments *= 1.0; "
                             "moments[:] = np.linalg.inv(moments); "
                             "moments = np.linalg.inv(moments)"),
           "changes its argument number 2"),
    Answer("calls the package", """\
from lttutor.learning.population import loss_and_gradient as loss_and_slope
""", "is not part of"),
]

RIGHT = [
    Answer("whole batch at once", """\
def loss_and_slope(A, moments, loops, covariance):
    A = np.asarray(A, dtype=float)
    N = np.eye(len(A)) - moments @ A
    Nt = np.swapaxes(N, 1, 2)
    F = np.linalg.matrix_power(N, loops)
    R = np.linalg.solve(covariance, F @ covariance)
    value = np.einsum("bij,bij->b", R, F).mean()
    G = np.zeros(N.shape)
    for k in range(loops):
        left = np.linalg.matrix_power(Nt, k)
        right = np.linalg.matrix_power(Nt, loops - 1 - k)
        G += moments @ left @ R @ right
    return float(value), -2 * G.mean(axis=0)
"""),
    Answer("backward through the loops", """\
def loss_and_slope(A, moments, loops, covariance):
    inverse = np.linalg.inv(covariance)
    losses, slopes = [], []
    for W in moments:
        N = np.eye(A.shape[0]) - W @ A
        states = [np.eye(A.shape[0])]
        for _ in range(loops):
            states.append(N @ states[-1])
        losses.append(np.sum((inverse @ states[-1] @ covariance)
                             * states[-1]))
        bar, N_bar = 2 * inverse @ states[-1] @ covariance, 0
        for state in reversed(states[:-1]):
            N_bar = N_bar + bar @ state.T
            bar = N.T @ bar
        slopes.append(-W @ N_bar)
    return np.mean(losses), np.mean(slopes, axis=0)
"""),
    Answer("block matrix [[N, E], [0, N]]", """\
def loss_and_slope(A, moments, loops, covariance):
    (B, d, _), N = moments.shape, np.eye(len(A)) - moments @ A
    P = np.linalg.matrix_power(N, loops)
    G = np.linalg.inv(covariance) @ P @ covariance
    gradient = np.empty((d, d))
    for i, j in np.ndindex(d, d):
        block = np.zeros((B, 2 * d, 2 * d))
        block[:, :d, :d] = block[:, d:, d:] = N
        block[:, :d, d + j] = -moments[:, :, i]
        moved = np.linalg.matrix_power(block, loops)[:, :d, d:]
        gradient[i, j] = 2 * np.sum(G * moved) / B
    return np.sum(G * P) / B, gradient
"""),
    Answer("complex step", """\
def loss_and_slope(A, moments, loops, covariance):
    inverse = np.linalg.inv(covariance)

    def value(A):
        F = np.linalg.matrix_power(np.eye(len(A)) - moments @ A, loops)
        return np.einsum("ij,bjk,kl,bil->", inverse, F, covariance, F,
                         optimize=True) / len(moments)

    G = np.zeros(A.shape)
    for i, j in np.ndindex(*A.shape):
        B = A.astype(complex)
        B[i, j] += 1e-40j
        G[i, j] = value(B).imag * 1e40
    return value(A), G
"""),
]
