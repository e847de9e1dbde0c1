"""Bad input is refused by name, nothing is written to, no NaN slips out.

Every public function stands in ``RIGHT`` with one right call.  From the kind
of each argument (count, number, array, generator) follow wrong values that
it must refuse; ``WRONG`` adds those of a function's own.
"""

import copy
import importlib
import inspect
import pkgutil
import re
import warnings
from fractions import Fraction
from pydoc_data import topics

import numpy as np
import pytest
import sympy as sp

import lttutor
from lttutor import (
    attention,
    datatable,
    figures,
    flattening,
    learning,
    loop,
    nonlinear,
    realdata,
    steps,
    symbolic,
    tasks,
    theory,
)
from lttutor import sweep as sweeps
from lttutor.learning.machine import trained_predictions

X = np.array([[1.0, 0.5], [0.2, -1.0], [0.3, 0.7]])
Y = np.array([1.0, -2.0, 0.5])
STEPS = np.array([0.1, 0.2, 0.1])
THETA = np.array([0.6, 0.8])
COVARIANCE = np.array([[2.0, 0.5], [0.5, 1.0]])
MOMENTS = np.array([[[1.0, 0.2], [0.2, 2.0]], [[0.5, 0.0], [0.0, 1.0]]])
A = np.array([[0.3, 0.1], [0.0, 0.2]])
Z = attention.prompt_matrix(X, Y, 1.0)
Q, P = attention.generation_weights(2)
LAYER = dict(Z=Z, Q=Q, P=P, mask=attention.last_row_mask(3))
PROMPT = dict(X=X, y=Y, steps=STEPS)
SPECTRUM = np.array([1.0, 4.0])
TEXT = realdata.encode("the quick brown fox jumps over the lazy dog " * 5)
PROJECTION = np.random.default_rng(0).standard_normal((54, 3))
TABLE = dict(X=np.arange(12.0).reshape(6, 2) % 5, y=np.arange(6.0), n=4)
BLOCKS = symbolic.block_prompt()[0]
WEIGHTS = symbolic.block_weights(1, 0)
RNG = np.random.default_rng(0)
ENTRIES = symbolic.symbolic_prompt(1, 1)[0]
MACHINE = dict(Q=np.eye(2), P=np.diag([1.0, 0]), mask=attention.last_row_mask(1))


def array(*numbers):
    """An array of these numbers; of one, without an axis."""
    return np.array(numbers if len(numbers) > 1 else numbers[0])


def keep(rng):
    return int(rng.integers(9))


