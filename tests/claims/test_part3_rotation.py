"""What chapters 33 and 34 state, from five seeds and independent oracles.

The oracles share no code with the package: a layer written with columns as
tokens, Gauss quadrature that is exact for polynomials of Wishart matrices,
and a numerical integral over the joint density of two eigenvalues.
"""

import re
from fractions import Fraction
from functools import cache
from itertools import product
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from numpy.polynomial.hermite_e import hermegauss
from scipy.integrate import dblquad
from scipy.optimize import minimize_scalar

from lttutor import learning

SEEDS = range(5)
NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
J = np.array([[0.0, 1.0], [-1.0, 0.0]])


@cache
def chi_bound():
    """The function that chapter 33 defines, as a reader runs it."""
    text = (NOTEBOOKS / "33-out-of-distribution.md").read_text("utf8")
    cells = re.findall(r"```\{code-cell\} python\n(.*?)```", text, re.DOTALL)
    space = {}
    exec(next(cell for cell in cells if "use_style()" in cell),
         space)
    source = re.search(r"^(def chi_bound\(.*?)(?=^\S|\Z)", "\n".join(cells),
                       re.DOTALL | re.MULTILINE)[1]
    exec(source, space)
    return space["chi_bound"]


def columns(X, w, query, A, loops):
    """Gatmiry et al.'s layer, tokens as columns: prediction minus truth."""
    n, d = X.shape
    Z = np.zeros((d + 1, n + 1))
    Z[:d, :n], Z[d, :n], Z[:d, n] = X.T, X @ w, query
    Q, P, M = np.zeros((d + 1,) * 2), np.zeros((d + 1,) * 2), np.eye(n + 1)
    Q[:d, :d], P[d, d], M[n, n] = A, 1, 0
    errors = []
    for _ in range(loops):
        Z = Z - P @ Z @ M @ (Z.T @ Q @ Z) / n
        errors.append(-Z[d, n] - w @ query)
    return np.array(errors)


def wishart_nodes(n, d, nodes):
    """Points and weights exact for polynomials of W of degree < nodes.

    W = F Fᵀ/n with F lower triangular: F_ii² is χ² with n - i degrees of
    freedom (Gauss-Laguerre, after Golub and Welsch), the rest standard normal
    (Gauss-Hermite).
    """
    axes = []
    for i in range(d):
        k, shape = np.arange(nodes), (n - i) / 2 - 1
        side = np.sqrt(k[1:] * (k[1:] + shape))
        point, vectors = np.linalg.eigh(
            np.diag(2 * k + 1 + shape) + np.diag(side, 1) + np.diag(side, -1))
        axes.append((np.sqrt(2 * point), vectors[0]**2))
    for _ in range(d * (d - 1) // 2):
        point, weight = hermegauss(nodes)
        axes.append((point, weight / weight.sum()))
    points = np.array(list(product(*[axis[0] for axis in axes])))
    weights = np.prod(list(product(*[axis[1] for axis in axes])), axis=1)
    F = np.zeros((len(points), d, d))
    F[:, range(d), range(d)] = points[:, :d]
    rows, cols = np.tril_indices(d, -1)
    F[:, rows, cols] = points[:, d:]
    return F @ np.swapaxes(F, 1, 2) / n, weights


def quadrature_loss(n, T, A, rule):
    """ℓ(A) = E‖(I - WA)^T‖², exact to rounding."""
    W, weights = rule
    power = np.linalg.matrix_power(np.eye(len(A)) - W @ A, T)
    return weights @ np.square(power).sum(axis=(1, 2))


def skew(d, rng):
    K = rng.standard_normal((d, d))
    return (K - K.T) / np.linalg.norm(K - K.T)


def symmetric_gaussian(d, nodes):
    """Nodes for the limit G of √n (W - I): E G_ii² = 2, E G_ij² = 1."""
    point, weight = hermegauss(nodes)
    weight = weight / weight.sum()
    rows, cols = np.triu_indices(d)
    points = np.array(list(product(point, repeat=len(rows))))
    weights = np.prod(list(product(weight, repeat=len(rows))), axis=1)
    G = np.zeros((len(points), d, d))
    G[:, rows, cols] = points * np.where(rows == cols, 1 / sqrt(2), 1)
    return G + np.swapaxes(G, 1, 2), weights


def paired(new, old):
    """Ratio of means and its standard error, same prompts."""
    ratio = new.mean() / old.mean()
    return ratio, (new - ratio * old).std() / sqrt(len(new)) / old.mean()


# Chapter 33 ---------------------------------------------------------------

@pytest.mark.claim("P2-ood")
@pytest.mark.parametrize("seed", SEEDS)
def test_a_prompt_diverges_exactly_when_an_eigenvalue_passes_two(
        seed, checked):
    rng = np.random.default_rng(seed)
    n, d = 20, 4
    scale = learning.optimal_scale(n, d, 5)
    agree = []
    for _ in range(60):
        X = sqrt(1.4) * rng.standard_normal((n, d))
        w, query = rng.standard_normal((2, d))
        error = np.abs(columns(X, w, query, scale * np.eye(d), 200))
        grows = error[-1] > error[99] and error[-1] > 1e-9
        agree.append(grows == (scale * np.linalg.norm(X, 2)**2 / n > 2))
    assert np.mean(agree) >= 0.98
    checked(draws=60)


def test_the_packages_loop_is_the_layer_with_columns_as_tokens():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6, 9, 3))
    w, query = rng.standard_normal((2, 6, 3))
    A = 0.4 * np.eye(3) + 0.1 * rng.standard_normal((3, 3))
    y, truth = np.einsum("bnd,bd->bn", X, w), np.einsum("bd,bd->b", w, query)
    found = learning.trained_predictions(X, y, query, A, 5)
    for i in range(6):
        error = columns(X[i], w[i], query[i], A, 5)
        assert np.allclose(found[1:, i] - truth[i], error, atol=1e-12)


