"""Evidence for the claims of chapters 21 and 22: the layer and the loop."""

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import brentq

from lttutor import symbolic
from lttutor.attention import (
    generation_weights,
    last_row_mask,
    linear_attention,
    prompt_matrix,
)
from lttutor.loop import generate, looped_transformer

TOLERANCE = 1e-12


def random_prompts(seed, count, sizes=8):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        n, d = rng.integers(1, sizes, size=2)
        X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
        yield X, y, rng.standard_normal(d), rng.uniform(0.5, 2), rng


def finite_difference_gradient(X, y, q, alpha, h=0.5):
    """Central differences of ½‖Xq + αy‖²: exact for a quadratic."""
    def objective(q):
        return 0.5 * np.sum((X @ q + alpha * y) ** 2)
    return np.array([
        (objective(q + h * e) - objective(q - h * e)) / (2 * h)
        for e in np.eye(len(q))])


@pytest.mark.claim("P1-lemma-4.1")
def test_one_layer_is_the_gradient_row_for_symbolic_n_and_d(checked):
    Z, X, y, q, alpha = symbolic.block_prompt()
    layer = symbolic.block_attention(
        Z, symbolic.block_weights(1, 1), symbolic.block_weights(1, 0),
        [[0, 0], [1, 0]])
    assert layer[1][0] == q.T * X.T * X + alpha * y.T * X
    for block in (layer[0][0], layer[0][1], layer[1][1]):
        assert block.is_ZeroMatrix
    checked(proof=True)


@pytest.mark.claim("P1-lemma-4.1")
def test_one_layer_is_a_finite_difference_gradient(checked):
    for X, y, q, alpha, _ in random_prompts(0, 200):
        n, d = X.shape
        layer = linear_attention(
            prompt_matrix(X, y, alpha, q), *generation_weights(d),
            last_row_mask(n))
        expected = np.zeros((n + 1, d + 1))
        expected[n, :d] = finite_difference_gradient(X, y, q, alpha)
        size = np.abs(expected).max() + 1
        assert np.abs(layer - expected).max() < TOLERANCE * size
    checked(draws=200, tolerance=TOLERANCE)


@pytest.mark.claim("P1-mask")
def test_of_all_masks_only_the_last_row_mask_gives_the_lemma(checked):
    """All 512 masks for n = 2, with the package's mask as the one to find."""
    X, y, q, alpha, _ = next(random_prompts(3, 1))
    rng = np.random.default_rng(3)
    X, y, q = rng.normal(size=(2, 2)), rng.normal(size=2), rng.normal(size=2)
    Z = prompt_matrix(X, y, alpha, q)
    expected = np.zeros((3, 3))
    expected[2, :2] = finite_difference_gradient(X, y, q, alpha)
    fits = [
        mask for bits in np.ndindex(*[2] * 9)
        for mask in [np.array(bits, dtype=float).reshape(3, 3)]
        if np.abs(linear_attention(Z, *generation_weights(2), mask)
                  - expected).max() < 1e-10]
    assert len(fits) == 1
    np.testing.assert_array_equal(fits[0], last_row_mask(2))
    checked(draws=512, tolerance=1e-10)


@pytest.mark.claim("P1-mask")
@pytest.mark.parametrize("diagonal", [0, -1])
def test_a_causal_mask_moves_the_examples(diagonal, checked):
    X, y, q, alpha, _ = next(random_prompts(1, 1))
    n, d = X.shape
    causal = np.tril(np.ones((n + 1, n + 1)), diagonal)
    layer = linear_attention(
        prompt_matrix(X, y, alpha, q), *generation_weights(d), causal)
    assert np.abs(layer[:n, :d]).max() > 0.1
    assert (causal >= last_row_mask(n)).all()
    checked(draws=1)


