"""`make book` on a book of one chapter: what it builds, notices and refuses.

The small book lies in a folder with an odd name, and is built in surroundings
that must not matter.
"""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tools.book import build, cache, chapters
from tools.book.chapters import ROOT

NOWHERE = "http://127.0.0.1:9"
NAME = "[a] %20 what? \u00e9 \u65e5\u672c #1 it's"

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

A work {cite}`chen2025bypassing`.

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

    def start(self, **options):
        """A build that goes on beside the test."""
        return subprocess.Popen(
            [sys.executable, "-m", "tools.book"], cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, **self.surroundings()}, **options,
        )

    def build(self, largest_file=None):
        """Build; no file may get larger, as if the disk were full."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file,) * 2)

        process = self.start(preexec_fn=largest_file and limit)
        words, _ = process.communicate()
        return process.returncode, words

    def surroundings(self):
        """No network, a Jupyter of the reader's own, a date from elsewhere."""
        elsewhere = self.folder.parent / "elsewhere"
        kernel = elsewhere / "kernels" / "python3" / "kernel.json"
        kernel.parent.mkdir(parents=True, exist_ok=True)
        kernel.write_text(json.dumps({
            "argv": ["/bin/false"], "display_name": "x", "language": "python"
        }))
        return {
            "PYTHONPATH": str(self.folder), "SOURCE_DATE_EPOCH": "0",
            "JUPYTER_PATH": str(elsewhere), "MPLBACKEND": "nonsense",
            "JUPYTER_DATA_DIR": str(elsewhere),
            **dict.fromkeys(("http_proxy", "https_proxy"), NOWHERE),
        }

    def site(self):
        """Every file of the site with its content."""
        folder = self.folder / "_build" / "html"
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*") if path.is_file()
        }

    def truncate(self, *patterns):
        """Cut files of _build short, as a full disk does."""
        for pattern in patterns:
            for path in list((self.folder / "_build").rglob(pattern)):
                os.truncate(path, path.stat().st_size // 2)

    def has(self, name):
        return (self.folder / "_build" / "html" / name).exists()


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """The small book, built once."""
    book = Book(tmp_path_factory.mktemp("book") / NAME)
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("tools", "book/_ext", "book/_static"):
        shutil.copytree(ROOT / name, book.folder / name, ignore=ignore)
    for name in ("_config.yml", "book/references.bib", "requirements.txt",
                 "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, book.folder / name)
    book.write("lttutor/__init__.py", "ANSWER = 41\n")
    book.write("_toc.yml", TOC)
    book.write("book/index.md", "(home)=\n# Home\n\nSee {ref}`chap-11`.\n\n"
               "```{bibliography}\n```\n")
    book.write("book/claims.yml", "[]\n")
    book.write("notebooks/11-one.md", CHAPTER)
    book.write("notebooks/12-two.md", """(chap-12)=
# Another

Text.

A work {cite}`chen2025bypassing`.

A square: $x^2$.
""")
    code, words = book.build()
    assert code == 0, words
    book.words = words
    return book


@pytest.fixture
def book(original, tmp_path):
    """A copy of the built book, to be changed."""
    shutil.copytree(original.folder, tmp_path / NAME)
    return Book(tmp_path / NAME)


def test_a_build_makes_pages_and_downloads_and_says_where(original):
    assert original.has("notebooks/11-one.html")
    assert original.has("_sources/notebooks/11-one.ipynb")
    assert "notebooks/11-one" in original.words
    assert "_build/html/index.html" in original.words
    assert len(original.words.splitlines()) < 12


def test_nothing_is_written_beside_a_folder_of_any_name(original):
    beside = {path.name for path in original.folder.parent.iterdir()}
    assert beside == {NAME, "elsewhere"}


def test_no_page_shows_the_day_on_which_it_was_built(original):
    today = [time.strftime(f) for f in ("%Y-%m-%d", "%b %d, %Y", "%d %b %Y")]
    site = original.site()
    assert [(name, day) for name, data in site.items() for day in today
            if day.encode() in data] == []
    assert "\u00a9 Copyright 2026".encode() in site["book/index.html"]


def test_a_second_run_does_nothing(book):
    code, words = book.build()
    assert code == 0
    assert "Nothing has changed" in words
    assert "Running" not in words


def test_a_changed_text_is_built_without_running_the_code(book):
    """Nor written with others; and its time may lie in the future."""
    book.edit("notebooks/11-one.md", "Some text.", "More.\n\nOther text.")
    os.utime(book.folder / "notebooks/11-one.md", (4e9, 4e9))  # 2096
    code, words = book.build()
    assert code == 0
    assert "none of 1 has changed" in words
    html = book.folder / "_build/html/notebooks/11-one.html"
    assert "Other text." in html.read_text("utf8")
    assert "42" in html.read_text("utf8")
    assert "Nothing has changed" in book.build()[1]


def test_of_a_changed_text_no_other_page_is_written(book):
    """Though its lines move and its citations are read last."""
    book.edit("notebooks/11-one.md", "Some text.", "Other text.")
    assert book.build()[0] == 0  # in a new folder all is written
    book.edit("notebooks/11-one.md", "Other text.", "More.\n\nOther text.")
    assert book.build()[0] == 0
    log = (book.folder / "_build/build.log").read_text("utf8")
    # With any page Sphinx writes the root, and bibtex the list of works.
    assert set(re.findall(r"writing output.* (\S+)$", log, re.MULTILINE)) == {
        "book/index", "notebooks/11-one"}


def test_a_build_after_edits_ends_with_the_files_of_a_clean_one(book):
    """A title that others show, a formula, a word that leaves the search; at
    last a style, alone.

    The second text has the time of an old copy, as out of an archive.
    """
    book.edit("notebooks/11-one.md", "Some text.", "Novel $x^3$ prose.")
    code, words = book.build()
    assert code == 0, words
    book.edit("notebooks/12-two.md", "# Another", "# Renamed")
    book.edit("notebooks/11-one.md", "Novel", "Plain")
    os.utime(book.folder / "notebooks/11-one.md", (1e9, 1e9))  # 2001
    code, words = book.build()
    assert code == 0, words
    style = book.folder / "book/_static/book.css"
    style.write_text(style.read_text("utf8") + "\nbody { color: #1a2b3c }\n")
    code, words = book.build()
    assert code == 0, words
    after_edits = book.site()
    assert b"#1a2b3c" in after_edits["_static/site.css"]
    for name in ("raw", ".doctrees", "html", "markdown", "built.json"):
        path = book.folder / "_build" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    code, words = book.build()
    assert code == 0, words
    clean = book.site()
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
    code, words = book.build()
    assert code == 0, words
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
    cache.drop_if_stale()
    assert not cache.drop_if_stale()
    (tmp_path / "README.md").write_text("after")
    assert not cache.drop_if_stale()
    result = chapters.CACHE / "a result"
    result.write_text("kept")
    (tmp_path / name).write_text("after")
    assert cache.drop_if_stale()
    assert not result.exists()


def test_a_page_runs_again_when_a_file_that_it_reads_changes(
    tmp_path, monkeypatch
):
    shutil.copy(chapters.ROOT / "_config.yml", tmp_path)
    monkeypatch.setattr(chapters, "ROOT", tmp_path)
    monkeypatch.setattr(chapters, "CACHE", tmp_path / "_build" / "cache")
    monkeypatch.setattr(cache, "READS", {"speed": "times.json"})
    monkeypatch.setattr(cache, "FOUND", {})
    (tmp_path / "times.json").write_text("1")
    for page in ("speed", "other"):
        (tmp_path / f"{page}.md").write_text(
            "---\nfile_format: mystnb\nkernelspec:\n"
            "  name: python3\n---\n"
            f"```{{code-cell}} python\n'{page}'\n```\n")
        cache.put(page, chapters.read(page), 1.0)
        assert cache.get(page) is not None
    (tmp_path / "times.json").write_text("2")
    cache.FOUND.clear()
    assert cache.get("speed") is None
    assert cache.get("other") is not None


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
    before = book.site()
    book.edit("notebooks/12-two.md", "Text.", "See {ref}`chap-99`.")
    for _ in range(2):
        code, words = book.build()
        assert code == 1
        assert "notebooks/12-two.md" in words and "chap-99" in words
    assert book.site() == before


def test_nothing_stays_of_a_page_that_is_dropped(book):
    book.edit("_toc.yml", "      - file: notebooks/11-one\n", "")
    book.edit("book/index.md", "chap-11", "chap-12")
    code, words = book.build()
    assert code == 0, words
    assert not book.has("notebooks/11-one.html")
    assert not book.has("_sources/notebooks/11-one.ipynb")
    assert book.has("notebooks/12-two.html")


def test_a_listed_page_that_does_not_exist_is_named(book):
    (book.folder / "notebooks/12-two.md").unlink()
    code, words = book.build()
    assert code == 1
    assert "there is no notebooks/12-two.md" in words


# A build that is interrupted ---------------------------------------------

SLEEPS = """
import os, time
open({mark!r}, "w").write(str(os.getpid()))
time.sleep(600)
"""
EXTENSION = '''
import os, time
from pathlib import Path

def setup(app):
    app.connect("html-page-context", sleep)

def sleep(app, *_):
    mark = Path(app.srcdir) / "writing"
    if mark.exists():
        mark.write_text(str(os.getpid()))
        time.sleep(600)
'''


def wait_for(condition, seconds):
    """What the condition says once it holds; fail if it takes longer."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return found


def pid_in(mark):
    """The process that wrote its number into a file, once it has."""
    return wait_for(
        lambda: mark.exists() and int(mark.read_text() or 0), seconds=60)


def has_ended(pid):
    return not psutil.pid_exists(pid) or (
        psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def end(process, number, child):
    """End a build by a signal within 3 s; its child is gone soon after."""
    process.send_signal(number)
    words, _ = process.communicate(timeout=3)
    wait_for(lambda: has_ended(child), seconds=10)
    assert process.returncode == -number
    if number != signal.SIGKILL:
        assert words.splitlines()[-1].startswith("Stopped.")
    assert "Traceback" not in words


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_build_that_runs_a_page_can_be_stopped_at_once(book, number):
    before, mark = book.site(), book.folder / "mark"
    book.edit("notebooks/11-one.md", "\ntotal\n",
              SLEEPS.format(mark=str(mark)))
    first = book.start()
    kernel = pid_in(mark)
    code, words = book.build()  # another one, at the same time
    assert code == 1 and "another build is at work" in words
    end(first, number, kernel)
    assert book.site() == before


def test_a_build_that_writes_pages_can_be_stopped_and_taken_up(book):
    before, mark = book.site(), book.folder / "writing"
    book.write("book/_ext/sleeps.py", EXTENSION)
    book.edit("_config.yml", "    boxes: book/_ext\n",
              "    boxes: book/_ext\n    sleeps: book/_ext\n")
    book.edit("_config.yml", "      - boxes\n",
              "      - boxes\n      - sleeps\n")
    book.edit("notebooks/12-two.md", "Text.", "Other text.")
    for number in (signal.SIGTERM, signal.SIGKILL):
        mark.write_text("")
        process = book.start()
        end(process, number, pid_in(mark))
        assert book.site() == before
    mark.unlink()
    code, words = book.build()
    assert code == 0, words
    after = book.site()
    assert after.keys() == before.keys()
    assert b"Other text." in after["notebooks/12-two.html"]


def test_a_page_whose_kernel_is_killed_is_named(book):
    book.edit("notebooks/11-one.md", "\ntotal\n",
              "\nimport os; os.kill(os.getpid(), 9)\n")
    code, words = book.build()
    assert code == 1
    assert "notebooks/11-one.md: the kernel died" in words
    assert "Traceback" not in words


# What is damaged is made anew ----------------------------------------------

def test_a_site_that_is_not_whole_is_built_again(original, book):
    """And no damaged work of Sphinx is taken up."""
    html = book.folder / "_build" / "html"
    (html / "_static" / "favicon.svg").unlink()
    book.truncate("html/notebooks/12-two.html", ".doctrees/told",
                  ".doctrees/search.pickle", ".doctrees/**/*.doctree")
    code, words = book.build()
    assert code == 0 and "Nothing has changed" not in words
    assert book.site() == original.site()


def test_state_that_is_damaged_or_old_counts_as_absent(original, book):
    book.truncate("base.ipynb", "settings.json", "*.whl", "fontlist*.json",
                  "formulas.json", "build.log")
    built = book.folder / "_build" / "built.json"
    now = json.loads(built.read_text())
    built.write_text(json.dumps({"all": now["all"], "global": now["global"],
                                 "pages": [], "code": []}))
    code, words = book.build()
    assert code == 0, words
    assert book.site() == original.site()


def test_whatever_fails_the_site_stays_and_the_next_build_recovers(book):
    before, built = book.site(), book.folder / "_build"
    book.edit("notebooks/12-two.md", "Text.", "Other text.")
    # While Sphinx writes, no room is left for a dozen files.
    shutil.rmtree(built / "raw")
    code, words = book.build(largest_file=200_000)
    assert code == 1
    assert "File too large" in words and "Traceback" not in words
    assert len(words.splitlines()) < 10
    assert book.site() == before
    # The last step, after all pages: what the wheel is made of is missing.
    (book.folder / "LICENSE").write_text("Another license")
    (book.folder / "README.md").rename(book.folder / "away")
    code, words = book.build()
    assert code == 1
    assert "README.md" in words and "Traceback" not in words
    assert book.site() == before
    # What a full disk leaves behind.
    (book.folder / "away").rename(book.folder / "README.md")
    (built / ".jupyter_cache" / "global.db").write_bytes(b"")
    (built / "built.json").write_bytes(b"")
    code, words = book.build()
    assert code == 0, words
    assert b"Other text." in book.site()["notebooks/12-two.html"]


def test_a_folder_that_cannot_be_written_to_is_one_sentence(book):
    shutil.rmtree(book.folder / "_build")
    (book.folder / "_build").write_text("not a folder")
    code, words = book.build()
    assert code == 1
    assert "_build" in words and "Traceback" not in words


@pytest.fixture
def evidence(tmp_path, monkeypatch):
    """Ask for the evidence on texts; tell whether it ran, and whether well."""
    results, world = tmp_path / "evidence.json", {}

    def run_apart(log):
        world["ran"] = True
        results.write_text(world["writes"])
        return world["code"]

    def ask(text, code=0, writes='{"a": {}}'):
        world.update(text=text, code=code, writes=writes, ran=False)
        held = not build.run_evidence(print)
        return world["ran"], held

    monkeypatch.setattr(build, "BUILD", tmp_path)
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(
        build.changes, "fingerprint", lambda *_: world["text"])
    monkeypatch.setattr(build.evidence, "RESULTS", results)
    monkeypatch.setattr(build.evidence, "run_apart", run_apart)
    return ask


def test_only_evidence_that_holds_is_stamped(evidence):
    assert evidence("text") == (True, True)
    assert evidence("text") == (False, True)
    assert evidence("a fault", code=1) == (True, False)
    assert evidence("a fault", code=1) == (True, False)
    assert evidence("text") == (True, True)


def test_evidence_that_cannot_be_read_is_run_again(evidence):
    assert evidence("text", writes='{"a": ') == (True, True)
    assert evidence("text") == (True, True)
    assert evidence("text") == (False, True)


# What make passes on -------------------------------------------------------

def test_make_passes_nothing_on_that_changes_the_meaning_of_the_book():
    hostile = {name: "1" for name in (
        "PYTHONOPTIMIZE", "PYTHONSAFEPATH", "PYTHONHOME", "PYTHONPATH",
        "PYTHONSTARTUP", "PYTHONWARNINGS", "PIP_USER", "PIP_TARGET",
        "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "VIRTUAL_ENV")}
    shown = subprocess.run(
        ["make", "--no-print-directory", "-f", "-", "show"], cwd=ROOT,
        input="include Makefile\nshow:\n\t@env\n",
        env={**os.environ, **hostile},
        capture_output=True, text=True, check=True,
    ).stdout
    names = {line.partition("=")[0] for line in shown.splitlines()}
    assert names & hostile.keys() == set()
    assert {"PYTHONNOUSERSITE", "PYTHONUTF8"} <= names


def test_make_builds_once_and_before_it_tests():
    plan = subprocess.run(
        ["make", "-n", "-j8", "book", "test"], cwd=ROOT,
        capture_output=True, text=True, check=True,
    ).stdout
    steps = re.findall(r"-m (tools\.\w+)", plan)
    assert steps == ["tools.book", "tools.test"]


def test_a_folder_that_no_environment_can_be_in_is_refused_in_a_sentence(
        tmp_path):
    folder = tmp_path / "volume: one"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    done = subprocess.run(
        ["make", "book", f"PYTHON={sys.executable}"], cwd=folder,
        capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == (
        "make: Python makes no environment in a folder with : in its path, "
        f"such as {folder}; choose another")
    assert os.listdir(folder) == ["Makefile"]


def test_pins_dated_in_the_future_are_installed_and_not_left_out(tmp_path):
    """Each time, which takes seconds, for make cannot tell them from new."""
    (tmp_path / ".venv/bin").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.txt", "requirements-dev.txt",
                 "pyproject.toml", ".venv/venv.stamp"):
        (tmp_path / name).touch()
    (tmp_path / ".venv/bin/python").symlink_to("/bin/true")
    os.utime(tmp_path / "requirements.txt", (1.9e9, 1.9e9))
    for _ in range(2):
        done = subprocess.run(
            ["make", "dryrun"], cwd=tmp_path, capture_output=True,
            text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Installing the pinned packages" in done.stdout
        assert (tmp_path / ".venv/book.stamp").read_text().strip() == str(
            tmp_path.resolve())
