"""The claims ledger in Sphinx: a role that cites a claim, and its page.

``{claim}`P1-mask` `` links to the claim's row.  The directive
``claims-ledger`` renders ``book/claims.yml`` together with the evidence: the
source of each test, and what it said in the run that built the page.
"""

import re
import sys
from collections import Counter
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.logging import getLogger

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from lttutor.figures import scientific
from tools.book import evidence

PAGE = "book/claims"
SOURCES = {"P1": "chen", "P2": "gatmiry"}
SHORT = {"from-chen": "Chen et al.", "from-gatmiry": "Gatmiry et al.",
         "from-book": "this book"}
logger = getLogger(__name__)


def anchor(claim):
    """The id of a claim's row in the ledger."""
    return "claim-" + re.sub(r"[^a-z0-9]+", "-", claim.lower()).strip("-")


def helper_anchor(name):
    """The id of a function that tests call, ``file::name``."""
    return "helper-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def tolerance(value):
    """A tolerance as people write it: 0.05, and 10⁻¹² for 1e-12."""
    if value >= 1e-3:
        return f"{value:g}"
    return scientific(value, digits=0).removeprefix("1 × ")


def verdict_class(verdict):
    return f"is-{verdict.replace(' ', '-')}"


def kinds(row):
    """Classes by which book.js filters the rows: verdict, part, source."""
    source = SOURCES.get(row["id"].split("-")[0])
    part = re.match(r"notebooks/(\d)", row["chapter"] or "")
    return [verdict_class(row["verdict"]),
            f"from-{source or 'book'}", f"part-{part[1] if part else '0'}"]


def choices(rows):
    """What a reader can filter by: ``{name: {class: words}}``."""
    here = [set(kinds(row)) for row in rows]

    def occurring(options):
        return {name: words for name, words in options
                if any(name in row for row in here)}

    verdicts = dict.fromkeys(row["verdict"] for row in rows)
    return {
        "verdict": occurring((verdict_class(v), v) for v in verdicts),
        "source": occurring(SHORT.items()),
        "part": occurring((f"part-{k}", f"Part {k}") for k in range(1, 5)),
    }


def filter_form(rows):
    """The form that book.js brings to life; it is in its place from the start."""
    fields = "".join(
        f'<label>{name.capitalize()} <select name="{name}" autocomplete="off">'
        '<option value="">all</option>'
        + "".join(f'<option value="{value}">{escape(words)}</option>'
                  for value, words in options.items())
        + "</select></label>"
        for name, options in choices(rows).items()
    )
    return nodes.raw(
        "", '<form class="claim-filter" aria-label="Filter the claims">'
        f"{fields}<output>{len(rows)} of {len(rows)} claims</output></form>",
        format="html",
    )


class ClaimRole(SphinxRole):
    """A link to a row of the ledger, with the verdict as its tooltip."""

    def run(self):
        rows = {row["id"]: row for row in evidence.ledger()}
        self.env.note_dependency(str(evidence.LEDGER))
        if self.text not in rows:
            logger.warning(
                "claim: %r is not in %s", self.text, evidence.LEDGER.name,
                location=self.get_location(), type="claims",
            )
            return [nodes.literal(text=self.text)], []
        verdict = rows[self.text]["verdict"]
        text = nodes.inline("", self.text, classes=["claim-id"])
        if PAGE not in self.env.found_docs:
            return [text], []
        uri = self.env.app.builder.get_relative_uri(self.env.docname, PAGE)
        link = nodes.reference(
            "", "", text, internal=True, classes=["claim"],
            refuri=f"{uri}#{anchor(self.text)}",
            reftitle=f"claims ledger: {verdict}",
        )
        return [link], []