@pytest.mark.claim("P1-identity-QP")
def test_an_identity_P_moves_alpha_too(checked):
    Z, X, y, q, alpha = symbolic.block_prompt()
    identity = symbolic.block_weights(1, 1)
    layer = symbolic.block_attention(Z, identity, identity, [[0, 0], [1, 0]])
    assert layer[1][0] == q.T * X.T * X + alpha * y.T * X
    assert layer[1][1] == q.T * X.T * y + alpha * y.T * y
    checked(proof=True)


@pytest.mark.claim("P1-identity-QP")
def test_the_machine_with_identity_P_stops_at_half(checked):
    for X, _, _, alpha, rng in random_prompts(2, 20):
        X = rng.standard_normal((12, 3))
        theta = rng.standard_normal(3)
        step = 1 / (np.linalg.norm(X, 2) ** 2 * (1 + theta @ theta))
        Q, P = generation_weights(3)
        end = -looped_transformer(
            prompt_matrix(X, X @ theta, alpha), np.full(3000, step),
            Q, np.eye(4), last_row_mask(12))[-1, -1, :3]
        half = alpha * theta / (1 + theta @ theta)
        np.testing.assert_allclose(end, half, rtol=1e-9)
        assert np.abs(end - generate(
            X, X @ theta, alpha, np.full(3000, step))[-1]).max() > 1e-3
    checked(draws=20, tolerance=1e-9)


@pytest.mark.claim("P1-loop-is-gd")
def test_one_loop_of_a_general_state_is_one_step(checked):
    """The induction step, for symbolic n, d, q and step."""
    Z, X, y, q, alpha = symbolic.block_prompt()
    eta = sp.Symbol("eta")
    after = symbolic.block_loop_once(
        Z, eta, symbolic.block_weights(1, 1), symbolic.block_weights(1, 0),
        [[0, 0], [1, 0]])
    step = q.T - eta * (q.T * X.T * X + alpha * y.T * X)
    assert after[0] == [X, y] and after[1][1] == Z[1][1]
    assert (after[1][0] - step).expand().doit().is_ZeroMatrix
    checked(proof=True)


@pytest.mark.claim("P1-loop-is-gd")
def test_T_loops_are_T_gradient_steps(checked):
    for X, y, q, alpha, rng in random_prompts(4, 100):
        steps = rng.uniform(0, 2, 9) / np.linalg.norm(X, 2) ** 2
        states = looped_transformer(
            prompt_matrix(X, y, alpha, q), steps,
            *generation_weights(X.shape[1]), last_row_mask(len(X)))
        for eta, state in zip(steps, states[1:]):
            q = q - eta * finite_difference_gradient(X, y, q, alpha)
            found = state[-1, :-1]
            size = np.abs(q).max() + 1
            assert np.abs(found - q).max() < TOLERANCE * size
        np.testing.assert_array_equal(states[-1, :-1], states[0, :-1])
    checked(draws=100, tolerance=TOLERANCE)


@pytest.mark.claim("P1-limit-sign")
@pytest.mark.parametrize("length", [0.5, 1.0, 2.0])
def test_the_value_tends_to_alpha_times_the_squared_length(length, checked):
    for _, _, _, alpha, rng in random_prompts(5, 20):
        X = rng.standard_normal((20, 4))
        theta = rng.standard_normal(4)
        theta *= length / np.linalg.norm(theta)
        steps = np.full(2000, 1 / np.linalg.norm(X, 2) ** 2)
        v = generate(X, X @ theta, alpha, steps)[-1]
        assert abs(v @ theta - alpha * length**2) < 1e-10
        without_minus = looped_transformer(
            prompt_matrix(X, X @ theta, alpha), steps,
            *generation_weights(4), last_row_mask(20))[-1, -1, :4]
        assert abs(without_minus @ theta + alpha * length**2) < 1e-10
    checked(draws=20, tolerance=1e-10)


