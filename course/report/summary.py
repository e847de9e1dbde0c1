"""What an instructor wants to know at once when ``make grade`` is done."""

import re
import shutil
import textwrap
from collections import Counter
from statistics import median

from course.inbox.collect import SEVERAL
from course.report.export import unfinished
from course.run.referee import NOTHING

NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?j?", re.IGNORECASE)


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
    empty = Counter(filter(None, map(unfinished, results)))
    lines += [f"empty cells of {out}/grades.csv, because {why}: {times}"
              for why, times in empty.items()]
    lines.append(f"{out}/grades.csv and {out}/feedback/ are up to date")
    return ["".join(c if c.isprintable() else " " for c in line)
            for line in lines]  # a student's text cannot steer the terminal


def _of_set(name, results):
    scores = [r["score"] for r in results if "failure" not in r]
    most = max(result.get("max", 0) for result in results)
    waiting = sum(cell.get("by hand", False) for result in results
                  for cell in result["cells"].values())
    yield (f"{name}: {len(scores)} graded, median {median(scores or [0]):g} "
           f"of {most:g}" + bool(waiting) * f", {waiting} to grade by hand")
    width = shutil.get_terminal_size((80, 24)).columns
    for test in sorted({cell for result in results for cell in result["cells"]
                        if cell.endswith("-test")}):
        cells = [result["cells"][test] for result in results
                 if test in result["cells"]]
        right = sum(cell["score"] == cell["max"] for cell in cells)
        yield f"  {test.removesuffix('-test')}: {right} of {len(cells)} right"
        if mistake := commonest(cell["says"] for cell in cells):
            yield from textwrap.wrap(mistake, width, initial_indent=" " * 4,
                                     subsequent_indent=" " * 8)


def commonest(said):
    """The most frequent of the reasons, and how often it was given.

    Reasons that differ in their numbers only are the same mistake.
    """
    kinds = {}
    for text in said:
        message = text.split("\n")[0]
        if message and NOTHING not in message:
            kinds.setdefault(NUMBER.sub("…", message), []).append(message)
    if not kinds:
        return ""
    kind, messages = max(kinds.items(), key=lambda item: len(item[1]))
    same = len(set(messages)) == 1
    return f"{len(messages)} × {messages[0] if same else kind}"
