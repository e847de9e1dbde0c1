"""Laws that hold for every prompt, size, batch, schedule and precision.

Hypothesis draws the sizes and a seed, NumPy the numbers.  Nothing here is
random from one run to the next: the examples follow from the tests' names.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lttutor.attention import (
    generation_weights,
    last_row_mask,
    prompt_matrix,
    regression_weights,
)
from lttutor.flattening import (
    all_rows_mask,
    flatten,
    moving_predict,
    moving_solution,
    moving_weights,
    spectrum_map,
)
from lttutor.loop import generate, looped_transformer, predict
from lttutor.nonlinear import (
    generate_relu,
    generate_softmax,
    generate_softmax_pair,
)
from lttutor.steps import (
    chebyshev_steps,
    constant_steps,
    flattening_steps,
    optimal_constant_steps,
)
from lttutor.tasks import spectrum_task
from lttutor.theory import (
    condition_number,
    exact_error,
    flattening_bound,
    loops_needed,
    paper_bound,
    residual_polynomial,
    rounding_gain,
    spectrum,
    tight_bound,
)

laws = settings(max_examples=40, deadline=None, derandomize=True,
                database=None)
EPS = np.finfo(float).eps


@dataclass
class Problem:
    """A prompt, or a batch of them, with steps that are safe for it."""

    X: np.ndarray
    y: np.ndarray
    x: np.ndarray
    alpha: np.ndarray
    steps: np.ndarray
    rng: np.random.Generator

    def __post_init__(self):
        self.batch, (self.n, self.d) = self.X.shape[:-2], self.X.shape[-2:]
        self.T = self.steps.shape[-1]

    def __getitem__(self, index):
        """One task of the batch."""
        steps = self.steps if self.steps.ndim == 1 else self.steps[index]
        return Problem(self.X[index], self.y[index], self.x[index],
                       self.alpha[index], steps, self.rng)


@st.composite
def problems(draw, batches=((), (3,), (2, 2), (70,))):
    """Sizes on both sides of n = d, and of the border to the batched form."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, d = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    batch, T = draw(st.sampled_from(batches)), draw(st.integers(0, 12))
    X = rng.standard_normal((*batch, n, d))
    top = np.linalg.norm(X, 2, axis=(-2, -1)) ** 2
    if draw(st.booleans()):
        steps = rng.uniform(0, 2, T) / top.max()
    else:
        steps = rng.uniform(0, 2, (*batch, T)) / top[..., None]
    return Problem(X, rng.standard_normal((*batch, n)),
                   rng.standard_normal((*batch, d)),
                   np.asarray(rng.standard_normal(batch)), steps, rng)


def close(found, expected, tolerance=1e-12, size=None):
    """Equal up to rounding, relative to the largest entry."""
    assert found.shape == expected.shape
    size = np.abs(expected).max() if size is None else size
    assert np.abs(found - expected).max() <= tolerance * size


# The machines whose answer is a vector.
MACHINES = {
    "generate": lambda p: generate(p.X, p.y, p.alpha, p.steps),
    "relu": lambda p: generate_relu(p.X, p.y, p.alpha, p.steps),
    "softmax": lambda p: generate_softmax(p.X, p.y, p.alpha, p.steps, 0.7),
    "pair": lambda p: generate_softmax_pair(p.X, p.y, p.alpha, p.steps),
    "moving": lambda p: moving_solution(p.X, p.y, p.steps / 2),
}
each_machine = pytest.mark.parametrize("machine", MACHINES.values(),
                                       ids=MACHINES)


@given(problems())
@laws
def test_the_fast_forms_are_the_literal_loop(p):
    """And generation is the transpose of regression (chapter 14)."""
    n, d, mask = p.n, p.d, last_row_mask(p.n)
    v = generate(p.X, p.y, p.alpha, p.steps)
    states = looped_transformer(prompt_matrix(p.X, p.y, p.alpha), p.steps,
                                *generation_weights(d), mask)
    close(v, -states[..., -1, :d], size=np.abs(v).max() + 1e-300)
    theta = generate(p.X, p.y, 1.0, p.steps)
    size = np.linalg.norm(theta, axis=-1).max() * np.linalg.norm(
        p.x, axis=-1).max() + 1e-300
    states = looped_transformer(prompt_matrix(p.X, p.y, 0.0, p.x), p.steps,
                                *regression_weights(d), mask)
    literal = -states[..., -1, -1]
    close(predict(p.X, p.y, p.x, p.steps), literal, size=size)
    close(np.einsum("t...d,...d->t...", theta, p.x), literal, size=size)
    close(generate(p.X, p.y, p.alpha, p.steps, trajectory=False), v[-1],
          1e-14, np.abs(v).max() + 1e-300)
    states = looped_transformer(prompt_matrix(p.X, p.y, 0.0, p.x), p.steps,
                                *moving_weights(d, 0.2), all_rows_mask(n))
    close(moving_predict(p.X, p.y, p.x, p.steps, 0.2), -states[..., -1, -1],
          1e-10, size + np.abs(states[..., -1, -1]).max())


