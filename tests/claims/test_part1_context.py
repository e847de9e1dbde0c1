"""Evidence for what chapters 11 and 23 observe."""

import numpy as np
import pytest

from lttutor.attention import (
    generation_weights,
    last_row_mask,
    prompt_matrix,
    regression_weights,
)
from lttutor.loop import looped_transformer
from lttutor.steps import gaussian_steps
from lttutor.tasks import gaussian_task


@pytest.mark.claim("B-one-machine")
@pytest.mark.parametrize("seed", range(5))
def test_one_frozen_machine_answers_a_thousand_tasks(seed, checked):
    """Fixed weights and data-independent steps beat the nearest neighbor."""
    n, d, T = 40, 4, 25
    rng = np.random.default_rng(seed)
    task = gaussian_task(n, d, batch=1000, rng=rng)
    x = rng.standard_normal((1000, d))
    truth = np.einsum("bd,bd->b", task.theta, x)
    answers = -looped_transformer(
        prompt_matrix(task.X, task.y, 0.0, x), gaussian_steps(n, d, T),
        *regression_weights(d), last_row_mask(n))[-1, :, -1, -1]
    closest = np.linalg.norm(task.X - x[:, None], axis=-1).argmin(axis=1)
    neighbor = task.y[np.arange(1000), closest]
    machine_error = np.sqrt(np.mean((answers - truth) ** 2))
    assert machine_error < 0.05
    assert machine_error < np.sqrt(np.mean((neighbor - truth) ** 2)) / 5
    checked(draws=1000)


@pytest.mark.claim("B-one-loop")
@pytest.mark.parametrize("n", [1, 2, 3, 20])
def test_one_loop_zeroes_the_value_and_misses_the_vector(n, checked):
    rng = np.random.default_rng(2)
    task = gaussian_task(n, 4, batch=500, rng=rng)
    steps = 1 / np.sum(task.y**2, axis=-1, keepdims=True)
    v = -looped_transformer(
        prompt_matrix(task.X, task.y, 1.0), steps, *generation_weights(4),
        last_row_mask(n))[-1, :, -1, :4]
    value = np.einsum("bd,bd->b", v, task.theta)
    size = 1 + np.linalg.norm(v, axis=-1)
    assert (np.abs(value - 1) < 1e-14 * size).all()
    assert np.median(np.linalg.norm(v - task.theta, axis=-1)) > 0.2
    checked(draws=500, tolerance=1e-14)
