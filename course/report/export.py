"""One CSV that Canvas and Moodle import.

The columns are those of Canvas, which takes whatever stands after
``Section`` for an assignment; so there is a column for each problem set and
nothing else.  In Moodle, where any column can be mapped, ``SIS Login ID`` is
mapped to the e-mail address or ``SIS User ID`` to the ID number.  A roster,
exported from either, fills in what a file name cannot tell.
"""

import contextlib
import csv
import io
import re
import unicodedata
from pathlib import Path

from course.inbox.collect import key

PERSON = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = {"ID number": "SIS User ID", "Username": "SIS Login ID",
          "Email address": "SIS Login ID"}  # the last that is filled counts
NAMES = ("SIS Login ID", "SIS User ID", "ID number", "Username",
         "Email address", "ID")


def read_roster(path):
    """Rows of a Canvas gradebook or a Moodle participants' list.

    Raises ValueError, in one sentence, for what is neither.
    """
    if not path:
        return []
    header, *rows = _read(path)
    if "Student" not in header:
        header = _moodle(header, rows)
    people = []
    for cells in rows:
        row = dict(zip(header, cells))
        if "Student" not in row:
            last = row.get("Surname") or row.get("Last name", "")
            row["Student"] = f"{row.get('First name', '')} {last}".strip()
            row |= {ours: row[theirs] for theirs, ours in MOODLE.items()
                    if row.get(theirs)}
        if row["Student"] and "Points Possible" not in row["Student"]:
            people.append(row)
    if not people:
        raise ValueError(
            f"{path}: no students found; expected a CSV with a column Student "
            "(Canvas), or with first name, last name and e-mail address "
            f"(Moodle), got the columns {', '.join(header) or 'of an empty file'}")
    return people


def _moodle(header, rows):
    """The English headers of Moodle's list, whatever its language.

    The first two columns are the names, and one holds e-mail addresses; a
    column between them is the ID number.
    """
    if "First name" in header or len(header) < 3:
        return header
    mail = [k for k in range(2, len(header)) if rows and all(
        "@" in row[k] for row in rows if row[k:] and row[k])
        and any(row[k:] and row[k] for row in rows)]
    if not mail:
        return header
    header = ["First name", "Last name", *header[2:]]
    header[mail[0]] = "Email address"
    if mail[0] == 3:
        header[2] = "ID number"
    return header


def _read(path):
    """The lines of a CSV, whatever its encoding and delimiter, from the
    headers on."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252",
                                              "latin-1"):
        with contextlib.suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            break
    text = text.lstrip()
    told = re.match(r"(?:\"?)sep=(.)\"?[ \t]*\r?\n\s*", text)  # Excel's
    text = text[told.end():] if told else text
    head = text.split("\n", 1)[0]
    lines = csv.reader(io.StringIO(text, newline=""),
                       delimiter=told[1] if told else max(",;\t",
                                                          key=head.count))
    return [[cell.strip() for cell in line] for line in lines if any(line)
            ] or [[]]


def find_person(roster, student, title, lms):
    """The row of the roster that a submission belongs to, if just one."""
    def compare(fields, wanted):
        return [row for row in roster
                if any(row.get(f) and row[f].lower() == wanted.lower()
                       for f in fields)]

    tries = [compare(("ID",), lms)] if lms else []
    tries += [compare(NAMES, student), compare(NAMES, title)]
    tries.append([row for row in roster if _same(row["Student"], title)])
    for rows in tries:
        if len(rows) == 1:
            return rows[0]
    return {}


def _same(one, other):
    """Whether two spellings name one person: 'Doe, Jane', 'Jane Doe' and
    Canvas's 'doejane' do."""
    one, other = _words(one), _words(other)
    return bool(one) and (sorted(one) == sorted(other)
                          or "".join(one) == "".join(other))


def _words(name):
    """The words of a name, without case and without Latin accents."""
    text = unicodedata.normalize("NFKD", name).casefold()
    text = re.sub("[\u0300-\u036f]", "", text)
    return re.findall(r"[^\s,._-]+", text)


def write_csv(path, results, sets, roster=()):
    """A row for each student; an empty cell for a set not handed in, or
    whose points are not known yet.

    Students of the roster who handed in nothing stand at the end.  Returns
    remarks: whom the roster does not know, and who handed in twice.
    """
    people, met, remarks = {}, [], []
    for result in results:
        student, title = result["student"], result["title"]
        row = find_person(roster, student, title, result["lms"])
        person = people.setdefault(id(row) if row else student, {
            "Student": title, "ID": result["lms"],
            "SIS Login ID": title if student == key(title) else ""})
        person.update({k: row[k] for k in PERSON if row.get(k)})
        met.append(row)
        if roster and not row:
            remarks.append(f"not in the roster: {student}")
        if result["set"] in person:
            remarks.append(f"{person['Student']} handed in {result['set']} "
                           f"under two names; {student} counts")
        person[result["set"]] = "" if unfinished(result) else (
            f"{result['score']:g}")
    rows = sorted(people.values(), key=lambda p: p["Student"].casefold())
    rows += [{k: row.get(k, "") for k in PERSON} for row in roster
             if row not in met]
    new = Path(path).with_suffix(".new")
    with new.open("w", newline="", encoding="utf-8") as stream:
        columns = [name for name in sets if any(name in row for row in rows)]
        writer = csv.DictWriter(stream, [*PERSON, *columns], restval="")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: harmless(v) for k, v in row.items()})
    new.replace(path)
    return sorted(set(remarks))


def unfinished(result):
    """Why the points are not known yet; empty if they are."""
    if "failure" in result:
        return "the grader failed"
    waiting = any(cell.get("ungraded") for cell in result["cells"].values())
    return "a written answer waits" if waiting else ""


def harmless(text):
    """A cell that no spreadsheet takes for a formula."""
    return "'" + text if text[:1] in set("=+-@\t\r\n") else text
