"""Bad input is refused at the door with a message that names the argument."""

import numpy as np
import pytest

from lttutor import attention, loop, tasks, validation

X = np.arange(12.0).reshape(6, 2)
y = np.arange(6.0)
STEPS = [0.001, 0.001]


@pytest.mark.parametrize("bad_y", [
    1.0, [1.0], np.ones((6, 1)), np.ones(5), np.ones((2, 6)), np.ones(2),
])
def test_y_never_broadcasts(bad_y):
    with pytest.raises(ValueError, match="^y: expected"):
        loop.generate(X, bad_y, 1.0, STEPS)


@pytest.mark.parametrize("bad_X", [
    1.0, np.ones(6), np.ones((0, 2)), np.ones((6, 0)),
    [[1.0, 2.0], [3.0]], np.full((6, 2), np.nan), np.full((6, 2), np.inf),
    np.full((6, 2), 1e160), np.full((6, 2), 1e-170),
])
def test_unusable_X_is_a_value_error(bad_X):
    with pytest.raises(ValueError, match="^X: expected"):
        loop.generate(bad_X, y, 1.0, STEPS)


@pytest.mark.parametrize("bad_X", [
    X.astype(complex), X.astype(object), X.astype(str),
    np.ma.masked_less(X, 3),
])
def test_X_of_a_wrong_kind_is_a_type_error(bad_X):
    with pytest.raises(TypeError, match="^X: expected"):
        loop.generate(bad_X, y, 1.0, STEPS)


@pytest.mark.parametrize("bad_steps", [
    0.1, np.ones((2, 2)), np.ones((1, 2)), [np.nan], np.zeros((3, 0)),
])
def test_steps_are_one_number_per_loop(bad_steps):
    with pytest.raises(ValueError, match="^steps: expected"):
        loop.generate(X, y, 1.0, bad_steps)


def test_steps_of_length_d_are_loops_and_not_a_preconditioner():
    v = loop.generate(X, y, 1.0, [1e-3, 2e-3])
    assert v.shape == (3, 2)
    batched = np.stack([X, X, X]), np.stack([y, y, y])
    with pytest.raises(ValueError, match="^steps: expected"):
        loop.generate(*batched, 1.0, np.full((2, 5), 1e-3))


@pytest.mark.parametrize("bad_alpha", [[1.0], np.ones(6), np.ones((1, 1))])
def test_alpha_is_a_scalar_or_one_per_task(bad_alpha):
    with pytest.raises(ValueError, match="^alpha: expected"):
        loop.generate(X, y, bad_alpha, STEPS)


@pytest.mark.parametrize("bad_query", [1.0, np.ones(3), np.ones((1, 2))])
def test_a_query_has_d_entries(bad_query):
    with pytest.raises(ValueError, match="^x_query: expected"):
        loop.predict(X, y, bad_query, STEPS)


@pytest.mark.parametrize("bad_count", [0, -1, 2.0, True, "3", None])
def test_sizes_are_positive_integers(bad_count):
    for call in (
        lambda: attention.last_row_mask(bad_count),
        lambda: attention.generation_weights(bad_count),
        lambda: tasks.gaussian_task(
            bad_count, 2, rng=np.random.default_rng(0)),
        lambda: tasks.gaussian_task(
            2, bad_count, rng=np.random.default_rng(0)),
    ):
        with pytest.raises((TypeError, ValueError), match="expected an integ"):
            call()


def test_layer_shapes_must_agree():
    Z = attention.prompt_matrix(X, y, 1.0)
    Q, P = attention.generation_weights(2)
    mask = attention.last_row_mask(6)
    for bad in (dict(Q=Q[:2]), dict(P=P[:, :2]), dict(mask=mask[1:])):
        arguments = dict(Q=Q, P=P, mask=mask) | bad
        with pytest.raises(ValueError, match=f"^{next(iter(bad))}: expected"):
            attention.linear_attention(Z, **arguments)


@pytest.mark.parametrize("bad_rng", [0, None, np.random])
def test_randomness_is_a_generator(bad_rng):
    with pytest.raises(TypeError, match="^rng: expected"):
        tasks.gaussian_task(3, 2, rng=bad_rng)


def test_integers_and_booleans_become_float64():
    for kind in (int, bool, np.uint8):
        array = validation.as_array("x", np.ones(3, kind), shape=("n",))
        assert array.dtype == np.float64
    assert validation.as_array(
        "x", np.ones(3, np.float32), shape=("n",)).dtype == np.float32


@pytest.mark.parametrize("value, limits", [
    (np.nan, {}), (np.inf, {}), (0.0, {"above": 0}), (-1, {"at_least": 0}),
    (1.0, {"below": 1}), (1.5, {"at_most": 1}),
])
def test_numbers_outside_their_limits_are_refused(value, limits):
    with pytest.raises(ValueError, match="^x: expected a finite number"):
        validation.as_number("x", value, **limits)
    assert validation.as_number("x", 0.5, above=0, below=1) == 0.5


@pytest.mark.parametrize("value", [True, "1", None, 1j, [1.0]])
def test_numbers_of_a_wrong_kind_are_refused(value):
    with pytest.raises(TypeError, match="^x: expected"):
        validation.as_number("x", value)


@pytest.mark.parametrize("dtype, query", [
    (np.float64, [1e308, 1e308]), (np.float32, [1e39, 0]),
])
def test_a_query_too_large_to_answer_overflows_with_its_name(dtype, query):
    with pytest.raises(OverflowError, match="^x_query: .*overflowed.*float"):
        loop.predict(X.astype(dtype), 9 * y.astype(dtype), query, STEPS)
