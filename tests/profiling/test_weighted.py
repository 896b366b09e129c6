"""Rows that count by a weight: what a profile tells is what rows that repeat would tell."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.profile import Profile
from workbench.profiling.statistics import SHARES


def people(rows, seed=0):
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, rows).astype(float)
    age[rng.random(rows) < 0.1] = np.nan
    return pl.DataFrame({
        "age": pl.Series(age).fill_nan(None),
        "town": rng.choice(["Ulm", "Bonn", "Kiel"], rows, p=[0.6, 0.3, 0.1]),
        "stands_for": rng.lognormal(3, 1, rows),
    })  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(-5, 5).map(float), st.none() | st.sampled_from(["a", "b", "c"]), st.integers(0, 4)
        ),
        min_size=3, max_size=30,
    ).filter(lambda rows: sum(w for *_, w in rows) and any(x is not None and w for x, _, w in rows)),
    st.floats(1e-6, 1e6),
)  # fmt: skip
def test_whole_weights_tell_what_rows_that_repeat_would_whatever_their_unit(rows, unit):
    x, town, weight = (list(column) for column in zip(*rows, strict=True))
    table = pl.DataFrame(
        {"x": x, "town": town, "w": [w * unit for w in weight]},
        schema={"x": pl.Float64, "town": pl.String, "w": pl.Float64},
    )
    repeated = table.to_pandas().loc[np.repeat(np.arange(len(rows)), weight)]
    found = wb.profile(table, weight="w")

    one, known = found["x"].weighted, repeated["x"].dropna().to_numpy(dtype=float)
    assert one.missing_share == pytest.approx(repeated["x"].isna().mean())
    assert (one.mean, one.sd) == (pytest.approx(known.mean()), pytest.approx(known.std(), abs=1e-9))
    assert list(one.quantiles.values()) == pytest.approx(np.quantile(known, SHARES, method="inverted_cdf"))
    bars, _ = np.histogram(known, found["x"].histogram.edges)
    np.testing.assert_allclose(one.histogram, bars / len(known), atol=1e-12)
    shares = repeated["town"].value_counts() / len(repeated)
    if found["town"].kind == "category":
        assert [shares.get(value, 0.0) for value, _ in found["town"].top] == pytest.approx(found["town"].weighted.top)
    assert (one.error, one.rows) == (0.0, sum(w > 0 for w in weight))


def test_weights_change_nothing_that_counts_rows():
    plain, found = wb.profile(people(500)), wb.profile(people(500), weight="stands_for")
    for name in ("age", "town"):
        assert found[name].state == plain[name].state
        assert (found[name].mean, found[name].top, found[name].missing) == (
            plain[name].mean, plain[name].top, plain[name].missing,
        )  # fmt: skip
        assert plain[name].weighted is None
    assert not plain.compare(found).differing
    assert found["stands_for"].weighted is None


def test_a_dataset_s_weight_is_told_shown_and_kept(tmp_path):
    found = wb.profile(wb.dataset(people(500), weight="stands_for"))
    (told,) = [f for f in found.findings if f.code == "WB230"]
    assert "Rows count by 'stands_for'" in told.message
    page = found._repr_mimebundle_()["text/html"]
    assert "Mean by weight" in page
    assert "by weight)</span>" in page
    assert Profile.load(found.save(tmp_path / "people.json"))["age"] == found["age"]


def test_of_many_rows_shares_and_quantiles_lie_within_the_error_that_is_told():
    table = people(60_000)
    weights, age = table["stands_for"].to_numpy(), table["age"].to_numpy()
    one = wb.profile(table, weight="stands_for")["age"].weighted
    assert 0 < one.error < 0.03
    assert one.missing_share == pytest.approx(weights[np.isnan(age)].sum() / weights.sum(), abs=one.error)
    known = ~np.isnan(age)
    below = [weights[known & (age < one.quantiles[0.5])].sum(), weights[known & (age <= one.quantiles[0.5])].sum()]
    low, high = np.array(below) / weights[known].sum()
    assert low - one.error <= 0.5 <= high + one.error


def test_profiles_of_two_parts_merge_with_their_weights():
    both = people(1500)
    merged = wb.profile(both[:700], weight="stands_for").merge(wb.profile(both[700:], weight="stands_for"))
    whole = wb.profile(both, weight="stands_for")["age"].weighted
    assert merged["age"].weighted.rows == 1500
    assert merged["age"].weighted.mean == pytest.approx(whole.mean)
    assert merged["town"].weighted.missing_share == 0.0


@pytest.mark.parametrize("weights", [[0.0] * 40, [None] * 40, [-1.0] * 40])
def test_a_column_without_weights_tells_nothing(weights):
    table = pd.DataFrame({"x": range(40), "w": pd.Series(weights, dtype=float)})
    assert wb.profile(table, weight="w")["x"].weighted is None


def test_personal_data_has_no_weighted_values():
    table = people(60).with_columns(mail=pl.Series([f"a{k}@example.org" for k in range(60)]))
    assert wb.profile(table, weight="stands_for")["mail"].weighted is None
