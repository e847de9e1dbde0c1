"""``make formgrade`` says what is in its way, and what to do."""

import os

import pytest

from course import formgrade


@pytest.fixture
def out(tmp_path):
    (tmp_path / "gradebook.db").touch()
    return tmp_path


def test_a_folder_that_was_not_graded_is_named(tmp_path):
    assert "no gradebook here; say: make grade" in formgrade.obstacle(tmp_path)
    with pytest.raises(SystemExit, match="say: make formgrade OUT"):
        formgrade.main([""])


def test_root_is_told_how_another_user_can_do_it(out, monkeypatch, tmp_path):
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert f"chown -R ada {out}" in formgrade.obstacle(out)
    closed = tmp_path / "closed"
    (closed / "env").mkdir(parents=True)
    closed.chmod(0o700)
    monkeypatch.setattr("sys.base_prefix", str(closed / "env"))
    assert "because no other user can read /" in formgrade.obstacle(out)


def test_what_another_user_wrote_is_to_be_handed_over(out, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    assert formgrade.obstacle(out) == ""
    monkeypatch.setattr(os, "access", lambda path, mode: path == out)
    said = formgrade.obstacle(out)
    assert said.startswith(f"{out}/gradebook.db belongs to ")
    assert "sudo chown -R" in said
