"""Learning the loop: what is trained, on which loss, and what comes out.

    wishart     random second moments, drawn and averaged exactly
    population  the loss of a trained loop and its gradient
    machine     the trained loop itself, layer by layer
    rotation    how the loss bends in skew directions
    run         a training run as a value, and the rules it chooses
    training    training itself

A chapter imports all of these names from here.
"""

from lttutor.learning.machine import trained_predictions
from lttutor.learning.population import loss, loss_and_gradient, prompt_losses
from lttutor.learning.rotation import skew_curvature
from lttutor.learning.run import (
    Training,
    TrainingDiverged,
    adam,
    any_matrix,
    descent,
    symmetric_part,
)
from lttutor.learning.training import resume, train
from lttutor.learning.wishart import (
    optimal_scale,
    scalar_loss,
    second_moments,
    trace_moments,
    trace_products,
)

__all__ = [
    "Training", "TrainingDiverged", "adam", "any_matrix", "descent", "loss",
    "loss_and_gradient", "optimal_scale", "prompt_losses", "resume",
    "scalar_loss", "second_moments", "skew_curvature", "symmetric_part",
    "trace_moments", "trace_products", "train", "trained_predictions",
]
