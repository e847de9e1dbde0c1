"""The trained machine, literally: attention layers on a whole prompt.

The model of Gatmiry et al. is the literal loop with weights and a mask of its
own (chapter 31).  All rows read the examples, Aᵀ compares, and only labels
are written.  Slow and complete, it is what the closed forms are tested
against.
"""

import numpy as np
from numpy.typing import ArrayLike

from lttutor.attention import prompt_matrix
from lttutor.flattening import all_rows_mask, moving_weights
from lttutor.loop import looped_transformer
from lttutor.validation import as_array, as_batched, as_count, fit


def trained_predictions(
    X: ArrayLike, y: ArrayLike, query: ArrayLike, A: ArrayLike, loops: int,
) -> np.ndarray:
    """Predictions of the query's label after 0, …, T literal loops.

    Equal to ⟨θ_t, x⟩ with θ_0 = 0 and θ_t = θ_{t-1} - AᵀXᵀ(Xθ_{t-1} - y)/n.

    Parameters
    ----------
    X : array_like, shape (..., n, d)
        Examples in rows.
    y : array_like, shape (..., n)
        Their labels.
    query : array_like, shape (..., d)
        The input x whose label is asked for.
    A : array_like, shape (d, d)
        The trained matrix; it need not be symmetric.
    loops : int
        T, at least 0.

    Returns
    -------
    numpy.ndarray, shape (T + 1, ...)

    Raises
    ------
    TypeError, ValueError
        For arguments of another form.
    OverflowError
        If a loop's result is no longer finite.

    Examples
    --------
    >>> trained_predictions([[1.0], [-1.0]], [3.0, -3.0], [2.0], [[0.5]], 2)
    array([0. , 3. , 4.5])
    """
    Z = prompt_matrix(X, y, 0.0)
    *batch, n, d = Z.shape[:-2] + (Z.shape[-2] - 1, Z.shape[-1] - 1)
    query = as_batched("query", query, batch=batch, shape=(d,))
    Z[..., n, :d] = fit("query", query, Z.dtype)
    Q, P = moving_weights(d, share=0)
    Q[:d, :d] = fit("A", as_array("A", A, shape=(d, d)), Z.dtype).T
    steps = np.full(as_count("loops", loops), 1 / n)
    return 0 - looped_transformer(
        Z, steps, Q, P, all_rows_mask(n))[..., n, d]
