"""Canvas and Moodle can import the CSV."""

import csv

import pytest

from course.report.export import read_roster, write_csv

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Old homework (17)
    Points Possible,,,,,10
"Lovelace, Ada",4711,s1,ada@uni.example,Group A,9
"Babbage, Charles",4712,s2,charles,Group A,8
"""
MOODLE = """First name,Last name,ID number,Email address,Groups
Ada,Lovelace,s1,ada@uni.example,Group A
Charles,Babbage,s2,charles@uni.example,Group A
"""


def result(student, title="", lms="", name="ps1", score=8.5):
    return {"student": student, "title": title or student, "lms": lms,
            "set": name, "score": score, "cells": {}}


@pytest.fixture
def table(tmp_path):
    def make(results, roster=None, unknown=()):
        people = []
        if roster:
            (tmp_path / "roster.csv").write_text(roster)
            people = read_roster(tmp_path / "roster.csv")
        assert write_csv(tmp_path / "grades.csv", results, ["ps1", "ps2"],
                         people) == list(unknown)
        with open(tmp_path / "grades.csv", newline="") as stream:
            return list(csv.DictReader(stream))
    return make


def test_canvas_finds_its_columns_and_students(table):
    (row, other) = table([result("lovelaceada_4711", "lovelaceada", "4711")],
                         CANVAS)
    assert row["Student"] == "Lovelace, Ada"
    assert row["ID"] == "4711"
    assert row["SIS Login ID"] == "ada@uni.example"
    assert row["ps1"] == "8.5"
    assert other["Student"] == "Babbage, Charles"
    assert other["ps1"] == ""


def test_canvas_takes_no_column_for_an_assignment_but_the_sets(table):
    """Its importer counts what stands after Section as assignments, unless
    Integration ID or Root Account stand before it."""
    for roster in (CANVAS, MOODLE, None):
        remarks = ["not in the roster: ada"] if roster else ()
        columns = list(table([result("ada")], roster, remarks)[0])
        assert columns[:4] == ["Student", "ID", "SIS User ID",
                               "SIS Login ID"]
        assert columns[columns.index("Section") + 1:] == ["ps1"]


def test_moodle_finds_its_columns_and_students(table):
    row, other = table([result("ada-lovelace_99", "Ada Lovelace")], MOODLE)
    assert row["SIS Login ID"] == "ada@uni.example"
    assert row["SIS User ID"] == "s1"
    assert row["ps1"] == "8.5"
    assert other["SIS Login ID"] == "charles@uni.example"


def test_moodle_skips_a_row_whose_student_is_not_known(table):
    """It skips a row with an empty address and stops at a wrong one."""
    row = table([result("ada-lovelace_99", "Ada Lovelace")])[0]
    assert row["SIS Login ID"] == row["SIS User ID"] == ""


def test_a_login_as_file_name_needs_no_roster(table):
    assert table([result("ada@uni.example")])[0][
        "SIS Login ID"] == "ada@uni.example"


def test_whom_the_roster_does_not_know_is_reported(table):
    table([result("mallory"), result("charles")], CANVAS,
          ["not in the roster: mallory"])


@pytest.mark.parametrize("student", ["charles", "s2", "4712"])
def test_a_login_or_number_as_file_name_is_enough(student, table):
    row = table([result(student)], CANVAS)[0]
    assert row["Student"] == "Babbage, Charles"


def test_a_name_that_two_people_share_is_not_guessed(table):
    twins = CANVAS + '"Lovelace, Ada",4713,s3,ada2,Group B,1\n'
    row = table([result("x", "Ada Lovelace")], twins,
                ["not in the roster: x"])[0]
    assert row["ID"] == ""


def test_sets_stand_in_columns_and_a_missing_one_is_empty(table):
    rows = table([result("ada"), result("ada", name="ps2", score=3),
                  result("bob", name="ps2", score=0)])
    assert [(r["Student"], r["ps1"], r["ps2"]) for r in rows] == [
        ("ada", "8.5", "3"), ("bob", "", "0")]


def test_letters_of_every_script_tell_people_apart(table):
    people = "Student,ID,Section\n\u4f1f \u738b,1,A\n"
    row = table([result("x", "\u738b\u82b3")], people,
                ["not in the roster: x"])[0]
    assert row["ID"] == ""
    row = table([result("x", "\u738b \u4f1f")], people)[0]
    assert row["ID"] == "1"


def test_an_anagram_of_a_name_is_another_person(table):
    people = CANVAS + '"Ng, Amy",4720,,,A,1\n'
    row = table([result("x", "May Ng")], people, ["not in the roster: x"])[0]
    assert row["ID"] == ""


@pytest.mark.parametrize("title", ["lovelaceada", "Ada Lovelace",
                                   "LOVELACE ADA", "Lovelace, \u00c0da"])
def test_spellings_of_a_name_are_one_person(title, table):
    assert table([result("x", title)], CANVAS)[0]["ID"] == "4711"


def test_one_person_has_one_row_whatever_the_files_were_called(table):
    """Moodle counts the participants of each assignment anew."""
    rows = table([result("ada-lovelace_99", "Ada Lovelace"),
                  result("ada-lovelace_142", "Ada Lovelace", name="ps2",
                         score=3)], MOODLE)
    assert [(r["Student"], r["ps1"], r["ps2"]) for r in rows] == [
        ("Ada Lovelace", "8.5", "3"), ("Charles Babbage", "", "")]


def test_two_submissions_of_one_person_to_a_set_are_reported(table):
    rows = table([result("4711"), result("lovelaceada_4711", "lovelaceada",
                                         "4711", score=2)], CANVAS,
                 ["Lovelace, Ada handed in ps1 under two names; "
                  "lovelaceada_4711 counts"])
    assert rows[0]["ps1"] == "2"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252",
                                      "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_roster_may_come_from_any_spreadsheet(encoding, delimiter,
                                                tmp_path):
    text = MOODLE.replace("Ada", "Zo\u00eb").replace(",", delimiter)
    (tmp_path / "roster.csv").write_bytes(text.encode(encoding))
    first = read_roster(tmp_path / "roster.csv")[0]
    assert first["Student"] == "Zo\u00eb Lovelace"
    assert first["SIS User ID"] == "s1"


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "Student\n"])
def test_what_is_no_roster_is_refused_by_name(text, tmp_path):
    (tmp_path / "roster.csv").write_text(text)
    with pytest.raises(ValueError, match="roster.csv: no students found"):
        read_roster(tmp_path / "roster.csv")
    with pytest.raises(ValueError, match="missing.csv"):
        read_roster(tmp_path / "missing.csv")


def test_no_cell_is_a_formula(table):
    row = table([result("x", '=HYPERLINK("http://evil.example")')])[0]
    assert row["Student"].startswith("'=")


def test_what_is_not_known_yet_is_an_empty_cell_and_never_a_number(tmp_path):
    results = [result("ada", score=80.0), result("bob", score=80.0),
               result("eve", score=None) | {"failure": "no room"},
               result("zoe", score=0.0)]
    results[1]["cells"] = {"ps1-6": {"score": 0.0, "ungraded": True}}
    write_csv(tmp_path / "grades.csv", results, ["ps1"])
    with (tmp_path / "grades.csv").open(newline="") as stream:
        points = {row["Student"]: row["ps1"] for row in csv.DictReader(stream)}
    assert points == {"ada": "80", "bob": "", "eve": "", "zoe": "0"}


@pytest.mark.parametrize("text", [
    "sep=;\n" + MOODLE.replace(",", ";"), "\n\n" + MOODLE,
    "\ufeff" + MOODLE, '"sep=,"\r\n' + MOODLE.replace("\n", "\r\n"),
    MOODLE.replace("First name,Last name,ID number,Email address,Groups",
                   "Vorname,Nachname,ID-Nummer,E-Mail-Adresse,Gruppen"),
    MOODLE.replace("First name,Last name,ID number,Email address",
                   "名,姓,学籍番号,メールアドレス")], ids=repr)
def test_a_roster_is_read_whatever_its_language_and_first_line(
        text, tmp_path):
    (tmp_path / "roster.csv").write_text(text, encoding="utf-8")
    ada, _ = read_roster(tmp_path / "roster.csv")
    assert (ada["Student"], ada["SIS Login ID"], ada["SIS User ID"]) == (
        "Ada Lovelace", "ada@uni.example", "s1")


def test_a_roster_of_another_kind_is_refused_with_its_own_columns(tmp_path):
    (tmp_path / "roster.csv").write_text("sep=;\nfruit;price\napple;1\n")
    with pytest.raises(ValueError, match="got the columns fruit, price$"):
        read_roster(tmp_path / "roster.csv")
