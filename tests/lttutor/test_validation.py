"""The validator itself; what public functions refuse is in test_bad_input."""

from fractions import Fraction

import numpy as np
import pytest

from lttutor import loop
from lttutor.validation import (
    all_finite,
    as_alpha,
    as_array,
    as_batch,
    as_batched,
    as_count,
    as_counts,
    as_covariance_root,
    as_examples,
    as_number,
    as_reals,
    as_rng,
    as_steps,
    check_scale,
    check_symmetric,
    finite,
    fit,
    largest,
)

X = np.arange(12.0).reshape(6, 2)
Y = np.arange(6.0)


def test_steps_of_length_d_are_loops_and_not_a_preconditioner():
    v = loop.generate(X, Y, 1.0, [1e-3, 2e-3])
    assert v.shape == (3, 2)
    batched = np.stack([X, X, X]), np.stack([Y, Y, Y])
    with pytest.raises(ValueError, match="^steps: expected"):
        loop.generate(*batched, 1.0, np.full((2, 5), 1e-3))


@pytest.mark.parametrize("kind", [
    int, bool, np.uint8, np.float16, np.longdouble, ">f8", "<f8"])
def test_other_numbers_become_float64(kind):
    array = as_array("x", np.ones(3, kind), shape=("n",))
    assert array.dtype == np.float64 and array.tolist() == [1, 1, 1]


def test_arrays_that_fit_come_back_as_they_are():
    for dtype in (np.float32, np.float64):
        array = np.ones((2, 3), dtype)
        assert as_array("x", array, shape=("n", 3)) is array
        assert fit("x", array, np.dtype(dtype)) is array


@pytest.mark.parametrize("shape, batch, message", [
    ((), False, "expected a number, got shape (2, 3)"),
    (("n",), False, "expected an array of shape (n,), got shape (2, 3)"),
    (("n", 2), False, "expected an array of shape (n, 2), got shape (2, 3) "
                      "(axis -1 is 3, not 2)"),
    ((3,), False, "expected an array of shape (3,), got shape (2, 3)"),
    ((3, "d"), True, "expected an array of shape (..., 3, d), got shape (2, 3) "
                     "(axis -2 is 2, not 3)"),
    (("a", "b", "c"), True, "expected an array of shape (..., a, b, c), "
                            "got shape (2, 3)"),
])
def test_a_wrong_shape_is_described(shape, batch, message):
    with pytest.raises(ValueError) as caught:
        as_array("x", np.ones((2, 3)), shape=shape, batch=batch)
    assert str(caught.value) == f"x: {message}"


@pytest.mark.parametrize("value, batch, error, words", [
    (["a"], True, TypeError, "(..., n), of real numbers, got dtype <U1"),
    (["a"], False, TypeError, "(n,), of real numbers, got dtype <U1"),
    ([[1], [1, 2]], True, ValueError, "(..., n), got rows of unequal length"),
    (np.ones((0, 2)), True, ValueError,
     "(..., n) with no empty axis, got shape (0, 2)"),
])
def test_a_wrong_kind_is_described(value, batch, error, words):
    with pytest.raises(error) as caught:
        as_array("x", value, shape=("n",), batch=batch)
    assert str(caught.value) == f"x: expected an array of shape {words}"
    with pytest.raises(ValueError, match="^x: expected"):
        as_reals("x", np.ones((2, 2)), shape=("n",))


def test_an_empty_axis_is_described():
    with pytest.raises(ValueError) as caught:
        as_array("x", np.ones((2, 0)), shape=("n", "d"))
    assert str(caught.value) == ("x: expected an array of shape (n, d) with "
                                 "no empty axis, got shape (2, 0)")


@pytest.mark.parametrize("value", [
    np.ma.array([1.0]), [np.ma.array([1.0])], ([1.0], [np.ma.masked]),
    [[[np.ma.array(1.0, mask=True)]]],
])
def test_masks_are_found_at_every_depth(value):
    with pytest.raises(TypeError, match="^x: expected .* a masked array; fill"):
        as_reals("x", value, shape=(), batch=True)


def test_one_or_many_numbers_are_described():
    with pytest.raises(TypeError, match="^x: expected a number, or an array, of "
                                        "real numbers, got dtype <U1$"):
        as_array("x", "1", shape=(), batch=True)


def test_lists_of_lists_and_tuples_are_arrays():
    found = as_array("x", [(1, 2), [3, 4]], shape=("n", "d"))
    assert found.tolist() == [[1, 2], [3, 4]]


