"""``make course``: student releases, solutions and a gradebook.

    _build/course/students/psN.zip      for the students
    _build/course/instructor/psN.ipynb  solutions, hidden tests, rubric
    _build/course/nbgrader/             an nbgrader course, gradebook inside
"""

import argparse
import ast
import shutil
import sys
from pathlib import Path

import nbformat

from course import COURSE, ROOT, obstacle
from course.inbox.mend import mend
from course.report import gradebook
from course.run import sandbox
from course.run.referee import referee
from course.sets import release
from course.sets.problems import plain, problem_set, read_source

PINS = ROOT / "assignments" / "requirements.txt"

class Flaw(Exception):
    """Something in a problem set's source that must be put right."""


def main(argv=None):
    parser = argparse.ArgumentParser(prog="make course")
    parser.add_argument("--seed", type=_seed, help="draw other numbers")
    parser.add_argument("--assignments", default=ROOT / "assignments",
                        type=Path)
    parser.add_argument("--out", default=COURSE, type=Path)
    options = parser.parse_args(argv)
    if reason := obstacle(options.out):
        raise SystemExit(reason)
    names = build(options.assignments, options.out, options.seed)
    seed = f" with seed {options.seed}" if options.seed is not None else ""
    print(f"{options.out}: {', '.join(names)}{seed}; each solution gets full "
          "marks and each release none")


def _seed(text):
    if not text.isdecimal():
        raise SystemExit(f"SEED={text}: expected a whole number, such as 7")
    return int(text)


def build(assignments, out, seed=None):
    """Build every ``psN/psN.md`` of a folder; the names of the sets."""
    sources = sorted(Path(assignments).glob("*/*.md"))
    sources = [p for p in sources if p.stem == p.parent.name]
    if not sources:
        raise SystemExit(f"no problem set (psN/psN.md) in {assignments}")
    out = Path(out)
    fresh = out.with_name(out.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    for folder in ("students", "instructor", "nbgrader/kit"):
        (fresh / folder).mkdir(parents=True)
    course = fresh / "nbgrader"
    gradebook.write_config(course)
    for source in sources:
        notebook = read_source(source, seed)
        check(notebook, source)
        gradebook.set_up(course, source.stem, notebook)
        publish(fresh, source.stem, notebook)
        prove(course, source.stem)
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)
    return [source.stem for source in sources]


def check(notebook, path):
    """Refuse a source that would leak, or fail a student without a word."""
    seen = set()
    for cell in notebook.cells:
        grader = cell.metadata.get("nbgrader", {})
        name = grader.get("grade_id")
        if cell.cell_type == "code" and not name:
            raise Flaw(f"{path}: a code cell has no grade_id: "
                       f"{cell.source[:60]!r}")
        if name in seen:
            raise Flaw(f"{path}: two cells are called {name}")
        seen |= {name} if name else set()
        if cell.cell_type == "code" and grader["grade"]:
            for node in ast.walk(ast.parse(plain(cell.source))):
                if isinstance(node, ast.Assert) and node.msg is None:
                    raise Flaw(f"{path}: an assert of {name} has no message "
                               f"(line {node.lineno} of the cell)")


def publish(out, name, notebook):
    """The student's zip and the instructor's solution."""
    course = out / "nbgrader"
    path = course / "release" / name / f"{name}.ipynb"
    released = nbformat.read(path, as_version=4)
    package = ROOT / "lttutor"
    kit = course / "kit" / name
    modules = release.needed(released, package)
    version = release.strip(package, modules, name, kit)
    wheel = release.wheel(kit, name, version, kit)
    release.pack(out / "students" / f"{name}.zip", {
        f"{name}/{name}.ipynb": path.read_bytes(),
        f"{name}/{wheel.name}": wheel.read_bytes(),
        f"{name}/requirements.txt": release.pins(PINS),
        f"{name}/HOW-TO-SUBMIT.txt": release.how_to(name, wheel.name)})
    nbformat.write(notebook, out / "instructor" / f"{name}.ipynb")


def prove(course, name):
    """The solution gets every point, the untouched release none."""
    source = nbformat.read(course / "source" / name / f"{name}.ipynb", 4)
    released = nbformat.read(course / "release" / name / f"{name}.ipynb", 4)
    problems = problem_set(source)
    try:
        level = sandbox.confinement()
    except sandbox.Unprotected:
        level = "limits"  # the code is ours
    for notebook, expected in ((source, True), (released, False)):
        mended, _ = mend(notebook, released)
        referee(mended, problems, course / "kit" / name, sandbox.Limits(),
                level)
        for cell in mended.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            if grade_id not in problems.problems:
                continue
            errors = [output for output in cell.outputs
                      if output.output_type == "error"]
            if bool(errors) == expected:
                said = "\n".join(errors[0].traceback) if errors else ""
                which = "solution" if expected else "untouched release"
                raise Flaw(f"{grade_id}: the {which} gets the wrong grade\n"
                           f"{said}")


if __name__ == "__main__":
    sys.exit(main())
