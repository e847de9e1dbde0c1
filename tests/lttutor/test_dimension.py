"""Gaussian prompts of any size, against drawn matrices and Painlevé."""

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.special import airy
from scipy.stats import ks_2samp

from lttutor.theory import (
    dimension,
    gaussian_extremes,
    marchenko_pastur_condition,
    typical_condition,
)


@pytest.mark.parametrize("n, d", [(1, 1), (5, 1), (4, 4), (9, 4), (30, 12)])
def test_the_extremes_have_the_law_of_drawn_prompts(n, d):
    rng = np.random.default_rng(0)
    mu, L = gaussian_extremes(n, d, draws=2000, rng=rng)
    s = np.linalg.svd(rng.standard_normal((2000, n, d)), compute_uv=False)
    assert (0 < mu).all() and (mu <= L).all()
    for drawn, sampled in ((s[:, 0] ** 2, L), (s[:, -1] ** 2, mu),
                           ((s[:, 0] / s[:, -1]) ** 2, L / mu)):
        assert ks_2samp(drawn, sampled).pvalue > 1e-3


def test_the_constant_is_the_median_of_the_tracy_widom_law():
    """F₁(s) = exp(-½ ∫ₛ [q + (x - s) q²] dx), q'' = sq + 2q³, q ~ Ai."""
    start = 8.0
    Ai = lambda x: airy(x)[0]
    tail = [quad(Ai, start, 30)[0], quad(lambda x: Ai(x)**2, start, 30)[0],
            quad(lambda x: (x - start) * Ai(x)**2, start, 30)[0]]
    flow = solve_ivp(
        lambda s, u: [u[1], s * u[0] + 2 * u[0]**3, -u[0], -u[0]**2, -u[3]],
        (start, dimension._MEDIAN), [*airy(start)[:2], *tail],
        rtol=1e-12, atol=1e-16)
    assert np.exp(-(flow.y[2, -1] + flow.y[4, -1]) / 2) == pytest.approx(
        0.5, abs=1e-7)


@pytest.mark.parametrize("ratio", [1.25, 2, 4, 16])
def test_the_prediction_is_near_the_median_and_tends_to_the_limit(ratio):
    rng = np.random.default_rng(1)
    n, d = int(ratio * 400), 400
    mu, L = gaussian_extremes(n, d, draws=150, rng=rng)
    assert np.median(L / mu) == pytest.approx(
        typical_condition(n, d), rel=0.04)
    limit = marchenko_pastur_condition(1 / ratio)
    gaps = [1 - typical_condition(int(ratio * d), d) / limit
            for d in (10**4, 8 * 10**4)]
    assert gaps[0] / gaps[1] == pytest.approx(8 ** (2 / 3), rel=0.02)


def test_bad_sizes_are_refused_by_name():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="^n: expected at least d"):
        gaussian_extremes(3, 4, draws=1, rng=rng)
    with pytest.raises(ValueError, match="^draws: expected"):
        gaussian_extremes(4, 4, draws=0, rng=rng)
    with pytest.raises(TypeError, match="^rng: expected"):
        gaussian_extremes(4, 4, draws=1, rng=0)
    with pytest.raises(ValueError, match="^n: expected more than d"):
        typical_condition(4, 4)


def test_the_prediction_does_not_cancel_where_n_is_next_to_d():
    """n = d + 1: κ grows like d², whatever d is."""
    d = np.array([10**6, 10**9, 10**12, 10**15])
    scaled = typical_condition(d + 1, d) / d.astype(float) ** 2
    assert scaled == pytest.approx(np.full(4, scaled[0]), rel=1e-3)