RIGHT = {
    attention.prompt_matrix: dict(X=X, y=Y, alpha=array(1.5), q=THETA),
    attention.last_row_mask: dict(n=3),
    attention.linear_attention: LAYER,
    attention.generation_weights: dict(d=2),
    attention.regression_weights: dict(d=2),
    loop.looped_transformer: LAYER | dict(steps=STEPS),
    loop.generate: PROMPT | dict(alpha=array(1.5)),
    loop.predict: PROMPT | dict(x_query=THETA),
    tasks.gaussian_task: dict(n=4, d=2, batch=3, covariance=COVARIANCE,
                              noise=0.1, rng=RNG),
    tasks.spectrum_task: dict(eigenvalues=SPECTRUM, n=4, batch=3, rng=RNG),
    steps.constant_steps: dict(L=array(4.0), T=3),
    steps.optimal_constant_steps: dict(L=array(4.0), mu=array(1.0), T=3),
    steps.chebyshev_steps: dict(L=array(4.0), mu=array(1.0), T=3),
    steps.flattening_steps: dict(kappa=array(10.0), T=3),
    steps.gaussian_steps: dict(n=4, d=2, T=3),
    flattening.all_rows_mask: dict(n=3),
    flattening.moving_weights: dict(d=2, share=0.3),
    flattening.spectrum_map: dict(singular_values=SPECTRUM, steps=STEPS,
                                  share=0.3),
    flattening.flatten: dict(X=X, steps=STEPS, share=0.3),
    flattening.moving_solution: PROMPT | dict(share=0.3),
    flattening.moving_predict: PROMPT | dict(x_query=THETA, share=0.3),
    theory.spectrum: dict(X=X),
    theory.condition_number: dict(X=X),
    theory.marchenko_pastur_condition: dict(ratio=array(0.25)),
    theory.davidson_szarek_condition: dict(n=array(99), d=array(4), delta=0.1),
    theory.examples_needed: dict(d=array(4), kappa=10.0, delta=0.1),
    theory.gaussian_extremes: dict(n=5, d=3, draws=2, rng=RNG),
    theory.typical_condition: dict(n=array(50), d=array(4)),
    theory.residual_polynomial: dict(eigenvalues=SPECTRUM, steps=STEPS),
    theory.exact_error: dict(X=X, theta=THETA, alpha=array(1.5), steps=STEPS),
    theory.loops_to_error: dict(X=X, theta=THETA, step=0.1, epsilon=0.01),
    theory.flattening_bound: dict(kappa=array(10.0), T=array(3)),
    theory.noise_floor: dict(n=array(40), d=array(19), noise=0.5),
    theory.noisy_risk: dict(eigenvalues=SPECTRUM, residual=THETA, noise=0.2,
                            c=THETA),
    theory.ridge_residual: dict(eigenvalues=SPECTRUM, penalty=0.5),
    theory.tight_bound: dict(kappa=array(10.0), T=array(3), rule="optimal"),
    theory.paper_bound: dict(kappa=array(10.0), T=array(3)),
    theory.loops_needed: dict(kappa=array(10.0), epsilon=0.1, rule="paper"),
    theory.rounding_gain: dict(eigenvalues=SPECTRUM, steps=STEPS),
    learning.second_moments: dict(n=5, d=2, covariance=COVARIANCE, batch=3,
                                  rng=RNG),
    learning.prompt_losses: dict(A=A, moments=MOMENTS, loops=2,
                                 covariance=COVARIANCE),
    learning.loss: dict(A=A, moments=MOMENTS, loops=2),
    learning.loss_and_gradient: dict(A=A, moments=MOMENTS, loops=2,
                                     covariance=COVARIANCE),
    learning.trace_products: dict(n=Fraction(5), d=Fraction(2)),
    learning.trace_moments: dict(n=5, d=2, order=3),
    learning.scalar_loss: dict(a=0.5, n=5, d=2, loops=2),
    learning.optimal_scale: dict(n=5, d=2, loops=2),
    learning.skew_curvature: dict(n=Fraction(5), d=Fraction(2), loops=2,
                                  a=Fraction(1, 2)),
    learning.train: dict(n=9, d=2, loops=2, covariance=COVARIANCE, batch=4,
                         iterations=3, step=0.1, start=A, pause_at=2,
                         rng=RNG),
    learning.resume: dict(run=learning.train(
        9, 2, 1, iterations=3, pause_at=1, rng=np.random.default_rng(1))),
    trained_predictions: dict(X=X, y=Y, query=THETA, A=A, loops=2),
    nonlinear.generate_relu: PROMPT | dict(alpha=array(1.5)),
    nonlinear.generate_softmax: PROMPT | dict(alpha=array(1.5),
                                              temperature=0.5),
    nonlinear.generate_softmax_pair: PROMPT | dict(alpha=array(1.5),
                                                   temperature=0.5),
    realdata.encode: dict(text="two words"),
    realdata.read_text: dict(path=topics.__file__),
    realdata.character_features: dict(codes=TEXT, projection=PROJECTION),
    realdata.text_tasks: dict(codes=TEXT, projection=PROJECTION, n=5, tests=2,
                              windows=3, rng=RNG),
    realdata.table_tasks: TABLE | dict(splits=2, rng=RNG),
    sweeps.cells: dict(grid={"n": [1, 2]}),
    sweeps.sweep: dict(function=keep, grid=[{}], jobs=1, progress=False),
    symbolic.symbolic_prompt: dict(n=2, d=2),
    symbolic.symbolic_attention: dict(Z=ENTRIES) | MACHINE,
    symbolic.symbolic_loop: dict(Z=ENTRIES, steps=[1]) | MACHINE,
    symbolic.block_attention: dict(Z=BLOCKS, Q=WEIGHTS, P=WEIGHTS,
                                   mask=[[0, 0], [1, 0]]),
    symbolic.block_loop_once: dict(Z=BLOCKS, eta=sp.Symbol("eta"), Q=WEIGHTS, P=WEIGHTS,
                                   mask=[[0, 0], [1, 0]]),
    symbolic.block_product: dict(A=BLOCKS, B=WEIGHTS),
    figures.shades: dict(color=figures.TRUTH, count=3),
    figures.scientific: dict(value=array(1e-3), digits=2),
    datatable.data_table: dict(columns={"n": [5, 20], "error": [0.1, 1e-9]}),
}
# What a message may call an axis, besides a length.
AXES = {"n", "d", "n + 1", "d + 1", "T", "27 h", "rows", *map(str, range(9)),
        ""}

