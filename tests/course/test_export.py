"""Canvas and Moodle can import the CSV."""

import csv

import pytest

from course.export import read_roster, write_csv

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
            "set": name, "score": score}


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
        columns = list(table([result("ada")], roster, ["ada"] if roster
                             else ())[0])
        assert columns[:4] == ["Student", "ID", "SIS User ID",
                               "SIS Login ID"]
        assert columns[columns.index("Section") + 1:] == ["ps1"]


def test_moodle_finds_its_columns_and_students(table):
    row, other = table([result("Ada-Lovelace_99", "Ada Lovelace")], MOODLE)
    assert row["SIS Login ID"] == "ada@uni.example"
    assert row["SIS User ID"] == "s1"
    assert row["ps1"] == "8.5"
    assert other["SIS Login ID"] == "charles@uni.example"


def test_moodle_skips_a_row_whose_student_is_not_known(table):
    """It skips a row with an empty address and stops at a wrong one."""
    row = table([result("Ada-Lovelace_99", "Ada Lovelace")])[0]
    assert row["SIS Login ID"] == row["SIS User ID"] == ""


def test_a_login_as_file_name_needs_no_roster(table):
    assert table([result("ada@uni.example")])[0][
        "SIS Login ID"] == "ada@uni.example"


def test_whom_the_roster_does_not_know_is_reported(table):
    table([result("mallory"), result("charles")], CANVAS, ["mallory"])


@pytest.mark.parametrize("student", ["charles", "s2", "4712"])
def test_a_login_or_number_as_file_name_is_enough(student, table):
    row = table([result(student)], CANVAS)[0]
    assert row["Student"] == "Babbage, Charles"


def test_a_name_that_two_people_share_is_not_guessed(table):
    twins = CANVAS + '"Lovelace, Ada",4713,s3,ada2,Group B,1\n'
    row = table([result("x", "Ada Lovelace")], twins, ["x"])[0]
    assert row["ID"] == ""


def test_sets_stand_in_columns_and_a_missing_one_is_empty(table):
    rows = table([result("ada"), result("ada", name="ps2", score=3),
                  result("bob", name="ps2", score=0)])
    assert [(r["Student"], r["ps1"], r["ps2"]) for r in rows] == [
        ("ada", "8.5", "3"), ("bob", "", "0")]


def test_no_cell_is_a_formula(table):
    row = table([result("x", '=HYPERLINK("http://evil.example")')])[0]
    assert row["Student"].startswith("'=")
