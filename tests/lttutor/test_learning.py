"""The population loss, its gradient, Wishart moments, and training."""

import json
import re
import time
from fractions import Fraction
from itertools import pairwise, permutations, product
from math import prod

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, minimize
from scipy.stats import chi2, ks_2samp

from lttutor.attention import prompt_matrix
from lttutor.learning import (
    Training,
    TrainingDiverged,
    adam,
    any_matrix,
    loss,
    loss_and_gradient,
    optimal_scale,
    prompt_losses,
    resume,
    scalar_loss,
    second_moments,
    skew_curvature,
    trace_moments,
    trace_products,
    train,
    trained_predictions,
)
from lttutor.loop import looped_transformer

seeds = st.integers(0, 2**32 - 1)
depths = st.integers(1, 8)
widths = st.integers(1, 12)
SEEDS = range(5)


def problem(d, seed, batch=3):
    """A correlated Σ, moments of few prompts, a non-symmetric A near Σ⁻¹."""
    rng = np.random.default_rng(seed)
    root = np.eye(d) + 0.4 * rng.standard_normal((d, d)) / np.sqrt(d)
    covariance = root @ root.T + 0.1 * np.eye(d)
    X = rng.multivariate_normal(np.zeros(d), covariance, (batch, d + 5))
    moments = np.swapaxes(X, 1, 2) @ X / (d + 5)
    A = np.linalg.inv(covariance) @ (
        0.7 * np.eye(d) + 0.3 * rng.standard_normal((d, d)) / np.sqrt(d))
    return A, moments, covariance, rng


def formula(A, moments, loops, covariance):
    """tr[Σ⁻¹ N^T Σ (N^T)ᵀ], literally; analytic in A, so complex A works."""
    total = 0
    for S in moments:
        N, left = np.eye(len(S)) - S @ A, np.eye(len(S))
        for _ in range(loops):
            left = left @ N
        total = total + np.trace(
            np.linalg.inv(covariance) @ left @ covariance @ left.T)
    return total / len(moments)


def literal_states(X, y, query, A, loops):
    """Gatmiry et al. as they write it: columns, Z - P Z M (Zᵀ Q Z) / n."""
    n, d = X.shape
    Q, P, M = np.zeros((d + 1, d + 1)), np.zeros((d + 1, d + 1)), np.eye(n + 1)
    Q[:d, :d], P[d, d], M[n, n] = A, 1, 0
    states = [np.block([[X.T, query[:, None]], [y, 0.0]])]
    for _ in range(loops):
        Z = states[-1]
        states.append(Z - P @ Z @ M @ (Z.T @ Q @ Z) / n)
    return np.array(states)


def literal_predictions(X, w, queries, A, loops):
    return np.array([-literal_states(X, X @ w, x, A, loops)[-1, -1, -1]
                     for x in queries])


# --- the loss ---------------------------------------------------------------

@settings(max_examples=50, deadline=None)
@given(widths, depths, seeds)
def test_the_loss_is_the_trace_formula(d, loops, seed):
    A, moments, covariance, _ = problem(d, seed)
    expected = formula(A, moments, loops, covariance)
    assert loss(A, moments, loops, covariance) == pytest.approx(
        expected, rel=1e-10)


@pytest.mark.parametrize("loops", [0, 1, 2, 5])
def test_the_loss_of_a_prompt_is_what_the_literal_attention_errs(loops):
    """Its error is bilinear in w and x: basis vectors give it completely."""
    A, _, covariance, rng = problem(4, 1)
    X = rng.standard_normal((7, 4))
    error = np.array([
        literal_predictions(X, w, np.eye(4), A, loops) - w
        for w in np.eye(4)])
    expected = np.trace(
        np.linalg.inv(covariance) @ error @ covariance @ error.T)
    [found] = prompt_losses(A, [X.T @ X / 7], loops, covariance)
    assert found == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("dtype, close", [(np.float64, 1e-12),
                                          (np.float32, 1e-5)])
def test_trained_predictions_are_those_of_the_layer_in_columns(dtype, close):
    A, _, _, rng = problem(3, 2)
    X, w, x = (rng.standard_normal(size).astype(dtype)
               for size in ((2, 7, 3), (2, 3), (2, 3)))
    y = np.einsum("bnd,bd->bn", X, w)
    found = trained_predictions(X, y, x, A.astype(dtype), 4)
    assert found.shape == (5, 2) and found.dtype == dtype
    for i in range(2):
        expected = -literal_states(X[i], y[i], x[i], A, 4)[:, -1, -1]
        assert np.allclose(found[:, i], expected, atol=close)
    with pytest.raises(ValueError, match="A"):
        trained_predictions(X, y, x, np.eye(4), 4)
    with pytest.raises((TypeError, ValueError), match="loops"):
        trained_predictions(X, y, x, A, 1.5)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_loss_is_the_mean_squared_error_on_random_prompts(seed):
    n, d, loops, draws = 30, 3, 2, 4000
    A, _, covariance, rng = problem(d, seed)
    root = np.linalg.cholesky(covariance)
    squares = np.empty(draws)
    for i in range(draws):
        X = rng.standard_normal((n, d)) @ root.T
        w = np.linalg.solve(root.T, rng.standard_normal(d))
        x = root @ rng.standard_normal(d)
        [answer] = literal_predictions(X, w, [x], A, loops)
        squares[i] = (answer - w @ x) ** 2
    moments = second_moments(
        n, d, covariance=covariance, batch=40_000, rng=rng)
    values = prompt_losses(A, moments, loops, covariance)
    error = np.hypot(squares.std() / draws**0.5, values.std() / 200)
    assert abs(squares.mean() - values.mean()) < 5 * error
    assert error < 0.2 * values.mean()


