"""One pass in chunks tells what a look at the whole would; estimates keep their bounds; budgets are kept."""

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.contract import Column, Contract
from workbench.core.profile import Profile
from workbench.errors import BadParameter
from workbench.profiling.comoments import Comoments
from workbench.profiling.memory import bytes_of, fitting
from workbench.profiling.profile import tell
from workbench.profiling.row_hashes import RowHashes
from workbench.profiling.row_sample import RowSample
from workbench.profiling.scan import Plan, merged, scan
from workbench.profiling.statistics import column_profile, column_state

tables = st.lists(
    st.tuples(
        st.none() | st.floats(-1e6, 1e6),
        st.none() | st.integers(-5, 5),
        st.none() | st.sampled_from(["a", "b", " ", "ü"]),
    ),
    min_size=1,
    max_size=80,
)


def frame(rows):
    schema = {"x": pl.Float64, "n": pl.Int64, "c": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


@given(tables, st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_the_size_of_the_chunks_changes_nothing(rows, size):
    table = frame(rows)
    whole, parts = (scan(table.iter_slices(n), table.columns, Plan(look=False)) for n in (len(rows), size))

    for name in table.columns:
        a, b = whole.states[name], parts.states[name]
        assert {**a, "moments": None, "counts": None, "top": None} == {
            **b,
            "moments": None,
            "counts": None,
            "top": None,
        }
        assert dict(a["counts"]) == dict(b["counts"])
    assert (whole.gaps == parts.gaps).all()
    assert whole.hashes.duplicates() == parts.hashes.duplicates()
    assert whole.digest() == parts.digest()
    assert whole.equal() == parts.equal()


@pytest.mark.slow
@given(tables, tables)
@settings(max_examples=60, deadline=None)
def test_what_two_saw_is_what_one_would_have_seen(a, b):
    plan = Plan({"x": Column("x", "number"), "n": Column("n", "integer"), "c": Column("c", "category")}, look=False)
    both = frame(a + b)
    one = scan([both], both.columns, plan)
    two = merged([scan([frame(rows)], both.columns, plan) for rows in (a, b)])

    assert (two.gaps == one.gaps).all()
    assert two.hashes.duplicates() == one.hashes.duplicates()
    assert sorted(two.sample.at.tolist()) == list(range(len(a + b)))
    for name in both.columns:
        for key in ("count", "missing", "distinct"):
            assert two.states[name][key] == one.states[name][key], (name, key)
    np.testing.assert_allclose(two.sums.correlations(), one.sums.correlations(), rtol=1e-6, atol=1e-9)


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.5))
@settings(max_examples=30, deadline=None)
def test_pearson_over_chunks_agrees_with_pandas(seed, missing):
    rng = np.random.default_rng(seed)
    values = rng.normal(1e6, 3, size=(300, 4)) @ rng.normal(size=(4, 4))
    values[rng.random(values.shape) < missing] = np.nan
    names = ("a", "b", "c", "d")
    chunks = [Comoments.of(names, part.T) for part in np.array_split(values, 4)]

    ours = chunks[0].merge(chunks[1]).merge(chunks[2].merge(chunks[3])).correlations()

    np.testing.assert_allclose(ours, pd.DataFrame(values).corr(min_periods=20), atol=1e-6)


def test_a_column_that_only_the_later_chunk_has_is_missing_in_the_first():
    rng = np.random.default_rng(0)
    first, later = Comoments.of(("a",), rng.normal(size=(1, 50))), Comoments.of(("a", "b"), rng.normal(size=(2, 50)))
    both = first.merge(later)

    assert both.n.tolist() == [[100, 50], [50, 50]]
    assert Comoments.from_dict(both.to_dict()).correlations()[0, 1] == pytest.approx(both.correlations()[0, 1])


def test_equal_columns_are_equal_in_every_row():
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000)
    table = pl.DataFrame({"x": x, "twin": x, "shuffled": rng.permutation(x), "nearly": np.r_[x[:-1], 0.0]})

    assert scan(table.iter_slices(300), table.columns, Plan()).equal() == (("x", "twin"),)


def test_duplicate_rows_are_exact_while_their_hashes_fit():
    rng = np.random.default_rng(0)
    table = pl.DataFrame({"a": rng.integers(0, 60, 5000), "b": rng.integers(0, 60, 5000)})
    wanted = int(table.to_pandas().duplicated().sum())

    assert scan(table.iter_slices(700), table.columns, Plan()).hashes.duplicates() == (wanted, 0)


