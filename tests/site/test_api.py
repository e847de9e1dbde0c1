"""The package's page documents every function, with an example that runs."""

import importlib
import inspect

import pytest
from bs4 import BeautifulSoup

from tools.book.chapters import html

MODULES = ("tasks", "attention", "loop", "steps", "flattening", "theory",
           "learning", "nonlinear", "realdata", "sweep", "symbolic",
           "figures", "datatable")


@pytest.fixture(scope="module")
def page():
    return BeautifulSoup(html("book/api").read_text("utf8"), "html.parser")


def contract():
    """Names that other people's code relies on, module by module."""
    for name in MODULES:
        module = importlib.import_module(f"lttutor.{name}")
        public = getattr(module, "__all__", None) or [
            key for key, value in vars(module).items()
            if inspect.isfunction(value) and not key.startswith("_")
            and value.__module__ == module.__name__
            and "Examples" in (value.__doc__ or "")
        ]
        for key in public:
            yield f"lttutor.{name}.{key}"


@pytest.mark.parametrize("name", list(contract()))
def test_a_public_function_is_on_the_page(name, page):
    assert page.find(id=name), name


def test_every_function_on_the_page_has_an_example(page):
    functions = page.select("dl.py.function")
    assert len(functions) > 40
    without = [
        function.dt["id"] for function in functions
        if ">>>" not in function.get_text()
    ]
    assert without == []


def test_what_is_set_in_keeps_its_lines_and_signs(page):
    """No list, no definition; what goes on begins with its own sign."""
    quotes = page.select("article blockquote")
    assert len(quotes) > 15
    for quote in quotes:
        assert not quote.select("ul, ol, dl"), quote.get_text()
    lines = [line.get_text().strip() for line in page.select(
        "blockquote .line-block .line")]
    assert any(line.startswith("+ Σ_r 2r") for line in lines)
    assert any(line.startswith("- 2 Σ_j") for line in lines)
