"""The notebook of a chapter as a reader takes it along.

Its text is plain Markdown with all numbers filled in (written by
``book/_ext/plain_markdown.py`` while Sphinx builds the page), its code is the
executed code of the chapter without what only this site's text needs.  It
runs wherever ``lttutor`` is installed.
"""

import ast
import base64
import json
import re
import tomllib

import nbformat
from nbformat.v4 import new_markdown_cell

from tools.book import cache, chapters
from tools.book.chapters import BUILD, ROOT

MARKDOWN = BUILD / "markdown"
STILLS = ROOT / "book" / "_static" / "explorables"
HIDDEN = {"hide-input", "remove-input", "remove-cell"}
INSTALL = """\
> **Before you run this notebook**, install the book's package, `lttutor`,
> into the Python that runs it:
>
> ```
> python -m pip install {wheel}
> ```
>
> {where} It needs Python 3.11 or newer and brings NumPy, SciPy, SymPy and
> Matplotlib along.{more}"""
TABLE = " For its table this chapter needs scikit-learn, too."
BESIDE = ("The file lies beside the notebooks in the book's archive of all "
          "notebooks; in a copy of the book's repository, say "
          "`python -m pip install .` instead.")


def write_all(site, address):
    """Write the notebooks that the pages offer, below ``_sources``.

    ``address`` is the book's public one, or empty.
    """
    for page in chapters.offered():
        path = chapters.download(page, site)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(
            notebook(page, address), indent=1, ensure_ascii=False,
            sort_keys=True,
        )
        path.write_text(text + "\n", "utf8")


def notebook(page, site):
    """The executed page as a plain notebook."""
    executed = cache.get(page)
    if executed is None:
        raise LookupError(f"{page} was not executed")
    code = {index: cell for index, cell in enumerate(executed.cells)
            if cell.cell_type == "code"}
    plumbing = plumbing_in(code.values())
    more = TABLE if any("diabetes_table" in cell.source
                        for cell in code.values()) else ""
    cells = [install(site, more)]
    for part in json.loads((MARKDOWN / f"{page}.json").read_text("utf8")):
        if "markdown" in part:
            cells.append(with_stills(new_markdown_cell(part["markdown"])))
            continue
        # What the page does not show, the cells after it may need.
        for index in [i for i in code if i <= part["cell"]]:
            cells += plain(code.pop(index), plumbing)
    for cell in code.values():
        cells += plain(cell, plumbing)
    executed.cells = number(cells)
    executed.metadata = nbformat.from_dict({
        "kernelspec": executed.metadata["kernelspec"],
        "language_info": {"name": "python"},
    })
    executed.nbformat, executed.nbformat_minor = 4, 5
    nbformat.validate(executed)
    return executed


def with_stills(cell):
    """The cell with the still figures that it names, as its attachments."""
    for file in re.findall(r"\(attachment:([\w-]+\.svg)\)", cell.source):
        picture = (STILLS / file).read_bytes()
        cell.setdefault("attachments", {})[file] = {
            "image/svg+xml": base64.b64encode(picture).decode("ascii")
        }
    return cell


def install(site, more=""):
    """What to do before the first cell of code."""
    file = wheel_name()
    where = (f"On Colab and Binder, run `%pip install {site}{file}` in a "
             "cell of its own first." if site else BESIDE)
    return new_markdown_cell(
        INSTALL.format(wheel=f"{site}{file}", where=where, more=more)
    )


def wheel_name():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))
    return f"lttutor-{project['project']['version']}-py3-none-any.whl"


def plumbing_in(cells):
    """``glue``, and the functions of hidden cells that call it."""
    names = {"glue"}
    for cell in cells:
        if "remove-cell" not in cell.metadata.get("tags", []):
            continue
        for node in ast.parse(magicless(cell.source)).body:
            if isinstance(node, ast.FunctionDef) and any(
                    isinstance(part, ast.Name) and part.id == "glue"
                    for part in ast.walk(node)):
                names.add(node.name)
    return names


def plain(cell, plumbing=frozenset({"glue"})):
    """The cell without ``glue``, in a list; an empty list if none is left."""
    tags = set(cell.metadata.get("tags", []))
    words = set(re.findall(r"\w+", cell.source))
    if "remove-cell" in tags and words & plumbing:
        return []
    source = without_glue(cell.source)
    if not source.strip():
        return []
    kept = {}
    if "raises-exception" in tags:
        kept["tags"] = ["raises-exception"]
    if tags & HIDDEN:
        kept["jupyter"] = {"source_hidden": True}
    cell.source, cell.metadata = source, nbformat.from_dict(kept)
    cell.outputs = [
        output for output in cell.outputs
        if "scrapbook" not in output.get("metadata", {})
    ]
    return [cell]


def without_glue(source):
    """The code without the statements that hand numbers to the text."""
    lines = source.split("\n")
    for node in reversed(glue_in(ast.parse(magicless(source)).body)):
        del lines[node.lineno - 1:node.end_lineno]
    return "\n".join(lines).strip("\n")


def glue_in(statements):
    """Statements that do nothing but glue, in the order of their lines."""
    found = []
    for node in statements:
        inner = glue_in(getattr(node, "body", []))
        whole = inner and len(inner) == len(node.body)
        found += [node] if is_glue(node) or whole else inner
    return found


def is_glue(node):
    if isinstance(node, ast.ImportFrom):
        return node.module == "myst_nb"
    return (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
            and getattr(node.value.func, "id", "") == "glue")


def magicless(source):
    """The code with lines that only IPython reads made comments."""
    return "\n".join(
        f"#{line}" if line.lstrip().startswith(("%", "!")) else line
        for line in source.split("\n")
    )


def number(cells):
    """The cells as if they had run by themselves, in this order."""
    count = 0
    for place, cell in enumerate(cells, start=1):
        cell["id"] = f"cell-{place:03d}"
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
    return cells
