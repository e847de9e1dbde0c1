"""Evidence for the claims of chapters 13 and 14: rates and duality."""

import numpy as np
import pytest
import sympy as sp

from lttutor import symbolic
from lttutor.attention import (
    generation_weights,
    last_row_mask,
    prompt_matrix,
    regression_weights,
)
from lttutor.loop import generate, looped_transformer, predict
from lttutor.steps import constant_steps, optimal_constant_steps
from lttutor.tasks import spectrum_task
from lttutor.theory import condition_number, tight_bound


def descend(X, y, steps):
    """Gradient descent on ½‖Xθ - y‖² from zero: the last iterate."""
    theta = np.zeros(X.shape[1])
    for eta in steps:
        theta = theta - eta * ((X @ theta - y) @ X)
    return theta


@pytest.mark.claim("P1-strong-convexity")
@pytest.mark.parametrize("rule, schedule", [
    ("constant", lambda L, mu, T: constant_steps(L, T)),
    ("optimal", optimal_constant_steps),
])
def test_descent_contracts_at_the_geometric_rate(rule, schedule, checked):
    """The distance shrinks by the rate or more, and by it in one direction."""
    rng = np.random.default_rng(0)
    for _ in range(100):
        d, T = rng.integers(2, 7), int(rng.integers(1, 30))
        eigenvalues = np.sort(rng.uniform(0.5, 30, d))
        task = spectrum_task(eigenvalues, d + 3, rng=rng)
        mu, L = eigenvalues[0], eigenvalues[-1]
        rate = 1 - mu / L if rule == "constant" else (L - mu) / (L + mu)
        error = descend(task.X, task.y, schedule(L, mu, T)) - task.theta
        assert np.linalg.norm(error) <= rate**T + 1e-12
        np.testing.assert_allclose(
            tight_bound(L / mu, T, rule), rate**T, rtol=1e-10)
        slowest = np.linalg.eigh(task.X.T @ task.X)[1][:, 0]
        error = descend(
            task.X, task.X @ slowest, schedule(L, mu, T)) - slowest
        np.testing.assert_allclose(
            np.linalg.norm(error), rate**T, rtol=1e-8, atol=1e-12)
    checked(draws=100, tolerance=1e-8)


@pytest.mark.claim("P1-duality")
def test_the_two_machines_are_transposes_after_any_number_of_loops(checked):
    """⟨G_T(α), x⟩ = α R_T(x), through both literal loops."""
    rng = np.random.default_rng(1)
    for _ in range(100):
        n, d, T = rng.integers(1, 9, size=3)
        X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
        x, alpha = rng.standard_normal(d), rng.standard_normal()
        steps = rng.uniform(0, 2, T) / np.linalg.norm(X, 2) ** 2
        generated = -looped_transformer(
            prompt_matrix(X, y, alpha), steps, *generation_weights(d),
            last_row_mask(n))[:, -1, :d]
        predicted = -looped_transformer(
            prompt_matrix(X, y, 0.0, x), steps, *regression_weights(d),
            last_row_mask(n))[:, -1, d]
        size = np.abs(generated).max() * np.linalg.norm(x) + 1e-300
        assert np.abs(generated @ x - alpha * predicted).max() < 1e-12 * size
        fast = generate(X, y, alpha, steps) @ x
        assert np.abs(fast - alpha * predict(X, y, x, steps)
                      ).max() < 1e-12 * size
    checked(draws=100, tolerance=1e-12)


@pytest.mark.claim("P1-duality")
def test_transposition_is_exact_for_symbolic_entries_and_steps(checked):
    Z, X, y, q, alpha = symbolic.symbolic_prompt(2, 2)
    steps, x = sp.symbols("eta1:4"), sp.Matrix(sp.symbols("z1 z2"))
    start = dict.fromkeys(q, 0)
    generating = symbolic.symbolic_loop(
        Z.subs(start), steps, *generation_weights(2), last_row_mask(2))
    query = dict(zip(q, x)) | {alpha: 0}
    predicting = symbolic.symbolic_loop(
        Z.subs(query), steps, *regression_weights(2), last_row_mask(2))
    for g, r in zip(generating, predicting):
        product = (g[2, :2] * x)[0] - alpha * r[2, 2]
        assert sp.expand(product) == 0
    checked(proof=True)


@pytest.mark.claim("P1-realizable")
def test_n_above_d_is_neither_enough_nor_needed(checked):
    rng = np.random.default_rng(2)
    theta = rng.standard_normal(3)

    duplicates = np.tile(rng.standard_normal((2, 3)), (10, 1))
    found = np.linalg.lstsq(duplicates, duplicates @ theta, rcond=None)[0]
    assert condition_number(duplicates) == np.inf
    assert np.linalg.norm(found - theta) > 0.1

    for _ in range(100):
        square = rng.standard_normal((3, 3))
        found = np.linalg.lstsq(square, square @ theta, rcond=None)[0]
        kappa = np.linalg.cond(square) ** 2
        np.testing.assert_allclose(condition_number(square), kappa, rtol=1e-6)
        assert np.linalg.norm(found - theta) < 1e-13 * kappa
    checked(draws=100, tolerance=1e-6)