@pytest.mark.claim("B-covariance-ratio")
@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_ratio_of_the_covariances_counts(seed, checked):
    rng = np.random.default_rng(seed)
    train, test = (B @ B.T + np.eye(4) for B in rng.normal(size=(2, 4, 4)))
    values, V = np.linalg.eigh(test)
    root = (V * np.sqrt(values)) @ V.T
    R = root @ np.linalg.inv(train) @ root
    white = learning.second_moments(15, 4, batch=50, rng=rng)
    loss = learning.prompt_losses(
        0.7 * np.linalg.inv(train), root @ white @ root, 3, test)
    N = np.linalg.matrix_power(np.eye(4) - 0.7 * white @ R, 3)
    assert np.allclose(loss, np.square(N).sum(axis=(1, 2)), rtol=1e-9)
    checked(draws=50, tolerance=1e-9)


@pytest.mark.claim("B-covariance-ratio")
@pytest.mark.parametrize("seed", SEEDS)
def test_with_another_hidden_vector_the_ratio_does_not_decide(seed, checked):
    """Both covariances three times as large: the same ratio, spectrum and
    loss of the package; for w ~ N(0, I) three times the loss."""
    rng = np.random.default_rng(60 + seed)
    train, test = (B @ B.T + np.eye(4) for B in rng.normal(size=(2, 4, 4)))
    drawn = learning.second_moments(
        15, 4, covariance=test, batch=(), rng=rng)
    found = []
    for scale in (1, 3):
        moments, sigma = scale * drawn, scale * test
        A = 0.7 * np.linalg.inv(scale * train)
        N = np.linalg.matrix_power(np.eye(4) - moments @ A, 3)
        values = np.sort(np.linalg.eigvals(moments @ A).real)
        [own] = learning.prompt_losses(A, [moments], 3, sigma)
        by_hand = np.trace(np.linalg.inv(sigma) @ N @ sigma @ N.T)
        assert np.isclose(own, by_hand, rtol=1e-9)
        found.append((values, own, np.trace(N @ sigma @ N.T)))
    one, three = found
    assert np.allclose(one[0], three[0], rtol=1e-9)
    assert np.isclose(one[1], three[1], rtol=1e-9)
    assert np.isclose(3 * one[2], three[2], rtol=1e-9)
    checked(draws=1, tolerance=1e-9)


@pytest.mark.claim("B-covariances")
@pytest.mark.parametrize("seed", SEEDS)
def test_smaller_covariances_are_safe_and_larger_or_turned_ones_are_not(
        seed, checked):
    rng = np.random.default_rng(seed)
    n, d = 100, 10
    spectrum = np.geomspace(1, 10, d)
    A = learning.optimal_scale(n, d, 5) * np.diag(1 / spectrum)
    one = spectrum * np.where(np.arange(d) == 0, 0.1, 1)
    safe = {"same": spectrum, "half": spectrum / 2, "one": one}
    unsafe = {"larger": 1.5 * spectrum, "turned": spectrum[::-1]}
    for name, values in (safe | unsafe).items():
        W = learning.second_moments(
            n, d, covariance=np.diag(values), batch=1000, rng=rng)
        late, early = (np.median(learning.prompt_losses(
            A, W, T, np.diag(values))) for T in (30, 15))
        assert (late < early) == (name in safe), name
    checked(draws=5000)


@pytest.mark.claim("B-mean-diverges")
def test_the_exact_mean_is_the_integral_over_the_eigenvalue_density(checked):
    """d = 2: density ∝ |x - y| (xy)^{(n-3)/2} e^{-n(x+y)/2}."""
    n, a = 9, 0.6

    def weight(x, y):
        return abs(x - y) * (x * y)**((n - 3) / 2) * np.exp(-n * (x + y) / 2)

    def integral(f):
        return dblquad(lambda y, x: f(x, y) * weight(x, y), 0, 30, 0,
                       lambda x: x, epsabs=0, epsrel=1e-9)[0]

    total = integral(lambda x, y: 1.0)
    for T in (1, 4, 12):
        mean = integral(lambda x, y, power=2 * T:
                        (1 - a * x)**power + (1 - a * y)**power) / total
        exact = learning.scalar_loss(a, n, 2, T)
        assert np.isclose(exact, mean, rtol=1e-7)
    checked(draws=3, tolerance=1e-7)


