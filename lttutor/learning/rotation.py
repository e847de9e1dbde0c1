"""How the loss bends where the trained matrix may rotate (chapter 34)."""

import numbers
from collections import Counter
from fractions import Fraction
from itertools import product
from math import comb
from typing import Any

from lttutor.learning.wishart import exact, trace_products
from lttutor.validation import as_count


def skew_curvature(n: Any, d: Any, loops: int, a: Any) -> Any:
    """The number c in ℓ(aI + εK) = ℓ(aI) + c ‖K‖² ε² + O(ε⁴), exactly.

    ℓ is the population loss for Σ = I, and c is the same for every skew K.
    With M = I - aW and ⟨F, H⟩ = tr F tr H - tr FH,

        d (d - 1) c = Σ_s (T - |T-1-s|) E⟨W² Mˢ, M^{2T-2-s}⟩
                      - 2 Σ_j (T-1-j) E⟨W Mʲ, W M^{2T-2-j}⟩,

    s from 0 to 2T - 2 and j from 0 to T - 2.

    Parameters
    ----------
    n, d : int, Fraction, or elements of a SymPy field
        Examples, and features (at least 2).
    loops : int
        T, at least 1.
    a : int, Fraction, or element of the field
        The scale of the identity.

    Returns
    -------
    Fraction, or element of the field
        Negative if a small rotation lowers the loss.

    Raises
    ------
    TypeError
        For floats: the terms would cancel to noise.
    ValueError
        For n <= 0, or d < 2, which has no rotation.

    Examples
    --------
    >>> skew_curvature(7, 3, 1, 0)  # 1 + (d + 1) / n
    Fraction(11, 7)
    """
    T = as_count("loops", loops, least=1)
    n, d, a = (_fraction(*pair) for pair in (("n", n), ("d", d), ("a", a)))
    if isinstance(d, Fraction) and d < 2:
        raise ValueError(f"d: expected at least 2 features, got {d}")
    if isinstance(n, Fraction) and n <= 0:
        raise ValueError(f"n: expected a positive number, got {n}")
    # ⟨WᵖMˢ, W^qMᵘ⟩ is a sum over i ≤ s, j ≤ u of ⟨Wᵖ⁺ⁱ, W^{q+j}⟩ with the
    # factors (s over i)(u over j)(-a)ⁱ⁺ʲ; collect them by the two powers.
    D = 2 * T - 2
    counts: Counter[tuple[int, int]] = Counter()
    terms = [(T - abs(T - 1 - s), 2, s, 0) for s in range(D + 1)]
    terms += [(-2 * (T - 1 - j), 1, j, 1) for j in range(T - 1)]
    for factor, p, s, q in terms:
        for i, j in product(range(s + 1), range(D - s + 1)):
            counts[p + i, q + j] += factor * comb(s, i) * comb(D - s, j)
    mean = trace_products(n, d)
    total = sum(
        count * (mean(p, q) - mean(p + q)) * (-a) ** (p + q - 2) / n ** (p + q)
        for (p, q), count in counts.items())
    return total / (d * (d - 1))


def _fraction(name, value):
    value = exact(name, value)
    return Fraction(value) if isinstance(value, numbers.Rational) else value
