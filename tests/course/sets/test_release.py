"""What students get is complete, installs, and gives nothing away."""

import ast
import html
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from course import build
from course.sets import problems, release

ROOT = build.ROOT
SITE = ROOT / "_build/html"
SETS = sorted(path.stem for path in ROOT.glob("assignments/ps*/ps*.md"))
TEXT = {".html", ".txt", ".md", ".js", ".json", ".ipynb", ".py", ".xml"}


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def lines(text):
    return [line for line in map(squeeze, text.split("\n")) if line]


def secrets(name):
    """What must not be public: solutions, hidden tests, model answers.

    A model answer is secret line by line, the code of a hidden test three
    lines at a time: a single line such as ``rng = default_rng(0)`` says
    nothing.  Code that the released part shows as well is none.
    """
    source = problems.read_source(ROOT / f"assignments/{name}/{name}.md")
    shown, found, written = [], set(), set()
    for cell in source.cells:
        text, grader = cell.source, cell.metadata.get("nbgrader", {})
        marks = ((problems.BEGIN_SOLUTION, problems.END_SOLUTION),
                 (problems.BEGIN_HIDDEN, problems.END_HIDDEN))
        answer, hidden = (problems.regions(text, *m) for m in marks)
        if cell.cell_type == "markdown" and grader.get("solution"):
            written |= set(lines(text))
            continue
        found |= {squeeze(region) for region in answer}
        for region in map(lines, hidden):
            found |= {" ".join(region[k:k + 3])
                      for k in range(max(len(region) - 2, 1))}
        for begin, end in marks:
            text = problems.without(text, begin, end)
        shown += lines(text)
    shown = " ".join(shown)
    found = written | {text for text in found if text not in shown}
    return {text for text in found if len(text) > 40}


def leaks(text, found):
    text = squeeze(text)
    return sorted(secret for secret in found if secret in text)


def visible(path):
    """A file of the site as text; of a page, what is between the tags."""
    text = path.read_text(errors="replace")
    if path.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        return "\n".join(cell.source for cell in cells)
    if path.suffix == ".html":
        return html.unescape(re.sub(r"<[^>]*>", "", text))
    return text


@pytest.fixture(params=SETS)
def archive(request, course):
    """The zip of a problem set, its name, and the texts in it."""
    path = course / "students" / f"{request.param}.zip"
    texts = {}
    with zipfile.ZipFile(path) as outer:
        for name in outer.namelist():
            data = outer.read(name)
            if name.endswith(".whl"):
                with zipfile.ZipFile(io.BytesIO(data)) as wheel:
                    texts |= {f"{name}/{n}": wheel.read(n).decode()
                              for n in wheel.namelist()}
            elif name.endswith(".ipynb"):
                cells = nbformat.reads(data.decode(), as_version=4).cells
                texts[name] = "\n".join(
                    f"{cell.source}\n{cell.metadata}\n"
                    f"{cell.get('outputs', '')}" for cell in cells)
            else:
                texts[name] = data.decode()
    return request.param, path, texts


def test_the_five_sets_are_there():
    assert SETS == ["ps1", "ps2", "ps3", "ps4", "ps5"]


def test_a_zip_holds_notebook_wheel_and_how_to_submit(archive):
    name, path, _ = archive
    with zipfile.ZipFile(path) as opened:
        names = opened.namelist()
    assert [re.sub(r"lttutor-.*\.whl", "wheel", n) for n in names] == [
        f"{name}/{name}.ipynb", f"{name}/wheel", f"{name}/requirements.txt",
        f"{name}/HOW-TO-SUBMIT.txt"]


def test_no_solution_or_hidden_test_is_in_the_zip(archive):
    _, _, texts = archive
    for other in SETS:
        found = secrets(other)
        assert len(found) > 10
        for place, text in texts.items():
            assert leaks(text, found) == [], f"{other} leaks in {place}"
    assert not any("HIDDEN TESTS" in text or "BEGIN SOLUTION" in text
                   for text in texts.values())


