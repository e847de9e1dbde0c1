"""Which pages the book has, and how to read a page that holds code.

What is slow to import is imported where it is used: a build that finds
nothing changed is over before.
"""

import re
from functools import lru_cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "_build"
HTML = BUILD / "html"
CACHE = BUILD / ".jupyter_cache"


def pages():
    """Every page of ``_toc.yml`` in reading order, as ``notebooks/21-name``."""
    from sphinx_external_toc.parsing import parse_toc_yaml

    site_map = parse_toc_yaml(ROOT / "_toc.yml")
    ordered, todo = [], [site_map.root.docname]
    while todo:
        name = todo.pop(0)
        ordered.append(name)
        children = [
            str(entry)
            for part in site_map[name].subtrees
            for entry in part.items
            if str(entry) in site_map
        ]
        todo = children + todo
    return ordered


def source(page):
    """The text file of a page."""
    return ROOT / f"{page}.md"


def html(page, site=HTML):
    """The built file of a page."""
    return site / f"{page}.html"


def download(page, site=HTML):
    """The executed notebook that the page offers for download."""
    return site / "_sources" / f"{page}.ipynb"


def code_pages():
    """The pages that hold code: all chapters, and the landing page."""
    return [page for page in pages() if reader(source(page)) is not None]


def offered():
    """The pages with code that are offered as notebooks."""
    return [page for page in pages() if is_offered(source(page))]


def is_offered(path):
    """Whether a text holds code that also runs elsewhere.

    One with ``download: false`` in its head reads files of the repository.
    """
    return (reader(path) is not None
            and "\ndownload: false\n" not in path.read_text("utf8"))


def chapters():
    """The pages in ``notebooks/``."""
    return [page for page in pages() if page.startswith("notebooks/")]


@lru_cache(1)
def _markdown_config():
    from myst_parser.config.main import MdParserConfig

    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))
    extensions = config["parse"]["myst_enable_extensions"]
    return MdParserConfig(enable_extensions=set(extensions))


def reader(path):
    """MyST-NB's own reader of this file, or None if it holds no code."""
    if not path.is_file():
        return None
    from myst_nb.core.config import NbParserConfig
    from myst_nb.core.read import create_nb_reader

    text = path.read_text("utf8")
    return create_nb_reader(
        str(path), _markdown_config(), NbParserConfig(), text
    )


def read(page):
    """The page as an unexecuted notebook.

    MyST-NB's reader is used, so that the cell sources (and with them the
    keys of the execution cache) are those that Sphinx computes.
    """
    import nbformat

    path = source(page)
    notebook = reader(path).read(path.read_text("utf8"))
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number:03d}"
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return notebook


def code_line(page, notebook, index):
    """The line of the source file on which a code cell's code begins."""
    lines = source(page).read_text("utf8").splitlines()
    line = notebook.metadata["source_map"][index] + 1
    first = notebook.cells[index].source.split("\n", 1)[0].strip()
    for number in range(line, len(lines) + 1):
        if lines[number - 1].strip() == first:
            return number
        if number > line and re.match(r"\s*```\s*$", lines[number - 1]):
            break
    return line
