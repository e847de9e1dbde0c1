"""The student's zip: the notebook, a wheel without the answers, a how-to.

The wheel holds the modules of lttutor that the released cells import, and
what those modules need; the functions that a problem asks for live in other
modules.  The same stripped package is what a submission runs with when it
is graded.
"""

import ast
import base64
import contextlib
import functools
import hashlib
import os
import re
import subprocess
import time
import zipfile
from pathlib import Path

from course import ROOT
from course.sets.problems import modules

INIT = '''"""The part of lttutor that problem set {name} uses."""

import sys

__version__ = "{version}"


class _NotHere:
    """Says why the rest of lttutor cannot be imported.

    It stands first among the finders, so that no other installed copy of
    lttutor lends its modules to this one.
    """

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.startswith("lttutor.") and name not in {names!r}:
            raise ModuleNotFoundError(
                f"{{name}} is not part of the lttutor of this problem set: "
                "write the function yourself")


sys.meta_path.insert(0, _NotHere)


def __getattr__(name):
    raise AttributeError(
        f"lttutor.{{name}} is not part of the lttutor of this problem set: "
        "import what the notebook imports, and write the rest yourself")
'''

HOW_TO = """Problem set {name}
{line}

1. Make an environment with Python 3.11, 3.12 or 3.13 and install what the
   notebook needs (once for each problem set, because the lttutor differs):

       python -m venv env
       env/bin/pip install -r requirements.txt {wheel}

   On Windows: env\\Scripts\\pip instead of env/bin/pip.

2. Open the notebook: env/bin/jupyter lab {name}.ipynb

3. Write your answers where it says YOUR CODE HERE and YOUR ANSWER HERE.
   The check below each answer tells you about the likely mistakes; the
   grader runs these checks and more.  Do not delete, copy or rename cells;
   add cells of your own wherever you like.

4. Before you hand in: Kernel > Restart Kernel and Run All Cells.  It stops
   at the first problem that you left out; the grader does not.

5. Hand in the file {name}.ipynb, nothing else, where your instructor says.
   A problem that you left out costs its own points only.

The wheel holds only the part of lttutor that this problem set uses.  Where
a problem asks for a function that the book's lttutor has, write it: a
notebook that calls the book's function gets no points for it.
"""

METADATA = """Metadata-Version: 2.1
Name: lttutor
Version: {version}
Summary: The part of lttutor that problem set {name} uses
Requires-Dist: numpy
"""

WHEEL = """Wheel-Version: 1.0
Generator: course
Root-Is-Purelib: true
Tag: py3-none-any
"""


def needed(notebook, package):
    """The modules that a released notebook imports, and what they need."""
    wanted = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            wanted |= modules(cell.source)
    done = set()
    while wanted - done:
        name = (wanted - done).pop()
        done.add(name)
        path = _file(package, name)
        if path:
            wanted |= _needs(path.read_text())
            wanted |= {parent for parent, dot, _ in [name.rpartition(".")]
                       if dot}
    return sorted(name for name in done if _file(package, name))


def _file(package, name):
    """The file of a module or of a folder of modules; None if neither."""
    path = Path(package, *name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.exists():
            return file
    return None


def _needs(source):
    """Modules of the same package that a module imports."""
    found = modules(source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            found |= ({node.module} if node.module
                      else {alias.name for alias in node.names})
    return found


def strip(package, names, name, folder):
    """Write the part of the package that problem set ``name`` uses."""
    version = re.search(r'__version__ = "([^"]+)"',
                        (Path(package) / "__init__.py").read_text())[1]
    target = Path(folder) / "lttutor"
    target.mkdir(parents=True)
    version = f"{version}+{name}"
    (target / "__init__.py").write_text(INIT.format(
        name=name, version=version, names=[f"lttutor.{n}" for n in names]))
    for module in names:
        file = _file(package, module)
        copy = target / file.relative_to(package)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(file.read_text())
    return version


def wheel(folder, name, version, target):
    """Pack ``folder/lttutor`` as a wheel; the same bytes every time."""
    info = f"lttutor-{version}.dist-info"
    files = {path.relative_to(folder).as_posix(): path.read_text()
             for path in sorted((Path(folder) / "lttutor").rglob("*.py"))}
    files[f"{info}/METADATA"] = METADATA.format(version=version, name=name)
    files[f"{info}/WHEEL"] = WHEEL
    record = [f"{path},sha256={_digest(text)},{len(text.encode())}"
              for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    path = Path(target) / f"lttutor-{version}-py3-none-any.whl"
    pack(path, files)
    return path


def _digest(text):
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@functools.cache
def date():
    """When what is packed was last changed, for the dates in a zip: the day
    of the last commit, or today where there is none."""
    told = os.environ.get("SOURCE_DATE_EPOCH", "")
    with contextlib.suppress(OSError):
        told = told or subprocess.run(
            ["git", "log", "-1", "--format=%ct"], cwd=ROOT, text=True,
            capture_output=True, check=False).stdout
    return time.gmtime(int(told or time.time()))[:3] + (0, 0, 0)


def pack(path, files):
    """Write a zip whose bytes depend on its contents and its day only."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, date())
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)


def pins(path):
    """The pinned packages, without the notes of the tool that wrote them."""
    lines = Path(path).read_text().splitlines()
    return "\n".join(line for line in lines if "#" not in line) + "\n"


def how_to(name, wheel_name):
    title = f"Problem set {name}"
    return HOW_TO.format(name=name, wheel=wheel_name, line="=" * len(title))
