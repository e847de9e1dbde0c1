"""Builds courses and grades batches once for all the tests that look."""

import contextlib
import html
import os
import re
import shutil
import socket
import threading
from pathlib import Path
from unittest import mock

import nbformat
import pytest

from course import build, grade
from course.run import sandbox
from course.run.sandbox import Limits
from tests.course import hostile

DATA = Path(__file__).parent / "data"
SHORT = Limits(cell=2, call=2, total=30)


def need(level):
    """Go on only where students' code can be confined at this level."""
    failure = sandbox.attempt(level)
    if failure:
        required = os.environ.get("CONFINEMENT") == "required"
        give_up = pytest.fail if required else pytest.skip
        give_up(f"no confinement by {level}: {failure}")


@pytest.fixture(scope="session")
def confined():
    """Whatever runs hostile code needs the first level or the second."""
    try:
        sandbox.confinement()
    except sandbox.Unprotected:
        need("bubblewrap")


def words(page):
    """What a reader sees of an HTML page, on one line."""
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    text = html.unescape(re.sub(r"<[^>]*>", "", page))
    return re.sub(r"\s+", " ", text)


class Batch:
    """Results of one ``make grade``, by student."""

    def __init__(self, out, results, stray, remarks):
        self.out, self.results = Path(out), results
        self.stray, self.remarks = stray, remarks

    def __getitem__(self, key):
        student, name = key
        found = [r for r in self.results
                 if (r["student"], r["set"]) == (student, name)]
        assert len(found) == 1, f"{student}: {len(found)} results"
        return found[0]

    def points(self, student, name):
        """Points by auto-graded problem."""
        cells = self[student, name]["cells"]
        return {key.removesuffix("-test"): cell["score"]
                for key, cell in cells.items() if key.endswith("-test")}

    def feedback(self, student, name):
        path = self.out / "feedback" / student / name / f"{name}.html"
        return words(path.read_text())


def run(folder, files, course, out=None, **options):
    """Write the files that students hand in, and grade them."""
    inbox = Path(folder) / "inbox"
    for name, data in files.items():
        path = inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    out = out or Path(folder) / "out"
    options = {"limits": SHORT, "quiet": True, "trusting": True, **options}
    try:
        return Batch(out, *grade.grade(inbox, out, course, **options))
    except sandbox.Unprotected:
        need("bubblewrap")


@pytest.fixture(scope="session")
def hand_in():
    """The function `run`."""
    return run


class Interrupted(Exception):
    """What ends a run of the grader early."""


@pytest.fixture
def interrupted():
    """A run, in ``with``, that notes some of what is graded and then ends."""
    @contextlib.contextmanager
    def interrupting(noted):
        spread = grade._spread

        def spread_and_end(*args):
            yield from noted(spread(*args))
            raise Interrupted

        with (mock.patch.object(grade, "_spread", spread_and_end),
              pytest.raises(Interrupted)):
            yield
    return interrupting


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A course with the one small set of the folder ``data``."""
    out = tmp_path_factory.mktemp("small") / "course"
    build.build(DATA, out)
    return out


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """The course with the small set and all the problem sets."""
    folder = tmp_path_factory.mktemp("course")
    sources = folder / "assignments"
    for top in DATA, build.ROOT / "assignments":
        shutil.copytree(top, sources, dirs_exist_ok=True)
    build.build(sources, folder / "course")
    return folder / "course"


@pytest.fixture(scope="session")
def setting(small):
    """The small set, ready to be spoiled; something listens on a port."""
    course = small / "nbgrader"
    made = hostile.Setting(
        nbformat.read(course / "source/ps0/ps0.ipynb", 4),
        nbformat.read(course / "release/ps0/ps0.ipynb", 4))
    with socket.create_server(("127.0.0.1", 0)) as server:
        made.port = server.getsockname()[1]
        threading.Thread(target=_accept, args=[server], daemon=True).start()
        yield made


def _accept(server):
    while True:
        try:
            server.accept()[0].close()
        except OSError:
            return
