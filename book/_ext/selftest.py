"""A multiple-choice self-test whose answers open without a server or script.

Each option is a radio button; its explanation follows it and is shown by the
style sheet while the button is checked.
"""

import html
import re
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

QUESTIONS = Path(__file__).resolve().parents[1] / "selftest.yml"


class SelfTest(SphinxDirective):
    """All questions of ``book/selftest.yml``."""

    def run(self):
        self.env.note_dependency(str(QUESTIONS))
        questions = yaml.safe_load(QUESTIONS.read_text("utf8"))
        found = []
        for number, question in enumerate(questions, start=1):
            found += self.question(number, question)
        return found

    def question(self, number, question):
        parts = [
            _html(
                '<fieldset class="selftest"><legend>Question '
                f"{number}</legend>"
            ),
            self.parse(question["ask"]),
        ]
        for letter, option in zip("abcd", question["options"]):
            name = f"selftest-{number}"
            right = "right" if option.get("right") else "wrong"
            # A label that is one formula has no text of its own.
            formula = re.fullmatch(r"\$([^$]+)\$\.?", option["text"].strip())
            said = (f'aria-label="{html.escape(formula[1])}" '
                    if formula else "")
            verdict = "Right." if option.get("right") else "Not quite."
            parts += [
                _html(
                    f'<div class="option"><input type="radio" name="{name}" '
                    f'{said}id="{name}-{letter}"><label for="{name}-{letter}">'
                ),
                self.parse(option["text"]),
                _html(f'</label><div class="answer {right}">'),
                self.parse(f"**{verdict}** {option['why']}"),
                _html("</div></div>"),
            ]
        return [*parts, self.parse(f"*Read up:* {question['read']}"),
                _html("</fieldset>")]

    def parse(self, text):
        container = nodes.container()
        lines = StringList(text.strip().splitlines(), str(QUESTIONS))
        self.state.nested_parse(lines, self.content_offset, container)
        return container


def _html(text):
    return nodes.raw("", text, format="html")


def setup(app):
    app.add_directive("self-test", SelfTest)
    return {"version": "1", "parallel_read_safe": True}
