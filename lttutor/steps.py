"""Step-size schedules: the only part of the loop that may change with t.

``L`` and ``mu`` are the largest and the smallest eigenvalue of XᵀX.  Both
may be arrays of the batch shape; a schedule then has shape (..., T).
"""

import numpy as np
from numpy.typing import ArrayLike

from lttutor.validation import as_array, as_count, finite


def constant_steps(L: ArrayLike, T: int) -> np.ndarray:
    """The constant schedule η = 1/L, T times.

    Error factor after T loops: at most (1 - μ/L)^T, never changing sign.

    Parameters
    ----------
    L : array_like, shape (...)
        Largest eigenvalue of XᵀX, positive.
    T : int
        Number of loops, at least 0.

    Returns
    -------
    numpy.ndarray, shape (..., T)

    Raises
    ------
    TypeError, ValueError
        If L is not positive or T is not such an integer.
    OverflowError
        If 1/L is too large for a float.

    Examples
    --------
    >>> constant_steps(4.0, 3)
    array([0.25, 0.25, 0.25])
    """
    L = _positive("L", L)
    T = as_count("T", T)
    return np.repeat(_inverse("L", L)[..., None], T, axis=-1)


def optimal_constant_steps(L: ArrayLike, mu: ArrayLike, T: int) -> np.ndarray:
    """The best constant schedule for a spectrum in [μ, L]: η = 2/(L + μ).

    Error factor after T loops: at most ((L - μ)/(L + μ))^T.

    Parameters
    ----------
    L, mu : array_like, shape (...)
        Largest and smallest eigenvalue of XᵀX, 0 < mu <= L.
    T : int
        Number of loops, at least 0.

    Returns
    -------
    numpy.ndarray, shape (..., T)

    Raises
    ------
    TypeError, ValueError
        If not 0 < mu <= L, or T is not such an integer.
    OverflowError
        If the step is too large for a float.

    Examples
    --------
    >>> optimal_constant_steps(3.0, 1.0, 2)
    array([0.5, 0.5])
    """
    L, mu = _interval(L, mu)
    T = as_count("T", T)
    return np.repeat(_inverse("L", L / 2 + mu / 2)[..., None], T, axis=-1)


def chebyshev_steps(
    L: ArrayLike, mu: ArrayLike, T: int, order: str = "lebedev",
) -> np.ndarray:
    """The fastest schedule for a spectrum in [μ, L] and a T fixed in advance.

    The steps are 1/r with r the T roots of the Chebyshev polynomial of
    [μ, L],

        r_k = (L + μ)/2 - (L - μ)/2 · cos((2k - 1)π / 2T),   k = 1, …, T.

    Error factor after T loops: at most 2/(ρ^T + ρ^-T), where
    ρ = (√κ - 1)/(√κ + 1) and κ = L/μ; nothing is promised before loop T.
    In exact arithmetic the order of the steps does not matter.  In floating
    point it decides, because a single factor |1 - λ/r| can reach κ.

    Parameters
    ----------
    L, mu : array_like, shape (...)
        Largest and smallest eigenvalue of XᵀX, 0 < mu <= L.
    T : int
        Number of loops, at least 0.
    order : {"lebedev", "leja", "natural"}
        "lebedev" mixes large and small steps so that no later part of the
        schedule amplifies rounding errors (Lebedev and Finogenov); it exists
        for T a power of two, and any other T takes the Leja order.  "leja"
        takes next the root farthest, in the product of distances, from those
        taken.  "natural" (ascending roots) is there to show what it breaks.

    Returns
    -------
    numpy.ndarray, shape (..., T)

    Raises
    ------
    TypeError, ValueError
        If not 0 < mu <= L, T is not such an integer, or the order is unknown.
    OverflowError
        If a step is too large for a float.

    Examples
    --------
    >>> (1 / chebyshev_steps(9.0, 1.0, 4)).round(3).tolist()
    [1.304, 8.696, 3.469, 6.531]
    """
    L, mu = _interval(L, mu)
    T = as_count("T", T)
    if not isinstance(order, str) or order not in _ORDERS:
        raise ValueError(
            f"order: expected one of {', '.join(_ORDERS)}, got {order!r}"
        )
    if T == 0:
        return np.zeros((*L.shape, 0), np.result_type(L, mu))
    nodes = -np.cos((2 * np.arange(1, T + 1) - 1) * np.pi / (2 * T))
    nodes = nodes[_ORDERS[order](T)]
    middle, half = L / 2 + mu / 2, (L - mu) / 2
    roots = middle[..., None] + half[..., None] * nodes
    return _inverse("mu", roots, np.result_type(L, mu))


