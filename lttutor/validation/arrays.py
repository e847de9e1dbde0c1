"""Arrays of real numbers: what comes in, and what goes out."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


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
    if not all_finite(array):
        raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
    return array


def as_reals(
    name: str, value: ArrayLike, *, shape: tuple[int | str, ...],
    batch: bool = False,
) -> np.ndarray:
    """``as_array``, but NaN and infinity pass: the caller decides on them."""
    expected = _describe(shape, batch)
    array = real_array(name, value, expected)
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
    with np.errstate(over="ignore"):
        cast = array.astype(dtype, copy=False)
    if cast is not array and not all_finite(cast):
        raise ValueError(
            f"{name}: expected numbers that {dtype} can hold, "
            f"got {np.abs(array).max():.3g}"
        )
    return cast


def sum_of_squares(array: np.ndarray) -> float:
    flat = array.ravel(order="K")
    with np.errstate(over="ignore", invalid="ignore"):
        return np.dot(flat, flat)


def real_array(name: str, value: ArrayLike, expected: str) -> np.ndarray:
    """An array of float32 or float64, of any shape."""
    array = plain_array(name, value, expected)
    if array.dtype.kind in "biu":
        array = array.astype(np.float64)
    if array.dtype.kind != "f":
        raise TypeError(
            f"{name}: expected {expected} of real numbers, "
            f"got dtype {array.dtype}"
        )
    if array.dtype not in (np.float32, np.float64):
        with np.errstate(over="ignore"):
            array = array.astype(np.float64)
    return array


def plain_array(name: str, value: ArrayLike, expected: str) -> np.ndarray:
    """An array of any dtype, but neither masked nor ragged."""
    if _has_mask(value):
        raise TypeError(
            f"{name}: expected {expected}, got a masked array; "
            "fill or drop the masked entries first"
        )
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"{name}: expected {expected}, got rows of unequal length"
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
    axes = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
    kind = "a number" if not shape else f"an array of shape ({axes})"
    if batch:
        kind = f"an array of shape (..., {', '.join(map(str, shape))})"
    return kind
