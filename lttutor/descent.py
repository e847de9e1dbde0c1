"""The generation machine's output, computed in the form that is fastest.

With G = XᵀX the machine's q follows q ← q - η (Gq + αXᵀy), so a loop costs
O(d²).  Three forms of that recursion give the same numbers, to rounding:

    gram   one matrix-vector product for each task
    last   small d, many tasks: the batch axis last, so that one call to
           NumPy works on long rows of numbers
    dual   n < d: q = -Xᵀu, and u follows the n × n matrix XXᵀ

``form_of`` chooses, ``one_by_one`` between one call to BLAS for each task and
one to NumPy for all.  Tasks are taken in portions that fit the processor's
cache; this also bounds the memory used besides the result.
"""

import warnings

import numpy as np
from scipy.linalg import blas, lapack

from lttutor.validation import all_finite, sum_of_squares

# Numbers in the Gram matrices of one portion: 1 MB or 4 MB.
PORTION = {"gram": 2**17, "dual": 2**17, "last": 2**19}


class DivergenceWarning(RuntimeWarning):
    """The steps make some direction of the error grow from loop to loop."""


def form_of(n: int, d: int, tasks: int) -> str:
    """Which form is fastest for ``tasks`` prompts of n examples.

    Measured for T = 50; time of ``gram`` over time of ``last``:

        d     64 tasks   256 tasks   2000 tasks
        4        1.1        2.0         2.6
        8        0.9        1.2         1.1
        10       0.8        1.2         1.0
        12       0.7        0.6         0.7
    """
    if n < d:
        return "dual"
    return "last" if d <= 8 and tasks >= 64 else "gram"


def one_by_one(tasks: int, size: int) -> bool:
    """Whether each task's loop is run by itself, in half the reads of G.

    BLAS reads one triangle of a symmetric matrix, and one of its calls takes
    the place of four of NumPy's.  Measured for T = 50; time of all tasks at
    once over time one by one:

        size    1 task    2 tasks    3 tasks    8 tasks
        4        2.2        1.2        0.8        0.4
        64       1.7        1.0        0.8        0.5
        192      1.2        1.0        0.7        1.6
        256      1.2        1.1        1.1        2.5
        512      1.3        2.3        2.2        2.0
    """
    return tasks <= 2 or size >= 256


def outputs(
    X: np.ndarray, y: np.ndarray, alpha: np.ndarray, eta: np.ndarray,
    trajectory: bool = True,
) -> np.ndarray:
    """v(0), …, v(T) of shape (T + 1, ..., d), or v(T) alone, (..., d).

    The arguments were checked: X (..., n, d), y (..., n), alpha once for all
    tasks or once for each, the steps eta (T,) or (T, ...) in the dtype that X
    and y have together.  Raises and warns as ``loop.generate`` says.
    """
    *batch, n, d = X.shape
    T, states = len(eta), len(eta) + 1 if trajectory else 1
    X, y, alpha, eta = _flat(X, y, alpha, eta)
    tasks = len(X)
    form = form_of(n, d, tasks)
    shape = (states, d, tasks) if form == "last" else (states, tasks, d)
    v = np.empty(shape, X.dtype)
    size = max(1, PORTION[form] // min(n, d)**2)
    growth = 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, tasks, size):
            part = slice(first, first + size)
            here = eta if eta.ndim == 1 else eta[:, part]
            where = v[..., part] if form == "last" else v[:, part]
            G = _FORMS[form](X[part], y[part], alpha[part], here, where)
            growth = max(growth, _amplification(G, here))
    if growth > 1 + 1e-9:
        warnings.warn(
            f"the steps amplify the error by up to {growth:.3g} over {T} "
            f"loops; the largest safe constant step is {_safe_step(X):.6g} "
            "(2 / largest eigenvalue of XᵀX)",
            DivergenceWarning,
            stacklevel=3,  # who called generate or predict
        )
    if form == "last":
        v = np.moveaxis(v, 1, 2)
    if not all_finite(v):
        _raise_overflow(X, y, alpha, eta, v)
    v = v.reshape(states, *batch, d)
    return v if trajectory else v[0]


def _flat(X, y, alpha, eta):
    """One batch axis, and one dtype."""
    n, d = X.shape[-2:]
    X = X.reshape(-1, n, d)
    y = y.reshape(-1, n)
    if X.dtype != y.dtype:
        X, y = X.astype(np.float64), y.astype(np.float64)
    if eta.ndim > 1:
        eta = eta.reshape(len(eta), len(X))
    alpha = np.full(len(X), alpha.reshape(-1), X.dtype)
    return X, y, alpha, eta


def _gram(X, y, alpha, eta, v):
    across = X.swapaxes(1, 2)
    G = across @ X
    moment = across @ y[:, :, None]
    moment *= alpha[:, None, None]
    _loop(G, moment, eta, v[..., None])
    return G


def _dual(X, y, alpha, eta, v):
    K = X @ X.swapaxes(1, 2)
    u = np.empty((len(v), *y.shape, 1), X.dtype)
    _loop(K, (alpha[:, None] * y)[..., None], eta, u)
    np.matmul(u[..., 0].swapaxes(0, 1), X, out=v.swapaxes(0, 1))
    return K


def _loop(G, moment, eta, v):
    """v ← v - η (Gv - moment); every state, or the last one, into ``v``."""
    if one_by_one(*G.shape[:2]):
        for task, matrix in enumerate(G):
            _loop_of_one(matrix, moment[task, :, 0],
                         eta[:, task] if eta.ndim > 1 else eta,
                         v[:, task, :, 0])
        return
    if eta.ndim > 1:
        eta = eta[:, :, None, None]
    state, change = np.zeros_like(moment), np.empty_like(moment)
    v[0] = state
    for t in range(len(eta)):
        np.matmul(G, state, out=change)
        change -= moment
        change *= eta[t]
        if len(v) > 1:
            state = np.subtract(state, change, out=v[t + 1])
        else:
            state -= change
    v[-1] = state


