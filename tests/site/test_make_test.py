"""`make test` on a small project: what runs again, and when."""

import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from tools import test
from tools.book import chapters, state

LOG = "from pathlib import Path\nnote = Path('log').open('a').write\n"
SET = "tests/course/test_answers.py"
PAGE = "_build/html/_sources/notebooks/11-one.ipynb"


@pytest.fixture
def project(tmp_path):
    """A folder with a slow test, a quick one and one notebook."""
    shutil.copytree(chapters.ROOT / "tools", tmp_path / "tools")
    shutil.copy(chapters.ROOT / "_config.yml", tmp_path)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(
        "from pathlib import Path\n"
        f"note = Path({str(tmp_path / 'log')!r}).open('a').write('page ')")])
    for name, text in {
        "_toc.yml": "format: jb-book\nroot: index\nchapters:\n"
                    "  - file: notebooks/11-one\n",
        "index.md": "# Nothing\n",
        "notebooks/11-one.md":
            "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n",
        PAGE: nbformat.writes(notebook),
        "lttutor/__init__.py": "",
        "tests/test_quick.py": LOG + "def test(): note('quick ')",
        SET: LOG + "def test(): note('set ')\n"
                   "def test_other(): assert not Path('broken').exists()",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(project):
    """What `make test` ran, its exit code, its last words."""
    (project / "log").write_text("")
    free = {name: value for name, value in os.environ.items()
            if name not in ("ALL", "CI") and "PYTEST" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "tools.test"], cwd=project, text=True,
        env={**free, "PYTHONPATH": str(project)},
        capture_output=True, check=False)
    ran = sorted((project / "log").read_text().split())
    return ran, done.returncode, done.stdout.strip().splitlines()[-1]


def test_what_takes_long_runs_until_it_has_passed(project):
    (project / "broken").touch()
    assert run(project)[:2] == (["page", "quick", "set"], 1)
    (project / "broken").unlink()
    ran, code, words = run(project)
    assert (ran, code) == (["quick", "set"], 0)
    assert "passed: 1 slow files" in words
    assert set(state.read(project / "_build/passed.json")) == {SET, PAGE}


@pytest.mark.parametrize(("changed", "again"), [
    ("tests/test_quick.py", set()),
    ("notebooks/11-one.md", set()),
    (PAGE, {PAGE}),
    ("course/grade.py", {*test.GRADING}),
    ("assignments/ps1/answers/ps1-1.py", {*test.GRADING}),
    ("lttutor/__init__.py", {*test.GRADING, test.EXPLORABLES, PAGE}),
    ("requirements-dev.txt", {*test.GRADING, test.EXPLORABLES, PAGE}),
    ("book/_static/explorables/common.js", {test.EXPLORABLES}),
    ("tests/browser/conftest.py", {test.EXPLORABLES}),
    ("tests/browser/test_access.py", set()),
])
def test_a_change_of_what_it_uses_runs_it_again(
    changed, again, project, monkeypatch
):
    for variable in "ALL", "CI":
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(test, "on_the_path", lambda: "chromium")
    for module in test, chapters:
        monkeypatch.setattr(module, "ROOT", project)
    monkeypatch.setattr(chapters, "HTML", project / "_build/html")
    monkeypatch.setattr(chapters.download, "__defaults__",
                        (project / "_build/html",))
    monkeypatch.setattr(test, "PASSED", project / "passed.json")
    state.write(test.PASSED, json.dumps(test.slow()))
    path = project / changed
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{path.read_text() if path.exists() else ''}\n")
    assert test.to_run(test.slow()) == again
    monkeypatch.setenv("CI", "true")
    assert test.to_run(test.slow()) == {*test.GRADING, test.EXPLORABLES, PAGE}
    monkeypatch.setattr(test, "on_the_path", lambda: None)
    assert test.EXPLORABLES not in test.slow()
