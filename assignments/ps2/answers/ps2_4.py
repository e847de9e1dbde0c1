"""Problem 4 of set 2: each query reads the examples in its own way."""

from tests.course.answers import Answer


def machine(row="rows - eta * scores @ X", entry="a - eta * scores @ y", *,
            scores="weights * (rows @ X.T)", first="[np.zeros(len(queries))]",
            steps="steps", keep="-a", result="np.array(out)"):
    return f"""\
def predictions(X, y, queries, weights, steps):
    rows, a = 1.0 * queries, np.zeros(len(queries))
    out = {first}
    for eta in {steps}:
        scores = {scores}
        rows, a = {row}, {entry}
        out.append({keep})
    return {result}
"""


LITERAL = """\
def predictions(X, y, queries, weights, steps):
    n, d = X.shape
    out = np.zeros((len(steps) + 1, len(queries)))
    M = np.zeros((n + 1, n + 1))
    Q = np.diag([1.0] * d + [{q}])
    P = np.diag([1.0] * d + [{p}])
    for k, x in enumerate(queries):
        M[n, :n] = weights[k]
        Z = np.block([[X, y[:, None]], [x, {start}]])
        out[0, k] = -Z[n, d]
        for t, eta in enumerate(steps, 1):
            Z = Z - eta * (M * (Z @ Q @ Z.T)) @ Z @ P
            out[t, k] = -Z[n, d]
    return out
"""

