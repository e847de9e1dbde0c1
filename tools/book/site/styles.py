"""One style sheet with the rules that the site's pages can meet."""

import base64
import hashlib
import posixpath
import re

import tinycss2

from tools.book.site import fonts

NAME = re.compile(r"[.#]((?:[\w-]|\\.)+)")
NOT = re.compile(r":not\((?:[^()]|\([^()]*\))*\)")
ADDRESS = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)""")
IMPORT = re.compile(r"""@import\s+(?:url\()?["']?([\w./-]+)["']?\)?;""")
PRIVATE = re.compile("[\ue000-\uf8ff]")  # where icon fonts keep their icons
NESTED = {"media", "supports", "layer", "container"}


def version(data):
    """A short fingerprint, so that no browser shows an old file."""
    return hashlib.sha256(data).hexdigest()[:8]


def unescape(content):
    """The characters of a CSS string."""
    return re.sub(
        r"\\([0-9A-Fa-f]{2,6}) ?|\\(.)",
        lambda m: chr(int(m[1], 16)) if m[1] else m[2], content,
    )


def words(pages, scripts):
    """Every name that a class or id of the site can have."""
    found = set()
    for text in pages:
        for value in set(re.findall(r'(?:class|id)="([^"]*)"', text)):
            found.update(value.split())
    for text in scripts:
        found.update(re.findall(r"[\w-]+", text))
    return found


def bundle(static, sheets, known):
    """The used rules of these files of ``static``, as one CSS text.

    Addresses are rewritten to be relative to ``static``; icon fonts become
    data, because an icon that comes late would move the text beside it.
    """
    css = "".join(used(read(static, sheet), known) for sheet in sheets)
    icons = set(PRIVATE.findall(unescape(css)))
    return re.sub(
        r"@font-face\{[^}]*\}", lambda m: icon_font(m[0], static, icons), css
    )


def read(static, sheet):
    """A sheet and what it imports, with addresses relative to ``static``."""
    css = (static / sheet).read_text("utf8")
    folder = posixpath.dirname(sheet)
    css = IMPORT.sub(lambda m: read(
        static, posixpath.normpath(posixpath.join(folder, m[1]))), css)

    def address(match):
        url = match[1]
        if not re.match(r"data:|#|https?:", url):
            url = posixpath.normpath(posixpath.join(folder, url))
        return f'url("{url}")'

    return ADDRESS.sub(address, css)


def used(css, known):
    """The rules with a selector whose classes and ids are all known."""
    return "".join(
        one for rule in tinycss2.parse_stylesheet(
            css, skip_comments=True, skip_whitespace=True)
        if (one := kept(rule, known))
    )


def kept(rule, known):
    if rule.type == "qualified-rule":
        prelude = tinycss2.serialize(rule.prelude)
        parts = [part.strip() for part in split(prelude)]
        parts = [part for part in parts if may_match(part, known)]
        return parts and f"{','.join(parts)}{{{body(rule)}}}\n"
    if rule.type != "at-rule":
        return ""
    prelude = tinycss2.serialize(rule.prelude).strip()
    if rule.at_keyword == "charset":
        return ""
    if rule.content is None:
        return f"@{rule.at_keyword} {prelude};\n"
    if rule.at_keyword in NESTED:
        inner = "".join(
            one for part in tinycss2.parse_rule_list(
                rule.content, skip_comments=True, skip_whitespace=True)
            if (one := kept(part, known))
        )
        return inner and f"@{rule.at_keyword} {prelude}{{{inner}}}\n"
    space = " " if prelude else ""
    return f"@{rule.at_keyword}{space}{prelude}{{{body(rule)}}}\n"


def body(rule):
    """What stands between the braces, without needless space."""
    text = tinycss2.serialize(
        [token for token in rule.content if token.type != "comment"]
    )
    return re.sub(r"\s+", " ", text).strip().rstrip(";").replace("; ", ";")


def split(selectors):
    """A list of selectors, parted at the commas outside of brackets."""
    return re.split(r",(?![^(\[]*[)\]])", selectors)


def may_match(selector, known):
    plain = re.sub(r"\[[^\]]*\]", "", NOT.sub("", selector))
    if re.search(r":(is|where|has)\(", plain):
        plain = re.sub(r":(is|where|has)\(.*", "", plain)
    return all(
        name.replace("\\", "") in known for name in NAME.findall(plain)
    )


def icon_font(rule, static, icons):
    """A font of icons with those of the site alone, or nothing."""
    file = re.search(r'url\("([^"?]+)\.woff2', rule)
    if not file or "fontawesome" not in file[1]:
        return rule
    path = static / f"{file[1]}.ttf"
    here = fonts.has(path) & icons
    if not here or "fa-solid" not in path.name:
        return ""
    data = base64.b64encode(fonts.cut(path, here)).decode()
    family = re.search(r"font-family:\s*([^;]+)", rule)[1]
    return (f"@font-face{{font-family:{family};font-weight:900;"
            f"src:url(data:font/woff;base64,{data})}}")
