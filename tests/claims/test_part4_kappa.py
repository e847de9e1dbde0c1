"""Evidence for the claims of chapter 44: κ up to a million, and rounding."""

import numpy as np
import pytest

from lttutor.attention import generation_weights, last_row_mask, prompt_matrix
from lttutor.flattening import moving_solution
from lttutor.loop import generate, looped_transformer
from lttutor.steps import (
    chebyshev_steps,
    constant_steps,
    flattening_steps,
    optimal_constant_steps,
)
from lttutor.tasks import spectrum_task
from lttutor.theory import condition_number, loops_needed, rounding_gain

GOAL = 1e-6


def vector_error(task, steps):
    v = generate(task.X, task.y, 1.0, steps)
    return np.linalg.norm(v - task.theta, axis=-1)


@pytest.mark.claim("B-typical-loops")
def test_the_loops_of_a_task_lie_between_the_two_numbers(checked):
    rng = np.random.default_rng(0)
    for _ in range(40):
        d, kappa = int(rng.integers(2, 9)), 10 ** rng.uniform(0.2, 2.5)
        inner = rng.uniform(1, kappa, d - 2)
        task = spectrum_task([1, *inner, kappa], 12, rng=rng)
        slowest = np.linalg.svd(task.X)[2][-1]
        if rng.random() < 0.3:     # the worst case
            task = type(task)(task.X, task.X @ slowest, slowest)
        share = abs(slowest @ task.theta)
        rate = -np.log1p(-1 / kappa)
        high = int(np.ceil(np.log(1 / GOAL) / rate - 1e-9))
        error = vector_error(task, constant_steps(kappa, high + 20))
        T = int(np.argmax(error <= GOAL))
        assert np.log(share / GOAL) / rate - 1e-6 <= T <= high
    checked(draws=40, tolerance=1e-6)


