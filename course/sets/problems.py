"""A problem set as the grader sees it: what is given, asked and tested.

The source is a Jupytext notebook (md:myst) with nbgrader metadata, so that
one text holds the problem, its solution and its hidden tests.
"""

import ast
import builtins
import re
import symtable
from dataclasses import dataclass
from pathlib import Path

BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
SEED = re.compile(r"^SEED = \d+$", re.MULTILINE)
SHARED = re.compile(r"^%run -i (\S+\.py)$")
KNOWN = set(dir(builtins)) | {"__name__"}


@dataclass(frozen=True)
class Problem:
    """One auto-graded problem; ``asks`` are the names it must define."""

    name: str
    asks: tuple[str, ...]
    test: str
    points: float


@dataclass(frozen=True)
class ProblemSet:
    """The given cells, and the problems by the id of their test cell."""

    given: dict[str, str]
    problems: dict[str, Problem]
    written: tuple[str, ...]


def read_source(path, seed=None):
    """The notebook of ``psN.md``; ``seed`` draws other numbers.

    A cell that only says ``%run -i file.py`` becomes the text of that file.
    """
    import jupytext  # only a build needs it

    notebook = jupytext.read(path)
    notebook.metadata.pop("jupytext", None)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # the same in every build
        if shared := SHARED.match(cell.source.strip()):
            cell.source = (Path(path).parent / shared[1]).read_text().strip()
        if seed is not None and cell.cell_type == "code":
            cell.source = SEED.sub(f"SEED = {int(seed)}", cell.source)
    return notebook


def problem_set(notebook):
    """Sort the cells of a source notebook into given, asked and tested."""
    given, problems, written = {}, {}, []
    bound = set(KNOWN)
    for cell in notebook.cells:
        grader = cell.metadata.get("nbgrader", {})
        if not grader.get("grade_id"):
            continue
        if grader["grade"] and grader["solution"]:
            written.append(grader["grade_id"])
        elif cell.cell_type == "code" and grader["grade"]:
            name = grader["grade_id"]
            free, _ = names(cell.source)
            problems[name] = Problem(
                name.removesuffix("-test"), tuple(sorted(free - bound)),
                cell.source, float(grader["points"]))
        elif cell.cell_type == "code" and not grader["solution"]:
            free, own = names(cell.source)
            if free <= bound:
                given[grader["grade_id"]] = cell.source
                bound |= own
    return ProblemSet(given, problems, tuple(written))


def titles(notebook):
    """By a cell's id, the heading that it stands under, without its points.

    The first heading, the notebook's, stands under the empty id.
    """
    found, title = {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for heading in re.findall(r"^#+ (.+)$", cell.source, re.MULTILINE):
                title = re.sub(r" *\([^()]*\)$", "", heading)
                found.setdefault("", title)
        if name := cell.metadata.get("nbgrader", {}).get("grade_id"):
            found[name] = title
    return found


def names(source):
    """The names that a cell takes from elsewhere, and those it defines."""
    top = symtable.symtable(plain(source), "cell", "exec")
    own = {s.get_name() for s in top.get_symbols()
           if s.is_assigned() or s.is_imported()}
    used = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    tables = list(top.get_children())
    while tables:
        table = tables.pop()
        tables += table.get_children()
        used |= {s.get_name() for s in table.get_symbols()
                 if s.is_global() and s.is_referenced()}
    return used - own, own


def plain(source):
    """The cell without the lines that only IPython understands."""
    lines = source.split("\n")
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line
                     for line in lines)


def defines(source):
    """Names that a student's cell binds at its left margin, by its text."""
    found = re.findall(r"^(?:def|class)\s+(\w+)|^(\w+)\s*=[^=]", source,
                       re.MULTILINE)
    return {a or b for a, b in found}


def regions(source, begin, end):
    """The stretches of a cell between two marks."""
    inside, found = False, []
    for line in source.split("\n"):
        if begin in line:
            inside = True
            found.append([])
        elif end in line:
            inside = False
        elif inside:
            found[-1].append(line)
    return ["\n".join(lines) for lines in found]


def without(source, begin, end, instead=()):
    """The cell with its marked stretches taken out."""
    inside, kept = False, []
    for line in source.split("\n"):
        if begin in line:
            inside = True
            kept += instead
        elif end in line:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def modules(source, package="lttutor"):
    """What a cell imports of ``package``: ``tasks``, ``learning.wishart``."""
    found = set()
    for node in ast.walk(ast.parse(plain(source))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix(package + ".") for name in found
            if name.startswith(package + ".")}
