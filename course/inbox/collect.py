"""Finds the submissions in a folder, whatever its layout.

Understood are ``<student>.ipynb``, ``<student>/psN.ipynb``, nbgrader's
``<student>/psN/psN.ipynb``, ``psN/<student>.ipynb``, and the names that
Canvas and Moodle give to downloads; each as plain files or inside zips.
The folder may be a zip itself.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from course.inbox.files import (
    DOCUMENTS,
    NOTEBOOK,
    File,
    is_notebook,
    read,
    walk,
)

CANVAS = re.compile(r"^(?P<name>[^_]+)_(?:late_)?(?P<id>\d+)_\d+_"
                    r"(?P<file>.+)$", re.IGNORECASE)
MOODLE = re.compile(r"^(?P<name>.+?)_(?P<id>\d+)_assignsubmission_file_?"
                    r"(?P<file>.*)$", re.IGNORECASE)
SET = re.compile(r"(?<![a-z0-9])(ps\d+)(?![0-9])", re.IGNORECASE)
ATTEMPT = re.compile(r"(?:-(\d+)| ?\((\d+)\))$")
SEVERAL = "handed in"  # stands in the note on several attempts


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one problem set."""

    student: str
    title: str
    lms: str
    problem_set: str
    file: File
    notes: tuple[str, ...] = ()


def collect(folder, sets, default=None, asked=(), handed_out=()):
    """Every student's last submission to each set, and what was left out.

    ``default`` is the set of files that do not tell theirs; a notebook that
    defines one of the names ``asked`` is more than scratch paper, and one
    whose cells were all ``handed_out`` was not worked on.
    """
    found, stray = [], []
    files = list(walk(Path(folder)))
    outer = _outer([f.path for f in files if is_notebook(f.path)], sets,
                   Path(folder))
    told = Counter(filter(None, (_set_of(f, sets) for f in files)))
    if default is None and len(told) == 1:
        default = next(iter(told))
    if default is None and len(sets) == 1:
        default = sets[0]
    for file in files:
        name = _set_of(file, sets) or default
        path = PurePosixPath(*file.path.parts[outer:])
        student, title, lms = identify(path, sets)
        if not (file.path.suffix.lower() in DOCUMENTS or len(path.parts) > 1
                or _platform(path.parts[0])):
            stray.append((str(file.path), "not a notebook, a zip or a "
                          "document"))
        elif not student:
            stray.append((str(file.path),
                          "the student cannot be told from the name"))
        elif not name:
            stray.append((str(file.path), "the problem set cannot be told "
                          f"from the name; say SET={sets[0]}"))
        else:
            found.append(Submission(student, title, lms, name, file))
    asked = [name.encode() for name in asked]
    handed_out = {_words(source) for source in handed_out}
    return _last(found, asked, handed_out), stray


def _outer(paths, sets, folder):
    """How many folders or zips hold the whole of a download.

    One does if it holds all there is and a platform named all that is in
    it, or if it is a zip in which each notebook has a name of its own.  A
    student's zip among others is never such a one: what is in it would name
    other students.
    """
    outer = 0
    while paths and len({p.parts[outer] for p in paths}) == 1 and all(
            len(p.parts) > outer + 1 for p in paths):
        told = [PurePosixPath(*p.parts[outer + 1:]) for p in paths]
        named = [identify(p, sets) for p in told]
        top = folder / f"{paths[0].parts[0]}.zip"
        zipped = outer == 0 and (folder.is_file() or top.is_file())
        if not all(_platform(p.parts[0]) for p in told) and not (
                zipped and len(paths) > 1
                and all(student for student, *_ in named)):
            break
        outer += 1
    return outer


def _set_of(file, sets):
    """The problem set of a file: by its cells, else by its name."""
    if is_notebook(file.path):
        votes = Counter(i.decode() for i in _ids(file)
                        if i.decode() in sets)
        if votes:
            return votes.most_common(1)[0][0]
    for part in reversed(file.path.parts):
        for name in SET.findall(part):
            if name.lower() in sets:
                return name.lower()
    return None


