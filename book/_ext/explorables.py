"""``explorable``: a figure that moves, and a still one where nothing can.

    ```{explorable} turn-the-loop
    :name: fig-23-turn
    :alt: What the still figure shows, for who reads it without a script.
    :caption: What the figure shows, as a sentence.

    **Try:** one thing to do.  **Predict:** one question before doing it.
    ```

The text stands above the figure where it moves, and only there.  Two files
hold the first frame of the script ``_static/explorables/NAME.js``:
``_ext/frames/NAME.html`` is put into the page, so that the picture is there
before the script and without it, and ``NAME.svg`` beside the script stands
for it in every other format.  Both are written by
``python -m tools.book.stills``.
"""

from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

FRAMES = Path(__file__).resolve().parent / "frames"
WEB = ("html", "dirhtml")


class explorable(nodes.General, nodes.Element):
    """The place on a web page where an explorable's script draws."""


class Explorable(SphinxDirective):
    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {
        name: directives.unchanged_required
        for name in ("alt", "caption", "name")
    }

    def run(self):
        name = self.arguments[0]
        frame = FRAMES / f"{name}.html"
        if not frame.exists():
            raise self.error(f"explorable: there is no {frame.name} in "
                             "book/_ext/frames")
        if "caption" not in self.options or "alt" not in self.options:
            raise self.error("explorable: caption and alt are needed")
        self.env.note_dependency(str(frame))

        lead = nodes.container(classes=["explorable-lead"])
        self.state.nested_parse(self.content, self.content_offset, lead)

        figure = nodes.figure()
        figure += explorable(kind=name, frame=frame.read_text("utf8"),
                             alt=self.options["alt"])
        figure += nodes.image(uri=f"/book/_static/explorables/{name}.svg",
                              alt=self.options["alt"])
        words, problems = self.parse_inline(self.options["caption"])
        figure += nodes.caption("", "", *words)
        self.set_source_info(figure)
        self.add_name(figure)
        return [lead, figure, *problems]


class ChooseForm(SphinxPostTransform):
    """Keep the moving form for the web, the still image for all else."""

    default_priority = 5

    def run(self, **kwargs):
        unwanted = nodes.image if self.app.builder.name in WEB else explorable
        for place in list(self.document.findall(explorable)):
            for node in list(place.parent.children):
                if isinstance(node, unwanted):
                    place.parent.remove(node)


def write(translator, node):
    translator.body.append(
        f'<div class="explorable" data-explorable="{node["kind"]}" '
        f'id="{node["kind"]}">'
        f'<div class="explorable-body" inert>{node["frame"]}</div></div>'
    )
    raise nodes.SkipNode


def load_where_used(app, pagename, templatename, context, doctree):
    if doctree is not None and next(doctree.findall(explorable), None):
        app.add_css_file("explorables/explorables.css")
        app.add_js_file("explorables/common.js", loading_method="defer")


def setup(app):
    app.add_node(explorable, html=(write, None))
    app.add_directive("explorable", Explorable)
    app.add_post_transform(ChooseForm)
    app.connect("html-page-context", load_where_used)
    return {"version": "1", "parallel_read_safe": True}
