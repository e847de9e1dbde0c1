"""Let docstrings write |x| for absolute values and (*batch, d) for shapes, and
set in a formula or a list in columns; and name each module once in the index.

reStructuredText reads a pair of bars as a substitution and a star before a
word as emphasis, so those of the prose (not of the examples) are escaped
before it sees them.  It would read lines that are set in as a list or a
definition, so each gets a bar, which keeps it (see reference.css).
"""

from sphinx import addnodes
from sphinx.transforms import SphinxTransform


def escape(app, what, name, obj, options, lines):
    for number, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            lines[number] = line.replace("|", r"\|").replace("(*", r"(\*")
    keep_lines(lines)


def keep_lines(lines):
    """A bar before each line that is set in after a paragraph of its own."""
    after, kept = "", False  # the paragraph's last line; in such a block
    for number, line in enumerate(lines):
        if not line.strip():
            kept = False
            continue
        starts = number and not lines[number - 1].strip()
        if line[0] != " ":
            after = line
        elif starts and after and after[0] != " " or kept:
            indent = len(line) - len(line.lstrip())
            kept = kept or indent
            lines[number] = " " * kept + "| " + line[kept:]
            continue
        else:
            after = line


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
    return {"version": "1", "parallel_read_safe": True}
