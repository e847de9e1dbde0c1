"""Evidence for the claims of chapters 23 and 24: how fast, how many."""

import itertools
import warnings

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad
from scipy.stats import chi, ks_2samp, kstest, linregress

from lttutor.attention import (
    generation_weights,
    last_row_mask,
    linear_attention,
    prompt_matrix,
)
from lttutor.learning.wishart import second_moments, trace_moments
from lttutor.loop import DivergenceWarning, generate, looped_transformer
from lttutor.steps import (
    chebyshev_steps,
    constant_steps,
    gaussian_steps,
    optimal_constant_steps,
)
from lttutor.tasks import gaussian_task, spectrum_task
from lttutor.theory import (
    condition_number,
    davidson_szarek_condition,
    exact_error,
    examples_needed,
    loops_needed,
    marchenko_pastur_condition,
    paper_bound,
    spectrum,
    tight_bound,
)

ROUNDING = 1e-12


def published_bound(kappa, T):
    """exp(-T / 2κ), as our notes give Theorem 4.5."""
    return np.exp(-T / (2 * kappa))


@pytest.mark.claim("P1-error-bound")
def test_the_published_bound_holds_and_so_does_its_square(checked):
    """The machine, with the step 1/L, on 200 random prompts."""
    rng = np.random.default_rng(0)
    T = np.arange(61)
    for _ in range(200):
        n, d = int(rng.integers(6, 30)), int(rng.integers(2, 6))
        task = gaussian_task(n, d, rng=rng)
        values = np.linalg.svd(task.X, compute_uv=False) ** 2
        kappa, alpha = values[0] / values[-1], rng.uniform(-3, 3)
        v = generate(task.X, task.y, alpha, constant_steps(values[0], 60))
        error = np.abs(v @ task.theta - alpha) / abs(alpha)
        assert (error <= published_bound(kappa, T) + ROUNDING).all()
        assert (error <= published_bound(kappa, T) ** 2 + ROUNDING).all()
        np.testing.assert_allclose(
            [paper_bound(kappa, int(t)) for t in T],
            published_bound(kappa, T), rtol=1e-12)
    checked(draws=200, tolerance=ROUNDING)


@pytest.mark.claim("P1-error-bound")
@pytest.mark.parametrize("schedule, power", [
    (lambda L, mu, T: constant_steps(L, T), 2),
    (optimal_constant_steps, 4),
])
def test_no_higher_power_of_the_published_bound_holds(
        schedule, power, checked):
    """The slowest task's error is the bound to the power 2 (and 4 for the
    better step) up to a factor in the exponent that tends to 1."""
    rng, last = np.random.default_rng(1), np.inf
    for kappa, slack in [(4.0, 0.2), (40.0, 0.02), (400.0, 0.002)]:
        task = spectrum_task(np.linspace(1, kappa, 4), 9, rng=rng)
        slowest = np.linalg.svd(task.X)[2][-1]
        T = int(2 * kappa)
        v = generate(task.X, task.X @ slowest, 1.0, schedule(kappa, 1.0, T))
        ratio = (np.log(np.abs(v[-1] @ slowest - 1))
                 / np.log(published_bound(kappa, T)))
        assert power <= ratio < min(last, power * (1 + slack))
        last = ratio
    checked(draws=3)


@pytest.mark.claim("P1-error-bound")
@pytest.mark.parametrize("kappa", [1.5, 10.0, 1000.0])
def test_a_window_of_steps_satisfies_the_published_bound(kappa, checked):
    """κ(1 - r) ≤ ηL ≤ 1 + r with r = exp(-1/2κ), and no other step does."""
    rng, r = np.random.default_rng(18), np.exp(-1 / (2 * kappa))
    task = spectrum_task([1.0, kappa], 5, rng=rng)
    *_, axes = np.linalg.svd(task.X)

    def worst(eta, T=7):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DivergenceWarning)
            return max(abs(generate(task.X, task.X @ axis, 1.0,
                                    np.full(T, eta))[-1] @ axis - 1)
                       for axis in axes)

    low, high = (1 - r), (1 + r) / kappa
    for eta in np.linspace(low, high, 9):
        assert worst(eta) <= published_bound(kappa, 7) * (1 + 1e-9)
    for eta in (0.99 * low, 1.01 * high):
        assert worst(eta) > published_bound(kappa, 7)
    checked(draws=11, tolerance=1e-9)


