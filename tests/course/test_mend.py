"""What a submission makes of its cells stays within bounds."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from course import mend


@pytest.fixture
def release(small):
    return nbformat.read(small / "nbgrader/release/ps0/ps0.ipynb", 4)


def test_of_very_many_cells_only_the_first_are_kept(release):
    submitted = release.copy()
    submitted.cells = [*release.cells,
                       *(new_code_cell("1") for _ in range(3 * mend.MOST))]
    mended, notes = mend.mend(submitted, release)
    assert len(mended.cells) == mend.MOST
    assert f"the first {mend.MOST}" in notes[0]


def test_of_very_many_notes_the_rest_are_counted(release):
    submitted = release.copy()
    submitted.cells = [new_code_cell("1", metadata={"nbgrader": {
        "grade_id": f"mine-{k}"}}) for k in range(100)]
    _, notes = mend.mend(submitted, release)
    assert len(notes) == mend.NOTES + 1
    assert "more such notes" in notes[-1]


def test_a_short_remark_is_no_written_answer(release):
    submitted = release.copy()
    submitted.cells = [*release.cells, new_markdown_cell("Good luck!")]
    mended, notes = mend.mend(submitted, release)
    assert notes == []
    assert mended.cells[-1].source == "Good luck!"
