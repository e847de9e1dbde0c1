"""How bright a color is, and what it must be to be read.

The relative luminance of WCAG 2 is the light that a color sends: 0 for black,
1 for white.  Contrast is a ratio of two of them.
"""

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.typing import ColorType

WEIGHTS = np.array([0.2126, 0.7152, 0.0722])  # of red, green and blue light


def luminance(color: ColorType) -> float:
    """Return the relative luminance of a color, between 0 and 1.

    Examples
    --------
    >>> luminance("white"), luminance("black")
    (1.0, 0.0)
    >>> round(luminance("#777777"), 3)
    0.184
    """
    return float(np.round(_light(color) @ WEIGHTS, 12))


def no_paler(color: ColorType, limit: float) -> str:
    """Return the color, darkened to the luminance ``limit`` if above it.

    The light of red, green and blue is turned down by one factor, so the hue
    stays.

    Examples
    --------
    >>> no_paler("#ff9846", 0.25)
    '#c67534'
    >>> no_paler("#0072b2", 0.25)
    '#0072b2'
    """
    factor = min(1.0, limit / max(luminance(color), 1e-12))
    light = factor * _light(color)
    return to_hex(np.where(light <= 0.0031308, 12.92 * light,
                           1.055 * light ** (1 / 2.4) - 0.055))


def _light(color):
    value = np.array(to_rgb(color))
    return np.where(value <= 0.04045, value / 12.92,
                    ((value + 0.055) / 1.055) ** 2.4)
