"""Realistic results made by hand, and the same ones with hostile names."""

import itertools
import json
import random
from dataclasses import replace
from math import exp
from pathlib import Path

import pandas as pd

from workbench.core.alarm_curve import AlarmCurve, AlarmsAt
from workbench.core.batch import Batch
from workbench.core.bundle import Bundle
from workbench.core.comparison import Comparison
from workbench.core.contract import Column, Contract
from workbench.core.cost import Cost
from workbench.core.dataset import Dataset
from workbench.core.evaluation import Bin, Evaluation, Slice, Spread
from workbench.core.explanation import Explanation
from workbench.core.explanation_comparison import ExplanationComparison, ReasonDifference
from workbench.core.fairness import Driver, Fairness, Gap, Group, GroupMetric, Proxy, Remedy
from workbench.core.finding import Finding, sort
from workbench.core.grouping import Grouping
from workbench.core.job import Job, JobState
from workbench.core.job_comparison import KINDS, CellPair, FigurePair, JobComparison, JobDifference, Pair
from workbench.core.metric import Metric
from workbench.core.policy import Policy
from workbench.core.profile import Association, ColumnProfile, Histogram, Profile, TargetView
from workbench.core.profile_comparison import ColumnDifference, ProfileComparison
from workbench.core.reasons import ColumnReasons, Reasons
from workbench.core.report import Act, Cause, ColumnDrift, Estimate, Incident, MonitorReport, Signal, Window
from workbench.core.run import Candidate, Run, Split, Tried
from workbench.core.segments import Segment
from workbench.core.slices import Slices
from workbench.core.thresholds import Thresholds
from workbench.core.verification import Check, Verification
from workbench.core.watch import Decision, Plan, Watch

HOSTILE = '</style></script></svg><img src=x onerror="window.XSS=1"><script>window.XSS=1</script>\'">{{ 7*7 }}'
MADE = "2026-11-21T02:10:05+00:00"
SHA = "9f2c41d07ab35e8894c1f0d2b6a7e3554c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f"

NUMBERS = {
    "dep_hour": (5, 23, 0.31),
    "distance": (80, 4983, 0.09),
    "temp": (10.9, 100.0, 0.12),
    "humid": (12.7, 100.0, 0.21),
    "wind_speed": (0, 42.6, 0.08),
    "precip": (0, 1.21, 0.18),
    "pressure": (983.8, 1042.1, 0.16),
    "visib": (0, 10, 0.17),
    "dep_delay": (-43, 1301, 0.92),
    "air_time": (20, 695, 0.04),
    "sched_minutes": (21, 700, 0.05),
    "day": (1, 31, 0.03),
}
TEXTS = {
    "carrier": (["UA", "B6", "EV", "DL", "AA", "MQ", "US", "WN", "9E", "FL"], 0.17),
    "origin": (["EWR", "JFK", "LGA"], 0.08),
    "dest": (["ORD", "ATL", "LAX", "BOS", "MCO", "CLT"], 0.14),
    "tailnum": (["N725MQ", "N722MQ", "N723MQ"], 0.33),
}


def contract(first: str = "dep_hour") -> Contract:
    columns = [Column(first, "integer", minimum=5, maximum=23)]
    columns += [Column(n, "number", minimum=a, maximum=b) for n, (a, b, _) in list(NUMBERS.items())[1:]]
    columns += [Column(n, "category", categories=tuple(c)) for n, (c, _) in TEXTS.items()]
    columns += [
        Column("time_hour", "datetime", "time"),
        Column("flight_id", "text", "id"),
        Column("late", "boolean", "target"),
    ]
    done = Contract(tuple(columns), "binary").change("tailnum", role="ignored").change("dep_delay", role="known_after")
    return done.change("temp", unit="°F")


def dataset(hostile: bool = False) -> Dataset:
    name = HOSTILE if hostile else "dep_hour"
    return Dataset(
        contract(name), SHA, 336_776, HOSTILE if hostile else "flights.csv.zip + weather.csv", pd.DataFrame()
    )


def findings(hostile: bool = False) -> tuple[Finding, ...]:
    cure = 'data = data.known_after("dep_delay")'
    column, message = (
        (HOSTILE, HOSTILE) if hostile else ("dep_delay", "tells the target almost exactly: association 0.92.")
    )
    return (
        Finding("WB120", "error", message, column, HOSTILE if hostile else cure, {"target": 0.92}),
        Finding(
            "WB103", "warning", "is missing in 2.5% of the rows, mostly where the flight was cancelled.", "air_time"
        ),
        Finding(
            "WB108",
            "info",
            "has 4,043 distinct values; it looks like an id.",
            "tailnum",
            'data = data.without("tailnum")',
        ),
    )


