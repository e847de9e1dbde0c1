"""What a task from real data consists of."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RealTask:
    """Examples with their labels, and questions with the right answers.

    Attributes
    ----------
    X : numpy.ndarray, shape (tasks, n, d)
    y : numpy.ndarray, shape (tasks, n) or (tasks, n, labels)
    X_test : numpy.ndarray, shape (tasks, m, d)
    y_test : numpy.ndarray, shape (tasks, m) or (tasks, m, labels)
    """

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
