"""The notebooks that readers download are executed, whole and up to date.

`make test` also gives these very files to nbval, which runs them again and
compares every output; here is the proof that this comparison can fail.
"""

import ast
import base64
import copy
import re
import subprocess
import sys
from xml.etree import ElementTree

import nbformat
import pytest
from jupyter_cache import get_cache

from tests.notebooks.guard import faults
from tools.book import chapters

PAGES = chapters.offered()


def downloaded(page):
    return nbformat.read(chapters.download(page), as_version=4)


@pytest.mark.parametrize("page", PAGES)
def test_a_download_was_executed_from_a_clean_slate(built, page):
    assert faults(downloaded(page)) == []


@pytest.mark.parametrize("page", PAGES)
def test_a_download_has_all_the_code_that_a_reader_sees(built, page):
    """Statement by statement, in order; only what feeds the site's text is gone."""
    def statements(notebook):
        return [
            ast.unparse(node)
            for cell in notebook.cells if cell.cell_type == "code"
            and "remove-cell" not in cell.metadata.get("tags", [])
            for node in ast.parse(re.sub(r"(?m)^[%!]", "#", cell.source)).body
        ]

    offered = iter(statements(downloaded(page)))
    shown = [text for text in statements(chapters.read(page))
             if not re.search(r"\bglue\b", text)]
    assert [text for text in shown if text not in offered][:3] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_download_says_whether_it_needs_scikit_learn(built, page):
    first, *cells = downloaded(page).cells
    needed = any("diabetes_table" in cell.source for cell in cells
                 if cell.cell_type == "code")
    assert ("scikit-learn" in first.source) == needed


@pytest.mark.parametrize("page", PAGES)
def test_a_download_needs_nothing_of_this_site(built, page):
    notebook = downloaded(page)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not re.search(r"\bglue\b|myst_nb", cell.source)
        else:
            assert not re.search(
                r"\{[a-z:]+\}`|^\s*(```+|:::+)\{|^\([\w-]+\)=\s*$|\\R\b",
                cell.source, re.MULTILINE,
            ), cell.source
    assert "pip install" in notebook.cells[0].source


@pytest.mark.parametrize("page", PAGES)
def test_no_bracket_or_quotation_mark_is_lost_beside_a_formula(built, page):
    for cell in downloaded(page).cells:
        if cell.cell_type != "markdown":
            continue
        words = re.sub(r"(?s)```.*?```|\$\$.*?\$\$|(?<!\\)\$.*?(?<!\\)\$|`[^`]*`",
                       "", cell.source)
        for text in words.split("\n\n"):
            for start, stop in ("()", "[]", "“”"):
                assert text.count(start) == text.count(stop), text


@pytest.mark.parametrize("page", PAGES)
def test_what_moves_on_the_page_stands_still_in_the_download(built, page):
    moving = set(re.findall(r'data-explorable="([\w-]+)"',
                            chapters.html(page).read_text("utf8")))
    cells = [cell for cell in downloaded(page).cells
             if cell.cell_type == "markdown"]
    attached = {name: bundle for cell in cells
                for name, bundle in cell.get("attachments", {}).items()}
    assert set(attached) == {f"{name}.svg" for name in moving}
    assert not any(cell.source.startswith("**Try:**") or
                   "\n**Try:**" in cell.source for cell in cells)
    for name, bundle in attached.items():
        picture = base64.b64decode(bundle["image/svg+xml"])
        assert ElementTree.fromstring(picture).tag.endswith("svg")
        assert any(f"](attachment:{name})" in cell.source for cell in cells)


def test_a_notebook_that_was_never_executed_is_refused(built):
    notebook = chapters.read(chapters.chapters()[0])
    assert "no cell has an output" in faults(notebook)
    assert any("not run in order" in fault for fault in faults(notebook))


def test_a_notebook_with_one_skipped_cell_is_refused(built):
    notebook = downloaded(PAGES[0])
    last = [c for c in notebook.cells if c.cell_type == "code"][-1]
    last.execution_count = None
    assert len(faults(notebook)) == 1


def tampered(notebook):
    """A copy in which one digit of one text output is another digit."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type != "execute_result":
                continue
            text = output.data["text/plain"]
            for old in text:
                if old.isdigit():
                    new = str((int(old) + 1) % 10)
                    output.data["text/plain"] = text.replace(old, new, 1)
                    return notebook
    return None


def seconds(page):
    """How long the page ran in the last build."""
    record = get_cache(chapters.CACHE).match_cache_notebook(
        chapters.read(page)
    )
    return record.data["execution_seconds"]


def rerun(notebook, folder):
    path = folder / "chapter.ipynb"
    nbformat.write(notebook, path)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "-q",
         "--nbval-cell-timeout=120", "-p", "no:cacheprovider",
         "-p", "no:xdist", "--rootdir", str(folder), str(path)],
        cwd=folder, capture_output=True, text=True, check=False,
    )


def test_the_rerun_passes_a_download_and_fails_a_tampered_one(
    built, tmp_path
):
    """One changed digit is one failed cell, and only that."""
    page = min(
        (p for p in chapters.chapters()
         if p in PAGES and tampered(downloaded(p)) is not None),
        key=seconds,
    )
    original, changed = downloaded(page), tampered(downloaded(page))
    (tmp_path / "original").mkdir()
    (tmp_path / "changed").mkdir()
    result = rerun(original, tmp_path / "original")
    assert result.returncode == 0, result.stdout[-2000:]
    result = rerun(changed, tmp_path / "changed")
    assert result.returncode == 1
    assert " 1 failed" in result.stdout or "\n1 failed" in result.stdout
