# The helpers of the checks: `ask` calls your function, `compare` looks at
# what it returned.
def ask(function, *arguments, shapes="", singular=""):
    """Call your function, which must leave its arguments alone."""
    given = [a.copy() if isinstance(a, (np.ndarray, sp.MatrixBase, list))
             else a for a in arguments]
    try:
        value = function(*given)
    except ValueError as error:  # NumPy's LinAlgError is one, too
        hint = singular if type(error).__name__ == "LinAlgError" else shapes
        error.args = (f"{str(error).rstrip('.')}. {hint}".strip(),)
        raise
    for number, (before, after) in enumerate(zip(arguments, given), 1):
        same = (np.array_equal(before, after)
                if isinstance(before, np.ndarray) else before == after)
        assert same, (
            f"your function changes its argument number {number}: "
            "compute with a copy, the caller still needs the original")
    assert value is not None, (
        "your function returns None: is a return statement missing?")
    return value


def fingerprint(value):
    """One number that tells results apart: a weighted sum of entries."""
    value = np.ravel(np.asarray(value, dtype=float))
    with np.errstate(all="ignore"):
        return float(value @ np.sqrt(np.arange(1.0, value.size + 1)))


def compare(got, want, mistakes=None, where="here", rtol=1e-7):
    """Pass if equal; else name the mistake with the same fingerprint.

    An entry may be off by `rtol` times the largest entry of `want`.
    `mistakes` maps a message to what that mistake returns, or to the
    fingerprint of it.
    """
    try:
        assert not np.iscomplexobj(got), (
            f"{where}: the result is complex, expected real numbers")
        got = np.asarray(got, dtype=float)
    except (TypeError, ValueError):
        raise AssertionError(
            f"{where}: expected real numbers, got a value of type "
            f"{type(got).__name__}") from None
    want = np.asarray(want, dtype=float)
    allowed = rtol * np.abs(want).max(initial=0) + 1e-13
    if got.shape == want.shape and (np.abs(got - want) <= allowed).all():
        return
    mark = fingerprint(got)
    for message, mistake in (mistakes or {}).items():
        other = fingerprint(mistake)
        assert not got.size or not (
            abs(mark - other) <= max(rtol, 1e-6) * abs(other) + 1e-13), (
            message)
    assert got.shape == want.shape, (
        f"{where}: the result has shape {got.shape}, expected {want.shape}")
    assert np.isfinite(got).all(), (
        f"{where}: the result holds NaN or infinity")
    first = tuple(map(int, np.argwhere(np.abs(got - want) > allowed)[0]))
    expected, found = f"{want[first]:.6g}", f"{got[first]:.6g}"
    if expected == found:
        expected, found = f"{want[first]:.12g}", f"{got[first]:.12g}"
    raise AssertionError(
        f"{where}: expected {expected}, got {found}"
        + (f" at index {first}" if first else "")
        + (f", and {allowed:.1g} is the largest error allowed"
           if abs(got[first] - want[first]) < 1e3 * allowed else ""))
