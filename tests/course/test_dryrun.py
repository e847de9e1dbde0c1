"""The dry run: thirty submissions, every grade as predicted."""

from course import dryrun


def test_thirty_submissions_come_out_as_predicted(course, tmp_path):
    rows, stray, seconds = dryrun.run(tmp_path, course,
                                      course.parent / "assignments")
    assert stray == []
    assert len({one.student for one, *_ in rows}) == 30
    got = {(one.student, one.kind): points for one, points, _ in rows}
    assert got == {(one.student, one.kind): one.points for one, *_ in rows}
    assert [r for *_, r in rows if "failure" in r] == []
    assert max(result["peak"] for *_, result in rows) < dryrun.LIMITS.memory
    assert seconds > 0


def test_the_dry_run_has_every_kind_and_both_grades(course):
    planned = dryrun.plan(course, course.parent / "assignments")
    kinds = {one.kind for one in planned}
    assert {"right", "wrong", *dryrun.HOSTILE} == kinds
    assert any(all(one.points.values()) for one in planned)
    assert any(not any(one.points.values()) for one in planned)
