"""`make book`: run what changed, build the site, check it, say where it is."""

import json
import re
import shutil
import subprocess
import sys
import time

from tools.book import chapters, evidence, execute
from tools.book.chapters import BUILD, HTML, ROOT

LOG = BUILD / "build.log"
STAMP = BUILD / "built.json"
DOCTREES = BUILD / ".doctrees"

# A change here can change any page, so all are read again.
GLOBAL = ("_config.yml", "_toc.yml", "requirements.txt", "book/**/*.yml",
          "book/**/*.bib", "book/_ext/**/*", "lttutor/**/*",
          "tests/claims/**/*")
EVERYTHING = (*GLOBAL, "book/**/*", "notebooks/*.md", "tools/*.py")


def say(words):
    print(words, flush=True)


def main():
    started = time.perf_counter()
    missing = [p for p in chapters.pages() if not chapters.source(p).exists()]
    if missing:
        return fail([f"_toc.yml: there is no {page}.md" for page in missing])
    now = {
        "global": execute.fingerprint(*GLOBAL),
        "all": execute.fingerprint(*EVERYTHING),
    }
    last = json.loads(STAMP.read_text()) if STAMP.exists() else {}
    if last == now and not stale_pages():
        return finish(started, "Nothing has changed.")

    BUILD.mkdir(exist_ok=True)
    STAMP.unlink(missing_ok=True)  # until this build has passed
    failures = execute.execute_all(say)
    if failures:
        return fail(failures)
    failures = run_evidence()
    if failures:
        return fail(failures)
    if last.get("global") != now["global"]:
        shutil.rmtree(DOCTREES, ignore_errors=True)
    # Every page is written anew: nothing of a removed page stays behind.
    for folder in (HTML, BUILD / "jupyter_execute"):
        shutil.rmtree(folder, ignore_errors=True)
    failures = run_sphinx()
    if not failures:
        write_front_door()
        write_downloads()
        failures = stale_pages()
    if failures:
        # A warning is given only when a page is read: read all next time.
        shutil.rmtree(DOCTREES, ignore_errors=True)
        return fail(failures)
    STAMP.write_text(json.dumps(now))
    return finish(started, f"{len(chapters.pages())} pages built.")


def run_evidence():
    """Run the tests behind the claims ledger, whose page shows the result."""
    if "book/claims" not in chapters.pages():
        return []
    stamp = BUILD / "evidence.stamp"
    now = execute.fingerprint(
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


def run_sphinx():
    """Build the HTML; show progress and complaints, keep the rest in a log."""
    command = [
        sys.executable, "-c",
        "from jupyter_book.cli.main import main; main()", "build", ".",
        "--all",
        "-W", "-n", "--keep-going",
    ]
    complaints, reexecuted, phase = [], [], None
    total = len(chapters.pages())
    with LOG.open("w", encoding="utf8") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, encoding="utf8",
            errors="replace",
        )
        for line in process.stdout:
            line = execute.ANSI.sub("", line).rstrip()
            log.write(line + "\n")
            words = re.match(r"(reading sources|writing output)\.+ \[", line)
            if words and words[1] != phase:
                phase = words[1]
                say(f"{phase.split()[0].capitalize()} {total} pages")
            if re.search(r"WARNING|ERROR|CRITICAL|Exception|Error:", line):
                complaints.append(line.replace(f"{ROOT}/", ""))
            if "Executing notebook using" in line:
                reexecuted.append(line)
    if process.wait() == 0 and not complaints and not reexecuted:
        return []
    if reexecuted:
        complaints.append("the site ran chapters that were already run: "
                          + "; ".join(reexecuted))
    return [*dict.fromkeys(complaints),
            f"everything that was said is in {LOG.relative_to(ROOT)}"]


def write_downloads():
    """Put the executed notebooks where the pages' download buttons point."""
    for page in chapters.code_pages():
        path = chapters.download(page)
        path.parent.mkdir(parents=True, exist_ok=True)
        notebook = execute.downloadable(page)
        text = json.dumps(
            notebook, indent=1, ensure_ascii=False, sort_keys=True
        )
        path.write_text(text + "\n", "utf8")


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


def stale_pages():
    """What is missing or older than its source, in words."""
    found = []
    for page in chapters.pages():
        source, built = chapters.source(page), chapters.html(page)
        if not built.exists():
            found.append(f"{page}.md: its page was not built")
        elif built.stat().st_mtime < source.stat().st_mtime:
            found.append(f"{page}.md: its page is older than the text")
    for page in chapters.code_pages():
        if not chapters.download(page).exists():
            found.append(f"{page}.md: it has no notebook to download")
    return found


def fail(lines):
    print("\nThe book was not built:", file=sys.stderr)
    for line in lines:
        print(f"  {line}", file=sys.stderr)
    return 1


def finish(started, words):
    seconds = time.perf_counter() - started
    say(f"{words} ({seconds:.0f} s)")
    say("Open _build/html/index.html, or say `make serve`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
