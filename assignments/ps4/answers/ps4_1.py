"""Problem 1 of set 4: the descent."""

from tests.course.answers import Answer


def descent(slope="value**(1 / loops - 1) / loops * gradient", *,
            part="(slope + slope.T) / 2", start="start", sign="-",
            count="iterations", at="A", after="pass",
            guard="if value == 0:\n            break"):
    return f"""\
def descend(value_and_gradient, start, loops, step, iterations):
    A = np.array({start}, dtype=float)
    for _ in range({count}):
        value, gradient = value_and_gradient({at})
        {guard}
        slope = {slope}
        A = A {sign} step * {part}
        {after}
    return A
"""


WRONG = [
    Answer("plain loss", descent("gradient"),
           "this descends the loss itself"),
    Answer("no 1/T", descent("value**(1 / loops - 1) * gradient"),
           "the factor 1/T of the derivative"),
    Answer("exponent of the root",
           descent("value**(1 / loops) / loops * gradient"),
           "the exponent is that of the root"),
    Answer("not symmetrized", descent(part="slope"),
           "the gradient is not symmetrized"),
    Answer("no half", descent(part="(slope + slope.T)"),
           "the symmetric part is half the sum"),
    Answer("uphill", descent(sign="+"), "move against it"),
    Answer("stale", descent(at="start"), "always taken at the start"),
    Answer("one fewer", descent(count="iterations - 1"),
           "one iteration is missing"),
    Answer("one more", descent(count="iterations + 1"),
           "one iteration too many"),
    Answer("from zero", descent(start="0 * start"),
           "the descent starts at zero"),
    Answer("A symmetrized", descent(part="slope", after="A = (A + A.T) / 2"),
           "A is symmetrized, not the gradient"),
    Answer("unit gradient",
           descent("gradient / np.linalg.norm(gradient)"),
           "the gradient is scaled to length 1"),
    Answer("no guard", descent(guard="pass").replace("value, gradient =",
           "value, gradient = map(np.asarray,").replace(
               "value_and_gradient(A)", "value_and_gradient(A))"),
           "zero to a negative power"),
    Answer("stops early", descent(
        guard="if value < 1e-9:\n            break"),
        "only a loss of exactly zero ends the descent"),
    Answer("whole-number division", descent(
        "value**(1 // loops - 1) / loops * gradient"), "cuts 1/T to 0"),
    Answer("precedence", descent(
        "(value**1 / loops - 1) / loops * gradient"),
        "** binds more strongly than /"),
    Answer("sign of the exponent", descent(
        "value**(1 - 1 / loops) / loops * gradient"),
        "the exponent 1 − 1/T has the wrong sign"),
    Answer("root of order 2T", descent(
        "value**(0.5 / loops - 1) / (2 * loops) * gradient"),
        "the 2T-th root"),
    Answer("start symmetrized", descent(start="(start + start.T) / 2"),
           "the start is symmetrized"),
    Answer("skew part", descent(part="(slope - slope.T) / 2"),
           "the skew part of the gradient"),
    Answer("the best", """\
def descend(value_and_gradient, start, loops, step, iterations):
    A = np.array(start, dtype=float)
    best, lowest = A, value_and_gradient(A)[0]
    for _ in range(iterations):
        value, gradient = value_and_gradient(A)
        if value == 0:
            return A
        slope = value**(1 / loops - 1) / loops * gradient
        A = A - step * (slope + slope.T) / 2
        if value_and_gradient(A)[0] < lowest:
            best, lowest = A, value_and_gradient(A)[0]
    return best
""", "where the loss rises you return the best A"),
    Answer("zero looked for once", """\
def descend(value_and_gradient, start, loops, step, iterations):
    A = np.array(start, dtype=float)
    if value_and_gradient(A)[0] == 0:
        return A
    for _ in range(iterations):
        value, gradient = value_and_gradient(A)
        slope = np.float64(value)**(1 / loops - 1) / loops * gradient
        A = A - step * (slope + slope.T) / 2
    return A
""", "Look at the loss in each iteration"),
    Answer("gradient in place", descent(
        "gradient", guard="if value == 0:\n            break\n"
        "        gradient *= value**(1 / loops - 1) / loops"),
        "it belongs to value_and_gradient"),
    Answer("ends when A hardly moves", descent(
        after="if np.abs(step * slope).max() < 1e-6:\n            break"),
        "only a loss of exactly zero ends the descent"),
    Answer("three loops only",
           descent("value**(1 / 3 - 1) / 3 * gradient"),
           "you always take the third root"),
    Answer("cut to integers", """\
def descend(value_and_gradient, start, loops, step, iterations):
    A = np.copy(start)
    for _ in range(iterations):
        value, gradient = value_and_gradient(A)
        if value == 0:
            break
        slope = value**(1 / loops - 1) / loops * gradient
        A[:] = A - step * (slope + slope.T) / 2
    return A
""", "cut to whole numbers"),
    Answer("in place", """\
def descend(value_and_gradient, start, loops, step, iterations):
    for _ in range(iterations):
        value, gradient = value_and_gradient(start)
        if value == 0:
            break
        slope = value**(1 / loops - 1) / loops * gradient
        start -= step * (slope + slope.T) / 2
    return start
""", "changes its argument number 2"),
    Answer("typed in", """\
def descend(value_and_gradient, start, loops, step, iterations):
    return np.array([[0.8976, 1.689975], [0.439975, -0.9352]])
""", "the numbers that belong to the visible check"),
]

RIGHT = [
    Answer("logarithms", """\
def descend(value_and_gradient, start, loops, step, iterations):
    A = 1.0 * start
    for _ in range(iterations):
        value, gradient = value_and_gradient(A)
        if not value:
            return A
        root = np.exp(np.log(value) / loops)
        A = A - step * root / (2 * loops * value) * (gradient + gradient.T)
    return A
"""),
    Answer("recursion", """\
def descend(value_and_gradient, start, loops, step, iterations):
    A = np.asarray(start, dtype=float)
    if iterations == 0:
        return A
    value, gradient = value_and_gradient(A)
    if value == 0:
        return A
    gradient = np.asarray(gradient) * value**(1 / loops) / (value * loops)
    A = A - step * 0.5 * gradient - step * 0.5 * np.transpose(gradient)
    return descend(value_and_gradient, A, loops, step, iterations - 1)
"""),
]
