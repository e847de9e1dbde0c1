"""The machine whose examples move: it flattens the spectrum of its prompt.

Every row reads the n examples, and every row is written: labels and answer
with the whole step, features with a *share* ω of it.  So the singular values
of X change from loop to loop while its singular vectors stay,

    s ← s (1 - ω η s²),      residual ← residual · (1 - η s²),

and for ω = 1/3 the residual is the derivative of the map from the first to
the last singular values (chapter 42).  Good steps: ``flattening_steps``.
"""

import numpy as np
from numpy.typing import ArrayLike

from lttutor.validation import (
    as_array,
    as_batched,
    as_count,
    as_examples,
    as_number,
    as_steps,
    check_scale,
    finite,
    fit,
)


def all_rows_mask(n: int) -> np.ndarray:
    """The mask of the moving machine: every row reads the n examples.

    The last row is not read by any.

    Parameters
    ----------
    n : int
        Number of examples, at least 1.

    Returns
    -------
    numpy.ndarray, shape (n + 1, n + 1)
        Ones in the first n columns, zeros in the last.

    Raises
    ------
    TypeError, ValueError
        If n is not a positive integer.

    Examples
    --------
    >>> all_rows_mask(2)
    array([[1., 1., 0.],
           [1., 1., 0.],
           [1., 1., 0.]])
    """
    n = as_count("n", n, least=1)
    mask = np.ones((n + 1, n + 1))
    mask[:, n] = 0
    return mask


