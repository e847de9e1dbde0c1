"""Chapter 21 is the one whose file name begins with 21.

Sphinx counts the files of a numbered table of contents from one.  This
extension puts the number of the file's name in place of that count, before
Sphinx numbers figures, equations and theorems by it: Lemma 21.1.
"""

import re

from docutils import nodes
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles


def chapter_number(docname):
    """The number in ``notebooks/21-prompt-mask-lemma``, or None."""
    match = re.match(r"notebooks/(\d+)-", docname)
    return int(match[1]) if match else None


def renumber(env):
    """Replace the first part of each section number of each chapter."""
    for docname, numbers in env.toc_secnumbers.items():
        chapter = chapter_number(docname)
        if chapter is None:
            continue
        for anchor, number in numbers.items():
            if number:
                numbers[anchor] = (chapter, *number[1:])
        title = env.titles[docname]
        if title.get("secnumber"):
            title["secnumber"] = [chapter, *title["secnumber"][1:]]
        for link in env.tocs[docname].findall(nodes.reference):
            if link.get("secnumber"):
                link["secnumber"] = [chapter, *link["secnumber"][1:]]


def name_chapters(app, env):
    """Let a reference to ``chap-21`` read "Chapter 21", not its title."""
    labels = env.domaindata["std"]["labels"]
    for label, (docname, anchor, _) in list(labels.items()):
        if re.fullmatch(r"chap-\d+", label):
            number = chapter_number(docname)
            labels[label] = (docname, anchor, f"Chapter {number}")


def setup(app):
    app.connect("env-updated", name_chapters)
    count_sections = TocTreeCollectorWithStyles.assign_section_numbers

    def assign_section_numbers(self, env):
        """Number all sections; return the pages whose numbers changed."""
        before = env.toc_secnumbers
        count_sections(self, env)
        renumber(env)
        return [name for name, numbers in env.toc_secnumbers.items()
                if numbers != before.get(name)]

    TocTreeCollectorWithStyles.assign_section_numbers = assign_section_numbers
    return {"version": "1", "parallel_read_safe": True}
