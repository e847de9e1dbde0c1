"""The gain of rounding errors, against loops that are disturbed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lttutor.steps import constant_steps, optimal_constant_steps
from lttutor.theory import rounding_gain


@given(st.integers(0, 12), st.integers(1, 5), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_the_worst_disturbance_of_every_loop_attains_the_gain(T, d, seed):
    rng = np.random.default_rng(seed)
    values, steps = rng.uniform(0.1, 9, d), rng.uniform(0, 0.4, T)
    gain = rounding_gain(values, steps)
    worst = 0.0
    for value in values:
        after = [np.prod(1 - steps[t + 1:] * value) for t in range(T)]
        error = 0.0
        for t in range(T):  # a unit push, with the sign that survives
            error = (1 - steps[t] * value) * error + (np.sign(after[t]) or 1)
        worst = max(worst, error)
    assert gain == pytest.approx(worst, abs=1e-9)


def test_the_gain_of_constant_steps_is_the_geometric_sum():
    values = np.array([1.0, 3.0, 20.0])
    for T in (1, 5, 400):
        assert rounding_gain(values, constant_steps(20.0, T)) == (
            pytest.approx(20 * (1 - 0.95**T)))
    assert rounding_gain(values, optimal_constant_steps(20.0, 1.0, 4000)) == (
        pytest.approx(21 / 2))


def test_no_loop_has_no_gain_and_batches_keep_their_axes():
    assert rounding_gain([1.0, 2.0], []) == 0
    assert rounding_gain(np.ones((3, 2)), np.full((3, 4), 0.5)).shape == (3,)
    assert rounding_gain([1.0, 2.0], np.full(5000, 9.0)) == np.inf
