"""The notation table tells the truth about names and shapes."""

import importlib
import re

import numpy as np
import pytest
import yaml

from tools.book.chapters import ROOT, chapters

ROWS = yaml.safe_load((ROOT / "book" / "notation.yml").read_text("utf8"))
MODULES = ("tasks", "attention", "loop", "steps", "flattening", "theory",
           "learning")
SIZES = {"n": 7, "d": 3, "T": 4}


def package_names():
    names = {}
    for module in MODULES:
        names.update(vars(importlib.import_module(f"lttutor.{module}")))
    return names


def sample():
    """A task, a prompt and a schedule, under the names of the chapters."""
    names = package_names()
    rng = np.random.default_rng(0)
    task = names["gaussian_task"](SIZES["n"], SIZES["d"], rng=rng)
    S = task.X.T @ task.X
    L = np.linalg.eigvalsh(S)[-1]
    return names | SIZES | {
        "np": np, "rng": rng, "task": task, "S": S, "L": L, "alpha": 1.7,
        "Z": names["prompt_matrix"](task.X, task.y, 1.7),
        "steps": names["constant_steps"](L, SIZES["T"]),
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["symbol"])
def test_a_symbol_has_the_shape_that_the_table_gives(row):
    value = eval(row["value"], sample())
    expected = tuple(eval(axis, dict(SIZES)) for axis in row["shape"].split())
    assert np.shape(value) == expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["symbol"])
def test_a_name_is_in_the_package_or_in_the_code_of_its_chapter(row):
    text = (ROOT / f"{row['chapter']}.md").read_text("utf8")
    for name in re.split(r", ", row["code"]):
        head, _, attribute = name.partition(".")
        known = package_names().get(head)
        if known is None:
            assert re.search(rf"\b{re.escape(head)}\b", text), name
        elif attribute:
            assert attribute in known.__dataclass_fields__
    assert row["chapter"] in chapters()
