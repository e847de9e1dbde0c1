"""`make lab`: JupyterLab on the chapters, which open as notebooks.

The file names begin with the chapters' numbers, so the file browser lists
them in reading order.  A click opens a text file as a notebook, because of
the settings in ``tools/lab``; your own settings stay as they are.
"""

import os
import sys

from tools.book.chapters import ROOT


def main():
    paths = [str(ROOT / "tools" / "lab")]
    if os.environ.get("JUPYTER_CONFIG_PATH"):
        paths.append(os.environ["JUPYTER_CONFIG_PATH"])
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(paths)
    os.execv(sys.executable, [
        sys.executable, "-m", "jupyterlab",
        f"--ServerApp.root_dir={ROOT}",
        "--LabApp.default_url=/lab/tree/notebooks",
        *sys.argv[1:],
    ])


if __name__ == "__main__":
    main()
