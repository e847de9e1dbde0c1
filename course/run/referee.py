"""Runs one notebook and its tests, in two processes.

The notebook runs from top to bottom in the student's process.  A test runs
here, in the grader's, when the notebook reaches it; what it tests are
proxies, which send arguments over and bring results back.
"""

import contextlib
import io
import signal
import threading
import warnings

from nbformat.v4 import new_output

from course.run import expressions, wire
from course.run.candidate import Candidate, StudentError
from course.run.sandbox import Broken
from course.sets.problems import plain

TEST_SECONDS = 120
NOTHING = "there is no answer here yet"
UNDEFINED = "your notebook does not define"
PLAIN = {"AssertionError", "Missing"}  # kinds that are not named
LONGEST = 30_000  # characters of one output


class OutOfTime(BaseException):
    """Our own work on what a student returned took too long."""


def referee(notebook, problem_set, kit, limits, level=None):
    """Fill in the outputs of every code cell; memory used, in bytes."""
    candidate = Candidate(kit, limits, problem_set.given.items(), level)
    failed = {}
    try:
        for number, cell in enumerate(notebook.cells, 1):
            if cell.cell_type != "code":
                continue
            grader = cell.metadata.get("nbgrader", {})
            name = grader.get("grade_id", "")
            if name in problem_set.given:
                cell.outputs = []
            elif name in problem_set.problems:
                problem = problem_set.problems[name]
                cell.outputs = run_test(problem, problem_set.given, candidate,
                                        failed.get(problem.name))
            else:
                label = name or f"cell {number}"
                printed, error = candidate.run(label, cell.source)
                cell.outputs = _outputs(printed, error)
                if error:
                    failed[label] = error
    finally:
        candidate.close()
    return candidate.peak


def run_test(problem, given, candidate, failed):
    """Outputs of one test cell: an error costs the points."""
    printed = io.StringIO()
    try:
        with (time_limit(TEST_SECONDS), warnings.catch_warnings(),
              expressions.no_text(), contextlib.redirect_stdout(printed),
              contextlib.redirect_stderr(printed)):
            values = candidate.names(problem.asks)
            missing = [n for n in problem.asks if n not in values]
            if missing:
                raise StudentError(f"{UNDEFINED} "
                                   + ", ".join(f"`{n}`" for n in missing))
            space = {"__name__": "__main__"}
            for name, source in given.items():
                exec(compile(plain(source), name, "exec"), space)
            space |= values
            exec(compile(plain(problem.test), problem.name, "exec"), space)
        return _outputs(printed.getvalue())
    except Broken:
        raise
    except (Exception, OutOfTime) as error:
        return _outputs(printed.getvalue(), _reason(error, failed))
    finally:
        candidate.callbacks.clear()


def _reason(error, failed):
    """What the student is told about a test that failed."""
    name, message = type(error).__name__, str(error)
    where = []
    if isinstance(error, StudentError):
        name, where = error.name, list(error.where)
        if isinstance(error, NotImplementedError) and not message:
            name, message = "Missing", NOTHING
        if failed and message.startswith(UNDEFINED):
            where = [*failed["where"], message]
            name, message = failed["name"], failed["message"]
            failed = None
    elif isinstance(error, OutOfTime):
        name = "Stopped"
    elif isinstance(error, wire.WireError):
        name = "Unreadable"
    elif isinstance(error, AssertionError):
        message = message or "a check failed"
    else:
        message = f"the check cannot use what your code gave: {message}"
    if failed:
        first = f"{failed['name']}: {failed['message']}"
        where += [f"Your cell itself failed first: {first}", *failed["where"]]
    return {"name": name, "message": message, "where": where}


def _outputs(printed, error=None):
    outputs = []
    if printed:
        outputs.append(new_output("stream", name="stdout",
                                  text=_text(printed)))
    if error:
        name, message = _text(error["name"]), _text(error["message"])
        said = message if name in PLAIN else f"{name}: {message}"
        lines = [said, *map(_text, error["where"])]
        outputs.append(new_output("error", ename=name, evalue=message,
                                  traceback=lines))
    return outputs


def _text(value):
    """A string that can be written to a file."""
    return str(value)[:LONGEST].encode("utf-8", "replace").decode()


@contextlib.contextmanager
def time_limit(seconds):
    """Bound our own work on values that a student made large on purpose."""
    def stop(*_):
        raise OutOfTime("the check took too long on what your code returned")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)  # and again
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
