"""What chapters 13 and 14 claim, checked against independent oracles.

The oracles are exact rational arithmetic, NumPy's pseudo-inverse, spectral
norm and least squares, and literal loops; none of them shares code with
the closed forms they check.
"""

from fractions import Fraction

import numpy as np
import pytest

from lttutor import attention, loop, tasks, theory
from lttutor.steps import constant_steps, optimal_constant_steps

SHAPES = [(1, 1), (1, 4), (3, 5), (4, 4), (7, 3), (20, 4)]


def machine_outputs(X, y, alpha, x, steps):
    """v of the generation machine and ŷ of the regression machine."""
    n, d = X.shape
    mask = attention.last_row_mask(n)
    v = -loop.looped_transformer(
        attention.prompt_matrix(X, y, alpha), steps,
        *attention.generation_weights(d), mask)[-1, -1, :d]
    label = -loop.looped_transformer(
        attention.prompt_matrix(X, y, 0, q=x), steps,
        *attention.regression_weights(d), mask)[-1, -1, d]
    return v, label


def exact_descent(X, y, steps):
    """θ(T) of descent on ½‖Xθ - y‖² from 0, in rational arithmetic."""
    theta = [Fraction(0)] * len(X[0])
    for eta in steps:
        residual = [sum(a * t for a, t in zip(row, theta)) - label
                    for row, label in zip(X, y)]
        theta = [t - eta * sum(r * row[j] for r, row in zip(residual, X))
                 for j, t in enumerate(theta)]
    return theta


def descend(X, y, steps):
    theta = np.zeros(X.shape[1])
    for eta in steps:
        theta = theta - eta * X.T @ (X @ theta - y)
    return theta


def rate(S, eta):
    """The worst factor of one step: a spectral norm, no eigenvalue used."""
    return np.linalg.norm(np.eye(len(S)) - eta * S, 2)


# Chapter 14: the two machines -------------------------------------------

@pytest.mark.claim("P1-duality")
@pytest.mark.parametrize("n, d", SHAPES)
@pytest.mark.parametrize("T", [0, 1, 2, 9])
def test_machines_are_transposes_for_any_labels_and_steps(n, d, T, checked):
    rng = np.random.default_rng([n, d, T])
    X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
    alpha = rng.normal()
    steps = rng.uniform(-0.3, 2, T) / np.linalg.norm(X, 2) ** 2
    column, row = [], []
    for x in np.eye(d):
        v, label = machine_outputs(X, y, alpha, x, steps)
        column, row = v, [*row, label]
    scale = np.abs(column).max() + 1e-300
    np.testing.assert_allclose(column, alpha * np.array(row), rtol=0,
                               atol=1e-12 * scale)
    checked(draws=1, tolerance=1e-12)


@pytest.mark.claim("P1-duality")
def test_both_machines_equal_descent_in_rational_arithmetic(checked):
    rng = np.random.default_rng(14)
    for n, d, T in [(1, 2, 3), (3, 2, 4), (2, 3, 2), (5, 3, 3)]:
        X, y = rng.integers(-3, 4, (n, d)), rng.integers(-3, 4, n)
        x, steps = rng.integers(-3, 4, d), rng.integers(-4, 9, T)
        exact = exact_descent(X.tolist(), y.tolist(),
                              [Fraction(int(k), 128) for k in steps])
        v, label = machine_outputs(X, y, 5, x, steps / 128)
        np.testing.assert_allclose(v, [float(5 * t) for t in exact],
                                   rtol=1e-12, atol=1e-14)
        expected = float(sum(t * int(k) for t, k in zip(exact, x)))
        assert label == pytest.approx(expected, rel=1e-12, abs=1e-14)
    checked(draws=4, tolerance=1e-12)


@pytest.mark.claim("B-one-query")
def test_value_error_of_generation_is_regression_error_at_theta(checked):
    rng = np.random.default_rng(1)
    for unit_norm in (True, False):
        task = tasks.gaussian_task(9, 4, unit_norm=unit_norm, rng=rng)
        steps = rng.uniform(0, 1, 5) / np.linalg.norm(task.X, 2) ** 2
        v, label = machine_outputs(task.X, task.y, 1.7, task.theta, steps)
        square = task.theta @ task.theta
        assert abs(label - square) > 1e-3
        assert v @ task.theta - 1.7 * square == pytest.approx(
            1.7 * (label - square), rel=1e-11)
    checked(draws=2, tolerance=1e-11)


