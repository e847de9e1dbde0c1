"""English text, and the 27 numbers that it becomes."""

import unicodedata
from os import PathLike
from pathlib import Path

import numpy as np

ALPHABET = " abcdefghijklmnopqrstuvwxyz"
LEAST_LETTERS = 10_000


def english_text() -> str:
    """The help texts that ship with Python (``pydoc_data.topics``).

    About 400,000 letters of technical English, sorted by topic.  The text
    differs a little between Python versions.

    Returns
    -------
    str

    Examples
    --------
    >>> "statement" in english_text()
    True
    """
    from pydoc_data.topics import topics
    return "\n".join(topics[name] for name in sorted(topics))


def read_text(path: str | PathLike[str]) -> str:
    """The text of a file of your own, in UTF-8.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    str

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    ValueError
        If the file is empty, binary, not UTF-8, or has fewer than 10,000
        letters a to z; the message says which.

    Examples
    --------
    >>> import pydoc_data.topics
    >>> len(read_text(pydoc_data.topics.__file__)) > 400_000
    True
    """
    data = Path(path).read_bytes()
    if not data.strip():
        raise ValueError(f"{path}: the file is empty")
    if b"\0" in data:
        raise ValueError(
            f"{path}: expected plain text in UTF-8, got a binary file "
            "(or UTF-16): it has zero bytes"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}: expected plain text in UTF-8, got byte "
            f"0x{data[error.start]:02x} at position {error.start}; "
            "save the file as UTF-8"
        ) from error
    letters = np.count_nonzero(encode(text))
    if letters < LEAST_LETTERS:
        raise ValueError(
            f"{path}: expected at least {LEAST_LETTERS} letters a to z, "
            f"got {letters} among {len(text)} characters"
        )
    return text


def encode(text: str) -> np.ndarray:
    """Numbers 0 to 26 for a text: space, then a to z.

    Accents are dropped, capitals lowered, and every run of other characters
    becomes one space.

    Parameters
    ----------
    text : str

    Returns
    -------
    numpy.ndarray of int, shape (characters,)

    Raises
    ------
    TypeError
        For anything but a str.

    Examples
    --------
    >>> "".join(ALPHABET[code] for code in encode("Déjà vu -- twice!"))
    'deja vu twice '
    """
    if not isinstance(text, str):
        raise TypeError(f"text: expected a str, got {type(text).__name__}")
    plain = unicodedata.normalize("NFKD", text).lower()
    kept = [c for c in plain if not unicodedata.combining(c)]
    codes = np.array([ALPHABET.find(c) for c in kept], int)
    codes[codes < 0] = 0
    twice = (codes[1:] == 0) & (codes[:-1] == 0)
    return codes[np.concatenate([[True], ~twice])] if len(codes) else codes
