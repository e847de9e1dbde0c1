"""The numbers of key figures stand folded under them, and travel along."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup

from tools.book import chapters

TABLES = {
    "notebooks/14-two-dual-tasks": "fig-14-errors",
    "notebooks/23-how-fast-it-converges": "fig-23-d4",
    "notebooks/24-how-many-examples": "fig-24-ratio",
    "notebooks/32-what-training-finds": "fig-32-losses",
    "notebooks/34-the-rotation": "fig-34-landscape",
    "notebooks/41-faster-loops": "fig-41-loops",
    "notebooks/42-moving-examples": "fig-42-spectrum",
    "notebooks/43-noise": "fig-43-risk",
    "notebooks/44-ill-conditioned": "fig-44-loops",
    "notebooks/46-high-dimension": "fig-46-kappa",
    "notebooks/48-real-data": "fig-48-text",
}


def test_each_part_has_one():
    assert {page.split("/")[1][0] for page in TABLES} == set("1234")


@pytest.mark.parametrize("page, figure", TABLES.items())
def test_a_table_follows_its_figure_and_is_small(built, page, figure):
    soup = BeautifulSoup(chapters.html(page).read_text("utf8"), "html.parser")
    found = soup.find(id=figure).find_next(["details", "p"], class_=[
        "figure-data", "admonition"])
    assert found.name == "details" and not found.has_attr("open")
    assert found.find_previous("figure")["id"] == figure
    heads = [th.get_text() for th in found.select("thead th[scope=col]")]
    rows = found.select("tbody tr")
    assert len(set(heads)) == len(heads) >= 3 and all(heads)
    assert 5 <= len(rows) <= 12
    for row in rows:
        cells = [cell.get_text() for cell in row.find_all(["th", "td"])]
        assert row.th["scope"] == "row" and len(cells) == len(heads)
        assert all(re.fullmatch(
            r"−?[\d,.]+%?( × 10−?\d+)?|–", cell)
            for cell in cells[1:]), cells


@pytest.mark.parametrize("page", TABLES)
def test_a_table_is_in_the_notebook_and_its_code_is_folded(built, page):
    notebook = nbformat.read(chapters.download(page), as_version=4)
    cells = [cell for cell in notebook.cells
             if cell.cell_type == "code" and "data_table(" in cell.source]
    assert len(cells) == 1
    assert cells[0].metadata.jupyter.source_hidden
    data = cells[0].outputs[0].data
    assert "<details" in data["text/html"] and "\n" in data["text/plain"]
