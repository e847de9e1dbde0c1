"""The numbers of a figure, for who cannot see it or wants to use them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from lttutor.figures import scientific
from lttutor.validation import as_array

ROWS = 12  # what a phone shows at once


@dataclass(frozen=True)
class DataTable:
    """A small table; a notebook shows it folded, a terminal as columns."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __repr__(self) -> str:
        lines = [self.heads, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines)]
        return "\n".join(
            "  ".join(cell.rjust(width)
                      for cell, width in zip(line, widths)).rstrip()
            for line in lines
        )

    def _repr_html_(self):
        heads = "".join(f'<th scope="col">{escape(head)}</th>'
                        for head in self.heads)
        rows = "\n".join(
            f'<tr><th scope="row">{escape(first)}</th>'
            + "".join(f"<td>{escape(cell)}</td>" for cell in rest) + "</tr>"
            for first, *rest in self.rows
        )
        return ('<details class="figure-data"><summary>The numbers of this '
                f'figure</summary>\n<table class="table">\n<thead><tr>{heads}'
                f"</tr></thead>\n<tbody>\n{rows}\n</tbody></table></details>")


def data_table(columns: Mapping[str, Sequence]) -> DataTable:
    """Write columns of numbers or words as a table that folds.

    Parameters
    ----------
    columns
        For each heading an array ``(rows,)`` of numbers or words, all of one
        length between 1 and 12: choose the points that tell the story.

    Returns
    -------
    DataTable
        Three digits a number, true minus signs, powers of ten.

    Raises
    ------
    TypeError, ValueError
        If a column is not of that form, or holds NaN or infinity.

    Examples
    --------
    >>> data_table({"loops": [0, 20, 1500], "error": [1, 0.031415, 2.7e-9]})
    loops       error
        0           1
       20      0.0314
    1,500  2.7 × 10⁻⁹
    """
    written = {head: _words(head, column)
               for head, column in columns.items()}
    sizes = {len(column) for column in written.values()}
    if len(sizes) != 1 or not sizes <= set(range(1, ROWS + 1)):
        raise ValueError(
            "columns: expected some, all of one length from 1 to "
            f"{ROWS}, got lengths {sorted(sizes)}")
    return DataTable(tuple(written), tuple(zip(*written.values())))


def _words(head, column):
    return [
        value if isinstance(value, str) else _number(
            float(as_array(f"columns[{head!r}]", value, shape=())))
        for value in column
    ]


def _number(value):
    if value == round(value) and abs(value) < 1e7:
        text = f"{value:,.0f}"
    elif 1e-3 <= abs(value) < 1e6:
        rounded = float(f"{value:.3g}")
        text = f"{rounded:,.{max(0, 2 - int(np.floor(np.log10(abs(rounded)))))}f}"
    else:
        return scientific(value)
    return text.replace("-", "−")