# Nothing to refuse, or not for readers: parts of other functions.
EXEMPT = """
    diabetes_table english_text block_prompt block_weights use_style
    label_line undrawn touching matrix_picture descent adam symmetric_part any_matrix
    as_layer attend form_of one_by_one outputs value_and_gradient
    generator_state generator_from exact ascending generator_of
    eigenvalues_of as_kappa flattening_loops make_legible no_paler luminance
    zonal_moments amplification safe_step run run_last is_constant doubles
""".split()


def wrong_values(value):
    """(wrong value, error, words of the message) for a right value."""
    if isinstance(value, np.random.Generator):
        return [(seed, TypeError, "numpy.random.Generator")
                for seed in (0, None, np.random.RandomState(0))]
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [(bad, TypeError, "integer") for bad in ("3", 2.5, True, 1j)
                ] + [(-1, ValueError, "integer >="),
                     (10**400, ValueError, "1329 bits")]
    if isinstance(value, float):
        return [(bad, TypeError, "a finite number")
                for bad in ("1", True, 1j, [1.0], np.ma.masked)
                ] + [(bad, ValueError, "a finite number")
                     for bad in (np.nan, -np.inf, 10**400)]
    if isinstance(value, Fraction):
        return [(bad, TypeError, "a Fraction") for bad in (0.5, "5", True)]
    if not isinstance(value, np.ndarray):
        return []
    masked = np.ma.array(value, mask=np.ones(value.shape, bool))
    wrong = [(masked, TypeError, "masked"),
             ([masked, masked], TypeError, "masked"),
             (value.astype(str), TypeError, "expected"),
             (value.astype(complex), TypeError, "expected"),
             ([[1], [1, 2]], ValueError, "unequal length")]
    if value.dtype.kind == "i":
        return wrong + [
            (value + 0.0, TypeError, "integers"),
            (value > 0, TypeError, "integers"),
            (value * 0 - 1, ValueError, "integers >="),
            ([], TypeError, "integers"),
            (np.array([], int), ValueError, "integers >="),
            (value.astype(np.uint64) * 0 + np.uint64(2**63), ValueError,
             "below 2**63"),
            ([10**30], ValueError, "below 2**63"),
        ]
    spoiled = value.copy()
    spoiled.flat[-1] = np.nan
    return wrong + [
        (value.astype(object), TypeError, "dtype object"),
        (spoiled, ValueError, "NaN"),
        (np.zeros((0, *value.shape)), ValueError, "expected"),
    ]