@pytest.mark.claim("B-one-query")
def test_vector_error_is_the_regression_error_at_the_worst_unit_query(checked):
    rng = np.random.default_rng(2)
    task = tasks.gaussian_task(9, 4, rng=rng)
    steps = rng.uniform(0, 1, 5) / np.linalg.norm(task.X, 2) ** 2
    v, _ = machine_outputs(task.X, task.y, -1.7, np.zeros(4), steps)
    vector_error = np.linalg.norm(v + 1.7 * task.theta)

    def regression_error(x):
        label = machine_outputs(task.X, task.y, 0, x, steps)[1]
        return abs(label - x @ task.theta)

    queries = rng.standard_normal((300, 4))
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    worst = (v + 1.7 * task.theta) / vector_error
    found = 1.7 * np.array([regression_error(x) for x in queries])
    assert found.max() <= vector_error * (1 + 1e-12)
    assert 1.7 * regression_error(worst) == pytest.approx(vector_error,
                                                          rel=1e-11)
    checked(draws=300, tolerance=1e-11)


@pytest.mark.claim("B-reversal")
def test_transposing_a_machine_with_changing_masks_reverses_time(checked):
    rng = np.random.default_rng(3)
    task, T = tasks.gaussian_task(20, 4, rng=rng), 5
    X, y, (n, d) = task.X, task.y, task.X.shape
    full = attention.last_row_mask(n)
    masks = [full * (np.arange(n + 1) % T == t) for t in range(T)]
    steps = rng.uniform(0, 0.2, T)

    def run(Z, weights, order):
        for t in order:
            Z = Z - steps[t] * attention.linear_attention(
                Z, *weights, masks[t])
        return -Z[-1]

    x, forward, backward = rng.standard_normal(d), range(T), range(T)[::-1]
    ask = attention.prompt_matrix(X, y, 1)
    query = attention.prompt_matrix(X, y, 0, q=x)
    v = run(ask, attention.generation_weights(d), forward)[:d]
    weights = attention.regression_weights(d)
    assert run(query, weights, backward)[d] == pytest.approx(v @ x,
                                                             rel=1e-12)
    assert abs(run(query, weights, forward)[d] - v @ x) > 1e-3
    checked(draws=1, tolerance=1e-12)


def test_swapping_one_weight_only_gives_no_motion_or_half():
    task = tasks.gaussian_task(20, 4, rng=np.random.default_rng(0))
    Z = attention.prompt_matrix(task.X, task.y, 1.7)
    Q, P = attention.generation_weights(4)
    steps = constant_steps(np.linalg.norm(task.X, 2) ** 2, 300)
    mask = attention.last_row_mask(20)
    still = loop.looped_transformer(Z, steps, P, P, mask)
    assert np.array_equal(still[-1], Z)
    half = loop.looped_transformer(Z, steps, Q, Q, mask)[-1, -1, :4]
    np.testing.assert_allclose(-half, 0.85 * task.theta, rtol=1e-12)


# Chapter 14: what the examples determine ---------------------------------

@pytest.mark.claim("B-shortest")
def test_shortest_generated_vector_is_the_pseudo_inverse_and_gives_theta(
        checked):
    """The machine finds it too, given the equation ⟨v, θ*⟩ = α as prompt."""
    rng = np.random.default_rng(4)
    for alpha in rng.standard_normal(20):
        theta, w = 3 * rng.standard_normal((2, 6))
        shortest = alpha * theta / (theta @ theta)
        np.testing.assert_allclose(
            shortest, np.linalg.pinv(theta[None, :])[:, 0] * alpha,
            rtol=1e-12)
        np.testing.assert_allclose(
            alpha * shortest / (shortest @ shortest), theta, rtol=1e-12)
        w -= np.linalg.pinv(theta[None, :])[:, 0] * (w @ theta)
        assert (shortest + w) @ theta == pytest.approx(alpha, rel=1e-11)
        assert np.linalg.norm(shortest + w) > np.linalg.norm(shortest)
        found = loop.generate(
            theta[None, :], [1.0], alpha, [1 / (theta @ theta)])[-1]
        np.testing.assert_allclose(found, shortest, rtol=1e-12)
    checked(draws=20, tolerance=1e-12)


@pytest.mark.claim("B-copy")
def test_one_scaled_example_solves_generation_in_any_dimension(checked):
    rng = np.random.default_rng(5)
    for d in (1, 7, 1000):
        task = tasks.gaussian_task(1, d, unit_norm=False, rng=rng)
        v = -2.5 * task.X[0] / task.y[0]
        assert v @ task.theta == pytest.approx(-2.5, rel=1e-11)
    checked(draws=3, tolerance=1e-11)


