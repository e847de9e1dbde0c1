"""Evidence for the claims of chapter 43: noisy labels."""

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize

from lttutor.attention import generation_weights, last_row_mask, prompt_matrix
from lttutor.flattening import (
    all_rows_mask,
    moving_solution,
    moving_weights,
    spectrum_map,
)
from lttutor.loop import generate, looped_transformer
from lttutor.steps import constant_steps
from lttutor.symbolic import symbolic_loop
from lttutor.tasks import gaussian_task, spectrum_task
from lttutor.theory import (
    noise_floor,
    noisy_risk,
    residual_polynomial,
    ridge_residual,
)


def as_matrix(solve, X, *arguments):
    """The d × n matrix of a method that is linear in the labels."""
    n = len(X)
    return np.array([solve(X, label, *arguments) for label in np.eye(n)]).T


def risk_of(M, X, theta, noise):
    """E ‖M(Xθ + νξ) - θ‖² over the noise, for a method v = My."""
    return (np.linalg.norm(M @ (X @ theta) - theta) ** 2
            + noise**2 * np.sum(M**2))


def mean_risk_of(M, X, noise):
    """The same, averaged over θ* on the unit sphere."""
    d = X.shape[1]
    return (np.linalg.norm(M @ X - np.eye(d)) ** 2 / d
            + noise**2 * np.sum(M**2))


def ridge(X, y, penalty):
    return np.linalg.solve(X.T @ X + penalty * np.eye(X.shape[1]), X.T @ y)


@pytest.mark.claim("B-noise-risk")
def test_two_symbolic_loops_have_the_risk_of_the_theorem(checked):
    s, c, x = (sp.Matrix(sp.symbols(f"{name}1:3")) for name in ("s", "c", "x"))
    nu, a, e1, e2 = sp.symbols("nu alpha e1 e2")
    Z = sp.Matrix([[s[0], 0, s[0] * c[0] + nu * x[0]],
                   [0, s[1], s[1] * c[1] + nu * x[1]], [0, 0, a]])
    v = -symbolic_loop(Z, [e1, e2], *generation_weights(2),
                       last_row_mask(2))[-1][2, :2]
    for i in range(2):
        p = (1 - e1 * s[i] ** 2) * (1 - e2 * s[i] ** 2)
        claimed = a * (1 - p) * (c[i] + nu * x[i] / s[i])
        assert sp.cancel(v[i] - claimed) == 0
    checked(proof=True)


@pytest.mark.claim("B-noise-risk")
def test_the_literal_loops_sampled_risk_is_the_formula(checked):
    rng = np.random.default_rng(0)
    task = gaussian_task(12, 4, rng=rng)
    values, V = np.linalg.eigh(task.X.T @ task.X)
    steps, noise, alpha, draws = constant_steps(values[-1], 12), 0.7, 1.7, 6000
    labels = task.y + noise * rng.standard_normal((draws, 12))
    Z = prompt_matrix(np.broadcast_to(task.X, (draws, 12, 4)), labels, alpha)
    v = -looped_transformer(Z, steps, *generation_weights(4),
                            last_row_mask(12))[..., -1, :4]
    sampled = ((v - alpha * task.theta) ** 2).sum(-1) / alpha**2
    predicted = noisy_risk(values, residual_polynomial(values, steps), noise,
                           c=V.T @ task.theta)
    error = 5 * sampled.std(axis=1) / np.sqrt(draws)
    assert (abs(sampled.mean(axis=1) - predicted) <= error + 1e-12).all()
    checked(draws=draws, tolerance=0.07)


@pytest.mark.claim("B-noise-floor")
def test_least_squares_has_the_floor_in_both_errors(checked):
    rng = np.random.default_rng(1)
    for n, d in [(12, 4), (40, 4), (40, 20)]:
        task = gaussian_task(n, d, batch=4000, noise=0.5, rng=rng)
        v = (np.linalg.pinv(task.X) @ task.y[..., None])[..., 0]
        vector = ((v - task.theta) ** 2).sum(-1)
        value = (np.sum(v * task.theta, axis=-1) - 1) ** 2
        floor = noise_floor(n, d, 0.5)
        assert floor == pytest.approx(d / 4 / (n - d - 1))
        for sample, mean in ((vector, floor), (value, floor / d)):
            error = 5 * sample.std() / np.sqrt(4000)
            assert abs(sample.mean() - mean) < error < 0.25 * mean
    checked(draws=12_000, tolerance=0.25)


