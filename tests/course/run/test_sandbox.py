"""What the code of a submission can read, reach and use."""

import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from course.run import sandbox, wire
from tests.course.conftest import need

HERE = Path(__file__).resolve()
REFUSED = ("FileNotFoundError", "PermissionError", "ProcessLookupError",
           "OSError")


@pytest.fixture(scope="module", params=["bubblewrap", "landlock"])
def level(request):
    """Each level that this machine offers."""
    if request.param == "bubblewrap":
        need(request.param)
    elif failure := sandbox.attempt(request.param):
        pytest.skip(f"{request.param}: {failure}")
    return request.param


def run(process, source, seconds=5):
    """Run a cell: what it printed, and the name and message of its error."""
    wire.send(process.sock, {"do": "run", "name": "cell", "source": source,
                             "seconds": seconds})
    reply = wire.receive(process.sock, time.monotonic() + 2 * seconds + 10)
    error = reply["error"] or {"name": "", "message": ""}
    return reply["output"].strip(), error["name"], error["message"]


@pytest.fixture
def student(level, tmp_path):
    """Runs a cell in a new student's process."""
    os.chmod(tmp_path, 0o755)
    limits = sandbox.Limits(memory=2**30, file=2**20, processes=20)
    process = sandbox.Confined(tmp_path, limits, level)

    def runs(source, seconds=5):
        return run(process, source, seconds)

    runs.level, runs.process = level, process
    yield runs
    if process.process.returncode is None:
        process.end()


@pytest.mark.parametrize("path", [
    HERE, sandbox.ROOT / "lttutor/loop.py", sandbox.ROOT / "pyproject.toml",
    "/etc/shadow", "/etc/hostname", Path.home() / ".bashrc"], ids=str)
def test_no_file_of_the_grader_can_be_read(student, path):
    assert student(f"open({str(path)!r}).read()")[1] in REFUSED


@pytest.mark.parametrize("code", [
    f"import os; os.listdir({str(HERE.parent)!r})",
    f"import glob; 1 / len(glob.glob({str(HERE.parent / '*')!r}))",
    f"!cat {HERE}\nraise OSError"])
def test_no_folder_of_the_grader_can_be_listed(student, code):
    assert student(code)[1] != ""


@pytest.mark.parametrize("path", ["/usr/x", "/x", sys.prefix + "/x",
                                  str(sandbox.ROOT / "x")])
def test_nothing_can_be_written_outside_the_students_home(student, path):
    assert student(f"open({path!r}, 'w')")[1] in REFUSED
    assert not os.path.exists(path)


def test_the_students_home_can_be_written_and_is_empty_the_next_time(
        student, level, tmp_path):
    assert student("open('note', 'w').write('mine')\n"
                   "print(open('note').read())")[0] == "mine"
    other = sandbox.Confined(tmp_path, sandbox.Limits(), level)
    assert run(other, "open('note')")[1] == "FileNotFoundError"
    other.end()


