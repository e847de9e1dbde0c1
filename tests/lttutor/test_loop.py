"""The loop, its fast forms, and gradient descent written from scratch."""

import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lttutor import descent
from lttutor.attention import (
    generation_weights,
    last_row_mask,
    prompt_matrix,
    regression_weights,
)
from lttutor.loop import (
    DivergenceWarning,
    generate,
    looped_transformer,
    predict,
)
from lttutor.steps import chebyshev_steps
from lttutor.tasks import spectrum_task

sizes = st.integers(1, 12)
seeds = st.integers(0, 2**32 - 1)
batches = st.sampled_from([(), (3,), (2, 2)])


def draw(n, d, batch, T, seed, shared_steps=True):
    """Random data and a schedule that is safe for every task."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((*batch, n, d))
    y = rng.standard_normal((*batch, n))
    largest = np.linalg.norm(X, 2, axis=(-2, -1)) ** 2
    shape = (T,) if shared_steps else (*batch, T)
    steps = rng.uniform(0, 2, shape) / (
        largest.max() if shared_steps else largest[..., None])
    return X, y, steps, rng


def descend(X, y, alpha, steps, q=None):
    """Gradient descent on ½‖Xq + αy‖², residual first, one task."""
    q = np.zeros(X.shape[1]) if q is None else q
    path = [q]
    for eta in steps:
        q = q - eta * ((X @ q + alpha * y) @ X)
        path.append(q)
    return np.array(path)


@given(sizes, sizes, batches, st.integers(0, 40), seeds, st.booleans())
@settings(max_examples=60, deadline=None)
def test_generate_is_the_literal_loop(n, d, batch, T, seed, shared):
    X, y, steps, rng = draw(n, d, batch, T, seed, shared)
    alpha = rng.standard_normal(batch) if batch else float(rng.normal())
    states = looped_transformer(
        prompt_matrix(X, y, alpha), steps, *generation_weights(d),
        last_row_mask(n))
    v = generate(X, y, alpha, steps)
    assert v.shape == (T + 1, *batch, d)
    literal = -states[..., -1, :d]
    assert np.abs(v - literal).max() <= 1e-12 * np.abs(literal).max()


@pytest.mark.parametrize("tasks", [1, 63, 64, 65, 3000])
@pytest.mark.parametrize("n, d", [
    (1, 1), (1, 2), (8, 2), (16, 2), (17, 2), (7, 8), (8, 8), (40, 8),
    (9, 9), (40, 9), (8, 9),
])
def test_every_form_is_the_literal_loop_at_its_borders(n, d, tasks):
    """Both sides of each border in ``form_of``, and more than one portion."""
    check_against_the_literal_loop(n, d, tasks)


@pytest.mark.parametrize("tasks", [1, 2, 3])
@pytest.mark.parametrize("n, d", [(20, 5), (5, 20), (260, 255), (260, 256),
                                  (256, 260)])
def test_tasks_one_by_one_are_the_literal_loop(n, d, tasks):
    """Both sides of the border in ``one_by_one``."""
    check_against_the_literal_loop(n, d, tasks)


@pytest.mark.parametrize("n, d, tasks, border", [
    (9, 3, 1, 20), (30, 20, 2, 40), (30, 20, 70, 40), (20, 30, 5, 40),
    (20, 4, 70, 100), (90, 80, 3, 160),
])
def test_states_made_by_doubling_are_the_literal_loops(n, d, tasks, border):
    """Both sides of the borders in ``doubles`` and ``form_of``; T beyond a
    power of two, at it and below."""
    for T in (border - 1, border, 127, 128, 129, 300):
        check_against_the_literal_loop(n, d, tasks, T)


def test_the_last_state_of_ten_million_loops_is_the_closed_forms():
    """v(T) = α Σ (1 - (1 - ηλ)ᵀ) ⟨u, Xᵀy⟩ u / λ, to eps κ; digit by digit
    of T, so both kinds of digit."""
    task = spectrum_task(np.geomspace(1e-6, 1, 6), 12,
                         rng=np.random.default_rng(4))
    values, U = np.linalg.eigh(task.X.T @ task.X)
    for T in (20, 21, 1000, 10**7, 2**23 - 1):
        kept = -np.expm1(T * np.log1p(-0.7 * values))
        exact = 1.7 * U @ (kept / values * (U.T @ (task.X.T @ task.y)))
        v = generate(task.X, task.y, 1.7, np.full(T, 0.7), trajectory=False)
        assert np.abs(v - exact).max() <= 1e-9 * np.abs(exact).max()


@pytest.mark.parametrize("tasks", [1, 70])
def test_a_direction_that_diverges_from_zero_stays_zero(tasks):
    """There, powers of I - ηG overflow; the literal loop never meets them."""
    X, y = np.diag([1.0, 3.0]), np.array([1.0, 0.0])
    with pytest.warns(DivergenceWarning):
        v = generate([X] * tasks, [y] * tasks, 1.0, np.full(2000, 0.5))
    np.testing.assert_array_equal(v[:, -1, 0], 1 - 0.5**np.arange(2001))
    assert not v[..., 1].any()


def check_against_the_literal_loop(n, d, tasks, T=5):
    X, y, steps, rng = draw(n, d, (tasks,), T, seed=n + d, shared_steps=False)
    alpha = rng.standard_normal(tasks)
    largest = (np.linalg.norm(X, 2, axis=(-2, -1))**2).max()
    # and constant, each task's own or one for all
    for eta in (steps, np.repeat(steps[:, :1], T, axis=1),
                np.full(T, 1 / largest)):
        states = looped_transformer(
            prompt_matrix(X, y, alpha), eta, *generation_weights(d),
            last_row_mask(n))
        literal = -states[..., -1, :d]
        v = generate(X, y, alpha, eta)
        assert np.abs(v - literal).max() <= 1e-13 * np.abs(literal).max()
        end = generate(X, y, alpha, eta, trajectory=False)
        assert np.abs(end - v[-1]).max() <= 1e-14 * np.abs(v).max()


def test_portions_do_not_show(monkeypatch):
    for n, d in [(9, 3), (20, 12), (3, 12)]:
        X, y, steps, _ = draw(n, d, (100,), 6, seed=8, shared_steps=False)
        whole = generate(X, y, 1.7, steps)
        monkeypatch.setattr(descent, "PORTION", dict.fromkeys(
            descent.PORTION, 7 * min(n, d)**2))
        parts = generate(X, y, 1.7, steps)
        monkeypatch.undo()
        np.testing.assert_allclose(parts, whole, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("power", [0, 3, 6])
def test_the_difference_to_the_literal_loop_is_the_promised_one(power):
    """eps (d + 4 min(t, κ)) times the largest entry, up to κ = 10⁶."""
    kappa, n, d, T = 10.0**power, 30, 6, 2000
    task = spectrum_task(np.geomspace(1 / kappa, 1, d), n,
                         rng=np.random.default_rng(3))
    v = generate(task.X, task.y, 1.7, np.ones(T))
    states = looped_transformer(
        prompt_matrix(task.X, task.y, 1.7), np.ones(T),
        *generation_weights(d), last_row_mask(n))
    apart = np.abs(v + states[:, -1, :d]).max(axis=-1)
    allowed = d + 4 * np.minimum(np.arange(T + 1), kappa)
    eps = np.finfo(float).eps
    assert (apart <= eps * allowed * np.abs(v).max()).all()


@pytest.mark.parametrize("n, d, tasks", [(40, 4, 4000), (60, 30, 200),
                                         (20, 60, 200)])
def test_memory_beyond_the_result_is_bounded(n, d, tasks):
    """At most the output and the Gram matrices once more (and 10 MB)."""
    X, y, steps, _ = draw(n, d, (tasks,), 30, seed=9)
    generate(X[:70], y[:70], 1.0, steps)
    tracemalloc.start()
    v = generate(X, y, 1.0, steps)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    gram = tasks * min(n, d)**2 * 8
    assert peak <= 2 * (v.nbytes + gram) + 10e6


@given(sizes, sizes, batches, st.integers(0, 40), seeds)
@settings(max_examples=60, deadline=None)
def test_predict_is_the_literal_loop(n, d, batch, T, seed):
    X, y, steps, rng = draw(n, d, batch, T, seed)
    query = rng.standard_normal((*batch, d))
    states = looped_transformer(
        prompt_matrix(X, y, 0.0, query), steps, *regression_weights(d),
        last_row_mask(n))
    found = predict(X, y, query, steps)
    assert found.shape == (T + 1, *batch)
    literal = -states[..., -1, -1]
    size = np.abs(literal).max() + np.linalg.norm(query) * np.abs(
        generate(X, y, 1.0, steps)).max()
    assert np.abs(found - literal).max() <= 1e-12 * size


@given(sizes, sizes, st.integers(1, 40), seeds)
@settings(max_examples=60, deadline=None)
def test_the_loop_is_gradient_descent_from_any_start(n, d, T, seed):
    X, y, steps, rng = draw(n, d, (), T, seed)
    q, alpha = rng.standard_normal(d), 1.7
    states = looped_transformer(
        prompt_matrix(X, y, alpha, q), steps, *generation_weights(d),
        last_row_mask(n))
    path = descend(X, y, alpha, steps, q)
    assert np.abs(states[:, -1, :d] - path).max() < 1e-12 * np.abs(path).max()
    np.testing.assert_array_equal(
        states[:, :n], np.broadcast_to(states[0, :n], states[:, :n].shape))
    assert (states[:, -1, -1] == alpha).all()


def test_float32_agrees_to_its_own_rounding_and_is_kept():
    X, y, steps, _ = draw(10, 3, (2,), 20, seed=5)
    single = X.astype(np.float32), y.astype(np.float32)
    v = generate(*single, 1.7, steps)
    states = looped_transformer(
        prompt_matrix(*single, 1.7), steps, *generation_weights(3),
        last_row_mask(10))
    assert v.dtype == states.dtype == np.float32
    assert predict(*single, np.ones(3), steps).dtype == np.float32
    assert np.abs(v + states[..., -1, :3]).max() < 1e-5
    assert np.abs(v - generate(X, y, 1.7, steps)).max() < 1e-5


def test_integer_prompts_are_not_truncated():
    X, y = np.array([[1, 2], [0, 1], [3, 1]]), np.array([1, 2, 3])
    steps = np.array([0.05, 0.04])
    np.testing.assert_allclose(
        generate(X, y, 2, steps), -descend(X, y, 2.0, steps), rtol=1e-13)
    states = looped_transformer(
        prompt_matrix(X, y, 2), steps, *generation_weights(2),
        last_row_mask(3))
    np.testing.assert_allclose(
        states[:, -1, :2], descend(X, y, 2.0, steps), rtol=1e-13)


def test_lists_are_as_good_as_arrays_and_nothing_is_written_to():
    X, y, steps, _ = draw(6, 2, (), 4, seed=1)
    copies = X.copy(), y.copy(), steps.copy()
    from_arrays = generate(X, y, 1.7, steps)
    from_lists = generate(X.tolist(), y.tolist(), 1.7, steps.tolist())
    np.testing.assert_array_equal(from_arrays, from_lists)
    for array, copy in zip((X, y, steps), copies):
        np.testing.assert_array_equal(array, copy)


def test_the_limit_is_alpha_times_least_squares():
    X, y, _, _ = draw(30, 4, (), 1, seed=2)
    step = 1 / np.linalg.norm(X, 2) ** 2
    v = generate(X, y, -0.8, np.full(2000, step))[-1]
    solution = np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(v, -0.8 * solution, rtol=1e-12)


@pytest.mark.parametrize("factor, warns", [
    (0.5, False), (1.99, False), (2.0, False), (2.01, True), (5.0, True),
])
def test_a_divergent_step_warns_once_and_names_the_safe_one(factor, warns):
    X, y, _, _ = draw(8, 3, (2,), 1, seed=3)
    largest = (np.linalg.norm(X, 2, axis=(-2, -1)) ** 2).max()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        generate(X, y, 1.0, np.full(6, factor / largest))
    assert len(caught) == warns
    if warns:
        assert caught[0].category is DivergenceWarning
        assert f"{2 / largest:.6g}" in str(caught[0].message)
        assert caught[0].filename == __file__


@pytest.mark.parametrize("call", [generate, predict])
def test_the_warning_points_at_the_caller(call):
    X, y, _, _ = draw(8, 3, (), 1, seed=3)
    third = 1.0 if call is generate else np.ones(3)
    with pytest.warns(DivergenceWarning) as caught:
        call(X, y, third, [1.0])
    assert [w.filename for w in caught] == [__file__]


def test_a_schedule_that_undoes_its_own_large_step_does_not_warn():
    """(1 - 3)(1 - 1) = 0: a single factor above 1 is not divergence."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        generate([[1.0]], [1.0], 1.0, [3.0, 1.0])


