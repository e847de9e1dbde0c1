"""The generation machine with ReLU or softmax attention in its loop.

Only the weights of the sum change: where ``lttutor.loop`` sums the examples
with their scores r = Xq + αy, these machines sum them with relu(r) or with
softmax(r/τ).  Each loop is still a gradient step, on another convex loss
(chapter 45), and the output is still v = -q.
"""

import numpy as np
from numpy.typing import ArrayLike

from lttutor.validation import (
    as_alpha,
    as_examples,
    as_number,
    as_steps,
    finite,
)


def generate_relu(
    X: ArrayLike, y: ArrayLike, alpha: ArrayLike, steps: ArrayLike,
) -> np.ndarray:
    """The output v = -q of the loop with ReLU attention, after 0, …, T loops.

    q(t) = q(t-1) - η(t-1) Xᵀ relu(X q(t-1) + α y), q(0) = 0: gradient
    descent on the convex loss ½‖relu(Xq + αy)‖².  With y = Xθ* and steps
    that stay below 2/L, L the largest eigenvalue of XᵀX, v tends to αθ*
    for every θ* exactly if no u ≠ 0 has Xu <= 0 (chapter 45).

    Parameters
    ----------
    X : array_like, shape (..., n, d)
    y : array_like, shape (..., n)
    alpha : array_like
        The value that ⟨v, θ*⟩ should reach: a scalar, or of the batch shape.
    steps : array_like, shape (T,) or (..., T)
        Step sizes, one schedule for all tasks or one for each.

    Returns
    -------
    v : numpy.ndarray, shape (T + 1, ..., d)

    Raises
    ------
    TypeError, ValueError
        For arguments of another form.
    OverflowError
        If a loop's result is no longer finite.

    Examples
    --------
    Two examples on both sides of zero determine θ* = 3; the first loop
    hears one of them.

    >>> v = generate_relu([[1.0], [-1.0]], [3.0, -3.0], 1.0, [0.5, 0.5])
    >>> v[:, 0].tolist()
    [0.0, 1.5, 2.25]
    """
    return _descend(X, y, alpha, steps, lambda r: np.maximum(r, 0))


def generate_softmax(
    X: ArrayLike, y: ArrayLike, alpha: ArrayLike, steps: ArrayLike,
    temperature: float = 1.0,
) -> np.ndarray:
    """The output v = -q of the loop with one softmax head, after 0, …, T loops.

    q(t) = q(t-1) - η(t-1) Xᵀ softmax((X q(t-1) + α y)/τ), q(0) = 0:
    gradient descent on the convex loss τ logsumexp((Xq + αy)/τ).  With
    y = Xθ* the limit is not αθ*.  If it exists it is αθ* - τ u₁, where u₁
    minimizes logsumexp(Xu) and knows neither θ* nor α nor τ (chapter 45).

    Parameters
    ----------
    X, y, alpha, steps
        As for ``generate_relu``.  Softmax weights sum to 1 where scores sum
        up n terms, so a step of η n here compares with η there.
    temperature : float
        τ, positive.

    Returns
    -------
    v : numpy.ndarray, shape (T + 1, ..., d)

    Raises
    ------
    TypeError, ValueError
        For arguments of another form.
    OverflowError
        If a loop's result is no longer finite.

    Examples
    --------
    Examples that balance each other leave no bias: u₁ = 0.

    >>> v = generate_softmax([[1.0], [-1.0]], [3.0, -3.0], 1.0, [1.0] * 50)
    >>> v[-1].round(6).tolist()
    [3.0]
    """
    tau = as_number("temperature", temperature, above=0)
    return _descend(X, y, alpha, steps, lambda r: _softmax(r, tau))


def generate_softmax_pair(
    X: ArrayLike, y: ArrayLike, alpha: ArrayLike, steps: ArrayLike,
    temperature: float = 1.0,
) -> np.ndarray:
    """The output of the loop with two softmax heads of opposite sign.

    One head reads the scores, the other the negated scores, and the second
    is subtracted:
    q(t) = q(t-1) - η(t-1) Xᵀ [softmax(r/τ) - softmax(-r/τ)] with
    r = X q(t-1) + α y and q(0) = 0.  This is gradient descent on the convex
    loss τ logsumexp(r/τ) + τ logsumexp(-r/τ).  With y = Xθ* its only
    minimizer is at v = αθ*, at every τ, if the rows of X minus their mean
    have rank d (chapter 45).

    Parameters
    ----------
    X, y, alpha, steps, temperature
        As for ``generate_softmax``.

    Returns
    -------
    v : numpy.ndarray, shape (T + 1, ..., d)

    Raises
    ------
    TypeError, ValueError
        For arguments of another form.
    OverflowError
        If a loop's result is no longer finite.

    Examples
    --------
    >>> X, y = [[1.0], [2.0]], [3.0, 6.0]
    >>> generate_softmax_pair(X, y, 1.0, [0.5] * 99)[-1].round(6).tolist()
    [3.0]
    """
    tau = as_number("temperature", temperature, above=0)
    return _descend(X, y, alpha, steps,
                    lambda r: _softmax(r, tau) - _softmax(-r, tau))


def _descend(X, y, alpha, steps, weigh):
    """Every v(t) of q ← q - η Xᵀ weigh(Xq + αy), from q = 0."""
    X, y = as_examples(X, y)
    batch, dtype = X.shape[:-2], np.result_type(X, y)
    asked = as_alpha(alpha, y, dtype)[..., None] * y
    eta = as_steps(steps, batch=batch, dtype=dtype)[..., None]
    q = np.zeros((len(eta) + 1, *batch, X.shape[-1]), dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(len(eta)):
            scores = (X @ q[t][..., None])[..., 0] + asked
            summed = (weigh(scores)[..., None, :] @ X)[..., 0, :]
            q[t + 1] = q[t] - eta[t] * summed
            finite(q[t + 1], (
                f"steps: the output overflowed in loop {t + 1} of "
                f"{len(eta)}; take smaller steps"))
    return 0 - q


def _softmax(scores, tau):
    """Weights exp(r/τ) over their sum, along the last axis."""
    # The difference first, since r/τ may overflow; τ in float64, where it
    # does not round to 0.
    below = scores - scores.max(axis=-1, keepdims=True)
    weights = np.exp(below / np.float64(tau))
    return weights / weights.sum(axis=-1, keepdims=True)
