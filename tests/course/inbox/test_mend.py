"""What a submission makes of its cells stays within bounds."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from course.inbox import mend


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


def test_imports_added_to_a_given_cell_are_kept_and_the_rest_is_restored(
        release):
    submitted = nbformat.from_dict(release)
    setup = next(cell for cell in submitted.cells
                 if cell.metadata.get("nbgrader", {}).get("grade_id")
                 == "ps0-setup")
    original = setup.source
    setup.source = "from scipy import linalg\n" + original.replace(
        "2026", "1") + "\nimport math\nprint('mine')"
    mended, notes = mend.mend(submitted, release)
    sources = [cell.source for cell in mended.cells]
    place = sources.index(original)
    assert sources[place + 1] == "from scipy import linalg\nimport math"
    assert notes == ["The cell ps0-setup differs from the one handed out, "
                     "which was used; the imports that you added were kept."]
    again, more = mend.mend(mended, release)
    assert [cell.source for cell in again.cells] == sources
    assert more == []


def test_a_short_remark_is_no_written_answer(release):
    submitted = release.copy()
    submitted.cells = [new_markdown_cell("Good luck!"), *release.cells]
    mended, notes = mend.mend(submitted, release)
    assert notes == []
    assert mended.cells[0].source == "Good luck!"


PICTURE = {"image/png": "iVBORw0KGgo="}


@pytest.mark.parametrize("cells", [
    [new_markdown_cell("$1-L/\\mu<-1$")], [new_raw_cell("It diverges.")],
    [new_markdown_cell("![](attachment:a.png)",
                       attachments={"a.png": PICTURE})]],
    ids=["a formula", "a raw cell", "a picture"])
def test_what_follows_an_untouched_answer_is_the_answer(cells, release):
    submitted = release.copy()
    submitted.cells = [*release.cells, *cells]
    mended, notes = mend.mend(submitted, release)
    (answer,) = [c for c in mended.cells if c.metadata.get("nbgrader", {}
                                                           ).get("grade_id")
                 == "ps0-3"]
    assert cells[0].source.replace(":a", ":0-a") == answer.source
    assert "taken from text cells" in notes[0]


def test_two_pictures_of_one_name_are_both_kept(release):
    submitted = release.copy()
    other = {"image/png": "AAAA"}
    submitted.cells = [*release.cells, *(
        new_markdown_cell("![](attachment:image.png)",
                          attachments={"image.png": data})
        for data in (PICTURE, other))]
    mended, _ = mend.mend(submitted, release)
    answer = mended.cells[-1]
    assert answer.attachments == {"0-image.png": PICTURE,
                                  "1-image.png": other}
    assert "attachment:1-image.png" in answer.source


def test_a_picture_that_stands_in_the_text_is_attached(release):
    """As Colab saves it; it may be larger than any text."""
    data = "iVBORw0KGgo=" * 400_000
    submitted = release.copy()
    submitted.cells = [*release.cells, new_markdown_cell(
        f"My figure: ![image.png](data:image/png;base64,{data}) shows it.")]
    mended, _ = mend.mend(submitted, release)
    (mine,) = [cell for cell in mended.cells if "My figure" in cell.source]
    ((name, picture),) = mine.attachments.items()
    assert mine.source == f"My figure: ![image.png](attachment:{name}) shows it."
    assert picture == {"image/png": data}
