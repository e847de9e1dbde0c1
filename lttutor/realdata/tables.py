"""Regression tasks from the rows of a table."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from lttutor.realdata.task import RealTask
from lttutor.validation import as_array, as_count, as_rng, check_scale


def diabetes_table() -> tuple[np.ndarray, np.ndarray]:
    """The table of 442 diabetes patients that ships with scikit-learn.

    Ten measurements of a patient (age, sex, body mass index, blood pressure,
    six of blood serum), and the progression of the disease a year later, in
    the units of the table.  Source: Efron, Hastie, Johnstone and Tibshirani,
    Least angle regression, Annals of Statistics 32 (2004).

    Returns
    -------
    X : numpy.ndarray, shape (442, 10)
    y : numpy.ndarray, shape (442,)

    Raises
    ------
    ModuleNotFoundError
        If scikit-learn is not installed.

    Examples
    --------
    >>> X, y = diabetes_table()
    >>> X.shape, int(y.min()), int(y.max())
    ((442, 10), 25, 346)
    """
    # Two of its files are needed; importing all of it would take a second.
    found = find_spec("sklearn")
    if found is None or found.origin is None:
        raise ModuleNotFoundError(
            "diabetes_table: expected scikit-learn to be installed, as its "
            "package holds the table (python -m pip install scikit-learn)")
    data = Path(found.origin).parent / "datasets" / "data"
    return (np.loadtxt(data / "diabetes_data_raw.csv.gz"),
            np.loadtxt(data / "diabetes_target.csv.gz"))


def table_tasks(
    X: ArrayLike, y: ArrayLike, *, n: int, splits: int,
    rng: np.random.Generator,
) -> RealTask:
    """Random splits of a table: n rows are examples, the rest questions.

    Columns are shifted and scaled, and y is shifted, by the means and
    standard deviations of the *examples*, so that no question's row touches
    them.

    Parameters
    ----------
    X : array_like, shape (rows, d)
    y : array_like, shape (rows,)
    n : int
        Examples of a task, at least 2 and fewer than the rows.
    splits : int
        Number of tasks.
    rng : numpy.random.Generator

    Returns
    -------
    RealTask

    Raises
    ------
    TypeError, ValueError
        For a column that is constant among the examples, for numbers whose
        squares over- or underflow, or for arguments of another form.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> task = table_tasks(*diabetes_table(), n=300, splits=5, rng=rng)
    >>> task.X.shape, task.y_test.shape
    ((5, 300, 10), (5, 142))
    """
    X = as_array("X", X, shape=("rows", "d"))
    y = as_array("y", y, shape=(len(X),))
    check_scale("X", X.T[..., None])  # each column in its own units
    check_scale("y", y[:, None])
    n, splits = as_count("n", n, least=2), as_count("splits", splits, least=1)
    if n >= len(X):
        raise ValueError(f"n: expected fewer than the {len(X)} rows, got {n}")
    rng = as_rng(rng)
    order = np.array([rng.permutation(len(X)) for _ in range(splits)])
    rows, labels = X[order], y[order]
    mean = rows[:, :n].mean(axis=1, keepdims=True)
    spread = rows[:, :n].std(axis=1, keepdims=True)
    # A rounded mean leaves a constant column a spread that is not quite 0.
    constant = (rows[:, :n] == rows[:, :1]).all(axis=1)
    if constant.any():
        column = int(np.argwhere(constant)[0][-1])
        raise ValueError(
            f"X: expected columns that vary among the examples, "
            f"column {column} is constant"
        )
    rows = (rows - mean) / spread
    labels = labels - labels[:, :n].mean(axis=1, keepdims=True)
    return RealTask(rows[:, :n], labels[:, :n], rows[:, n:], labels[:, n:])
