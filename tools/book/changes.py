"""What a build depends on, and whether it changed since the last one."""

import hashlib
import json
import sys

from tools.book import chapters, state
from tools.book.chapters import BUILD, HTML

STAMP = BUILD / "built.json"
# What Sphinx takes up again; of this, too, nothing may be lost or damaged.
TAKEN_UP = [BUILD / name
            for name in ("raw", ".doctrees", "markdown", "jupyter_execute")]

# A change here can change any page, so all are read again.
GLOBAL = ("_config.yml", "sphinx.json", "_toc.yml", "requirements.txt",
          "book/**/*.yml", "book/**/*.bib", "book/_ext/**/*", "lttutor/**/*",
          "benchmarks/*.json", "tests/claims/**/*", "tools/book/*.py")
EVERYTHING = (*GLOBAL, "book/**/*", "notebooks/*.md", "tools/book/site/*")


def fingerprint(*patterns):
    """A hash of names and contents of files, and of the Python version."""
    digest = hashlib.sha256(sys.version.encode())
    for pattern in patterns:
        for path in sorted(chapters.ROOT.glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                name = path.relative_to(chapters.ROOT).as_posix()
                digest.update(f"\0{name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def now():
    """Fingerprints of what the book is made from, at this moment."""
    return {"global": fingerprint(*GLOBAL), "all": fingerprint(*EVERYTHING)}


def last():
    """Those of the last build that passed, and of what it wrote."""
    return state.read(STAMP)


def is_fresh(present, past):
    """Whether the site is of the present files, and as it was written.

    The hour at which a file was written says nothing: clocks go wrong, and
    copies and archives keep old ones.
    """
    return (past.get("all") == present["all"]
            and past.get("site") == state.holds(HTML))


def can_go_on(present, past):
    """Whether Sphinx may take up its work where the last build left it."""
    return (past.get("global") == present["global"]
            and past.get("taken up") == [state.holds(f) for f in TAKEN_UP])


def keep(present):
    """Note that a build of the present files has passed."""
    state.write(STAMP, json.dumps({
        **present, "site": state.holds(HTML),
        "taken up": [state.holds(folder) for folder in TAKEN_UP],
    }))
