"""The machine in SymPy: for proofs, not for numbers.

Two levels.  At given sizes every entry of the prompt is its own symbol, and
``expand`` decides whether two results are equal.  With symbolic n and d the
prompt is a 2 × 2 block matrix whose blocks are matrix symbols, and one
computation is a proof for every size at once.
"""

from collections.abc import Sequence
from typing import Any

import sympy as sp

from lttutor.validation import as_array, as_count


def symbolic_prompt(n: int, d: int) -> tuple:
    """The prompt Z = [[X, y], [qᵀ, α]], every entry a real symbol.

    Parameters
    ----------
    n, d : int
        Number of examples and of features, both at least 1.

    Returns
    -------
    Z, X, y, q, alpha : sympy.Matrix and sympy.Symbol
        Z ``(n + 1, d + 1)``, X ``(n, d)``, y ``(n, 1)``, q ``(d, 1)`` are
        SymPy matrices, alpha a symbol.  Entries of X are x11, x12, …, or
        x1_1, x1_2, … where n or d has two digits.

    Raises
    ------
    TypeError, ValueError
        If n or d is not such an integer.

    Examples
    --------
    >>> symbolic_prompt(2, 1)[0]
    Matrix([
    [x11,    y1],
    [x21,    y2],
    [ q1, alpha]])
    """
    n, d = as_count("n", n, least=1), as_count("d", d, least=1)
    between = "_" if max(n, d) > 9 else ""  # else x111 could be two entries
    X = sp.Matrix(n, d, lambda i, j: sp.Symbol(
        f"x{i + 1}{between}{j + 1}", real=True))
    y = sp.Matrix(n, 1, lambda i, _: sp.Symbol(f"y{i + 1}", real=True))
    q = sp.Matrix(d, 1, lambda j, _: sp.Symbol(f"q{j + 1}", real=True))
    alpha = sp.Symbol("alpha", real=True)
    Z = sp.Matrix.vstack(
        sp.Matrix.hstack(X, y), sp.Matrix.hstack(q.T, sp.Matrix([[alpha]]))
    )
    return Z, X, y, q, alpha


def symbolic_attention(
    Z: sp.Matrix, Q: sp.Matrix, P: sp.Matrix, mask: sp.Matrix,
) -> sp.Matrix:
    """(M ∘ (Z Q Zᵀ)) Z P, entry by entry and expanded.

    ``Q``, ``P`` and ``mask`` may be NumPy arrays of whole numbers.

    Examples
    --------
    >>> import numpy as np
    >>> Z = symbolic_prompt(1, 1)[0]
    >>> mask, P = np.array([[0, 0], [1, 0]]), np.diag([1, 0])
    >>> symbolic_attention(Z, np.eye(2), P, mask)
    Matrix([
    [                       0, 0],
    [alpha*x11*y1 + q1*x11**2, 0]])
    """
    rows, columns = Z.shape
    Q, P = _exact("Q", Q, columns), _exact("P", P, columns)
    mask = _exact("mask", mask, rows)
    scores = Z * Q * Z.T
    return (mask.multiply_elementwise(scores) * Z * P).expand()


def symbolic_loop(
    Z: sp.Matrix, steps: Sequence, Q: sp.Matrix, P: sp.Matrix, mask: sp.Matrix,
) -> list[sp.Matrix]:
    """Every state of Z(t) = Z(t-1) - η(t-1) · Attn(Z(t-1)), expanded.

    ``steps`` holds T symbols or numbers.  Returns a list of T + 1 matrices.

    Examples
    --------
    >>> import numpy as np
    >>> eta, Z = sp.Symbol("eta"), symbolic_prompt(1, 1)[0]
    >>> states = symbolic_loop(Z, [eta], np.eye(2), np.diag([1, 0]),
    ...                        np.array([[0, 0], [1, 0]]))
    >>> states[1][1, 0]
    -alpha*eta*x11*y1 - eta*q1*x11**2 + q1
    """
    states = [Z]
    for eta in steps:
        layer = symbolic_attention(states[-1], Q, P, mask)
        states.append((states[-1] - eta * layer).expand())
    return states


def block_prompt() -> tuple:
    """The prompt as blocks [[X, y], [qᵀ, α]] of symbolic sizes n and d.

    Returns
    -------
    Z, X, y, q, alpha : list and sympy.MatrixSymbol
        Z is a list of two rows of two blocks.  X ``(n, d)``, y ``(n, 1)``
        and q ``(d, 1)`` are matrix symbols, alpha a scalar symbol.

    Examples
    --------
    >>> Z, X, y, q, alpha = block_prompt()
    >>> [[block.shape for block in row] for row in Z]
    [[(n, d), (n, 1)], [(1, d), (1, 1)]]
    """
    n, d = sp.symbols("n d", integer=True, positive=True)
    X, y = sp.MatrixSymbol("X", n, d), sp.MatrixSymbol("y", n, 1)
    q, alpha = sp.MatrixSymbol("q", d, 1), sp.Symbol("alpha", real=True)
    return [[X, y], [q.T, alpha * sp.Identity(1)]], X, y, q, alpha


