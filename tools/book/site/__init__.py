"""From Sphinx's pages to the site that readers load.

Sphinx and its theme write for any book; what is published holds only what
this one uses: one style sheet, one script, the glyphs that occur, figures
that keep their place while they load.
"""

from tools.book.site.publish import publish

__all__ = ["publish"]
