"""What chapter 45 states, by finite differences, linear programs and BFGS."""

from functools import partial
from math import comb

import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from scipy.special import logsumexp

from lttutor.loop import generate
from lttutor.nonlinear import (
    generate_relu,
    generate_softmax,
    generate_softmax_pair,
)
from lttutor.tasks import gaussian_task

SEEDS = range(5)


def direction_below_zero(X):
    """Some w with Xw < 0, by a linear program; None if there is none."""
    n, d = X.shape
    program = linprog(np.zeros(d), A_ub=X, b_ub=-np.ones(n),
                      bounds=(None, None))
    return program.x if program.status == 0 else None


def surrounding(n, d, rng):
    """Gaussian examples that no half-space holds."""
    while True:
        X = rng.standard_normal((n, d))
        if direction_below_zero(X) is None:
            return X


def radius2(X):
    return ((X - X.mean(0)) ** 2).sum(1).max()


@pytest.mark.claim("B-hot-softmax")
def test_a_hot_pair_is_centered_linear_attention_to_second_order(checked):
    checked(draws=5, tolerance=0.3)
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        X, r = rng.standard_normal((12, 3)), rng.standard_normal(12)
        pair, single = [], []
        for tau in (10.0, 100.0):
            scale = [12 * tau / 2]
            v = generate_softmax_pair(X, r, 1.0, scale, tau)[1]
            pair.append(np.linalg.norm(v - (r - r.mean()) @ X))
            v = generate_softmax(X, r, 1.0, [12.0], tau)[1]
            single.append(np.linalg.norm(v - X.sum(0)))
        assert np.isclose(pair[0] / pair[1], 100, rtol=0.1)
        assert np.isclose(single[0] / single[1], 10, rtol=0.3)


@pytest.mark.claim("B-nonlinear-losses")
def test_loops_descend_their_losses_and_stop_at_a_minimum(checked):
    checked(draws=15, tolerance=1e-6)
    tau = 0.6
    machines = [
        (generate_relu, lambda r: np.sum(np.maximum(r, 0) ** 2) / 2,
         lambda X: np.linalg.norm(X, 2) ** 2),
        (partial(generate_softmax, temperature=tau),
         lambda r: tau * logsumexp(r / tau), lambda X: radius2(X) / tau),
        (partial(generate_softmax_pair, temperature=tau),
         lambda r: tau * (logsumexp(r / tau) + logsumexp(-r / tau)),
         lambda X: 2 * radius2(X) / tau)]
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        X = surrounding(14, 3, rng)
        y = rng.standard_normal(14)
        for machine, loss, smoothness in machines:
            f = lambda q: loss(X @ q + 1.3 * y)
            v = machine(X, y, 1.3, np.full(4000, 1.9 / smoothness(X)))
            q = -v[3]
            slope = np.array([(f(q + 1e-6 * e) - f(q - 1e-6 * e)) / 2e-6
                              for e in np.eye(3)])
            step = 1.9 / smoothness(X)
            np.testing.assert_allclose(-v[4], q - step * slope, atol=1e-7)
            values = [f(-v[t]) for t in range(0, 4001, 50)]
            assert (np.diff(values) <= 1e-12).all()
            best = minimize(f, np.zeros(3), tol=1e-12).fun
            assert values[-1] <= best + 1e-6


@pytest.mark.claim("B-relu-recovery")
def test_relu_recovers_every_vector_exactly_if_the_examples_surround(checked):
    """Both ways: recovery, and the vector at which an open cone is stuck."""
    checked(draws=40, tolerance=1e-3)
    errors = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((8, 3))
        steps = np.full(2000, 1.9 / np.linalg.norm(X, 2) ** 2)
        w = direction_below_zero(X)
        if w is None:
            theta = rng.standard_normal(3)
            v = generate_relu(X, X @ theta, 1.7, steps)
            error = np.linalg.norm(v - 1.7 * theta, axis=-1)
            assert error[-1] < 0.8 * error[100] or error[-1] < 1e-9
            errors.append(error[-1])
        else:
            v = generate_relu(X, X @ w / 1.7, 1.7, steps[:50])
            assert (v == 0).all()
    assert 10 < len(errors) < 38
    assert np.median(errors) < 1e-3


@pytest.mark.claim("B-relu-recovery")
def test_examples_surround_the_origin_as_often_as_wendel_says(checked):
    """The machine decides: it moves from w/α if and only if Xw has a
    positive entry, so a direction found by the program must not move it."""
    checked(draws=600, tolerance=0.13)
    rng = np.random.default_rng(7)
    for n, d in [(4, 2), (8, 4), (10, 4), (6, 3)]:
        hits = 0
        for _ in range(150):
            X = rng.standard_normal((n, d))
            w = direction_below_zero(X)
            hits += w is None
            if w is not None:
                assert (generate_relu(X, X @ w, 1.0, [0.1])[1] == 0).all()
                assert (generate_relu(X, -X @ w, 1.0, [0.1])[1] != 0).any()
        wendel = 1 - sum(comb(n - 1, k) for k in range(d)) / 2 ** (n - 1)
        assert abs(hits / 150 - wendel) < 0.13
        if n == 2 * d:
            assert wendel == 0.5


