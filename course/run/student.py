"""The process that runs a student's code, and nothing else.

It is told cells to run and functions to call.  It never sees a test: only
the values a test passes to a function, one call at a time.
"""

import ast
import asyncio
import base64
import builtins
import contextlib
import inspect
import io
import os
import re
import signal
import socket
import sys
import traceback

from course.run import confine, wire

OUTPUT = 20_000  # characters kept of what one cell prints
PATIENCE = 2  # seconds of real time for a second of computing


def main():
    """Confine this process as the grader orders, then serve it."""
    sock = socket.socket(fileno=os.dup2(0, 3))
    try:
        _confine(wire.receive(sock))
        student = Student(sock)
    except BaseException as error:
        wire.send(sock, {"failed": repr(error)})
        os._exit(1)
    try:
        wire.send(sock, {"reply": "ready"})
        student.serve()
    finally:
        os._exit(0)


def _confine(order):
    quiet = os.open("/dev/null", os.O_RDWR)
    for stream in (0, 1, 2, quiet):
        os.dup2(quiet, stream)
    home = order["home"]
    os.environ.update(HOME=home, TMPDIR=home, MPLCONFIGDIR=home,
                      IPYTHONDIR=home)
    sys.path[:1] = [order["kit"], home]
    if "readable" in order:
        confine.landlock(order["readable"], home)
    os.chdir(home)
    confine.limit(order["bounds"])
    if "calls" in order:
        confine.filter_calls(base64.b64decode(order["calls"]))


class TimeLimit(BaseException):
    """Raised in the student's code, so that the traceback shows where."""


class Capped(io.TextIOBase):
    """Standard output that keeps its beginning and counts the rest."""

    def __init__(self):
        self.clear()

    def clear(self):
        self.text, self.lost = "", 0

    def writable(self):
        return True

    def write(self, text):
        kept = str(text)[:OUTPUT - len(self.text)]
        self.text += kept
        self.lost += len(text) - len(kept)
        return len(text)

    def taken(self):
        cut = f"\n… {self.lost} more characters" if self.lost else ""
        text = self.text + cut
        self.clear()
        return text


class Student:
    """Serves one connection with one notebook's namespace."""

    def __init__(self, sock):
        self.sock = sock
        self.functions = {}
        self.output = sys.stdout = sys.stderr = Capped()
        self.shell = _shell()
        self.cells = {}
        self.loop = asyncio.new_event_loop()
        signal.signal(signal.SIGALRM, self._too_long)
        signal.signal(signal.SIGPROF, self._too_long)

    def serve(self):
        while True:
            try:
                self.answer(wire.receive(self.sock))
            except EOFError:
                return

    def answer(self, message):
        """Do what one message asks and reply in the same tongue."""
        self.seconds = message.get("seconds", 10)
        self.stopped = False
        self._watch(self.seconds)
        try:
            reply = getattr(self, "do_" + message["do"])(message)
        except BaseException as error:  # SystemExit and TimeLimit as well
            reply = {"reply": "raise", **describe(error, self.cells)}
        finally:
            self._watch(0)
        wire.send(self.sock, reply)

    def _watch(self, seconds):
        """Bound computing, and sleeping too; on a busy machine a cell that
        waits for its turn is not the slower for it."""
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE * seconds)

    def _too_long(self, *_):
        """Once for each message: both alarms may ring at the same time, and
        the second would cut the reply to the first.  Who catches the alarm
        and goes on is stopped by the grader."""
        if self.stopped:
            return
        self.stopped = True
        raise TimeLimit(f"stopped after {self.seconds:g} seconds: "
                        "is there an endless loop?")

    def do_echo(self, message):
        """A sign of life."""
        return {"reply": "echo", "token": message["token"]}

    def do_run(self, message):
        """Run one cell as IPython does, magics and all."""
        name = message["name"]
        self.cells[name] = message["source"]
        self.output.clear()
        error = None
        try:
            source = _plain(self.shell, message["source"])
            for part in _compiled(self.shell.compile, source, name):
                value = eval(part, self.shell.user_ns)
                if inspect.iscoroutine(value):  # the cell says ``await``
                    self.loop.run_until_complete(value)
        except BaseException as problem:
            error = describe(problem, self.cells)
        return {"reply": "ran", "error": error,
                "output": self.output.taken()}

    def do_get(self, message):
        """The value of a name, or a note that it is missing."""
        if message["name"] not in self.shell.user_ns:
            return {"reply": "missing"}
        value = self.shell.user_ns[message["name"]]
        return {"reply": "return", "changed": [],
                "value": wire.Answer(self.functions)(value)}

    def do_call(self, message):
        """Call a function of the student's with decoded arguments."""
        function = self.functions[message["function"]]
        decode = wire.Decoder(self._callback)
        args, kwargs = decode(message["args"]), decode(message["kwargs"])
        before = wire.snapshot(decode.touchable)
        value = function(*args, **kwargs)
        return {"reply": "return",
                "value": wire.Answer(self.functions)(value),
                "changed": wire.changes(decode.touchable, before)}

    def _callback(self, key, name):
        """A function that the test passed as an argument."""
        def call(*args, **kwargs):
            encode = wire.Encoder(self.functions)
            wire.send(self.sock, {"do": "call", "function": key,
                                  "args": encode(args),
                                  "kwargs": encode(kwargs)})
            reply = wire.receive(self.sock)
            if reply["reply"] == "raise":
                kind = getattr(builtins, reply["kind"], RuntimeError)
                raise kind(reply["message"])
            return wire.Decoder(self._callback)(reply["value"])

        call.__name__ = name
        return call


