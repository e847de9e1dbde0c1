"""The dry run: thirty submissions, every grade as predicted."""

import re

from course import ROOT
from tests.course import dryrun

ASSIGNMENTS = ROOT / "assignments"
TEACH = ROOT / "book/teach.md"


def test_thirty_submissions_come_out_as_predicted(
        confined, course, tmp_path):
    rows, stray, seconds = dryrun.run(tmp_path, course, ASSIGNMENTS)
    assert stray == []
    assert len({one.student for one, *_ in rows}) == 30
    got = {(one.student, one.kind): points for one, points, _ in rows}
    assert got == {(one.student, one.kind): one.points for one, *_ in rows}
    assert [r for *_, r in rows if "failure" in r] == []
    assert max(result["peak"] for *_, result in rows) < dryrun.LIMITS.memory
    assert seconds > 0


def test_the_dry_run_has_every_kind_and_both_grades(course):
    planned = dryrun.plan(course, ASSIGNMENTS)
    kinds = {one.kind for one in planned}
    assert {"right", "wrong", *dryrun.HOSTILE} == kinds
    for kind in ("right", "wrong"):
        mine = [one for one in planned if one.kind == kind]
        assert {one.problem_set for one in mine} == {
            path.stem for path in ASSIGNMENTS.glob("ps*/ps*.md")}
        assert all(any(one.points.values()) for one in mine)
    assert any(not any(one.points.values()) for one in planned)


def test_the_guide_shows_this_dry_run(course):
    shown = re.findall(r"^\| ([\w ]+) \| (\d) \| (\d+) \| (\d+) \| [\d.]+ \|",
                       TEACH.read_text(), re.MULTILINE)
    planned = dryrun.plan(course, ASSIGNMENTS)
    assert [row[:3] for row in shown] == [
        (one.kind.replace("_", " "), one.problem_set.removeprefix("ps"),
         f"{sum(one.points.values()):g}") for one in planned]
    assert all(predicted == graded for *_, predicted, graded in shown)