def _ids(file):
    """What stands before the dash in the ids of a notebook's cells."""
    return re.findall(rb'"grade_id"\s*:\s*"([A-Za-z0-9]+)-', file.data)


def identify(path, sets):
    """Student's key, readable name and Canvas number, from a file's path.

    The first part that names somebody counts.
    """
    for part in path.parts:
        last = part == path.parts[-1]
        found = _platform(part)
        if found:
            return (key(f"{found['name']}_{found['id']}"), found["name"],
                    found["id"] if found.re is CANVAS else "")
        if last:
            stem = NOTEBOOK.sub("", part)
            part = PurePosixPath(part).stem if stem == part else stem
            part = re.sub(r" ?\(\d+\)$", "", part)
        if name := _bare(part, sets):
            return key(name), name, ""
    return "", "", ""


def _platform(part):
    """The match of a name that Moodle or Canvas gave to a file or folder."""
    stem = NOTEBOOK.sub("", part)
    return MOODLE.match(stem) or CANVAS.match(part)


def _bare(part, sets):
    """A part of a path without set names and generic words."""
    part = re.sub(rf"{SET.pattern}-\d+$", "", part, flags=re.IGNORECASE)
    part = SET.sub(lambda match: "" if match[1].lower() in sets else match[0],
                   part).strip(" _-.")
    generic = {"submissions", "submitted", "submission", "homework",
               "assignment", "assignments", "notebooks", "notebook",
               "downloads", "untitled", "solution", "solutions", ""}
    return "" if part.lower() in generic else part


def key(name):
    """A name that is safe as a folder and in nbgrader's patterns.

    Letters of every script are kept; where something else is dropped, a
    hash keeps two such names apart.
    """
    name = unicodedata.normalize("NFKC", name).casefold()
    plain = re.sub(r"[\s-]+", "-", name).strip("-.")
    kept = "".join(c for c in plain if c.isalnum() or c in "_.@+-"
                   or unicodedata.category(c)[0] == "M")[:80]
    if not kept.strip("-._"):
        return ""
    mark = hashlib.sha256(plain.encode()).hexdigest()[:6]
    return kept if kept == plain else f"{kept}-{mark}"


def _words(source):
    return tuple(source.split())


def _worked(file, handed_out):
    """Whether a notebook has a cell that is not as it was handed out."""
    notebook, _ = read(file)
    return notebook is not None and any(
        isinstance(cell.get("source"), (str, list))
        and _words("".join(cell.source)) not in handed_out | {()}
        for cell in notebook.cells)


def _last(found, asked, handed_out):
    """One submission a student and set: the last attempt worked on."""
    def order(submission):
        path = submission.file.path
        attempt = ATTEMPT.search(path.stem)
        number = int(attempt[1] or attempt[2]) if attempt else 0
        data = submission.file.data
        ours = _ids(submission.file) or any(name in data for name in asked)
        return (is_notebook(path), _worked(submission.file, handed_out),
                number, bool(ours), submission.file.when, str(path))

    groups = {}
    for submission in found:
        groups.setdefault((submission.student, submission.problem_set),
                          []).append(submission)
    result = []
    for group in groups.values():
        *earlier, last = sorted(group, key=order) if group[1:] else group
        others = [s.file.path.name for s in earlier
                  if is_notebook(s.file.path)]
        notes = ()
        if others:
            names = ", ".join(name[:80] for name in others[:5])
            note = (f"You {SEVERAL} {len(others) + 1} notebooks; "
                    f"{last.file.path.name[:80]}, the last, was graded and "
                    f"not {names}.")
            notes = (note,)
        result.append(replace(last, notes=notes))
    return sorted(result, key=lambda s: (s.problem_set, s.student))
