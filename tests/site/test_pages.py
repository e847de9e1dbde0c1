"""The built pages: there, fresh, whole, legible, and without other hosts."""

import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from tools.book import changes, chapters
from tools.book.chapters import HTML, ROOT

PAGES = chapters.pages()
MEASURE = 72
PRINTED = 46  # characters that a phone shows in a line


@lru_cache(None)
def soup(path):
    return BeautifulSoup(Path(path).read_text("utf8"), "html.parser")


def page_soup(page):
    return soup(chapters.html(page))


def all_html():
    return sorted(
        path for path in HTML.rglob("*.html")
        if "_static" not in path.relative_to(HTML).parts
    )


def test_the_site_is_whole_and_of_the_present_texts(built):
    assert changes.is_fresh(changes.now(), changes.last())


def test_nothing_is_left_of_pages_that_the_table_of_contents_dropped(built):
    extra = {"index", "genindex", "search"}
    found = {
        path.relative_to(HTML).with_suffix("").as_posix()
        for path in all_html()
    }
    found = {name for name in found if not name.startswith("_modules/")}
    assert found - extra == set(PAGES)
    notebooks = {
        path.relative_to(HTML / "_sources").with_suffix("").as_posix()
        for path in (HTML / "_sources").rglob("*.ipynb")
    }
    assert notebooks == set(chapters.offered())


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_one_title_and_no_promise_of_a_later_one(built, page):
    article = page_soup(page).select_one("article")
    assert len(article.select("h1")) == 1
    text = article.get_text(" ")
    assert not re.search(r"(?i:coming soon|lorem ipsum)|\bTODO\b|\bTBD\b", text)


@pytest.mark.parametrize("page", PAGES)
def test_every_image_says_in_words_what_is_seen(built, page):
    for image in page_soup(page).select("article img"):
        alt = image.get("alt", "")
        assert len(alt) >= 20, image
        assert " " in alt and "/" not in alt.split()[0], alt
        assert not re.match(r"(?i)(a |the )?(plot|figure|image) of", alt), alt


@pytest.mark.parametrize("page", PAGES)
def test_every_figure_has_a_caption(built, page):
    for figure in page_soup(page).select("article figure"):
        caption = figure.select_one("figcaption .caption-text")
        assert caption and len(caption.get_text()) >= 30


def is_other_host(url):
    return bool(re.match(r"\s*(https?:)?//", url or ""))


def test_no_page_loads_anything_from_another_host(built):
    loaders = {
        "script": "src", "img": "src", "iframe": "src", "source": "src",
        "video": "src", "audio": "src", "embed": "src", "object": "data",
        "input": "src", "track": "src",
    }
    bad = []
    for path in all_html():
        page = soup(path)
        urls = [tag.get(name) for tag_name, name in loaders.items()
                for tag in page.find_all(tag_name)]
        urls += [link.get("href") for link in page.find_all("link")
                 if set(link.get("rel", [])) - {"canonical"}]
        for tag in page.find_all(srcset=True):
            urls += [part.split()[0] for part in tag["srcset"].split(",")]
        urls += [u for tag in page.find_all(style=True)
                 for u in css_urls(tag["style"])]
        urls += [u for tag in page.find_all("style")
                 for u in css_urls(tag.get_text())]
        urls += [u for tag in page.find_all("script", src=False)
                 for u in script_urls(tag.get_text())]
        bad += [(path.name, url) for url in urls if is_other_host(url)]
    assert bad == []


def css_urls(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    quoted = r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^)"']*))\s*\)"""
    found = ["".join(groups) for groups in re.findall(quoted, text)]
    found += re.findall(r"""@import\s+["']([^"']+)""", text)
    return found


def script_urls(text):
    """What a script imports or fetches by a literal address."""
    return re.findall(
        r"""(?:import\s*\(?|importScripts\(|fetch\(|\bfrom|\.src\s*=)"""
        r"""\s*["'`]((?:https?:)?//[^"'`]+)""",
        text,
    )