def test_no_function_of_the_wheel_is_the_answer_to_a_problem(archive, course):
    name, _, texts = archive
    source = nbformat.read(
        course / f"nbgrader/source/{name}/{name}.ipynb", as_version=4)
    asked = {ask for problem in
             problems.problem_set(source).problems.values()
             for ask in problem.asks}
    assert len(asked) >= 5
    defined = {node.name for place, text in texts.items()
               if place.endswith(".py") for node in ast.walk(ast.parse(text))
               if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assert asked & defined == set()


def test_no_solution_or_hidden_test_is_on_the_site():
    if not SITE.is_dir():
        pytest.skip("the site is not built (make book)")
    found = {name: secrets(name) for name in SETS}
    paths = [p for p in SITE.rglob("*") if p.suffix in TEXT and p.is_file()]
    assert any("_sources" in p.parts for p in paths)
    for path in paths:
        text = visible(path)
        for name, those in found.items():
            assert leaks(text, those) == [], f"{name} leaks in {path}"
        assert "### BEGIN HIDDEN TESTS" not in text, path


def test_no_zip_or_assignment_is_among_the_downloads():
    if not SITE.is_dir():
        pytest.skip("the site is not built (make book)")
    names = [path.name for path in SITE.rglob("*")]
    assert [n for n in names if re.match(r"ps\d", n)] == []


@pytest.mark.parametrize("name", SETS)
def test_a_leak_would_be_found(name, tmp_path):
    """The tests above are able to fail."""
    found = secrets(name)
    for secret in sorted(found)[:3]:
        page = tmp_path / "page.html"
        marked = html.escape(secret).replace(" ", "</span> <span>")
        page.write_text(f"<p>before</p><pre><span>{marked}</span></pre>")
        assert secret in leaks(visible(page), found)


def test_the_wheel_installs_and_says_what_it_lacks(archive, tmp_path):
    name, path, _ = archive
    with zipfile.ZipFile(path) as opened:
        opened.extractall(tmp_path)
    (wheel,) = tmp_path.glob(f"{name}/*.whl")
    target = tmp_path / "site"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet",
                    "--no-index", "--no-deps", "--target", target, wheel],
                   check=True)
    script = (f"import sys; sys.path.insert(0, {str(target)!r})\n"
              "import lttutor\n"
              f"assert lttutor.__version__.endswith('+{name}')\n"
              f"assert lttutor.__file__.startswith({str(target)!r})\n"
              "for module in ('lttutor.attention', 'lttutor.loop'):\n"
              "    try: __import__(module)\n"
              "    except ImportError as e:\n"
              "        assert 'is not part of' in str(e), e\n"
              "    else: raise SystemExit(module + ' is there')\n")
    subprocess.run([sys.executable, "-I", "-c", script], check=True)


def test_a_release_imports_only_what_requirements_txt_has(archive):
    name, path, _ = archive
    with zipfile.ZipFile(path) as opened:
        text = opened.read(f"{name}/{name}.ipynb").decode()
        pins = opened.read(f"{name}/requirements.txt").decode()
    pinned = {name.lower() for name in
              re.findall(r"^([\w.-]+)==", pins, re.MULTILINE)}
    imported = set()
    for cell in nbformat.reads(text, as_version=4).cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(problems.plain(cell.source))):
                if isinstance(node, ast.Import):
                    imported |= {a.name.split(".")[0] for a in node.names}
                elif isinstance(node, ast.ImportFrom):
                    imported.add(node.module.split(".")[0])
    assert imported
    assert imported - set(sys.stdlib_module_names) - {"lttutor"} <= pinned


def test_the_shared_helpers_stand_in_every_notebook(archive):
    _, _, texts = archive
    helpers = (ROOT / "assignments/checks.py").read_text().strip()
    (notebook,) = [t for place, t in texts.items() if place.endswith("ipynb")]
    assert helpers in notebook
    assert "%run" not in notebook


def test_the_dates_in_a_zip_are_those_of_the_last_commit(
        small, monkeypatch):
    with zipfile.ZipFile(small / "students/ps0.zip") as archive:
        dates = {info.date_time for info in archive.infolist()}
    assert dates == {release.date()}
    release.date.cache_clear()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(10**9))
    assert release.date() == (2001, 9, 9, 0, 0, 0)
    release.date.cache_clear()


def test_a_folder_whose_name_nbgrader_would_misread_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="takes % in the name"):
        build.main(["--out", str(tmp_path / "my%20course")])
    assert list(tmp_path.iterdir()) == []


def test_two_builds_are_the_same_bytes(small, tmp_path):
    data = Path(__file__).parents[1] / "data"
    build.build(data, tmp_path / "again")
    assert ((tmp_path / "again/students/ps0.zip").read_bytes()
            == (small / "students/ps0.zip").read_bytes())


def test_another_seed_draws_other_numbers_and_is_still_right(tmp_path):
    data = Path(__file__).parents[1] / "data"
    build.build(data, tmp_path / "seven", seed=7)
    text = (tmp_path / "seven/nbgrader/source/ps0/ps0.ipynb").read_text()
    assert "SEED = 7" in text
    assert "SEED = 2026" not in text


@pytest.mark.parametrize(("changes", "complaint"), [
    ({"return 2 / (L + mu)": "return 1 / L"},
     "solution gets the wrong grade"),
    ({', (\n    "for L = mu = 1 the step is 1: did you forget the 2?")': ""},
     "has no message"),
    ({"optimal_step(1, 1)": "1", "optimal_step(10.0, 2.0)": "1 / 6"},
     "untouched release gets the wrong grade"),
    ({"grade_id: ps0-2,": "grade_id: ps0-1,"}, "two cells are called"),
    ({"locked: true, task: false, grade_id: ps0-setup": "locked: false"},
     "has no grade_id"),
])
def test_a_flawed_set_is_not_built(changes, complaint, tmp_path):
    text = (Path(__file__).parents[1] / "data/ps0/ps0.md").read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "ps0").mkdir()
    (tmp_path / "ps0/ps0.md").write_text(text)
    with pytest.raises(build.Flaw, match=complaint):
        build.build(tmp_path, tmp_path / "course")
    assert not (tmp_path / "course").exists()
