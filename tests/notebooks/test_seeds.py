"""Part 4 can be run under other seeds, and the tool notices what it should."""

import nbformat
import pytest

from tools import seeds
from tools.book import chapters, execute


def notebook(*sources):
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in sources],
        metadata={"source_map": [0] * len(sources)})


@pytest.mark.parametrize("page", seeds.part_4())
def test_a_chapter_of_part_4_draws_from_one_visible_seed(page):
    read = chapters.read(page)
    assert seeds.complaint(seeds.code(read)) is None
    hidden = [cell for cell in read.cells if cell.cell_type == "code"
              and "remove-cell" in cell.metadata.get("tags", [])]
    assert not any(seeds.LINE.search(cell.source) for cell in hidden)


@pytest.mark.parametrize("text, words", [
    ("rng = np.random.default_rng(0)", "0 lines SEED"),
    ("SEED = 1\nSEED = 2\nrng = np.random.default_rng(SEED)", "2 lines"),
    ("SEED = 1\na = default_rng(SEED)\nb = default_rng(7)", "not come from"),
])
def test_a_draw_that_a_seed_would_not_change_is_reported(text, words):
    assert words in seeds.complaint(text)


def test_a_page_without_draws_needs_no_seed():
    assert seeds.complaint("x = 1 + 1") is None


def test_only_the_seeds_line_changes():
    changed = seeds.with_seed(
        notebook("import x\nSEED = 43\nrng = f(SEED)", "MY_SEED = 43"), 5)
    assert [cell.source for cell in changed.cells] == [
        "import x\nSEED = 5\nrng = f(SEED)", "MY_SEED = 43"]


def test_an_assertion_that_fails_under_one_seed_is_found():
    text, page = "SEED = 43\nassert SEED != 3, 'luck'", chapters.chapters()[0]
    two, three = (seeds.with_seed(notebook(text), seed) for seed in (2, 3))
    assert execute.outcome(page, two) is None
    assert "luck" in execute.outcome(page, three)
