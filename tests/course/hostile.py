"""Submissions that are unlucky or hostile, and what each must come to.

A case takes a problem set's solution and spoils it.  ``lost`` are the
problems, counted from 1 (or -1 from the end), that get no points for it;
every other problem keeps all of its points.  ``says`` must stand in the
student's feedback.
"""

import copy
import io
import json
import secrets
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

from course.sets.problems import BEGIN_SOLUTION, END_SOLUTION, problem_set

CASES = []


class Setting:
    """A problem set to spoil: its release, its solution and its names."""

    def __init__(self, source, release):
        self.source, self.release = source, release
        self.set = problem_set(source)
        self.problems = list(self.set.problems.values())
        self.marker = (f"{tempfile.gettempdir()}/course-"
                       f"{secrets.token_hex(8)}")  # nothing may make it

    def solved(self, answers=()):
        """The release with the solutions, or ``answers``, filled in."""
        notebook = copy.deepcopy(self.release)
        answers = dict(answers)
        for cell in self.source.cells:
            name = _name(cell)
            if name and cell.metadata["nbgrader"]["solution"]:
                text = answers.get(name, _unmarked(cell.source))
                find(notebook, name).source = text
        return notebook

    def problem(self, number):
        return self.problems[number - 1 if number > 0 else number]

    def name(self, number):
        return self.problem(number).name

    def asks(self, number):
        return self.problem(number).asks[0]

    def predicted(self, case):
        """Points by problem that a case must come to."""
        lost = {self.name(number) for number in case.lost}
        return {p.name: 0 if case.all_lost or p.name in lost else p.points
                for p in self.problems}

    def spoil(self, number, code):
        """Solve all, then replace one answer by ``code``."""
        code = code.replace("ASKED", self.asks(number))
        return self.solved({self.name(number): code})

    def add(self, code):
        """Solve all, and put a cell of the student's own on top."""
        notebook = self.solved()
        notebook.cells.insert(0, new_code_cell(code))
        return notebook


@dataclass(frozen=True)
class Case:
    name: str
    make: Callable[[Setting], object]
    lost: tuple[int, ...] = ()
    says: tuple[str, ...] = ()
    all_lost: bool = False


def case(*, lost=(), says=(), all_lost=False):
    """Enter a function of a `Setting` among the cases."""
    def enter(make):
        says_all = (says,) if isinstance(says, str) else tuple(says)
        CASES.append(Case(make.__name__, make, tuple(lost), says_all,
                          all_lost))
        return make
    return enter


def files(made, stem):
    """The file or files that a case hands in for the student ``stem``."""
    if isinstance(made, nbformat.NotebookNode):
        for number, cell in enumerate(made.cells):
            cell["id"] = f"cell-{number}"  # copies have ids of their own
        made = nbformat.writes(made).encode()
    if isinstance(made, dict):
        return {name.format(stem): data for name, data in made.items()}
    return {f"{stem}.ipynb": made}


