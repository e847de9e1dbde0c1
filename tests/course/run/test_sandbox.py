"""What the code of a submission can read, reach and use."""

import contextlib
import json
import os
import platform
import resource
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path

import pytest

from course.run import sandbox, wire
from course.run.nursery import _refuse_exposed

HERE = Path(__file__).resolve()
SLOT = 77  # a user id that no other test uses


@pytest.fixture(scope="module", params=["namespaces", "landlock"])
def nursery(request):
    """A nursery at each level that this machine offers."""
    failure = sandbox._try(request.param)
    if failure:
        pytest.skip(f"{request.param}: {failure}")
    made = sandbox.Nursery(request.param, SLOT)
    yield made
    made.close()


@pytest.fixture
def student(nursery, tmp_path):
    """Runs a cell in a new student's process."""
    os.chmod(tmp_path, 0o755)
    limits = sandbox.Limits(memory=2**30, file=2**20, processes=20)
    sock, pid = nursery.start(tmp_path, limits)

    def run(source, seconds=5):
        wire.send(sock, {"do": "run", "name": "cell", "source": source,
                         "seconds": seconds})
        reply = wire.receive(sock, time.monotonic() + seconds + 5)
        error = reply["error"] or {"name": "", "message": ""}
        return reply["output"].strip(), error["name"], error["message"]

    run.level = nursery.level
    run.end = lambda: nursery.end(pid)
    with sock:
        yield run
        nursery.end(pid)


@pytest.mark.parametrize("path", [
    HERE, sandbox.ROOT / "lttutor/loop.py", sandbox.ROOT / "pyproject.toml",
    "/etc/shadow", "/etc/hostname", Path.home() / ".bashrc"], ids=str)
def test_no_file_of_the_grader_can_be_read(student, path):
    assert student(f"open({str(path)!r}).read()")[1] in (
        "FileNotFoundError", "PermissionError")


@pytest.mark.parametrize("code", [
    f"import os; os.listdir({str(HERE.parent)!r})",
    f"import glob; 1 / len(glob.glob({str(HERE.parent / '*')!r}))",
    f"!cat {HERE}\nraise OSError"])
def test_no_folder_of_the_grader_can_be_listed(student, code):
    assert student(code)[1] != ""


@pytest.mark.parametrize("path", ["/usr/x", "/x", sys.prefix + "/x",
                                  str(sandbox.ROOT / "x")])
def test_nothing_can_be_written_outside_the_students_home(student, path):
    assert student(f"open({path!r}, 'w')")[1] in (
        "FileNotFoundError", "PermissionError", "OSError")
    assert not os.path.exists(path)


def test_the_students_home_can_be_written_and_is_empty_the_next_time(
        student, nursery, tmp_path):
    assert student("open('note', 'w').write('mine')\n"
                   "print(open('note').read())")[0] == "mine"
    sock, pid = nursery.start(tmp_path, sandbox.Limits())
    with sock:
        wire.send(sock, {"do": "run", "name": "cell",
                         "source": "open('note')"})
        reply = wire.receive(sock, time.monotonic() + 10)
        nursery.end(pid)
    assert reply["error"]["name"] == "FileNotFoundError"


