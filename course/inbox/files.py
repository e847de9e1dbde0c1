"""The files that were handed in, loose or in zips, read within bounds."""

import io
import json
import re
import time
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

import nbformat

NOTEBOOK = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)
DOCUMENTS = {".ipynb", ".py", ".pdf", ".html", ".htm", ".docx", ".odt",
             ".txt", ".md", ".json", ".rtf", ".png", ".jpg"}
SKIPPED = {"__MACOSX", ".ipynb_checkpoints"}
ONLINE = "_assignsubmission_onlinetext"  # a text beside the file, in Moodle
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


def is_notebook(path):
    """By its name, which some browsers and systems lengthen."""
    return bool(NOTEBOOK.search(path.name))


def walk(folder):
    """Every file of a folder, or of a zip, that may be a submission."""
    if folder.is_file():
        yield from _unzip(folder, PurePosixPath(folder.name),
                          folder.stat().st_mtime, [BUDGET])
        return
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
            read = is_notebook(inside) and not large
            data = path.read_bytes() if read else b""
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
        read = not large and (kind == ".zip" or is_notebook(name))
        try:
            date = time.mktime((*member.date_time, 0, 0, -1))
            with archive.open(member) as stream:
                data = stream.read(LARGEST) if read else b""
        except Exception:  # encrypted or damaged
            date, data = when, b""
        budget[0] -= len(data)
        if kind != ".zip":
            yield File(name, data, date, large)
        elif depth == 0:
            yield from _unzip(io.BytesIO(data), name, date, budget, 1)


def _ignored(path):
    return any(part in SKIPPED or part.startswith(".") or ONLINE in part
               for part in path.parts)


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
