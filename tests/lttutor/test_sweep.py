"""Sweeps: the same numbers everywhere, nothing lost."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from lttutor.sweep import SweepError, cells, generator_of, sweep

GRID = {"n": [1, 2, 3], "d": [4, 5]}


def draw(n, d, rng):
    """What a cell returns depends on its parameters and its generator."""
    return n * 10 + d + rng.standard_normal()


def tally(n, folder, rng):
    """Leave a mark for each call."""
    with open(f"{folder}/{n}-{time.time_ns()}", "w"):
        return n


def fails(n, rng):
    if n % 2:
        raise ArithmeticError(f"odd: {n}")
    return n


def dies_once(n, folder, rng):
    """The first worker that gets n = 3 is killed."""
    mark = f"{folder}/killed"
    if n == 3 and not os.path.exists(mark):
        open(mark, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def dies(n, rng):
    if n == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def test_the_cells_are_all_combinations_in_order():
    assert cells(GRID) == [
        {"n": n, "d": d} for n in (1, 2, 3) for d in (4, 5)]
    assert cells([{"n": 3}]) == [{"n": 3}]
    assert sweep(draw, {"n": [], "d": [1]}, progress=False) == []


@pytest.mark.parametrize("how", [
    {"jobs": 2}, {"jobs": 2, "backend": "dask"}])
def test_every_backend_gives_the_same_bits(how):
    here = sweep(draw, GRID, progress=False)
    assert sweep(draw, GRID, progress=False, **how) == here
    expected = [draw(**cell, rng=generator_of(cell, 0))
                for cell in cells(GRID)]
    assert here == expected


def test_a_cell_has_the_same_numbers_in_another_grid_and_order():
    here = dict(zip(map(str, cells(GRID)), sweep(draw, GRID, progress=False)))
    part = list(reversed(cells(GRID)))[:3]
    again = sweep(draw, part, progress=False)
    assert again == [here[str(cell)] for cell in part]
    swapped = sweep(draw, {"d": [4], "n": [2]}, progress=False)
    assert swapped == [here[str({"n": 2, "d": 4})]]


def test_cells_and_seeds_have_generators_of_their_own():
    numbers = {generator_of({"n": n}, seed).standard_normal()
               for n in range(20) for seed in range(5)}
    assert len(numbers) == 100


def test_a_running_scheduler_is_used_by_its_address():
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1,
                      dashboard_address=None) as cluster:
        there = sweep(draw, GRID, backend="dask", progress=False,
                      address=cluster.scheduler_address)
    assert there == sweep(draw, GRID, progress=False)


def test_finished_cells_are_kept_and_not_run_again(tmp_path):
    marks, cache = tmp_path / "marks", tmp_path / "cache"
    marks.mkdir()
    for count in (3, 6):
        grid = {"n": list(range(count)), "folder": [str(marks)]}
        assert sweep(tally, grid, jobs=2, cache=cache,
                     progress=False) == list(range(count))
        assert len(list(marks.iterdir())) == count


def test_a_failing_cell_is_named_and_the_others_are_kept(tmp_path):
    with pytest.raises(SweepError) as caught:
        sweep(fails, {"n": range(4)}, jobs=2, progress=False)
    assert caught.value.results == [0, None, 2, None]
    assert [cell for cell, _ in caught.value.failures] == [{"n": 1}, {"n": 3}]
    assert "2 of 4 cells failed" in str(caught.value)
    assert "{'n': 3}: ArithmeticError: odd: 3" in str(caught.value)
    assert "in fails" in caught.value.failures[0][1]


@pytest.mark.parametrize("backend", ["local", "dask"])
def test_a_killed_worker_does_not_lose_the_sweep(backend, tmp_path):
    grid = {"n": list(range(8)), "folder": [str(tmp_path)]}
    assert sweep(dies_once, grid, jobs=2, backend=backend,
                 progress=False) == list(range(8))
    assert (tmp_path / "killed").exists()


def test_a_cell_that_always_kills_its_worker_is_reported(tmp_path):
    with pytest.raises(SweepError) as caught:
        sweep(dies, {"n": [0, 1, 2]}, jobs=2, cache=tmp_path, progress=False)
    assert {"n": 2} in [cell for cell, _ in caught.value.failures]


@pytest.mark.parametrize("change, error, words", [
    ({"jobs": 0}, ValueError, "jobs"), ({"jobs": 1.5}, TypeError, "jobs"),
    ({"seed": -1}, ValueError, "seed"),
    ({"backend": "threads"}, ValueError, "'local' or 'dask'"),
    ({"address": "tcp://x:1"}, ValueError, "address"),
    ({"grid": {"n": 3}}, TypeError, "list of values for 'n'"),
    ({"grid": {"n": "abc"}}, TypeError, "list of values for 'n'"),
    ({"grid": [1, 2]}, TypeError, "a list of dicts"),
])
def test_bad_arguments_are_refused_before_anything_runs(change, error, words):
    arguments = {"grid": GRID, "progress": False} | change
    with pytest.raises(error, match=words):
        sweep(draw, **arguments)


def test_results_are_what_the_function_returned():
    def moments(n, rng):
        return np.full(n, rng.random())

    found = sweep(moments, {"n": [2, 3]}, progress=False)
    assert [len(x) for x in found] == [2, 3]


def test_the_large_sweep_of_the_book_runs_in_two_processes():
    script = Path(__file__).parents[2] / "benchmarks" / "large_sweep.py"
    result = subprocess.run(
        [sys.executable, script, "--prompts", "3", "--jobs", "2"],
        capture_output=True, text=True, check=True)
    assert result.stdout.count("predicted") == 6