@pytest.mark.filterwarnings("ignore::lttutor.loop.DivergenceWarning")
def test_overflow_raises_and_names_the_loop():
    X, y, _, _ = draw(8, 3, (), 1, seed=4)
    with pytest.raises(OverflowError, match="^steps: .* in loop .* of 400"):
        generate(X, y, 1.0, np.full(400, 10.0))
    with pytest.raises(OverflowError, match="^steps: .* in loop .* of 400"):
        looped_transformer(
            prompt_matrix(X, y, 1.0), np.full(400, 10.0),
            *generation_weights(3), last_row_mask(8))


@pytest.mark.filterwarnings("ignore::lttutor.loop.DivergenceWarning")
@pytest.mark.parametrize("n, d, tasks", [(8, 3, 5), (3, 6, 5), (8, 3, 70)])
@pytest.mark.parametrize("own_steps", [False, True])
@pytest.mark.parametrize("trajectory", [False, True])
def test_an_overflow_of_a_later_task_is_that_tasks(
        n, d, tasks, own_steps, trajectory):
    """The first two tasks stay small, and the fourth overflows before the
    third, of which the message speaks; one step is safe for all."""
    X, y, _, _ = draw(n, d, (tasks,), 200, seed=6)
    X[:2] *= 1e-3
    X[3] *= 10
    steps = np.full((tasks, 200), 5.0)
    if own_steps:
        steps *= np.linspace(1, 1.5, tasks)[:, None]
    with np.errstate(all="ignore"):
        paths = [descend(*task, 1.0, own) for *task, own in zip(X, y, steps)]
    loops = [path.argmin() for path in np.isfinite(paths).all(axis=-1)]
    assert loops[0] == loops[1] == 0 < loops[3] < loops[2] < 200
    safe = 2 / (np.linalg.norm(X, 2, axis=(-2, -1))**2).max()
    with pytest.raises(OverflowError) as caught:
        generate(X, y, 1.0, steps if own_steps else steps[0],
                 trajectory=trajectory)
    assert str(caught.value) == (
        f"steps: the output overflowed in loop {loops[2]} of 200; the "
        f"largest safe constant step is {safe:.6g}")


