"""Statistics are right, no column breaks another, files of format 1 load, leaks are found."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.core.profile import Profile
from workbench.profiling.profile import profile
from workbench.reading.dataset import dataset

HERE = Path(__file__).parent


def found(table, **roles):
    return {(f.code, f.column) for f in profile(dataset(pd.DataFrame(table), **roles)).findings}


def test_numbers_are_those_of_pandas():
    x = pd.Series(np.random.default_rng(0).gamma(2, 1, 5000))
    column = profile(dataset(pd.DataFrame({"x": x})))["x"]
    assert (column.mean, column.sd) == pytest.approx((x.mean(), x.std()))
    assert column.skew == pytest.approx(x.skew(), rel=1e-2)
    assert sum(column.histogram.counts) == 5000
    assert (x <= column.quantiles[0.5]).mean() == pytest.approx(0.5, abs=0.02)


def test_one_bad_column_does_not_disable_another():
    bad = {
        "null": [None] * 4,
        "inf": [np.inf, -np.inf, 1, 2],
        "mixed": [1, "a", None, 2.5],
        "huge": [1e308, -1e308, 0, 1],
    }
    told = profile(dataset(pd.DataFrame({**bad, "good": [1.5, 2, 3, 4]})))
    assert told["good"].mean == pytest.approx(2.625)
    assert told["inf"].infinities == 2


def test_a_saved_profile_is_equal_when_loaded(tmp_path):
    table = pd.DataFrame({"x": np.random.default_rng(0).normal(size=3000), "c": list("abc") * 1000})
    told = profile(dataset(table, target="c"))
    assert Profile.load(told.save(tmp_path / "p.json")) == told


def test_a_file_of_format_1_loads():
    told = Profile.load(HERE / "formats" / "profile-1.json")
    assert (told.rows, told["x"].quantiles[0.5]) == (40, 19.0)


def test_a_file_of_format_2_loads_merges_and_compares():
    told = Profile.load(HERE / "formats" / "profile-2.json")
    both = told.merge(told)

    assert (told.rows, told["x"].quantiles[0.5], told["mail"].sensitive) == (40, 19.0, True)
    assert (both.rows, both["x"].mean, both.duplicates) == (80, told["x"].mean, 40)
    assert told.compare(told).differing == ()


def test_a_file_of_format_1_is_compared_by_the_hash_that_it_was_written_with():
    old = Profile.load(HERE / "formats" / "profile-1.json")
    columns = [c.name for c in old]

    assert old.compare(old).differing == ()
    assert set(columns) == {d.column for d in old.compare(old).columns}


def test_a_stopped_profile_leaves_nothing_behind(monkeypatch, tmp_path):
    """Ctrl-C, or the square button of the notebook, between two chunks."""
    from workbench.profiling import scan

    pd.DataFrame({"x": range(200_000)}).to_parquet(tmp_path / "t.parquet")
    seen = []

    def interrupted(self, chunk):
        seen.append(chunk.height)
        raise KeyboardInterrupt

    monkeypatch.setattr(scan.TableScan, "update", interrupted)
    with pytest.raises(KeyboardInterrupt):
        profile(tmp_path / "t.parquet")
    monkeypatch.undo()

    assert len(seen) == 1
    assert profile(tmp_path / "t.parquet").rows == 200_000


def test_personal_data_is_masked_and_not_kept(tmp_path):
    mails = [f"person{i}@example.org" for i in range(50)]
    told = profile(dataset(pd.DataFrame({"mail": mails, "x": range(50)})))
    assert told.contract["mail"].sensitive
    assert "example.org" not in told.save(tmp_path / "p.json").read_text()


@pytest.mark.slow
def test_the_sum_that_gives_the_target_is_a_leak(shared_table):
    told = profile(dataset(shared_table("bike_hour.csv"), target="count", time="dateday"))
    assert set(told.leaks) == {"casual", "registered"}


def test_what_is_empty_with_the_target_is_a_leak_even_when_kept_out():
    rng = np.random.default_rng(0)
    y = pd.Series(rng.normal(size=500)).mask(rng.random(500) < 0.2)
    told = profile(dataset(pd.DataFrame({"y": y, "after": (y * 0 + rng.normal(size=500)), "x": rng.normal(size=500)}),
                           target="y", known_after=["after"]))  # fmt: skip
    assert told.leaks == ("after",)
    assert [f.severity for f in told.findings if f.code == "WB120"] == ["info"]


def test_planted_defects_are_named():
    rng = np.random.default_rng(0)
    n = 1000
    table = {
        "constant": [1] * n,
        "key": range(n),
        "sentinel": np.where(rng.random(n) < 0.05, -999, rng.integers(0, 50, n)),
        "spelled": rng.choice(["New York", "new york", "Paris"], n),
        "price": [f"${v:,.2f}" for v in rng.uniform(1, 9999, n)],
        "capped": np.minimum(rng.exponential(100, n), 200),
        "x": rng.normal(size=n),
        "twin": None,
    }
    table["twin"] = table["x"]
    planted = {("WB101", "constant"), ("WB107", "key"), ("WB108", "sentinel"), ("WB110", "spelled"), ("WB138", "price"),
               ("WB115", "capped"), ("WB106", "twin")}  # fmt: skip
    assert planted <= found(table)


def test_clean_columns_have_hardly_a_finding():
    rng = np.random.default_rng(0)
    table = {f"n{i}": rng.normal(size=2000) for i in range(10)} | {f"i{i}": rng.poisson(9, 2000) for i in range(5)}
    table |= {f"c{i}": rng.choice(list("abcd"), 2000) for i in range(5)}
    assert len(found({**table, "y": rng.choice(["no", "yes"], 2000)}, target="y")) <= 1
