"""Evidence for the claims of chapters 31 to 34: the trained loop."""

from fractions import Fraction
from math import comb, prod

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq, minimize, minimize_scalar

from lttutor import learning
from lttutor.attention import prompt_matrix
from lttutor.loop import looped_transformer

SEEDS = range(5)


def literal_predictions(X, y, x, A, loops, u=0):
    """The model of Gatmiry et al. in rows: all rows read the examples."""
    n, d = X.shape[-2:]
    Q, P = np.zeros((2, d + 1, d + 1))
    Q[:d, :d], P[d, d], P[:d, d] = A.T, 1, u
    mask = np.ones((n + 1, n + 1))
    mask[:, n] = 0
    states = looped_transformer(
        prompt_matrix(X, y, 0.0, x), np.full(loops, 1 / n), Q, P, mask)
    return -states[-1, ..., n, d]


def scalar_slope(a, eigenvalues, loops):
    """h'(a) of h(a) = E tr (I - aW)^{2T}, and its standard error."""
    terms = (-2 * loops * eigenvalues
             * (1 - a * eigenvalues) ** (2 * loops - 1)).sum(axis=-1)
    return terms.mean(), terms.std() / np.sqrt(len(terms))


def skewed_problem(d, rng):
    """A matrix A near Σ⁻¹ that is not symmetric, Σ, and a root of Σ."""
    root = np.eye(d) + 0.4 * rng.standard_normal((d, d)) / np.sqrt(d)
    covariance = root @ root.T
    A = np.linalg.inv(covariance) @ (
        0.7 * np.eye(d) + 0.3 * rng.standard_normal((d, d)) / np.sqrt(d))
    return A, covariance, root


def best_scale_of(moments, loops):
    """The scale that is best for these very prompts."""
    eigenvalues = np.linalg.eigvalsh(moments)
    return brentq(
        lambda a: scalar_slope(a, eigenvalues, loops)[0], 0, 2)


@pytest.mark.claim("P2-implements-pgd")
def test_the_model_runs_preconditioned_descent(checked):
    rng = np.random.default_rng(0)
    for _ in range(50):
        n, d, T = rng.integers(1, 7, size=3)
        X, w, x = (rng.standard_normal(s) for s in ((n, d), d, d))
        A = rng.standard_normal((d, d)) / 4
        theta, moments = np.zeros(d), X.T @ X / n
        for _ in range(T):
            theta = theta - A.T @ (moments @ (theta - w))
        found = literal_predictions(X, X @ w, x, A, T)
        np.testing.assert_allclose(
            found, theta @ x, rtol=1e-9, atol=1e-9 * np.linalg.norm(theta))
    checked(draws=50, tolerance=1e-9)


@pytest.mark.claim("P2-implements-pgd")
def test_the_loss_is_the_transformers_mean_squared_error(checked):
    """Paired with the exact average over w and x, within 4 standard errors."""
    rng = np.random.default_rng(1)
    n, d, T, draws = 12, 3, 2, 20_000
    A = np.array([[0.7, 0.2, 0.0], [-0.1, 0.5, 0.1], [0.0, 0.0, 0.6]])
    X = rng.standard_normal((draws, n, d))
    w, x = rng.standard_normal((2, draws, d))
    y = np.einsum("bnd,bd->bn", X, w)
    error = literal_predictions(X, y, x, A, T) - np.einsum("bd,bd->b", w, x)
    moments = np.swapaxes(X, 1, 2) @ X / n
    difference = error**2 - learning.prompt_losses(A, moments, T)
    assert abs(difference.mean()) < 4 * difference.std() / np.sqrt(draws)
    checked(draws=draws)


@pytest.mark.claim("P2-minimiser")
@pytest.mark.parametrize("n, d, T", [(50, 5, 1), (50, 5, 4), (20, 5, 2),
                                     (100, 10, 3)])
