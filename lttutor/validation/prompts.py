"""A prompt's parts: examples, labels, α, the schedule, a covariance."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from lttutor.validation.arrays import (
    as_array,
    as_batched,
    as_reals,
    check_finite,
    fit,
    real_array,
    sum_of_squares,
)

# The largest and the smallest magnitude whose square, summed over a prompt,
# still fits in float64 with room for the loop's arithmetic.
_LARGEST = 1e150
_SMALLEST = 1e-150


def as_examples(
    X: ArrayLike, y: ArrayLike, *, scale: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """Check a prompt's examples: X ``(..., n, d)`` and y ``(..., n)``.

    ``y`` must have exactly the leading axes of ``X``: a scalar, a length-1
    ``y`` or an ``(n, 1)`` column would broadcast silently, so each is
    refused.  Entries beyond about 1e150, or an X that never exceeds 1e-150,
    are refused too, because XᵀX would over- or underflow.  Without ``scale``
    the caller asks ``check_scale`` about X, once XᵀX is there.
    """
    X = as_reals("X", X, shape=("n", "d"), batch=True)
    if scale:
        check_scale("X", X)
    y = as_reals("y", y, shape=("n",), batch=True)
    if y.shape != X.shape[:-1]:
        raise ValueError(
            f"y: expected shape {X.shape[:-1]} to go with X of shape "
            f"{X.shape}, got shape {y.shape}"
        )
    limit = largest(y.dtype)
    if not sum_of_squares(y) <= limit**2:
        check_finite("y", y)
        if np.abs(y).max() > limit:
            raise ValueError(
                f"y: expected entries below {limit:.0e} in size, "
                f"got {np.abs(y).max():.3g}"
            )
    return X, y


def largest(dtype: np.dtype) -> float:
    """The largest entry whose square still leaves room to sum in ``dtype``."""
    return _LARGEST if dtype == np.float64 else 1e15


def check_scale(
    name: str, X: np.ndarray, squares: np.ndarray | None = None,
) -> None:
    """Refuse an X that is not finite, or whose XᵀX would over- or underflow.

    Most prompts pass by their sums of squares, the traces of XᵀX; given
    those, X itself is not read.
    """
    high = largest(X.dtype)
    low = _SMALLEST if X.dtype == np.float64 else 1e-15
    if squares is None:
        squares = _squares(X)
    entries = X.shape[-2] * X.shape[-1]
    if entries * low**2 <= squares.min() and squares.max() <= high**2:
        return
    check_finite(name, X)
    size = np.abs(X).max(axis=(-2, -1))
    nonzero = size[size > 0]
    if size.max() > high or (nonzero.size and nonzero.min() < low):
        worst = size.max() if size.max() > high else nonzero.min()
        raise ValueError(
            f"{name}: expected a largest entry between {low:.0e} and "
            f"{high:.0e} (its Gram matrix must not over- or underflow), "
            f"got {worst:.3g}; rescale {name}"
        )


def _squares(X):
    """The sum of the squares of each matrix."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if X.flags.c_contiguous:
            flat = X.reshape(*X.shape[:-2], -1)
            return np.vecdot(flat, flat)
        return np.einsum("...ij,...ij->...", X, X)


def as_alpha(alpha: ArrayLike, y: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Check the value α asked for, once for all tasks or once for each.

    The loop works with αy, so that is kept as small as y itself.
    """
    alpha = as_batched("alpha", alpha, batch=y.shape[:-1])
    limit = largest(dtype)
    # |α| ≤ 1 or one product decides for most; else each task by itself.
    squares = sum_of_squares(alpha)
    if squares > 1 and not squares * sum_of_squares(y) <= limit**2:
        with np.errstate(over="ignore"):
            asked = np.abs(alpha) * np.abs(y).max(axis=-1).astype(float)
        if asked.max() > limit:
            raise ValueError(
                f"alpha: expected alpha times a label below {limit:.0e} in "
                f"size, got {asked.max():.3g}"
            )
    return fit("alpha", alpha, dtype)


def as_steps(
    steps: ArrayLike, *, batch: Sequence[int] = (),
    dtype: np.dtype | None = None,
) -> np.ndarray:
    """Check a schedule: one step size per loop, ``(T,)`` or ``(*batch, T)``.

    Given a dtype, it comes back in that dtype and with the loop axis first.

    T = 0 (no loop) is allowed.  Any other extra axis is refused, so that a
    vector of length d cannot act as a preconditioner by broadcasting.
    """
    expected = "one step size per loop, shape (T,)"
    array = real_array("steps", steps, lambda: expected)
    if array.ndim == 0:
        raise ValueError(
            f"steps: expected {expected}, got {steps!r}"
            "; for a constant step use constant_steps(L, T)"
        )
    if array.shape[-1] == 0 and array.shape[:-1] in ((), tuple(batch)):
        steps = array
    else:
        steps = as_batched("steps", array, batch=batch, shape=("T",))
    if dtype is None:
        return steps
    steps = fit("steps", steps, dtype)
    return steps if steps.ndim == 1 else np.moveaxis(steps, -1, 0)


def as_covariance_root(covariance: ArrayLike, d: int) -> np.ndarray:
    """Return C with CCᵀ = ``covariance``, a positive definite (d, d)."""
    covariance = as_array("covariance", covariance, shape=(d, d))
    check_symmetric("covariance", covariance)
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError as error:
        raise ValueError(
            "covariance: expected a positive definite matrix, got smallest "
            f"eigenvalue {np.linalg.eigvalsh(covariance)[0]:.3g}"
        ) from error


def check_symmetric(name: str, matrices: np.ndarray) -> None:
    """Refuse second moments that are not symmetric, whatever their units.

    Entry (i, j) of XᵀX is at most √((XᵀX)ᵢᵢ (XᵀX)ⱼⱼ), and so is its rounding
    error times 1/eps: no entry hides behind a larger one elsewhere.
    """
    with np.errstate(over="ignore"):
        gap = np.abs(matrices - np.swapaxes(matrices, -1, -2))
    if not gap.any():
        return
    size = np.sqrt(np.abs(np.diagonal(matrices, axis1=-2, axis2=-1)))
    slack = 1e4 * np.finfo(matrices.dtype).eps * (
        size[..., :, None] * size[..., None, :])
    if (gap > slack).any():
        *_, i, j = np.argwhere(gap > slack)[0].tolist()
        raise ValueError(
            f"{name}: expected symmetric matrices, got entries ({i}, {j}) and "
            f"({j}, {i}) that are {gap[gap > slack].flat[0]:.3g} apart"
        )
