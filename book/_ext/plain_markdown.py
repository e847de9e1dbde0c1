"""Each chapter as plain Markdown between its code cells, for its download.

Written from the page that Sphinx resolved, so that a notebook says what the
page says: numbers, references and citations are words, boxes are quotations,
and no role or directive is left.  `tools/book/travel.py` joins the Markdown
with the executed code.
"""

import json
import re
from pathlib import Path

import typeset
from docutils import nodes
from explorables import explorable
from sphinx.util.nodes import NodeMatcher

CELL = NodeMatcher(nodes.container, nb_element="cell_code")
SPECIAL = re.compile(r"([\\*_`$<])")
BOXES = ("theorem", "lemma", "proposition", "corollary", "conjecture",
         "definition", "example", "remark", "observation", "algorithm",
         "assumption", "axiom", "criterion", "notation", "property")


class Markdown:
    """A resolved page as a list of ``{"markdown": …}`` and ``{"cell": …}``."""

    def __init__(self, app, page):
        self.config, self.page = app.config, page
        self.numbers = app.env.toc_fignumbers.get(page, {})
        self.site = app.config.public_site
        self.cells, self.blocks = [], []

    def convert(self, doctree):
        self.walk(doctree, 0)
        self.flush()
        return self.cells

    def flush(self):
        text = "\n\n".join(block for block in self.blocks if block.strip())
        if text:
            self.cells.append({"markdown": text})
        self.blocks = []

    # Blocks ---------------------------------------------------------------

    def walk(self, node, depth):
        """Append the children of a node, cell by cell."""
        for child in node.children:
            if CELL(child):
                self.flush()
                self.cells.append({"cell": child["cell_index"]})
                self.blocks.append(self.caption_of(child))
            elif isinstance(child, nodes.section):
                self.walk(child, depth + 1)
            elif isinstance(child, nodes.title) and not self.is_box(node):
                self.blocks.append(f"{'#' * max(depth, 1)} "
                                   f"{self.inline(child)}")
            elif next(child.findall(CELL), None) is not None:
                self.blocks.append(f"**{self.title(child)}**")
                self.walk_box(child, depth)
            else:
                self.blocks.append(self.block(child))

    def walk_box(self, box, depth):
        """A box that holds code cells: its title, then its content."""
        for child in box.children:
            if self.is_title(child):
                continue
            if isinstance(child, nodes.section):
                self.walk(child, depth)
            else:
                holder = nodes.container("", child.deepcopy())
                self.walk(holder, depth)

    def block(self, node):
        name = type(node).__name__
        write = getattr(self, f"block_{name}", None)
        if write:
            return write(node)
        if (isinstance(node, nodes.container)
                and "explorable-lead" in node["classes"]):
            return ""  # what to try: on the page alone
        if self.is_box(node):
            return self.box(node)
        if isinstance(node, (nodes.Invisible, nodes.comment)):
            return ""
        if isinstance(node, (nodes.Inline, nodes.Text)):
            return self.inline(nodes.inline("", "", node.deepcopy()))
        return self.blocks_of(node)

    def blocks_of(self, node):
        return "\n\n".join(
            text for child in node.children if (text := self.block(child))
        )

    def block_paragraph(self, node):
        return self.inline(node)

    def block_math_block(self, node):
        tex = self.tex(node.astext().strip())
        if not node.get("nowrap"):
            tex = typeset.in_rows(tex)
        number = self.numbers.get("displaymath", {}).get(
            node["ids"][0] if node["ids"] else "")
        tag = f" \\tag{{{join(number)}}}" if number else ""
        return f"$$\n{tex}{tag}\n$$"

    def block_literal_block(self, node):
        language = node.get("language", "")
        language = {"ipython3": "python", "none": "",
                    "default": ""}.get(language, language)
        return f"```{language}\n{node.astext()}\n```"

    def block_bullet_list(self, node):
        return "\n".join(self.item(child, "- ") for child in node.children)

    def block_enumerated_list(self, node):
        first = node.get("start", 1)
        return "\n".join(
            self.item(child, f"{first + place}. ")
            for place, child in enumerate(node.children)
        )

    def item(self, node, mark):
        text = self.blocks_of(node)
        return mark + text.replace("\n", "\n" + " " * len(mark))

    def block_definition_list(self, node):
        return "\n".join(
            f"- **{self.inline(item.children[0])}**: "
            + self.blocks_of(item.children[-1]).replace("\n", "\n  ")
            for item in node.children
        )

    def block_block_quote(self, node):
        return quote(self.blocks_of(node))

    def block_table(self, node):
        rows = [
            [in_table(self.blocks_of(entry)) for entry in row.children]
            for row in node.findall(nodes.row)
        ]
        if not rows:
            return ""
        rows.insert(1, ["---"] * len(rows[0]))
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def block_raw(self, node):
        return node.astext() if "html" in node["format"].split() else ""

    def block_figure(self, node):
        caption = next(node.findall(nodes.caption), None)
        words = self.inline(caption) if caption is not None else ""
        moves = (f" *(On the book's page this figure moves"
                 f"{self.link_here(node)}.)*")
        still = "".join(
            f"![{one['alt']}](attachment:{one['kind']}.svg)\n\n"
            for one in node.findall(explorable)
        )
        return f"{still}*{self.number(node, 'figure', 'Figure')}* {words}{moves}"

    def link_here(self, node):
        if not self.site or not node["ids"]:
            return ""
        return f": {self.site}{self.page}.html#{node['ids'][0]}"

    def caption_of(self, cell):
        figure = next(cell.findall(nodes.figure), None)
        caption = figure and next(figure.findall(nodes.caption), None)
        if not caption:
            return ""
        return (f"*{self.number(figure, 'figure', 'Figure')}* "
                f"{self.inline(caption)}")

    # Boxes ----------------------------------------------------------------

    def is_box(self, node):
        if not isinstance(node, nodes.Element):
            return False
        name = type(node).__name__
        return (isinstance(node, nodes.Admonition)
                or name in ("proof_node", "exercise_node",
                            "exercise_enumerable_node", "solution_node")
                or node.get("realtype") in BOXES)

    @staticmethod
    def is_title(node):
        return isinstance(node, nodes.title) or (
            type(node).__name__ in ("exercise_title", "solution_title"))

    def title(self, node):
        """The words above a box."""
        title = next((c for c in node.children if self.is_title(c)), None)
        words = self.inline(title).strip() if title is not None else ""
        words = re.sub(r"\s+", " ", words)
        if node.get("realtype"):
            kind = node["realtype"]
            label = self.number(node, node["countertype"], kind.capitalize())
            return f"{label} {words}".strip()
        if node.get("type") == "exercise":
            label = self.number(node, "exercise", "Exercise")
            words = re.sub(r"^Exercise\s*", "", words)
            return f"{label} {words}".strip()
        return words

    def number(self, node, counter, word):
        for name in node["ids"]:
            number = self.numbers.get(counter, {}).get(name)
            if number:
                return f"{word} {join(number)}"
        return word

    def box(self, node):
        title = self.title(node)
        inner = node
        if type(node).__name__ == "proof_node":
            inner = node.children[0]
        text = "\n\n".join(
            one for child in inner.children
            if not self.is_title(child) and (one := self.block(child))
        )
        head = f"**{title}**\n\n" if title else ""
        return quote(head + text)

    # Words ----------------------------------------------------------------

    def inline(self, node):
        return "".join(self.word(child) for child in node.children)

    def word(self, node):
        if isinstance(node, nodes.Text):
            text = SPECIAL.sub(r"\\\1", node.astext())
            return text.replace("\n", " ")
        if isinstance(node, nodes.math):
            return (f"{node.get('start', '')}${self.tex(node.astext())}$"
                    f"{node.get('stop', '')}")
        if isinstance(node, nodes.literal):
            return f"`{node.astext()}`"
        if isinstance(node, (nodes.emphasis, nodes.title_reference)):
            return around("*", self.inline(node))
        if isinstance(node, nodes.strong):
            return around("**", self.inline(node))
        if isinstance(node, nodes.reference):
            return self.link(node)
        if isinstance(node, nodes.raw):
            return node.astext() if "html" in node["format"].split() else ""
        if isinstance(node, nodes.footnote_reference):
            return f"<sup>{node.astext()}</sup>"
        if isinstance(node, nodes.image):
            return node.get("alt", "")
        if isinstance(node, nodes.Invisible):
            return ""
        if "proof-word" in node.get("classes", ()):
            return around("*", self.inline(node))
        return self.inline(node)

    def link(self, node):
        """A link to the site, where it has an address; else its words."""
        words, address = self.inline(node), node.get("refuri", "")
        if re.match(r"https?:|mailto:", address):
            return f"[{words}]({address})"
        if not self.site:
            return words
        if not address:
            address = f"#{node.get('refid', '')}"
        if address.startswith("#"):
            address = Path(self.page).name + ".html" + address
        folder = Path(self.page).parent.as_posix()
        path = re.sub(r"[^/]+/\.\./", "", f"{folder}/{address}")
        return f"[{words}]({self.site}{path})"

    def tex(self, text):
        for name, meaning in self.config.typeset_macros.items():
            text = re.sub(rf"\\{name}(?![A-Za-z])",
                          lambda _, m=meaning: m, text)
        return text


def join(number):
    return ".".join(map(str, number))


def in_table(text):
    """Text in one row: a bar would part cells, in formulas too."""
    def formula(match):
        return match[0].replace("\\|", "\\Vert ").replace("|", "\\vert ")

    text = re.sub(r"\$[^$]+\$", formula, text.replace("\n", " "))
    return text.replace("|", "\\|")


def quote(text):
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def around(mark, words):
    """Emphasis that opens and closes at a letter."""
    inner = words.strip()
    return words.replace(inner, f"{mark}{inner}{mark}", 1) if inner else words


def keep_markdown(app, doctree, page):
    if app.builder.name != "html":
        return
    cells = Markdown(app, page).convert(doctree)
    if any("cell" in cell for cell in cells):
        path = Path(app.outdir).parent / "markdown" / f"{page}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(cells, ensure_ascii=False, indent=1),
                        "utf8")


def setup(app):
    app.connect("doctree-resolved", keep_markdown, priority=900)
    return {"version": "1", "parallel_read_safe": True}
