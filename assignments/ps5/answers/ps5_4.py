"""Problem 4 of set 5: two softmax heads at rest."""

from tests.course.answers import Answer, altering

CODE = """\
def rest(X, y, alpha, tau):
    hot, cold = tau
    X = X.astype(float)

    def head(r, t):
        w = np.exp((r - r.max()) / t)
        return w / w.sum()

    def loss(q):
        r = X @ q + alpha * y
        return (hot * np.log(np.exp((r - r.max()) / hot).sum()) + r.max()
                + cold * np.log(np.exp((r.min() - r) / cold).sum()) - r.min())

    q = np.zeros(X.shape[1])
    for _ in range(400):
        r = X @ q + alpha * y
        w, u = head(r, hot), head(-r, cold)
        a, b = w @ X, u @ X
        H = (((X - a).T * w) @ (X - a) / hot
             + ((X - b).T * u) @ (X - b) / cold)
        g = a - b
        H = H + 1e-3 * np.linalg.norm(g) * np.eye(len(q))
        move, share, now = np.linalg.solve(H, g), 1.0, loss(q)
        while loss(q - share * move) > now - 1e-4 * share * (g @ move) + (
                1e-14 * abs(now)) and share > 1e-9:
            share /= 2
        q = q - share * move
    return -q
"""

altered = altering(CODE)


def weighted(first, second):
    """The answer with a weight on each head."""
    return altered(
        ("return (hot * np.log(np.exp((r - r.max()) / hot).sum()) + r.max()",
         f"return ({first} * (hot * np.log(np.exp((r - r.max()) / hot).sum())"
         " + r.max())"),
        ("+ cold * np.log(np.exp((r.min() - r) / cold).sum()) - r.min())",
         f"+ {second} * (cold * np.log(np.exp((r.min() - r) / cold).sum())"
         " - r.min()))"),
        ("(X - a) / hot", f"(X - a) / hot * {first}"),
        ("(X - b) / cold", f"(X - b) / cold * {second}"),
        ("g = a - b", f"g = {first} * a - {second} * b"))


def minimizer(loss):
    """The minimizer of a loss of q, by SciPy."""
    return f"""\
from scipy.optimize import minimize
from scipy.special import logsumexp


def rest(X, y, alpha, tau):
    def loss(q):
        r = X @ q + alpha * y
        return {loss}

    q = np.zeros(X.shape[1])
    for _ in range(3):
        q = minimize(loss, q, method="Nelder-Mead", options=dict(
            xatol=1e-11, fatol=1e-15, maxiter=5000, maxfev=5000)).x
    return -q
"""


LINEAR = """\
from scipy.optimize import linprog


def rest(X, y, alpha, tau):
    n, d = X.shape
    one, t = np.ones((n, 1)), np.zeros((n, 1))
    A = np.block([[X, TOP], [-X, LOW]])
    b = np.concatenate([-alpha * y, alpha * y])
    cost = np.array([0.0] * d + COST)
    found = linprog(cost, A_ub=A, b_ub=b, bounds=[(None, None)] * len(cost))
    return -found.x[:d]
"""

