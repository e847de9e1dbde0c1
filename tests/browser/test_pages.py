"""Every page, on a phone and on a desk, by day and by night."""

import re

import pytest

from tools.book import chapters, stills

PAGES = chapters.pages()
PHONE, DESK = 390, 1440

TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const wide = [...document.querySelectorAll('article *')].filter(e => {
    const scrolls = e.scrollWidth > e.clientWidth + 1
      && e.matches('pre, mjx-container[display="true"], '
        + '.pst-scrollable-table-container, .output.text_html');
    // A section that is laid out late cuts off what leaves it.
    const here = e.getBoundingClientRect();
    const section = e.closest('article > section > section')
      ?.getBoundingClientRect() ?? {left: 0, right: width};
    const sticks_out = e.matches('pre, table, img, figure, mjx-container')
      && (here.right > Math.min(width, section.right) + 1
        || here.left < section.left - 1)
      && !e.closest('mjx-assistive-mml');
    return scrolls || sticks_out;
  });
  return wide.map(e => `${e.tagName} under #${e.closest('[id]')?.id}, `
    + `${e.scrollWidth} px in ${e.clientWidth}: `
    + (e.querySelector('mjx-assistive-mml') ?? e).textContent.slice(0, 60));
}"""


TORN = """() => [...document.querySelectorAll(
  'article pre :is(.mi, .mf), article p:not(td p) > .whole')].filter(
  e => e.getClientRects().length > 1).map(e => e.textContent)"""

EXCESS = """() => document.documentElement.scrollWidth
  - document.documentElement.clientWidth"""

GROUNDS = """() => [...document.querySelectorAll('article img')].map(
  e => getComputedStyle(e).backgroundColor)"""

SHOWN = """() => [...document.querySelectorAll('article img')].every(
  e => e.complete && e.naturalWidth > 0)"""


@pytest.fixture(scope="module", params=PAGES)
def seen(request, visit):
    """What one visit to a page shows, at both widths and in both schemes."""
    page = visit(request.param, PHONE, "light")
    found = {"excess": {}}
    for width in (PHONE, DESK):
        page.tab.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.scheme(scheme)
            found["excess"][width, scheme] = page.tab.evaluate(EXCESS)
        if width == PHONE:
            found["too wide"] = page.tab.evaluate(TOO_WIDE)
            found["torn"] = page.tab.evaluate(TORN)
    found["grounds"] = page.tab.evaluate(GROUNDS)
    for image in page.tab.locator("article img").all():
        image.scroll_into_view_if_needed()
        image.evaluate("e => e.decode().catch(() => {})")  # it loads lazily
    found["shown"] = page.tab.evaluate(SHOWN)
    found["complaints"] = page.complaints
    return found


def test_a_page_never_scrolls_sideways(seen):
    assert set(seen["excess"].values()) == {0}, seen["excess"]


def test_code_equations_and_tables_fit_a_phone(seen):
    assert seen["too wide"] == []


def test_a_number_of_the_code_and_a_short_word_stand_on_one_line(seen):
    assert seen["torn"] == []


def test_figures_are_shown_and_have_no_slab_behind_them_in_the_dark(seen):
    assert set(seen["grounds"]) <= {"rgba(0, 0, 0, 0)"}
    assert seen["shown"]


def test_a_page_has_no_error_and_asks_no_other_host(seen):
    assert seen["complaints"] == []


def test_the_search_finds_a_chapter(visit, site):
    tab = visit("search").tab
    tab.goto(f"{site}/search.html?q=attention")
    tab.wait_for_selector("#search-results li a")
    found = tab.locator("#search-results li a").first.get_attribute("href")
    assert found


def test_the_search_of_a_book_opened_from_a_folder_has_excerpts(browser, built):
    tab = browser.new_page()
    complaints = []
    tab.on("console", lambda m: m.type == "error"
           and complaints.append(m.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(f"{(built / 'search.html').as_uri()}?q=chebyshev")
    tab.wait_for_selector("#search-results li p.context")
    tab.wait_for_function("""() => document.querySelector('.search-summary')
      .textContent.includes('found')""")
    found = tab.locator("#search-results li").all()
    pages = [one for one in found if one.locator(":scope > span").count() == 0]
    assert len(pages) > 5
    for page in pages:
        words = page.locator("p.context").inner_text()
        assert 20 < len(words) < 400
    assert "chebyshev" in pages[0].locator("p.context").inner_text().lower()
    assert complaints == []
    tab.close()


def test_a_page_loads_the_scripts_only_if_it_uses_them(built):
    used = set()
    for page in chapters.pages():
        html = chapters.html(page).read_text("utf8")
        found = re.findall(r'data-explorable="([\w-]+)"', html)
        used.update(found)
        assert ("explorables/common.js" in html) == bool(found), page
    assert used <= set(stills.names())


def test_an_explorable_plays_in_a_book_opened_from_a_folder(built, browser):
    for page in chapters.pages():
        if "data-explorable" not in chapters.html(page).read_text("utf8"):
            continue
        tab = browser.new_page(reduced_motion="reduce")
        tab.goto(chapters.html(page).as_uri())
        tab.locator(".explorable").scroll_into_view_if_needed()
        tab.wait_for_selector("[data-ready]")
        tab.close()
