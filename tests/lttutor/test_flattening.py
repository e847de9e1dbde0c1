"""The moving machine: fast forms against the literal loop and the SVD."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lttutor.attention import prompt_matrix
from lttutor.flattening import (
    all_rows_mask,
    flatten,
    moving_predict,
    moving_solution,
    moving_weights,
    spectrum_map,
)
from lttutor.loop import looped_transformer
from lttutor.steps import constant_steps, flattening_steps
from lttutor.tasks import spectrum_task


def literal(X, y, x, steps, share=1 / 3):
    n, d = X.shape[-2:]
    return looped_transformer(prompt_matrix(X, y, 0.0, x), steps,
                              *moving_weights(d, share), all_rows_mask(n))


def problem(seed, n, d, batch, rank):
    """A random batch of prompts, of the given rank at most."""
    rng = np.random.default_rng(seed)
    left = rng.normal(size=(*batch, n, rank))
    X = left @ rng.normal(size=(*batch, rank, d))
    L = np.linalg.norm(X, 2, axis=(-2, -1)) ** 2
    return (X, rng.normal(size=(*batch, n)), rng.normal(size=(*batch, d)),
            L, rng)


@given(st.integers(0, 10**6), st.integers(1, 8), st.integers(1, 8),
       st.sampled_from([(), (3,), (2, 2)]), st.integers(1, 8),
       st.integers(0, 8))
@settings(max_examples=150, deadline=None)
def test_fast_forms_equal_the_literal_loop(seed, n, d, batch, rank, T):
    X, y, x, L, rng = problem(seed, n, d, batch, rank)
    kappa = rng.uniform(1, 1e3, size=batch)
    steps = flattening_steps(kappa, T) / L[..., None]
    states = literal(X, y, x, steps)
    answers = -states[..., -1, -1]
    assert answers.shape == (T + 1, *batch)
    # η² L grows along the schedule; rounding errors grow with its root.
    size = np.abs(x).max() * np.abs(y).max() * np.sqrt(steps.max(initial=1))
    for found in (
        moving_predict(X, y, x, steps),
        np.einsum("t...d,...d->t...", moving_solution(X, y, steps), x),
    ):
        assert np.abs(found - answers).max() <= 1e-12 * max(size, 1)
    moved = flatten(X, steps)
    assert np.abs(moved - states[..., :n, :d]).max() <= 1e-13 * np.sqrt(
        L.max())


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 6),
       st.floats(-0.5, 1.5))
@settings(max_examples=60, deadline=None)
def test_fast_forms_equal_the_literal_loop_for_any_share(seed, n, d, share):
    X, y, x, L, _ = problem(seed, n, d, (), min(n, d))
    steps = constant_steps(L, 6) / 2
    states = literal(X, y, x, steps, share)
    found = moving_predict(X, y, x, steps, share)
    size = max(1, np.abs(states).max())
    assert np.abs(found + states[:, -1, -1]).max() <= 1e-11 * size
    moved = flatten(X, steps, share)
    assert np.abs(moved - states[:, :n, :d]).max() <= 1e-12 * size


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 6),
       st.integers(1, 6))
@settings(max_examples=80, deadline=None)
def test_solution_is_the_filtered_pseudo_inverse(seed, n, d, rank):
    X, y, _, L, _ = problem(seed, n, d, (), rank)
    steps = flattening_steps(1e2, 7) / L
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    real = s > 1e-10 * s[0]
    U, s, Vt = U[:, real], s[real], Vt[real]
    _, p = spectrum_map(s, steps)
    expected = np.einsum("td,d,dk->tk", 1 - p, U.T @ y / s, Vt)
    size = max(1, np.abs(expected).max())
    assert np.abs(moving_solution(X, y, steps) - expected).max() <= 1e-9 * size


def test_singular_vectors_stay_and_singular_values_follow_the_map():
    X, _, _, L, _ = problem(5, 9, 4, (), 4)
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    steps = flattening_steps(float((s[0] / s[-1]) ** 2), 6) / L
    values, _ = spectrum_map(s, steps)
    moved = np.einsum("nk,tk,kd->tnd", U, values, Vt)
    assert np.abs(flatten(X, steps) - moved).max() < 1e-13


def test_residuals_are_the_slope_of_the_spectrum_map():
    s, h = np.linspace(0.05, 1, 50), 1e-6
    steps = flattening_steps(400.0, 6)
    above, below = (spectrum_map(s + e, steps)[0] for e in (h, -h))
    _, residuals = spectrum_map(s, steps)
    assert np.abs((above - below) / (2 * h) - residuals).max() < 1e-6


def test_a_zero_share_is_the_regression_machine_without_motion():
    X, y, _, L, _ = problem(1, 6, 3, (2,), 3)
    steps = constant_steps(L, 5)
    assert (flatten(X, steps, share=0.0) == X).all()
    theta = np.zeros((2, 3))
    for t in range(5):
        residual = y - np.einsum("bnd,bd->bn", X, theta)
        theta += steps[:, t, None] * np.einsum("bnd,bn->bd", X, residual)
    found = moving_solution(X, y, steps, share=0.0)[-1]
    assert np.abs(found - theta).max() < 1e-13


@pytest.mark.parametrize("kappa, loops", [(1e4, 9), (1e6, 12), (1e8, 14)])
def test_the_triangular_factor_keeps_the_floor_at_root_kappa(kappa, loops):
    rng = np.random.default_rng(3)
    task = spectrum_task(np.geomspace(1 / kappa, 1, 20), 60, batch=8, rng=rng)
    theta = moving_solution(task.X, task.y, flattening_steps(kappa, loops))
    error = np.linalg.norm(theta[-1] - task.theta, axis=-1)
    floor = 2e-16 * np.sqrt(kappa)
    _, p = spectrum_map(np.geomspace(kappa**-0.5, 1, 9999),
                        flattening_steps(kappa, loops))
    assert error.max() <= np.abs(p[-1]).max() + 200 * floor


def test_one_schedule_serves_a_batch_and_one_query_too():
    X, y, x, L, _ = problem(2, 5, 3, (4,), 3)
    steps = flattening_steps(50.0, 4) / L.max()
    together = moving_predict(X, y, x[0], steps)
    assert together.shape == (5, 4)
    for i in range(4):
        alone = moving_predict(X[i], y[i], x[0], steps)
        assert np.abs(together[:, i] - alone).max() < 1e-12


def test_float32_is_kept_and_arguments_are_not_written_to():
    X, y, x, L, _ = problem(4, 5, 3, (), 3)
    X, y, x = (a.astype(np.float32) for a in (X, y, x))
    steps = flattening_steps(10.0, 3) / L
    before = X.copy(), y.copy(), x.copy()
    for out in (moving_predict(X, y, x, steps), flatten(X, steps),
                moving_solution(X, y, steps), *spectrum_map(X[0], steps)):
        assert out.dtype == np.float32
    for old, new in zip(before, (X, y, x)):
        assert (old == new).all()


def test_the_wider_of_two_dtypes_decides_how_large_a_query_may_be():
    X, y, x, *_ = problem(6, 4, 2, (), 2)
    steps = [0.01, 0.02]
    expected = 1e39 * moving_predict(X, y, x, steps)
    for narrow in ((X.astype(np.float32), y), (X, y.astype(np.float32))):
        found = moving_predict(*narrow, 1e39 * x, steps)
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_too_large_steps_raise_with_the_loop_named():
    X, y, x, _, _ = problem(6, 4, 2, (), 2)
    for call in (lambda: flatten(X, [1e6] * 9),
                 lambda: moving_predict(X, y, x, [1e6] * 9)):
        with pytest.raises(OverflowError, match="loop"):
            call()
