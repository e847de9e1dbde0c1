"""lttutor.loop.generate beside the peers' forms: same numbers, then time."""

import tracemalloc

import numpy as np
import peers
import pytest

from lttutor.loop import generate
from lttutor.steps import constant_steps

SHAPES = [  # n, d, T, tasks
    (20, 4, 50, 1000), (100, 4, 50, 1000), (100, 4, 50, 300),
    (8, 2, 10, 200000), (40, 16, 50, 1000), (100, 20, 20, 1024),
    (256, 64, 100, 64), (50, 400, 200, 8), (512, 512, 200, 1),
    (2048, 512, 200, 1), (4096, 64, 1000, 1), (20, 4, 5, 1),
]
LITERAL = [(20, 4, 50, 1000), (100, 4, 50, 1000), (40, 16, 50, 1000)]
# Doubling one size at a time, for the exponents.
BASE = {"n": 256, "d": 32, "T": 64, "tasks": 64}
SERIES = [(name, size * 2**k // 2) for name, size in BASE.items()
          for k in range(5)]


def task(n, d, T, tasks):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((tasks, n, d))
    y = rng.standard_normal((tasks, n))
    largest = np.linalg.eigvalsh(X @ X.swapaxes(1, 2) if n < d
                                 else X.swapaxes(1, 2) @ X).max()
    return X, y, 1.7, constant_steps(largest, T)


def changing(X, y, alpha, steps):
    """``generate`` where no two steps in turn are equal."""
    return generate(X, y, alpha, steps * np.where(
        np.arange(len(steps)) % 2, 0.9, 1.0))


def fits(form, n, d, T, tasks):
    """Leave out what takes forever, or needs many times the memory."""
    if form in (peers.numpy_dual, peers.jax_dual):
        return n <= d
    if form is peers.numpy_rows:
        return n * d * T * tasks < 4e8
    return form is not peers.numpy_last or d <= 20 and tasks > 1


def measure(benchmark, function, *arguments, rounds=None, **about):
    benchmark.extra_info.update(about)
    if rounds:
        return benchmark.pedantic(
            function, arguments, rounds=rounds, warmup_rounds=1)
    return benchmark(function, *arguments)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("form", ["generate", *peers.SIMPLE],
                         ids=lambda f: getattr(f, "__name__", f))
def test_generate(benchmark, shape, form):
    data = task(*shape)
    if form == "generate":
        if shape[3] == 1:  # a single task has no batch axis
            data = (data[0][0], data[1][0], *data[2:])
        v = measure(benchmark, generate, *data, shape=shape, form=form)
        v = v.reshape(shape[2] + 1, shape[3], shape[1])
    elif not fits(form, *shape):
        pytest.skip("not a sensible form for this shape")
    else:
        v = measure(benchmark, form, *data, shape=shape, form=form.__name__)
    expected = peers.numpy_gram(*data) if form != "generate" else (
        peers.numpy_gram(*task(*shape)))
    assert np.abs(np.asarray(v) - expected).max() < 1e-11


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_changing_steps(benchmark, shape):
    X, y, *rest = task(*shape)
    if shape[3] == 1:
        X, y = X[0], y[0]
    measure(benchmark, changing, X, y, *rest, shape=shape, form="changing")


@pytest.mark.parametrize("shape", LITERAL, ids=str)
@pytest.mark.parametrize("form", peers.LITERAL, ids=lambda f: f.__name__)
def test_literal(benchmark, shape, form):
    data = task(*shape)
    v = measure(benchmark, form, *data, rounds=3, shape=shape,
                form=form.__name__)
    assert np.abs(np.asarray(v) - generate(*data)).max() < 1e-11


@pytest.mark.parametrize(("name", "value"), SERIES)
def test_growth(benchmark, name, value):
    sizes = BASE | {name: value}
    measure(benchmark, generate, *task(**sizes), series=name, value=value)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_limits(benchmark, shape):
    """One read of X and y, the least that any form must do."""
    X, y, *_ = task(*shape)

    def read():
        return np.dot(X.ravel(), X.ravel()) + np.dot(y.ravel(), y.ravel())

    measure(benchmark, read, shape=shape, form="one read of X and y")


def test_matmul_rate(benchmark):
    A = np.random.default_rng(0).standard_normal((1024, 1024))
    measure(benchmark, np.matmul, A, A, form="matmul", flops=2 * 1024**3)


@pytest.mark.parametrize("shape", SHAPES[:-1], ids=str)
def test_memory(benchmark, shape):
    data = task(*shape)
    generate(*data)
    tracemalloc.start()
    v = generate(*data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    n, d, _, tasks = shape
    benchmark.extra_info.update(
        shape=shape, peak=peak, output=v.nbytes,
        gram=8 * tasks * min(n, d)**2)
    benchmark.pedantic(lambda: None, rounds=1)
