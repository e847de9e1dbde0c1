"""Exact trace moments of a Wishart matrix, as sums over zonal polynomials.

Zonal polynomials Z_λ, one for each partition λ of k, are the symmetric
polynomials whose mean over S = XᵀX, with Gaussian X (n × d), is a product:

    E Z_λ(S) = ∏ (n + c)(d + c)  over the cells (i, j) of λ, c = 2j - i,

rows i and columns j from 0.  They are Jack polynomials with parameter 2, and
so tr Sᵏ = 2k Σ_λ θ_λ Z_λ / h_λ, where θ_λ is the product of c over all cells
but the first, and h_λ that of (2a + l + 1)(2a + l + 2), a cells to the right
and l below (Macdonald, *Symmetric Functions*, VI.10 and VII.2).  Cell (2, 1)
has c = 0.  Only partitions (a, b, 1, …, 1) are left, and their products
are those of a row of length a, one of length b, and a column.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import factorial


def zonal_moments(n: int, d: int, order: int) -> list[int]:
    """E tr Sᵏ, k = 0 … order; the arguments were checked.

    >>> zonal_moments(10, 3, 2)
    [3, 30, 420]
    """
    first = [Fraction(0), *(
        Fraction(2**a * factorial(a) * mean, factorial(2 * a + 1))
        for a, mean in enumerate(_means(n, d, range(0, 2 * order, 2))))]
    odd, second = -1, [Fraction(0)]
    for b, mean in enumerate(_means(n, d, range(-1, 2 * order - 1, 2))):
        second.append(Fraction(odd * mean, factorial(2 * b)))
        odd *= 2 * b + 1
    column = [Fraction(1), *(
        Fraction((-1)**c * mean, factorial(c)) for c, mean in enumerate(
            _means(n, d, range(-2, -order - 2, -1)), 1))]
    moments = [d]
    for k in range(1, order + 1):
        total = first[k] / (2 * k)  # the single row
        for c in range(k - 1):
            if not column[c]:
                break
            total += column[c] * sum(
                first[k - b - c] * second[b] * _left(k - b - c, b, c)
                for b in range(1, (k - c) // 2 + 1) if second[b])
        moments.append(int(2 * k * total))
    return moments


def _means(n: int, d: int, contents: range) -> Iterator[int]:
    """∏ (n + c)(d + c) over the first cells of a row or column, one by one."""
    product = 1
    for c in contents:
        product *= (n + c) * (d + c)
        yield product


def _left(a: int, b: int, c: int) -> Fraction:
    """What of 1/h_λ for λ = (a, b, 1ᶜ) is no product of three factors."""
    return Fraction(2 * (a - b) + 1, (2 * a + c) * (2 * a + c + 1)
                    * (2 * b + c - 1) * (2 * b + c))