@pytest.mark.claim("B-mean-diverges")
@pytest.mark.claim("B-hidden-mean")
def test_the_mean_has_a_turning_point_and_a_bound_that_explodes(checked):
    bound = chi_bound()
    for n, turn in [(40, 8), (100, 13)]:
        a = learning.optimal_scale(n, 10, 5)
        mean = [learning.scalar_loss(a, n, 10, T) for T in range(1, 21)]
        floor = [bound(a, n, 10, T) for T in range(1, 21)]
        assert 1 + int(np.argmin(mean)) == turn
        assert (np.array(mean) >= floor).all()
    assert np.isclose(bound(0.8, 9, 1, 4), learning.scalar_loss(0.8, 9, 1, 4))
    assert bound(learning.optimal_scale(1000, 10, 5), 1000, 10, 350) > 1
    checked(draws=40)


@pytest.mark.claim("B-hidden-mean")
@pytest.mark.parametrize("seed", SEEDS)
def test_a_sample_of_prompts_hides_the_exploding_mean(seed, checked):
    W = learning.second_moments(
        100, 10, batch=2000, rng=np.random.default_rng(seed))
    a = learning.optimal_scale(100, 10, 5)
    residual = 1 - a * np.linalg.eigvalsh(W)
    sampled = [(residual**(2 * T)).sum(-1).mean() for T in (10, 50)]
    floor = chi_bound()(a, 100, 10, 50)
    assert sampled[1] < sampled[0] and sampled[1] < floor / 1e6
    checked(draws=2000)


@pytest.mark.parametrize("seed", SEEDS)
def test_stated_medians_and_the_rate_of_bad_prompts_hold(seed):
    """n = 40, d = 10, trained for five loops; within five standard errors."""
    draws = 20_000
    W = learning.second_moments(
        40, 10, batch=draws, rng=np.random.default_rng(seed))
    a = learning.optimal_scale(40, 10, 5)
    eigenvalues = np.linalg.eigvalsh(W)
    for T, stated, error in [(5, 0.109, 0.0007), (20, 2.92e-5, 6e-7)]:
        median = np.median(((1 - a * eigenvalues)**(2 * T)).sum(-1))
        assert abs(median - stated) < 5 * sqrt(2) * error
    rate = (eigenvalues[:, -1] > 2 / a).mean()
    assert abs(rate - 0.0028) < 5 * sqrt(2 * 0.0028 / draws)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_mean_at_a_moderate_depth_is_what_sampling_gives(seed):
    W = learning.second_moments(
        40, 10, batch=20_000, rng=np.random.default_rng(seed))
    values = learning.prompt_losses(0.75 * np.eye(10), W, 3)
    exact = learning.scalar_loss(0.75, 40, 10, 3)
    assert abs(values.mean() - exact) < 5 * values.std() / sqrt(len(values))


@pytest.mark.claim("B-early-stop")
def test_stopping_early_costs_at_most_two_per_cent(checked):
    trained = learning.optimal_scale(40, 10, 5)
    for T in range(1, 6):
        best = learning.optimal_scale(40, 10, T)
        assert learning.scalar_loss(trained, 40, 10, T) < (
            1.0205 * learning.scalar_loss(best, 40, 10, T))
    checked(draws=5)


@pytest.mark.claim("B-optimal-step")
def test_the_trained_scale_tends_to_the_optimal_step_of_the_spectrum(checked):
    for gamma in (0.1, 0.5, 2.0):
        edges = (1 - sqrt(gamma))**2, (1 + sqrt(gamma))**2
        gaps = [abs(learning.optimal_scale(n, int(gamma * n), 3)
                    - 2 / sum(edges)) for n in (40, 400, 4000)]
        assert gaps[2] < 2e-3 and gaps[2] < gaps[1] / 5 < gaps[0] / 25
    checked(draws=9, tolerance=2e-3)


@pytest.mark.claim("P2-ood")
def test_at_five_loops_the_interval_is_not_sharp(checked):
    """One feature, so that Σ̂A is the eigenvalue itself."""
    for value, factor in [(0.01, 0.951), (2.05, 1.276)]:
        X, w, query = np.full((4, 1), sqrt(value)), np.ones(1), np.ones(1)
        error = columns(X, w, query, np.eye(1), 400)
        assert np.isclose(abs(error[4]), factor, atol=5e-4)
        loss = learning.loss([[1.0]], [[[value]]], 5)
        assert np.isclose(loss, error[4]**2, rtol=1e-9)
        assert (abs(error[399]) < 0.02) == (value < 2)
    checked(draws=2, tolerance=1e-9)


@pytest.mark.claim("B-hidden-mean")
@pytest.mark.parametrize("seed", SEEDS)
def test_a_mean_can_fall_in_a_sample_with_divergent_prompts(seed, checked):
    """n = 40, d = 10, trained for five loops: from 3 to 7 loops."""
    A = learning.optimal_scale(40, 10, 5) * np.eye(10)
    W = learning.second_moments(
        40, 10, batch=4000, rng=np.random.default_rng(500 + seed))
    assert (np.linalg.eigvalsh(W @ A)[:, -1] > 2).sum() >= 1
    assert learning.loss(A, W, 7) < learning.loss(A, W, 3)
    checked(draws=4000)