@pytest.mark.parametrize("host", ["127.0.0.1", "1.1.1.1"])
def test_no_connection_can_be_made(student, host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert student("import socket\nsocket.create_connection("
                       f"({host!r}, {port}), 1)")[1] != ""


def test_a_service_of_the_grader_cannot_be_asked(student, tmp_path):
    """Such as the session's bus or a container engine, on a local socket."""
    path = tmp_path / "bus"
    with socket.socket(socket.AF_UNIX) as service:
        service.bind(str(path))
        service.listen()
        assert student("import socket\ns = socket.socket(socket.AF_UNIX)\n"
                        f"s.connect({str(path)!r})")[1] == "OSError"


def test_modes_times_and_owners_of_files_stay(student, tmp_path):
    path = tmp_path / "ada.ipynb"
    path.write_text("{}")
    before = path.stat()
    assert student(f"import os\nfor f in ({str(path)!r}, 'mine'):\n"
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
def test_nothing_of_another_process_can_be_set(student, act):
    act = act.replace("PID", str(os.getpid()))
    assert student(f"import os, resource\n{act}")[1] in REFUSED
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 0


def test_limits_of_its_own_can_be_set_and_its_thread_be_named(student):
    assert student("import ctypes, resource\n"
                   "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
                   "print(ctypes.CDLL(None).prctl(15, b'me', 0, 0, 0))"
                   ) == ("0", "", "")


CALLS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print({call}, ctypes.get_errno())
"""


@pytest.mark.parametrize(("what", "call"), [
    ("name spaces", "libc.unshare(0x10000000)"),
    ("a child in them", "libc.clone(0, 0, 0x10000000 | 17, 0)"),
    ("keys", "libc.syscall(250, 0, -4, 0)"),
    ("shared memory", "libc.shmget(0, 4096, 0o1777)"),
    ("tracing", "libc.ptrace(0, 0, 0, 0)"),
    ("living on", "libc.prctl(1, 0, 0, 0, 0)"),
    ("living on, disguised", "libc.prctl(ctypes.c_ulong(2**32 + 1), 0)"),
    ("a call of newer kernels", "libc.syscall(463, 0, 0, 0, 0, 0)"),
    ("a call of kernels to come", "libc.syscall(9_999, 0, 0, 0, 0, 0)"),
    ("files in memory", "libc.memfd_create(b'x', 0)")])
def test_a_call_that_is_not_listed_is_unknown(student, what, call):
    code = CALLS.format(call=call)
    if "clone" in call:
        code = ("import os\n" + code).replace(call, "libc.syscall("
                "56, 0x10000000 | 17, 0, 0, 0, 0)" if os.uname().machine
                == "x86_64" else call)
    assert student(code)[0] == "-1 38"  # ENOSYS


def test_threads_and_pairs_of_sockets_work(student):
    assert student("import asyncio, threading\n"
                    "async def f(): return 1\n"
                    "t = threading.Thread(target=print)\n"
                    "t.start(); t.join()\n"
                    "print(asyncio.run(f()))")[0] == "1"


@pytest.mark.parametrize("line", ["%matplotlib inline", "!ls", "%time 1",
                                  "files = !ls"])
def test_a_notebooks_magic_does_not_stop_its_cell(student, line):
    assert student(f"{line}\nprint('after')")[0].endswith("after")


def test_the_kit_can_be_imported_wherever_it_lies(level):
    """Also below a folder of the grader that is hidden."""
    folder = Path(tempfile.mkdtemp(dir=sandbox.ROOT / "_build"))
    try:
        os.chmod(folder, 0o755)
        (folder / "lttutor").mkdir()
        (folder / "lttutor/__init__.py").write_text("mark = 'of the kit'")
        process = sandbox.Confined(folder, sandbox.Limits(), level)
        assert run(process, "import lttutor; print(lttutor.mark)"
                   )[0] == "of the kit"
        process.end()
    finally:
        shutil.rmtree(folder)


def test_landlock_is_refused_where_it_cannot_hide_the_package(
        monkeypatch, tmp_path):
    """As where lttutor is installed among the other packages."""
    hidden = str(tmp_path / "env/lttutor")
    monkeypatch.setattr(sandbox, "hidden", lambda: [hidden])
    assert sandbox.exposed([str(tmp_path / "kit")]) == ""
    assert sandbox.exposed([str(tmp_path / "env")]) == hidden
    monkeypatch.setattr(sandbox, "PREFIXES", [str(tmp_path / "env")])
    assert "would be readable" in sandbox.attempt("landlock")


@pytest.mark.parametrize(("name", "stand_in", "says"), [
    ("START", "{!r}; raise OSError('no room')", "no room"),
    ("command", lambda *_: ["/not/there"], "/not/there"),
    ("_calls", lambda *_: __import__("not_there"), "not_there")])
def test_a_process_that_cannot_be_started_is_the_graders_fault(
        name, stand_in, says, level, monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, name, stand_in)
    with pytest.raises(sandbox.Broken, match=says):
        sandbox.Confined(tmp_path, sandbox.Limits(), level)


GRADER = """
import sys, time
from course.run import sandbox, wire
from tests.course.conftest import need
process = sandbox.Confined({folder!r}, sandbox.Limits(), {level!r})
wire.send(process.sock, {{"do": "run", "name": "cell", "source": {source!r}}})
wire.receive(process.sock, time.monotonic() + 20)
print("running", flush=True)
time.sleep(60)
"""


def test_no_student_outlives_a_grader_that_is_killed(level, tmp_path):
    """Not even one that asked the kernel not to be told, nor its child."""
    os.chmod(tmp_path, 0o755)
    source = ("import ctypes, os, time\n"
              "ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\n"
              "try: child = os.fork()\n"
              "except OSError: child = 1\n"
              "ctypes.CDLL(None).prctl(15, b'SURVIVOR', 0, 0, 0)\n"
              "if not child: os.setsid(); time.sleep(60)")
    grader = subprocess.Popen(
        [sys.executable, "-c", GRADER.format(
            folder=str(tmp_path), level=level, source=source)],
        cwd=sandbox.ROOT, stdout=subprocess.PIPE)
    assert grader.stdout.readline() == b"running\n"
    assert len(_running("SURVIVOR")) == 1 + (level == "bubblewrap")
    grader.kill()
    grader.communicate()
    end = time.monotonic() + 5
    while _running("SURVIVOR") and time.monotonic() < end:
        time.sleep(0.05)
    assert not _running("SURVIVOR")


def _running(name=""):
    """The numbers of all processes, or of those of a name."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            number, rest = path.read_text().split(" (", 1)
            called, state = rest.rsplit(") ", 1)
            if name in ("", called) and state[0] not in "ZX":
                found.add(int(number))
    return found


def test_it_is_not_root_or_has_no_power_of_root(student):
    assert student("import os, ctypes\n"
                   "try: os.setuid(0)\nexcept OSError: pass\n"
                   "os.chroot('/tmp')")[1] in REFUSED


def test_the_grader_cannot_be_signalled_or_traced(student):
    out, name, message = student(
        "import os, ctypes\n"
        f"for pid in ({os.getpid()}, os.getppid()):\n"
        "    try: os.kill(pid, 0)\n"
        "    except OSError: print('no')\n"
        f"print(ctypes.CDLL(None).ptrace(16, {os.getpid()}, 0, 0))")
    assert (name, message) == ("", "")
    assert out.split()[-1] == "-1"
    assert "no" in out.split() or student.level == "bubblewrap"


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
    if student.level == "landlock":
        pytest.skip("this level lets a student start no processes")
    out, name, _ = student(FORKS)
    assert name == ""
    assert len(json.loads(out)) > 5
    family = list(sandbox._family(student.process.process.pid))
    assert len(family) > 5
    student.process.end()
    end = time.monotonic() + 5
    while set(family) & _running() and time.monotonic() < end:
        time.sleep(0.05)
    assert not set(family) & _running()


def test_the_number_of_processes_is_limited(student):
    most = {"bubblewrap": 20, "landlock": 0}
    assert len(json.loads(student(FORKS)[0])) <= most[student.level]


@pytest.fixture
def choose(monkeypatch):
    """Chooses a level on a machine where none of the first two holds."""
    monkeypatch.delenv("COURSE_SANDBOX", raising=False)
    monkeypatch.setattr(sandbox, "attempt", lambda level: "forbidden")
    return sandbox.confinement.__wrapped__


def test_without_confinement_no_code_runs_as_root(choose, monkeypatch):
    """Root may signal every process: that level must not exist for it."""
    monkeypatch.setattr(os, "getuid", lambda: 0)
    with pytest.raises(sandbox.Unprotected, match="as root"):
        choose(trusting=True)
    monkeypatch.setenv("COURSE_SANDBOX", "limits")
    with pytest.raises(sandbox.Unprotected, match="as root"):
        choose()


def test_without_confinement_one_sentence_says_what_to_do(choose):
    with pytest.raises(sandbox.Unprotected) as refusal:
        choose()
    for part in ("bubblewrap: forbidden", "sudo apt install bubblewrap",
                 "in a container", "UNCONFINED=1"):
        assert part in str(refusal.value)


def test_who_trusts_every_submission_may_grade_without(choose, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    assert choose(trusting=True) == "limits"


def test_without_confinement_an_ordinary_user_can_run_code(tmp_path):
    if os.getuid() == 0:
        pytest.skip("this machine's tests run as root")
    process = sandbox.Confined(tmp_path, sandbox.Limits(), "limits")
    assert run(process, "print(6 * 7)")[0] == "42"
    process.end()


def test_no_scratch_folder_stays_behind(level, tmp_path):
    os.chmod(tmp_path, 0o755)
    process = sandbox.Confined(tmp_path, sandbox.Limits(), level)
    run(process, "open('note', 'w').write('mine')")
    process.end()
    assert not Path(process.scratch.name).exists()


@pytest.mark.parametrize(("code", "expected"), [
    ("import os; os._exit(3)", 0), ("import os; os.abort()", signal.SIGABRT),
    ("import ctypes; ctypes.string_at(0)", signal.SIGSEGV)])
def test_how_it_ended_is_known(student, code, expected):
    with pytest.raises(EOFError):
        student(code)
    assert student.process.end()["signal"] == expected


USES_MEMORY = """
from course.run import sandbox
from tests.course.run.test_sandbox import run

limits = sandbox.Limits(memory=2**30, file=2**20, processes=20)
process = sandbox.Confined({kit!r}, limits, {level!r})
run(process, "import numpy; numpy.ones(2 * 10**7).sum()")
print(process.end()["peak"])
"""


def test_the_memory_that_was_used_is_known(level, tmp_path):
    """160 MB and what Python and NumPy need.

    Asked from a small process: the kernel counts with a child what its parent
    had when it was forked, and the process of these tests has much.
    """
    os.chmod(tmp_path, 0o755)
    said = subprocess.run(
        [sys.executable, "-c",
         USES_MEMORY.format(kit=str(tmp_path), level=level)],
        cwd=sandbox.ROOT, capture_output=True, text=True, check=True)
    assert 160e6 < int(said.stdout) < 400e6


def test_a_machine_without_bubblewrap_says_so(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert sandbox.attempt("bubblewrap") == "bwrap is not installed"
