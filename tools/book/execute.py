"""Run the code of the book's pages and keep the results in the cache.

Each page runs in a fresh kernel; two pages run at a time.  A page whose code
has not changed is not run again, unless the package or the pins changed.
"""

import copy
import multiprocessing
import os
import re
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

import nbclient
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient.exceptions import (
    CellExecutionError,
    CellTimeoutError,
    DeadKernelError,
)

from tools.book import chapters
from tools.book.changes import fingerprint

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
    })
    os.environ.pop("MPLBACKEND", None)
    if not (chapters.BUILD / ".matplotlib").exists():
        (chapters.BUILD / ".matplotlib").mkdir(parents=True)
        import matplotlib.font_manager  # noqa: F401
    from IPython.core.profiledir import ProfileDir
    if not (chapters.BUILD / ".ipython" / "profile_default").exists():
        (chapters.BUILD / ".ipython").mkdir(parents=True, exist_ok=True)
        ProfileDir.create_profile_dir_by_name(os.environ["IPYTHONDIR"])


def drop_stale_cache():
    """Empty the cache if what pages import has changed; say whether."""
    stamp = chapters.CACHE / "lttutor-and-pins"
    now = fingerprint("lttutor/**/*", "requirements.txt",
                      "benchmarks/*.json")
    if stamp.exists() and stamp.read_text() == now:
        return False
    existed = stamp.exists()
    get_cache(chapters.CACHE).clear_cache()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(now)
    return existed


def in_cache(page):
    """The page with the outputs of its last run, or None."""
    notebook = chapters.read(page)
    cache = get_cache(chapters.CACHE)
    try:
        _, executed = cache.merge_match_into_notebook(notebook)
    except KeyError:
        return None
    # The cache keys on code alone: captions and tags come from the text.
    for fresh, cell in zip(notebook.cells, executed.cells, strict=True):
        cell.metadata = copy.deepcopy(fresh.metadata)
    return executed


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
        client.execute()
    except CellExecutionError as error:
        raise PageFailed(_where_it_failed(page, notebook, error)) from None
    except CellTimeoutError:
        index = _last_started(notebook)
        line = chapters.code_line(page, notebook, index)
        raise PageFailed(
            f"{page}.md:{line}: a cell took longer than {TIMEOUT} s"
        ) from None
    except DeadKernelError:
        raise PageFailed(f"{page}.md: the kernel died") from None
    except RuntimeError as error:
        # Two kernels that start at once may want the same port.
        if attempts > 1 and "before replying" in str(error):
            return run(page, notebook, attempts - 1)
        raise PageFailed(f"{page}.md: {error}") from None
    _refuse_stderr(page, notebook)
    return notebook, time.perf_counter() - started


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


def _run_for_pool(page):
    prepare_kernels()
    return run(page)


def execute_all(say=print):
    """Run every page that needs it; return the list of failures."""
    if drop_stale_cache():
        say("lttutor or the pins changed: every chapter runs again")
    prepare_kernels()
    pages = chapters.code_pages()
    todo = [page for page in pages if in_cache(page) is None]
    if not todo:
        say(f"Running chapters: none of {len(pages)} has changed")
        return []
    say(f"Running {len(todo)} of {len(pages)} pages with code, "
        f"{WORKERS} at a time")
    failures = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        jobs = {pool.submit(_run_for_pool, page): page for page in todo}
        for count, job in enumerate(as_completed(jobs), start=1):
            page = jobs[job]
            try:
                notebook, seconds = job.result()
            except PageFailed as error:
                say(f"  [{count}/{len(todo)}] {page}  FAILED")
                failures.append(str(error))
                continue
            get_cache(chapters.CACHE).cache_notebook_bundle(
                CacheBundleIn(
                    notebook,
                    str(chapters.source(page)),
                    data={"execution_seconds": seconds},
                ),
                check_validity=False,
                overwrite=True,
            )
            say(f"  [{count}/{len(todo)}] {page}  {seconds:.1f} s")
    return failures