def test_the_best_scale_is_the_zero_of_the_slope(n, d, T, checked):
    a = learning.optimal_scale(n, d, T)
    rng = np.random.default_rng(2)
    X = rng.standard_normal((20_000, n, d))
    eigenvalues = np.linalg.svd(X, compute_uv=False) ** 2 / n
    below, _ = scalar_slope(a - 0.02, eigenvalues, T)
    slope, error = scalar_slope(a, eigenvalues, T)
    above, _ = scalar_slope(a + 0.02, eigenvalues, T)
    assert below < 0 < above
    assert abs(slope) < 4 * error
    if T == 1:
        np.testing.assert_allclose(a, n / (n + d + 1), rtol=1e-12)
    checked(draws=20_000)


@pytest.mark.claim("P2-minimiser")
@pytest.mark.parametrize("seed", range(5))
def test_training_finds_the_best_scale_times_the_inverse_covariance(
        seed, checked):
    covariance = np.diag([1.0, 2.0, 4.0]) + 0.3
    run = learning.train(
        40, 3, 2, covariance=covariance, iterations=400,
        rng=np.random.default_rng(seed))
    root = np.linalg.cholesky(covariance)
    whitened = root.T @ run.A @ root
    a = learning.optimal_scale(40, 3, 2)
    assert np.linalg.norm(whitened - a * np.eye(3), 2) < 0.03
    assert np.linalg.norm(whitened - np.eye(3), 2) > 0.06
    checked(draws=1, tolerance=0.03)


@pytest.mark.claim("P2-minimiser")
def test_no_random_symmetric_matrix_has_a_smaller_loss(checked):
    rng = np.random.default_rng(3)
    moments = learning.second_moments(20, 4, batch=20_000, rng=rng)
    best = learning.prompt_losses(
        learning.optimal_scale(20, 4, 3) * np.eye(4), moments, 3)
    for size in np.repeat([0.01, 0.03, 0.1, 0.3], 10):
        B = rng.standard_normal((4, 4))
        A = learning.optimal_scale(20, 4, 3) * np.eye(4) + size * (B + B.T)
        excess = learning.prompt_losses(A, moments, 3) - best
        assert excess.mean() > -4 * excess.std() / np.sqrt(len(excess))
    checked(draws=40)


@pytest.mark.claim("P2-dominance")
def test_the_dominance_ratio_at_scalars_is_the_closed_form(checked):
    """At n = ∞ it is 4T² d^{-(T-1)/T}: above 1/16, but not for every d."""
    for d, T in [(5, 2), (10, 3), (10, 5)]:
        identity = np.eye(d)[None]
        for a in (0.0, 0.3, 0.8):
            value, gradient = learning.loss_and_gradient(
                a * np.eye(d), identity, T)
            ratio = np.sum(gradient**2) / value ** ((2 * T - 1) / T)
            closed = 4 * T**2 * d ** (-(T - 1) / T)
            np.testing.assert_allclose(ratio, closed, rtol=1e-10)
            assert ratio > 1 / 16
    threshold = (64 * 3**2) ** (3 / 2)
    assert 4 * 9 * (1.01 * threshold) ** (-2 / 3) < 1 / 16
    checked(draws=9, tolerance=1e-10)


@pytest.mark.claim("P2-dominance")
def test_at_the_start_the_dominance_ratio_is_the_closed_form_for_every_n(
        checked):
    """A = 0: on prompts whose mean moment is I, and from exact moments."""
    rng = np.random.default_rng(19)
    for n, d, T in [(3, 5, 2), (8, 4, 3), (20, 10, 5)]:
        W = learning.second_moments(n, d, batch=40, rng=rng)
        values, V = np.linalg.eigh(W.mean(axis=0))
        root = (V / np.sqrt(values)) @ V.T
        value, gradient = learning.loss_and_gradient(
            np.zeros((d, d)), root @ W @ root, T)
        ratio = np.sum(gradient**2) / value ** ((2 * T - 1) / T)
        closed = 4 * T**2 * d ** (-(T - 1) / T)
        np.testing.assert_allclose(ratio, closed, rtol=1e-10)
        assert learning.trace_moments(n, d, 1) == [d, n * d]  # E Σ̂ = I
    checked(draws=3, tolerance=1e-10)


