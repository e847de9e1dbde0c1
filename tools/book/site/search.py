"""Excerpts for the search, also where a page cannot fetch another.

Sphinx's search fetches each page that it found and cuts an excerpt out of
it.  A browser refuses that to a site opened from a folder (file://), and from
a server it costs a megabyte.  So the words of all pages are one script, which
the page of the search alone loads.
"""

import html
import json
import re

ARTICLE = re.compile(r'<article class="bd-article">(.*?)</article>', re.DOTALL)
UNSEEN = re.compile(
    r"<mjx-math .*?</mjx-math>|<script.*?</script>|<style.*?</style>"
    r"|<svg.*?</svg>|<form.*?</form>|<pre.*?</pre>|<select.*?</select>"
    r'|<a class="headerlink".*?</a>|<ul class="chapter-head">.*?</ul>'
    r'|<nav class="part-map".*?</nav>', re.DOTALL)
SECTION = re.compile(r'<section [^>]*\bid="([^"]*)"[^>]*>')
BLOCK = re.compile(
    r"</?(?:p|li|td|th|h\d|div|d[tdl]|pre|summary|figcaption|section|br"
    r"|label|legend|button|output)\b[^>]*>")
TAG = re.compile(r"<[^>]*>")
FETCH = re.compile(r"fetch\(requestUrl\)\s*"
                   r"\.then\(\(responseData\) => responseData\.text\(\)\)")
TO_TEXT = re.compile(r"Search\.htmlToText\(htmlText, anchor\)")
SCRIPT = """const pageTexts = %s;
const pageText = (page, anchor) => {
  const sections = pageTexts[page] ?? [];
  const first = sections.findIndex(([id]) => `#${id}` === anchor);
  return sections.slice(Math.max(first, 0)).map((s) => s[1]).join(" ");
};
"""


def texts(pages):
    """The script with the words of all pages, section by section."""
    found = {
        path.with_suffix("").as_posix(): sections(article[1])
        for path, text in pages.items() if (article := ARTICLE.search(text))
    }
    return SCRIPT % json.dumps(found, ensure_ascii=False,
                               separators=(",", ":"))


def sections(article):
    """``[id, words]`` of the sections of an article, in their order."""
    parts = SECTION.split(UNSEEN.sub("", article))
    return [[parts[k], words(parts[k + 1])] for k in range(1, len(parts), 2)]


def words(markup):
    plain = TAG.sub("", BLOCK.sub(" ", markup))
    return " ".join(html.unescape(plain).split())


def reading_texts(code):
    """Sphinx's ``searchtools.js``, cutting excerpts out of those words."""
    code, once = FETCH.subn("Promise.resolve(pageText(docName, anchor))", code)
    code, twice = TO_TEXT.subn("htmlText", code)
    if (once, twice) != (1, 1):
        raise LookupError("Sphinx's search is another one: see search.py")
    return code
