"""How far rounding lets the loop come: what one small error grows to."""

import numpy as np
from numpy.typing import ArrayLike

from lttutor.validation import as_array, as_steps


def rounding_gain(eigenvalues: ArrayLike, steps: ArrayLike) -> np.ndarray:
    """How much the loop amplifies an error of size 1 made in every loop.

    If each of T loops moves q along each eigenvector of XᵀX by at most δ more
    than it should, the output moves along each by at most Γδ,

        Γ = maxᵢ Σ_{t<T} ∏_{t<s<T} |1 - η(s) λᵢ|,

    and for some such errors by exactly that (chapter 44).  For η = 1/L it
    tends to κ, for η = 2/(L + μ) to (κ + 1)/2.

    Parameters
    ----------
    eigenvalues : array_like, shape (..., d)
        Eigenvalues of XᵀX.
    steps : array_like, shape (T,) or (..., T)
        One schedule for all prompts, or one each.

    Returns
    -------
    numpy.ndarray, shape (...)
        0 for T = 0, otherwise at least 1; infinite if it overflows.

    Raises
    ------
    TypeError, ValueError
        For arguments of another form.

    Examples
    --------
    >>> print(rounding_gain([1.0, 4.0], [0.25, 0.25, 0.25]))
    2.3125
    """
    eigenvalues = as_array("eigenvalues", eigenvalues, shape=("d",),
                           batch=True)
    steps = as_steps(steps, batch=eigenvalues.shape[:-1])
    eta = np.moveaxis(steps, -1, 0)[..., None]
    gain = np.zeros(eigenvalues.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(len(eta)):
            gain = 1 + np.abs(1 - eta[t] * eigenvalues) * gain
    return np.where(np.isnan(gain), np.inf, gain).max(axis=-1)
