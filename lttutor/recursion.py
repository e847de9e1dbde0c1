"""The recursion v ← v - η (Gv - b), in the way that is fastest.

Every form of the machine in ``descent`` runs it, G being positive
semidefinite.  A constant step needs no loop: with M = I - ηG,

    v(t + k) = Mᵏ v(t) + v(k),

so that k known states give the next k in one product of matrices.
"""

import numpy as np
from scipy.linalg import blas


def run(
    G: np.ndarray, b: np.ndarray, eta: np.ndarray, v: np.ndarray, safe: bool,
) -> None:
    """Write v(0) = 0, …, v(T), or v(T) alone, into ``v``.

    G (tasks, s, s), b (tasks, s), the steps eta (T,) or (T, tasks),
    v (T + 1, tasks, s) or (1, tasks, s); ``safe``: no step amplifies.
    """
    if safe and doubles(len(eta), G.shape[-1]) and is_constant(eta):
        step = eta[0] if eta.ndim == 1 else eta[0][:, None, None]
        (_doubled if len(v) > 1 else _powered)(G, b, step, len(eta), v)
    elif one_by_one(*G.shape[:2]):
        for task, matrix in enumerate(G):
            _loop_of_one(matrix, b[task],
                         eta[:, task] if eta.ndim > 1 else eta, v[:, task])
    else:
        _loop(G, b, eta, v)


def is_constant(eta: np.ndarray) -> bool:
    """Whether there are steps, and each task's are all the same."""
    return bool(len(eta)) and bool((eta == eta[0]).all())


def doubles(T: int, size: int) -> bool:
    """Whether T loops of a constant step are worth log₂ T squarings of M.

    Measured: time of the loop over time of doubling, 8 tasks (1 task):

        size    T = 10      20         50         100        400
        4       1.2 (0.7)   1.9 (0.9)  3.9 (1.5)  7.0 (2.7)  16 (7.4)
        20      0.9 (0.6)   1.3 (0.9)  2.5 (1.6)  3.6 (2.5)  7.4 (6.2)
        64      0.3 (0.4)   0.4 (0.5)  0.7 (0.9)  1.2 (1.4)  2.3 (3.1)
        128     0.1 (0.2)   0.1 (0.2)  0.2 (0.3)  - (0.5)    - (1.2)
    """
    return T >= max(20, 2 * size)


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


def _doubled(G, b, step, T, v):
    """Every state: of each 2k, the second k from the first k."""
    power, shift = _contraction(G, step), _scaled(b, step)
    v[0], v[1] = 0, shift
    known = 1
    while known < T:
        more = min(known, T - known)
        new = v[known + 1:known + 1 + more]
        np.matmul(v[1:1 + more].swapaxes(0, 1), power,
                  out=new.swapaxes(0, 1))
        new += v[known]
        known += more
        if known < T:
            power = power @ power


def _powered(G, b, step, T, v):
    """v(T) alone, by the binary digits of T."""
    once, shift = _contraction(G, step), _scaled(b, step)
    power, state = once, shift.copy()
    for digit in f"{T:b}"[1:]:
        state += (power @ state[..., None])[..., 0]
        power = power @ power
        if digit == "1":
            state = (once @ state[..., None])[..., 0] + shift
            power = once @ power
    v[0] = state


def _contraction(G, step):
    matrix = -step * G
    diagonal = np.arange(G.shape[-1])
    matrix[:, diagonal, diagonal] += 1
    return matrix


def _scaled(b, step):
    return b * (step if np.ndim(step) == 0 else step[..., 0])


def _loop(G, b, eta, v):
    """All tasks at once."""
    if eta.ndim > 1:
        eta = eta[:, :, None]
    state, change = np.zeros_like(b), np.empty_like(b)
    v[0] = state
    for t in range(len(eta)):
        np.matmul(G, state[..., None], out=change[..., None])
        change -= b
        change *= eta[t]
        if len(v) > 1:
            state = np.subtract(state, change, out=v[t + 1])
        else:
            state -= change
    v[-1] = state


def _loop_of_one(G, b, eta, v):
    """One task; G grows by b, and v by a 1."""
    size = len(G)
    system = np.zeros((size + 1, size + 1), G.dtype, order="F")
    system.T[:size, :size] = G  # in the order of memory
    system[:size, size] = system[size, :size] = -b
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


def run_last(
    G: np.ndarray, b: np.ndarray, eta: np.ndarray, v: np.ndarray,
) -> None:
    """``run`` with the tasks on the last axis of each array but ``eta``."""
    v[0] = 0
    if is_constant(eta):
        _constant_loop(G, b, eta[0], len(eta), v)
    else:
        _varying_loop(G, b, eta, v)


def _constant_loop(G, b, step, T, v):
    """v ← (I - ηG) v + ηb."""
    matrix, shift = -step * G, step * b
    diagonal = np.arange(len(G))
    matrix[diagonal, diagonal] += 1
    state, other = v[0], np.empty_like(shift)
    for t in range(T):
        after = v[t + 1] if len(v) > 1 else other
        np.einsum("ijb,jb->ib", matrix, state, out=after)
        after += shift
        state, other = after, state
    v[-1] = state


def _varying_loop(G, b, eta, v):
    """v ← v - η (Gv - b)."""
    state, change = v[0], np.empty_like(b)
    for t in range(len(eta)):
        np.einsum("ijb,jb->ib", G, state, out=change)
        change -= b
        change *= eta[t]
        state = np.subtract(state, change,
                            out=v[t + 1] if len(v) > 1 else state)