@pytest.mark.claim("B-copy")
def test_regression_is_determined_exactly_on_the_row_space(checked):
    rng = np.random.default_rng(6)
    X, theta = rng.standard_normal((2, 4)), rng.standard_normal(4)
    inside = rng.standard_normal(2) @ X
    outside = rng.standard_normal(4)
    projection = np.linalg.pinv(X) @ X
    u = outside - projection @ outside
    np.testing.assert_allclose(X @ (theta + u), X @ theta, atol=1e-13)
    assert inside @ (theta + u) == pytest.approx(inside @ theta, abs=1e-12)
    gap = outside @ (theta + u) - outside @ theta
    assert gap == pytest.approx(u @ u) and gap > 1e-2
    limit = loop.predict(X, X @ theta, np.stack([inside, outside])[1],
                         constant_steps(np.linalg.norm(X, 2) ** 2, 2000))
    assert limit[-1] == pytest.approx(projection @ outside @ theta)
    checked(draws=1, tolerance=1e-6)


@pytest.mark.claim("P1-realizable")
@pytest.mark.claim("B-curvature")
@pytest.mark.parametrize("seed", range(5))
def test_rank_and_not_the_number_of_examples_decides_recovery(seed, checked):
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal(4)
    repeated = np.repeat(rng.standard_normal((2, 4)), 4, axis=0)
    redundant = rng.standard_normal((100, 4))
    redundant[:, 3] = redundant[:, 0] + redundant[:, 1]
    for X, rank in [(repeated, 2), (redundant, 3),
                    (rng.standard_normal((4, 4)), 4),
                    (rng.standard_normal((3, 4)), 3)]:
        assert np.linalg.matrix_rank(X) == rank
        found = np.linalg.lstsq(X, X @ theta)[0]
        assert np.allclose(found, theta, atol=1e-8) == (rank == 4)
        assert np.isinf(theory.condition_number(X)) == (rank < 4)
        assert (theory.spectrum(X)[0] > 0) == (rank == 4)
    checked(draws=4, tolerance=1e-8)


@pytest.mark.claim("P1-realizable")
def test_repeated_examples_leave_the_value_at_the_projection(checked):
    rng = np.random.default_rng(7)
    X = np.repeat(rng.standard_normal((2, 4)), 4, axis=0)
    theta = rng.standard_normal(4)
    theta /= np.linalg.norm(theta)
    v = loop.generate(X, X @ theta, 1.7, constant_steps(
        np.linalg.norm(X, 2) ** 2, 4000))[-1]
    seen = np.linalg.pinv(X) @ X @ theta
    np.testing.assert_allclose(v, 1.7 * seen, atol=1e-12)
    assert v @ theta < 1.7 * 0.99
    checked(draws=1, tolerance=1e-12)


def test_independent_exact_answers_determine_theta_and_fewer_do_not():
    rng = np.random.default_rng(8)
    theta, V = rng.standard_normal(5), rng.standard_normal((5, 5))
    alphas = V @ theta
    np.testing.assert_allclose(np.linalg.solve(V, alphas), theta,
                               rtol=1e-10)
    other = theta + np.linalg.svd(V[:4])[2][-1]
    np.testing.assert_allclose(V[:4] @ other, alphas[:4], atol=1e-12)


# Chapter 13: rates and stability -----------------------------------------

@pytest.mark.claim("B-residual")
def test_path_in_eigencoordinates_is_the_residual_polynomial(checked):
    rng = np.random.default_rng(9)
    for _ in range(20):
        task = tasks.gaussian_task(12, 5, rng=rng)
        steps = rng.uniform(0, 2, 8) / np.linalg.norm(task.X, 2) ** 2
        _, s, Vt = np.linalg.svd(task.X)
        error = Vt @ (descend(task.X, task.y, steps) - task.theta)
        p = theory.residual_polynomial(s**2, steps)[-1]
        np.testing.assert_allclose(error, -p * (Vt @ task.theta),
                                   rtol=1e-10, atol=1e-13)
        shuffled = descend(task.X, task.y, rng.permutation(steps))
        np.testing.assert_allclose(Vt @ (shuffled - task.theta), error,
                                   rtol=1e-10, atol=1e-13)
    checked(draws=20, tolerance=1e-10)


