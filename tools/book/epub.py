"""`make epub`: all pages as an e-book, with formulas in MathML."""

import shutil
import sys

from tools.book.chapters import BUILD, ROOT
from tools.book.render import render

FOLDER = BUILD / "epub"


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    failures = render(print, FOLDER, "epub")
    if failures:
        print("\n".join(failures), file=sys.stderr)
        return 1
    found = next(FOLDER.glob("*.epub"))
    target = BUILD / "learning-in-the-loop.epub"
    shutil.move(found, target)
    print(f"The book is in {target.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
