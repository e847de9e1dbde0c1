"""``make grade`` as an instructor meets it: again, and after a failure."""

import csv
import json
import os
import shutil
import subprocess
import sys
from itertools import islice
from unittest import mock

import nbformat
import pytest
from nbgrader.api import Gradebook

from course import build, grade, single
from course.run import sandbox
from course.run.sandbox import Limits
from tests.course import hostile


def write(notebook):
    return nbformat.writes(notebook).encode()


@pytest.fixture
def files(setting):
    """Ada solves everything, Bob nothing."""
    return {"ada.ipynb": write(setting.solved()),
            "bob.ipynb": write(setting.release)}


def stamps(batch):
    """When each student's notebook was last graded."""
    return {path.parts[-3]: path.stat().st_mtime_ns
            for path in (batch.out / "autograded").glob("*/*/*.ipynb")}


def column(batch, name="ps0"):
    with open(batch.out / "grades.csv", newline="") as stream:
        return {row["SIS Login ID"]: row[name]
                for row in csv.DictReader(stream)}


def test_only_new_and_changed_submissions_run_again(
        hand_in, small, setting, files, tmp_path):
    first = hand_in(tmp_path, files, small)
    before = stamps(first)
    again = hand_in(tmp_path, {}, small)
    assert stamps(again) == before
    assert again.results == first.results
    better = setting.solved({"ps0-2": "optimal_step = None"})
    third = hand_in(tmp_path, {"bob.ipynb": write(better),
                               "eve.ipynb": b""}, small)
    assert stamps(third)["ada"] == before["ada"]
    assert stamps(third)["bob"] > before["bob"]
    assert column(third) == {"ada": "", "bob": "", "eve": "0"}


def test_a_changed_problem_set_is_graded_again_and_keeps_hand_grades(
        hand_in, small, files, setting, tmp_path):
    first = hand_in(tmp_path, {"ada.ipynb": files["ada.ipynb"]}, small)
    before = stamps(first)
    by_hand(first, "ada", 3.5, "Well argued.")
    copied = tmp_path / "assignments/ps0"
    copied.mkdir(parents=True)
    text = (build.ROOT / "tests/course/data/ps0/ps0.md").read_text()
    (copied / "ps0.md").write_text(text.replace(
        "optimal_step(1, 1) or 0)) == 1",
        "optimal_step(2, 2) or 0)) == 0.5"))
    build.build(copied.parent, tmp_path / "changed")
    second = hand_in(tmp_path, {}, tmp_path / "changed")
    assert stamps(second)["ada"] > before["ada"]
    assert column(second)["ada"] == "8.5"


def by_hand(batch, student, score, comment):
    """What formgrader does when an instructor grades a written answer."""
    with Gradebook(f"sqlite:///{batch.out}/gradebook.db") as book:
        given = book.find_grade("ps0-3", "ps0", "ps0", student)
        given.manual_score, given.needs_manual_grade = score, False
        book.find_comment("ps0-3", "ps0", "ps0",
                          student).manual_comment = comment
        book.db.commit()


def test_points_given_by_hand_reach_csv_and_feedback(
        hand_in, small, files, tmp_path):
    first = hand_in(tmp_path, files, small)
    assert first["ada", "ps0"]["cells"]["ps0-3"]["by hand"]
    assert "5 of 9 points so far" in first.feedback("ada", "ps0")
    assert "not graded yet, of 4" in first.feedback("ada", "ps0")
    before = stamps(first)
    by_hand(first, "ada", 3.5, "Well argued.")
    again = hand_in(tmp_path, {}, small)
    assert stamps(again) == before
    assert column(again)["ada"] == "8.5"
    assert "8.5 of 9 points Handed in" in again.feedback("ada", "ps0")
    assert "3.5 of 4" in again.feedback("ada", "ps0")
    assert "Well argued." in again.feedback("ada", "ps0")


def test_an_interrupted_run_continues_where_it_stopped(
        hand_in, interrupted, small, files, tmp_path):
    with interrupted(lambda graded: islice(graded, 1)):
        hand_in(tmp_path, files, small)
    state = json.loads((tmp_path / "out/state.json").read_text())
    (done,) = state
    batch = hand_in(tmp_path, {}, small)
    assert column(batch) == {"ada": "", "bob": "0"}
    after = json.loads((tmp_path / "out/state.json").read_text())
    assert len(after) == 2
    assert after[done]["seconds"] == state[done]["seconds"]


def dies(out, submission):
    """A stand-in for a grader that one submission brings down."""
    if submission.student == "mallory":
        os._exit(1)
    return single.blank(submission) | {"score": 1.0}


def test_a_worker_that_dies_takes_no_other_submission_with_it(
        hand_in, small, files, tmp_path):
    crowd = {f"s{n}.ipynb": files["bob.ipynb"] for n in range(6)}
    batch = hand_in(tmp_path, crowd | {"mallory.ipynb": b"{}"}, small,
                    work=dies)
    failed = {r["student"] for r in batch.results if "failure" in r}
    assert failed == {"mallory"}
    assert len(batch.results) == 7
    assert "by hand" in batch["mallory", "ps0"]["notes"][0]