def test_infinity_passes_as_reals_only():
    assert np.isinf(as_reals("x", np.inf, shape=()))
    with pytest.raises(ValueError, match="^x: expected finite numbers"):
        as_array("x", np.inf, shape=())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_all_finite_is_right_even_if_the_squares_overflow(dtype):
    huge = np.full((4, 5), np.finfo(dtype).max)
    assert all_finite(huge) is True
    for bad in (np.nan, np.inf, -np.inf):
        for array in (huge.copy(), np.zeros((4, 5), dtype)):
            array[2, 3] = bad
            assert all_finite(array) is False
            assert all_finite(array.T[::2, ::-1]) is bool(
                np.isfinite(array.T[::2]).all())


def test_results_leave_through_finite():
    result = np.ones(2)
    assert finite(result, "no") is result
    with pytest.raises(OverflowError, match="^why$"):
        finite(result * np.inf, "why")


def test_fit_refuses_what_the_dtype_cannot_hold():
    assert fit("x", np.array([1e38, 1e-60]), np.float32).dtype == np.float32
    with pytest.raises(ValueError) as caught:
        fit("x", np.array([1.0, -1e39]), np.dtype(np.float32))
    assert str(caught.value) == (
        "x: expected numbers that float32 can hold, got 1e+39")


def test_counts_are_python_ints():
    for kind in (int, np.int8, np.uint8, np.int64, np.uint64):
        assert type(as_count("n", kind(100))) is int
    assert as_count("n", 0) == 0 and as_count("n", 3, least=3) == 3
    assert as_count("n", 2**63 - 1) == 2**63 - 1
    assert as_count("n", 2**99, below=np.inf) == 2**99
    for bad, words in ((2, ">= 3, got 2"), (2**63, "below 9223372036854775808,"
                                            " got one of 64 bits")):
        with pytest.raises(ValueError) as caught:
            as_count("n", bad, least=3)
        assert str(caught.value) == f"n: expected an integer {words}"


def test_arrays_of_counts_do_not_wrap_around():
    found = as_counts("n", np.array([[2**63 - 1, 1]], np.uint64), least=1)
    assert found.dtype == np.int64 and found.tolist() == [[2**63 - 1, 1]]
    with pytest.raises(TypeError) as caught:
        as_counts("n", np.ma.array([1]))
    assert str(caught.value) == (
        "n: expected integers >= 0, got a masked array; fill or drop the "
        "masked entries first")
    assert as_counts("n", 0) == 0 and as_counts("n", np.int8(7)) == 7
    for bad, error in (
            (np.uint64(2**63), ValueError), (2**64, ValueError),
            ([1, 2**70], ValueError), (0, ValueError), ([2, 0], ValueError),
            ([], TypeError), (1.0, TypeError), ([None], TypeError),
            (True, TypeError), ([1, None], TypeError)):
        with pytest.raises(error, match="^n: expected integers >= 1"):
            as_counts("n", bad, least=1)


@pytest.mark.parametrize("value, limits, words", [
    (np.nan, {}, "a finite number, got nan"),
    (np.inf, {}, "a finite number, got inf"),
    (10**400, {}, "a finite number, got inf"),
    (-10**400, {}, "a finite number, got -inf"),
    (Fraction(10**400, 3), {}, "a finite number, got inf"),
    (0, {"above": 0}, "a finite number and > 0, got 0.0"),
    (-1, {"at_least": 0}, "a finite number and >= 0, got -1.0"),
    (1.0, {"above": 0, "below": 1}, "a finite number and > 0 and < 1, got 1.0"),
    (1.5, {"at_most": 1}, "a finite number and <= 1, got 1.5"),
])
def test_numbers_outside_their_limits_are_refused(value, limits, words):
    with pytest.raises(ValueError) as caught:
        as_number("x", value, **limits)
    assert str(caught.value) == f"x: expected {words}"


def test_numbers_at_their_limits_are_floats():
    for value in (0, np.float32(0.5), 1):
        found = as_number("x", value, at_least=0, at_most=1)
        assert type(found) is float and found == value
    assert as_number("x", 0.5, above=0, below=1) == 0.5


@pytest.mark.parametrize("value", [True, np.True_, "1", None, 1j, [1.0]])
def test_numbers_of_a_wrong_kind_are_refused(value):
    with pytest.raises(TypeError, match="^x: expected a finite number, got"):
        as_number("x", value)


def test_batch_axes_are_ints():
    assert as_batch(3) == (3,) and as_batch(()) == ()
    assert as_batch([np.int8(2), 5]) == (2, 5)
    assert as_batch(1) == (1,)
    for bad in (0, (2, -1)):
        with pytest.raises(ValueError, match="^batch: expected an integer >= 1"):
            as_batch(bad)