@each_machine
@given(problems())
@laws
def test_turning_the_features_turns_the_answer(machine, p):
    R, _ = np.linalg.qr(p.rng.standard_normal((p.d, p.d)))
    v = machine(p)
    p.X = p.X @ R
    close(machine(p), v @ R, 1e-11, np.abs(v).max() + 1e-300)


@each_machine
@given(problems())
@laws
def test_the_order_of_the_examples_does_not_matter(machine, p):
    order, v = p.rng.permutation(p.n), machine(p)
    p.X, p.y = p.X[..., order, :], p.y[..., order]
    close(machine(p), v, 1e-11, np.abs(v).max() + 1e-300)


@given(problems())
@laws
def test_what_depends_on_the_spectrum_alone_does_not_turn(p):
    R, _ = np.linalg.qr(p.rng.standard_normal((p.d, p.d)))
    X, top = p.X[..., p.rng.permutation(p.n), :] @ R, spectrum(p.X).max()
    close(spectrum(X), spectrum(p.X), 1e-13, top)
    close(exact_error(X, p.x @ R, p.alpha, p.steps),
          exact_error(p.X, p.x, p.alpha, p.steps), 1e-12,
          (p.x**2).sum(-1).max() * np.abs(p.alpha).max() + 1)


@given(problems(), st.integers(-20, 20))
@laws
def test_the_answer_is_linear_in_alpha_and_in_the_labels(p, power):
    v, X, steps = generate(p.X, p.y, p.alpha, p.steps), p.X, p.steps
    scale = 2.0**power
    assert (generate(X, p.y, scale * p.alpha, steps) == scale * v).all()
    assert (generate(X, -p.y, p.alpha, steps) == -v).all()
    close(p.alpha[..., None] * generate(X, p.y, 1.0, steps), v,
          size=np.abs(v).max() + 1e-300)
    more = p.rng.standard_normal(p.y.shape)
    both = generate(X, p.y + more, p.alpha, steps)
    other = generate(X, more, p.alpha, steps)
    close(v + other, both, size=np.abs(v).max() + np.abs(other).max() + 1e-300)
    relu = generate_relu(X, p.y, p.alpha, steps)
    assert (generate_relu(X, p.y, scale * p.alpha, steps) == scale * relu).all()


@given(problems(), st.sampled_from([-300, -60, -1, 1, 60, 300]))
@laws
def test_units_do_not_matter(p, power):
    """Powers of two in X scale everything exactly, however large."""
    scale = 2.0**power
    X, steps = scale * p.X, p.steps / scale / scale
    v = generate(p.X, p.y, p.alpha, p.steps)
    assert (generate(X, p.y, p.alpha, steps) == v / scale).all()
    assert (condition_number(X) == condition_number(p.X)).all()
    close(flatten(X, steps) / scale, flatten(p.X, p.steps))
    close(residual_polynomial(spectrum(X), steps),
          residual_polynomial(spectrum(p.X), p.steps), 1e-11)


@given(problems(batches=[(3,), (2, 2), (70,)]))
@laws
def test_a_batch_is_its_tasks_one_by_one(p):
    """Also with one schedule for each task."""
    together = {name: machine(p) for name, machine in MACHINES.items()}
    answers = predict(p.X, p.y, p.x, p.steps)
    errors = exact_error(p.X, p.x, p.alpha, p.steps)
    eigenvalues, kappa = spectrum(p.X), condition_number(p.X)
    gains = rounding_gain(eigenvalues, p.steps)
    for index in list(np.ndindex(*p.batch))[:5]:
        one, at = p[index], (slice(None), *index)
        for name, machine in MACHINES.items():
            close(together[name][at], machine(one), 1e-12,
                  np.abs(together[name]).max() + 1e-300)
        close(answers[at], predict(one.X, one.y, one.x, one.steps), 1e-12,
              np.abs(answers).max() + 1e-300)
        close(errors[at], exact_error(one.X, one.x, one.alpha, one.steps),
              1e-13, np.abs(errors).max() + 1e-300)
        close(eigenvalues[index], spectrum(one.X), 1e-13)
        assert kappa[index] == pytest.approx(condition_number(one.X), 1e-8)
        assert gains[index] == pytest.approx(
            rounding_gain(eigenvalues[index], one.steps))


