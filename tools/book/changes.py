"""What a build depends on, and whether it changed since the last one."""

import hashlib
import json
import sys

from tools.book import chapters
from tools.book.chapters import BUILD

STAMP = BUILD / "built.json"

# A change here can change any page, so all are read again.
GLOBAL = ("_config.yml", "_toc.yml", "requirements.txt", "book/**/*.yml",
          "book/**/*.bib", "book/_ext/**/*", "lttutor/**/*",
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
    """Those of the last build that passed, and the pages it wrote."""
    return json.loads(STAMP.read_text("utf8")) if STAMP.exists() else {}


def is_fresh(present, past):
    """Whether the last build is of the present files, and is all there."""
    return (
        past.get("all") == present["all"]
        and all(is_newer(chapters.html(page), chapters.source(page))
                for page in past["pages"])
        and all(chapters.download(page).exists() for page in past["code"])
    )


def is_newer(built, source):
    return (built.exists() and source.exists()
            and built.stat().st_mtime >= source.stat().st_mtime)


def keep(present, pages, code):
    """Note that a build of the present files has passed."""
    STAMP.write_text(
        json.dumps({**present, "pages": pages, "code": code}), "utf8"
    )
