"""``make formgrade OUT=dir``: grade the written answers in a browser."""

import getpass
import os
import sys
from pathlib import Path


def main(argv=None):
    (out,) = argv or sys.argv[1:]
    if not out:
        raise SystemExit("say: make formgrade OUT=folder")
    if reason := obstacle(Path(out)):
        raise SystemExit(reason)
    os.chdir(out)
    os.execv(sys.executable, [
        sys.executable, "-m", "jupyterlab",
        "--LabApp.default_url=/formgrader/gradebook"])


def obstacle(out):
    """Why Formgrader would not work here, and what to do; empty if it will."""
    if not (out / "gradebook.db").is_file():
        return (f"{out}: no gradebook here; say: make grade OUT={out} "
                "SUBMISSIONS=folder")
    if os.getuid() == 0:
        closed = _closed(sys.base_prefix) or _closed(sys.prefix)
        return (
            "Jupyter does not run as root. Give the folder to another user "
            f"(chown -R ada {out}) and say make formgrade as that user" + bool(
                closed) * (", in a copy of the repository of their own, because "
                           f"no other user can read {closed}, where this "
                           "Python lives") + ".")
    for path in (out, out / "gradebook.db"):
        if not os.access(path, os.R_OK | os.W_OK):
            return (f"{path} belongs to {path.owner()}, and Formgrader writes "
                    "your points there; say: sudo chown -R "
                    f"{getpass.getuser()} {out}")
    return ""


def _closed(path):
    """The first folder on the way that other users cannot enter."""
    path = Path(path).resolve()
    return next((str(folder) for folder in (*reversed(path.parents), path)
                 if not folder.stat().st_mode & 0o001), "")


if __name__ == "__main__":
    sys.exit(main())
