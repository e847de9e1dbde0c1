"""Let Sphinx write only the pages that changed, and still be right.

An incremental build must end with the very files of a clean one.  Sphinx
falls short of that: it tells changed texts by their times, it does not know
which pages show the title or number of another, it copies no changed style
while no page is written, and it forgets a part of the search index.
"""

import hashlib
import json
import pickle
import re
from pathlib import Path

from tools.book import state

SEARCH = ("_titles", "_filenames", "_mapping", "_title_mapping",
          "_all_titles", "_index_entries")
STATIC = "/static"  # no page has this name


def watch(app):
    """Have the right pages read and written."""
    told = Path(app.doctreedir) / "told"
    texts = Path(app.doctreedir) / "texts.json"

    def pages_to_read(app, env, added, changed, removed):
        now = {
            page: hashlib.sha256(Path(env.doc2path(page)).read_bytes())
            .hexdigest() for page in env.found_docs
        }
        now[STATIC] = [state.holds(Path(app.srcdir) / folder)
                       for folder in app.config.html_static_path]
        before = state.read(texts)
        state.write(texts, json.dumps(now))
        root = [app.config.root_doc] * (now[STATIC] != before.get(STATIC))
        return root + [page for page in env.all_docs if page in now
                       and now[page] != before.get(page)]

    def pages_to_write(app, env):
        now = what_pages_tell(env)
        before = told.read_text("utf8") if told.exists() else None
        told.write_text(now, "utf8")
        return env.found_docs if now != before else []

    app.connect("env-get-outdated", pages_to_read)
    # Last of all, when sections and figures have their numbers.
    app.connect("env-get-updated", pages_to_write, priority=999)
    remember_search(app.builder, Path(app.doctreedir) / "search.pickle")


def what_pages_tell(env):
    """Fingerprint of all that one page may show of another."""
    std = env.domaindata["std"]
    exercises = getattr(env, "sphinx_exercise_registry", {})
    told = [
        env.titles, env.longtitles, env.tocs, env.toc_secnumbers,
        env.toc_fignumbers, env.toctree_includes,
        {page: shown(about) for page, about in env.metadata.items()},
        env.domaindata["math"]["objects"], env.domaindata["py"],
        [std[key] for key in ("labels", "anonlabels", "objects", "terms")],
        getattr(env, "proof_list", {}),
        # Of an exercise others may show its title, not its text.
        {label: {**row, "node": row["node"].children[:1]}
         for label, row in exercises.items()},
        # Which works a page cites, not in which order pages were read.
        sorted({(ref.docname, target.key)
                for ref in env.domaindata["cite"]["citation_refs"]
                for target in ref.targets}),
    ]
    return hashlib.sha256(plain(told).encode()).hexdigest()


def shown(about):
    """Of a page's metadata what another page may show: no line numbers."""
    return {
        **{key: value for key, value in about.items()
           if key not in ("source_map", "wordcount", "myst_slugs")},
        "slugs": [slug[1:] for slug in about.get("myst_slugs", {}).values()],
    }


def plain(thing):
    """The thing as text, without addresses in memory."""
    if isinstance(thing, dict):
        return str(sorted((plain(key), plain(thing[key])) for key in thing))
    if isinstance(thing, (set, frozenset)):
        return str(sorted(map(plain, thing)))
    if isinstance(thing, (list, tuple)):
        return str(list(map(plain, thing)))
    if hasattr(thing, "pformat"):
        return thing.pformat()
    return re.sub(r" at 0x[0-9a-f]+", "", repr(thing))


def remember_search(builder, memory):
    """Keep the words of unchanged pages for the search index."""
    dump = builder.dump_search_index

    def load_indexer(docnames):
        indexer = builder.indexer
        if memory.exists():
            state = pickle.loads(memory.read_bytes())
            for name, value in state.items():
                setattr(indexer, name, value)
            indexer.prune(set(builder.env.all_docs) - set(docnames))

    def dump_search_index():
        indexer = builder.indexer
        indexer.prune(builder.env.all_docs)
        for words in (indexer._mapping, indexer._title_mapping):
            for word in [word for word, where in words.items() if not where]:
                del words[word]
        entries = indexer._index_entries
        indexer._index_entries = {
            name: entries[name] for name in sorted(entries)
            if name in builder.env.all_docs
        }
        memory.write_bytes(pickle.dumps(
            {name: dict(getattr(indexer, name)) for name in SEARCH}
        ))
        dump()

    builder.load_indexer = load_indexer
    builder.dump_search_index = dump_search_index
