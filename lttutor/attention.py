"""One layer of masked linear attention, and the weights that the book needs.

The convention is the one that makes Lemma 4.1 of Chen et al. true
(chapter 21): a prompt is a matrix whose rows are tokens, and

    Attn(Z; Q, P) = (M ∘ (Z Q Zᵀ)) Z P.
"""

import numpy as np
from numpy.typing import ArrayLike

from lttutor.validation import (
    as_array,
    as_batched,
    as_count,
    as_examples,
    finite,
    fit,
)


def prompt_matrix(
    X: ArrayLike, y: ArrayLike, alpha: ArrayLike, q: ArrayLike | None = None,
) -> np.ndarray:
    """Stack examples and the row that moves into one prompt Z.

    Z = [[X, y], [qᵀ, α]]: the first n rows are the examples with their
    labels, the last row is where the machine computes.

    Parameters
    ----------
    X : array_like, shape (..., n, d)
    y : array_like, shape (..., n)
    alpha : array_like
        A scalar, or of the batch shape.
    q : array_like, shape (d,) or (..., d), optional
        Start of the last row; zero if left out.

    Returns
    -------
    numpy.ndarray, shape (..., n + 1, d + 1)

    Raises
    ------
    TypeError, ValueError
        For arguments of another form.

    Examples
    --------
    >>> prompt_matrix([[1, 2], [3, 4], [5, 6]], [7, 8, 9], alpha=1.5)
    array([[1. , 2. , 7. ],
           [3. , 4. , 8. ],
           [5. , 6. , 9. ],
           [0. , 0. , 1.5]])
    """
    X, y = as_examples(X, y)
    *batch, n, d = X.shape
    dtype = np.result_type(X, y)
    alpha = fit("alpha", as_batched("alpha", alpha, batch=batch), dtype)
    q = fit("q", as_batched("q", np.zeros(d) if q is None else q,
                            batch=batch, shape=(d,)), dtype)
    Z = np.empty((*batch, n + 1, d + 1), dtype)
    Z[..., :n, :d], Z[..., :n, d] = X, y
    Z[..., n, :d], Z[..., n, d] = q, alpha
    return Z


def last_row_mask(n: int) -> np.ndarray:
    """The mask of the book: the last row reads the n examples, not itself.

    Every other row reads nothing.

    Parameters
    ----------
    n : int
        Number of examples, at least 1.

    Returns
    -------
    numpy.ndarray, shape (n + 1, n + 1)
        Ones in the last row's first n entries, zeros elsewhere.

    Raises
    ------
    TypeError, ValueError
        If n is not a positive integer.

    Examples
    --------
    >>> last_row_mask(2)
    array([[0., 0., 0.],
           [0., 0., 0.],
           [1., 1., 0.]])
    """
    n = as_count("n", n, least=1)
    mask = np.zeros((n + 1, n + 1))
    mask[n, :n] = 1
    return mask


def linear_attention(
    Z: ArrayLike, Q: ArrayLike, P: ArrayLike, mask: ArrayLike,
) -> np.ndarray:
    """Masked linear attention, (M ∘ (Z Q Zᵀ)) Z P.

    Parameters
    ----------
    Z : array_like, shape (..., n + 1, d + 1)
        Rows are tokens.
    Q, P : array_like, shape (d + 1, d + 1)
        Which entries are compared, and which are written.
    mask : array_like, shape (n + 1, n + 1)
        Row i reads row j where ``mask[i, j]`` is not zero.

    Returns
    -------
    numpy.ndarray, shape (..., n + 1, d + 1)

    Raises
    ------
    TypeError, ValueError
        For arguments of another form.
    OverflowError
        If the result is not finite.

    Examples
    --------
    >>> Z = prompt_matrix([[1.0], [2.0]], [3.0, 6.0], alpha=1.0)
    >>> Q, P = generation_weights(1)
    >>> linear_attention(Z, Q, P, last_row_mask(2))
    array([[ 0.,  0.],
           [ 0.,  0.],
           [15.,  0.]])
    """
    Z, Q, P, mask = as_layer(Z, Q, P, mask)
    with np.errstate(over="ignore", invalid="ignore"):
        written = attend(Z, Q, P, mask)
    return finite(written, "Z: the layer's result overflowed; rescale Z")


def generation_weights(d: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights (Q, P) of the generation machine (Chen et al., Lemma 4.1).

    Q = I compares whole tokens; P = diag(I_d, 0) writes the features and
    keeps the last column as it is.

    Returns
    -------
    Q, P : numpy.ndarray, shape (d + 1, d + 1)

    Examples
    --------
    >>> Q, P = generation_weights(1)
    >>> Q.tolist(), P.tolist()
    ([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 0.0]])
    """
    d = as_count("d", d, least=1)
    P = np.eye(d + 1)
    P[d, d] = 0
    return np.eye(d + 1), P


def regression_weights(d: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights (Q, P) of the regression machine: generation's, swapped.

    Q = diag(I_d, 0) compares features only; P = I writes features and label.

    Returns
    -------
    Q, P : numpy.ndarray, shape (d + 1, d + 1)

    Examples
    --------
    >>> Q, P = regression_weights(1)
    >>> Q.tolist(), P.tolist()
    ([[1.0, 0.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]])
    """
    Q, P = generation_weights(d)
    return P, Q


def as_layer(
    Z: ArrayLike, Q: ArrayLike, P: ArrayLike, mask: ArrayLike,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Check a layer's arguments against the shape of its prompt."""
    Z = as_array("Z", Z, shape=("n + 1", "d + 1"), batch=True)
    rows, columns = Z.shape[-2:]
    Q = as_array("Q", Q, shape=(columns, columns))
    P = as_array("P", P, shape=(columns, columns))
    mask = as_array("mask", mask, shape=(rows, rows))
    return (Z, fit("Q", Q, Z.dtype), fit("P", P, Z.dtype),
            fit("mask", mask, Z.dtype))


def attend(
    Z: np.ndarray, Q: np.ndarray, P: np.ndarray, mask: np.ndarray,
) -> np.ndarray:
    """The layer itself, on arguments that were checked."""
    scores = Z @ Q @ np.swapaxes(Z, -1, -2)
    # A masked score must not count even when it overflows: inf * 0 is NaN.
    reads = np.zeros_like(scores)
    np.multiply(mask, scores, out=reads, where=mask != 0)
    return reads @ Z @ P
