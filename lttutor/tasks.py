"""Tasks: the data that a prompt is made of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lttutor.validation import (
    as_array,
    as_batch,
    as_count,
    as_covariance_root,
    as_number,
    as_rng,
    finite,
)


@dataclass(frozen=True)
class Task:
    """A linear task, or a batch of them.

    Attributes
    ----------
    X : numpy.ndarray, shape (..., n, d)
        The examples, one a row.
    y : numpy.ndarray, shape (..., n)
        Their labels: ``X @ theta``, plus noise if the task has any.
    theta : numpy.ndarray, shape (..., d)
        The hidden vector θ* that made the labels.
    """

    X: np.ndarray
    y: np.ndarray
    theta: np.ndarray


def gaussian_task(
    n: int, d: int, *, batch: int | tuple[int, ...] = (),
    covariance: ArrayLike | None = None, noise: float = 0.0,
    unit_norm: bool = True, rng: np.random.Generator,
) -> Task:
    """Draw tasks with Gaussian examples and a random hidden vector.

    Rows of X are N(0, covariance), θ* is uniform on the unit sphere (or
    N(0, I) with ``unit_norm=False``), and y = Xθ* + noise · N(0, I).

    Parameters
    ----------
    n, d : int
        Number of examples and of features, both at least 1.
    batch : int or tuple of int
        Leading axes of every array that comes back.
    covariance : array_like, shape (d, d), optional
        Positive definite; the identity if left out.
    noise : float
        Standard deviation of the label noise, at least 0.
    unit_norm : bool
        Whether θ* is scaled to length 1.
    rng : numpy.random.Generator
        The only source of randomness.

    Returns
    -------
    Task

    Raises
    ------
    TypeError, ValueError
        For arguments outside the ranges above.
    OverflowError
        If the noise is too large for a float.

    Examples
    --------
    >>> task = gaussian_task(20, 4, batch=3, rng=np.random.default_rng(0))
    >>> task.X.shape, task.y.shape, task.theta.shape
    ((3, 20, 4), (3, 20), (3, 4))
    """
    n, d = as_count("n", n, least=1), as_count("d", d, least=1)
    batch = as_batch(batch)
    noise = as_number("noise", noise, at_least=0)
    rng = as_rng(rng)
    root = None if covariance is None else as_covariance_root(covariance, d)
    X = rng.standard_normal((*batch, n, d))
    if root is not None:
        X = X @ root.T
    theta = rng.standard_normal((*batch, d))
    if unit_norm:
        theta /= np.linalg.norm(theta, axis=-1, keepdims=True)
    y = np.einsum("...nd,...d->...n", X, theta)
    if noise:
        with np.errstate(over="ignore"):
            y += noise * rng.standard_normal(y.shape)
        finite(y, f"noise: labels with noise {noise:.3g} overflow")
    return Task(X, y, theta)


def spectrum_task(
    eigenvalues: ArrayLike, n: int, *, batch: int | tuple[int, ...] = (),
    rng: np.random.Generator,
) -> Task:
    """Draw noise-free tasks whose Gram matrix has a given spectrum.

    X = U diag(√λ) Vᵀ with independent, uniformly random U (n × d,
    orthonormal columns) and V (d × d, orthogonal), so that XᵀX has exactly
    the eigenvalues λ; θ* is uniform on the unit sphere and y = Xθ*.

    Parameters
    ----------
    eigenvalues : array_like, shape (d,)
        Eigenvalues of XᵀX, none negative, in any order.
    n : int
        Number of examples, at least d.
    batch : int or tuple of int
        Leading axes of every array that comes back.
    rng : numpy.random.Generator
        The only source of randomness.

    Returns
    -------
    Task

    Raises
    ------
    TypeError, ValueError
        For a negative eigenvalue, n < d, or arguments of another form.

    Examples
    --------
    >>> task = spectrum_task([1.0, 4.0], 5, rng=np.random.default_rng(0))
    >>> np.linalg.eigvalsh(task.X.T @ task.X).round(12).tolist()
    [1.0, 4.0]
    """
    eigenvalues = as_array("eigenvalues", eigenvalues, shape=("d",))
    if eigenvalues.min() < 0:
        raise ValueError(
            "eigenvalues: expected none negative, "
            f"got {eigenvalues.min():.3g}"
        )
    d = len(eigenvalues)
    n = as_count("n", n, least=d)
    batch = as_batch(batch)
    rng = as_rng(rng)
    U = _orthonormal(rng.standard_normal((*batch, n, d)))
    V = _orthonormal(rng.standard_normal((*batch, d, d)))
    X = (U * np.sqrt(eigenvalues)) @ np.swapaxes(V, -1, -2)
    theta = rng.standard_normal((*batch, d))
    theta /= np.linalg.norm(theta, axis=-1, keepdims=True)
    return Task(X, np.einsum("...nd,...d->...n", X, theta), theta)


def _orthonormal(gaussian):
    """Orthonormal columns, uniformly distributed (QR with positive diag R)."""
    Q, R = np.linalg.qr(gaussian)
    signs = np.sign(np.diagonal(R, axis1=-2, axis2=-1))
    return Q * signs[..., None, :]
