"""Problem 3 of set 5: the best number of loops for two kinds of noise."""

from tests.course.answers import Answer, altering

SOLUTION = """\
def risks(s, c, steps, nu, tau):
    p, noise = np.ones(len(s)), np.zeros(len(s))
    lam = 1.0 * s**2
    values = [np.sum(c**2)]
    for eta in steps:
        keep = 1 - eta * lam
        p = keep * p
        noise = keep**2 * noise + eta**2 * lam * tau**2
        fitted = np.where(lam > 0, (1 - p)**2 / np.where(lam > 0, lam, 1), 0)
        values.append(np.sum(c**2 * p**2) + nu**2 * fitted.sum()
                      + noise.sum())
    return np.array(values), int(np.argmin(values))
"""
FITTED = "(1 - p)**2 / np.where(lam > 0, lam, 1)"
NOISE = "noise = keep**2 * noise + eta**2 * lam * tau**2"

altered = altering(SOLUTION)


WRONG = [
    Answer("no noise that stays", altered((" + nu**2 * fitted.sum()", "")),
           "the noise that stays is missing"),
    Answer("stays taken for anew", altered(
        (" + nu**2 * fitted.sum()", ""), ("tau**2", "(tau**2 + nu**2)")),
        "the noise that stays is taken for noise drawn anew"),
    Answer("nu not squared", altered(("nu**2 * f", "nu * f")),
           "ν enters as it is"),
    Answer("c not squared", altered(("c**2", "c")), "c enters as it is"),
    Answer("p not squared", altered(("c**2 * p**2", "c**2 * p")),
           "what is left of θ* enters as it is"),
    Answer("share not squared", altered(("(1 - p)**2", "(1 - p)")),
           "the share of the noise that is fitted enters as it is"),
    Answer("s for λ", altered(("1.0 * s**2", "1.0 * s")),
           "s is a singular value of X"),
    Answer("divided by s", altered((FITTED, "(1 - p)**2 / s")),
           "is divided by s: a mean square has s²"),
    Answer("divided by s to the fourth", altered(
        (FITTED, "(1 - p)**2 / lam**2")), "is divided by s⁴"),
    Answer("not divided", altered((FITTED, "(1 - p)**2")),
           "is not divided by λ"),
    Answer("calls the package", """\
from lttutor import theory


def risks(s, c, steps, nu, tau):
    lam, p = s**2, np.ones((len(steps) + 1, len(s)))
    for t, eta in enumerate(steps):
        p[t + 1] = p[t] * (1 - eta * lam)
    values = theory.noisy_risk(lam, p, np.hypot(nu, tau), c)
    return values, int(values.argmin())
""", "is not part of"),
    Answer("mean over θ*", altered(("c**2", "np.ones(len(s)) / len(s)")),
           "this is the mean over a θ* of length 1"),
    Answer("root", altered(("return np.array(values)",
                            "return np.sqrt(values)")), "this is the root"),
    Answer("mean over directions", altered(
        ("return np.array(values)", "return np.array(values) / len(s)")),
        "this is the mean over the d directions"),
    Answer("T values", altered(
        ("return np.array(values)", "return np.array(values)[1:]")),
        "the first value is missing"),
    Answer("steps backwards", altered(("in steps:", "in steps[::-1]:")),
           "the steps run backwards"),
    Answer("weighted by λ", altered(("np.sum(c**2", "np.sum(lam * c**2"),
                                    (FITTED, "(1 - p)**2"),
                                    ("noise.sum()", "(lam * noise).sum()")),
           "so nothing is weighted by λ"),
    Answer("no new noise", altered(("\n                      + noise.sum()",
                                    "")),
           "the noise that is drawn anew is missing"),
    Answer("one noise of both variances", altered(
        ("\n                      + noise.sum()", ""),
        ("nu**2 * f", "(nu**2 + tau**2) * f")),
        "the noise that is drawn anew is taken for noise that stays"),
    Answer("never forgotten", altered(("keep**2 * noise", "noise")),
           "the new noise is never forgotten"),
    Answer("slowly forgotten", altered(("keep**2 * noise", "keep * noise")),
           "is forgotten as slowly as the error"),
    Answer("eta not squared", altered(("eta**2", "eta")),
           "new noise enters with η²"),
    Answer("no transpose", altered(("eta**2 * lam * tau**2",
                                    "eta**2 * tau**2")),
           "its variance along vᵢ is λ η² τ²"),
    Answer("s for its variance", altered(("eta**2 * lam", "eta**2 * s")),
           "its variance along vᵢ holds λ, not s"),
    Answer("tau not squared", altered(("tau**2", "tau")),
           "τ enters as it is"),
    Answer("damped too early", altered(
        (NOISE, "noise = keep**2 * (noise + eta**2 * lam * tau**2)")),
        "is damped by the loop itself already"),
    Answer("earlier loops damp", altered(
        ("        p = keep * p\n", ""),
        (NOISE, "noise = noise + p**2 * eta**2 * lam * tau**2\n"
                "        p = keep * p")),
        "the noise of a loop is damped by earlier loops"),
    Answer("last noise only", altered(("keep**2 * noise + ", "")),
           "only the last loop's noise is counted"),
    Answer("counts from one", altered(("int(np.argmin(values))",
                                       "int(np.argmin(values)) + 1")),
           "but values are smallest after"),
    Answer("the last of several", altered((
        "int(np.argmin(values))",
        "len(values) - 1 - int(np.argmin(values[::-1]))")),
        "return the fewest"),
    Answer("a list", altered(("return np.array(values), int(np.argmin("
                              "values))", "return np.array(values)")),
           "return the two results"),
    Answer("the smallest mean for its place", altered(
        ("int(np.argmin(values))", "min(values)")),
        "expected a whole number"),
    Answer("divides by zero", altered(
        ("np.where(lam > 0, " + FITTED + ", 0)", "(1 - p)**2 / lam")),
        "do you divide by s?"),
    Answer("in place", altered(("p, noise = np.ones(len(s))",
                                "c *= np.sign(c)\n"
                                "    p, noise = np.ones(len(s))")),
           "changes its argument number 2"),
    Answer("noises added first", altered(
        ("nu**2 * f", "(nu + tau)**2 * f"),
        ("\n                      + noise.sum()",
         "\n                      + noise.sum() * (nu == 0)"
         " - tau**2 * fitted.sum() * (nu == 0)")),
        "the two noises are added before they are squared"),
]

RIGHT = [
    Answer("the chapter's formula and a second moment", SOLUTION),
    Answer("sums over past loops", """\
def risks(s, c, steps, nu, tau):
    values, lam = [], np.asarray(s, dtype=float) ** 2
    for t in range(len(steps) + 1):
        factors = [1 - eta * lam for eta in steps[:t]]
        left = np.prod(factors, axis=0) if t else np.ones(len(lam))
        total = np.sum((c * left) ** 2)
        for i, value in enumerate(lam):
            moves = [steps[u] * np.sqrt(value)
                     * np.prod([1 - eta * value for eta in steps[u + 1:t]])
                     for u in range(t)]
            total += nu**2 * sum(moves) ** 2
            total += tau**2 * sum(move**2 for move in moves)
        values.append(total)
    return np.array(values), values.index(min(values))
"""),
]
