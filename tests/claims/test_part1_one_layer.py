"""Evidence for chapters 11 and 12: one frozen machine, one layer, one step.

The oracles share no code with the package: gradients are finite differences,
gradient descent and the other papers' layers are written out token by token,
least squares is SciPy's.
"""

import numpy as np
import pytest
import scipy.linalg
import sympy as sp

from lttutor import symbolic
from lttutor.attention import (
    generation_weights,
    last_row_mask,
    linear_attention,
    prompt_matrix,
    regression_weights,
)
from lttutor.loop import generate, looped_transformer, predict
from lttutor.steps import gaussian_steps
from lttutor.tasks import gaussian_task

TOLERANCE = 1e-10


def problems(seed, count=60, most=7):
    """Random examples, query, start and schedule, of random sizes."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        n, d, T = rng.integers(1, most, size=3)
        X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
        steps = rng.uniform(0.1, 1.9, T) / np.linalg.norm(X, 2) ** 2
        yield X, y, rng.standard_normal(d), rng.standard_normal(d), steps


def close(found, expected):
    size = 1 + np.abs(expected).max()
    return np.abs(found - expected).max() < TOLERANCE * size


def loss(theta, X, y, ridge=0.0):
    """½‖Xθ - y‖² + ½ ridge ‖θ‖², summed example by example."""
    squares = sum((row @ theta - label) ** 2 for row, label in zip(X, y))
    return 0.5 * squares + 0.5 * ridge * sum(theta**2)


def nudged_gradient(theta, *data, h=0.5):
    """Central differences of the loss: exact up to rounding."""
    return np.array([
        (loss(theta + h * e, *data) - loss(theta - h * e, *data)) / (2 * h)
        for e in np.eye(len(theta))])


def descend(X, y, steps, theta):
    path = [theta]
    for eta in steps:
        path.append(path[-1] - eta * nudged_gradient(path[-1], X, y))
    return np.array(path)


def all_read(n):
    """Every row reads the n examples, none reads the last row."""
    mask = np.zeros((n + 1, n + 1))
    mask[:, :n] = 1
    return mask


def answers(Z, steps, Q, P, mask):
    return -looped_transformer(Z, steps, Q, P, mask)[:, -1, -1]


def only_label(d):
    P = np.zeros((d + 1, d + 1))
    P[d, d] = 1
    return P


# --- chapter 12: one layer is one step -------------------------------------

@pytest.mark.claim("B-one-layer-step")
def test_the_first_answer_is_the_first_gradient_step_at_the_query(checked):
    for X, y, x, _, steps in problems(0):
        n, d = X.shape
        theta = descend(X, y, steps[:1], np.zeros(d))[1]
        found = answers(prompt_matrix(X, y, 0.0, x), steps[:1],
                        *regression_weights(d), last_row_mask(n))
        assert close(found[1], theta @ x)
    checked(draws=60, tolerance=TOLERANCE)


@pytest.mark.claim("B-one-layer-step")
def test_residual_labels_make_the_step_start_anywhere(checked):
    for X, y, x, start, steps in problems(1):
        n, d = X.shape
        theta = descend(X, y, steps[:1], start)[1]
        Z = prompt_matrix(X, y - X @ start, -start @ x, x)
        found = answers(Z, steps[:1], *regression_weights(d),
                        last_row_mask(n))
        assert close(found[1], theta @ x)
    checked(draws=60, tolerance=TOLERANCE)


@pytest.mark.claim("B-one-layer-step")
@pytest.mark.parametrize("start", ["zero", "general"])
def test_the_generation_layer_steps_down_its_own_loss(start, checked):
    for X, y, x, q, steps in problems(2):
        n, d = X.shape
        alpha = x[0]
        q = 0 * q if start == "zero" else q
        gradient = nudged_gradient(q, X, -alpha * y)
        state = looped_transformer(
            prompt_matrix(X, y, alpha, q), steps[:1],
            *generation_weights(d), last_row_mask(n))[1]
        assert close(state[n, :d], q - steps[0] * gradient)
        if start == "zero":
            theta = descend(X, y, steps[:1], np.zeros(d))[1]
            assert close(state[n, :d], -alpha * theta)
    checked(draws=60, tolerance=TOLERANCE)


@pytest.mark.claim("B-one-layer-step")
@pytest.mark.parametrize("n, d", [(1, 1), (1, 3), (3, 1), (2, 2), (3, 2)])
def test_the_regression_layer_is_a_step_as_a_polynomial_identity(
        n, d, checked):
    Z, X, y, x, _ = symbolic.symbolic_prompt(n, d)
    start, eta = sp.Matrix(sp.symbols(f"t1:{d + 1}")), sp.Symbol("eta")
    F = sum(((X[i, :] * start)[0] - y[i]) ** 2 for i in range(n)) / 2
    step = [start[k] - eta * sp.diff(F, start[k]) for k in range(d)]
    Z[:n, d], Z[n, d] = y - X * start, -start.dot(x)
    state = symbolic.symbolic_loop(
        Z, [eta], *regression_weights(d), last_row_mask(n))[-1]
    expected = sum(step[k] * x[k] for k in range(d))
    assert sp.expand(-state[n, d] - expected) == 0
    checked(proof=True)


def test_comparing_labels_passes_one_layer_and_halves_the_limit():
    """Q = I in the regression machine: invisible in a test of one layer."""
    rng = np.random.default_rng(3)
    task = gaussian_task(20, 4, rng=rng)
    x = rng.standard_normal(4)
    Z = prompt_matrix(task.X, task.y, 0.0, x)
    steps = np.full(3000, 1 / np.linalg.norm(
        np.column_stack([task.X, task.y]), 2) ** 2)
    right = answers(Z, steps, *regression_weights(4), last_row_mask(20))
    wrong = answers(Z, steps, np.eye(5), np.eye(5), last_row_mask(20))
    assert wrong[1] == right[1]
    assert close(right[-1], task.theta @ x)
    assert close(wrong[-1], task.theta @ x / 2)


# --- chapter 12: the dictionary ---------------------------------------------

def layer_of_columns(Z, P, Q):
    """Z + P Z D (Zᵀ Q Z) / n with D = diag(1, …, 1, 0), scalar by scalar."""
    size, tokens = Z.shape
    n = tokens - 1
    out = Z.copy()
    for i in range(tokens):
        for j in range(n):
            score = sum(Z[a, j] * Q[a, b] * Z[b, i]
                        for a in range(size) for b in range(size))
            for c in range(size):
                out[c, i] += sum(P[c, a] * Z[a, j]
                                 for a in range(size)) * score / n
    return out


def layer_of_values(E, eta, start):
    """Tokens (x, y): values (0, ⟨w₀, x⟩ - y), projection η/n, residual +."""
    n = len(E) - 1
    out = E.copy()
    for i in range(n + 1):
        for j in range(n):
            score = sum(a * b for a, b in zip(E[i, :-1], E[j, :-1]))
            value = sum(a * b for a, b in zip(start, E[j, :-1])) - E[j, -1]
            out[i, -1] += eta / n * score * value
    return out


@pytest.mark.claim("B-dictionary")
def test_columns_are_rows_with_transposed_weights_and_all_rows_reading(
        checked):
    rng = np.random.default_rng(4)
    for n, d in [(1, 1), (3, 2), (2, 4)]:
        Z = rng.standard_normal((n + 1, d + 1))
        Q, P = rng.standard_normal((2, d + 1, d + 1))
        theirs = layer_of_columns(Z.T, P, Q).T
        ours = looped_transformer(Z, [-1 / n], Q.T, P.T, all_read(n))[1]
        assert close(ours, theirs)
        last = looped_transformer(Z, [-1 / n], Q.T, P.T, last_row_mask(n))[1]
        assert close(last[-1], theirs[-1])
        np.testing.assert_array_equal(last[:-1], Z[:-1])
    checked(draws=3, tolerance=TOLERANCE)


@pytest.mark.claim("B-dictionary")
def test_three_conventions_give_one_answer_after_one_layer(checked):
    for X, y, x, _, steps in problems(5, count=20, most=5):
        n, d = X.shape
        eta = abs(steps[0])
        theta = descend(X, y, [eta / n], np.zeros(d))[1]
        Z = prompt_matrix(X, y, 0.0, x)
        features = regression_weights(d)[0]
        ours = looped_transformer(Z, [eta / n], *regression_weights(d),
                                  last_row_mask(n))[1]
        columns = layer_of_columns(Z.T, only_label(d), -eta * features).T
        values = layer_of_values(Z, eta, np.zeros(d))
        for state in (ours, columns, values):
            assert close(-state[-1, -1], theta @ x)
        assert close(values, columns)
    checked(draws=20, tolerance=TOLERANCE)


def test_the_value_matrix_may_hold_a_start():
    """The token layer with w₀ steps from w₀, up to the readout's start."""
    for X, y, x, start, steps in problems(6, count=20, most=5):
        Z = prompt_matrix(X, y, -start @ x, x)
        theta = descend(X, y, [steps[0] / len(y)], start)[1]
        assert close(-layer_of_values(Z, steps[0], start)[-1, -1], theta @ x)


