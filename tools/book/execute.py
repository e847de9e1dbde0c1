"""Run the code of the book's pages and keep the results in the cache.

Each page runs in a fresh kernel, whose client is a thread of this process;
two pages run at a time.
"""

import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

import nbclient
from nbclient.exceptions import (
    CellExecutionError,
    CellTimeoutError,
    DeadKernelError,
)

from tools.book import cache, chapters, lifeline

TIMEOUT = 120  # seconds a cell may take
WORKERS = 2
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class PageFailed(Exception):
    """A cell of a page failed; the message says where and how."""


def prepare_kernels():
    """Give kernels the same surroundings on every machine.

    One thread a kernel; no settings of the reader's own IPython and
    Matplotlib; and the font cache is made here, because Matplotlib reports
    it on stderr, which a page may not write to.
    """
    os.environ.update({
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MPLCONFIGDIR": str(chapters.BUILD / ".matplotlib"),
        "IPYTHONDIR": str(chapters.BUILD / ".ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "JUPYTER_PLATFORM_DIRS": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",
    })
    os.environ.pop("MPLBACKEND", None)
    os.environ.pop("JUPYTER_PATH", None)  # a kernel found there would win
    fonts = chapters.BUILD / ".matplotlib"
    if not list(fonts.glob("fontlist*.json")):
        fonts.mkdir(parents=True, exist_ok=True)
        import matplotlib.font_manager  # noqa: F401
    from IPython.core.profiledir import ProfileDir
    if not (chapters.BUILD / ".ipython" / "profile_default").exists():
        (chapters.BUILD / ".ipython").mkdir(parents=True, exist_ok=True)
        ProfileDir.create_profile_dir_by_name(os.environ["IPYTHONDIR"])


def run(page, notebook=None, attempts=3):
    """Execute one page in a fresh kernel; return it and its seconds.

    ``notebook`` runs in the place of what the page's file holds.
    """
    started = time.perf_counter()
    if notebook is None:
        notebook = chapters.read(page)
    client = nbclient.NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(chapters.source(page).parent)}},
    )
    try:
        # What a kernel itself has to say at its end is for nobody.
        client.execute(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        raise PageFailed(_where_it_failed(page, notebook, error)) from None
    except CellTimeoutError:
        index = _last_started(notebook)
        line = chapters.code_line(page, notebook, index)
        raise PageFailed(
            f"{page}.md:{line}: a cell took longer than {TIMEOUT} s"
        ) from None
    except DeadKernelError:
        raise PageFailed(
            f"{page}.md: the kernel died (killed for want of memory?)"
        ) from None
    except RuntimeError as error:
        # Two kernels that start at once may want the same port.
        if attempts > 1 and "before replying" in str(error):
            return run(page, notebook, attempts - 1)
        raise PageFailed(f"{page}.md: {error}") from None
    _refuse_stderr(page, notebook)
    return notebook, time.perf_counter() - started


def outcome(page, notebook=None):
    """None if the page runs without error or warning, or why not."""
    try:
        run(page, notebook)
    except PageFailed as failure:
        return str(failure)
    return None


def _last_started(notebook):
    """The index of the cell that was running when the run stopped."""
    code = [i for i, c in enumerate(notebook.cells) if c.cell_type == "code"]
    done = [i for i in code if notebook.cells[i].execution_count]
    following = [i for i in code if i > max(done, default=-1)]
    return following[0] if following else code[-1]


def _where_it_failed(page, notebook, error):
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            allowed = "raises-exception" in cell.metadata.get("tags", [])
            if output.output_type == "error" and not allowed:
                trace = ANSI.sub("", "\n".join(output.traceback))
                hits = re.findall(r"Cell In\[\d+\], line (\d+)", trace)
                within = int(hits[-1]) - 1 if hits else 0
                line = chapters.code_line(page, notebook, index) + within
                code = cell.source.splitlines()
                shown = code[within].strip() if within < len(code) else ""
                value = ANSI.sub("", output.evalue).strip()[:400]
                return (
                    f"{page}.md:{line}: {output.ename}: {value}\n"
                    f"    {shown}"
                )
    return f"{page}.md: {str(error).strip().splitlines()[-1]}"


def _refuse_stderr(page, notebook):
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                line = chapters.code_line(page, notebook, index)
                words = " ".join(ANSI.sub("", output.text).split())[:400]
                raise PageFailed(
                    f"{page}.md:{line}: the cell wrote to stderr "
                    f"(a warning?): {words}"
                )


def execute_all(say=print):
    """Run every page that needs it; return the list of failures."""
    if cache.drop_if_stale():
        say("lttutor or the pins changed: every chapter runs again")
    cache.drop_if_unreadable()
    prepare_kernels()
    pages = chapters.code_pages()
    todo = [page for page in pages if cache.get(page) is None]
    if not todo:
        say(f"Running chapters: none of {len(pages)} has changed")
        return []
    say(f"Running {len(todo)} of {len(pages)} pages with code, "
        f"{WORKERS} at a time")
    failures = []
    with ThreadPoolExecutor(WORKERS) as pool:
        jobs = {pool.submit(run, page, chapters.read(page)): page
                for page in todo}
        try:
            for count, job in enumerate(as_completed(jobs), start=1):
                page, words = jobs[job], "FAILED"
                try:
                    notebook, seconds = job.result()
                    cache.put(page, notebook, seconds)
                    words = f"{seconds:.1f} s"
                except PageFailed as error:
                    failures.append(str(error))
                say(f"  [{count}/{len(todo)}] {page}  {words}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            lifeline.end_children()
            raise
    return failures
