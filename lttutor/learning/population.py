"""The population loss of a looped layer, and its gradient.

The model is that of Gatmiry et al. (chapter 31).  A prompt holds n examples
with covariance Σ; one loop multiplies the machine's error by N = I - Σ̂A,
where Σ̂ = XᵀX/n and A is the trained matrix; T loops leave

    ℓ(A) = E tr[Σ⁻¹ N^T Σ (N^T)ᵀ]

(N^T is the T-th power, ᵀ the transpose).  The expectation over the hidden
vector and the query is exact, so a prompt enters through Σ̂ alone.
"""

import numpy as np
from numpy.typing import ArrayLike

from lttutor.validation import (
    as_array,
    as_count,
    as_covariance_root,
    check_symmetric,
    finite,
)


def prompt_losses(
    A: ArrayLike, moments: ArrayLike, loops: int,
    covariance: ArrayLike | None = None,
) -> np.ndarray:
    """The loss of every prompt: tr[Σ⁻¹ N^T Σ (N^T)ᵀ] with N = I - Σ̂A.

    That is the squared error of the looped layer on one prompt, averaged
    exactly over the hidden vector w ~ N(0, Σ⁻¹) and the query x ~ N(0, Σ).

    Parameters
    ----------
    A : array_like, shape (d, d)
        The trained matrix; it need not be symmetric.
    moments : array_like, shape (..., d, d)
        Second moments Σ̂ of the prompts, as ``second_moments`` draws them.
    loops : int
        How often the layer is applied, T ≥ 0.
    covariance : array_like, shape (d, d), optional
        Σ of the examples and of the query; the identity if left out.

    Returns
    -------
    numpy.ndarray, shape (...)

    Raises
    ------
    TypeError, ValueError
        For arguments of another form, or moments that are not symmetric.
    OverflowError
        If a loss is too large for a float.

    Examples
    --------
    >>> prompt_losses([[0.5]], [[[1.0]], [[3.0]]], loops=2)
    array([0.0625, 0.0625])
    """
    A, W, _ = _whitened(A, moments, covariance)
    loops = as_count("loops", loops)
    with np.errstate(over="ignore", invalid="ignore"):
        left = np.linalg.matrix_power(np.eye(len(A), dtype=A.dtype) - W @ A,
                                      loops)
        return _finite(np.square(left).sum(axis=(-2, -1)))


def loss(
    A: ArrayLike, moments: ArrayLike, loops: int,
    covariance: ArrayLike | None = None,
) -> float:
    """The mean of ``prompt_losses``: the population loss on these prompts.

    Parameters
    ----------
    A, moments, loops, covariance
        As ``prompt_losses`` takes them.

    Returns
    -------
    float
        An unbiased estimate of ℓ(A) if the moments are independent draws.

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``prompt_losses`` does.

    Examples
    --------
    >>> from lttutor.learning.wishart import second_moments
    >>> rng = np.random.default_rng(0)
    >>> moments = second_moments(50, 4, batch=100, rng=rng)
    >>> loss(np.zeros((4, 4)), moments, loops=3)
    4.0
    """
    return float(prompt_losses(A, moments, loops, covariance).mean())


def loss_and_gradient(
    A: ArrayLike, moments: ArrayLike, loops: int,
    covariance: ArrayLike | None = None,
) -> tuple[float, np.ndarray]:
    """The loss and its exact gradient with respect to A (chapter 31).

    ∇ℓ = -2 E Σ_{k<T} Σ̂ (N^k)ᵀ Σ⁻¹ N^T Σ (N^{T-1-k})ᵀ,  N = I - Σ̂A,
    for any A, symmetric or not, and any depth T.

    Parameters
    ----------
    A, moments, loops, covariance
        As ``prompt_losses`` takes them.

    Returns
    -------
    value : float
        The same as ``loss`` gives, to rounding.
    gradient : numpy.ndarray, shape (d, d)
        Entry (i, j) is the derivative with respect to ``A[i, j]``.

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``prompt_losses`` does.

    Examples
    --------
    >>> value, gradient = loss_and_gradient(
    ...     np.zeros((2, 2)), [[[1.0, 0.5], [0.5, 1.0]]], loops=3)
    >>> value, gradient.tolist()
    (2.0, [[-6.0, -3.0], [-3.0, -6.0]])
    """
    A, W, root = _whitened(A, moments, covariance)
    loops = as_count("loops", loops)
    with np.errstate(over="ignore", invalid="ignore"):
        value, gradient = value_and_gradient(A, W, loops)
        if root is not None:
            gradient = (root @ gradient @ root.T).astype(gradient.dtype)
    return float(_finite(value)), _finite(gradient)


def value_and_gradient(
    A: np.ndarray, W: np.ndarray, loops: int,
) -> tuple[float, np.ndarray]:
    """``loss_and_gradient`` on checked, whitened arguments (Σ = I)."""
    W = W.reshape(-1, *A.shape)
    if loops == 0:
        return A.dtype.type(len(A)), np.zeros_like(A)
    N = np.eye(len(A), dtype=A.dtype) - W @ A
    left, ladder = _power(N, loops)
    value = np.vdot(left, left) / len(W)
    right = np.ascontiguousarray(np.swapaxes(left, -1, -2))
    sums = _power_sum(N, right, ladder)
    # The mean of Σ̂ times the transposed sums, as one product of two columns
    # of blocks (Σ̂ is symmetric).
    total = W.reshape(-1, len(A)).T @ sums.mT.reshape(-1, len(A))
    return value, -2 * total / len(W)


def _power(B, count):
    """B^count by doubling, and its ladder: of each doubling of an exponent
    k the powers Bᵏ and B²ᵏ, and whether one more B follows."""
    power, ladder = B, []
    for bit in format(count, "b")[1:]:
        square = power @ power
        ladder.append((power, square, bit == "1"))
        power = B @ square if bit == "1" else square
    return power, ladder


def _power_sum(B, R, ladder):
    """Σ_{k<count} Bᵏ R B^{count-1-k}, up the ladder of B^count."""
    total = R
    for power, square, odd in ladder:
        total = total @ power + power @ total
        if odd:
            total = B @ total + R @ square
    return total


def _whitened(
    A: ArrayLike, moments: ArrayLike, covariance: ArrayLike | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """CᵀAC, C⁻¹Σ̂C⁻ᵀ and C with Σ = CCᵀ: the same loss, with Σ = I."""
    A = as_array("A", A, shape=("d", "d"))
    d = len(A)
    A = as_array("A", A, shape=(d, d))
    W = as_array("moments", moments, shape=(d, d), batch=True)
    check_symmetric("moments", W)
    dtype = np.result_type(A, W)
    if covariance is None:
        return A.astype(dtype), W.astype(dtype), None
    # In float64: Σ may be of a size that float32 does not hold.
    root = as_covariance_root(covariance, d).astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        half = np.linalg.solve(root, W)
        W = np.linalg.solve(root, np.swapaxes(half, -1, -2))
        return (root.T @ A @ root).astype(dtype), W.astype(dtype), root


def _finite(values):
    return finite(values, (
        "A: the loss is too large for a float; some prompt's error grows "
        "with every loop (an eigenvalue of Σ̂A beyond 2)"))
