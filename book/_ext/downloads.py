"""Let the download button of a page offer its executed notebook.

The theme shows that button only together with launch buttons of online
services.  `tools/book/travel.py` writes the files after the pages.
"""

from pathlib import Path

from myst_nb.core.read import is_myst_markdown_notebook


def offer_notebook(app, pagename, templatename, context, doctree):
    if doctree is None:
        return
    text = Path(app.env.doc2path(pagename)).read_text("utf8")
    if (is_myst_markdown_notebook(text)
            and "\ndownload: false\n" not in text):
        context["ipynb_source"] = f"{pagename}.ipynb"


def setup(app):
    app.connect("html-page-context", offer_notebook, priority=400)
    return {"version": "1", "parallel_read_safe": True}
