"""Readers and tests get the same versions, from no particular machine."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.version import Version

from tools.book.chapters import ROOT


def pins(name):
    lines = (ROOT / name).read_text("utf8").splitlines()
    found = [Requirement(line.removesuffix("\\")) for line in lines
             if line and not line.lstrip().startswith(("#", "--hash="))]
    return {(r.name.lower(), str(r.marker)): str(r.specifier) for r in found}


def wishes(extra):
    """What the package needs, with what one of its extras adds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))
    extras = project["project"]["optional-dependencies"]
    todo = [*project["project"]["dependencies"], *extras.get(extra, [])]
    found = []
    while todo:
        wish = Requirement(todo.pop())
        if wish.name == "lttutor":  # one extra that takes another one in
            todo += [line for name in wish.extras for line in extras[name]]
        else:
            found.append(wish)
    return found


def test_every_pin_is_exact_and_the_tests_add_to_the_readers_pins():
    reading, testing = pins("requirements.txt"), pins("requirements-dev.txt")
    assert all(spec.startswith("==") for spec in testing.values())
    assert reading.items() <= testing.items()
    assert pins("assignments/requirements.txt").items() <= reading.items()


def test_the_pins_are_within_the_ranges_of_the_package():
    for extra, file in [("book", "requirements.txt"),
                        ("dev", "requirements-dev.txt"),
                        ("test", "requirements-oldest.txt"),
                        ("student", "assignments/requirements.txt")]:
        pinned = pins(file)
        for wish in wishes(extra):
            versions = [spec.removeprefix("==") for (name, _), spec
                        in pinned.items() if name == wish.name.lower()]
            assert versions, f"{wish.name} is not pinned in {file}"
            assert all(wish.specifier.contains(v) for v in versions), wish


def test_the_oldest_versions_are_the_lower_bounds_themselves():
    """So `make test-oldest` tries what pyproject.toml promises."""
    pinned = pins("requirements-oldest.txt")
    for wish in wishes(None):
        low = [s.version for s in wish.specifier if s.operator == ">="]
        came = [spec.removeprefix("==") for (name, _), spec in pinned.items()
                if name == wish.name]
        assert [Version(v) for v in came] == [Version(v) for v in low], wish


def test_every_package_that_make_installs_has_its_hashes():
    """pip then refuses whatever was swapped on the way."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text("utf8")
        blocks = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
        assert len(blocks) == len(pins(name))
        assert [b.split()[0] for b in blocks
                if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", b)] == []


def test_the_pins_name_no_host_and_no_folder_of_a_machine():
    for name in ("requirements.txt", "requirements-dev.txt",
                 "requirements-oldest.txt", "assignments/requirements.txt"):
        text = (ROOT / name).read_text("utf8")
        assert not re.search(r"https?://|--index|file:|/home|/tmp", text)
