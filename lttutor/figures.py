"""The book's one Matplotlib style, and the plots that chapters share.

Figures are drawn once, on a transparent ground, in middle tones that read
on a white page and on a dark one.  Four colors keep their meaning in every
figure, formula and table; color never carries a meaning alone.
"""

import colorsys
import warnings
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text

from lttutor.colors import luminance, no_paler
from lttutor.touching import touching
from lttutor.validation import as_array, as_count

EXAMPLES = "#0072b2"   # X, y: what the prompt shows
GENERATED = "#d55e00"  # q, v: what the machine computes
TRUTH = "#009e73"      # θ*, α, exact values
BOUND = "#a65a9b"      # what a theorem promises; always dashed
INK = "#7a7f87"        # axes, text and everything else

PALETTE = {
    "examples": EXAMPLES,
    "generated": GENERATED,
    "truth": TRUTH,
    "bound": BOUND,
    "ink": INK,
}
WORDS = luminance(TRUTH)  # paler words cannot be read on a white page,
LINES = 0.43  # and paler lines not be seen
TILE = 0.12  # white words can be read on it, and it on a page of any color


def use_style() -> None:
    """Switch Matplotlib to the book's style for the rest of the session.

    Examples
    --------
    >>> use_style()
    >>> plt.rcParams["text.color"] == INK
    True
    """
    mpl.rcParams.update(mpl.rcParamsDefault)
    mpl.rcParams.update({
        "figure.figsize": (5.6, 3.6),
        "figure.dpi": 100,
        "figure.facecolor": "none",
        "figure.constrained_layout.use": True,
        "figure.constrained_layout.h_pad": 0.1,
        "figure.constrained_layout.w_pad": 0.08,
        "figure.labelsize": 13,
        "savefig.dpi": 200,
        "savefig.facecolor": "none",
        "savefig.transparent": True,
        "axes.facecolor": "none",
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "axes.titlelocation": "left",
        "axes.titlesize": 13,
        "axes.labelsize": 13,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.prop_cycle": plt.cycler(
            color=[GENERATED, EXAMPLES, TRUTH, BOUND]
        ),
        "font.size": 12.5,
        "font.family": "DejaVu Sans",
        "mathtext.fontset": "dejavusans",
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.labelsize": 12,
        "ytick.labelsize": 12,
        "lines.linewidth": 2.2,
        "legend.frameon": False,
        "grid.color": INK,
        "grid.alpha": 0.25,
    })
    _inline_at_print_resolution()


def shades(color: str, count: int) -> list[str]:
    """Return ``count`` tones of one color, from pale to strong.

    For several curves of one kind (one for each n, say).  All tones keep
    the hue and stay readable on light and dark pages.

    Examples
    --------
    >>> shades(EXAMPLES, 1) == [EXAMPLES]
    True
    >>> len(shades(TRUTH, 4))
    4
    """
    count = as_count("count", count, least=1)
    if count == 1:
        return [color]
    hue, light, saturation = colorsys.rgb_to_hls(*to_rgb(color))
    pale = no_paler(colorsys.hls_to_rgb(hue, 0.68, saturation), LINES)
    top = colorsys.rgb_to_hls(*to_rgb(pale))[1]
    return [
        no_paler(colorsys.hls_to_rgb(
            hue, top + (light - top) * i / (count - 1), saturation
        ), LINES)
        for i in range(count)
    ]


def scientific(value: float, digits: int = 1) -> str:
    """Write a number for prose: 1.3 × 10⁻⁵, with true minus signs.

    Examples
    --------
    >>> scientific(-1.298e-05)
    '−1.3 × 10⁻⁵'
    >>> scientific(2.86e7, digits=2)
    '2.86 × 10⁷'
    """
    value = float(as_array("value", value, shape=()))
    digits = as_count("digits", digits)
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    power = str(int(exponent)).translate(
        str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    )
    return f"{mantissa} × 10{power}".replace("-", "−")


def label_line(
    ax: Axes, line: Line2D, text: str, *, at: int = -1,
    offset: tuple[float, float] = (6, 0), **kwargs: Any,
) -> Annotation:
    """Write ``text`` next to a point of ``line``, in the line's color.

    ``at`` indexes the line's data; ``offset`` is in points.  Returns the
    annotation.

    Examples
    --------
    >>> figure, ax = plt.subplots()
    >>> line, = ax.plot([0, 1], [2, 3])
    >>> label_line(ax, line, "error").xy == (1, 3)
    True
    >>> plt.close(figure)
    """
    x, y = np.asarray(line.get_xydata())[at]
    options = {"va": "center", "color": line.get_color(), **kwargs}
    return ax.annotate(text, (x, y), xytext=offset,
                       textcoords="offset points", **options)