@pytest.mark.parametrize("n, d", [(3, 5), (20, 4)])
def test_one_loop_has_the_closed_form(n, d):
    """d - 2 tr A + (1 + (d + 1)/n) ‖A‖² for symmetric A."""
    rng = np.random.default_rng(0)
    A = rng.standard_normal((d, d)) / d
    A = A + A.T
    values = prompt_losses(
        A, second_moments(n, d, batch=200_000, rng=rng), 1)
    expected = d - 2 * np.trace(A) + (1 + (d + 1) / n) * np.sum(A**2)
    error = values.std() / len(values) ** 0.5
    assert abs(values.mean() - expected) < 4 * error < 0.02 * expected


def test_the_machine_that_answers_zero_loses_d():
    moments = second_moments(9, 5, batch=7, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(
        prompt_losses(np.zeros((5, 5)), moments, 4), np.full(7, 5.0))


def test_the_loss_is_unchanged_when_everything_is_whitened():
    A, moments, covariance, _ = problem(5, 3)
    root = np.linalg.cholesky(covariance)
    back = np.linalg.inv(root)
    assert loss(root.T @ A @ root, back @ moments @ back.T, 4) == (
        pytest.approx(loss(A, moments, 4, covariance), rel=1e-12))


# --- the gradient -----------------------------------------------------------

@settings(max_examples=60, deadline=None)
@given(widths, depths, seeds)
def test_the_gradient_is_the_complex_step_derivative(d, loops, seed):
    """Im ℓ(A + ih E)/h has no truncation and no cancellation error."""
    A, moments, covariance, _ = problem(d, seed)
    h = 1e-30
    expected = np.array([[
        formula(A + 1j * h * np.outer(row, column), moments, loops,
                covariance).imag / h
        for column in np.eye(d)] for row in np.eye(d)])
    value, gradient = loss_and_gradient(A, moments, loops, covariance)
    difference = np.linalg.norm(gradient - expected)
    assert difference <= 1e-9 * np.linalg.norm(expected)
    assert value == pytest.approx(loss(A, moments, loops, covariance))


@settings(max_examples=60, deadline=None)
@given(widths, depths, seeds)
def test_the_gradient_is_the_extrapolated_finite_difference(d, loops, seed):
    """Along a random direction, to 1e-7 of the gradient's length."""
    A, moments, covariance, rng = problem(d, seed)
    direction = rng.standard_normal((d, d))
    direction /= np.linalg.norm(direction)

    def central(h):
        return (loss(A + h * direction, moments, loops, covariance)
                - loss(A - h * direction, moments, loops, covariance)) / (2 * h)

    a, b, c = central(4e-3), central(2e-3), central(1e-3)
    first, second = (4 * b - a) / 3, (4 * c - b) / 3
    expected = (16 * second - first) / 15
    _, gradient = loss_and_gradient(A, moments, loops, covariance)
    difference = abs(np.sum(gradient * direction) - expected)
    assert difference <= 1e-7 * np.linalg.norm(gradient)


def test_the_gradient_at_zero_is_minus_2T_times_the_mean_moments():
    _, moments, _, _ = problem(4, 0)
    _, gradient = loss_and_gradient(np.zeros((4, 4)), moments, 3)
    np.testing.assert_allclose(gradient, -6 * moments.mean(axis=0))


def test_no_loop_has_no_gradient():
    A, moments, _, _ = problem(3, 0)
    value, gradient = loss_and_gradient(A, moments, 0)
    assert value == 3 and not gradient.any()


def test_float32_stays_float32_and_agrees():
    A, moments, _, _ = problem(4, 5)
    _, expected = loss_and_gradient(A, moments, 3)
    _, gradient = loss_and_gradient(
        A.astype(np.float32), moments.astype(np.float32), 3)
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-4)


def test_arguments_are_refused_at_the_door():
    moments = np.eye(3)[None]
    with pytest.raises(ValueError, match="A: expected .*axis -1 is 2, not 3"):
        loss(np.zeros((3, 2)), moments, 1)
    with pytest.raises(ValueError, match="moments: expected"):
        loss(np.eye(2), moments, 1)
    with pytest.raises(ValueError, match="symmetric"):
        loss(np.eye(3), [np.triu(np.ones((3, 3)))], 1)
    with pytest.raises(TypeError, match="loops: expected an integer"):
        loss(np.eye(3), moments, 2.0)
    with pytest.raises(ValueError, match="positive definite"):
        loss(np.eye(3), moments, 1, -np.eye(3))
    with pytest.raises(OverflowError, match="beyond 2"):
        loss(100 * np.eye(3), moments, 1000)


