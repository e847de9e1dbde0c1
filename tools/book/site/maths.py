"""The part of MathJax's style sheet and fonts that a site uses."""

import base64
import re

from tools.book.site import fonts
from tools.book.site.styles import unescape, version

CHARACTER = re.compile(r"\.?mjx-c([0-9A-F]+)(?:[. ](TEX-\w+))?")
RULE = re.compile(r"^(\S[^\n]*) \{\n(.*?)\n\}", re.MULTILINE | re.DOTALL)
ELEMENT = re.compile(r"(?<![\w.-])mjx-[A-Za-z]+")
STRETCHY = ("MJXTEX-S1", "MJXTEX-S4", "MJXTEX", "MJXTEX-A")


def style(pages, css, folder):
    """The rules as CSS, and ``{file name: bytes}`` of the fonts they load.

    ``pages`` are the texts of all pages.  What is used is read off them, so
    that an incremental build and a clean one publish the same bytes.
    """
    characters, elements = used(pages)
    rules = [
        (selector, re.sub(r"\s*\n\s*", "", body).strip().rstrip(";"))
        for selector, body in RULE.findall(css)
        if wanted(selector, characters, elements)
    ]
    drawn = {}
    for selector, body in rules:
        content = re.search(r'content: "(.*?)"(?:;|$)', body)
        if content:
            for family in families(selector):
                drawn.setdefault(family, set()).update(unescape(content[1]))
    files, lines = {}, []
    for selector, body in rules:
        if selector.startswith("@font-face"):
            family = re.search(r"font-family: ([\w-]+)", body)[1]
            file = re.search(r"/([\w-]+\.woff)", body)[1]
            if family not in drawn and family != "MJXZERO":
                continue
            # The boxes have their widths without the font, and their heights
            # are those of the first one, which is there at once.
            font = fonts.cut(folder / file, drawn.get(family))
            if family == "MJXZERO":
                data = base64.b64encode(font).decode("ascii")
                source = f"url(data:font/woff;base64,{data})"
            else:
                files[file] = font
                source = f'url("fonts/{file}?v={version(font)}")'
            selector, body = "@font-face", (
                f"font-family:{family};font-display:swap;src:{source}"
            )
        lines.append(f"{selector}{{{body}}}")
    return "\n".join(lines), files


def used(pages):
    """The characters, as (code, variant), and the elements of all pages."""
    characters, elements = set(), set()
    for text in pages:
        characters.update(
            re.findall(r'mjx-c([0-9A-F]+)(?: (TEX-\w+))?"', text)
        )
        elements.update(re.findall(r"<(mjx-\w+)", text))
    return characters, elements


def wanted(selector, characters, elements):
    """Whether a rule may apply to one of the characters or elements."""
    named = CHARACTER.findall(selector)
    if named:
        return any(one in characters for one in named)
    return any(
        set(ELEMENT.findall(part)) <= elements for part in selector.split(",")
    )


def families(selector):
    """The fonts that may draw the content of a character's rule."""
    if "mjx-stretchy" in selector:
        return STRETCHY
    variant = CHARACTER.search(selector)[2]
    return [variant.replace("TEX", "MJXTEX") if variant else "MJXTEX"]