def test_no_stylesheet_or_script_asks_another_host(built):
    """Of the files that pages load; the browser test watches the rest."""
    loaded = set()
    for path in all_html():
        for tag in soup(path).find_all(["script", "link"]):
            url = tag.get("src") or tag.get("href")
            if not url or is_other_host(url):
                continue
            file = (path.parent / unquote(urlsplit(url).path)).resolve()
            if file.suffix in {".css", ".js"}:
                loaded.add(file)
    assert len(loaded) > 5
    bad = []
    for file in sorted(loaded):
        text = file.read_text("utf8", errors="replace")
        urls = css_urls(text) if file.suffix == ".css" else script_urls(text)
        bad += [(file.name, url) for url in urls if is_other_host(url)]
    assert bad == []


def test_the_files_that_pages_load_exist(built):
    missing = []
    for path in all_html():
        for tag in soup(path).find_all(["script", "link", "img"]):
            url = tag.get("src") or tag.get("href")
            if not url or urlsplit(url).scheme or is_other_host(url):
                continue
            if not (path.parent / unquote(urlsplit(url).path)).exists():
                missing.append((path.name, url))
    assert missing == []


def test_links_inside_the_book_and_their_anchors_lead_somewhere(built):
    bad = []
    for path in all_html():
        for link in soup(path).find_all("a", href=True):
            url = urlsplit(link["href"])
            if url.scheme or is_other_host(link["href"]):
                continue
            target = path
            if url.path:
                target = (path.parent / unquote(url.path)).resolve()
            lost = not target.is_file() or (
                url.fragment and target.suffix == ".html"
                and url.fragment not in anchors(target)
            )
            if lost:
                bad.append((path.name, link["href"]))
    assert bad == []


@lru_cache(None)
def anchors(path):
    page = soup(path)
    return {unquote(tag["id"]) for tag in page.find_all(id=True)} | {
        tag["name"] for tag in page.find_all("a", attrs={"name": True})
    }


def test_ids_are_unique_on_each_page(built):
    for path in all_html():
        count = Counter(tag["id"] for tag in soup(path).find_all(id=True))
        assert [name for name, k in count.items() if k > 1] == [], path.name


@pytest.mark.parametrize("page", PAGES)
def test_each_comma_stays_with_its_own_formula(built, page):
    """A stop moves into the formula's box; one from elsewhere would be a second."""
    stops = (",", ".", ";", ":")
    for formula in page_soup(page).select("span.math"):
        after = formula.next_sibling
        if formula.get_text().endswith(stops) and isinstance(after, str):
            assert not after.lstrip().startswith(stops), formula.parent


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_exactly_one_search_field(built, page):
    assert len(page_soup(page).select("input[type=search]")) == 1
    assert len(page_soup(page).select(
        ".bd-sidebar-primary .search-button-field"
    )) == 1


@pytest.mark.parametrize("page", chapters.offered())
def test_the_download_button_offers_the_executed_notebook(built, page):
    offered = [
        (chapters.html(page).parent / link["href"]).resolve()
        for link in page_soup(page).select("a.btn-download-notebook-button")
    ]
    assert offered == [chapters.download(page)]


@pytest.mark.parametrize("page", chapters.code_pages())
def test_code_lines_fit_the_measure(page):
    long = [
        (chapters.code_line(page, notebook, index), line)
        for notebook in [chapters.read(page)]
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code"
        for line in cell.source.splitlines()
        if len(line) > MEASURE
    ]
    assert long == []


@pytest.mark.parametrize("page", chapters.code_pages())
def test_printed_lines_fit_a_phone(built, page):
    printed = page_soup(page).select(".cell_output .highlight pre")
    long = [line for part in printed for line in part.get_text().splitlines()
            if len(line) > PRINTED]
    assert long == []


def test_no_notebook_file_is_kept_beside_its_text():
    found = [
        path for folder in ("notebooks", "book", "tests", "lttutor")
        for path in (ROOT / folder).rglob("*.ipynb")
        if ".ipynb_checkpoints" not in path.parts
    ]
    assert found == []


def test_the_index_names_each_module_once(built):
    found = [link.get_text() for link in soup(HTML / "genindex.html").select(
        ".genindextable a") if "#module-" in link["href"]]
    assert found == [f"{name} (module)" for name in sorted(
        name.removesuffix(" (module)") for name in found)] and found


def test_a_work_has_no_number_that_nobody_cites(built):
    page = page_soup("book/references")
    assert page.select(".citation") and not page.select(".citation .label")
