"""What a line does not part: numbers, short formulas, short words and commands.

Of names in tables the opposite: there they may part where a person would part
them, since a phone's columns are narrow.
"""

import re

from tools.book.site import tables

TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
# What stands on one line in prose: "Chapter 22", "2.1 × 10⁻⁵", "0.3 ± 0.1",
# "5 %", "κ = 100", "2d − 1", "11.9 κ".  A table on a phone has no room for
# that, and code no such space.
OTHER = re.compile(r"<(table|pre|script|head|code|svg)\b.*?</\1>", re.DOTALL)
LINKED = re.compile(r'(<(?:a|span) [^>]*>[A-Z][a-z]+) (?=\d[\d.]*</(?:a|span)>)')
SPACED = re.compile(r" (?=[×±] ?\d)|(?<=[×±]) (?=\d)")
RELATED = re.compile(
    r"(?<=[^\s,;:.>]) ([=≈≤≥≠∈∼≪≫∝−+]|&[lg]t;) (?=[\w(\[{|‖√½−∞])")
UNIT = re.compile(
    r"(?<=\d)((?:</span>)*) (?=%|[α-ω]\b"
    r'|<span class="math(?:(?!alttext|</span>).)*alttext="\\?\w+" )', re.DOTALL)
# A word that begins with a syllable and a hyphen, and any short one in a title.
WORDS = re.compile(r"(?<=>)[^<]+")
SYLLABLE = re.compile(r"(?<![\w-])\w{1,3}-\w{1,9}(?![\w-])")
TITLE = re.compile(r'<h[1-4]>.*?</h|<p class="admonition-title">.*?</p', re.DOTALL)
SHORT = re.compile(r"(?<![\w-])\w{1,7}-\w{1,7}(?![\w-])")
WHOLE = re.compile(OTHER.pattern + r"|<(mjx-container|select|math|button)\b.*?</\2>",
                   re.DOTALL)
# A command of a few words is not parted either.
CHIP = re.compile(r'<code class="([^"]*)">((?:<span class="pre">[^<]*</span>\s*){2,})'
                  r"(?=</code>)")
LONGEST = 22
# The powers in numbers that a run printed, raised as those in formulas are.
POWER = re.compile(r"(?<=10)[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+(?![^<>]*>)")
LINE = re.compile(r"<(pre|script|head|code|svg|select|figure|mjx-container)\b.*?</\1>",
                  re.DOTALL)
DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "−0123456789")
NAME = re.compile(r'(?<=<span class="pre">)[\w.]+(?=</span></code>)')


def kept(text):
    """A page that breaks its lines where a reader would."""
    text = outside(OTHER, kept_together, text)
    text = outside(WHOLE, lambda prose: whole(SYLLABLE, prose), text)
    text = TITLE.sub(lambda title: whole(SHORT, title[0]), text)
    text = CHIP.sub(chip, text)
    text = TABLE.sub(
        lambda table: tables.numbers_right(NAME.sub(parted, table[0])), text)
    return outside(LINE, raised, text)


def outside(pattern, change, text):
    """The text, changed between the matches of a pattern."""
    done, at = [], 0
    for match in pattern.finditer(text):
        done += [change(text[at:match.start()]), match[0]]
        at = match.end()
    return "".join(done) + change(text[at:])


def kept_together(prose):
    """Prose with spaces that do not break where a number would be torn."""
    for pattern in (LINKED, UNIT):
        prose = pattern.sub("\\1\u00a0", prose)
    prose = RELATED.sub("\u00a0\\1\u00a0", prose)
    return SPACED.sub("\u00a0", prose)


def raised(prose):
    return POWER.sub(
        lambda power: f"<sup>{power[0].translate(DIGITS)}</sup>", prose)


def whole(pattern, markup):
    """The markup, with each word of the pattern in a span that stays whole."""
    return WORDS.sub(lambda text: pattern.sub(
        r'<span class="whole">\g<0></span>', text[0]), markup)


def chip(match):
    """Code in a line of text: a short one is not parted."""
    letters = re.sub(r"<[^>]*>|&\w+;", "", match[2])
    kind = f"{match[1]} whole" if len(letters) <= LONGEST else match[1]
    return f'<code class="{kind}">{match[2]}'


def parted(name):
    """A name of the code, which a phone may part where a person would."""
    return re.sub(r"(?<=[_.])(?=\w)", "<wbr>", name[0])
