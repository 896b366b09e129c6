"""Changes that were planted one at a time: is each found, ranked first, and its column named, beside what peers do?

    python tests/benchmarks/drift_planted.py [--rows 1000 10000] [--reference 20000] [--results MONITORING.md]

One model of a table of twenty columns answers windows in which one thing was changed. *Found*: any signal of the right
kind. *Named*: it names the column. *Ranked*: nothing else is told before it but of predictions and reasons. Peers get
the same two tables: rules of Evidently (distance from 0.1 on), of alibi-detect (KS and chi-square, Bonferroni) and of
the field's habit (PSI from 0.1 on) written out below, for these packages don't install beside today's pandas.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import pandas as pd
from scipy import stats

COLUMNS = 20


def table(rows: int, seed: int) -> pd.DataFrame:
    """People and parcels: twenty columns, and whether somebody stays."""
    draw = np.random.default_rng(seed)
    z = draw.normal(size=(rows, 12))
    found = pd.DataFrame(
        {
            "income": z[:, 0], "rent": 0.8 * z[:, 0] + 0.6 * z[:, 1], "noise": z[:, 2], "visits": z[:, 3],
            "trust": z[:, 4], "temperature": 20 + 5 * z[:, 5], "left": 0.7 * z[:, 0] + 0.714 * z[:, 6],
            "right": z[:, 7], "height": 170 + 10 * z[:, 8], "weight": 70 + 12 * (0.5 * z[:, 8] + 0.866 * z[:, 9]),
            "distance": draw.gamma(2.0, 3.0, rows), "orders": draw.poisson(4, rows),
            "age": draw.integers(18, 80, rows),
            "city": draw.choice(["Rome", "Oslo", "Bonn", "Nice"], rows, p=[0.5, 0.3, 0.15, 0.05]),
            "plan": draw.choice([f"p{k}" for k in range(10)], rows), "member": draw.random(rows) < 0.3,
            "rated": np.where(draw.random(rows) < 0.01, np.nan, z[:, 10]), "paid": z[:, 11],
            "opened": draw.exponential(1.0, rows), "weekday": draw.integers(0, 7, rows).astype(float),
        }
    )  # fmt: skip
    found["stays"] = _stays(found, draw, 1.0)
    return found


def _stays(found: pd.DataFrame, draw: np.random.Generator, turn: float) -> Any:
    """Who stays; ``turn`` is -1 where trust means the opposite."""
    logit = 0.9 * found["income"] - turn * 1.2 * found["trust"] + 0.5 * (found["city"] == "Rome") - 1.0
    return np.where(draw.random(len(found)) < 1 / (1 + np.exp(-logit)), "yes", "no")


def _shift(t: pd.DataFrame, _: Any, by: float) -> pd.DataFrame:
    return t.assign(visits=t["visits"] + by)


def _new(t: pd.DataFrame, draw: Any, share: float) -> pd.DataFrame:
    return t.assign(city=t["city"].where(draw.random(len(t)) >= share, "Paris"))


def _gaps(t: pd.DataFrame, draw: Any, column: str, share: float) -> pd.DataFrame:
    return t.assign(**{column: t[column].mask(draw.random(len(t)) < share)})


def _labels(t: pd.DataFrame, draw: Any) -> pd.DataFrame:
    """Twice as many of those who stay, nobody else changed."""
    weight = np.where(t["stays"] == "yes", 2.0, 1.0)
    return t.iloc[draw.choice(len(t), len(t), p=weight / weight.sum())].reset_index(drop=True)


@dataclass(frozen=True)
class Plant:
    """One change, the kinds that tell it, and the columns that may be named."""

    name: str
    make: Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]
    kinds: tuple[str, ...]
    columns: tuple[str, ...] = ()
    labelled: bool = False


PLANTS = (
    Plant("nothing", lambda t, _: t, ()),
    Plant("mean +0.1 sd", lambda t, d: _shift(t, d, 0.1), ("drift",), ("visits",)),
    Plant("mean +0.3 sd", lambda t, d: _shift(t, d, 0.3), ("drift",), ("visits",)),
    Plant("spread x 1.3", lambda t, _: t.assign(noise=t["noise"] * 1.3), ("spread", "drift"), ("noise",)),
    Plant("new category 1%", lambda t, d: _new(t, d, 0.01), ("category",), ("city",)),
    Plant("new category 6%", lambda t, d: _new(t, d, 0.06), ("category", "flags"), ("city",)),
    Plant("missing 1 to 5%", lambda t, d: _gaps(t, d, "rated", 0.04), ("missing",), ("rated",)),
    Plant("missing 0 to 5%", lambda t, d: _gaps(t, d, "paid", 0.05), ("missing",), ("paid",)),
    Plant("correlation flip", lambda t, _: t.assign(rent=-t["rent"]), ("joint",), ("rent", "income")),
    Plant(
        "concept flip", lambda t, d: t.assign(stays=_stays(t, d, -1.0)),
        ("score", "concept", "errors", "calibration"), (), True,
    ),
    Plant("label shift", _labels, ("target", "calibration", "concept"), (), True),
    Plant("unit x 1000", lambda t, _: t.assign(distance=t["distance"] * 1000), ("unit",), ("distance",)),
    Plant("stuck", lambda t, _: t.assign(temperature=t["temperature"].iloc[0]), ("stuck",), ("temperature",)),
    Plant(
        "swap, other marginals", lambda t, _: t.assign(height=t["weight"], weight=t["height"]), ("swap",),
        ("height", "weight"),
    ),
    Plant(
        "swap, same marginals", lambda t, _: t.assign(left=t["right"], right=t["left"]), ("swap", "joint"),
        ("left", "right"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What a tool made of one plant."""

    found: bool
    named: bool
    ranked: bool
    told: str
    false: int = 0

    @property
    def marks(self) -> str:
        """Three letters, or dots."""
        return "".join(
            letter if one else "·" for letter, one in zip("FRN", (self.found, self.ranked, self.named), strict=True)
        )


