"""What chapter 48 states about text and a table, with seeds of its own."""

from functools import cache

import numpy as np
import pytest

from lttutor import realdata, steps
from lttutor.attention import last_row_mask
from lttutor.loop import generate, looped_transformer

SEEDS = (1, 2, 3)


@cache
def text(seed):
    """Right answers by task for plain and preconditioned descent."""
    rng = np.random.default_rng(seed)
    other, here = np.array_split(realdata.encode(realdata.english_text()), 2)
    projection = rng.standard_normal((4 * 27, 96))
    task = realdata.text_tasks(here, projection, n=800, tests=400,
                               windows=20, rng=rng)
    seen, _ = realdata.character_features(other[:40_000], projection)
    Sigma = seen.T @ seen / len(seen)
    ridge = 1e-3 * np.linalg.norm(Sigma, 2) * np.eye(96)
    right = task.y_test.argmax(-1)
    results = {}
    for name, A in [("plain", np.eye(96)),
                    ("learned", np.linalg.inv(Sigma + ridge))]:
        for k, (X, Y) in enumerate(zip(task.X, task.y)):
            rates = np.linalg.eigvals(A @ X.T @ X).real
            best = np.linalg.lstsq(X, Y, rcond=None)[0]
            theta = np.zeros_like(best)
            for T in range(1, 65):
                theta = theta - A @ (X.T @ (X @ theta - Y)) / rates.max()
                if T in (1, 4, 64):
                    hit = (task.X_test[k] @ theta).argmax(-1) == right[k]
                    off = (np.linalg.norm(theta - best)
                           / np.linalg.norm(best))
                    results.setdefault((name, T), []).append(
                        (hit.mean(), off, rates.max() / rates.min()))
            hit = (task.X_test[k] @ best).argmax(-1) == right[k]
            often = (Y.mean(0).argmax() == right[k]).mean()
            results.setdefault("best", []).append((hit.mean(), often, 0))
    return {key: np.array(value).T for key, value in results.items()}


@pytest.mark.claim("B-text-preconditioner")
@pytest.mark.parametrize("seed", SEEDS)
def test_one_loop_with_other_texts_moments_beats_four_plain_ones(
        checked, seed):
    checked(draws=20)
    run = text(seed)
    gain = run["learned", 1][0] - run["plain", 1][0]
    assert gain.mean() > 3 * gain.std(ddof=1) / np.sqrt(20)
    assert run["learned", 1][0].mean() > run["plain", 4][0].mean()
    assert (np.median(run["learned", 1][2])
            < np.median(run["plain", 1][2]) / 5)


@pytest.mark.claim("P1-open-language")
@pytest.mark.parametrize("seed", SEEDS)
def test_answers_are_nearly_right_long_before_coefficients_are(checked, seed):
    checked(draws=20, tolerance=0.03)
    run = text(seed)
    right, off, kappa = run["plain", 64]
    best, often, _ = run["best"]
    assert abs(right.mean() - best.mean()) < 0.03
    assert best.mean() > often.mean() + 0.08
    assert np.median(off) > 0.25
    assert np.median(kappa) * np.log(100) > 5 * 64


@pytest.mark.claim("B-many-labels")
def test_label_columns_are_preconditioned_regressions_side_by_side(checked):
    checked(draws=20, tolerance=1e-10)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n, d, k = rng.integers(2, 7, 3)
        X, Y = rng.standard_normal((n, d)), rng.standard_normal((n, k))
        x, A = rng.standard_normal(d), rng.standard_normal((d, d))
        eta = rng.uniform(0, 0.1, 4)
        Z = np.block([[X, Y], [x[None], np.zeros((1, k))]])
        Q = np.zeros((d + k, d + k))
        Q[:d, :d] = A
        state = looped_transformer(Z, eta, Q, np.eye(d + k),
                                   last_row_mask(n))[-1]
        theta = np.zeros((d, k))
        for step in eta:
            theta = theta - step * A @ X.T @ (X @ theta - Y)
        np.testing.assert_allclose(-state[-1, d:], x @ theta,
                                   rtol=1e-10, atol=1e-10)


@pytest.mark.claim("B-kappa-free")
def test_predictions_on_the_examples_obey_a_bound_without_kappa(checked):
    """Any spectrum, any labels; attained to 5 % by one direction."""
    checked(draws=60)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n, d = 12, 5
        U = np.linalg.qr(rng.standard_normal((n, d)))[0]
        X = U * 10.0 ** rng.uniform(-4, 1, d)
        y = rng.standard_normal(n)
        L = np.linalg.norm(X, 2) ** 2
        best = np.linalg.lstsq(X, y, rcond=1e-14)[0]
        v = generate(X, y, 1.0, steps.constant_steps(L, 50))
        for T in (1, 7, 50):
            apart = np.sum((X @ (v[T] - best)) ** 2)
            assert apart <= L * best @ best / (2 * np.e * T) * (1 + 1e-9)
    T = 50
    X = np.diag([1.0, (2 * T + 1) ** -0.5])
    v = generate(X, X @ [0, 1.0], 1.0, steps.constant_steps(1.0, T))[T]
    apart = np.sum((X @ (v - [0, 1.0])) ** 2)
    assert 0.95 < apart * 2 * np.e * T <= 1


@pytest.mark.claim("B-table")
@pytest.mark.parametrize("seed", SEEDS)
def test_on_the_table_ten_plain_loops_are_enough_and_ten_chebyshev_not(
        checked, seed):
    checked(draws=20, tolerance=0.02)
    task = realdata.table_tasks(*realdata.diabetes_table(), n=300, splits=20,
                                rng=np.random.default_rng(seed))
    spectra = np.linalg.eigvalsh(np.swapaxes(task.X, 1, 2) @ task.X)
    L, mu = spectra[:, -1], spectra[:, 0]
    best = np.array([np.linalg.lstsq(X, y, rcond=None)[0]
                     for X, y in zip(task.X, task.y)])

    def r2(theta):
        answers = np.einsum("bmd,bd->bm", task.X_test, theta)
        return np.mean(1 - np.sum((answers - task.y_test) ** 2, 1)
                       / np.sum(task.y_test ** 2, 1))

    plain = generate(task.X, task.y, 1.0, steps.constant_steps(L, 10))[-1]
    fast = generate(task.X, task.y, 1.0,
                    steps.chebyshev_steps(L, mu, 10))[-1]
    assert np.median(L / mu) > 300
    assert abs(r2(plain) - r2(best)) < 0.02
    assert r2(fast) < r2(plain) - 0.1
    assert np.median(np.linalg.norm(plain - best, axis=1)
                     / np.linalg.norm(best, axis=1)) > 0.4