@pytest.mark.filterwarnings("ignore::lttutor.loop.DivergenceWarning")
@pytest.mark.parametrize("tasks", [1, 3, 70])
def test_the_loop_named_is_the_first_that_overflows(tasks):
    """Also where NumPy is told to raise: the functions' own errors count."""
    X, y, _, rng = draw(8, 3, (tasks,), 1, seed=5)
    steps = rng.uniform(5, 20, 300)
    with np.errstate(all="ignore"):
        paths = [descend(one, labels, 1.0, steps) for one, labels in zip(X, y)]
    finite = np.isfinite(paths).all(axis=-1)
    expected = f"in loop {finite.argmin(axis=1)[0]} of 300"
    first = f"in loop {finite.argmin(axis=1).min()} of 300"
    Z = prompt_matrix(X, y, 1.0)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        with pytest.raises(OverflowError, match=expected):
            generate(X, y, 1.0, steps)
        with pytest.raises(OverflowError, match=first):
            looped_transformer(Z, steps, *generation_weights(3),
                               last_row_mask(8))
        for query in ([1e308, 1e308, 0], [1e308, -1e308, 1e308]):
            with pytest.raises(OverflowError, match="^x_query: .* float64$"):
                predict(X, 9 * y, query, [0.1, 0.2])


def test_the_wider_of_two_dtypes_decides_how_large_alpha_may_be():
    X, y, steps, _ = draw(5, 2, (), 3, seed=1)
    expected = 1e20 * generate(X, y, 1.0, steps)
    for narrow in ((X.astype(np.float32), y), (X, y.astype(np.float32))):
        found = generate(*narrow, 1e20, steps)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_steps_that_the_prompts_dtype_cannot_hold_are_refused_as_such():
    """Not as an output that overflowed; and float64 can hold them."""
    X, y = np.ones((2, 1), np.float32), np.zeros(2, np.float32)
    steps = [0.1, 1e39]
    machine = (steps, *generation_weights(1), last_row_mask(2))
    for run in (lambda: generate(X, y, 1.0, steps),
                lambda: predict(X, y, [1.0], steps),
                lambda: looped_transformer(prompt_matrix(X, y, 1.0),
                                           *machine)):
        with pytest.raises(ValueError, match=(
                r"^steps: .* that float32 can hold, got 1e\+39")):
            run()
    for wider in ((X.astype(float), y), (X, y.astype(float))):
        with pytest.warns(DivergenceWarning):
            assert generate(*wider, 1.0, steps).tolist() == [[0]] * 3
    states = looped_transformer(
        prompt_matrix(X.astype(float), y, 1.0), *machine)
    assert states[:, -1, 0].tolist() == [0] * 3


def test_zero_loops_give_the_prompt_back():
    X, y, _, _ = draw(5, 2, (3,), 1, seed=6)
    assert generate(X, y, 1.0, []).shape == (1, 3, 2)
    Z = prompt_matrix(X, y, 1.0)
    states = looped_transformer(
        Z, [], *generation_weights(2), last_row_mask(5))
    np.testing.assert_array_equal(states[0], Z)


def test_fewer_examples_than_features_finds_the_shortest_solution():
    X, y, _, _ = draw(3, 7, (), 1, seed=7)
    step = 1 / np.linalg.norm(X, 2) ** 2
    v = generate(X, y, 1.0, np.full(3000, step))[-1]
    np.testing.assert_allclose(v, np.linalg.pinv(X) @ y, rtol=1e-10)


def test_a_schedule_whose_factors_overflow_on_the_way_does_not_warn():
    """The product of all 1024 factors is small; of the first 500, infinite."""
    X = np.diag(np.sqrt(np.geomspace(1, 1e4, 8)))
    steps = chebyshev_steps(1e4, 1.0, 1024, "natural")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(OverflowError):
            generate(X, X @ np.ones(8), 1.0, steps)
