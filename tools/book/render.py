"""Sphinx: from the texts and the results of their code to HTML pages.

Jupyter Book reads ``_config.yml``; Sphinx reads only pages that changed, and
writes those that show something of them (see ``incremental``).

    python -m tools.book.render OUTPUT_FOLDER [BUILDER]
"""

import json
import os
import re
import subprocess
import sys

from tools.book import incremental, lifeline, state
from tools.book.changes import fingerprint
from tools.book.chapters import BUILD, ROOT, pages

LOG = BUILD / "build.log"
RAW = BUILD / "raw"  # as Sphinx writes them; tools.book.site makes the site
DOCTREES = BUILD / ".doctrees"
PLAIN = ROOT / "sphinx.json"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
COMPLAINT = re.compile(r"WARNING|ERROR|CRITICAL|Exception|Error:")


def render(say, output=RAW, builder="html"):
    """Run Sphinx; show its progress, return its complaints."""
    complaints, reexecuted, phase = [], [], None
    command = [sys.executable, "-m", __spec__.name, str(output), builder]
    with LOG.open("w", encoding="utf8") as log:
        process = lifeline.start(
            command, cwd=ROOT, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, encoding="utf8",
            errors="replace",
        )
        for line in process.stdout:
            line = ANSI.sub("", line).rstrip()
            log.write(line + "\n")
            words = re.match(r"(reading sources|writing output)\.+ \[", line)
            if words and words[1] != phase:
                phase = words[1]
                say(f"{phase.split()[0].capitalize()} pages")
            if COMPLAINT.search(line):
                complaints.append(line.replace(f"{ROOT}/", ""))
            if "Executing notebook using" in line:
                reexecuted.append(line)
    code = process.wait()
    if code == 0 and not complaints and not reexecuted:
        return []
    if code < 0:
        complaints.append(f"Sphinx was killed (signal {-code})")
    # A full disk is one misfortune, however many files it meets.
    complaints = [x for x in complaints if "OSError" in x][:1] or complaints
    if reexecuted:
        complaints.append("the site ran chapters that were already run: "
                          + "; ".join(reexecuted))
    return [*dict.fromkeys(complaints),
            f"everything that was said is in {LOG.relative_to(ROOT)}"]


def settings():
    """Sphinx's settings, as Jupyter Book makes them of ``_config.yml``.

    Kept from one build to the next: to load Jupyter Book takes seconds.  A
    book without Jupyter Book has them in a file (``tools.newest_sphinx``).
    """
    if PLAIN.exists():
        return json.loads(PLAIN.read_text("utf8"))
    kept = BUILD / "settings.json"
    now = fingerprint("_config.yml", "requirements.txt",
                      "tools/book/render.py")
    saved = state.read(kept)
    if saved.get("of") == now:
        return saved["settings"]
    from jupyter_book.config import get_final_config

    found, _ = get_final_config(
        user_yaml=ROOT / "_config.yml", sourcedir=ROOT, use_external_toc=True,
        cli_config={"external_toc_path": "_toc.yml", "nitpicky": True,
                    "latex_individualpages": False},
    )
    text = json.dumps({"of": now, "settings": found})
    state.write(kept, text)
    return json.loads(text)["settings"]


def main(output, builder="html"):
    # Of the shell's date Sphinx would make the year of the copyright.
    os.environ.pop("SOURCE_DATE_EPOCH", None)
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    # The table of contents alone says which texts are pages.
    texts = [f"{page}.md" for page in pages()]
    from tools.book import cache  # noqa: F401  MyST-NB takes results from it

    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    with patch_docutils(None), docutils_namespace():
        app = Sphinx(
            srcdir=str(ROOT), confdir=None, outdir=output,
            doctreedir=str(DOCTREES), buildername=builder,
            confoverrides={**settings(), "include_patterns": texts},
            status=sys.stdout, warning=sys.stderr,
            warningiserror=True, keep_going=True,
        )
        if builder == "html":
            incremental.watch(app)
        app.build()
    return app.statuscode


if __name__ == "__main__":
    lifeline.hold()
    sys.exit(main(*sys.argv[1:]))
