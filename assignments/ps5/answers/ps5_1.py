"""Problem 1 of set 5: a query that moves at its own speed."""

from tests.course.answers import Answer, altering

SOLUTION = """\
def error_map(s, steps, omega, psi):
    value, label, query = 1.0 * s, 1.0 * s, np.ones(len(s))
    errors = [np.ones(len(s))]
    for eta in steps:
        errors.append(errors[-1] - eta * query * value * label)
        bite = eta * value**2
        value = value * (1 - omega * bite)
        label = label * (1 - bite)
        query = query * (1 - psi * bite)
    return np.array(errors)
"""
ANSWER = "errors.append(errors[-1] - eta * query * value * label)\n"
VALUE = "value = value * (1 - omega * bite)\n"
LABEL = "label = label * (1 - bite)\n"
QUERY = "query = query * (1 - psi * bite)\n"

altered = altering(SOLUTION)


def ordered(*lines):
    """The loop with its lines in another order."""
    head, tail = SOLUTION.split("        errors.append")[0], (
        "    return np.array(errors)\n")
    return head + "".join(f"        {line}" for line in lines) + tail


BITE = "bite = eta * value**2\n"

WRONG = [
    Answer("labels only", altered(("psi * bite", "omega * bite")),
           "this is what is left of the labels"),
    Answer("the chapter's p", """\
def error_map(s, steps, omega, psi):
    value, left = 1.0 * s, [np.ones(len(s))]
    for eta in steps:
        left.append(left[-1] * (1 - eta * value**2))
        value = value * (1 - omega * eta * value**2)
    return np.array(left)
""", "this is what is left of the labels"),
    Answer("calls the package", """\
from lttutor.flattening import spectrum_map


def error_map(s, steps, omega, psi):
    return spectrum_map(s, steps, omega)[1]
""", "is not part of"),
    Answer("shares exchanged", altered(
        ("omega * bite", "OTHER * bite"), ("psi * bite", "omega * bite"),
        ("OTHER", "psi")), "the shares are exchanged"),
    Answer("query frozen", altered((QUERY, "pass\n")),
           "the query stands still"),
    Answer("examples frozen", altered((VALUE, "pass\n")),
           "the examples stand still"),
    Answer("labels frozen", altered((LABEL, "pass\n")),
           "the labels stand still"),
    Answer("query with the whole step", altered(("psi * bite", "bite")),
           "the query moves with the whole step"),
    Answer("examples with the whole step", altered(("omega * bite", "bite")),
           "the examples move with the whole step"),
    Answer("labels with omega", altered(
        ("label * (1 - bite)", "label * (1 - omega * bite)")),
        "the labels move with the share ω"),
    Answer("labels with psi", altered(
        ("label * (1 - bite)", "label * (1 - psi * bite)")),
        "the labels move with the share ψ"),
    Answer("examples first", ordered(BITE, VALUE, ANSWER, LABEL, QUERY),
           "the answer is read from examples that moved already"),
    Answer("query first", ordered(BITE, QUERY, ANSWER, VALUE, LABEL),
           "the answer is read with the query that moved already"),
    Answer("labels first", ordered(BITE, LABEL, ANSWER, VALUE, QUERY),
           "the answer is read from labels that moved already"),
    Answer("bite of the new examples", ordered(
        ANSWER, BITE, VALUE, BITE, LABEL, QUERY),
        "labels and query move by examples that moved already"),
    Answer("learned", altered(("np.array(errors)", "1 - np.array(errors)")),
           "this is 1 − e"),
    Answer("uphill", altered(("errors[-1] - eta", "errors[-1] + eta")),
           "the answer is subtracted twice"),
    Answer("only the last", altered(("np.array(errors)", "errors[-1]")),
           "only the last row is returned"),
    Answer("T rows", altered(
        ("np.array(errors)", "np.array(errors[1:])")), "e₀ = 1 is missing"),
    Answer("last row missing", altered(
        ("np.array(errors)", "np.array(errors[:-1])")), "e_T is missing"),
    Answer("transposed", altered(("np.array(errors)", "np.array(errors).T")),
           "rows and columns are exchanged"),
    Answer("steps backwards", altered(("in steps:", "in steps[::-1]:")),
           "the steps run backwards"),
    Answer("first step only", altered(
        ("in steps:", "in np.full(len(steps), steps[0]):")),
        "every loop uses the first step"),
    Answer("eigenvalues", altered(
        ("1.0 * s, 1.0 * s", "np.sqrt(s), np.sqrt(s)")),
        "s is a singular value of X"),
    Answer("absolute values", altered(
        ("np.array(errors)", "np.abs(errors)")), "these are absolute values"),
    Answer("a third", altered(("omega * bite", "bite / 3")),
           "ω is fixed to 1/3"),
    Answer("typed in", """\
def error_map(s, steps, omega, psi):
    return np.array([[1, 1, 1], [-0.4, 0.496, 0.9125],
                     [-0.2608, 0.269263654912, 0.806290881348],
                     [-0.224614037741, 0.166901161545, 0.678879262434]])
""",
           "the numbers that belong to the visible check"),
    Answer("in place", altered(
        ("value, label, query = 1.0 * s, 1.0 * s",
         "value, label, query = s, 1.0 * s"),
        (VALUE, "value *= 1 - omega * bite\n")),
        "changes its argument number 1"),
    Answer("divides by s", altered(
        ("label, query = 1.0 * s, 1.0 * s, np.ones(len(s))",
         "label, query = 1.0 * s, 1.0 * s, s / s")),
        "the result is not finite"),
    Answer("cut to integers", altered(
        ("    errors = [np.ones(len(s))]\n",
         "    errors = [np.ones_like(s)]\n"),
        ("errors.append(errors[-1] - eta * query * value * label)",
         "errors.append((errors[-1] - eta * query * value * label)"
         ".astype(s.dtype))")),
        "cut to whole numbers"),
    Answer("no return", altered(("    return np.array(errors)\n", "")),
           "returns None"),
]

RIGHT = [
    Answer("as a product and a sum", """\
def error_map(s, steps, omega, psi):
    T, k = len(steps), len(s)
    lam = np.empty((T + 1, k))
    lam[0] = np.asarray(s, float) ** 2
    for t in range(T):
        lam[t + 1] = lam[t] * (1 - omega * steps[t] * lam[t]) ** 2
    bites = np.asarray(steps, float)[:, None] * lam[:T]

    def before(share):
        factors = np.vstack([np.ones(k), 1 - share * bites])
        return np.cumprod(factors, axis=0)[:T]

    root = np.array([np.prod(1 - omega * bites[:t], axis=0)
                     for t in range(T)]).reshape(T, k)
    parts = (np.asarray(steps, float)[:, None] * lam[0] * root
             * before(1) * before(psi))
    return np.vstack([np.ones(k), 1 - np.cumsum(parts, axis=0)])
"""),
    Answer("the machine itself, diagonal", """\
def error_map(s, steps, omega, psi):
    X = np.diag(np.asarray(s, dtype=float))
    Y, C, learned = X.copy(), np.eye(len(s)), np.zeros(len(s))
    rows = [1 - learned]
    for eta in steps:
        learned = learned + eta * np.diag(C @ X.T @ Y)
        G = X.T @ X
        X, Y, C = (X - omega * eta * X @ G, Y - eta * G @ Y,
                   C - psi * eta * C @ G)
        rows.append(1 - learned)
    return np.stack(rows)
"""),
]
