"""`make book`: run what changed, build the site, check it, say where it is."""

import fcntl
import os
import subprocess
import sys
import time

from tools.book import changes, lifeline
from tools.book.chapters import BUILD


def main():
    """Build the book, alone in this folder; say what went wrong in words."""
    lifeline.end_on_signals()
    try:
        BUILD.mkdir(exist_ok=True)
        # Held until this process ends; not written to, so that a finished
        # site on a read-only disk is enough.
        lock = os.open(BUILD / ".lock", os.O_RDONLY | os.O_CREAT)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return make()
    except BlockingIOError:
        return fail([("another build is at work here: wait for it, "
                      "or stop it")])
    except (OSError, subprocess.SubprocessError) as error:
        lifeline.end_children()
        return fail([str(error)])


def make():
    started = time.perf_counter()
    present, past = changes.now(), changes.last()
    if changes.is_fresh(present, past):
        return finish(started, "Nothing has changed.")
    from tools.book import build

    failures = build.build(present, past, say)
    if failures:
        return fail(failures)
    return finish(started, "All pages built.")


def say(words):
    print(words, flush=True)


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
