"""Let the download button of a page offer its executed notebook.

The theme shows that button only together with launch buttons of online
services.  `tools/book/travel.py` writes the files after the pages.
"""

from pathlib import Path

from tools.book import chapters


def offer_notebook(app, pagename, templatename, context, doctree):
    if doctree is None:
        return
    if chapters.is_offered(Path(app.env.doc2path(pagename))):
        context["ipynb_source"] = f"{pagename}.ipynb"


def setup(app):
    app.connect("html-page-context", offer_notebook, priority=400)
    return {"version": "1", "parallel_read_safe": True}
