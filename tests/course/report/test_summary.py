"""The summary says what went wrong most often, and what needs a hand."""

from course.report.summary import commonest, summarise


def graded(student, *says, notes=(), **more):
    cells = {f"ps1-{k}-test": {"score": 0.0 if said else 5.0, "max": 5,
                               "says": said}
             for k, said in enumerate(says, 1)}
    score = sum(cell["score"] for cell in cells.values())
    return {"student": student, "set": "ps1", "score": score, "max": 15.0,
            "notes": list(notes), "cells": cells, **more}


def test_each_problem_has_its_count_and_its_commonest_reason():
    batch = [graded("a", "", "no mask\nline 3"), graded("b", "", "no mask"),
             graded("c", "", "transposed"), graded("d", "", "")]
    lines = summarise(batch, [], [], "out")
    assert lines[0] == "ps1: 4 graded, median 5 of 15"
    assert lines[1] == "  ps1-1: 4 of 4 right"
    assert lines[2:4] == ["  ps1-2: 1 of 4 right", "    2 × no mask"]


def test_an_answer_that_is_not_there_is_no_mistake():
    empty = "NotImplementedError: there is no answer here yet"
    lines = summarise([graded("a", empty), graded("b", empty),
                       graded("c", "no mask")], [], [], "out")
    assert lines[1:3] == ["  ps1-1: 0 of 3 right", "    1 × no mask"]


def test_a_long_reason_is_told_whole_within_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    reason = " ".join(f"word{'x' * k}" for k in range(12))
    lines = summarise([graded("a", reason)], [], [], "out")[2:-1]
    assert all(len(line) <= 40 for line in lines)
    assert " ".join(" ".join(lines).split()) == f"1 × {reason}"


def test_reasons_that_differ_in_numbers_only_are_one_mistake():
    said = [f"s = {k}: expected {k / 7:.3g}, got -1.5e-{k:02d} at ({k}, 0)"
            for k in range(3)] + ["transposed", "transposed"]
    assert commonest(said) == "3 × s = …: expected …, got … at (…, …)"
    assert commonest(said[:1]) == f"1 × {said[0]}"


def test_what_needs_a_hand_is_named():
    by_hand = graded("c", "")
    by_hand["cells"]["ps1-6"] = {"score": 0.0, "says": "", "by hand": True,
                                 "ungraded": True}
    lines = summarise(
        [graded("a", "x", notes=["it is empty"]), by_hand,
         graded("e", "", failure="Traceback", notes=["grade it by hand"])],
        [("b.ipynb", "no student")], ["not in the roster: d"], "out")
    assert "median 2.5 of 15, 1 to grade by hand" in lines[0]
    assert lines[3:] == ["ps1 a: 0 points. it is empty",
                         "ps1 e: grade it by hand",
                         "left out: b.ipynb: no student",
                         "not in the roster: d",
                         "empty cells of out/grades.csv, because a written "
                         "answer waits: 1",
                         "empty cells of out/grades.csv, because the grader "
                         "failed: 1",
                         "out/grades.csv and out/feedback/ are up to date"]
