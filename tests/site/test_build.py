"""`make book` on a book of one chapter: what it builds, notices and refuses.

The small book lies in a folder whose name has a space.
"""

import os
import shutil
import subprocess
import sys

import pytest

from tools.book import chapters, execute
from tools.book.chapters import ROOT

HEADER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

"""
CHAPTER = HEADER + """(chap-11)=
# A chapter

```{code-cell} python
import lttutor
lttutor.ANSWER
```

Some text.

```{code-cell} python
:tags: [some-tag]

print("second")
total = lttutor.ANSWER + 1
total
```
"""
TOC = """format: jb-book
root: book/index
parts:
  - caption: Part 1
    numbered: true
    chapters:
      - file: notebooks/11-one
      - file: notebooks/12-two
"""


class Book:
    """A folder with a small book in it."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf8")

    def edit(self, name, old, new):
        text = (self.folder / name).read_text("utf8")
        assert text.count(old) == 1
        self.write(name, text.replace(old, new))

    def build(self):
        result = subprocess.run(
            [sys.executable, "-m", "tools.book"], cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            capture_output=True, text=True, check=False,
        )
        return result.returncode, result.stdout + result.stderr

    def has(self, name):
        return (self.folder / "_build" / "html" / name).exists()


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """The small book, built once."""
    book = Book(tmp_path_factory.mktemp("a book") / "with a space")
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("tools", "book/_ext", "book/_static"):
        shutil.copytree(ROOT / name, book.folder / name, ignore=ignore)
    for name in ("_config.yml", "book/references.bib", "requirements.txt",
                 "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, book.folder / name)
    book.write("lttutor/__init__.py", "ANSWER = 41\n")
    book.write("_toc.yml", TOC)
    book.write("book/index.md", "(home)=\n# Home\n\nSee {ref}`chap-11`.\n")
    book.write("book/claims.yml", "[]\n")
    book.write("notebooks/11-one.md", CHAPTER)
    book.write("notebooks/12-two.md", "(chap-12)=\n# Another\n\nText.\n")
    code, words = book.build()
    assert code == 0, words
    book.words = words
    return book


@pytest.fixture
def book(original, tmp_path):
    """A copy of the built book, to be changed."""
    shutil.copytree(original.folder, tmp_path / "a copy")
    return Book(tmp_path / "a copy")


def test_a_build_makes_pages_and_downloads_and_says_where(original):
    assert original.has("notebooks/11-one.html")
    assert original.has("_sources/notebooks/11-one.ipynb")
    assert "notebooks/11-one" in original.words
    assert "_build/html/index.html" in original.words
    assert len(original.words.splitlines()) < 12


def test_a_second_run_does_nothing(book):
    code, words = book.build()
    assert code == 0
    assert "Nothing has changed" in words
    assert "Running" not in words


def test_a_changed_text_is_built_without_running_the_code(book):
    book.edit("notebooks/11-one.md", "Some text.", "Other text.")
    code, words = book.build()
    assert code == 0
    assert "none of 1 has changed" in words
    html = book.folder / "_build/html/notebooks/11-one.html"
    assert "Other text." in html.read_text("utf8")
    assert "42" in html.read_text("utf8")


def files(folder):
    """Every file of the site with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*") if path.is_file()
    }


def test_a_build_after_edits_ends_with_the_files_of_a_clean_one(book):
    """A title that others show, a formula, a word that leaves the search."""
    book.edit("notebooks/11-one.md", "Some text.", "Novel $x^2$ prose.")
    assert book.build()[0] == 0
    book.edit("notebooks/12-two.md", "# Another", "# Renamed")
    book.edit("notebooks/11-one.md", "Novel", "Plain")
    assert book.build()[0] == 0
    after_edits = files(book.folder / "_build" / "html")
    for name in ("raw", ".doctrees", "html", "markdown", "built.json"):
        path = book.folder / "_build" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert book.build()[0] == 0
    clean = files(book.folder / "_build" / "html")
    assert after_edits.keys() == clean.keys()
    assert [name for name in clean if clean[name] != after_edits[name]] == []


def test_addresses_turn_on_what_needs_them_and_nothing_shows_before(book):
    html = book.folder / "_build" / "html"
    page = html / "notebooks" / "11-one.html"
    marks = ("canonical", "og:title", "colab", "mybinder", "/edit/main/",
             "/issues/new")
    assert [m for m in marks if m in page.read_text("utf8")] == []
    assert not (html / "sitemap.xml").exists()
    book.edit("_config.yml", 'public_site: ""',
              'public_site: "https://name.github.io/book"')
    book.edit("_config.yml", 'public_repository: ""',
              'public_repository: "https://github.com/name/book"')
    assert book.build()[0] == 0
    text = page.read_text("utf8")
    assert [m for m in marks if m not in text] == []
    place = "https://name.github.io/book/notebooks/11-one.html"
    assert place in text
    assert place in (html / "sitemap.xml").read_text("utf8")


def test_a_change_in_the_package_runs_the_chapters_again(book):
    book.edit("lttutor/__init__.py", "41", "1041")
    code, words = book.build()
    assert code == 0
    assert "every chapter runs again" in words
    html = book.folder / "_build/html/notebooks/11-one.html"
    assert "1042" in html.read_text("utf8")


@pytest.mark.parametrize("name", ["lttutor/loop.py", "requirements.txt"])
def test_the_cache_is_dropped_when_what_it_depends_on_changes(
    name, tmp_path, monkeypatch
):
    for path in ("lttutor/loop.py", "requirements.txt", "README.md"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("before")
    monkeypatch.setattr(chapters, "ROOT", tmp_path)
    monkeypatch.setattr(chapters, "CACHE", tmp_path / "_build" / "cache")
    execute.drop_stale_cache()
    assert not execute.drop_stale_cache()
    (tmp_path / "README.md").write_text("after")
    assert not execute.drop_stale_cache()
    result = chapters.CACHE / "a result"
    result.write_text("kept")
    (tmp_path / name).write_text("after")
    assert execute.drop_stale_cache()
    assert not result.exists()


def test_a_failing_cell_is_named_by_chapter_line_and_error(book):
    book.edit("notebooks/11-one.md", "\ntotal\n", "\n1 / (total - 42)\n")
    code, words = book.build()
    lines = (book.folder / "notebooks/11-one.md").read_text("utf8")
    number = lines.splitlines().index("1 / (total - 42)") + 1
    assert code == 1
    assert f"notebooks/11-one.md:{number}: ZeroDivisionError" in words
    assert "Traceback" not in words
    assert len(words.splitlines()) < 12


def test_a_cell_that_warns_is_refused(book):
    book.edit("notebooks/11-one.md", "\ntotal\n",
              "\nimport warnings; warnings.warn('careful')\n")
    code, words = book.build()
    assert code == 1
    assert "stderr" in words and "careful" in words


def test_a_warning_fails_the_build_again_until_it_is_mended(book):
    """Sphinx warns of a page only while it reads it; that must not help."""
    book.edit("notebooks/12-two.md", "Text.", "See {ref}`chap-99`.")
    for _ in range(2):
        code, words = book.build()
        assert code == 1
        assert "notebooks/12-two.md" in words and "chap-99" in words

def test_nothing_stays_of_a_page_that_is_dropped(book):
    book.edit("_toc.yml", "      - file: notebooks/11-one\n", "")
    book.write("book/index.md", "(home)=\n# Home\n\nSee {ref}`chap-12`.\n")
    assert book.build()[0] == 0
    assert not book.has("notebooks/11-one.html")
    assert not book.has("_sources/notebooks/11-one.ipynb")
    assert book.has("notebooks/12-two.html")


def test_a_listed_page_that_does_not_exist_is_named(book):
    (book.folder / "notebooks/12-two.md").unlink()
    code, words = book.build()
    assert code == 1
    assert "there is no notebooks/12-two.md" in words
