"""Schedules: closed forms, Chebyshev's optimality, and the order of steps."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import chebyshev

from lttutor.steps import (
    chebyshev_steps,
    constant_steps,
    flattening_steps,
    gaussian_steps,
    optimal_constant_steps,
)

kappas = st.floats(1.0, 1e6)
sizes = st.floats(1e-3, 1e6)


def residual(lam, steps):
    return np.prod(1 - np.multiply.outer(lam, steps), axis=-1)


@given(sizes, st.integers(0, 9))
def test_constant_steps_are_one_over_L(L, T):
    assert constant_steps(L, T).tolist() == [1 / L] * T


@given(sizes, kappas)
def test_optimal_steps_balance_the_two_ends_of_the_spectrum(L, kappa):
    mu = L / kappa
    (eta,) = optimal_constant_steps(L, mu, 1)
    assert 1 - eta * mu == pytest.approx(eta * L - 1, abs=1e-12)


def test_no_constant_step_beats_the_optimal_one():
    L, mu = 7.3, 0.4
    (best,) = optimal_constant_steps(L, mu, 1)
    tried = np.linspace(0, 2 / L, 2001)
    worst = np.maximum(abs(1 - tried * L), abs(1 - tried * mu))
    assert max(abs(1 - best * L), abs(1 - best * mu)) <= worst.min()


@given(st.integers(1, 40), kappas, sizes)
@settings(max_examples=60, deadline=None)
def test_chebyshev_steps_give_the_scaled_chebyshev_polynomial(T, kappa, L):
    mu = L / kappa
    steps = chebyshev_steps(L, mu, T)
    x = np.cos(np.linspace(0, np.pi, 50))
    with np.errstate(over="ignore"):
        top = float(mpmath.chebyt(T, mpmath.mpf(L + mu) / (L - mu))
                    if kappa > 1 + 1e-9 else mpmath.inf)
    expected = chebyshev.chebval(x, [0] * T + [1]) / top
    found = residual((L + mu) / 2 - (L - mu) / 2 * x, steps)
    assert np.abs(found - expected).max() <= 1e-9


def test_chebyshev_steps_beat_every_other_schedule_tried():
    L, mu, T = 10.0, 1.0, 4
    lam = np.linspace(mu, L, 400)
    best = np.abs(residual(lam, chebyshev_steps(L, mu, T))).max()
    rng = np.random.default_rng(0)
    others = 1 / rng.uniform(mu, L, (5000, T))
    near = chebyshev_steps(L, mu, T) * (
        1 + 0.01 * rng.standard_normal((5000, T)))
    for steps in (*others, *near):
        assert np.abs(residual(lam, steps)).max() >= best


@pytest.mark.parametrize("order", ["lebedev", "leja", "natural"])
@pytest.mark.parametrize("T", [0, 1, 2, 3, 7, 8, 100, 128])
def test_every_order_uses_the_same_steps_once_each(order, T):
    steps = chebyshev_steps(9.0, 1.0, T, order)
    k = np.arange(1, T + 1)
    roots = 5 - 4 * np.cos((2 * k - 1) * np.pi / (2 * max(T, 1)))
    assert np.sort(1 / steps) == pytest.approx(roots, rel=1e-14)


def test_natural_order_has_ascending_roots():
    steps = chebyshev_steps(9.0, 1.0, 17, "natural")
    assert (np.diff(1 / steps) > 0).all()


def test_lebedev_order_of_eight_is_the_published_permutation():
    steps = chebyshev_steps(9.0, 1.0, 8, "lebedev")
    natural = chebyshev_steps(9.0, 1.0, 8, "natural")
    order = [1, 8, 4, 5, 2, 7, 3, 6]
    assert steps.tolist() == natural[np.array(order) - 1].tolist()


def test_leja_order_maximizes_the_product_of_distances_at_each_turn():
    taken = 1 / chebyshev_steps(9.0, 1.0, 23, "leja")
    assert taken[0] == taken.max()
    for i in range(1, 22):
        gaps = np.abs(taken[i:, None] - taken[:i]).prod(axis=1)
        assert gaps[0] >= gaps.max() * (1 - 1e-8)


def test_no_interval_ends_before_it_begins_for_any_task():
    for rule in (optimal_constant_steps, chebyshev_steps):
        assert rule(2.0, 2.0, 3).tolist() == [0.5] * 3
        for L, mu in ((1.0, 1.5), ([1.0, 2.0], [1.0, 2.5])):
            with pytest.raises(ValueError) as caught:
                rule(L, mu, 3)
            assert str(caught.value) == (
                "mu: expected mu <= L, got a mu above its L")
        with pytest.raises(ValueError) as caught:
            rule([1.0, 2.0], 1.0, 3)
        assert str(caught.value) == "mu: expected the shape of L, (2,), got ()"


@pytest.mark.parametrize("T", [2, 3, 6, 7, 12, 24, 61])
def test_leja_order_is_that_of_exact_distances_and_ties_go_by_number(T):
    """Written out with exact products of distances, to forty digits."""
    with mpmath.workdps(40):
        nodes = [mpmath.cos((2 * k - 1) * mpmath.pi / (2 * T))
                 for k in range(1, T + 1)]
        order = [T - 1]
        while len(order) < T:
            products = {k: mpmath.fprod(abs(nodes[k] - nodes[j])
                                        for j in order)
                        for k in range(T) if k not in order}
            most = max(products.values())
            order.append(min(k for k, product in products.items()
                             if product > most * (1 - mpmath.mpf(10)**-20)))
    natural = chebyshev_steps(9.0, 1.0, T, "natural")
    assert chebyshev_steps(9.0, 1.0, T, "leja").tolist() == (
        natural[order].tolist())


def growth(steps, lam):
    """Largest product of the first, and of the last, factors of p."""
    factors = np.log10(np.abs(1 - np.multiply.outer(lam, steps)) + 1e-300)
    first = factors.cumsum(axis=1)
    return first.max(), (first[:, -1:] - first).max()


@pytest.mark.parametrize("kappa", [10, 100, 1e4, 1e6])
def test_no_part_of_the_default_schedule_amplifies_more_than_kappa(kappa):
    lam = np.geomspace(1 / kappa, 1, 800)
    for T in [*range(1, 70), 100, 127, 128, 129, 200, 256, 500, 513, 1000]:
        first, last = growth(chebyshev_steps(1.0, 1 / kappa, T), lam)
        assert first <= np.log10(kappa) + 1e-9, T
        assert last <= np.log10(kappa) + 1e-9, T


@pytest.mark.parametrize("m", range(1, 11))
def test_no_tail_of_a_lebedev_schedule_amplifies_rounding_errors(m):
    lam = np.geomspace(1e-4, 1, 800)
    _, last = growth(chebyshev_steps(1.0, 1e-4, 2**m), lam)
    assert last <= 1e-9


def descend(kappa, steps, dtype=np.float64):
    """Error of descent in floating point, with the spectrum spread over
    all axes: along the eigenvectors themselves no rounding error could
    wander from one to another."""
    rng = np.random.default_rng(0)
    d = 60
    V, _ = np.linalg.qr(rng.standard_normal((d, d)))
    gram = (V * np.geomspace(1 / kappa, 1, d) @ V.T).astype(dtype)
    target = (V @ rng.choice([-1, 1], d) / np.sqrt(d)).astype(dtype)
    v = np.zeros(d, dtype)
    for eta in steps.astype(dtype):
        v = v - eta * (gram @ v - gram @ target)
    return np.linalg.norm(v - target)


@pytest.mark.parametrize("kappa", [100, 1e4])
@pytest.mark.parametrize("T", [37, 64, 100, 255, 300, 512, 777, 1000])
def test_default_order_reaches_its_bound_or_the_rounding_floor(kappa, T):
    rho = (np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)
    bound = 2 / (rho**T + rho**-T)
    steps = chebyshev_steps(1.0, 1 / kappa, T)
    for dtype in (np.float64, np.float32):
        floor = kappa * np.finfo(dtype).eps
        assert descend(kappa, steps, dtype) <= bound + floor


def test_natural_order_destroys_the_result():
    assert descend(100, chebyshev_steps(1.0, 1e-2, 64, "natural")) > 1e6
    assert descend(100, chebyshev_steps(1.0, 1e-2, 64)) < 1e-5


def flatten(s, eta):
    return s - eta * s**3 / 3


def flatness(s):
    return s.min() / s.max()


@pytest.mark.parametrize("kappa, T", [(4, 2), (10, 3), (1e3, 5), (1e6, 8)])
def test_each_flattening_step_is_the_flattest_that_a_search_finds(kappa, T):
    s = np.geomspace(kappa**-0.5, 1, 4001)
    tries = np.linspace(0.3, 1.1, 4001)
    for eta in flattening_steps(kappa, T):
        found = np.array([flatness(flatten(s, 3 * c / s.max()**2))
                          for c in tries])
        best = 3 * tries[found.argmax()] / s.max() ** 2
        assert eta == pytest.approx(best, rel=2e-3)
        s = flatten(s, eta)
        assert found.max() <= flatness(s) + 2e-6


def test_no_other_positive_schedule_tried_ends_flatter():
    s = np.geomspace(1e-2, 1, 400)
    steps = flattening_steps(1e4, 4)
    rng = np.random.default_rng(0)
    near = steps * np.exp(0.05 * rng.standard_normal((5000, 4)))
    others = steps * np.exp(rng.standard_normal((5000, 4)))

    def end(schedule):
        out, positive = np.broadcast_to(s, (len(schedule), 400)), True
        for eta in schedule.T:
            out = flatten(out, eta[:, None])
            positive &= out.min(axis=1) > 0
        return np.where(positive, out.min(axis=1) / out.max(axis=1), 0)

    assert end(np.concatenate([near, others])).max() <= end(steps[None])[0]


@pytest.mark.parametrize("kappa", [3, 10**4, 10**8, 10**12])
def test_flattening_steps_in_sixty_digits(kappa):
    """The interval is followed by its image, not by the closed form."""
    with mpmath.workdps(60):
        low, high = 1 / mpmath.sqrt(kappa), mpmath.mpf(1)
        for found in flattening_steps(kappa, 18):
            if high / low - 1 < 1e-20:
                break
            eta = mpmath.findroot(
                lambda eta, low=low, high=high: (
                    flatten(low, eta) - flatten(high, eta)),
                (1 / high**2, 3 / high**2))
            assert abs(found / eta - 1) < 1e-9
            middle = 1 / mpmath.sqrt(eta)
            assert low < middle < high
            low, high = flatten(low, eta), flatten(middle, eta)


def test_flattening_steps_grow_by_27_4_at_first_and_9_4_at_last():
    steps = flattening_steps(1e12, 30)
    growth = steps[1:] / steps[:-1]
    assert growth[0] == pytest.approx(27 / 4, rel=1e-5)
    assert growth[-1] == pytest.approx(9 / 4, rel=1e-12)
    assert flattening_steps(1.0, 3) == pytest.approx([1, 9 / 4, 81 / 16])


def test_schedules_take_batches():
    L, mu = np.array([[9.0, 8.0], [7.0, 6.0]]), np.full((2, 2), 0.5)
    for schedule in (
        lambda L, mu: constant_steps(L, 5),
        lambda L, mu: optimal_constant_steps(L, mu, 5),
        lambda L, mu: chebyshev_steps(L, mu, 5),
        lambda L, mu: chebyshev_steps(L, mu, 0),
        lambda L, mu: flattening_steps(L / mu, 5),
    ):
        together = schedule(L, mu)
        for i in np.ndindex(2, 2):
            assert together[i].tolist() == schedule(L[i], mu[i]).tolist()


def test_schedules_keep_float32():
    L, mu = np.float32([3.0]), np.float32([1.0])
    assert constant_steps(L, 2).dtype == np.float32
    assert optimal_constant_steps(L, mu, 2).dtype == np.float32
    assert chebyshev_steps(L, mu, 2).dtype == np.float32
    assert flattening_steps(L, 2).dtype == np.float32


@pytest.mark.parametrize("T", [0, 3])
def test_no_one_argument_decides_the_dtype_of_a_schedule(T):
    for L, mu in ((np.float32(3), 1.0), (3.0, np.float32(1))):
        assert optimal_constant_steps(L, mu, T).dtype == np.float64
        assert chebyshev_steps(L, mu, T).dtype == np.float64
    narrow = chebyshev_steps(np.float32(3), np.float32(1), T)
    assert narrow.dtype == np.float32


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(0, 5))
def test_gaussian_steps_are_the_closed_form(n, d, T):
    expected = 1 / (n * (1 + np.sqrt(d / n)) ** 2)
    assert gaussian_steps(n, d, T) == pytest.approx([expected] * T)


def test_gaussian_steps_are_near_one_over_the_measured_L():
    X = np.random.default_rng(0).standard_normal((20, 1200, 300))
    L = np.linalg.norm(X, 2, axis=(-2, -1)) ** 2
    assert gaussian_steps(1200, 300, 1)[0] * L == pytest.approx(1, abs=0.03)


@pytest.mark.filterwarnings("error")
def test_the_largest_and_the_smallest_eigenvalues_have_steps():
    for L in (1.7e308, 1e300, 1e-300, 6e-309):
        assert constant_steps(L, 1) == 1 / L
        assert optimal_constant_steps(L, L, 1) == pytest.approx(1 / L)
        assert chebyshev_steps(L, L, 3) == pytest.approx([1 / L] * 3)
    assert flattening_steps(1.7e308, 1) == pytest.approx(3)
