"""The generation machine's output, computed in the form that is fastest.

With G = XᵀX the machine's q follows q ← q - η (Gq + αXᵀy), so a loop costs
O(d²).  Three forms of that recursion give the same numbers, to rounding:

    gram   G, of shape (d, d), for each task
    last   small d, many tasks: the batch axis last, so that one call to
           NumPy works on long rows of numbers
    dual   n < d: q = -Xᵀu, and u follows the n × n matrix XXᵀ

``form_of`` chooses.  Tasks are taken in portions that fit the processor's
cache; this also bounds the memory used besides the result.
"""

import math
import warnings

import numpy as np

from lttutor import recursion
from lttutor.stability import amplification, safe_step
from lttutor.validation import all_finite, check_scale, sum_of_squares

# Numbers in the Gram matrices of one portion: 1 MB or 4 MB.
PORTION = {"gram": 2**17, "dual": 2**17, "last": 2**19}
SAFE = 1 + 1e-9  # an amplification that is none, but for rounding


class DivergenceWarning(RuntimeWarning):
    """The steps make some direction of the error grow from loop to loop."""


def form_of(n: int, d: int, tasks: int, doubled: bool) -> str:
    """Which form is fastest for ``tasks`` prompts of n examples.

    Measured for T = 50; time of ``gram`` over time of ``last``:

        d     64 tasks   256 tasks   2000 tasks
        4        1.1        2.0         2.6
        8        0.9        1.2         1.1
        10       0.8        1.2         1.0
        12       0.7        0.6         0.7

    Where a constant step makes states by doubling (``recursion``), in 100
    loops or more, ``gram`` is faster for any number of tasks.
    """
    if n < d:
        return "dual"
    return "last" if d <= 8 and tasks >= 64 and not doubled else "gram"


def outputs(
    X: np.ndarray, y: np.ndarray, alpha: np.ndarray, eta: np.ndarray,
    trajectory: bool = True,
) -> np.ndarray:
    """v(0), …, v(T) of shape (T + 1, ..., d), or v(T) alone, (..., d).

    The arguments were checked, but for the scale of X, which shows in its
    Gram matrices: X (..., n, d), y (..., n), alpha once for all tasks or once
    for each, the steps eta (T,) or (T, ...) in the dtype that X and y have
    together.  Raises and warns as ``loop.generate`` says.
    """
    *batch, n, d = X.shape
    T, states = len(eta), len(eta) + 1 if trajectory else 1
    given = X
    X, y, alpha, eta = _flat(X, y, alpha, eta)
    tasks = len(X)
    form = form_of(n, d, tasks, T >= 100 and recursion.is_constant(eta))
    shape = (states, d, tasks) if form == "last" else (states, tasks, d)
    v = np.empty(shape, X.dtype)
    size = max(1, PORTION[form] // min(n, d)**2)
    growth, finite = 1.0, True
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, tasks, size):
            part = slice(first, first + size)
            here = eta if eta.ndim == 1 else eta[:, part]
            where = v[..., part] if form == "last" else v[:, part]
            grown, whole = _FORMS[form](
                X[part], y[part], alpha[part], here, where, given)
            growth, finite = max(growth, grown), finite and whole
    if growth > SAFE:
        warnings.warn(
            f"the steps amplify the error by up to {growth:.3g} over {T} "
            f"loops; the largest safe constant step is {safe_step(X):.6g} "
            "(2 / largest eigenvalue of XᵀX)",
            DivergenceWarning,
            stacklevel=3,  # who called generate or predict
        )
    if form == "last":
        v = np.moveaxis(v, 1, 2)
    if not finite:
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


# Each form writes v; it returns how far the steps amplify, and whether all
# states are finite.


def _gram(X, y, alpha, eta, v, given):
    G = X.swapaxes(1, 2) @ X
    b = (y[:, None] @ X)[:, 0]
    b *= alpha[:, None]
    growth = _growth(G, eta, given)
    recursion.run(G, b, eta, v, growth <= SAFE)
    return growth, all_finite(v[-1])  # what overflows stays so


def _dual(X, y, alpha, eta, v, given):
    K = X @ X.swapaxes(1, 2)
    growth = _growth(K, eta, given)
    u = np.empty((len(v), *y.shape), X.dtype)
    recursion.run(K, alpha[:, None] * y, eta, u, growth <= SAFE)
    np.matmul(u.swapaxes(0, 1), X, out=v.swapaxes(0, 1))
    # No entry of Xᵀu exceeds the norms' product; u may come back, v then too.
    bound = sum_of_squares(u) * float(np.einsum("bii->", K))
    return growth, math.isfinite(bound) or all_finite(v)


def _last(X, y, alpha, eta, v, given):
    tasks, n, d = X.shape
    G = np.empty((d, d, tasks), X.dtype)
    b = np.empty((d, tasks), X.dtype)
    if n * d <= 32:  # for tiny prompts a product each costs more than sums
        columns = np.ascontiguousarray(X.transpose(2, 1, 0))
        labels = np.ascontiguousarray(y.T)
        for i in range(d):
            np.einsum("knb,nb->kb", columns, columns[i], out=G[i])
            np.einsum("nb,nb->b", columns[i], labels, out=b[i])
    else:
        G[...] = (X.swapaxes(1, 2) @ X).transpose(1, 2, 0)
        b[...] = (y[:, None] @ X)[:, 0].T
    b *= alpha
    recursion.run_last(G, b, eta, v)
    return _growth(np.moveaxis(G, 2, 0), eta, given), all_finite(v[-1])


_FORMS = {"gram": _gram, "last": _last, "dual": _dual}


def _growth(G, eta, given):
    """How far the steps amplify; raises if X is out of scale."""
    check_scale("X", given, np.einsum("bii->b", G))
    return amplification(G, eta)


def _raise_overflow(X, y, alpha, eta, v):
    """Say in which loop the first task overflowed."""
    T = len(eta)
    task = np.flatnonzero(~np.isfinite(v).all(axis=(0, 2)))[0]
    one = slice(task, task + 1)
    states = np.empty((T + 1, 1, X.shape[2]), v.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        _gram(X[one], y[one], alpha[one],
              eta if eta.ndim == 1 else eta[:, one], states, X)
    loop = np.isfinite(states).all(axis=(1, 2)).argmin() or T
    raise OverflowError(
        f"steps: the output overflowed in loop {loop} of {T}; the largest "
        f"safe constant step is {safe_step(X):.6g}"
    )
