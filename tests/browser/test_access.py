"""What a page owes to who does not see it, or has no mouse: axe's findings,
stops of the Tab key, and a copy of a formula that says what it says."""

import re
from pathlib import Path

import axe_playwright_python
import pytest

from tools.book import chapters

AXE = next(Path(axe_playwright_python.__file__).parent.glob("axe*.js"))
# Each width and each scheme, not each pair of them, on every page.
VIEWS = [(390, "dark"), (768, "light"), (1440, "light")]
RUN = """() => axe.run(document, {resultTypes: ['violations'],
  rules: {'target-size': {enabled: true}}}).then(
  found => found.violations.flatMap(
    v => v.nodes.map(n => `${v.id}: ${n.html}`)))"""
# Axe spends nine tenths of its time on the strokes of formulas and the words of
# code, which have the same few colors everywhere.  Strokes it sees on a page
# that has all their colors, words of code in one view of each page.
STROKES_ON = "notebooks/21-prompt-mask-lemma"
WITHOUT_STROKES = """() => document.querySelectorAll('mjx-math')
  .forEach(formula => formula.replaceChildren())"""
PLAIN_CODE = """() => document.querySelectorAll('pre')
  .forEach(code => { code.textContent = code.textContent; })"""
# What a phone has not laid out yet has no size and no place.
ALL_OF_IT = "section, .claim-row { content-visibility: visible !important }"
PAGES = [*chapters.pages(), "search", "genindex"]


@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing(visit, page):
    tab = visit(page, *VIEWS[0]).tab
    tab.evaluate(AXE.read_text("utf8"))
    tab.evaluate("() => document.fonts.ready")
    tab.add_style_tag(content=ALL_OF_IT)
    tab.keyboard.press("Tab")  # makes what scrolls sideways reachable
    if page != STROKES_ON:
        tab.evaluate(WITHOUT_STROKES)
    found = {}
    first = PAGES.index(page) % len(VIEWS)
    for width, scheme in VIEWS[first:] + VIEWS[:first]:
        tab.set_viewport_size({"width": width, "height": 900})
        tab.emulate_media(color_scheme=scheme)
        tab.wait_for_function(
            "s => document.documentElement.dataset.theme === s", arg=scheme
        )
        found[width, scheme] = tab.evaluate(RUN)
        tab.evaluate(PLAIN_CODE)
    # axe counts text on the screen only; a head that is a formula is drawn by
    # the style sheet and has its name in aria-label.
    left = {view: [finding for finding in findings if not re.match(
                r'empty-table-header: <th [^>]*aria-label="[^"]+"', finding)]
            for view, findings in found.items()}
    assert not any(left.values()), left


def test_the_page_with_strokes_has_all_their_colors(built):
    """Color of formulas stands in their style; see `STROKES_ON`."""
    def colors(page):
        return set(re.findall(r"<mjx-[^>]*color: (#\w+)",
                              chapters.html(page).read_text("utf8")))

    assert set().union(*map(colors, chapters.pages())) == colors(STROKES_ON)


def test_the_tab_key_shows_where_it_is(visit):
    tab = visit("notebooks/22-the-loop-is-descent").tab
    for _ in range(12):
        tab.keyboard.press("Tab")
        ring = tab.evaluate(
            "() => getComputedStyle(document.activeElement).outlineStyle"
        )
        assert ring == "solid"


def test_a_copied_formula_is_its_tex(visit):
    tab = visit("notebooks/22-the-loop-is-descent").tab
    copied = tab.evaluate("""() => {
      const formula = document.querySelector('article mjx-container');
      getSelection().selectAllChildren(formula.closest('p'));
      const data = new DataTransfer();
      document.dispatchEvent(new ClipboardEvent('copy', {
        clipboardData: data, bubbles: true, cancelable: true}));
      return data.getData('text/plain');
    }""")
    assert "$T$" in copied


def test_a_formula_is_there_before_any_script_and_says_what_it_is(visit):
    tab = visit("notebooks/22-the-loop-is-descent").tab
    math = tab.locator("article mjx-assistive-mml math").first
    assert math.get_attribute("alttext") == "T"
    assert tab.evaluate("() => typeof MathJax") == "undefined"


def test_links_of_a_list_are_large_enough_for_a_finger(visit):
    """24 pixels, at the width where none of them needs two lines."""
    for page in ("notebooks/32-what-training-finds",
                 "notebooks/42-moving-examples"):
        tab = visit(page, 412).tab
        links = tab.locator(".part-map a").all()
        assert len(links) > 2
        for link in links:
            assert link.bounding_box()["height"] >= 24, link.text_content()
