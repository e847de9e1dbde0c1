"""A run of the grader may end at any moment, and the next one goes on.

What the next run needs is replaced in one step, and counts as absent if it
cannot be read.  One run at a time works in a folder; no worker outlives it.
"""

import contextlib
import fcntl
import json
import multiprocessing
import os
import signal
import threading
from pathlib import Path


def read(path):
    """The object in a file of JSON; ``{}`` if it is missing or damaged."""
    try:
        found = json.loads(Path(path).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(path, content):
    """Replace a file of JSON; readers see all of it or nothing."""
    new = Path(path).with_suffix(".new")
    new.write_text(json.dumps(content, indent=1))
    new.replace(path)


def alone(folder):
    """Lock a folder until this process ends.

    Raises BlockingIOError where another grader is at work.
    """
    fcntl.flock(os.open(folder, os.O_RDONLY),
                fcntl.LOCK_EX | fcntl.LOCK_NB)


def end_on_signals():
    """On Ctrl-C, or when we are told to end: say so, and end at once."""
    def end(number, _):
        with contextlib.suppress(OSError):
            os.write(2, b"\nStopped. What is graded is kept: say `make "
                        b"grade` again to go on.\n")
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    # Python's process for semaphores would have the last word.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


def end_with_the_grader():
    """In a worker: end when the grader does, however that was.

    Else it would go on with what was waiting, and meet the next run there.
    """
    def watch():
        multiprocessing.parent_process().join()
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=watch, daemon=True).start()
