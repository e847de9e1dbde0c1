"""The guides say what the problem sets and the grader do."""

import re

import pytest

from course import ROOT
from course.run.sandbox import Limits
from course.sets import problems

TEACH = (ROOT / "book/teach.md").read_text()
STUDENTS = (ROOT / "book/students.md").read_text()
SETS = sorted(ROOT.glob("assignments/ps*/ps*.md"))


def numbers(text):
    return re.findall(r"\d+", text)


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_the_table_of_sets_is_that_of_the_sources(path):
    text = path.read_text()
    number = path.stem.removeprefix("ps")
    row = re.search(rf"^\| {number} \| (.*) \| (.*) \| (.*) \|$", TEACH,
                    re.MULTILINE)
    needs = re.search(r"\*\*Before you start\.\*\* Chapters (.*) of", text)
    assert numbers(row[2]) == numbers(needs[1])
    rows = re.findall(r"^\| \d \| .* \| (\d+) \| (\d+) \|$", text,
                      re.MULTILINE)
    minutes = sum(int(row[1]) for row in rows)
    assert sum(int(row[0]) for row in rows) == 100
    assert abs(float(row[3]) - minutes / 60) <= 0.35


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_a_set_gives_a_hundred_points_of_which_eighty_by_machine(path):
    notebook = problems.read_source(path)
    points = {cell.metadata["nbgrader"]["grade_id"]:
              cell.metadata["nbgrader"]["points"] for cell in notebook.cells
              if cell.metadata.get("nbgrader", {}).get("grade")}
    assert sum(points.values()) == 100
    assert points.pop(f"{path.stem}-6") == 20


def test_the_limits_are_those_of_the_sandbox():
    limits = Limits()
    assert f"{limits.cell:g} seconds a cell" in TEACH
    assert f"{limits.total:g} a notebook" in TEACH
    assert f"{limits.memory // 2**30} GB" in TEACH
    assert f"a cell for {limits.cell:g} seconds" in STUDENTS
    assert f"for {limits.call:g};" in STUDENTS
