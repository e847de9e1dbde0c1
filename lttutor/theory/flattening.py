"""How far the moving machine is off, exactly, with its flattening steps.

Chapter 42 proves it: the largest error over a spectrum in [μ, L] is attained
at its upper end, and is a product with one factor for each loop.
"""

from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lttutor.theory.conditioning import as_kappa
from lttutor.validation import as_counts


def flattening_bound(kappa: ArrayLike, T: ArrayLike) -> np.ndarray | float:
    """The largest error of the moving machine with ``flattening_steps``.

    The maximum of |p_T| over all singular values in [√μ, √L] (chapter 42);
    the answer is off by at most this times ‖θ*‖ ‖x‖.  With r = 1/√κ,

        (2 + r)/(1 + 2r) · w(0) w(1) ⋯ w(T-1),

    where w(0) = (1 - r)(1 + 2r)/(1 + r + r²) and, with 1 - r the relative
    width of the spectrum before a loop, r² ← 1 - w²(3 + w)/4 and so on.

    Parameters
    ----------
    kappa : array_like, shape (...)
        Condition number of XᵀX, at least 1; may be infinite.
    T : array_like of int, shape (...)
        Number of loops, at least 0; broadcasts with ``kappa``.

    Returns
    -------
    numpy.ndarray or float, shape (...)
        1 for T = 0; can exceed 1, but not 2, in the first loops.

    Raises
    ------
    TypeError, ValueError
        For arguments outside the ranges above.

    Examples
    --------
    >>> [f"{bound:.1e}" for bound in flattening_bound(1e6, [9, 10, 11])]
    ['7.9e-02', '3.4e-04', '2.4e-09']
    """
    kappa, T = np.broadcast_arrays(as_kappa(kappa), as_counts("T", T))
    r = 1 / np.sqrt(kappa)
    width = -np.expm1(-np.log(kappa) / 2)  # 1 - r, for κ next to 1 too
    bound = (2 + r) / (1 + 2 * r)
    bound = np.where(T == 0, 1.0, bound)
    for t in range(T.max()):
        before = r
        r, width, factor = _flatten_once(r, width)
        bound = np.where(t < T, bound * factor, bound)
        if (r == before).all() and not (factor % 1).any():
            break  # flat, or never to become so (κ = ∞)
    return bound[()]


def flattening_loops(r: Decimal, epsilon: Any) -> int:
    """Loops until the bound is at most ε, for r = 1/√κ > 0 as a ``Decimal``."""
    bound, width, loops = (2 + r) / (1 + 2 * r), 1 - r, 0
    while loops == 0 or bound > epsilon:
        r, width, factor = _flatten_once(r, width, Decimal.sqrt)
        bound, loops = bound * factor, loops + 1
    return loops


def _flatten_once(r, width, sqrt=np.sqrt):
    """The next r = l/u, the next 1 - r, and the residual factor at l.

    1 - r is followed by itself, because r tends to 1.
    """
    third = (1 + r + r**2) / 3
    factor = width * (1 + 2 * r) / (3 * third)
    r = r * (1 + r) / (2 * third * sqrt(third))
    return r, factor**2 * (3 + factor) / 4 / (1 + r), factor