def flattening_steps(kappa: ArrayLike, T: int) -> np.ndarray:
    """The schedule that flattens the prompt's spectrum, when examples move.

    For the moving machine (``lttutor.flattening``, chapter 42), scaled to
    L = 1; divide by L for another prompt.  Let [l, u] be the interval in
    which the singular values of X lie before a loop, [1/√κ, 1] at first.
    The next step is

        η = 3 / (l² + lu + u²),

    the one that brings the ratio l/u closest to 1.  It sends both ends of
    the interval to the new l = lu(l + u) / (l² + lu + u²), and its middle
    to the new u = 2/(3√η).

    Parameters
    ----------
    kappa : array_like, shape (...)
        Condition number of XᵀX, at least 1.
    T : int
        Number of loops, at least 0.

    Returns
    -------
    numpy.ndarray, shape (..., T)
        Growing steps: by 27/4 a loop at first, by 9/4 at last.

    Raises
    ------
    TypeError, ValueError
        If κ is below 1, T is not such an integer, or the steps overflow
        (after hundreds of loops; a few dozen are of use).

    Examples
    --------
    >>> flattening_steps(100.0, 4).round(3).tolist()
    [2.703, 13.989, 52.113, 134.623]
    """
    kappa = as_array("kappa", kappa, shape=(), batch=True)
    if kappa.min() < 1:
        raise ValueError(f"kappa: expected at least 1, got {kappa.min():.6g}")
    T = as_count("T", T)
    low, high = 1 / np.sqrt(kappa, dtype=float), np.ones(kappa.shape)
    steps = np.empty((*kappa.shape, T))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        for t in range(T):
            third = (low**2 + low * high + high**2) / 3
            steps[..., t] = 1 / third
            low = low * high * (low + high) / (3 * third)
            high = 2 / 3 * np.sqrt(third)
        steps = steps.astype(kappa.dtype)
    if not np.isfinite(steps).all():
        raise ValueError(f"T: expected fewer loops, got {T}: steps overflow")
    return steps


def gaussian_steps(n: int, d: int, T: int) -> np.ndarray:
    """A constant schedule that needs n and d only, for Gaussian examples.

    η = 1/(√n + √d)² = 1/(n (1 + √(d/n))²): one over the typical largest
    eigenvalue of XᵀX when the entries of X are independent N(0, 1), so that
    the prompt need not be measured (chapter 24).

    Parameters
    ----------
    n, d : int
        Number of examples and of features, both at least 1.
    T : int
        Number of loops, at least 0.

    Returns
    -------
    numpy.ndarray, shape (T,)

    Raises
    ------
    TypeError, ValueError
        If n, d or T is not such an integer.

    Examples
    --------
    >>> gaussian_steps(16, 4, 2).round(6).tolist()
    [0.027778, 0.027778]
    """
    n, d = as_count("n", n, least=1), as_count("d", d, least=1)
    return np.full(as_count("T", T), 1 / (np.sqrt(n) + np.sqrt(d)) ** 2)


def _natural_order(T):
    return np.arange(T)


def _leja_order(T):
    """Indices of the T Chebyshev nodes, each next one far from all before."""
    nodes = np.cos((2 * np.arange(1, T + 1) - 1) * np.pi / (2 * T))
    order = np.empty(T, int)
    order[0] = T - 1
    taken = np.zeros(T, bool)
    distance = np.zeros(T)  # log of the product of distances to those taken
    for i in range(1, T):
        taken[order[i - 1]] = True
        gaps = np.abs(nodes - nodes[order[i - 1]])
        distance += np.log(np.where(taken, 1, gaps))
        # Rounded, so that ties fall to the same node on every machine.
        order[i] = np.where(taken, -np.inf, distance.round(9)).argmax()
    return order


def _lebedev_order(T):
    """Lebedev-Finogenov: replace each k of N by the pair (k, 2N + 1 - k)."""
    if T & (T - 1):
        return _leja_order(T)
    order = np.array([1])
    while len(order) < T:
        pairs = order, 2 * len(order) + 1 - order
        order = np.stack(pairs, axis=-1).ravel()
    return order - 1


_ORDERS = {
    "lebedev": _lebedev_order,
    "leja": _leja_order,
    "natural": _natural_order,
}


def _inverse(name, eigenvalues, dtype=None):
    """The steps that are one over these eigenvalues."""
    with np.errstate(over="ignore", divide="ignore"):
        steps = (1 / eigenvalues).astype(dtype or eigenvalues.dtype)
    return finite(steps, f"{name}: too small, one over it overflows; rescale X")


def _positive(name: str, value: ArrayLike) -> np.ndarray:
    value = as_array(name, value, shape=(), batch=True)
    if value.min() <= 0:
        raise ValueError(
            f"{name}: expected a positive number, got {value.min():.3g}"
        )
    return value


def _interval(L: ArrayLike, mu: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    L, mu = _positive("L", L), _positive("mu", mu)
    if L.shape != mu.shape:
        raise ValueError(
            f"mu: expected the shape of L, {L.shape}, got {mu.shape}"
        )
    if (mu > L).any():
        raise ValueError("mu: expected mu <= L, got a mu above its L")
    return L, mu
