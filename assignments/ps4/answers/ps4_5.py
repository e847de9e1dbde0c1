"""Problem 5 of set 4: the best rotation."""

from tests.course.answers import Answer

LOSS = """\
from scipy.optimize import minimize, minimize_scalar


def log_loss(a, eps, moments, loops):
    J = np.array([[0.0, -1], [1, 0]])
    A = a * np.eye(2) + eps * J
    F = np.linalg.matrix_power(np.eye(2) - moments @ A, loops)
    return np.log((F**2).sum(axis=(1, 2)).mean())


def minimum(f, starts):
    runs = [minimize(f, start, method="Nelder-Mead",
                     options={"xatol": 1e-8, "fatol": 1e-13})
            for start in starts]
    return min(runs, key=lambda run: run.fun).x


STARTS = [(a, eps) for a in (0.5, 1.0, 1.6) for eps in (0.0, 0.1, 0.3, 0.6)]


def best_rotation(moments, loops):
"""


def after(*lines, swap=None):
    head = LOSS.replace(*swap) if swap else LOSS
    return head + "".join(f"    {line}\n" for line in lines)


BEST = ("a, eps = minimum(lambda x: log_loss(x[0], x[1], moments, loops), "
        "STARTS)")

WRONG = [
    Answer("saddle", after(
        "f = lambda x: log_loss(x[0], 0, moments, loops)",
        "return minimum(f, [(0.8,)])[0], 0.0"), "ε = 0 is a saddle here"),
    Answer("a kept", after(
        "f = lambda x: log_loss(x[0], 0, moments, loops)",
        "a = minimum(f, [(0.8,)])[0]",
        "g = lambda x: log_loss(a, x[0], moments, loops)",
        "return a, abs(minimum(g, [(0.0,), (0.1,), (0.3,)])[0])"),
        "you keep the best a for ε = 0"),
    Answer("a is one", after(
        "g = lambda x: log_loss(1.0, x[0], moments, loops)",
        "return 1.0, abs(minimum(g, [(0.0,), (0.1,), (0.3,)])[0])"),
        "you keep a = 1"),
    Answer("mean prompt", after(
        "moments = moments.mean(axis=0, keepdims=True)", BEST,
        "return a, abs(eps)"), "the loss of the mean prompt"),
    Answer("one loop", after("loops = 1", BEST, "return a, abs(eps)"),
           "the loss of a single loop"),
    Answer("entry powers", after(BEST, "return a, abs(eps)", swap=(
        "np.linalg.matrix_power(np.eye(2) - moments @ A, loops)",
        "(np.eye(2) - moments @ A)**loops")), "are raised to the power T"),
    Answer("symmetric", after(BEST, "return a, abs(eps)", swap=(
        "[[0.0, -1], [1, 0]]", "[[0.0, 1], [1, 0]]")),
        "you perturb symmetrically"),
    Answer("median", after(BEST, "return a, abs(eps)", swap=(
        "np.log((F**2).sum(axis=(1, 2)).mean())",
        "np.log(np.median((F**2).sum(axis=(1, 2))))")),
        "the median of the losses"),
    Answer("polar", after(BEST, "return np.hypot(a, eps), "
                          "abs(np.arctan2(eps, a))"),
           "the modulus and the angle"),
    Answer("swapped", after(BEST, "return abs(eps), a"),
           "a and ε are swapped"),
    Answer("negative", after(BEST, "return a, -abs(eps)"),
           "ε is negative"),
    Answer("matrix", after(BEST, "return np.array([[a, -eps], [eps, a]])"),
           "return two numbers"),
    Answer("coarse grid", after(
        "grid = [(a, e) for a in np.linspace(0.05, 2, 40)",
        "        for e in np.linspace(0, 1, 21)]",
        "return min(grid, key=lambda x: log_loss(*x, moments, loops))"),
        "is the search too coarse?"),
    Answer("norms not squared", after(BEST, "return a, abs(eps)", swap=(
        "(F**2).sum(axis=(1, 2))", "np.sqrt((F**2).sum(axis=(1, 2)))")),
        "the norms are averaged, not their squares"),
    Answer("spectral norm", after(BEST, "return a, abs(eps)", swap=(
        "(F**2).sum(axis=(1, 2))", "(np.linalg.norm(F, 2, axis=(1, 2))**2)")),
        "the square of the spectral norm"),
    Answer("eigenvalues", after(BEST, "return a, abs(eps)", swap=(
        "(F**2).sum(axis=(1, 2))",
        "(np.abs(np.linalg.eigvals(F)).max(axis=1)**2)")),
        "this is the largest eigenvalue of the power, squared"),
    Answer("power 2T", after("loops = 2 * loops", BEST, "return a, abs(eps)"),
           "the power is 2T"),
    Answer("worst prompt", after(BEST, "return a, abs(eps)", swap=(
        ".mean())", ".max())")), "the loss of the worst prompt"),
    Answer("a times I + εJ", after(BEST, "return a, abs(eps)", swap=(
        "a * np.eye(2) + eps * J", "a * (np.eye(2) + eps * J)")),
        "a does not multiply ε"),
    Answer("one start", after(
        "f = lambda x: log_loss(x[0], x[1], moments, loops)",
        "a, eps = minimum(f, [(1.0, 0.3)])", "return a, abs(eps)"),
        "Does your search depend on its start"),
    Answer("one start near zero", after(
        "f = lambda x: log_loss(x[0], x[1], moments, loops)",
        "a, eps = minimum(f, [(1.0, 0.01)])", "return a, abs(eps)"),
        "Does your search depend on its start"),
    Answer("small range", after(
        "f = lambda x: log_loss(np.clip(x[0], 0.5, 1.5), x[1], moments,"
        " loops)", "a, eps = minimum(f, STARTS)",
        "return np.clip(a, 0.5, 1.5), abs(eps)"),
        "Does your search depend on its start"),
    Answer("takes the loss from the package", """\
from lttutor.learning.population import loss
from scipy.optimize import minimize


def best_rotation(moments, loops):
    J = np.array([[0.0, -1], [1, 0]])
    runs = [minimize(lambda x: np.log(loss(x[0] * np.eye(2) + x[1] * J,
                                           moments, loops)), [0.9, eps])
            for eps in (0.01, 0.2, 0.5)]
    a, eps = min(runs, key=lambda run: run.fun).x
    return a, abs(eps)
""", "is not part of"),
    Answer("typed in",
           "def best_rotation(moments, loops):\n"
           "    return 0.944265623, 0.3418194234\n",
           "numbers that belong to another batch"),
    Answer("in place", after("moments -= 0.01", "moments *= 1.01", BEST,
                             "return a, abs(eps)"),
           "changes its argument number 1"),
]

