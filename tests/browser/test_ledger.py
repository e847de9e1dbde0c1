"""The ledger's page: filtered where it stands, and nothing moves for it."""

import pytest

from tests.browser.test_weight import SHIFT
from tools.book import evidence

PAGE = "book/claims"


def rows_shown(tab):
    return tab.evaluate("""() => [...document.querySelectorAll('.claim-row')]
      .filter(row => !row.hidden).map(row => row.id)""")


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_nothing_moves_while_the_ledger_opens(visit, width):
    """A glyph may, by a pixel, when the font of the formulas comes."""
    assert round(visit(PAGE, width).tab.evaluate(SHIFT), 3) == 0


def test_the_form_stands_in_the_page_and_without_scripts_is_not_shown(visit, browser):
    def height(**options):
        context = browser.new_context(
            viewport={"width": 390, "height": 900}, **options)
        tab = context.new_page()
        tab.goto(address)
        box = tab.locator(".claim-filter").bounding_box()
        context.close()
        return box and box["height"]

    address = visit(PAGE).tab.url
    assert height() > 40
    assert height(java_script_enabled=False) is None


def test_a_choice_filters_the_rows_and_is_kept_in_the_address(visit):
    tab = visit(PAGE).tab
    ledger = evidence.ledger()
    assert len(rows_shown(tab)) == len(ledger)
    tab.get_by_label("Verdict").select_option("refuted as stated")
    wanted = [row for row in ledger if row["verdict"] == "refuted as stated"]
    assert 0 < len(wanted) == len(rows_shown(tab)) < len(ledger)
    assert tab.locator(".claim-filter output").inner_text() == (
        f"{len(wanted)} of {len(ledger)} claims")
    shown = rows_shown(tab)
    tab.goto(tab.url)
    assert rows_shown(tab) == shown
    hidden = tab.evaluate("document.querySelector('.claim-row[hidden]').id")
    tab.evaluate("id => { location.hash = id; }", hidden)
    tab.wait_for_function("id => !document.getElementById(id).hidden",
                          arg=hidden)


def test_a_choice_that_does_not_exist_shows_all(visit, site):
    tab = visit(PAGE).tab
    tab.goto(f"{site}/{PAGE}.html?verdict=is-wrong&part=part-9")
    assert len(rows_shown(tab)) == len(evidence.ledger())
