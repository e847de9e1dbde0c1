"""`make test`: all tests, on two workers.

The build that comes before has run the evidence for the claims.  One run of
pytest covers the rest: the package and its doctests, the built pages, the
pages in a browser, and (strictly, output by output) the notebooks that
readers download.
"""

import os
import subprocess
import sys

from tools.book.chapters import HTML, ROOT
from tools.book.execute import TIMEOUT, WORKERS, prepare_kernels


def main():
    prepare_kernels()
    command = [
        sys.executable, "-m", "pytest", "-q", "-n", str(WORKERS),
        "--dist", "loadfile", "--doctest-modules", "--nbval",
        f"--nbval-cell-timeout={TIMEOUT}",
        "--ignore=tests/claims", "tests", "lttutor", str((HTML / "_sources").relative_to(ROOT)),
        *sys.argv[1:],
    ]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
