"""`make test-oldest`, `make test-newest`: do other versions do as well?

Runs the tests of the package and of the claims, and every chapter, with
whatever is installed beside this Python.  Nothing is kept.
"""

import importlib.metadata
import multiprocessing
import platform
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

from tools.book import chapters, execute

SHOWN = ("numpy", "scipy", "sympy", "matplotlib", "joblib", "tqdm",
         "scikit-learn", "distributed")


def outcome(page):
    """None if the page runs without error or warning, or why not."""
    execute.prepare_kernels()
    try:
        execute.run(page)
    except execute.PageFailed as failure:
        return str(failure)
    return None


def main():
    print(f"Python {platform.python_version()};", ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in SHOWN),
        flush=True)
    execute.prepare_kernels()
    import matplotlib.font_manager  # noqa: F401 (this version's font cache)
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", str(execute.WORKERS),
         "--dist", "loadfile", "--doctest-modules", "-p", "no:cacheprovider",
         "lttutor", "tests/lttutor", "tests/claims"],
        cwd=chapters.ROOT, check=False)
    pages = chapters.code_pages()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(execute.WORKERS, mp_context=context) as pool:
        failures = [why for why in pool.map(outcome, pages) if why]
    print(f"{len(pages) - len(failures)} of {len(pages)} pages run as they "
          "should", *failures, sep="\n")
    return 1 if failures or tests.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
