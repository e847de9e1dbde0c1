"""The looped Transformer: one layer of weights, applied again and again.

``looped_transformer`` is the definition, kept literal.  ``generate`` and
``predict`` compute what its last row computes, in O(d²) a loop instead of
O(n²d); chapter 22 proves that they are equal, ``descent`` holds the forms.
"""

import numpy as np
from numpy.typing import ArrayLike

from lttutor.attention import as_layer, attend
from lttutor.descent import DivergenceWarning, outputs
from lttutor.validation import (
    as_alpha,
    as_batched,
    as_examples,
    as_steps,
    finite,
)

__all__ = ["DivergenceWarning", "generate", "looped_transformer", "predict"]


def looped_transformer(
    Z: ArrayLike, steps: ArrayLike, Q: ArrayLike, P: ArrayLike,
    mask: ArrayLike,
) -> np.ndarray:
    """Run the loop Z(t) = Z(t-1) - η(t-1) · Attn(Z(t-1); Q, P), literally.

    Parameters
    ----------
    Z : array_like, shape (..., n + 1, d + 1)
        The prompt; left as it is.
    steps : array_like, shape (T,) or (..., T)
        Step sizes η(0), …, η(T-1), one schedule for all prompts or one each.
    Q, P : array_like, shape (d + 1, d + 1)
        The layer's weights, the same in every loop.
    mask : array_like, shape (n + 1, n + 1)
        Row i reads row j where ``mask[i, j]`` is not zero.

    Returns
    -------
    numpy.ndarray, shape (T + 1, ..., n + 1, d + 1)
        Every state, the prompt first.  The machine's output after t loops is
        *minus* the entry it moves in the last row of state t.

    Raises
    ------
    TypeError, ValueError
        For arguments of another form.
    OverflowError
        If a state is no longer finite; the message names the loop.

    Examples
    --------
    >>> from lttutor.attention import (generation_weights, last_row_mask,
    ...                                prompt_matrix)
    >>> Z = prompt_matrix([[1.0], [2.0]], [3.0, 6.0], alpha=1.0)
    >>> states = looped_transformer(Z, [0.1, 0.1], *generation_weights(1),
    ...                             last_row_mask(2))
    >>> (-states[:, -1, 0]).round(4).tolist()
    [-0.0, 1.5, 2.25]
    """
    Z, Q, P, mask = as_layer(Z, Q, P, mask)
    eta = as_steps(steps, batch=Z.shape[:-2], dtype=Z.dtype)[..., None, None]
    states = np.empty((len(eta) + 1, *Z.shape), Z.dtype)
    states[0] = Z
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(len(eta)):
            states[t + 1] = states[t] - eta[t] * attend(states[t], Q, P, mask)
            finite(states[t + 1], (
                f"steps: the state overflowed in loop {t + 1} of "
                f"{len(eta)}; take smaller steps"))
    return states


def generate(
    X: ArrayLike, y: ArrayLike, alpha: ArrayLike, steps: ArrayLike, *,
    trajectory: bool = True,
) -> np.ndarray:
    """The generation machine's output v = -q after 0, …, T loops.

    q(t) = q(t-1) - η(t-1) (XᵀX q(t-1) + α Xᵀy), q(0) = 0: gradient descent
    on ½‖Xq + αy‖² (chapter 22).  If X has full column rank and the steps
    are safe, v tends to α times the least-squares solution.

    Parameters
    ----------
    X : array_like, shape (..., n, d)
    y : array_like, shape (..., n)
    alpha : array_like
        The value that ⟨v, θ*⟩ should reach: a scalar, or of the batch shape.
    steps : array_like, shape (T,) or (..., T)
        Step sizes, one schedule for all tasks or one for each.
    trajectory : bool
        False keeps v(T) only, and the memory of one state.  With one safe
        step for all loops it then costs O(log T) products of matrices.

    Returns
    -------
    v : numpy.ndarray, shape (T + 1, ..., d), or (..., d) without trajectory
        Equal to the literal loop's up to rounding: by at most
        eps · (d + 4 min(t, κ)) times the largest entry, κ of XᵀX.  That is
        1e-12 for a thousand loops.  Where many more are needed (κ above
        about 1e3), both forms stop at an error of about eps · κ; chapter 42
        and ``numpy.linalg.lstsq`` go below it.

    Raises
    ------
    TypeError, ValueError
        For arguments of another form.
    OverflowError
        If a loop's result is no longer finite.

    Warns
    -----
    DivergenceWarning
        Once a call, if ∏ₜ |1 - η(t) λ| > 1 for an eigenvalue λ of XᵀX.

    Examples
    --------
    >>> v = generate([[1.0], [2.0]], [3.0, 6.0], alpha=1.0, steps=[0.1, 0.1])
    >>> v[:, 0].tolist()
    [0.0, 1.5, 2.25]
    """
    X, y = as_examples(X, y, scale=False)
    dtype = np.result_type(X, y)
    alpha = as_alpha(alpha, y, dtype)
    eta = as_steps(steps, batch=X.shape[:-2], dtype=dtype)
    return outputs(X, y, alpha, eta, trajectory)


def predict(
    X: ArrayLike, y: ArrayLike, x_query: ArrayLike, steps: ArrayLike,
) -> np.ndarray:
    """The regression machine's prediction for a query after 0, …, T loops.

    By adjointness (chapter 14) it is ⟨θ(t), x_query⟩ with θ(t) the
    generation machine's output for α = 1, so that is what is computed.

    Parameters
    ----------
    X : array_like, shape (..., n, d)
    y : array_like, shape (..., n)
    x_query : array_like, shape (d,) or (..., d)
        One query for all tasks, or one for each.
    steps : array_like, shape (T,) or (..., T)
        Step sizes, one schedule for all tasks or one for each.

    Returns
    -------
    numpy.ndarray, shape (T + 1, ...)

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``generate`` does; the last also for a query too large to answer.

    Warns
    -----
    DivergenceWarning
        As ``generate`` does.

    Examples
    --------
    >>> predict([[1.0], [2.0]], [3.0, 6.0], [10.0], [0.1, 0.1]).tolist()
    [0.0, 15.0, 22.5]
    """
    X, y = as_examples(X, y, scale=False)
    x_query = as_batched("x_query", x_query, batch=X.shape[:-2],
                         shape=(X.shape[-1],))
    eta = as_steps(steps, batch=X.shape[:-2], dtype=np.result_type(X, y))
    theta = outputs(X, y, np.ones(()), eta)
    with np.errstate(over="ignore", invalid="ignore"):
        answers = np.einsum("t...d,...d->t...", theta,
                            x_query.astype(theta.dtype))
    return finite(answers, (
        "x_query: the prediction overflowed; the query is too large for "
        f"{theta.dtype}"))
