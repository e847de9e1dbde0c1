"""Puts a submitted notebook back in order, and says what was wrong.

Whatever became of the cells (deleted, copied, moved, renamed, stripped of
their metadata), the result has every cell of the release once, each test
after the answer it tests, and all the code that the student wrote.
"""

import re
from functools import partial

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.sets.problems import defines

TYPES = {"code": new_code_cell, "markdown": new_markdown_cell,
         "raw": new_markdown_cell}
PICTURES = {"image/png", "image/jpeg", "image/gif"}
INLINE = re.compile(r"\(data:(image/(?:png|jpeg|gif));base64,"
                    r"([A-Za-z0-9+/=\s]+)\)")
LARGEST = 2**22  # characters of one cell
MOST, NOTES = 2000, 20  # cells that are read, notes that are given
IMPORT = re.compile(r"(import|from)\s")
WORDS = 10  # that make a text a written answer


def mend(submitted, release):
    """The notebook to grade, and notes for the student."""
    notes = []
    master = {c.metadata["nbgrader"]["grade_id"]: c for c in release.cells
              if c.metadata.get("nbgrader", {}).get("grade_id")}
    given = getattr(submitted, "cells", [])
    if len(given) > MOST:
        notes.append(f"Of the {len(given)} cells the first {MOST} were read.")
    cells = [_clean(cell, master, notes) for cell in given[:MOST]]
    cells = [cell for cell in cells if cell is not None]
    _recognise(cells, master, notes)
    _written(cells, master, release, notes)
    cells = _single(cells, master, notes)
    _restore(cells, master, notes)
    _add_missing(cells, master, notes)
    _tests_last(cells, master, notes)
    for cell in cells:
        name = _name(cell)
        if name:
            cell.metadata = nbformat.from_dict(dict(master[name].metadata))
    kernel = submitted.metadata.get("kernelspec")
    kernel = kernel if isinstance(kernel, dict) else {}
    language = str(kernel.get("language", "python")).lower()
    if language not in ("python", ""):
        notes.append(f"The notebook was written for {language[:40]}; it was "
                     "graded as Python.")
    if len(notes) > NOTES:
        notes[NOTES:] = [f"There are {len(notes) - NOTES} more such notes."]
    notebook = new_notebook(cells=cells, metadata=release.metadata)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    return notebook, notes


def _name(cell):
    return cell.metadata.get("grade_id")


def _clean(cell, master, notes):
    """A new cell with the text and, if it is one of ours, the id."""
    kind, source = cell.get("cell_type"), cell.get("source", "")
    if isinstance(source, list):
        source = "".join(map(str, source))
    grader = cell.get("metadata", {}).get("nbgrader", {})
    name = grader.get("grade_id") if isinstance(grader, dict) else None
    if not isinstance(name, str) or name not in master:
        if isinstance(name, str):
            notes.append(f"A cell had the unknown id {name[:80]!r}.")
        name = None
    if name:
        kind = master[name].cell_type
    if kind not in TYPES or not isinstance(source, str):
        return None
    pictures = {}
    if kind == "markdown":
        pictures = _pictures(cell.get("attachments"))
        source = INLINE.sub(partial(_attached, pictures), source)
    if len(source) > LARGEST:
        notes.append("A cell of more than four million characters was cut "
                     "out.")
        source = ""
    new = TYPES[kind](source=source.encode("utf-8", "replace").decode())
    if name:
        new.metadata["grade_id"] = name
    if pictures:
        new.attachments = pictures
    return new


def _attached(pictures, found):
    """Attach a picture that stood in the text, as Colab writes it."""
    name = f"inline-{len(pictures)}"
    pictures[name] = {found[1]: "".join(found[2].split())}
    return f"(attachment:{name})"


def _pictures(attachments):
    """The pictures that were pasted into a written answer."""
    if not isinstance(attachments, dict):
        return {}
    return {str(name): {kind: data for kind, data in kinds.items()
                        if kind in PICTURES and isinstance(data, str)}
            for name, kinds in attachments.items() if isinstance(kinds, dict)}


def _is(master, name, part):
    return bool(master[name].metadata["nbgrader"].get(part))


def _recognise(cells, master, notes):
    """Give an answer that lost its id the id back, by what it defines."""
    present = {_name(cell) for cell in cells}
    for name, original in master.items():
        if (name in present or original.cell_type != "code"
                or not _is(master, name, "solution")):
            continue
        wanted = defines(original.source)
        for cell in cells:
            if (cell.cell_type == "code" and not _name(cell)
                    and wanted & defines(cell.source)):
                cell.metadata["grade_id"] = name
                notes.append(f"The answer to {name} had lost its id; it was "
                             "recognised by the names it defines.")
                break


