"""The tests behind the claims: find them, run them, keep what they said."""

import ast
import json
import subprocess
import sys
from functools import lru_cache

import yaml

from tools.book import lifeline, state
from tools.book.chapters import ROOT

LEDGER = ROOT / "book" / "claims.yml"
RESULTS = ROOT / "_build" / "evidence.json"
TESTS = "tests/claims"


@lru_cache(1)
def ledger():
    """The rows of ``book/claims.yml``."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(LEDGER.read_text("utf8"), loader)


def marked_tests():
    """Every test that carries a claim: ``{test id: (claims, source)}``.

    Found by reading the files, so that neither an import error nor a
    selection of tests can hide one.
    """
    found = {}
    for path in sorted((ROOT / TESTS).glob("test_*.py")):
        text = path.read_text("utf8")
        for node in ast.parse(text).body:
            claims = [
                ast.literal_eval(argument)
                for decorator in getattr(node, "decorator_list", [])
                if ast.unparse(getattr(decorator, "func", decorator))
                == "pytest.mark.claim"
                for argument in decorator.args
            ]
            if claims:
                test = f"{path.relative_to(ROOT).as_posix()}::{node.name}"
                lines = text.splitlines()
                first = min(d.lineno for d in node.decorator_list)
                source = "\n".join(lines[first - 1:node.end_lineno])
                found[test] = (claims, source)
    return found


def helpers():
    """Functions of the test files that marked tests call, in their order.

    ``{"file::name": (source, tests)}``, the tests by their ids; a helper of
    a helper counts as called by the test too.
    """
    found, marked = {}, marked_tests()
    for path in sorted((ROOT / TESTS).glob("test_*.py")):
        text = path.read_text("utf8")
        file = path.relative_to(ROOT).as_posix()
        functions = {node.name: node for node in ast.parse(text).body
                     if isinstance(node, ast.FunctionDef)}

        def called(name, seen, functions=functions):
            for node in ast.walk(functions[name]):
                if (isinstance(node, ast.Name) and node.id in functions
                        and node.id not in seen):
                    seen.add(node.id)
                    called(node.id, seen)
            return seen

        for test in marked:
            if not test.startswith(f"{file}::"):
                continue
            for name in called(test.split("::")[1], set()):
                node = functions[name]
                first = min([node.lineno,
                             *(d.lineno for d in node.decorator_list)])
                source = text.splitlines()[first - 1:node.end_lineno]
                found.setdefault(
                    f"{file}::{name}", ("\n".join(source), []))[1].append(test)
    return found


def results():
    """What each test said in the last run: ``{test id: properties}``."""
    return state.read(RESULTS)


class Recorder:
    """A pytest plugin that keeps each marked test's outcome and properties."""

    def __init__(self):
        self.results = {}

    def pytest_runtest_logreport(self, report):
        test = report.nodeid.split("[")[0]
        row = self.results.setdefault(test, {"outcome": "passed", "cases": 0})
        if report.when == "call" or report.outcome != "passed":
            row["cases"] += report.when == "call"
            row.update(dict(report.user_properties))
            if report.outcome != "passed":
                row["outcome"] = report.outcome


def run(arguments=()):
    """Run the evidence in this process and write ``_build/evidence.json``."""
    import pytest

    recorder = Recorder()
    code = pytest.main(
        ["-q", "--no-header", "-p", "no:cacheprovider", TESTS, *arguments],
        plugins=[recorder],
    )
    state.write(RESULTS, json.dumps(
        recorder.results, indent=1, sort_keys=True) + "\n")
    return int(code)


def run_apart(log):
    """Run the evidence in a process of its own; its words go to ``log``."""
    return lifeline.start(
        [sys.executable, "-m", "tools.book.evidence"], cwd=ROOT,
        stdout=log, stderr=subprocess.STDOUT,
    ).wait()


if __name__ == "__main__":
    lifeline.hold()
    sys.exit(run(sys.argv[1:]))
