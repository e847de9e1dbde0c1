"""Wrap each line of highlighted code and the spaces before it, so that a phone
can indent what of a long line does not fit, and say where a long one may part
(see book.css)."""

import re

from pygments.formatters import HtmlFormatter
from sphinx.highlighting import PygmentsBridge

from tools.book.site.lines import parted

SPACES = re.compile(r"((?:<[^>]*>)*)( +)")
# What holds no space and is longer than this may part after a bracket.
WORD = re.compile(r"(?:<[^>]*>|[^\s<])+")
LONGEST = 24
OPENED = re.compile(r'(<span class="p">[^<]*[(\[{]</span>)(?=<)')
DEFINED = re.compile(r'(?<=<span class="nf">)\w{24,}(?=</span>)')


def open_to_part(word):
    """A word of the code, which may part where a bracket opens if it is long."""
    letters = re.sub(r"<[^>]*>|&\w+;", "", word[0])
    if len(letters) <= LONGEST:
        return word[0]
    return OPENED.sub(r"\1<wbr>", word[0])


class LineFormatter(HtmlFormatter):
    """Pygments' HTML, with a span around each line."""

    def wrap(self, source):
        return super().wrap(self._lines(source))

    @staticmethod
    def _lines(source):
        for is_code, line in source:
            if is_code and line.strip("\n"):
                text = re.sub(r"<[^>]*>", "", line)
                indent = len(text) - len(text.lstrip(" "))
                style = f' style="--indent:{indent}"' if indent else ""
                if indent:
                    line = SPACES.sub(
                        r'\1<span class="code-indent">\2</span>', line, 1)
                line = WORD.sub(open_to_part, DEFINED.sub(parted, line))
                yield 1, f'<span class="code-line"{style}>{line}</span>'
            else:
                yield is_code, line


def setup(app):
    PygmentsBridge.html_formatter = LineFormatter
    return {"version": "1", "parallel_read_safe": True}
