"""Checks one by one: what each names, what it leaves alone, and that its cure runs."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

import workbench as wb

ROWS = 400


def rng(seed=8):
    """A generator of its own for each table, so that what is drawn does not hang on which tests ran before."""
    return np.random.default_rng(seed)


def other():
    return rng(9).normal(size=ROWS)


def found(code, table, **roles):
    return [f for f in wb.profile(table, **roles).findings if f.code == code]


def named(code, values, **roles):
    return [f.column for f in found(code, pd.DataFrame({"x": values, "other": other()[: len(values)]}), **roles)]


DAYS = pd.date_range("2024-01-01", periods=ROWS, freq="D")
PLANTED = [
    ("WB122", np.arange(ROWS) + rng().normal(0, 20, ROWS)),
    ("WB122", -np.arange(ROWS, dtype=float)),
    ("WB122", DAYS),
    ("WB123", np.where(rng(7).random(ROWS) < 0.5, 0.0, rng().gamma(2, 3, ROWS))),
    ("WB124", rng().choice(["yes", "no"], ROWS)),
    ("WB124", rng().choice(["Y", "N"], ROWS)),
    ("WB125", rng().permutation(DAYS[(DAYS < "2024-05-01") | (DAYS > "2024-07-01")])),
    ("WB126", pd.Series([[i, i + 1] for i in range(ROWS)])),
    ("WB126", pd.Series([f'{{"a": {i}}}' for i in range(ROWS)])),
    ("WB116", pd.Series([f"the {i}th note says that nothing went wrong" for i in range(ROWS)])),
]
CLEAN = [
    ("WB122", rng().permutation(ROWS)),
    ("WB122", np.repeat([1, 2], ROWS // 2)),  # two blocks are not a clock
    ("WB123", rng().poisson(0.5, ROWS)),  # counts are often zero, and often one
    ("WB123", rng().integers(0, 2, ROWS)),
    ("WB124", rng().choice(["yes", "no", "perhaps"], ROWS)),
    ("WB125", rng().permutation(DAYS)),
    ("WB125", rng().permutation(DAYS[::7])),  # one a week is no gap
    ("WB126", rng().choice(["[a", "b]", "c"], ROWS)),
    ("WB116", rng().choice(["a", "b", "c"], ROWS)),
]


@pytest.mark.parametrize(("code", "values"), PLANTED, ids=lambda v: v if isinstance(v, str) else "")
def test_a_planted_defect_is_named(code, values):
    assert named(code, values) == ["x"]


@pytest.mark.parametrize(("code", "values"), CLEAN, ids=lambda v: v if isinstance(v, str) else "")
def test_what_is_sound_is_left_alone(code, values):
    assert named(code, values) == []


def test_the_order_of_rows_is_no_news_where_a_time_is_named():
    table = pd.DataFrame({"at": DAYS, "x": np.arange(ROWS, dtype=float)})

    assert [f.column for f in found("WB122", table)] == ["at", "x"]
    assert found("WB122", table, time="at") == []


def test_a_gap_is_told_with_its_days():
    (one,) = found("WB125", pd.DataFrame({"x": rng().permutation(DAYS[(DAYS < "2024-05-01") | (DAYS > "2024-07-01")])}))

    assert one.message == "has nothing between 2024-04-30 and 2024-07-02 (63 days)."


def test_several_columns_of_yes_and_no_make_one_finding():
    table = pd.DataFrame({name: rng(seed).choice(["yes", "no"], ROWS) for seed, name in enumerate("abc")})

    assert [f.evidence["columns"] for f in found("WB124", table)] == [["a", "b", "c"]]


def test_free_text_is_called_so():
    (one,) = found("WB116", pd.DataFrame({"x": [f"the {i}th note says that all went well" for i in range(ROWS)]}))

    assert one.message.startswith("is free text: 400 distinct texts")


@pytest.mark.parametrize(("code", "values"), PLANTED, ids=lambda v: v if isinstance(v, str) else "")
def test_the_cure_runs_with_what_workbench_brings(code, values, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # no dependency, though others bring it
    data = wb.dataset(pd.DataFrame({"x": values, "other": other()[: len(values)]}))
    (one,) = [f for f in wb.profile(data).findings if f.code == code]

    exec(one.cure, {"wb": wb, "data": data})  # our own code, with names from the table


def test_a_column_that_a_cure_adds_is_a_feature_of_its_kind():
    data = wb.dataset(pd.DataFrame({"x": [0, 3, 0], "sold": ["yes", "no", "yes"]}), target="sold")

    more = data.assign(**{"x is zero": data.table["x"] == 0, "half": data.table["x"] / 2, "word": ["a", "b", "c"]})

    assert [(c.name, c.kind) for c in more.contract.columns[2:]] == [
        ("x is zero", "boolean"),
        ("half", "number"),
        ("word", "category"),
    ]
    assert more.contract.features == ("x", "x is zero", "half", "word")