@pytest.mark.claim("B-divergent-share")
def test_the_share_of_divergent_prompts_sharpens_as_prompts_grow(checked):
    """From d = 15 to d = 120: to 1 below n = 5.83 d, to 0 above and for a*."""
    rng, draws = np.random.default_rng(8), 200
    share = {}
    for d in (15, 40, 120):
        for ratio in (0.5, 2, 4, 7):
            n = int(ratio * d)
            top = np.linalg.eigvalsh(learning.second_moments(
                n, d, batch=draws, rng=rng))[:, -1]
            share[d, ratio] = (top > 2).mean(), (top * n / (n + d) > 2).mean()
    for ratio in (0.5, 2, 4):
        assert share[120, ratio][0] > 0.99 and share[40, ratio][0] > 0.8
    assert share[15, 4][0] < 0.8 and share[120, 7] == (0, 0)
    assert share[120, 4][1] == 0 and share[120, 2][1] < 0.06
    checked(draws=12 * draws)


@pytest.mark.claim("B-divergent-share")
@pytest.mark.parametrize("seed", SEEDS)
def test_divergent_prompts_follow_the_marchenko_pastur_threshold(
        seed, checked):
    rng = np.random.default_rng(seed)
    d = 150
    for ratio, a_one in [(4, 1.0), (8, 0.0)]:
        n = ratio * d
        top = np.linalg.eigvalsh(
            learning.second_moments(n, d, batch=8, rng=rng))[:, -1]
        assert ((top > 2) == a_one).all()
        assert (top * n / (n + d) < 2).all()
    checked(draws=16)


# Chapter 34 ---------------------------------------------------------------

def test_two_by_two_loss_has_the_stated_coefficients_exactly():
    for n in (3, 7, 15, 60, 1000):
        rule = wishart_nodes(n, 2, 5)
        nodes = np.array([0.0, 0.5, 1.0])
        values = [quadrature_loss(n, 2, np.eye(2) + e * J, rule)
                  for e in nodes]
        _, second, fourth = np.linalg.solve(
            nodes[:, None]**np.array([0, 2, 4]), values)
        assert np.isclose(second, -4 / n + 44 / n**2 + 184 / n**3,
                          rtol=1e-9, atol=1e-12)
        assert np.isclose(fourth, 2 * (n**2 - 1) * (n + 2) / n**3)


def test_by_hand_46_minus_4e2_plus_2e4():
    G, weights = symmetric_gaussian(2, 5)
    for e in (0.0, 0.4, 1.0, 1.7):
        square = np.linalg.matrix_power(G + e * J, 2)
        mean = weights @ np.square(square).sum(axis=(1, 2))
        assert np.isclose(mean, 46 - 4 * e**2 + 2 * e**4)
    n, a = 10**5, learning.optimal_scale(10**5, 2, 2)
    rule = wishart_nodes(n, 2, 5)
    for e in (0.0, 1.0):
        A = a * np.eye(2) + e / sqrt(n) * J
        assert abs(n**2 * quadrature_loss(n, 2, A, rule)
                   - (46 - 4 * e**2 + 2 * e**4)) < 0.01


@pytest.mark.claim("B-skew-curvature")
@pytest.mark.parametrize("d, T, nodes", [(2, 2, 6), (2, 4, 10), (2, 5, 12),
                                         (3, 2, 5), (3, 3, 7)])
def test_the_curvature_formula_is_exact_in_every_skew_direction(
        d, T, nodes, checked):
    rng = np.random.default_rng(10 * d + T)
    n, a = 11, 0.7
    rule = wishart_nodes(n, d, nodes)
    claimed = float(learning.skew_curvature(
        Fraction(n), Fraction(d), T, Fraction(a)))
    even = 2 * np.arange(T + 1)
    sizes = np.linspace(0, 0.8, T + 1)
    for _ in range(2):
        K = skew(d, rng)
        values = [rule[1] @ learning.prompt_losses(
            a * np.eye(d) + e * K, rule[0], T) for e in sizes]
        found = np.linalg.solve(sizes[:, None]**even, values)[1]
        assert np.isclose(found, claimed, rtol=1e-6, atol=1e-9)
        mirrored = quadrature_loss(n, T, a * np.eye(d) - 0.8 * K, rule)
        assert np.isclose(mirrored, values[-1], rtol=1e-10)
    checked(draws=2, tolerance=1e-6)


@pytest.mark.claim("P2-minimiser")
@pytest.mark.parametrize("d, n, T, nodes", [
    (2, 6, 2, 6), (2, 20, 3, 8), (2, 30, 5, 12), (3, 9, 2, 5)])
def test_near_the_best_scale_every_symmetric_step_costs(
        d, n, T, nodes, checked):
    """Exact losses by quadrature, from a thousandth of a step to a whole."""
    rng, rule = np.random.default_rng(d + n), wishart_nodes(n, d, nodes)
    best = learning.optimal_scale(n, d, T)
    least = quadrature_loss(n, T, best * np.eye(d), rule)
    for _ in range(5):
        B = rng.standard_normal((d, d))
        B = (B + B.T) / np.linalg.norm(B + B.T)
        costs = [quadrature_loss(n, T, best * np.eye(d) + e * B, rule) - least
                 for e in (1e-3, 0.03, 0.3, 1)]
        assert costs == sorted(costs) and costs[0] > 1e-9 * least
    checked(draws=5)


