"""Evidence for chapter 42: the machine whose examples move."""

import math

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize

from lttutor.attention import prompt_matrix
from lttutor.flattening import (
    all_rows_mask,
    moving_predict,
    moving_solution,
    moving_weights,
    spectrum_map,
)
from lttutor.loop import looped_transformer
from lttutor.steps import flattening_steps
from lttutor.tasks import spectrum_task
from lttutor.theory import flattening_bound, loops_needed, tight_bound


def literal(X, y, x, steps, share=1 / 3):
    n, d = X.shape[-2:]
    return looped_transformer(prompt_matrix(X, y, 0.0, x), steps,
                              *moving_weights(d, share), all_rows_mask(n))


def follow(s, steps, share=1 / 3):
    """σ_T and p_T, written out once more; works on NumPy and mpmath."""
    p = s * 0 + 1
    for eta in steps:
        bite = eta * s * s
        p, s = p * (1 - bite), s * (1 - share * bite)
    return s, p


@pytest.mark.claim("B-moving-spectrum")
def test_singular_vectors_stay_and_each_value_lives_for_itself(checked):
    rng = np.random.default_rng(421)
    for _ in range(200):
        n, d = rng.integers(1, 8, 2)
        rank = rng.integers(1, min(n, d) + 1)
        X = rng.normal(size=(n, rank)) @ rng.normal(size=(rank, d))
        y, x = rng.normal(size=n), rng.normal(size=d)
        U, s, Vt = np.linalg.svd(X, full_matrices=False)
        U, s, Vt = U[:, :rank], s[:rank], Vt[:rank]
        share = rng.choice([1 / 3, rng.uniform(0, 1)])
        steps = rng.uniform(0, 1.2, size=4) / s[0] ** 2
        sigma, p = follow(s, steps, share)
        end = literal(X, y, x, steps, share)[-1]
        assert np.abs(end[:n, :d] - U * sigma @ Vt).max() <= 1e-12 * s[0]
        terms = (1 - p) * (U.T @ y) / s * (Vt @ x)
        size = 1 + np.abs(terms).max() * s[0] / s[-1]
        assert abs(-end[-1, -1] - terms.sum()) <= 1e-12 * size
    checked(draws=200, tolerance=1e-12)


@pytest.mark.claim("B-moving-spectrum")
def test_moving_the_query_instead_of_the_labels_gives_the_same_answers(
        checked):
    """The machine of Lutz et al.: examples keep their labels in step with
    their features, and the query's row takes the full steps."""
    rng = np.random.default_rng(430)
    for _ in range(50):
        n, d = rng.integers(1, 8, 2)
        X, y, x = rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(
            size=d)
        share = rng.uniform(0, 1)
        steps = rng.uniform(0, 1.2, size=5) / np.linalg.norm(X, 2) ** 2
        ours = -literal(X, y, x, steps, share)[:, -1, -1]
        theirs, B = [0.0], y
        for step in steps:
            theirs.append(theirs[-1] + step * B @ X @ x)
            X, B, x = (X - share * step * X @ X.T @ X,
                       B - share * step * X @ X.T @ B,
                       x - step * X.T @ X @ x)
        assert np.abs(ours - theirs).max() <= 1e-12 * (1 + np.abs(ours).max())
    checked(draws=50, tolerance=1e-12)


@pytest.mark.claim("B-error-is-slope")
def test_the_residual_is_the_derivative_only_for_a_third(checked):
    s, share = sp.symbols("s omega", positive=True)
    eta = sp.symbols("eta1:4")
    sigma, p = follow(s, eta, sp.Rational(1, 3))
    assert sp.expand(sp.diff(sigma, s) - p) == 0
    sigma, p = follow(s, eta[:1], share)
    gap = sp.factor(sp.diff(sigma, s) - p)
    assert sp.solve(gap, share) == [sp.Rational(1, 3)]
    checked(proof=True)