@pytest.mark.claim("P2-flow")
@pytest.mark.parametrize("T", [2, 3])
def test_the_time_at_finite_n_tends_to_that_of_the_solvable_limit(T, checked):
    """∫ d/|h'| da from exact moments, to the loss ξ = 0.02; and the longer
    the time the smaller ξ, beyond what the reported exponent allows."""
    d = 4
    power, reported = (T - 1) / T, (T - 1) / (2 * T - 1)

    def time(n, xi):
        moments = [Fraction(m, n**k) for k, m in enumerate(
            learning.trace_moments(n, d, 2 * T))]
        h = np.polynomial.Polynomial([
            float(comb(2 * T, k) * (-1) ** k * m)
            for k, m in enumerate(moments)])
        end = brentq(lambda a: h(a) - xi, 0, learning.optimal_scale(n, d, T))
        slope = h.deriv()
        return quad(lambda a: -d / slope(a), 0, end, limit=200)[0]

    def limit(xi):
        return ((d / xi) ** power - 1) / (4 * T * (T - 1))

    gaps = [abs(time(n, 0.02) / limit(0.02) - 1)
            for n in (1000, 10_000, 100_000)]
    assert gaps[0] > 5 * gaps[1] > 25 * gaps[2] and gaps[2] < 1e-3
    found = [time(10**6, xi) * xi**reported for xi in (1e-1, 1e-2, 1e-3)]
    grow = 10 ** (power - reported)
    assert found[1] > 0.9 * grow * found[0]
    assert found[2] > 0.9 * grow * found[1]
    checked(draws=6, tolerance=1e-3)


@pytest.mark.claim("P2-dominance")
@pytest.mark.parametrize("T", [2, 3, 5])
def test_along_the_flow_of_a_finite_sample_dominance_holds_until_the_end(
        T, checked):
    """d = 10, n = 100, from zero and from a random matrix, integrated."""
    rng = np.random.default_rng(20 + T)
    W = learning.second_moments(100, 10, batch=60, rng=rng)
    G = rng.standard_normal((10, 10))

    def both(x):
        value, gradient = learning.loss_and_gradient(
            x.reshape(10, 10), W, T)
        return value, (gradient + gradient.T).ravel() / 2

    def velocity(_, x):
        return -both(x)[1]

    for start in (np.zeros(100), 0.1 * (G + G.T).ravel()):
        path = solve_ivp(velocity, (0, 100), start, rtol=1e-6, atol=1e-8,
                         t_eval=np.r_[0, np.geomspace(1e-3, 100, 30)])
        found = [both(x) for x in path.y.T]
        values = np.array([value for value, _ in found])
        ratios = np.array([np.sum(gradient**2) for _, gradient in found]) / (
            values ** ((2 * T - 1) / T))
        assert (ratios[values > 1.02 * values.min()] > 1 / 16).all()
        assert ratios[-1] < 1 / 16
    checked(draws=2)


@pytest.mark.claim("P2-flow")
@pytest.mark.parametrize("T", [2, 3, 5])
def test_the_flows_time_grows_with_exponent_T_minus_1_over_T(T, checked):
    """n = ∞, d = 1: time to reach loss ξ, by integrating the package's flow."""
    identity = np.ones((1, 1, 1))
    grid = np.geomspace(1, 1e-3, 4001)          # 1 - a
    slopes = np.array([
        learning.loss_and_gradient(
            np.array([[1 - g]]), identity, T)[1][0, 0] for g in grid])
    time = np.concatenate([[0], np.cumsum(
        np.diff(-grid) * (1 / -slopes[1:] + 1 / -slopes[:-1]) / 2)])
    late = slice(2000, None)
    exponent = -np.polyfit(
        np.log(grid[late] ** (2 * T)), np.log(time[late]), 1)[0]
    assert abs(exponent - (T - 1) / T) < 0.01
    assert abs(exponent - (T - 1) / (2 * T - 1)) > 0.1
    checked(draws=1, tolerance=0.01)


@pytest.mark.claim("P2-ood")
def test_the_spectrum_decides_which_prompts_converge(checked):
    rng = np.random.default_rng(4)
    A = np.diag([1.0, 0.5, 0.25])
    seen = {True: 0, False: 0}
    for _ in range(60):
        X = rng.standard_normal((12, 3)) * rng.uniform(0.5, 2.2, 3)
        w, x = rng.standard_normal((2, 3))
        inside = bool(np.linalg.eigvals(X.T @ X / 12 @ A).real.max() < 2)
        error = [abs(literal_predictions(X, X @ w, x, A, T) - w @ x)
                 for T in (40, 120)]
        assert (error[1] < error[0]) == inside
        seen[inside] += 1
    assert min(seen.values()) >= 5
    checked(draws=60)


