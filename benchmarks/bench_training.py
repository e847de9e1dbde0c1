"""lttutor.learning.loss_and_gradient beside automatic differentiation."""

import numpy as np
import peers
import pytest

from lttutor.learning import loss_and_gradient, second_moments

SHAPES = [(20, 5, 5, 1000), (100, 20, 20, 1024)]  # n, d, T, prompts


def draw(n, d, prompts):
    """Prompts as the attention layer needs them: X, hidden w, query x."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((prompts, n, d))
    w, x = rng.standard_normal((2, prompts, d))
    A = 0.7 * np.eye(d) + 0.01 * rng.standard_normal((d, d))
    return A, X, w, x


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("form", [
    peers.torch_attention_step, peers.jax_attention_step],
    ids=lambda f: f.__name__)
def test_attention(benchmark, shape, form):
    n, d, loops, prompts = shape
    benchmark.extra_info.update(shape=shape, form=form.__name__)
    data = (*draw(n, d, prompts), loops)
    value, gradient = benchmark.pedantic(
        form, data, rounds=3, warmup_rounds=1)
    # Averaged over w and x, this is the loss of the Gram matrices.
    assert np.isfinite(value) and np.isfinite(np.asarray(gradient)).all()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("form", [
    "loss_and_gradient", peers.torch_gram_step, peers.jax_gram_step],
    ids=lambda f: getattr(f, "__name__", f))
def test_gram(benchmark, shape, form):
    n, d, loops, prompts = shape
    A, X, *_ = draw(n, d, prompts)
    W = X.swapaxes(1, 2) @ X / n
    name = getattr(form, "__name__", form)
    benchmark.extra_info.update(shape=shape, form=name)
    function = loss_and_gradient if name == form else form
    value, gradient = benchmark(function, A, W, loops)
    expected = loss_and_gradient(A, W, loops)
    assert abs(value - expected[0]) < 1e-9 * expected[0]
    scale = np.abs(expected[1]).max()
    assert np.abs(np.asarray(gradient) - expected[1]).max() < 1e-8 * scale


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("how", ["Bartlett", "from X"])
def test_sampling(benchmark, shape, how):
    n, d, _, prompts = shape
    rng = np.random.default_rng(2)
    benchmark.extra_info.update(shape=shape, form=how)

    def from_examples():
        X = rng.standard_normal((prompts, n, d))
        return X.swapaxes(1, 2) @ X / n

    def bartlett():
        return second_moments(n, d, batch=prompts, rng=rng)

    benchmark(bartlett if how == "Bartlett" else from_examples)
