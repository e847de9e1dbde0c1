"""A page opens at once: what it loads is small, and nothing moves."""

import gzip
import re

import pytest

from tools.book import chapters
from tools.book.chapters import HTML

KILOBYTES = 400  # to a chapter that can be read
SHIFT = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) sum += entry.value;
  }).observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 300);
})"""


def weight(path):
    data = path.read_bytes()
    if path.suffix in {".html", ".css", ".js", ".svg"}:
        data = gzip.compress(data, 6)
    return len(data)


@pytest.mark.parametrize("page", chapters.pages())
def test_what_a_page_loads_at_first_is_light(built, page):
    """The page, its styles, scripts and fonts, and its first picture."""
    html = chapters.html(page)
    text = html.read_text("utf8")
    files = {html} | {
        (html.parent / address).resolve() for address in re.findall(
            r'(?:src|href)="((?:\.\./)*_static/[^"?]+)', text)
    } | set((HTML / "_static" / "fonts").iterdir())
    eager = re.search(r'src="((?:\.\./)*_images/[^"]+)"[^>]*fetchpriority',
                      text)
    if eager:
        files.add((html.parent / eager[1]).resolve())
    assert sum(map(weight, files)) < KILOBYTES * 1000


def test_nothing_moves_while_a_page_opens(visit):
    for page in ("book/index", "book/notation",
                 "notebooks/32-what-training-finds"):
        assert visit(page, 390).tab.evaluate(SHIFT) < 0.01


def test_the_site_holds_no_source_map_and_no_icon_font(built):
    names = {path.name for path in HTML.rglob("*") if path.is_file()}
    assert not {n for n in names if n.endswith(".map") or "fontawesome" in n}
