"""The steps of a build, in order; each returns what went wrong, in words."""

import shutil
from concurrent.futures import ThreadPoolExecutor

from tools.book import (
    archive,
    changes,
    chapters,
    evidence,
    execute,
    travel,
)
from tools.book.chapters import BUILD, HTML, ROOT
from tools.book.render import DOCTREES, RAW, render, settings
from tools.book.site import publish


def build(present, past, say):
    """Make the site of the present files; ``past`` is the last build."""
    pages = chapters.pages()
    missing = [page for page in pages if not chapters.source(page).exists()]
    if missing:
        return [f"_toc.yml: there is no {page}.md" for page in missing]
    BUILD.mkdir(exist_ok=True)
    with ThreadPoolExecutor(1) as beside:  # the ledger's tests need one core
        tests = beside.submit(run_evidence, say)
        failures = execute.execute_all(say) + tests.result()
    if failures:
        return failures
    if past.get("global") != present["global"]:
        # All pages are read again, and nothing of a removed one stays.
        for folder in (DOCTREES, RAW, BUILD / "jupyter_execute",
                       travel.MARKDOWN):
            shutil.rmtree(folder, ignore_errors=True)
    failures = render(say)
    if not failures:
        site = public_site()
        publish(RAW, HTML, site)
        write_front_door()
        travel.write_all(site)
        archive.write(HTML)
        failures = stale_pages()
    if failures:
        # A warning is given only when a page is read: read all next time.
        shutil.rmtree(DOCTREES, ignore_errors=True)
        return failures
    changes.keep(present, pages, chapters.offered())
    return []


def run_evidence(say):
    """Run the tests behind the claims ledger, whose page shows the result."""
    if "book/claims" not in chapters.pages():
        return []
    stamp = BUILD / "evidence.stamp"
    now = changes.fingerprint(
        "lttutor/**/*", "tests/claims/**/*", "notebooks/3[34]-*.md",
        "book/claims.yml", "requirements.txt"
    )
    if (evidence.RESULTS.exists() and stamp.exists()
            and stamp.read_text() == now):
        return []
    say("Running the evidence for the claims ledger")
    log = BUILD / "evidence.log"
    with log.open("w", encoding="utf8") as file:
        if evidence.run_apart(file):
            lines = log.read_text("utf8").splitlines()
            failed = [x for x in lines if x.startswith(("FAILED", "ERROR"))]
            return [*failed, f"see {log.relative_to(ROOT)}"]
    stamp.write_text(now)
    return []


def write_front_door():
    """The root's index.html, which leads to the landing page."""
    home = f"{chapters.pages()[0]}.html"
    (HTML / "index.html").write_text(
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        "<title>Learning in the Loop</title>"
        f'<meta http-equiv="refresh" content="0; url={home}">'
        f'<link rel="canonical" href="{home}"></head>'
        f'<body><main><h1>Learning in the Loop</h1><p><a href="{home}">'
        "Open the book</a></p></main></body></html>\n",
        "utf8",
    )


def public_site():
    """The address of `_config.yml` where the site is published, or ''."""
    address = settings().get("public_site", "")
    return address and address.rstrip("/") + "/"


def stale_pages():
    """What is missing or older than its source, in words."""
    found = [
        f"{page}.md: its page was not built, or is older than the text"
        for page in chapters.pages()
        if not changes.is_newer(chapters.html(page), chapters.source(page))
    ]
    return found + [
        f"{page}.md: it has no notebook to download"
        for page in chapters.offered()
        if not chapters.download(page).exists()
    ]
