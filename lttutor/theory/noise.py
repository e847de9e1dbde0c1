"""What noisy labels do to the loop, and to ridge regression beside it.

Labels y = Xθ* + νξ with independent standard Gaussian ξ.  The loop, ridge
regression and the loop that moves its examples all fit a share of each
eigendirection of XᵀX and leave a residual; the mean error depends on the
method through these residuals only (chapter 43).
"""

import numpy as np
from numpy.typing import ArrayLike

from lttutor.validation import as_array, as_counts, as_number, finite


def noisy_risk(
    eigenvalues: ArrayLike, residual: ArrayLike, noise: float,
    c: ArrayLike | None = None,
) -> np.ndarray:
    """E ‖v - αθ*‖² / α² over the label noise, for a unit θ*.

        Σᵢ cᵢ² rᵢ²  +  ν² Σᵢ (1 - rᵢ)² / λᵢ,

    what is not fitted yet plus the noise that is.  An eigenvalue 0 must have
    the residual 1: what X cannot see is never fitted, and adds no noise.

    Parameters
    ----------
    eigenvalues : array_like, shape (..., d)
        Eigenvalues of XᵀX, none negative.
    residual : array_like, shape (..., d)
        rᵢ, what the method leaves of direction i: ``residual_polynomial`` or
        ``ridge_residual``.  May have more leading axes than ``eigenvalues``.
    noise : float
        The standard deviation ν of the label noise, at least 0.
    c : array_like, shape (..., d), optional
        Coordinates ⟨vᵢ, θ*⟩ of the hidden vector.  Left out, the mean over a
        θ* uniformly random on the unit sphere: cᵢ² = 1/d.

    Returns
    -------
    numpy.ndarray, shape (...)

    Raises
    ------
    TypeError, ValueError
        For arguments outside the ranges above.
    OverflowError
        If the risk is too large for a float.

    Examples
    --------
    >>> print(noisy_risk([1.0, 4.0], [0.0, 0.0], noise=2.0))
    5.0
    >>> print(noisy_risk([1.0, 4.0], [1.0, 1.0], noise=2.0))
    1.0
    """
    eigenvalues = as_array("eigenvalues", eigenvalues, shape=("d",),
                           batch=True)
    d = eigenvalues.shape[-1]
    residual = as_array("residual", residual, shape=(d,), batch=True)
    noise = as_number("noise", noise, at_least=0)
    c = None if c is None else as_array("c", c, shape=(d,), batch=True)
    if eigenvalues.min() < 0:
        raise ValueError(
            f"eigenvalues: expected none negative, got {eigenvalues.min():.3g}"
        )
    unseen = eigenvalues == 0
    fitted = 1 - residual
    if (unseen & (fitted != 0)).any():
        raise ValueError("residual: expected 1 where the eigenvalue is 0")
    with np.errstate(over="ignore", invalid="ignore"):
        share = 1 / d if c is None else c**2
        learned = fitted**2 / np.where(unseen, 1, eigenvalues)
        risk = (share * residual**2).sum(-1) + noise * noise * learned.sum(-1)
    return finite(risk, "c, residual, noise: the risk is too large for a float")


def ridge_residual(eigenvalues: ArrayLike, penalty: float) -> np.ndarray:
    """What ridge regression leaves of each direction: ζ / (λ + ζ).

    For the minimizer of ½‖Xθ - y‖² + ½ζ‖θ‖².

    Parameters
    ----------
    eigenvalues : array_like, shape (..., d)
        Eigenvalues λ of XᵀX, none negative.
    penalty : float
        ζ, positive.

    Returns
    -------
    numpy.ndarray, shape (..., d)

    Raises
    ------
    TypeError, ValueError
        For arguments outside the ranges above.

    Examples
    --------
    >>> ridge_residual([0.0, 1.0, 3.0], penalty=1.0).tolist()
    [1.0, 0.5, 0.25]
    """
    eigenvalues = as_array("eigenvalues", eigenvalues, shape=("d",),
                           batch=True)
    if eigenvalues.min() < 0:
        raise ValueError(
            f"eigenvalues: expected none negative, got {eigenvalues.min():.3g}"
        )
    penalty = as_number("penalty", penalty, above=0)
    with np.errstate(over="ignore"):
        # In float64, where no positive penalty rounds to 0.
        left = 1 / (1 + eigenvalues / np.float64(penalty))
    return left.astype(eigenvalues.dtype)


def noise_floor(
    n: ArrayLike, d: ArrayLike, noise: float,
) -> np.ndarray | float:
    """The mean of E ‖v - αθ*‖² / α² over Gaussian prompts, run to the end.

    d ν² / (n - d - 1): the noise of least squares.  A d-th of it is the mean
    squared error of the value ⟨v, θ*⟩ / α.

    Parameters
    ----------
    n, d : array_like of int, shape (...)
        Number of examples and of features, n >= d >= 1.
    noise : float
        The standard deviation ν of the label noise, positive.

    Returns
    -------
    numpy.ndarray or float, shape (...)
        Infinite for n = d and n = d + 1.

    Raises
    ------
    TypeError, ValueError
        For arguments outside the ranges above.
    OverflowError
        If the noise is so large that its square overflows.

    Examples
    --------
    >>> print(noise_floor(40, 19, noise=0.5))
    0.2375
    >>> print(noise_floor(20, 19, noise=0.5))
    inf
    """
    n, d = as_counts("n", n, least=1), as_counts("d", d, least=1)
    noise = as_number("noise", noise, above=0)
    if (n < d).any():
        raise ValueError("n: expected at least d examples")
    spare = n - d - 1
    with np.errstate(over="ignore"):
        floor = d * noise * noise / np.where(spare > 0, spare, 1)
    finite(floor, f"noise: the square of {noise:.3g} overflows")
    return np.where(spare > 0, floor, np.inf)[()]