@pytest.mark.claim("B-residual")
def test_one_step_per_distinct_eigenvalue_ends_at_theta(checked):
    rng = np.random.default_rng(10)
    task = tasks.spectrum_task([1] * 25 + [100] * 25, 200, rng=rng)
    for steps in ([1 / 100, 1], [1, 1 / 100]):
        end = descend(task.X, task.y, steps)
        np.testing.assert_allclose(end, task.theta, atol=1e-11)
    one = [np.linalg.norm(descend(task.X, task.y, [eta]) - task.theta)
           for eta in np.linspace(0, 1.5, 301)]
    assert min(one) > 0.1
    checked(draws=2, tolerance=1e-11)


@pytest.mark.claim("B-curvature")
def test_least_squares_lies_between_the_two_parabolas_and_touches_both(
        checked):
    rng = np.random.default_rng(11)
    X, y = rng.standard_normal((9, 4)), rng.standard_normal(9)
    eigenvalues = theory.spectrum(X)
    V = np.linalg.svd(X)[2][::-1].T
    f = lambda a: np.sum((X @ a - y) ** 2) / 2
    a = rng.standard_normal(4)
    above = lambda u: f(a + u) - f(a) - u @ X.T @ (X @ a - y)
    for u in rng.standard_normal((500, 4)):
        low, high = eigenvalues[[0, -1]] * (u @ u) / 2
        assert low * (1 - 1e-9) <= above(u) <= high * (1 + 1e-9)
    assert above(V[:, 0]) == pytest.approx(eigenvalues[0] / 2)
    assert above(V[:, -1]) == pytest.approx(eigenvalues[-1] / 2)
    checked(draws=500, tolerance=1e-9)


@pytest.mark.claim("P1-strong-convexity")
@pytest.mark.parametrize("kappa", [1.0, 1.5, 10.0, 1e4])
def test_no_constant_step_beats_two_over_the_sum(kappa, checked):
    rng = np.random.default_rng(12)
    task = tasks.spectrum_task(np.geomspace(3, 3 * kappa, 5), 9, rng=rng)
    S, L, mu = task.X.T @ task.X, 3 * kappa, 3.0
    best = optimal_constant_steps(L, mu, 1)[0]
    at_best = rate(S, best)
    assert at_best == pytest.approx((kappa - 1) / (kappa + 1), abs=1e-12)
    assert rate(S, 1 / L) == pytest.approx(1 - 1 / kappa, abs=1e-12)
    for factor in np.geomspace(0.3, 3, 200):
        slack = 0.9 * abs(factor - 1) * mu * best
        assert rate(S, factor * best) >= at_best + slack - 1e-12
    checked(draws=200, tolerance=1e-12)


@pytest.mark.claim("P1-strong-convexity")
def test_descent_converges_exactly_below_two_over_L(checked):
    task = tasks.spectrum_task([1, 4], 6, rng=np.random.default_rng(13))
    S = task.X.T @ task.X
    assert rate(S, 0.5 * (1 - 1e-6)) < 1 < rate(S, 0.5 * (1 + 1e-6))
    assert rate(S, 1e-6) < 1 < rate(S, -1e-6)
    # The best step, too long by more than 1/κ, no longer converges.
    best = optimal_constant_steps(4.0, 1.0, 1)[0]
    assert rate(S, best * (1 + 1 / 4)) == pytest.approx(1)
    checked(draws=5, tolerance=1e-6)


@pytest.mark.claim("P1-strong-convexity")
@pytest.mark.parametrize("rule, schedule", [
    ("constant", lambda L, mu, T: constant_steps(L, T)),
    ("optimal", optimal_constant_steps),
])
def test_rates_bound_every_task_and_the_flattest_axis_attains_them(
        rule, schedule, checked):
    rng = np.random.default_rng(14)
    eigenvalues = np.geomspace(2, 20, 6)
    task = tasks.spectrum_task(eigenvalues, 11, batch=100, rng=rng)
    for T in (1, 5, 20):
        steps = schedule(20.0, 2.0, T)
        bound = theory.tight_bound(10, T, rule)
        for X, y, theta in zip(task.X, task.y, task.theta):
            error = np.linalg.norm(descend(X, y, steps) - theta)
            assert error <= bound * (1 + 1e-10)
        flattest = np.linalg.svd(task.X[0])[2][-1]
        error = descend(task.X[0], task.X[0] @ flattest, steps) - flattest
        assert np.linalg.norm(error) == pytest.approx(bound, rel=1e-9)
    checked(draws=303, tolerance=1e-9)


