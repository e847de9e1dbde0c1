"""The grader may end at any moment: nothing is lost, nothing lives on."""

import json
import os
import signal
import subprocess
import sys
import time

import nbformat
import pytest

from course import ROOT, grade, resume
from tests.course import dryrun, soak
from tests.course.conftest import DATA
from tests.course.watched import left


def write(notebook):
    return nbformat.writes(notebook).encode()


def test_a_killed_grader_loses_nothing_and_grades_nothing_twice(
        confined, small, tmp_path):
    planned = soak.plan(small, DATA, 8)
    dryrun.hand_in(planned, tmp_path / "inbox")
    results, cost, complaints = soak.run(
        tmp_path / "inbox", tmp_path / "out", small, 8, [os.kill])
    assert complaints == []
    assert list(soak.amiss(planned, results)) == []
    assert cost.largest > 50e6 < cost.together
    assert 0 < cost.computing < 2 * os.cpu_count() * cost.seconds


def test_the_soak_has_every_kind_and_names_what_is_amiss(course):
    folder = course.parent / "assignments"
    planned = soak.plan(course, folder, 300)
    assert len({one.student for one in planned}) == 300
    assert {one.kind for one in planned} == {
        "right", "wrong", "mixed", *(case.name for case in soak.CASES)}
    sets = {path.stem for path in folder.glob("ps*/ps*.md")}
    for kind in ("right", "wrong", "mixed"):
        mine = [one for one in planned if one.kind == kind]
        assert {one.problem_set for one in mine} == sets
        assert any(any(one.points.values()) for one in mine) == (
            kind != "wrong")
        assert any(0 in one.points.values() for one in mine) == (
            kind != "right")
    results = [{"student": one.student, "set": one.problem_set, "cells": {
        f"{key}-test": {"score": points} for key, points
        in one.points.items()}} for one in planned]
    assert list(soak.amiss(planned, results)) == []
    (lost,) = soak.amiss(planned, results[1:])
    assert lost.startswith("student-001 (ps0, right): graded {}, predicted")
    results[0]["cells"]["ps0-1-test"]["score"] -= 1
    results[7]["failure"] = "its worker died"
    assert [line.split()[0] for line in soak.amiss(planned, results)] == [
        "student-001", "student-008"]


def test_ctrl_c_ends_the_grader_at_once_and_in_a_sentence(
        small, setting, tmp_path):
    for name in "abcdef":
        (tmp_path / f"inbox/{name}.ipynb").parent.mkdir(exist_ok=True)
        (tmp_path / f"inbox/{name}.ipynb").write_bytes(
            write(setting.solved()))
    grader = subprocess.Popen(
        [sys.executable, "-m", "course.grade", tmp_path / "inbox",
         tmp_path / "out", "--course", small, "--unconfined"], cwd=ROOT,
        start_new_session=True, stderr=subprocess.PIPE)
    while not resume.read(tmp_path / "out/state.json"):
        assert grader.poll() is None
        time.sleep(0.05)
    pressed = time.monotonic()
    os.killpg(grader.pid, signal.SIGINT)
    _, said = grader.communicate(timeout=60)
    assert time.monotonic() - pressed < 5
    assert grader.returncode == -signal.SIGINT
    assert said.splitlines()[-1] == (
        b"Stopped. What is graded is kept: say `make grade` again to go on.")
    assert b"Traceback" not in said
    assert left(grader.pid) == 0
    assert 0 < len(resume.read(tmp_path / "out/state.json")) < 6
    assert not (tmp_path / "out/grades.csv").exists()


def test_a_second_grader_in_the_same_folder_is_refused(small, tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "out").mkdir()
    resume.alone(tmp_path / "out")
    with pytest.raises(SystemExit, match="another make grade is at work"):
        grade.main([str(tmp_path / "inbox"), str(tmp_path / "out"),
                    "--course", str(small)])
    assert list((tmp_path / "out").iterdir()) == []


def test_points_of_a_version_taken_back_do_not_stay(
        hand_in, interrupted, small, setting, tmp_path):
    """The better version was graded, but the run ended before it was noted."""
    worse = {"bob.ipynb": write(setting.release)}
    assert hand_in(tmp_path, worse, small).points("bob", "ps0") == {
        "ps0-1": 0, "ps0-2": 0}
    with interrupted(lambda graded: list(graded)[1:]):
        hand_in(tmp_path, {"bob.ipynb": write(setting.solved())}, small)
    assert hand_in(tmp_path, worse, small).points("bob", "ps0") == {
        "ps0-1": 0, "ps0-2": 0}


DAMAGED = [b"", b'{"ps0/ada": {"sco', b"[]", b"null", b"\xff\xfe"]


@pytest.mark.parametrize("data", DAMAGED)
def test_a_file_that_cannot_be_read_counts_as_absent(data, tmp_path):
    assert resume.read(tmp_path / "state.json") == {}
    (tmp_path / "state.json").write_bytes(data)
    assert resume.read(tmp_path / "state.json") == {}


def test_a_run_whose_memory_was_damaged_grades_again_and_the_same(
        hand_in, small, setting, tmp_path):
    first = hand_in(tmp_path, {"ada.ipynb": write(setting.solved())}, small)
    for name, data in zip(("state.json", "course.json"), DAMAGED):
        (first.out / name).write_bytes(data)
    again = hand_in(tmp_path, {}, small)
    assert again.points("ada", "ps0") == first.points("ada", "ps0")
    assert json.loads((first.out / "state.json").read_text())


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    resume.write(tmp_path / "state.json", {"old": 1})
    with pytest.raises(TypeError):
        resume.write(tmp_path / "state.json", {"new": object()})
    assert resume.read(tmp_path / "state.json") == {"old": 1}
