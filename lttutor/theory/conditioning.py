"""How well conditioned a prompt is: measured, and expected for Gaussian X.

κ = L/μ, the largest over the smallest eigenvalue of XᵀX, which is the square
of the condition number of X.  It decides how many loops a task takes
(``theory``); chapter 24 asks how many examples make it small.
"""

import math
from decimal import Decimal, localcontext

import numpy as np
from numpy.typing import ArrayLike

from lttutor.validation import (
    as_array,
    as_counts,
    as_number,
    as_reals,
    check_scale,
)


def spectrum(X: ArrayLike) -> np.ndarray:
    """The d eigenvalues of XᵀX, from the singular values of X.

    Forming XᵀX first would square the rounding errors too.  A singular value
    below max(n, d) · eps · (the largest) cannot be told from 0 and counts as
    0; so do the d - n that X lacks if n < d.

    Parameters
    ----------
    X : array_like, shape (..., n, d)

    Returns
    -------
    numpy.ndarray, shape (..., d)
        Ascending, none negative.

    Raises
    ------
    TypeError, ValueError
        If X is not such an array, or its entries are too large or too small.

    Examples
    --------
    >>> spectrum([[1.0, 0.0], [0.0, 3.0], [0.0, 0.0]]).round(12).tolist()
    [1.0, 9.0]
    """
    s, shape = _singular_values(X)
    return eigenvalues_of(s, shape)


def condition_number(X: ArrayLike) -> np.ndarray | float:
    """κ = L/μ of XᵀX, or infinity where XᵀX is singular (rank X < d).

    Parameters
    ----------
    X : array_like, shape (..., n, d)

    Returns
    -------
    numpy.ndarray or float, shape (...)
        At least 1; exactly ``inf`` if n < d or the rank is below d.

    Raises
    ------
    TypeError, ValueError
        As ``spectrum`` does.

    Examples
    --------
    >>> print(condition_number([[1.0, 0.0], [0.0, 3.0], [0.0, 0.0]]))
    9.0
    >>> print(condition_number([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]))
    inf
    """
    s, (n, d) = _singular_values(X)
    low, high = s[..., -1], s[..., 0]
    singular = (low <= _negligible(s, n, d)[..., 0]) | (n < d)
    # The quotient first: the square of a small singular value underflows.
    root = np.where(singular, np.inf, high / np.where(singular, 1, low))
    return (root**2).astype(s.dtype)[()]


def marchenko_pastur_condition(ratio: ArrayLike) -> np.ndarray | float:
    """The κ to which Gaussian prompts tend as n, d → ∞ with d/n → ratio.

    κ = ((1 + √γ)/(1 - √γ))², γ = d/n: the edges of the Marchenko-Pastur law.

    Parameters
    ----------
    ratio : array_like, shape (...)
        γ = d/n, at least 0.

    Returns
    -------
    numpy.ndarray or float, shape (...)
        Infinite for γ >= 1: at γ = 1 (n = d) κ is finite but grows like d²,
        beyond it n < d and XᵀX is singular.

    Raises
    ------
    TypeError, ValueError
        For a negative ratio.

    Examples
    --------
    >>> print(marchenko_pastur_condition(0.25))
    9.0
    """
    ratio = as_array("ratio", ratio, shape=(), batch=True)
    if ratio.min() < 0:
        raise ValueError(f"ratio: expected d/n >= 0, got {ratio.min():.3g}")
    root = np.sqrt(ratio)
    return _squared_quotient(1 + root, 1 - root)


def davidson_szarek_condition(
    n: ArrayLike, d: ArrayLike, delta: float,
) -> np.ndarray | float:
    """What κ of a Gaussian prompt exceeds with probability at most δ.

    With probability at least 1 - 2 exp(-t²/2), all singular values of X lie
    in [√n - √d - t, √n + √d + t] (Davidson and Szarek).  With
    t = √(2 ln(2/δ)) this gives

        κ <= ((√n + √d + t)/(√n - √d - t))²   with probability >= 1 - δ.

    Parameters
    ----------
    n, d : array_like of int, shape (...)
        Number of examples and of features, at least 1; they broadcast.
    delta : float
        Probability of failure, 0 < δ < 1.

    Returns
    -------
    numpy.ndarray or float, shape (...)
        Infinite where √n <= √d + t: there the theorem promises nothing.

    Raises
    ------
    TypeError, ValueError
        For arguments outside the ranges above.

    Examples
    --------
    >>> round(float(davidson_szarek_condition(103, 4, 0.01)), 2)
    9.91
    >>> print(davidson_szarek_condition(25, 4, 0.01))
    inf
    """
    n, d = as_counts("n", n, least=1), as_counts("d", d, least=1)
    width = np.sqrt(d) + _deviation(delta)
    return _squared_quotient(np.sqrt(n) + width, np.sqrt(n) - width)


