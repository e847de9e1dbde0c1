"""Problem 1 of set 2: a loop that no outlier can pull."""

from tests.course.answers import Answer

CUT = """\
def outputs(X, y, alpha, steps, q0, bound):
    def cut(scores):
        return np.clip(scores, -bound, bound)

"""


def loop(step="q = q - eta * (X.T @ cut(X @ q + alpha * y))", *, start="q0",
         first="[-q]", keep="v.append(-q)", steps="steps",
         result="np.array(v)"):
    return f"""\
{CUT}    q = 1.0 * {start}
    v = {first}
    for eta in {steps}:
        {step}
        {keep}
    return {result}
"""


def literal(*lines, Q="np.eye(d + 1)", P="np.diag([1.0] * d + [0])"):
    """The layer as it is written, with one thing changed."""
    body = "".join(f"    {line}\n" for line in lines)
    return f"""\
def outputs(X, y, alpha, steps, q0, bound):
    n, d = X.shape
    Q, P, M = {Q}, {P}, np.zeros((n + 1, n + 1))
    M[n, :n] = 1
{body}    Z = np.block([[X, y[:, None]], [q0, alpha]])
    v = [-Z[n, :d]]
    for eta in steps:
        Z = Z - eta * (M * np.clip(Z @ Q @ Z.T, -bound, bound)) @ Z @ P
        v.append(-Z[n, :d])
    return np.array(v)
"""


WRONG = [
    Answer("no minus", loop(first="[q]", keep="v.append(q)"),
           "the output carries a minus sign"),
    Answer("uphill", loop("q = q + eta * (X.T @ cut(X @ q + alpha * y))"),
           "the layer is added"),
    Answer("no alpha", loop("q = q - eta * (X.T @ cut(X @ q + y))"),
           "α is missing"),
    Answer("starts at zero", loop(start="np.zeros(X.shape[1])"),
           "the loop starts at zero"),
    Answer("output starts at q0", loop(start="-q0"),
           "the loop starts at +q₀ as the output"),
    Answer("T rows", loop(first="[]"), "v(0) is missing"),
    Answer("only the last", loop(result="-q"),
           "only the last output is returned"),
    Answer("steps shifted", loop(steps="np.roll(steps, -1)"),
           "loop t uses the step of loop t + 1"),
    Answer("steps reversed", loop(steps="steps[::-1]"),
           "the steps run backwards"),
    Answer("stale", loop("q = q0 - eta * (X.T @ cut(X @ q0 + alpha * y))"),
           "each loop starts from the first state again"),
    Answer("one array", loop(
        "q -= eta * (X.T @ cut(X @ q + alpha * y))", first="[q]",
        keep="v.append(q)", result="-np.array(v)"),
        "all rows are the same array"),
    Answer("divided by n",
           loop("q = q - eta * (X.T @ cut(X @ q + alpha * y)) / len(X)"),
           "the layer is divided by n"),
    Answer("alpha at q", loop("q = q - eta * (X.T @ cut(alpha * X @ q + y))"),
           "is the loss ½‖Xq + αy‖²"),
    Answer("step outside the bracket",
           loop("q = q - X.T @ cut(eta * X @ q + eta * alpha * y)"),
           "the step stands inside the cut"),
    Answer("residual of the other space",
           loop("q = q - eta * (X @ cut(X.T @ q + alpha * y))"),
           "the gradient with respect to q has shape (d,)"),
    Answer("typed in", """\
def outputs(X, y, alpha, steps, q0, bound):
    return np.array([[-0.5, 1], [-1.1, 1], [-1.475, 1], [-1.775, 1.225]])
""", "the numbers that belong to the visible check"),
    Answer("cut to integers", """\
def outputs(X, y, alpha, steps, q0, bound):
    v = np.zeros((len(steps) + 1, len(q0)), dtype=X.dtype)
    v[0] = -q0
    for t, eta in enumerate(steps):
        v[t + 1] = v[t] + eta * (X.T @ np.clip(alpha * y - X @ v[t],
                                               -bound, bound))
    return v
""", "cut to whole numbers"),
    Answer("in place", CUT + """\
    v = [-q0]
    for eta in steps:
        q0 -= eta * (X.T @ cut(X @ q0 + alpha * y))
        v.append(-q0)
    return np.array(v)
""", "changes its argument number 5"),
    Answer("calls the package", """\
from lttutor.loop import generate


def outputs(X, y, alpha, steps, q0, bound):
    return generate(X, alpha * y + X @ q0, 1.0, steps) - q0
""", "is not part of"),
    Answer("no cut", loop("q = q - eta * (X.T @ (X @ q + alpha * y))"),
           "no score is cut"),
    Answer("labels cut", loop(
        "q = q - eta * (X.T @ (X @ q + cut(alpha * y)))"),
        "you cut the labels"),
    Answer("gradient cut", loop(
        "q = q - eta * cut(X.T @ (X @ q + alpha * y))"),
        "you cut the gradient"),
    Answer("move cut", loop(
        "q = q - cut(eta * (X.T @ (X @ q + alpha * y)))"),
        "you cut the whole move"),
    Answer("only from above", loop(
        "q = q - eta * (X.T @ np.minimum(X @ q + alpha * y, bound))"),
        "scores are cut from above only"),
    Answer("outliers dropped", loop("""\
r = X @ q + alpha * y
        q = q - eta * (X.T @ np.where(np.abs(r) > bound, 0, r))"""),
        "a score beyond β counts as β"),
    Answer("signs only", loop(
        "q = q - eta * bound * (X.T @ np.sign(X @ q + alpha * y))"),
        "every score counts as"),
    Answer("bound of 1", loop(
        "q = q - eta * (X.T @ np.clip(X @ q + alpha * y, -1, 1))"),
        "you cut at 1"),
    Answer("last step first", loop(steps="np.roll(steps, 1)"),
           "the first loop uses the last step"),
    Answer("steps counted from 1", """\
def outputs(X, y, alpha, steps, q0, bound):
    def cut(scores):
        return np.clip(scores, -bound, bound)

    q = 1.0 * q0
    v = [-q]
    for t in range(1, len(steps) + 1):
        q = q - steps[t] * (X.T @ cut(X @ q + alpha * y))
        v.append(-q)
    return np.array(v)
""", "index 3 is out of bounds"),
    Answer("minus alpha", loop("q = q - eta * (X.T @ cut(X @ q - alpha * y))"),
           "the sign of α is wrong"),
    Answer("Q compares features only", literal(Q="np.diag([1.0] * d + [0])"),
           "α and y do not enter"),
    Answer("P is the identity", literal(P="np.eye(d + 1)"), "α moves"),
    Answer("reads itself", literal("M[n, n] = 1"),
           "the last row reads itself too"),
    Answer("tril", literal("M = np.tril(np.ones_like(M))"),
           "the causal mask with the diagonal"),
    Answer("strict tril", literal("M = np.tril(np.ones_like(M), -1)"),
           "the causal mask without the diagonal"),
    Answer("no mask", literal("M = 1"), "there is no mask"),
    Answer("all rows read", literal("M[:, :n] = 1"),
           "every row reads the examples"),
    Answer("mask transposed", literal("M = M.T"), "nothing moves"),
    Answer("last output missing", loop(result="np.array(v[:-1])"),
           "v(T) is missing"),
    Answer("steps cut down", loop(
        steps="np.minimum(steps, 2 / np.linalg.norm(X, 2)**2)"),
        "a step beyond 2/L is cut down"),
    Answer("alpha or 1", loop(start="q0; alpha = alpha or 1"),
           "α = 0 is replaced"),
    Answer("stands still early", loop("""\
g = X.T @ cut(X @ q + alpha * y)
        q = q - eta * g * (np.linalg.norm(g) > 1e-6)"""),
        "on a random prompt of size 0.0001"),
]

