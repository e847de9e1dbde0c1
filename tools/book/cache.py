"""The cache of executed pages, by their code.

A page whose code has not changed is not run again, unless the package, the
pins or a file that it reads changed.
"""

import copy
import shutil

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.cache import db
from sqlalchemy import URL, create_engine
from sqlalchemy.exc import SQLAlchemyError

from tools.book import chapters, state
from tools.book.changes import fingerprint

# In the address that jupyter-cache makes of a path, "?" and "%20" would mean
# something: the database would lie in another folder.
db.create_engine = lambda address: create_engine(
    URL.create("sqlite", database=address.removeprefix("sqlite:///")))
DAMAGED = (RuntimeError, SQLAlchemyError)  # what jupyter-cache raises
READS = {"book/speed": "benchmarks/*.json"}  # files, by the page
FOUND = {}  # what this process has read: {page: (its text, executed)}


def drop_if_stale():
    """Empty the cache if what pages import has changed; say whether."""
    stamp = chapters.CACHE / "lttutor-and-pins"
    now = fingerprint("lttutor/**/*", "requirements.txt")
    if stamp.exists() and stamp.read_text() == now:
        return False
    existed = stamp.exists()
    shutil.rmtree(chapters.CACHE, ignore_errors=True)
    state.write(stamp, now)
    return existed


def drop_if_unreadable():
    """Empty the cache if its list is damaged."""
    try:
        get_cache(chapters.CACHE).list_cache_records()
    except DAMAGED:
        shutil.rmtree(chapters.CACHE)


def get(page):
    """The page with the outputs of its last run, or None."""
    text = chapters.source(page).read_bytes()
    if FOUND.get(page, [None])[0] != text:
        notebook = chapters.read(page)
        cache = get_cache(chapters.CACHE)
        try:
            key, executed = cache.merge_match_into_notebook(notebook)
            if cache.get_cache_record(key).data.get("read") != _read(page):
                return None
        except Exception:  # noqa: BLE001  absent, or nothing that can be read
            return None
        # The cache keys on code alone: captions and tags come from the text.
        for fresh, cell in zip(notebook.cells, executed.cells, strict=True):
            cell.metadata = fresh.metadata
        FOUND[page] = text, executed
    return copy.deepcopy(FOUND[page][1])


def put(page, notebook, seconds):
    """Keep an executed page."""
    bundle = CacheBundleIn(notebook, str(chapters.source(page)),
                           data={"execution_seconds": seconds,
                                 "read": _read(page)})
    try:
        get_cache(chapters.CACHE).cache_notebook_bundle(
            bundle, check_validity=False, overwrite=True)
    except DAMAGED as error:
        why = error.__cause__ or error
        words = getattr(why, "orig", why)
        raise OSError(f"{chapters.CACHE}: {words}") from error


def _read(page):
    """A fingerprint of the files that a page reads."""
    return fingerprint(READS[page]) if page in READS else ""
