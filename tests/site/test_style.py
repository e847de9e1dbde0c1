"""The style sheet and the figures speak one visual language."""

import re

import pytest

from lttutor import figures
from tools.book.chapters import ROOT

CSS = (ROOT / "book" / "_static" / "book.css").read_text("utf8")
AA = 4.5  # WCAG 2: least contrast of text


def block(selector):
    """The custom properties of the first rule with this selector."""
    body = re.search(re.escape(selector) + r"\s*\{(.*?)\}", CSS, re.DOTALL)[1]
    return dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-fA-F]{6});", body))


def luminance(color):
    channels = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in channels
    ]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear))


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_measured_as_the_standard_says():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_the_palette_of_the_pages_is_that_of_the_figures():
    drawn = {
        name.removeprefix("--lt-figure-"): color.lower()
        for name, color in block(":root").items()
        if name.startswith("--lt-figure-")
    }
    assert drawn == {k: v.lower() for k, v in figures.PALETTE.items()}


def test_formulas_in_the_figures_colors_are_recolored_for_text():
    for name in ("examples", "generated", "truth", "bound"):
        color = figures.PALETTE[name].upper()
        assert (f'mjx-mstyle[style*="{color}"] {{ color: var(--lt-{name})'
                in CSS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "name", ["examples", "generated", "truth", "bound", "ink", "quiet", "link"]
)
def test_text_has_enough_contrast_in_both_schemes(scheme, name):
    colors = block(f'html[data-theme="{scheme}"]')
    for ground in ("page", "panel"):
        ratio = contrast(colors[f"--lt-{name}"], colors[f"--lt-{ground}"])
        assert ratio >= AA, (name, scheme, ground, ratio)


@pytest.mark.parametrize("file", [
    "book.css", "boxes.css", "explorables/explorables.css"])
def test_a_style_sheet_parses_and_names_no_other_host(file):
    import tinycss2

    text = (ROOT / "book" / "_static" / file).read_text("utf8")
    rules = tinycss2.parse_stylesheet(text, True, True)
    assert [r.message for r in rules if r.type == "error"] == []
    assert not re.search(r"""url\(\s*["']?(https?:)?//""", text)
