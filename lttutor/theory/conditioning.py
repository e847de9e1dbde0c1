"""How well conditioned a prompt is: measured, and expected for Gaussian X.

κ = L/μ, the largest over the smallest eigenvalue of XᵀX, which is the square
of the condition number of X.  It decides how many loops a task takes
(``theory``); chapter 24 asks how many examples make it small.
"""

import numpy as np
from numpy.typing import ArrayLike

from lttutor.validation import as_array, as_number, check_scale


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
    X = as_array("X", X, shape=("n", "d"), batch=True)
    check_scale("X", X)
    return eigenvalues_of(np.linalg.svd(X, compute_uv=False), X.shape)


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
    eigenvalues = spectrum(X)
    L, mu = eigenvalues[..., -1], eigenvalues[..., 0]
    singular = mu == 0
    kappa = np.where(singular, np.inf, L / np.where(singular, 1, mu))
    return kappa.astype(L.dtype)[()]


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
    at most κ: n >= (√d + t)² ((√κ + 1)/(√κ - 1))², t = √(2 ln(2/δ)).

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
        For arguments outside the ranges above.

    Examples
    --------
    >>> examples_needed([4, 64, 1024], kappa=10, delta=0.01).tolist()
    [103, 470, 4606]
    """
    d = as_counts("d", d, least=1)
    root = np.sqrt(as_number("kappa", kappa, above=1))
    edge = (np.sqrt(d) + _deviation(delta)) * ((root + 1) / (root - 1))
    if edge.max() > 1e8:
        raise ValueError(
            f"kappa: expected a number far enough above 1, got {kappa!r}, "
            f"which takes about {edge.max() ** 2:.0e} examples"
        )
    n = np.ceil(edge**2).astype(int)
    # The closed form is rounded; the definition has the last word.
    n = n - (davidson_szarek_condition(n - 1, d, delta) <= kappa)
    n = n + (davidson_szarek_condition(n, d, delta) > kappa)
    return n[()] if n.ndim else int(n)


def eigenvalues_of(
    singular_values: np.ndarray, shape: tuple[int, ...],
) -> np.ndarray:
    """Eigenvalues of XᵀX, ascending, from descending singular values of X."""
    n, d = shape[-2:]
    s = singular_values[..., ::-1]
    negligible = max(n, d) * np.finfo(s.dtype).eps * s[..., -1:]
    eigenvalues = np.zeros((*s.shape[:-1], d), s.dtype)
    eigenvalues[..., d - s.shape[-1]:] = np.where(s > negligible, s, 0) ** 2
    return eigenvalues


def as_counts(name: str, value: ArrayLike, *, least: int = 0) -> np.ndarray:
    """Return ``value``, one integer or an array of them, as an int array."""
    array = np.asarray(value)
    if isinstance(value, np.ma.MaskedArray) or array.dtype.kind not in "iu":
        raise TypeError(
            f"{name}: expected integers >= {least}, got {value!r}"
        )
    if array.size == 0 or array.min() < least:
        raise ValueError(
            f"{name}: expected integers >= {least}, got {value!r}"
        )
    return array.astype(np.int64)


def as_kappa(kappa: ArrayLike) -> np.ndarray:
    """κ as an array; unlike other arguments it may be infinite."""
    try:
        infinite = np.isposinf(np.asanyarray(kappa))
    except (TypeError, ValueError):
        infinite = np.array(False)  # as_array says what is wrong
    finite = np.where(infinite, 1.0, kappa) if infinite.any() else kappa
    finite = as_array("kappa", finite, shape=(), batch=True)
    if finite.min() < 1:
        raise ValueError(f"kappa: expected at least 1, got {finite.min():.6g}")
    return np.where(infinite, np.inf, finite)


def _deviation(delta):
    delta = as_number("delta", delta, above=0, below=1)
    return np.sqrt(2 * np.log(2 / delta))


def _squared_quotient(above, below):
    """(above/below)², infinite where ``below`` is not positive."""
    above, below = np.broadcast_arrays(above, below)
    quotient = np.full(below.shape, np.inf)
    np.divide(above, below, out=quotient, where=below > 0)
    return (quotient**2)[()]
