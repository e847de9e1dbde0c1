"""What a figure leaves out or writes over without a word is noticed."""

import matplotlib.pyplot as plt
import nbclient
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lttutor import figures
from lttutor.touching import touching

LOST = [
    ("a zero in a line", lambda ax: ax.semilogy([1, 2], [1e-3, 0])),
    ("a negative x", lambda ax: ax.loglog([-1, 2], [1, 2])),
    ("a line at zero", lambda ax: (ax.set_yscale("log"), ax.axhline(0))),
    ("NaN", lambda ax: ax.plot([1, 2], [np.nan, 1])),
    ("infinity", lambda ax: ax.plot([1, 2], [np.inf, 1])),
    ("a masked point", lambda ax: ax.plot(
        [1, 2], np.ma.masked_less([0.0, 1], 0.5))),
    ("a point", lambda ax: (ax.set_yscale("log"), ax.scatter([1, 2], [0, 1]))),
    ("a band", lambda ax: (ax.set_yscale("log"),
                           ax.fill_between([1, 2], [0, 0], [1, 1]))),
    ("an error bar", lambda ax: (ax.set_yscale("log"),
                                 ax.errorbar([1], [1], yerr=[2]))),
]
SHOWN = [
    ("lines", lambda ax: ax.plot([0, -1], [0, 1])),
    ("lines on log axes", lambda ax: ax.loglog([1, 2], [1e-300, 1])),
    ("a line across", lambda ax: (ax.set_xscale("log"), ax.axhline(-1))),
    ("points", lambda ax: ax.scatter([0, -1], [0, 1])),
    ("no data", lambda ax: (ax.set_yscale("log"), ax.plot([], []))),
]
STRUCK = [
    ("a line", lambda ax: (ax.plot([0, 1], [0, 1]), ax.text(.5, .48, "a"))),
    ("the gap of a line", lambda ax: (ax.axhline(.5), ax.text(0, .51, "T"))),
    ("a mark", lambda ax: (ax.plot(.5, .5, "o", ms=40),
                           ax.text(.54, .54, "a"))),
    ("an axis", lambda ax: ax.text(.5, -.03, "a")),
    ("other words", lambda ax: (ax.text(.5, .5, "one"),
                                ax.text(.55, .5, "other"))),
    ("tick labels", lambda ax: ax.set(
        xticks=[.5, .53], xticklabels=["60", "0"])),
]
CLEAR = [
    ("beside a line", lambda ax: figures.label_line(
        ax, ax.plot([0, .5], [0, .5])[0], "error")),
    ("where a line is cut off", lambda ax: (
        ax.plot([0, 2], [0, 2]), ax.text(1.2, 1.2, "a"))),
    ("between dots", lambda ax: (ax.plot([0, 1], [.5, .5], "o"),
                                 ax.text(.5, .5, "a"))),
    ("no axes", lambda ax: (ax.axis("off"), ax.text(.5, -.03, "a"))),
]


@pytest.mark.parametrize(
    "draw", [row[1] for row in STRUCK], ids=[row[0] for row in STRUCK])
def test_words_that_touch_something_are_told(draw):
    assert told_of(draw)


@pytest.mark.parametrize(
    "draw", [row[1] for row in CLEAR], ids=[row[0] for row in CLEAR])
def test_of_words_that_stand_clear_nothing_is_told(draw):
    assert told_of(draw) == []


def told_of(draw):
    """What is told of a figure with one panel from 0 to 1."""
    figure, ax = plt.subplots()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    draw(ax)
    told = touching(figure)
    plt.close(figure)
    return told


@pytest.mark.parametrize(
    "draw", [row[1] for row in LOST], ids=[row[0] for row in LOST])
def test_what_is_lost_is_told(draw):
    figure, ax = plt.subplots()
    draw(ax)
    assert figures.undrawn(figure)
    plt.close(figure)


@pytest.mark.parametrize(
    "draw", [row[1] for row in SHOWN], ids=[row[0] for row in SHOWN])
def test_of_what_is_shown_nothing_is_told(draw):
    figure, ax = plt.subplots()
    draw(ax)
    assert figures.undrawn(figure) == []
    plt.close(figure)


def test_every_figure_of_a_notebook_is_asked():
    """In the order in which a chapter has it: style first, then figures."""
    cells = [
        "from lttutor.figures import plt, use_style; use_style()",
        "plt.semilogy([1, 2], [1, 2])\nplt.show()",
        "plt.semilogy([1, 2], [1, 0])\nplt.show()",
        "plt.semilogy([1, 2, 3], [1, 0, 0]);",
        "plt.axhline(0.5)\nplt.text(0, 0.5, 'best');",
    ]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    warned = ["values of y are not positive" in str(cell.outputs)
              or "touches the line" in str(cell.outputs)
              for cell in notebook.cells]
    drawn = ["image/png" in str(cell.outputs) for cell in notebook.cells]
    assert warned == [False, False, True, True, True]
    assert drawn == [False, True, True, True, True]
