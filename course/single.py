"""Grades one submission, in a worker process of ``make grade``."""

import faulthandler
import logging
import os
import resource
import shutil
import time
import traceback
from pathlib import Path

import nbformat
from nbgrader.converters import Autograde

from course import resume
from course.inbox.files import read
from course.inbox.mend import mend
from course.report.gradebook import convert, write_feedback
from course.report.plugins import notes_path

GRACE = 300  # seconds for our own work on one submission
MEMORY = 6 * 2**30  # bytes of a worker, whatever a student's value needs


def start_worker(level):
    """Say what need not be tried again, and bound the worker's memory and
    its life."""
    resume.end_with_the_grader()
    os.environ.update({f"{name}_NUM_THREADS": "1" for name in
                       ("OMP", "OPENBLAS", "MKL")}, MPLBACKEND="Agg",
                      COURSE_SANDBOX=level)
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def grade_one(out, submission, limits):
    """Grade one submission; never raises."""
    start = time.monotonic()
    # A value can keep Python busy where no signal is heard: then the worker
    # ends, and `course.grade` finds out which submission it was.
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(limits.total + GRACE, exit=True,
                                          file=nowhere)
        result = _grade(Path(out), submission, limits)
        faulthandler.cancel_dump_traceback_later()
    result["seconds"] = round(time.monotonic() - start, 2)
    return result


def _grade(out, submission, limits):
    try:
        write_submission(out, submission)
        return blank(submission) | autograde(out, submission, limits)
    except Exception:
        return blank(submission, traceback.format_exc(limit=-3))


def blank(submission, failure=""):
    """The result of a submission that has not been, or cannot be, graded."""
    result = {"student": submission.student, "title": submission.title,
              "lms": submission.lms, "set": submission.problem_set,
              "file": str(submission.file.path), "notes": [],
              "score": 0.0, "cells": {}}
    if failure:
        result |= {"failure": failure, "score": None}
        result["notes"] = ["The grader failed here; grade it by hand."]
    return result


def write_submission(out, submission):
    """Put what was handed in where nbgrader looks for it."""
    name = submission.problem_set
    release = nbformat.read(out / "release" / name / f"{name}.ipynb", 4)
    notebook, failure = read(submission.file)
    notes = list(submission.notes)
    if notebook is None:
        notes.append(f"{failure}, so there was nothing to grade.")
        notebook = release
    else:
        notebook, more = mend(notebook, release)
        notes += more
    path = notes_path(out, name, submission.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    resume.write(path, notes)
    folder = out / "submitted" / submission.student / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")


def autograde(out, submission, limits):
    """nbgrader's autograde and feedback; points and reasons by cell."""
    name, student = submission.problem_set, submission.student
    convert(Autograde, out, name, student, limits.config())
    write_feedback(out, name, student)
    path = out / "autograded" / student / name / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cells = {}
    for cell in notebook.cells:
        grader = cell.metadata.get("nbgrader", {})
        if grader.get("grade"):
            said = [output.traceback for output in cell.get("outputs", [])
                    if output.output_type == "error"]
            cells[grader["grade_id"]] = {
                "max": grader["points"],
                "says": "\n".join(said[0]) if said else ""}
    return {"cells": cells, "notes": notebook.metadata["course_notes"],
            "peak": notebook.metadata["course_peak"]}