RIGHT = [
    Answer("the literal layer", """\
def outputs(X, y, alpha, steps, q0, bound):
    n, d = X.shape
    Z = np.zeros((n + 1, d + 1))
    Z[:n, :d], Z[:n, d], Z[n, :d], Z[n, d] = X, y, q0, alpha
    M = np.zeros((n + 1, n + 1))
    M[n, :n] = 1
    P = np.diag([1.0] * d + [0.0])
    v = np.empty((len(steps) + 1, d))
    v[0] = -Z[n, :d]
    for t, eta in enumerate(steps, 1):
        Z = Z - eta * (M * np.clip(Z @ Z.T, -bound, bound)) @ Z @ P
        v[t] = -Z[n, :d]
    return v
"""),
    Answer("v itself", """\
def outputs(X, y, alpha, steps, q0, bound):
    v = [-np.asarray(q0, dtype=float)]
    for eta in steps:
        gap = np.maximum(np.minimum(alpha * y - X @ v[-1], bound), -bound)
        v += [v[-1] + eta * (gap @ X)]
    return np.stack(v)
"""),
    Answer("example by example", """\
def outputs(X, y, alpha, steps, q0, bound):
    q = np.array(q0, dtype=float)
    v = np.zeros((len(steps) + 1, len(q)))
    v[0] -= q
    for t, eta in enumerate(steps):
        move = 0 * q
        for x, label in zip(X, y):
            score = x @ q + alpha * label
            move += np.sign(score) * min(abs(score), bound) * x
        q = q - eta * move
        v[t + 1] = -q
    return v
"""),
]
