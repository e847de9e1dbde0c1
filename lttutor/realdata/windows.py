"""Next-character tasks: frozen features of a text, cut into stretches."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from lttutor.realdata.task import RealTask
from lttutor.realdata.texts import ALPHABET
from lttutor.validation import as_array, as_count, as_counts, as_rng


def character_features(
    codes: Sequence[int] | np.ndarray, projection: ArrayLike,
) -> tuple[np.ndarray, np.ndarray]:
    """Frozen features of the characters before each position, and its code.

    The last h characters are one-hot vectors of length 27, side by side; a
    fixed projection and tanh turn them into d numbers.

    Parameters
    ----------
    codes : array_like of int, shape (characters,)
    projection : array_like, shape (27 h, d)

    Returns
    -------
    features : numpy.ndarray, shape (characters - h, d)
    targets : numpy.ndarray of int, shape (characters - h,)
        Entry i is the character that follows the h behind features[i].

    Raises
    ------
    TypeError, ValueError
        If the projection's length is no multiple of 27, if there are no
        more than h characters, or if codes are not integers from 0 to 26.

    Examples
    --------
    >>> from lttutor.realdata import encode
    >>> features, targets = character_features(encode("abc"), np.eye(27))
    >>> features.argmax(axis=1), targets
    (array([1, 2]), array([2, 3]))
    """
    projection = as_array("projection", projection, shape=("27 h", "d"))
    letters = len(ALPHABET)
    if len(projection) % letters:
        raise ValueError(
            f"projection: expected a multiple of {letters} rows, "
            f"got {len(projection)}"
        )
    history = len(projection) // letters
    text = _as_codes(codes)
    m = len(text) - history
    if m < 1:
        raise ValueError(
            f"codes: expected more than {history} characters, got {len(text)}"
        )
    blocks = projection.reshape(history, letters, -1)
    summed = sum(block[text[k:k + m]] for k, block in enumerate(blocks))
    return np.tanh(summed), text[history:]


def text_tasks(
    codes: Sequence[int] | np.ndarray, projection: ArrayLike, *, n: int,
    tests: int, windows: int, rng: np.random.Generator,
) -> RealTask:
    """Next-character tasks from stretches of a text that do not overlap.

    Parameters
    ----------
    codes : array_like of int, shape (characters,)
        A text as ``encode`` returns it.
    projection : array_like, shape (27 h, d)
        See ``character_features``.
    n, tests : int
        Examples of a task, and questions; the questions come later in the
        text than all examples.
    windows : int
        Number of tasks.
    rng : numpy.random.Generator
        Decides which stretches are taken.

    Returns
    -------
    RealTask
        With one-hot labels: y has shape (windows, n, 27).

    Raises
    ------
    TypeError, ValueError
        For a text with fewer stretches than ``windows``, or arguments of
        another form.

    Examples
    --------
    >>> from lttutor.realdata import encode, english_text
    >>> rng = np.random.default_rng(0)
    >>> task = text_tasks(encode(english_text()), rng.standard_normal(
    ...     (54, 8)), n=30, tests=10, windows=5, rng=rng)
    >>> task.X.shape, task.y_test.shape
    ((5, 30, 8), (5, 10, 27))
    """
    n, tests = as_count("n", n, least=1), as_count("tests", tests, least=1)
    windows = as_count("windows", windows, least=1)
    rng = as_rng(rng)
    projection = as_array("projection", projection, shape=("27 h", "d"))
    codes = _as_codes(codes)
    stride = len(projection) // len(ALPHABET) + n + tests
    slots = len(codes) // stride
    if slots < windows:
        raise ValueError(
            f"windows: expected at most {slots}, the stretches of {stride} "
            f"characters in a text of {len(codes)}, got {windows}"
        )
    starts = stride * rng.choice(slots, windows, replace=False)
    stretches = [character_features(codes[start:start + stride], projection)
                 for start in starts]
    X = np.array([features for features, _ in stretches])
    y = np.eye(len(ALPHABET))[np.array([target for _, target in stretches])]
    return RealTask(X[:, :n], y[:, :n], X[:, n:], y[:, n:])


def _as_codes(codes):
    """Codes of characters: neither a mask nor indices from the end."""
    codes = as_counts("codes", codes)
    if codes.ndim != 1:
        raise ValueError(
            f"codes: expected shape (characters,), got shape {codes.shape}")
    if codes.max() >= len(ALPHABET):
        raise ValueError(
            f"codes: expected integers below {len(ALPHABET)}, "
            f"got {codes.max()}")
    return codes
