"""What a student's process may read, reach and use.

``bubblewrap``  (Linux, as root or where users may make name spaces) bwrap
    gives it a file tree with Python, the problem set's lttutor and an empty
    home; no network; no other process; as root, a user id of its own
``landlock``  (Linux 6.12, where name spaces are forbidden) it may read
    Python, the system's libraries and the problem set's lttutor only; no
    TCP, no signals to others, no processes of its own
``limits``  (elsewhere, if the instructor says so) time and memory only;
    never as root, because code that may signal every process would end them

In the first two it can make no system calls but those of `calls`.
`confinement` finds the first of them that works, by trying it.
"""

import base64
import contextlib
import functools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from course import ROOT
from course.run import wire
from course.run.confine import DEVICES, SYSTEM

OURS = Path(__file__).resolve().parent  # the code of the process
PREFIXES = sorted({sys.prefix, sys.base_prefix})
LEVELS = ("bubblewrap", "landlock", "limits")
FIRST_USER, USERS = 61_200, 3_000  # ids that belong to nobody
HOME, KIT, SPACE = "/home/student", "/kit", 32 * 2**20
START = ("import sys; sys.path.insert(0, {!r}); "
         "from course.run import student; student.main()")
PROBE = """
import os, socket
for what, act in (
        ("a file of the grader can be read", lambda: open({0!r})),
        ("a socket can be opened", socket.socket),
        ("the grader can be killed", lambda: os.kill({1}, 0))):
    try:
        act()
        print(what)
    except OSError:
        pass
"""
INSTALL = (
    "Students' code cannot be kept from your files here ({}): install "
    "bubblewrap (Debian and Ubuntu: sudo apt install bubblewrap), or grade in "
    "a container or on another machine with Linux, or say UNCONFINED=1 if you "
    "trust every submission.")


class Broken(RuntimeError):
    """The grader failed, not the student: no process could be started."""


class Unprotected(Broken):
    """Nothing here keeps students' code from the grader's files."""


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

    def bounds(self):
        """The same, as the kernel's limits of a process."""
        return {"CORE": 0, "CPU": int(self.total) + 5, "FSIZE": self.file,
                "NOFILE": 256, "AS": self.memory}


class Confined:
    """A process for one notebook; ``sock`` is the grader's end of the wire.

    ``kit`` is the folder with the lttutor that the student may import.
    """

    def __init__(self, kit, limits, level=None):
        self.level = level or confinement()
        try:
            self._start(str(Path(kit).resolve()), limits)
        except Exception as error:  # none of these is the student's fault
            raise Broken(f"no process for a student: {error}") from error

    def _start(self, kit, limits):
        bounds = limits.bounds()
        self.scratch = tempfile.TemporaryDirectory(
            prefix="course-", ignore_cleanup_errors=True)
        home = self.scratch.name
        order = {"kit": kit, "home": home, "bounds": bounds}
        if self.level == "bubblewrap":
            order |= {"kit": KIT, "home": HOME}
            bounds["NPROC"] = limits.processes
        elif self.level == "landlock":
            order["readable"] = [*PREFIXES, kit]
        if self.level != "limits":
            order["calls"] = _calls(self.level == "bubblewrap")
        self.sock, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                command(self.level, kit), stdin=theirs, env=_environment(),
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                start_new_session=True)
        try:
            wire.send(self.sock, order)
            hello = wire.receive(self.sock, time.monotonic() + 60)
        except (OSError, EOFError, wire.WireError) as error:
            hello = {"failed": repr(error)}
        if "failed" in hello:
            self._kill()
            said = self.process.stderr.read().decode(errors="replace").strip()
            self.end()
            raise Broken(said[-500:] or hello["failed"])

    def end(self):
        """Kill what is left: the signal that ended it, and bytes it used."""
        peak = max(map(_peak, _family(self.process.pid)), default=0)
        self.sock.close()
        patience = time.monotonic() + 0.5  # an honest process ends by itself
        while True:
            done, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if done:
                break
            if time.monotonic() > patience:
                self._kill()
            time.sleep(0.005)
        self._kill()
        self.process.returncode = code = os.waitstatus_to_exitcode(status)
        self.process.stderr.close()
        self.scratch.cleanup()
        return {"signal": -code if code < 0 else max(code - 128, 0),
                "peak": max(peak, usage.ru_maxrss * 1024)}

    def _kill(self):
        """Kill the first process in a room of bwrap's, else the group.

        Then bwrap ends as well, and can tell what was used in the room.
        """
        first, *inside = _family(self.process.pid)
        with contextlib.suppress(OSError):
            if self.level == "bubblewrap" and inside:
                os.kill(inside[0], signal.SIGKILL)
            else:
                os.killpg(first, signal.SIGKILL)


def _family(pid):
    """A process and, on Linux, all that descends from it, parents first."""
    yield pid
    with contextlib.suppress(OSError):
        path = Path(f"/proc/{pid}/task/{pid}/children")
        for child in path.read_text().split():
            yield from _family(int(child))


