"""Single values: counts, numbers, axes, sources of randomness."""

import numbers
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lttutor.validation.arrays import plain_array


def as_count(
    name: str, value: Any, *, least: int = 0, below: float = 2**63,
) -> int:
    """Return ``value`` as a Python int, which no arithmetic can wrap around.

    Raises ``TypeError`` for anything that is not an integer (2.0 and True
    included) and ``ValueError`` for one that is too small or too large.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(
        value, numbers.Integral
    ):
        raise TypeError(
            f"{name}: expected an integer >= {least}, got {value!r}"
        )
    count = int(value)
    if count < least:
        raise ValueError(f"{name}: expected an integer >= {least}, got {count}")
    if count >= below:
        raise ValueError(
            f"{name}: expected an integer below {below}, "
            f"got one of {count.bit_length()} bits"
        )
    return count


def as_counts(name: str, value: ArrayLike, *, least: int = 0) -> np.ndarray:
    """Return ``value``, one integer or an array of them, as an int64 array."""
    expected = f"integers >= {least}"
    array = plain_array(name, value, lambda: expected)
    if array.dtype.kind == "O" and all(
            isinstance(entry, int) for entry in array.flat):
        raise ValueError(f"{name}: expected {expected} and below 2**63")
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected {expected}, got {value!r}")
    if array.size == 0 or array.min() < least:
        raise ValueError(f"{name}: expected {expected}, got {value!r}")
    if array.max() >= 2**63:
        raise ValueError(
            f"{name}: expected {expected} and below 2**63, got {array.max()}")
    return array.astype(np.int64)


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
    try:
        value = float(value)
    except OverflowError:  # an integer or a fraction beyond every float
        value = np.inf if value > 0 else -np.inf
    inside = above < value < below and at_least <= value <= at_most
    if not (np.isfinite(value) and inside):
        raise ValueError(f"{name}: expected {expected}, got {value}")
    return value


def as_batch(batch: Any) -> tuple[int, ...]:
    """Return leading axes, one int or several, as a tuple of ints."""
    axes = batch if isinstance(batch, (tuple, list)) else (batch,)
    return tuple(as_count("batch", axis, least=1) for axis in axes)


def as_rng(rng: Any) -> np.random.Generator:
    """Return ``rng`` if it is a ``numpy.random.Generator``, else refuse it."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            "rng: expected a numpy.random.Generator such as "
            f"numpy.random.default_rng(0), got {rng!r}"
        )
    return rng