def matrix_picture(
    ax: Axes, matrix: Sequence, *, color: str | Sequence = INK, numbers: bool = True,
    title: str = "",
) -> list[list[bool]]:
    """Draw a small matrix as tiles, filled where an entry is not zero.

    ``color`` is one color, or one for each entry; ``numbers`` writes the
    entries on the tiles.  Returns which tiles were filled.

    Examples
    --------
    >>> figure, ax = plt.subplots()
    >>> matrix_picture(ax, [[0, 1], [2, 0]])
    [[False, True], [True, False]]
    >>> plt.close(figure)
    """
    matrix = as_array("matrix", matrix, shape=("rows", "columns")).tolist()
    rows, columns = len(matrix), len(matrix[0])
    filled = [[bool(value) for value in row] for row in matrix]
    for i in range(rows):
        for j in range(columns):
            tone = no_paler(
                color if isinstance(color, str) else color[i][j], TILE)
            ax.add_patch(plt.Rectangle(
                (j + 0.04, i + 0.04), 0.92, 0.92, lw=1,
                facecolor=tone if filled[i][j] else "none",
                edgecolor=tone if filled[i][j] else (*to_rgb(INK), 0.8),
            ))
            if numbers:
                ax.text(j + 0.5, i + 0.5, _short(matrix[i][j]), ha="center",
                        va="center", fontsize=12, weight="bold",
                        color="white" if filled[i][j] else INK)
    ax.set(xlim=(0, columns + 0.3), ylim=(rows, 0), aspect="equal",
           title=title)  # room before the next one
    ax.axis("off")
    return filled


def _short(value):
    return f"{value + 0.0:.3g}".replace("-", "−")


def make_legible(figure: Figure) -> None:
    """Darken the words that are too pale to be read on a white page.

    A line may be pale where its label may not: words need more contrast.
    White words stand on something dark and stay.

    Examples
    --------
    >>> figure, ax = plt.subplots()
    >>> words = ax.text(0, 0, "T = 2", color=shades(GENERATED, 2)[0])
    >>> make_legible(figure)
    >>> luminance(words.get_color()) < 0.26
    True
    >>> plt.close(figure)
    """
    for words in figure.findobj(Text):
        color = words.get_color()
        if to_rgb(color) != (1, 1, 1):
            words.set_color(no_paler(color, WORDS))


def undrawn(figure: Figure) -> list[str]:
    """Say what a figure was given to draw and does not show.

    Matplotlib leaves out, without a word, what is not finite and what is
    zero or negative on a log axis.  In a notebook each figure is asked.

    Examples
    --------
    >>> figure, ax = plt.subplots()
    >>> line, = ax.semilogy([1, 2, 3], [1e-3, 1e-9, 0.0], label="error")
    >>> undrawn(figure)
    ['Line2D error: 1 of 3 values of y are not positive, on a log axis']
    >>> plt.close(figure)
    """
    return [
        f"{type(artist).__name__} {artist.get_label()}: {bad} of "
        f"{values.size} values of {name} are not "
        f"{'positive, on a log axis' if log else 'finite'}"
        for ax in figure.axes for artist in (*ax.lines, *ax.collections)
        for name, values, log in _drawn(ax, artist)
        if (bad := values.size - int(np.sum(
            np.isfinite(values) & ((values > 0) | (not log)))))
    ]


def _drawn(ax, artist):
    """An artist's data, with the name of their axis and whether it is log."""
    if hasattr(artist, "get_xydata"):
        points, transform = artist.get_xydata(), artist.get_transform()
    elif any(artist.get_offset_transform()
             .contains_branch_seperately(ax.transData)):
        points = np.ma.filled(artist.get_offsets().astype(float), np.nan)
        transform = artist.get_offset_transform()
    else:
        paths = [path.vertices for path in artist.get_paths()]
        points = np.concatenate([np.empty((0, 2)), *paths])
        transform = artist.get_transform()
    in_data = transform.contains_branch_seperately(ax.transData)
    for k, axis in enumerate((ax.xaxis, ax.yaxis)):
        if in_data[k]:
            yield "xy"[k], points[:, k], axis.get_scale() == "log"


def _inline_at_print_resolution():
    """Let a notebook's figures be sharp and legible, and hide nothing."""
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    set_matplotlib_formats("retina", facecolor="none", bbox_inches="tight")
    if get_ipython() is None:
        return
    mpl.get_backend()  # chooses it now, which sets the formats once more
    png = get_ipython().display_formatter.formatters["image/png"]
    draw = png.lookup_by_type(Figure)

    def draw_all(figure):
        for words in undrawn(figure) + touching(figure):
            warnings.warn(words, stacklevel=2)
        make_legible(figure)
        return draw(figure)

    png.for_type(Figure, draw_all)
