"""The nbgrader course behind ``make course`` and ``make grade``.

nbgrader takes seconds to import; what can do without it does not come here.
"""

import contextlib
import logging
from hashlib import sha256
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from course import ROOT
from course.report.plugins import configure
from course.run.referee import OutOfTime, time_limit

FEEDBACK_SECONDS = 30
CONFIG = '''"""nbgrader's settings for this course; run nbgrader from here."""

import sys

sys.path.insert(0, {root!r})
from course.report.plugins import configure  # noqa: E402

configure(get_config())  # noqa: F821
'''


def write_config(folder):
    """Make a folder an nbgrader course with the kit's settings."""
    text = CONFIG.format(root=str(ROOT))
    (Path(folder) / "nbgrader_config.py").write_text(text)


def settings(folder):
    """nbgrader's configuration for the course in ``folder``."""
    config = Config()
    config.CourseDirectory.root = str(Path(folder).resolve())
    configure(config)
    path = Path(folder).resolve() / "gradebook.db"
    config.CourseDirectory.db_url = f"sqlite:///{path}?timeout=60"
    return config


def set_up(course, name, notebook):
    """Let nbgrader make the release and enter the cells in a gradebook."""
    source = course / "source" / name
    source.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, source / f"{name}.ipynb")
    config = settings(course)
    config.CourseDirectory.assignment_id = name
    folder = CourseDirectory(config=config)
    maker = GenerateAssignment(coursedir=folder, config=config)
    maker.force = True
    maker.log.setLevel(logging.ERROR)
    logging.basicConfig(level=logging.ERROR)
    maker.start()


def enroll(out, students):
    """Enter the students in the gradebook, before two workers try to."""
    with Gradebook(settings(out).CourseDirectory.db_url) as book:
        for student in sorted(students):
            book.update_or_create_student(student)


def convert(converter, out, name, student, extra=None):
    """Run one of nbgrader's converters for one student, quietly."""
    config = settings(out)
    config.merge(Config(extra or {}))
    config.CourseDirectory.assignment_id = name
    config.CourseDirectory.student_id = student
    folder = CourseDirectory(config=config)
    job = converter(coursedir=folder, config=config)
    job.force = True
    with contextlib.redirect_stderr(None):
        job.start()


def write_feedback(out, name, student):
    """The page that a student gets, unformatted if it must be."""
    try:
        with time_limit(FEEDBACK_SECONDS):
            convert(GenerateFeedback, out, name, student)
    except (Exception, OutOfTime):  # text that cannot be rendered
        convert(GenerateFeedback, out, name, student,
                {"Show": {"bare": True}})


def refresh(out, results):
    """Take the scores from the gradebook, those given by hand too.

    Feedback is written again where a grader has changed a score or comment
    since it was written.
    """
    config = settings(out)
    with Gradebook(config.CourseDirectory.db_url) as book:
        for result in results:
            if "failure" in result:
                continue
            try:
                submission = book.find_submission(result["set"],
                                                  result["student"])
            except MissingEntry:
                continue
            notebook = submission.notebooks[0]
            result["score"] = float(submission.score)
            result["max"] = float(submission.max_score)
            for grade in notebook.grades:
                cell = result["cells"].setdefault(grade.name, {"says": ""})
                cell["score"] = float(grade.score)
                cell["by hand"] = bool(grade.needs_manual_grade)
                cell["ungraded"] = cell["by hand"] and (
                    grade.manual_score is None)
            comments = {c.name: c.comment for c in notebook.comments}
            shown = [result["cells"], sorted(comments.items(), key=str)]
            shown = sha256(repr(shown).encode()).hexdigest()
            if result.get("shown", shown) != shown:
                write_feedback(out, result["set"], result["student"])
            result["shown"] = shown
