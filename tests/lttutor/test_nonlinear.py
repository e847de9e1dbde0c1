"""ReLU and softmax loops, judged by losses differentiated numerically."""

import warnings

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

from lttutor.loop import generate
from lttutor.nonlinear import (
    generate_relu,
    generate_softmax,
    generate_softmax_pair,
)
from lttutor.tasks import gaussian_task

TAU = 0.7
LOSSES = {
    generate_relu: lambda r: np.sum(np.maximum(r, 0) ** 2) / 2,
    generate_softmax: lambda r: TAU * logsumexp(r / TAU),
    generate_softmax_pair: lambda r: TAU * (logsumexp(r / TAU)
                                            + logsumexp(-r / TAU)),
}
machines = pytest.mark.parametrize("machine", LOSSES, ids=lambda f: f.__name__)


def run(machine, X, y, alpha, steps):
    extra = () if machine is generate_relu else (TAU,)
    return machine(X, y, alpha, steps, *extra)


@machines
def test_each_loop_is_a_gradient_step_on_the_documented_loss(machine):
    rng = np.random.default_rng(0)
    for _ in range(20):
        n, d = rng.integers(1, 8, 2)
        X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
        alpha, steps = rng.standard_normal(), rng.uniform(0.01, 0.2, 3)
        v = run(machine, X, y, alpha, steps)
        for t, eta in enumerate(steps):
            gradient = np.array([
                sum(side * LOSSES[machine](
                    X @ (-v[t] + side * 1e-6 * e) + alpha * y)
                    for side in (1, -1)) / 2e-6 for e in np.eye(d)])
            np.testing.assert_allclose(
                -v[t + 1], -v[t] - eta * gradient, atol=1e-8)


@machines
def test_a_batch_gives_what_its_tasks_give_alone(machine):
    rng = np.random.default_rng(1)
    task = gaussian_task(9, 3, batch=(2, 3), rng=rng)
    alpha, steps = rng.standard_normal((2, 3)), rng.uniform(0, 0.1, (2, 3, 4))
    v = run(machine, task.X, task.y, alpha, steps)
    assert v.shape == (5, 2, 3, 3)
    for i, j in np.ndindex(2, 3):
        alone = run(machine, task.X[i, j], task.y[i, j], alpha[i, j],
                    steps[i, j])
        np.testing.assert_allclose(v[:, i, j], alone, rtol=1e-12, atol=1e-14)


@machines
def test_float32_stays_float32_and_inputs_stay_as_they_are(machine):
    task = gaussian_task(6, 2, rng=np.random.default_rng(2))
    X, y = task.X.astype(np.float32), task.y.astype(np.float32)
    before = X.copy(), y.copy()
    assert run(machine, X, y, 1.5, [0.1, 0.2]).dtype == np.float32
    assert (X == before[0]).all() and (y == before[1]).all()


def test_scores_far_beyond_exp_are_weighed_without_overflow():
    X, y = np.array([[1e3], [-2e3]]), np.array([5e3, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        v = generate_softmax(X, y, 1.0, [0.1], 1e-3)
    expected = 0.1 * X[:, 0] @ softmax(y / 1e-3)
    np.testing.assert_allclose(v[1], expected)


def test_two_relu_heads_of_opposite_sign_are_linear_attention():
    task = gaussian_task(12, 3, rng=np.random.default_rng(3))
    q, eta = np.zeros(3), 0.02
    for _ in range(4):
        r = task.y + task.X @ q
        q = q - (generate_relu(task.X, r, 1.0, [eta])[-1]
                 + generate_relu(-task.X, -r, 1.0, [eta])[-1])
    np.testing.assert_allclose(
        -q, generate(task.X, task.y, 1.0, [eta] * 4)[-1], rtol=1e-12)


@pytest.mark.parametrize("machine", [generate_softmax, generate_softmax_pair])
@pytest.mark.parametrize("wrong", [0, -1, np.nan, np.inf, "1", True, [1.0]])
def test_a_temperature_that_is_no_positive_number_is_refused(machine, wrong):
    with pytest.raises((TypeError, ValueError), match="temperature"):
        machine([[1.0]], [1.0], 1.0, [0.1], wrong)


@machines
def test_bad_examples_and_steps_are_refused_before_any_loop(machine):
    good = [[1.0, 2.0]], [1.0]
    for X, y, alpha, steps in [
            ([[1.0, np.nan]], [1.0], 1.0, [0.1]),
            (good[0], [[1.0]], 1.0, [0.1]),
            (*good, [1.0, 2.0], [0.1]),
            (*good, 1.0, 0.1)]:
        with pytest.raises(ValueError):
            run(machine, X, y, alpha, steps)


def test_an_overflow_names_its_loop():
    with pytest.raises(OverflowError, match="loop"):
        generate_relu([[2.0], [-2.0]], [1.0, -1.0], 1.0, [1e80] * 9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_temperature_near_zero_reads_the_largest_score(dtype):
    X, y = np.array([[1.0], [2.0]], dtype), np.array([3.0, 6.0], dtype)
    for temperature in (1e-3, 1e-300):
        v = generate_softmax(X, y, 1.0, [0.1], temperature)
        assert v.dtype == dtype and v[1] == pytest.approx([0.2])
