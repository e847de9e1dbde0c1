"""Exact errors, rates and conditioning, against independent oracles."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from lttutor import theory
from lttutor.attention import generation_weights, last_row_mask, prompt_matrix
from lttutor.flattening import spectrum_map
from lttutor.loop import generate, looped_transformer
from lttutor.steps import (
    chebyshev_steps,
    constant_steps,
    flattening_steps,
    optimal_constant_steps,
)
from lttutor.tasks import gaussian_task, spectrum_task
from lttutor.theory import (
    condition_number,
    davidson_szarek_condition,
    exact_error,
    examples_needed,
    flattening_bound,
    loops_needed,
    loops_to_error,
    marchenko_pastur_condition,
    paper_bound,
    residual_polynomial,
    spectrum,
    tight_bound,
)

sizes = st.integers(1, 9)
seeds = st.integers(0, 2**32 - 1)
kappas = st.floats(1.0, 1e8)
batches = st.sampled_from([(), (3,), (2, 2)])
RULES = ("constant", "optimal", "chebyshev")


def schedule(rule, L, mu, T):
    return {
        "constant": lambda: constant_steps(L, T),
        "optimal": lambda: optimal_constant_steps(L, mu, T),
        "chebyshev": lambda: chebyshev_steps(L, mu, T),
    }[rule]()


# ---- spectrum and condition number ---------------------------------------

@given(sizes, sizes, batches, seeds)
@settings(max_examples=60, deadline=None)
def test_spectrum_is_that_of_the_gram_matrix(n, d, batch, seed):
    X = np.random.default_rng(seed).standard_normal((*batch, n, d))
    found = spectrum(X)
    expected = np.linalg.eigvalsh(np.swapaxes(X, -1, -2) @ X)
    assert found.shape == (*batch, d)
    assert (np.diff(found, axis=-1) >= 0).all() and (found >= 0).all()
    assert np.abs(found - expected).max() <= 1e-12 * expected.max()
    assert (found[..., :max(d - n, 0)] == 0).all()


@given(st.integers(2, 6), st.floats(0, 11), seeds)
@settings(max_examples=40, deadline=None)
def test_condition_number_recovers_a_planted_one(d, digits, seed):
    rng = np.random.default_rng(seed)
    X = spectrum_task(np.geomspace(1, 10**digits, d), d + 3, rng=rng).X
    assert condition_number(X) == pytest.approx(10**digits, rel=1e-9)


def test_condition_number_survives_where_the_gram_matrix_has_lost_it():
    """κ = 1e20: eigenvalues of a computed XᵀX are noise, those of X are not."""
    rng = np.random.default_rng(1)
    X = spectrum_task([1.0, 1e10, 1e20], 30, rng=rng).X
    assert condition_number(X) == pytest.approx(1e20, rel=1e-4)


@given(sizes, sizes, sizes, batches, seeds, st.sampled_from(
    [np.float32, np.float64]))
@settings(max_examples=80, deadline=None)
def test_condition_number_is_infinite_exactly_when_rank_is_below_d(
        n, d, rank, batch, seed, dtype):
    rng = np.random.default_rng(seed)
    rank = min(n, d, rank)
    U, _ = np.linalg.qr(rng.standard_normal((*batch, n, rank)))
    V, _ = np.linalg.qr(rng.standard_normal((*batch, d, rank)))
    X = (U @ np.swapaxes(V, -1, -2)).astype(dtype)
    kappa = condition_number(X)
    assert kappa.dtype == dtype and np.shape(kappa) == batch
    if rank < d:
        assert (kappa == np.inf).all()
    else:
        assert np.abs(kappa - 1).max() <= 100 * np.finfo(dtype).eps


def test_duplicate_rows_and_columns_make_kappa_infinite():
    X = np.random.default_rng(0).standard_normal((3, 4))
    assert condition_number(np.vstack([X, X, X])) == np.inf
    assert condition_number(np.column_stack([X.T, X.T[:, 0]])) == np.inf
    assert condition_number(np.zeros((5, 2))) == np.inf


@given(sizes, seeds, st.floats(-60, 60))
def test_condition_number_ignores_scale_and_rotation(d, seed, power):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((d + 2, d))
    R, _ = np.linalg.qr(rng.standard_normal((d, d)))
    kappa = condition_number(X)
    assume(kappa < 1e8)
    assert condition_number(10.0**power * X @ R) == pytest.approx(kappa)


# ---- residual polynomial and exact error ---------------------------------

@given(sizes, st.integers(0, 12), batches, seeds, st.booleans())
@settings(max_examples=60, deadline=None)
def test_residual_polynomial_is_the_product_of_its_factors(
        d, T, batch, seed, shared):
    rng = np.random.default_rng(seed)
    lam = rng.standard_normal((*batch, d))
    steps = rng.standard_normal((T,) if shared else (*batch, T))
    found = residual_polynomial(lam, steps)
    assert found.shape == (T + 1, *batch, d)
    for index in np.ndindex(*batch):
        eta = steps if shared else steps[index]
        for t in range(T + 1):
            product = math.prod(1 - e * lam[index] for e in eta[:t])
            assert found[(t, *index)] == pytest.approx(product, rel=1e-12)


@given(sizes, sizes, batches, st.integers(0, 30), seeds)
@settings(max_examples=80, deadline=None)
def test_exact_error_is_what_the_loop_makes(n, d, batch, T, seed):
    rng = np.random.default_rng(seed)
    task = gaussian_task(n, d, batch=batch, unit_norm=bool(seed % 2), rng=rng)
    alpha = rng.standard_normal(batch) if batch else float(rng.normal())
    L = np.linalg.norm(task.X, 2, axis=(-2, -1)) ** 2
    steps = rng.uniform(0.2, 1.8, (*batch, T)) / L[..., None]
    v = generate(task.X, task.y, alpha, steps)
    looped = np.einsum("t...d,...d->t...", v, task.theta) - alpha
    found = exact_error(task.X, task.theta, alpha, steps)
    assert found.shape == (T + 1, *batch)
    size = np.abs(alpha) * (1 + (task.theta**2).sum(axis=-1))
    assert (np.abs(found - looped) <= 1e-12 * size).all()


def test_exact_error_is_the_literal_transformers():
    rng = np.random.default_rng(3)
    task = gaussian_task(7, 3, unit_norm=False, rng=rng)
    steps = rng.uniform(0, 2, 20) / np.linalg.norm(task.X, 2) ** 2
    states = looped_transformer(
        prompt_matrix(task.X, task.y, 1.7), steps, *generation_weights(3),
        last_row_mask(7))
    literal = -states[:, -1, :3] @ task.theta - 1.7
    found = exact_error(task.X, task.theta, 1.7, steps)
    assert np.abs(found - literal).max() <= 1e-12


def test_exact_error_is_exact_far_below_rounding():
    """Against 60-digit arithmetic on the same floats, down to 1e-40."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((12, 3))
    theta = np.array([1.0, 0.0, 0.0])
    L = float(np.linalg.norm(X, 2) ** 2)
    found = exact_error(X, theta, 1.0, constant_steps(L, 200))
    with mpmath.workdps(60):
        exact_X = mpmath.matrix(X.tolist())
        gram = exact_X.T * exact_X
        eta, e = mpmath.mpf(1 / L), mpmath.matrix([1, 0, 0])
        for t in range(201):
            assert found[t] == pytest.approx(-float(e[0]), rel=1e-11)
            e = e - eta * (gram * e)
    assert 0 < -found[-1] < 1e-25