def _written(cells, master, release, notes):
    """Take a written answer from the student's own text cells, if its own
    cell was left as it was: the cell that follows it, those with pictures
    and those of some length."""
    ours = {tuple(cell.source.split()) for cell in release.cells}
    for name, original in master.items():
        if original.cell_type != "markdown" or not _is(master, name, "grade"):
            continue
        stub = original.source.split()
        places = [i for i, cell in enumerate(cells) if _name(cell) == name]
        own = [cell for i, cell in enumerate(cells)
               if cell.cell_type == "markdown" and not _name(cell)
               and cell.source.strip()
               and tuple(cell.source.split()) not in ours
               and (i - 1 in places or cell.get("attachments")
                    or len(cell.source.split()) >= WORDS)]
        if not own or any(cells[i].source.split() != stub for i in places):
            continue
        answer = new_markdown_cell("\n\n".join(map(_numbered, own,
                                                   range(len(own)))))
        pictures = {f"{k}-{picture}": data for k, cell in enumerate(own)
                    for picture, data in cell.get("attachments", {}).items()}
        if pictures:
            answer.attachments = pictures
        answer.metadata["grade_id"] = name
        gone = [id(cells[i]) for i in places] + [id(cell) for cell in own]
        cells[next(i for i, cell in enumerate(cells)
                   if cell is own[0])] = answer
        cells[:] = [cell for cell in cells if id(cell) not in gone]
        notes.append(f"The answer to {name} was taken from text cells of "
                     "your own.")
        return


def _numbered(cell, number):
    """The text of a cell whose pictures get a number before their names."""
    text = cell.source
    for name in cell.get("attachments", {}):
        text = text.replace(f"attachment:{name}",
                            f"attachment:{number}-{name}")
    return text


def _single(cells, master, notes):
    """Of several cells with one id, the last that was worked on counts."""
    kept = {}
    for index, cell in enumerate(cells):
        name = _name(cell)
        if not name:
            continue
        edited = cell.source != master[name].source
        if name not in kept or edited or not kept[name][1]:
            kept[name] = (index, edited)
    result, twice = [], set()
    for index, cell in enumerate(cells):
        name = _name(cell)
        if name and kept[name][0] != index:
            twice.add(name)
            del cell.metadata["grade_id"]
            if (cell.source == master[name].source
                    or not _is(master, name, "solution")):
                continue
        result.append(cell)
    notes += [f"The cell {name} was there more than once; the last one that "
              "was worked on counts." for name in sorted(twice)]
    return result


def _restore(cells, master, notes):
    """Note which cells that are not the student's differ from the original,
    and keep the imports that were added there."""
    for index, cell in reversed(list(enumerate(cells))):
        name = _name(cell)
        if not name or cell.cell_type != "code" or (
                _is(master, name, "solution")):
            continue
        ours = master[name].source.split()
        if cell.source.split() == ours:
            continue
        lines = {line.strip() for line in master[name].source.split("\n")}
        added = [line for line in cell.source.split("\n")
                 if IMPORT.match(line) and line.strip() not in lines]
        cell.source = master[name].source
        if added:
            cells.insert(index + 1, new_code_cell("\n".join(added)))
        notes.append(f"The cell {name} differs from the one handed out, "
                     "which was used" + bool(added) * (
                         "; the imports that you added were kept") + ".")


def _add_missing(cells, master, notes):
    """Put back what was deleted, where it was in the release."""
    present = {_name(cell) for cell in cells}
    place = 0
    for name, original in master.items():
        if name in present:
            place = 1 + next(i for i, cell in enumerate(cells)
                             if _name(cell) == name)
            continue
        if _is(master, name, "grade") or _is(master, name, "solution"):
            notes.append(f"The cell {name} was missing and was put back.")
            if _is(master, name, "grade") and original.cell_type == "code":
                place = len(cells)  # its answer may be anywhere
        # A code answer comes back empty: it may stand in another cell, and
        # the stub would replace it.
        answer = (original.cell_type == "code"
                  and _is(master, name, "solution"))
        new = TYPES[original.cell_type](
            source="" if answer else original.source)
        new.metadata["grade_id"] = name
        cells.insert(place, new)
        place += 1


def _tests_last(cells, master, notes):
    """A test that was moved above the answer it tests goes after it."""
    for name in master:
        if not name.endswith("-test"):
            continue
        names = [_name(cell) for cell in cells]
        test, answer = names.index(name), name.removesuffix("-test")
        if answer in names and names.index(answer) > test:
            cells.insert(names.index(answer), cells.pop(test))
            notes.append(f"The test {name} stood before its answer.")
