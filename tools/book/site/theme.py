"""Mend the theme's markup: what a screen reader would say twice or wrongly."""

import re

LIGHT_OR_DARK = ('mode === "auto" || !theme ? (matchMedia("(prefers-color-scheme:'
                 ' dark)").matches ? "dark" : "light") : theme')
MENDS = (
    # The colors are known before the first paint; without a script, light.
    (re.compile(r'data-theme="auto"'), 'data-theme="light"'),
    (re.compile(r'(\n *)document\.documentElement\.dataset\.mode = [^<]*'),
     r'\1{const mode = localStorage.getItem("mode") || "auto";'
     r'\1const theme = localStorage.getItem("theme");'
     r'\1document.documentElement.dataset.mode = mode;'
     rf'\1document.documentElement.dataset.theme = {LIGHT_OR_DARK};}}\n  '),
    # MyST-NB names a fold "Toggle hidden content", whatever its words say.
    (re.compile(r'<summary aria-label="Toggle hidden content">'),
     "<summary>"),
    # The logo says what the words beside it say.
    (re.compile(r'(<img [^>]*class="logo__image[^>]*)alt="[^"]*"'),
     r'\1alt=""'),
    # The sidebar's head is in no landmark.
    (re.compile(r'(<div id="pst-primary-sidebar")'),
     r'\1 role="navigation" aria-label="Book"'),
    # The button shows its name and the keys that press it.
    (re.compile(r'(<button class="btn search-button-field[^>]*?)'
                r' aria-label="Search"'), r"\1"),
    # The standard has withdrawn the role that docutils gives a reference, and
    # nobody cites its number: the text says author and year.
    (re.compile(r'(<div class="citation"[^>]*) role="doc-biblioentry">\s*'
                r'<span class="label">.*?</span></span>', re.DOTALL),
     r'\1 role="listitem">'),
    # A link begins with its first word.
    (re.compile(r'Solution to(<a [^>]*>) '), r"Solution to \1"),
    # A cell that heads nothing is no header.
    (re.compile(r'<th class="head[^"]*">(<p></p>)?</th>'), "<td></td>"),
    (re.compile(r"<th></th>"), "<td></td>"),
)


HEADER = re.compile(r'<th class="(head[^"]*)">(.*?)</th>', re.DOTALL)
FORMULA = re.compile(r"<mjx-container.*?</mjx-container>", re.DOTALL)


def named_header(match):
    """A header that is one formula: checkers do not read MathML as text."""
    tex = re.findall(r'alttext="([^"]*)"', match[2])
    words = re.sub(r"<[^>]*>", "", FORMULA.sub("", match[2]))
    if not tex or words.strip():
        return match[0]
    return (f'<th class="{match[1]}" aria-label="{" ".join(tex)}">'
            f"{match[2]}</th>")


def mended(text):
    for pattern, better in MENDS:
        text = pattern.sub(better, text)
    return HEADER.sub(named_header, text)