@pytest.mark.parametrize(("arguments", "says"), [
    (["", "out"], "say: make grade"), (["inbox", ""], "say: make grade"),
    (["nowhere", "out"], "nowhere: no such folder or zip"),
    (["inbox", "inbox/out"], "must not lie inside"),
    (["inbox", "a[1]"], r"takes \[ \] in the name of a folder"),
    (["inbox", "100%/really?"], "takes % \\? in the name of a folder"),
    (["graded", "out"], "a folder that make grade wrote"),
    (["inbox", "file"], "file: File exists"),
    (["inbox", "out", "--set", "ps9"], "SET=ps9: expected one of ps0"),
    (["inbox", "out", "--roster", "no.csv"], "no.csv: No such file"),
    (["inbox", "out", "--course", "nowhere"], "no course here")],
    ids=lambda value: value if isinstance(value, str) else None)
def test_a_slip_is_answered_in_one_sentence_before_anything_runs(
        arguments, says, small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("inbox", "graded"):
        (tmp_path / folder).mkdir()
    (tmp_path / "graded/state.json").touch()
    (tmp_path / "file").touch()
    if "--course" not in arguments:
        arguments = [*arguments, "--course", str(small)]
    with pytest.raises(SystemExit, match=says):
        grade.main(arguments)
    assert not list(tmp_path.glob("**/grades.csv"))


def finds_no_room(out, submission):
    """A stand-in for a worker that can start no process for one student."""
    if submission.student == "mallory":
        with mock.patch.object(sandbox, "START", "{!r}; raise OSError"):
            return single.grade_one(out, submission, Limits())
    return single.grade_one(out, submission, Limits())


def test_a_failure_of_the_grader_is_no_students_loss(
        hand_in, small, setting, tmp_path):
    untouched = hostile.find(setting.release, "ps0-3").source
    solved = write(setting.solved({"ps0-3": untouched}))
    crowd = {f"{name}.ipynb": solved for name in ("s0", "s1", "s2")}
    batch = hand_in(tmp_path, crowd | {"mallory.ipynb": solved},
                    small, work=finds_no_room)
    failed = {r["student"] for r in batch.results if "failure" in r}
    assert failed == {"mallory"}
    assert column(batch) == {"mallory": "", "s0": "5", "s1": "5", "s2": "5"}
    again = hand_in(tmp_path, {}, small)
    assert column(again)["mallory"] == "5"
    assert not any("failure" in r for r in again.results)


def looks_for_the_student(out, submission):
    """A stand-in that fails where the student is not in the gradebook."""
    with Gradebook(f"sqlite:///{out}/gradebook.db") as book:
        book.find_student(submission.student)
    return single.blank(submission)


def test_students_are_enrolled_before_two_workers_meet_the_same_one(
        hand_in, small, files, tmp_path):
    """Both would create the student, and one would fail for it."""
    batch = hand_in(tmp_path, files, small, work=looks_for_the_student)
    assert [r["student"] for r in batch.results] == ["ada", "bob"]


def nbgrader(folder, *arguments):
    """The command line that a JupyterHub's instructor uses."""
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments], cwd=folder,
        capture_output=True, text=True, timeout=300, check=False)


def test_nbgraders_own_commands_grade_with_the_same_result(
        hand_in, small, files, setting, tmp_path):
    batch = hand_in(tmp_path, files, small)
    folder = batch.out / "submitted/carl/ps0"
    folder.mkdir(parents=True)
    astray = setting.solved()
    astray.cells.reverse()
    nbformat.write(astray, folder / "ps0.ipynb")
    for command in ("autograde", "generate_feedback"):
        done = nbgrader(batch.out, command, "ps0", "--student", "carl")
        assert done.returncode == 0, done.stderr[-3000:]
    with Gradebook(f"sqlite:///{batch.out}/gradebook.db") as book:
        assert book.find_submission("ps0", "carl").score == 5
    assert "stood before its answer" in batch.feedback("carl", "ps0")


def test_the_recipe_for_a_jupyterhub_releases_a_set(small, tmp_path):
    """Without a name of the course, nbgrader would refuse."""
    shutil.copytree(small / "nbgrader", tmp_path / "course")
    (tmp_path / "exchange").mkdir()
    (tmp_path / "exchange").chmod(0o777)
    done = nbgrader(tmp_path / "course", "release_assignment", "ps0",
                    f"--Exchange.root={tmp_path}/exchange")
    assert done.returncode == 0, done.stderr[-3000:]
    assert list((tmp_path / "exchange").glob("*/outbound/ps0/ps0.ipynb"))


def test_plain_nbgrader_without_this_kit_agrees(
        small, files, setting, tmp_path):
    for name in ("source", "release"):
        (tmp_path / name).symlink_to(small / "nbgrader" / name)
    (tmp_path / "gradebook.db").write_bytes(
        (small / "nbgrader/gradebook.db").read_bytes())
    for student, data in files.items():
        folder = tmp_path / "submitted" / student.split(".")[0] / "ps0"
        folder.mkdir(parents=True)
        (folder / "ps0.ipynb").write_bytes(data)
    done = nbgrader(tmp_path, "autograde", "ps0")
    assert done.returncode == 0, done.stderr[-3000:]
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as book:
        assert book.find_submission("ps0", "ada").score == 5
        assert book.find_submission("ps0", "bob").score == 0
