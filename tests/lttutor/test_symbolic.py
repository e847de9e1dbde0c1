"""The symbolic machine agrees with the numerical one, entry by entry."""

import numpy as np
import pytest
import sympy as sp

from lttutor import symbolic
from lttutor.attention import (
    generation_weights,
    last_row_mask,
    linear_attention,
    regression_weights,
)
from lttutor.loop import looped_transformer

MASKS = {
    "last row": [[0, 0], [1, 0]],
    "and itself": [[0, 0], [1, 1]],
    "all read examples": [[1, 0], [1, 0]],
    "none": [[1, 1], [1, 1]],
    "transposed": [[0, 1], [0, 0]],
}


def numbers(Z, seed):
    symbols = sorted(Z.free_symbols, key=str)
    values = np.random.default_rng(seed).integers(-4, 5, len(symbols))
    return dict(zip(symbols, map(int, values)))


def as_array(matrix):
    return np.array(matrix.tolist(), dtype=float)


@pytest.mark.parametrize("n, d", [(1, 1), (3, 2), (2, 3)])
@pytest.mark.parametrize("weights", [generation_weights, regression_weights])
def test_entries_agree_with_the_numerical_layer_and_loop(n, d, weights):
    Z = symbolic.symbolic_prompt(n, d)[0]
    assert Z.shape == (n + 1, d + 1)
    machine = (*weights(d), last_row_mask(n))
    at = numbers(Z, seed=n)
    np.testing.assert_array_equal(
        as_array(symbolic.symbolic_attention(Z, *machine).subs(at)),
        linear_attention(as_array(Z.subs(at)), *machine))
    halves = [sp.Rational(1, 2), sp.Rational(1, 8)]
    for t, state in enumerate(symbolic.symbolic_loop(Z, halves, *machine)):
        np.testing.assert_allclose(
            as_array(state.subs(at)),
            looped_transformer(
                as_array(Z.subs(at)), [0.5, 0.125], *machine)[t],
            rtol=1e-12)


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("label_q, label_p", [(1, 0), (0, 1), (1, 1)])
def test_blocks_agree_with_the_numerical_layer(mask, label_q, label_p):
    """Evaluate each block expression at random matrices, n = 3, d = 2."""
    n, d = 3, 2
    Z, X, y, q, alpha = symbolic.block_prompt()
    layer = symbolic.block_attention(
        Z, symbolic.block_weights(1, label_q),
        symbolic.block_weights(1, label_p), mask)
    rng = np.random.default_rng(0)
    values = {"X": rng.standard_normal((n, d)), "alpha": 1.7,
              "y": rng.standard_normal((n, 1)),
              "q": rng.standard_normal((d, 1))}
    prompt = np.block([[values["X"], values["y"]],
                       [values["q"].T, np.array([[1.7]])]])
    full_mask = np.block([
        [np.full((n, n), mask[0][0]), np.full((n, 1), mask[0][1])],
        [np.full((1, n), mask[1][0]), np.full((1, 1), mask[1][1])]])
    expected = linear_attention(
        prompt, np.diag([1, 1, label_q]), np.diag([1, 1, label_p]), full_mask)
    for i, rows in enumerate((slice(0, n), slice(n, None))):
        for j, columns in enumerate((slice(0, d), slice(d, None))):
            np.testing.assert_allclose(
                evaluate(layer[i][j], values, n, d),
                expected[rows, columns], rtol=1e-10, atol=1e-10)


def evaluate(block, values, n, d):
    """The value of a block expression at given matrices."""
    size = {sp.Symbol("n", integer=True, positive=True): n,
            sp.Symbol("d", integer=True, positive=True): d}
    if not isinstance(block, sp.MatrixExpr):
        return float(block.subs(
            {symbol: values["alpha"] for symbol in block.free_symbols}))
    if block.is_ZeroMatrix:
        return np.zeros([int(sp.sympify(s).subs(size)) for s in block.shape])
    if isinstance(block, sp.MatrixSymbol):
        return values[block.name]
    if isinstance(block, sp.Identity):
        return np.eye(int(sp.sympify(block.shape[0]).subs(size)))
    if isinstance(block, sp.Transpose):
        return evaluate(block.arg, values, n, d).T
    parts = [evaluate(part, values, n, d) for part in block.args]
    if isinstance(block, sp.MatAdd):
        return sum(parts)
    product = parts[0]
    for part in parts[1:]:
        scalar = np.ndim(product) == 0 or np.ndim(part) == 0
        product = product * part if scalar else product @ part
    return product


def test_one_loop_in_blocks_subtracts_the_step_times_the_layer():
    Z, *_ = symbolic.block_prompt()
    eta = sp.Symbol("eta")
    machine = (symbolic.block_weights(1, 1), symbolic.block_weights(1, 0),
               [[0, 0], [1, 0]])
    after = symbolic.block_loop_once(Z, eta, *machine)
    layer = symbolic.block_attention(Z, *machine)
    for i in range(2):
        for j in range(2):
            difference = Z[i][j] - after[i][j] - eta * layer[i][j]
            assert difference.expand().doit().is_ZeroMatrix


def test_no_two_entries_share_a_name():
    for n, d in ((9, 9), (11, 11), (1, 12), (112, 1)):
        Z = symbolic.symbolic_prompt(n, d)[0]
        assert len(Z.free_symbols) == (n + 1) * (d + 1)