@pytest.mark.claim("P1-beats-bound")
def test_at_d_4_the_median_error_is_below_both_bounds_at_every_n(checked):
    rng = np.random.default_rng(2)
    for n in (5, 8, 10, 20, 40, 100):
        task = gaussian_task(n, 4, batch=500, rng=rng)
        values = np.linalg.svd(task.X, compute_uv=False) ** 2
        steps = constant_steps(values[:, 0], 40)
        v = generate(task.X, task.y, 1.0, steps)
        error = np.abs(np.einsum("tbd,bd->tb", v, task.theta) - 1)
        formula = np.abs(exact_error(task.X, task.theta, 1.0, steps))
        assert np.abs(error - formula).max() < ROUNDING
        kappa = values[:, 0] / values[:, -1]
        for T in (10, 40):
            tight = np.median((1 - 1 / kappa) ** T)
            paper = np.median(published_bound(kappa, T))
            assert np.median(error[T]) < tight < paper
    checked(draws=500)


@pytest.mark.claim("P1-first-3")
def test_first_experiment_one_layer_is_the_gradient(checked):
    rng = np.random.default_rng(3)
    for _ in range(50):
        task, q = gaussian_task(20, 4, rng=rng), rng.standard_normal(4)
        layer = linear_attention(
            prompt_matrix(task.X, -task.y, 1.0, q), *generation_weights(4),
            last_row_mask(20))
        gradient = task.X.T @ task.X @ q - task.X.T @ task.y
        np.testing.assert_allclose(layer[-1, :4], gradient, rtol=1e-9,
                                   atol=1e-9)
    checked(draws=50, tolerance=1e-9)


@pytest.mark.claim("P1-first-3")
def test_second_experiment_the_error_decays_geometrically(checked):
    """Late in the loop each step costs a factor 1 - 1/κ, to one per cent."""
    rng = np.random.default_rng(4)
    for _ in range(20):
        task = spectrum_task([1.0, 2.0, 3.0, 5.0], 20, rng=rng)
        error = np.linalg.norm(
            generate(task.X, task.y, 1.0, constant_steps(5.0, 60))
            - task.theta, axis=1)
        late = slice(30, 60)
        slope = linregress(np.arange(61)[late], np.log(error[late])).slope
        assert abs(slope - np.log(1 - 1 / 5)) < 0.01
    checked(draws=20, tolerance=0.01)


@pytest.mark.claim("P1-first-3")
def test_third_experiment_more_examples_mean_fewer_loops(checked):
    """Loops that the machine took to a vector error of 1e-6: the median
    falls with n, and stays below what the median κ promises."""
    rng, counted = np.random.default_rng(5), []
    for n, most in [(5, 3000), (8, 600), (16, 200), (40, 100), (100, 60)]:
        task = gaussian_task(n, 4, batch=301, rng=rng)
        L = np.linalg.norm(task.X, 2, axis=(1, 2)) ** 2
        v = generate(task.X, task.y, 1.0, constant_steps(L, most))
        far = np.linalg.norm(v - task.theta, axis=-1) > 1e-6
        counted.append(np.median(far.sum(axis=0)))
        promised = loops_needed(
            np.median(condition_number(task.X)), 1e-6, "constant")
        assert 0.75 * promised < counted[-1] < promised < most
    assert all(a > 1.5 * b for a, b in itertools.pairwise(counted))
    checked(draws=301)


@pytest.mark.claim("P1-examples")
def test_n_equal_to_d_is_hopeless_and_twice_as_many_are_enough(checked):
    """κ grows without bound at n = d; at n = 2d it stays below its limit."""
    rng = np.random.default_rng(6)
    square, double = [], []
    for d in (8, 32, 128):
        for n, medians in ((d, square), (2 * d, double)):
            X = gaussian_task(n, d, batch=200, rng=rng).X
            medians.append(np.median(condition_number(X)))
    assert square[1] > 8 * square[0] and square[2] > 8 * square[1]
    limit = ((1 + np.sqrt(0.5)) / (1 - np.sqrt(0.5))) ** 2
    assert max(double) < limit
    np.testing.assert_allclose(
        marchenko_pastur_condition(0.5), limit, rtol=1e-12)
    checked(draws=200)


