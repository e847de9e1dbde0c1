"""SymPy expressions as JSON and back, from SymPy's own heads.

Functions arrive as they were, not evaluated: nothing is computed here.
"""

import contextlib
import re

SINGLES = {"Zero", "One", "NegativeOne", "Half", "Pi", "Exp1", "NaN",
           "ImaginaryUnit", "Infinity", "NegativeInfinity",
           "ComplexInfinity", "BooleanTrue", "BooleanFalse", "EulerGamma",
           "GoldenRatio", "Catalan", "EmptySet"}
HEADS = {"Add", "Mul", "Pow", "Max", "Min", "Mod", "Tuple", "FiniteSet",
         "Equality", "Unequality", "StrictLessThan", "LessThan",
         "StrictGreaterThan", "GreaterThan", "And", "Or", "Not", "ITE",
         "MatAdd", "MatMul", "MatPow", "Transpose", "Inverse", "Identity",
         "ZeroMatrix", "BlockMatrix", "Trace", "Determinant", "Poly",
         "ExprCondPair", "Derivative", "Integral", "Sum", "Product"}
NAME = re.compile(r"[\w{}^\\ ,*'-]{1,80}")  # x_1, \lambda, theta^*
DEEPEST = 240  # expressions within expressions


class WireError(Exception):
    """A value that cannot cross, or a frame that makes no sense."""


def encode(sympy, value, depth=0):
    if depth > DEEPEST:
        raise WireError("the expression is nested too deeply")
    if isinstance(value, sympy.MatrixBase):
        kind = ("ImmutableMatrix" if isinstance(value, sympy.ImmutableMatrix)
                else "Matrix")
        return [kind, value.rows, value.cols,
                [encode(sympy, v, depth + 1) for v in value]]
    name = type(value).__name__
    if name in SINGLES:
        return ["single", name]
    if isinstance(value, sympy.Rational):
        return ["Rational", int(value.p), int(value.q)]
    if isinstance(value, sympy.Float):
        return ["Float", [int(k) for k in value._mpf_], value._prec]
    if type(value) in (sympy.Symbol, sympy.Dummy):
        assumptions = {key: known for key, known in value.assumptions0.items()
                       if known is not None}
        index = value.dummy_index if name == "Dummy" else None
        return ["Symbol", value.name, index, assumptions]
    if isinstance(value, sympy.MatrixSymbol):
        return ["MatrixSymbol", str(value.name),
                [encode(sympy, v, depth + 1) for v in value.shape]]
    if _head(sympy, name) is type(value):
        return ["apply", name,
                [encode(sympy, v, depth + 1) for v in value.args]]
    raise WireError(f"a SymPy expression with {name} cannot be checked")


def decode(sympy, code, count):
    count[0] += 1
    if count[0] > 50_000:
        raise WireError("the expression is too large")
    tag, *rest = code

    def many(items):
        return [decode(sympy, item, count) for item in items]

    if tag in ("Matrix", "ImmutableMatrix"):
        rows, cols, items = rest
        return getattr(sympy, tag)(int(rows), int(cols), many(items))
    if tag == "single" and rest[0] in SINGLES:
        return _singles(sympy)[rest[0]]
    if tag == "Rational":
        return sympy.Rational(int(rest[0]), int(rest[1]))
    if tag == "Float":
        return sympy.Float(tuple(int(k) for k in rest[0]),
                           precision=max(1, min(int(rest[1]), 1000)))
    if tag == "Symbol":
        name, index, assumptions = rest
        if not NAME.fullmatch(str(name)):
            raise WireError("a symbol with such a name cannot be checked")
        known = {str(k): bool(v) for k, v in assumptions.items()}
        if index is None:
            return sympy.Symbol(str(name), **known)
        return sympy.Dummy(str(name), dummy_index=int(index), **known)
    if tag == "MatrixSymbol":
        return sympy.MatrixSymbol(str(rest[0]), *many(rest[1]))
    if tag == "apply" and (head := _head(sympy, str(rest[0]))):
        args = many(rest[1])
        if head is sympy.Pow:
            _refuse_huge_power(*args)
        if issubclass(head, sympy.Function):
            with contextlib.suppress(TypeError):
                return head(*args, evaluate=False)
        return head(*args)
    raise WireError("not a SymPy expression that can be checked")


def _head(sympy, name):
    """The class of this name if it is one that builds expressions: those of
    the list, and the functions of SymPy's own that are given by name."""
    if name == "ExprCondPair":
        return sympy.functions.elementary.piecewise.ExprCondPair
    head = getattr(sympy, name, None)
    known = isinstance(head, type) and (name in HEADS or (
        issubclass(head, sympy.Function)
        and head.__module__.startswith("sympy.functions.")))
    return head if known else None


def _refuse_huge_power(base, exponent):
    if base.is_Rational and exponent.is_Rational:
        bits = int(max(abs(base.p), base.q)).bit_length()
        if bits * abs(exponent) > 100_000:
            raise WireError("a number in the expression is too large")


def _singles(sympy):
    S = sympy.S
    return {type(v).__name__: v for v in (
        S.Zero, S.One, S.NegativeOne, S.Half, S.Pi, S.Exp1, S.NaN,
        S.ImaginaryUnit, S.Infinity, S.NegativeInfinity, S.ComplexInfinity,
        S.EulerGamma, S.GoldenRatio, S.Catalan, S.EmptySet, S.true,
        S.false)}


@contextlib.contextmanager
def no_text():
    """SymPy turns text into an expression by running it as Python.

    Within this context it refuses, so that a test may say ``sympify`` of
    whatever a student's function returned.
    """
    from unittest import mock  # which a student's process need not load

    def refuse(*_):
        raise TypeError("expected a SymPy expression, got text")

    with mock.patch("sympy.parsing.sympy_parser.eval_expr", refuse):
        yield
