"""One CSV that Canvas and Moodle import.

The columns are those of Canvas, which takes whatever stands after
``Section`` for an assignment; so there is a column for each problem set and
nothing else.  In Moodle, where any column can be mapped, ``SIS Login ID`` is
mapped to the e-mail address or ``SIS User ID`` to the ID number.  A roster,
exported from either, fills in what a file name cannot tell.
"""

import csv
import re
import unicodedata
from pathlib import Path

from course.collect import key

PERSON = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = {"ID number": "SIS User ID", "Username": "SIS Login ID",
          "Email address": "SIS Login ID"}  # the last that is filled counts
NAMES = ("SIS Login ID", "SIS User ID", "ID number", "Username",
         "Email address", "ID")


def read_roster(path):
    """Rows of a Canvas gradebook or a Moodle participants' list."""
    if not path:
        return []
    with open(path, newline="", encoding="utf-8-sig") as stream:
        rows = [{(k or "").strip(): (v or "").strip()
                 for k, v in row.items() if isinstance(v, (str, type(None)))}
                for row in csv.DictReader(stream)]
    people = []
    for row in rows:
        if "Student" not in row:
            last = row.get("Surname") or row.get("Last name", "")
            row["Student"] = f"{row.get('First name', '')} {last}".strip()
            row |= {ours: row[theirs] for theirs, ours in MOODLE.items()
                    if row.get(theirs)}
        if row["Student"] and "Points Possible" not in row["Student"]:
            people.append(row)
    return people


def find_person(roster, student, title, lms):
    """The row of the roster that a submission belongs to, if just one."""
    def compare(fields, wanted):
        return [row for row in roster
                if any(row.get(f) and row[f].lower() == wanted.lower()
                       for f in fields)]

    tries = [compare(("ID",), lms)] if lms else []
    tries += [compare(NAMES, student), compare(NAMES, title)]
    tries.append([row for row in roster
                  if _plain(row["Student"]) == _plain(title)])
    for rows in tries:
        if len(rows) == 1:
            return rows[0]
    return {}


def _plain(name):
    """Letters of a name in a fixed order: 'Doe, Jane' is 'janedoe'."""
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore")
    return "".join(sorted(re.findall(r"[a-z0-9]", text.decode().lower())))


def write_csv(path, results, sets, roster=()):
    """A row for each student; an empty cell for a set not handed in.

    Students of the roster who handed in nothing stand at the end.  Returns
    the students whom the roster does not know.
    """
    people, met, unknown = {}, [], set()
    for result in results:
        student, title = result["student"], result["title"]
        person = people.setdefault(student, {
            "Student": title, "ID": result["lms"],
            "SIS Login ID": student if student == key(title) else ""})
        row = find_person(roster, student, title, result["lms"])
        person.update({k: row[k] for k in PERSON if row.get(k)})
        met.append(row)
        if roster and not row:
            unknown.add(student)
        person[result["set"]] = f"{result['score']:g}"
    for row in roster:
        if row not in met:
            people[f"~{row['Student']}"] = {k: row.get(k, "") for k in PERSON}
    with Path(path).open("w", newline="", encoding="utf-8") as stream:
        columns = [name for name in sets
                   if any(name in person for person in people.values())]
        writer = csv.DictWriter(stream, [*PERSON, *columns], restval="")
        writer.writeheader()
        for _, person in sorted(people.items()):
            writer.writerow({k: harmless(v) for k, v in person.items()})
    return sorted(unknown)


def harmless(text):
    """A cell that no spreadsheet takes for a formula."""
    return "'" + text if text[:1] in set("=+-@\t\r\n") else text
