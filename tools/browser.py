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
    candidates = [os.environ.get("CHROMIUM")]
    candidates += [shutil.which(name) for name in NAMES]
    candidates.append(playwright.chromium.executable_path)
    return next((c for c in candidates if c and Path(c).exists()), None)
