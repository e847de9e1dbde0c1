"""Columns of numbers, with their digits below one another."""

import html
import re

ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
CELL = re.compile(r"<(t[dh])\b([^>]*)>(.*?)</\1>", re.DOTALL)
FORMULA = re.compile(r'<mjx-container.*?alttext="([^"]*)".*?</mjx-container>',
                     re.DOTALL)
NUMBER = re.compile(
    r"[<≥≤]? ?[-−+±]?(\d[\d,]*(\.\d+)?( ?× ?10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?|∞)( ?%)?"
    r"|(\\[gl]e)?-?\d*(\.\d+)?(\\cdot ?)?(10\^(\d|\{-?\d+\}))?|\\infty|[-–—]?"
)


def numbers_right(table):
    """The table with class ``number`` on the cells of columns of numbers."""
    rows = [CELL.findall(row) for row in ROW.findall(table)]
    if "span=" in table or "text-" in table or len(set(map(len, rows))) != 1:
        return table
    right = {
        place for place, (_, *cells) in enumerate(zip(*rows))
        if len(cells) > 1 and all(NUMBER.fullmatch(words(c[2])) for c in cells)
        and any(words(c[2]) for c in cells)
    }

    def marked(row):
        place = iter(range(len(rows[0])))
        return CELL.sub(lambda cell: with_class(cell[0])
                        if next(place) in right else cell[0], row[0])

    return ROW.sub(marked, table) if right else table


def words(cell):
    """What a cell says; of a formula, its TeX."""
    plain = re.sub(r"<[^>]*>", "", FORMULA.sub(r"\1", cell))
    return html.unescape(plain).replace("\u00a0", " ").strip()


def with_class(cell):
    if cell.startswith(("<td>", "<th>")):
        return f'{cell[:3]} class="number">{cell[4:]}'
    return re.sub(r'class="', 'class="number ', cell, count=1)
