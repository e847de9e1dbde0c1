"""The steps of a build, in order; each returns what went wrong, in words."""

import shutil
from concurrent.futures import ThreadPoolExecutor

from tools.book import (
    archive,
    changes,
    chapters,
    evidence,
    execute,
    state,
    travel,
)
from tools.book.chapters import BUILD, HTML, ROOT
from tools.book.render import DOCTREES, RAW, render, settings
from tools.book.site import publish

NEW = BUILD / "html.new"  # a site in the making; nobody reads it


def build(present, past, say):
    """Make the site of the present files; ``past`` is the last build."""
    pages = chapters.pages()
    missing = [page for page in pages if not chapters.source(page).exists()]
    if missing:
        return [f"_toc.yml: there is no {page}.md" for page in missing]
    with ThreadPoolExecutor(1) as beside:  # the ledger's tests need one core
        tests = beside.submit(run_evidence, say)
        failures = execute.execute_all(say) + tests.result()
    if failures:
        return failures
    go_on = changes.can_go_on(present, past)
    changes.STAMP.unlink(missing_ok=True)  # until this build has passed
    if not go_on:
        # All pages are read again, and nothing of a removed one stays.
        for folder in changes.TAKEN_UP:
            shutil.rmtree(folder, ignore_errors=True)
    failures = render(say)
    if not failures:
        address = public_site()
        publish(RAW, NEW, address)
        write_front_door(NEW)
        travel.write_all(NEW, address)
        archive.write(NEW)
        failures = missing_pages(NEW)
    if failures:
        # A warning is given only when a page is read: read all next time.
        shutil.rmtree(DOCTREES, ignore_errors=True)
        return failures
    put_in_place(NEW, HTML)
    changes.keep(present)
    return []


def put_in_place(new, site):
    """Let the new site stand where the old one stood, whole at any moment."""
    old = site.with_name("html.old")
    shutil.rmtree(old, ignore_errors=True)
    if site.exists():
        site.rename(old)
    new.rename(site)
    shutil.rmtree(old, ignore_errors=True)


def run_evidence(say):
    """Run the tests behind the claims ledger, whose page shows the result."""
    if "book/claims" not in chapters.pages():
        return []
    stamp = BUILD / "evidence.stamp"
    now = changes.fingerprint(
        "lttutor/**/*", "tests/claims/**/*", "notebooks/3[34]-*.md",
        "book/claims.yml", "requirements.txt"
    )
    if stamp.exists() and stamp.read_text() == now and evidence.results():
        return []
    stamp.unlink(missing_ok=True)
    say("Running the evidence for the claims ledger")
    log = BUILD / "evidence.log"
    with log.open("w", encoding="utf8") as file:
        if evidence.run_apart(file):
            lines = log.read_text("utf8").splitlines()
            failed = [x for x in lines if x.startswith(("FAILED", "ERROR"))]
            return [*(failed or ["the evidence did not come to its end"]),
                    f"see {log.relative_to(ROOT)}"]
    state.write(stamp, now)
    return []


def write_front_door(site):
    """The root's index.html, which leads to the landing page."""
    home = f"{chapters.pages()[0]}.html"
    (site / "index.html").write_text(
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


def missing_pages(site):
    """What the site should hold and does not, in words."""
    found = [
        f"{page}.md: its page was not built" for page in chapters.pages()
        if not chapters.html(page, site).exists()
    ]
    return found + [
        f"{page}.md: it has no notebook to download"
        for page in chapters.offered()
        if not chapters.download(page, site).exists()
    ]