def _peak(pid):
    """Bytes of memory that a process has used at most."""
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text()
        if found := re.search(r"VmHWM:\s*(\d+) kB", status):
            return 1024 * int(found[1])
    return 0


def command(level, kit):
    """The program that starts a student's Python, and its arguments."""
    python = [sys.executable, "-I", "-B", "-c"]
    first = ["choom", "-n", "1000", "--"]  # out of memory, it goes first
    if not shutil.which("choom"):
        first = []
    as_root = os.getuid() == 0
    if level == "bubblewrap":
        spaces = [f"--unshare-{kind}" for kind in ("ipc", "pid", "net", "uts")]
        become = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        return [*first, "bwrap", *spaces, "--die-with-parent",
                *(become if as_root else []), *_tree(kit), "--",
                *(_as_nobody() if as_root else []), *python,
                START.format("/")]
    if level == "landlock":
        powerless = ["--bounding-set=-all"] if as_root else []
        first += ["setpriv", "--no-new-privs", "--pdeathsig=KILL",
                  "--inh-caps=-all", *powerless, "--"]
    return [*first, *python, START.format(str(ROOT))]


def _as_nobody():
    """Drop root for an id that no other worker's students have."""
    user = FIRST_USER + os.getpid() % USERS
    return ["setpriv", f"--reuid={user}", f"--regid={user}",
            "--clear-groups", "--inh-caps=-all", "--"]


def _tree(kit):
    """What bwrap is to show; what lies in another folder comes after it."""
    shown = {KIT: ["--ro-bind", kit, KIT],
             "/course/run": ["--ro-bind", str(OURS), "/course/run"]}
    for path in PREFIXES:
        shown[path] = ["--ro-bind", path, path]
    for path in SYSTEM:
        if os.path.islink(path):
            shown[path] = ["--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            shown[path] = ["--ro-bind", path, path]
    for path in DEVICES:
        shown[path] = ["--dev-bind", path, path]
    for path in hidden():
        shown[path] = ["--tmpfs", path]
    for path in ("/tmp", "/dev/shm", HOME):
        shown[path] = ["--size", f"{SPACE}", "--perms", "1777",
                       "--tmpfs", path]
    for path in sorted(shown):
        for parent in reversed(Path(path).parents):
            yield from ("--perms", "0755", "--dir", str(parent))
        yield from shown[path]
    for path in ("/", *hidden()):
        yield from ("--remount-ro", path)


def hidden():
    """Folders of the grader, which stay hidden if they lie beside Python."""
    packages = [f"{path}/lttutor" for path in sys.path
                if path.endswith("-packages")]
    return [str(ROOT), *filter(os.path.isdir, packages)]


def exposed(readable):
    """A folder of the grader within one that must be readable, if any.

    Landlock cannot hide it.
    """
    return next((folder for folder in hidden() for path in readable
                 if folder.startswith(f"{path}/")), "")


def _environment():
    threads = {f"{name}_NUM_THREADS": "1"
               for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "USER": "student",
            "MPLBACKEND": "Agg", **threads}


def _calls(children):
    """The filter of system calls, as text."""
    from course.run import system_calls  # needs libseccomp

    return base64.b64encode(system_calls.compiled(children)).decode()


@functools.cache
def confinement(trusting=False):
    """The strongest level that holds here; `Unprotected` if none does.

    ``trusting`` allows limits only.  A level that COURSE_SANDBOX names is
    taken for given.
    """
    level, reasons = os.environ.get("COURSE_SANDBOX"), []
    for name in LEVELS[:-1] if not level else ():
        failure = attempt(name)
        if not failure:
            return name
        reasons.append(f"{name}: {failure}")
    if not level and not trusting:
        raise Unprotected(INSTALL.format("; ".join(reasons)))
    if level in (None, "limits") and os.getuid() == 0:
        raise Unprotected("Without confinement no student's code is run as "
                          "root: grade as another user.")
    return level or "limits"


def attempt(level):
    """Why ``level`` does not hold here; empty if it does."""
    if level == "bubblewrap" and not shutil.which("bwrap"):
        return "bwrap is not installed"
    if level == "landlock" and (seen := exposed(PREFIXES)):
        return f"{seen} would be readable"
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        secret, kit = Path(folder) / "secret", Path(folder) / "kit"
        secret.write_text("secret")
        kit.mkdir()
        try:
            process = Confined(kit, Limits(), level)
        except Exception as error:
            return str(error)
        try:
            wire.send(process.sock, {
                "do": "run", "name": "probe",
                "source": PROBE.format(str(secret), os.getpid())})
            reply = wire.receive(process.sock, time.monotonic() + 30)
        except (OSError, EOFError, wire.WireError) as error:
            return repr(error)
        finally:
            process.end()
    return str(reply["error"]) if reply["error"] else reply["output"]