# --- chapter 12: who moves ----------------------------------------------------

@pytest.mark.claim("B-who-moves")
def test_moving_the_query_and_moving_the_labels_are_the_same_descent(checked):
    for X, y, x, _, steps in problems(7):
        n, d = X.shape
        path = descend(X, y, steps, np.zeros(d))
        Z, features = prompt_matrix(X, y, 0.0, x), regression_weights(d)[0]
        query = looped_transformer(
            Z, steps, features, np.eye(d + 1), last_row_mask(n))
        labels = looped_transformer(
            Z, steps, features, only_label(d), all_read(n))
        assert close(-query[:, -1, -1], path @ x)
        assert close(-labels[:, -1, -1], path @ x)
        assert close(labels[:, :n, d], y - path @ X.T)
        np.testing.assert_array_equal(query[-1, :n], Z[:n])
        np.testing.assert_array_equal(labels[-1, :, :d], Z[:, :d])
    checked(draws=60, tolerance=TOLERANCE)


@pytest.mark.claim("B-who-moves")
def test_if_nothing_but_the_sum_moves_T_loops_are_one_long_step(checked):
    for X, y, x, _, steps in problems(8):
        n, d = X.shape
        found = answers(prompt_matrix(X, y, 0.0, x), steps,
                        regression_weights(d)[0], only_label(d),
                        last_row_mask(n))
        long = descend(X, y, [steps.sum()], np.zeros(d))[1]
        assert close(found[-1], long @ x)
    checked(draws=60, tolerance=TOLERANCE)


