"""Which words of a figure lie on a line, or against other words."""

from itertools import combinations

from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

GAP = 2  # pixels of a figure with 100 to the inch


def touching(figure: Figure) -> list[str]:
    """Say which words of a figure touch a line, a mark or other words.

    Looked at are the lines and marks of ``plot`` and the axes.  In a
    notebook each figure is asked.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> figure, ax = plt.subplots()
    >>> line, = ax.plot([0, 1], [0, 1], label="error")
    >>> words = ax.text(0.5, 0.5, "bound")
    >>> touching(figure)
    ['"bound" touches the line error']
    >>> words.set_position((0.5, 0.2))
    >>> touching(figure)
    []
    >>> plt.close(figure)
    """
    figure.draw_without_rendering()
    found = figure.findobj(Text)
    off = _off(figure)
    words = [(text.get_text(), text.get_window_extent())
             for text in found if text not in off
             and text.get_visible() and text.get_text().strip()]
    return [
        f'"{text}" touches the line {line.get_label()}'
        for text, box in words for ax in figure.axes for line in ax.lines
        if _meets(line, box.padded(GAP))
    ] + [
        f'"{text}" touches the {side} axis'
        for text, box in words for ax in figure.axes if ax.axison
        for side, spine in ax.spines.items() if spine.get_visible()
        and spine.get_transform().transform_path(
            spine.get_path()).intersects_bbox(box.padded(GAP), filled=False)
    ] + [
        f'"{one}" touches "{other}"'
        for (one, box), (other, its) in combinations(words, 2)
        if box.padded(2 * GAP, -GAP).overlaps(its)
    ]


def _off(figure):
    """The labels of ticks outside the picture, and of axes turned off."""
    return {
        label for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)
        for tick in (*axis.majorTicks, *axis.minorTicks)
        for low, high in [sorted(axis.get_view_interval())]
        if not (ax.axison and low <= tick.get_loc() <= high)
        for label in (tick.label1, tick.label2)
    }


def _meets(line, box):
    """Whether a line or one of its marks is seen in the box."""
    path = line.get_transform().transform_path(line.get_path())
    seen = Bbox.intersection(box, line.axes.bbox)
    if seen is None:
        return False
    if line.get_linestyle() != "None" and path.intersects_bbox(
            seen, filled=False):
        return True
    radius = line.get_markersize() / 2 * line.get_figure().dpi / 72
    return line.get_marker() not in ("None", "", None) and any(
        seen.padded(radius).contains(x, y) for x, y in path.vertices)
