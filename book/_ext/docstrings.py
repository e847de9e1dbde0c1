"""Let docstrings write |x| for absolute values and (*batch, d) for shapes, and
set in a formula or a list in columns; and name each module once in the index.

reStructuredText reads a pair of bars as a substitution and a star before a
word as emphasis, so those of the prose (not of the examples) are escaped
before it sees them.  What is set in becomes a quotation, which keeps its lines
(see reference.css).
"""

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform


def escape(app, what, name, obj, options, lines):
    for number, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            lines[number] = line.replace("|", r"\|").replace("(*", r"(\*")


def keep_lines(app, doctree):
    for quote in doctree.findall(nodes.block_quote):
        if "docstring of" in (quote.source or ""):
            quote["classes"].append("as-written")


class ModulesOnce(SphinxTransform):
    """Sphinx lists a module under its name and again under "module"."""

    default_priority = 800  # before Sphinx collects the entries

    def apply(self, **kwargs):
        for node in self.document.findall(addnodes.index):
            node["entries"] = [
                ("single", f"{words.removeprefix('module; ')} (module)", *rest)
                if kind == "pair" and words.startswith("module; ")
                else (kind, words, *rest)
                for kind, words, *rest in node["entries"]
            ]


def setup(app):
    app.add_transform(ModulesOnce)
    # Before napoleon, which adds stars of its own.
    app.connect("autodoc-process-docstring", escape, priority=400)
    app.connect("doctree-read", keep_lines)
    return {"version": "1", "parallel_read_safe": True}