RIGHT = [
    Answer("grid, then refined", """\
def best_rotation(moments, loops):
    def value(a, eps):
        A = np.array([[a, -eps], [eps, a]])
        F = np.linalg.matrix_power(np.eye(2) - moments @ A, loops)
        return np.mean(np.sum(F * F, axis=(1, 2)))

    grid = [(a, eps) for a in np.linspace(0.025, 2, 80)
            for eps in np.linspace(0, 1, 41)]
    center = min(grid, key=lambda x: value(*x))
    width = 0.05
    for _ in range(16):
        grid = [center + width * np.array([i, j]) / 5
                for i in range(-5, 6) for j in range(-5, 6)]
        center = min(grid, key=lambda x: value(*x))
        width = width * 0.6
    return center[0], abs(center[1])
"""),
    Answer("quasi-Newton from several starts", """\
from scipy.optimize import minimize


def best_rotation(moments, loops):
    J = np.array([[0, -1], [1, 0]])

    def f(x):
        A = x[0] * np.eye(2) + x[1] * J
        N = np.eye(2) - moments @ A
        F = N
        for _ in range(loops - 1):
            F = F @ N
        return np.log(np.mean(np.einsum("bij,bij->b", F, F)))

    runs = [minimize(f, [a, eps], tol=1e-10)
            for a in (0.4, 0.6, 0.95, 1.6)
            for eps in (0.02, 0.15, 0.4, 0.7)]
    a, eps = min(runs, key=lambda r: r.fun).x
    return [a, abs(eps)]
"""),
]
