"""The grader's end of the wire to the process that runs a notebook.

A cell or call that kills the process, or hangs, costs that cell or that
problem: the process is started again and the cells that survived are run
again.
"""

import builtins
import contextlib
import secrets
import signal
import time

from course.run import wire
from course.run.sandbox import Broken, Confined
from course.run.student import PATIENCE

REPLIES = {"echo": {"echo"}, "run": {"ran"},
           "get": {"return", "missing", "raise"}, "call": {"return", "raise"}}
RESTARTS = 8
GRACE = 3.0  # seconds between a polite and a forced stop
DEEPEST, WIDEST = 6, 300  # lines, and letters of each, that say where


class StudentError(Exception):
    """The student's code failed: the kind of error, and where."""

    def __init__(self, message="", name="Stopped", where=()):
        super().__init__(message)
        self.name, self.where = name, list(where)


class Died(StudentError):
    """The student's process is gone."""


class Candidate:
    """Drives the process that runs one student's notebook."""

    def __init__(self, kit, limits, given, level=None):
        self.kit, self.limits, self.level = kit, limits, level
        self.deadline = time.monotonic() + limits.total
        self.given, self.survived = list(given), []
        self.restarts = 0
        self.peak = 0
        self.sock = None
        self.callbacks = {}

    def run(self, name, source):
        """Run a cell: what it printed, and how it failed or None."""
        try:
            self._ready()
            reply = self._ask({"do": "run", "name": name, "source": source},
                              self.limits.cell)
            printed, error = str(reply["output"]), reply["error"]
            if error is not None:
                error = {"name": error["name"], "message": error["message"],
                         "where": _where(error)}
        except Broken:
            raise
        except Exception as failure:  # it may answer anything
            return "", {"name": "Stopped", "message": str(failure),
                        "where": []}
        self.survived.append((name, source))
        return printed, error

    def names(self, wanted):
        """The student's values for these names, functions as proxies."""
        self._ready()
        found = {}
        for name in wanted:
            reply = self._ask({"do": "get", "name": name}, self.limits.call)
            if reply["reply"] != "missing":
                found[name] = self._decoded(reply, ())
        return found

    def close(self):
        if self.sock is not None:
            self._bury()

    def _ready(self):
        """Start the process if it is gone, and catch up."""
        if self.sock:
            token = secrets.token_hex(8)
            with contextlib.suppress(Died, wire.WireError):
                echo = self._ask({"do": "echo", "token": token}, 1)["token"]
                if echo == token:
                    return
            if self.sock:  # it talks without being asked
                self._bury()
        self._left()
        if self.restarts > RESTARTS:
            raise Died("not run: too many cells ended the Python process")
        self.restarts += 1
        self.process = Confined(self.kit, self.limits, self.level)
        self.sock = self.process.sock
        for name, source in self.given:
            error = self._ask({"do": "run", "name": name, "source": source},
                              self.limits.total)["error"]  # ours, not theirs
            if error:
                raise Broken(f"the given cell {name} fails: {error}")
        for name, source in self.survived:
            self._ask({"do": "run", "name": name, "source": source},
                      self.limits.cell)

    def _left(self):
        """Seconds that the notebook has left; `Died` if there are none."""
        left = self.deadline - time.monotonic()
        if left > 0:
            return left
        if self.sock:
            self._bury()
        raise Died(f"not run: the notebook used up its "
                   f"{self.limits.total:g} seconds")

    def _ask(self, message, seconds):
        """Send one message and serve callbacks until its answer comes."""
        if self.sock is None:
            raise Died("the Python process of this notebook has ended")
        seconds = min(seconds, self._left())
        end = time.monotonic() + PATIENCE * seconds + GRACE
        try:
            wire.send(self.sock, {**message, "seconds": seconds})
            while True:
                reply = wire.receive(self.sock, end)
                if "do" not in reply:
                    break
                wire.send(self.sock, self._serve(reply))
            if reply["reply"] not in REPLIES[message["do"]]:
                raise ValueError
            failure = exception(reply) if reply["reply"] == "raise" else None
        except TimeoutError:
            self._bury()
            raise Died(f"stopped after {seconds:.0f} seconds: is there an "
                       "endless loop?") from None
        except (OSError, EOFError):
            raise Died(_cause(self._bury())) from None
        except wire.WireError:
            self._bury()
            raise
        except Exception:
            self._bury()
            raise Died("the process sent an answer that makes no sense"
                       ) from None
        if failure:
            raise failure
        return reply

    def _serve(self, message):
        """Call a function that the test handed over."""
        try:
            function = self.callbacks[message["function"]]
            decode = wire.Decoder(self._proxy)
            value = function(*decode(message["args"]),
                             **decode(message["kwargs"]))
            return {"reply": "return",
                    "value": wire.Encoder(self.callbacks)(value)}
        except Exception as error:
            return {"reply": "raise", "kind": type(error).__name__,
                    "message": str(error)}

    def _proxy(self, key, name):
        def call(*args, **kwargs):
            encode = wire.Encoder(self.callbacks)
            reply = self._ask({"do": "call", "function": key,
                               "args": encode(args),
                               "kwargs": encode(kwargs)}, self.limits.call)
            return self._decoded(reply, encode.touchable)

        call.__name__ = call.__qualname__ = name
        return call

    def _decoded(self, reply, touchable):
        """What came back, with the in-place changes of the arguments."""
        try:
            wire.apply(touchable, reply["changed"])
            return wire.Decoder(self._proxy)(reply["value"])
        except wire.WireError:
            raise
        except Exception as error:
            raise wire.WireError("what your code returned could not be read"
                                 ) from error

    def _bury(self):
        self.sock = None
        end = self.process.end()
        self.peak = max(self.peak, end["peak"])
        return end


def exception(reply):
    """The exception that the student's code raised, as a safe kind."""
    message, name = str(reply["message"]), str(reply["name"])
    where = _where(reply)
    if name == "WireError":
        return wire.WireError(message)
    kind = getattr(builtins, str(reply["kind"]), None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        with contextlib.suppress(TypeError):
            return type(name, (StudentError, kind), {})(message, name, where)
    return StudentError(message, name, where)


def _where(reply):
    return [str(line)[:WIDEST] for line in reply["where"][:DEEPEST]]


def _cause(end):
    number = end["signal"]
    if number == signal.SIGXCPU:
        return "stopped: the notebook used too much processor time"
    if number:
        return (f"the code crashed Python ({signal.Signals(number).name}); "
                "did it use too much memory?")
    return "the code ended the Python process (os._exit, quit or a crash)"