@pytest.mark.claim("B-error-is-slope")
def test_the_literal_answers_error_is_how_the_last_spectrum_responds(checked):
    """Nudge one singular value of the prompt; watch that of X_T."""
    rng = np.random.default_rng(422)
    h, worst = 1e-5, 0.0
    for _ in range(50):
        n, d = 7, 3
        U = np.linalg.qr(rng.normal(size=(n, d)))[0]
        V = np.linalg.qr(rng.normal(size=(d, d)))[0]
        s = rng.uniform(0.2, 1, size=d)
        steps = flattening_steps(25.0, 3)

        def last(change, U=U, V=V, s=s, steps=steps):
            X = U * (s + change * np.array([1, 0, 0])) @ V.T
            moved = looped_transformer(
                prompt_matrix(X, X @ V[:, 0], 0.0, V[:, 0]), steps,
                *moving_weights(d), all_rows_mask(n))[-1]
            return U[:, 0] @ moved[:n, :d] @ V[:, 0], 1 + moved[-1, -1]

        slope = (last(h)[0] - last(-h)[0]) / (2 * h)
        worst = max(worst, abs(slope - last(0)[1]))
    assert worst < 1e-7
    checked(draws=50, tolerance=1e-7)


def flatness(schedules, s):
    """min/max of σ_T over s for safe schedules, 0 for the others."""
    schedules = np.atleast_2d(schedules)
    out, safe = np.broadcast_to(s, (len(schedules), len(s))), True
    for eta in schedules.T[..., None]:
        out = out * (1 - eta * out**2 / 3)
        safe = safe & (out.min(axis=1) > 0)
    return np.where(safe, out.min(axis=1) / out.max(axis=1), 0.0)


@pytest.mark.claim("B-flattest-steps")
@pytest.mark.parametrize("kappa, T", [(10.0, 1), (100.0, 2), (1e4, 4)])
def test_no_safe_schedule_that_a_search_finds_ends_flatter(
        kappa, T, checked):
    rng = np.random.default_rng(423)
    s = np.geomspace(kappa**-0.5, 1, 2001)
    steps = flattening_steps(kappa, T)
    best = flatness(steps, s)[0]
    for spread in (0.02, 0.3, 1.5):
        tries = steps * np.exp(spread * rng.standard_normal((1000, T)))
        assert flatness(tries, s).max() <= best + 1e-6
        start = np.log(tries[flatness(tries, s).argmax()])
        found = minimize(lambda log: -flatness(np.exp(log), s)[0], start,
                         method="Nelder-Mead", options={"maxiter": 1500})
        assert -found.fun <= best + 1e-6
    assert best > flatness(steps * 0.999, s)[0]
    checked(draws=3000, tolerance=1e-6)


@pytest.mark.claim("B-flattest-steps")
def test_a_loop_takes_the_interval_to_the_stated_one(checked):
    l, u = sp.symbols("l u", positive=True)
    eta = 3 / (l**2 + l * u + u**2)
    for end in (l, u):
        new = end * (1 - eta * end**2 / 3)
        claimed = l * u * (l + u) / (l**2 + l * u + u**2)
        assert sp.simplify(new - claimed) == 0
    top = 1 / sp.sqrt(eta)
    assert sp.simplify(top * (1 - eta * top**2 / 3) - 2 * top / 3) == 0
    found = flattening_steps(9.0, 1)[0]
    assert found == pytest.approx(float(eta.subs({u: 1, l: sp.Rational(1, 3)})))
    checked(proof=True)


