"""A failure of the grader is never taken for one of the student's."""

import pytest

from course.run import candidate as module
from course.run.candidate import Candidate
from course.run.referee import run_test
from course.run.sandbox import Broken, Limits
from course.sets.problems import Problem


def no_room(kit, limits, level):
    """A stand-in for a machine that can start no more processes."""
    raise Broken("no process for a student")


@pytest.fixture
def candidate(monkeypatch):
    monkeypatch.setattr(module, "Confined", no_room)
    return Candidate("kit", Limits(), ())


def test_a_cell_that_could_not_be_run_is_not_the_students_error(candidate):
    with pytest.raises(Broken):
        candidate.run("cell", "1")


def test_a_test_that_could_not_be_run_costs_no_points(candidate):
    with pytest.raises(Broken):
        run_test(Problem("p", ("f",), "assert f", 1.0), {}, candidate, None)


def test_a_given_cell_that_takes_long_on_a_busy_machine_is_not_stopped(
        confined, tmp_path):
    """It is ours: the time for one cell is for what the student wrote."""
    tmp_path.chmod(0o755)
    long = "total = 0\nfor k in range(3_000_000):\n    total += k"
    patient = Candidate(tmp_path, Limits(cell=0.05), [("setup", long)])
    assert patient.run("cell", "print(total)") == ("4499998500000\n", None)
    printed, error = patient.run("cell", long)
    patient.close()
    assert printed == "" and "endless loop" in error["message"]
