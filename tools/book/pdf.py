"""`make pdf`: the whole book in one file, printed by Chromium.

The site's own pages are put one after the other; links between pages become
links inside the file, explorables show their still frame, solutions move to
the end, and of the ledger's tests only the names are printed.
"""

import re
import sys
from posixpath import dirname, join, normpath

from bs4 import BeautifulSoup

from tools.book import chapters, solutions
from tools.book.chapters import BUILD, HTML, ROOT
from tools.browser import FLAGS, find_chromium

PDF = BUILD / "learning-in-the-loop.pdf"
SHEET = HTML / "whole-book.html"  # beside what it loads; removed again
UNWANTED = (".headerlink, .chapter-head, .part-map, script, .copybtn, "
            ".claim-filter, .claim-evidence div.highlight, .claim-calls, "
            ".claim-helpers, form, button, .tag_remove-print")
STYLE = """
@page { size: A4; margin: 20mm 20mm 22mm; }
html { --lt-figure-filter: none; font-size: 10pt; }
body { background: white; }
main > article { break-before: page; }
main > article.part { padding-top: 30vh; text-align: center; }
.bd-article { font-size: 1rem; max-width: none !important;
  padding: 0 !important; }
.bd-article pre, .bd-article code { font-size: 8pt; }
.bd-article figure { display: block !important; margin: 1rem auto !important;
  break-inside: avoid; }
.bd-article figcaption { margin: 0.5rem auto !important; }
html[data-theme] .bd-content .bd-article figure img, .bd-article figure img {
  max-width: 125mm; max-height: 150mm; }
.explorable { font-size: 0.9rem; }
h1, h2, h3, h4, .admonition-title { break-after: avoid; }
section, .claim-row { content-visibility: visible !important; }
details > summary { list-style: none; break-after: avoid; }
details.hide > summary { color: var(--lt-quiet); font-size: 0.85rem; }
details.figure-data > summary::before { content: none !important; }
details.figure-data, tr { break-inside: avoid; }
.bd-article .admonition { break-inside: auto; }
.bd-article :is(.admonition.predict, .exercise, .definition, .theorem, .lemma,
  .proposition, .corollary) { break-inside: avoid; }
p, li { orphans: 3; widows: 3; }
a { color: #1d4e6b; }
nav.contents ol { columns: 1; list-style: none; padding: 0; }
nav.contents li.caption { font-weight: 650; margin-top: 0.8rem; }
.title-page { padding-top: 30vh; text-align: center; }
.title-page h1 { font-size: 30pt; }
"""
FOOT = ('<div style="width:100%;text-align:center;font-size:8pt;'
        'font-family:sans-serif;color:#555"><span class="pageNumber">'
        "</span></div>")


def article(page):
    """The page's article, its ids and links made unique in the book."""
    soup = BeautifulSoup(chapters.html(page).read_text("utf8"), "html.parser")
    found = soup.select_one("article.bd-article")
    for tag in found.select(UNWANTED):
        tag.decompose()
    solutions.unfold(found)
    for tag in found.select(".toggle-hidden, .dropdown"):
        tag["class"] = [c for c in tag["class"]
                        if c not in ("toggle-hidden", "dropdown")]
    for tag in found.select("img"):
        tag["src"] = normpath(join(dirname(page), tag["src"]))
        tag["loading"] = "eager"
    for tag in found.find_all(id=True):
        tag["id"] = f"{page}/{tag['id']}"
    for tag in found.find_all(attrs={"for": True}):
        tag["for"] = f"{page}/{tag['for']}"
    for tag in found.find_all("a", href=True):
        tag["href"] = inside(page, tag["href"])
    found["id"] = page
    return found


def inside(page, address):
    """A link of the site as a link of the file."""
    if re.match(r"[a-z]+:", address):
        return address
    path, _, anchor = address.partition("#")
    target = page if not path else normpath(join(dirname(page), path))
    target = target.removesuffix(".html")
    if target not in chapters.pages():
        return f"#{page}"
    return f"#{target}/{anchor}" if anchor else f"#{target}"


def whole_book():
    """One page of HTML with all articles, and the solutions at the end."""
    out = BeautifulSoup(
        '<!doctype html><html lang="en" data-theme="light" data-mode="light">'
        "<head><meta charset='utf-8'><title>Learning in the Loop</title>"
        "<link rel='stylesheet' href='_static/site.css'>"
        f"<style>{STYLE}</style></head><body><main></main></body></html>",
        "html.parser",
    )
    parts = [article(page) for page in chapters.pages()]
    for part in [*parts, solutions.taken_out(parts)]:
        out.main.append(part)
    return str(out)


def main():
    from playwright.sync_api import sync_playwright

    SHEET.write_text(whole_book(), "utf8")
    try:
        with sync_playwright() as playwright:
            path = find_chromium(playwright)
            if path is None:
                print("make pdf needs Chromium: install your system's package "
                      "`chromium`, or say `.venv/bin/playwright install "
                      "chromium`", file=sys.stderr)
                return 1
            browser = playwright.chromium.launch(
                executable_path=path, args=FLAGS)
            tab = browser.new_page(color_scheme="light")
            tab.goto(SHEET.as_uri(), timeout=0)
            tab.evaluate("() => document.fonts.ready.then(() => 1)")
            tab.pdf(
                path=str(PDF), prefer_css_page_size=True, outline=True,
                tagged=True, print_background=True, footer_template=FOOT,
                header_template="<span></span>", display_header_footer=True,
            )
            browser.close()
    finally:
        SHEET.unlink()
    pages = checked(PDF)
    print(f"The book is in {PDF.relative_to(ROOT)}, {pages} pages")
    return 0


def checked(path):
    """The number of pages of a sound PDF with an outline.

    Raises ``ValueError`` with what qpdf says of one that is not.
    """
    import pikepdf

    with pikepdf.open(path) as book:
        found = list(map(str, book.check_pdf_syntax()))
        if found:
            raise ValueError(f"{path.name}: {found[0]}")
        with book.open_outline() as outline:
            if not outline.root:
                raise ValueError(f"{path.name}: it has no outline")
        return len(book.pages)


if __name__ == "__main__":
    sys.exit(main())
