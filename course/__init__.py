"""The course kit: problem sets that grade themselves.

Doors, one for each word of ``make``: ``build`` makes the student releases,
``grade`` grades a folder of submissions (``single`` one of them, in a worker)
and ``formgrade`` opens the written answers in a browser; ``resume`` is what
lets a run end at any moment.  Behind them are four rooms; a room imports from
those above it::

    sets/     what a set is: its problems, and the zip that students get
    inbox/    what came in: files, whose they are, cells put in order
    run/      how it runs: confined, with its tests in another process
    report/   what goes out: feedback, points, the summary
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COURSE = ROOT / "_build" / "course"


def obstacle(folder):
    """Why nbgrader could not work in a folder of this name, if so."""
    odd = sorted(set(str(Path(folder).resolve())) & set("[]{}*?%#\n"))
    return "" if not odd else (
        f"{folder}: nbgrader takes {' '.join(odd)} in the name of a folder "
        "for a pattern; choose another")


# Reading a notebook must not compile a grammar of international addresses,
# which takes jsonschema more than a second and which no notebook needs.
sys.modules.setdefault("rfc3987_syntax", None)
