"""What stands around a chapter: its part, its length, where to go next.

Under the title: the part, minutes of reading (counted), seconds of running
(measured in the build, as a round bound), and the ways to take the chapter
along.  At the end: the chapters of the part.
"""

import re

from docutils import nodes
from markupsafe import escape

WORDS_A_MINUTE = 130  # mathematics is not a novel
BOUNDS = (5, 10, 20, 30, 60, 120)


def parts(app):
    """The titled parts of ``_toc.yml`` as ``[(caption, [page, …])]``."""
    root = app.config.external_site_map.root
    return [
        (part.caption, [str(entry) for entry in part.items])
        for part in root.subtrees if part.caption
    ]


def part_of(app, page):
    for caption, pages in parts(app):
        if page in pages:
            return caption, pages
    return None, []


def reading_minutes(doctree):
    """Minutes for the words that are not folded away, formulas included."""
    words = 0
    for text in doctree.findall(nodes.Text):
        folded = text.parent
        while folded is not None and not (
            isinstance(folded, nodes.Element)
            and {"dropdown", "tag_hide-input"} & set(folded.get("classes", []))
        ):
            folded = folded.parent
        if folded is None:
            words += len(text.astext().split())
    return max(5, 5 * round(words / WORDS_A_MINUTE / 5))


def running_words(app, page):
    """How long the code ran when it was last run."""
    data = app.env.nb_metadata.get(page, {}).get("exec_data")
    if not data or not data.get("runtime"):
        return ""
    bound = next((b for b in BOUNDS if data["runtime"] <= b), None)
    return f"runs in under {bound} s" if bound else (
        f"runs in {data['runtime'] / 60:.0f} minutes")


def ways(app, page, root):
    """Links to the notebook, here and on public machines."""
    links = [(f'<a href="{root}_sources/{page}.ipynb" download>'
             "Notebook<span class=\"visually-hidden\"> of this chapter"
             "</span></a>")]
    site, repository = app.config.public_site, app.config.public_repository
    match = re.match(r"https://github\.com/([\w.-]+/[\w.-]+)", repository)
    if site and match:
        name = match[1].removesuffix(".git")
        file = f"_sources/{page}.ipynb"
        links += [
            ('<a href="https://colab.research.google.com/github/'
            f'{name}/blob/gh-pages/{file}">Open in Colab</a>'),
            ('<a href="https://mybinder.org/v2/gh/'
            f'{name}/gh-pages?labpath={file}">Open in Binder</a>'),
        ]
    return links


def add_frame(app, pagename, templatename, context, doctree):
    if doctree is None:
        return
    caption, pages = part_of(app, pagename)
    name_next_part(app, caption, context)
    if not pagename.startswith("notebooks/"):
        return
    root = "../" * pagename.count("/")
    facts = [escape(caption), f"{reading_minutes(doctree)} min to read",
             running_words(app, pagename), *ways(app, pagename, root)]
    head = "".join(f"<li>{fact}</li>" for fact in facts if fact)
    context["body"] = context["body"].replace(
        "</h1>", f'</h1>\n<ul class="chapter-head">{head}</ul>', 1
    ) + part_map(app, caption, pages, pagename)


def name_next_part(app, caption, context):
    """A step that leaves the part says so."""
    for step in ("prev", "next"):
        if not context.get(step):
            continue
        target = re.sub(r"\.html$", "", context[step]["link"])
        there = next((c for c, pages in parts(app)
                      if any(p.endswith(target.lstrip("./")) for p in pages)),
                     None)
        if there and there != caption:
            context[step] = {
                **context[step],
                "title": f'<span class="step-part">{escape(there)}</span> '
                         f'{context[step]["title"]}',
            }


def part_map(app, caption, pages, here):
    """The chapters of the part, the open one marked."""
    items = []
    for page in pages:
        title = escape(app.env.titles[page].astext())
        number = re.match(r"notebooks/(\d+)", page)
        if page == here:
            words = f'<b aria-current="page">{title}</b>'
        else:
            words = f'<a href="{page.split("/")[-1]}.html">{title}</a>'
        items.append(
            f"<li><span>{number[1] if number else ''}</span> {words}</li>")
    return (f'<nav class="part-map" aria-label="Chapters of this part">'
            f"<p>{escape(caption)}</p><ol>{''.join(items)}</ol></nav>")


def setup(app):
    app.connect("html-page-context", add_frame, priority=450)
    return {"version": "1", "parallel_read_safe": True}
