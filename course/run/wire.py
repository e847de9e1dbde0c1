"""Values that cross between a student's process and the tests.

Nothing is unpickled: a frame is JSON, and decoding builds only plain
numbers, strings, containers, NumPy arrays, generators, tasks and SymPy
expressions.  So no object of the student's making, with an ``__eq__`` that
says yes to everything, ever meets a test.
"""

import base64
import json
import numbers
import struct
import sys
import time
from array import array
from collections import deque
from decimal import Decimal

import numpy as np

from course.run import expressions
from course.run.expressions import WireError

LARGEST = 32 * 2**20  # bytes of one frame
MOST = 5_000  # elements of a set or dict
DEEPEST = 60  # containers within containers
PLAIN = (type(None), bool, int, float, str)
TAGS = {"tuple", "list", "set", "frozenset", "dict", "complex", "bytes",
        "slice", "range", "scalar", "array", "objects", "rng", "task",
        "sympy", "function"}


class Encoder:
    """Turns values into JSON; remembers what the callee may change."""

    def __init__(self, functions=None):
        self.functions = functions
        self.touchable = []

    def __call__(self, value, depth=0):
        if depth > DEEPEST:
            raise WireError("the value is nested too deeply")
        kind = type(value)
        if kind in PLAIN:
            return value
        if isinstance(value, np.ndarray):
            return self._array(value, depth)
        if isinstance(value, np.generic) and value.dtype.kind in "biufcUS":
            return ["scalar", _array_data(np.asarray(value))]
        if isinstance(value, PLAIN[1:]):  # a subclass, such as IntEnum
            return next(k for k in PLAIN[1:] if isinstance(value, k))(value)
        if isinstance(value, deque):
            value = list(value)
        if isinstance(value, (tuple, list, set, frozenset)):
            name = next(k.__name__ for k in (tuple, list, set, frozenset)
                        if isinstance(value, k))
            items = [self(item, depth + 1) for item in value]
            if kind is list:
                self.touchable.append(value)
            return [name, items]
        if isinstance(value, dict):
            return ["dict", [[self(k, depth + 1), self(v, depth + 1)]
                             for k, v in value.items()]]
        if kind is complex:
            return ["complex", value.real, value.imag]
        if kind is bytes:
            return ["bytes", base64.b64encode(value).decode()]
        if kind in (slice, range):
            return [kind.__name__, [value.start, value.stop, value.step]]
        if kind is np.random.Generator:
            self.touchable.append(value)
            return ["rng", _state(value)]
        if kind.__name__ == "Task" and hasattr(value, "theta"):
            return ["task", [self(value.X, depth + 1),
                             self(value.y, depth + 1),
                             self(value.theta, depth + 1)]]
        sympy = sys.modules.get("sympy")
        if sympy and isinstance(value, (sympy.Basic, sympy.MatrixBase)):
            if kind is sympy.Matrix:
                self.touchable.append(value)
            return ["sympy", expressions.encode(sympy, value)]
        if isinstance(value, (numbers.Real, Decimal)):  # Fraction, mpf
            return float(value)
        if callable(value) and self.functions is not None:
            self.functions[str(id(value))] = value
            return ["function", str(id(value)),
                    str(getattr(value, "__name__", "function"))]
        if isinstance(value, (array, memoryview)) or hasattr(
                value, "__array__"):  # what NumPy takes for an array
            return self._array(np.asarray(value), depth)
        raise WireError(f"a value of type {kind.__module__}."
                        f"{kind.__qualname__} cannot be checked; use numbers, "
                        "plain NumPy arrays, lists, tuples or dicts")

    def _array(self, value, depth):
        if isinstance(value, np.ma.MaskedArray):
            raise WireError("a masked array cannot be checked; fill it")
        value = np.asarray(value)  # a matrix, say
        if value.dtype.kind in "biufcUS":
            self.touchable.append(value)
            return ["array", _array_data(value), value.flags.writeable]
        if value.dtype.kind == "O":
            return ["objects", list(value.shape),
                    [self(item, depth + 1) for item in value.ravel()]]
        raise WireError(f"an array of dtype {value.dtype} cannot be checked")


class Answer(Encoder):
    """Turns what a student's code returned into JSON.

    Numbers of SymPy's arrive as Python's, and an array of them as NumPy's,
    so that no check can refuse a right number for its type.
    """

    def __call__(self, value, depth=0):
        if sympy := sys.modules.get("sympy"):
            if isinstance(value, sympy.Integer):
                value = int(value)
            elif isinstance(value, sympy.Float):
                value = float(value)
        return super().__call__(value, depth)

    def _array(self, value, depth):
        value = np.asarray(value) if value.dtype.kind == "O" else value
        if value.dtype.kind == "O" and value.size:
            for kind, into in ((numbers.Real, float),
                               (numbers.Complex, complex)):
                if all(isinstance(item, kind) for item in value.flat):
                    value = value.astype(into)
                    break
        return super()._array(value, depth)