def test_an_argument_is_given_once_or_once_for_each_task():
    assert as_batched("q", [1.0, 2], batch=(3,), shape=(2,)).shape == (2,)
    assert as_batched("q", np.ones((3, 2)), batch=[3], shape=(2,)).shape == (3, 2)
    for bad, words in ((np.ones((1, 2)), "(2,) or (3, 2), got shape (1, 2)"),
                       (np.ones((2, 3, 2)),
                        "(2,) or (3, 2), got shape (2, 3, 2)")):
        with pytest.raises(ValueError) as caught:
            as_batched("q", bad, batch=(3,), shape=(2,))
        assert str(caught.value) == f"q: expected shape {words}"
    with pytest.raises(ValueError) as caught:
        as_batched("q", [1.0], batch=())
    assert str(caught.value) == "q: expected shape (), got shape (1,)"


def test_a_schedule_comes_back_with_its_loops_first_if_asked():
    steps = np.arange(6.0).reshape(3, 2)
    assert as_steps(steps, batch=(3,)) is steps
    found = as_steps(steps, batch=(3,), dtype=np.dtype(np.float32))
    assert found.dtype == np.float32 and found.tolist() == steps.T.tolist()
    assert as_steps([], batch=(3,)).shape == (0,)
    assert as_steps(np.ones((3, 0)), batch=(3,)).shape == (3, 0)
    assert as_steps([], dtype=np.dtype(np.float32)).dtype == np.float32
    for bad, words in (
            (0.1, "0.1; for a constant step use constant_steps(L, T)"),
            ([[1], [1, 2]], "rows of unequal length")):
        with pytest.raises(ValueError) as caught:
            as_steps(bad)
        assert str(caught.value) == (
            f"steps: expected one step size per loop, shape (T,), got {words}")
    with pytest.raises(ValueError) as caught:
        as_steps(np.ones((2, 0)), batch=(3,))
    assert str(caught.value) == (
        "steps: expected an array of shape (..., T) with no empty axis, "
        "got shape (2, 0)")


@pytest.mark.parametrize("dtype, high, low", [
    (np.float64, 1e150, 1e-150), (np.float32, 1e15, 1e-15)])
def test_examples_have_a_gram_matrix(dtype, high, low):
    assert largest(np.dtype(dtype)) == high
    for size in (high, low, 1.0):
        check_scale("X", np.full((2, 3, 2), size, dtype))
    check_scale("X", np.zeros((3, 2), dtype))
    mixed = np.full((2, 3, 2), 1.0, dtype)
    for size in (1.01 * high, 0.99 * low):
        one = np.zeros((3, 2), dtype)
        one[0, 0] = mixed[1] = size
        for bad in (one, -one, mixed):
            with pytest.raises(ValueError, match="^X: expected a largest entry "
                               f"between {low:.0e} and ") as caught:
                check_scale("X", bad)
            assert str(caught.value) == (
                f"X: expected a largest entry between {low:.0e} and "
                f"{high:.0e} (its Gram matrix must not over- or underflow), "
                f"got {size:.3g}; rescale X")
    pair = np.stack([np.full((3, 2), high, dtype), one])
    with pytest.raises(ValueError, match=f"got {size:.3g}; rescale"):
        check_scale("X", pair)
    # Small entries are small however many there are.
    for shape in ((1, 100), (100, 1), (4, 1, 100)):
        with pytest.raises(ValueError, match="^X: expected a largest entry"):
            check_scale("X", np.full(shape, low / 5, dtype))


def test_what_is_no_generator_is_told_where_to_get_one():
    rng = np.random.default_rng(0)
    assert as_rng(rng) is rng
    for wrong in (0, None, np.random.RandomState(0), np.random):
        with pytest.raises(TypeError) as caught:
            as_rng(wrong)
        assert str(caught.value) == (
            "rng: expected a numpy.random.Generator such as "
            f"numpy.random.default_rng(0), got {wrong!r}")


def test_checks_do_not_depend_on_what_numpy_does_about_floating_errors():
    with np.errstate(all="raise"):
        as_examples([[1.0, 1e-200], [1e-200, 2.0]], [1e-200, 3.0])
        for bad in ([[1e200, 1.0]], [[1e-200, 0.0]], [[np.nan, 0.0]]):
            with pytest.raises(ValueError, match="^X: expected"):
                as_examples(bad, [1.0])
        with pytest.raises(ValueError, match="^x: expected finite"):
            as_array("x", np.longdouble("1e400"), shape=())
        with pytest.raises(ValueError, match="^S: .* inf apart"):
            check_symmetric("S", np.array([[1, 1e308], [-1e308, 1]]))
        with pytest.raises(ValueError, match="^alpha: .* got inf"):
            as_alpha(1e308, np.array([1e100]), np.dtype(float))
        with pytest.raises(ValueError, match="^x: .* float32 can hold"):
            fit("x", np.array([1e300]), np.dtype(np.float32))