@pytest.mark.claim("P1-examples")
def test_the_promised_number_of_examples_keeps_its_promise(checked):
    rng = np.random.default_rng(7)
    for d in (2, 4, 16):
        n = examples_needed(d, 10.0, 0.1)
        assert davidson_szarek_condition(n, d, 0.1) <= 10
        assert davidson_szarek_condition(n - 1, d, 0.1) > 10
        X = gaussian_task(n, d, batch=400, rng=rng).X
        values = np.linalg.svd(X, compute_uv=False) ** 2
        assert (values[:, 0] / values[:, -1] <= 10).mean() >= 0.9
    checked(draws=400)


@pytest.mark.claim("P1-exponential")
def test_the_architecture_converges_with_few_examples_at_any_depth(checked):
    """n = 4d examples; the error keeps its rate for 200 loops."""
    rng = np.random.default_rng(8)
    for _ in range(20):
        task = gaussian_task(40, 10, rng=rng)
        L = spectrum(task.X)[-1]
        kappa = np.linalg.cond(task.X) ** 2
        v = generate(task.X, task.y, 1.0, constant_steps(L, 200))
        error = np.linalg.norm(v - task.theta, axis=1)
        T = np.arange(201)
        assert (error <= (1 - 1 / kappa) ** T + 1e-12).all()
    checked(draws=20, tolerance=1e-12)


@pytest.mark.claim("P1-exponential")
def test_the_digests_constant_needs_exponentially_many_examples(checked):
    """c < 1 exactly from n = 64 L² d⁴ 8^(4L) on, with L the loops there."""
    for loops, d in [(1, 10), (2, 10), (5, 10), (3, 5)]:
        threshold = 64 * loops**2 * d**4 * 8.0 ** (4 * loops)
        for n, vacuous in ((0.99 * threshold, True), (1.01 * threshold, False)):
            delta = (8 * loops * d / np.sqrt(n)) ** (1 / (2 * loops))
            c = 8 * delta * d ** (1 / (2 * loops))
            assert (c > 1) == vacuous
    steps = gaussian_steps(40, 10, 5)
    task = gaussian_task(40, 10, batch=400, rng=np.random.default_rng(9))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DivergenceWarning)
        v = generate(task.X, task.y, 1.0, steps)
    error = np.linalg.norm(v[-1] - task.theta, axis=1)
    assert np.median(error) < 0.3
    checked(draws=400)


@pytest.mark.claim("B-exact-error")
def test_both_errors_are_averages_of_the_residual_polynomial(checked):
    """The literal loop, for any shape, schedule and depth, against p_T(S)."""
    rng = np.random.default_rng(10)
    for _ in range(100):
        n, d, T = (int(k) for k in rng.integers(1, 9, size=3))
        task, alpha = gaussian_task(n, d, rng=rng), rng.uniform(-2, 2)
        theta, S = task.theta, task.X.T @ task.X
        steps = rng.uniform(0, 2, T) / np.linalg.norm(S, 2)
        v = -looped_transformer(
            prompt_matrix(task.X, task.y, alpha), steps,
            *generation_weights(d), last_row_mask(n))[-1, -1, :d]
        residual = theta
        for eta in steps:
            residual = residual - eta * S @ residual
        np.testing.assert_allclose(v - alpha * theta, -alpha * residual,
                                   rtol=0, atol=ROUNDING)
        eigenvalues, V = np.linalg.eigh(S)
        p = np.prod(1 - np.multiply.outer(steps, eigenvalues), axis=0)
        weight = (V.T @ theta) ** 2
        value = exact_error(task.X, theta, alpha, steps)[-1]
        assert abs(v @ theta - alpha - value) < ROUNDING
        assert abs(value + alpha * weight @ p) < ROUNDING
        length = np.linalg.norm(v - alpha * theta)
        assert abs(length - abs(alpha) * np.sqrt(weight @ p**2)) < ROUNDING
        assert abs(value) <= length + ROUNDING
    checked(draws=100, tolerance=ROUNDING)