@pytest.mark.claim("B-who-moves")
def test_if_both_move_growing_steps_beat_every_constant_step_of_descent(
        checked):
    """At κ = 100, after ten loops; descent leaves 0.8 of the worst error."""
    rng = np.random.default_rng(18)
    U, V = (np.linalg.qr(rng.standard_normal((k, 4)))[0] for k in (9, 4))
    theta, x = rng.standard_normal(4), V @ np.ones(4)
    X = U * np.array([10.0, 6.0, 3.0, 1.0]) @ V.T
    steps = (9 / 4) ** np.arange(10) / 100
    third = np.diag([1 / 3] * 4 + [1])
    found = answers(prompt_matrix(X, X @ theta, 0.0, x), steps,
                    regression_weights(4)[0], third, all_read(9))
    assert abs(found[-1] - theta @ x) < 1e-5
    for eta in np.linspace(0, 0.02, 101):
        ten = np.linalg.matrix_power(np.eye(4) - eta * X.T @ X, 10)
        assert np.linalg.norm(ten, 2) > 0.8
    checked(draws=101, tolerance=1e-5)


@pytest.mark.claim("B-everything-fades")
def test_if_everything_moves_the_singular_values_fade(checked):
    rng = np.random.default_rng(9)
    task = gaussian_task(12, 3, rng=rng)
    x = rng.standard_normal(3)
    s, right = scipy.linalg.svd(task.X, full_matrices=False)[1:]
    eta, T, start = 0.9 / s[0] ** 2, 4000, s
    found = answers(prompt_matrix(task.X, task.y, 0.0, x), np.full(T, eta),
                    regression_weights(3)[0], np.eye(4), all_read(12))
    for _ in range(T):
        s = s - eta * s**3
    left = right.T @ (s / start * (right @ x))
    assert close(found[-1], task.theta @ (x - left))
    assert np.all(np.abs(s * np.sqrt(2 * eta * T) - 1) < 0.02)
    checked(draws=1, tolerance=TOLERANCE)


# --- chapter 12: heads and stacks ---------------------------------------------

def test_a_second_head_that_reads_itself_adds_ridge():
    for X, y, x, q, steps in problems(10):
        n, d = X.shape
        alpha, c = x[0], abs(steps[0])
        Z = prompt_matrix(X, y, alpha, q)
        Q, P = generation_weights(d)
        itself = np.zeros((n + 1, n + 1))
        itself[n, n] = 1
        heads = linear_attention(Z, Q, P, last_row_mask(n))
        heads = heads + linear_attention(Z, c * only_label(d), P, itself)
        gradient = nudged_gradient(q, X, -alpha * y, c * alpha**2)
        assert close(heads[n, :d], gradient)
        assert not heads[:n].any() and heads[n, d] == 0


