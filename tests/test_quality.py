"""What can be said of the sources without running them."""

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import lttutor
from tools.book.chapters import ROOT

MODULES = [found.name for found in pkgutil.walk_packages(
    lttutor.__path__, "lttutor.") if not found.ispkg]


@pytest.mark.parametrize("check", [
    ["ruff", "check", "--quiet", "--output-format=concise"],
    ["mypy"],
    ["codespell_lib"],
], ids=lambda check: check[0])
def test_the_sources_pass(check):
    """Lint, the package's types, spelling; pyproject.toml has the settings."""
    run = subprocess.run([sys.executable, "-m", *check], cwd=ROOT,
                         capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("module", MODULES)
def test_every_public_signature_states_its_types(module):
    """mypy checks the types that are stated; here, that none is missing."""
    found = vars(importlib.import_module(module)).items()
    public = [f for name, f in found if inspect.isfunction(f)
              and f.__module__ == module and not name.startswith("_")]
    for function in public:
        signature = inspect.signature(function)
        stated = [p.annotation for p in signature.parameters.values()]
        assert inspect.Signature.empty not in (
            *stated, signature.return_annotation), function.__name__
