"""A training run as a value: what was asked, where it stands, its file.

Also the two rules that a run chooses: how the gradient is restricted
(``symmetric_part`` or ``any_matrix``) and how it becomes a direction
(``descent`` or ``adam``).
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np


def descent(
    gradient: np.ndarray, memory: tuple | None,
) -> tuple[np.ndarray, tuple | None]:
    """Gradient descent: move along the gradient, remember nothing.

    An optimizer takes the gradient ``(d, d)`` and its memory, a tuple of
    arrays or None at the start, and returns direction and new memory.

    Examples
    --------
    >>> descent(np.array([[2.0]]), None)
    (array([[2.]]), None)
    """
    return gradient, memory


def adam(
    gradient: np.ndarray, memory: tuple | None,
) -> tuple[np.ndarray, tuple]:
    """Adam (decay 0.9 and 0.999): mean gradient over its root mean square.

    Takes and returns what ``descent`` does.

    Examples
    --------
    >>> direction, memory = adam(np.array([[2.0]]), None)
    >>> direction.round(6)
    array([[1.]])
    """
    first, second, count = memory or (np.zeros_like(gradient),
                                      np.zeros_like(gradient), np.array(0))
    count = count + 1
    first = 0.9 * first + 0.1 * gradient
    second = 0.999 * second + 0.001 * gradient**2
    root = np.sqrt(second / (1 - 0.999**count)) + 1e-12
    return first / (1 - 0.9**count) / root, (first, second, count)


def symmetric_part(gradient: np.ndarray) -> np.ndarray:
    """(G + Gᵀ)/2: keeps a symmetric A symmetric.

    Examples
    --------
    >>> symmetric_part(np.array([[1.0, 2.0], [0.0, 1.0]]))
    array([[1., 1.],
           [1., 1.]])
    """
    return (gradient + gradient.T) / 2


def any_matrix(gradient: np.ndarray) -> np.ndarray:
    """G as it is: every entry of A moves freely.

    Examples
    --------
    >>> any_matrix(np.array([[1.0, 2.0], [0.0, 1.0]]))
    array([[1., 2.],
           [0., 1.]])
    """
    return gradient


# The rules that a saved run can name.
RULES: dict[str, dict[str, Callable]] = {
    "optimizer": {"descent": descent, "adam": adam},
    "project": {"symmetric_part": symmetric_part, "any_matrix": any_matrix},
}


class TrainingDiverged(ArithmeticError):
    """The loss ran away.  ``result`` is the last good ``Training``."""

    def __init__(self, message, result):
        super().__init__(message)
        self.result = result


@dataclass(frozen=True)
class Training:
    """What a run of ``train`` was asked for, where it stands, how it went.

    Attributes
    ----------
    A : numpy.ndarray, shape (d, d)
        The trained matrix.
    losses : numpy.ndarray, shape (iterations done,)
        Mini-batch loss ℓ of each iteration, before its move.
    path : numpy.ndarray, shape (m, d, d)
        A at about a hundred moments of the run, start and end included.
    path_at : numpy.ndarray, shape (m,)
        The number of iterations before each entry of ``path``.
    settings : dict
        The arguments of ``train``: n, d, loops, covariance, batch,
        iterations, step, optimizer, project.
    seed, generator : str
        State of the random generator before the first and after the last
        iteration, as JSON.
    memory : tuple of numpy.ndarray
        What the optimizer remembers.
    """

    A: np.ndarray
    losses: np.ndarray
    path: np.ndarray
    path_at: np.ndarray
    settings: dict
    seed: str
    generator: str
    memory: tuple = ()

    def save(self, path: str | PathLike[str]) -> None:
        """Write the run to one ``.npz`` file, whole or not at all.

        Raises ``ValueError`` for a run that used an optimizer or projection
        of your own: ``load`` could not find it again.
        """
        path = os.fspath(path)
        arrays: dict[str, Any] = {"A": self.A, "losses": self.losses, "path": self.path,
                  "path_at": self.path_at}
        arrays |= {f"memory{i}": part for i, part in enumerate(self.memory)}
        settings = dict(self.settings)
        for role, rules in RULES.items():
            settings[role] = settings[role].__name__
            if rules.get(settings[role]) is not self.settings[role]:
                raise ValueError(
                    f"{role}: only {' and '.join(rules)} can be saved, "
                    f"got {settings[role]}")
        if settings["covariance"] is not None:
            arrays["covariance"] = settings.pop("covariance")
        texts = {"settings": settings, "seed": self.seed,
                 "generator": self.generator}
        unfinished = Path(f"{path}.part")
        with open(unfinished, "wb") as file:
            np.savez(file, texts=json.dumps(texts), **arrays)
        os.replace(unfinished, path)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Training":
        """Read a run that ``save`` wrote; nothing in the file is executed.

        Raises ``OSError`` if there is no such file, and ``ValueError`` if it
        is another file, or not whole.
        """
        wrong = f"{path}: expected a file that Training.save wrote"
        with open(path, "rb") as stream:
            try:
                arrays = dict(np.load(stream, allow_pickle=False))
            except (ValueError, TypeError, EOFError, BadZipFile,
                    OSError) as error:
                raise ValueError(f"{wrong}, whole: {error}") from error
        if "texts" not in arrays or "path_at" not in arrays:
            raise ValueError(wrong)
        texts = json.loads(str(arrays.pop("texts")))
        settings = texts["settings"]
        settings["covariance"] = arrays.pop("covariance", None)
        for role, rules in RULES.items():
            settings[role] = rules[settings[role]]
        memory = [arrays.pop(name) for name in sorted(arrays)
                  if name.startswith("memory")]
        return cls(**arrays, **texts, memory=tuple(memory))


def generator_state(rng: np.random.Generator) -> str:
    """The generator's state as JSON; arrays become lists."""
    return json.dumps(rng.bit_generator.state, default=np.ndarray.tolist)


def generator_from(state: str) -> np.random.Generator:
    """A generator in the state that ``generator_state`` wrote down."""
    kept = json.loads(state)
    kind = getattr(np.random, kept["bit_generator"], None)
    if not (isinstance(kind, type)
            and issubclass(kind, np.random.BitGenerator)):
        raise ValueError(
            f"generator: expected one of NumPy's bit generators, "
            f"got {kept['bit_generator']}")
    bits = kind()
    bits.state = kept
    return np.random.Generator(bits)
