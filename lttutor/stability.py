"""How far given steps can amplify an error, and the step that cannot.

Beside ``descent``, which warns with these numbers.
"""

import numpy as np
from scipy.linalg import lapack

from lttutor.recursion import one_by_one
from lttutor.validation import sum_of_squares


def amplification(G: np.ndarray, eta: np.ndarray) -> float:
    """The largest ∏ₜ |1 - η(t) λ| over tasks and eigenvalues; at least 1.

    A cheaper test may show that no single factor exceeds 1: the steps lie
    in [0, 2/λ] with a bound for λ, the Frobenius norm of all the G together
    or of each, or the largest sum of a row's magnitudes; or 2/η - G has a
    Cholesky factor.  A single factor may exceed 1 in a good schedule
    (Chebyshev's do); then the eigenvalues decide.
    """
    if not len(eta):
        return 1.0
    if eta.min() >= 0:
        if eta.max()**2 * sum_of_squares(G) <= 4:
            return 1.0
        step = eta.max(axis=0)
        size = np.sqrt(np.einsum("bij,bij->b", G, G))
        if (step * size <= 2).all():
            return 1.0
        if (step * np.abs(G).sum(axis=2).max(axis=1) <= 2).all():
            return 1.0
        shifted = -G
        diagonal = np.arange(G.shape[-1])
        with np.errstate(divide="ignore"):
            edge = np.broadcast_to(2 / step, (len(G),))[:, None]
        shifted[:, diagonal, diagonal] += edge
        if _positive_definite(shifted):
            return 1.0
    spectrum = np.linalg.eigvalsh(G)
    eta = eta[..., None] if eta.ndim > 1 else eta[:, None, None]
    # A sum of logarithms: a good schedule's factors may overflow on the way.
    with np.errstate(divide="ignore", over="ignore"):
        logs = np.log(np.abs(1 - eta * spectrum)).sum(axis=0)
        return float(np.nanmax(np.exp(logs), initial=1.0))


def _positive_definite(matrices):
    """Whether each has a Cholesky factor; may write into ``matrices``."""
    if one_by_one(*matrices.shape[:2]):
        factor = (lapack.spotrf if matrices.dtype == np.float32
                  else lapack.dpotrf)
        return all(factor(matrix.T, overwrite_a=True, clean=False)[1] == 0
                   for matrix in matrices)
    try:
        np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        return False
    return True


def safe_step(X: np.ndarray) -> float:
    """2 / the largest eigenvalue of any task's XᵀX."""
    across = X.swapaxes(1, 2)
    G = across @ X if X.shape[2] <= X.shape[1] else X @ across
    return float(2 / np.linalg.eigvalsh(G).max())
