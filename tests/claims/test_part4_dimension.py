"""Evidence for the claims of chapter 46: d from 4 to the thousands."""

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad, solve_ivp
from scipy.sparse.linalg import LinearOperator, eigsh
from scipy.special import airy
from scipy.stats import ks_2samp

from lttutor.loop import generate
from lttutor.steps import chebyshev_steps, gaussian_steps
from lttutor.tasks import gaussian_task
from lttutor.theory import (
    condition_number,
    gaussian_extremes,
    marchenko_pastur_condition,
    residual_polynomial,
    spectrum,
    typical_condition,
)


@pytest.fixture(scope="module")
def tracy_widom():
    """The distribution function F₁, by Painlevé's second equation."""
    start = 8.0
    Ai = lambda x: airy(x)[0]
    tail = [quad(Ai, start, 30)[0], quad(lambda x: Ai(x)**2, start, 30)[0],
            quad(lambda x: (x - start) * Ai(x)**2, start, 30)[0]]
    flow = solve_ivp(
        lambda s, u: [u[1], s * u[0] + 2 * u[0]**3, -u[0], -u[0]**2, -u[3]],
        (start, -5.5), [*airy(start)[:2], *tail], rtol=1e-11, atol=1e-14,
        dense_output=True)

    def F(s):
        u = flow.sol(np.clip(s, -5.5, 8))
        return np.exp(-(u[2] + u[4]) / 2)
    return F


@pytest.mark.claim("P1-open-dimension")
def test_the_median_rises_to_nine_at_four_examples_a_feature(checked):
    rng = np.random.default_rng(0)
    mu, L = gaussian_extremes(16, 4, draws=2000, rng=rng)
    drawn = condition_number(rng.standard_normal((2000, 16, 4)))
    assert ks_2samp(L / mu, drawn).pvalue > 1e-3
    medians = []
    for d, draws in [(4, 2000), (64, 300), (1024, 60), (16384, 11)]:
        mu, L = gaussian_extremes(4 * d, d, draws=draws, rng=rng)
        medians.append(np.median(L / mu))
    assert (np.diff(medians) > 0).all() and medians[0] < 5
    assert 8.9 < medians[-1] < 9.02
    checked(draws=2371, tolerance=0.1)


@pytest.mark.claim("P1-open-dimension")
def test_a_real_prompt_of_1024_features_is_where_the_draws_are(checked):
    """Products with X in 32-bit numbers only; XᵀX is not formed."""
    rng = np.random.default_rng(1)
    d, n = 1024, 4096
    X = rng.standard_normal((n, d), dtype=np.float32)
    S = LinearOperator((d, d), dtype=np.float32,
                       matvec=lambda w: X.T @ (X @ w.astype(np.float32)))
    ends = eigsh(S, k=2, which="BE", tol=1e-3, return_eigenvectors=False,
                 v0=rng.standard_normal(d, dtype=np.float32))
    mu, L = gaussian_extremes(n, d, draws=100, rng=rng)
    low, high = np.quantile(L / mu, [0, 1])
    assert low - 0.05 < ends.max() / ends.min() < high + 0.05
    checked(draws=1, tolerance=0.05)


@pytest.mark.claim("B-edges")
def test_both_edges_fluctuate_like_tracy_and_widom(checked, tracy_widom):
    rng = np.random.default_rng(2)
    d, n, draws = 900, 3600, 700
    mu, L = gaussian_extremes(n, d, draws=draws, rng=rng)
    for sign, values in ((1, L), (-1, mu)):
        root = np.sqrt(n) + sign * np.sqrt(d)
        width = root * (1 / np.sqrt(d) + sign / np.sqrt(n)) ** (1 / 3)
        scaled = np.sort(sign * (values - root**2) / width)
        distance = abs(tracy_widom(scaled)
                       - (np.arange(draws) + 0.5) / draws).max()
        assert distance < 0.1
    checked(draws=700, tolerance=0.1)


