"""How many rows pass until a rise of errors is noticed: the running sum beside river's detectors.

    python tests/benchmarks/streams.py [--seeds 40] [--results STREAMS.md]

Made streams: one answer in ten is wrong, and from row 10,000 on more of them. elec: a model of the first third, told
apart by its errors on shuffled rows that were held out of it; then the other two thirds, in their order.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split

from workbench.monitoring.streaming import Detector, alarms

TABLES = Path(os.environ.get("WORKBENCH_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
DETECTORS = get_args(Detector)
BEFORE, LENGTH = 10_000, 8_000
RISES = (0.12, 0.15, 0.2, 0.3)
# Rows between alarms within which they are one and the same.
APART = 2_000


def stream(seed: int, risen: float) -> Any:
    """Errors by row, one in ten before."""
    draw = np.random.default_rng(seed)
    return draw.random(BEFORE + LENGTH) < np.where(np.arange(BEFORE + LENGTH) < BEFORE, 0.1, risen)


def elec() -> tuple[Any, Any]:
    """Errors on held-out rows of the first third, shuffled; and on the rest, in its order."""
    table = pd.read_csv(TABLES / "elec.csv")
    third = len(table) // 3
    features, target = table.drop(columns="class").to_numpy(dtype=float), table["class"].to_numpy()
    fit, held = train_test_split(np.arange(third), test_size=0.5, random_state=0)
    model = HistGradientBoostingClassifier(random_state=0).fit(features[fit], target[fit])
    return (model.predict(features[held]) != target[held], model.predict(features[third:]) != target[third:])


def together(rows: list[int]) -> int:
    """Alarms, those that come soon after another being the same."""
    return sum(k == 0 or row - rows[k - 1] > APART for k, row in enumerate(rows))


def report(seeds: int, detectors: Sequence[Detector] = DETECTORS) -> Iterator[str]:
    yield "Rows until a rise from 10% is noticed, on average (in brackets the share of streams that did not notice it)."
    yield ""
    heads = [f"10 → {risen:.0%}" for risen in RISES]
    yield f"| detector | {' | '.join(heads)} | false alarms in 10,000 rows | million rows a CPU s |"
    yield f"|---|{'---:|' * (len(RISES) + 2)}"
    for name in detectors:
        begin, cells, false = time.process_time(), [], 0
        for risen in RISES:
            found = [alarms(stream(seed, risen), 0.1, name) for seed in range(seeds)]
            false += sum(row < BEFORE for rows in found for row in rows)
            late = [next((row - BEFORE for row in rows if row >= BEFORE), None) for rows in found]
            known = [row for row in late if row is not None]
            missed = f" ({1 - len(known) / seeds:.0%})" if len(known) < seeds else ""
            cells.append(f"{np.mean(known):,.0f}{missed}" if known else "–")
        took, rows = time.process_time() - begin, len(RISES) * seeds * (BEFORE + LENGTH)
        yield f"| {name} | {' | '.join(cells)} | {false / len(RISES) / seeds:.2f} | {rows / took / 1e6:.1f} |"
    held, later = elec()
    yield ""
    of = f"{len(held):,} shuffled rows of the first third"
    yield f"elec: {held.mean():.1%} of {of} are answered wrong, {later.mean():.1%} later."
    yield ""
    yield f"| detector | first alarm, row | alarms | more than {APART:,} rows apart | on the reference |"
    yield "|---|---:|---:|---:|---:|"
    for name in detectors:
        # What learns the rate on the way has seen the reference first.
        both = [row - len(held) for row in alarms(np.concatenate([held, later]), float(held.mean()), name)]
        after = [row for row in both if row >= 0]
        first = f"{after[0]:,}" if after else "–"
        yield f"| {name} | {first} | {len(after)} | {together(after)} | {len(both) - len(after)} |"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--detectors", nargs="+", choices=DETECTORS, default=DETECTORS)
    parser.add_argument("--results", type=Path, help="the file to keep the tables in")
    given = parser.parse_args(arguments)
    told = "\n".join(report(given.seeds, given.detectors)) + "\n"
    print(told)
    if given.results:
        given.results.write_text(told, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