def moving_weights(
    d: int, share: float = 1 / 3,
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (Q, P) of the moving machine: the regression machine's, but
    P = diag(ω I_d, 1) writes only a share ω of a step to the features.

    Parameters
    ----------
    d : int
        Number of features, at least 1.
    share : float
        ω.  With ω = 0 the features stay and only labels move.

    Returns
    -------
    Q, P : numpy.ndarray, shape (d + 1, d + 1)

    Examples
    --------
    >>> Q, P = moving_weights(1, share=0.25)
    >>> Q.tolist(), P.tolist()
    ([[1.0, 0.0], [0.0, 0.0]], [[0.25, 0.0], [0.0, 1.0]])
    """
    d = as_count("d", d, least=1)
    Q, P = np.eye(d + 1), np.eye(d + 1)
    Q[d, d] = 0
    P[:d] *= as_number("share", share)
    return Q, P


def spectrum_map(
    singular_values: ArrayLike, steps: ArrayLike, share: float = 1 / 3,
) -> tuple[np.ndarray, np.ndarray]:
    """What the loops do to one singular value, and to its residual.

    s(t+1) = s(t) (1 - ω η(t) s(t)²),   p(t+1) = p(t) (1 - η(t) s(t)²),
    from s(0) = s and p(0) = 1.  For ω = 1/3, p(t) = ds(t)/ds.

    Parameters
    ----------
    singular_values : array_like, shape (...)
        Singular values s of X.
    steps : array_like, shape (T,)
        One schedule for all of them.
    share : float
        ω.

    Returns
    -------
    values, residuals : numpy.ndarray, shape (T + 1, ...)
        σ_t(s) and p_t(s) for t = 0, …, T.

    Raises
    ------
    TypeError, ValueError
        For arguments of another form.
    OverflowError
        If a loop's result is no longer finite.

    Examples
    --------
    >>> values, residuals = spectrum_map([1.0, 2.0], [0.25])
    >>> values.round(3).tolist(), residuals.tolist()
    ([[1.0, 2.0], [0.917, 1.333]], [[1.0, 1.0], [0.75, 0.0]])
    """
    s = as_array("singular_values", singular_values, shape=(), batch=True)
    steps, share = as_steps(steps, dtype=s.dtype), as_number("share", share)
    values = np.empty((len(steps) + 1, *s.shape), s.dtype)
    residuals = np.ones_like(values)
    values[0] = s
    with np.errstate(over="ignore", invalid="ignore"):
        for t, eta in enumerate(steps):
            bite = eta * values[t] ** 2
            values[t + 1] = values[t] * (1 - share * bite)
            residuals[t + 1] = residuals[t] * (1 - bite)
            _check_finite(values[t + 1], t)
            _check_finite(residuals[t + 1], t)
    return values, residuals


def flatten(X: ArrayLike, steps: ArrayLike, share: float = 1 / 3) -> np.ndarray:
    """The examples after 0, …, T loops: X ← X - ω η X(XᵀX).

    Parameters
    ----------
    X : array_like, shape (..., n, d)
    steps : array_like, shape (T,) or (..., T)
        Step sizes, one schedule for all prompts or one each.
    share : float
        ω.

    Returns
    -------
    numpy.ndarray, shape (T + 1, ..., n, d)

    Raises
    ------
    TypeError, ValueError
        For arguments of another form.
    OverflowError
        If a loop's result is no longer finite.

    Examples
    --------
    >>> flatten([[2.0, 0.0], [0.0, 1.0]], [0.25]).round(3)[-1].tolist()
    [[1.333, 0.0], [0.0, 0.917]]
    """
    X = as_array("X", X, shape=("n", "d"), batch=True)
    check_scale("X", X)
    eta, share = _schedule(steps, X), as_number("share", share)
    states = np.empty((len(eta) + 1, *X.shape), X.dtype)
    states[0] = X
    with np.errstate(over="ignore", invalid="ignore"):
        for t, step in enumerate(eta):
            gram = _transpose(states[t]) @ states[t]
            states[t + 1] = states[t] - share * step * (states[t] @ gram)
            _check_finite(states[t + 1], t)
    return states


def moving_solution(
    X: ArrayLike, y: ArrayLike, steps: ArrayLike, share: float = 1 / 3,
) -> np.ndarray:
    """The vector θ(t) with which the moving machine answers every query.

    The machine's answer for a query x after t loops is ⟨θ(t), x⟩, whatever
    x is.  Along the i-th singular vectors u, v of X,

        ⟨v, θ(t)⟩ = (1 - p_t(s)) ⟨u, y⟩ / s      (see ``spectrum_map``),

    and θ(t) has no part in the null space of X.  Works on the min(n, d) × d
    triangular factor of X, at O(d³) a loop.

    Parameters
    ----------
    X : array_like, shape (..., n, d)
    y : array_like, shape (..., n)
    steps : array_like, shape (T,) or (..., T)
        Step sizes, one schedule for all tasks or one each.
    share : float
        ω.

    Returns
    -------
    numpy.ndarray, shape (T + 1, ..., d)

    Raises
    ------
    TypeError, ValueError
        For arguments of another form.
    OverflowError
        If a loop's result is no longer finite.

    Examples
    --------
    >>> moving_solution([[1.0], [2.0]], [3.0, 6.0], [0.1])[:, 0].tolist()
    [0.0, 1.5]
    """
    X, y = as_examples(X, y)
    eta, share = _schedule(steps, X), as_number("share", share)
    dtype = np.result_type(X, y)
    basis, R = np.linalg.qr(X.astype(dtype))
    residual = _transpose(basis) @ y[..., None]
    d = X.shape[-1]
    # A query x has become the row xᵀC, and C is symmetric.
    C = np.broadcast_to(np.eye(d, dtype=dtype), (*X.shape[:-2], d, d))
    theta = np.zeros((len(eta) + 1, *X.shape[:-2], d), dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        for t, step in enumerate(eta.astype(dtype)):
            moment = _transpose(R) @ residual
            theta[t + 1] = theta[t] + (step * (C @ moment))[..., 0]
            residual = residual - step * (R @ moment)
            gram = _transpose(R) @ R
            R = R - share * step * (R @ gram)
            C = C - share * step * (C @ gram)
            _check_finite(theta[t + 1], t)
    return theta


def moving_predict(
    X: ArrayLike, y: ArrayLike, x_query: ArrayLike, steps: ArrayLike,
    share: float = 1 / 3,
) -> np.ndarray:
    """The moving machine's answer for a query after 0, …, T loops.

    Equal to the literal loop with ``moving_weights`` and ``all_rows_mask``,
    to rounding: ⟨θ(t), x_query⟩ with the θ(t) of ``moving_solution``.

    Parameters
    ----------
    X : array_like, shape (..., n, d)
    y : array_like, shape (..., n)
    x_query : array_like, shape (d,) or (..., d)
        One query for all tasks, or one for each.
    steps : array_like, shape (T,) or (..., T)
        Step sizes, one schedule for all tasks or one each.
    share : float
        ω.

    Returns
    -------
    numpy.ndarray, shape (T + 1, ...)

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``moving_solution`` does; the last also for a query too large to
        answer.

    Examples
    --------
    >>> moving_predict([[1.0], [2.0]], [3.0, 6.0], [10.0], [0.2]).tolist()
    [0.0, 30.0]
    """
    X, y = as_examples(X, y)
    x_query = as_batched("x_query", x_query, batch=X.shape[:-2],
                         shape=(X.shape[-1],))
    x_query = fit("x_query", x_query, np.result_type(X, y))
    theta = moving_solution(X, y, steps, share)
    with np.errstate(over="ignore", invalid="ignore"):
        answers = np.einsum("t...d,...d->t...", theta, x_query)
    return finite(answers, (
        "x_query: the answer overflowed; the query is too large for "
        f"{theta.dtype}"))


def _schedule(steps, X):
    """The steps with the loop axis first, ready to scale matrices."""
    return as_steps(steps, batch=X.shape[:-2], dtype=X.dtype)[..., None, None]


def _transpose(A):
    return np.swapaxes(A, -1, -2)


def _check_finite(state, t):
    finite(state,
           f"steps: the state overflowed in loop {t + 1}; take smaller steps")