def test_labels_are_bounded_and_go_with_the_examples():
    as_examples(X, np.full(6, 1e150))
    with pytest.raises(ValueError, match=r"^y: .* below 1e\+150 .* got 1.01e"):
        as_examples(X, np.array([0, 0, 0, 0, 0, -1.01e150]))
    for bad_X, bad_y, words in (
            (X[0], Y, "X: expected an array of shape (..., n, d), got shape "
                      "(2,)"),
            (X, 1.0, "y: expected an array of shape (..., n), got shape ()"),
            (X, Y[:5], "y: expected shape (6,) to go with X of shape (6, 2), "
                       "got shape (5,)"),
            (X[None], Y, "y: expected shape (1, 6) to go with X of shape "
                         "(1, 6, 2), got shape (6,)")):
        with pytest.raises(ValueError) as caught:
            as_examples(bad_X, bad_y)
        assert str(caught.value) == words


def test_alpha_is_bounded_by_the_labels_of_its_own_task():
    y = np.array([[1e100, 1.0], [1e-100, 0.0]])
    assert as_alpha([1.0, 1e200], y, np.dtype(float)).tolist() == [1, 1e200]
    assert as_alpha([1e49, 1.0], y, np.dtype(float))[0] == 1e49
    assert as_alpha(1e308, 0 * y, np.dtype(float)) == 1e308
    for bad in ([1.01e50, 0], [0, 1.01e250], 1.01e50, -1e60):
        with pytest.raises(ValueError, match=r"^alpha: .* below 1e\+150"):
            as_alpha(bad, y, np.dtype(float))
    ones = np.ones((2, 2), np.float32)
    assert as_alpha(1e15, ones, np.dtype(np.float32)).dtype == np.float32
    with pytest.raises(ValueError, match=r"^alpha: .* below 1e\+15 .* 2e\+15"):
        as_alpha(2e15, ones, np.dtype(np.float32))
    assert as_alpha(2e15, ones, np.dtype(float)) == 2e15
    with pytest.raises(ValueError, match="^alpha: .* that float32 can hold"):
        as_alpha(1e39, 0 * ones, np.dtype(np.float32))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_symmetric_means_symmetric_whatever_the_units(dtype):
    """Rounding passes in every system of units, anything more in none."""
    rng = np.random.default_rng(0)
    units = np.array([1e-9, 1.0, 1e7], dtype)
    F = rng.standard_normal((5, 3, 4)).astype(dtype)
    S = F @ F.swapaxes(1, 2)
    noise = np.triu(rng.uniform(-1, 1, (5, 3, 3)), 1) * np.finfo(dtype).eps
    for scale in (1.0, np.outer(units, units).astype(dtype)):
        check_symmetric("S", ((S + 9 * noise * np.abs(S)) * scale).astype(dtype))
        for i, j in ((0, 1), (0, 2), (2, 1)):
            wrong = S * scale
            wrong[3, i, j] *= dtype(1.1)
            with pytest.raises(ValueError, match="^S: expected symmetric") as e:
                check_symmetric("S", wrong)
            i, j = min(i, j), max(i, j)
            assert f"({i}, {j}) and ({j}, {i}) that are" in str(e.value)


def test_the_first_pair_that_differs_is_named():
    S = np.diag([0.0, 1.0, 4.0, 9.0])
    S[1, 2] = 1e-15  # rounding, beside a row of zeros
    check_symmetric("S", S)
    S[1, 3], S[2, 3] = 0.5, 0.7
    with pytest.raises(ValueError) as caught:
        check_symmetric("S", S)
    assert str(caught.value) == (
        "S: expected symmetric matrices, got entries (1, 3) and (3, 1) that "
        "are 0.5 apart")


def test_a_covariance_has_a_root():
    root = as_covariance_root([[4.0, 2.0], [2.0, 5.0]], 2)
    assert root.tolist() == [[2, 0], [1, 2]]
    with pytest.raises(ValueError, match="positive definite .*eigenvalue -1$"):
        as_covariance_root([[1.0, 2.0], [2.0, 1.0]], 2)
