"""What a student's process may read, reach and use.

For each notebook a `Nursery` starts a process that confines itself before it
runs a line of the student's code:

``namespaces``  (Linux, as root or with user namespaces) its own file tree
    with Python, the problem set's lttutor and an empty home in it; no
    network; it sees no other process; as root, a user id of its own
``landlock``  (Linux 6.12, when a container forbids namespaces) it may read
    Python, the system's libraries and the problem set's lttutor only; no
    TCP; no signals to others; as root, no capabilities
``limits``  (elsewhere) time and memory only; never as root, because code
    that may signal every process would end them all

`confinement` finds the first of the three that works, by trying it.
"""

import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from course.run import wire
from course.run.nursery import FIRST_USER, ROOT, Limits

__all__ = ["FIRST_USER", "ROOT", "Broken", "Limits", "Nursery",
           "confinement"]
LEVELS = ("namespaces", "landlock", "limits")
PROBE = """
import numpy, os
try:
    open({0!r})
    print("a file of the grader can be read")
except OSError:
    pass
try:
    os.kill({1}, 0)
    if os.getpid() != 1:
        print("the grader can be killed")
except OSError:
    pass
"""


class Broken(RuntimeError):
    """The grader failed, not the student: no process could be started."""


class Nursery:
    """Starts confined processes; one nursery per worker."""

    def __init__(self, level, slot=0):
        self.level, self.slot, self.homes = level, slot, {}
        self.broken = False
        ours, theirs = socket.socketpair()
        threads = {f"{name}_NUM_THREADS": "1"
                   for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
                       "HOME": os.path.expanduser("~"),
                       "MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1",
                       **threads}
        with theirs:
            program = (f"import sys; sys.path.append({str(ROOT)!r}); "
                       "from course.run import nursery; "
                       f"nursery.nurse({theirs.fileno()}, {level!r}, {slot})")
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-c", program],
                pass_fds=[theirs.fileno()], env=environment,
                stdin=subprocess.DEVNULL)
        self.socket = ours
        self.scratch = tempfile.TemporaryDirectory(prefix="course-")
        os.chmod(self.scratch.name, 0o755)

    def start(self, kit, limits):
        """A socket to a new student's process, and the pid of its keeper.

        ``kit`` is the folder with the lttutor that the student may import.
        """
        ours, theirs = socket.socketpair()
        scratch = tempfile.mkdtemp(dir=self.scratch.name)
        order = {"kit": str(Path(kit).resolve()), "limits": vars(limits),
                 "scratch": scratch}
        try:
            with theirs:
                socket.send_fds(self.socket, [json.dumps(order).encode()],
                                [theirs.fileno()])
            pid = json.loads(self.socket.recv(1000))["pid"]
        except (OSError, ValueError, KeyError) as error:
            ours.close()
            shutil.rmtree(scratch, ignore_errors=True)
            self.broken = True
            raise Broken(f"no process for a student: {error!r}") from error
        self.homes[pid] = scratch
        try:
            hello = wire.receive(ours, time.monotonic() + 30)
        except (OSError, EOFError) as error:
            hello = {"failed": repr(error)}
        if "failed" in hello:
            ours.close()
            self.end(pid)
            raise Broken(f"no process for a student: {hello['failed']}")
        return ours, pid

    def end(self, pid):
        """Kill what is left of a student's process; how it ended."""
        try:
            self.socket.send(json.dumps({"end": pid}).encode())
            report = json.loads(self.socket.recv(1000))
        except (OSError, ValueError) as error:
            self.broken = True
            raise Broken(f"the nursery is gone: {error!r}") from error
        shutil.rmtree(self.homes.pop(pid, ""), ignore_errors=True)
        return report

    def close(self):
        self.socket.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.scratch.cleanup()


@functools.cache
def confinement():
    """The strongest level that holds here, and why not a stronger one."""
    reasons = []
    wanted = os.environ.get("COURSE_SANDBOX")
    for level in LEVELS:
        if wanted and level != wanted:
            continue
        failure = "" if level == "limits" else _try(level)
        if not failure:
            return level, reasons
        reasons.append(f"{level}: {failure}")
    raise RuntimeError("; ".join(reasons) or f"no level {wanted!r}")


def _try(level):
    """Why ``level`` does not hold here; empty if it does."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        secret = Path(folder) / "secret"
        secret.write_text("secret")
        kit = Path(folder) / "kit"
        kit.mkdir()
        nursery = Nursery(level)
        try:
            sock, pid = nursery.start(kit, Limits())
            with sock:
                deadline = time.monotonic() + 30
                source = PROBE.format(str(secret), os.getpid())
                wire.send(sock, {"do": "run", "name": "probe",
                                 "source": source})
                reply = wire.receive(sock, deadline)
            nursery.end(pid)
        except (OSError, EOFError, ValueError, Broken) as error:
            return str(error)
        finally:
            nursery.close()
    return str(reply["error"]) if reply["error"] else reply["output"]
