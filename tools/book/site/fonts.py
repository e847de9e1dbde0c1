"""Cut a font down to the characters that a site draws with it."""

import logging
from io import BytesIO

from fontTools import subset
from fontTools.ttLib import TTFont

logging.getLogger("fontTools.subset").setLevel(logging.ERROR)


def cut(path, characters):
    """The font with these characters alone, as bytes of a WOFF file."""
    font = TTFont(path, recalcTimestamp=False)
    if characters:
        options = subset.Options(
            layout_features=[], hinting=False, notdef_outline=True
        )
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=map(ord, characters))
        subsetter.subset(font)
    font.flavor = "woff"
    out = BytesIO()
    font.save(out, reorderTables=True)
    return out.getvalue()


def has(path):
    """The characters that a font can draw."""
    return {chr(code) for code in TTFont(path).getBestCmap()}