@pytest.mark.claim("P2-more-loops")
@pytest.mark.claim("B-mean-diverges")
def test_more_loops_help_the_median_and_destroy_the_mean(checked):
    """d = 10, n = 40, trained for two loops, tested with up to twenty."""
    moments = learning.second_moments(
        40, 10, batch=20_000, rng=np.random.default_rng(5))
    A = learning.optimal_scale(40, 10, 2) * np.eye(10)
    losses = [learning.prompt_losses(A, moments, T) for T in (2, 5, 10, 20)]
    medians = [np.median(values) for values in losses]
    means = [np.mean(values) for values in losses]
    assert medians[0] > medians[1] > medians[2] > medians[3]
    assert means[0] > means[1] and means[3] > 5 * means[1]
    checked(draws=20_000)


@pytest.mark.claim("B-mean-diverges")
def test_the_exact_mean_grows_without_bound_even_at_large_n(checked):
    """E tr(I - aW)^{2T} for d = 1 from chi-square moments: always explodes."""
    for n in (10, 20):
        a = learning.optimal_scale(n, 1, 2)
        exact = [learning.scalar_loss(a, n, 1, T) for T in (2, 20, 40)]
        by_hand = []
        for T in (2, 20, 40):
            total, moment = Fraction(0), Fraction(1)
            for k in range(2 * T + 1):
                total += comb(2 * T, k) * (-Fraction(a) / n) ** k * moment
                moment *= n + 2 * k
            by_hand.append(float(total))
        np.testing.assert_allclose(exact, by_hand, rtol=1e-8)
        assert exact[2] > 1e3 * exact[1]
    checked(draws=6, tolerance=1e-8)


@pytest.mark.claim("B-saddle")
def test_a_rotation_lowers_the_loss_at_the_best_scale(checked):
    """d = 2, T = 2, paired on common draws; and it does not at n = 10."""
    J = np.array([[0.0, 1.0], [-1.0, 0.0]])
    rng = np.random.default_rng(6)
    for n, helps in [(200, True), (10, False)]:
        W = learning.second_moments(n, 2, batch=200_000, rng=rng)
        a = learning.optimal_scale(n, 2, 2)
        gain = (learning.prompt_losses(a * np.eye(2), W, 2)
                - learning.prompt_losses(
                    a * np.eye(2) + J / np.sqrt(n), W, 2))
        error = gain.std() / np.sqrt(len(gain))
        assert gain.mean() > 3 * error if helps else gain.mean() < -3 * error
    checked(draws=200_000)


@pytest.mark.claim("B-saddle")
def test_no_symmetric_direction_lowers_the_loss_at_the_best_scale(checked):
    rng = np.random.default_rng(7)
    W = learning.second_moments(200, 2, batch=200_000, rng=rng)
    a = learning.optimal_scale(200, 2, 2)
    base = learning.prompt_losses(a * np.eye(2), W, 2)
    for H in (np.diag([1.0, -1.0]), np.array([[0, 1.0], [1.0, 0]])):
        excess = learning.prompt_losses(a * np.eye(2) + 0.05 * H, W, 2) - base
        assert excess.mean() > 3 * excess.std() / np.sqrt(len(excess))
    checked(draws=200_000)


