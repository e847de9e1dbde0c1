"""The one door that every public function's arguments pass through.

Each checker returns a clean array or number, or raises with a message that
says what was expected and what came.  Nothing is computed before the check,
so a refused call loses nothing.
"""

import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

# The largest and the smallest magnitude whose square, summed over a prompt,
# still fits in float64 with room for the loop's arithmetic.
_LARGEST = 1e150
_SMALLEST = 1e-150


def as_array(
    name: str, value: ArrayLike, *, shape: tuple[int | str, ...],
    batch: bool = False,
) -> np.ndarray:
    """Return ``value`` as a finite float array of the given ``shape``.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : array_like
        Lists, data frames, integers and booleans become float64; float32 and
        float64 are kept.
    shape : tuple of (int or str)
        Expected trailing axes; a string is a free length, for example
        ``("n", "d")``.
    batch : bool
        Whether leading batch axes may come before ``shape``.

    Returns
    -------
    numpy.ndarray
        Possibly the very array that came in: callers must not write into it.

    Raises
    ------
    TypeError
        Masked, complex, object or text input.
    ValueError
        Wrong number of axes, wrong lengths, an empty axis, NaN or infinity.
    """
    expected = _describe(shape, batch)
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{name}: expected {expected}, got a masked array; "
            "fill or drop the masked entries first"
        )
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"{name}: expected {expected}, got rows of unequal length"
        ) from error
    if array.dtype.kind in "biu":
        array = array.astype(np.float64)
    if array.dtype.kind != "f":
        raise TypeError(
            f"{name}: expected {expected} of real numbers, "
            f"got dtype {array.dtype}"
        )
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    fits = array.ndim >= len(shape) if batch else array.ndim == len(shape)
    if not fits:
        raise ValueError(f"{name}: expected {expected}, got shape {array.shape}")
    trailing = array.shape[array.ndim - len(shape):]
    for axis, (wanted, came) in enumerate(zip(shape, trailing)):
        if not isinstance(wanted, str) and wanted != came:
            raise ValueError(
                f"{name}: expected {expected}, got shape {array.shape} "
                f"(axis {axis - len(shape)} is {came}, not {wanted})"
            )
    if 0 in array.shape:
        raise ValueError(
            f"{name}: expected {expected} with no empty axis, "
            f"got shape {array.shape}"
        )
    if not all_finite(array):
        raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
    return array


def all_finite(array: np.ndarray) -> bool:
    """Whether no entry is NaN or infinite; one read, no copy."""
    # A finite sum of squares proves it; the squares alone may overflow.
    return bool(math.isfinite(_sum_of_squares(array))
                or np.isfinite(array).all())


def _sum_of_squares(array):
    flat = array.ravel(order="K")
    with np.errstate(over="ignore", invalid="ignore"):
        return np.dot(flat, flat)


def as_count(name: str, value: Any, *, least: int = 0) -> int:
    """Return ``value`` as an int that is at least ``least``.

    Raises ``TypeError`` for anything that is not an integer (2.0 and True
    included) and ``ValueError`` for one that is too small.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(
        value, numbers.Integral
    ):
        raise TypeError(
            f"{name}: expected an integer >= {least}, got {value!r}"
        )
    if value < least:
        raise ValueError(f"{name}: expected an integer >= {least}, got {value}")
    return int(value)


def as_number(
    name: str, value: Any, *, above: float = -np.inf,
    at_least: float = -np.inf, below: float = np.inf, at_most: float = np.inf,
) -> float:
    """Return ``value`` as a finite float inside the given limits."""
    limits = [
        f"{sign} {limit:g}"
        for sign, limit in
        ((">", above), (">=", at_least), ("<", below), ("<=", at_most))
        if np.isfinite(limit)
    ]
    expected = " and ".join(["a finite number", *limits])
    if isinstance(value, (bool, np.bool_)) or not isinstance(
        value, numbers.Real
    ):
        raise TypeError(f"{name}: expected {expected}, got {value!r}")
    value = float(value)
    inside = above < value < below and at_least <= value <= at_most
    if not (np.isfinite(value) and inside):
        raise ValueError(f"{name}: expected {expected}, got {value}")
    return value


def as_rng(rng: Any) -> np.random.Generator:
    """Return ``rng`` if it is a ``numpy.random.Generator``, else refuse it."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            "rng: expected a numpy.random.Generator such as "
            f"numpy.random.default_rng(0), got {rng!r}"
        )
    return rng


