"""The sheet that Chromium prints: whole, and each link leads somewhere."""

import re

import pytest
from bs4 import BeautifulSoup

from tools.book import chapters, pdf
from tools.book.evidence import ledger

ELSEWHERE = re.compile(r"[a-z]+:")


@pytest.fixture(scope="module")
def sheet(built):
    return BeautifulSoup(pdf.whole_book(), "html.parser")


def test_every_page_is_on_it_in_the_books_order(sheet):
    found = [part.get("id") for part in sheet.main.find_all(
        "article", recursive=False)]
    assert [page for page in found if page in chapters.pages()] == list(
        chapters.pages())


def test_links_lead_to_one_place_and_pictures_to_a_file(sheet):
    ids = [tag["id"] for tag in sheet.find_all(id=True)]
    assert len(ids) == len(set(ids))
    links = [tag["href"] for tag in sheet.main.find_all("a", href=True)]
    inside = [link for link in links if not ELSEWHERE.match(link)]
    assert len(inside) > 1000
    assert [a for a in inside if a.removeprefix("#") not in ids] == []
    for picture in sheet.main.find_all("img"):
        assert (chapters.HTML / picture["src"]).is_file(), picture["src"]


def test_a_claim_names_its_tests_and_prints_none(sheet):
    text = sheet.main.get_text()
    for row in ledger():
        for test in row["evidence"]:
            assert test in text
    assert "@pytest.mark.claim(" not in text
    assert sheet.select(".claim-helpers, .claim-calls") == []
