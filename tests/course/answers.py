"""Answers to a problem, written down together with what they deserve."""

from dataclasses import dataclass
from importlib import util
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    """One way to fill in a problem's solution cell.

    ``source`` replaces the whole cell.  For a wrong answer, ``says`` is a
    part of the message that tells the student what is wrong.
    """

    name: str
    source: str
    says: str = ""


@dataclass(frozen=True)
class Answers:
    """The wrong and the right answers to one problem."""

    problem: str
    wrong: tuple[Answer, ...]
    right: tuple[Answer, ...]


def altering(source):
    """A function ``(old, new), … -> source`` with these parts replaced."""
    def altered(*changes):
        text = source
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        return text
    return altered


def load(folder):
    """Every ``answers/psN-K.py`` of a problem set, by problem id.

    A file defines two lists of `Answer`: ``WRONG`` and ``RIGHT``.
    """
    found = {}
    for path in sorted(Path(folder).glob("answers/ps*.py")):
        problem = path.stem.replace("_", "-")
        spec = util.spec_from_file_location(f"answers_{path.stem}", path)
        module = util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found[problem] = Answers(problem, tuple(module.WRONG),
                                 tuple(module.RIGHT))
    return found


def choose(loaded, kind, turn):
    """One answer of a kind to every problem of a set; another each turn."""
    return {problem: several[turn % len(several)].source
            for problem, given in loaded.items()
            if (several := getattr(given, kind))}
