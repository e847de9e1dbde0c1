"""Figures can be read on a light page and on a dark one (WCAG 2, level AA).

A figure is drawn once; the style sheet filters it for the page's scheme.
What is checked is what comes out: words have a contrast of 4.5 to what is
behind them, lines and marks one of 3.
"""

import re

import matplotlib.pyplot as plt
import nbclient
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from lttutor import figures
from tests.site.test_style import CSS, block, contrast
from tools.book.chapters import HTML

WORDS, MARKS = 4.5, 3
SCHEMES = ("light", "dark")
# An area beside its line may be paler, and so may the lines of a grid.
AREA = 0.3


def page(scheme):
    return block(f'html[data-theme="{scheme}"]')["--lt-page"]


def filters(scheme):
    rule = re.search(rf'html\[data-theme="{scheme}"\] \{{.*?'
                     r"--lt-figure-filter: ([^;]*);", CSS, re.DOTALL)[1]
    return {name: float(value)
            for name, value in re.findall(r"(\w+)\(([\d.]+)\)", rule)}


def shown(color, scheme, alpha=1.0):
    """The color on the page, by the definitions of CSS's Filter Effects."""
    rgb = np.array(to_rgb(color))
    used = filters(scheme)
    rgb = np.clip(rgb * used.pop("brightness", 1), 0, 1)
    s = used.pop("saturate", 1)
    assert not used, "this test does not know the filter"
    gray = np.array([0.213, 0.715, 0.072])
    rgb = np.clip(s * rgb + (1 - s) * (gray @ rgb), 0, 1)
    return to_hex(alpha * rgb + (1 - alpha) * np.array(to_rgb(page(scheme))))


def tones():
    for color in figures.PALETTE.values():
        for count in range(1, 7):
            yield from figures.shades(color, count)


def test_words_in_the_figures_colors_can_be_read():
    for scheme in SCHEMES:
        for name, color in figures.PALETTE.items():
            ratio = contrast(shown(color, scheme), page(scheme))
            assert ratio >= WORDS, (name, scheme, ratio)


def test_words_in_any_tone_are_made_legible():
    figure, ax = plt.subplots()
    words = [ax.text(0, 0, "T = 2", color=tone) for tone in tones()]
    figures.make_legible(figure)
    for scheme in SCHEMES:
        for text in words:
            ratio = contrast(shown(text.get_color(), scheme), page(scheme))
            assert ratio >= WORDS, (text.get_color(), scheme, ratio)
    plt.close(figure)


def test_a_notebook_makes_the_words_of_its_figures_legible():
    cells = [
        "from lttutor.figures import plt, use_style; use_style()",
        "words = plt.text(0, 0, 'x', color='#ff9846'); plt.show()",
        "words.get_color()",
    ]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    color = notebook.cells[-1].outputs[0].data["text/plain"].strip("'")
    assert contrast(shown(color, "light"), page("light")) >= WORDS


def test_lines_in_any_tone_can_be_seen():
    for scheme in SCHEMES:
        for tone in tones():
            ratio = contrast(shown(tone, scheme), page(scheme))
            assert ratio >= MARKS, (tone, scheme, ratio)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_numbers_on_tiles_can_be_read_and_tiles_be_seen(scheme):
    for color in figures.PALETTE.values():
        figure, ax = plt.subplots()
        figures.matrix_picture(ax, [[1, 0]], color=color)
        full, empty = ax.patches
        tile = shown(full.get_facecolor(), scheme)
        assert contrast(tile, page(scheme)) >= MARKS
        edge = shown(empty.get_edgecolor(), scheme, empty.get_edgecolor()[3])
        assert contrast(edge, page(scheme)) >= MARKS
        one, zero = (shown(text.get_color(), scheme) for text in ax.texts)
        assert contrast(one, tile) >= WORDS
        assert contrast(zero, page(scheme)) >= WORDS
        plt.close(figure)


def test_the_pictures_of_the_site_are_not_faint(built):
    """Colors that cover an appreciable part of what is drawn, as drawn.

    At the rim of a line its color thins out, so single values of the alpha
    channel are rare, or come with many more pixels of the whole color; one
    that is frequent was chosen.
    """
    faint = {}
    for path in sorted((HTML / "_images").glob("*.png")):
        pixels = np.asarray(Image.open(path).convert("RGBA")).reshape(-1, 4)
        inked = pixels[pixels[:, 3] > AREA * 255]
        colors, counts = np.unique(inked, axis=0, return_counts=True)
        solid = {tuple(color[:3]): count for color, count in zip(colors, counts)
                 if color[3] == 255}
        for color, count in zip(colors, counts):
            frequent = count > 0.005 * len(inked) if color[3] == 255 else (
                count > 0.04 * len(inked)
                and count > 0.4 * solid.get(tuple(color[:3]), 0))
            on_a_tile = (color[:3] == 255).all()
            if not frequent or on_a_tile:
                continue
            ratio = min(contrast(
                shown(color[:3] / 255, scheme, color[3] / 255), page(scheme))
                for scheme in SCHEMES)
            if ratio < MARKS:
                faint[path.name] = (to_hex(color[:3] / 255), color[3], ratio)
    assert faint == {}