@pytest.mark.claim("P1-next-kappa")
def test_constant_steps_cross_where_the_spectrum_says(checked):
    """Twelve million loops as a matrix power of the prompt itself."""
    rng = np.random.default_rng(1)
    for kappa in (1e2, 1e4, 1e6):
        task = spectrum_task(np.geomspace(1, kappa, 20), 60, rng=rng)
        assert condition_number(task.X) == pytest.approx(kappa, rel=1e-10)
        S = task.X.T @ task.X
        for step, rule in ((1 / kappa, "constant"),
                           (2 / (kappa + 1), "optimal")):
            T = loops_needed(kappa, GOAL, rule)
            error = [np.linalg.norm(np.linalg.matrix_power(
                np.eye(20) - step * S, loops) @ task.theta)
                for loops in (T, T // 2)]
            assert error[0] <= GOAL * 1.001 and error[1] > GOAL
    checked(draws=3, tolerance=1e-3)


@pytest.mark.claim("P1-next-kappa")
def test_chebyshev_and_moving_examples_reach_the_goal_in_time(checked):
    rng = np.random.default_rng(2)
    moving = {1e2: 6, 1e4: 9, 1e6: 11}
    for kappa, loops in moving.items():
        task = spectrum_task(np.geomspace(1, kappa, 20), 60, rng=rng)
        T = loops_needed(kappa, GOAL, "chebyshev")
        assert T == pytest.approx(
            0.5 * np.sqrt(kappa) * np.log(2 / GOAL), rel=0.02)
        error = vector_error(task, chebyshev_steps(kappa, 1.0, T))
        assert error[-1] <= GOAL < error[T // 2]
        v = moving_solution(task.X, task.y,
                            flattening_steps(kappa, loops) / kappa)[-1]
        assert np.linalg.norm(v - task.theta) <= GOAL
    checked(draws=3, tolerance=GOAL)


@pytest.mark.claim("B-three-doors")
def test_a_disturbed_gram_matrix_or_score_moves_the_limit_as_said(checked):
    rng = np.random.default_rng(3)
    for kappa in (1e1, 1e3, 1e5):
        task = spectrum_task(np.geomspace(1, kappa, 6), 15, rng=rng)
        S, theta = task.X.T @ task.X, task.theta
        delta = 0.01 / kappa
        values, V = np.linalg.eigh(S)
        for _ in range(20):
            E = rng.standard_normal((6, 6))
            E = (E + E.T) * delta * kappa / np.linalg.norm(E + E.T, 2)
            moved = np.linalg.solve(S + E, S @ theta) - theta
            assert np.linalg.norm(moved) <= (
                kappa * delta / (1 - kappa * delta) * (1 + 1e-6))
            e = rng.standard_normal(15)
            e *= delta * np.sqrt(kappa) / np.linalg.norm(e)
            shift = np.linalg.lstsq(task.X, e, rcond=None)[0]
            assert np.linalg.norm(shift) <= (
                np.sqrt(kappa) * delta * (1 + 1e-6))
        v = V[:, 0]
        E = -delta * kappa * np.outer(v, v)
        moved = np.linalg.solve(S + E, S @ v) - v
        assert np.linalg.norm(moved) == pytest.approx(
            kappa * delta / (1 - kappa * delta), rel=1e-4)
        e = task.X @ v * delta * np.sqrt(kappa)
        shift = np.linalg.lstsq(task.X, e, rcond=None)[0]
        assert np.linalg.norm(shift) == pytest.approx(
            np.sqrt(kappa) * delta, rel=1e-6)
    checked(draws=60, tolerance=1e-4)


@pytest.mark.claim("B-three-doors")
def test_pushes_of_every_loop_move_the_output_by_the_gain_at_most(checked):
    rng = np.random.default_rng(4)
    wide, steep = np.geomspace(1, 50, 5), np.linspace(40, 50, 5)
    for values, steps in (
            (wide, constant_steps(50.0, 30)),
            (wide, optimal_constant_steps(50, 1, 30)),
            (wide, chebyshev_steps(50.0, 1.0, 32)),
            (steep, np.full(30, 1.9 / 50))):    # every factor negative
        gain = rounding_gain(values, steps)
        after = np.array([[np.prod(1 - steps[t + 1:] * x) for x in values]
                          for t in range(len(steps))])
        for _ in range(50):
            push = rng.uniform(-1, 1, after.shape)
            assert np.abs((after * push).sum(0)).max() <= gain + 1e-9
        worst = np.abs(after).sum(0)
        push = np.zeros(after.shape)
        push[:, worst.argmax()] = np.sign(after[:, worst.argmax()])
        assert np.abs((after * push).sum(0)).max() == pytest.approx(gain)
    checked(draws=150, tolerance=1e-9)


@pytest.mark.claim("B-three-doors")
def test_an_error_lives_kappa_or_about_root_kappa_loops(checked):
    for kappa in (1e2, 1e4):
        values = np.geomspace(1, kappa, 30)
        T = 2 ** int(np.ceil(np.log2(15 * np.sqrt(kappa))))
        short = rounding_gain(values, chebyshev_steps(kappa, 1.0, T))
        assert 1.1 < short / np.sqrt(kappa) < 1.3
        long = rounding_gain(values, constant_steps(kappa, int(20 * kappa)))
        assert long == pytest.approx(kappa, rel=1e-6)
    checked(draws=2, tolerance=0.1)


@pytest.mark.claim("B-float-doors")
def test_the_literal_loop_keeps_digits_that_the_gram_matrix_loses(checked):
    rng = np.random.default_rng(5)
    for dtype, kappa in ((np.float32, 1e4), (np.float32, 1e6),
                         (np.float64, 1e6)):
        eps = np.finfo(dtype).eps
        T = 2 ** int(np.ceil(np.log2(np.sqrt(kappa) * np.log(9 / eps) / 2)))
        task = spectrum_task(np.geomspace(1, kappa, 8), 24, rng=rng)
        X, y = task.X.astype(dtype), task.y.astype(dtype)
        steps = chebyshev_steps(kappa, 1.0, T).astype(dtype)
        literal = -looped_transformer(
            prompt_matrix(X, y, dtype(1)), steps, *generation_weights(8),
            last_row_mask(24))[-1, -1, :8]
        # The Gram form, written out: what `generate` does for n > d.
        S, b, v = X.T @ X, X.T @ y, np.zeros(8, dtype)
        for eta in steps:
            v = v - eta * (S @ v - b)
        kept = np.linalg.norm(literal - task.theta)
        lost = np.linalg.norm(v - task.theta)
        assert kept < np.sqrt(kappa) * eps
        assert 20 * kept < lost < kappa * eps
    checked(draws=3)
