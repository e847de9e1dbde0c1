"""The one door that every public function's arguments pass through.

Each checker returns a clean array or number, or raises with a message that
says what was expected and what came.  Nothing is computed before the check,
so a refused call loses nothing.  What is computed leaves through ``finite``.

    arrays   arrays of real numbers, and whether a result is finite
    counts   single values: counts, numbers, axes, generators
    prompts  examples, labels, α, schedules, covariances

All other modules import these names from here.
"""

from lttutor.validation.arrays import (
    all_finite,
    as_array,
    as_batched,
    as_reals,
    finite,
    fit,
    sum_of_squares,
)
from lttutor.validation.counts import (
    as_batch,
    as_count,
    as_counts,
    as_number,
    as_rng,
)
from lttutor.validation.prompts import (
    as_alpha,
    as_covariance_root,
    as_examples,
    as_steps,
    check_scale,
    check_symmetric,
    largest,
)

__all__ = [
    "all_finite", "as_alpha", "as_array", "as_batch", "as_batched",
    "as_count", "as_counts", "as_covariance_root", "as_examples",
    "as_number", "as_reals", "as_rng", "as_steps", "check_scale",
    "check_symmetric", "finite", "fit", "largest", "sum_of_squares",
]