def test_exact_error_with_fewer_examples_than_features_stalls():
    rng = np.random.default_rng(0)
    task = gaussian_task(3, 5, rng=rng)
    L = spectrum(task.X)[-1]
    seen = np.linalg.lstsq(task.X, task.y, rcond=None)[0]
    error = exact_error(task.X, task.theta, 2.0, constant_steps(L, 4000))
    assert error[-1] == pytest.approx(2 * (seen @ task.theta - 1))


def test_exact_error_knows_that_a_normalized_vector_has_length_one():
    task = gaussian_task(60, 4, batch=50, rng=np.random.default_rng(1))
    L = spectrum(task.X)[:, -1]
    last = exact_error(task.X, task.theta, 1.0, constant_steps(L, 300))[-1]
    assert (last < 0).all() and (np.abs(last) < 1e-20).all()


def test_exact_error_keeps_a_true_excess_of_length():
    X = np.eye(2)
    error = exact_error(X, [0.0, 1 + 1e-9], 1.0, constant_steps(1.0, 1))
    assert error[-1] == pytest.approx(2e-9, rel=1e-6)


def test_float32_is_kept():
    X = np.random.default_rng(0).standard_normal((8, 3)).astype(np.float32)
    theta = np.float32([1, 0, 0])
    steps = constant_steps(spectrum(X)[-1], 5)
    assert spectrum(X).dtype == condition_number(X).dtype == np.float32
    assert residual_polynomial(spectrum(X), steps).dtype == np.float32
    single = exact_error(X, theta, 1.0, steps)
    double = exact_error(X.astype(float), theta, 1.0, steps.astype(float))
    assert single.dtype == np.float32
    assert single == pytest.approx(double, rel=1e-5)