WRONG = [
    Answer("no minus", machine(keep="a"), "a sign is wrong"),
    Answer("new row used", machine(
        entry="a - eta * (weights * ((rows - eta * scores @ X) @ X.T)) @ y"),
        "the last entry is updated with the row of the same loop"),
    Answer("steps reversed", machine(steps="steps[::-1]"),
           "the steps run backwards"),
    Answer("uphill", machine("rows + eta * scores @ X",
                             "a + eta * scores @ y"),
           "the layer is added"),
    Answer("divided by n", machine(scores="weights * (rows @ X.T) / len(X)"),
           "the layer is divided by n"),
    Answer("labels never written", LITERAL.format(q=0.0, p=0.0, start=0),
           "the last entry never moves"),
    Answer("labels compared", LITERAL.format(q=1.0, p=1.0, start=0),
           "Q still compares the labels"),
    Answer("query frozen", machine("rows"), "the query itself does not move"),
    Answer("T rows", machine(first="[]"), "the outputs after 0 loops"),
    Answer("only the last", machine(result="-a"),
           "only the last outputs are returned"),
    Answer("one under the labels", LITERAL.format(q=0.0, p=1.0, start=1),
           "the last entry starts at 1"),
    Answer("transposed", machine(result="np.array(out).T"), "the result is transposed"),
    Answer("reads the features", machine(
        first="[-rows[:, 0]]", keep="-rows[:, 0]"),
        "this is minus the first feature of the row"),
    Answer("reads the features, no minus", machine(
        first="[rows[:, 0]]", keep="rows[:, 0]"),
        "this is the first feature of the row"),
    Answer("stale", """\
def predictions(X, y, queries, weights, steps):
    out = [np.zeros(len(queries))]
    for eta in steps:
        out.append(eta * (weights * (queries @ X.T)) @ y)
    return np.array(out)
""", "each loop starts from the query again"),
    Answer("last step first", machine(steps="np.roll(steps, 1)"),
           "the first loop uses the last step"),
    Answer("least squares", """\
def predictions(X, y, queries, weights, steps):
    answer = [x @ np.linalg.pinv(X.T * w @ X) @ (X.T * w @ y)
              for x, w in zip(queries, weights)]
    return np.tile(answer, (len(steps) + 1, 1))
""", "this is the answer of least squares"),
    Answer("mask transposed", LITERAL.format(q=0.0, p=1.0, start=0).replace(
        "M[n, :n]", "M[:n, n]"), "does the last row read the examples"),
    Answer("reads itself", LITERAL.format(q=0.0, p=1.0, start=0).replace(
        "M[n, :n] = weights[k]", "M[n] = np.append(weights[k], 1)"),
        "the last row reads itself too"),
    Answer("X transposed", machine(scores="weights * (rows @ X)"),
           "with n, d and m all different"),
    Answer("cut to integers", machine().replace(
        "1.0 * queries, np.zeros(len(queries))",
        "1 * queries, np.zeros(len(queries), X.dtype)").replace(
        "        rows, a =", "        rows[:], a[:] ="),
        "cut to whole numbers"),
    Answer("in place", """\
def predictions(X, y, queries, weights, steps):
    a = np.zeros(len(queries))
    out = [-a]
    for eta in steps:
        scores = weights * (queries @ X.T)
        queries -= eta * scores @ X
        a = a - eta * scores @ y
        out.append(-a)
    return np.array(out)
""", "changes its argument number 3"),
    Answer("calls the package", """\
from lttutor.loop import predict


def predictions(X, y, queries, weights, steps):
    return np.stack([predict(X, y, x, steps) for x in queries], axis=1)
""", "is not part of"),
    Answer("one array", """\
def predictions(X, y, queries, weights, steps):
    n, m = len(X), len(queries)
    Z = np.column_stack([np.vstack([X, queries]), np.append(y, np.zeros(m))])
    out = [Z[n:, -1]]
    for eta in steps:
        Z[n:] -= eta * (weights * (Z[n:, :-1] @ Z[:n, :-1].T)) @ Z[:n]
        out.append(Z[n:, -1])
    return -np.array(out)
""", "all rows are the same array"),
    Answer("starts at minus x", machine().replace("1.0 * queries",
                                                  "-1.0 * queries"),
           "the row starts at (x, 0)"),
    Answer("steps cut down", machine(
        steps="np.minimum(steps, 2 / np.linalg.norm(X, 2)**2)"),
        "a step beyond 2/L is cut down"),
    Answer("transposed if it does not fit", machine(
        result="np.array(out).T if np.shape(out)[0] == np.shape(out)[1] "
               "else np.array(out)"), "m = 4, T = 3"),
    Answer("the limit instead of many loops", machine(
        result="np.array(out) if len(steps) < 50 else np.tile(\n"
               "        [x @ np.linalg.pinv(X.T * w @ X) @ (X.T * w @ y)\n"
               "         for x, w in zip(queries, weights)],"
               " (len(steps) + 1, 1))"),
        "T = 60"),
    Answer("weights forgotten", machine(scores="rows @ X.T"),
           "every query reads every example with weight 1"),
    Answer("the first query's weights", machine(
        scores="weights[0] * (rows @ X.T)"),
        "every query uses the weights of the first"),
    Answer("weights on the features only", machine(
        entry="a - eta * (rows @ X.T) @ y"),
        "the weights multiply what is written to the features only"),
    Answer("weights on the labels only", machine(
        "rows - eta * rows @ X.T @ X"),
        "the weights multiply what is written to the last entry only"),
    Answer("weights squared", machine(
        scores="weights**2 * (rows @ X.T)"), "the weights enter squared"),
    Answer("roots on both sides", """\
def predictions(X, y, queries, weights, steps):
    root = np.sqrt(np.abs(weights))
    rows, a = 1.0 * queries, np.zeros(len(queries))
    out = [-a]
    for eta in steps:
        scores = root**2 * (rows @ X.T)
        rows, a = rows - eta * scores @ X, a - eta * scores @ y
        out.append(-a)
    return np.array(out)
""", "a negative weight counts as a positive one"),
    Answer("weights as a switch", machine(
        scores="(weights != 0) * (rows @ X.T)"),
        "the weights are used as a switch"),
    Answer("weights normalized", machine(
        scores="weights / weights.sum(axis=1, keepdims=True) * (rows @ X.T)"),
        "the weights of a query are divided by their sum"),
]

RIGHT = [
    Answer("descends on θ for each query", """\
def predictions(X, y, queries, weights, steps):
    out = np.zeros((len(steps) + 1, len(queries)))
    for k, (x, w) in enumerate(zip(queries, weights)):
        theta = np.zeros(X.shape[1])
        for t, eta in enumerate(steps, 1):
            theta = theta - eta * X.T @ (w * (X @ theta - y))
            out[t, k] = theta @ x
    return out
"""),
    Answer("the literal layer", LITERAL.format(q=0.0, p=1.0, start=0)),
    Answer("all rows at once", machine()),
    Answer("one prompt with m rows", """\
def predictions(X, y, queries, weights, steps):
    n, d = X.shape
    m = len(queries)
    Z = np.zeros((n + m, d + 1))
    Z[:n, :d], Z[:n, d], Z[n:, :d] = X, y, queries
    out = [np.zeros(m)]
    for eta in steps:
        layer = (weights * (Z[n:, :d] @ Z[:n, :d].T)) @ Z[:n]
        Z[n:] -= eta * layer
        out.append(-Z[n:, d].copy())
    return np.array(out)
"""),
]
