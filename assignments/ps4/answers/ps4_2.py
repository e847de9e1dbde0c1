"""Problem 2 of set 4: the loss of a schedule and its gradient."""

from tests.course.answers import Answer


def batch(*, N="I - e * W @ A", power="P(T)",
          value="np.trace(Si @ F @ S @ F.T)",
          term="steps[k] * W @ P(k).T @ Si @ F @ S @ R(k).T",
          terms="range(T)", factor="-2", loss="value / len(moments)",
          gradient="G / len(moments)", before="", S="covariance"):
    return f"""\
def loss_and_slope(A, moments, steps, covariance):
    {before or "pass"}
    I, S, T = np.eye(len(A)), {S}, len(steps)
    Si = np.linalg.inv(S)
    value, G = 0.0, np.zeros((len(A), len(A)))
    for W in moments:
        factors = [{N} for e in steps]

        def product(parts):
            F = I
            for N in parts:
                F = F @ N
            return F

        def P(k):
            return product(factors[:k])

        def R(k):
            return product(factors[k + 1:])

        F = {power}
        value += {value}
        for k in {terms}:
            G += {factor} * {term}
    return {loss}, {gradient}
"""


WRONG = [
    Answer("loss summed", batch(loss="value"), "this is the sum over the"),
    Answer("wrong order", batch(N="I - e * A @ W"),
           "the factors of N are in the wrong order"),
    Answer("swapped covariance",
           batch(value="np.trace(S @ F @ Si @ F.T)"),
           "Σ and Σ⁻¹ are swapped"),
    Answer("no covariance", batch(S="np.eye(len(A))"), "Σ does not enter"),
    Answer("one loop", batch(power="P(1)"), "this is the loss after one loop"),
    Answer("mean prompt", batch(
        before="moments = moments.mean(axis=0, keepdims=True)"),
        "this is the loss of the mean prompt"),
    Answer("entry powers", batch(power="np.prod(factors, axis=0)"),
           "the entries of the factors are multiplied"),
    Answer("no transpose", batch(value="np.trace(Si @ F @ S @ F)"),
           "one of the two F is not transposed"),
    Answer("one loop less", batch(power="P(T - 1)"),
           "one factor is missing"),
    Answer("one loop more", batch(power="P(T) @ factors[-1]"),
           "the last factor stands twice"),
    Answer("twice the loops", batch(power="P(T) @ P(T)"),
           "F stands twice"),
    Answer("wrong factor transposed",
           batch(value="np.trace(Si @ F.T @ S @ F)"),
           "or F and its transpose"),
    Answer("last term only", batch(terms="[T - 1]"),
           "only the last of the T factors"),
    Answer("equal to the last term", batch(
        term="sum(steps) * W @ P(T - 1).T @ Si @ F @ S", terms="[0]"),
        "all T terms are taken equal to the last"),
    Answer("left transposed only", batch(
        term="steps[k] * W @ P(k).T @ Si @ F @ S @ R(k)"),
        "only the left one is transposed"),
    Answer("right transposed only", batch(
        term="steps[k] * W @ P(k) @ Si @ F @ S @ R(k).T"),
        "only the right one is transposed"),
    Answer("mean taken twice", batch(gradient="G / len(moments)**2"),
           "the number of prompts a second time"),
    Answer("loops times too large", batch(factor="-2 * T"),
           "a factor T too many"),
    Answer("transposed", batch(gradient="G.T / len(moments)"),
           "the gradient is transposed"),
    Answer("uphill", batch(factor="2"), "the gradient has the wrong sign"),
    Answer("no 2", batch(factor="-1"), "a factor 2 is missing"),
    Answer("first term only", batch(terms="[0]"),
           "only one of the T factors is differentiated"),
    Answer("equal terms", batch(
        term="sum(steps) * W @ Si @ F @ S @ P(T - 1).T", terms="[0]"),
        "all T terms are taken equal"),
    Answer("powers not transposed", batch(
        term="steps[k] * W @ P(k) @ Si @ F @ S @ R(k)"),
        "the products in your terms are not transposed"),
    Answer("symmetrized", batch(gradient="(G + G.T) / 2 / len(moments)"),
           "the symmetric part of the gradient"),
    Answer("gradient summed", batch(gradient="G"),
           "the gradient is summed over the prompts"),
    Answer("no moments", batch(
        term="steps[k] * P(k).T @ Si @ F @ S @ R(k).T"),
        "the factor Σ̂ is missing"),
    Answer("gradient without covariance", batch(
        term="steps[k] * W @ P(k).T @ F @ R(k).T"),
        "Σ does not enter the gradient"),
    Answer("over T", batch(factor="-2 / T"),
           "the gradient is divided by T"),
    Answer("mean over T", batch(loss="value / T",
                                gradient="G / T"),
           "the sum over the prompts is divided by T (or by B − 1)"),
    Answer("gradient over T for B", batch(gradient="G / T"),
           "the sum over the prompts is divided by T in the gradient"),
    Answer("last term missing", batch(terms="range(T - 1)"),
           "the last of the T terms is left out"),
    Answer("first term missing", batch(terms="range(1, T)"),
           "the first of the T terms is left out"),
    Answer("moments inside", batch(
        term="steps[k] * P(k).T @ W @ Si @ F @ S @ R(k).T"),
        "Σ̂ stands on the wrong side"),
    Answer("moments last", batch(
        term="steps[k] * P(k).T @ Si @ F @ S @ R(k).T @ W"),
        "Σ̂ stands on the far right"),
    Answer("swapped in the terms", batch(
        term="steps[k] * W @ P(k).T @ S @ F @ Si @ R(k).T"),
        "in the terms Σ and Σ⁻¹ are swapped"),
    Answer("A transposed", batch(N="I - e * W @ A.T"), "A is transposed"),
    Answer("one power too many", batch(
        term="steps[k] * W @ P(k).T @ Si @ F @ S @ (R(k) @ factors[k]).T"),
        "each term has all T factors on one side"),
    Answer("steps forgotten", batch(N="I - W @ A",
           term="W @ P(k).T @ Si @ F @ S @ R(k).T"),
           "the steps do not enter"),
    Answer("the first step for all", batch(before="steps = steps[:1] * "
           "np.ones(len(steps))"), "every loop takes the first step"),
    Answer("the mean step for all", batch(before="steps = np.mean(steps) * "
           "np.ones(len(steps))"), "every loop takes the mean step"),
    Answer("steps outside", batch(
        N="e * (I - W @ A)", term="steps[k] * W @ P(k).T @ Si @ F @ S @ R(k).T"),
        "the step multiplies the whole factor"),
    Answer("no step in the gradient", batch(
        term="W @ P(k).T @ Si @ F @ S @ R(k).T"),
        "the derivative of a factor has its step"),
    Answer("the mean step in the gradient", batch(
        term="np.mean(steps) * W @ P(k).T @ Si @ F @ S @ R(k).T"),
        "each term has its own step"),
    Answer("steps backwards in the gradient", batch(
        term="steps[T - 1 - k] * W @ P(k).T @ Si @ F @ S @ R(k).T"),
        "the steps of the terms run backwards"),
    Answer("steps squared in the gradient", batch(
        term="steps[k]**2 * W @ P(k).T @ Si @ F @ S @ R(k).T"),
        "the step of a term enters squared"),
    Answer("diagonalized", """\
def loss_and_slope(A, moments, steps, covariance):
    inverse, d = np.linalg.inv(covariance), len(A)
    value, G = 0.0, np.zeros((d, d))
    for W in moments:
        w, V = np.linalg.eig(W @ A)

        def poly(parts):
            p = np.prod([1 - e * w for e in parts], axis=0) * np.ones(d)
            return ((V * p) @ np.linalg.inv(V)).real

        F = poly(steps)
        value += np.trace(inverse @ F @ covariance @ F.T) / len(moments)
        for k, e in enumerate(steps):
            G -= 2 * e / len(moments) * (
                W @ poly(steps[:k]).T @ inverse @ F @ covariance
                @ poly(steps[k + 1:]).T)
    return value, G
""", "no basis of eigenvectors"),
    Answer("finite differences", """\
def loss_and_slope(A, moments, steps, covariance):
    inverse = np.linalg.inv(covariance)

    def value(A):
        F = np.eye(len(A))
        for eta in steps:
            F = F - eta * moments @ A @ F
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
def loss_and_slope(A, moments, steps, covariance):
    inverse = np.linalg.inv(covariance)

    def value(A):
        F = np.eye(len(A))
        for eta in steps:
            F = F - eta * moments @ A @ F
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
def loss_and_slope(A, moments, steps, covariance):
    inverse = np.linalg.inv(covariance)

    def value(A):
        F = np.eye(len(A))
        for eta in steps:
            F = F - eta * moments @ A @ F
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

def loss_and_slope(A, moments, steps, covariance):
    value, _ = right_and_slope(A, moments, steps, covariance)
    return value, np.array([[-1.1870123362, 2.149355444],
                            [-0.121922074, -2.2848754559]])
""", "the gradient that belongs to the visible check"),
    Answer("cut to integers", batch(
        factor="-2 / len(moments)", gradient="G").replace(
        "value, G = 0.0, np.zeros((len(A), len(A)))",
        "value, G = 0.0, np.zeros_like(A)").replace(
            "G += -2 / ", "G[:] = G - 2 / "),
        "cut to whole numbers"),
    Answer("in place", batch(before="moments -= 0; moments *= 1.0; "
                             "moments[:] = np.linalg.inv(moments); "
                             "moments = np.linalg.inv(moments)"),
           "changes its argument number 2"),
    Answer("calls the package", """\
from lttutor.learning.population import loss_and_gradient


def loss_and_slope(A, moments, steps, covariance):
    return loss_and_gradient(A, moments, len(steps), covariance)
""", "is not part of"),
]

