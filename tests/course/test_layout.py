"""A room of the course kit imports only from those above it."""

import ast

import pytest

from course import ROOT

ROOMS = ("sets", "inbox", "run", "report")


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_itself_and_those_above(room):
    allowed = ROOMS[:ROOMS.index(room) + 1]
    for path in (ROOT / "course" / room).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom):
                continue
            top, _, rest = node.module.partition(".")
            if top == "course" and rest:
                assert rest.split(".")[0] in allowed, (path.name, node.module)
