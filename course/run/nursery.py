"""A clean Python that forks a confined process for each notebook.

It has imported the libraries a notebook needs and holds no secret.  Each
fork is a *keeper*, which forks the student's process and ends all that is
left of it; `course.run.sandbox` starts the nursery and gives it orders.
"""

import contextlib
import importlib
import json
import os
import resource
import signal
import socket
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from course.run import linux, wire
from course.run.student import Student

ROOT = Path(__file__).resolve().parents[2]
FIRST_USER = 61_200  # each worker's students run under an id of their own
WARM = ("numpy", "numpy.linalg", "scipy.linalg", "sympy", "matplotlib.pyplot",
        "IPython.core.interactiveshell", "IPython.core.magics")


@dataclass(frozen=True)
class Limits:
    """Seconds for a cell, a call and a whole notebook; bytes; processes."""

    cell: float = 20.0
    call: float = 10.0
    total: float = 180.0
    memory: int = 2 * 2**30
    file: int = 16 * 2**20
    processes: int = 24

    def config(self):
        """The same, as nbgrader's configuration of the plugin `Run`."""
        return {"Run": {"cell_seconds": self.cell,
                        "call_seconds": self.call,
                        "total_seconds": self.total, "memory": self.memory}}


def nurse(fd, level, slot):
    """Import what notebooks import, then fork on demand."""
    for name in WARM:
        try:
            importlib.import_module(name)
        except ImportError:
            pass
    sys.path.remove(str(ROOT))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=fd)
    reports = {}
    while True:
        data, fds, *_ = socket.recv_fds(control, 10_000, 1)
        if not data:
            os._exit(0)
        order = json.loads(data)
        if "end" in order:
            control.send(_bury(order["end"], reports).encode())
            continue
        inlet, outlet = os.pipe()
        try:
            pid = os.fork()
        except OSError as error:
            for end in (fds[0], inlet, outlet):
                os.close(end)
            control.send(json.dumps({"failed": repr(error)}).encode())
            continue
        if pid == 0:
            os.close(inlet)
            control.close()
            _keep(fds[0], order, level, slot, outlet)
        os.close(fds[0])
        os.close(outlet)
        reports[pid] = inlet
        control.send(json.dumps({"pid": pid}).encode())


def _bury(pid, reports):
    if pid not in reports:
        return json.dumps({"signal": 0, "status": 1, "peak": 0})
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        pass
    os.waitpid(pid, 0)
    inlet = reports.pop(pid)
    report = os.read(inlet, 1000).decode()
    os.close(inlet)
    return report or json.dumps({"signal": 0, "status": 1, "peak": 0})


def _keep(fd, order, level, slot, outlet):
    """The keeper: forks the student's process and outlives it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    os.setsid()
    linux.die_with_parent(signal.SIGTERM)  # its handler kills the student
    linux.adopt_orphans()
    try:
        if level == "namespaces":
            linux.unshare()
        child = os.fork()
        if child == 0:
            os.close(outlet)
            _become_student(fd, order, level, slot)
        os.close(fd)
        signal.signal(signal.SIGTERM, lambda *_: _kill(child))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        _, status, usage = os.wait4(child, 0)
        _kill(child)
        _kill_orphans()
        os.write(outlet, json.dumps({
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            "status": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
            "peak": usage.ru_maxrss * 1024}).encode())
    finally:
        os._exit(0)


def _kill(child):
    """Kill the student's process and whatever it started."""
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


def _kill_orphans():
    """Kill what the student's process left behind, on Linux.

    Processes that fork faster than they are found are given up after a
    while; where a student has a user id or name space, they end with it.
    """
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    end = time.monotonic() + 5
    with contextlib.suppress(OSError):
        while (left := children.read_text().split()) and (
                time.monotonic() < end):
            for pid in map(int, left):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def _become_student(fd, order, level, slot):
    """Confine this process, then serve; never returns."""
    try:
        limits, kit = Limits(**order["limits"]), order["kit"]
        scratch = order["scratch"]
        prefixes = sys.prefix, sys.base_prefix
        with contextlib.suppress(OSError):  # out of memory, it goes first
            Path("/proc/self/oom_score_adj").write_text("1000")
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        os.setpgid(0, 0)
        quiet = os.open("/dev/null", os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        os.dup2(fd, 3)
        os.closerange(4, 4096)
        user = FIRST_USER + slot if os.getuid() == 0 else os.getuid()
        if level == "namespaces":
            linux.own_root(scratch, prefixes, _hidden(), kit, user)
            home, kit = "/home/student", linux.KIT
            linux.drop(user)
        else:
            home = scratch
            if os.getuid() == 0 and _readable_by(user, kit):
                os.chown(home, user, user)
                linux.drop(user)
            elif os.getuid() == 0 and level == "limits":
                raise PermissionError(
                    "this level does not run students' code as root")
            else:
                linux.drop(None)
        if level == "landlock":
            _refuse_exposed(prefixes)
            linux.landlock([*prefixes, kit], home)
        _limit(limits, level)
        filtered = level != "limits" and linux.forbid()
        if level == "landlock" and not filtered:
            raise OSError("no filter of system calls for this processor")
        os.chdir(home)
        os.environ.update(HOME=home, TMPDIR=home, USER="student",
                          MPLCONFIGDIR=home, IPYTHONDIR=home)
        tempfile.tempdir = None
        sys.path[:0] = [kit, home]
        student = Student(socket.socket(fileno=3))
    except BaseException as error:
        wire.send(socket.socket(fileno=3), {"failed": repr(error)})
        os._exit(1)
    try:
        wire.send(student.sock, {"reply": "ready"})
        student.serve()
    finally:
        os._exit(0)


def _limit(limits, level):
    def cap(what, amount):
        resource.setrlimit(what, (amount, amount))

    cap(resource.RLIMIT_CORE, 0)
    cap(resource.RLIMIT_CPU, int(limits.total) + 5)
    cap(resource.RLIMIT_FSIZE, limits.file)
    cap(resource.RLIMIT_NOFILE, 256)
    cap(resource.RLIMIT_AS, limits.memory)
    if level == "namespaces" or os.getuid() >= FIRST_USER:
        cap(resource.RLIMIT_NPROC, limits.processes)


def _readable_by(user, kit):
    """Whether another user could read Python and the kit here."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            for path in (sys.executable, os.__file__, kit):
                os.stat(path)
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _hidden():
    """Folders that stay hidden even if Python lives beside them."""
    packages = [p + "/lttutor" for p in sys.path if p.endswith("-packages")]
    return [str(ROOT / name) for name in ("assignments", "lttutor", "tests",
                                          "_build")] + packages


def _refuse_exposed(prefixes):
    """Landlock cannot hide a folder within one that must be readable."""
    for folder in _hidden():
        inside = [p for p in prefixes if folder.startswith(p + "/")]
        if inside and os.path.isdir(folder):
            raise OSError(f"{folder} would be readable")