@pytest.mark.claim("B-softmax-bias")
def test_one_head_ends_tau_times_one_vector_away(checked):
    checked(draws=20, tolerance=1e-4)
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        X = surrounding(15, 3, rng)
        u = minimize(lambda w: logsumexp(X @ w), np.zeros(3), tol=1e-13).x
        for tau in (0.3, 2.0):
            for _ in range(2):
                theta, alpha = rng.standard_normal(3), rng.standard_normal()
                v = generate_softmax(
                    X, X @ theta, alpha,
                    np.full(3000, 1.9 * tau / radius2(X)), tau)[-1]
                np.testing.assert_allclose(
                    v, alpha * theta - tau * u, atol=1e-4)


@pytest.mark.claim("B-softmax-bias")
def test_in_a_half_space_one_head_never_stops(checked):
    checked(draws=5)
    for seed in SEEDS:
        X = abs(np.random.default_rng(seed).standard_normal((9, 2))) + 0.1
        v = generate_softmax(X, X @ [1.0, -1.0], 1.0, np.full(4000, 0.2))
        size = np.linalg.norm(v[[1000, 2000, 4000]], axis=1)
        assert size[0] + 5 < size[1] < size[2] - 5


@pytest.mark.claim("B-softmax-pair")
def test_the_pair_recovers_from_d_plus_1_examples_at_every_temperature(checked):
    checked(draws=60, tolerance=1e-3)
    task = gaussian_task(3, 2, batch=60, rng=np.random.default_rng(0))
    C = task.X - task.X.mean(1, keepdims=True)
    safe = 1.9 / (2 * (C**2).sum(-1).max(-1, keepdims=True))
    for tau in (0.3, 1.0, 30.0):
        v = generate_softmax_pair(task.X, task.y, -1.4,
                                  np.repeat(tau * safe, 3000, 1), tau)
        error = np.linalg.norm(v + 1.4 * task.theta, axis=-1)
        assert np.median(error[-1]) < 1e-9
        assert (error[-1] < np.maximum(0.9 * error[50], 1e-9)).all()
        easy = np.linalg.cond(C) < 10
        assert (error[-1][easy] < 1e-3).all() and easy.sum() > 30


@pytest.mark.claim("B-softmax-pair")
def test_the_pair_is_blind_to_a_constant_feature(checked):
    checked(draws=5, tolerance=1e-6)
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        X = np.column_stack([np.full(20, 2.0), rng.standard_normal((20, 2))])
        theta = rng.standard_normal(3)
        v = generate_softmax_pair(X, X @ theta, 1.0, np.full(2000, 0.2))[-1]
        np.testing.assert_allclose(v, [0, *theta[1:]], atol=1e-6)


def head(X, r, b):
    """Xᵀ softmax(b r), through one loop of the package."""
    sign, size = (np.sign(b) or 1.0), max(abs(b), 1e-9)
    return generate_softmax(X, sign * r, 1.0, [1.0], 1 / size)[1]


@pytest.mark.claim("B-softmax-trained")
def test_trained_heads_cancel_their_average(checked):
    checked(draws=2, tolerance=0.15)

    def error(p, task):
        b, o = np.split(p, 2)
        q = np.zeros_like(task.theta)
        for _ in range(4):
            r = (task.X @ q[..., None])[..., 0] + task.y
            q = q - sum(o_h * head(task.X, r, b_h)
                        for b_h, o_h in zip(b, o))
        return np.mean(np.sum((q + task.theta) ** 2, -1))

    for seed in range(2):
        rng = np.random.default_rng(seed)
        seen = gaussian_task(40, 4, batch=100, rng=rng)
        fresh = gaussian_task(40, 4, batch=500, rng=rng)
        best = {}
        for heads in (1, 2):
            starts = rng.standard_normal((2, 2 * heads))
            best[heads] = min(
                (minimize(lambda p: np.log(error(p, seen)), start,
                          method="L-BFGS-B", options={"maxiter": 40})
                 for start in starts), key=lambda run: run.fun).x
        assert error(best[1], fresh) > 2.5 * error(best[2], fresh)
        outputs = best[2][2:]
        assert abs(outputs.sum()) < 0.15 * abs(outputs).max()


@pytest.mark.claim("P1-open-nonlinear")
def test_on_the_same_prompts_only_one_head_does_not_arrive(checked):
    checked(draws=500, tolerance=0.05)
    for seed in SEEDS:
        task = gaussian_task(40, 4, batch=100,
                             rng=np.random.default_rng(seed))
        C = task.X - task.X.mean(1, keepdims=True)
        L, flat = (np.linalg.norm(M, 2, axis=(1, 2))[:, None] ** 2
                   for M in (task.X, C))
        loops = lambda eta: np.repeat(eta, 80, axis=1)
        args = task.X, task.y, 1.0
        error = {name: np.median(np.linalg.norm(v - task.theta, axis=-1), 1)
                 for name, v in [
                     ("linear", generate(*args, loops(1 / L))),
                     ("relu", generate_relu(*args, loops(1.9 / L))),
                     ("one", generate_softmax(*args, loops(40 / flat))),
                     ("pair", generate_softmax_pair(*args,
                                                    loops(20 / flat)))]}
        count = {name: np.sum(e > 1e-6) for name, e in error.items()}
        assert 0.7 < count["pair"] / count["linear"] < 1.4
        assert 1.3 * count["linear"] < count["relu"] < 80
        assert count["one"] == 81
        assert 0.2 < error["one"][-1] < 0.6