@pytest.mark.parametrize("host", ["127.0.0.1", "1.1.1.1"])
def test_no_connection_can_be_made(student, host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert student("import socket\nsocket.create_connection("
                       f"({host!r}, {port}), 1)")[1] != ""


@pytest.fixture
def filtered(student):
    """Runs a cell under the filter of system calls."""
    if platform.machine() != "x86_64":
        pytest.skip("the filter is written for x86-64")
    return student


def test_a_service_of_the_grader_cannot_be_asked(filtered, tmp_path):
    """Such as the session's bus or a container engine, on a local socket."""
    path = tmp_path / "bus"
    with socket.socket(socket.AF_UNIX) as service:
        service.bind(str(path))
        service.listen()
        assert filtered("import socket\ns = socket.socket(socket.AF_UNIX)\n"
                        f"s.connect({str(path)!r})")[1] == "PermissionError"


def test_modes_times_and_owners_of_files_stay(filtered, tmp_path):
    path = tmp_path / "ada.ipynb"
    path.write_text("{}")
    before = path.stat()
    assert filtered(f"import os\nfor f in ({str(path)!r}, 'mine'):\n"
                    "    open('mine', 'w').close()\n"
                    "    for act in (lambda: os.chmod(f, 0),\n"
                    "                lambda: os.utime(f, (2e9, 2e9)),\n"
                    "                lambda: os.chown(f, 1, 1)):\n"
                    "        try: act()\n"
                    "        except OSError: pass")[1] == ""
    after = path.stat()
    assert (after.st_mode, after.st_mtime, after.st_uid) == (
        before.st_mode, before.st_mtime, before.st_uid)


@pytest.mark.parametrize("act", [
    "os.setpriority(os.PRIO_PROCESS, PID, 19)",
    "os.sched_setaffinity(PID, {0})",
    "resource.prlimit(PID, resource.RLIMIT_FSIZE, (0, 0))",
    "os.sched_setscheduler(PID, os.SCHED_IDLE, os.sched_param(0))"])
def test_nothing_of_another_process_can_be_set(filtered, act):
    act = act.replace("PID", str(os.getpid()))
    assert filtered(f"import os, resource\n{act}")[1] in (
        "PermissionError", "ProcessLookupError")
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 0


def test_limits_of_its_own_can_be_set_and_newer_calls_are_unknown(filtered):
    out, name, _ = filtered(
        "import ctypes, resource\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "print([libc.syscall(k, 0, 0, 0, 0, 0) and ctypes.get_errno()\n"
        "       for k in (463, 469)])")
    assert (out, name) == ("[38, 38]", "")  # ENOSYS


@pytest.mark.parametrize(("what", "call"), [
    ("name spaces", "unshare(0x10000000)"),
    ("keys", "syscall(250, 0, -4, 0)"), ("memory", "shmget(0, 4096, 0o1777)"),
    ("tracing", "ptrace(0, 0, 0, 0)")])
def test_what_outlives_or_widens_a_process_is_refused(filtered, what, call):
    out, *_ = filtered("import ctypes\nlibc = ctypes.CDLL(None, "
                       f"use_errno=True)\nprint(libc.{call}, "
                       "ctypes.get_errno())")
    assert out == "-1 1"  # EPERM


def test_threads_and_pairs_of_sockets_work(filtered):
    assert filtered("import asyncio, threading\n"
                    "async def f(): return 1\n"
                    "t = threading.Thread(target=print)\n"
                    "t.start(); t.join()\n"
                    "print(asyncio.run(f()))")[0] == "1"


@pytest.mark.parametrize("line", ["%matplotlib inline", "!ls", "%time 1",
                                  "files = !ls"])
def test_a_notebooks_magic_does_not_stop_its_cell(student, line):
    assert student(f"{line}\nprint('after')")[0].endswith("after")


def test_the_kit_can_be_imported_wherever_it_lies(nursery, tmp_path):
    """Also below a folder of the grader that is hidden."""
    hidden = Path(tempfile.mkdtemp(dir=sandbox.ROOT / "_build"))
    try:
        os.chmod(hidden, 0o755)
        (hidden / "lttutor").mkdir()
        (hidden / "lttutor/__init__.py").write_text("mark = 'of the kit'")
        sock, pid = nursery.start(hidden, sandbox.Limits())
        with sock:
            wire.send(sock, {"do": "run", "name": "cell", "source":
                             "import lttutor; print(lttutor.mark)"})
            reply = wire.receive(sock, time.monotonic() + 10)
            nursery.end(pid)
        assert reply["output"].strip() == "of the kit"
    finally:
        shutil.rmtree(hidden)


def test_landlock_is_refused_where_it_cannot_hide_the_package(
        monkeypatch, tmp_path):
    """As where lttutor is installed among the other packages."""
    (tmp_path / "env/lttutor").mkdir(parents=True)
    monkeypatch.setattr("course.run.nursery._hidden",
                        lambda: [str(tmp_path / "env/lttutor")])
    _refuse_exposed([str(tmp_path / "kit")])
    with pytest.raises(OSError, match="would be readable"):
        _refuse_exposed([str(tmp_path / "env")])


def test_a_nursery_that_is_gone_is_the_graders_fault(tmp_path):
    os.chmod(tmp_path, 0o755)
    level, _ = sandbox.confinement()
    nursery = sandbox.Nursery(level, SLOT)
    sock, pid = nursery.start(tmp_path, sandbox.Limits())
    nursery.process.kill()
    nursery.process.wait()
    with sock, pytest.raises(sandbox.Broken):
        nursery.end(pid)
    with pytest.raises(sandbox.Broken):
        nursery.start(tmp_path, sandbox.Limits())
    nursery.close()


def test_no_student_outlives_a_grader_that_is_killed(nursery, tmp_path):
    """Not even one that asked the kernel not to be told."""
    os.chmod(tmp_path, 0o755)
    other = sandbox.Nursery(nursery.level, SLOT + 1)
    sock, _ = other.start(tmp_path, sandbox.Limits())
    wire.send(sock, {"do": "run", "name": "cell", "source":
                     "import ctypes\nctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\n"
                     "ctypes.CDLL(None).prctl(15, b'SURVIVOR', 0, 0, 0)"})
    wire.receive(sock, time.monotonic() + 10)
    assert _named("SURVIVOR")
    other.process.kill()
    other.process.wait()
    for _ in range(50):
        if not _named("SURVIVOR"):
            break
        time.sleep(0.1)
    assert not _named("SURVIVOR")
    sock.close()
    other.close()


def _named(name):
    found = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            found += [path] * (path.read_text().strip() == name)
    return found


def test_it_is_not_root_or_has_no_power_of_root(student):
    assert student("import os, ctypes\n"
                   "try: os.setuid(0)\nexcept OSError: pass\n"
                   "os.chroot('/tmp')")[1] == "PermissionError"


def test_the_grader_cannot_be_signalled_or_traced(student):
    out, name, message = student(
        "import os, ctypes\n"
        f"for pid in ({os.getpid()}, os.getppid()):\n"
        "    try: os.kill(pid, 0)\n"
        "    except OSError: print('no')\n"
        f"print(ctypes.CDLL(None).ptrace(16, {os.getpid()}, 0, 0))")
    assert (name, message) == ("", "")
    assert out.split()[-1] == "-1"
    assert "no" in out.split() or student.level == "namespaces"


@pytest.mark.parametrize(("code", "name"), [
    ("import numpy; numpy.ones(2 * 10**8)", "MemoryError"),
    ("open('big', 'wb').write(bytes(2**22))", "OSError"),
    ("files = [open('/dev/null') for _ in range(1000)]", "OSError"),
    ("while True: pass", "TimeLimit")])
def test_memory_files_and_time_are_limited(student, code, name):
    assert student(code, seconds=1)[1] == name
    assert student("print(6 * 7)")[0] == "42"


FORKS = """
import os, time
pids = []
for _ in range(100):
    try: pid = os.fork()
    except OSError: break
    if pid == 0: os.setsid(); time.sleep(86_399)
    pids.append(pid)
print(pids)
"""


def test_processes_end_with_the_student_even_if_they_hide(student):
    out, name, _ = student(FORKS)
    pids = json.loads(out)
    assert name == ""
    assert pids
    student.end()
    if student.level == "namespaces":  # their numbers are not ours
        pids = [int(pid) for pid, uid in _processes()
                if uid == sandbox.FIRST_USER + SLOT]
        assert pids == []
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def _processes():
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with contextlib.suppress(OSError):
                yield path.name, path.stat().st_uid


def test_without_confinement_no_code_runs_as_root(tmp_path):
    """Root may signal every process: that level must not exist for it."""
    if os.getuid() != 0:
        pytest.skip("this machine's tests do not run as root")
    os.chmod(tmp_path, 0o755)
    nursery = sandbox.Nursery("limits", SLOT)
    try:
        sock, pid = nursery.start(tmp_path, sandbox.Limits())
    except sandbox.Broken as error:
        assert "as root" in str(error)
    else:
        with sock:
            wire.send(sock, {"do": "run", "name": "cell",
                             "source": "import os; print(os.getuid())"})
            reply = wire.receive(sock, time.monotonic() + 10)
            nursery.end(pid)
        assert int(reply["output"]) == sandbox.FIRST_USER + SLOT
    finally:
        nursery.close()


def test_no_scratch_folder_stays_behind(nursery, tmp_path):
    os.chmod(tmp_path, 0o755)
    sock, pid = nursery.start(tmp_path, sandbox.Limits())
    sock.close()
    nursery.end(pid)
    assert list(Path(nursery.scratch.name).iterdir()) == []


def test_the_number_of_processes_is_limited(student):
    if student.level == "landlock":
        pytest.skip("this level does not limit processes")
    assert 0 < len(json.loads(student(FORKS)[0])) <= 20