def block_weights(features: Any, label: Any) -> list:
    """The (d+1) × (d+1) weight diag(features · I_d, label) in blocks.

    Examples
    --------
    >>> block_weights(1, 0)
    [[I, 0], [0, 0]]
    """
    d = sp.Symbol("d", integer=True, positive=True)
    return [
        [features * sp.Identity(d), sp.ZeroMatrix(d, 1)],
        [sp.ZeroMatrix(1, d), (label * sp.Identity(1)).doit()],
    ]


def block_attention(Z: list, Q: list, P: list, mask: list) -> list:
    """(M ∘ (Z Q Zᵀ)) Z P in blocks.

    ``mask`` is 2 × 2: entry 1 keeps a whole block of scores, 0 deletes it.
    This is exact for every mask that is constant on each of the four blocks
    (examples or last row, reading examples or last row).

    Raises
    ------
    ValueError
        If an argument is not two rows of two, or an entry of the mask is
        neither 0 nor 1.

    Examples
    --------
    >>> Z = block_prompt()[0]
    >>> layer = block_attention(Z, block_weights(1, 1), block_weights(1, 0),
    ...                         [[0, 0], [1, 0]])
    >>> layer[1][0]
    alpha*y.T*X + q.T*X.T*X
    """
    _check_blocks(Z=Z, Q=Q, P=P, mask=mask)
    if any(keep not in (0, 1) for row in mask for keep in row):
        raise ValueError(f"mask: expected entries 0 or 1, got {mask!r}")
    transposed = [[Z[j][i].T for j in range(2)] for i in range(2)]
    scores = block_product(block_product(Z, Q), transposed)
    reads = [
        [block if keep else sp.ZeroMatrix(*block.shape)
         for block, keep in zip(*rows)]
        for rows in zip(scores, mask)
    ]
    return block_product(block_product(reads, Z), P)


def block_loop_once(Z: list, eta: Any, Q: list, P: list, mask: list) -> list:
    """One loop, Z - η · Attn(Z), in blocks.

    Examples
    --------
    >>> Z, X, y, q, alpha = block_prompt()
    >>> after = block_loop_once(Z, sp.Symbol("eta"), block_weights(1, 1),
    ...                         block_weights(1, 0), [[0, 0], [1, 0]])
    >>> after[0] == [X, y]
    True
    """
    layer = block_attention(Z, Q, P, mask)
    return [
        [_tidy(Z[i][j] - eta * layer[i][j]) for j in range(2)]
        for i in range(2)
    ]


def block_product(A: list, B: list) -> list:
    """The product of two 2 × 2 block matrices, each block expanded.

    Examples
    --------
    >>> Z, X, y, q, alpha = block_prompt()
    >>> block_product(Z, block_weights(1, 0))[0]
    [X, 0]
    """
    _check_blocks(A=A, B=B)
    return [
        [_tidy(A[i][0] * B[0][j] + A[i][1] * B[1][j]) for j in range(2)]
        for i in range(2)
    ]


def _check_blocks(**arguments):
    for name, blocks in arguments.items():
        try:
            fits = [len(row) for row in blocks] == [2, 2]
        except TypeError:
            fits = False
        if not fits:
            raise ValueError(
                f"{name}: expected two rows of two blocks, got {blocks!r}")


def _tidy(block):
    block = sp.expand(block.doit(), deep=True)
    # SymPy leaves (alpha I)² as it is; the last row's own score has one.
    return block.replace(_is_scalar_power, _scalar_power).doit()


def _is_scalar_power(block):
    return isinstance(block, sp.MatPow) and isinstance(
        block.base, sp.MatMul
    ) and block.base.as_coeff_matrices()[1] == [sp.Identity(1)]


def _scalar_power(block):
    return block.base.as_coeff_matrices()[0] ** block.exp * sp.Identity(1)


def _exact(name, matrix, size):
    """A SymPy matrix of exact numbers from one, or from an array."""
    if not isinstance(matrix, sp.MatrixBase):
        matrix = as_array(name, matrix, shape=(size, size)).tolist()
    return sp.Matrix(matrix).applyfunc(sp.nsimplify)
