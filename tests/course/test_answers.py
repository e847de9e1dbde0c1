"""The grader is graded: each wrong answer costs its problem and is told why.

All answers of all problem sets go through ``make grade`` in one batch.  To
keep the batch small, one notebook answers every problem wrongly at once, and
only the first of each kind has the solutions of the problems that have no
such answer: the problems of a set do not depend on each other.
"""

from pathlib import Path

import nbformat
import pytest

from tests.course import answers, hostile

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [Path(__file__).parent / "data/ps0",
           *sorted(path.parent for path in
                   (ROOT / "assignments").glob("ps*/ps*.md"))]
ANSWERS = {problem: given for folder in FOLDERS
           for problem, given in answers.load(folder).items()}
WRONG = [pytest.param(problem, number, id=f"{problem}: {answer.name}")
         for problem, given in ANSWERS.items()
         for number, answer in enumerate(given.wrong)]
RIGHT = [pytest.param(problem, number, id=f"{problem}: {answer.name}")
         for problem, given in ANSWERS.items()
         for number, answer in enumerate(given.right)]


def setting_of(course, name):
    return hostile.Setting(*(nbformat.read(
        course / "nbgrader" / step / name / f"{name}.ipynb", 4)
        for step in ("source", "release")))


def write(notebook):
    return nbformat.writes(notebook).encode()


@pytest.fixture(scope="module")
def batch(hand_in, course, tmp_path_factory):
    """wrong-K holds every problem's K-th wrong answer; so does right-K."""
    files = {}
    for folder in FOLDERS:
        name = folder.name
        setting = setting_of(course, name)
        files[f"reference/{name}.ipynb"] = write(setting.solved())
        files[f"untouched/{name}.ipynb"] = write(setting.release)
        empty = {p.name: hostile.find(setting.release, p.name).source
                 for p in setting.problems}
        mine = {p: a for p, a in ANSWERS.items() if p.startswith(name + "-")}
        for kind in ("wrong", "right"):
            lists = {p: getattr(a, kind) for p, a in mine.items()}
            for number in range(max(map(len, lists.values()), default=0)):
                chosen = {p: given[number].source
                          for p, given in lists.items() if number < len(given)}
                others = {} if number == 0 else empty
                files[f"{kind}-{number}/{name}.ipynb"] = write(
                    setting.solved({**others, **chosen}))
    return hand_in(tmp_path_factory.mktemp("answers"), files, course,
                   limits=None)


@pytest.mark.parametrize(("problem", "number"), WRONG)
def test_a_wrong_answer_gets_no_points_and_its_reason(problem, number, batch):
    name, answer = problem.split("-")[0], ANSWERS[problem].wrong[number]
    student = f"wrong-{number}"
    said = batch[student, name]["cells"][f"{problem}-test"]["says"]
    assert batch.points(student, name)[problem] == 0
    assert " ".join(answer.says.split()) in " ".join(said.split())
    assert " ".join(answer.says.split()) in batch.feedback(student, name)


@pytest.mark.parametrize(("problem", "number"), RIGHT)
def test_a_right_answer_gets_all_points(problem, number, batch):
    result = batch[f"right-{number}", problem.split("-")[0]]
    cell = result["cells"][f"{problem}-test"]
    assert cell["score"] == cell["max"], cell["says"]


@pytest.mark.parametrize("name", [folder.name for folder in FOLDERS])
def test_the_solution_gets_every_point_and_the_release_none(name, batch):
    solved = batch["reference", name]["cells"]
    automatic = {n: c for n, c in solved.items() if n.endswith("-test")}
    assert automatic
    assert all(c["score"] == c["max"] for c in automatic.values())
    assert batch["untouched", name]["score"] == 0
    assert not any(c["by hand"] for c
                   in batch["untouched", name]["cells"].values())


@pytest.mark.parametrize("name", [folder.name for folder in FOLDERS[1:]])
def test_a_set_has_five_graded_problems_and_a_written_one(name, course):
    found = setting_of(course, name).set
    assert [p.name for p in found.problems.values()] == [
        f"{name}-{number}" for number in range(1, 6)]
    assert found.written == (f"{name}-6",)
    for problem in found.problems.values():
        given = ANSWERS[problem.name]
        assert len(given.wrong) >= 6
        assert len(given.right) >= 2
        assert all(answer.says for answer in given.wrong)


def test_the_grader_did_not_fail(batch):
    assert [r for r in batch.results if "failure" in r] == []