@pytest.mark.claim("B-sign-lemma")
@pytest.mark.parametrize("d", range(2, 8))
def test_given_their_moduli_no_two_eigenvalues_prefer_the_same_side(
        d, checked):
    """Sum over all signs, with the repulsion as the only weight."""
    rng = np.random.default_rng(d)
    signs = np.array(list(product([1, -1], repeat=d)))
    for _ in range(20):
        size = np.sort(np.abs(rng.standard_normal(d)))
        x, U = signs * size, size**2
        rows, cols = np.triu_indices(d, 1)
        weight = np.abs(x[:, rows] - x[:, cols]).prod(axis=1)
        weight /= weight.sum()
        for a, b in zip(rows, cols):
            mean = weight @ (signs[:, a] * signs[:, b])
            if (b - a) % 2 == 0:
                assert abs(mean) < 1e-12
                continue
            a, b = (a, b) if a % 2 == 0 else (b, a)
            formula = -size[a] / size[b]
            for i in range(d):
                if i not in (a, b):
                    one, other = (U[b], U[a]) if i % 2 == 0 else (U[a], U[b])
                    formula *= (one - U[i]) / (other - U[i])
            assert mean < 0
            assert np.isclose(mean, formula, rtol=1e-8, atol=1e-12)
    checked(draws=20, tolerance=1e-8)


@pytest.mark.claim("B-sign-lemma")
@pytest.mark.parametrize("d", [2, 4])
def test_the_noise_of_a_large_prompt_repels_its_eigenvalues(d, checked):
    """Σ_{i≠j} x_i x_j has the mean -d(d-1), and odd products are negative."""
    n = 10**6
    W = learning.second_moments(
        n, d, batch=100_000, rng=np.random.default_rng(d))
    x = np.linalg.eigvalsh(sqrt(n) * (W - np.eye(d)))
    p1, p2, p3, p4 = ((x**k).sum(axis=-1) for k in (1, 2, 3, 4))
    pair = p1**2 - p2
    assert abs(pair.mean() + d * (d - 1)) < 5 * pair.std() / sqrt(len(pair))
    mixed = p1 * p3 - p4  # Σ x_i x_j³, so Λ = (U_i + U_j)/2
    assert mixed.mean() < -5 * mixed.std() / sqrt(len(mixed))
    checked(draws=100_000)


@pytest.mark.claim("B-power-lemma")
def test_even_powers_of_gaussian_eigenvalues_spread(checked):
    """Exact in d, by a recursion that the proof does not use; and the last
    line of the proof."""
    _, d = sp.ring("d", sp.ZZ)
    expect = gaussian_traces(d)
    for s in (2, 4, 6, 8):
        left = s * (d * expect(2 * s) - expect(s, s))
        excess = left - (d - 1) * expect(2 * s)
        assert all(c > 0 for c in excess.compose(d, d + 2).coeffs())
        assert s > 2 or excess == 3 * d**3 - 3 * d
    s, d, Pi = sp.symbols("s d Pi", positive=True)
    Y = 2 * (d - 1) * Pi
    least = s * ((s * (d - 2) + d) * Pi + d / 2 * Y) - (d - 1) * (
        2 * (2 * s - 1) * Pi + Y)
    bracket = s**2 + s * (d - 2) - 2 * (d - 1)
    assert (least - (d - 2) * bracket * Pi).expand() == 0
    assert bracket.subs(s, 2).expand() == 2
    checked(proof=True)


@pytest.mark.claim("B-power-lemma")
@pytest.mark.parametrize("d", [2, 5])
def test_even_powers_of_the_noise_of_a_large_prompt_spread(d, checked):
    n, s = 10**6, 2
    W = learning.second_moments(
        n, d, batch=100_000, rng=np.random.default_rng(30 + d))
    x = np.linalg.eigvalsh(sqrt(n) * (W - np.eye(d)))
    total = (x**(2 * s)).sum(axis=-1)
    excess = s * (d * total - (x**s).sum(axis=-1)**2) - (d - 1) * total
    error = excess.std() / sqrt(len(excess))
    assert excess.mean() > 5 * error
    assert abs(excess.mean() - 3 * (d**3 - d)) < 5 * error
    checked(draws=100_000)


def gaussian_traces(d):
    """E of products of tr Gᵏ by parts: the recursion of Wishart traces,
    without n and two powers lower."""
    @cache
    def expect(powers):
        if not powers:
            return 1
        m, *rest = powers
        if m == 0:
            return d * expect(tuple(rest))
        total = 0
        if m > 1:
            total = (m - 1) * expect(tuple(sorted([m - 2, *rest])))
        for j in range(m - 1):
            total += expect(tuple(sorted([j, m - 2 - j, *rest])))
        for i, p in enumerate(rest):
            total += 2 * p * expect(tuple(sorted(
                [m + p - 2, *rest[:i], *rest[i + 1:]])))
        return total
    return lambda *powers: expect(tuple(sorted(powers)))


