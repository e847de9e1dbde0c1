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
    """Add to ``cost`` what a process and its descendants use meanwhile."""
    began, done, computing = time.monotonic(), threading.Event(), [0.0]

    def look():
        while not done.wait(EVERY):
            used, sizes = zip(*_look(pid), (0.0, 0))
            computing.append(sum(used))
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
        cost.computing += max(computing)


def _look(pid):
    """Seconds of computing, of ended children too, and bytes of each."""
    with contextlib.suppress(psutil.Error):
        first = psutil.Process(pid)
        for process in [first, *first.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                yield (sum(process.cpu_times()[:4]),
                       process.memory_info().rss)


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
