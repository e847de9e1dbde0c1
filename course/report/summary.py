"""What an instructor wants to know at once when ``make grade`` is done."""

import shutil
import textwrap
from collections import Counter
from statistics import median

from course.inbox.collect import SEVERAL
from course.run.referee import NOTHING


def summarise(results, stray, remarks, out):
    """Lines to print: each set's problems, and all that needs a hand."""
    lines = []
    for name in sorted({result["set"] for result in results}):
        lines += _of_set(name, [r for r in results if r["set"] == name])
    for result in results:
        who = f"{result['set']} {result['student']}"
        if "failure" in result:
            lines.append(f"{who}: {result['notes'][-1]}")
        elif result["notes"] and not result["score"]:
            lines.append(f"{who}: 0 points. {result['notes'][-1]}")
        elif several := [n for n in result["notes"] if SEVERAL in n]:
            lines.append(f"{who}: {several[0]}")
    lines += [f"left out: {path}: {reason}" for path, reason in stray]
    lines += remarks
    if not results:
        lines.append("no submission was found")
    lines.append(f"{out}/grades.csv and {out}/feedback/ are up to date")
    return ["".join(c if c.isprintable() else " " for c in line)
            for line in lines]  # a student's text cannot steer the terminal


def _of_set(name, results):
    scores = [result["score"] for result in results]
    most = max(result.get("max", 0) for result in results)
    waiting = sum(cell.get("by hand", False) for result in results
                  for cell in result["cells"].values())
    yield (f"{name}: {len(results)} graded, median {median(scores):g} of "
           f"{most:g}" + bool(waiting) * f", {waiting} to grade by hand")
    tests = sorted({cell for result in results for cell in result["cells"]
                    if cell.endswith("-test")})
    width = shutil.get_terminal_size((80, 24)).columns
    for test in tests:
        cells = [result["cells"][test] for result in results
                 if test in result["cells"]]
        right = sum(cell["score"] == cell["max"] for cell in cells)
        said = Counter(cell["says"].split("\n")[0] for cell in cells
                       if cell["says"] and NOTHING not in cell["says"])
        line = f"{test.removesuffix('-test')}: {right} of {len(cells)} right"
        for message, times in said.most_common(1):
            line += f"; {times} × {message}"
        yield "  " + textwrap.shorten(line, width - 2, placeholder="…")