@pytest.mark.slow
def test_duplicate_rows_beyond_the_budget_lie_within_their_bound():
    """True values inside the stated bound in at least 95% of 200 trials."""
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(200):
        hashes = rng.integers(0, 2**64, 20_000, dtype=np.uint64)
        hashes[:4000] = rng.choice(hashes[4000:], 4000)
        wanted = len(hashes) - len(np.unique(hashes))
        found, off = RowHashes(np.zeros(0, dtype=np.uint64)).add(hashes, most=5000).duplicates()
        inside += abs(found - wanted) <= off
    assert inside >= 190


@pytest.mark.slow
def test_estimates_keep_their_bounds():
    """Quantiles, distinct values and top counts: inside the stated bound in at least 95% of 200 trials each."""
    rng = np.random.default_rng(2)
    contract = Contract((Column("x", "number"), Column("t", "category")))
    ranks = distinct = tops = 0
    for _ in range(200):
        size = int(rng.integers(3000, 6000))
        numbers = np.where(rng.random(size) < 0.1, -999.0, rng.gamma(2, 3, size))
        texts = [f"v{int(v)}" for v in rng.pareto(0.7, size) * 10]
        table = pl.DataFrame({"x": numbers, "t": texts})
        seen = tell(scan(table.iter_slices(1024), table.columns, Plan(look=False)), contract, "")
        x, t = seen["x"], seen["t"]
        below = {share: (numbers <= v).mean() - share for share, v in x.quantiles.items()}
        atom = {share: (numbers == v).mean() for share, v in x.quantiles.items()}
        ranks += all(-x.rank_error <= d <= x.rank_error + atom[s] for s, d in below.items())
        distinct += abs(t.distinct - len(set(texts))) <= t.distinct_error * t.distinct + 0.5
        wanted = pd.Series(texts).value_counts()
        tops += all(wanted[v] - t.top_error <= n <= wanted[v] for v, n in t.top)
    assert min(ranks, distinct, tops) >= 190


def test_moments_over_chunks_are_those_of_scipy():
    from scipy.stats import kurtosis, skew

    x = np.random.default_rng(3).gamma(2, 3, 50_000) + 1e5
    column = wb.profile(pl.DataFrame({"x": x}), memory_budget="100MB")["x"]

    assert (column.mean, column.sd) == pytest.approx((x.mean(), x.std(ddof=1)), rel=1e-9)
    assert (column.skew, column.kurtosis) == pytest.approx((skew(x, bias=False), kurtosis(x, bias=False)), rel=1e-9)


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(st.lists(st.one_of(st.integers(-50, 50), st.floats(-1e3, 1e3, width=32)), min_size=1, max_size=200))
def test_skew_kurtosis_and_quantiles_of_few_values_are_those_of_pandas(values):
    x = pd.Series(values, dtype=float)
    column = column_profile(column_state(pl.Series(values, dtype=pl.Float64), "number"), Column("x", "number"))

    assert column.quantiles == pytest.approx(x.quantile(list(column.quantiles)).to_dict(), rel=1e-12, abs=1e-9)
    if x.std() > 1e-3:
        assert (column.skew is None, column.kurtosis is None) == (len(x) < 3, len(x) < 4)
        assert column.skew is None or column.skew == pytest.approx(x.skew(), rel=1e-6, abs=1e-6)
        assert column.kurtosis is None or column.kurtosis == pytest.approx(x.kurt(), rel=1e-6, abs=1e-6)


@pytest.mark.slow
def test_a_sample_is_uniform():
    rng = np.random.default_rng(4)
    hits = np.zeros(1000)
    for _ in range(300):
        sample = RowSample()
        for start in range(0, 1000, 130):
            rows = pl.DataFrame({"i": np.arange(start, min(start + 130, 1000))})
            sample = sample.add(rows, start, 100, rng)
            assert len(sample.at) <= 200
        sample = sample.thinned(100)
        assert sample.rows["i"].to_list() == sample.at.tolist() == sorted(sample.at)
        hits[sample.at] += 1
    # 300 draws of 1 in 10: 30 expected, standard deviation 5.2; halves and the extreme rows tell a bias.
    assert abs(hits[:500].mean() - 30) < 1
    assert hits.max() < 30 + 5.5 * 5.2


def test_dates_tell_their_longest_gap():
    days = [*pd.date_range("2024-01-01", "2024-03-10"), *pd.date_range("2024-04-02", "2024-05-01")]
    column = wb.profile(pl.DataFrame({"day": days}))["day"]

    gap = [str(pd.Timestamp(t, unit="s").date()) for t in column.longest_gap]
    assert gap == ["2024-03-10", "2024-04-02"]


def test_the_target_lies_in_the_parts_of_a_column():
    x = np.repeat(np.arange(8.0), 50)
    view = wb.profile(pl.DataFrame({"x": x, "y": np.where(x < 4, "no", "yes")}), target="y")["x"].by_target

    assert view.classes == ("no", "yes")
    assert [round(v[1]) for v in view.values] == [0, 0, 0, 0, 1, 1, 1]
    assert sum(view.rows) == 400


