"""How fast the loop is: in theory, and for Gaussian prompts.

    conditioning  the spectrum of XᵀX, and what it is for Gaussian X
    dimension     the same for d up to the millions
    rates         what a condition number alone guarantees
    flattening    the same for the machine whose examples move
    errors        the exact error of a given prompt
    noise         what noisy labels do to it
    rounding      what rounding does to it

A chapter imports all of these names from here.
"""

from lttutor.theory.conditioning import (
    condition_number,
    davidson_szarek_condition,
    examples_needed,
    marchenko_pastur_condition,
    spectrum,
)
from lttutor.theory.dimension import gaussian_extremes, typical_condition
from lttutor.theory.errors import (
    exact_error,
    loops_to_error,
    residual_polynomial,
)
from lttutor.theory.flattening import flattening_bound
from lttutor.theory.noise import noise_floor, noisy_risk, ridge_residual
from lttutor.theory.rates import loops_needed, paper_bound, tight_bound
from lttutor.theory.rounding import rounding_gain

__all__ = [
    "condition_number", "davidson_szarek_condition", "exact_error",
    "examples_needed", "flattening_bound", "gaussian_extremes", "loops_needed",
    "loops_to_error", "marchenko_pastur_condition", "noise_floor",
    "noisy_risk", "paper_bound", "residual_polynomial", "ridge_residual",
    "rounding_gain", "spectrum", "tight_bound", "typical_condition",
]
