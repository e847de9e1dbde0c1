"""Training the loop: mini-batch descent on the population loss.

Each iteration draws fresh prompts (as second moments), takes
the exact gradient of their mean loss ℓ, and moves A against the gradient of
ℓ^{1/T}.  Plain ℓ behaves like (1 - a)^{2T} near its minimum and is too flat
to descend; its T-th root has the same minimizers and is nearly quadratic.
(The root of a batch's loss gives less weight to the batch with a rare, bad
prompt, so a trained scale ends a little above ``optimal_scale``: n = 50,
d = 5, T = 8 gives 0.810 with batches of 128, 0.797 of 2048, exact 0.786.)
"""

from collections.abc import Callable
from dataclasses import replace
from math import cos, pi

import numpy as np
from numpy.typing import ArrayLike
from tqdm import tqdm

from lttutor.learning.population import value_and_gradient
from lttutor.learning.run import (
    RULES,
    Training,
    TrainingDiverged,
    adam,
    descent,
    generator_from,
    generator_state,
    symmetric_part,
)
from lttutor.learning.wishart import second_moments
from lttutor.validation import (
    all_finite,
    as_array,
    as_count,
    as_covariance_root,
    as_number,
    as_rng,
)


def train(
    n: int, d: int, loops: int, *, covariance: ArrayLike | None = None,
    batch: int = 256, iterations: int = 1000, step: float | None = None,
    start: ArrayLike | None = None, optimizer: Callable = descent,
    project: Callable = symmetric_part, pause_at: int | None = None,
    rng: np.random.Generator, progress: bool = False,
) -> Training:
    """Train A for T loops on fresh Gaussian prompts.

    A ← A - step · ½(1 + cos πt/iterations) · optimizer(project(∇ℓ^{1/T})),
    with ∇ℓ^{1/T} = ℓ^{1/T - 1} ∇ℓ / T on ``batch`` prompts drawn anew.

    Parameters
    ----------
    n, d, loops : int
        Examples, features and loops T, all at least 1.
    covariance : array_like, shape (d, d), optional
        Σ of the examples and of the query; the identity if left out.
    batch, iterations : int
        Prompts an iteration, and iterations in all.
    step : float, optional
        First step size.  Left out, it is one that was stable in all our
        trials (T ≤ 30, 0.4 ≤ n/d ≤ 50): for ``adam`` 0.05 d/tr Σ, for others
        2 d^{1-1/T} / ((T + 2) λ_max(Σ)² (1 + √(d/n))⁴).  An ill-conditioned
        Σ wants a larger one.
    start : array_like, shape (d, d), optional
        First A; zero if left out (the machine that answers 0).
    optimizer : function
        ``descent`` or ``adam``: maps (gradient, memory) to (direction,
        memory), the memory a tuple of arrays that starts empty.
    project : function
        ``symmetric_part`` or ``any_matrix``: maps the gradient to the
        directions allowed.
    pause_at : int, optional
        Stop after this many iterations; ``resume`` continues.
    rng : numpy.random.Generator
        The only source of randomness.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Training

    Raises
    ------
    TypeError, ValueError
        For arguments outside the ranges above.
    TrainingDiverged
        If the loss overflows or grows a millionfold.  Its ``result`` is the
        last state whose loss was no larger than the machine's that answers
        0, or than the first one.

    Examples
    --------
    >>> run = train(50, 3, loops=2, rng=np.random.default_rng(0))
    >>> run.A.round(1) + 0
    array([[0.9, 0. , 0. ],
           [0. , 0.9, 0. ],
           [0. , 0. , 0.9]])
    """
    n, d = as_count("n", n, least=1), as_count("d", d, least=1)
    loops = as_count("loops", loops, least=1)
    for role, rule in (("optimizer", optimizer), ("project", project)):
        if not callable(rule):
            raise TypeError(
                f"{role}: expected a function such as {', '.join(RULES[role])} "
                f"of lttutor.learning, got {rule!r}")
    A = np.zeros((d, d)) if start is None else start
    A = as_array("start", A, shape=(d, d)).astype(np.float64)
    if covariance is not None:
        as_covariance_root(covariance, d)
        covariance = np.array(covariance, np.float64)
    if step is None:
        step = _stable_step(n, d, loops, covariance, optimizer)
    settings = {
        "n": n, "d": d, "loops": loops, "covariance": covariance,
        "batch": as_count("batch", batch, least=1),
        "iterations": as_count("iterations", iterations, least=1),
        "step": as_number("step", step, above=0),
        "optimizer": optimizer, "project": project,
    }
    state = generator_state(as_rng(rng))
    fresh = Training(A, np.empty(0), A[None], np.zeros(1, int), settings,
                     state, state)
    return _run(fresh, rng, pause_at, progress)