def test_overflow_raises_instead_of_returning_nan():
    with pytest.raises(OverflowError, match="loop 2 of 3"):
        residual_polynomial([1e200], [1.0, 1.0, 1.0])
    with pytest.raises(OverflowError):
        exact_error(np.eye(2) * 1e100, [1.0, 0.0], 1.0, [1.0, 1.0])


# ---- bounds --------------------------------------------------------------

@given(st.sampled_from(RULES), sizes, st.floats(1, 300), st.integers(1, 30),
       seeds)
@settings(max_examples=100, deadline=None)
def test_no_task_exceeds_the_tight_bound(rule, d, kappa, T, seed):
    rng = np.random.default_rng(seed)
    lam = rng.uniform(1, kappa, d)
    lam[0], lam[-1] = 1, kappa
    task = spectrum_task(lam, d + 2, rng=rng)
    steps = schedule(rule, *(float(v) for v in (lam.max(), lam.min())), T)
    kappa = lam.max() / lam.min()
    bound = tight_bound(kappa, T, rule)
    error = exact_error(task.X, task.theta, 1.0, steps)[-1]
    assert abs(error) <= bound + 1e-12
    v = generate(task.X, task.y, 1.0, steps)[-1]
    assert np.linalg.norm(v - task.theta) <= bound + 1e-12 * kappa


@given(st.sampled_from(RULES), st.floats(1.01, 1e4), st.integers(0, 40))
@settings(max_examples=100, deadline=None)
def test_some_task_attains_the_tight_bound(rule, kappa, T):
    """θ* along the smallest eigenvector, X diagonal."""
    X = np.diag(np.sqrt([1.0, kappa]))
    error = exact_error(X, [1.0, 0.0], 1.0, schedule(rule, kappa, 1.0, T))
    assert abs(error[-1]) == pytest.approx(
        tight_bound(kappa, T, rule), rel=1e-9, abs=1e-300)


