"""`make test`: all tests, on two workers.

The build that comes before has run the evidence for the claims.  One run of
pytest covers the rest: the package and its doctests, the built pages, the
pages in a browser, and (strictly, output by output) the notebooks that
readers download.

What takes longest is not run again while nothing that it uses has changed
since it passed: the grading of the problem sets, each notebook, and the
explorables if Chromium is where this command can see it.  With
`make test ALL=1`, in a fresh copy, and where a service sets CI, all runs.
"""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tools.book import chapters, state
from tools.book.changes import fingerprint
from tools.book.chapters import BUILD, ROOT
from tools.book.execute import TIMEOUT, WORKERS, prepare_kernels
from tools.browser import on_the_path

PASSED = BUILD / "passed.json"
SURROUNDINGS = ("lttutor/**/*", "requirements*.txt", "pyproject.toml",
                "tests/conftest.py", "tools/book/execute.py")
GRADING = [f"tests/course/{name}" for name in (
    "test_answers.py", "test_dryrun.py", "test_grade.py", "test_hostile.py",
    "test_resume.py", "inbox", "report", "run")]
EXPLORABLES = "tests/browser/test_explorables.py"
EXPLORED = ("book/_static/**/*", "book/_ext/frames/*", EXPLORABLES,
            "tests/browser/conftest.py", "tools/browser.py",
            "tools/book/stills.py")
GRADED = ("course/**/*", "assignments/**/*", "tests/course/**/*",
          "book/teach.md")


def slow():
    """What takes longest, and a fingerprint of all that it uses."""
    bubblewrap = subprocess.run(
        ["bwrap", "--version"], capture_output=True, check=False).stdout \
        if shutil.which("bwrap") else b""
    around = fingerprint(*SURROUNDINGS)
    grading = (f"{around} {fingerprint(*GRADED)} {bubblewrap} "
               f"{os.environ.get('CONFINEMENT')}")
    found = dict.fromkeys(GRADING, grading)
    if chromium := on_the_path():  # without one they are skipped
        found[EXPLORABLES] = f"{around} {fingerprint(*EXPLORED)} {chromium}"
    for page in chapters.offered():
        path = chapters.download(page).relative_to(ROOT).as_posix()
        found[path] = f"{around} {fingerprint(path)}"
    return found


def to_run(found):
    """What of it has not passed as it is now; all of it, if that is asked."""
    if os.environ.get("ALL") or os.environ.get("CI"):
        return set(found)
    past = state.read(PASSED)
    return {place for place in found if past.get(place) != found[place]}


class Outcomes:
    """A pytest plugin that keeps what has failed, by file."""

    def __init__(self):
        self.run, self.failed = set(), set()

    def pytest_runtest_logreport(self, report):
        file = report.nodeid.split("::")[0]
        (self.failed if report.failed else self.run).add(file)

    def passed(self, place):
        """Whether all of a file, or of a folder, was run and passed."""
        def within(files):
            return any(f == place or f.startswith(f"{place}/") for f in files)
        return within(self.run) and not within(self.failed)


def main(arguments=()):
    prepare_kernels()
    os.environ["PYTHONHASHSEED"] = "0"  # of the workers
    found = slow()
    again, outcomes = to_run(found), Outcomes()
    code = pytest.main([
        "-q", "-n", str(WORKERS), "--dist", "loadfile", "--doctest-modules",
        "--nbval", f"--nbval-cell-timeout={TIMEOUT}",
        "--ignore=tests/claims",
        *(f"--ignore={place}" for place in found if place not in again),
        "tests", "lttutor", "_build/html/_sources", *arguments,
    ], plugins=[outcomes])
    if not arguments and code in (0, 1):  # it came to its end
        state.write(PASSED, json.dumps({
            place: found[place] for place in found
            if place not in again or outcomes.passed(place)}, indent=1))
    if left := len(found) - len(again):
        print("Left out, as nothing that they use has changed since they "
              f"passed: {left} slow files (`make test ALL=1` runs them)")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
