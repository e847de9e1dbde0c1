"""`make seeds`: do the conclusions of Part 4 hold for other random draws?

Every chapter of Part 4 that draws anything takes it from one visible line,
``SEED = 43`` or so.  This runs the chapters with five other numbers there
and reports, for each, whether every assertion still holds.

    python -m tools.seeds                       all of them
    python -m tools.seeds notebooks/43-noise    these pages only
"""

import re
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

from tools.book import chapters, execute, lifeline

SEEDS = (1, 2, 3, 4, 5)
LINE = re.compile(r"^SEED = \d+$", re.MULTILINE)
DRAWS = re.compile(r"\bdefault_rng\(|\bRandomState\(|np\.random\.seed\(")
ONE_SOURCE = re.compile(r"\bdefault_rng\(SEED\b")


def part_4():
    """The chapters of Part 4, in reading order."""
    return [page for page in chapters.chapters()
            if page.startswith("notebooks/4")]


def code(notebook):
    return "\n".join(cell.source for cell in notebook.cells
                     if cell.cell_type == "code")


def complaint(text):
    """What keeps a page's code from being run under other seeds, or None."""
    lines = len(LINE.findall(text))
    if DRAWS.search(text) is None:
        return None
    if lines != 1:
        return f"draws random numbers, and has {lines} lines SEED = ..."
    if len(DRAWS.findall(text)) != len(ONE_SOURCE.findall(text)):
        return "draws from a generator that does not come from SEED"
    return None


def with_seed(notebook, seed):
    """The notebook with another number in its line ``SEED = ...``."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = LINE.sub(f"SEED = {seed}", cell.source)
    return notebook


def main(pages=()):
    lifeline.end_on_signals("Nothing is kept.")
    chosen = [page.removesuffix(".md") for page in pages] or part_4()
    texts = {page: code(chapters.read(page)) for page in chosen}
    failures = [f"{page}.md: {complaint(text)}"
                for page, text in texts.items() if complaint(text)]
    seeded = [page for page, text in texts.items() if LINE.search(text)]
    held = dict.fromkeys(seeded, 0)
    execute.prepare_kernels()
    with ThreadPoolExecutor(execute.WORKERS) as pool:
        jobs = {
            pool.submit(execute.outcome, page,
                        with_seed(chapters.read(page), seed)): (page, seed)
            for page in seeded for seed in SEEDS}
        for count, job in enumerate(as_completed(jobs), start=1):
            page, seed = jobs[job]
            why = job.result()
            held[page] += why is None
            word = "holds" if why is None else "FAILS"
            print(f"[{count}/{len(jobs)}] {page}  SEED = {seed}  {word}",
                  flush=True)
            if why:
                failures.append(f"SEED = {seed}: {why}")
    for page, number in held.items():
        print(f"{page}: holds under {number} of {len(SEEDS)} other seeds")
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
