"""Submissions are found in every layout that teachers meet."""

import io
import os
import zipfile

import pytest

from course.inbox.collect import collect
from course.inbox.files import read

SETS = ["ps1", "ps2"]
NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


def notebook_of(name):
    cell = (b'{"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "'
            + name.encode() + b'-1"}}, "source": ""}')
    return NOTEBOOK.replace(b"[]", b"[" + cell + b"]")


def lay_out(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def zipped(files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def found(folder, files, **options):
    lay_out(folder, files)
    submissions, stray = collect(folder, SETS, **options)
    assert stray == []
    return {(s.student, s.problem_set) for s in submissions}


@pytest.mark.parametrize("name", [
    "ada.ipynb", "ada/ps1.ipynb", "ada/ps1/ps1.ipynb", "ps1/ada.ipynb",
    "ps1/ada/ps1.ipynb", "ada_ps1.ipynb", "ps1-ada.ipynb",
    "submitted/ada/ps1/ps1.ipynb", "ada/my answers.ipynb",
    "ada/.ipynb_checkpoints/../ps1.ipynb", "PS1/ada.ipynb"])
def test_student_and_set_are_read_from_the_path(name, tmp_path):
    assert found(tmp_path, {name: NOTEBOOK}, default="ps1") == {
        ("ada", "ps1")}


@pytest.mark.parametrize(("name", "key"), [
    ("lovelaceada_12345_678_ps1.ipynb", "lovelaceada_12345"),
    ("lovelaceada_LATE_12345_678_ps1-2.ipynb", "lovelaceada_12345"),
    ("Ada Lovelace_99_assignsubmission_file_/ps1.ipynb", "ada-lovelace_99"),
    ("Ada Lovelace_99_assignsubmission_file_ps1.ipynb", "ada-lovelace_99")])
def test_names_of_canvas_and_moodle_are_understood(name, key, tmp_path):
    assert found(tmp_path, {name: NOTEBOOK}) == {(key, "ps1")}


def test_a_download_may_stay_zipped_and_hold_zips(tmp_path):
    inner = zipped({"ps1/ps1.ipynb": NOTEBOOK})
    outer = zipped({"doe_1_2_ps1.ipynb": NOTEBOOK, "roe_3_4_ps1.zip": inner,
                    "__MACOSX/._doe_1_2_ps1.ipynb": b"x"})
    assert found(tmp_path, {"submissions.zip": outer}) == {
        ("doe_1", "ps1"), ("roe_3", "ps1")}


def test_students_whose_names_end_in_numbers_stay_apart(tmp_path):
    files = {f"student-{n}.ipynb": NOTEBOOK for n in range(3)}
    assert found(tmp_path, files, default="ps1") == {
        (f"student-{n}", "ps1") for n in range(3)}


def test_the_cells_tell_the_set_when_the_name_is_wrong(tmp_path):
    assert found(tmp_path, {"ada/ps1.ipynb": notebook_of("ps2")}) == {
        ("ada", "ps2")}


def test_two_sets_of_one_student_are_two_submissions(tmp_path):
    files = {"ada/ps1.ipynb": NOTEBOOK, "ada/ps2.ipynb": NOTEBOOK}
    assert found(tmp_path, files) == {("ada", "ps1"), ("ada", "ps2")}


def test_of_two_attempts_the_last_counts_and_the_student_is_told(tmp_path):
    lay_out(tmp_path, {"ada/ps1.ipynb": b"1", "ada/ps1-1.ipynb": b"2"})
    os.utime(tmp_path / "ada/ps1-1.ipynb", (1, 1))
    (only,), _ = collect(tmp_path, SETS)
    assert only.file.data == b"2"
    assert "ps1.ipynb" in only.notes[0]


def test_without_attempt_numbers_the_newest_file_counts(tmp_path):
    lay_out(tmp_path, {"ada/ps1 final.ipynb": b"1", "ada/ps1 b.ipynb": b"2"})
    os.utime(tmp_path / "ada/ps1 b.ipynb", (1, 1))
    (only,), _ = collect(tmp_path, SETS)
    assert only.file.data == b"1"


def test_a_file_of_nobody_or_of_no_set_is_reported(tmp_path):
    lay_out(tmp_path, {"ps1.ipynb": NOTEBOOK, "ada.ipynb": NOTEBOOK,
                       "ps2/bob.ipynb": NOTEBOOK})
    submissions, stray = collect(tmp_path, SETS)
    assert {(s.student, s.problem_set) for s in submissions} == {
        ("bob", "ps2")}
    assert dict(stray).keys() == {"ps1.ipynb", "ada.ipynb"}


def test_a_link_to_a_file_of_the_grader_is_not_followed(tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "secret.ipynb").write_bytes(NOTEBOOK)
    (tmp_path / "inbox/ps1_eve.ipynb").symlink_to(tmp_path / "secret.ipynb")
    assert collect(tmp_path / "inbox", SETS) == ([], [])


def test_an_enormous_member_of_a_zip_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("course.inbox.files.LARGEST", 2**24)
    with zipfile.ZipFile(tmp_path / "ps1_eve.zip", "w",
                         zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ps1.ipynb", bytes(30 * 2**20))
    (only,), _ = collect(tmp_path, SETS)
    assert only.file.why
    assert only.file.data == b""


@pytest.mark.parametrize("name", ["../../etc/eve.ipynb", "/etc/eve.ipynb"])
def test_a_zip_cannot_name_a_path_outside(name, tmp_path):
    (tmp_path / "ps1.zip").write_bytes(zipped({name: NOTEBOOK}))
    (only,), _ = collect(tmp_path, SETS)
    assert not only.file.path.is_absolute()
    assert ".." not in only.file.path.parts
    assert "/" not in only.student


def test_a_key_has_no_letters_that_a_path_pattern_reads(tmp_path):
    keys = {k for k, _ in found(tmp_path, {
        "ps1_[a]*?.ipynb": NOTEBOOK, "ps1_Zoë Ünal.ipynb": NOTEBOOK})}
    assert "zoë-ünal" in keys
    assert not any(set(k) & set("[]*?") for k in keys)


def test_a_key_depends_on_the_name_and_not_on_how_a_system_writes_it(tmp_path):
    assert collect_keys(tmp_path, ["Zoe\u0308"]) == {"zo\u00eb"}


def collect_keys(folder, names):
    lay_out(folder, {f"{name}/ps1.ipynb": NOTEBOOK for name in names})
    submissions, _ = collect(folder, SETS)
    assert len(submissions) == len(names)
    return {s.student for s in submissions}


@pytest.mark.parametrize("names", [
    ["\u0930\u093e\u092e", "\u0930\u093f\u092e", "\u0930\u0942\u092e"],
    ["Zo\u00eb", "Zoe"], ["a b", "a*b", "a?b"]])
def test_students_with_similar_names_stay_apart(names, tmp_path):
    assert len(collect_keys(tmp_path, names)) == len(names)


def test_a_login_that_looks_like_a_problem_set_is_a_student(tmp_path):
    assert found(tmp_path, {"ps1234/ps1.ipynb": NOTEBOOK}) == {
        ("ps1234", "ps1")}


def test_a_scratch_notebook_does_not_replace_the_problem_set(tmp_path):
    lay_out(tmp_path, {"ada/ps1.ipynb": notebook_of("ps1"),
                       "ada/zz scratch.ipynb": NOTEBOOK})
    (only,), _ = collect(tmp_path, SETS, "ps1")
    assert only.file.path.name == "ps1.ipynb"


@pytest.mark.parametrize("name", ["ada/PS1.IPYNB", "ada/ps1.ipynb.txt",
                                  "ada_ps1.ipynb.json"])
def test_a_notebook_with_a_lengthened_name_is_read(name, tmp_path):
    lay_out(tmp_path, {name: NOTEBOOK})
    (only,), _ = collect(tmp_path, SETS)
    assert only.student == "ada"
    notebook, failure = read(only.file)
    assert failure == ""
    assert notebook.cells == []


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED,
                                    zipfile.ZIP_LZMA])
def test_no_damage_to_a_zip_keeps_others_from_being_found(method, tmp_path):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        archive.writestr("ps1.ipynb", NOTEBOOK * 3)
    data = data.getvalue()
    (tmp_path / "ps1_bob.ipynb").write_bytes(NOTEBOOK)
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0xFF
        (tmp_path / "ps1_eve.zip").write_bytes(damaged)
        submissions, _ = collect(tmp_path, SETS)
        assert "bob" in {s.student for s in submissions}


def test_what_one_zip_unpacks_to_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("course.inbox.files.BUDGET", 2**21)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(40):
            archive.writestr(f"s{number}/ps1.ipynb", bytes(2**19))
    (tmp_path / "all.zip").write_bytes(zipped({
        "a.zip": inner.getvalue(), "b.zip": inner.getvalue()}))
    submissions, _ = collect(tmp_path, SETS)
    assert sum(len(s.file.data) for s in submissions) <= 2 * 2**21
    assert any(s.file.why for s in submissions)


@pytest.mark.parametrize(("files", "students"), [
    (["kim.ipynb", "lee.ipynb"], {"kim", "lee"}),
    (["mia/ps1.ipynb", "noa/ps1.ipynb"], {"mia", "noa"}),
    (["ps1/kim.ipynb", "ps1/lee.ipynb"], {"kim", "lee"}),
    (["ps1.ipynb", "scratch.ipynb"], {"monday"}),
    (["ps1.ipynb"], {"monday"}), (["my answers.ipynb"], {"monday"}),
    (["doe_1_2_ps1.ipynb"], {"doe_1"})])
def test_a_zip_is_of_one_student_unless_its_notebooks_name_others(
        files, students, tmp_path):
    (tmp_path / "monday.zip").write_bytes(zipped(
        dict.fromkeys(files, NOTEBOOK)))
    submissions, _ = collect(tmp_path, SETS, "ps1")
    assert {s.student for s in submissions} == students


def test_a_download_may_be_named_itself(tmp_path):
    (tmp_path / "submissions.zip").write_bytes(zipped(
        {"doe_1_2_ps1.ipynb": NOTEBOOK, "roe_3_4_ps1.ipynb": NOTEBOOK}))
    submissions, _ = collect(tmp_path / "submissions.zip", SETS)
    assert [s.student for s in submissions] == ["doe_1", "roe_3"]


def test_a_text_beside_a_file_in_moodle_is_no_submission(tmp_path):
    folder = "CS101/Ada Lovelace_99_assignsubmission_"
    assert found(tmp_path, {f"{folder}file_/ps1.ipynb": NOTEBOOK,
                            f"{folder}onlinetext/onlinetext.html": b"x"}) == {
        ("ada-lovelace_99", "ps1")}


def test_a_name_in_moodle_may_hold_an_underscore(tmp_path):
    name = "Teilnehmer_in 7_99_assignsubmission_file_ps1.ipynb"
    assert found(tmp_path, {name: NOTEBOOK}) == {("teilnehmer_in-7_99",
                                                  "ps1")}


def test_a_file_that_was_never_named_has_no_student(tmp_path):
    lay_out(tmp_path, {"Untitled.ipynb": NOTEBOOK})
    submissions, stray = collect(tmp_path, SETS, "ps1")
    assert submissions == []
    assert "student" in stray[0][1]


@pytest.mark.parametrize("outer", ["eve_77_888_ps1.zip", "eve.zip",
                                   "Eve_2_assignsubmission_file_/ps1.zip"])
@pytest.mark.parametrize("inner", ["adalovelace_1_9_ps1-9.ipynb",
                                   "ada/ps1-9.ipynb"])
def test_a_students_zip_cannot_name_other_students(outer, inner, tmp_path):
    lay_out(tmp_path, {"adalovelace_1_8_ps1.ipynb": NOTEBOOK,
                       "ada.ipynb": NOTEBOOK, outer: zipped(
                           {inner: b"{}", "x_5_6_ps1.ipynb": b"{}"})})
    submissions, _ = collect(tmp_path, SETS, "ps1")
    by_student = {s.student: s.file.data for s in submissions}
    assert by_student.pop("ada") == NOTEBOOK
    assert by_student.pop("adalovelace_1") == NOTEBOOK
    assert len(by_student) == 1
    assert next(iter(by_student)).startswith("eve")


def test_a_students_folder_cannot_name_other_students(tmp_path):
    lay_out(tmp_path, {"doejane_12_3_ps1.ipynb": NOTEBOOK,
                       "eve/doejane_12_9_ps1-9.ipynb": b"{}"})
    submissions, _ = collect(tmp_path, SETS)
    assert {s.student: s.file.data for s in submissions} == {
        "doejane_12": NOTEBOOK, "eve": b"{}"}


def test_a_student_keeps_the_key_whoever_else_hands_in(tmp_path):
    first = collect_keys(tmp_path / "a", ["Ada Lovelace"])
    assert first < collect_keys(tmp_path / "b", ["Ada Lovelace", "Ada*L"])


def test_case_does_not_make_two_students(tmp_path):
    assert found(tmp_path, {"Ada/ps1.ipynb": NOTEBOOK,
                            "ada/ps2.ipynb": NOTEBOOK}) == {
        ("ada", "ps1"), ("ada", "ps2")}


def test_a_resubmission_that_lost_its_ids_still_counts(tmp_path):
    late = NOTEBOOK.replace(b"[]", b'[{"cell_type": "code", "source": '
                                   b'"def gram(X): pass", "metadata": {}}]')
    lay_out(tmp_path, {"ada/ps1 old.ipynb": notebook_of("ps1"),
                       "ada/ps1 late.ipynb": late})
    os.utime(tmp_path / "ada/ps1 old.ipynb", (1, 1))
    (only,), _ = collect(tmp_path, SETS, "ps1", asked=["gram"])
    assert only.file.data == late


def test_a_printed_notebook_is_none(tmp_path):
    lay_out(tmp_path, {"ada/ps1.ipynb": NOTEBOOK,
                       "ada/ps1.ipynb - Colab (1).pdf": b"%PDF"})
    (only,), _ = collect(tmp_path, SETS)
    assert only.file.data == NOTEBOOK


def test_of_two_zips_or_folders_neither_holds_the_whole(tmp_path):
    lay_out(tmp_path, {"ada/ada.ipynb": NOTEBOOK, "aaa.zip": zipped(
        {"ada/ps1-9.ipynb": b"{}", "x/ps1.ipynb": b"{}"})})
    submissions, _ = collect(tmp_path, SETS, "ps1")
    assert {s.student: s.file.data for s in submissions} == {
        "aaa": b"{}", "ada": NOTEBOOK}


def reasons(folder):
    """Why what each student handed in cannot be read."""
    submissions, stray = collect(folder, SETS)
    return {s.student: read(s.file)[1] for s in submissions}, dict(stray)


@pytest.mark.parametrize("name", [
    "ps1-ada.tar.gz", "ps1-ada.7z", "ps1-ada.rar", "ps1-ada.heic",
    "ada/ps1.doc", "ada/ps1", "ada/ps1.xyz",
    "lovelaceada_12345_678_ps1.numbers"])
def test_whatever_a_student_hands_in_gets_a_reason(name, tmp_path):
    lay_out(tmp_path, {name: b"what is this?"})
    said, stray = reasons(tmp_path)
    assert (len(said), stray) == (1, {})
    assert "is not a notebook (.ipynb)" in next(iter(said.values()))


def test_what_nobody_would_hand_in_is_listed_and_graded_as_nobodys(tmp_path):
    lay_out(tmp_path, {"ps1-ada.ipynb": NOTEBOOK, "students.csv": b"a,b",
                       "Thumbs.db": b"x"})
    said, stray = reasons(tmp_path)
    assert list(said) == ["ada"]
    assert list(stray) == ["Thumbs.db", "students.csv"]


def test_a_large_notebook_keeps_its_cells_and_loses_its_outputs(tmp_path):
    saved = NOTEBOOK.replace(b"[]", b"""[{"cell_type": "code", "metadata": {},
        "source": "mine = 1", "outputs": [{"text": "%s"}]}]""" % (
            b"x" * 30 * 2**20))
    lay_out(tmp_path, {"ps1-ada.ipynb": saved,
                       "ps1-bob.zip": zipped({"ps1.ipynb": saved})})
    submissions, _ = collect(tmp_path, SETS)
    for submission in submissions:
        assert len(submission.file.data) < 1000
        notebook, why = read(submission.file)
        assert (notebook.cells[0].source, why) == ("mine = 1", "")


def test_a_zip_of_a_large_class_is_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr("course.inbox.files.BUDGET", 1000)
    monkeypatch.setattr("course.inbox.files.MOST", 3)
    lay_out(tmp_path, {"class.zip": zipped(
        {f"s{k}/ps1.ipynb": NOTEBOOK for k in range(50)})})
    for inbox in (tmp_path, tmp_path / "class.zip"):
        submissions, _ = collect(inbox, SETS)
        assert len(submissions) == 50
        assert not any(s.file.why for s in submissions)


def test_of_two_copies_the_one_that_was_worked_on_counts(tmp_path):
    untouched = notebook_of("ps1")
    worked = untouched.replace(b'"source": ""', b'"source": "x = 1"')
    for names in (("ps1.ipynb", "ps1 (1).ipynb"), ("a.ipynb", "b.ipynb"),
                  ("b.ipynb", "a.ipynb")):
        lay_out(tmp_path, {"bob.ipynb": untouched, "ada.zip": zipped(dict(
            zip(names, (worked, untouched))))})
        (ada, _), _ = collect(tmp_path, SETS, handed_out=[""])
        assert ada.student == "ada"
        assert ada.file.data == worked


def encrypted(data):
    """The zip with the mark that its files are locked with a password."""
    data = bytearray(data)
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def packed_unknown(data):
    """The zip with the mark of a compression that nobody knows."""
    data = bytearray(data)
    data[8] = 99
    data[data.index(b"PK\x01\x02") + 10] = 99
    return bytes(data)


@pytest.mark.parametrize(("spoil", "says"), [
    (encrypted, "is locked with a password"),
    (packed_unknown, "is packed in a way that is not known here"),
    (lambda data: data[:20], "the zip is damaged")])
def test_a_zip_that_cannot_be_read_is_not_called_empty(spoil, says, tmp_path):
    lay_out(tmp_path, {"ps1-ada.zip": spoil(zipped({"ps1.ipynb": NOTEBOOK}))})
    said, stray = reasons(tmp_path)
    assert says in said["ada"]
    assert stray == {}