def test_merging_saved_profiles_gives_the_profile_of_both(tmp_path):
    rng = np.random.default_rng(5)
    x = rng.normal(size=6000)
    c = rng.choice(list("abc"), 6000)
    table = pl.DataFrame(
        {"x": x, "y": x + rng.normal(size=6000), "z": np.where(c == "a", 2.0, 0) + x, "c": c, "m": [None, 1.0] * 3000}
    )
    parts = [wb.profile(table[:2500]), wb.profile(table[2500:])]
    a, b = (Profile.load(p.save(tmp_path / f"{i}.json")) for i, p in enumerate(parts))
    both, whole = a.merge(b), wb.profile(table)

    for name in table.columns:
        for key in ("count", "missing", "minimum", "maximum", "zeros", "negatives"):
            assert getattr(both[name], key) == getattr(whole[name], key), (name, key)
    pairs = {(p.a, p.b, p.measure): p for p in both.associations}
    for wanted in whole.associations:
        if wanted.strength < 0.2:
            continue
        found = pairs[wanted.a, wanted.b, wanted.measure]
        assert found.value == pytest.approx(
            wanted.value, abs=1e-3 if wanted.measure == "pearson" else 1.5 * found.error
        )
    assert both.duplicates == whole.duplicates == 0
    assert max(len(str(v)) for v in a.to_dict()["columns"]) < 200_000


def test_sensitive_values_are_nowhere_in_a_saved_profile_unless_asked_for(tmp_path):
    cards = ["4111111111111111", "5500005555555559", "340000000000009", "6011000990139424", "30569309025904"] * 40
    table = pl.DataFrame({"card": [int(c) for c in cards], "mail": [f"ada{i}@example.org" for i in range(200)]})
    hidden = wb.profile(table).save(tmp_path / "hidden.json").read_text()
    shown = wb.profile(table, show_sensitive=True)

    assert not any(secret in hidden for secret in ("4111111111111111", "4.11111", "example.org", "ada1"))
    assert all(value.endswith("@example.org") for value, _ in shown["mail"].top)
    assert shown.contract["mail"].sensitive


def test_a_budget_is_read_and_kept_or_refused_with_the_number_that_would_do():
    assert bytes_of("1.5 GB") == 1_500_000_000
    with pytest.raises(BadParameter, match="Write for example '512MB'"):
        bytes_of("lots")
    with pytest.raises(BadParameter, match=r"Give at least (\d+)MB") as error:
        fitting(500, "40MB")
    fitting(500, str(error.value).split("at least ")[1].rstrip("."))


@pytest.mark.slow
def test_a_budget_is_obeyed(tmp_path):
    rows = 600_000
    rng = np.random.default_rng(6)
    pl.DataFrame({f"x{i}": rng.normal(size=rows) for i in range(20)}).write_parquet(tmp_path / "t.parquet")
    code = (
        "import resource, sys, pyarrow.parquet, polars, workbench.profiling.profile as p;"
        "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024;"
        "before = used(); p.profile(sys.argv[1], memory_budget=sys.argv[2]); print(used() - before)"
    )
    for budget in ("150MB", "300MB"):
        command = [sys.executable, "-c", code, str(tmp_path / "t.parquet"), budget]
        taken = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        assert taken <= bytes_of(budget)


@pytest.mark.parametrize(
    "bad",
    [
        {"null": [None] * 30},
        {"nan": [float("nan")] * 30},
        {"inf": [float("inf"), -float("inf"), 1.0] * 10},
        {"nested": [[1], [2, 3], None] * 10},
        {"records": [{"a": 1}, {"a": None}, None] * 10},
        {"blank": ["", " ", "  "] * 10},
        {"huge": [2**62, -(2**62), 0] * 10},
        {"vast": [1e308, -1e308, 5e-324] * 10},
        {"bytes": [b"\xff\x00", b"", None] * 10},
        {"long": ["x" * 100_000, "y", None] * 10},
    ],
    ids=lambda bad: next(iter(bad)),
)
def test_no_bad_column_disables_another(bad):
    profile = wb.profile(pl.DataFrame({**bad, "good": [1.5, 2.0, 3.0] * 10}, strict=False))

    assert profile["good"].mean == pytest.approx(6.5 / 3)
    assert Profile.from_dict(profile.to_dict()) == profile


def test_one_row_is_a_table():
    profile = wb.profile(pl.DataFrame({"x": [1.0], "c": ["a"], "t": [None]}))

    assert (profile.rows, profile["x"].sd, profile["c"].distinct) == (1, None, 1)
