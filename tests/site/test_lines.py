"""Where a line may end, and what is never torn apart."""

import re
import sys
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from docutils import frontend, nodes
from docutils.utils import new_document

from tools.book import epub, solutions
from tools.book.chapters import ROOT
from tools.book.site.publish import OTHER, kept_together, outside


@pytest.mark.parametrize(("text", "kept"), [
    ("by 26 % of", "by 26~% of"),
    ("2.1 × 10⁻⁵ or 0.3 ± 0.1", "2.1~×~10⁻⁵ or 0.3~±~0.1"),
    ('<span class="std std-ref">Chapter 22</span>',
     '<span class="std std-ref">Chapter~22</span>'),
    ('<span class="pasted-text">5</span> %', '<span class="pasted-text">5</span>~%'),
    ("<pre>5 % 3</pre> 5 %", "<pre>5 % 3</pre> 5~%"),
    ("<table>5 %</table>", "<table>5 %</table>"),
    ("one percent × two", "one percent × two"),
])
def test_a_number_keeps_its_unit_its_power_and_its_word(text, kept):
    found = outside(OTHER, kept_together, text)
    assert found.replace("\u00a0", "~") == kept


@pytest.fixture(scope="module")
def writers():
    """The modules that write formulas, for the pages and for notebooks."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    try:
        import plain_markdown
        import typeset
    finally:
        del sys.path[0]
    return SimpleNamespace(typeset=typeset, plain_markdown=plain_markdown)


@pytest.fixture(scope="module")
def breaks(tmp_path_factory, writers):
    """A formula's glyphs, with a bar where its line may end."""
    typeset = writers.typeset
    maker = typeset.Typesetter(tmp_path_factory.mktemp("math") / "f.json", {})

    def shown(tex):
        html = maker(tex, False)["html"].replace("<wbr>", "¦")
        html = re.sub(r'<mjx-c class="mjx-c([0-9A-F]+)[^>]*>',
                      lambda glyph: chr(int(glyph[1], 16)), html)
        return re.sub("<[^>]*>", "", html)

    yield shown
    maker.close()


@pytest.mark.parametrize(("tex", "pieces"), [
    (r"1=1", 1),  # short
    (r"111=(1-11)(1+11)", 2),  # after the relation, not in the brackets
    (r"|1-11111|=|2-22222|", 2),
    (r"\|1-11\|^2=-\|2-2222\|", 2),  # not after the sign
    (r"\lVert1-1111\rVert\le\lVert1-2222\rVert", 2),
    (r"1111,\;2222,\;33333", 3),
    (r"(1+1111111111+1111111111+1111111111)", 4),  # no phone holds it
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
