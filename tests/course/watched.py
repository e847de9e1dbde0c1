"""What a grader costs, with all its processes, and what is left of it."""

import contextlib
import os
import threading
import time
from dataclasses import dataclass

import psutil

EVERY = 0.2  # seconds from look to look


@dataclass
class Cost:
    """Seconds, seconds of computing, and bytes: of the largest process, and
    of all at one time (what they share counts for each)."""

    seconds: float = 0
    computing: float = 0
    largest: int = 0
    together: int = 0

    def __str__(self):
        return (f"{self.seconds:.0f} s, {self.computing:.0f} s of computing; "
                f"largest process {self.largest / 2**20:.0f} MB, all "
                f"together {self.together / 2**20:.0f} MB")


@contextlib.contextmanager
def watched(pid, cost):
    """Add to ``cost`` what a process and its descendants use meanwhile.

    What one computes after the last look at it is not seen: some percent.
    """
    began, done, used = time.monotonic(), threading.Event(), {}

    def look():
        while not done.wait(EVERY):
            sizes = [0]
            for process in _family(pid):
                with contextlib.suppress(psutil.Error):
                    used[process] = sum(process.cpu_times()[:2])
                    sizes.append(process.memory_info().rss)
            cost.largest = max(cost.largest, *sizes)
            cost.together = max(cost.together, sum(sizes))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield cost
    finally:
        done.set()
        thread.join()
        cost.seconds += time.monotonic() - began
        cost.computing += sum(used.values())


def _family(pid):
    with contextlib.suppress(psutil.Error):
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    return []


def left(session, patience=10):
    """How many processes of a session still live after some seconds."""
    end = time.monotonic() + patience
    while found := sum(_lives(pid, session) for pid in psutil.pids()):
        if time.monotonic() > end:
            break
        time.sleep(EVERY)
    return found


def _lives(pid, session):
    with contextlib.suppress(psutil.Error, OSError):
        return (os.getsid(pid) == session and
                psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False