def test_nothing_that_came_in_is_changed():
    A, moments, covariance, _ = problem(3, 2)
    copies = A.copy(), moments.copy(), covariance.copy()
    loss_and_gradient(A, moments, 3, covariance)
    train(20, 3, 2, start=A, covariance=covariance, iterations=2,
          rng=np.random.default_rng(0))
    for array, copy in zip((A, moments, covariance), copies):
        np.testing.assert_array_equal(array, copy)


# --- second moments ---------------------------------------------------------

@pytest.mark.parametrize("n, d", [(2, 5), (5, 5), (30, 3)])
@pytest.mark.parametrize("seed", SEEDS)
def test_second_moments_have_the_wishart_mean_and_variance(n, d, seed):
    """E Σ̂ = Σ and Var Σ̂_ij = (Σ_ij² + Σ_ii Σ_jj)/n."""
    _, _, covariance, rng = problem(d, seed)
    draws = 40_000
    S = second_moments(n, d, covariance=covariance, batch=draws, rng=rng)
    diagonal = np.diag(covariance)
    variance = (covariance**2 + np.outer(diagonal, diagonal)) / n
    assert np.all(np.abs(S.mean(axis=0) - covariance)
                  < 5 * np.sqrt(variance / draws))
    spread = ((S - covariance) ** 2).std(axis=0) / draws**0.5
    assert np.all(np.abs(S.var(axis=0) - variance) < 5.5 * spread)


