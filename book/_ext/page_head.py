"""What a page says of itself to search engines: its first sentences."""

from docutils import nodes
from markupsafe import escape

LENGTH = 155


def description(doctree):
    """The first paragraph's words, cut at a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        if (isinstance(paragraph.parent, nodes.section)
                and next(paragraph.findall(nodes.math), None) is None):
            words = " ".join(paragraph.astext().split())
            if len(words) > LENGTH:
                words = words[:LENGTH].rsplit(" ", 1)[0].rstrip(",;:") + " …"
            return words
    return ""


def describe(app, pagename, templatename, context, doctree):
    words = description(doctree) if doctree else context.get("title", "")
    if words:
        context["description"] = words
        context["metatags"] = (
            context.get("metatags", "")
            + f'<meta name="description" content="{escape(words)}">\n'
        )


def setup(app):
    app.connect("html-page-context", describe)
    return {"version": "1", "parallel_read_safe": True}