# A function, what is wrong about one call, the error, words of its message.
WRONG = [
    *((function, {name: 0}, ValueError, "an integer >= 1")
      for function, name in (
          (attention.last_row_mask, "n"), (attention.generation_weights, "d"),
          (attention.regression_weights, "d"), (flattening.all_rows_mask, "n"),
          (flattening.moving_weights, "d"), (tasks.gaussian_task, "n"),
          (tasks.gaussian_task, "d"), (steps.gaussian_steps, "n"),
          (steps.gaussian_steps, "d"), (symbolic.symbolic_prompt, "n"),
          (symbolic.symbolic_prompt, "d"), (learning.second_moments, "n"),
          (learning.second_moments, "d"), (learning.scalar_loss, "n"),
          (learning.scalar_loss, "d"), (learning.optimal_scale, "n"),
          (learning.optimal_scale, "d"), (learning.train, "n"),
          (learning.train, "loops"), (learning.train, "iterations"),
          (realdata.text_tasks, "windows"), (realdata.table_tasks, "splits"),
          (sweeps.sweep, "jobs"))),
    (attention.prompt_matrix, dict(alpha=[1.5]), ValueError, "alpha: expected"),
    (attention.prompt_matrix, dict(q=[1.0]), ValueError, "not 2"),
    (attention.prompt_matrix, dict(
        X=X.astype("f4"), y=Y.astype("f4"), alpha=1e39), ValueError,
     "float32 can hold, got 1e+39"),
    (attention.linear_attention, dict(Z=1e150 * Z), OverflowError,
     "Z: the layer's result overflowed"),
    (attention.linear_attention, dict(Q=Q[:2]), ValueError, "Q: expected"),
    (attention.linear_attention, dict(P=P[:, :2]), ValueError, "P: expected"),
    (attention.linear_attention, dict(mask=np.ones((3, 4))), ValueError,
     "mask: expected"),
    (attention.linear_attention, dict(Z=Z.astype("f4"), Q=1e39 * Q),
     ValueError, "Q: expected numbers that float32"),
    (loop.looped_transformer, dict(steps=0.1), ValueError, "constant_steps"),
    (loop.looped_transformer, dict(steps=[1e200, 1e200]), OverflowError,
     "in loop 2 of 2"),
    *((loop.generate, dict(y=bad), ValueError, "y: expected") for bad in (
        1.0, [1.0], np.ones((3, 1)), np.ones(4), np.ones((2, 3)))),
    *((loop.generate, dict(X=bad), ValueError, "X: expected") for bad in (
        1.0, np.ones(3), np.ones((3, 0)), 1e160 * X, 1e-170 * X,
        1e16 * X.astype("f4"))),
    (loop.generate, dict(y=1e151 * Y), ValueError, "entries below 1e+150"),
    *((loop.generate, dict(steps=bad), ValueError, "steps: expected")
      for bad in (0.1, np.ones((2, 2)), np.ones((1, 2)), np.zeros((3, 0)))),
    (loop.generate, dict(steps=np.array([], str)), TypeError, "dtype <U1"),
    (loop.generate, dict(steps=np.array([], complex)), TypeError, "complex"),
    (loop.generate, dict(steps=None), TypeError, "dtype object"),
    *((loop.generate, dict(alpha=bad), ValueError, "alpha: expected")
      for bad in ([1.0], np.ones(3), np.ones((1, 1)), 1e308)),
    (loop.generate, dict(X=X.astype("f4"), y=Y.astype("f4"), alpha=1e20),
     ValueError, "below 1e+15 in size, got 2e+20"),
    (loop.generate, dict(steps=[1e200, 1e200]), OverflowError,
     "in loop 2 of 2"),
    (loop.predict, dict(x_query=1.0), ValueError, "x_query: expected"),
    (loop.predict, dict(x_query=np.ones((1, 2))), ValueError, "x_query"),
    (loop.predict, dict(x_query=[1e308, 1e308], y=9 * Y), OverflowError,
     "x_query: the prediction overflowed"),
    (loop.predict, dict(X=X.astype("f4"), y=Y.astype("f4"),
                        x_query=[1e39, 0]), OverflowError, "for float32"),
    (tasks.gaussian_task, dict(batch=(2, 0)), ValueError, "batch: expected"),
    (tasks.gaussian_task, dict(batch=2.5), TypeError, "batch: expected"),
    (tasks.gaussian_task, dict(noise=-0.1), ValueError, ">= 0"),
    (tasks.gaussian_task, dict(n=99, noise=1e308), OverflowError, "noise"),
    (tasks.gaussian_task, dict(covariance=np.eye(3)), ValueError, "not 2"),
    (tasks.gaussian_task, dict(covariance=[[1e12, 0], [1, 1]]), ValueError,
     "symmetric matrices, got entries (0, 1) and (1, 0) that are 1 apart"),
    (tasks.gaussian_task, dict(covariance=[[1, 1e308], [-1e308, 1]]),
     ValueError, "that are inf apart"),
    (tasks.gaussian_task, dict(covariance=[[1, 2], [2, 1]]), ValueError,
     "positive definite matrix, got smallest eigenvalue -1"),
    *((tasks.spectrum_task, bad, ValueError, "expected") for bad in (
        dict(eigenvalues=[1.0, -1.0]), dict(n=1), dict(eigenvalues=[]),
        dict(eigenvalues=[[1.0]]))),
    (steps.constant_steps, dict(L=0.0), ValueError, "a positive number"),
    (steps.constant_steps, dict(L=1e-310), OverflowError, "L: too small"),
    (steps.optimal_constant_steps, dict(mu=5.0), ValueError, "mu <= L"),
    (steps.optimal_constant_steps, dict(L=[4.0, 5.0]), ValueError, "the shape"),
    (steps.optimal_constant_steps, dict(L=1e-310, mu=1e-310), OverflowError,
     "L: too small"),
    (steps.chebyshev_steps, dict(mu=0.0), ValueError, "a positive number"),
    (steps.chebyshev_steps, dict(L=1e-310, mu=1e-310), OverflowError, "mu"),
    (steps.chebyshev_steps, dict(order="random"), ValueError, "lebedev, leja"),
    (steps.chebyshev_steps, dict(order=None), ValueError, "lebedev, leja"),
    (steps.flattening_steps, dict(kappa=0.5), ValueError, "at least 1"),
    (steps.flattening_steps, dict(kappa=np.inf), ValueError, "infinity"),
    (steps.flattening_steps, dict(T=5000), ValueError, "fewer loops"),
    (steps.flattening_steps, dict(kappa=np.float32(10), T=200), ValueError,
     "fewer loops"),
    (flattening.spectrum_map, dict(steps=[[0.5]]), ValueError, "shape (1,)"),
    (flattening.spectrum_map, dict(steps=[9.0] * 99), OverflowError,
     "overflowed in loop 6"),
    (flattening.spectrum_map, dict(singular_values=[1e3], steps=[1e304]),
     OverflowError, "overflowed in loop 1;"),
    (flattening.spectrum_map, dict(share=0.0, steps=[1e200] * 2),
     OverflowError, "overflowed in loop 2;"),
    (flattening.spectrum_map, dict(
        singular_values=[1e3], steps=[1e308], share=0.0), OverflowError,
     "overflowed in loop 1;"),
    (flattening.flatten, dict(X=1e10 * X, steps=[1e300]), OverflowError,
     "overflowed in loop 1;"),
    (flattening.moving_solution, dict(X=1e10 * X, steps=[0.0, 1e300]),
     OverflowError, "overflowed in loop 2;"),
    (flattening.spectrum_map, dict(
        singular_values=[1e100], steps=[0.0, 1e50]), OverflowError,
     "overflowed in loop 2;"),
    (flattening.flatten, dict(X=[1.0, 2.0]), ValueError, "X: expected"),
    (flattening.flatten, dict(steps=np.ones((3, 4))), ValueError, "steps"),
    (flattening.flatten, dict(steps=[1e6] * 9), OverflowError, "in loop"),
    (flattening.moving_solution, dict(y=[1.0]), ValueError, "y: expected"),
    (flattening.moving_solution, dict(steps=[1e6] * 9), OverflowError, "loop"),
    (flattening.flatten, dict(X=1e160 * X), ValueError, "rescale X"),
    (flattening.moving_predict, dict(
        X=X.astype("f4"), y=Y.astype("f4"), x_query=[1e39, 0]), ValueError,
     "x_query: expected numbers that float32"),
    (flattening.moving_predict, dict(x_query=[1.0]), ValueError, "x_query"),
    (flattening.moving_predict, dict(x_query=[1e308] * 2, y=9 * Y),
     OverflowError, "x_query: the answer overflowed"),
    (theory.spectrum, dict(X=[1.0, 2.0]), ValueError, "X: expected"),
    (theory.spectrum, dict(X=1e160 * X), ValueError, "rescale X"),
    (theory.condition_number, dict(X=1e-170 * X), ValueError, "rescale X"),
    (theory.marchenko_pastur_condition, dict(ratio=-0.1), ValueError, ">= 0"),
    (theory.davidson_szarek_condition, dict(n=0), ValueError, "n: expected"),
    (theory.davidson_szarek_condition, dict(d=0), ValueError, "d: expected"),
    (theory.davidson_szarek_condition, dict(delta=0.0), ValueError, "> 0"),
    (theory.davidson_szarek_condition, dict(delta=1.0), ValueError, "< 1"),
    (theory.examples_needed, dict(d=0), ValueError, "integers >= 1"),
    (theory.examples_needed, dict(d=25 * 10**17, kappa=9.0), ValueError,
     "which takes about 1e+19 examples"),
    (theory.examples_needed, dict(kappa=1.0), ValueError, "> 1"),
    (theory.examples_needed, dict(kappa=1 + 1e-12), ValueError,
     "far enough above 1"),
    (theory.examples_needed, dict(delta=0.0), ValueError, "> 0"),
    (theory.examples_needed, dict(delta=1.0), ValueError, "< 1"),
    (theory.gaussian_extremes, dict(n=2), ValueError, "at least d = 3"),
    (theory.gaussian_extremes, dict(draws=0), ValueError, "draws: expected"),
    (theory.typical_condition, dict(n=4), ValueError, "more than d"),
    (theory.residual_polynomial, dict(eigenvalues=1.0), ValueError, "(..., d)"),
    (theory.residual_polynomial, dict(steps=0.1), ValueError, "steps"),
    (theory.residual_polynomial, dict(steps=[1e200] * 2), OverflowError,
     "in loop 2 of 2"),
    (theory.residual_polynomial, dict(
        eigenvalues=SPECTRUM.astype("f4"), steps=[1e39]), ValueError,
     "float32 can hold"),
    (theory.exact_error, dict(theta=[1.0, 0, 0]), ValueError, "theta"),
    (theory.exact_error, dict(theta=[[1.0], [0.0]]), ValueError, "theta"),
    (theory.exact_error, dict(alpha=[1.0, 2]), ValueError, "alpha"),
    (theory.exact_error, dict(steps=[[0.1], [0.2]]), ValueError, "steps"),
    (theory.exact_error, dict(theta=[1e160, 0]), OverflowError,
     "theta: the error is too large for float64"),
    (theory.exact_error, dict(
        X=X.astype("f4"), theta=THETA.astype("f4"), alpha=1e39), ValueError,
     "alpha: expected numbers that float32"),
    (theory.loops_to_error, dict(step=9.0), ValueError, "at most 2/L"),
    (theory.loops_to_error, dict(step=0.0), ValueError, "> 0"),
    (theory.loops_to_error, dict(epsilon=0.0), ValueError, "> 0"),
    (theory.loops_to_error, dict(theta=[1.0]), ValueError, "theta: expected"),
    (theory.flattening_bound, dict(kappa=0.9), ValueError, "at least 1"),
    (theory.noise_floor, dict(n=18), ValueError, "at least d"),
    (theory.noise_floor, dict(noise=0.0), ValueError, "> 0"),
    (theory.noise_floor, dict(noise=1e200), OverflowError, "the square of"),
    (theory.noisy_risk, dict(eigenvalues=[-1.0, 1]), ValueError, "negative"),
    (theory.noisy_risk, dict(eigenvalues=[0.0, 1]), ValueError,
     "1 where the eigenvalue is 0"),
    (theory.noisy_risk, dict(residual=[1.0]), ValueError, "residual"),
    (theory.noisy_risk, dict(noise=-1.0), ValueError, ">= 0"),
    (theory.noisy_risk, dict(noise=1e200), OverflowError, "the risk is too"),
    (theory.ridge_residual, dict(penalty=0.0), ValueError, "> 0"),
    (theory.ridge_residual, dict(eigenvalues=[-1.0]), ValueError, "negative"),
    *((theory.tight_bound, dict(kappa=bad), ValueError, "at least 1")
      for bad in (0.5, np.nan, -np.inf)),
    (theory.tight_bound, dict(rule="paper"), ValueError, "constant, optimal"),
    (theory.tight_bound, dict(rule="fast"), ValueError, "rule: expected"),
    (theory.paper_bound, dict(T=[1, -1]), ValueError, "T: expected"),
    (theory.loops_needed, dict(epsilon=0.0), ValueError, "epsilon: expected"),
    (theory.loops_needed, dict(kappa=0.9), ValueError, "kappa: expected"),
    (theory.loops_needed, dict(rule=None), ValueError, "rule: expected"),
    (theory.rounding_gain, dict(eigenvalues=1.0), ValueError, "eigenvalues"),
    (learning.second_moments, dict(covariance=1e308 * np.eye(2)),
     OverflowError, "covariance: too large"),
    (learning.prompt_losses, dict(moments=[1e20 * np.eye(2),
                                           [[1, 2], [0, 1]]]), ValueError,
     "symmetric matrices, got entries (0, 1) and (1, 0) that are 2 apart"),
    (learning.prompt_losses, dict(A=np.ones((2, 3))), ValueError, "not 2"),
    (learning.prompt_losses, dict(A=1e200 * A), OverflowError, "beyond 2"),
    (learning.loss, dict(A=np.eye(3)), ValueError, "moments: expected"),
    (learning.loss_and_gradient, dict(A=1e200 * A), OverflowError, "beyond 2"),
    (learning.trace_products, dict(n=np.array(5)), TypeError, "n: expected"),
    (learning.trace_moments, dict(n=np.array(5)), TypeError, "n: expected"),
    (learning.trace_moments, dict(d=0), ValueError, "d: expected"),
    (learning.scalar_loss, dict(n=np.array(100)), TypeError, "n: expected"),
    (learning.scalar_loss, dict(a=1e200), OverflowError, "a: the loss"),
    (learning.optimal_scale, dict(loops=0), ValueError, "loops: expected"),
    (learning.skew_curvature, dict(d=1), ValueError, "at least 2 features"),
    (learning.skew_curvature, dict(n=0), ValueError, "a positive number"),
    (learning.train, dict(optimizer="adam"), TypeError, "such as descent, adam"),
    (learning.train, dict(project=None), TypeError, "such as symmetric_part"),
    (learning.train, dict(step=0.0), ValueError, "step: expected"),
    (learning.train, dict(start=np.eye(3)), ValueError, "start: expected"),
    (learning.train, dict(iterations=1, pause_at=None, step=1.7e308,
                          start=None, covariance=9 * COVARIANCE), learning.TrainingDiverged,
     "smaller step", "A overflowed in iteration 1 of 1 with step 1.7e"),
    (learning.resume, dict(run=None), TypeError, "a Training, got None"),
    (trained_predictions, dict(query=[1.0]), ValueError, "query: expected"),
    (trained_predictions, dict(A=np.eye(3)), ValueError, "A: expected"),
    (nonlinear.generate_relu, dict(alpha=1e308), ValueError, "alpha: expected"),
    (nonlinear.generate_relu, dict(steps=[1e200] * 2), OverflowError,
     "in loop 2 of 2"),
    (nonlinear.generate_softmax, dict(temperature=0.0), ValueError, "> 0"),
    (nonlinear.generate_softmax_pair, dict(temperature=-1.0), ValueError,
     "> 0"),
    (realdata.encode, dict(text=b"bytes"), TypeError, "a str, got bytes"),
    (realdata.read_text, dict(path="/no/such.txt"), OSError, "such.txt",
     r"\[Errno 2\]"),
    (realdata.character_features, dict(codes=TEXT[:2]), ValueError,
     "more than 2 characters"),
    (realdata.character_features, dict(codes=[3, 27, 4]), ValueError,
     "below 27, got 27"),
    (realdata.character_features, dict(codes=TEXT[None]), ValueError,
     "(characters,)"),
    (realdata.character_features, dict(projection=np.ones((26, 2))),
     ValueError, "multiple of 27"),
    (realdata.text_tasks, dict(windows=999), ValueError, "windows: expected"),
    (realdata.table_tasks, dict(n=6), ValueError, "fewer than the 6 rows"),
    (realdata.table_tasks, dict(X=TABLE["X"] * 0 + 0.1), ValueError,
     "column 0 is constant"),
    (realdata.table_tasks, dict(X=TABLE["X"] * [1, 1e200]), ValueError,
     "rescale X"),
    (realdata.table_tasks, dict(X=TABLE["X"] * [1, 1e-200]), ValueError,
     "rescale X"),
    (sweeps.cells, dict(grid={"n": 3}), TypeError, "a list of values"),
    (sweeps.cells, dict(grid={"n": "ab"}), TypeError, "a list of values"),
    (sweeps.cells, dict(grid=3), TypeError, "a dict of lists"),
    (sweeps.cells, dict(grid=[3]), TypeError, "a dict of lists"),
    (sweeps.sweep, dict(function=None), TypeError, "a callable"),
    (sweeps.sweep, dict(backend="cluster"), ValueError, "'local' or 'dask'"),
    (sweeps.sweep, dict(address="tcp://x:1"), ValueError, "backend='dask'"),
    (symbolic.symbolic_attention, dict(Q=np.eye(3)), ValueError, "not 2"),
    (symbolic.symbolic_loop, dict(mask=np.eye(3)), ValueError, "not 2"),
    (symbolic.block_attention, dict(mask=[[0, 0], [0.5, 0]]), ValueError,
     "0 or 1"),
    (symbolic.block_attention, dict(mask=[[0, 0], [2, 0]]), ValueError,
     "0 or 1"),
    (symbolic.block_attention, dict(mask=[[1, 0]]), ValueError, "two rows"),
    (symbolic.block_loop_once, dict(Q=None), ValueError, "two rows"),
    (symbolic.block_product, dict(A=[BLOCKS]), ValueError, "two rows"),
    (figures.shades, dict(count=0), ValueError, "count: expected"),
    (figures.scientific, dict(value=np.nan), ValueError, "NaN"),
    (figures.scientific, dict(value="1"), TypeError, "value: expected"),
    *((datatable.data_table, dict(columns=bad), ValueError, "of one length")
      for bad in ({}, {"n": []}, {"n": range(13)}, {"n": [1], "d": [1, 2]})),
    *((datatable.data_table, dict(columns={"n": bad}), error, "expected",
       r"columns\['n'\]: ") for bad, error in (
           ([np.nan], ValueError), ([np.inf], ValueError), ([1j], TypeError),
           ([None], TypeError), ([[1]], ValueError))),
]

