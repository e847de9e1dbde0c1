"""The words that the search cuts its excerpts from."""

import json
import re

import pytest
from bs4 import BeautifulSoup

from tools.book import chapters
from tools.book.chapters import HTML
from tools.book.site import search


@pytest.fixture(scope="module")
def texts(built):
    script = (HTML / "_static" / "search-texts.js").read_text("utf8")
    return json.loads(re.search(r"= (\{.*?\});\n", script)[1])


def test_they_are_of_every_page_and_of_its_sections(texts):
    assert set(chapters.pages()) <= set(texts)
    for page in chapters.pages():
        soup = BeautifulSoup(chapters.html(page).read_text("utf8"),
                             "html.parser")
        ids = [part["id"] for part in soup.select("article section[id]")]
        assert [name for name, _ in texts[page]] == ids


def test_they_are_words_and_no_markup(texts):
    for page, parts in texts.items():
        for _, words in parts:
            assert not re.search(r"</?(p|div|span|mjx|section)|&\w+;|  ",
                                 words), page


def test_only_the_page_of_the_search_loads_them(built):
    for page in ["search", *chapters.pages()]:
        text = (HTML / f"{page}.html").read_text("utf8")
        assert ("search-texts.js" in text) == (page == "search")


def test_words_of_neighbors_do_not_run_together():
    markup = ('<section id="a"><h1>Title<a class="headerlink" href="#a">#</a>'
              "</h1><p>One <em>t</em>wo.</p><ul><li>3</li><li>4 &lt; 5</li>"
              '</ul><section id="b"><pre>code</pre><p>six</p></section>'
              "</section>")
    assert search.sections(markup) == [
        ["a", "Title One two. 3 4 < 5"], ["b", "six"]]


def test_another_search_of_sphinx_is_refused():
    with pytest.raises(LookupError):
        search.reading_texts("fetch(elsewhere)")
