"""The notation table of ``book/notation.yml``, as a directive."""

from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

TABLE = Path(__file__).resolve().parents[1] / "notation.yml"


class NotationTable(SphinxDirective):
    """Symbol with its first chapter, meaning, shape, and name in the code."""

    def run(self):
        self.env.note_dependency(str(TABLE))
        lines = ["| symbol | meaning | shape | in code |", "|---|---|---|---|"]
        for row in yaml.safe_load(TABLE.read_text("utf8")):
            number = row["chapter"].split("/")[1][:2]
            first = f"[ch.\u00a0{number}](/{row['chapter']}.md)"
            axes = row["shape"].replace("+", " + ").split(" ")
            shape = _shape(row["shape"]) if axes != [""] else "number"
            lines.append(
                f"| {row['symbol']} | {row['meaning']} ({first}) "
                f"| {shape} | `{row['code']}` |"
            )
        container = nodes.container(classes=["notation"])
        self.state.nested_parse(
            StringList(lines, str(TABLE)), self.content_offset, container
        )
        return [container]


def _shape(axes):
    """A shape as formulas, one an axis, between which a line may end."""
    return f"$({',$ $'.join(axes.split())})$"


def setup(app):
    app.add_directive("notation-table", NotationTable)
    return {"version": "1", "parallel_read_safe": True}
