"""The course kit: problem sets that grade themselves.

Two doors: ``python -m course.build`` makes the student releases, and
``python -m course.grade`` grades a folder of submissions (``single`` grades
one of them, in a worker).  Behind them four rooms; a room imports from those
above it::

    sets/     what a set is: its problems, and the zip that students get
    inbox/    what came in: files, whose they are, cells put in order
    run/      how it runs: confined, with its tests in another process
    report/   what goes out: feedback, points, the summary
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COURSE = ROOT / "_build" / "course"

# Reading a notebook must not compile a grammar of international addresses,
# which takes jsonschema more than a second and which no notebook needs.
sys.modules.setdefault("rfc3987_syntax", None)