@pytest.mark.claim("B-noise-floor")
def test_the_mean_of_an_inverse_chi_square_diverges_below_three(checked):
    x = sp.Symbol("x", positive=True)
    for k in (1, 2, 3, 5, 8):
        density = x ** (sp.Rational(k, 2) - 1) * sp.exp(-x / 2) / (
            2 ** sp.Rational(k, 2) * sp.gamma(sp.Rational(k, 2)))
        mean = sp.integrate(density / x, (x, 0, sp.oo))
        assert mean == (sp.oo if k <= 2 else sp.Rational(1, k - 2))
        if k in (1, 2):
            assert noise_floor(9 + k, 10, 1.0) == np.inf
        else:
            assert noise_floor(9 + k, 10, 1.0) == 10 / (k - 2)
    checked(proof=True)


@pytest.mark.claim("B-ridge-best")
def test_no_method_linear_in_the_labels_beats_ridge(checked):
    """A minimizer of the mean risk over all d × n matrices ends at ridge's."""
    rng = np.random.default_rng(2)
    for _ in range(10):
        n, d = int(rng.integers(1, 7)), int(rng.integers(1, 5))
        X, noise = rng.standard_normal((n, d)), rng.uniform(0.3, 2)
        values = np.linalg.eigvalsh(X.T @ X).clip(0)
        values[:max(d - n, 0)] = 0
        best = noisy_risk(values, ridge_residual(values, d * noise**2), noise)
        found = minimize(
            lambda B: mean_risk_of(B.reshape(d, n), X, noise),
            rng.standard_normal(d * n), method="BFGS")
        assert found.fun == pytest.approx(best, rel=1e-6)
        penalized = as_matrix(ridge, X, d * noise**2)
        assert abs(found.x.reshape(d, n) - penalized).max() < 1e-3
        for _ in range(20):
            other = penalized + 0.1 * rng.standard_normal((d, n))
            assert mean_risk_of(other, X, noise) > best
    checked(draws=200, tolerance=1e-6)


@pytest.mark.claim("B-early-stopping")
def test_early_stopping_is_within_its_factor_of_ridge(checked):
    """Risks from the matrices of both methods, on arbitrary prompts."""
    rng = np.random.default_rng(3)
    worst = 0.0
    for _ in range(60):
        n, d = int(rng.integers(2, 12)), int(rng.integers(1, 6))
        X = rng.standard_normal((n, d)) * rng.uniform(0.1, 3, d)
        theta = rng.standard_normal(d)
        theta /= np.linalg.norm(theta)
        noise = 10 ** rng.uniform(-1, 1.5)
        L, T = np.linalg.norm(X, 2) ** 2, int(rng.integers(1, 30))
        x = np.linspace(1e-9, T, 200_001)
        constant = np.max((1 + x) / x * (1 - (1 - x / T) ** T)) ** 2
        assert constant <= 4 + 1e-9
        loop = as_matrix(lambda X, y: generate(
            X, y, 1.0, constant_steps(L, T))[-1], X)
        penalized = as_matrix(ridge, X, L / T)
        ratio = (risk_of(loop, X, theta, noise)
                 / risk_of(penalized, X, theta, noise))
        assert ratio <= constant * (1 + 1e-6)
        worst = max(worst, ratio)
    assert worst > 1.2
    checked(draws=60, tolerance=1e-6)


@pytest.mark.claim("P1-next-noise")
def test_the_best_number_of_loops_is_finite_and_near_ridge(checked):
    """Sampled: labels are drawn, loops are run, nothing is predicted."""
    rng = np.random.default_rng(4)
    for n, noise, low, high in [(40, 1.0, 2, 4), (40, 0.5, 7, 14),
                                (40, 0.25, 20, 45), (80, 1.0, 3, 5)]:
        task = gaussian_task(n, 20, batch=1500, noise=noise, rng=rng)
        L = np.linalg.norm(task.X, 2, axis=(1, 2)) ** 2
        v = generate(task.X, task.y, 1.0, constant_steps(L, 250))
        risk = ((v - task.theta) ** 2).sum(-1).mean(-1)
        XT = np.swapaxes(task.X, 1, 2)
        penalized = np.linalg.solve(
            XT @ task.X + 20 * noise**2 * np.eye(20),
            XT @ task.y[..., None])[..., 0]
        least = ((penalized - task.theta) ** 2).sum(-1).mean()
        assert low <= risk.argmin() <= high
        assert least < risk.min() < 1.1 * least
        end = 20 * noise**2 / (n - 21)
        assert risk[-1] == pytest.approx(end, rel=0.1)
    checked(draws=6000, tolerance=0.1)