@pytest.mark.claim("B-population-loss")
@pytest.mark.parametrize("T", [1, 2, 5])
def test_the_loss_is_the_exact_average_over_the_hidden_vector(T, checked):
    """The literal layer errs by a form in w and x, affine in w through u:
    basis vectors give it completely, and Gaussian averages are traces."""
    rng = np.random.default_rng(8)
    for n, d in [(2, 3), (7, 4), (9, 1)]:
        A, covariance, root = skewed_problem(d, rng)
        X, u = rng.standard_normal((n, d)) @ root.T, rng.standard_normal(d)
        ask = [literal_predictions(
            X, np.zeros(n), x, A, T, u) for x in np.eye(d)]
        constant = np.array(ask)                    # the error at w = 0
        error = np.array([[
            literal_predictions(X, X @ w, x, A, T, u) - w @ x
            for x in np.eye(d)] for w in np.eye(d)]) - constant
        by_hand = np.trace(
            np.linalg.inv(covariance) @ error @ covariance @ error.T)
        [value] = learning.prompt_losses(
            A, [X.T @ X / n], T, covariance)
        np.testing.assert_allclose(value, by_hand, rtol=1e-10)
        R = np.linalg.matrix_power(np.eye(d) - X.T @ X / n @ A, T)
        np.testing.assert_allclose(
            constant, -(R - np.eye(d)).T @ u, rtol=1e-9, atol=1e-10)
        assert constant @ covariance @ constant > 0
    checked(draws=3, tolerance=1e-9)


@pytest.mark.claim("B-whitening")
def test_every_covariance_gives_the_loss_of_the_identity(checked):
    rng = np.random.default_rng(9)
    for d in (1, 2, 5):
        A, covariance, _ = skewed_problem(d, rng)
        eigenvalues, V = np.linalg.eigh(covariance)
        half = (V * np.sqrt(eigenvalues)) @ V.T
        moments = learning.second_moments(
            8, d, covariance=covariance, batch=20, rng=rng)
        W = np.linalg.inv(half) @ moments @ np.linalg.inv(half)
        power = np.linalg.matrix_power(np.eye(d) - W @ half @ A @ half, 4)
        np.testing.assert_allclose(
            learning.prompt_losses(A, moments, 4, covariance),
            np.square(power).sum(axis=(1, 2)), rtol=1e-9)
    checked(draws=60, tolerance=1e-9)


@pytest.mark.claim("B-gradient")
@pytest.mark.parametrize("T", [1, 2, 3, 8])
def test_the_gradient_is_the_complex_step_derivative(T, checked):
    """Im ℓ(A + ihE)/h, with neither truncation nor cancellation."""
    rng, h = np.random.default_rng(10), 1e-30
    for d in (1, 2, 3, 5):
        A, covariance, _ = skewed_problem(d, rng)
        moments = learning.second_moments(
            d + 5, d, covariance=covariance, batch=3, rng=rng)

        def literal(A, moments=moments, covariance=covariance):
            power = np.linalg.matrix_power(np.eye(len(A)) - moments @ A, T)
            return np.mean([np.trace(np.linalg.solve(
                covariance, N @ covariance @ N.T)) for N in power])

        expected = np.array([[
            literal(A + 1j * h * np.outer(row, column)).imag / h
            for column in np.eye(d)] for row in np.eye(d)])
        value, gradient = learning.loss_and_gradient(
            A, moments, T, covariance)
        np.testing.assert_allclose(value, literal(A), rtol=1e-10)
        assert np.linalg.norm(gradient - expected) < (
            1e-9 * np.linalg.norm(expected))
    checked(draws=4, tolerance=1e-9)


@pytest.mark.claim("B-gradient-test")
def test_at_a_multiple_of_the_identity_three_wrong_gradients_pass(checked):
    """T equal terms, no transposes, N = I - AΣ̂: all right there only."""
    rng, T = np.random.default_rng(11), 3
    for d in (2, 4):
        W = learning.second_moments(20, d, batch=20, rng=rng)
        for A, passes in [(0.5 * np.eye(d), True),
                          (0.5 * np.eye(d) + 0.2 * rng.standard_normal(
                              (d, d)), False)]:
            N, M = np.eye(d) - W @ A, np.eye(d) - A @ W
            P, R = [[np.linalg.matrix_power(B, k) for k in range(T + 1)]
                    for B in (N, M)]
            turn = np.matrix_transpose
            slips = [W @ turn(P[T - 1]) @ P[T] * T,
                     sum(W @ P[k] @ P[T] @ P[T - 1 - k] for k in range(T)),
                     sum(W @ turn(R[k]) @ R[T] @ turn(R[T - 1 - k])
                         for k in range(T))]
            right = sum(W @ turn(P[k]) @ P[T] @ turn(P[T - 1 - k])
                        for k in range(T))
            _, gradient = learning.loss_and_gradient(A, W, T)
            scale = np.linalg.norm(gradient)
            off = [np.linalg.norm(-2 * terms.mean(axis=0) - gradient) / scale
                   for terms in (right, *slips)]
            assert off[0] < 1e-12
            assert all((value < 1e-12) == passes for value in off[1:])
            assert passes or min(off[1:]) > 1e-3
    checked(draws=4, tolerance=1e-12)


