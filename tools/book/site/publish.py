"""Write the site that readers load, from the pages that Sphinx wrote."""

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

from tools.book import state
from tools.book.chapters import ROOT
from tools.book.site import lines, maths, search, styles
from tools.book.site.styles import version
from tools.book.site.theme import mended

OWN = ROOT / "book" / "_static"
STYLE, SCRIPT = "site.css", "site.js"
SHEET = re.compile(
    r'<link(?=[^>]*rel="stylesheet")[^>]*href="(?:\.\./)*_static/([^"?]+)'
    r'[^>]*>\s*'
)
LOADED = re.compile(
    r'<script(?![^>]*type="module")[^>]*src="(?:\.\./)*'
    r'((?:_static/|searchindex)[^"?]+)[^>]*></script>\s*'
)
# Parts of the theme that this book has no use for: the icons are glyphs of a
# cut font, and only the page of the search needs its index.
DROPPED = ("fontawesome.js", "design-tabs.js", "language_data.js",
           "searchtools.js", "searchindex.js")
TEXTS = "_static/search-texts.js"
TOOLS = "_static/searchtools.js"
SEARCH = ("_static/language_data.js", TEXTS, TOOLS, "searchindex.js")
# The theme measures every block of code when a page opens, to let the Tab key
# reach those that scroll.  Here code wraps; book.js does it for the rest.
MEASURES_ALL = ('["pre",".nboutput > .output_area",".cell_output > .output",'
                '".jp-RenderedHTMLCommon",".pst-scrollable-table-container"]')
OPTIONS = re.compile(r"<script>DOCUMENTATION_OPTIONS\.[^<]*</script>\s*")
PRELOAD = re.compile(r'<link rel="preload" as="script"[^>]*>\s*')
VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>\s*')
COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)
IMAGE = re.compile(
    r'(<img [^>]*?)style="width: (\d+)px; height: (\d+)px;"( /)?>'
)
PICTURE = re.compile(
    r"""(?:src|href|srcset)="(?:\.\./)*((?:_images|_downloads|_sources)/[^"?#]+)"""
)
REFERRED = re.compile(
    r"""(?:src|href|data-[\w-]+)="(?:\.\./)*_static/([^"?#]+)"""
)


def publish(raw, site, address=""):
    """Write into ``site`` what readers need of ``raw``, Sphinx's output.

    ``address`` is where the site will be; with it goes a map of the site.
    """
    static = raw / "_static"
    pages = {
        path.relative_to(raw): COMMENT.sub("", path.read_text("utf8"))
        for path in sorted(raw.rglob("*.html"))
        if path.relative_to(raw).parts[0] != "_static"
    }
    sheets = ordered(SHEET, pages)
    scripts = common(pages)
    code = "\n;".join(
        re.sub(r"//# sourceMappingURL=\S+", "",
               (raw / file).read_text("utf8"))
        for file in scripts
    )
    if MEASURES_ALL not in code:
        raise LookupError("the theme's script is another one: see publish.py")
    code = code.replace(MEASURES_ALL, '[":not(*)"]')
    own = [path.read_text("utf8") for path in OWN.rglob("*.js")]
    known = styles.words(pages.values(), [code, *own])
    css = styles.bundle(static, [s for s in sheets if s != "math.css"], known)
    shapes, fonts = maths.style(
        pages.values(), *mathjax(raw.parent / "formulas.json")
    )
    css += shapes

    shutil.rmtree(site, ignore_errors=True)
    (site / "_static" / "fonts").mkdir(parents=True)
    for name, data in fonts.items():
        (site / "_static" / "fonts" / name).write_bytes(data)
    (site / "_static" / STYLE).write_text(css, "utf8")
    (site / "_static" / SCRIPT).write_text(code, "utf8")
    loads = {
        STYLE: version(css.encode()), SCRIPT: version(code.encode())
    }
    for path, text in pages.items():
        text = finished(path, text, scripts, loads)
        pages[path] = text
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text, "utf8")
    copy_files(raw, site, pages.values(), css)
    (site / TEXTS).write_text(search.texts(pages), "utf8")
    (site / TOOLS).write_text(
        search.reading_texts((raw / TOOLS).read_text("utf8")), "utf8")
    # Without this file GitHub drops every folder that begins with "_".
    (site / ".nojekyll").touch()
    if address:
        places = "".join(
            f"<url><loc>{address}{path.as_posix()}</loc></url>\n"
            for path in pages if len(path.parts) > 1
        )
        (site / "sitemap.xml").write_text(
            '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns='
            '"http://www.sitemaps.org/schemas/sitemap/0.9">\n'
            f"{places}</urlset>\n", "utf8",
        )


def ordered(pattern, pages):
    """What the pages load, each once, in the order of loading."""
    return list(dict.fromkeys(
        file for text in pages.values() for file in pattern.findall(text)
    ))


def common(pages):
    """The scripts that every page loads and this site needs."""
    lists = [LOADED.findall(text) for text in pages.values()
             if "<script" in text]
    everywhere = set(lists[0]).intersection(*lists)
    return [file for file in lists[0]
            if file in everywhere and not file.endswith(DROPPED)]


def mathjax(memory):
    """MathJax's own style sheet, and the folder of its fonts."""
    package = Path(find_spec("sphinx-mathjax-offline").origin).parent
    known = state.read(memory).get("known", {})
    css = known.get("css", {}).get("css", "")  # none without a formula
    return css, package / "static/mathjax/output/chtml/fonts/woff-v2"


def finished(path, text, scripts, loads):
    """One page, loading one style sheet and one script."""
    root = "../" * (len(path.parts) - 1)

    def script(match):
        file = match[1]
        if file in scripts:
            return ""
        if file.endswith(DROPPED) and path.name != "search.html":
            return ""
        return "" if file.endswith(DROPPED) else match[0]

    text = mended(OPTIONS.sub("", SHEET.sub("", text)))
    text = PRELOAD.sub("", LOADED.sub(script, text))
    first = VIEWPORT.search(text)
    if first:
        text = text[:first.end()] + VIEWPORT.sub("", text[first.end():])
    head = (f'<link rel="stylesheet" href="{root}_static/{STYLE}'
            f'?v={loads[STYLE]}">\n')
    tail = (f'<script defer src="{root}_static/{SCRIPT}'
            f'?v={loads[SCRIPT]}"></script>\n')
    if path.name == "search.html":
        tail += "".join(
            f'<script defer src="{root}{file}"></script>\n' for file in SEARCH
        )
    text = text.replace("</head>", f"{head}{tail}</head>", 1)
    text = lines.kept(text)
    count = iter(range(10**6))
    return IMAGE.sub(lambda m: image(m, next(count)), text)


def image(match, number):
    """A figure keeps its place while it loads, and loads when it is near."""
    wait = ' loading="lazy"' if number else ' fetchpriority="high"'
    return (f'{match[1]}width="{match[2]}" height="{match[3]}" '
            f'decoding="async"{wait}>')


def copy_files(raw, site, pages, css):
    """Copy the files that pages or styles refer to, and the book's own."""
    static = {file for text in pages for file in REFERRED.findall(text)}
    static |= {url for url in styles.ADDRESS.findall(css)
               if not url.startswith("data:")}
    static |= {path.relative_to(OWN).as_posix() for path in OWN.rglob("*")
               if path.suffix != ".css"}
    names = [f"_static/{name}" for name in static]
    names += {name for text in pages for name in PICTURE.findall(text)}
    names += ["searchindex.js", "objects.inv", *SEARCH]
    for name in names:
        if (raw / name).is_file():
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(raw / name, site / name)
