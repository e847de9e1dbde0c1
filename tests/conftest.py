"""What all tests share: the built book, and the surroundings of kernels."""

import pytest

from tools.book import chapters
from tools.book.execute import prepare_kernels


def pytest_configure(config):
    prepare_kernels()


@pytest.fixture(scope="session")
def built():
    """The folder of the built site; tests of it are useless without it."""
    if not (chapters.BUILD / "built.json").exists():
        pytest.fail("no finished build: run `make book` first", pytrace=False)
    return chapters.HTML
