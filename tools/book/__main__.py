"""`make book`: run what changed, build the site, check it, say where it is."""

import sys
import time

from tools.book import changes


def main():
    started = time.perf_counter()
    present, past = changes.now(), changes.last()
    if changes.is_fresh(present, past):
        return finish(started, "Nothing has changed.")
    from tools.book import build

    changes.STAMP.unlink(missing_ok=True)  # until this build has passed
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