@contextlib.contextmanager
def _told():
    """Where no processes may be started, the cell goes on without."""
    try:
        yield
    except OSError:
        print("shell commands are not run here")


def _shell():
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.display import display
    from traitlets.config import Config

    class Shell(InteractiveShell):
        """Does without a terminal: ``!`` runs in a pipe, figures nowhere."""

        def system(self, command):
            with _told():
                self.system_raw(command)

        def getoutput(self, command, **options):
            with _told():
                return super().getoutput(command, **options)
            return []

        def enable_gui(self, gui=None):
            """``%matplotlib inline`` asks for it."""

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    shell = Shell.instance(config=config)
    shell.user_ns |= {"__name__": "__main__", "display": display}
    return shell


def _plain(shell, source):
    """The Python that IPython makes of a cell; lines keep their numbers.

    What ``%%time`` times runs as if it stood alone.
    """
    source = re.sub(r"\A(\s*)%%time\b(?!it).*", r"\1", source)
    blank = re.match(r"(?:[^\S\n]*\n)*", source)[0].count("\n")
    return "\n" * blank + shell.transform_cell(source)


def _compiled(compiler, source, name):
    """The cell's statements; a last expression is shown, as in a notebook.

    The compiler is IPython's, which remembers what is imported from
    ``__future__``.
    """
    tree = ast.parse(source, name)
    last = []
    if (tree.body and isinstance(tree.body[-1], ast.Expr)
            and not source.rstrip().endswith(";")):
        last = [tree.body.pop()]
    with compiler.extra_flags(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT):
        yield compiler(tree, name, "exec")
        if last:
            yield compiler(ast.Interactive(last), name, "single")


def describe(error, cells):
    """Kind, message and the lines of the student's own cells."""
    kind = type(error)
    known = [k.__name__ for k in kind.__mro__
             if getattr(builtins, k.__name__, None) is k]
    message = str(error)
    if isinstance(error, SystemExit):
        message = "the code ends Python (exit, quit or sys.exit)"
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename in cells:
            text = cells[frame.filename].split("\n")
            shown = text[frame.lineno - 1] if frame.lineno <= len(text) else ""
            lines.append(f"{frame.filename}, line {frame.lineno}: "
                         f"{shown.strip()[:200]}")
    if isinstance(error, SyntaxError) and error.lineno:
        lines.append(f"{error.filename}, line {error.lineno}: "
                     f"{(error.text or '').strip()[:200]}")
        message = error.msg
    return {"kind": known[0] if known else "Exception",
            "name": kind.__name__, "message": message[:2000],
            "where": lines[-6:]}
