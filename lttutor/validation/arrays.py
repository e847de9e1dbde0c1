"""Arrays of real numbers: what comes in, and what goes out."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import blas

_FLOATS = np.dtype(np.float32), np.dtype(np.float64)
# BLAS itself: NumPy's dot also looks whether the sum overflowed, and warns.
_DOT = dict(zip(_FLOATS, (blas.sdot, blas.ddot), strict=True))
_LONGEST = 2**30  # of a vector that BLAS takes


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
    array = as_reals(name, value, shape=shape, batch=batch)
    check_finite(name, array)
    return array


def as_reals(
    name: str, value: ArrayLike, *, shape: tuple[int | str, ...],
    batch: bool = False,
) -> np.ndarray:
    """``as_array``, but NaN and infinity pass: the caller decides on them."""
    array = real_array(name, value, lambda: _describe(shape, batch))
    ndim, axes = array.ndim, len(shape)
    if ndim < axes or ndim > axes and not batch:
        raise ValueError(f"{name}: expected {_describe(shape, batch)}, "
                         f"got shape {array.shape}")
    for axis, (wanted, came) in enumerate(zip(shape, array.shape[ndim - axes:])):
        if not isinstance(wanted, str) and wanted != came:
            raise ValueError(
                f"{name}: expected {_describe(shape, batch)}, got shape "
                f"{array.shape} (axis {axis - axes} is {came}, not {wanted})"
            )
    if array.size == 0:
        raise ValueError(
            f"{name}: expected {_describe(shape, batch)} with no empty axis, "
            f"got shape {array.shape}"
        )
    return array


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


def check_finite(name: str, array: np.ndarray) -> None:
    """Refuse an array with NaN or infinity in it."""
    if not all_finite(array):
        raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")


def all_finite(array: np.ndarray) -> bool:
    """Whether no entry is NaN or infinite; one read, no copy."""
    # A finite sum of squares proves it; the squares alone may overflow.
    return bool(math.isfinite(sum_of_squares(array))
                or np.isfinite(array).all())


def finite(result: np.ndarray, message: str) -> np.ndarray:
    """Return what was computed, or raise ``OverflowError`` with ``message``."""
    if not all_finite(result):
        raise OverflowError(message)
    return result


def fit(name: str, array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return ``array`` in another dtype, which must be able to hold it."""
    if array.dtype == dtype:
        return array
    with np.errstate(over="ignore"):
        cast = array.astype(dtype)
    if not all_finite(cast):
        raise ValueError(
            f"{name}: expected numbers that {dtype} can hold, "
            f"got {np.abs(array).max():.3g}"
        )
    return cast


def sum_of_squares(array: np.ndarray) -> float:
    """The sum of the squares, infinite or NaN if an entry is."""
    flat = array.ravel(order="K")
    dot, total = _DOT[flat.dtype], 0.0
    for first in range(0, flat.size, _LONGEST):
        part = flat[first:first + _LONGEST]
        total += dot(part, part)
    return total


def real_array(
    name: str, value: ArrayLike, expected: Callable[[], str],
) -> np.ndarray:
    """An array of float32 or float64, of any shape.

    ``expected`` describes it in a message, and is called for that alone.
    """
    array = plain_array(name, value, expected)
    if array.dtype in _FLOATS:
        return array
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{name}: expected {expected()}, of real numbers, "
            f"got dtype {array.dtype}"
        )
    with np.errstate(over="ignore"):
        return array.astype(np.float64)


def plain_array(
    name: str, value: ArrayLike, expected: Callable[[], str],
) -> np.ndarray:
    """An array of any dtype, but neither masked nor ragged."""
    if _has_mask(value):
        raise TypeError(
            f"{name}: expected {expected()}, got a masked array; "
            "fill or drop the masked entries first"
        )
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"{name}: expected {expected()}, got rows of unequal length"
        ) from error


def _has_mask(value):
    """Whether there is a mask, also inside lists, where NumPy would drop it."""
    if not isinstance(value, (list, tuple)):
        return isinstance(value, np.ma.MaskedArray)
    nested = list, tuple, np.ma.MaskedArray
    # Each type once, so that long lists of numbers stay cheap.
    return any(issubclass(kind, nested) for kind in set(map(type, value))
               ) and any(map(_has_mask, value))


def _describe(shape, batch):
    if not shape:
        return "a number, or an array" if batch else "a number"
    axes = ", ".join(map(str, ("...", *shape) if batch else shape))
    comma = "," if len(shape) == 1 and not batch else ""
    return f"an array of shape ({axes}{comma})"
