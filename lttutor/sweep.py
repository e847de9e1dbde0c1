"""Run one function on every cell of a grid: here, or on a cluster.

joblib does the work, with its own processes or on ``dask.distributed``.
A cell's random numbers come from the sweep's seed and the cell's own
parameters, so that backend, order, number of workers and the rest of the
grid change nothing.

A cell costs about 0.01 ms beside its own work, half a millisecond with a
cache or on a cluster; make cells that are longer than that.  A hundred
thousand of 0.4 ms take 40 s on one core: ``benchmarks/large_sweep.py``.
"""

import contextlib
import hashlib
import itertools
import traceback
from collections.abc import Callable
from os import PathLike

import numpy as np
from joblib import Memory, Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import BrokenProcessPool
from tqdm import tqdm

from lttutor.validation import as_count

# How often the cells that are left are tried again after a worker died.
ATTEMPTS = 3


class SweepError(RuntimeError):
    """Some cells failed.

    Attributes
    ----------
    failures : list of (dict, str)
        The parameters of each failed cell, and its traceback.
    results : list
        All results in the order of ``cells(grid)``; None where one failed.
    """

    def __init__(self, failures, results):
        lines = [f"{len(failures)} of {len(results)} cells failed"]
        lines += [f"{cell}: {words.strip().splitlines()[-1]}"
                  for cell, words in failures[:5]]
        if len(failures) > 5:
            lines.append(f"and {len(failures) - 5} more (see .failures)")
        super().__init__("\n  ".join(lines))
        self.failures, self.results = failures, results


def cells(grid: dict | list[dict]) -> list[dict]:
    """The cells of a grid: every combination, the last name fastest.

    Parameters
    ----------
    grid : dict of str to list, or list of dict
        Values for each parameter; or the cells themselves.

    Returns
    -------
    list of dict

    Examples
    --------
    >>> cells({"n": [8, 16], "d": [4]})
    [{'n': 8, 'd': 4}, {'n': 16, 'd': 4}]
    """
    if isinstance(grid, dict):
        for name, values in grid.items():
            if isinstance(values, str) or not np.iterable(values):
                raise TypeError(
                    f"grid: expected a list of values for {name!r}, "
                    f"got {values!r}")
        return [dict(zip(grid, values, strict=True))
                for values in itertools.product(*grid.values())]
    found = list(grid) if np.iterable(grid) else [grid]
    if not all(isinstance(cell, dict) for cell in found):
        raise TypeError("grid: expected a dict of lists, or a list of dicts")
    return found


def sweep(
    function: Callable, grid: dict | list[dict], *, jobs: int = 1,
    seed: int = 0, cache: str | PathLike[str] | None = None,
    backend: str = "local", address: str | None = None, progress: bool = True,
) -> list:
    """Call ``function(rng=..., **cell)`` for every cell of a grid.

    Parameters
    ----------
    function : callable
        Takes the cell's parameters and ``rng``, a
        ``numpy.random.Generator``, as keywords.
    grid : dict of str to list, or list of dict
        See ``cells``.  Parameters must have a ``repr`` that tells them
        apart: numbers, strings, tuples of these.
    jobs : int
        Number of processes, at least 1.
    seed : int
        Decides all random numbers, together with each cell's parameters.
    cache : path, optional
        A folder in which finished cells are kept (by ``joblib.Memory``): a
        sweep that was interrupted goes on where it stopped, and a changed
        function starts anew.  Workers of a cluster must see the folder.
    backend : {"local", "dask"}
        Processes of this machine, or ``dask.distributed``.
    address : str, optional
        A running Dask scheduler, "tcp://host:8786"; without it, "dask"
        starts a cluster of ``jobs`` workers here.
    progress : bool
        Whether to show a progress bar on stderr.

    Returns
    -------
    list
        What the function returned, in the order of ``cells(grid)``.

    Raises
    ------
    SweepError
        After all cells were tried, if some failed.  A worker that is killed
        is replaced, and its cells run again, three times at the most.
    TypeError, ValueError
        For arguments of another form.

    Examples
    --------
    >>> def total(n, rng):
    ...     return n + int(rng.integers(1))
    >>> sweep(total, {"n": [1, 2, 3]}, progress=False)
    [1, 2, 3]
    """
    if not callable(function):
        raise TypeError(f"function: expected a callable, got {function!r}")
    todo = cells(grid)
    jobs = as_count("jobs", jobs, least=1)
    seed = as_count("seed", seed, below=float("inf"))
    if backend not in ("local", "dask"):
        raise ValueError(
            f"backend: expected 'local' or 'dask', got {backend!r}")
    if address is not None and backend != "dask":
        raise ValueError("address: only backend='dask' takes one")
    call = function if cache is None else Memory(
        cache, verbose=0).cache(function)
    outcomes = {}
    with (_workers(backend, address, jobs),
          tqdm(total=len(todo), disable=not progress, unit="cell") as bar):
        for attempt in range(1, ATTEMPTS + 1):
            left = [i for i in range(len(todo)) if i not in outcomes]
            work = (delayed(_run)(call, i, todo[i], seed) for i in left)
            try:
                for index, *outcome in Parallel(
                        n_jobs=jobs, return_as="generator_unordered")(work):
                    outcomes[index] = outcome
                    bar.update()
                break
            except BrokenProcessPool as error:
                if attempt == ATTEMPTS:
                    for index in left:
                        outcomes.setdefault(index, (None, repr(error)))
    results = [outcomes[i][0] for i in range(len(todo))]
    failures = [(todo[i], words) for i, (_, words) in sorted(outcomes.items())
                if words]
    if failures:
        raise SweepError(failures, results)
    return results


def generator_of(cell: dict, seed: int) -> np.random.Generator:
    """The random generator of one cell, whatever grid it stands in."""
    words = repr((seed, sorted(cell.items()))).encode()
    digest = hashlib.sha256(words).digest()
    return np.random.default_rng(np.frombuffer(digest, np.uint32))


def _run(call, index, cell, seed):
    """One cell: its index, and its result or its traceback."""
    try:
        return index, call(**cell, rng=generator_of(cell, seed)), None
    except Exception:  # noqa: BLE001, whatever a cell does is reported
        return index, None, traceback.format_exc()


@contextlib.contextmanager
def _workers(backend, address, jobs):
    if backend == "local":
        yield
        return
    from distributed import Client

    local = {} if address else {
        "n_workers": jobs, "threads_per_worker": 1, "dashboard_address": None}
    with Client(address, **local), parallel_config("dask"):
        yield
