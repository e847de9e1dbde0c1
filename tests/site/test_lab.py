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


@pytest.mark.parametrize("damage", [
    b"", b'{"11-one.ipynb": "9f', b"[]", b"null", b"\xff\xfe", None])
def test_what_is_known_of_the_copies_may_be_damaged_or_gone(offered, damage):
    """Then a copy that is the book's follows it again; any other may be the
    reader's own, and stays."""
    lab.refresh()
    other = lab.WORK / "12-two.ipynb"
    if damage is None:
        lab.MADE.unlink()
    else:
        lab.MADE.write_bytes(damage)
    other.write_text("of the reader")
    assert lab.refresh() == []
    offered.write_text("second")
    assert lab.refresh() == []
    assert (lab.WORK / "11-one.ipynb").read_text() == "second"
    lab.MADE.write_bytes(damage or b"{}")
    offered.write_text("third")
    assert lab.refresh() == ["11-one.ipynb"]
    assert (lab.WORK / "11-one.ipynb").read_text() == "second"
    assert other.read_text() == "of the reader"


def test_a_file_of_the_reader_with_that_name_stays(offered):
    lab.WORK.mkdir()
    (lab.WORK / "11-one.ipynb").write_text("mine")
    assert lab.refresh() == ["11-one.ipynb"]
    assert (lab.WORK / "11-one.ipynb").read_text() == "mine"
