"""What all tests share: the built book, and the surroundings of kernels."""

import pytest

from tools.book import chapters
from tools.book.execute import prepare_kernels


def pytest_configure(config):
    prepare_kernels()


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    left = sum("no confinement by" in str(r.longrepr) for r in skipped)
    if left:
        terminalreporter.write_line(
            f"{left} TESTS OF THE GRADER'S CONFINEMENT WERE SKIPPED: install "
            "bubblewrap (Debian and Ubuntu: sudo apt install bubblewrap)",
            red=True, bold=True)


@pytest.fixture(scope="session")
def built():
    """The folder of the built site; tests of it are useless without it."""
    if not (chapters.BUILD / "built.json").exists():
        pytest.fail("no finished build: run `make book` first", pytrace=False)
    return chapters.HTML
