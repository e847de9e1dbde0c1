"""What chapter 47 states, with features built by other means."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss

from lttutor import steps, theory
from lttutor.loop import generate

SEEDS = range(5)


def monomials(x):
    """All products of at most two coordinates, by enumeration."""
    padded = np.concatenate([np.ones_like(x[..., :1]), x], -1)
    pairs = combinations_with_replacement(range(padded.shape[-1]), 2)
    return np.stack([padded[..., i] * padded[..., j] for i, j in pairs], -1)


def gaussian_points(d, nodes=4):
    """Quadrature that is exact for Gaussian moments up to order 7."""
    point, weight = hermegauss(nodes)
    grid = np.stack(np.meshgrid(*[point] * d, indexing="ij"), -1)
    weights = np.stack(np.meshgrid(*[weight / weight.sum()] * d,
                                   indexing="ij"), -1).prod(-1)
    return grid.reshape(-1, d), weights.ravel()


def whitened(x):
    """Orthonormal quadratic features, from the exact second moment."""
    grid, weights = gaussian_points(x.shape[-1])
    phi = monomials(grid)
    Sigma = (phi.T * weights) @ phi
    return monomials(x) @ np.linalg.inv(np.linalg.cholesky(Sigma)).T


@pytest.mark.claim("B-quadratic-kappa")
def test_kappa_of_monomials_is_half_the_squared_root(checked):
    """The exact prompt: quadrature points, scaled by their weights' roots."""
    checked(draws=5, tolerance=1e-9)
    for d in (1, 2, 3, 4, 5):
        grid, weights = gaussian_points(d)
        exact = np.sqrt(weights)[:, None] * monomials(grid)
        kappa = theory.condition_number(exact)
        large = np.roots([1, -(d + 3), 2]).max()
        assert np.isclose(kappa, large**2 / 2, rtol=1e-9)
        assert (d + 2) ** 2 / 2 < kappa < (d + 3) ** 2 / 2
        exact = np.sqrt(weights)[:, None] * whitened(grid)
        assert np.isclose(theory.condition_number(exact), 1, rtol=1e-9)


@pytest.mark.claim("B-linear-leaves")
def test_linear_features_leave_the_quadratic_part(checked):
    checked(draws=5, tolerance=0.15)
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x, fresh = rng.standard_normal((2, 6000, 3))
        H, b = rng.standard_normal((3, 3)), rng.standard_normal(3)
        f = lambda x: np.einsum("ni,ij,nj->n", x, H, x) + x @ b
        linear = lambda x: np.column_stack([np.ones(len(x)), x])
        L = np.linalg.norm(linear(x), 2) ** 2
        v = generate(linear(x), f(x), 1.0, steps.constant_steps(L, 300))[-1]
        # The variance of xᵀHx is half the squared norm of H + Hᵀ.
        quadratic = np.sum((H + H.T) ** 2) / 2
        left = np.mean((linear(fresh) @ v - f(fresh)) ** 2)
        assert np.isclose(left, quadratic, rtol=0.15)


@pytest.mark.claim("B-basis-is-preconditioner")
def test_the_orthonormal_basis_is_the_inverse_moment_as_preconditioner(
        checked):
    checked(draws=5, tolerance=1e-8)
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x, fresh = rng.standard_normal((2, 40, 3))
        y, eta = rng.standard_normal(40), rng.uniform(0.001, 0.01, 12)
        grid, weights = gaussian_points(3)
        A = np.linalg.inv((monomials(grid).T * weights) @ monomials(grid))
        phi, theta = monomials(x), np.zeros(10)
        for step in eta:
            theta = theta - step * A @ phi.T @ (phi @ theta - y)
        v = generate(whitened(x), y, 1.0, eta)[-1]
        np.testing.assert_allclose(whitened(fresh) @ v,
                                   monomials(fresh) @ theta, atol=1e-8)


@pytest.mark.claim("B-squared-scores")
def test_squared_scores_answer_like_quadratic_features(checked):
    checked(draws=5, tolerance=1e-8)
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        d = 2 + seed % 3
        x, query = rng.standard_normal((30, d)), rng.standard_normal((7, d))
        y, eta = rng.standard_normal(30), rng.uniform(0.001, 0.01, 12)
        rows = np.concatenate([x, query])
        dot, size = rows @ x.T, (rows**2).sum(1)
        k = 1 + dot + (dot**2 - size[:, None] - size[:30] + d) / 2
        state = np.concatenate([y, np.zeros(7)])
        for step in eta:
            state = state - step * k @ state[:30]
        v = generate(whitened(x), y, 1.0, eta)[-1]
        np.testing.assert_allclose(-state[30:], whitened(query) @ v,
                                   atol=1e-8)


@pytest.mark.claim("P1-next-quadratic")
def test_quadratic_functions_are_learned_and_the_basis_sets_the_pace(checked):
    checked(draws=150)
    d, p = 4, 15
    for seed in range(3):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((50, 4 * p, d))
        w = rng.standard_normal((50, p, 1))
        y = (whitened(x) @ w)[..., 0]
        fresh = rng.standard_normal((50, 100, d))
        truth = whitened(fresh) @ w
        error = {}
        for phi in (monomials, whitened):
            L = np.linalg.norm(phi(x), 2, axis=(1, 2)) ** 2
            v = generate(phi(x), y, 1.0, steps.constant_steps(L, 300))
            error[phi] = [np.median(np.sqrt(np.mean(
                (phi(fresh) @ v[t][..., None] - truth) ** 2, (1, 2))))
                for t in (0, 100, 300)]
        assert error[whitened][2] < 1e-6 * error[whitened][0]
        assert error[monomials][2] < 1e-2 * error[monomials][0]
        assert error[whitened][1] < error[monomials][1] / 10