@cache
def leading_curvature(T):
    """lim n^{T-1} c as a polynomial in d, from the limit's definition."""
    _, d = sp.ring("d", sp.ZZ)
    expect, top = gaussian_traces(d), 2 * T - 2
    total = sum((T - 2 * abs(T - 1 - t)) * (expect(t, top - t) - expect(top))
                for t in range(top + 1))
    return total.exquo(d * (d - 1))


@pytest.mark.claim("B-saddle")
def test_the_leading_curvature_is_negative_for_two_to_twelve_loops(checked):
    """Exact in d, by a recursion that the proof does not use."""
    stated = {2: "-2", 3: "-(d**2 + 11*d + 9)",
              4: "-4*(3*d**3 + 23*d**2 + 47*d + 41)",
              5: "-(54*d**4 + 528*d**3 + 1984*d**2 + 3966*d + 2831)"}
    for T in range(2, 13):
        polynomial = leading_curvature(T)
        assert max(polynomial.coeffs()) < 0
        if T in stated:
            assert (polynomial.as_expr() - sp.sympify(stated[T])).expand() == 0
    checked(proof=True)


@pytest.mark.claim("B-saddle")
def test_the_curvature_of_many_examples_tends_to_the_leading_one(checked):
    n = Fraction(10**9)
    for T in (2, 3, 4, 5, 7):
        for size, b in [(2, 0), (3, 4), (7, 5)]:
            c = learning.skew_curvature(n, Fraction(size), T, 1 - b / n)
            limit = int(leading_curvature(T)(size))
            assert np.isclose(float(c * n**(T - 1)), limit, rtol=1e-5)
    checked(draws=15, tolerance=1e-5)


@pytest.mark.claim("B-saddle")
@pytest.mark.parametrize("T", [3, 6])
def test_brute_force_over_gaussian_matrices_gives_the_same_sign(T, checked):
    """Σ_{i≠j} Φ(x_i, x_j) on the eigenvalues of drawn matrices."""
    rng, draws = np.random.default_rng(T), 100_000
    for d in (2, 3):
        G = rng.standard_normal((draws, d, d))
        x = np.linalg.eigvalsh((G + np.swapaxes(G, 1, 2)) / sqrt(2))
        top, total = 2 * T - 2, np.zeros(draws)
        for t in range(top + 1):
            total += (T - 2 * abs(T - 1 - t)) * (
                (x**t).sum(1) * (x**(top - t)).sum(1) - (x**top).sum(1))
        expected = d * (d - 1) * int(leading_curvature(T)(d))
        error = total.std() / sqrt(draws)
        assert abs(total.mean() - expected) < 5 * error
        assert total.mean() < -3 * error
    checked(draws=100_000)


@pytest.mark.claim("B-saddle")
@pytest.mark.parametrize("d, T, first", [
    (2, 2, 15), (2, 3, 15), (2, 5, 9), (5, 2, 31), (5, 3, 26), (5, 5, 13),
    (10, 2, 78), (10, 3, 48), (10, 5, 21), (20, 2, 248), (20, 3, 99),
    (20, 5, 37)])
def test_the_scalar_solution_is_a_saddle_from_the_stated_n_on(
        d, T, first, checked):
    for n in range(2, first + 60):
        a = Fraction(learning.optimal_scale(n, d, T))
        c = learning.skew_curvature(Fraction(n), Fraction(d), T, a)
        assert (c < 0) == (n >= first), n
    checked(draws=1)


@pytest.mark.claim("B-thresholds")
@pytest.mark.parametrize("T", [2, 3, 4, 5])
def test_the_curvature_of_large_prompts_is_an_integral_over_their_spectrum(
        T, checked):
    """Against the Marchenko-Pastur density, integrated numerically."""
    d = 40_000
    angle = np.pi * (np.arange(4000) + 0.5) / 4000
    for n in (60_000, 160_000, 400_000):
        ratio = d / n
        a = 1 / (1 + ratio)
        lam = 1 + ratio + 2 * sqrt(ratio) * np.cos(angle)
        density = 2 * np.sin(angle)**2 / lam

        def mean(p, s, a=a, lam=lam, density=density):
            return np.mean(density * lam**p * (1 - a * lam)**s)

        top = 2 * T - 2
        limit = sum((T - abs(T - 1 - s)) * mean(2, s) * mean(0, top - s)
                    for s in range(top + 1))
        limit -= 2 * sum((T - 1 - j) * mean(1, j) * mean(1, top - j)
                         for j in range(T - 1))
        c = float(learning.skew_curvature(
            Fraction(n), Fraction(d), T, Fraction(n, n + d)))
        assert np.isclose(c, limit, rtol=1e-3, atol=1e-5)
    checked(draws=3, tolerance=1e-3)


