"""Thirty submissions whose grades are known beforehand, graded at once.

    python -m tests.course.dryrun

Right, wrong, unlucky and hostile notebooks for all the problem sets of the
course go through ``make grade``; every problem's points are compared with
the prediction.  The table says what each was, and what it cost.
"""

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course import ROOT, grade
from course.build import build
from course.run import sandbox
from tests.course import answers, hostile
from tests.course.watched import Cost, watched

LIMITS = sandbox.Limits(cell=5, call=5, total=90)
HOSTILE = (
    "deleted_answer", "every_cell_twice", "cells_in_reverse", "renamed_ids",
    "syntax_error", "endless_loop_in_a_cell", "endless_loop_that_resists",
    "system_exit", "huge_output", "overwrites_the_checks",
    "overwrites_the_package", "searches_the_disk_for_the_tests",
    "asks_the_network", "wrong_language", "picture", "empty_file",
    "two_submissions")


@dataclass(frozen=True)
class Planned:
    """One submission: who, what, the files, and the points it must get."""

    student: str
    kind: str
    problem_set: str
    files: dict
    points: dict
    says: tuple = ()


def plan(course, assignments):
    """Six right, seven wrong and seventeen hostile submissions."""
    names = sorted(path.stem for path in Path(assignments).glob("ps*/ps*.md"))
    sets = [(name, hostile.Setting(*(nbformat.read(
        Path(course) / "nbgrader" / step / name / f"{name}.ipynb", 4)
        for step in ("source", "release")))) for name in names]
    loaded = {name: answers.load(Path(assignments) / name) for name in names}
    cases = {case.name: case for case in hostile.CASES}
    planned = []
    for number in range(30):
        name, setting = sets[number % len(sets)]
        student = f"student-{number + 1:02d}"
        full = {p.name: p.points for p in setting.problems}
        says = ()
        if number < 6:
            kind, points = "right", full
            made = setting.solved(answers.choose(
                loaded[name], "right", number // 4))
        elif number < 13:
            kind = "wrong"
            chosen = answers.choose(loaded[name], kind, number // 4)
            for problem in list(chosen)[number % 3::3]:
                del chosen[problem]  # solved, so that some points are left
            points = {key: 0 if key in chosen else full[key] for key in full}
            made = setting.solved(chosen)
        else:
            case = cases[HOSTILE[number - 13]]
            kind, says = case.name, case.says
            points, made = setting.predicted(case), case.make(setting)
        files = hostile.files(made, student)
        if number < 13 or len(files) == 1:
            files = {_with_set(path, student, name): data
                     for path, data in files.items()}
        planned.append(Planned(student, kind, name, files, points, says))
    return planned


def _with_set(path, student, name):
    return f"{student}/{name}{Path(path).suffix}"


def hand_in(planned, inbox):
    """Write the files of all submissions into a folder."""
    for submission in planned:
        for name, data in submission.files.items():
            path = Path(inbox) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def points(result):
    """What the machine gave, by problem."""
    return {key.removesuffix("-test"): cell["score"]
            for key, cell in result["cells"].items()
            if key.endswith("-test")}


def run(folder, course, assignments):
    """Grade the thirty; rows of the table, and seconds in all."""
    planned = plan(course, assignments)
    inbox = Path(folder) / "submissions"
    hand_in(planned, inbox)
    start = time.monotonic()
    results, stray, _ = grade.grade(inbox, Path(folder) / "graded", course,
                                    limits=LIMITS)
    seconds = time.monotonic() - start
    got = {(r["student"], r["set"]): r for r in results}
    rows = []
    for one in planned:
        result = got.get((one.student, one.problem_set), {"cells": {}})
        rows.append((one, points(result), result))
    return rows, stray, seconds


def main():
    assignments = ROOT / "assignments"
    with tempfile.TemporaryDirectory() as folder:
        print("Building the problem sets")
        course = Path(folder) / "course"
        build(assignments, course)
        with watched(os.getpid(), Cost()) as cost:
            rows, stray, seconds = run(folder, course, assignments)
    wrong = len(stray)
    print(f"{'submission':33} {'set':4} {'predicted':>9} {'graded':>7} "
          f"{'seconds':>7} {'MB':>5}")
    for one, points, result in rows:
        as_predicted = points == one.points and "failure" not in result
        wrong += not as_predicted
        print(f"{one.kind:33} {one.problem_set:4} "
              f"{sum(one.points.values()):9g} {sum(points.values()):7g} "
              f"{result.get('seconds', 0):7.1f} "
              f"{result.get('peak', 0) / 2**20:5.0f}"
              f"{'' if as_predicted else '   NOT AS PREDICTED'}")
    print(f"{len(rows)} submissions in {seconds:.0f} s on "
          f"{os.cpu_count()} cores; {wrong} not as predicted; largest "
          f"process of the grader {cost.largest / 2**20:.0f} MB; confined "
          f"by {sandbox.confinement()}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
