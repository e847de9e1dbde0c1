"""The three nbgrader preprocessors of the course kit.

``Mend`` and ``Run`` belong to ``nbgrader autograde``, ``Show`` to
``nbgrader generate_feedback``; everything between them is nbgrader's own.
"""

import html
import json
import os
import sys
from pathlib import Path

import bleach
import nbformat
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import (
    IPythonRenderer,
    MarkdownWithMath,
)
from nbconvert.preprocessors import Preprocessor
from nbgrader.api import Gradebook
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    GetGrades,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from traitlets import Bool, Float, Integer

from course.inbox.mend import PICTURES, mend
from course.run import sandbox
from course.run.referee import referee
from course.sets.problems import (
    BEGIN_HIDDEN,
    END_HIDDEN,
    problem_set,
    titles,
    without,
)

# nbgrader calls the program alembic to make a gradebook.
os.environ["PATH"] = os.pathsep.join(
    [str(Path(sys.executable).parent), os.environ.get("PATH", "")])
TAGS = {"p", "a", "b", "i", "strong", "em", "ul", "ol", "li", "pre", "code",
        "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "br", "sub",
        "sup", "table", "thead", "tbody", "tr", "th", "td", "img",
        "div", "span", "del"}
LINKS = ("http:", "https:", "mailto:")
PROTOCOLS = {"http", "https", "mailto", "data"}
LONGEST = 20_000  # characters of Markdown that are set as such
TEMPLATES = Path(__file__).resolve().parent / "templates"


def notes_path(out, name, student):
    """Where ``make grade`` notes what it found wrong with a file."""
    return Path(out) / "notes" / name / f"{student}.json"


class Mend(NbGraderPreprocessor):
    """Repairs the cells of a submission before nbgrader looks at them."""

    def preprocess(self, notebook, resources):
        ids = resources["nbgrader"]
        release = _read("release", ids)
        path = notes_path(".", ids["assignment"], ids["student"])
        earlier = json.loads(path.read_text()) if path.exists() else []
        mended, notes = mend(notebook, release)
        mended.metadata["course_notes"] = [*earlier, *notes]
        return mended, resources


class Run(NbGraderPreprocessor):
    """Runs the notebook in a confined process and the tests in this one."""

    cell_seconds = Float(20, help="for one cell").tag(config=True)
    call_seconds = Float(10, help="for one call of a test").tag(config=True)
    total_seconds = Float(180, help="for one notebook").tag(config=True)
    memory = Integer(2 * 2**30, help="bytes of memory").tag(config=True)

    def preprocess(self, notebook, resources):
        ids = resources["nbgrader"]
        source = problem_set(_read("source", ids))
        limits = sandbox.Limits(self.cell_seconds, self.call_seconds,
                                self.total_seconds, self.memory)
        peak = referee(notebook, source, Path("kit") / ids["assignment"],
                       limits)
        notebook.metadata["course_peak"] = peak
        return notebook, resources


class Show(NbGraderPreprocessor):
    """Leaves in the feedback what the student wrote and what became of it.

    The hidden tests go, and so do the texts of the problems.
    """

    bare = Bool(False, help="show written text unformatted, for a notebook "
                "that cannot be rendered").tag(config=True)

    def preprocess(self, notebook, resources):
        release = _read("release", resources["nbgrader"])
        heads = titles(release)
        notebook.metadata["title"] = heads.get("")
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.metadata["title"] = heads.get(name) or name
        known = {cell.source for cell in release.cells
                 if cell.cell_type == "markdown"}
        notebook.cells = [cell for cell in notebook.cells
                          if not self._of_ours(cell, known)]
        self._mark_waiting(notebook, resources["nbgrader"])
        longest = 0 if self.bare else LONGEST
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.source = without(cell.source, BEGIN_HIDDEN, END_HIDDEN,
                                      ["# more checks run here"])
            elif len(cell.source) > longest:
                text = html.escape(cell.source[:LONGEST])
                cell.source = f"<pre>{text}</pre>"
            else:
                cell.source = render(cell.source, cell.get("attachments"))
        return notebook, resources

    @staticmethod
    def _mark_waiting(notebook, ids):
        """Tell which answers an instructor has still to grade."""
        with Gradebook(ids["db_url"]) as book:
            for cell in notebook.cells:
                grader = cell.metadata.get("nbgrader", {})
                if grader.get("grade") and grader["solution"]:
                    cell.metadata["waiting"] = bool(book.find_grade(
                        grader["grade_id"], ids["notebook"],
                        ids["assignment"], ids["student"]).needs_manual_grade)

    @staticmethod
    def _of_ours(cell, known):
        grader = cell.metadata.get("nbgrader", {})
        if not grader.get("grade_id"):
            return cell.cell_type == "markdown" and cell.source in known
        return not (grader["grade"] or grader["solution"])


def _read(step, ids):
    path = Path(step) / ids["assignment"] / f"{ids['notebook']}.ipynb"
    return nbformat.read(path, as_version=4)


class FeedbackExporter(HTMLExporter):
    """Writes the pages that students get, with the kit's own template."""


@pass_context
def markdown2html(context, source):
    """Formgrader's filter for what a student wrote, made safe."""
    return render(source, context.get("cell", {}).get("attachments"))


def render(source, attachments=None):
    """HTML of a student's Markdown with its pasted pictures: no scripts,
    nothing that is loaded from elsewhere."""
    renderer = IPythonRenderer(escape=True, exclude_anchor_links=True,
                               attachments=attachments)
    try:
        page = MarkdownWithMath(renderer=renderer).render(source)
    except Exception:  # such as a picture that is not attached
        page = f"<pre>{html.escape(source[:LONGEST])}</pre>"
    return bleach.clean(page, TAGS, _harmless, protocols=PROTOCOLS)


def _harmless(tag, name, value):
    if tag == "img":
        return name == "alt" or (name == "src" and value.startswith(
            tuple(f"data:{kind};base64," for kind in PICTURES)))
    return (tag, name) == ("a", "href") and value.startswith(LINKS)


class WrittenFirst(Preprocessor):
    """In Formgrader, the answers that wait for a person come first."""

    enabled = Bool(True).tag(config=True)

    def preprocess(self, notebook, resources):
        def machine(cell):
            grader = cell.metadata.get("nbgrader", {})
            return not (grader.get("grade") and grader.get("solution"))

        notebook.cells.sort(key=machine)
        return notebook, resources


def configure(config):
    """Put the three at their places in nbgrader's two pipelines."""
    config.CourseDirectory.course_id = "learning-in-the-loop"
    config.CourseDirectory.db_url = "sqlite:///gradebook.db?timeout=60"
    config.Autograde.sanitize_preprocessors = [
        Mend, ClearOutput, DeduplicateIds, OverwriteKernelspec,
        OverwriteCells, CheckCellMetadata]
    config.Autograde.autograde_preprocessors = [
        Run, LimitOutput, SaveAutoGrades, AssignLatePenalties,
        CheckCellMetadata]
    config.GenerateFeedback.preprocessors = [GetGrades, Show]
    config.GenerateFeedback.exporter_class = FeedbackExporter
    config.FeedbackExporter.template_name = "feedback"
    config.FeedbackExporter.extra_template_basedirs = [str(TEMPLATES)]
    config.FeedbackExporter.preprocessors = []
    config.HTMLExporter.preprocessors = [WrittenFirst]
    config.HTMLExporter.filters = {
        "markdown2html": "course.report.plugins.markdown2html"}
    return config
