"""One layer, against sums written out row by row."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lttutor.attention import (
    generation_weights,
    last_row_mask,
    linear_attention,
    prompt_matrix,
    regression_weights,
)

sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)


def attention_by_loops(Z, Q, P, mask):
    """Σⱼ M[i, j] (zᵢᵀ Q zⱼ) Pᵀ zⱼ, one scalar at a time."""
    rows, columns = Z.shape
    out = np.zeros_like(Z)
    for i in range(rows):
        for j in range(rows):
            score = sum(
                Z[i, a] * Q[a, b] * Z[j, b]
                for a in range(columns) for b in range(columns))
            for c in range(columns):
                out[i, c] += mask[i, j] * score * sum(
                    Z[j, a] * P[a, c] for a in range(columns))
    return out


@given(sizes, sizes, seeds)
@settings(max_examples=30, deadline=None)
def test_attention_equals_its_definition_for_any_weights(n, d, seed):
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((n + 1, d + 1))
    Q, P = rng.standard_normal((2, d + 1, d + 1))
    mask = rng.integers(0, 2, (n + 1, n + 1)).astype(float)
    np.testing.assert_allclose(
        linear_attention(Z, Q, P, mask), attention_by_loops(Z, Q, P, mask),
        rtol=1e-10, atol=1e-10)


@given(sizes, sizes, seeds)
@settings(max_examples=30, deadline=None)
def test_a_batch_is_its_members(n, d, seed):
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((2, 3, n + 1, d + 1))
    Q, P = rng.standard_normal((2, d + 1, d + 1))
    mask = last_row_mask(n)
    together = linear_attention(Z, Q, P, mask)
    for index in np.ndindex(2, 3):
        np.testing.assert_allclose(
            together[index], linear_attention(Z[index], Q, P, mask),
            rtol=1e-12, atol=1e-12)


def test_the_mask_reads_examples_from_the_last_row_only():
    mask = last_row_mask(3)
    expected = np.zeros((4, 4))
    expected[3, 0] = expected[3, 1] = expected[3, 2] = 1
    np.testing.assert_array_equal(mask, expected)


def test_the_two_machines_swap_their_weights():
    Q, P = generation_weights(3)
    np.testing.assert_array_equal(Q, np.diag([1, 1, 1, 1]))
    np.testing.assert_array_equal(P, np.diag([1, 1, 1, 0]))
    Qr, Pr = regression_weights(3)
    np.testing.assert_array_equal(Qr, P)
    np.testing.assert_array_equal(Pr, Q)


def test_the_prompt_has_examples_on_top_and_the_workspace_below():
    X, y = np.arange(6.0).reshape(3, 2), np.array([7.0, 8.0, 9.0])
    Z = prompt_matrix(X, y, 5.0, q=[-1.0, -2.0])
    expected = [[0, 1, 7], [2, 3, 8], [4, 5, 9], [-1, -2, 5]]
    np.testing.assert_array_equal(Z, expected)
    np.testing.assert_array_equal(prompt_matrix(X, y, 5.0)[-1], [0, 0, 5])


def test_a_prompt_may_have_one_alpha_and_one_q_per_task():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((4, 3, 2)), rng.standard_normal((4, 3))
    q, alpha = rng.standard_normal((4, 2)), rng.standard_normal(4)
    Z = prompt_matrix(X, y, alpha, q)
    np.testing.assert_array_equal(Z[:, -1, :2], q)
    np.testing.assert_array_equal(Z[:, -1, 2], alpha)


def test_float32_is_kept_and_arguments_are_not_written_to():
    X, y = np.ones((3, 2), np.float32), np.ones(3, np.float32)
    Z = prompt_matrix(X, y, 2.0)
    assert Z.dtype == np.float32
    before = Z.copy()
    layer = linear_attention(Z, *generation_weights(2), last_row_mask(3))
    assert layer.dtype == np.float32
    np.testing.assert_array_equal(Z, before)


def test_a_masked_score_cannot_spoil_the_layer_even_when_it_overflows():
    Z = prompt_matrix([[1.0], [2.0]], [1.0, 2.0], alpha=1e160, q=[1e160])
    with np.errstate(over="ignore"):
        layer = linear_attention(Z, *generation_weights(1), last_row_mask(2))
    assert np.isfinite(layer).all()