def as_examples(X: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Check a prompt's examples: X ``(..., n, d)`` and y ``(..., n)``.

    ``y`` must have exactly the leading axes of ``X``: a scalar, a length-1
    ``y`` or an ``(n, 1)`` column would broadcast silently, so each is
    refused.  Entries beyond about 1e150, or an X that never exceeds 1e-150,
    are refused too, because XᵀX would over- or underflow.
    """
    X = as_array("X", X, shape=("n", "d"), batch=True)
    check_scale("X", X)
    y = as_array("y", y, shape=("n",), batch=True)
    if y.shape != X.shape[:-1]:
        raise ValueError(
            f"y: expected shape {X.shape[:-1]} to go with X of shape "
            f"{X.shape}, got shape {y.shape}"
        )
    limit = largest(y.dtype)
    if _sum_of_squares(y) > limit**2 and np.abs(y).max() > limit:
        raise ValueError(
            f"y: expected entries below {limit:.0e} in size, "
            f"got {np.abs(y).max():.3g}"
        )
    return X, y


def largest(dtype: np.dtype) -> float:
    """The largest entry whose square still leaves room to sum in ``dtype``."""
    return _LARGEST if dtype == np.float64 else 1e15


def check_scale(name: str, X: np.ndarray) -> None:
    """Refuse an X whose Gram matrix XᵀX would over- or underflow."""
    high = largest(X.dtype)
    low = _SMALLEST if X.dtype == np.float64 else 1e-15
    # Most prompts pass by their sum of squares, which needs one read.
    with np.errstate(over="ignore", under="ignore"):
        squares = np.einsum("...ij,...ij->...", X, X)
    entries = X.shape[-2] * X.shape[-1]
    if entries * low**2 <= squares.min() and squares.max() <= high**2:
        return
    size = np.abs(X).max(axis=(-2, -1))
    nonzero = size[size > 0]
    if size.max() > high or (nonzero.size and nonzero.min() < low):
        worst = size.max() if size.max() > high else nonzero.min()
        raise ValueError(
            f"{name}: expected a largest entry between {low:.0e} and "
            f"{high:.0e} (its Gram matrix must not over- or underflow), "
            f"got {worst:.3g}; rescale {name}"
        )


def as_batched(
    name: str, value: ArrayLike, *, batch: Sequence[int],
    shape: tuple[int | str, ...] = (),
) -> np.ndarray:
    """Check an argument given once for all tasks, or once for each.

    Its shape is ``shape``, or the batch axes of X followed by ``shape``;
    nothing in between, so that no length-1 axis broadcasts unnoticed.
    """
    batch = tuple(batch)
    value = as_array(name, value, shape=shape, batch=True)
    leading = value.shape[:value.ndim - len(shape)]
    if leading not in ((), batch):
        each = f" or {(*batch, *value.shape[len(leading):])}" if batch else ""
        raise ValueError(
            f"{name}: expected shape {value.shape[len(leading):]}{each}, "
            f"got shape {value.shape}"
        )
    return value


def as_steps(steps: ArrayLike, *, batch: Sequence[int] = ()) -> np.ndarray:
    """Check a schedule: one step size per loop, ``(T,)`` or ``(*batch, T)``.

    T = 0 (no loop) is allowed.  Any other extra axis is refused, so that a
    vector of length d cannot act as a preconditioner by broadcasting.
    """
    if np.ndim(steps) == 0:
        raise ValueError(
            f"steps: expected one step size per loop, shape (T,), got {steps!r}"
            "; for a constant step use constant_steps(L, T)"
        )
    if np.shape(steps)[-1] == 0 and np.shape(steps)[:-1] in ((), tuple(batch)):
        return np.zeros(np.shape(steps))
    return as_batched("steps", steps, batch=batch, shape=("T",))


def as_covariance_root(covariance: ArrayLike, d: int) -> np.ndarray:
    """Return C with CCᵀ = ``covariance``, a positive definite (d, d)."""
    covariance = as_array("covariance", covariance, shape=(d, d))
    slack = 1e-10 * np.abs(covariance).max()
    if not np.allclose(covariance, covariance.T, rtol=0, atol=slack):
        raise ValueError("covariance: expected a symmetric matrix")
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError as error:
        raise ValueError(
            "covariance: expected a positive definite matrix, got smallest "
            f"eigenvalue {np.linalg.eigvalsh(covariance)[0]:.3g}"
        ) from error


def as_batch(batch: Any) -> tuple[int, ...]:
    """Return leading axes, one int or several, as a tuple of ints."""
    axes = batch if isinstance(batch, (tuple, list)) else (batch,)
    return tuple(as_count("batch", axis, least=1) for axis in axes)


def _describe(shape, batch):
    axes = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
    kind = "a number" if not shape else f"an array of shape ({axes})"
    if batch:
        kind = f"an array of shape (..., {', '.join(map(str, shape))})"
    return kind
