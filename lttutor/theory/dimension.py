"""How κ of Gaussian prompts depends on their size, without drawing them.

The singular values of a Gaussian X are those of a bidiagonal matrix of 2d - 1
independent entries (chapter 24), so the extreme eigenvalues of XᵀX can be
drawn for d in the millions.  Near its limit κ follows a scaling law
(chapter 46).
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg.lapack import dstebz

from lttutor.validation import as_count, as_counts, as_rng

# The median of the Tracy-Widom law of real matrices.
_MEDIAN = -1.2685745668739548


def gaussian_extremes(
    n: int, d: int, *, draws: int, rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw μ and L of XᵀX for standard Gaussian X, from their exact law.

    Parameters
    ----------
    n, d : int
        Number of examples and of features, n >= d >= 1.
    draws : int
        How many prompts, at least 1.
    rng : numpy.random.Generator
        The only source of randomness.

    Returns
    -------
    mu, L : numpy.ndarray, shape (draws,)

    Raises
    ------
    TypeError, ValueError
        For arguments outside the ranges above.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> mu, L = gaussian_extremes(4_000_000, 1_000_000, draws=1, rng=rng)
    >>> print(np.round(L / mu, 2))
    [9.]
    """
    n, d = as_count("n", n, least=1), as_count("d", d, least=1)
    if n < d:
        raise ValueError(f"n: expected at least d = {d} examples, got {n}")
    draws, rng = as_count("draws", draws, least=1), as_rng(rng)
    k = np.arange(d)
    close = 1e-12 * ((n - d) / (np.sqrt(n) + np.sqrt(d)))**2  # 1e-12 of μ
    extremes = np.empty((2, draws))
    for i in range(draws):
        a = rng.chisquare(n - k)
        b = np.zeros(d)
        b[1:] = rng.chisquare(d - k[1:])
        diagonal, beside = a + b, np.sqrt(a * np.roll(b, -1))
        for end, index in enumerate((1, d)):  # bisection for one eigenvalue
            extremes[end, i] = dstebz(
                diagonal, beside[:max(d - 1, 1)], 2, 0.0, 0.0,
                index, index, close, "E")[1][0]
    return extremes[0], extremes[1]


def typical_condition(n: ArrayLike, d: ArrayLike) -> np.ndarray | float:
    """A prediction of the median κ of standard Gaussian prompts.

    With m = -1.27, the median of the Tracy-Widom law,

        κ = (ℓ₊ + m σ₊) / (ℓ₋ - m σ₋),   ℓ± = (√n ± √d)²,
        σ± = (√n ± √d) (1/√d ± 1/√n)^⅓:

    each edge of the Marchenko-Pastur law, moved inwards by the median of
    its own fluctuation.  For n/d fixed it is κ∞ (1 - O(d^-⅔)).

    Parameters
    ----------
    n, d : array_like of int, shape (...)
        Number of examples and of features, n > d >= 1.

    Returns
    -------
    numpy.ndarray or float, shape (...)

    Raises
    ------
    TypeError, ValueError
        For arguments outside the ranges above.

    Examples
    --------
    >>> typical_condition([256, 4096], [64, 1024]).round(2).tolist()
    [8.21, 8.87]
    """
    n, d = as_counts("n", n, least=1), as_counts("d", d, least=1)
    if (n <= d).any():
        raise ValueError("n: expected more than d examples")
    total = np.sqrt(n) + np.sqrt(d)
    edges = []
    # √n - √d without cancellation, for n near d.
    for sign, root in (1, total), (-1, (n - d) / total):
        width = root * np.cbrt(root / np.sqrt(n) / np.sqrt(d))
        edges.append(root**2 + sign * _MEDIAN * width)
    return (edges[0] / edges[1])[()]
