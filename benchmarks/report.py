"""Boil a run of the benchmarks down to ``results.json``; print it as a table.

    python benchmarks/report.py RAW.json [RESULTS.json]

RAW.json is what pytest-benchmark wrote.  The book's page on speed reads the
results; a target stands beside each measured ratio, met or not.
"""

import json
import sys
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).with_name("results.json")
WITHIN = 1.15  # of the fastest form that we know
LITERAL = {(20, 4, 50, 1000): 80, (100, 4, 50, 1000): 1000}
AUTOGRAD = {(20, 5, 5, 1000): 20, (100, 20, 20, 1024): 80}
SMALL = 40e-6  # seconds a small single call may take


def rows(raw):
    """One row a measurement: what was measured, its median and spread."""
    for item in raw["benchmarks"]:
        stats = item["stats"]
        yield {"test": item["name"].split("[")[0], **item["extra_info"],
               "median": stats["median"], "iqr": stats["iqr"]}


def by_shape(found, test):
    """``{shape: {form: (median, iqr)}}`` of one test."""
    table = {}
    for row in found:
        if row["test"] == test and "form" in row:
            table.setdefault(tuple(row["shape"]), {})[row["form"]] = (
                row["median"], row["iqr"])
    return table


def boil_down(raw):
    """The results that the page shows, as plain JSON."""
    found = list(rows(raw))
    rate = next(r["flops"] / r["median"] for r in found if "flops" in r)
    reads = by_shape(found, "test_limits")
    literal = by_shape(found, "test_literal")
    changing = by_shape(found, "test_changing_steps")
    generate = []
    for shape, forms in sorted(by_shape(found, "test_generate").items()):
        n, d, T, tasks = shape
        ours, spread = forms.pop("generate")
        peer = min(forms, key=lambda form: forms[form][0])
        k = min(n, d)
        flops = tasks * (2 * n * d * k + 2 * T * k * k)
        generate.append({
            "shape": shape, "seconds": ours, "iqr": spread,
            "peers": {f: m for f, (m, _) in sorted(forms.items())},
            "fastest peer": peer, "ratio": ours / forms[peer][0],
            "changing": changing[shape]["changing"][0] / forms[peer][0],
            "target": WITHIN,
            "read": reads[shape]["one read of X and y"][0],
            "flops": flops / rate,
            "literal": {f: m for f, (m, _)
                        in sorted(literal.get(shape, {}).items())},
            "literal target": LITERAL.get(shape),
        })
    training = []
    through_gram = by_shape(found, "test_gram")
    for shape, forms in sorted(by_shape(found, "test_attention").items()):
        gram = through_gram[shape]
        training.append({
            "shape": shape, "seconds": gram["loss_and_gradient"][0],
            "target": AUTOGRAD[shape],
            "peers": {f: m for f, (m, _) in sorted(
                (forms | gram).items()) if f != "loss_and_gradient"},
            "sampling": {f: m for f, (m, _) in
                         by_shape(found, "test_sampling")[shape].items()},
        })
    growth = {}
    for row in found:
        if "series" in row:
            growth.setdefault(row["series"], []).append(
                (row["value"], row["median"]))
    growth = {name: {"values": sorted(pairs),
                     "exponent": _slope(sorted(pairs))}
              for name, pairs in sorted(growth.items())}
    memory = [{key: row[key] for key in ("shape", "peak", "output", "gram")}
              for row in found if row["test"] == "test_memory"]
    cpu = raw["machine_info"]["cpu"]
    return {
        "machine": {
            "processor": cpu.get("brand_raw", raw["machine_info"]["machine"]),
            "cores": cpu.get("count"),
            "python": raw["machine_info"]["python_version"],
            "matmul Gflop/s": rate / 1e9,
        },
        "generate": generate, "training": training, "growth": growth,
        "memory": sorted(memory, key=lambda row: row["shape"]),
    }


def _slope(pairs):
    """The exponent between the largest three sizes, on a log scale."""
    sizes, times = np.log(np.array(pairs)[-3:].T)
    return float(np.polyfit(sizes, times, 1)[0])


def lines(results):
    """The table in words: each target beside what was measured."""
    yield "{processor}, {cores} cores, Python {python}".format(
        **results["machine"])
    yield (f"\n{'n, d, T, tasks':24}{'ms':>9}{'fastest peer':>15}"
           f"{'ratio':>7}{'changing steps':>16}")
    for row in results["generate"]:
        met = "" if max(row["ratio"], row["changing"]) <= row["target"] else (
            "  missed (1.15)")
        yield (f"{str(row['shape'])[1:-1]:24}{1e3 * row['seconds']:9.3f}"
               f"{row['fastest peer']:>15}{row['ratio']:7.2f}"
               f"{row['changing']:16.2f}{met}")
    small = next(r["seconds"] for r in results["generate"]
                 if tuple(r["shape"]) == (20, 4, 5, 1))
    yield (f"a small single call: {1e6 * small:.0f} µs, target "
           f"{1e6 * SMALL:.0f}{'' if small <= SMALL else '  missed'}")
    for row in results["generate"]:
        for form, seconds in row["literal"].items():
            ratio = seconds / row["seconds"]
            target = row["literal target"] if form == "numpy_literal" else None
            yield (f"{form} {row['shape']}: {ratio:.0f} times as long"
                   + (f", target {target}" if target else "")
                   + ("  missed" if target and ratio < target else ""))
    for row in results["training"]:
        for form, seconds in row["peers"].items():
            ratio = seconds / row["seconds"]
            target = row["target"] if "attention" in form else 1
            yield (f"{form} {row['shape']}: {ratio:.1f} times as long, "
                   f"target {target}{'' if ratio >= target else '  missed'}")
    for name, row in results["growth"].items():
        yield f"time grows like {name}^{row['exponent']:.2f}"
    for row in results["memory"]:
        share = row["peak"] / (row["output"] + row["gram"])
        yield (f"peak memory {row['shape']}: {share:.2f} times output + Gram"
               + ("" if share <= 2 else "  missed (2)"))


def main(raw, results=RESULTS):
    found = boil_down(json.loads(Path(raw).read_text("utf8")))
    Path(results).write_text(json.dumps(found, indent=1) + "\n", "utf8")
    print("\n".join(lines(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
