"""The ledger cannot lie: it and the marked tests match one to one."""

import re

import pytest

from tools.book.chapters import ROOT, chapters, source
from tools.book.evidence import TESTS, helpers, ledger, marked_tests
from tools.claims_check import apply, mutants

KEYS = ["id", "source", "statement", "verdict", "correction", "chapter",
        "evidence"]
VERDICTS = {"proved", "proved with corrections", "verified numerically",
            "refuted as stated", "observed here", "open"}
SOURCES = """
P1-lemma-4.1 P1-mask P1-loop-is-gd P1-limit-sign P1-error-bound
P1-strong-convexity P1-duality P1-realizable P1-examples P1-beats-bound
P1-exponential P1-identity-QP P1-first-3 P1-next-noise P1-next-kappa
P1-next-quadratic P1-open-nonlinear P1-open-dimension P1-open-language
P2-implements-pgd P2-minimiser P2-dominance P2-flow P2-ood P2-more-loops
P2-loops-layers P2-few-examples
""".split()
# Signs, Greek letters, raised and lowered digits, letters that stand alone,
# and the ids of claims: mathematics and links, not words.
TYPED = re.compile(
    r"[=<>≤≥≠√∞→·*^_‖⟨⟩²³¹½⁰-ₜα-ωΑ-Ω]"
    r"|(?<![\w.'’-])[B-HJ-Zb-z]\d?(?![\w'’]|\.\w)")
ROWS = {row["id"]: row for row in ledger()}
settled = [row for row in ROWS.values() if row["verdict"] != "open"]


def test_every_claim_of_the_sources_has_a_row_and_no_id_comes_twice():
    assert set(SOURCES) <= set(ROWS)
    assert len(ledger()) == len(ROWS)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_has_its_keys_and_a_known_verdict(row):
    assert list(row) == KEYS
    assert row["verdict"] in VERDICTS
    assert row["source"].strip() and row["statement"].strip()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("key", ["statement", "correction"])
def test_formulas_are_mathematics_and_names_of_claims_are_links(row, key):
    words = re.sub(r"\$[^$]+\$|`[^`]+`", "", row[key]).replace("{claim}", "")
    assert not TYPED.findall(words)


def test_ledger_and_marked_tests_match_one_to_one():
    cited = {(row["id"], test) for row in ROWS.values()
             for test in row["evidence"]}
    marked = {(claim, test) for test, (claims, _) in marked_tests().items()
              for claim in claims}
    assert cited == marked


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_claim_is_open_exactly_when_it_has_no_evidence(row):
    assert (row["verdict"] == "open") == (not row["evidence"])
    if row["verdict"] == "open":
        assert "chapter" in row["correction"].lower(), "which experiment?"
    if row["verdict"] in ("proved with corrections", "refuted as stated"):
        assert row["correction"].strip()


@pytest.mark.parametrize("row", settled, ids=lambda row: row["id"])
def test_a_settled_claim_points_into_a_chapter_that_cites_it(row):
    page, label = row["chapter"].split("#")
    text = source(page).read_text("utf8")
    assert page in chapters()
    assert re.search(
        rf"^(:label: {label}|\s+name: {label}|\({label}\)=)\s*$",
        text, re.MULTILINE), f"no label {label} in {page}"
    assert f"{{claim}}`{row['id']}`" in text


@pytest.mark.parametrize("page", chapters())
def test_every_theorem_of_a_chapter_has_a_row(page):
    stated = re.findall(
        r"^`{3,}\{prf:(?:theorem|proposition|lemma|corollary)\}.*\n"
        r"(?::(?!label).*\n)*(?::label: (\S+))?",
        source(page).read_text("utf8"), re.MULTILINE)
    settled_here = {row["chapter"] for row in settled}
    assert stated or page == "notebooks/49-what-is-open"
    for label in stated:
        assert f"{page}#{label}" in settled_here, label


def test_the_functions_that_tests_call_are_found_through_others():
    found = helpers()
    rotation = f"{TESTS}/test_part3_rotation.py"
    test = (f"{rotation}::test_the_curvature_of_many_examples_tends_to_"
            "the_leading_one")
    for name in ("leading_curvature", "gaussian_traces"):
        source, users = found[f"{rotation}::{name}"]
        assert f"def {name}(" in source and test in users
    assert test not in found[f"{rotation}::wishart_nodes"][1]


def test_no_evidence_is_skipped_or_expected_to_fail():
    for path in sorted((ROOT / TESTS).glob("*.py")):
        if path.name != "test_ledger.py":
            assert not re.search(
                r"skip|xfail|importorskip", path.read_text("utf8")), path.name


def test_every_settled_claim_has_a_fault_that_fits_the_package(tmp_path):
    faulty = {mutant["claim"] for mutant in mutants()}
    assert {row["id"] for row in settled} == faulty
    for mutant in mutants():
        copy = tmp_path / mutant["file"]
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text((ROOT / mutant["file"]).read_text("utf8"), "utf8")
        before = copy.read_text("utf8")
        apply(mutant, tmp_path)
        assert copy.read_text("utf8") != before
        assert mutant["file"].startswith("lttutor/")