@pytest.mark.parametrize("n, d", [(2, 5), (4, 4), (9, 3)])
def test_second_moments_are_distributed_as_those_of_drawn_examples(n, d):
    """Largest eigenvalue, trace, and an off-diagonal entry: two samples."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((20_000, n, d))
    drawn = np.swapaxes(X, 1, 2) @ X / n
    direct = second_moments(n, d, batch=20_000, rng=rng)
    for statistic in (lambda S: np.linalg.eigvalsh(S)[:, -1],
                      lambda S: np.linalg.eigvalsh(S)[:, -2],
                      lambda S: np.trace(S, axis1=1, axis2=2),
                      lambda S: S[:, 0, d - 1], lambda S: S[:, -1, -1]):
        assert ks_2samp(statistic(drawn), statistic(direct)).pvalue > 1e-3


@pytest.mark.parametrize("n, d", [(1, 4), (3, 5), (5, 5), (8, 3)])
def test_second_moments_are_symmetric_with_rank_min_n_d(n, d):
    S = second_moments(n, d, batch=(4, 5), rng=np.random.default_rng(0))
    assert S.shape == (4, 5, d, d)
    np.testing.assert_allclose(S, np.swapaxes(S, -1, -2), atol=1e-14)
    assert np.all(np.linalg.matrix_rank(S) == min(n, d))
    assert second_moments(n, d, batch=(), rng=np.random.default_rng(0)
                          ).shape == (d, d)


def test_the_same_seed_draws_the_same_moments():
    first, again = (second_moments(5, 3, batch=4, rng=np.random.default_rng(1))
                    for _ in range(2))
    np.testing.assert_array_equal(first, again)


# --- exact trace moments and the best scale ---------------------------------

@pytest.mark.parametrize("n", [1, 2, 7, 50])
def test_trace_moments_of_one_feature_are_those_of_chi_square(n):
    found = trace_moments(n, 1, 12)
    assert found == [prod(n + 2 * i for i in range(k)) for k in range(13)]
    assert found[3] == pytest.approx(chi2(n).moment(3))


@pytest.mark.parametrize("n, d", [(2, 3), (6, 4), (50, 5)])
def test_trace_moments_do_not_change_when_n_and_d_swap(n, d):
    """XᵀX and XXᵀ have the same traces."""
    assert trace_moments(n, d, 16)[1:] == trace_moments(d, n, 16)[1:]


def test_trace_moments_are_polynomials_in_n_and_d():
    _, n, d = sp.ring("n, d", sp.ZZ)
    found = trace_moments(n, d, 4)
    assert found[2] == n * d * (n + d + 1)
    for size in [(3, 5), (10, 2)]:
        assert [p.evaluate([(n, size[0]), (d, size[1])]) for p in found[1:]] \
            == trace_moments(*size, 4)[1:]


def zonal_trace_moment(n, d, k):
    """E tr Sᵏ as a sum over partitions of k (Jack polynomials, α = 2)."""
    def partitions(total, largest):
        if total == 0:
            yield ()
        for part in range(min(total, largest), 0, -1):
            for rest in partitions(total - part, part):
                yield (part, *rest)

    total = sp.Integer(0)
    for shape in partitions(k, k):
        columns = [sum(row > j for row in shape) for j in range(shape[0])]
        term = sp.Rational(2 * k)
        for i, row in enumerate(shape):
            for j in range(row):
                content, arm, leg = 2 * j - i, row - j - 1, columns[j] - i - 1
                term *= content if (i, j) != (0, 0) else 1
                term *= sp.Rational((d + content) * (n + content),
                                    (2 * arm + leg + 1) * (2 * arm + leg + 2))
        total += term
    return total


@pytest.mark.parametrize("n, d", [(3, 5), (50, 5)])
def test_trace_moments_match_the_sum_over_zonal_polynomials(n, d):
    found = trace_moments(n, d, 10)
    assert all(found[k] == zonal_trace_moment(n, d, k) for k in range(1, 11))


@pytest.mark.parametrize(
    "n, d", [(1, 1), (1, 6), (2, 2), (6, 1), (10, 3), (7, 9), (40, 60)])
def test_trace_moments_are_those_of_integration_by_parts(n, d):
    """Partitions know nothing of it; here the column of ones is cut off by
    one size, or the second row, or nothing."""
    mean = trace_products(n, d)
    assert trace_moments(n, d, 40) == [mean(k) for k in range(41)]


def test_two_hundred_trace_moments_take_no_time():
    """Of one feature they are χ²'s; of more, their ratios increase, by
    Cauchy and Schwarz."""
    assert trace_moments(10, 1, 200) == [
        prod(range(10, 10 + 2 * k, 2)) for k in range(201)]
    start = time.process_time()
    found = trace_moments(10, 3, 200)
    assert time.process_time() - start < 5
    ratios = [Fraction(b, a) for a, b in pairwise(found)]
    assert all(a < b for a, b in pairwise(ratios))
    assert len(found) == 201


@pytest.mark.parametrize("n, d", [(1, 1), (3, 8), (20, 4), (1000, 10)])
def test_one_loop_has_best_scale_n_over_n_plus_d_plus_1(n, d):
    assert optimal_scale(n, d, 1) == pytest.approx(n / (n + d + 1), rel=1e-14)


@pytest.mark.parametrize("n, d", [(2, 5), (10, 10), (50, 5)])
def test_two_loops_have_the_root_of_the_exact_cubic(n, d):
    """Σ_k (-1)^k C(3, k) a^k E tr W^{k+1} = 0 with moments in closed form."""
    m = [n * d, n * d * (n + d + 1),
         n * d * (n**2 + d**2 + 3 * n * d + 3 * n + 3 * d + 4),
         n * d * (n**3 + d**3 + 6 * n**2 * d + 6 * n * d**2 + 6 * n**2
                  + 6 * d**2 + 17 * n * d + 21 * n + 21 * d + 20)]
    m = [value / n ** (k + 1) for k, value in enumerate(m)]
    roots = np.roots([-m[3], 3 * m[2], -3 * m[1], m[0]])
    [real] = roots[np.abs(roots.imag) < 1e-9].real
    assert optimal_scale(n, d, 2) == pytest.approx(real, rel=1e-10)


@pytest.mark.parametrize("n, d, loops", [(50, 5, 3), (8, 6, 2), (5, 10, 3)])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_scalar_loss_is_the_mean_loss_on_drawn_prompts(n, d, loops, seed):
    rng = np.random.default_rng(seed)
    moments = second_moments(n, d, batch=40_000, rng=rng)
    for a in (0.1, 0.6):
        values = prompt_losses(a * np.eye(d), moments, loops)
        error = values.std() / 200
        assert abs(values.mean() - scalar_loss(a, n, d, loops)) < 4.5 * error
        assert error < 0.1 * values.mean()


def test_the_scalar_loss_is_least_at_the_best_scale():
    for n, d, loops in [(50, 5, 1), (8, 6, 4), (100, 10, 10)]:
        a = optimal_scale(n, d, loops)
        least, left, right = (scalar_loss(a + shift, n, d, loops)
                              for shift in (0, -1e-3, 1e-3))
        assert least < min(left, right)
        assert max(left, right) < 1.001 * least
    assert scalar_loss(0, 9, 4, 3) == scalar_loss(0.7, 9, 4, 0) == 4


@pytest.mark.parametrize("n, d, loops", [(50, 5, 3), (8, 6, 2), (5, 10, 3)])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_scale_is_stationary_on_drawn_prompts(n, d, loops, seed):
    """E λ(1 - a*λ)^{2T-1} = 0, within 4.5 standard errors."""
    draws, rng = 40_000, np.random.default_rng(seed)
    eigenvalues = np.linalg.eigvalsh(second_moments(n, d, batch=draws, rng=rng))
    a = optimal_scale(n, d, loops, rng)
    slopes = (eigenvalues * (1 - a * eigenvalues) ** (2 * loops - 1)).sum(-1)
    curvature = ((2 * loops - 1) * eigenvalues**2
                 * (1 - a * eigenvalues) ** (2 * loops - 2)).sum(-1).mean()
    error = slopes.std() / draws**0.5
    assert abs(slopes.mean()) < 4.5 * error
    assert error / curvature < 0.01, "the check must pin a* to 0.045"


def test_the_best_scale_is_a_fraction_at_every_shape_and_depth():
    scales = {(n, d, T): optimal_scale(n, d, T) for n in (1, 2, 5, 40)
              for d in (1, 3, 30) for T in (1, 2, 6)}
    assert all(0 < a < 1 for a in scales.values())
    for (n, d, T), a in scales.items():
        if T < 6:
            assert a > scales[n, d, 6]


# --- training ---------------------------------------------------------------

@pytest.mark.parametrize("n, d, loops", [(50, 5, 4), (20, 4, 1), (5, 10, 3)])
@pytest.mark.parametrize("seed", SEEDS)
def test_training_finds_the_best_scale_times_the_identity(
        n, d, loops, seed):
    run = train(n, d, loops, rng=np.random.default_rng(seed))
    a = optimal_scale(n, d, loops)
    assert np.linalg.norm(run.A - a * np.eye(d), 2) < 0.02
    np.testing.assert_allclose(run.A, run.A.T, atol=1e-14)


def test_adam_finds_the_scaled_inverse_of_a_covariance():
    n, d, loops = 50, 5, 4
    rng = np.random.default_rng(0)
    U, _ = np.linalg.qr(rng.standard_normal((d, d)))
    eigenvalues = np.geomspace(1, 4, d)
    covariance, root = (U * eigenvalues) @ U.T, (U * eigenvalues**0.5) @ U.T
    run = train(n, d, loops, covariance=covariance, iterations=600,
                optimizer=adam, rng=rng)
    off = root @ run.A @ root - optimal_scale(n, d, loops) * np.eye(d)
    assert np.linalg.norm(off, 2) < 0.03


def test_descent_moves_against_the_gradient_of_the_root_of_the_loss():
    """Two iterations, done by hand from the same draws."""
    n, d, loops, step = 12, 3, 3, 0.2
    covariance = np.diag([1.0, 2.0, 0.5])
    run = train(n, d, loops, covariance=covariance, batch=8, iterations=2,
                step=step, project=any_matrix, rng=np.random.default_rng(4))
    rng = np.random.default_rng(4)
    A = np.zeros((d, d))
    for decay in (1, 0.5):
        moments = second_moments(n, d, covariance=covariance, batch=8, rng=rng)
        value, gradient = loss_and_gradient(A, moments, loops, covariance)
        A = A - step * decay * value ** (1 / loops - 1) / loops * gradient
    np.testing.assert_allclose(run.A, A, rtol=1e-12)
    assert run.losses[1] == pytest.approx(value, rel=1e-12)
    np.testing.assert_array_equal(run.path[-1], run.A)
    assert run.path_at.tolist() == [0, 1, 2]


@pytest.mark.parametrize("iterations", [1, 7, 100, 250])
def test_the_path_holds_about_a_hundred_states_and_both_ends(iterations):
    run = train(10, 2, 1, batch=2, iterations=iterations,
                rng=np.random.default_rng(0))
    assert run.path_at[[0, -1]].tolist() == [0, iterations]
    assert min(iterations, 84) + 1 <= len(run.path) <= 102
    np.testing.assert_array_equal(run.path[0], np.zeros((2, 2)))
    np.testing.assert_array_equal(run.path[-1], run.A)
    assert len(run.losses) == iterations


def test_adam_is_the_mean_gradient_over_its_root_mean_square():
    """With decay 0.9 and 0.999, both corrected for their start at zero."""
    gradients = np.random.default_rng(0).standard_normal((6, 2, 3))
    memory = ()
    for t, gradient in enumerate(gradients, 1):
        direction, memory = adam(gradient, memory)
        ages = np.arange(t)[::-1, None, None]
        mean, square = (
            np.sum(decay**ages * gradients[:t] ** power, axis=0)
            / np.sum(decay**ages) for decay, power in ((0.9, 1), (0.999, 2)))
        np.testing.assert_allclose(direction, mean / square**0.5, rtol=1e-9)


@pytest.mark.parametrize("options", [
    {}, {"optimizer": adam, "project": any_matrix},
    {"covariance": [[2.0, 0.5], [0.5, 1.0]], "start": 0.1 * np.eye(2)}])
@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937])
def test_a_saved_run_continues_bit_for_bit(options, bits, tmp_path):
    arguments = {"batch": 16, "iterations": 60, **options}
    whole = train(10, 2, 3, rng=np.random.Generator(bits(3)), **arguments)
    run = train(10, 2, 3, rng=np.random.Generator(bits(3)), pause_at=17,
                **arguments)
    for pause in (41, None):
        run.save(tmp_path / "run.npz")
        run = resume(Training.load(tmp_path / "run.npz"), pause_at=pause)
    for name in ("A", "losses", "path", "path_at"):
        np.testing.assert_array_equal(getattr(run, name), getattr(whole, name))
    assert (run.generator, run.seed) == (whole.generator, whole.seed)
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]


def test_a_saved_run_needs_no_pickle_and_names_its_settings(tmp_path):
    run = train(10, 2, 1, iterations=3, rng=np.random.default_rng(0))
    run.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz", allow_pickle=False) as file:
        texts = json.loads(str(file["texts"]))
    assert texts["settings"]["optimizer"] == "descent"
    assert json.loads(texts["seed"])["bit_generator"] == "PCG64"
    assert Training.load(tmp_path / "run.npz").settings == run.settings


def test_a_foreign_file_or_rule_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", A=np.eye(2))
    with pytest.raises(ValueError, match="Training.save"):
        Training.load(tmp_path / "other.npz")
    run = train(10, 2, 1, iterations=3, optimizer=lambda g, m: (g, m),
                rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="optimizer: only descent and adam"):
        run.save(tmp_path / "run.npz")
    assert not (tmp_path / "run.npz").exists()


def test_a_diverging_run_stops_and_keeps_its_last_good_state():
    good = train(50, 5, 2, step=0.2, iterations=100, pause_at=40,
                 rng=np.random.default_rng(0))
    spoiled = Training(good.A, good.losses, good.path, good.path_at,
                       {**good.settings, "step": 1e3}, good.seed,
                       good.generator)
    with pytest.raises(TrainingDiverged, match="smaller step") as caught:
        resume(spoiled)
    last = caught.value.result
    np.testing.assert_array_equal(last.A, good.A)
    assert last.generator == good.generator
    assert len(last.losses) == 40 and last.losses.max() <= 5
    recovered = Training(last.A, last.losses, last.path, last.path_at,
                         good.settings, last.seed, last.generator)
    np.testing.assert_array_equal(
        resume(recovered).A,
        train(50, 5, 2, step=0.2, iterations=100,
              rng=np.random.default_rng(0)).A)


def test_a_run_that_diverges_late_returns_the_state_before_it_went_wrong():
    """Replaying its last good state goes wrong in exactly the same way."""
    with pytest.raises(TrainingDiverged) as caught:
        train(50, 5, 4, covariance=np.diag([1, 2, 2, 3, 4]), step=0.08,
              rng=np.random.default_rng(0))
    last = caught.value.result
    value = float(re.search("reached ([^ ]+) in", str(caught.value))[1])
    assert 1e6 * 5 < value < np.inf
    assert len(last.losses) > 10 and last.losses.max() <= 5
    moments = second_moments(50, 5, covariance=np.diag([1, 2, 2, 3, 4]),
                             batch=1000, rng=np.random.default_rng(1))
    assert loss(last.A, moments, 4, np.diag([1, 2, 2, 3, 4])) < 10
    with pytest.raises(TrainingDiverged) as again:
        resume(last)
    assert str(again.value) == str(caught.value)


def test_a_run_that_overflows_at_once_returns_its_start():
    with pytest.raises(TrainingDiverged) as caught:
        train(50, 2, 400, start=1e6 * np.eye(2), rng=np.random.default_rng(0))
    np.testing.assert_array_equal(caught.value.result.A, 1e6 * np.eye(2))
    assert len(caught.value.result.losses) == 0


def test_training_is_silent_unless_progress_is_asked_for(capsys):
    train(10, 2, 1, iterations=3, rng=np.random.default_rng(0))
    assert capsys.readouterr().err == ""
    train(10, 2, 1, iterations=3, rng=np.random.default_rng(0), progress=True)
    assert "3/3" in capsys.readouterr().err


def test_training_arguments_are_refused_at_the_door():
    rng = np.random.default_rng(0)
    for wrong, error in [({"n": 0}, ValueError), ({"loops": 0}, ValueError),
                         ({"loops": 1.5}, TypeError), ({"step": -1}, ValueError),
                         ({"batch": 0}, ValueError),
                         ({"start": np.eye(3)}, ValueError),
                         ({"covariance": -np.eye(2)}, ValueError),
                         ({"rng": 0}, TypeError)]:
        with pytest.raises(error):
            train(**{"n": 5, "d": 2, "loops": 1, "rng": rng, **wrong})


# --- what chapters 31 and 32 state ------------------------------------------

def best_scale_of(moments, loops):
    """The scale that is best for these very prompts."""
    eigenvalues = np.linalg.eigvalsh(moments)
    return brentq(lambda a: -np.sum(
        eigenvalues * (1 - a * eigenvalues) ** (2 * loops - 1)), 0, 2)


def signed_permutations(d):
    for order in permutations(range(d)):
        for signs in product([1, -1], repeat=d):
            yield np.eye(d)[list(order)] * signs


def symmetric_sample(n, d, count, seed):
    """Moments whose distribution no signed permutation changes, exactly."""
    rng = np.random.default_rng(seed)
    drawn = second_moments(n, d, batch=count, rng=rng)
    return np.concatenate(
        [D @ drawn @ D.T for D in signed_permutations(d)]), rng


def flow(A, moments, loops, times):
    """Gradient flow over symmetric matrices: the states at given times."""
    shape = A.shape

    def velocity(_, x):
        _, gradient = loss_and_gradient(x.reshape(shape), moments, loops)
        return -(gradient + gradient.T).ravel() / 2

    run = solve_ivp(velocity, (0, times[-1]), A.ravel(), t_eval=times,
                    rtol=1e-7, atol=1e-9)
    return run.y.T.reshape(-1, *shape)


def test_T_loops_are_T_preconditioned_steps_kept_in_the_labels():
    rng = np.random.default_rng(0)
    for _ in range(100):
        n, d, loops = rng.integers(1, 9, size=3)
        X, w, query = (rng.standard_normal(s) for s in ((n, d), d, d))
        A = rng.standard_normal((d, d)) / d
        states = literal_states(X, X @ w, query, A, loops)
        theta = np.zeros(d)
        for state in states:
            size = 1 + np.abs(state).max()
            assert np.abs(state[d, :n] - X @ (w - theta)).max() < 1e-11 * size
            assert abs(-state[d, n] - theta @ query) < 1e-11 * size
            assert np.array_equal(state[:d], states[0][:d])
            theta = theta - A.T @ X.T @ (X @ (theta - w)) / n


def test_their_columns_are_our_rows_with_another_mask():
    """Q and P transposed, all rows read the examples, step 1/n."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        n, d = rng.integers(1, 8, size=2)
        X, y, query = (rng.standard_normal(s) for s in ((n, d), n, d))
        A = rng.standard_normal((d, d)) / d
        Q, P = np.zeros((2, d + 1, d + 1))
        Q[:d, :d], P[d, d] = A.T, 1
        mask = np.ones((n + 1, n + 1))
        mask[:, n] = 0
        rows = looped_transformer(prompt_matrix(X, y, 0.0, query),
                                  np.full(3, 1 / n), Q, P, mask)
        columns = literal_states(X, y, query, A, 3)
        assert np.abs(np.swapaxes(rows, 1, 2) - columns).max() < (
            1e-11 * (1 + np.abs(columns).max()))