@pytest.mark.claim("B-schur")
def test_a_loss_is_at_least_the_sum_over_the_eigenvalues(checked):
    """‖N^T‖² ≥ Σ |β_i|^{2T}: strict in general, equal if N is symmetric."""
    rng = np.random.default_rng(12)
    for _ in range(100):
        d, T = (int(k) for k in rng.integers(2, 6, size=2))
        W = learning.second_moments(8, d, batch=(), rng=rng)
        for A, equal in [(rng.standard_normal((d, d)), False),
                         (0.7 * np.eye(d), True)]:
            least = np.sum(np.abs(
                np.linalg.eigvals(np.eye(d) - W @ A)) ** (2 * T))
            [value] = learning.prompt_losses(A, [W], T)
            assert value >= least * (1 - 1e-9)
            assert (value < least * (1 + 1e-9)) == equal
    checked(draws=200, tolerance=1e-9)


@pytest.mark.claim("B-convex")
def test_the_loss_without_sampling_is_strictly_convex_on_symmetric(checked):
    """ℓ(I - C) = tr C^{2T} for W = I: between two points, below the chord."""
    rng = np.random.default_rng(13)
    for _ in range(200):
        d, T = (int(k) for k in rng.integers(1, 6, size=2))
        B, C = (M + M.T for M in rng.standard_normal((2, d, d)))
        share = rng.uniform(0.2, 0.8)
        low, high, middle = (
            learning.loss(np.eye(d) - M, np.eye(d)[None], T)
            for M in (B, C, share * B + (1 - share) * C))
        assert middle < share * low + (1 - share) * high
        np.testing.assert_allclose(
            low, np.sum(np.linalg.eigvalsh(B) ** (2 * T)), rtol=1e-9)
    checked(draws=200, tolerance=1e-9)


@pytest.mark.claim("B-stays-scalar")
@pytest.mark.parametrize("T", [1, 2, 5])
def test_from_a_multiple_of_the_identity_the_flow_is_one_convex_slope(
        T, checked):
    """On a sample that no signed permutation changes, so without noise."""
    rng = np.random.default_rng(14)
    drawn = learning.second_moments(9, 2, batch=6, rng=rng)
    turns = [np.array(rows) * signs for rows in ([[1, 0], [0, 1]],
                                                 [[0, 1], [1, 0]])
             for signs in ([1, 1], [1, -1], [-1, 1], [-1, -1])]
    moments = np.concatenate([D @ drawn @ D.T for D in turns])
    eigenvalues = np.linalg.eigvalsh(moments)

    def slope(a):
        return scalar_slope(a, eigenvalues, T)[0]

    grid = np.linspace(-0.5, 1.5, 41)
    assert (np.diff([slope(a) for a in grid]) > 0).all()
    for a in grid:
        _, gradient = learning.loss_and_gradient(a * np.eye(2), moments, T)
        np.testing.assert_allclose(
            gradient, slope(a) / 2 * np.eye(2), rtol=0,
            atol=1e-11 * np.abs(gradient).max())
    best = brentq(slope, 0, 2)
    for a in (0.0, 1.2):
        A = a * np.eye(2)
        for _ in range(1500):
            # The flow of the root of the loss takes the same path.  Without
            # the symmetric part rounding grows to a rotation (chapter 34).
            value, G = learning.loss_and_gradient(A, moments, T)
            A = A - 0.1 * value ** (1 / T - 1) * learning.symmetric_part(G) / T
        assert np.abs(A - best * np.eye(2)).max() < 1e-3
    checked(draws=41, tolerance=1e-11)


