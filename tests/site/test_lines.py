"""Where a line may end, and what is never torn apart."""

import re
import sys
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from docutils import frontend, nodes
from docutils.utils import new_document
from pygments import highlight
from pygments.lexers import PythonLexer

from tools.book import epub, solutions
from tools.book.chapters import ROOT
from tools.book.site.lines import (
    CHIP,
    LINE,
    OTHER,
    SYLLABLE,
    chip,
    kept_together,
    outside,
    raised,
    whole,
)
from tools.book.site.tables import numbers_right


@pytest.mark.parametrize(("text", "kept"), [
    ("by 26 % of", "by 26~% of"),
    ("2.1 × 10⁻⁵ or 0.3 ± 0.1", "2.1~×~10⁻⁵ or 0.3~±~0.1"),
    ('<span class="std std-ref">Chapter 22</span>',
     '<span class="std std-ref">Chapter~22</span>'),
    ('<span class="pasted-text">5</span> %', '<span class="pasted-text">5</span>~%'),
    ("<pre>5 % 3</pre> 5 %", "<pre>5 % 3</pre> 5~%"),
    ("<table>5 %</table>", "<table>5 %</table>"),
    ("one percent × two", "one percent × two"),
    ('see <a href="x">Theorem 13.1</a>', 'see <a href="x">Theorem~13.1</a>'),
    ("for κ = 100, n ≤ 2d &lt; ∞", "for κ~=~100, n~≤~2d~&lt;~∞"),
    ("in 2d − 1 or 11.9 κ of", "in 2d~−~1 or 11.9~κ of"),
    ('2 <span class="math"><math alttext="\\kappa" xmlns="">',
     '2~<span class="math"><math alttext="\\kappa" xmlns="">'),
    ('at 2 <span class="math"><math alttext="a=b" xmlns="">',
     'at 2 <span class="math"><math alttext="a=b" xmlns="">'),
    ("<code>n = 5</code> n = 5", "<code>n = 5</code> n~=~5"),
])
def test_a_number_keeps_its_unit_its_power_and_its_word(text, kept):
    found = outside(OTHER, kept_together, text)
    assert found.replace("\u00a0", "~") == kept


def test_a_short_word_is_not_parted_at_its_hyphen():
    told = whole(SYLLABLE, '<p id="p-value">64-bit, a well-known p-value</p>')
    assert told == ('<p id="p-value"><span class="whole">64-bit</span>, a '
                    'well-known <span class="whole">p-value</span></p>')


@pytest.mark.parametrize(("words", "kind"), [
    (["make", "epub"], "x whole"), (["make", "a" * 20], "x"), (["make"], "x"),
])
def test_a_short_command_is_not_parted(words, kind):
    inside = " ".join(f'<span class="pre">{word}</span>' for word in words)
    assert CHIP.sub(chip, f'<code class="x">{inside}</code>') == (
        f'<code class="{kind}">{inside}</code>')


def test_a_column_of_numbers_has_its_digits_below_one_another():
    formula = '<mjx-container><math alttext="10^{-6}"></math></mjx-container>'
    rows = [["<p>name</p>", "n", formula], ["a", "1,234", "3.1 × 10⁻⁶"],
            ["7", "∞", formula], ["8", "12 %", ""]]
    table = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row)
                    + "</tr>" for row in rows)
    cells = BeautifulSoup(numbers_right(table), "html.parser").find_all("td")
    assert [cell.has_attr("class") for cell in cells] == [False, True, True] * 4


def test_powers_of_printed_numbers_are_raised_outside_code_and_attributes():
    text = '<td>3.1 × 10⁻¹²</td><img alt="10⁻⁶"><pre>10⁻³</pre> 10⁶'
    assert outside(LINE, raised, text) == (
        '<td>3.1 × 10<sup>−12</sup></td><img alt="10⁻⁶"><pre>10⁻³</pre> '
        '10<sup>6</sup>')


