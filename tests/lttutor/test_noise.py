"""The risk of noisy labels, against estimators built as matrices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lttutor.loop import generate
from lttutor.theory import (
    noise_floor,
    noisy_risk,
    residual_polynomial,
    ridge_residual,
    spectrum,
)


def risk_of(M, X, theta, noise):
    """E ‖M(Xθ + νξ) - θ‖², term by term."""
    bias = M @ (X @ theta) - theta
    return bias @ bias + noise**2 * np.sum(M**2)


@given(st.integers(1, 7), st.integers(1, 5), st.floats(0, 3),
       st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_the_risk_of_the_loop_is_that_of_its_matrix(n, d, noise, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    theta = rng.standard_normal(d)
    theta /= np.linalg.norm(theta)
    steps = rng.uniform(0, 1, 6) / np.linalg.norm(X, 2) ** 2
    maps = generate(np.broadcast_to(X, (n, n, d)), np.eye(n), 1.0, steps)
    V = np.linalg.svd(X)[2][::-1]
    p = residual_polynomial(spectrum(X), steps)
    p = np.where(spectrum(X) == 0, 1, p)
    np.testing.assert_allclose(
        noisy_risk(spectrum(X), p, noise, c=V @ theta),
        [risk_of(M.T, X, theta, noise) for M in maps], rtol=1e-9, atol=1e-9)


def test_ridge_leaves_what_the_normal_equations_leave():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((9, 4))
    values, V = np.linalg.eigh(X.T @ X)
    for penalty in (0.1, 1.0, 30.0):
        M = np.linalg.solve(X.T @ X + penalty * np.eye(4), X.T @ X)
        np.testing.assert_allclose(
            1 - np.diag(V.T @ M @ V), ridge_residual(values, penalty),
            rtol=1e-12)


def test_without_c_the_risk_is_the_mean_over_the_sphere():
    values, p = np.array([1.0, 2.0, 7.0]), np.array([0.9, 0.5, 0.1])
    basis = [noisy_risk(values, p, 0.7, c=e) for e in np.eye(3)]
    assert noisy_risk(values, p, 0.7) == pytest.approx(np.mean(basis))


def test_batches_of_prompts_and_of_loops_broadcast():
    values = np.arange(1.0, 7.0).reshape(2, 3)
    p = np.full((5, 2, 3), 0.5)
    assert noisy_risk(values, p, 1.0).shape == (5, 2)
    assert noise_floor(np.array([5, 9]), 3, 1.0).tolist() == [3.0, 0.6]


def test_bad_input_is_refused_by_name():
    with pytest.raises(ValueError, match="^eigenvalues: expected none neg"):
        noisy_risk([-1.0], [0.5], 1.0)
    with pytest.raises(ValueError, match="^residual: expected 1 where"):
        noisy_risk([0.0, 1.0], [0.5, 0.5], 1.0)
    with pytest.raises(ValueError, match="^residual: expected"):
        noisy_risk([1.0, 2.0], [0.5], 1.0)
    with pytest.raises(ValueError, match="^noise: expected"):
        noisy_risk([1.0], [0.5], -1.0)
    with pytest.raises(ValueError, match="^penalty: expected"):
        ridge_residual([1.0], 0.0)
    with pytest.raises(ValueError, match="^eigenvalues: expected none neg"):
        ridge_residual([-1.0], 1.0)
    with pytest.raises(ValueError, match="^n: expected at least d"):
        noise_floor(3, 4, 1.0)


@pytest.mark.filterwarnings("error")
def test_ridge_is_right_at_every_size():
    assert ridge_residual([1e308], 1e308) == 0.5
    assert ridge_residual([0.0, 1.0], 5e-324).tolist() == [1, 0]
    single = ridge_residual(np.float32([0, 1]), 1e-60)
    assert single.dtype == np.float32 and single.tolist() == [1, 0]