def _name(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def find(notebook, name):
    return next(cell for cell in notebook.cells if _name(cell) == name)


def _unmarked(source):
    return "\n".join(line for line in source.split("\n")
                     if BEGIN_SOLUTION not in line
                     and END_SOLUTION not in line)


def _drop(notebook, name):
    notebook.cells.remove(find(notebook, name))
    return notebook


# -- cells that went astray ----------------------------------------------

@case(says="was missing and was put back")
def deleted_test(s):
    return _drop(s.solved(), s.name(1) + "-test")


@case(lost=[1], says="was missing and was put back")
def deleted_answer(s):
    return _drop(s.solved(), s.name(1))


@case()
def deleted_given_cells(s):
    notebook = s.solved()
    for name in s.set.given:
        _drop(notebook, name)
    return notebook


@case(says="was there more than once")
def answer_with_an_untouched_copy(s):
    notebook = s.solved()
    stub = copy.deepcopy(find(s.release, s.name(1)))
    place = notebook.cells.index(find(notebook, s.name(1)))
    notebook.cells.insert(place + 1, stub)
    return notebook


@case(lost=[1], says="was there more than once")
def right_answer_then_wrong_copy(s):
    notebook = s.solved()
    cell = find(notebook, s.name(1))
    wrong = copy.deepcopy(cell)
    wrong.source = f"{s.asks(1)} = lambda *args, **kwargs: None"
    notebook.cells.insert(notebook.cells.index(cell) + 1, wrong)
    return notebook


@case(says="was there more than once")
def corrected_copy_at_the_end(s):
    notebook = s.solved()
    cell = find(notebook, s.name(1))
    notebook.cells.append(copy.deepcopy(cell))
    cell.source = f"{s.asks(1)} = lambda *args, **kwargs: None"
    return notebook


@case(says="was there more than once")
def every_cell_twice(s):
    notebook = s.solved()
    notebook.cells = [copy.deepcopy(cell) for cell in notebook.cells
                      for _ in range(2)]
    return notebook


@case(says="stood before its answer")
def cells_in_reverse(s):
    notebook = s.solved()
    notebook.cells.reverse()
    return notebook


@case(says=("unknown id", "recognised by the names"))
def renamed_ids(s):
    notebook = s.solved()
    for cell in notebook.cells:
        if _name(cell):
            cell.metadata["nbgrader"]["grade_id"] += "-mine"
    return notebook


@case(says="had lost its id")
def no_metadata_at_all(s):
    notebook = s.solved()
    for cell in notebook.cells:
        cell.metadata = {}
    return notebook


@case()
def more_points_please(s):
    notebook = s.solved()
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata["nbgrader"]["points"] = 1000
    return notebook


@case(lost=[1])
def tests_edited_to_pass(s):
    notebook = s.spoil(1, "def ASKED(*args, **kwargs):\n    return None")
    find(notebook, s.name(1) + "-test").source = "assert True"
    return notebook


@case()
def ids_of_the_wrong_type(s):
    notebook = s.solved()
    notebook.cells.append(new_code_cell("1", metadata={"nbgrader": {
        "grade_id": ["a", "list"], "grade": True}}))
    notebook.cells.append(new_markdown_cell("x", metadata={"nbgrader": 7}))
    return notebook


@case()
def all_answers_in_one_cell(s):
    notebook = s.solved()
    answers = [find(notebook, p.name) for p in s.problems]
    answers[0].source = "\n\n\n".join(cell.source for cell in answers)
    for cell in answers[1:]:
        notebook.cells.remove(cell)
    return notebook


@case(says="taken from text cells of your own")
def written_answer_in_a_cell_of_ones_own(s):
    notebook = s.solved()
    name = s.set.written[0]
    text = find(notebook, name).source
    find(notebook, name).source = find(s.release, name).source
    text += " And this is what I mean, once more in my own words."
    notebook.cells.append(new_markdown_cell(text))
    return notebook


@case(says="the first 2000 were read")
def cells_without_end(s):
    notebook = s.solved()
    notebook.cells += [new_code_cell("1", metadata={"nbgrader": {
        "grade_id": f"mine-{k}"}}) for k in range(5000)]
    return notebook


# -- code that stops, or never does --------------------------------------

@case(lost=[1], says="SyntaxError")
def syntax_error(s):
    return s.spoil(1, "def ASKED(:\n    return 1")


@case(lost=[2], says="endless loop")
def endless_loop_in_a_cell(s):
    return s.spoil(2, "while True:\n    pass")


@case(lost=[1], says="endless loop")
def endless_loop_that_resists(s):
    return s.spoil(1, "while True:\n    try:\n        while True: pass\n"
                      "    except BaseException:\n        pass")


@case(lost=[2], says="endless loop")
def endless_loop_in_a_function(s):
    return s.spoil(2, "def ASKED(*args, **kwargs):\n    while True: pass")


@case(all_lost=True, says="used up its")
def sleeps_in_every_cell(s):
    notebook = s.solved()
    notebook.cells = [new_code_cell("import time; time.sleep(600)")
                      for _ in range(100)] + notebook.cells
    return notebook


@case(lost=[1], says="ends Python")
def system_exit(s):
    return s.spoil(1, "raise SystemExit")


@case(lost=[1], says="ends Python")
def system_exit_in_a_function(s):
    return s.spoil(1, "import sys\ndef ASKED(*args, **kwargs):\n"
                      "    sys.exit(0)")


@case(lost=[1], says="ended the Python process")
def os_exit(s):
    return s.spoil(1, "import os\nos._exit(0)")


@case(lost=[2], says="ended the Python process")
def os_exit_in_a_function(s):
    return s.spoil(2, "import os\ndef ASKED(*args, **kwargs):\n"
                      "    os._exit(0)")


@case(lost=[1])
def kills_what_it_can(s):
    return s.spoil(1, "import os\nfor pid in (-1, os.getppid(), "
                      "os.getpid()):\n    os.kill(pid, 9)\n"
                      "os.abort()")


@case(lost=[1], says="SIGSEGV")
def crashes_python(s):
    return s.spoil(1, "import ctypes\nctypes.string_at(0)")


@case(says="more characters")
def huge_output(s):
    return s.add("for _ in range(300):\n    print('spam ' * 20_000)")


@case(says="endless loop")
def endless_output(s):
    return s.add("while True: print('spam ' * 1000)")


@case(lost=[1], says="MemoryError")
def too_much_memory(s):
    return s.spoil(1, "import numpy as np\nhoard = np.ones(10**10)")


@case()
def too_many_processes(s):
    return s.add("import os\nfor _ in range(3000):\n    try:\n"
                 "        if os.fork() == 0:\n"
                 "            import time; time.sleep(600)\n"
                 "    except OSError:\n        break")


@case()
def fills_the_disk(s):
    return s.add("for number in range(40):\n    try:\n"
                 "        with open(f'big{number}', 'wb') as f:\n"
                 "            f.write(bytes(15 * 2**20))\n"
                 "    except OSError:\n        break")


# -- code that cheats ----------------------------------------------------

WRONG = "def ASKED(*args, **kwargs):\n    return None\n"


def _forging(message, often="if True"):
    """A function that writes a message of its own to the grader."""
    return ("import json, os, struct\n"
            "def ASKED(*args, **kwargs):\n"
            f"    data = json.dumps({message}).encode()\n"
            f"    {often}:\n"
            "        os.write(3, struct.pack('>Q', len(data)) + data)\n"
            "    os._exit(0)")


@case(lost=[-1])
def overwrites_the_checks(s):
    return s.spoil(-1, "import builtins, numpy, numpy.testing\n"
                       "def yes(*args, **kwargs): return True\n"
                       "for name in dir(numpy.testing):\n"
                       "    if name.startswith('assert'):\n"
                       "        setattr(numpy.testing, name, yes)\n"
                       "numpy.allclose = numpy.array_equal = yes\n"
                       "numpy.isclose = numpy.shape = yes\n"
                       "builtins.abs = lambda x: 0\n"
                       "builtins.all = builtins.isinstance = yes\n"
                       "class AssertionError(Exception): pass\n"
                       "builtins.AssertionError = AssertionError\n" + WRONG)


@case(lost=[-1])
def overwrites_the_package(s):
    return s.spoil(-1, "import sys\n"
                       "def zero(*args, **kwargs): return 0\n"
                       "for name, module in list(sys.modules.items()):\n"
                       "    if name.startswith('lttutor'):\n"
                       "        for f in dir(module):\n"
                       "            if not f.startswith('_'):\n"
                       "                setattr(module, f, zero)\n" + WRONG)


@case(lost=[1])
def returns_what_equals_everything(s):
    return s.spoil(1, "import numpy as np\n"
                      "class Yes(np.ndarray):\n"
                      "    def __eq__(self, other): return True\n"
                      "    def __array_ufunc__(self, *a, **k): return True\n"
                      "    def __array_function__(self, *a): return True\n"
                      "    def __bool__(self): return True\n"
                      "def ASKED(*args, **kwargs):\n"
                      "    return np.zeros((2, 2)).view(Yes)")


@case(lost=[1])
def returns_a_set_that_takes_hours_to_build(s):
    return s.spoil(1, _forging(
        "{'reply': 'return', 'changed': [], 'value': "
        "['set', [k * (2**61 - 1) for k in range(300_000)]]}"))


@case(lost=[1])
def returns_more_than_memory_holds(s):
    return s.spoil(1, "def ASKED(*args, **kwargs):\n"
                      "    return [[]] * 3_000_000, range(10**10)")


@case(lost=[1])
def reports_without_end_where_it_failed(s):
    return s.spoil(1, _forging(
        "{'reply': 'raise', 'kind': 'KeyError', 'name': 'KeyError', "
        "'message': 'x', 'where': ['here'] * 2_000_000}"))


@case(lost=[2], says="got text")
def returns_text_that_sympy_would_run(s):
    return s.spoil(2, "def ASKED(*args, **kwargs):\n"
                      "    return \"__import__('os').mkdir("
                      f"'{s.marker}') or 1\"")


@case(lost=[1], says="found 0 tests")
def looks_up_the_tests_variables(s):
    return s.spoil(1, "import gc, sys\n"
                      "def ASKED(*args, **kwargs):\n"
                      "    frame = sys._getframe()\n"
                      "    while frame:\n"
                      "        for name, value in frame.f_locals.items():\n"
                      "            if 'expected' in name or 'hidden' in name:"
                      "\n                return value\n"
                      "        frame = frame.f_back\n"
                      "    tests = [text for thing in gc.get_objects()\n"
                      "             for text in gc.get_referents(thing)\n"
                      "             if isinstance(text, str)\n"
                      "             and ' '.join(['HIDDEN', 'TESTS'])\n"
                      "                 in text]\n"
                      "    raise RuntimeError(f'found {len(tests)} tests')")


@case(lost=[1], says="no test was found")
def searches_the_disk_for_the_tests(s):
    return s.spoil(1, f"""
import os
found = []
for top, folders, names in os.walk("/"):
    folders[:] = [f for f in folders if f not in ("proc", "sys", "usr")
                  and not f.startswith("python3") and f != "lib"]
    for name in names:
        try:
            with open(os.path.join(top, name), errors="ignore") as f:
                text = f.read(2**20)
        except OSError:
            continue
        if "### BEGIN HIDDEN" + " TESTS" in text or "{s.name(1)}-test" in text:
            found.append(os.path.join(top, name))
for pid in os.listdir("/proc") if os.path.isdir("/proc") else ():
    if pid.isdigit() and int(pid) not in (os.getpid(), 1):
        found.append(pid)
if not found:
    raise RuntimeError("no test was found")
""")


@case(lost=[1], says="no network was found")
def asks_the_network(s):
    return s.spoil(1, """
import socket
def reaches(kind, host, port):
    try:
        with socket.socket(socket.AF_INET, kind) as s:
            s.settimeout(1)
            s.connect((host, port))
            s.send(b"?")
    except OSError:
        return False
    return True
if not (reaches(socket.SOCK_STREAM, "127.0.0.1", PORT)
        or reaches(socket.SOCK_STREAM, "1.1.1.1", 53)):
    raise RuntimeError("no network was found")
""".replace("PORT", str(getattr(s, "port", 80))))


@case(lost=[1], says="is not part of")
def imports_the_answer(s):
    return s.spoil(1, "import sys, glob\n"
                      "sys.path[:0] = glob.glob('/*') + glob.glob('/*/*')\n"
                      "for name in [n for n in sys.modules if 'lttutor' in n]:"
                      "\n    del sys.modules[name]\n"
                      "from lttutor.loop import generate as ASKED")


@case(lost=[1])
def forges_the_grader_protocol(s):
    return s.spoil(1, _forging(
        "{'reply': 'return', 'value': ['function', 'x', 'y'], "
        "'changed': [[0, 1]]}"))


@case(lost=[1])
def calls_back_forever(s):
    return s.spoil(1, _forging(
        "{'do': 'call', 'function': '1', 'args': [], 'kwargs': {}}",
        "while True"))


@case(lost=[1])
def answers_without_end(s):
    return s.spoil(1, "import os, struct\n"
                      "def ASKED(*args, **kwargs):\n"
                      "    os.write(3, struct.pack('>Q', 2**62))\n"
                      "    while True: os.write(3, bytes(2**16))")


@case()
def writes_a_script(s):
    notebook = s.add("print('<script>alert(1)</script>')")
    notebook.cells.append(new_markdown_cell(
        "<script>alert(1)</script><img src=x onerror=alert(1)>"))
    return notebook


# -- files that are no notebook ------------------------------------------

@case(all_lost=True, says="is empty")
def empty_file(s):
    return b""


@case(all_lost=True, says="is not a notebook")
def picture(s):
    return b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20


@case(all_lost=True, says="is not a notebook")
def half_a_notebook(s):
    return nbformat.writes(s.solved()).encode()[:2000]


@case(all_lost=True, says="is not a notebook")
def json_that_is_no_notebook(s):
    return b'{"cells": 7, "metadata": [], "nbformat": 4}'


@case(all_lost=True, says="is not a notebook")
def nested_without_end(s):
    return b'{"cells": ' + b"[" * 200_000


@case(all_lost=True)
def cells_of_the_wrong_kind(s):
    return json.dumps({"cells": [None, 1, {"cell_type": 3}, {"source": {}},
                                 {"cell_type": "code", "source": 5}],
                       "metadata": {"kernelspec": 7}}).encode()


@case(all_lost=True, says="is not a notebook")
def script_instead_of_a_notebook(s):
    return {"{}.py": b"print('my answers')"}


@case()
def zipped_notebook(s):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("../../ps.ipynb", nbformat.writes(s.solved()))
    return {"{}.zip": data.getvalue()}


@case(all_lost=True, says="the zip is damaged")
def damaged_zip(s):
    return {"{}.zip": b"PK\x03\x04 and no more"}


@case(all_lost=True, says=("written for r", "SyntaxError"))
def wrong_language(s):
    notebook = copy.deepcopy(s.release)
    for number in range(1, len(s.problems) + 1):
        find(notebook, s.name(number)).source = (
            f"{s.asks(number)} <- function(x) {{ x }}")
    notebook.metadata["kernelspec"] = {
        "name": "ir", "display_name": "R", "language": "R"}
    return notebook


@case()
def unknown_kernel(s):
    notebook = s.solved()
    notebook.metadata["kernelspec"] = {
        "name": "my-env-42", "display_name": "mine", "language": "python"}
    return notebook


@case()
def old_format(s):
    return nbformat.writes(nbformat.convert(s.solved(), 3)).encode()


@case(says="the last, was graded")
def two_submissions(s):
    return {"{}/first try-1.ipynb": nbformat.writes(s.release).encode(),
            "{}/second try-2.ipynb": nbformat.writes(s.solved()).encode()}


@case()
def magics_of_a_notebook(s):
    return s.add("%matplotlib inline\n!ls\nimport matplotlib.pyplot as plt\n"
                 "plt.plot([1, 2])\nplt.show()")


@case()
def letters_that_cannot_be_written(s):
    notebook = s.add("print('\\ud800')\nraise ValueError('\\udfff')")
    notebook.cells.append(new_markdown_cell("half a letter: HALF"))
    text = nbformat.writes(notebook).replace("HALF", "\\ud800")
    return text.encode()


@case()
def markdown_that_cannot_be_rendered(s):
    notebook = s.solved()
    notebook.cells.append(new_markdown_cell(">" * 100_000))
    notebook.cells.append(new_markdown_cell("[" * 100_000))
    return notebook