@pytest.mark.parametrize("n, d, loops", [
    (1, 2, 2), (3, 2, 1), (6, 2, 4), (2, 3, 3), (12, 3, 5)])
def test_no_symmetric_matrix_loses_less_than_the_best_scale(n, d, loops):
    """No Monte-Carlo slack: the theorem's proof holds for such a sample."""
    moments, rng = symmetric_sample(n, d, 8, 0)
    best = best_scale_of(moments, loops)
    least = loss(best * np.eye(d), moments, loops)
    for spread in (1e-3, 0.1, 1.0):
        for _ in range(20):
            B = rng.standard_normal((d, d)) * spread
            A = best * np.eye(d) + (B + B.T) / 2
            assert loss(A, moments, loops) >= least * (1 - 1e-12)
    B = rng.standard_normal((d, d))
    found = minimize(lambda x: loss((x.reshape(d, d) + x.reshape(d, d).T) / 2,
                                    moments, loops), (B + B.T).ravel() / 9)
    assert found.fun >= least * (1 - 1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_training_finds_a_star_times_the_inverse_covariance(seed):
    """Chapter 32's run: n = 50, d = 5, T = 4, eigenvalues of Σ 0.5 to 2."""
    rng = np.random.default_rng(seed)
    U, _ = np.linalg.qr(rng.standard_normal((5, 5)))
    eigenvalues = np.geomspace(0.5, 2, 5)
    half = (U * eigenvalues**0.5) @ U.T
    run = train(50, 5, 4, covariance=half @ half, batch=128, iterations=800,
                rng=rng)
    whitened = np.linalg.eigvalsh(half @ run.A @ half)
    scale = optimal_scale(50, 5, 4)
    assert np.abs(whitened - scale).max() < 0.04
    assert abs(whitened.mean() - scale) < 0.007
    assert np.abs(whitened - 1).max() > 0.12, "A is not the inverse of Σ"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("loops", [2, 3])
def test_gradients_dominate_until_two_percent_above_the_minimum(
        loops, seed):
    """d = 10, n = 100, from a random symmetric start, along the flow."""
    rng = np.random.default_rng(seed)
    moments = second_moments(100, 10, batch=60, rng=rng)
    B = 0.1 * rng.standard_normal((10, 10))
    path = flow(B + B.T, moments, loops, np.geomspace(1e-3, 60, 25))
    found = [loss_and_gradient(A, moments, loops) for A in path]
    values = np.array([value for value, _ in found])
    ratios = np.array([np.sum(G**2) for _, G in found]) / values ** (
        2 - 1 / loops)
    assert ratios[values > 1.02 * values.min()].min() > 1 / 16
    assert ratios[-1] < 1 / 16, "at the minimum it must fail"


def test_without_sampling_the_ratio_depends_on_the_dimension():
    """4T² d^{-(T-1)/T} at aI for n = ∞; below 1/16 from d = (64T²)^{T/(T-1)}."""
    for loops, d, a in product((2, 3, 5), (1, 4, 9), (0.2, 0.9, 1.4)):
        value, G = loss_and_gradient(a * np.eye(d), np.eye(d)[None], loops)
        assert np.sum(G**2) / value ** (2 - 1 / loops) == pytest.approx(
            4 * loops**2 * d ** (-(loops - 1) / loops), rel=1e-9)
    T = sp.Symbol("T", positive=True)
    edge = (64 * T**2) ** (T / (T - 1))
    assert sp.simplify(
        sp.powdenest(4 * T**2 * edge ** (-(T - 1) / T), force=True)) == (
            sp.Rational(1, 16))
    assert edge.subs(T, 2) == 65536


@pytest.mark.parametrize("loops", [2, 3, 5])
def test_the_flow_without_sampling_has_the_closed_form(loops):
    power, one = (loops - 1) / loops, np.eye(4)[None]
    times = np.array([0, 1e3, 1e4])
    values = [loss(A, one, loops)
              for A in flow(np.zeros((4, 4)), one, loops, times)]
    np.testing.assert_allclose(
        ((4 / np.array(values)) ** power - 1) / (4 * loops * (loops - 1)),
        times, rtol=1e-3)
    assert abs(1 / np.log10(values[1] / values[2]) - power) < 0.002
    assert power - (loops - 1) / (2 * loops - 1) > 0.15, "reported exponent"


@pytest.mark.parametrize("loops", [1, 2, 5])
def test_a_multiple_of_the_identity_stays_one_and_ends_at_the_best_scale(
        loops):
    moments, _ = symmetric_sample(9, 3, 6, 1)
    for a in (0.0, 0.4, 1.1):
        _, G = loss_and_gradient(a * np.eye(3), moments, loops)
        assert np.abs(G - np.trace(G) / 3 * np.eye(3)).max() < (
            1e-11 * np.abs(G).max())
    best = best_scale_of(moments, loops)
    for start in (0.0, 1.2):
        last = flow(start * np.eye(3), moments, loops, np.array([0, 200.0]))[-1]
        assert np.abs(last - best * np.eye(3)).max() < 1e-3


def test_the_skew_curvature_is_exact_for_integers_and_refuses_floats():
    c = skew_curvature(15, 2, 2, 1)
    assert c == (Fraction(-4, 15) + Fraction(44, 225)
                 + Fraction(184, 3375)) / 2
    with pytest.raises(TypeError, match="Fraction"):
        skew_curvature(15, 2, 2, 0.8)
    with pytest.raises(ValueError, match="2 features"):
        skew_curvature(15, 1, 2, 1)


def test_trace_products_of_one_feature_are_chi_square_moments():
    mean = trace_products(7, 1)
    assert mean(3) == mean(1, 2) == mean(1, 1, 1) == 7 * 9 * 11


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64, np.uint64])
@pytest.mark.filterwarnings("error")
def test_numpy_integers_are_integers_and_never_wrap_around(kind):
    n, d, T = kind(100), kind(3), kind(10)
    assert scalar_loss(0.5, n, d, T) == scalar_loss(0.5, 100, 3, 10)
    assert optimal_scale(n, d, kind(4)) == optimal_scale(100, 3, 4)
    assert trace_moments(n, d, T) == trace_moments(100, 3, 10)
    assert trace_products(n, d)(kind(9), kind(2)) == trace_products(100, 3)(9, 2)
    assert skew_curvature(n, d, kind(4), kind(1)) == skew_curvature(100, 3, 4, 1)