@pytest.mark.claim("P1-limit-sign")
def test_without_full_rank_the_value_stays_away_from_alpha(checked):
    rng = np.random.default_rng(6)
    row = rng.standard_normal(4)
    X = np.tile(row, (20, 1))
    theta = rng.standard_normal(4)
    theta /= np.linalg.norm(theta)
    steps = np.full(2000, 1 / np.linalg.norm(X, 2) ** 2)
    v = generate(X, X @ theta, 1.0, steps)[-1]
    seen = (row @ theta) ** 2 / (row @ row)
    assert abs(v @ theta - seen) < 1e-10
    assert seen < 0.9
    checked(draws=1, tolerance=1e-10)


def own_ridge(X, y, alpha):
    """-α(S + λI)⁻¹Xᵀy with λ = ‖q‖² + α², which a root search finds."""
    def q(strength):
        return -alpha * np.linalg.solve(
            X.T @ X + strength * np.eye(X.shape[1]), X.T @ y)

    return q(brentq(lambda s: q(s) @ q(s) + alpha**2 - s, 0, 1e6,
                    xtol=1e-14, rtol=1e-14))


def self_reading(n):
    mask = last_row_mask(n)
    mask[n, n] = 1
    return mask


@pytest.mark.claim("B-own-ridge")
def test_reading_itself_ends_at_ridge_with_a_strength_of_its_own(checked):
    """From any start, with a step that is safe wherever the loop can go."""
    for X, y, q, alpha, _ in random_prompts(7, 8):
        n, d = X.shape
        height = (np.sum((X @ q + alpha * y) ** 2) / 2
                  + (q @ q + alpha**2) ** 2 / 4)
        curvature = np.linalg.norm(X, 2) ** 2 + 6 * np.sqrt(height)
        T = int(40 * curvature / alpha**2)
        end = looped_transformer(
            prompt_matrix(X, y, alpha, q), np.full(T, 1 / curvature),
            *generation_weights(d), self_reading(n))[-1, -1]
        np.testing.assert_allclose(
            end[:d], own_ridge(X, y, alpha), rtol=1e-10, atol=1e-10)
        assert end[d] == alpha
    checked(draws=8, tolerance=1e-10)


@pytest.mark.claim("B-ablation")
@pytest.mark.parametrize("seed", range(5))
def test_none_of_ten_wrong_machines_ends_at_the_right_answer(seed, checked):
    """Six limits computed without a loop, four machines whose examples move;
    none overflows, and after 25 loops none is close."""
    rng = np.random.default_rng(seed)
    n, d, alpha = 20, 4, 1.7
    X, theta = rng.standard_normal((n, d)), rng.standard_normal(d)
    theta /= np.linalg.norm(theta)
    y, (Q, P), right = X @ theta, generation_weights(d), last_row_mask(n)
    ones, all_read = np.ones((n + 1, n + 1)), right.copy()
    all_read[:, :n] = 1

    def run(asked=alpha, sign=-1, Q=Q, P=P, mask=right, T=2000):
        states = looped_transformer(
            prompt_matrix(X, y, asked),
            np.full(T, 1 / np.linalg.norm(X, 2) ** 2), Q, P, mask)
        error = sign * states[:, -1, :d] @ theta - alpha
        size = np.linalg.norm(states[[0, T], :n, :d], axis=(1, 2))
        return error[25], error[T], size[1] / size[0]

    assert abs(run()[0]) < 0.05 and abs(run()[1]) < 1e-12
    limits = [({"sign": 1}, -2 * alpha), ({"P": np.eye(d + 1)}, -alpha / 2),
              ({"mask": right.T}, -alpha), ({"Q": P}, -alpha),
              ({"asked": 1}, 1 - alpha),
              ({"mask": self_reading(n)},
               -own_ridge(X, y, alpha) @ theta - alpha)]
    for changed, limit in limits:
        early, late, left = run(**changed)
        assert abs(late - limit) < 1e-9 and left == 1
        assert abs(early) > 0.1
    for mask in (all_read, ones, np.tril(ones)):
        early, _, left = run(mask=mask)
        assert abs(early) > 0.1 and left < 0.05
    early, _, left = run(mask=np.tril(ones, -1))
    assert abs(early) > 0.1 and left < 0.9
    checked(draws=10, tolerance=1e-9)
