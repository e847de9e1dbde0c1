"""Chromium, driven by Playwright: where it is, and how it is started.

Chromium is taken from the CHROMIUM environment variable, from the PATH
(Debian's package `chromium`), or from `playwright install chromium`.
"""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]


def find_chromium(playwright):
    return on_the_path() or _existing([playwright.chromium.executable_path])


def on_the_path():
    """Chromium as the reader has named or installed it, if they have."""
    return _existing([os.environ.get("CHROMIUM"), *map(shutil.which, NAMES)])


def _existing(candidates):
    return next((c for c in candidates if c and Path(c).exists()), None)
