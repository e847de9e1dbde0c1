"""No process of a build outlives it, however the build ends.

A child holds one end of a pipe whose other end only its parent holds: when
that one ends, by Ctrl-C or by ``kill -9``, the child notices and ends too,
with all that it started.  Kernels watch their parent by themselves.
"""

import os
import signal
import subprocess
import threading
from contextlib import suppress

import psutil


def start(command, **options):
    """Start a child; Ctrl-C in the terminal is not for it but for us."""
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, start_new_session=True, **options
    )


def hold():
    """In a child made by ``start``: end when the parent does."""
    line = os.dup(0)  # pytest puts another file in the place of stdin

    def watch():
        os.read(line, 1)
        end_children()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def end_children():
    """Kill every process that this one started, and theirs."""
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            child.kill()


def end_on_signals(words="What is done is kept: say `make book` to go on."):
    """On Ctrl-C, or when we are told to end: say so in ``words``, and end.

    There is nothing to tidy up, because a build may be killed at any moment
    without warning and must leave only what the next one can use.
    """
    def end(number, _):
        end_children()
        with suppress(OSError):
            os.write(2, f"\nStopped. {words}\n".encode())
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
