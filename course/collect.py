"""Finds the submissions in a folder, whatever its layout.

Understood are ``<student>.ipynb``, ``<student>/psN.ipynb``, nbgrader's
``<student>/psN/psN.ipynb``, ``psN/<student>.ipynb``, and the names that
Canvas and Moodle give to downloads; each as plain files or inside zips.
"""

import hashlib
import io
import json
import re
import time
import unicodedata
import zipfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import nbformat

CANVAS = re.compile(r"^(?P<name>[^_]+)_(?:late_)?(?P<id>\d+)_\d+_"
                    r"(?P<file>.+)$", re.IGNORECASE)
MOODLE = re.compile(r"^(?P<name>[^_]+)_(?P<id>\d+)_assignsubmission_file_?"
                    r"(?P<file>.*)$", re.IGNORECASE)
SET = re.compile(r"(?<![a-z0-9])(ps\d+)(?![0-9])", re.IGNORECASE)
ATTEMPT = re.compile(r"(?:-(\d+)| ?\((\d+)\))$")
DOCUMENTS = {".ipynb", ".py", ".pdf", ".html", ".htm", ".docx", ".odt",
             ".txt", ".md", ".json", ".rtf", ".png", ".jpg"}
SKIPPED = {"__MACOSX", ".ipynb_checkpoints"}
LARGEST = 20 * 2**20  # bytes of one file
MOST = 5000  # files in one zip
BUDGET = 200 * 2**20  # bytes of all that is in one zip


@dataclass(frozen=True)
class File:
    """A file as found, perhaps within a zip."""

    path: PurePosixPath
    data: bytes
    when: float
    too_large: bool = False


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one problem set."""

    student: str
    title: str
    lms: str
    problem_set: str
    file: File
    notes: tuple[str, ...] = ()


def collect(folder, sets, default=None):
    """Every student's last submission to each set, and what was left out.

    ``default`` is the set of files that do not tell theirs.
    """
    found, stray = [], []
    files = list(_walk(Path(folder)))
    told = Counter(filter(None, (_set_of(f, sets) for f in files)))
    if default is None and len(told) == 1:
        default = next(iter(told))
    if default is None and len(sets) == 1:
        default = sets[0]
    for file in files:
        name = _set_of(file, sets) or default
        student, title, lms = identify(file.path, sets)
        if not student:
            stray.append((str(file.path),
                          "the student cannot be told from the name"))
        elif not name:
            stray.append((str(file.path), "the problem set cannot be told "
                          f"from the name; say SET={sets[0]}"))
        else:
            found.append(Submission(student, title, lms, name, file))
    return _last(_apart(found)), stray


def _walk(folder):
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).as_posix()
        inside = PurePosixPath(inside.encode("utf-8", "replace").decode())
        if path.is_symlink() or not path.is_file() or _ignored(inside):
            continue
        size, when = path.stat().st_size, path.stat().st_mtime
        if path.suffix.lower() == ".zip":
            yield from _unzip(path, inside, when, [BUDGET])
        elif path.suffix.lower() in DOCUMENTS:
            large = size > LARGEST
            data = b"" if large else path.read_bytes()
            yield File(inside, data, when, large)


def _unzip(path, inside, when, budget, depth=0):
    """The files of a zip, read in memory; ``budget`` bytes are left."""
    try:
        archive = zipfile.ZipFile(path)
        members = archive.infolist()[:MOST]
    except Exception:  # damage makes zipfile raise almost anything
        yield File(inside, b"", when)
        return
    base = inside.with_suffix("")
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        name = base / PurePosixPath(*[p for p in name.parts
                                      if p not in ("..", "/", ".")])
        kind = name.suffix.lower()
        if member.is_dir() or _ignored(name) or kind not in {
                ".zip", *DOCUMENTS}:
            continue
        large = member.file_size > min(LARGEST, budget[0])
        try:
            date = time.mktime((*member.date_time, 0, 0, -1))
            with archive.open(member) as stream:
                data = b"" if large else stream.read(LARGEST)
        except Exception:  # encrypted or damaged
            date, data = when, b""
        budget[0] -= len(data)
        if kind != ".zip":
            yield File(name, data, date, large)
        elif depth == 0:
            yield from _unzip(io.BytesIO(data), name, date, budget, 1)


def _ignored(path):
    return any(part in SKIPPED or part.startswith(".") for part in path.parts)


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


def is_notebook(path):
    """By its name, which some browsers and systems lengthen."""
    return ".ipynb" in path.name.lower()


def _ids(file):
    """What stands before the dash in the ids of a notebook's cells."""
    return re.findall(rb'"grade_id"\s*:\s*"([A-Za-z0-9]+)-', file.data)


