"""Tasks are what their docstrings say, judged by NumPy's linear algebra."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lttutor.tasks import gaussian_task, spectrum_task

sizes = st.integers(1, 8)
seeds = st.integers(0, 2**32 - 1)
batches = st.sampled_from([(), 3, (2,), (2, 3)])


@given(sizes, sizes, batches, seeds)
@settings(max_examples=40, deadline=None)
def test_labels_are_inner_products_and_theta_has_length_one(n, d, batch, seed):
    task = gaussian_task(n, d, batch=batch, rng=np.random.default_rng(seed))
    axes = (batch,) if isinstance(batch, int) else batch
    assert task.X.shape == (*axes, n, d)
    assert task.theta.shape == (*axes, d)
    products = (task.X * task.theta[..., None, :]).sum(axis=-1)
    np.testing.assert_allclose(task.y, products, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose((task.theta**2).sum(axis=-1), 1, rtol=1e-12)


@given(
    st.lists(st.floats(0.01, 100), min_size=1, max_size=6),
    st.integers(0, 5), seeds,
)
@settings(max_examples=40, deadline=None)
def test_the_gram_matrix_has_the_asked_spectrum(eigenvalues, extra, seed):
    n = len(eigenvalues) + extra
    task = spectrum_task(
        eigenvalues, n, batch=2, rng=np.random.default_rng(seed))
    for X in task.X:
        found = np.linalg.svd(X, compute_uv=False) ** 2
        np.testing.assert_allclose(
            np.sort(found), np.sort(eigenvalues), rtol=1e-9)


def test_spectrum_directions_are_uniform():
    """E[XᵀX] = mean(λ) I, and each direction is as likely as its negative."""
    task = spectrum_task(
        [1.0, 9.0], 3, batch=20000, rng=np.random.default_rng(0))
    gram = np.swapaxes(task.X, 1, 2) @ task.X
    # Standard error of an entry is at most 4 / sqrt(20000) = 0.03.
    np.testing.assert_allclose(gram.mean(axis=0), 5 * np.eye(2), atol=0.12)
    np.testing.assert_allclose(task.X.mean(axis=0), 0, atol=0.06)


def test_rows_have_the_asked_covariance():
    covariance = np.array([[2.0, 0.8, 0.0], [0.8, 1.0, -0.3], [0, -0.3, 0.5]])
    task = gaussian_task(
        200_000, 3, covariance=covariance, rng=np.random.default_rng(1))
    np.testing.assert_allclose(
        np.cov(task.X.T), covariance, atol=5 * 2.9 / np.sqrt(200_000))


def test_noise_has_the_asked_standard_deviation_and_is_off_by_default():
    task = gaussian_task(100_000, 2, noise=0.5, rng=np.random.default_rng(2))
    residual = task.y - task.X @ task.theta
    assert abs(residual.std() - 0.5) < 5 * 0.5 / np.sqrt(2 * 100_000)
    quiet = gaussian_task(50, 2, rng=np.random.default_rng(2))
    assert np.abs(quiet.y - quiet.X @ quiet.theta).max() < 1e-14


def test_theta_may_keep_its_length():
    task = gaussian_task(
        1, 3, batch=50_000, unit_norm=False, rng=np.random.default_rng(3))
    square = (task.theta**2).sum(axis=-1)
    assert abs(square.mean() - 3) < 5 * np.sqrt(6 / 50_000)


def test_the_same_seed_gives_the_same_task_and_it_is_frozen():
    one, two = (
        gaussian_task(4, 2, rng=np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one.X, two.X)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.X = two.X