@pytest.fixture(scope="module")
def writers():
    """The modules that write formulas, for the pages and for notebooks."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    try:
        import code_lines
        import plain_markdown
        import typeset
    finally:
        del sys.path[0]
    return SimpleNamespace(typeset=typeset, plain_markdown=plain_markdown,
                           code_lines=code_lines)


@pytest.fixture(scope="module")
def breaks(tmp_path_factory, writers):
    """A formula's glyphs, with a bar where its line may end in prose."""
    typeset = writers.typeset
    maker = typeset.Typesetter(tmp_path_factory.mktemp("math") / "f.json", {})

    def shown(tex):
        html = maker(tex, False)["html"].replace('<wbr class="cell">', "")
        html = re.sub("<wbr[^>]*>", "¦", html)
        html = re.sub(r'<mjx-c class="mjx-c([0-9A-F]+)[^>]*>',
                      lambda glyph: chr(int(glyph[1], 16)), html)
        return re.sub("<[^>]*>", "", html)

    yield shown
    maker.close()


@pytest.mark.parametrize(("tex", "pieces"), [
    (r"111=(1-11)(1+11)", 1),  # short
    (r"111111=(1-111)(1+1111)", 2),  # after the relation, not in the brackets
    (r"11111=(1-1111)(1+1111)", 2),
    (r"1111=(1-11111)(1+1111)", 1),  # a head that small stays
    (r"|1-1111111|=|2-2222222|", 2),
    (r"1111111=2222222\sum333333333", 2),  # not after the sum
    (r"\|1-11111\|^2=-\|2-222222\|", 2),  # not after the sign
    (r"\lVert1-111111\rVert\le\lVert1-222222\rVert", 2),
    (r"111111,\;2222222,\;333333", 3),
    (r"(1+1111111111+1111111111+1111111111)", 3),  # no phone holds it
])
def test_a_formula_breaks_outside_brackets_if_it_can(breaks, tex, pieces):
    assert len(breaks(tex).split("¦")) == pieces


@pytest.mark.parametrize("words", [
    "vectors ($v$), and", "“$P=I$ is slow” and ‘$x$’", "[$a$, $b$] ($c$).",
    "a $T$-loop: $x$; $y$? (($z$)).",
])
def test_a_notebook_keeps_what_stands_beside_a_formula(writers, words):
    made = (nodes.math(text=part) if place % 2 else nodes.Text(part)
            for place, part in enumerate(words.split("$")))
    paragraph = nodes.paragraph("", "", *made)
    document = new_document("", frontend.get_default_settings())
    document += paragraph
    writers.typeset.KeepPunctuationWithFormula(document).run()
    config = SimpleNamespace(public_site="", typeset_macros={})
    app = SimpleNamespace(config=config, env=SimpleNamespace(toc_fignumbers={}))
    assert writers.plain_markdown.Markdown(app, "p").inline(paragraph) == words


@pytest.mark.parametrize(("code", "parts"), [
    ("a = b(c)", 1), ("realdata.table_of_tasks(realdata.diabetes_table(), 1)", 2),
    ('"((((((((((((((((((((((((((((("', 1),
])
def test_a_long_word_of_the_code_may_part_at_a_bracket(writers, code, parts):
    made = highlight(code, PythonLexer(), writers.code_lines.LineFormatter())
    assert len(made.split("<wbr>")) == parts


def test_rows_of_a_display_stand_apart_and_those_of_a_matrix_do_not(
        tmp_path, writers):
    maker = writers.typeset.Typesetter(tmp_path / "f.json", {})
    spaces = [re.findall('rowspacing="(.*?)em"', maker(
        rf"\begin{{{name}}}\frac12\\\frac12\end{{{name}}}", True)["mathml"])
        for name in ("aligned", "gathered", "bmatrix")]
    maker.close()
    assert spaces[0] == spaces[1] and float(spaces[0][0]) >= 0.5
    assert spaces[2] == []


def test_letters_of_other_alphabets_are_characters_in_the_file_for_readers():
    assert epub.variant("double-struck", "REPN1") == "ℝ𝔼ℙℕ𝟙"
    assert epub.variant("script", "CH") == "𝒞ℋ"
    assert epub.variant("bold", "0+") == "𝟎+"


def test_a_book_that_is_not_on_a_screen_has_no_word_about_folds():
    page = BeautifulSoup(
        "<div><details><summary><p class='collapsed'>Show x</p><p "
        "class='expanded'>Hide code cell source</p></summary><pre>1</pre>"
        "</details><details><summary><p class='expanded'>Hide the solution"
        "</p></summary><pre>2</pre></details></div>", "html.parser")
    solutions.unfold(page)
    assert page.get_text("|") == "1|The solution|2"
    assert page.details.has_attr("open")
