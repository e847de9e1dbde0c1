"""Evidence for chapter 41: faster schedules in the unchanged machine."""

import itertools

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize

from lttutor.attention import linear_attention
from lttutor.loop import generate
from lttutor.steps import chebyshev_steps
from lttutor.tasks import spectrum_task
from lttutor.theory import tight_bound


def residual(lam, steps):
    return np.prod(1 - np.multiply.outer(lam, steps), axis=-1)


@pytest.mark.claim("B-chebyshev-best")
@pytest.mark.parametrize("kappa, T", [(4.0, 2), (20.0, 4), (300.0, 7)])
def test_no_schedule_that_a_search_finds_beats_chebyshev(kappa, T, checked):
    rng = np.random.default_rng(411)
    lam = np.linspace(1, kappa, 3001)
    bound = tight_bound(kappa, T, "chebyshev")
    steps = chebyshev_steps(kappa, 1.0, T)
    assert np.abs(residual(lam, steps)).max() == pytest.approx(bound)
    for _ in range(8):
        start = 1 / np.sort(rng.uniform(1, kappa, T))
        found = minimize(
            lambda z: np.abs(residual(lam, z)).max(), start,
            method="Nelder-Mead", options={"maxiter": 2000})
        assert found.fun >= bound * (1 - 1e-4)
    checked(draws=8, tolerance=1e-4)


@pytest.mark.claim("B-chebyshev-best")
def test_chebyshev_alternates_once_more_than_its_degree(checked):
    lam = sp.Symbol("lambda")
    for T in (1, 2, 3, 5):
        x = (2 * lam - 10) / 8  # on [1, 9]
        p = sp.chebyshevt(T, x) / sp.chebyshevt(T, sp.Rational(-5, 4))
        heights = [p.subs(lam, 5 - 4 * sp.cos(sp.pi * j / T))
                   for j in range(T + 1)]
        heights = [sp.nsimplify(sp.simplify(height)) for height in heights]
        assert all(a == -b for a, b in itertools.pairwise(heights))
        steps = chebyshev_steps(9.0, 1.0, T)
        values = [float(p.subs(lam, z)) for z in (0, 1, 4, 8.5)]
        assert residual(np.array([0, 1, 4, 8.5]), steps) == pytest.approx(
            values, abs=1e-12)
    checked(proof=True)


@pytest.mark.claim("B-rounding-tails")
def test_an_added_error_is_multiplied_by_the_later_factors(checked):
    """Two runs that differ by what one loop adds, from the machine itself."""
    rng = np.random.default_rng(412)
    for _ in range(100):
        task = spectrum_task(np.geomspace(1, 30, 5), 9, rng=rng)
        steps = chebyshev_steps(30.0, 1.0, 8)
        t = int(rng.integers(1, 8))
        delta = rng.normal(size=5)
        before = generate(task.X, task.y, 1.0, steps)
        # Starting anew from v(t) + delta: the labels carry the start.
        start = before[t] + delta
        rest = start + generate(
            task.X, task.y - task.X @ start, 1.0, steps[t:])[-1]
        S = task.X.T @ task.X
        expected = delta
        for eta in steps[t:]:
            expected = expected - eta * (S @ expected)
        assert np.abs(rest - before[-1] - expected).max() < 1e-10
    checked(draws=100, tolerance=1e-10)


@pytest.mark.claim("B-step-order")
def test_the_natural_order_fails_and_lebedevs_arrives(checked):
    rng = np.random.default_rng(413)
    for kappa, T in [(100.0, 64), (1e4, 1024)]:
        task = spectrum_task(np.geomspace(1, kappa, 40), 90, rng=rng)
        bound = tight_bound(kappa, T, "chebyshev")
        for kind in (np.float64, np.float32):
            X, y = task.X.astype(kind), task.y.astype(kind)
            v = generate(X, y, 1.0, chebyshev_steps(kappa, 1.0, T))
            floor = kappa * np.finfo(kind).eps
            assert np.linalg.norm(v[-1] - task.theta) <= bound + floor
    task = spectrum_task(np.geomspace(1, 100, 40), 90, rng=rng)
    v = generate(task.X, task.y, 1.0,
                 chebyshev_steps(100.0, 1.0, 64, "natural"))
    assert np.linalg.norm(v[-1] - task.theta) > 1e6
    checked(draws=5, tolerance=0.0)


