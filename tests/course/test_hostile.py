"""Every hostile or unlucky submission comes to its defined result."""

from pathlib import Path

import nbformat
import pytest

from tests.course import hostile

CASES = {case.name: case for case in hostile.CASES}


@pytest.fixture(scope="module")
def batch(confined, hand_in, setting, small, tmp_path_factory):
    """All cases in one batch, with honest students before and after."""
    files = {}
    for name, case in CASES.items():
        files |= hostile.files(case.make(setting), name)
    solved = nbformat.writes(setting.solved()).encode()
    files |= {"aaron.ipynb": solved, "zoe.ipynb": solved}
    return hand_in(tmp_path_factory.mktemp("hostile"), files, small)


@pytest.mark.parametrize("name", CASES)
def test_each_problem_gets_its_points(name, batch, setting):
    expected = setting.predicted(CASES[name])
    assert batch.points(name, "ps0") == expected, batch[name, "ps0"]


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if c.says])
def test_the_student_is_told_the_reason(name, batch):
    said = batch.feedback(name, "ps0")
    for part in CASES[name].says:
        assert part in said, said[-3000:]


@pytest.mark.parametrize("name", ["aaron", "zoe"])
def test_the_others_are_graded_as_if_it_were_not_there(name, batch, setting):
    full = {p.name: p.points for p in setting.problems}
    assert batch.points(name, "ps0") == full


def test_nobody_is_left_out_and_the_grader_fails_on_none(batch):
    assert batch.stray == []
    assert {r["student"] for r in batch.results} == {*CASES, "aaron", "zoe"}
    assert [r["student"] for r in batch.results if "failure" in r] == []


def test_no_text_of_a_student_ran_in_the_grader(batch, setting):
    assert batch.results
    assert not Path(setting.marker).exists()


def test_no_script_of_a_student_reaches_the_feedback(batch):
    page = (batch.out / "feedback/writes_a_script/ps0/ps0.html").read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
    assert "<img" not in page


def test_no_hidden_test_is_in_any_feedback(batch):
    pages = list(batch.out.glob("feedback/*/ps0/ps0.html"))
    assert len(pages) == len(batch.results)
    for page in pages:
        text = page.read_text()
        assert "hidden_rng" not in text, page
        assert "hidden_step" not in text, page