def identify(path, sets):
    """Student's key, readable name and Canvas number, from a file's path."""
    for part in path.parts:
        stem = PurePosixPath(part).stem if part == path.name else part
        for pattern in (MOODLE, CANVAS):
            match = pattern.match(stem if part == path.name else part + "_")
            if match:
                number = match["id"] if pattern is CANVAS else ""
                return (key(f"{match['name']}_{match['id']}"),
                        match["name"], number)
    stem = re.sub(r"\.ipynb.*$", "", path.name, flags=re.IGNORECASE)
    stem = path.stem if stem == path.name else stem
    stem = re.sub(r" ?\(\d+\)$", "", stem)
    names = [_bare(part, sets) for part in (*path.parts[:-1], stem)]
    name = next(filter(None, names), "")
    return key(name), name, ""


def _bare(part, sets):
    """A part of a path without set names and generic words."""
    part = re.sub(rf"{SET.pattern}-\d+$", "", part, flags=re.IGNORECASE)
    part = SET.sub(lambda match: "" if match[1].lower() in sets else match[0],
                   part).strip(" _-.")
    generic = {"submissions", "submitted", "submission", "homework",
               "assignment", "assignments", "notebooks", ""}
    return "" if part.lower() in generic else part


def key(name):
    """A name that is safe as a folder and in nbgrader's patterns."""
    letters = "".join(
        c if c.isalnum() or c in "_.@+" or unicodedata.category(c)[0] == "M"
        else "-" for c in unicodedata.normalize("NFKC", name))
    return re.sub("-+", "-", letters).strip("-.")[:80]


def _apart(found):
    """Students whose names differ in what a key leaves out stay two."""
    titles = {}
    for one in found:
        titles.setdefault(one.student.lower(), set()).add(_folded(one))
    return [one if len(titles[one.student.lower()]) == 1 else
            replace(one, student=f"{one.student}-" + hashlib.sha256(
                _folded(one).encode()).hexdigest()[:6]) for one in found]


def _folded(submission):
    title = unicodedata.normalize("NFKC", submission.title)
    return f"{title.casefold()} {submission.lms}"


def _last(found):
    """One submission a student and set: the last attempt."""
    def order(submission):
        path = submission.file.path
        attempt = ATTEMPT.search(path.stem)
        number = int(attempt[1] or attempt[2]) if attempt else 0
        return (is_notebook(path), number, bool(_ids(submission.file)),
                submission.file.when, str(path))

    groups = {}
    for submission in found:
        groups.setdefault((submission.student.lower(),
                           submission.problem_set), []).append(submission)
    result = []
    for group in groups.values():
        *earlier, last = sorted(group, key=order)
        others = [s.file.path.name for s in earlier
                  if is_notebook(s.file.path)]
        notes = ()
        if others:
            note = (f"You handed in {len(others) + 1} notebooks; "
                    f"{last.file.path.name}, the last, was graded and not "
                    f"{', '.join(others)}.")
            notes = (note,)
        result.append(replace(last, notes=notes))
    return sorted(result, key=lambda s: (s.problem_set, s.student))


def read(file):
    """The notebook in a file, or why there is none."""
    name = file.path.name
    if file.too_large:
        return None, f"{name} is larger than {LARGEST // 2**20} MB"
    if not is_notebook(file.path):
        return None, f"{name} is not a notebook (.ipynb)"
    if not file.data.strip():
        return None, f"{name} is empty"
    try:
        content = json.loads(file.data.decode("utf-8-sig"))
        if not isinstance(content, dict):
            raise ValueError
        if content.get("nbformat", 4) < 4:
            content = nbformat.reads(json.dumps(content), as_version=4)
        cells = content["cells"]
        if not isinstance(cells, list):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError,
            nbformat.ValidationError):
        return None, (f"{name} is not a notebook: Jupyter cannot open it "
                      "either, try")
    metadata = content.get("metadata")
    cells = [cell for cell in cells if isinstance(cell, dict)
             and isinstance(cell.get("metadata", {}), dict)]
    return nbformat.from_dict({
        "cells": cells, "nbformat": 4, "nbformat_minor": 5,
        "metadata": metadata if isinstance(metadata, dict) else {}}), ""
