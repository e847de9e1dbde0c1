"""Show that the evidence can fail: one deliberate fault for each claim.

Each fault of ``tests/claims/mutants.yml`` is made in a copy of the package,
and the tests that carry the claim run against the copy.  A fault that they
do not notice is reported, and the command fails; so it does if they fail on
a copy without a fault.

    python -m tools.claims_check              every claim
    python -m tools.claims_check P1-mask B-x  these claims only
"""

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from tqdm import tqdm

from tools.book.evidence import LEDGER, ROOT, ledger

MUTANTS = ROOT / "tests" / "claims" / "mutants.yml"
PARTS = ("lttutor", "notebooks", "tests", "tools", "book", "pyproject.toml")


def mutants():
    """The rows of ``tests/claims/mutants.yml``."""
    return yaml.safe_load(MUTANTS.read_text("utf8"))


def apply(mutant, root):
    """Make the fault in the copy at ``root``; it must fit exactly once."""
    path = Path(root) / mutant["file"]
    text = path.read_text("utf8")
    count = text.count(mutant["find"])
    if count != 1:
        raise ValueError(
            f"{mutant['claim']}: expected {mutant['find']!r} once in "
            f"{mutant['file']}, found it {count} times"
        )
    path.write_text(text.replace(mutant["find"], mutant["replace"]), "utf8")


def fails(tests, mutant=None):
    """Whether the tests fail on a copy, with the fault if one is given."""
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            source, target = ROOT / part, Path(folder) / part
            if source.is_dir():
                shutil.copytree(
                    source, target,
                    ignore=shutil.ignore_patterns("__pycache__"),
                )
            else:
                shutil.copy(source, target)
        if mutant:
            apply(mutant, folder)
        result = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x",
             "-p", "no:cacheprovider", *tests],
            cwd=folder, capture_output=True, text=True, check=False,
        )
    if result.returncode not in (0, 1):
        raise RuntimeError(f"{mutant or tests}:\n{result.stdout[-2000:]}")
    return result.returncode == 1


def main(claims=()):
    evidence = {row["id"]: row["evidence"] for row in ledger()}
    unknown = set(claims) - set(evidence)
    if unknown:
        print(f"not in {LEDGER.name}: {', '.join(sorted(unknown))}")
        return 2
    chosen = set(claims or evidence)
    faults = [m for m in mutants() if m["claim"] in chosen]
    missing = [claim for claim in evidence if claim in chosen
               and evidence[claim]
               and claim not in {m["claim"] for m in faults}]
    sound = sorted({test for claim in chosen for test in evidence[claim]})
    with ThreadPoolExecutor(2) as pool:
        broken = pool.submit(fails, sound) if sound else None
        outcomes = pool.map(lambda m: fails(evidence[m["claim"]], m), faults)
        progress = tqdm(zip(faults, outcomes), total=len(faults), unit="fault")
        survivors = [m for m, was_caught in progress if not was_caught]
    for mutant in survivors:
        print(f"NOT CAUGHT  {mutant['claim']}: {mutant['find']!r} -> "
              f"{mutant['replace']!r} in {mutant['file']}")
    for claim in missing:
        print(f"NO FAULT    {claim}: add one to {MUTANTS.name}")
    if broken and broken.result():
        print("NOT SOUND   some evidence fails without a fault")
    print(f"{len(faults) - len(survivors)} of {len(faults)} faults caught")
    return 1 if survivors or missing or (broken and broken.result()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
