"""The guides say what the problem sets and the grader do."""

import re

import pytest

from course import ROOT
from course.run.sandbox import Limits
from course.sets import problems

TEACH = (ROOT / "book/teach.md").read_text()
STUDENTS = (ROOT / "book/students.md").read_text()
SETS = sorted(ROOT.glob("assignments/ps*/ps*.md"))
CHAPTERS = {path.name[:2]: path.read_text()
            for path in sorted(ROOT.glob("notebooks/*.md"))}


def numbers(text):
    return re.findall(r"\d+", text)


def needs(chapter):
    """The chapters that a chapter's first lines ask for."""
    lead = CHAPTERS[chapter].split("\n# ", 1)[1].split("```", 1)[0]
    asked = re.search(r"You\s+need\s(.*?)\.\s", lead, re.DOTALL)[1]
    return set(re.findall(r"[`<][a-z]+-(\d\d)", asked))


def behind(chapter):
    """A chapter and all that must be read before it."""
    return {chapter}.union(*map(behind, needs(chapter)))


def plan(heading):
    """The rows below a heading: chapters in reading order, what is handed."""
    section = TEACH.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| \d \| (.*?) \|(.*)\|$", section, re.MULTILINE)
    return [(numbers(chapters), handed) for chapters, handed in rows]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_guide_asks_for_the_chapters_that_a_chapter_asks_for(chapter):
    row = re.search(rf"^\| {{ref}}`chap-{chapter}` \| (.*) \|$", TEACH,
                    re.MULTILINE)
    assert set(numbers(row[1])) == needs(chapter)


def test_the_shortest_ways_miss_nothing_and_make_no_detour():
    text = TEACH.split("The shortest ways:")[1].split("Have students")[0]
    ways = [numbers(way) for way in text.split(";")]
    assert [way[-1] for way in ways] == ["22", "24", "32"]
    for way in ways:
        assert set(way) == behind(way[-1])
        for place, chapter in enumerate(way):
            assert needs(chapter) <= set(way[:place])


@pytest.mark.parametrize("heading", ["Two weeks", "Six weeks", "Eight weeks"])
def test_a_plan_reads_before_it_builds_on_what_was_read(heading):
    read, given = set(), set()
    for chapters, handed in plan(heading):
        read.update(chapters)
        for chapter in chapters:
            assert needs(chapter) <= read
        for number, way in re.findall(r"set (\d) (in|out)", handed):
            row = re.search(rf"^\| {number} \| .* \| (.*) \| .* \|$", TEACH,
                            re.MULTILINE)
            assert way == "out" or set(numbers(row[1])) <= read
            given ^= {number}
    assert read and not given


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