@pytest.mark.claim("B-finite-loops")
def test_near_the_end_the_risk_is_below_its_limit(checked):
    """From the matrices of the loop and of the pseudoinverse."""
    rng = np.random.default_rng(8)
    tried = 0
    while tried < 40:
        n, d = int(rng.integers(2, 12)), int(rng.integers(2, 6))
        X = rng.standard_normal((n, d))
        theta = rng.standard_normal(d)
        theta /= np.linalg.norm(theta)
        noise = 10 ** rng.uniform(-1, 1)
        values = np.linalg.svd(X, compute_uv=False) ** 2
        # So many loops that the slowest residual is a hundredth of what
        # the proof allows.
        small = 0.01 * noise**2 / (values[0] + noise**2)
        shorter = rng.choice([1.0, rng.uniform(0.3, 1)])
        T = int(np.ceil(
            np.log(small) / np.log1p(-shorter * values[-1] / values[0])))
        if T > 5000:
            continue
        tried += 1
        loop = as_matrix(lambda X, y: generate(
            X, y, 1.0, shorter * constant_steps(values[0], T))[-1], X)
        end = risk_of(np.linalg.pinv(X), X, theta, noise)
        assert risk_of(loop, X, theta, noise) < end
    checked(draws=40)


@pytest.mark.claim("B-moving-noise")
def test_the_moving_machine_fits_its_residuals_share_of_any_labels(checked):
    rng = np.random.default_rng(5)
    for _ in range(20):
        n, d = int(rng.integers(1, 9)), int(rng.integers(1, 6))
        X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
        query = rng.standard_normal(d)
        steps = rng.uniform(0, 2, 6) / np.linalg.norm(X, 2) ** 2
        answer = -looped_transformer(
            prompt_matrix(X, y, 0.0, query), steps, *moving_weights(d),
            all_rows_mask(n))[:, n, d]
        U, s, Vt = np.linalg.svd(X, full_matrices=False)
        share = 1 - spectrum_map(s, steps)[1]
        np.testing.assert_allclose(
            answer, (share * (U.T @ y) / s) @ (Vt @ query), atol=1e-9)
    checked(draws=20, tolerance=1e-9)


@pytest.mark.claim("B-noise-stops")
def test_growing_steps_stop_within_a_dozen_loops_near_ridge(checked):
    rng = np.random.default_rng(6)
    d = 12
    task = spectrum_task(40 * np.geomspace(1e-4, 1, d), 30, rng=rng)
    X = task.X
    moving = as_matrix(lambda X, y: moving_solution(
        X, y, (9 / 4) ** np.arange(18) / 40).ravel(), X)
    moving = moving.reshape(19, d, -1)
    for noise in (0.01, 0.1, 1.0):
        risks = [mean_risk_of(M, X, noise) for M in moving]
        least = mean_risk_of(as_matrix(ridge, X, d * noise**2), X, noise)
        assert np.argmin(risks) <= 13
        assert least <= min(risks) < 1.1 * least
        assert risks[-1] > 1.1 * least
    slow = [mean_risk_of(as_matrix(
        lambda X, y, T: generate(X, y, 1.0, constant_steps(40.0, T))[-1],
        X, T), X, 0.1) for T in (20, 60, 180, 540)]
    assert np.argmin(slow) in (1, 2)
    checked(draws=1, tolerance=0.1)


@pytest.mark.claim("B-projection")
def test_without_a_true_vector_the_loop_finds_the_projection(checked):
    """E[(x₁³/2) x₁] = 3/2 and E[(x₁² - 1)/2 · x₁] = 0, by a large sample."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((40, 4000, 3))
    theta = np.array([0.6, -0.8, 0.0])
    L = np.linalg.norm(X, 2, axis=(1, 2)) ** 2
    for bend, shift in [(lambda x: x**3 / 2, 1.5),
                        (lambda x: (x**2 - 1) / 2, 0.0)]:
        y = X @ theta + bend(X[..., 0])
        v = generate(X, y, 1.0, constant_steps(L, 60))[-1]
        expected = theta + [shift, 0, 0]
        assert (abs(v.mean(axis=0) - expected) < 0.05).all()
    checked(draws=160_000, tolerance=0.05)