@pytest.mark.claim("B-wishart-traces")
def test_trace_moments_of_two_by_two_match_gaussian_integration(checked):
    """Expand tr Sᵏ and put E x^{2m} = (2m-1)!! for every power of an entry."""
    entries = sp.symbols("a b c d")
    X = sp.Matrix(2, 2, entries)
    S, power = X.T * X, sp.eye(2)
    for k in range(1, 6):
        power = power * S
        polynomial = sp.Poly(sp.expand(power.trace()), *entries)
        expected = sum(
            coefficient * prod(sp.factorial2(m - 1) for m in powers)
            for powers, coefficient in polynomial.terms()
            if all(m % 2 == 0 for m in powers))
        assert learning.trace_moments(2, 2, k)[k] == expected
    checked(proof=True)


@pytest.mark.claim("B-scale-limit")
def test_the_scale_tends_to_n_over_n_plus_d_for_depths_1_to_4(checked):
    _, n, d = sp.ring("n, d", sp.ZZ)
    n_, d_, ratio = sp.symbols("n d gamma")
    limits = [
        sp.Poly(p.as_expr().subs(d_, ratio * n_), n_).coeff_monomial(
            n_ ** (k + 1)) / ratio
        for k, p in enumerate(learning.trace_moments(n, d, 8)[1:], start=1)]
    for k, limit in enumerate(limits, start=1):
        narayana = sum(sp.binomial(k, r) * sp.binomial(k, r - 1) * ratio
                       ** (r - 1) for r in range(1, k + 1)) / k
        assert sp.expand(limit - narayana) == 0
    for loops in (1, 2, 3, 4):
        slope = sum(sp.binomial(2 * loops - 1, j) * limits[j]
                    / (-(1 + ratio)) ** j for j in range(2 * loops))
        assert sp.simplify(slope) == 0
    checked(proof=True)


@pytest.mark.claim("B-scale-limit")
@pytest.mark.parametrize("ratio", [0.5, 2])
def test_the_exact_scale_approaches_its_limit_like_one_over_n(ratio, checked):
    for loops in (1, 2, 5):
        near, far = (abs(learning.optimal_scale(n, int(ratio * n), loops)
                         - 1 / (1 + ratio)) for n in (100, 1000))
        assert far < 0.12 * near < 0.002
    checked(draws=3)


@pytest.mark.claim("B-scale-depth")
@pytest.mark.parametrize("seed", SEEDS)
def test_a_sample_puts_the_scale_of_deep_loops_too_high(seed, checked):
    """n = 50, d = 5: right at T = 2, wrong by far more than 0.05 at T = 20."""
    W = learning.second_moments(
        50, 5, batch=20_000, rng=np.random.default_rng(seed))
    exact = [learning.optimal_scale(50, 5, T) for T in (1, 2, 4, 10, 20)]
    assert exact == sorted(exact, reverse=True)
    assert abs(best_scale_of(W, 2) - exact[1]) < 0.003
    assert best_scale_of(W, 20) > exact[4] + 0.05
    # The exact minimum, found without derivatives and without optimal_scale.
    direct = minimize_scalar(lambda a: learning.scalar_loss(a, 50, 5, 20),
                             bounds=(0.4, 0.9), method="bounded")
    assert direct.x == pytest.approx(exact[4], abs=1e-4)
    checked(draws=20_000)


@pytest.mark.claim("B-one-feature")
def test_for_one_feature_the_first_order_is_a_third_of_4T_plus_2(checked):
    """From exact moments of χ², expanded in 1/n, and from the package."""
    b, x = sp.symbols("b x")  # x is 1/n
    for T in (1, 2, 3, 4, 5):
        moments = [sp.Integer(1)]
        for k in range(2 * T):
            moments.append(moments[-1] * (1 + 2 * k * x))
        slope = sp.Poly(sp.expand(sum(
            sp.binomial(2 * T - 1, k) * (-1 + b * x) ** k * moments[k + 1]
            for k in range(2 * T))), x)
        leading = slope.all_coeffs()[::-1]
        assert all(c == 0 for c in leading[:T])
        assert sp.solve(leading[T], b) == [sp.Rational(4 * T + 2, 3)]
    for T in (1, 2, 4, 8):
        gaps = [abs(n * (1 - learning.optimal_scale(n, 1, T))
                    - (4 * T + 2) / 3) for n in (10**3, 10**4, 10**5)]
        assert gaps[0] > 9 * gaps[1] > 81 * gaps[2]
        assert gaps[2] < 2e-3
    checked(proof=True)


