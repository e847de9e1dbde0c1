"""What students write reaches an instructor's browser as text."""

import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_markdown_cell, new_notebook
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from course.report import plugins
from course.report.plugins import render

PIXEL = "iVBORw0KGgo="


@pytest.mark.parametrize("source", [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "[link](javascript:alert(1))", "![p](http://evil.example/p.png)",
    "[link](data:text/html;base64,PHNjcmlwdD4=)",
    "![p](data:image/svg+xml;base64,PHN2Zz4=)", "$<script>alert(1)</script>$",
    "```\n<script>alert(1)</script>\n```", "<style>p{}</style>",
    "<a href='x' onclick='alert(1)'>x</a>", "[x]: <javascript:alert(1)>\n[x]",
    '[x](https://ok.example "onclick=alert(1)")',
    "<iframe src=http://evil.example></iframe>"])
def test_nothing_in_it_runs_or_loads(source):
    page = render(source)
    for bad in ("<script", 'src="http', "<style", "<iframe", "<img src=x",
                "href=\"javascript", "href=\"data", "svg", "<a href='x'",
                "title="):
        assert bad not in page


def test_markup_formulas_links_and_pasted_pictures_stay():
    page = render("**bold** $a<b$ [site](https://ok.example)\n\n"
                  "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
                  "![mine](attachment:mine.png)",
                  {"mine.png": {"image/png": PIXEL}})
    for good in ("<strong>bold</strong>", "$a&lt;b$", "<td>2</td>",
                 'href="https://ok.example"',
                 f'src="data:image/png;base64,{PIXEL}"'):
        assert good in page


def test_what_cannot_be_rendered_is_shown_as_it_was_typed():
    page = render("![lost](attachment:lost.png) <b>")
    assert page == "<pre>![lost](attachment:lost.png) &lt;b&gt;</pre>"


def formgrader_page(config, notebook):
    """A submission as Formgrader renders it, whose template comes last."""
    config = config.copy()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    resources = {"base_url": "", "notebook_id": "ps1", "index": 0, "total": 1,
                 "metadata": {"name": "ps1", "path": "."}}
    return HTMLExporter(config=config).from_notebook_node(
        notebook, resources=resources)[0]


def test_formgrader_shows_a_script_as_text():
    notebook = new_notebook(cells=[new_markdown_cell(
        "My answer: <script id=\"mine\">alert(1)</script>", metadata={
            "nbgrader": {"grade_id": "ps1-6", "grade": True, "points": 20,
                         "solution": True}})])
    mine = '<script id="mine">'
    assert mine in formgrader_page(Config(), notebook)
    page = formgrader_page(plugins.configure(Config()), notebook)
    assert "My answer:" in page
    assert mine not in page
    assert "Full credit" in page  # it is Formgrader's page, not the feedback


def test_formgrader_shows_the_written_answer_first():
    cells = [new_markdown_cell("The text of a problem. "),
             new_markdown_cell("The written answer.", metadata={"nbgrader": {
                 "grade_id": "ps1-6", "grade": True, "points": 20,
                 "solution": True}})]
    page = formgrader_page(plugins.configure(Config()),
                           new_notebook(cells=cells))
    assert page.index("The written answer.") < page.index("The text of a")
