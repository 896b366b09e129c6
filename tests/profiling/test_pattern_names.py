"""Names that look like regular expressions, which polars takes for patterns, are names like any other."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

import workbench as wb
from workbench.reading.pandas_tables import from_pandas
from workbench.reading.source import completed, values_of

ROWS = 300
# What each column is called: a pattern that fits itself, others, all, or none, or that is no regular expression.
PATTERNS = {
    "time": "^time$",
    "number": "^.*$",
    "whole": "^(whole|code)$",
    "leak": "^l.*$",
    "code": "*",
    "twin": "^$",
    "first": "^first$",
    "second": "^.$",
    "note": "^[$",
    "amount": "(?i)^amount$",
    "outcome": "^outcome$",
}


def a_table():
    """One column of each kind, some that belong together, and gaps."""
    rng = np.random.default_rng(3)
    code = rng.choice(["a", "b", "c"], ROWS)
    outcome = rng.choice(["yes", "no"], ROWS)
    blank = rng.random(ROWS) < 0.3
    return pd.DataFrame(
        {
            "time": pd.date_range("2024-01-01", periods=ROWS, freq="h"),
            "number": rng.normal(size=ROWS),
            "whole": rng.integers(0, 40, ROWS),
            "leak": np.where(outcome == "yes", 1.5, 0.5),
            "code": code,
            "twin": pd.Series(code).map({"a": "x", "b": "y", "c": "z"}),
            "first": np.where(blank, None, rng.choice(["p", "q"], ROWS)),
            "second": np.where(blank, None, rng.choice(["r", "s"], ROWS)),
            "note": [f"words of row {i} that nobody wrote twice" for i in range(ROWS)],
            "amount": [f"{v:,.2f} €" for v in rng.uniform(0, 5000, ROWS)],
            "outcome": outcome,
        }
    )


def frame_of_pandas(table, _):
    return table


def frame_of_polars(table, _):
    return pl.from_pandas(table)


def csv(table, folder):
    table.to_csv(folder / "table.csv", index=False)
    return folder / "table.csv"


def parquet(table, folder):
    table.to_parquet(folder / "table.parquet")
    return folder / "table.parquet"


def feather(table, folder):
    table.to_feather(folder / "table.feather")
    return folder / "table.feather"


def lines_of_json(table, folder):
    table.to_json(folder / "table.jsonl", orient="records", lines=True, date_format="iso")
    return folder / "table.jsonl"


def two_files(table, folder):
    """The second lacks a column."""
    (folder / "both").mkdir()
    table.iloc[:200].to_csv(folder / "both" / "1.csv", index=False)
    table.iloc[200:, table.columns != table.columns[1]].to_csv(folder / "both" / "2.csv", index=False)
    return folder / "both"


WAYS = [frame_of_pandas, frame_of_polars, csv, parquet, feather, lines_of_json, two_files]


def profiled(table, way, folder):
    """Both verbs on a table as it is given in some way."""
    folder.mkdir()
    given = way(table, folder)
    names = list(table.columns)
    dataset = wb.dataset(given, target=names[-1], time=names[0])
    return dataset, wb.profile(dataset), wb.profile(given)


def as_told(profile):
    """Findings and statistics without names."""
    findings = sorted(
        (f.code, f.severity, profile_names(profile).index(f.column) if f.column else -1) for f in profile.findings
    )
    return findings, [(c.kind, c.role, c.count, c.missing, c.distinct, c.meaning, c.mean) for c in profile]


def profile_names(profile):
    return [c.name for c in profile]


@pytest.mark.parametrize("way", WAYS)
def test_a_table_is_told_alike_whatever_its_columns_are_called(way, both_ways, tmp_path):
    table = a_table()
    dataset, *profiles = profiled(table, way, tmp_path / "plain")
    named, *others = profiled(table.rename(columns=PATTERNS), way, tmp_path / "patterns")

    assert list(named.contract.names) == list(PATTERNS.values())
    for one, other in zip(profiles, others, strict=True):
        assert as_told(one) == as_told(other)
        assert profile_names(other) == list(PATTERNS.values())
    pd.testing.assert_frame_equal(named.table, dataset.table.rename(columns=PATTERNS))


def test_findings_that_look_at_rows_are_among_them(tmp_path):
    table = a_table().rename(columns=PATTERNS)
    _, profile, _ = profiled(table, frame_of_pandas, tmp_path / "patterns")

    found = {finding.code: finding.column for finding in profile.findings}
    assert {"WB120", "WB133", "WB138"} <= found.keys()
    assert found["WB120"] == PATTERNS["leak"]
    assert not [finding for finding in profile.findings if finding.code == "WB199"]


def test_two_profiles_of_such_a_table_are_compared_and_merged(tmp_path):
    table = a_table().rename(columns=PATTERNS)
    first, second = wb.profile(table[:150]), wb.profile(table[150:])

    assert {drift.column for drift in first.compare(second).columns} >= set(PATTERNS.values())
    assert first.merge(second).rows == ROWS
    first.save(tmp_path / "first.json")
    assert profile_names(wb.Profile.load(tmp_path / "first.json")) == list(PATTERNS.values())


def test_values_of_a_column_answer_to_no_name():
    chunk = pl.DataFrame({"^x$": [1, None], "x": [3, 4]})

    assert values_of(chunk, "^x$").drop_nulls().to_list() == [1]
    assert from_pandas(pd.Series([1.0, None], name="^x$")).is_null().to_list() == [False, True]


def test_columns_that_a_chunk_lacks_are_empty_in_their_place():
    chunk = completed(pl.DataFrame({"^x$": [1], "x": [3]}), ["x", "^.*$", "^x$"])

    assert chunk.columns == ["x", "^.*$", "^x$"]
    assert chunk.row(0) == (3, None, 1)
    assert re.match("^x$", "x")  # which polars would have taken instead