@pytest.mark.claim("B-tight-rates")
@pytest.mark.parametrize("rule, schedule, closed, simple", [
    ("constant", lambda L, mu, T: constant_steps(L, T),
     lambda k, T: (1 - 1 / k) ** T, lambda k, T: np.exp(-T / k)),
    ("optimal", optimal_constant_steps,
     lambda k, T: ((k - 1) / (k + 1)) ** T,
     lambda k, T: np.exp(-2 * T / (k + 1))),
    ("chebyshev", chebyshev_steps,
     lambda k, T: 1 / np.cosh(T * np.arccosh((k + 1) / (k - 1))),
     lambda k, T: 2 * np.exp(-2 * T / np.sqrt(k))),
])
def test_no_task_exceeds_a_tight_bound_and_one_meets_it_in_both_errors(
        rule, schedule, closed, simple, checked):
    rng = np.random.default_rng(11)
    for kappa in (1.5, 10.0, 100.0):
        task = spectrum_task(np.geomspace(1, kappa, 5), 9, batch=50, rng=rng)
        flattest = np.linalg.svd(task.X[0])[2][-1]
        for T in (1, 2, 5, 16):
            steps, bound = schedule(kappa, 1.0, T), closed(kappa, T)
            v = generate(task.X, task.y, -1.7, steps)[-1]
            error = np.linalg.norm(v + 1.7 * task.theta, axis=-1)
            assert (error <= 1.7 * bound + 1e-10).all()
            v = generate(task.X[0], task.X[0] @ flattest, -1.7, steps)[-1]
            np.testing.assert_allclose(
                [np.linalg.norm(v + 1.7 * flattest),
                 abs(v @ flattest + 1.7)], 1.7 * bound, atol=1e-10)
            np.testing.assert_allclose(
                tight_bound(kappa, T, rule), bound, rtol=1e-9)
            assert bound <= simple(kappa, T)
    checked(draws=600, tolerance=1e-10)


@pytest.mark.claim("B-float-floor")
def test_the_machine_stops_at_rounding_where_the_formula_goes_on(checked):
    rng, T, above = np.random.default_rng(12), np.arange(801), 0
    for _ in range(20):
        task = gaussian_task(20, 4, rng=rng)
        kappa = condition_number(task.X)
        steps = constant_steps(np.linalg.norm(task.X, 2) ** 2, 800)
        machine = np.abs(
            generate(task.X, task.y, 1.0, steps) @ task.theta - 1)
        formula = np.abs(exact_error(task.X, task.theta, 1.0, steps))
        assert formula[-1] < 1e-25
        assert machine[600:].max() < 16 * np.finfo(float).eps
        assert (machine <= tight_bound(kappa, T, "constant") + 1e-12).all()
        above += machine[-1] > paper_bound(kappa, 800)
    assert above >= 10
    checked(draws=20)