@pytest.mark.claim("B-thresholds")
@pytest.mark.parametrize("T, ratio", [(3, 5.8794), (4, 1.7808), (5, 1.7267)])
def test_large_prompts_have_a_saddle_above_the_stated_ratio_only(
        T, ratio, checked):
    d = 2000
    for factor, negative in [(0.97, False), (1.03, True)]:
        n = round(factor * ratio * d)
        c = learning.skew_curvature(
            Fraction(n), Fraction(d), T,
            Fraction(learning.optimal_scale(n, d, T)))
        assert (c < 0) == negative
    checked(draws=2)


@pytest.mark.claim("B-thresholds")
def test_two_loops_need_half_the_square_of_d(checked):
    for d, first in [(100, 5208), (1000, 502_008)]:
        for n, negative in [(first - 1, False), (first, True)]:
            c = learning.skew_curvature(
                Fraction(n), Fraction(d), 2,
                Fraction(learning.optimal_scale(n, d, 2)))
            assert (c < 0) == negative
    checked(draws=2)


@pytest.mark.claim("B-first-order")
@pytest.mark.parametrize("T, n, a, turn", [
    (3, 14, 0.7365, 0.240), (5, 8, 0.5266, 0.333), (6, 7, 0.4551, 0.331)])
def test_a_finite_rotation_wins_where_small_ones_still_cost(
        T, n, a, turn, checked):
    """d = 2, exact: quadrature for the loss, no curvature formula."""
    rule = wishart_nodes(n, 2, 2 * T + 1)
    best = learning.optimal_scale(n, 2, T)
    scalar, small, large = (
        quadrature_loss(n, T, A, rule) for A in (
            best * np.eye(2), best * np.eye(2) + 0.02 * J,
            a * np.eye(2) + turn * J))
    assert np.isclose(scalar, learning.scalar_loss(best, n, 2, T), rtol=1e-9)
    assert small > scalar and large < 0.996 * scalar
    checked(draws=3, tolerance=1e-9)


@pytest.mark.claim("B-first-order")
@pytest.mark.parametrize("T, n", [(2, 14), (3, 13), (4, 8), (5, 7), (6, 6)])
def test_one_example_fewer_and_no_rotation_on_a_grid_wins(T, n, checked):
    rule = wishart_nodes(n, 2, 2 * T + 1)
    best = learning.optimal_scale(n, 2, T)
    scalar = learning.scalar_loss(best, n, 2, T)
    for turn in np.linspace(0.05, 0.5, 10):
        for a in best + np.linspace(-0.03, 0.06, 10):
            assert quadrature_loss(
                n, T, a * np.eye(2) + turn * J, rule) > scalar
    checked(draws=100)


@pytest.mark.claim("B-first-order")
def test_the_rotation_of_two_loops_grows_from_zero_that_of_four_jumps(checked):
    """d = 2 with n a real number: the valley floor, by exact quadrature."""
    def floor(n, T, turns):
        rule = wishart_nodes(n, 2, 2 * T + 1)
        return np.array([minimize_scalar(
            lambda a, turn=turn: quadrature_loss(
                n, T, a * np.eye(2) + turn * J, rule),
            bounds=(0.3, 1), method="bounded",
            options={"xatol": 1e-10}).fun for turn in turns])

    turns = np.linspace(0, 0.4, 41)
    assert (np.diff(floor(14.9, 2, turns)) > 0).all()
    grown = [turns[floor(n, 2, turns).argmin()] for n in (15.2, 16, 18)]
    assert 0 < grown[0] < grown[1] < grown[2] and grown[0] < 0.04
    early, late = floor(8.4, 4, turns), floor(8.6, 4, turns)
    assert early.argmin() == 0
    assert late[1] > late[0] and 0.2 < turns[late.argmin()] < 0.3
    checked(draws=5 * 41)


@pytest.mark.claim("B-first-order")
@pytest.mark.parametrize("seed", SEEDS)
def test_five_features_and_three_loops_turn_before_the_curvature_does(
        seed, checked):
    n, d, T = 22, 5, 3
    best = learning.optimal_scale(n, d, T)
    c = learning.skew_curvature(
        Fraction(n), Fraction(d), T, Fraction(best))
    A = 0.743 * np.eye(d)
    A[:2, :2] += 0.32 * J
    W = learning.second_moments(
        n, d, batch=60_000, rng=np.random.default_rng(400 + seed))
    gain = (learning.prompt_losses(best * np.eye(d), W, T)
            - learning.prompt_losses(A, W, T))
    assert c > 0 and gain.mean() > 3 * gain.std() / sqrt(len(gain))
    checked(draws=60_000)


def test_with_one_loop_a_rotation_never_helps():
    for n, d in [(4, 2), (30, 3)]:
        rule = wishart_nodes(n, d, 3)
        a = n / (n + d + 1)
        K = skew(d, np.random.default_rng(d))
        values = [quadrature_loss(n, 1, a * np.eye(d) + e * K, rule)
                  for e in (0, 0.3)]
        assert np.isclose(values[1] - values[0], 0.09 * (1 + (d + 1) / n))


@pytest.mark.claim("B-nilpotent")
def test_at_infinite_n_every_nilpotent_remainder_is_a_minimizer(checked):
    rng = np.random.default_rng(0)
    for d, T in [(2, 2), (4, 4), (5, 7)]:
        B = rng.standard_normal((d, d))
        A = np.eye(d) + B @ np.triu(np.ones((d, d)), 1) @ np.linalg.inv(B)
        assert learning.loss(A, np.eye(d)[None], T) < 1e-15
        assert np.linalg.norm(A - A.T) > 1
    checked(draws=3, tolerance=1e-15)


