"""The sweep of chapter 44, large: loops to 1e-6 on 100,000 prompts.

    python benchmarks/large_sweep.py                  one process, 1 minute
    python benchmarks/large_sweep.py --jobs 8 --cache cells
    python benchmarks/large_sweep.py --address tcp://host:8786

Each cell draws one prompt and counts the loops of the step 1/L.  What comes
out stands beside the prediction from κ alone in ``large_sweep.json``, which
the book's page on speed reads.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from scipy.stats import norm

from lttutor import theory
from lttutor.sweep import sweep
from lttutor.tasks import spectrum_task

RESULTS = Path(__file__).with_name("large_sweep.json")
KAPPAS = [10.0, 1e2, 1e3, 1e4, 1e5, 1e6]
N, D, GOAL = 60, 20, 1e-6
QUANTILES = [0.05, 0.5, 0.95]


def loops_of(kappa, prompt, rng):
    """Loops of the step 1/L on one random prompt."""
    task = spectrum_task(np.geomspace(1, kappa, D), N, rng=rng)
    return theory.loops_to_error(task.X, task.theta, 1 / kappa, GOAL)


def compare(loops):
    """Quantiles over the prompts, and what |c₁| ≈ |g|/√d predicts of them."""
    size = norm.ppf((1 + np.array(QUANTILES)) / 2) / np.sqrt(D)
    return [{"kappa": kappa,
             "measured": np.quantile(row, QUANTILES).tolist(),
             "predicted": (kappa * np.log(size / GOAL)).tolist()}
            for kappa, row in zip(KAPPAS, loops)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompts", type=int, default=16_667,
                        help="prompts for each of six κ (16,667)")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--cache", help="a folder for finished cells")
    parser.add_argument("--address", help="a running Dask scheduler")
    chosen = parser.parse_args()
    grid = {"kappa": KAPPAS, "prompt": range(chosen.prompts)}
    begin = time.process_time()
    loops = sweep(loops_of, grid, jobs=chosen.jobs, cache=chosen.cache,
                  backend="dask" if chosen.address else "local",
                  address=chosen.address)
    seconds = time.process_time() - begin
    results = {"cells": len(loops),
               "rows": compare(np.reshape(loops, (len(KAPPAS), -1)))}
    for row in results["rows"]:
        print(row)
    if chosen.jobs == 1 and not (chosen.address or chosen.cache):
        results["seconds"] = seconds  # of this process, which did it all
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf8")
        print(f"{seconds:.0f} s of CPU, {RESULTS.name} written")


if __name__ == "__main__":
    main()