def resume(
    run: Training, *, pause_at: int | None = None, progress: bool = False,
) -> Training:
    """Continue a paused run, exactly as if it had never paused.

    Parameters
    ----------
    run : Training
        From ``train``, ``Training.load``, or ``TrainingDiverged.result``.
    pause_at, progress
        As in ``train``.

    Returns
    -------
    Training
        ``run`` itself stays as it is.

    Raises
    ------
    TypeError
        For anything but a ``Training``.
    TrainingDiverged
        As ``train`` does.

    Examples
    --------
    >>> half = train(50, 3, 2, pause_at=500, rng=np.random.default_rng(0))
    >>> whole = train(50, 3, 2, rng=np.random.default_rng(0))
    >>> bool((resume(half).A == whole.A).all())
    True
    """
    if not isinstance(run, Training):
        raise TypeError(f"run: expected a Training, got {run!r}")
    return _run(run, generator_from(run.generator), pause_at, progress)


def _run(run, rng, pause_at, progress):
    """Iterate from where ``run`` stands; ``rng`` is in its state."""
    settings = run.settings
    n, d, loops = settings["n"], settings["d"], settings["loops"]
    iterations, covariance = settings["iterations"], settings["covariance"]
    root = np.eye(d) if covariance is None else as_covariance_root(covariance, d)
    stop = iterations if pause_at is None else min(
        as_count("pause_at", pause_at), iterations)
    every = -(-iterations // 100)
    A, memory, losses = run.A, run.memory, list(run.losses)
    path, path_at = list(run.path), list(run.path_at)
    limit = max([d, *losses[:1]])

    def snapshot(A, memory, state, done, kept):
        return replace(run, A=A, memory=memory, generator=state,
                       losses=np.array(losses[:done]),
                       path=np.array(path[:kept]),
                       path_at=np.array(path_at[:kept]))

    def diverged(what, t):
        return TrainingDiverged(
            f"{what} in iteration {t + 1} of {iterations} with step "
            f"{settings['step']:.3g}; take a smaller step.  .result holds "
            f"the last good state, after {good[3]} iterations",
            snapshot(*good))

    good = A, memory, run.generator, len(losses), len(path)
    for t in tqdm(range(len(losses), stop), disable=not progress):
        state = generator_state(rng)
        W = second_moments(n, d, batch=settings["batch"], rng=rng)
        with np.errstate(over="ignore", invalid="ignore"):
            value, gradient = value_and_gradient(root.T @ A @ root, W, loops)
            gradient = root @ gradient @ root.T
        if t == 0 and np.isfinite(value):
            limit = max(limit, value)
        finite = np.isfinite(value) and all_finite(gradient)
        if not finite or value > 1e6 * limit:
            raise diverged(f"the loss reached {value:.3g}", t)
        if value <= limit:
            good = A, memory, state, len(losses), len(path)
        losses.append(value)
        slope = value ** (1 / loops - 1) / loops if value > 0 else 0.0
        direction, memory = settings["optimizer"](
            settings["project"](slope * gradient), memory)
        decay = (1 + cos(pi * t / iterations)) / 2
        with np.errstate(over="ignore", invalid="ignore"):
            A = A - settings["step"] * decay * direction
        if not all_finite(A):
            raise diverged("A overflowed", t)
        if (t + 1) % every == 0 or t + 1 == iterations:
            path.append(A)
            path_at.append(t + 1)
    return snapshot(A, memory, generator_state(rng), len(losses), len(path))


def _stable_step(n, d, loops, covariance, optimizer):
    eigenvalues = np.ones(d)
    if covariance is not None:
        eigenvalues = np.linalg.eigvalsh(covariance)
    if optimizer is adam:
        return 0.05 / eigenvalues.mean()
    spread = eigenvalues.max() * (1 + np.sqrt(d / n)) ** 2
    return 2 * d ** (1 - 1 / loops) / ((loops + 2) * spread**2)