@pytest.mark.claim("B-classical-rate")
def test_general_convex_step_contracts_by_the_full_rate_not_its_root(checked):
    rng = np.random.default_rng(15)
    X, y = rng.standard_normal((20, 4)), rng.standard_normal(20)
    s = np.linalg.svd(X, compute_uv=False)
    L, mu = s[0] ** 2 + 1, s[-1] ** 2
    gradient = lambda a: X.T @ (X @ a - y) + np.tanh(a)
    end = np.zeros(4)
    for _ in range(3000):
        end = end - gradient(end) / L
    assert np.linalg.norm(gradient(end)) < 1e-12
    steps = constant_steps(L, 1)[0], optimal_constant_steps(L, mu, 1)[0]
    rates = 1 - mu / L, (L - mu) / (L + mu)
    assert rates[0] <= theory.paper_bound(L / mu, 1)
    for a in end + 5 * rng.standard_normal((300, 4)):
        before = np.linalg.norm(a - end)
        for eta, rho in zip(steps, rates):
            after = np.linalg.norm(a - eta * gradient(a) - end)
            assert after <= rho * before + 1e-12
    checked(draws=300, tolerance=1e-12)


@pytest.mark.claim("B-classical-rate")
def test_gradients_without_a_second_derivative_lie_in_the_ball(checked):
    """Half-squared distances to boxes have kinks in their gradient; their
    gradients, turned and added to a bowl, need L = μ + number of boxes."""
    rng = np.random.default_rng(19)
    mu, turns = 0.5, [np.linalg.qr(rng.standard_normal((5, 5)))[0]
                      for _ in range(3)]
    L = mu + len(turns)

    def gradient(e):
        outside = [(e @ U - np.clip(e @ U, -1, 0.5)) @ U.T for U in turns]
        return mu * e + sum(outside)

    assert np.linalg.norm(gradient(np.zeros(5))) == 0
    closest = np.inf
    for e in rng.standard_normal((500, 5)) * rng.uniform(0.1, 9, (500, 1)):
        g, size = gradient(e), e @ e
        slack = (g - mu * e) @ (L * e - g) / size
        assert slack >= -1e-12
        closest = min(closest, slack)
        for eta in np.linspace(0, 2.2 / L, 12):
            rho = max(abs(1 - eta * mu), abs(1 - eta * L))
            after = np.linalg.norm(e - eta * g)
            assert after <= rho * np.sqrt(size) + 1e-12
    assert closest < 0.2
    checked(draws=500, tolerance=1e-12)


@pytest.mark.claim("B-stability")
def test_stability_factors_are_root_kappa_for_labels_and_kappa_for_b(checked):
    rng = np.random.default_rng(16)
    task = tasks.spectrum_task([1, 5, 30, 100], 9, rng=rng)
    X, size = task.X, np.linalg.norm
    S, (steep, *_, flat) = X.T @ X, np.linalg.svd(X)[2]

    def by_labels(theta, delta):
        moved = np.linalg.lstsq(X, X @ theta + delta)[0] - theta
        return (size(moved) / size(theta)) / (size(delta) / size(X @ theta))

    def by_b(theta, beta):
        moved = np.linalg.solve(S, S @ theta + beta) - theta
        return (size(moved) / size(theta)) / (size(beta) / size(S @ theta))

    assert by_labels(steep, X @ flat) == pytest.approx(10)
    assert by_b(steep, flat) == pytest.approx(100)
    for _ in range(300):
        theta = rng.standard_normal(4)
        assert by_labels(theta, rng.standard_normal(9)) <= 10
        assert by_b(theta, rng.standard_normal(4)) <= 100
    checked(draws=300, tolerance=1e-6)


def test_forgetting_the_square_breaks_the_rate_and_the_step():
    """The fingerprints of the reference instance, to their last digit."""
    task = tasks.gaussian_task(20, 4, rng=np.random.default_rng(0))
    X, y, theta = task.X, task.y, task.theta
    L, cond = np.linalg.norm(X, 2) ** 2, np.linalg.cond(X)
    assert f"{theory.condition_number(X):.4f}" == "3.4268"
    assert f"{L:.3f}" == "29.646"
    error = loop.generate(X, y, 1.7, constant_steps(L, 25))[-1] @ theta - 1.7
    assert f"{error:.6e}" == "-9.191673e-06"
    wrong, right = (1.7 * (1 - 1 / k) ** 25 for k in (cond, cond**2))
    assert f"{wrong:.1e}" == "6.2e-09"
    assert wrong < abs(error) < right
    with pytest.warns(loop.DivergenceWarning):
        v = loop.generate(X, y, 1.7, constant_steps(L**0.5, 25))[-1]
    assert f"{v @ theta - 1.7:.1e}" == "1.3e+16"