@pytest.mark.claim("B-step-order")
def test_no_tail_of_lebedevs_order_amplifies(checked):
    lam = np.geomspace(1, 1e4, 3001)
    for T in (64, 256, 1024):
        steps = chebyshev_steps(1e4, 1.0, T)
        logs = np.log(np.abs(1 - np.multiply.outer(lam, steps)) + 1e-300)
        heads = np.cumsum(logs, axis=1)
        assert (heads[:, -1:] - heads).max() <= 1e-9
    checked(draws=3001, tolerance=1e-9)


@pytest.mark.claim("B-step-order")
def test_lejas_order_arrives_at_every_T_tried(checked):
    rng = np.random.default_rng(414)
    for kappa in (100.0, 1e4):
        task = spectrum_task(np.geomspace(1, kappa, 40), 90, rng=rng)
        lam = np.geomspace(1, kappa, 1001)
        for T in (48, 100, 200, 500, 1000):
            steps = chebyshev_steps(kappa, 1.0, T, "leja")
            logs = np.log10(
                np.abs(1 - np.multiply.outer(lam, steps)) + 1e-300)
            heads = np.cumsum(logs, axis=1)
            assert heads.max() < 4 and (heads[:, -1:] - heads).max() < 4
            bound = tight_bound(kappa, T, "chebyshev")
            for kind in (np.float64, np.float32):
                v = generate(task.X.astype(kind), task.y.astype(kind), 1.0,
                             steps)
                floor = kappa * np.finfo(kind).eps
                assert np.linalg.norm(v[-1] - task.theta) <= bound + floor
    checked(draws=20, tolerance=0.0)


@pytest.mark.claim("B-misjudged-interval")
def test_beyond_the_interval_the_residual_is_a_hyperbolic_cosine(checked):
    with mpmath.workdps(50):
        L, mu, T = mpmath.mpf(10**4), mpmath.mpf(1), 1024

        def closed(lam):
            x = (2 * lam - L - mu) / (L - mu)
            top = mpmath.chebyt(T, -(-L - mu) / (L - mu))
            return mpmath.chebyt(T, x) / top

        steps = chebyshev_steps(1e4, 1.0, T)
        for lam in (11_000, 9_000, mpmath.mpf("0.1"), 10):
            product = mpmath.mpf(1)
            for eta in steps:
                product *= 1 - mpmath.mpf(float(eta)) * lam
            assert abs(product) == pytest.approx(
                abs(closed(mpmath.mpf(lam))), rel=1e-3, abs=1e-9)
        assert abs(closed(mpmath.mpf(11_000))) > mpmath.mpf(10) ** 100
    wide = np.geomspace(1, 9e3, 2001)
    logs = np.log(np.abs(1 - np.multiply.outer(wide, steps)) + 1e-300)
    assert logs.sum(axis=1).max() < np.log(1e-8)
    checked(draws=4, tolerance=1e-3)


@pytest.mark.claim("B-momentum-heads")
def test_two_heads_and_a_row_of_memory_are_heavy_ball(checked):
    rng = np.random.default_rng(415)
    for _ in range(30):
        n, d = rng.integers(2, 7, 2)
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        eta, beta = 0.5 / np.linalg.norm(X, 2) ** 2, rng.uniform(0, 0.9)
        alpha = rng.normal()
        Z = np.zeros((n + 2, d + 3))
        Z[:n, :d], Z[:n, d] = X, y
        Z[n, d + 2] = Z[n + 1, d + 1] = 1
        Z[n + 1, d] = alpha
        Q1, Q2, P = np.zeros((3, d + 3, d + 3))
        Q1[:d + 1, :d + 1], P[:d, :d] = np.eye(d + 1), np.eye(d)
        Q2[d + 1:, d + 1:] = np.array([[-beta, beta], [-1, 1]]) / eta
        mask1, mask2 = np.zeros((2, n + 2, n + 2))
        mask1[n + 1, :n], mask2[n:, n:] = 1, 1
        q, old = np.zeros(d), np.zeros(d)
        for _ in range(12):
            gradient = sum(row * (row @ q + alpha * label)
                           for row, label in zip(X, y))
            q, old = q - eta * gradient + beta * (q - old), q
            Z = Z - eta * (linear_attention(Z, Q1, P, mask1)
                           + linear_attention(Z, Q2, P, mask2))
            size = 1 + np.abs(q).max()
            assert np.abs(Z[-1, :d] - q).max() < 1e-10 * size
            assert np.abs(Z[-2, :d] - old).max() < 1e-10 * size
    checked(draws=30, tolerance=1e-10)