class Decoder:
    """Builds values from JSON; ``function(key, name)`` makes a proxy."""

    def __init__(self, function=None):
        self.function = function
        self.touchable = []

    def __call__(self, code):
        if type(code) in PLAIN:
            return code
        tag, *rest = code
        if tag not in TAGS:
            raise WireError("not a value that can be checked")
        return getattr(self, "_" + tag)(*rest)

    def _many(self, items):
        return [self(item) for item in items]

    def _tuple(self, items):
        return tuple(self._many(items))

    def _list(self, items):
        items = self._many(items)
        self.touchable.append(items)
        return items

    def _set(self, items):
        return set(self._many(_few(items)))

    def _frozenset(self, items):
        return frozenset(self._many(_few(items)))

    def _dict(self, items):
        return {self(key): self(value) for key, value in _few(items)}

    def _complex(self, real, imag):
        return complex(real, imag)

    def _bytes(self, text):
        return base64.b64decode(text)

    def _slice(self, ends):
        return slice(*ends)

    def _range(self, ends):
        return range(*ends)

    def _scalar(self, data):
        return _array_from(data)[()]

    def _array(self, data, writeable):
        array = _array_from(data)
        array.flags.writeable = bool(writeable)
        self.touchable.append(array)
        return array

    def _objects(self, shape, items):
        array = np.empty(len(items), dtype=object)
        array[:] = self._many(items)
        return array.reshape([int(k) for k in shape])

    def _rng(self, state):
        rng = np.random.default_rng(0)
        _set_state(rng, state)
        self.touchable.append(rng)
        return rng

    def _task(self, parts):
        from lttutor.tasks import Task

        return Task(*self._many(parts))

    def _sympy(self, code):
        import sympy

        value = expressions.decode(sympy, code, [0])
        if type(value) is sympy.Matrix:
            self.touchable.append(value)
        return value

    def _function(self, key, name):
        if self.function is None:
            raise WireError("a function cannot be used here")
        return self.function(str(key), str(name))


def _few(items):
    """Keys may be chosen so that each collides with all that are there."""
    if len(items) > MOST:
        raise WireError(f"more than {MOST} elements cannot be checked")
    return items


def snapshot(values):
    """What each touchable value holds now, to tell later what changed."""
    return [_content(value) for value in values]


def _content(value):
    if isinstance(value, np.ndarray):
        return _array_data(value)
    if isinstance(value, np.random.Generator):
        return _state(value)
    return Encoder({})(value)


def changes(values, before):
    """Position and new content of every value that was changed in place."""
    return [[i, now] for i, (now, was)
            in enumerate(zip(snapshot(values), before)) if now != was]


def apply(values, changed):
    """Repeat on our own values the in-place changes of the other side."""
    for index, now in changed:
        value = values[index]
        if isinstance(value, np.ndarray):
            if value.flags.writeable:
                np.copyto(value, _array_from(now))
        elif isinstance(value, np.random.Generator):
            _set_state(value, now)
        elif isinstance(value, list):
            value[:] = Decoder()(now)
        else:
            value[:, :] = Decoder()(now)


def _array_data(array):
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return [array.dtype.str, list(array.shape), data]


def _array_from(code):
    dtype, shape, data = code
    dtype = np.dtype(str(dtype))
    if dtype.kind not in "biufcUS" or dtype.hasobject:
        raise WireError("not a plain array")
    array = np.frombuffer(base64.b64decode(data), dtype=dtype)
    return array.reshape([int(k) for k in shape]).copy()


def _state(rng):
    bits = rng.bit_generator
    if type(bits) is not np.random.PCG64:
        raise WireError("use numpy.random.default_rng")
    state = bits.state
    return [state["state"]["state"], state["state"]["inc"],
            state["has_uint32"], state["uinteger"]]


def _set_state(rng, code):
    state, inc, has, spare = (int(k) for k in code)
    rng.bit_generator.state = {
        "bit_generator": "PCG64", "state": {"state": state, "inc": inc},
        "has_uint32": has, "uinteger": spare}


def send(sock, message):
    """Write one frame."""
    data = json.dumps(message).encode()
    if len(data) > LARGEST:
        raise WireError(f"a value of {len(data) / 2**20:.0f} MB is too large")
    sock.sendall(struct.pack(">Q", len(data)) + data)


def receive(sock, deadline=None):
    """Read one frame; TimeoutError after the deadline, EOFError at an end."""
    (size,) = struct.unpack(">Q", _exactly(sock, 8, deadline))
    if size > LARGEST:
        raise WireError("the answer is too large")
    try:
        return json.loads(_exactly(sock, size, deadline))
    except (ValueError, RecursionError) as error:
        raise WireError("the answer could not be read") from error


def _exactly(sock, size, deadline):
    parts = bytearray()
    while len(parts) < size:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            sock.settimeout(left)
        part = sock.recv(min(size - len(parts), 2**20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
