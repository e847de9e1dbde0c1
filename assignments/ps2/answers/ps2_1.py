"""Problem 1 of set 2: the output after each loop."""

from tests.course.answers import Answer


def loop(step="q = q - eta * (X.T @ (X @ q + alpha * y))", *, start="q0",
         first="[-q]", keep="v.append(-q)", steps="steps",
         result="np.array(v)"):
    return f"""\
def outputs(X, y, alpha, steps, q0):
    q = 1.0 * {start}
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
def outputs(X, y, alpha, steps, q0):
    n, d = X.shape
    Q, P, M = {Q}, {P}, np.zeros((n + 1, n + 1))
    M[n, :n] = 1
{body}    Z = np.block([[X, y[:, None]], [q0, alpha]])
    v = [-Z[n, :d]]
    for eta in steps:
        Z = Z - eta * (M * (Z @ Q @ Z.T)) @ Z @ P
        v.append(-Z[n, :d])
    return np.array(v)
"""


WRONG = [
    Answer("no minus", loop(first="[q]", keep="v.append(q)"),
           "the output carries a minus sign"),
    Answer("uphill", loop("q = q + eta * (X.T @ (X @ q + alpha * y))"),
           "the layer is added"),
    Answer("no alpha", loop("q = q - eta * (X.T @ (X @ q + y))"),
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
    Answer("stale", loop("q = q0 - eta * (X.T @ (X @ q0 + alpha * y))"),
           "each loop starts from the first state again"),
    Answer("one array", loop(
        "q -= eta * (X.T @ (X @ q + alpha * y))", first="[q]",
        keep="v.append(q)", result="-np.array(v)"),
        "all rows are the same array"),
    Answer("divided by n",
           loop("q = q - eta * (X.T @ (X @ q + alpha * y)) / len(X)"),
           "the layer is divided by n"),
    Answer("alpha at q", loop("q = q - eta * (X.T @ (alpha * X @ q + y))"),
           "is the loss ½‖Xq + αy‖²"),
    Answer("step outside the bracket",
           loop("q = q - eta * X.T @ X @ q - alpha * X.T @ y"),
           "the step multiplies the part with Sq only"),
    Answer("residual of the other space",
           loop("q = q - eta * (X @ (X.T @ q + alpha * y))"),
           "the gradient with respect to q has shape (d,)"),
    Answer("typed in", """\
def outputs(X, y, alpha, steps, q0):
    return np.array([[-0.5, 1], [-0.8, 1.05], [-0.885, 1.12],
                     [-1.196, 1.384]])
""", "the numbers that belong to the visible check"),
    Answer("cut to integers", """\
def outputs(X, y, alpha, steps, q0):
    v = np.zeros((len(steps) + 1, len(q0)), dtype=X.dtype)
    v[0] = -q0
    for t, eta in enumerate(steps):
        v[t + 1] = v[t] - eta * (X.T @ (X @ v[t] - alpha * y))
    return v
""", "cut to whole numbers"),
    Answer("in place", """\
def outputs(X, y, alpha, steps, q0):
    v = [-q0]
    for eta in steps:
        q0 -= eta * (X.T @ (X @ q0 + alpha * y))
        v.append(-q0)
    return np.array(v)
""", "changes its argument number 5"),
    Answer("calls the package", """\
from lttutor.loop import generate


def outputs(X, y, alpha, steps, q0):
    return generate(X, alpha * y + X @ q0, 1.0, steps) - q0
""", "is not part of"),
    Answer("last step first", loop(steps="np.roll(steps, 1)"),
           "the first loop uses the last step"),
    Answer("steps counted from 1", """\
def outputs(X, y, alpha, steps, q0):
    q = 1.0 * q0
    v = [-q]
    for t in range(1, len(steps) + 1):
        q = q - steps[t] * (X.T @ (X @ q + alpha * y))
        v.append(-q)
    return np.array(v)
""", "index 3 is out of bounds"),
    Answer("minus alpha", loop("q = q - eta * (X.T @ (X @ q - alpha * y))"),
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
g = X.T @ (X @ q + alpha * y)
        q = q - eta * g * (np.linalg.norm(g) > 1e-6)"""),
        "on a random prompt of size 0.0001"),
]

RIGHT = [
    Answer("the literal layer", """\
def outputs(X, y, alpha, steps, q0):
    n, d = X.shape
    Z = np.zeros((n + 1, d + 1))
    Z[:n, :d], Z[:n, d], Z[n, :d], Z[n, d] = X, y, q0, alpha
    M = np.zeros((n + 1, n + 1))
    M[n, :n] = 1
    P = np.diag([1.0] * d + [0.0])
    v = np.empty((len(steps) + 1, d))
    v[0] = -Z[n, :d]
    for t, eta in enumerate(steps, 1):
        Z = Z - eta * (M * (Z @ Z.T)) @ Z @ P
        v[t] = -Z[n, :d]
    return v
"""),
    Answer("Gram matrix, v itself", """\
def outputs(X, y, alpha, steps, q0):
    S, b = X.T @ X, alpha * (X.T @ y)
    v = [-np.asarray(q0, dtype=float)]
    for eta in steps:
        v += [v[-1] + eta * (b - S @ v[-1])]
    return np.stack(v)
"""),
    Answer("one affine matrix", """\
def outputs(X, y, alpha, steps, q0):
    A = np.column_stack([X.T @ X, alpha * (X.T @ y)])
    A = np.vstack([A, np.zeros(A.shape[1])])
    rows = [np.append(q0, 1.0)]
    for eta in steps:
        rows.append((np.eye(len(A)) - eta * A) @ rows[-1])
    return -np.array(rows)[:, :-1]
"""),
]