@pytest.mark.claim("B-momentum-heads")
def test_heavy_balls_worst_error_is_the_stated_one(checked):
    """The heads run on a diagonal prompt; the worst direction is that of L."""
    for kappa in (4.0, 25.0, 400.0):
        values = np.concatenate([np.geomspace(1, kappa, 40),
                                 kappa - np.geomspace(1e-4, 1, 10)])
        d = len(values)
        root = np.sqrt(kappa)
        eta, rho = 4 / (root + 1) ** 2, (root - 1) / (root + 1)
        Z = np.zeros((d + 2, d + 3))
        Z[:d, :d] = np.diag(np.sqrt(values))
        Z[:d, d] = np.sqrt(values)     # every coordinate of θ* is 1
        Z[d, d + 2] = Z[d + 1, d + 1] = Z[d + 1, d] = 1
        Q1, Q2, P = np.zeros((3, d + 3, d + 3))
        Q1[:d + 1, :d + 1], P[:d, :d] = np.eye(d + 1), np.eye(d)
        Q2[d + 1:, d + 1:] = np.array([[-rho**2, rho**2], [-1, 1]]) / eta
        mask1, mask2 = np.zeros((2, d + 2, d + 2))
        mask1[d + 1, :d], mask2[d:, d:] = 1, 1
        for T in range(1, 31):
            Z = Z - eta * (linear_attention(Z, Q1, P, mask1)
                           + linear_attention(Z, Q2, P, mask2))
            left = np.abs(Z[-1, :d] + 1)
            claimed = (1 + T + rho * T) * rho**T
            assert left[39] == pytest.approx(claimed, rel=1e-6, abs=1e-13)
            assert left.max() <= claimed * (1 + 1e-6) + 1e-13
    checked(draws=90, tolerance=1e-6)


@pytest.mark.claim("B-ritz-steps")
@pytest.mark.filterwarnings("ignore::lttutor.loop.DivergenceWarning")
def test_the_unchanged_machine_runs_conjugate_gradients(checked):
    rng = np.random.default_rng(416)
    for _ in range(60):
        d = int(rng.integers(4, 9))
        T = int(rng.integers(1, 4))
        task = spectrum_task(rng.uniform(0.5, 3, d), d + 3, rng=rng)
        S, b = task.X.T @ task.X, task.X.T @ task.y
        powers = np.array([np.linalg.matrix_power(S, i) @ b
                           for i in range(T)]).T
        V = np.linalg.qr(powers)[0]
        ritz = np.linalg.eigvalsh(V.T @ S @ V)
        v, g, direction = np.zeros(d), b, b
        for _ in range(T):
            size = g @ g / (direction @ S @ direction)
            v, new = v + size * direction, g - size * (S @ direction)
            direction = new + new @ new / (g @ g) * direction
            g = new
        alpha = rng.uniform(0.5, 2)
        found = generate(task.X, task.y, alpha, 1 / ritz)[-1]
        assert np.abs(found - alpha * v).max() < 1e-7

        def left(steps, task=task):
            end = generate(task.X, task.y, 1.0, steps)[-1]
            return np.linalg.norm(task.X @ (end - task.theta))

        others = 1 / rng.uniform(0.5, 3, (20, T))
        assert left(1 / ritz) <= min(map(left, others)) + 1e-9
    checked(draws=60, tolerance=1e-7)
