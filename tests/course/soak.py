"""Three hundred submissions, and a grader that is killed twice.

    python -m tests.course.soak

Right, wrong, mixed, unlucky and hostile notebooks are graded undisturbed,
and again by a grader that is killed without warning: once alone, as the
kernel does where memory runs out, and once with all its processes, as a
power cut does.  Then it is started again.  Nothing may be lost, and each
grade must be the predicted one and the same as without the disturbance.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from course import ROOT, resume
from course.build import build
from course.run import sandbox
from tests.course import answers, dryrun, hostile
from tests.course.watched import EVERY, Cost, left, watched

CASES = [case for case in hostile.CASES
         if case.name != "sleeps_in_every_cell"]  # it would, for 90 seconds
STRIDE = 17  # so that a few submissions are already of many kinds
REPAIRED = [case for case in CASES if case.name in (
    "deleted_test", "every_cell_twice", "cells_in_reverse", "renamed_ids",
    "no_metadata_at_all", "zipped_notebook", "old_format")]
GRADER = """
import sys
from course import resume
from course.grade import grade
from tests.course.dryrun import LIMITS

resume.end_on_signals()
grade(*sys.argv[1:], workers=2, quiet=True, limits=LIMITS)
"""


class Mixed(hostile.Setting):
    """A set whose solution is partly wrong, to be spoiled on top of that."""

    def __init__(self, setting, chosen):
        super().__init__(setting.source, setting.release)
        self.chosen = chosen

    def solved(self, answers=()):
        return super().solved({**self.chosen, **dict(answers)})


def plan(course, assignments, number):
    """In turn a right, a wrong and a mixed submission, and two cases.

    The cases spoil the first set, for which each of them is tested.
    """
    sets = [(hostile.Setting(*(nbformat.read(
        Path(course) / "nbgrader" / step / path.stem / f"{path.stem}.ipynb",
        4) for step in ("source", "release"))), answers.load(path.parent))
        for path in sorted(Path(assignments).glob("ps*/ps*.md"))]
    return [_planned(number, sets) for number in range(number)]


def _planned(number, sets):
    turn, which = divmod(number, 5)
    setting, loaded = sets[turn % len(sets) if which < 3 else 0]
    right = answers.choose(loaded, "right", turn)
    wrong = answers.choose(loaded, "wrong", turn)
    if which == 2:
        wrong = dict(list(wrong.items())[turn % 2::2])
    points = {p.name: 0 if p.name in wrong and which else p.points
              for p in setting.problems}
    if which == 0:
        kind, made = "right", setting.solved(right)
    elif which == 1:
        kind, made = "wrong", setting.solved(wrong)
    elif which == 2:
        kind = "mixed"
        case = REPAIRED[turn % len(REPAIRED)]
        made = case.make(Mixed(setting, {**right, **wrong}))
    else:
        case = CASES[(2 * turn + which) * STRIDE % len(CASES)]
        kind, points = case.name, setting.predicted(case)
        made = case.make(setting)
    student, name = f"student-{number + 1:03d}", setting.name(1).split("-")[0]
    files = {f"{student}/{name}/{Path(path).name}": data
             for path, data in hostile.files(made, student).items()}
    return dryrun.Planned(student, kind, name, files, points)


def run(inbox, out, course, number, kills=()):
    """Grade it all in spite of ``kills``: results, cost and complaints."""
    cost, complaints, known = Cost(), [], {}
    for count, kill in enumerate(kills, 1):
        grader = start(inbox, out, course)
        with watched(grader.pid, cost):
            while len(known) < count * number // (len(kills) + 1) and (
                    grader.poll() is None):
                time.sleep(EVERY)
                known = resume.read(out / "state.json")
        kill(grader.pid, signal.SIGKILL)
        if grader.wait() != -signal.SIGKILL:
            complaints.append("the grader ended before it was killed")
        if list(out.glob("grades.*")) + list(out.glob("report.*")):
            complaints.append("there was a report before all was graded")
        if living := left(grader.pid):
            complaints.append(f"{living} processes outlived the grader")
    grader = start(inbox, out, course)
    with watched(grader.pid, cost):
        if grader.wait():
            return [], cost, [*complaints, "the grader failed"]
    report = json.loads((out / "report.json").read_text())
    complaints += [f"left out: {path}: {why}"
                   for path, why in report["left out"]]
    again = [r["student"] for r in report["results"] if r["seconds"] !=
             known.get(f"{r['set']}/{r['student']}", r)["seconds"]]
    if again:
        complaints.append(f"graded twice: {', '.join(again)}")
    return report["results"], cost, complaints


def start(inbox, out, course):
    """A grader in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", GRADER, str(inbox), str(out), str(course)],
        cwd=ROOT, start_new_session=True)


def amiss(planned, results):
    """What did not come out as predicted, in words."""
    got = {(r["student"], r["set"]): r for r in results}
    for one in planned:
        result = got.pop((one.student, one.problem_set), {"cells": {}})
        graded = result.get("failure") or dryrun.points(result)
        if graded != one.points:
            yield (f"{one.student} ({one.problem_set}, {one.kind}): graded "
                   f"{graded}, predicted {one.points}")
    yield from (f"{who}: not handed in" for who in got)


def timeless(results):
    """The results without what depends on the clock."""
    return [{key: value for key, value in result.items()
             if key not in ("seconds", "peak", "book")} for result in results]


def main(number=300):
    wrong, graded = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("Building the problem sets", flush=True)
        for top in ROOT / "tests/course/data", ROOT / "assignments":
            shutil.copytree(top, folder / "sets", dirs_exist_ok=True)
        build(folder / "sets", folder / "course")
        planned = plan(folder / "course", folder / "sets", number)
        dryrun.hand_in(planned, folder / "inbox")
        for name, kills in (("undisturbed", ()),
                            ("killed twice", (os.kill, os.killpg))):
            results, cost, complaints = run(
                folder / "inbox", folder / name, folder / "course", number,
                kills)
            print(f"{name}: {len(results)} graded in {cost}", flush=True)
            wrong += [f"{name}: {line}" for line in
                      [*complaints, *amiss(planned, results)]]
            graded.append(timeless(results))
    if graded[0] != graded[1]:
        wrong.append("the two runs differ")
    kinds = len({one.kind for one in planned})
    print(f"{kinds} kinds of submissions on {os.cpu_count()} cores, confined "
          f"by {sandbox.confinement()}; {len(wrong) or 'nothing'} amiss",
          *wrong, sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
