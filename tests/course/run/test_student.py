"""A cell runs, and fails, as with "Restart Kernel and Run All Cells"."""

import time

import pytest

from course.run import sandbox, wire


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs a cell called c; the reply."""
    folder = tmp_path_factory.mktemp("kit")
    try:
        level = sandbox.confinement()
    except sandbox.Unprotected:
        level = "limits"  # this code is ours
    process = sandbox.Confined(folder, sandbox.Limits(), level)

    def one(source):
        wire.send(process.sock, {"do": "run", "name": "c", "source": source})
        return wire.receive(process.sock, time.monotonic() + 30)

    yield one
    process.end()


@pytest.mark.parametrize("before", [
    "", "\n\n", "   \n\n", "%%time\n", "\n \n%%time\n", "%matplotlib inline\n\n",
    "from __future__ import annotations\n", "import asyncio\n"
    "await asyncio.sleep(0)\n", "%%time\nimport asyncio\n"
    "await asyncio.sleep(0)\n\n", "!true\n"], ids=repr)
def test_the_line_that_failed_is_named(run, before):
    """After blank lines, under ``%%time`` and beside what only cells may."""
    number = before.count("\n") + 2
    error = run(f"{before}ok = 1\n1 / 0\n")["error"]
    assert error["name"] == "ZeroDivisionError"
    assert error["where"] == [f"c, line {number}: 1 / 0"]


@pytest.mark.parametrize("before", ["", "\n\n", "\n%%time\n"], ids=repr)
def test_the_line_that_python_cannot_read_is_named(run, before):
    number = before.count("\n") + 2
    error = run(f"{before}ok = 1\nf(:\n")["error"]
    assert error["name"] == "SyntaxError"
    assert error["where"] == [f"c, line {number}: f(:"]


@pytest.mark.parametrize(("source", "printed"), [
    ("1 + 1", "2\n"), ("1 + 1;", ""), ("%%time\nx = 3\nx", "3\n"),
    ("async def f():\n    return 7\nawait f()", "7\n"),
    ("y = await f()\nprint(y)", "7\n"),
    ("async for k in g(): print(k)", "1\n")], ids=str)
def test_what_a_cell_may_say_it_may_say_here(run, source, printed):
    run("async def f(): return 7\nasync def g(): yield 1")
    reply = run(source)
    assert (reply["error"], reply["output"]) == (None, printed)


def test_what_a_cell_takes_from_the_future_holds_in_the_next(run):
    run("from __future__ import annotations")
    reply = run("def f(x: not_there): return 1\nf(0)")
    assert (reply["error"], reply["output"]) == (None, "1\n")


def test_two_alarms_at_once_are_one(run):
    """On a busy machine a second of computing is over with the second second
    of real time; the reply to one alarm must not be cut by the other."""
    reply = run("""\
import signal
import time
both = {signal.SIGALRM, signal.SIGPROF}
signal.pthread_sigmask(signal.SIG_BLOCK, both)
signal.setitimer(signal.ITIMER_REAL, 0.02)
signal.setitimer(signal.ITIMER_PROF, 0.02)
while signal.sigpending() != both:
    pass
signal.pthread_sigmask(signal.SIG_UNBLOCK, both)
while True:
    pass
""")
    assert reply["reply"] == "ran"
    assert reply["error"]["name"] == "TimeLimit"
    assert "endless loop" in reply["error"]["message"]
    assert run("1 + 1")["reply"] == "ran"
