"""How fast the loop is guaranteed to be: tight rates, and the published bound.

Rules for the steps are named

    "constant"   η = 1/L            "chebyshev"  Chebyshev steps for this T
    "optimal"    η = 2/(L + μ)      "paper"      the bound of Chen et al.
    "flattening" the steps of the machine whose examples move

with [μ, L] the spectrum of XᵀX and κ = L/μ (chapters 13, 23 and 42).
"""

import math
from decimal import Decimal, localcontext

import numpy as np
from numpy.typing import ArrayLike

from lttutor.theory.conditioning import as_kappa
from lttutor.theory.flattening import flattening_loops
from lttutor.validation import as_counts, as_number


def tight_bound(
    kappa: ArrayLike, T: ArrayLike, rule: str,
) -> np.ndarray | float:
    """The largest possible |⟨v(T), θ*⟩ - α| / |α| for a given κ and rule.

    The maximum over all spectra in [μ, L] and all unit θ*, so some task
    attains it; it also bounds ‖v(T) - αθ*‖ / |α|:

        constant    (1 - 1/κ)^T
        optimal     ((κ - 1)/(κ + 1))^T
        chebyshev   2/(ρ^T + ρ^-T),   ρ = (√κ - 1)/(√κ + 1)

    Parameters
    ----------
    kappa : array_like, shape (...)
        Condition number of XᵀX, at least 1; may be infinite.
    T : array_like of int, shape (...)
        Number of loops, at least 0; broadcasts with ``kappa``.
    rule : {"constant", "optimal", "chebyshev"}

    Returns
    -------
    numpy.ndarray or float, shape (...)

    Raises
    ------
    TypeError, ValueError
        For arguments outside the ranges above.

    Examples
    --------
    >>> [round(float(tight_bound(10, 20, rule)), 6)
    ...  for rule in ("constant", "optimal", "chebyshev")]
    [0.121577, 0.018072, 4e-06]
    """
    _check_rule(rule, ("constant", "optimal", "chebyshev"))
    kappa, T = as_kappa(kappa), as_counts("T", T)
    if rule == "constant":
        return _power(1 / kappa, T)
    if rule == "optimal":
        return _power(2 / (kappa + 1), T)
    power = _power(2 / (np.sqrt(kappa) + 1), T)
    return 2 * power / (1 + power**2)


def paper_bound(kappa: ArrayLike, T: ArrayLike) -> np.ndarray | float:
    """The bound of Chen et al. on |⟨v(T), θ*⟩ - α| / |α|: exp(-T / 2κ).

    Parameters
    ----------
    kappa : array_like, shape (...)
        Condition number of XᵀX, at least 1; may be infinite.
    T : array_like of int, shape (...)
        Number of loops, at least 0; broadcasts with ``kappa``.

    Returns
    -------
    numpy.ndarray or float, shape (...)

    Raises
    ------
    TypeError, ValueError
        For arguments outside the ranges above.

    Examples
    --------
    >>> round(float(paper_bound(10, 20)), 6)
    0.367879
    """
    kappa, T = as_kappa(kappa), as_counts("T", T)
    return np.exp(-T / 2 / kappa)


def loops_needed(
    kappa: ArrayLike, epsilon: float, rule: str,
) -> np.ndarray | float:
    """The smallest number of loops T for which a rule's bound is at most ε.

    The bound is ``tight_bound(kappa, T, rule)``, ``paper_bound`` for the rule
    "paper", ``flattening_bound`` for "flattening".  The inequality is decided with at least 50 digits for
    the very floats that came in, so T is exact even where ε equals a bound.

    Parameters
    ----------
    kappa : array_like, shape (...)
        Condition number of XᵀX, at least 1; may be infinite.
    epsilon : float
        Relative error to reach, positive.
    rule : {"constant", "optimal", "chebyshev", "paper", "flattening"}

    Returns
    -------
    int, or numpy.ndarray of float, shape (...)
        For one κ an ``int``, or ``inf`` where no number of loops suffices;
        for an array of them whole numbers and ``inf`` as floats.

    Raises
    ------
    TypeError, ValueError
        For arguments outside the ranges above.

    Examples
    --------
    >>> [loops_needed(100, 1e-6, rule)
    ...  for rule in ("paper", "constant", "chebyshev", "flattening")]
    [2764, 1375, 73, 6]
    """
    _check_rule(
        rule, ("constant", "optimal", "chebyshev", "paper", "flattening"))
    kappa = as_kappa(kappa)
    epsilon = as_number("epsilon", epsilon, above=0)
    if kappa.ndim == 0:
        return _loops(float(kappa), epsilon, rule)
    loops = [_loops(float(k), epsilon, rule) for k in kappa.flat]
    return np.array(loops, float).reshape(kappa.shape)


def _loops(kappa, epsilon, rule):
    if epsilon >= 1:
        return 0
    if math.isinf(kappa):
        return math.inf
    if kappa == 1 and rule != "paper":
        return 1
    with localcontext() as context:
        context.prec = 50 + math.ceil(math.log10(kappa))
        k, e = Decimal(kappa), Decimal(epsilon)
        if rule == "paper":
            loops = -2 * k * e.ln()
        elif rule == "constant":
            loops = e.ln() / (1 - 1 / k).ln()
        elif rule == "optimal":
            loops = e.ln() / ((k - 1) / (k + 1)).ln()
        elif rule == "flattening":
            return flattening_loops(1 / k.sqrt(), e)
        else:
            growth = (k.sqrt() + 1) / (k.sqrt() - 1)
            loops = (1 / e + (1 / e**2 - 1).sqrt()).ln() / growth.ln()
        # Whole up to rounding is whole: there the bound equals ε.
        return math.ceil(loops - Decimal("1e-30"))


def _power(x, T):
    """(1 - x)^T, accurate for tiny x and huge T, and 1 for T = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.exp(T * np.log1p(-x))
    return np.where(T == 0, 1.0, value)[()]


def _check_rule(rule, known):
    if not isinstance(rule, str) or rule not in known:
        raise ValueError(
            f"rule: expected one of {', '.join(known)}, got {rule!r}"
        )