@pytest.mark.claim("B-flattening-bound")
@pytest.mark.parametrize("kappa", [2, 10, 100, 10**4, 10**6, 10**12])
def test_the_worst_error_is_the_product_in_sixty_digits(kappa, checked):
    """At the top it is attained; nowhere on a fine grid is it exceeded."""
    rng = np.random.default_rng(kappa % 1000)
    with mpmath.workdps(60):
        low, high = 1 / mpmath.sqrt(kappa), mpmath.mpf(1)
        places = [low, high, *(low ** mpmath.mpf(z)
                               for z in rng.uniform(size=300))]
        for T in range(1, 19):
            steps, l, u = [], low, high
            for _ in range(T):
                steps.append(3 / (l * l + l * u + u * u))
                l = follow(l, steps[-1:])[0]
                u = 2 / (3 * mpmath.sqrt(steps[-1]))
            errors = [abs(follow(s, steps)[1]) for s in places]
            assert max(errors) == errors[1]
            if errors[1] < 1e-200:
                break
            assert flattening_bound(float(kappa), T) == pytest.approx(
                float(errors[1]), rel=1e-6)
    s = np.geomspace(kappa**-0.5, 1, 300_001)
    sigma, p = spectrum_map(s, flattening_steps(float(kappa), 8))
    bound = flattening_bound(float(kappa), np.arange(9))
    assert (np.abs(p).max(axis=1) <= bound * (1 + 1e-7) + 1e-13).all()
    assert (sigma > 0).all()
    checked(draws=300, tolerance=1e-6)


@pytest.mark.claim("B-flattening-bound")
@pytest.mark.parametrize("kappa, loops", [
    (1e2, 6), (1e4, 9), (1e6, 11), (1e8, 13)])
def test_the_literal_loop_keeps_the_promised_number_of_loops(
        kappa, loops, checked):
    assert loops_needed(kappa, 1e-6, "flattening") == loops
    rng = np.random.default_rng(424)
    task = spectrum_task(np.geomspace(1 / kappa, 1, 20), 60, batch=20,
                         rng=rng)
    x = rng.normal(size=(20, 20))
    states = literal(task.X, task.y, x, flattening_steps(kappa, loops))
    error = -states[-1, :, -1, -1] - np.einsum("bd,bd->b", task.theta, x)
    size = np.linalg.norm(x, axis=-1) * np.linalg.norm(task.theta, axis=-1)
    assert np.abs(error / size).max() <= flattening_bound(kappa, loops) + (
        1e-17 * kappa)
    checked(draws=20, tolerance=1e-6)


@pytest.mark.claim("B-doubling")
def test_each_loop_doubles_the_exponent(checked):
    r, w = sp.symbols("r w", positive=True)
    gain = sp.expand((1 + r) * (1 + r + r**2) - (1 + 2 * r))
    assert gain == 2 * r**2 + r**3
    assert sp.expand(w**2 - w**2 * (3 + w) / 4 - w**2 * (1 - w) / 4) == 0
    for kappa in (1.5, 10.0, 100.0, 1e4, 1e6, 1e12):
        T = np.arange(1, 45)
        promised = 2 * np.exp((2.0**T - 1) * np.log1p(-1 / kappa))
        assert (flattening_bound(kappa, T) <= promised * (1 + 1e-9)).all()
    checked(draws=264, tolerance=1e-9)


@pytest.mark.claim("B-doubling")
@pytest.mark.parametrize("kappa", [1.5, 10.0, 1e3, 1e6])
@pytest.mark.parametrize("epsilon", [1.0, 1e-2, 1e-6])
def test_so_many_loops_are_enough(kappa, epsilon, checked):
    T = math.ceil(math.log2(1 + kappa * math.log(2 / epsilon)))
    s = np.geomspace(kappa**-0.5, 1, 20_001)
    p = follow(s, flattening_steps(kappa, T))[1]
    assert np.abs(p).max() <= epsilon
    assert loops_needed(kappa, epsilon, "flattening") <= T
    checked(draws=20_001, tolerance=0.0)