@pytest.mark.claim("B-scale-depth")
def test_at_fixed_d_the_depth_shows_in_the_first_order(checked):
    """lim n (1 - a*): d + 1 for T = 1, growing in T."""
    n = 10**7
    for d in (2, 5, 9):
        found = [n * (1 - learning.optimal_scale(n, d, T)) for T in (1, 2, 8)]
        assert np.isclose(found[0], d + 1, rtol=1e-4)
        assert found[0] < found[1] < found[2]
    assert np.isclose(n * (1 - learning.optimal_scale(n, 5, 8)), 13.5,
                      atol=0.1)
    checked(draws=10, tolerance=1e-4)


@pytest.mark.claim("P2-few-examples")
@pytest.mark.parametrize("seed", SEEDS)
def test_with_fewer_examples_than_features_training_ends_at_a_small_multiple(
        seed, checked):
    A = learning.train(5, 10, 3, iterations=400, step=0.1,
                       rng=np.random.default_rng(seed)).A
    W = learning.second_moments(
        5, 10, batch=20_000, rng=np.random.default_rng(100 + seed))
    scale = best_scale_of(W, 3)
    assert abs(scale - 0.277) < 0.01
    assert np.linalg.norm(A - scale * np.eye(10), 2) < 0.04
    checked(draws=20_000)


def layers_and_loops(n, rng):
    """Losses of three layers that are multiples of I and of three loops."""
    eigenvalues = np.linalg.eigvalsh(
        learning.second_moments(n, 10, batch=3000, rng=rng))
    fresh = learning.second_moments(n, 10, batch=3000, rng=rng)

    def layered(scales, points):
        factors = 1 - np.multiply.outer(scales, points)
        return np.mean(np.sum(np.prod(factors, axis=0) ** 2, axis=-1))

    least = learning.optimal_scale(n, 10, 3)
    scales = minimize(layered, least * np.array([0.7, 0.9, 1.5]), eigenvalues,
                      method="Nelder-Mead").x
    loops = learning.prompt_losses(least * np.eye(10), fresh, 3)
    error = loops.std() / np.sqrt(len(loops))
    return layered(scales, np.linalg.eigvalsh(fresh)), loops.mean(), error


@pytest.mark.claim("P2-loops-layers")
@pytest.mark.claim("B-layers")
@pytest.mark.parametrize("seed", SEEDS)
def test_three_layers_lose_less_than_half_of_three_loops(seed, checked):
    """n = 100, d = 10; layers that are multiples of I already do."""
    layers, loops, error = layers_and_loops(100, np.random.default_rng(seed))
    assert layers < 0.5 * loops - 5 * error
    checked(draws=6000)


@pytest.mark.claim("P2-loops-layers")
@pytest.mark.parametrize("seed", SEEDS)
def test_with_few_examples_three_scalar_layers_gain_little(seed, checked):
    """n = 5, d = 10."""
    layers, loops, _ = layers_and_loops(5, np.random.default_rng(seed))
    assert layers == pytest.approx(0.95 * loops, rel=0.02)
    checked(draws=6000, tolerance=0.02)


@pytest.mark.claim("B-below-one")
def test_the_best_scale_lies_below_one_and_is_the_chi_square_root(checked):
    """d = 1: the one real root of E w(1 - aw)^{2T-1}, by numpy.roots."""
    for n in (1, 3, 10, 40):
        for T in (1, 2, 3):
            coefficients, moment = [], 1.0
            for k in range(2 * T):
                moment *= (n + 2 * k) / n
                coefficients.append(comb(2 * T - 1, k) * (-1) ** k * moment)
            roots = np.roots(coefficients[::-1])
            real = roots[np.abs(roots.imag) < 1e-9].real
            assert len(real) == 1
            np.testing.assert_allclose(
                learning.optimal_scale(n, 1, T), real[0], rtol=1e-8)
    for n, d, T in [(2, 5, 4), (5, 5, 2), (50, 5, 20), (400, 10, 8)]:
        assert 0 < learning.optimal_scale(n, d, T) < 1
    checked(draws=16, tolerance=1e-8)
