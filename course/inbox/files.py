"""The files that were handed in, loose or in zips, read within bounds."""

import contextlib
import io
import json
import re
import time
import zipfile
from dataclasses import dataclass
from math import inf
from pathlib import PurePosixPath

import nbformat

NOTEBOOK = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)
DOCUMENTS = {".ipynb", ".py", ".pdf", ".html", ".htm", ".docx", ".odt",
             ".txt", ".md", ".json", ".rtf", ".png", ".jpg", ".jpeg", ".heic",
             ".doc", ".pages", ".tex", ".tar", ".gz", ".tgz", ".bz2", ".xz",
             ".7z", ".rar", ".zip"}
SKIPPED = {"__MACOSX", ".ipynb_checkpoints"}
ONLINE = "_assignsubmission_onlinetext"  # a text beside the file, in Moodle
LARGEST = 100 * 2**20  # bytes of one file
TOO_LARGE = f"is larger than {LARGEST // 2**20} MB"
SMALL = 2**20  # bytes of a notebook that is kept with its outputs
MOST = 5000  # files in one zip of a student's
BUDGET = 200 * 2**20  # bytes of all that is in one
CLASS = 20 * 2**30  # bytes of all that is in a zip of the whole class


@dataclass(frozen=True)
class File:
    """A file as found, perhaps within a zip, and why it cannot be read."""

    path: PurePosixPath
    data: bytes
    when: float
    why: str = ""


def is_notebook(path):
    """By its name, which some browsers and systems lengthen."""
    return bool(NOTEBOOK.search(path.name))


def walk(folder):
    """Every file of a folder, or of a zip; what is no submission, too."""
    if folder.is_file():
        yield from _unzip(folder, PurePosixPath(folder.name),
                          folder.stat().st_mtime, inf, CLASS)
        return
    paths = [path for path in sorted(folder.rglob("*"))
             if not path.is_symlink() and path.is_file()
             and not _ignored(_inside(path, folder))]
    most, budget = (inf, CLASS) if len(paths) == 1 else (MOST, BUDGET)
    for path in paths:
        inside, about = _inside(path, folder), path.stat()
        if path.suffix.lower() == ".zip":
            yield from _unzip(path, inside, about.st_mtime, most, budget)
        elif about.st_size > LARGEST:
            yield File(inside, b"", about.st_mtime, TOO_LARGE)
        else:
            data = path.read_bytes() if is_notebook(inside) else b""
            yield File(inside, _lighter(data), about.st_mtime)


def _inside(path, folder):
    inside = path.relative_to(folder).as_posix()
    return PurePosixPath(inside.encode("utf-8", "replace").decode())


def _lighter(data):
    """A large notebook without its outputs, which are not graded."""
    if len(data) > SMALL:
        with contextlib.suppress(ValueError, KeyError, TypeError,
                                 AttributeError, RecursionError):
            content = json.loads(data.decode("utf-8-sig"))
            for cell in content["cells"]:
                cell.pop("outputs", None)
            return json.dumps(content).encode()
    return data[:SMALL]  # no notebook, and a part of it shows that as well


def _unzip(path, inside, when, most, budget, depth=0):
    """The files of a zip, read in memory; notebooks come first.

    At most ``most`` files and ``budget`` bytes are read.
    """
    try:
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
    except Exception:  # damage makes zipfile raise almost anything
        yield File(inside, b"", when, "cannot be unpacked: the zip is damaged")
        return
    members.sort(key=lambda m: not NOTEBOOK.search(m.filename))
    for number, member in enumerate(members):
        name = PurePosixPath(member.filename.replace("\\", "/"))
        name = inside.with_suffix("") / PurePosixPath(*[
            part for part in name.parts if part not in ("..", "/", ".")])
        if member.is_dir() or _ignored(name):
            continue
        if number >= most:
            yield File(inside, b"", when, f"has more than {most} files")
            return
        data, why = b"", ""
        wanted = name.suffix.lower() == ".zip" or is_notebook(name)
        if member.file_size > min(LARGEST, budget):
            why = TOO_LARGE
        elif wanted:
            data, why = _extract(archive, member)
        budget -= len(data)
        date = _date(member, when)
        if name.suffix.lower() != ".zip" or why:
            yield File(name, _lighter(data), date, why)
        elif depth == 0:
            yield from _unzip(io.BytesIO(data), name, date, MOST, BUDGET, 1)
        else:
            yield File(name, b"", date, "is a zip in a zip in a zip")


def _extract(archive, member):
    """The bytes of a file in a zip, or why they cannot be had."""
    try:
        with archive.open(member) as stream:
            return stream.read(LARGEST), ""
    except NotImplementedError:
        return b"", "is packed in a way that is not known here"
    except Exception:
        locked = member.flag_bits & 1
        return b"", ("is locked with a password" if locked
                     else "cannot be unpacked: the zip is damaged")


def _date(member, when):
    try:
        return time.mktime((*member.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return when


def _ignored(path):
    return any(part in SKIPPED or part.startswith(".") or ONLINE in part
               for part in path.parts)


def read(file):
    """The notebook in a file, or why there is none."""
    name = file.path.name
    if file.why:
        return None, f"{name} {file.why}"
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
