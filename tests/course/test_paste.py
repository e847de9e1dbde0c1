"""The problems cannot be solved by pasting from the book.

Who pastes has the whole package and every function that a chapter defines,
and adapts them lightly: the first arguments of a call, its result as it is,
with the other sign, transposed, or its last entry.  That must give less than
a tenth of the points that the machine gives.
"""

import ast
import importlib
import inspect
import itertools
import pkgutil
import signal
import time
import warnings

import jupytext
import pytest

import lttutor
from tests.course import answers
from tools.book.chapters import ROOT

# Problems whose list of wrong answers has one that adapts the package by hand.
BY_HAND = ("ps1-1", "ps2-1", "ps2-4", "ps3-2", "ps3-5", "ps4-2", "ps4-4",
           "ps5-1", "ps5-3", "ps5-4")
SETS = sorted((ROOT / "assignments").glob("ps*/ps*.md"))
SLOW = 5  # seconds for a guess; the grader gives a call ten
RESULTS = {
    "as it is": lambda value: value,
    "other sign": lambda value: -value,
    "transposed": lambda value: value.T,
    "last entry": lambda value: value[-1],
    "last entry, other sign": lambda value: -value[-1],
}


def cells(path):
    """The code of a problem set's cells by their id."""
    notebook = jupytext.read(path)
    return {cell.metadata["nbgrader"]["grade_id"]: cell
            for cell in notebook.cells
            if cell.cell_type == "code" and "nbgrader" in cell.metadata}


def of_the_package():
    """Every public function of the package."""
    for module in pkgutil.walk_packages(lttutor.__path__, "lttutor."):
        if module.name.endswith(("figures", "sweep")):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if inspect.isfunction(value) and not name.startswith("_"):
                yield value


def of_the_chapters():
    """Every function that a chapter defines, with the names it may need."""
    for path in sorted((ROOT / "notebooks").glob("*.md")):
        namespace = {}
        for cell in jupytext.read(path).cells:
            if cell.cell_type != "code":
                continue
            try:
                tree = ast.parse(cell.source)
            except SyntaxError:
                continue
            for node in tree.body:
                if isinstance(node, (ast.FunctionDef, ast.Import,
                                     ast.ImportFrom)):
                    try:
                        exec(compile(ast.Module([node], []), str(path),
                                     "exec"), namespace)
                    except Exception:  # it needs a name of its chapter
                        continue
        yield from (value for name, value in namespace.items()
                    if inspect.isfunction(value)
                    and value.__code__.co_filename == str(path))


def places(function):
    """How few and how many positional arguments a function takes."""
    kinds = [p for p in inspect.signature(function).parameters.values()
             if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return sum(p.default is p.empty for p in kinds), len(kinds)


class Check:
    """The check of one problem, hidden tests included."""

    def __init__(self, path, name):
        found = cells(path)
        self.points = found[f"{name}-test"].metadata["nbgrader"]["points"]
        self.start = found[f"{path.stem}-setup"].source
        self.helpers = (ROOT / "assignments" / "checks.py").read_text("utf8")
        self.solution = found[name].source
        self.code = compile(found[f"{name}-test"].source, name, "exec")

    def passes(self, answer):
        """Whether it takes this answer: text, or functions by name."""
        namespace = {"__name__": "paste"}
        exec(self.start, namespace)
        exec(self.helpers, namespace)
        previous = signal.signal(signal.SIGALRM, _too_slow)
        signal.setitimer(signal.ITIMER_REAL, 4 * SLOW)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if isinstance(answer, str):
                    exec(answer, namespace)
                else:
                    namespace.update(answer)
                exec(self.code, namespace)
        except Exception:  # a failed check, or a call that does not fit
            return False
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)
        return True

    def asked(self):
        """Name and number of arguments of what the student writes."""
        return [(node.name, len(node.args.args))
                for node in ast.parse(self.solution).body
                if isinstance(node, ast.FunctionDef)]


def _too_slow(*_):
    raise TimeoutError


def adapted(function, count, result):
    def answer(*arguments):
        return result(function(*arguments[:count]))
    return answer


def pasted(check, name, sources, functions):
    """What gets the problem's points without being written, or None."""
    for source in sources:
        if check.passes(source):
            return source
    for asked, arity in check.asked()[:1]:
        for function in functions:
            least, most = places(function)
            counts = range(max(1, least), min(most, arity) + 1)
            for count, words in itertools.product(counts, RESULTS):
                started = time.monotonic()
                answer = adapted(function, count, RESULTS[words])
                if check.passes({asked: answer}):
                    return f"{name}: {function.__name__}, {words}"
                if time.monotonic() - started > SLOW:
                    break  # its other results are no faster
    return None


@pytest.fixture(scope="module")
def functions():
    found = {f.__code__: f for f in of_the_package()}
    found |= {f.__code__: f for f in of_the_chapters()}
    return list(found.values())


def test_what_is_pasted_gets_less_than_a_tenth(functions):
    points, total, said = 0, 0, []
    for path in SETS:
        for name, given in answers.load(path.parent).items():
            check = Check(path, name)
            assert check.passes(check.solution), name
            sources = [a.source for a in given.wrong
                       if a.name == "calls the package" and name in BY_HAND]
            total += check.points
            found = pasted(check, name, sources, functions)
            if found:
                points += check.points
                said.append(found)
    assert len(functions) > 100
    assert points < total / 10, said
