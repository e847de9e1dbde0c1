"""Wishart matrices: second moments of Gaussian prompts, drawn and averaged.

Σ̂ = XᵀX/n, with n examples of covariance Σ in the rows of X, is all that a
loop sees of a noise-free prompt (chapter 31).
"""

import numbers
from collections.abc import Callable
from fractions import Fraction
from functools import cache, lru_cache
from math import comb
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from lttutor.learning.zonal import zonal_moments
from lttutor.validation import (
    as_batch,
    as_count,
    as_covariance_root,
    as_number,
    as_rng,
    finite,
)


def second_moments(
    n: int, d: int, *, covariance: ArrayLike | None = None,
    batch: int | tuple[int, ...], rng: np.random.Generator,
) -> np.ndarray:
    """Draw Σ̂ = XᵀX/n for Gaussian examples, without drawing X.

    n Σ̂ is a Wishart matrix.  By Bartlett's decomposition it is C F Fᵀ Cᵀ,
    with CCᵀ the covariance and F (d × min(n, d)) lower trapezoidal: F_ii² is
    χ² with n - i degrees of freedom (i = 0, 1, …), every entry below the
    diagonal is N(0, 1), all independent.

    Parameters
    ----------
    n, d : int
        Number of examples and of features, both at least 1; n < d is fine.
    covariance : array_like, shape (d, d), optional
        Σ, positive definite; the identity if left out.
    batch : int or tuple of int
        Leading axes of the result; ``()`` for a single matrix.
    rng : numpy.random.Generator
        The only source of randomness.

    Returns
    -------
    numpy.ndarray, shape (*batch, d, d)
        Symmetric, of rank min(n, d) almost surely, with mean Σ.

    Raises
    ------
    TypeError, ValueError
        For arguments outside the ranges above.
    OverflowError
        If the covariance is so large that a moment overflows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> second_moments(20, 3, batch=1000, rng=rng).mean(axis=0).round(1) + 0
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    n, d = as_count("n", n, least=1), as_count("d", d, least=1)
    batch, rng = as_batch(batch), as_rng(rng)
    root = None if covariance is None else as_covariance_root(covariance, d)
    rank = min(n, d)
    diagonal = np.arange(rank)
    below = np.tri(d, rank, -1, dtype=bool)
    factor = np.zeros((*batch, d, rank))
    factor[..., diagonal, diagonal] = np.sqrt(
        rng.chisquare(n - diagonal, (*batch, rank)))
    factor[..., below] = rng.standard_normal((*batch, below.sum()))
    if root is not None:
        factor = root @ factor
    with np.errstate(over="ignore", invalid="ignore"):
        # The copy is faster: small matrices, one after the other.
        moments = factor @ np.swapaxes(factor, -1, -2).copy() / n
    return finite(moments, "covariance: too large, a second moment overflows")


def trace_products(n: Any, d: Any) -> Callable:
    """Exact means of products of traces of S = XᵀX, with Gaussian X (n × d).

    Integration by parts, E[X_ai f] = E[∂f/∂X_ai], shortens a product.  With
    p_m = tr Sᵐ and f a product of such traces,

        E[p_m f] = (n + m - 1) E[p_{m-1} f] + Σ_{0<j<m} E[p_j p_{m-1-j} f]
                   + Σ_r 2r E[p_{m+r-1} f / p_r],

    the last sum over the factors p_r of f; p_0 = d (chapter 32).

    Parameters
    ----------
    n, d : int, Fraction, or elements of a SymPy ring or field
        Numbers of examples and features.

    Returns
    -------
    function
        Maps the powers m_1, m_2, … ≥ 0 to E[p_{m_1} p_{m_2} ⋯], and keeps
        what it has computed.

    Raises
    ------
    TypeError, ValueError
        For floats, and (from the function) for powers that are not counts.

    Examples
    --------
    >>> mean = trace_products(10, 3)
    >>> mean(1), mean(2), mean(1, 1)
    (30, 420, 960)
    """
    n, d = exact("n", n), exact("d", d)

    @cache
    def expect(parts):
        """E of the product of p_m over the ascending tuple ``parts``."""
        if not parts:
            return 1
        m, *rest = parts  # the smallest, so that few products ever occur
        if m == 0:
            return d * expect(tuple(rest))
        total = (n + m - 1) * expect(ascending(m - 1, *rest))
        for j in range(1, m):
            total += expect(ascending(j, m - 1 - j, *rest))
        for i, r in enumerate(rest):
            others = rest[:i] + rest[i + 1:]
            total += 2 * r * expect(ascending(m + r - 1, *others))
        return total

    return lambda *powers: expect(
        ascending(*(as_count("powers", power) for power in powers)))


def trace_moments(n: Any, d: Any, order: int) -> list:
    """Exact E tr Sᵏ, k = 0 … order, for S = XᵀX with Gaussian X (n × d).

    Parameters
    ----------
    n, d : int, or elements of a SymPy polynomial ring
        Numbers of examples and features; with ring elements the result is a
        list of polynomials.
    order : int
        The highest power, at least 0.  Two hundred take a tenth of a second
        for a few features and some seconds for hundreds of them; with ring
        elements thirty take less than one.

    Returns
    -------
    list, of length order + 1

    Raises
    ------
    TypeError, ValueError
        For numbers that are not positive integers.

    Examples
    --------
    >>> trace_moments(10, 3, 2)
    [3, 30, 420]
    """
    order = as_count("order", order)
    n, d = (size if _is_symbolic(size) else as_count(name, size, least=1)
            for name, size in (("n", n), ("d", d)))
    if not _is_symbolic(n) and not _is_symbolic(d):
        return zonal_moments(n, d, order)
    mean = trace_products(n, d)
    return [mean(k) for k in range(order + 1)]


def exact(name: str, value: Any) -> Any:
    """``value`` as Python's int or Fraction, or a ring's element as it is."""
    if _is_symbolic(value):
        return value
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, Fraction):
        return value
    raise TypeError(
        f"{name}: expected an integer, a Fraction or an element of a SymPy "
        f"ring, got {value!r}; in floats the terms would cancel to noise")


def _is_symbolic(value):
    """Whether this is an element of a SymPy ring or field."""
    return hasattr(value, "ring") or hasattr(value, "field")


def ascending(*parts: int) -> tuple:
    """The parts as a sorted tuple."""
    return tuple(sorted(parts))


def scalar_loss(a: float, n: int, d: int, loops: int) -> float:
    """Exact population loss of A = aΣ⁻¹: h(a) = E tr(I - aW)^{2T}.

    W is Σ̂ for Σ = I; the loss is the same for every covariance Σ.  The
    expectation is a polynomial in a with coefficients from
    ``trace_moments``; nothing is sampled.

    Parameters
    ----------
    a : float
    n, d : int
        Number of examples and of features, both at least 1.
    loops : int
        T, at least 0.

    Returns
    -------
    float
        Correct to rounding.

    Raises
    ------
    TypeError, ValueError
        For arguments of another form.
    OverflowError
        If the loss is too large for a float.

    Examples
    --------
    >>> scalar_loss(0.8, 20, 4, loops=1)  # d (d + 1) / (n + d + 1)
    0.8
    """
    n, d = as_count("n", n, least=1), as_count("d", d, least=1)
    scale = Fraction(as_number("a", a))
    power = 2 * as_count("loops", loops)
    total = sum(comb(power, k) * (-scale) ** k * moment
                for k, moment in enumerate(_moments(n, d, power)))
    try:
        return float(total)
    except OverflowError as error:
        raise OverflowError(
            "a: the loss is too large for a float; the error grows with "
            "every loop") from error


def optimal_scale(
    n: int, d: int, loops: int, rng: np.random.Generator | None = None,
) -> float:
    """The best scale a*: where h(a) = E tr(I - aW)^{2T} is smallest.

    W is Σ̂ for Σ = I.  a*Σ⁻¹ minimizes the population loss among the
    symmetric matrices A, for every covariance Σ (chapter 32).
    h is a convex polynomial whose coefficients ``trace_moments`` gives
    exactly; a* is the root of its derivative, correct to rounding.  (An
    average over drawn prompts would miss the rare ones with a large
    eigenvalue and put a* too high: n = 50, d = 5, T = 20 gives 0.76 from
    20,000 prompts; the truth is 0.637.)

    Parameters
    ----------
    n, d : int
        Number of examples and of features, both at least 1.
    loops : int
        T, at least 1; thirty take a second.
    rng : optional
        Ignored, since nothing is drawn.  It is accepted so that a call
        written for a sampled estimate still runs.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        For numbers that are not positive integers.

    Examples
    --------
    >>> optimal_scale(20, 4, loops=1)  # n / (n + d + 1)
    0.8
    """
    n, d = as_count("n", n, least=1), as_count("d", d, least=1)
    loops = as_count("loops", loops, least=1)
    power = 2 * loops
    moments = _moments(n, d, power)
    # -h'(a)/2T = E tr W(I - aW)^{2T-1}, expanded.  The terms cancel almost
    # completely, so they are added as fractions.
    terms = [(-1) ** j * comb(power - 1, j) * moments[j + 1]
             for j in range(power)]

    def slope(a):
        a, total = Fraction(a), Fraction(0)
        for term in reversed(terms):
            total = total * a + term
        return -total / moments[1]

    high = 1.0
    while slope(high / 2) > 0:  # for n far below d, a* is near 0
        high /= 2
    return brentq(lambda a: float(slope(a)), high / 2, high,
                  xtol=1e-15 * high, rtol=1e-15)


def _moments(n, d, order):
    """E tr Wᵏ for W = XᵀX/n, as fractions."""
    n, d = as_count("n", n, least=1), as_count("d", d, least=1)
    mean = _shared_products(n, d)
    return [Fraction(mean(k), n**k) for k in range(order + 1)]


# Other depths of the same prompts need the same moments.
_shared_products = lru_cache(maxsize=8)(trace_products)