def _loop_of_one(G, moment, eta, v):
    """The same for one task; G grows by the moment, and v by a 1."""
    size = len(G)
    system = np.zeros((size + 1, size + 1), G.dtype, order="F")
    system.T[:size, :size] = G  # in the order of memory
    system[:size, size] = system[size, :size] = -moment
    multiply = blas.ssymv if G.dtype == np.float32 else blas.dsymv
    state = np.zeros(size + 1, G.dtype)
    state[size] = 1
    v[0] = 0
    for t, step in enumerate(eta.tolist(), 1):
        state = multiply(-step, system, state, 1, state)
        state[size] = 1
        if len(v) > 1:
            v[t] = state[:size]
    v[-1] = state[:size]


def _last(X, y, alpha, eta, v):
    tasks, n, d = X.shape
    G = np.empty((d, d, tasks), X.dtype)
    moment = np.empty((d, tasks), X.dtype)
    if n * d <= 32:  # for tiny prompts a product each costs more than sums
        columns = np.ascontiguousarray(X.transpose(2, 1, 0))
        labels = np.ascontiguousarray(y.T)
        for i in range(d):
            np.einsum("knb,nb->kb", columns, columns[i], out=G[i])
            np.einsum("nb,nb->b", columns[i], labels, out=moment[i])
    else:
        across = X.swapaxes(1, 2)
        G[...] = (across @ X).transpose(1, 2, 0)
        moment[...] = (across @ y[:, :, None])[..., 0].T
    moment *= alpha
    v[0] = 0
    if len(eta) and (eta == eta[0]).all():
        _constant_loop(G, moment, eta[0], len(eta), v)
    else:
        _varying_loop(G, moment, eta, v)
    return np.moveaxis(G, 2, 0)


def _constant_loop(G, moment, step, T, v):
    """v ← (I - ηG) v + η moment, the batch axis last."""
    matrix, shift = -step * G, step * moment
    diagonal = np.arange(len(G))
    matrix[diagonal, diagonal] += 1
    state, other = v[0], np.empty_like(shift)
    for t in range(T):
        after = v[t + 1] if len(v) > 1 else other
        np.einsum("ijb,jb->ib", matrix, state, out=after)
        after += shift
        state, other = after, state
    v[-1] = state


def _varying_loop(G, moment, eta, v):
    """v ← v - η (Gv - moment), the batch axis last."""
    state, change = v[0], np.empty_like(moment)
    for t in range(len(eta)):
        np.einsum("ijb,jb->ib", G, state, out=change)
        change -= moment
        change *= eta[t]
        state = np.subtract(state, change,
                            out=v[t + 1] if len(v) > 1 else state)


_FORMS = {"gram": _gram, "last": _last, "dual": _dual}


def _amplification(G, eta):
    """The largest ∏ₜ |1 - η(t) λ| over tasks and eigenvalues; at least 1.

    A cheaper test may show that no single factor exceeds 1: the steps lie
    in [0, 2/λ] with a Frobenius norm for λ, of all the G together or of each,
    or 2/η - G has a Cholesky factor.  A single factor may exceed 1 in a good schedule (Chebyshev's
    do); then the eigenvalues decide.
    """
    if not len(eta):
        return 1.0
    step = eta.max(axis=0)
    if eta.min() >= 0:
        if step.max()**2 * sum_of_squares(G) <= 4:
            return 1.0
        size = np.sqrt(np.einsum("bij,bij->b", G, G))
        if (step * size <= 2).all():
            return 1.0
        shifted = -G
        diagonal = np.arange(G.shape[-1])
        with np.errstate(divide="ignore"):
            edge = np.broadcast_to(2 / step, (len(G),))[:, None]
        shifted[:, diagonal, diagonal] += edge
        if _positive_definite(shifted):
            return 1.0
    spectrum = np.linalg.eigvalsh(G)
    eta = eta[..., None] if eta.ndim > 1 else eta[:, None, None]
    # A sum of logarithms: a good schedule's factors may overflow on the way.
    with np.errstate(divide="ignore", over="ignore"):
        logs = np.log(np.abs(1 - eta * spectrum)).sum(axis=0)
        return np.nanmax(np.exp(logs), initial=1.0)


def _positive_definite(matrices):
    """Whether each has a Cholesky factor; may write into ``matrices``."""
    if one_by_one(*matrices.shape[:2]):
        factor = (lapack.spotrf if matrices.dtype == np.float32
                  else lapack.dpotrf)
        return all(factor(matrix.T, overwrite_a=True, clean=False)[1] == 0
                   for matrix in matrices)
    try:
        np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        return False
    return True


def _safe_step(X):
    """2 / the largest eigenvalue of any task's XᵀX."""
    across = X.swapaxes(1, 2)
    G = across @ X if X.shape[2] <= X.shape[1] else X @ across
    return 2 / np.linalg.eigvalsh(G).max()


def _raise_overflow(X, y, alpha, eta, v):
    """Say in which loop the first task overflowed."""
    T = len(eta)
    task = np.flatnonzero(~np.isfinite(v).all(axis=(0, 2)))[0]
    one = slice(task, task + 1)
    states = np.empty((T + 1, 1, X.shape[2]), v.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        _gram(X[one], y[one], alpha[one],
              eta if eta.ndim == 1 else eta[:, one], states)
    loop = np.isfinite(states).all(axis=(1, 2)).argmin() or T
    raise OverflowError(
        f"steps: the output overflowed in loop {loop} of {T}; the largest "
        f"safe constant step is {_safe_step(X):.6g}"
    )