CASES: dict = {function: [] for function in RIGHT}
for function, change, error, words, *start in WRONG:
    names = "|".join(inspect.signature(function).parameters)
    CASES[function].append((
        change, error, words, *(start or [rf"({names})(, \w+)*: "])))
for function, arguments in RIGHT.items():
    for name, value in arguments.items():
        CASES[function] += [({name: bad}, error, words, f"{name}: expected ")
                            for bad, error, words in wrong_values(value)]


def call(function, arguments):
    """The result; no argument may change, no warning may be given."""
    arguments = copy.deepcopy(arguments)
    before = copy.deepcopy(arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", loop.DivergenceWarning)
            return function(**arguments)
    finally:
        for name, value in arguments.items():
            if isinstance(value, np.ndarray):
                for part in np.ma.getdata, np.ma.getmaskarray:
                    np.testing.assert_array_equal(
                        part(value), part(before[name]))
            elif isinstance(value, list):
                assert repr(value) == repr(before[name])


def numbers_in(result):
    """All arrays and floats of a result, one after the other."""
    if isinstance(result, (tuple, list)):
        for part in result:
            yield from numbers_in(part)
    elif isinstance(result, (tasks.Task, realdata.RealTask,
                             learning.Training)):
        yield from numbers_in([*vars(result).values()])
    elif isinstance(result, (float, np.ndarray, np.generic)):
        yield result


def refusal(function, change, error, words, start):
    """None if the call is refused as it should be, or what happened."""
    try:
        result = call(function, RIGHT[function] | change)
    except error as caught:
        said = str(caught)
        axes = re.findall(r"array of shape \((?:\.\.\., )?(.+?),?\)", said)
        known = set(", ".join(axes).split(", ")) <= AXES
        if words.lower() in said.lower() and re.match(start, said) and known:
            return None
        return change, said
    except Exception as caught:
        return change, repr(caught)
    return change, result


@pytest.mark.parametrize("function", RIGHT, ids=lambda f: f.__name__)
def test_bad_input_is_refused_by_name_and_the_right_call_is_not(function):
    result = call(function, RIGHT[function])
    assert all(np.isfinite(found).all() for found in numbers_in(result))
    assert CASES[function]
    found = [refusal(function, *case) for case in CASES[function]]
    assert [wrong for wrong in found if wrong] == []


def test_every_public_function_has_its_cases():
    public = set()
    for found in pkgutil.walk_packages(lttutor.__path__, "lttutor."):
        if "validation" not in found.name:
            module = importlib.import_module(found.name)
            public |= {f for name, f in inspect.getmembers(
                module, inspect.isfunction)
                if f.__module__ == found.name and name[0] != "_"}
    assert {f.__name__ for f in public} - {f.__name__ for f in RIGHT
                                           } == set(EXEMPT)
    assert sum(map(len, CASES.values())) >= 1000


@pytest.mark.parametrize("matrix", [[], [[]], [[1], [1, 2]], [[np.nan]]])
def test_a_picture_shows_a_matrix_and_no_other_thing(matrix):
    with pytest.raises(ValueError, match="^matrix: expected"):
        figures.matrix_picture(None, matrix)