@pytest.mark.parametrize("n, d", [(2, 10**16), (7, 10**12), (10**15, 3)])
def test_the_best_scale_of_one_loop_is_known_at_every_size(n, d):
    assert optimal_scale(n, d, 1) == pytest.approx(n / (n + d + 1), rel=1e-14)


def test_a_file_that_is_not_whole_is_not_a_run(tmp_path):
    run = train(9, 2, 1, iterations=2, rng=np.random.default_rng(0))
    run.save(tmp_path / "run.npz")
    whole = (tmp_path / "run.npz").read_bytes()
    np.save(tmp_path / "other.npy", np.eye(2))
    for length in (0, 1, 99, len(whole) // 2, len(whole) - 9):
        (tmp_path / "part.npz").write_bytes(whole[:length])
        with pytest.raises(ValueError, match="part.npz: .*Training.save wrote"):
            Training.load(tmp_path / "part.npz")
    with pytest.raises(ValueError, match="other.npy: .*Training.save wrote"):
        Training.load(tmp_path / "other.npy")
    with pytest.raises(OSError, match="none.npz"):
        Training.load(tmp_path / "none.npz")
    with pytest.raises(TypeError, match="PathLike"):
        run.save(None)
    assert {file.name for file in tmp_path.iterdir()} == {
        "run.npz", "part.npz", "other.npy"}