def test_a_loop_is_a_stack_whose_layers_are_equal_up_to_a_number():
    for X, y, x, q, steps in problems(11):
        n, d = X.shape
        Q, P = generation_weights(d)
        stack = prompt_matrix(X, y, x[0], q)
        looped = looped_transformer(stack, steps, Q, P, last_row_mask(n))[-1]
        for eta in steps:
            stack = stack - linear_attention(
                stack, Q, eta * P, last_row_mask(n))
        assert close(stack, looped)


# --- chapter 11: one frozen machine -----------------------------------------

def typical(error):
    return np.sqrt(np.mean(error**2))


@pytest.mark.claim("B-one-machine")
def test_one_frozen_machine_fits_a_thousand_tasks(checked):
    rng = np.random.default_rng(12)
    n, d, T = 20, 4, 25
    parts = (gaussian_steps(n, d, T), *regression_weights(d),
             last_row_mask(n))
    for part in parts:
        part.flags.writeable = False
    task = gaussian_task(n, d, batch=1000, rng=rng)
    x = rng.standard_normal((1000, d))
    states = looped_transformer(
        prompt_matrix(task.X, task.y, 0.0, x), *parts)
    found = -states[-1, :, -1, -1]
    truth = np.array([t @ z for t, z in zip(task.theta, x)])
    neighbor = np.array([
        y[min(range(n), key=lambda i: np.linalg.norm(X[i] - z))]
        for X, y, z in zip(task.X, task.y, x)])
    mean = np.array([sum(y) / n for y in task.y])
    assert typical(found - truth) < 0.03
    assert typical(neighbor - truth) > 0.5
    assert typical(mean - truth) > 0.9
    np.testing.assert_array_equal(states[-1, :, :n], states[0, :, :n])
    checked(draws=1000)


def test_many_loops_reach_least_squares_also_with_fewer_examples_than_d():
    rng = np.random.default_rng(13)
    for n, d in [(2, 4), (3, 3), (12, 4)]:
        X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
        x = rng.standard_normal(d)
        eta = 1 / np.linalg.norm(X, 2) ** 2
        found = predict(X, y, x, np.full(20000, eta))[-1]
        assert close(found, scipy.linalg.lstsq(X, y)[0] @ x)


@pytest.mark.claim("B-weights")
def test_an_answer_is_a_weighted_sum_of_labels_linear_in_the_query(checked):
    for X, y, x, other, steps in problems(14):
        n, d = X.shape
        machine = (steps, *regression_weights(d), last_row_mask(n))
        first, second, mixed, *unit_labels = [
            looped_transformer(prompt_matrix(X, labels, 0.0, query), *machine)
            for labels, query in [(y, x), (y, other), (y, 2 * x - other),
                                  *((e, x) for e in np.eye(n))]]
        weights = sum(eta * X @ state[n, :d]
                      for eta, state in zip(steps, first))
        found = -first[-1, -1, -1]
        assert close(found, weights @ y)
        assert close([-run[-1, -1, -1] for run in unit_labels], weights)
        assert close(-mixed[-1, -1, -1], 2 * found + second[-1, -1, -1])
        assert close(found, generate(X, y, 1.0, steps)[-1] @ x)
    checked(draws=60, tolerance=TOLERANCE)


def test_the_order_of_the_examples_does_not_matter_and_copies_scale_a_step():
    for X, y, x, _, steps in problems(15):
        order = np.random.default_rng(0).permutation(len(y))
        expected = predict(X, y, x, steps)
        assert close(predict(X[order], y[order], x, steps), expected)
        assert close(predict(np.vstack([X, X]), np.append(y, y), x,
                             steps / 2), expected)


def test_a_step_frozen_for_a_short_prompt_diverges_on_a_long_one():
    rng = np.random.default_rng(16)
    long = gaussian_task(200, 4, rng=rng)
    x = rng.standard_normal(4)
    with pytest.warns(RuntimeWarning, match="largest safe constant step"):
        found = predict(long.X, long.y, x, gaussian_steps(20, 4, 25))[-1]
    assert abs(found) > 1e6
    rescaled = predict(long.X, long.y, x, gaussian_steps(200, 4, 25))[-1]
    assert abs(rescaled - long.theta @ x) < 1e-6


def test_other_units_are_another_step():
    for X, y, x, _, steps in problems(17):
        c = 1.3
        assert close(predict(c * X, y, c * x, steps / c**2),
                     predict(X, y, x, steps))