def ours(plant: Plant, window: Any) -> Verdict:
    """Of a judged window."""
    right = [
        one for one in window.signals if one.kind in plant.kinds and (not plant.columns or _hits(one.columns, plant))
    ]
    other = [
        one for one in window.signals if one.kind not in ("prediction", "reasons") and not _hits(one.columns, plant)
    ]
    first = next((one for one in window.signals if one.kind not in ("prediction", "reasons")), None)
    told = f"{window.status}: " + ("; ".join(f"{one.kind} ({one.level})" for one in window.signals[:3]) or "–")
    found = bool(right)
    return Verdict(found, found, found and (first in right), told, len(other) if plant.columns else 0)


def _hits(columns: Sequence[str], plant: Plant) -> bool:
    return bool(set(columns) & set(plant.columns))


def distances(reference: pd.DataFrame, current: pd.DataFrame) -> Iterator[tuple[str, float, float, float]]:
    """Of each column the p-value of KS or chi-square, PSI, and the distance that Evidently takes of longer tables."""
    for name in reference.columns:
        a, b = reference[name], current[name]
        if a.dtype.kind in "fiu":
            a, b = a.dropna().to_numpy(dtype=float), b.dropna().to_numpy(dtype=float)
            p = float(stats.ks_2samp(a, b, method="asymp").pvalue)
            edges = np.unique(np.quantile(a, np.linspace(0, 1, 11)[1:-1]))
            shares = [np.bincount(np.searchsorted(edges, one), minlength=len(edges) + 1) / len(one) for one in (a, b)]
            far = float(stats.wasserstein_distance(a, b) / max(a.std(), 1e-12))
        else:
            both = [one.astype(str).value_counts() for one in (a, b)]
            counts = pd.concat(both, axis=1).fillna(0).to_numpy(dtype=float).T
            p = float(stats.chi2_contingency(counts + 1e-9).pvalue)
            shares = list(counts / counts.sum(axis=1, keepdims=True))
            far = float(np.sqrt(_jensen_shannon(*shares)))
        x, y = (np.maximum(one, 1e-4) for one in shares)
        yield name, p, float(((y - x) * np.log(y / x)).sum()), far


def _jensen_shannon(p: Any, q: Any) -> float:
    middle = (p + q) / 2
    return float(sum(stats.entropy(one, middle) for one in (p, q)) / 2)


def habits(plant: Plant, reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, Verdict]:
    """What the rules of others say."""
    found = list(distances(reference, current))
    scores = {
        "KS, chi² (Bonferroni)": {n: -p for n, p, _, _ in found if p < 0.05 / len(found)},
        "PSI ≥ 0.1": {n: v for n, _, v, _ in found if v >= 0.1},
        "Evidently's rule": {n: v for n, _, _, v in found if v >= 0.1},
    }
    return {name: _of_columns(plant, flagged) for name, flagged in scores.items()}