def examples_needed(
    d: ArrayLike, kappa: float, delta: float,
) -> np.ndarray | int:
    """The fewest examples for which Davidson-Szarek promises a given κ.

    The smallest integer n with ``davidson_szarek_condition(n, d, delta)``
    at most κ: n >= (√d + t)² ((√κ + 1)/(√κ - 1))², t = √(2 ln(2/δ)).  Decided
    in 60 digits for the very floats that came in, so n is exact.

    Parameters
    ----------
    d : array_like of int, shape (...)
        Number of features, at least 1.
    kappa : float
        The condition number that should not be exceeded, above 1.
    delta : float
        Probability of failure, 0 < δ < 1.

    Returns
    -------
    numpy.ndarray of int, or int, shape (...)

    Raises
    ------
    TypeError, ValueError
        For arguments outside the ranges above, or if n is 2**63 or more.

    Examples
    --------
    >>> examples_needed([4, 64, 1024], kappa=10, delta=0.01).tolist()
    [103, 470, 4606]
    """
    d = as_counts("d", d, least=1)
    kappa = as_number("kappa", kappa, above=1)
    delta = as_number("delta", delta, above=0, below=1)
    n = np.array([_examples(int(size), kappa, delta) for size in d.flat])
    return n.reshape(d.shape) if d.ndim else int(n[0])


def _examples(d, kappa, delta):
    """``examples_needed`` for one d; floats would be off by millions."""
    with localcontext() as context:
        context.prec = 60
        root = Decimal(kappa).sqrt()
        deviation = (2 * (2 / Decimal(delta)).ln()).sqrt()
        edge = (Decimal(d).sqrt() + deviation) * (root + 1) / (root - 1)
        n = math.ceil(edge**2)
    if n >= 2**63:
        raise ValueError(
            f"kappa: expected a number far enough above 1, got {kappa!r}, "
            f"which takes about {n:.0e} examples"
        )
    return n


def eigenvalues_of(
    singular_values: np.ndarray, shape: tuple[int, ...],
) -> np.ndarray:
    """Eigenvalues of XᵀX, ascending, from descending singular values of X."""
    n, d = shape[-2:]
    s = singular_values[..., ::-1]
    eigenvalues = np.zeros((*s.shape[:-1], d), s.dtype)
    kept = np.where(s > _negligible(singular_values, n, d), s, 0)
    eigenvalues[..., d - s.shape[-1]:] = kept**2
    return eigenvalues


def as_kappa(kappa: ArrayLike) -> np.ndarray:
    """κ as an array; unlike other arguments it may be infinite."""
    kappa = as_reals("kappa", kappa, shape=(), batch=True)
    if not (kappa >= 1).all():
        raise ValueError(f"kappa: expected at least 1, got {kappa.min():.6g}")
    return kappa


def _singular_values(X):
    """Singular values of X, descending, and the shape (n, d)."""
    X = as_array("X", X, shape=("n", "d"), batch=True)
    check_scale("X", X)
    return np.linalg.svd(X, compute_uv=False), X.shape[-2:]


def _negligible(s, n, d):
    """What cannot be told from 0 beside the largest singular value."""
    return max(n, d) * np.finfo(s.dtype).eps * s[..., :1]


def _deviation(delta):
    delta = as_number("delta", delta, above=0, below=1)
    return np.sqrt(2 * (np.log(2) - np.log(delta)))


def _squared_quotient(above, below):
    """(above/below)², infinite where ``below`` is not positive."""
    above, below = np.broadcast_arrays(above, below)
    quotient = np.full(below.shape, np.inf)
    np.divide(above, below, out=quotient, where=below > 0)
    return (quotient**2)[()]
