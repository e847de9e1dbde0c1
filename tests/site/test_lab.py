"""`make lab` opens copies: new ones follow the book, changed ones never."""

import importlib

import pytest

from tools.book import chapters

lab = importlib.import_module("tools.lab.__main__")


@pytest.fixture
def offered(tmp_path, monkeypatch):
    path = tmp_path / "site" / "11-one.ipynb"
    path.parent.mkdir()
    path.write_text("first")
    monkeypatch.setattr(chapters, "chapters", lambda: ["notebooks/11-one"])
    monkeypatch.setattr(chapters, "download", lambda page: path)
    monkeypatch.setattr(lab, "WORK", tmp_path / "work")
    monkeypatch.setattr(lab, "MADE", tmp_path / "work" / ".made.json")
    return path


def test_an_untouched_copy_follows_the_book(offered):
    assert lab.refresh() == []
    offered.write_text("second")
    assert lab.refresh() == []
    assert (lab.WORK / "11-one.ipynb").read_text() == "second"


def test_a_changed_copy_is_never_written_over(offered):
    lab.refresh()
    (lab.WORK / "11-one.ipynb").write_text("mine")
    offered.write_text("second")
    assert lab.refresh() == ["11-one.ipynb"]
    assert lab.refresh() == ["11-one.ipynb"]
    assert (lab.WORK / "11-one.ipynb").read_text() == "mine"


def test_a_file_of_the_reader_with_that_name_stays(offered):
    lab.WORK.mkdir()
    (lab.WORK / "11-one.ipynb").write_text("mine")
    assert lab.refresh() == ["11-one.ipynb"]
    assert (lab.WORK / "11-one.ipynb").read_text() == "mine"