class ClaimsLedger(SphinxDirective):
    """All rows of the ledger, as sections that a phone can show."""

    def run(self):
        for file in (evidence.LEDGER, evidence.RESULTS):
            self.env.note_dependency(str(file))
        rows, tests = evidence.ledger(), evidence.marked_tests()
        results, self.helpers = evidence.results(), evidence.helpers()
        return [
            self.summary(rows), filter_form(rows),
            *(self.row(row, tests, results) for row in rows), self.shared(),
        ]

    def summary(self, rows):
        count = Counter(row["verdict"] for row in rows)
        lines = "\n".join(
            f"- {self.badge(verdict)} {number}"
            for verdict, number in count.most_common()
        )
        return self.parse(lines, nodes.container(classes=["claim-summary"]))

    def row(self, row, tests, results):
        section = nodes.container(classes=["claim-row", *kinds(row)])
        section["ids"].append(anchor(row["id"]))
        text = [
            (f'<a class="claim-link" href="#{anchor(row["id"])}">'
            f"<b>{row['id']}</b></a> {self.badge(row['verdict'])}"),
            "",
            row["statement"].strip(),
            "",
            f"*Source.* {row['source'].strip()}",
            "",
        ]
        if row["correction"]:
            heading = (
                "To be settled by" if row["verdict"] == "open" else "Note"
            )
            text += [f"*{heading}.* {row['correction'].strip()}", ""]
        self.parse("\n".join(text), section)
        if row["chapter"]:
            section += self.chapter(row["chapter"])
        for test in row["evidence"]:
            section += self.proof(test, tests, results)
        return section

    def chapter(self, place):
        """Where the book settles the claim, as ``page#label``."""
        page, label = place.split("#")
        uri = self.env.app.builder.get_relative_uri(self.env.docname, page)
        number = page.split("/")[1][:2]
        link = nodes.reference(
            "", f"chapter {number}, where it is settled",
            internal=True, refuri=f"{uri}#{label}",
        )
        return nodes.paragraph("", "", nodes.emphasis(text="Read "), link)

    def proof(self, test, tests, results):
        """One test: what it said, and its source folded away."""
        if test not in tests or test not in results:
            logger.warning(
                "claims: no result for %s", test, type="claims",
                location=self.get_location(),
            )
            return []
        said = self.verdict_of(results[test])
        name = test.split("::")[1].removeprefix("test_").replace("_", " ")
        box = nodes.container(classes=["claim-evidence"])
        box += nodes.raw(
            "", f"<details><summary>{name}: <span class='claim-result'>"
            f"{said}</span></summary>", format="html",
        )
        code = nodes.literal_block(tests[test][1], tests[test][1])
        code["language"] = "none"  # colors would triple the page's size
        box += nodes.paragraph("", "", nodes.literal(text=test))
        box += code
        box += self.calls(test)
        box += nodes.raw("", "</details>", format="html")
        return [box]

    def calls(self, test):
        """Links to the functions of its file that a test calls."""
        used = [name for name, (_, users) in self.helpers.items()
                if test in users]
        if not used:
            return []
        line = nodes.paragraph("", "Calls ", classes=["claim-calls"])
        for number, name in enumerate(used):
            line += nodes.Text(", " if number else "")
            line += nodes.reference(
                "", "", nodes.literal(text=name.split("::")[1]),
                internal=True, refid=helper_anchor(name))
        return [line]

    def shared(self):
        """The functions that tests call, each once, folded away."""
        found = nodes.container(classes=["claim-helpers"])
        found += nodes.rubric(text="Functions that the tests call")
        for name, (source, users) in self.helpers.items():
            box = nodes.container(classes=["claim-evidence"])
            box["ids"].append(helper_anchor(name))
            box += nodes.raw(
                "", f"<details><summary><code>{name.split('::')[1]}</code> "
                f"<span class='claim-result'>{len(users)} test"
                f"{'s' * (len(users) != 1)}</span></summary>", format="html",
            )
            code = nodes.literal_block(source, source)
            code["language"] = "python"
            box += nodes.paragraph(
                "", "", nodes.literal(text=name.split("::")[0]))
            box += code
            box += nodes.raw("", "</details>", format="html")
            found += box
        return found

    @staticmethod
    def verdict_of(result):
        words = [result["outcome"]]
        if result.get("proof"):
            words.append("exact, in SymPy")
        if result.get("draws"):
            cases = result["draws"] * result["cases"]
            words.append(f"{cases:,}\u00a0case" + "s" * (cases != 1))
        if result.get("tolerance"):
            words.append(f"tolerance\u00a0{tolerance(result['tolerance'])}")
        return "\u00a0· ".join(words)  # no line begins with a dot

    @staticmethod
    def badge(verdict):
        kind = verdict.replace(" ", "-")
        return f'<span class="verdict verdict-{kind}">{verdict}</span>'

    def parse(self, text, parent):
        source, _ = self.get_source_info()
        lines = StringList(text.splitlines(), source or "claims.yml")
        self.state.nested_parse(lines, self.content_offset, parent)
        return parent


def setup(app):
    app.add_role("claim", ClaimRole())
    app.add_directive("claims-ledger", ClaimsLedger)
    return {"version": "1", "parallel_read_safe": True}
