"""The package's modules import in one direction only."""

import ast

import pytest

from tools.book.chapters import ROOT

PACKAGE = ROOT / "lttutor"
# A module imports only from those above it.
ORDER = (
    "validation.arrays",
    "validation.counts",
    "validation.prompts",
    "validation",
    "tasks",
    "attention",
    "recursion",
    "stability",
    "descent",
    "loop",
    "steps",
    "flattening",
    "theory.conditioning",
    "theory.dimension",
    "theory.flattening",
    "theory.rates",
    "theory.errors",
    "theory.noise",
    "theory.rounding",
    "theory",
    "learning.zonal",
    "learning.wishart",
    "learning.machine",
    "learning.population",
    "learning.rotation",
    "learning.run",
    "learning.training",
    "learning",
    "nonlinear",
    "realdata.task",
    "realdata.texts",
    "realdata.tables",
    "realdata.windows",
    "realdata",
    "sweep",
    "symbolic",
    "colors",
    "touching",
    "figures",
    "datatable",
)


def modules():
    """Every module of the package by its dotted name."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        if name:
            found[name] = path
    return found


def imports(path):
    """The modules of the package that a module imports."""
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names = [node.module]
        yield from (name.removeprefix("lttutor.") for name in names
                    if name.startswith("lttutor."))


def test_every_module_has_its_place_in_the_order():
    assert sorted(modules()) == sorted(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_a_module_imports_only_from_those_above_it(name):
    later = set(ORDER[ORDER.index(name):])
    assert not later.intersection(imports(modules()[name]))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")),
                         ids=lambda path: path.stem)
def test_the_package_knows_nothing_of_book_course_and_tools(path):
    text = path.read_text("utf8")
    for node in ast.walk(ast.parse(text)):
        names = [getattr(node, "module", None) or ""]
        names += [a.name for a in getattr(node, "names", [])
                  if isinstance(node, ast.Import)]
        assert not {name.split(".")[0] for name in names} & {
            "course", "tools", "tests", "assignments"}
