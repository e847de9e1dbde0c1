"""`make book-newest-sphinx`: the book without Jupyter Book.

Jupyter Book 1.x holds Sphinx at version 7.  This builds a copy of the book,
in ``_build/newest``, with the newest Sphinx that there is and the settings
that Jupyter Book would have given it, and tests its pages.

    python -m tools.newest_sphinx PYTHON_WITH_NEWEST_SPHINX
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.book.chapters import BUILD, ROOT
from tools.book.render import PLAIN, settings

COPY = BUILD / "newest"
OURS = shutil.ignore_patterns("_build", ".*", "*.egg-info", "__pycache__",
                              "work", "wheels")
RESULTS = (".jupyter_cache", "evidence.json", "evidence.stamp")
EXTENSIONS = ("jupyter_book", "sphinx_jupyterbook_latex")
OPTIONS = ("use_jupyterbook_latex", "use_multitoc_numbering")


def copy_of_the_book():
    """The sources, and the results of their code from the last build."""
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(ROOT, COPY, ignore=OURS)
    (COPY / "_build").mkdir()
    for name in RESULTS:
        source, target = BUILD / name, COPY / "_build" / name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)


def without_jupyter_book(found):
    """Jupyter Book's own extensions and their options, taken out."""
    plain = {name: value for name, value in found.items()
             if name not in OPTIONS}
    plain["extensions"] = [name for name in found["extensions"]
                           if name not in EXTENSIONS]
    return plain


def main(python):
    copy_of_the_book()
    (COPY / PLAIN.name).write_text(
        json.dumps(without_jupyter_book(settings()), indent=1), "utf8")
    for command in (["tools.book"],
                    ["pytest", "-q", "-p", "no:cacheprovider",
                     "tests/site/test_pages.py"]):
        done = subprocess.run(
            [python, "-m", *command], cwd=COPY, check=False,
            env={**os.environ, "PYTHONPATH": str(COPY)})
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
