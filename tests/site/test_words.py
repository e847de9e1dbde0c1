"""No page shows what its source says to Sphinx, or what a run failed to say."""

import re

import pytest
from bs4 import BeautifulSoup
from pybtex.database import parse_file

from tools.book import chapters

FORMULA = re.compile(r"<mjx-container.*?</mjx-container>", re.DOTALL)
RAW = {
    "the rule of a table": r"\|\s*:?[-–—]{1,}",
    "a role": r"\{(?:ref|numref|eq|glue|claim|term|cite|doc|math|prf)\b",
    "a directive or fence": r":::|```|~~~",
    "TeX": r"\$\$|\\(?:frac|kappa|theta|lVert|mathrm|begin|ref)\b",
    "emphasis": r"(?<![\w*])\*\*\w|(?<!\w)__\w",
    "a link": r"\]\((?:http|\.|/|#)",
    "an entity": r"&(?:\w+|#\d+);",
    "an unresolved number": r"\?\?|%s\b",
    "a number that is none": r"(?<![\w-])(?:nan|inf)(?![\w-])",
    "a stop twice": r"[,;]\s*[,;]|(?<!\.)\.\.(?!\.)|,\.",
}


def words(page):
    """The text of a page without code; a formula is the letter ℱ."""
    text = FORMULA.sub("ℱ", chapters.html(page).read_text("utf8"))
    article = BeautifulSoup(text, "html.parser").select_one("article")
    for part in article.select("pre, code, script, style, .sig"):
        part.decompose() if part.name in ("script", "style") else (
            part.replace_with("ℱ"))
    return article.get_text()


@pytest.mark.parametrize("page", chapters.pages())
def test_a_page_shows_no_markup(built, page):
    text = words(page)
    found = {
        name: text[max(0, match.start() - 30):match.end() + 30]
        for name, pattern in RAW.items()
        if (match := re.search(pattern, text))
    }
    assert found == {}


@pytest.mark.parametrize("name, shown", [
    ("the rule of a table", "| a | b | |—|—| 1 |"),
    ("a role", "see {ref}`chap-1`"), ("TeX", "$$x$$"),
    ("a number that is none", "the error is nan."),
    ("a stop twice", "for ℱ,, and"), ("emphasis", "a **bold word"),
])
def test_markup_would_be_seen(name, shown):
    assert re.search(RAW[name], shown)


def test_no_two_works_are_cited_by_the_same_words():
    """Works of one year by the same authors are told apart: 2024a, 2024b."""
    def label(work):
        names = [" ".join(author.prelast_names + author.last_names)
                 for author in work.persons["author"]]
        shown = [names[0], "et al."] if len(names) > 2 else names
        return *shown, work.fields["year"]

    works = parse_file(chapters.ROOT / "book" / "references.bib").entries
    labels = [label(work) for work in works.values()]
    assert sorted(labels) == sorted(set(labels))


def test_the_glossary_is_in_alphabetical_order():
    text = chapters.source("book/glossary").read_text("utf8")
    terms = re.findall(r"^(\S.*)\n  ", text, re.MULTILINE)
    assert len(terms) > 40
    assert terms == sorted(terms, key=str.casefold)


MATH = r"\$(?!\$)[^$]+\$"
NUMBER = r"(?:\{glue:text\}`[^`]+`|(?<![\w.,$-])\d(?:[\d.,]*\d)?)"
NUMBERED = r"(?:\{(?:prf:ref|numref|eq)\}`[^`]+`|\{ref\}`(?:chap-|[^`]*\d <)[^`]*`)"
MEET = re.compile(rf"(?:{MATH}|{NUMBERED}|{NUMBER}) (?={MATH}|{NUMBER})")
RELATION = re.compile(r"(?:=|\\le|\\ge|\\approx|\\to|\\times)\$ $")


@pytest.mark.parametrize("page", chapters.chapters())
def test_a_number_or_formula_does_not_meet_the_next(page):
    """A word or a comma parts them: "after 200 0.003" reads as one number."""
    text = "\n".join(cell.source for cell in chapters.read(page).cells
                     if cell.cell_type == "markdown")
    text = re.sub(r"^\$\$.*?^\$\$|^(?:\||:|`{3}).*?$", "¶", text,
                  flags=re.MULTILINE | re.DOTALL)
    text = " ".join(text.split())
    met = [text[max(0, match.start() - 30):match.end() + 30]
           for match in MEET.finditer(text) if not RELATION.search(match[0])]
    assert met == []


@pytest.mark.parametrize("page", chapters.chapters())
def test_formulas_in_captions_are_mathematics(page):
    captions = [
        text for cell in chapters.read(page).cells
        for text in [cell.metadata.get("mystnb", {}).get("figure", {}).get("caption"),
                     *re.findall(r"^caption: \|\n((?:  .*\n)+)", cell.source,
                                 re.MULTILINE)] if text]
    for caption in captions:
        words = re.sub(r"\$[^$]+\$", "", caption)
        assert not re.findall(r"[=<>≤≥√⁻-₎²³¹Α-ω]|(?<![\w'’])[b-zB-HJ-UW-Z](?!\w)", words)


@pytest.mark.parametrize("page", chapters.chapters())
def test_the_sign_that_continues_a_display_stands_between_two_terms(page):
    r"""TeX spaces ``\quad{}+x`` as a sum, ``\quad+x`` as a sign of x."""
    text = chapters.source(page).read_text("utf8")
    assert not re.findall(r"^&\\quad[-+].*", text, re.MULTILINE)
