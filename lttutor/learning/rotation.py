"""How the loss bends where the trained matrix may rotate (chapter 34)."""

from math import comb

from lttutor.learning.wishart import trace_products
from lttutor.validation import as_count


def skew_curvature(n, d, loops, a):
    """The number c in ℓ(aI + εK) = ℓ(aI) + c ‖K‖² ε² + O(ε⁴), exactly.

    ℓ is the population loss for Σ = I, and c is the same for every skew K.
    With M = I - aW and ⟨F, H⟩ = tr F tr H - tr FH,

        d (d - 1) c = Σ_s (T - |T-1-s|) E⟨W² Mˢ, M^{2T-2-s}⟩
                      - 2 Σ_j (T-1-j) E⟨W Mʲ, W M^{2T-2-j}⟩,

    s from 0 to 2T - 2 and j from 0 to T - 2.

    Parameters
    ----------
    n, d : Fraction, or elements of a SymPy field
        Examples, and features (at least 2).  Fractions give an exact
        result; floats would cancel to noise.
    loops : int
        T, at least 1.
    a : of the same kind
        The scale of the identity.

    Returns
    -------
    of the same kind
        Negative if a small rotation lowers the loss.

    Examples
    --------
    >>> from fractions import Fraction as F
    >>> skew_curvature(F(7), F(3), 1, F(1, 2))  # 1 + (d + 1) / n
    Fraction(11, 7)
    """
    T = as_count("loops", loops, least=1)
    mean = trace_products(n, d)

    def product(p, s, q, u):
        """E⟨Wᵖ Mˢ, W^q Mᵘ⟩, expanded in powers of W = S/n."""
        return sum(
            comb(s, i) * comb(u, j) * (-a) ** (i + j)
            * (mean(p + i, q + j) - mean(p + i + q + j))
            / n ** (p + i + q + j)
            for i in range(s + 1) for j in range(u + 1))

    D = 2 * T - 2
    total = sum((T - abs(T - 1 - s)) * product(2, s, 0, D - s)
                for s in range(D + 1))
    total -= 2 * sum((T - 1 - j) * product(1, j, 1, D - j)
                     for j in range(T - 1))
    return total / (d * (d - 1))