@cache
def trained(seed, n=50, d=5, T=4):
    return learning.train(n, d, T, iterations=600,
                          project=learning.any_matrix,
                          rng=np.random.default_rng(seed))


@pytest.mark.claim("B-rotation")
@pytest.mark.parametrize("seed", SEEDS)
def test_training_without_symmetry_ends_at_a_scalar_plus_a_rotation(
        seed, checked):
    A = trained(seed).A
    part = (A - A.T) / 2
    rest = A - part - np.trace(A) / 5 * np.eye(5)
    assert abs(np.linalg.norm(part) - 0.62) < 0.03
    assert np.linalg.norm(rest) < 0.1
    modes = np.sort(np.linalg.eigvals(A).imag)
    assert (np.abs(modes[[0, 1, 3, 4]]) > 0.25).all() and modes[2] == 0
    checked(draws=1)


@pytest.mark.claim("B-rotation-pays")
@pytest.mark.parametrize("seed", SEEDS)
def test_the_rotation_pays_from_the_third_loop_on(seed, checked):
    W = learning.second_moments(
        50, 5, batch=20_000, rng=np.random.default_rng(100 + seed))
    scalar = learning.optimal_scale(50, 5, 4) * np.eye(5)
    stated = {1: (1.76, 0.04), 2: (1.28, 0.02), 3: (0.957, 0.01),
              4: (0.72, 0.02)}
    for T, (value, width) in stated.items():
        ratio, error = paired(*(learning.prompt_losses(A, W, T)
                                for A in (trained(seed).A, scalar)))
        assert abs(ratio - value) < width + 4 * error, T
    for T, value in [(3, 0.92), (4, 0.636), (6, 0.27), (8, 0.108)]:
        new, old = (np.median(learning.prompt_losses(A, W, T))
                    for A in (trained(seed).A, scalar))
        assert abs(new / old - value) < 0.03, T
    radii = [np.median(np.abs(np.linalg.eigvals(
        np.eye(5) - W[:4000] @ A)).max(-1)) for A in (scalar, trained(seed).A)]
    assert np.allclose(radii, [0.518, 0.415], atol=0.01)
    checked(draws=20_000)


@pytest.mark.claim("B-rotation")
@pytest.mark.parametrize("seed", SEEDS)
def test_the_gain_shows_on_the_literal_layer_in_pairs(seed, checked):
    rng = np.random.default_rng(200 + seed)
    X = rng.standard_normal((4000, 50, 5))
    w, query = rng.standard_normal((2, 4000, 5))
    scalar = learning.optimal_scale(50, 5, 4) * np.eye(5)
    y, truth = np.einsum("bnd,bd->bn", X, w), np.einsum("bd,bd->b", w, query)
    old, new = ((learning.trained_predictions(X, y, query, A, 4)[-1]
                 - truth)**2 for A in (scalar, trained(seed).A))
    gain = old - new
    assert gain.mean() > 1.96 * gain.std() / sqrt(len(gain))
    assert abs(gain.mean() - 0.0033) < 5 * gain.std() / sqrt(len(gain))
    checked(draws=4000)


@pytest.mark.claim("B-rotation")
@pytest.mark.parametrize("seed", SEEDS)
def test_with_few_examples_training_stays_symmetric(seed, checked):
    A = trained(seed, 20, 5, 3).A
    assert np.linalg.norm(A - A.T) / 2 < 0.05
    checked(draws=1)


@pytest.mark.claim("B-rotation-safer")
@pytest.mark.parametrize("seed", SEEDS)
def test_the_rotation_tolerates_a_larger_covariance_better(seed, checked):
    W = 1.5 * learning.second_moments(
        50, 5, batch=5000, rng=np.random.default_rng(300 + seed))
    scalar = learning.optimal_scale(50, 5, 4) * np.eye(5)
    rates = [(np.abs(np.linalg.eigvals(np.eye(5) - W @ A)).max(-1) > 1).mean()
             for A in (scalar, trained(seed).A)]
    assert np.allclose(rates, [0.32, 0.125], atol=0.03)
    assert rates[1] < rates[0] / 2
    checked(draws=5000)


@pytest.mark.claim("B-wishart-traces")
def test_trace_products_agree_with_quadrature(checked):
    for n, d, powers in [(6, 2, (2, 3)), (6, 2, (1, 1, 2)), (8, 3, (2, 2))]:
        W, weights = wishart_nodes(n, d, sum(powers) + 1)
        traces = [np.trace(np.linalg.matrix_power(n * W, p), axis1=1,
                           axis2=2) for p in powers]
        expected = weights @ np.prod(traces, axis=0)
        found = learning.trace_products(n, d)(*powers)
        assert np.isclose(found, expected, rtol=1e-10)
    assert learning.trace_products(7, 1)(3) == 7 * 9 * 11
    checked(draws=3, tolerance=1e-10)