def profile(hostile: bool = False) -> Profile:
    made = random.Random(3)
    rows = 336_776
    columns = []
    for index, (name, (low, high, target)) in enumerate(NUMBERS.items()):
        peak, wide = made.random(), 0.1 + made.random() / 3
        counts = tuple(round(20000 * exp(-((((i / 20) - peak) / wide) ** 2)) + 90 * made.random()) for i in range(20))
        edges = tuple(low + (high - low) * i / 20 for i in range(21))
        missing = (0, 0, 1573, 9430)[index % 4]
        quantiles = {q: low + (high - low) * q for q in (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)}
        columns.append(
            ColumnProfile(
                HOSTILE if hostile and not index else name,
                "integer" if index < 2 else "number",
                "known_after" if name == "dep_delay" else "feature",
                rows - missing,
                missing,
                19 + 411 * index,
                minimum=low,
                maximum=high,
                mean=(low + high) / 2,
                sd=(high - low) / 6,
                skew=0.41,
                kurtosis=-0.2,
                zeros=312 * index,
                negatives=index,
                quantiles=quantiles,
                histogram=Histogram(edges, counts),
                target=target,
            )
        )
    for name, (values, target) in TEXTS.items():
        top = tuple((HOSTILE if hostile and not i else v, 58_000 // (i + 1)) for i, v in enumerate(values))
        columns.append(
            ColumnProfile(
                name,
                "category",
                "ignored" if name == "tailnum" else "feature",
                rows,
                0,
                len(values),
                name != "tailnum",
                top=top,
                shortest=2,
                longest=6,
                target=target,
            )
        )
    edges = tuple(1356998400.0 + i * 1576800 for i in range(21))
    columns.append(
        ColumnProfile(
            "time_hour",
            "datetime",
            "time",
            rows,
            0,
            6936,
            minimum=edges[0],
            maximum=edges[-1],
            quantiles={0.5: edges[10]},
            histogram=Histogram(edges, tuple(made.randint(14000, 19000) for _ in range(20))),
        )
    )
    columns.append(ColumnProfile("flight_id", "text", "id", rows, 0, rows, False, shortest=14, longest=22))
    columns.append(
        ColumnProfile("late", "boolean", "target", rows - 9430, 9430, 2, top=(("False", 249_000), ("True", 78_346)))
    )
    pair = HOSTILE if hostile else "air_time"
    return Profile(
        rows,
        tuple(columns),
        contract(),
        findings(hostile),
        (Association("sched_minutes", pair, "pearson", 0.99), Association("temp", "time_hour", "pearson", 0.71)),
        SHA,
        "flights.csv.zip + weather.csv",
        0,
        MADE,
    )


def rich_profile(columns: int = 20, hostile: bool = False, target: str = "binary") -> Profile:
    """Everything that a profile can tell, estimates with their errors included; names may be hostile."""
    made, rows = random.Random(11), 5_250_000
    classes = {"binary": ("No", "Yes"), "multiclass": tuple("abcdefg"), "regression": ()}[target]
    told = [_rich_column(i, rows, classes, hostile, made) for i in range(columns - 1)]
    told.append(ColumnProfile("late", "boolean", "target", rows, 0, 2, top=(("No", 4_000_000), ("Yes", 1_250_000))))
    names = [c.name for c in told]
    gaps = [c.name for c in told if c.missing]
    links = [
        Association(names[i], names[j], measure, (-1 if measure == "pearson" and i % 3 else 1) * made.random(), 0.013)
        for i in range(min(columns, 40))
        for j in range(i + 1, min(columns, 40))
        if made.random() < 0.3
        for measure in (made.choice(("pearson", "spearman", "cramers_v", "correlation_ratio")),)
    ]
    links += [Association(a, b, "missing_together", 0.93) for a, b in itertools.pairwise(gaps)]
    found = [
        Finding(
            ("WB120", "WB103", "WB108")[i % 3],
            ("error", "warning", "info")[i % 3],
            HOSTILE if hostile else "tells the target almost exactly: association 0.92 (0.91 to 0.93).",
            names[i],
            HOSTILE if hostile else f'data = data.known_after("{names[i]}")',
        )
        for i in range(0, columns, 2)
    ]
    kept = Contract(tuple(Column(c.name, c.kind, c.role) for c in told), target)
    return Profile(
        rows, tuple(told), kept, sort(found), tuple(sorted(links, key=lambda p: -p.strength)),
        SHA, HOSTILE if hostile else "s3://lake/flights/*.parquet", 12_430, MADE, 373,
    )  # fmt: skip


def _rich_column(i: int, rows: int, classes: tuple[str, ...], hostile: bool, made: random.Random) -> ColumnProfile:
    kind = ("number", "integer", "category", "text", "datetime", "boolean")[i % 6]
    name = f"{HOSTILE}{i}" if hostile else f"{('fare', 'stops', 'carrier', 'remark', 'booked', 'refunded')[i % 6]}_{i}"
    missing = (0, 1573, 0, 940_300)[i % 4]
    low, high = (1356998400.0, 1388534400.0) if kind == "datetime" else (-12.5 * (i % 2), 48_211.7 / (i + 1))
    numbers = {}
    if kind in ("number", "integer", "datetime"):
        counts = tuple(round(20000 * exp(-(((k / 20 - made.random() / 9 - 0.4) / 0.2) ** 2)), 1) for k in range(20))
        numbers = {
            "minimum": low,
            "maximum": high,
            "mean": (low + high) / 2,
            "sd": (high - low) / 6,
            "skew": 0.41,
            "kurtosis": -0.2,
            "zeros": 312,
            "negatives": 17,
            "infinities": i % 3,
            "quantiles": {q: low + (high - low) * q for q in (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)},
            "rank_error": 0.013,
            "histogram": Histogram(tuple(low + (high - low) * k / 20 for k in range(21)), counts),
            "longest_gap": (low + 4e6, low + 6e6) if kind == "datetime" else None,
        }
    else:
        values = [HOSTILE] if hostile else []
        numbers = {
            "top": tuple((v, 580_000 // (k + 1)) for k, v in enumerate([*values, *(f"value {k}" for k in range(12))])),
            "top_error": 420,
            "shortest": 2,
            "longest": 61,
            "mean_length": 14.2,
        }
    parts = (HOSTILE if hostile else f"{low:.4g} to {low + 9:.4g}", *(f"{k}0 to {k}9" for k in range(1, 9)), "missing")
    shares = tuple(_shares(len(classes), made) for _ in parts)
    return ColumnProfile(
        name,
        kind,
        "id" if i == 3 else "feature",
        rows - missing,
        missing,
        12_430 + i,
        i % 2 == 0,
        0.0 if i % 2 == 0 else 0.03,
        meaning="e-mail addresses" if i == 3 else None,
        sensitive=i == 3,
        unread=41 if i == 1 else 0,
        target=made.random(),
        by_target=TargetView(parts, tuple(made.randint(90, 90_000) for _ in parts), classes, shares),
        **numbers,
    )


def _shares(classes: int, made: random.Random) -> tuple[float, ...]:
    if not classes:
        return (made.random() * 300 - 40,)
    weights = [made.random() for _ in range(classes)]
    return tuple(w / sum(weights) for w in weights)


def run(hostile: bool = False) -> Run:
    bad = HOSTILE if hostile else None
    candidates = (
        Candidate(
            bad or "boosting",
            "b",
            (Metric("roc_auc", 0.742, 0.735, 0.749), Metric("log_loss", 0.473, 0.467, 0.479)),
            {"learning_rate": 0.08, "max_leaf_nodes": 63, bad or "max_iter": bad or 400},
            41.2,
        ),
        Candidate(
            "linear",
            "l",
            (Metric("roc_auc", 0.694, 0.688, 0.701), Metric("log_loss", 0.501, 0.496, 0.506)),
            {"C": 1.0},
            6.3,
        ),
        Candidate(
            "baseline", "d", (Metric("roc_auc", 0.5, 0.5, 0.5), Metric("log_loss", 0.548, 0.543, 0.553)), {}, 0.1
        ),
    )
    split = Split(
        "time",
        3,
        141_205,
        27_210,
        "time_hour",
        "2013-06-01T00:00:00",
        bad or "The rows have a time: each part is validated on what came after it.",
    )
    found = (
        Finding(
            "WB202", "warning", bad or "The score on the hold-out is lower than in the validation.", None, "run.plot()"
        ),
    )
    return Run(
        "3f2a9c0d11",
        "binary",
        contract(),
        tuple(NUMBERS),
        {bad or "dep_delay": bad or "known only after the prediction"},
        (False, bad or True),
        candidates,
        (Metric("roc_auc", 0.731, 0.724, 0.738), Metric("log_loss", 0.482, 0.474, 0.49)),
        split,
        SHA,
        bad or "flights.csv.zip",
        0,
        0.34,
        MADE,
        found,
        asked={"threshold": bad or "f1"},
        evaluation=evaluation(bad),
        folds=(((0, 1), (2,)), ((2,), (0, 1))),
        trials=trials(bad),
        costs={
            bad or "boosting": Cost(295_000, True, 2_060.0, 0.029, 3.0),
            "linear": Cost(2_400, False, None, 4.1, 8.5),
        },
    )


def trials(bad: str | None = None) -> tuple[Tried, ...]:
    """Four settings of one candidate, of which one was given up and one failed, and one of another."""
    name, kind = bad or "boosting", bad or "deep"
    scored = [
        Tried(
            name, {"leaves": leaves, "kind": kind, "rate": 0.1 * leaves}, (Metric("roc_auc", value),), 1.0, "validated"
        )
        for leaves, value in ((31, 0.73), (7, 0.742))
    ]
    given_up = Tried(name, {"leaves": 63, "kind": None}, (), 0.5, bad or "fell behind")
    linear = Tried("linear", {}, (Metric("roc_auc", 0.69),), 1.0, "kept")
    return (*scored, given_up, replace(given_up, failed=True), linear)


def evaluation(bad: str | None = None) -> Evaluation:
    """Of two classes that overlap."""
    made = random.Random(3)
    truth = [made.random() < 0.3 for _ in range(600)]
    chance = [min(max(made.gauss(0.55 if late else 0.3, 0.18), 0.0), 1.0) for late in truth]
    counted = Thresholds.of(truth, chance, (0.34,))
    bins = tuple(Bin(60, 0.1 * k + 0.05, 0.1 * k + 0.03, 0.09 * k, 0.1 * k + 0.1) for k in range(10))
    spread = Spread(0.0, 1.0, ((40, 60, 30, 10, 5), (5, 10, 20, 30, 10)))
    score = Metric("roc_auc", 0.66, 0.61, 0.71)
    worst = Slice(bad or "dest", bad or "'ORD'", 87, 0.61, 0.47, 0.003, score)
    return Evaluation(600, bins, spread, counted, counted, slices=(worst, replace(worst, score=None)))


def other_runs(bad: str | None = None) -> tuple[Run, Run]:
    """Of three classes, and of a number."""
    classes = (bad or "low", "middle", "high")
    seen = Evaluation(30, (Bin(30, 0.7, 0.8, 0.6, 0.9),), labels=classes, confusion=((9, 1, 0), (0, 10, 0), (2, 0, 8)))
    numbers = Evaluation(
        3, (Bin(3, 12.0, 11.0, 9.0, 13.0),), Spread(-2.0, 2.0, ((1, 2, 0),)), points=((10.0, 9.0), (14.0, 15.5))
    )
    several = replace(run(), task="multiclass", classes=classes, threshold=None, evaluation=seen)
    return several, replace(run(), task="regression", classes=(), threshold=None, evaluation=numbers)


def explanation(hostile: bool = False, rows: int = 50, seed: int = 1) -> Explanation:
    """A late flight's reasons: numbers, categories, gaps and a moment; what is hostile is so everywhere."""
    made = random.Random(seed)
    features = (HOSTILE if hostile else "dep_hour", *list(NUMBERS)[1:], "carrier", "dest", "origin", "when")
    columns = {features[0]: tuple(made.randint(5, 23) for _ in range(rows))}
    columns |= {name: tuple(made.uniform(low, high) for _ in range(rows)) for name, (low, high, _) in rest_of_numbers()}
    names = ["EV", "B6", HOSTILE if hostile else "UA", None]
    columns |= {name: tuple(made.choice(names) for _ in range(rows)) for name in ("carrier", "dest", "origin")}
    columns["when"] = tuple(f"2013-{1 + i % 12:02}-{1 + i % 28:02}" for i in range(rows))
    size = [1 / (i + 1) for i in range(len(features))]
    values = tuple(
        (
            (hour - 14) / 8,
            (far - 2500) / 4000 * (1 if hour > 14 else -1),
            *(made.gauss(0.1 - i % 2 / 5, s) for i, s in enumerate(size[2:])),
        )
        for hour, far in zip(columns[features[0]], columns["distance"], strict=True)
    )
    outputs = tuple(-1.2 + sum(row) for row in values)
    label = HOSTILE if hostile else True
    return Explanation(
        "3f2a9c0d11",
        features,
        values,
        -1.2,
        outputs,
        "log-odds",
        label,
        4.4e-15,
        "tree paths",
        columns,
        MADE,
        positions=tuple(range(100, 100 + rows)),
        truth=tuple(label if made.random() < 1 / (1 + exp(-output)) else False for output in outputs),
        predictions=[1 / (1 + exp(-output)) for output in outputs],
        threshold=0.34,
        groups=((features[0], "when"),),
    )


def rest_of_numbers() -> list[tuple[str, tuple[float, float, float]]]:
    return list(NUMBERS.items())[1:]


def bundle(hostile: bool = False) -> Bundle:
    bad = HOSTILE if hostile else None
    files = dict.fromkeys(
        ("model.npz", "contract.json", "reference.profile", "card.md", "requirements.lock", bad or "golden/rows.json"),
        SHA,
    )
    return Bundle(
        "flights",
        3,
        bad or "3f2a9c0d11",
        bad or "boosting",
        "binary",
        (False, bad or True),
        (bad or "dep_hour", *list(NUMBERS)[1:]),
        0.34,
        run().metrics,
        SHA,
        True,
        files,
        MADE,
        path=Path(".workbench/bundles/flights/3"),
    )


def job(state: JobState = JobState.FAILED, hostile: bool = False) -> Job:
    bad = HOSTILE if hostile else None
    failed = state is JobState.FAILED
    return Job(
        "20261121T0149-score-3f2a",
        bad or "notebooks/score.ipynb",
        {bad or "name": bad or "flights", "window": "2013-09"},
        state,
        9,
        5 if failed else 9,
        6 if failed else None,
        (bad or "BadTable: No row is left. Choose a wider range.") if failed else None,
        MADE,
        MADE,
        "2026-11-21T02:11:17+00:00",
        4711,
        Path(".workbench/jobs/20261121T0149-score-3f2a"),
    )


def batch(hostile: bool = False) -> Batch:
    """Of four parts one has failed, one is at work and one was not submitted."""
    bad = HOSTILE if hostile else None
    each = tuple({bad or "region": bad or region, "k": k} for region in ("north", "south") for k in (1, 2))
    shown = (job(JobState.COMPLETED, hostile), job(JobState.FAILED, hostile), job(JobState.IN_PROGRESS, hostile), None)
    scores = ({bad or "roc_auc": 0.731, "rows": 27_210.0}, {}, {}, {})
    return Batch("20261121T0149-score-3f2a", bad or "notebooks/score.ipynb", each, {"name": bad or "flights"}, MADE,
                 jobs=shown, scores=scores)  # fmt: skip


def job_comparison(hostile: bool = False) -> JobComparison:
    """Two jobs that differ in everything that can; figures of each kind."""
    bad = HOSTILE if hostile else None
    differences = tuple(
        JobDifference(kind, bad or f"{kind} name", bad or "1.2", bad or 0.5, 3, bad or "likely: numpy 2.4 → 2.5")
        for kind in KINDS
    )
    drawing = f"<svg xmlns='http://www.w3.org/2000/svg'><text>{bad or 'x'}</text></svg>"
    plot = json.dumps(
        {"data": [{"y": [1, 3, 2], "name": bad}, {"type": "bar", "y": [1, 2]}, {"mode": "markers", "y": [2]}]}
    )
    figures = (
        FigurePair("png", False, bad or "50% of its pixels differ, by up to 5 of 255", bad or "AAAA", bad or "AAAA"),
        FigurePair("svg", False, bad or "its drawing differs", drawing, drawing),
        FigurePair("plotly", True, "", plot, plot),
        FigurePair("plotly", False, bad or "it is on one side alone", plot, ""),
    )
    cells = (
        CellPair((2, 3), bad or "run = wb.train(data)", True, (12.5, 0.25), ("completed", "completed"), 2, figures),
        CellPair((None, 4), bad or "run.page()", False, (None, 1.0), ("", "failed")),
        CellPair((3, None), bad or "run", False, (0.5, None), ("completed", "")),
        CellPair((5, 5), bad or "now()", True, (0.5, 0.5), ("completed", "completed"), 0, (), True),
    )
    pairs = (Pair(bad or "seed", bad or 0, bad or 1, False), Pair(bad or "n", bad or 5, bad or 5, True))
    return JobComparison(
        (bad or "20261121T0149-train-3f2a", bad or "20261122T0149-train-a0b1"),
        (bad or "notebooks/train.ipynb", bad or "notebooks/train.ipynb"),
        ("COMPLETED", "FAILED"),
        (MADE, MADE),
        (75.0, None),
        differences,
        cells,
        pairs,
        tuple(replace(one, noun=bad or "run", cell=3) for one in pairs),
        (Pair(bad or "WB101 km", None, "warning", False, 3, "profile"),),
        (Pair("Python version", "3.11.7", "3.12.1", False), *pairs),
        (bad or "No table was seen.",),
        {"cells": 4, "results": 2, "outputs": 3, "figures": 4},
        "1e-09 relative, 1e-06 absolute",
        True,
    )


def followed(bad: str | None, nth: int) -> tuple[Group, ...]:
    """Of a window two groups, one of which changes later."""
    told = GroupMetric("selection_rate", 0.2 + 0.05 * nth, 0.1, 0.6, 900.0, 0.3, 0.001 if nth > 3 else 0.8, nth > 3)
    return tuple(Group(bad or "carrier", value, 900, 0.5, False, (told,)) for value in (bad or "UA", "B6"))


def weighing(bad: str | None, nth: int) -> tuple[ReasonDifference, ...]:
    """Of a window three columns, the first of which turns in the fourth."""
    turned = nth == 3
    sizes = {bad or "precip": (0.6, 0.9 if turned else 0.61), "humid": (0.4, 0.41 + 0.01 * nth), "carrier": (0.1, 0.1)}
    return tuple(
        ReasonDifference(
            name, None, (1000, 1000), (before, now), now - before - 0.03, now - before + 0.03, (0.02, -0.1), (k, k),
            (0.8, -0.7) if big else (0.5, 0.48), 0.31 if big else 0.03, 1e-9 if big else 0.7, big,
            ((0.25, 0.5), (0.25, 0.1), (0.5, 0.4)), big,
        )
        for k, (name, (before, now)) in enumerate(sizes.items(), 1)
        for big in [turned and k == 1]
    )  # fmt: skip


def reasons(hostile: bool = False) -> Reasons:
    """What drives a model: numbers, categories, and a column of which only what it adds is kept."""
    bad = HOSTILE if hostile else None
    counts = ((30, 10, 0), (10, 30, 10), (0, 10, 40), (1, 2, 3))
    moments = (146.0, 0.5, 9.0, 1.0, 4.0)
    return Reasons(
        "m", bad or "log-odds", bad or "yes", 146, MADE,
        (
            ColumnReasons(bad or "precip", moments, 0.1, (-0.2, 0.3), (0.0, 5.5), counts, 0.4, 0.6, 0.83),
            ColumnReasons("carrier", (146.0, 0.3, 9.0, 1.0, 4.0), -0.1, (-0.2, 0.3), (), counts,
                          levels=(bad or "UA", "B6", "DL")),
            ColumnReasons("age", (146.0, 0.2, 9.0, 1.0, 4.0), 0.0, (-0.2, 0.3), (), ((41, 52, 53),)),
        ),
        0.25, bad or "tree paths",
    )  # fmt: skip


def incident(bad: str | None = None) -> Incident:
    """One that goes on, with what is behind it and what people did."""
    at = "2026-11-20T09:00:00+00:00"
    return Incident(
        "2013-10",
        "2013-10",
        bad or "Rain was far heavier than in the training; its drift moved the predictions.",
        (bad or "precip", "humid", "visib"),
        open=True,
        id="3f2a9c0d",
        kind=bad or "score",
        direction="down",
        peak="2013-10",
        windows=("2013-10",),
        quiet=1,
        others=(bad or "drift",),
        causes=(
            Cause("moved", bad or "precip", 0.31, bad or "What changed in precip moved the mean prediction by +0.31."),
            Cause("moved", "humid", -0.12, "What changed in humid moved the mean prediction by -0.12."),
        ),
        state="snoozed",
        owner=bad or "mira",
        until="2026-12-08T00:00:00+00:00",
        acts=(
            Act("3f2a9c0d", "own", bad or "mira", at, owner=bad or "mira"),
            Act("3f2a9c0d", "snooze", bad or "mira", at, bad or "The rain gauge is repaired.", until=at),
        ),
    )


def seen(bad: str | None) -> tuple[Signal, ...]:
    return (
        Signal("score", "alarm", bad or "ROC AUC is 0.668, 0.731 in training.", (), "down", 0.27, 1e-6),
        Signal("drift", "warning", bad or "precip drifted (0.42).", (bad or "precip",), "up", 0.42, 1e-9),
        Signal(
            "missing", "small", bad or "wind is missing in 1.4%, 1.0% in training.", (bad or "wind",), "up", 0.004, 1e-5
        ),
    )


def report(hostile: bool = False, name: str = "flights") -> MonitorReport:
    bad = HOSTILE if hostile else None
    made = random.Random(7)
    scores = [0.728, 0.731, 0.719, 0.668, 0.702, None]
    columns = [bad or "precip", *[c for c in (*NUMBERS, *TEXTS) if c != "precip"], "prediction"]
    windows = []
    for i, score in enumerate(scores):
        drift = [
            ColumnDrift(
                c,
                "chi2" if c in TEXTS else "ks",
                0.1,
                1e-9 if (big := i == 3 and k < 4) else 0.2,
                (0.42 / (k + 1) if big else 0.06 * made.random()),
                big or k == 9,
                big and k < 3,
            )
            for k, c in enumerate(columns)
        ]
        performance = (Metric("roc_auc", score, score - 0.009, score + 0.009),) if score else ()
        status = ("ok", "ok", "warning", "alarm", "ok", "unknown")[i]
        reasons = (bad or f"ROC AUC {score} lies below the reference's interval.",) if status == "alarm" else ()
        windows.append(
            Window(
                f"2013-{i + 7:02d}",
                28_110 - 311 * i,
                0 if score is None else 27_000 - 311 * i,
                0.0004 * (1 + i * i),
                tuple(sorted(drift, key=lambda d: -d.effect)),
                performance,
                0.22 + 0.02 * (i % 3),
                None if score is None else 0.21 + 0.03 * (i % 3),
                status,
                reasons,
                groups=followed(bad, i),
                signals=seen(bad) if status == "alarm" else (),
                explained=weighing(bad, i),
                estimates=(Estimate("roc_auc", 0.72 - 0.01 * i, 0.7, 0.74, i % 2 == 0, (bad or "In its rows.",)),),
                segments=(
                    Segment(
                        bad or "carrier", bad or "UA", 900, Metric("roc_auc", 0.7), Metric("roc_auc", 0.73), i == 3
                    ),
                ),
                value=Metric("cost", 0.4, 0.3, 0.5),
                value_reference=Metric("cost", 0.35, 0.3, 0.4),
            )
        )
    found = (
        Finding(
            "WB301",
            "error",
            bad or "ROC AUC fell to 0.668 in 2013-10, below the reference's 0.724 to 0.738.",
            None,
            'workbench.submit("notebooks/retrain.ipynb", {"name": "flights"})',
        ),
    )
    events = tuple(
        {"at": f"2026-11-{d}T09:00:00+00:00", "act": a, "version": v, "by": "mira", "reason": bad or why}
        for d, a, v, why in (
            (18, "package", 1, ""),
            (18, "promote", 1, "first version"),
            (20, "promote", 2, "challenger better by 0.021 (0.012 to 0.030)"),
            (21, "rollback", 1, "latency"),
        )
    )
    return MonitorReport(
        name,
        2,
        (Metric("roc_auc", 0.731, 0.724, 0.738),),
        tuple(windows),
        (incident(bad),),
        found,
        0.05,
        events,
        MADE,
        bad or "log-odds",
    )


def comparison(hostile: bool = False) -> Comparison:
    """A challenger that wins."""
    old, new = Metric("roc_auc", 0.702, 0.695, 0.709), Metric("roc_auc", 0.731, 0.724, 0.738)
    difference = Metric("difference in roc_auc", 0.029, 0.021, 0.037)
    seen = Finding("WB320", "info", "1,204 rows of 28,214 left out: version 2 was trained on them.")
    name = HOSTILE if hostile else "flights"
    return Comparison(name, (1, 2), 27_010, old, new, difference, True, 0.005, "table", 1204, (seen,))


def watch(hostile: bool = False) -> Watch:
    """One that asks, after a new version has won."""
    bad, case = HOSTILE if hostile else "2013-11", "1a2b3c4d"
    told = (
        ("scored", f"8,204 rows of {bad}.parquet in the window {bad}.", {"rows": 8204, "window": bad}),
        ("retrain", f"alarm, score, {bad}: ROC AUC fell by a lot. Retrained on rows up to 2013-11-30 23:00.", {}),
        ("trained", "Version 2 is there, by 20131201T050000000-retrain-flights-1a2b3c4d.", {}),
        ("better", comparison(hostile).verdict, {"rows": 27_010}),
        ("asks", f"May version 2 become champion? {comparison(hostile).verdict}", {}),
    )
    decisions = tuple(
        Decision(f"{case}/{what}", MADE, what, why, saw, "" if what == "scored" else case, case, 2, "a-job", bad, bad)
        for what, why, saw in told
    )
    policy = Policy(train_on=f"{bad}/", stages=("shadow 1000 rows",), least_gain=0.01)
    source = {"sql": f"SELECT {bad}", "url": "env:WAREHOUSE", "parameters": {}}
    plan = Plan(
        HOSTILE if hostile else "flights", "0 5 * * *", "UTC", source, f"{bad}/*.csv", policy=policy, since=MADE
    )
    return Watch(plan, decisions, ("2013-12-01T05:00:00+00:00",))


def alarm_curve(hostile: bool = False) -> AlarmCurve:
    """Few rates, of which a smaller one would have cost less."""
    points = (
        AlarmsAt(0.001, 1, 0, 1, 2, 21.0),
        AlarmsAt(0.01, 2, 1, 3, 0, 2.0),
        AlarmsAt(0.05, 4, 3, 6, 0, 4.0),
    )
    bad = (HOSTILE if hostile else "2013-10", "2013-11", "2013-12")
    return AlarmCurve(HOSTILE if hostile else "flights", 24, 0.05, points, bad, 1.0, 10.0)


def verification(hostile: bool = False) -> Verification:
    """A bundle of which all but one check held."""
    checks = (
        Check("predictions", True, "20 golden rows, largest difference 0.0e+00"),
        Check("bad row", True, HOSTILE if hostile else "422, 'distance': expected a finite number, got the text 'far'"),
        Check("light", False, "imports pandas"),
    )
    return Verification(HOSTILE if hostile else "flights version 1", checks)


def slices(hostile: bool = False) -> Slices:
    """Two columns, of which one differs from the rest."""
    name, score = HOSTILE if hostile else "dest", Metric("roc_auc", 0.66, 0.61, 0.71)
    found = (
        Slice(name, HOSTILE if hostile else "'ORD'", 870, 0.61, 0.47, 0.003, score, 0.05, 0.23),
        Slice(name, "rarer ones together", 12, 0.41, 0.48, 1.0, None, -0.2, 0.06),
        Slice("distance", "80.0 to 502.0", 6_800, 0.48, 0.47, 0.8, replace(score, value=0.72), -0.01, 0.03),
    )
    return Slices("3f2a9c0d11", 27_210, "log loss", Metric("roc_auc", 0.731, 0.724, 0.738), found)


def profile_comparison(hostile: bool = False) -> ProfileComparison:
    name = HOSTILE if hostile else "MonthlyCharges"
    bars = tuple(f"{20 + 5 * i} to {25 + 5 * i}" for i in range(20))
    before = tuple(exp(-((i - 8) ** 2) / 20) / 7.93 for i in range(20))
    now = tuple(exp(-((i - 11) ** 2) / 24) / 8.68 for i in range(20))
    said = "'Two year' was 24% of the values, now it is 41%."
    columns = (
        ColumnDifference(name, "number", "mean", 17.4, 0.0, 0.31, True, True, HOSTILE if hostile else
                         "Higher by 0.5 standard deviations: mean 64.76, now 79.8.", bars, before, now),
        ColumnDifference("Contract", "category", "chi2", 410.2, 0.0, 0.171, True, True, HOSTILE if hostile else said,
                         ("Month-to-month", "Two year", HOSTILE if hostile else "One year"),
                         (0.55, 0.24, 0.21), (0.4, 0.41, 0.19)),
        ColumnDifference("tenure", "integer", "ks", 0.034, 0.002, 0.034, True, False,
                         "Spread wider: standard deviation 24.56, now 27.2.", bars, now, before),
        ColumnDifference("TotalCharges", "number", "missing", 0.4, 0.81, 0.002, False, False,
                         "No difference beyond chance.", missing=(0.002, 0.004)),
    )  # fmt: skip
    finding = Finding("WB150", "warning", f"differs between the two tables by more than chance: {said}", "Contract")
    return ProfileComparison(
        (HOSTILE if hostile else "may.csv", "june.csv"), (7_043, 6_911), columns, 0.01,
        (name if hostile else "Churn",), ("region",), (finding, *findings(hostile)[:1]),
    )  # fmt: skip


def explanation_comparison(hostile: bool = False) -> ExplanationComparison:
    name = HOSTILE if hostile else "tenure"
    made = random.Random(2)
    parts = tuple((made.random() / 12, made.random() / 12) for _ in range(24))
    changed = ReasonDifference(
        name, None, (1000, 800), (0.82, 1.31), 0.4, 0.58, (-0.05, 0.21), (2, 1), (-0.9, 0.7), 0.31, 0.0, True, parts
    )
    alike = ReasonDifference(
        "Contract", None, (1000, 800), (0.9, 0.88), -0.07, 0.03, (0.1, 0.1), (1, 2), None, 0.02, 0.9, False, parts
    )
    segment = HOSTILE if hostile else "Two year"
    in_segment = replace(changed, segment=segment, rows=(210, 180), parts=())
    finding = Finding("WB237", "warning", "The reasons changed by more than chance: tenure weighs 1.31.", name)
    return ExplanationComparison(
        ("3f2a9c0d11", "77aa"), (1000, 800), "log-odds", "Yes", (changed, alike, in_segment), 0.01,
        HOSTILE if hostile else "Contract", (name,) if hostile else (), ("region",), (finding,),
    )  # fmt: skip


def fairness(hostile: bool = False) -> Fairness:
    """Two columns and both crossed; one group is too small, one has no positives."""
    name, value = (HOSTILE, HOSTILE) if hostile else ("sex", "Female")

    def of(column: str, group: str, rows: int, rate: float, differs: bool = False) -> Group:
        told = tuple(
            GroupMetric(one, rate, rate - 0.04, rate + 0.05, rows, 0.4, 0.002 if differs else 0.7, differs)
            for one in ("selection_rate", "true_positive_rate", "false_positive_rate", "accuracy")
        )
        gap = GroupMetric("calibration_gap", -0.01, -0.03, 0.02, rows, 0.0, 0.8)
        none = GroupMetric("precision", None)
        return Group(column, group, rows, rows / 1000, rows < 50, (*told, gap, none), Metric("roc_auc", 0.8, 0.7, 0.9))

    groups = (of(name, value, 400, 0.12, True), of(name, "Male", 600, 0.34, True), of("region", "isle", 12, 0.5),
              of("region", "north", 988, 0.3), of(f"{name} × region", f"{value}, north", 395, 0.13))  # fmt: skip
    gaps = (Gap(name, "demographic_parity_difference", 0.22, 0.18, 0.26, value, "Male"),
            Gap(name, "equalized_odds_ratio", 0.4, 0.3, 0.5, value, "Male"))  # fmt: skip
    drivers = (
        Driver(name, value, name if hostile else "hours", -0.8, -0.9, -0.7),
        Driver(name, value, "age", 0.1, -0.1, 0.3),
    )
    proxies = (
        Proxy(name, "all features together", 0.85, False),
        Proxy(name, HOSTILE if hostile else "hours", 0.7, False),
    )
    score, after = (Metric("accuracy", 0.86, 0.85, 0.87),), (Metric("accuracy", 0.84, 0.83, 0.85),)
    closed = ((gaps[0], replace(gaps[0], value=0.02, low=0.0, high=0.06)),)
    mixed = {"low": 0.4, "high": 0.5, "share": 0.3, "ignored": 0.1, "constant": 0.2}
    remedies = (
        Remedy("thresholds", "demographic_parity", name, False, "One threshold a group.", score, after, closed,
               {value: {"threshold": 0.2}, "Male": mixed}),
        Remedy("reweighing", "independence", name, True, "Fitted anew.", score, after, closed),
    )  # fmt: skip
    finding = Finding("WB308", "warning", "groups differ by more than chance: selection rate 0.12 to 0.34.", name)
    return Fairness(
        "3f2a9c0d11", "binary", HOSTILE if hostile else "yes", (Grouping(name, (value, "Male")),), 1000,
        of("", "", 1000, 0.3).metrics, groups, gaps, drivers, "log-odds", proxies, remedies,
        weight=HOSTILE if hostile else None, findings=(finding,), created=MADE,
    )  # fmt: skip


def every(hostile: bool = False):
    """One result a noun."""
    return (
        dataset(hostile),
        profile(hostile),
        run(hostile),
        explanation(hostile),
        bundle(hostile),
        job(hostile=hostile),
        report(hostile),
        comparison(hostile),
        alarm_curve(hostile),
        profile_comparison(hostile),
        verification(hostile),
        slices(hostile),
        batch(hostile),
        fairness(hostile),
        explanation_comparison(hostile),
        job_comparison(hostile),
        watch(hostile),
    )


def without_windows(name: str = "fresh") -> MonitorReport:
    return replace(report(name=name), windows=(), incidents=(), findings=(), events=())