WRONG = [
    Answer("no factor τ", weighted("1 / hot", "1 / cold"),
           "without the factor τ"),
    Answer("weighted by temperatures", weighted("hot", "cold"),
           "the heads are weighted by their temperatures"),
    Answer("first temperature", altered(
        ("hot, cold = tau", "hot, cold = tau[0], tau[0]")),
        "both heads have the first temperature"),
    Answer("second temperature", altered(
        ("hot, cold = tau", "hot, cold = tau[1], tau[1]")),
        "both heads have the second temperature"),
    Answer("mean temperature", altered(
        ("hot, cold = tau", "hot = cold = np.mean(tau)")),
        "both heads have the mean temperature"),
    Answer("exchanged", altered(("hot, cold = tau", "cold, hot = tau")),
           "the temperatures are exchanged"),
    Answer("temperature one", altered(("hot, cold = tau", "hot = cold = 1")),
           "the heads have temperature 1"),
    Answer("times τ", altered(
        ("hot, cold = tau", "hot, cold = 1 / tau[0], 1 / tau[1]")),
        "r is multiplied by τ"),
    Answer("q", altered(("return -q", "return q")), "this is q"),
    Answer("no α", altered(("alpha * y", "y")), "α is missing"),
    Answer("linear in α", altered(("alpha * y", "y"),
                                  ("return -q", "return -alpha * q")),
           "α multiplies the result of α = 1"),
    Answer("minus α twice", altered(
        ("X @ q + alpha * y", "X @ q - abs(alpha) * y")),
        "the sign of α is wrong"),
    Answer("least squares", """\
def rest(X, y, alpha, tau):
    return alpha * np.linalg.lstsq(X, y, rcond=None)[0]
""", "this is least squares: softmax weights"),
    Answer("with an intercept", """\
def rest(X, y, alpha, tau):
    C = X - X.mean(axis=0)
    return alpha * np.linalg.lstsq(C, y, rcond=None)[0]
""", "this is least squares with an intercept"),
    Answer("one head", minimizer("tau[0] * logsumexp(r / tau[0])"),
           "this is the first head alone"),
    Answer("the other head", minimizer("tau[1] * logsumexp(-r / tau[1])"),
           "this is the second head alone"),
    Answer("both read r", minimizer(
        "tau[0] * logsumexp(r / tau[0]) + tau[1] * logsumexp(r / tau[1])"),
        "the second head reads r as the first does"),
    Answer("largest residual", LINEAR.replace("TOP", "-one")
           .replace("LOW", "-one").replace("COST", "[1.0]"),
           "this makes the largest |r| smallest"),
    Answer("range", LINEAR.replace("TOP", "-one, t").replace("LOW", "t, one")
           .replace("COST", "[1.0, -1.0]"),
           "this makes the range of r smallest"),
    Answer("calls the package", """\
from lttutor.nonlinear import generate_softmax_pair


def rest(X, y, alpha, tau):
    return generate_softmax_pair(X, y, alpha, [0.1] * 2000, tau[0])[-1]
""", "is not part of"),
    Answer("short loop", """\
def rest(X, y, alpha, tau):
    q = np.zeros(X.shape[1])
    for _ in range(20):
        r = X @ q + alpha * y
        w, u = np.exp(r / tau[0]), np.exp(-r / tau[1])
        q = q - 0.1 * (w / w.sum() - u / u.sum()) @ X
    return -q
""", "does a search or a loop stop too soon?"),
    Answer("long loop", """\
def rest(X, y, alpha, tau):
    q = np.zeros(X.shape[1])
    eta = min(tau) / np.linalg.norm(X, 2)**2
    for _ in range(8000):
        r = X @ q + alpha * y
        w = np.exp((r - r.max()) / tau[0])
        u = np.exp((r.min() - r) / tau[1])
        q = q - eta * (w / w.sum() - u / u.sum()) @ X
    return -q
""", "at your v the two heads still differ"),
    Answer("no maximum subtracted", altered(
        ("w = np.exp((r - r.max()) / t)", "w = np.exp(r / t)"),
        ("hot * np.log(np.exp((r - r.max()) / hot).sum()) + r.max()",
         "hot * np.log(np.exp(r / hot).sum())"),
        ("cold * np.log(np.exp((r.min() - r) / cold).sum()) - r.min()",
         "cold * np.log(np.exp(-r / cold).sum())")),
        "Subtract the maximum"),
    Answer("undamped", altered(
        ("        H = H + 1e-3 * np.linalg.norm(g) * np.eye(len(q))\n", ""),
        ("share > 1e-9", "share > 1")),
        "one row can have all the weight"),
    Answer("few steps", altered(("range(400)", "range(3)")),
           "does a search or a loop stop too soon?"),
    Answer("typed in", """\
def rest(X, y, alpha, tau):
    return np.array([1.244573802178, 0.1550731385952])[:X.shape[1]]
""", "return an array of shape"),
    Answer("all weights", altered(("return -q", "return w - u")),
           "has shape (6,), expected (2,)"),
    Answer("in place", altered(("    X = X.astype(float)\n",
                                "    X -= X.mean(axis=0)\n")),
           "changes its argument number 1"),
]

RIGHT = [
    Answer("Newton, damped", CODE),
    Answer("cooled down", """\
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax


def rest(X, y, alpha, tau):
    C = X - X.mean(axis=0)
    q = -alpha * np.linalg.lstsq(C, y, rcond=None)[0]
    for factor in 2.0 ** np.arange(14, -1, -1):
        hot, cold = factor * tau[0], factor * tau[1]

        def loss(q):
            r = X @ q + alpha * y
            return hot * logsumexp(r / hot) + cold * logsumexp(-r / cold)

        def gradient(q):
            r = X @ q + alpha * y
            return X.T @ (softmax(r / hot) - softmax(-r / cold))

        def hessian(q):
            r = X @ q + alpha * y
            H = 0
            for w, t in ((softmax(r / hot), hot), (softmax(-r / cold), cold)):
                H = H + X.T @ (np.diag(w) - np.outer(w, w)) @ X / t
            return H

        q = minimize(loss, q, jac=gradient, hess=hessian,
                     method="trust-exact", options=dict(gtol=1e-9)).x
    for _ in range(3):
        q = q - np.linalg.solve(hessian(q), gradient(q))
    return -q
"""),
]