@given(st.floats(1.0001, 1e6), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_tight_bounds_agree_with_mpmath(kappa, T):
    with mpmath.workdps(60):
        k = mpmath.mpf(kappa)
        expected = {
            "constant": (1 - 1 / k) ** T,
            "optimal": ((k - 1) / (k + 1)) ** T,
            "chebyshev": 1 / mpmath.chebyt(T, (k + 1) / (k - 1)),
        }
        for rule, value in expected.items():
            assert tight_bound(kappa, T, rule) == pytest.approx(
                float(value), rel=1e-10)
        assert paper_bound(kappa, T) == pytest.approx(
            float(mpmath.exp(-T / (2 * k))), rel=1e-13)


@given(kappas, st.integers(0, 10**8))
def test_bounds_are_ordered_from_chebyshev_to_the_paper(kappa, T):
    chebyshev, optimal, constant = (
        tight_bound(kappa, T, rule) for rule in RULES[::-1])
    slack = 1 + 1e-9
    assert chebyshev <= optimal * slack <= constant * slack**2
    assert constant <= paper_bound(kappa, T) ** 2 * slack  # half the exponent


@pytest.mark.parametrize("rule, exponent", [
    ("constant", 1), ("optimal", 2), ("chebyshev", 2e6)])
def test_tight_bounds_keep_their_digits_at_huge_kappa(rule, exponent):
    """At κ = 1e12 rounding 1 - 1/κ alone would cost four digits."""
    T = round(3e12 / exponent)
    with mpmath.workdps(60):
        expected = bound_at(1e12, T, rule)
    assert tight_bound(1e12, T, rule) == pytest.approx(
        float(expected), rel=1e-12)


def test_bounds_at_the_ends_of_their_range():
    for rule in RULES:
        assert tight_bound(1, [0, 1, 5], rule).tolist() == [1, 0, 0]
        assert tight_bound(np.inf, [0, 1, 10**9], rule).tolist() == [1, 1, 1]
        assert tight_bound([3.0, np.inf], 0, rule).tolist() == [1, 1]
    assert paper_bound(np.inf, 10) == 1


def test_bounds_broadcast_kappa_against_loops():
    kappa, T = np.array([[2.0], [5.0]]), np.arange(4)
    for rule in RULES:
        table = tight_bound(kappa, T, rule)
        assert table.shape == (2, 4)
        assert table[1, 3] == tight_bound(5.0, 3, rule)
    assert paper_bound(kappa, T).shape == (2, 4)


@pytest.mark.parametrize("kappa", [1.0, 1.001, 2.0, 100.0, 1e6, 1e12])
def test_flattening_bound_is_the_largest_residual_on_the_interval(kappa):
    s = np.geomspace(kappa**-0.5, 1, 40_001)
    _, residuals = spectrum_map(s, flattening_steps(kappa, 12))
    bound = flattening_bound(kappa, np.arange(13))
    assert np.abs(residuals).max(axis=1) == pytest.approx(
        bound, rel=1e-6, abs=1e-11)


@given(st.floats(1.0, 1e15), st.integers(0, 30))
@example(1 + 2.0**-52, 1)
@settings(max_examples=100, deadline=None)
def test_flattening_bound_agrees_with_mpmath(kappa, T):
    with mpmath.workdps(400):
        expected = float(error_at_the_top(mpmath.mpf(kappa), T))
    assert flattening_bound(kappa, T) == pytest.approx(
        expected, rel=1e-6, abs=1e-300)


def test_flattening_bound_at_the_ends_of_its_range():
    assert flattening_bound(1, [0, 1, 5]).tolist() == [1, 0, 0]
    assert flattening_bound(np.inf, [0, 1, 10**9]).tolist() == [1, 2, 2]
    table = flattening_bound([[2.0], [5.0]], np.arange(4))
    assert table.shape == (2, 4) and table[1, 3] == flattening_bound(5.0, 3)


# ---- loops needed --------------------------------------------------------

def bound_at(kappa, T, rule):
    k = mpmath.mpf(kappa)
    return {
        "constant": lambda: (1 - 1 / k) ** T,
        "optimal": lambda: ((k - 1) / (k + 1)) ** T,
        "chebyshev": lambda: 1 / mpmath.cosh(T * mpmath.acosh(
            (k + 1) / (k - 1))),
        "paper": lambda: mpmath.exp(-T / (2 * k)),
        "flattening": lambda: error_at_the_top(k, T),
    }[rule]()


def error_at_the_top(kappa, T):
    """|p_T| at the largest singular value, from the loop's own recursion."""
    low, high = 1 / mpmath.sqrt(kappa), mpmath.mpf(1)
    s, p = high, mpmath.mpf(1)
    for _ in range(T):
        eta = 3 / (low**2 + low * high + high**2)
        p *= 1 - eta * s**2
        s, low = s * (1 - eta * s**2 / 3), low * (1 - eta * low**2 / 3)
        high = 2 / (3 * mpmath.sqrt(eta))
    return abs(p)


@given(st.floats(1.000001, 1e9), st.floats(1e-300, 1, exclude_max=True),
       st.sampled_from((*RULES, "paper", "flattening")))
@settings(max_examples=200, deadline=None)
def test_loops_needed_is_enough_and_one_loop_less_is_not(
        kappa, epsilon, rule):
    T = loops_needed(kappa, epsilon, rule)
    assert isinstance(T, int)
    with mpmath.workdps(400 if rule == "flattening" else 80):
        assert bound_at(kappa, T, rule) <= epsilon
        assert T == 0 or bound_at(kappa, T - 1, rule) > epsilon


@pytest.mark.parametrize("T", range(60))
def test_loops_needed_is_exact_where_the_bound_equals_epsilon(T):
    assert loops_needed(2.0, 0.5**T, "constant") == T
    assert loops_needed(3.0, 0.5**T, "optimal") == T
    assert loops_needed(4.0, 0.5**T, "constant") == next(
        t for t in range(200)
        if Fraction(3, 4) ** t <= Fraction(1, 2) ** T)


def test_loops_needed_at_the_ends_of_its_range():
    for rule in RULES:
        assert loops_needed(1.0, 1e-9, rule) == 1
    for rule in (*RULES, "paper", "flattening"):
        assert loops_needed(7.0, 1.0, rule) == 0
        assert loops_needed(np.inf, 2.0, rule) == 0
        assert loops_needed(np.inf, 0.5, rule) == math.inf
        assert loops_needed(1e300, 0.5, rule) > (
            360 if rule == "flattening" else 1e149)
        assert 1 <= loops_needed(1 + 1e-15, 1e-6, rule) <= 28
    several = loops_needed([[2.0, np.inf], [10.0, 1.0]], 1e-6, "constant")
    assert several.tolist() == [[20, math.inf], [132, 1]]


def test_loops_needed_reproduces_the_books_table():
    table = [[loops_needed(kappa, 1e-6, rule)
              for rule in ("paper", *RULES)] for kappa in (2, 10, 100, 1e4)]
    assert table == [[56, 20, 13, 9], [277, 132, 69, 23],
                     [2764, 1375, 691, 73], [276311, 138149, 69078, 726]]


# ---- Gaussian prompts ----------------------------------------------------

def test_marchenko_pastur_known_values():
    ratios = 1 / np.array([1.25, 2, 4, 9, 16, 100])
    expected = [321.997, 33.971, 9, 4, 2.778, 1.494]
    assert marchenko_pastur_condition(ratios) == pytest.approx(
        expected, rel=1e-3)
    assert marchenko_pastur_condition(0) == 1
    assert marchenko_pastur_condition([1.0, 2.0]).tolist() == [np.inf] * 2


def test_marchenko_pastur_is_the_limit_of_measured_condition_numbers():
    rng = np.random.default_rng(0)
    gaps = []
    for d in (25, 100, 400):
        kappa = condition_number(rng.standard_normal((400 // d * 2, 4 * d, d)))
        gaps.append(abs(np.median(kappa) / 9 - 1))
    assert gaps[0] > gaps[1] > gaps[2] and gaps[2] < 0.05


@pytest.mark.parametrize("n, d", [(60, 4), (200, 16), (200, 2)])
def test_davidson_szarek_holds_as_often_as_it_promises(n, d):
    rng = np.random.default_rng(0)
    kappa = condition_number(rng.standard_normal((2000, n, d)))
    for delta in (0.5, 0.1, 0.01):
        promised = davidson_szarek_condition(n, d, delta)
        assert (kappa > promised).mean() <= delta


@pytest.mark.filterwarnings("error")
def test_what_is_singular_is_so_without_a_warning():
    X = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    for singular in (X, X * [1, 0], X * 0, X[:1], np.stack([X, X * [0, 1]])):
        kappa = condition_number(singular)
        assert np.isinf(kappa).all() and kappa.shape == singular.shape[:-2]
        assert (spectrum(singular)[..., 0] == 0).all()
    assert spectrum(X)[1] == pytest.approx(70, rel=1e-14)
    assert marchenko_pastur_condition(1.0) == np.inf
    assert davidson_szarek_condition(4, 4, 0.5) == np.inf


def test_examples_needed_keeps_the_shape_of_d():
    table = examples_needed([[4], [64]], 10, 0.01)
    assert table.tolist() == [[103], [470]]


def test_small_prompts_have_the_condition_number_of_large_ones():
    """The square of the small singular value would be 0."""
    X = np.diag([1.0, 1e-12])
    for scale in (1.0, 2.0**-490, 2.0**490):
        assert condition_number(scale * X) == pytest.approx(1e24)
    assert condition_number(np.float32(1e-15) * np.diag([1, 1e-6]).astype(
        np.float32)) == pytest.approx(1e12, rel=1e-4)


def test_davidson_szarek_uses_two_over_delta():
    t = math.sqrt(2 * math.log(2 / 0.01))
    expected = ((20 + 3 + t) / (20 - 3 - t)) ** 2
    assert davidson_szarek_condition(400, 9, 0.01) == pytest.approx(expected)


def test_davidson_szarek_promises_nothing_for_too_few_examples():
    assert davidson_szarek_condition(4, 4, 0.01) == np.inf
    assert davidson_szarek_condition(1, 40, 0.5) == np.inf
    table = davidson_szarek_condition([[5], [500]], [4, 16], 0.05)
    assert table.shape == (2, 2)
    assert np.isinf(table).tolist() == [[True, True], [False, False]]


@given(st.integers(1, 5000), st.floats(1.05, 1e6), st.floats(1e-9, 0.99))
@settings(max_examples=150, deadline=None)
def test_examples_needed_is_enough_and_one_example_less_is_not(
        d, kappa, delta):
    n = examples_needed(d, kappa, delta)
    assert isinstance(n, int)
    assert davidson_szarek_condition(n, d, delta) <= kappa
    assert davidson_szarek_condition(n - 1, d, delta) > kappa


def promised(n, d, delta):
    """The condition number that Davidson and Szarek promise, in 60 digits."""
    t = mpmath.sqrt(2 * mpmath.log(2 / mpmath.mpf(delta)))
    root, width = mpmath.sqrt(n), mpmath.sqrt(d) + t
    return ((root + width) / (root - width)) ** 2


@pytest.mark.parametrize("d", [1, 4, 50])
def test_examples_needed_is_exact_where_a_whole_number_is_the_answer(d):
    """κ chosen so that n examples are just enough, to the last bit."""
    with mpmath.workdps(60):
        for n in range(8 * d + 60, 8 * d + 200):
            kappa = float(promised(n, d, 0.1))
            for near in (np.nextafter(kappa, 0), kappa, np.nextafter(kappa, 99)):
                found = examples_needed(d, float(near), 0.1)
                assert found == n + (promised(n, d, 0.1) > near)


@pytest.mark.parametrize("d, kappa, delta", [
    (1, 1 + 1e-6, 0.01), (50, 1 + 1e-6, 1e-300), (10**14, 1e6, 0.01),
    (99 * 10**12, 1e15, 0.5), (10**18, 9.0, 0.5), (7, 1 + 1e-8, 0.1),
])
def test_examples_needed_is_exact_for_numbers_of_fourteen_digits(
        d, kappa, delta):
    n = examples_needed(d, kappa, delta)
    with mpmath.workdps(60):
        assert promised(n, d, delta) <= kappa < promised(n - 1, d, delta)


def test_examples_needed_matches_a_search_over_all_n():
    n = np.arange(1, 3000)
    for d in (1, 4, 16, 64, 256):
        enough = davidson_szarek_condition(n, d, 0.01) <= 10
        assert examples_needed(d, 10, 0.01) == n[enough].min()
        assert enough[enough.argmax():].all()
    assert examples_needed([4, 16, 64, 256, 1024], 10, 0.01).tolist() == [
        103, 196, 470, 1374, 4606]


def test_theory_offers_every_name_of_its_contract():
    for name in theory.__all__:
        assert callable(getattr(theory, name))


def test_arguments_are_left_as_they_were():
    rng = np.random.default_rng(0)
    task = gaussian_task(6, 3, rng=rng)
    steps = np.full(4, 0.01)
    before = task.X.copy(), task.theta.copy(), steps.copy()
    exact_error(task.X, task.theta, 1.0, steps)
    condition_number(task.X)
    assert all((a == b).all()
               for a, b in zip(before, (task.X, task.theta, steps)))


# ---- counted loops --------------------------------------------------------

@given(sizes, sizes, seeds, st.floats(1e-3, 0.5), st.floats(0.2, 2.0))
@settings(max_examples=60, deadline=None)
def test_counted_loops_are_those_of_the_loop(extra, d, seed, epsilon, share):
    """The machine itself is run, and its first good answer looked up."""
    task = gaussian_task(d + extra, d, rng=np.random.default_rng(seed))
    step = share / np.linalg.norm(task.X, 2) ** 2
    found = loops_to_error(task.X, task.theta, step, epsilon)
    assume(found <= 3000)
    v = generate(task.X, task.y, 1.0, np.full(found + 1, step))
    error = np.linalg.norm(v - task.theta, axis=-1)
    assert (error[:found] > epsilon * (1 - 1e-9)).all()
    assert (error[found:] <= epsilon * (1 + 1e-9)).all()


def test_millions_of_loops_are_counted_exactly():
    """One direction: the smallest T with (1 - 1/κ)ᵀ ≤ ε, in 60 digits."""
    for kappa in (1e3, 1e6, 1e9):
        X = np.diag([1.0, np.sqrt(kappa)])
        found = loops_to_error(X, [1.0, 0.0], 1 / kappa, 1e-6)
        with mpmath.workdps(60):
            rate = 1 - mpmath.mpf(1 / kappa)
            exact = mpmath.ceil(mpmath.log(1e-6) / mpmath.log(rate))
        assert abs(found - exact) <= 1e-7 * exact


def test_a_vector_that_the_examples_do_not_see_is_never_found():
    X = [[1.0, 0.0], [2.0, 0.0]]
    assert loops_to_error(X, [0.6, 0.8], 0.1, 1e-6) == math.inf
    assert loops_to_error(X, [0.6, 0.8], 0.1, 0.9) == 1
    assert loops_to_error(X, [0.6, 0.8], 0.1, 1.0) == 0


@pytest.mark.parametrize("step, epsilon, words", [
    (0.41, 0.1, "at most 2/L"), (0.0, 0.1, "step"), (0.1, 0.0, "epsilon")])
def test_steps_that_could_raise_the_error_are_refused(step, epsilon, words):
    with pytest.raises(ValueError, match=words):
        loops_to_error([[1.0], [2.0]], [1.0], step, epsilon)