@each_machine
@given(problems())
@laws
def test_float32_is_kept_and_close_and_no_one_argument_decides(machine, p):
    double, narrow = machine(p), np.float32
    X, y, x = p.X, p.y, p.x
    p.X, p.y = X.astype(narrow), y.astype(narrow)
    single = machine(p)
    assert single.dtype == narrow and double.dtype == np.float64
    close(single, double, 100 * (p.T + p.d) * np.finfo(narrow).eps,
          np.abs(double).max() + np.abs(p.alpha).max() * np.abs(X).max())
    for p.X, p.y in ((X, y.astype(narrow)), (X.astype(narrow), y)):
        assert machine(p).dtype == np.float64
        assert predict(p.X, p.y, x.astype(narrow), p.steps).dtype == float
    assert predict(X.astype(narrow), y.astype(narrow), x,
                   p.steps).dtype == narrow
    assert exact_error(X.astype(narrow), x.astype(narrow), 1.0,
                       p.steps).dtype == narrow
    assert exact_error(X.astype(narrow), x, 1.0, p.steps).dtype == float
    assert prompt_matrix(X.astype(narrow), y.astype(narrow), p.alpha,
                         x).dtype == narrow


RULES = {
    "constant": lambda L, mu, T: constant_steps(L, T),
    "optimal": optimal_constant_steps,
    "chebyshev": chebyshev_steps,
}


@given(st.integers(1, 8), st.floats(1, 1e4), st.integers(0, 40),
       st.integers(0, 2**32 - 1), st.sampled_from([*RULES]))
@laws
def test_no_task_violates_its_bound(d, kappa, T, seed, rule):
    """Of the value, of the vector, and of the moving machine."""
    rng = np.random.default_rng(seed)
    inside = rng.uniform(1 / kappa, 1, d)
    inside[[0, -1]] = 1 / kappa, 1.0
    task = spectrum_task(inside, d + 3, batch=4, rng=rng)
    bound, floor = tight_bound(kappa, T, rule), 100 * EPS * kappa
    steps = RULES[rule](1.0, 1 / kappa, T)
    error = np.abs(exact_error(task.X, task.theta, 1.7, steps)[-1]) / 1.7
    assert error.max() <= bound * (1 + 1e-9) + floor
    v = generate(task.X, task.y, 1.7, steps, trajectory=False) / 1.7
    off = np.linalg.norm(v - task.theta, axis=-1)
    assert off.max() <= bound * (1 + 1e-9) + floor
    assert tight_bound(kappa, T, "constant") <= paper_bound(kappa, T)
    T = min(T, 12)
    theta = moving_solution(task.X, task.y, flattening_steps(kappa, T))[-1]
    off = np.linalg.norm(theta - task.theta, axis=-1)
    assert off.max() <= flattening_bound(kappa, T) * (1 + 1e-9) + floor


@given(st.floats(1.001, 1e6), st.floats(1e-12, 0.999),
       st.sampled_from([*RULES]))
@laws
def test_the_loops_needed_are_enough_and_one_less_is_not(kappa, epsilon, rule):
    T = loops_needed(kappa, epsilon, rule)
    assert tight_bound(kappa, T, rule) <= epsilon * (1 + 1e-9)
    assert tight_bound(kappa, T - 1, rule) > epsilon * (1 - 1e-9)


@given(st.floats(0.01, 2.0), st.integers(0, 6), st.integers(0, 2**32 - 1))
@laws
def test_the_residual_is_the_slope_of_the_spectrum_map(s, T, seed):
    """p = σ′ for ω = 1/3, in exact fractions (chapter 42)."""
    steps = np.random.default_rng(seed).uniform(0, 1, T)
    values, residuals = spectrum_map(s, steps)
    value, slope = Fraction(s), Fraction(1)
    for t in range(T + 1):
        size = float(max(abs(value), abs(slope), 1))
        assert abs(values[t] - float(value)) <= 1e-12 * size
        assert abs(residuals[t] - float(slope)) <= 1e-12 * size
        if t < T:
            eta = Fraction(steps[t])
            slope *= 1 - eta * value**2
            value -= eta * value**3 / 3