@pytest.mark.claim("B-degree-limit")
def test_no_schedule_and_no_share_beats_chebyshev_of_the_same_degree(checked):
    s, share = sp.symbols("s omega")
    for T in (1, 2, 3):
        p = sp.Poly(follow(s, sp.symbols("eta1:4")[:T], share)[1], s)
        assert p.degree() == 3**T - 1
        assert all(power % 2 == 0 for (power,), _ in p.terms())
        assert p.eval(0) == 1
    rng = np.random.default_rng(425)
    for _ in range(200):
        kappa, T = 10 ** rng.uniform(0.5, 3), int(rng.integers(1, 4))
        grid = np.geomspace(kappa**-0.5, 1, 2001)
        steps = flattening_steps(kappa, T) * np.exp(
            0.2 * rng.standard_normal(T))
        p = follow(grid, steps, rng.choice([1 / 3, rng.uniform(0, 1)]))[1]
        limit = tight_bound(kappa, (3**T - 1) // 2, "chebyshev")
        assert np.abs(p).max() >= limit * (1 - 1e-3)
        assert flattening_bound(kappa, T) >= limit
    checked(draws=200, tolerance=1e-3)


@pytest.mark.claim("B-degree-limit")
def test_the_first_safe_loops_leave_a_short_interval_and_its_error(checked):
    """Part 2 of the theorem, on random safe schedules."""
    rng = np.random.default_rng(432)
    cases = 0
    while cases < 200:
        kappa, j = 10 ** rng.uniform(2, 8), int(rng.integers(1, 5))
        l, b = kappa**-0.5, rng.uniform(1, 4)
        xi = (b * (1.5 * np.sqrt(3)) ** np.arange(j) * l) ** 2
        if b * l > 1 or 3 * xi[-1] >= 1:
            continue
        s, far = np.linspace(l, b * l, 500), np.geomspace(l, 1, 4001)
        p = np.ones_like(s)
        for _ in range(j):
            step = 3 * rng.uniform() ** 0.3 / far.max() ** 2
            far = far * (1 - step * far**2 / 3)
            p, s = p * (1 - step * s**2), s * (1 - step * s**2 / 3)
        assert p.min() >= np.prod(1 - 3 * xi) * (1 - 1e-4)
        quotient = b * np.prod((1 - xi) / (1 - xi / b**2))
        assert s[-1] / s[0] >= quotient * (1 - 1e-4)
        cases += 1
    checked(draws=200, tolerance=1e-4)


def last_step_misses(p, least, most, target):
    """For each box, whether no last step serves some two points both.

    Values x < z with residuals P and R end equal, after the best step, at
    P R (z² - x²) / (P x² + R z²); here x ≤ most, z ≥ least and P, R ≥ p.
    """
    x2, z2 = most[:, :, None] ** 2, least[:, None, :] ** 2
    P, R = p[:, :, None], p[:, None, :]
    return (P * R * (z2 - x2) > target * (P * x2 + R * z2)).any(axis=(1, 2))


def no_safe_schedule_reaches(target, kappa, loops, points=16,
                             most_boxes=3_000_000):
    """Whether all safe schedules of so many loops stay above the target.

    Branch and bound over c_t = η_t M² / 3 in [0, 1] for every loop but the
    last, M the largest singular value of the moment; singular values are
    kept in units of M.  On each box the residual at each of a few points
    is bounded from below with interval arithmetic, and the last step, which
    serves the points two and two, is solved for exactly.
    """
    start = np.geomspace(kappa**-0.5, 1, points)
    low, high = np.zeros((1, loops - 1)), np.ones((1, loops - 1))
    while len(low):
        if len(low) > most_boxes:
            return False
        open_low, open_high = [], []
        for cut in range(0, len(low), 500):
            a, b = low[cut:cut + 500], high[cut:cut + 500]
            least = most = np.broadcast_to(start, (len(a), points))
            p = np.ones_like(least)
            for t in range(loops - 1):
                c, C = a[:, t:t + 1], b[:, t:t + 1]
                top = most.max(axis=1, keepdims=True)
                bottom = least.max(axis=1, keepdims=True)
                least = np.minimum(least / top, 1)
                most = np.minimum(most / bottom, 1)
                small, large = 3 * c * least**2, 3 * C * most**2
                p = p * np.where(large < 1, 1 - large,
                                 np.where(small > 1, small - 1, 0))
                bend = np.clip(1 / np.sqrt(3 * np.maximum(c, 1e-12)),
                               least, most)
                most, least = bend - c * bend**3, np.maximum(0, np.minimum(
                    least - C * least**3, most - C * most**3))
            left = ~last_step_misses(p, least, most, target)
            open_low.append(a[left])
            open_high.append(b[left])
        low, high = np.concatenate(open_low), np.concatenate(open_high)
        row, widest = np.arange(len(low)), (high - low).argmax(axis=1)
        middle = (low + high)[row, widest] / 2
        left, right = high.copy(), low.copy()
        left[row, widest], right[row, widest] = middle, middle
        low = np.concatenate([low, right])
        high = np.concatenate([left, high])
    return True


def least_loops(kappa, certificates, epsilon=1e-6):
    """The largest j + k + 1 that part 2 of the theorem gives."""
    best, growth = 0, 1.5 * math.sqrt(3)
    for loops, (ratio, reached) in certificates.items():
        for j in range(20):
            r = kappa**-0.5 * growth ** np.arange(j)
            for b in np.geomspace(ratio**0.5, 30, 2000):
                X = (b * r) ** 2
                if j and 3 * X[-1] > 1:
                    break
                narrow = b * np.prod((1 - X) / (1 - X / b**2))
                W = np.prod(1 - 3 * X)
                if narrow**2 >= ratio and reached * W > epsilon:
                    best = max(best, j + loops + 1)
    return best


CERTIFICATES = {3: (2.2, 3.5e-6), 4: (9.0, 3.1e-6)}


@pytest.mark.claim("B-safe-limit")
@pytest.mark.parametrize("loops", CERTIFICATES)
def test_no_safe_short_schedule_reaches_the_certificate(loops, checked):
    ratio, reached = CERTIFICATES[loops]
    assert no_safe_schedule_reaches(reached, ratio, loops)
    assert flattening_bound(ratio, loops) > reached
    checked(tolerance=0.0)


@pytest.mark.claim("B-safe-limit")
def test_the_search_does_not_certify_what_a_schedule_reaches():
    reached = flattening_bound(2.2, 2)
    assert not no_safe_schedule_reaches(
        1.01 * reached, 2.2, 2, points=6, most_boxes=10_000)


@pytest.mark.claim("B-safe-limit")
@pytest.mark.parametrize("kappa, any_share, safe, ours", [
    (10, 4, 5, 5), (100, 5, 6, 6), (1e4, 7, 8, 9),
    (1e6, 9, 11, 11), (1e8, 11, 13, 13), (1e12, 16, 18, 18)])
def test_the_table_of_limits(kappa, any_share, safe, ours, checked):
    degree = loops_needed(kappa, 1e-6, "chebyshev")
    assert any_share == next(
        T for T in range(99) if (3**T - 1) // 2 >= degree)
    assert least_loops(kappa, CERTIFICATES) == safe
    assert loops_needed(kappa, 1e-6, "flattening") == ours
    checked(tolerance=0.0)


@pytest.mark.claim("B-safe-limit")
def test_growth_of_the_smallest_value_is_at_most_three_halves_root_three(
        checked):
    rng = np.random.default_rng(426)
    for _ in range(300):
        kappa = 10 ** rng.uniform(1, 8)
        s = np.geomspace(kappa**-0.5, 1, 4001)
        for t in range(6):
            if s[0] > s.max() / np.sqrt(3):
                break
            eta = 3 * rng.uniform(0, 1) / s.max() ** 2
            new = s * (1 - eta * s**2 / 3)
            assert new[0] / new.max() <= (
                1.5 * np.sqrt(3) * s[0] / s.max() * (1 + 1e-4))
            s = np.maximum(new, 0)
    checked(draws=300, tolerance=1e-4)


@pytest.mark.claim("B-safe-limit")
def test_eight_loops_are_enough_at_ten_thousand(checked):
    found = [2.9607, 19.496, 123.26, 701.12, 3114.2, 9387.5, 21945, 49398]
    s = np.geomspace(1e-2, 1, 2_000_001)
    sigma, p = follow(s, found)
    assert np.abs(p).max() < 1e-6 and sigma.min() > 0
    assert loops_needed(1e4, 1e-6, "flattening") == len(found) + 1
    checked(draws=2_000_001, tolerance=0.0)


@pytest.mark.claim("B-last-long-step")
@pytest.mark.parametrize("kappa, loops", [
    (10.0, 5), (100.0, 7), (1e4, 9), (1e6, 12), (1e8, 14)])
def test_identity_P_needs_one_loop_more_at_most(kappa, loops, checked):
    s = np.geomspace(kappa**-0.5, 1, 100_001)
    flat = flattening_steps(kappa, loops - 1) / 3
    sigma, p = follow(s, flat, 1.0)
    assert np.abs(p - sigma / s).max() < 1e-9
    _, p = follow(s, [*flat, 2 / (sigma.min()**2 + sigma.max()**2)], 1.0)
    assert np.abs(p).max() < 1e-6
    assert loops <= loops_needed(kappa, 1e-6, "flattening") + 1
    slow = follow(s, np.full(100, 1.0), 1.0)[1]
    assert np.abs(slow).max() > 0.05
    checked(draws=100_001, tolerance=1e-9)


@pytest.mark.claim("B-share-third")
@pytest.mark.parametrize("kappa, T", [(10.0, 4), (100.0, 5)])
def test_the_best_trained_share_is_a_third_and_training_can_miss_it(
        kappa, T, checked):
    s = np.geomspace(kappa**-0.5, 1, 200)

    def loss(z):
        with np.errstate(over="ignore", invalid="ignore"):
            p = spectrum_map(s, np.exp(np.cumsum(z[:-1])), z[-1])[1][-1]
            return np.log(np.mean(np.minimum(np.abs(p), 1e100) ** 2))

    ends = []
    for share in (0.2, 1 / 3, 0.5, 1.0):
        start = flattening_steps(kappa, T) / (3 * max(share, 1 / 3))
        first = np.append(np.diff(np.log(start), prepend=0), share)
        fit = minimize(loss, first, method="BFGS")
        ends.append((fit.fun, fit.x[-1]))
    assert abs(min(ends)[1] - 1 / 3) < 2e-3
    assert max(abs(share - 1 / 3) for _, share in ends) > 0.02
    checked(draws=4, tolerance=2e-3)


@pytest.mark.claim("B-moving-floor")
def test_the_triangular_factor_is_less_hurt_by_rounding(checked):
    rng = np.random.default_rng(427)
    medians = {}
    for kappa, loops in [(1e6, 12), (1e8, 14), (1e10, 17)]:
        task = spectrum_task(np.geomspace(1 / kappa, 1, 20), 60, batch=20,
                             rng=rng)
        x = rng.normal(size=(20, 20))
        x /= np.linalg.norm(x, axis=-1, keepdims=True)
        right = np.einsum("bd,bd->b", task.theta, x)
        steps = flattening_steps(kappa, loops)
        slow = -literal(task.X, task.y, x, steps)[-1, :, -1, -1]
        fast = moving_predict(task.X, task.y, x, steps)[-1]
        medians[kappa] = [np.median(abs(a - right)) for a in (slow, fast)]
        assert medians[kappa][0] < 2.2e-16 * kappa
        assert medians[kappa][1] < 2.2e-16 * np.sqrt(kappa) * 30
        assert medians[kappa][1] < medians[kappa][0] / 3
    checked(draws=60, tolerance=0.0)


@pytest.mark.claim("B-moving-low-L")
@pytest.mark.parametrize("kappa, T, spoiled, bursts", [
    (1e2, 6, 0.75, 1.6), (1e4, 9, 0.112, 1.4), (1e6, 11, 0.013, 1.4)])
def test_an_underestimated_L_is_folded_back_lost_or_explodes(
        kappa, T, spoiled, bursts, checked):
    steps = flattening_steps(kappa, T)
    q = 1 + kappa**-0.5 + 1 / kappa
    first = follow(np.sqrt(np.linspace(1, 4 / 3 * q, 5001)), steps[:1])[0]
    top = 2 / (3 * np.sqrt(steps[0]))
    assert np.abs(first).max() <= top * (1 + 1e-12)
    assert abs(follow(np.sqrt(4 / 3 * q * 1.01), steps[:1])[0]) > top
    lost = follow(np.sqrt(q), steps)
    assert abs(lost[0]) < 1e-9 and lost[1] == pytest.approx(-2, abs=1e-9)
    lam = np.linspace(1, 1 / 0.9, 200_001)[1:]
    left = np.abs(follow(np.sqrt(lam), steps)[1])
    assert np.mean(left > 1e-3) == pytest.approx(spoiled, rel=0.02)
    lam = np.linspace(1, 2, 100_001)
    with np.errstate(over="ignore", invalid="ignore"):
        burst = ~(np.abs(follow(np.sqrt(lam), steps)[1]) < 10)
    assert lam[burst][0] == pytest.approx(bursts, abs=0.03)
    assert lam[~burst][-1] == pytest.approx(bursts, abs=0.03)
    checked(draws=200_000, tolerance=0.02)


@pytest.mark.claim("B-moving-generation")
def test_identity_weights_generate_half_the_vector_in_log_kappa_loops(
        checked):
    rng = np.random.default_rng(428)
    for _ in range(20):
        d, n = 8, 20
        task = spectrum_task(np.geomspace(1e-6, 1, d), n, rng=rng)
        hidden = rng.uniform(0.5, 2) * task.theta
        alpha = rng.uniform(0.5, 2)
        y = task.X @ hidden
        s = np.linalg.svd(np.column_stack([task.X, y]))[1][:d]
        flat = flattening_steps((s[0] / s[-1]) ** 2, 11) / s[0] ** 2 / 3
        end = spectrum_map(s, flat, share=1.0)[0][-1]
        steps = [*flat, 2 / (end.min() ** 2 + end.max() ** 2)]
        last = looped_transformer(
            prompt_matrix(task.X, y, alpha), steps, np.eye(d + 1),
            np.eye(d + 1), all_rows_mask(n))[-1, -1]
        half = alpha / (1 + hidden @ hidden)
        assert np.abs(last - half * np.append(-hidden, 1)).max() < 1e-8
        assert np.abs(-last[:d] / last[d] - hidden).max() < 1e-7
    checked(draws=20, tolerance=1e-7)


@pytest.mark.claim("B-moving-generation")
def test_identity_weights_double_the_exponent_too(checked):
    for kappa in (2.0, 10.0, 1e3, 1e6):
        s = np.geomspace(kappa**-0.5, 1, 20_001)
        for T in range(1, 16):
            flat = flattening_steps(kappa, T - 1) / 3
            sigma = follow(s, flat, 1.0)[0]
            last = 2 / (sigma.min() ** 2 + sigma.max() ** 2)
            left = np.abs(follow(s, [*flat, last], 1.0)[0] / s).max()
            promised = np.exp(2.0 ** (T - 1) * np.log1p(-1 / kappa))
            assert left <= promised * (1 + 1e-6) + 1e-12
    checked(draws=20_001, tolerance=1e-6)


@pytest.mark.claim("B-moving-least-squares")
def test_noise_and_rank_end_at_the_shortest_least_squares_solution(checked):
    rng = np.random.default_rng(429)
    for n, d, rank in [(60, 20, 20), (10, 30, 10), (40, 12, 7)]:
        X = rng.normal(size=(n, rank)) @ rng.normal(size=(rank, d))
        y = rng.normal(size=n)
        s = np.linalg.svd(X, compute_uv=False)[:rank]
        T = loops_needed((s[0] / s[-1]) ** 2, 1e-9, "flattening")
        steps = flattening_steps((s[0] / s[-1]) ** 2, T) / s[0] ** 2
        shortest = np.linalg.pinv(X, rcond=1e-10) @ y
        labels = literal(X, y, np.zeros(d), steps)[-1, :n, d]
        assert np.abs(labels - (y - X @ shortest)).max() < 1e-8
        found = moving_solution(X, y, steps)[-1]
        assert np.linalg.norm(found - shortest) <= 1e-8 * np.linalg.norm(
            shortest)
    checked(draws=3, tolerance=1e-8)
