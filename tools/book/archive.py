"""The package as a wheel, and archives to take along: notebooks, site.

    python -m tools.book.archive    # the site in one file, in _build
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tools.book import changes, chapters, state, travel
from tools.book.chapters import BUILD, HTML, ROOT

NOTEBOOKS = "learning-in-the-loop-notebooks.zip"
SITE = BUILD / "learning-in-the-loop-site.zip"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # equal contents give equal archives


def write(site):
    """Put the wheel and the archive of all notebooks into the site."""
    package = wheel()
    shutil.copyfile(package, site / package.name)
    files = {package.name: package}
    for page in chapters.chapters():
        path = chapters.download(page, site)
        if path.exists():
            files[path.name] = path
    zipped(site / NOTEBOOKS, files)


def wheel():
    """The package's wheel, built if the package changed since."""
    folder = BUILD / "wheel"
    path, stamp = folder / travel.wheel_name(), folder / "made-of"
    now = changes.fingerprint("lttutor/**/*.py", "pyproject.toml", "LICENSE")
    if (zipfile.is_zipfile(path) and stamp.exists()
            and stamp.read_text() == now):
        return path
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as away:
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, away)
        shutil.copytree(ROOT / "lttutor", Path(away) / "lttutor",
                        ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps",
             "--disable-pip-version-check", "--no-build-isolation",
             "--wheel-dir", str(folder), away],
            check=True, env={**os.environ, "SOURCE_DATE_EPOCH": "315532800"},
        )
    state.write(stamp, now)
    return path


def zipped(target, files):
    """Write ``files``, ``{name: path or bytes}``, into an archive.

    A file ``mimetype`` comes first and as it is: it says what the rest is.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files, key=lambda name: (name != "mimetype", name)):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type = (zipfile.ZIP_STORED if name == "mimetype"
                                   else zipfile.ZIP_DEFLATED)
            entry.external_attr = 0o644 << 16
            data = files[name]
            archive.writestr(
                entry, data if isinstance(data, bytes) else data.read_bytes())


def main():
    zipped(SITE, {
        path.relative_to(HTML).as_posix(): path
        for path in HTML.rglob("*") if path.is_file()
    })
    print(f"{SITE.relative_to(ROOT)}: open index.html in it")


if __name__ == "__main__":
    main()
