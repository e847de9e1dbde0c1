"""How fast the loop is: its exact error, from one polynomial.

Everything follows from p(λ) = ∏ₜ (1 - η(t) λ), evaluated on the eigenvalues
of XᵀX (chapters 13 and 23).
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from lttutor.theory.conditioning import eigenvalues_of
from lttutor.validation import (
    as_array,
    as_batched,
    as_number,
    as_steps,
    check_scale,
    finite,
    fit,
)

# More loops than 2 to this power are never.
DOUBLINGS = 50


def residual_polynomial(
    eigenvalues: ArrayLike, steps: ArrayLike,
) -> np.ndarray:
    """p_t(λ) = ∏_{s<t} (1 - η(s) λ) at each eigenvalue, for t = 0, …, T.

    After t loops the error along an eigenvector of XᵀX is what it was at the
    start times p_t of its eigenvalue.

    Parameters
    ----------
    eigenvalues : array_like, shape (..., d)
        The points λ at which to evaluate.
    steps : array_like, shape (T,) or (..., T)
        Step sizes, one schedule for all or one for each of the batch.

    Returns
    -------
    numpy.ndarray, shape (T + 1, ..., d)

    Raises
    ------
    TypeError, ValueError
        For arguments of another form.
    OverflowError
        If a value is no longer finite; the message names the loop.

    Examples
    --------
    >>> residual_polynomial([1.0, 2.0], [0.5, 0.5]).tolist()
    [[1.0, 1.0], [0.5, 0.0], [0.25, 0.0]]
    """
    eigenvalues = as_array("eigenvalues", eigenvalues, shape=("d",),
                           batch=True)
    eta = as_steps(steps, batch=eigenvalues.shape[:-1],
                   dtype=eigenvalues.dtype)[..., None]
    values = np.ones((len(eta) + 1, *eigenvalues.shape), eigenvalues.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(len(eta)):
            values[t + 1] = values[t] * (1 - eta[t] * eigenvalues)
            finite(values[t + 1], (
                f"steps: the polynomial overflowed in loop {t + 1} of "
                f"{len(eta)}; take smaller steps or another order"))
    return values


def exact_error(
    X: ArrayLike, theta: ArrayLike, alpha: ArrayLike, steps: ArrayLike,
) -> np.ndarray:
    """⟨v(t), θ*⟩ - α of the generation machine after t = 0, …, T loops.

    For noise-free labels y = Xθ* and the start q(0) = 0,

        ⟨v(t), θ*⟩ - α = α (‖θ*‖² - 1) - α Σᵢ cᵢ² p_t(λᵢ),   cᵢ = ⟨vᵢ, θ*⟩,

    with (λᵢ, vᵢ) the eigenpairs of XᵀX (chapter 23).  No loop is run: the
    eigenpairs come from the singular value decomposition of X, so the result
    is exact to relative rounding even where it is far below 1e-16.

    Parameters
    ----------
    X : array_like, shape (..., n, d)
    theta : array_like, shape (d,) or (..., d)
        θ*.  A length that is 1 up to rounding counts as exactly 1.
    alpha : array_like
        A scalar, or of the batch shape.
    steps : array_like, shape (T,) or (..., T)

    Returns
    -------
    numpy.ndarray, shape (T + 1, ...)

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``residual_polynomial`` does; the last also for an error that is
        too large for a float.

    Examples
    --------
    >>> exact_error([[1.0, 0.0], [0.0, 2.0]], [0.6, 0.8], 1.0,
    ...             [0.2, 0.2]).round(6).tolist()
    [-1.0, -0.416, -0.256]
    """
    X = as_array("X", X, shape=("n", "d"), batch=True)
    check_scale("X", X)
    batch, (n, d) = X.shape[:-2], X.shape[-2:]
    theta = as_batched("theta", theta, batch=batch, shape=(d,))
    alpha = as_batched("alpha", alpha, batch=batch)
    steps = as_steps(steps, batch=batch)
    dtype = np.result_type(X, theta)
    # With n < d the full Vᵀ also spans the directions that X cannot see.
    _, s, Vt = np.linalg.svd(X, full_matrices=n < d)
    c = np.einsum("...id,...d->...i", Vt[..., ::-1, :], theta)
    alpha = fit("alpha", alpha, dtype)
    p = residual_polynomial(eigenvalues_of(s, X.shape), steps)
    rounding = (d + 4) * np.finfo(theta.dtype).eps
    with np.errstate(over="ignore", invalid="ignore"):
        excess = (theta**2).sum(axis=-1) - 1
        excess = np.where(np.abs(excess) <= rounding, 0, excess)
        error = (alpha * (excess - (c**2 * p).sum(axis=-1))).astype(dtype)
    return finite(error, f"alpha, theta: the error is too large for {dtype}")


def loops_to_error(
    X: ArrayLike, theta: ArrayLike, step: float, epsilon: float,
) -> float:
    """The first loop after which a constant step's vector error is at most ε.

    The error after T loops is ‖(I - ηXᵀX)^T θ*‖, relative to |α|.  The
    matrix is squared until its power is small enough, and the last power is
    then taken apart bit by bit: a million loops cost forty small products,
    and no eigenvalue is used.

    Parameters
    ----------
    X : array_like, shape (n, d)
    theta : array_like, shape (d,)
        θ*; the labels are Xθ*.
    step : float
        η, positive and at most 2/L, so that the error never rises.
    epsilon : float
        Positive.

    Returns
    -------
    int or float
        ``inf`` if 2⁵⁰ loops are not enough, as for a hidden vector that X
        cannot see.

    Raises
    ------
    TypeError, ValueError
        For arguments outside the ranges above.

    Examples
    --------
    >>> loops_to_error([[1.0, 0.0], [0.0, 10.0]], [0.6, 0.8], 0.01, 1e-6)
    1324
    """
    X = as_array("X", X, shape=("n", "d"))
    check_scale("X", X)
    theta = as_array("theta", theta, shape=X.shape[1:])
    step = as_number("step", step, above=0)
    epsilon = as_number("epsilon", epsilon, above=0)
    power = np.eye(len(theta)) - step * (X.T @ X)
    size = np.linalg.norm(power, 2)
    if size > 1 + 1e-9:
        raise ValueError(f"step: expected at most 2/L, got {step:.6g}")
    power /= max(1, size)  # at most 1, so that no square overflows
    if np.linalg.norm(theta) <= epsilon:
        return 0
    powers = []
    while np.linalg.norm(power @ theta) > epsilon:
        powers.append(power)
        if len(powers) > DOUBLINGS:
            return math.inf
        power = power @ power
    loops, left = 0, theta
    for k in reversed(range(len(powers))):
        further = powers[k] @ left
        if np.linalg.norm(further) > epsilon:
            loops, left = loops + 2**k, further
    return loops + 1