RIGHT = [
    Answer("whole batch at once", """\
def loss_and_slope(A, moments, steps, covariance):
    A = np.asarray(A, dtype=float)
    before = [np.broadcast_to(np.eye(len(A)), moments.shape)]
    for eta in steps:
        before.append(before[-1] - eta * before[-1] @ moments @ A)
    F = before[-1]
    R = np.linalg.solve(covariance, F @ covariance)
    value, G, after = np.einsum("bij,bij->b", R, F).mean(), 0, before[0]
    for eta, left in zip(steps[::-1], before[-2::-1]):
        G = G + eta * moments @ left.swapaxes(1, 2) @ R @ after.swapaxes(1, 2)
        after = after - eta * moments @ A @ after
    return float(value), -2 * G.mean(axis=0)
"""),
    Answer("backward through the loops", """\
def loss_and_slope(A, moments, steps, covariance):
    inverse = np.linalg.inv(covariance)
    losses, slopes = [], []
    for W in moments:
        states = [np.eye(A.shape[0])]
        for eta in steps:
            states.append(states[-1] - eta * W @ A @ states[-1])
        losses.append(np.sum((inverse @ states[-1] @ covariance)
                             * states[-1]))
        bar, slope = 2 * inverse @ states[-1] @ covariance, 0
        for eta, state in zip(steps[::-1], states[-2::-1]):
            slope = slope - eta * W @ bar @ state.T
            bar = bar - eta * (W @ A).T @ bar
        slopes.append(slope)
    return np.mean(losses), np.mean(slopes, axis=0)
"""),
    Answer("complex step", """\
def loss_and_slope(A, moments, steps, covariance):
    inverse = np.linalg.inv(covariance)

    def value(A):
        F = np.eye(len(A))
        for eta in steps:
            F = F - eta * moments @ A @ F
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
