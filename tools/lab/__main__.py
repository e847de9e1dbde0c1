"""`make lab`: JupyterLab on the chapters, with all their numbers filled in.

You work on copies of the notebooks that the site offers, in the folder
``work``.  A copy that you changed stays as it is for good: only copies nobody
touched follow the book.  To write on the book itself, open the text files in
``notebooks``: a click opens them as notebooks, because of the settings in
``tools/lab``.
"""

import hashlib
import json
import os
import sys

from tools.book import chapters, state
from tools.book.chapters import ROOT

WORK = ROOT / "work"
MADE = WORK / ".made.json"  # fingerprints of the copies, as we wrote them


def fingerprint(data):
    return hashlib.sha256(data).hexdigest()


def refresh():
    """Bring untouched copies up to date; name those left as they were."""
    WORK.mkdir(exist_ok=True)
    made = state.read(MADE)
    kept = []
    for page in chapters.chapters():
        offered = chapters.download(page)
        if not offered.exists():
            continue
        copy = WORK / offered.name
        data = offered.read_bytes()
        offer = fingerprint(data)
        # One that is the book's is untouched, whatever is known of it.
        if copy.exists() and fingerprint(copy.read_bytes()) not in (
                offer, made.get(copy.name)):
            kept.append(copy.name)
            continue
        copy.write_bytes(data)
        made[copy.name] = offer
    state.write(MADE, json.dumps(made, indent=1, sort_keys=True))
    return kept


def main():
    kept = refresh()
    if kept:
        print("Your own versions stay as they are: " + ", ".join(kept))
    paths = [str(ROOT / "tools" / "lab")]
    if os.environ.get("JUPYTER_CONFIG_PATH"):
        paths.append(os.environ["JUPYTER_CONFIG_PATH"])
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(paths)
    os.execv(sys.executable, [
        sys.executable, "-m", "jupyterlab",
        f"--ServerApp.root_dir={ROOT}",
        "--LabApp.default_url=/lab/tree/work",
        *sys.argv[1:],
    ])


if __name__ == "__main__":
    main()