@pytest.mark.claim("B-scaling")
def test_the_distance_from_the_limit_is_the_stated_sum(checked):
    rng = np.random.default_rng(3)
    for ratio in (2, 4, 9):
        limit = marchenko_pastur_condition(1 / ratio)
        for d in (256, 4096):
            n = ratio * d
            mu, L = gaussian_extremes(n, d, draws=20, rng=rng)
            total = 0.0
            for sign, value in ((1, L), (-1, mu)):
                edge = (np.sqrt(n) + sign * np.sqrt(d)) ** 2
                total += sign * (value - edge) / edge   # = a A d^(-2/3)
            error = (L / mu) / limit - 1 - total
            assert (abs(error) < 40 * d ** (-4 / 3) * ratio).all()
    checked(draws=120)


@pytest.mark.claim("B-scaling")
def test_widths_over_edges_are_powers_of_d_and_give_the_prediction(checked):
    d, r, m = sp.symbols("d r m", positive=True)
    parts = []
    for sign in (1, -1):
        root = sp.sqrt(d) * (sp.sqrt(r) + sign)
        cube = (1 + sign / sp.sqrt(r)) / sp.sqrt(d)
        a = sp.cbrt(1 + sign / sp.sqrt(r)) / (sp.sqrt(r) + sign)
        quotient = (cube / root**3) / (a**3 / d**2)  # cubes: no branches
        assert sp.simplify(quotient) == 1
        parts.append(a)
    for ratio, size in ((4, 10**4), (2, 10**5), (16, 10**6)):
        total = float(sum(parts).subs(r, ratio))
        limit = marchenko_pastur_condition(1 / ratio)
        gap = 1 - typical_condition(ratio * size, size) / limit
        assert gap == pytest.approx(
            1.26857 * total * size ** (-2 / 3), rel=0.02)
    checked(proof=True)


@pytest.mark.claim("B-same-prompt")
def test_the_error_curve_tends_to_its_integral(checked):
    rng = np.random.default_rng(4)
    deviations = []
    for d, count in ((8, 60), (64, 30), (512, 4)):
        task = gaussian_task(4 * d, d, batch=count, rng=rng)
        v = generate(task.X, task.y, 1.0, gaussian_steps(4 * d, d, 10))
        error = np.linalg.norm(v - task.theta, axis=-1)
        limit = []
        for T in (1, 4, 10):
            density = lambda x, T=T: (
                (1 - x / 2.25) ** (2 * T)
                * np.sqrt((2.25 - x) * (x - 0.25)) / (np.pi * x / 2))
            limit.append(np.sqrt(quad(density, 0.25, 2.25)[0]))
        deviation = error[[1, 4, 10]] / np.array(limit)[:, None] - 1
        deviations.append(np.sqrt(np.mean(deviation**2, axis=1)))
    deviations = np.array(deviations)
    assert (np.diff(deviations, axis=0) < 0).all()
    assert (deviations[-1] < 0.1).all()
    checked(draws=94, tolerance=0.1)


@pytest.mark.claim("B-known-steps")
def test_steps_from_the_size_alone_serve_large_prompts_only(checked):
    rng = np.random.default_rng(5)
    served = []
    for d, count in ((4, 500), (256, 15)):
        task = gaussian_task(4 * d, d, batch=count, rng=rng)
        c = rng.standard_normal((count, d))
        c /= np.linalg.norm(c, axis=1, keepdims=True)
        p = residual_polynomial(
            spectrum(task.X), chebyshev_steps(9.0 * d, 1.0 * d, 20))[-1]
        served.append(np.mean(np.sum((c * p) ** 2, axis=1) < 1e-10))
    assert served[0] < 0.9 and served[1] == 1
    checked(draws=515)


@pytest.mark.claim("B-universality")
def test_signs_and_uniform_entries_have_the_limit_and_heavy_tails_not(checked):
    rng = np.random.default_rng(6)
    d, n = 256, 1024
    limit = marchenko_pastur_condition(1 / 4)
    for draw in (lambda: rng.choice([-1.0, 1.0], (n, d)),
                 lambda: rng.uniform(-1, 1, (n, d))):
        kappa = np.median([condition_number(draw()) for _ in range(5)])
        assert kappa == pytest.approx(limit, rel=0.1)
    heavy = np.median([condition_number(rng.standard_t(3, (n, d)))
                       for _ in range(15)])
    assert heavy > 1.3 * limit
    checked(draws=25, tolerance=0.1)
