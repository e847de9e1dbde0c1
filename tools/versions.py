"""`make test-oldest`, `make test-newest`: do other versions do as well?

Runs the tests of the package and of the claims, and every chapter, with
whatever is installed beside this Python.  Nothing is kept.
"""

import importlib.metadata
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tools.book import chapters, execute, lifeline

SHOWN = ("numpy", "scipy", "sympy", "matplotlib", "joblib", "tqdm",
         "scikit-learn", "distributed")


def main():
    lifeline.end_on_signals("Nothing is kept.")
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
    texts = map(chapters.read, pages)  # here, not in a thread
    with ThreadPoolExecutor(execute.WORKERS) as pool:
        failures = list(filter(None, pool.map(execute.outcome, pages, texts)))
    print(f"{len(pages) - len(failures)} of {len(pages)} pages run as they "
          "should", *failures, sep="\n")
    return 1 if failures or tests.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