@pytest.mark.claim("B-bidiagonal")
@pytest.mark.parametrize("n, d", [(2, 2), (7, 2), (5, 3)])
def test_the_bidiagonal_matrix_has_the_traces_of_a_prompt(n, d, checked):
    """E tr (BᵀB)ᵏ for k = 0, …, 4, from the moments of chi-square."""
    a, b = sp.symbols(f"a1:{d + 1}"), sp.symbols(f"b1:{d}")
    freedom = [n - i for i in range(d)] + [d - 1 - i for i in range(d - 1)]
    B = sp.diag(*a)
    for i, entry in enumerate(b):
        B[i, i + 1] = entry
    found, power = [], sp.eye(d)
    for _ in range(5):
        terms = sp.Poly(power.trace(), *a, *b).terms()
        assert all(m % 2 == 0 for powers, _ in terms for m in powers)
        found.append(sum(
            factor * sp.prod(k + 2 * j for k, m in zip(freedom, powers)
                             for j in range(m // 2))
            for powers, factor in terms))
        power = (power * B.T * B).expand()
    assert found == trace_moments(n, d, 4)
    checked(proof=True)


@pytest.mark.claim("B-bidiagonal")
@pytest.mark.parametrize("n, d", [(5, 4), (6, 6), (30, 10)])
def test_bidiagonal_draws_cannot_be_told_from_prompts(n, d, checked):
    """Kolmogorov and Smirnov's test on the extremes and on κ."""
    rng, draws = np.random.default_rng(13), 2000
    k, B = np.arange(d), np.zeros((2000, d, d))
    B[:, k, k] = np.sqrt(rng.chisquare(n - k, (draws, d)))
    B[:, k[:-1], k[1:]] = np.sqrt(rng.chisquare(d - k[1:], (draws, d - 1)))
    s = np.linalg.svd(B, compute_uv=False)
    X = gaussian_task(n, d, batch=draws, rng=rng).X
    eigenvalues = spectrum(X)
    for theirs, ours in [(s[:, 0] ** 2, eigenvalues[:, -1]),
                         (s[:, -1] ** 2, eigenvalues[:, 0]),
                         ((s[:, 0] / s[:, -1]) ** 2, condition_number(X))]:
        assert ks_2samp(theirs, ours).pvalue > 1e-3
    checked(draws=draws)


@pytest.mark.claim("B-marchenko-pastur")
@pytest.mark.parametrize("ratio", [0.1, 0.25, 0.6])
def test_the_eigenvalues_of_a_large_prompt_fill_the_density(ratio, checked):
    """d = 300: shares of the eigenvalues against the integrated density."""
    d = 300
    n = round(d / ratio)
    task = gaussian_task(n, d, rng=np.random.default_rng(14))
    eigenvalues = spectrum(task.X) / n
    low, high = (1 - np.sqrt(d / n)) ** 2, (1 + np.sqrt(d / n)) ** 2
    for x in np.linspace(low, high, 12):
        law = quad(lambda t: np.sqrt((high - t) * (t - low))
                   / (2 * np.pi * d / n * t), low, x)[0]
        assert abs((eigenvalues <= x).mean() - law) < 0.015
    assert low - 0.05 < eigenvalues[0] and eigenvalues[-1] < high + 0.05
    checked(draws=d, tolerance=0.015)


@pytest.mark.claim("B-marchenko-pastur")
@pytest.mark.parametrize("ratio", [0.1, 0.25, 0.6])
def test_the_largest_gap_to_the_density_is_below_4_over_d(ratio, checked):
    """Shares below 400 points against the integral in closed form, within
    4/d; the law of 20 % fewer examples is off by five times that."""
    def share(x, g):
        """∫ of the density from its lower edge, by x = 1 + g - 2√g cos φ."""
        phi = np.linspace(0, np.pi, 20_001)
        points = 1 + g - 2 * np.sqrt(g) * np.cos(phi)
        mass = 2 / np.pi * np.sin(phi) ** 2 / points
        total = np.concatenate([[0], np.cumsum(
            (mass[1:] + mass[:-1]) / 2 * np.diff(phi))])
        assert abs(total[-1] - 1) < 1e-6
        return np.interp(x, points, total)

    rng = np.random.default_rng(22)
    for d in (60, 240, 480):
        n = round(d / ratio)
        eigenvalues = spectrum(gaussian_task(n, d, rng=rng).X) / n
        x = np.linspace(0, 4, 401)
        found = np.searchsorted(eigenvalues, x) / d
        assert np.abs(found - share(x, d / n)).max() < 4 / d
    assert np.abs(found - share(x, 1.25 * d / n)).max() > 20 / d
    checked(draws=3)


@pytest.mark.claim("B-marchenko-pastur")
def test_the_mean_moments_tend_to_those_of_the_density(checked):
    """E tr (S/n)ᵏ / d for symbols n and d = γn, k up to 8: exactly
    ∫ xᵏ dx of the density, with no 1/n left over."""
    _, n, d = sp.ring("n, d", sp.ZZ)
    n_, d_, ratio = sp.symbols("n d gamma")
    for k, mean in enumerate(trace_moments(n, d, 8)[1:], start=1):
        leading = sp.Poly(mean.as_expr().subs(d_, ratio * n_), n_)
        assert leading.degree() == k + 1
        polynomial = sp.lambdify(ratio, leading.LC() / ratio)
        for g in (0.1, 0.25, 0.6):
            # With x = 1 + g + 2√g cos φ a mean over angles is exact.
            phi = np.pi * (np.arange(200) + 0.5) / 200
            x = 1 + g + 2 * np.sqrt(g) * np.cos(phi)
            exact = np.mean(2 * np.sin(phi) ** 2 * x ** (k - 1))
            assert np.isclose(polynomial(g), exact, rtol=1e-10)
    checked(proof=True)


@pytest.mark.claim("B-davidson-szarek")
@pytest.mark.parametrize("n", [1, 2, 5, 20, 300])
def test_for_one_feature_davidson_szarek_is_a_statement_about_chi(n, checked):
    """Exact tail probabilities of the length of a Gaussian column."""
    for t in np.linspace(0.05, 5, 100):
        promise = np.exp(-t * t / 2)
        assert chi(n).sf(np.sqrt(n) + 1 + t) <= promise
        assert chi(n).cdf(np.sqrt(n) - 1 - t) <= promise
    checked(draws=100)


@pytest.mark.claim("B-davidson-szarek")
@pytest.mark.parametrize("n", [2, 3, 8, 30])
def test_for_two_features_davidson_szarek_holds_in_exact_integrals(n, checked):
    """Over the joint density (x - y) (xy)^{(n-3)/2} e^{-(x+y)/2} of the two
    eigenvalues, integrated in √x and √y.  The integrals agree with draws,
    and with both ends moved inwards by 3 the statement fails."""
    edge = np.sqrt(n) + np.sqrt(2) + 8
    point, weight = np.polynomial.legendre.leggauss(400)

    def grid(low, high):
        return low + (point + 1) * (high - low) / 2, weight * (high - low) / 2

    def mass(low, high, floor):
        """∫ over floor < v < u, low < u < high; u, v singular values."""
        u, du = grid(low, high)
        w, dw = grid(0, 1)
        v = floor + (u[:, None] - floor) * w
        log = (n - 2) * np.log(u[:, None] * v) - (
            u[:, None] ** 2 + v**2) / 2 + n - n * np.log(n)
        density = (u[:, None] ** 2 - v**2) * np.exp(log)
        return du @ (density * (u[:, None] - floor)) @ dw

    total, draws = mass(1e-9, edge, 0), 20_000
    X = gaussian_task(n, 2, batch=draws, rng=np.random.default_rng(n)).X
    sampled = np.sqrt(spectrum(X))
    top, bottom = np.sqrt(n) + np.sqrt(2), np.sqrt(n) - np.sqrt(2)
    for t in (0.2, 0.5, 1, 2, 3):
        promise = np.exp(-t * t / 2)
        above = mass(top + t, edge, 0) / total
        error = np.sqrt(above / draws)
        assert abs((sampled[:, 1] > top + t).mean() - above) < 5 * error
        assert above <= promise
        if bottom > t:
            below = 1 - mass(bottom - t, edge, bottom - t) / total
            assert below <= promise
    assert mass(top - 3 + 0.5, edge, 0) / total > np.exp(-0.125)
    checked(draws=draws)


@pytest.mark.claim("B-davidson-szarek")
@pytest.mark.parametrize("n, d", [(12, 6), (20, 4), (16, 16), (64, 16)])
def test_singular_values_keep_the_promise_of_davidson_and_szarek(
        n, d, checked):
    """The interval with its probability; that its ends are within 0.8 of the
    mean extremes; and that these deviate at most as exp(-t²/2) allows."""
    X = gaussian_task(n, d, batch=4000, rng=np.random.default_rng(15)).X
    s = np.linalg.svd(X, compute_uv=False)
    top, bottom = np.sqrt(n) + np.sqrt(d), np.sqrt(n) - np.sqrt(d)
    sampling = 3 * s[:, 0].std() / np.sqrt(4000)
    assert top - 0.8 < s[:, 0].mean() < top + sampling
    assert bottom - sampling < s[:, -1].mean() < bottom + 0.8
    for t in (0.5, 1.0, 2.0, 3.0):
        promise = np.exp(-t * t / 2)
        high, low = s[:, 0] > top + t, s[:, -1] < bottom - t
        assert high.mean() <= promise and low.mean() <= promise
        assert (high | low).mean() <= 2 * promise
        allowed = promise + 3 * np.sqrt(promise / 4000)
        for values in (s[:, 0], -s[:, -1]):
            assert (values - values.mean() > t).mean() <= allowed
    kappa = (s[:, 0] / s[:, -1]) ** 2
    for delta in (0.5, 0.1, 0.01):
        promised = davidson_szarek_condition(n, d, delta)
        assert (kappa > promised).mean() <= delta
    checked(draws=4000)


@pytest.mark.claim("B-square")
def test_kappa_of_square_prompts_follows_edelmans_law(checked):
    """cond(X)/d against exp(-2/x - 2/x²), and the median 13.48 d²."""
    draws, d = 1000, 64
    X = gaussian_task(d, d, batch=draws, rng=np.random.default_rng(20)).X
    kappa = condition_number(X)
    law = lambda x: np.exp(-2 / x - 2 / x**2)
    assert kstest(np.sqrt(kappa) / d, law).pvalue > 0.01
    assert kstest(np.sqrt(kappa) / (1.15 * d), law).pvalue < 1e-3
    median = (2 / (np.sqrt(1 + 2 * np.log(2)) - 1)) ** 2
    assert abs(median - 13.48) < 0.01
    assert abs(np.median(kappa) / d**2 / median - 1) < 0.15
    checked(draws=draws)


@pytest.mark.claim("B-small-d")
def test_small_d_is_the_more_optimistic_the_fewer_the_examples(checked):
    """Limit over the median at d = 4: 10, 3.4, 2.1 and 1.4."""
    rng = np.random.default_rng(21)
    for n, expected in [(5, 10.2), (8, 3.4), (16, 2.1), (64, 1.4)]:
        X = gaussian_task(n, 4, batch=4000, rng=rng).X
        limit = ((1 + 2 / np.sqrt(n)) / (1 - 2 / np.sqrt(n))) ** 2
        found = limit / np.median(condition_number(X))
        assert abs(found / expected - 1) < 0.1
    checked(draws=4000, tolerance=0.1)


@pytest.mark.claim("B-kappa-limit")
@pytest.mark.claim("B-small-d")
def test_kappa_tends_to_its_limit_from_below_and_is_small_at_d_4(checked):
    rng = np.random.default_rng(16)
    for ratio, limit in [(4, 9.0), (9, 4.0)]:
        assert abs(marchenko_pastur_condition(1 / ratio) - limit) < 1e-12
        medians = []
        for d, draws in [(4, 2000), (16, 500), (64, 100), (256, 10)]:
            values = np.linalg.eigvalsh(
                second_moments(ratio * d, d, batch=draws, rng=rng))
            medians.append(np.median(values[:, -1] / values[:, 0]))
        assert medians == sorted(medians)
        assert 0.92 * limit < medians[-1] < limit
        assert medians[0] < (0.6 if ratio == 4 else 0.7) * limit
    checked(draws=2610)


@pytest.mark.claim("B-gaussian-step")
def test_the_gaussian_step_is_safe_and_one_over_n_needs_six_times_d(checked):
    rng = np.random.default_rng(17)
    for d, draws in [(4, 2000), (16, 500), (64, 100)]:
        for n in (d, 2 * d, 4 * d, 10 * d):
            L = n * np.linalg.eigvalsh(
                second_moments(n, d, batch=draws, rng=rng))[:, -1]
            root = np.sqrt(n) + np.sqrt(d)
            share = (gaussian_steps(n, d, 1)[0] * L > 2).mean()
            assert share <= np.exp(-0.08 * root**2)
    for ratio, diverges in [(4, True), (8, False)]:
        top = np.linalg.eigvalsh(second_moments(
            ratio * 128, 128, batch=20, rng=rng))[:, -1]
        assert ((top > 2) == diverges).all()
    checked(draws=2600)