def _of_columns(plant: Plant, flagged: dict[str, float]) -> Verdict:
    ranking = sorted(flagged, key=lambda n: -flagged[n])
    hit = [name for name in ranking if name in plant.columns]
    false = len(ranking) - len(hit)
    return Verdict(bool(hit), bool(hit), bool(hit) and ranking[0] == hit[0], ", ".join(ranking[:3]) or "–", false)


@dataclass(frozen=True)
class Model:
    """The model under watch, and the table that it was made of."""

    bundle: Any
    reference: pd.DataFrame


def model(rows: int) -> Model:
    """Train and package it, in a home of its own."""
    import workbench as wb

    made = table(rows, 0)
    run = wb.train(wb.dataset(made, target="stays"), candidates=("linear",), folds=3)
    return Model(wb.package(run, name="planted"), made.drop(columns="stays"))


def judged(made: Model, plant: Plant, rows: int, seed: int, rate: float = 0.05) -> tuple[Any, pd.DataFrame, float]:
    """The window of a plant as it is judged, its table, and the CPU seconds of judging it."""
    from workbench.monitoring.judgement import judge
    from workbench.monitoring.windows import answered, keep, windows
    from workbench.scoring.runtime import Scorer
    from workbench.settings import settings

    current = plant.make(table(rows, seed), np.random.default_rng(seed + 1))
    ids = [f"r{k}" for k in range(rows)]
    predictions, features = answered(Scorer(made.bundle.path), current.drop(columns="stays"), ids)
    begin = time.process_time()
    keep(made.bundle, "w", predictions, features, "batch", settings())
    (seen,) = windows("planted", settings())
    labels = dict(zip(ids, current["stays"].tolist(), strict=True)) if plant.labelled else {}
    window = judge(seen, made.bundle, labels, rate)
    return window, current.drop(columns="stays"), time.process_time() - begin


def bare(reference: pd.DataFrame, current: pd.DataFrame) -> float:
    """CPU seconds of the arithmetic alone: KS, PSI, chi-square and missing, of both tables."""
    begin = time.process_time()
    list(distances(reference, current))
    for name in reference:
        _ = reference[name].isna().mean(), current[name].isna().mean()
    return time.process_time() - begin


def report(rows: Sequence[int], reference: int, repeats: int, only: Sequence[str] = ()) -> Iterator[str]:
    """The table, in lines of Markdown."""
    made = model(reference)
    tools = [
        "Workbench",
        "KS, chi² (Bonferroni)",
        "PSI ≥ 0.1",
        "Evidently's rule",
    ]
    yield "F found, R ranked first, N its column named; in brackets other columns that were flagged. "
    yield f"A reference of {reference:,} rows, {COLUMNS} columns, a false-alarm rate of 5%."
    for many in rows:
        yield from ("", f"### {many:,} rows a window", "", f"| planted | {' | '.join(tools)} | what Workbench says |")
        yield f"|---|{'---|' * (len(tools) + 1)}"
        spent = [0.0, 0.0]
        for plant in [one for one in PLANTS if not only or one.name in only]:
            window, current, took = judged(made, plant, many, 1000 + many % 97)
            verdicts = {"Workbench": ours(plant, window), **habits(plant, made.reference, current)}
            spent[0] += took
            spent[1] += bare(current, current)
            cells = (f"{v.marks}{f' ({v.false})' if v.false else ''}" for v in (verdicts[t] for t in tools))
            yield f"| {plant.name} | {' | '.join(cells)} | {verdicts['Workbench'].told} |"
        each = [one / (len(only) or len(PLANTS)) for one in spent]
        yield ""
        yield (
            f"Profiling and judging a window: {each[0]:.2f} CPU s; the bare arithmetic of two tables of that size: "
            f"{each[1]:.2f} CPU s ({each[0] / each[1]:.1f} times)."
        )
    quiet = [judged(made, PLANTS[0], rows[0], 5000 + k)[0] for k in range(repeats)]
    if quiet:
        told = sum(bool(w.signals) for w in quiet)
        yield ""
        yield f"Of {repeats} windows of {rows[0]:,} rows in which nothing changed {told} told anything, at any level."


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--reference", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=40, help="windows without any change")
    parser.add_argument("--only", nargs="+", choices=[one.name for one in PLANTS], default=(), help="of the plants")
    parser.add_argument("--results", type=Path, help="the file to keep the table in")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WORKBENCH_HOME"] = folder
        lines = []
        for line in report(given.rows, given.reference, given.repeats, given.only):
            print(line, flush=True)
            lines.append(line)
    told = "\n".join(lines) + "\n"
    if given.results:
        given.results.write_text(told, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
