"""Two halves of one table do not drift; a shift does."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

import workbench as wb
from workbench.core.contract import Column, Contract
from workbench.errors import BadParameter, ColumnNotFound
from workbench.profiling.compare import compare
from workbench.profiling.profile import profile_columns

CONTRACT = Contract(
    (
        *(Column(f"x{i}", "number") for i in range(4)),
        *(Column("n", "integer"), Column("c", "category"), Column("many", "text"), Column("b", "boolean")),
    )
)


def frame(rng, n, shift=0.0):
    numbers = {f"x{i}": rng.normal(shift if i == 0 else 0, 1, n) for i in range(4)}
    table = pd.DataFrame(numbers).mask(rng.random((n, 4)) < 0.03)
    return table.assign(
        n=rng.poisson(3, n),
        c=rng.choice(list("abcdefgh"), n, p=[0.5, 0.3, 0.1, 0.05, 0.03, 0.01, 0.005, 0.005]),
        many=np.char.add("v", rng.integers(0, 3000, n).astype(str)),
        b=(rng.random(n) < 0.2).astype(float),
    )


def columns(table):
    return profile_columns(table, CONTRACT)


def mixed(rng, n):
    """What real tables are made of: heavy ties, long tails, few values, ids, and columns with gaps."""
    skewed = np.exp(rng.normal(0, 1.5, n))
    table = pd.DataFrame({
        "normal": rng.normal(size=n), "skewed": skewed, "mostly_zero": np.where(rng.random(n) < 0.8, 0, skewed),
        "tail": rng.standard_cauchy(n), "ties": rng.poisson(2, n), "wide": rng.integers(0, 3000, n),
        "rounded": rng.normal(50, 10, n).round(), "yes": rng.random(n) < 0.03,
        "rare": rng.choice(list("abcdefghijkl"), n, p=rng.dirichlet(np.full(12, 0.4))),
        "id": rng.permutation([f"c{i:06d}" for i in range(n)]),
        "word": np.char.add("w", rng.zipf(1.3, n).clip(max=5000).astype(str)),
        "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
    })  # fmt: skip
    return table.assign(gaps=table["normal"].mask(rng.random(n) < 0.3), few=table["wide"].mask(rng.random(n) < 0.995))


def halves(rng, table):
    order = rng.permutation(len(table))
    return table.iloc[order[::2]], table.iloc[order[1::2]]


def flagged(rng, table, contract, trials):
    """Trials in which any column of two random halves is said to differ."""
    sides = ([profile_columns(h, contract) for h in halves(rng, table)] for _ in range(trials))
    return sum(any(d.drifted for d in compare(a, b)) for a, b in sides)


@pytest.mark.slow
@pytest.mark.parametrize("n", [400, 6000])
def test_halves_of_a_mixed_table_are_alike(n):
    rng = np.random.default_rng(n)
    data = wb.dataset(mixed(rng, n))

    assert flagged(rng, data.table, data.contract, 25) <= 2  # at a rate of 1%, three of 25 are 2 in 1,000 tries


@pytest.mark.slow
@pytest.mark.parametrize("name", ["telco_churn.csv", "adult.csv"])
def test_halves_of_a_real_table_are_alike(name, shared_table):
    rng = np.random.default_rng(7)
    data = wb.dataset(pd.read_csv(shared_table(name)).sample(5000, random_state=1))

    assert flagged(rng, data.table, data.contract, 10) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["telco_churn.csv", "adult.csv", "mixed"])
def test_at_most_one_in_twenty_of_a_hundred_halvings_flags_anything(name, shared_table):
    """At the rate of 1% that holds but once in 2,000 tries; of tests that flag one in ten, 19 of 20 would be found."""
    rng = np.random.default_rng(11)
    table = mixed(rng, 5000) if name == "mixed" else pd.read_csv(shared_table(name)).sample(5000, random_state=2)
    data = wb.dataset(table)

    assert flagged(rng, data.table, data.contract, 100) <= 5


@pytest.mark.slow
def test_no_drift_is_flagged_in_at_most_the_rate():
    rng = np.random.default_rng(1)
    alarms = sum(
        any(d.drifted for d in compare(columns(frame(rng, 300)), columns(frame(rng, 200)), rate=0.05))
        for _ in range(120)
    )
    assert alarms <= 0.05 * 120 + 4  # 1.7 binomial standard errors above the rate


@pytest.fixture(scope="module")
def quiet():
    """Two sides of 49 columns that do not differ, of 2,500 rows each."""
    rng = np.random.default_rng(21)
    contract = Contract(tuple(Column(f"q{i}", "number") for i in range(49)))
    return [profile_columns(pd.DataFrame(rng.normal(size=(2500, 49)), columns=contract.names), contract) for _ in "ab"]


def found(quiet, others, made, kind="number", trials=40):
    """Share of the trials in which a column, made for either side, is found among others that do not differ."""
    contract = Contract((Column("x", kind),))
    hits = 0
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        sides = [profile_columns(pd.DataFrame({"x": made(rng, side)}), contract) for side in (0, 1)]
        drift = compare(*((*q[:others], *own) for q, own in zip(quiet, sides, strict=True)))
        hits += next(d for d in drift if d.column == "x").drifted
    return hits / trials


SHIFTS = {
    "normal": (lambda rng, side: rng.normal(0.3 * side, 1, 2500), "number"),
    "skewed": (lambda rng, side: np.exp(rng.normal(size=2500)) + 0.3 * 2.161 * side, "number"),
    "ties": (lambda rng, side: rng.normal(0.3 * side, 1, 2500).round(), "integer"),
    "dates": (lambda rng, side: pd.to_datetime((rng.normal(0.3 * side, 1, 2500) * 1e7).round(), unit="s"), "datetime"),
    "category": (lambda rng, side: rng.choice(list("abc"), 2500, p=[0.5 - 0.1 * side, 0.3, 0.2 + 0.1 * side]), "text"),
    "one of many texts": (
        lambda rng, side: np.where(rng.random(2500) < 0.1 * side, "x", rng.integers(0, 4000, 2500).astype(str)),
        "text",
    ),
    "missing": (lambda rng, side: np.where(rng.random(2500) < 0.02 + 0.05 * side, np.nan, 1.5), "number"),
    "spread": (lambda rng, side: rng.normal(0, 1 + 0.4 * side, 2500), "number"),
}


@pytest.mark.slow
@pytest.mark.parametrize("others", [0, 19, 49])
def test_a_shift_of_a_third_of_a_deviation_is_found_among_many_columns(quiet, others):
    assert found(quiet, others, *SHIFTS["normal"]) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("what", [s for s in SHIFTS if s != "normal"])
def test_other_differences_are_found_among_fifty_columns(quiet, what):
    assert found(quiet, 49, *SHIFTS[what], trials=20) >= 0.95


def test_a_small_shift_of_a_long_table_is_found_through_the_sketch():
    rng = np.random.default_rng(5)
    contract = Contract(tuple(Column(f"x{i}", "number") for i in range(3)))
    before, now = (pd.DataFrame({n: rng.normal(size=200_000) for n in contract.names}) for _ in "ab")
    drift = compare(*(profile_columns(t, contract) for t in (before, now.assign(x0=now["x0"] + 0.03))))

    assert [d.column for d in drift if d.drifted] == ["x0"]
    assert not drift[0].important


@pytest.mark.parametrize("n", [30, 1000, 200_000])
def test_sizes_are_sane(n):
    rng = np.random.default_rng(n)
    drift = compare(columns(frame(rng, 2000)), columns(frame(rng, n)))
    assert len(drift) == 8
    assert all(0 <= d.p_value <= 1 and 0 <= d.effect <= 1 for d in drift)
    assert not any(d.important for d in drift)


def test_ks_agrees_with_scipy_within_the_sketch_bound():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=50_000), rng.normal(0.1, 1, 30_000)
    contract = Contract((Column("x", "number"),))
    (found,) = compare(*(profile_columns(pd.DataFrame({"x": v}), contract) for v in (a, b)))
    assert found.effect == pytest.approx(ks_2samp(a, b).statistic, abs=0.02)


def test_more_missing_values_are_told_as_such():
    x = pd.DataFrame({"x": np.arange(1000.0)})
    contract = Contract((Column("x", "number"),))
    (found,) = compare(profile_columns(x, contract), profile_columns(x.mask(x.index.to_series() % 2 == 0), contract))
    assert (found.test, found.important) == ("missing", True)


def test_what_is_no_profile_is_refused():
    with pytest.raises(BadParameter, match="got a DataFrame"):
        EMPTY.compare(pd.DataFrame())


def test_a_rate_beyond_chance_is_refused():
    with pytest.raises(BadParameter, match="between 0 and 1"):
        compare((), (), rate=2)


@pytest.fixture(scope="module")
def compared():
    rng = np.random.default_rng(8)

    def table(side, n=1500):
        return pd.DataFrame({
            "higher": rng.normal(side, 1, n), "wider": rng.normal(0, 1 + side, n), "same": rng.normal(size=n),
            "plan": rng.choice(["basic", "plus", "new"], n, p=[0.7 - side / 5, 0.3, side / 5]),
            "gaps": pd.Series(rng.normal(size=n)).mask(rng.random(n) < 0.02 + side / 4),
            "later": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 300, n) + 90 * side, unit="D"),
            "paid": rng.random(n) < 0.3 + side / 5, "code": list("ab") * (n // 2) if side else np.arange(n) % 7,
            "mail": [f"p{i}.{rng.integers(9**9)}@example.org" for i in range(n)],
            **({"gone": 1.5 + np.arange(n)} if not side else {"fresh": 2.5 + np.arange(n)}),
        })  # fmt: skip

    before, now = (wb.profile(wb.dataset(table(side))) for side in (0, 1))
    return before.compare(now)


def test_a_comparison_says_what_differs_in_words(compared):
    said = compared.frame()["said"]

    assert set(compared.differing) == {"higher", "wider", "plan", "gaps", "later", "paid", "code"}
    assert "Higher by 1" in said["higher"]
    assert "Spread wider" in said["wider"]
    assert said["plan"].startswith(("'basic' was 7", "'new' is new, and is 2"))
    assert said["gaps"].startswith("2")
    assert "without a value, now 2" in said["gaps"]
    assert said["later"].startswith("Later: mean 2020-0")
    assert "'true' was 3" in said["paid"]
    assert said["code"].startswith("integer in the reference, category now")
    assert said["same"] == said["mail"] == "No difference beyond chance."


@pytest.mark.slow
def test_a_value_beyond_the_most_frequent_is_not_said_to_be_gone():
    """Of 4,000 texts fifty are known by name; one that leaves them may still occur."""

    def side(share):
        rng = np.random.default_rng(1)
        text = np.where(rng.random(3000) < share, "hit", np.char.add("v", rng.integers(0, 4000, 3000).astype(str)))
        return wb.profile(wb.dataset(pd.DataFrame({"t": text})))

    assert side(0.1).compare(side(0.0))["t"].said.startswith("'hit' was 10% of the values, now it is less than 0.")
    assert "'hit' was less than 0." in side(0.0).compare(side(0.1))["t"].said


def test_a_comparison_has_findings_worst_first(compared):
    codes = [(f.severity, f.code, f.column) for f in compared.findings]

    assert codes[:2] == [("error", "WB152", "gone"), ("error", "WB151", "code")]
    assert ("warning", "WB150", "higher") in codes
    assert codes[-1] == ("info", "WB152", "fresh")


def test_a_comparison_draws_both_sides_in_the_same_parts(compared):
    for one in compared:
        assert len(one.parts) == len(one.reference) == len(one.current)
        for side in (one.reference, one.current):
            assert not one.parts or sum(side) == pytest.approx(1)
    assert compared["mail"].parts == ()  # e-mail addresses are nobody's business
    assert len(compared["higher"].parts) == 20


@pytest.mark.slow
def test_a_comparison_is_saved_loaded_and_drawn(compared, tmp_path):
    assert wb.ProfileComparison.load(compared.save(tmp_path / "c.json")) == compared
    assert len(compared.plot("plan").data) == 2
    assert len(compared._repr_mimebundle_()["text/html"]) < 100_000
    with pytest.raises(ColumnNotFound, match="higher"):
        compared.plot("hihger")


def test_a_profile_does_not_differ_from_itself():
    profile = wb.profile(wb.dataset(mixed(np.random.default_rng(0), 500)))
    same = profile.compare(profile)

    assert not same.differing
    assert not same.findings
    assert all(c.p_value == 1.0 for c in same)


FINITE = st.floats(-1e70, 1e70)
ODD = st.one_of(st.none(), FINITE, st.sampled_from([np.inf, -np.inf, "a", "b", True]))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(FINITE, min_size=1, max_size=30), st.lists(ODD, min_size=1, max_size=30))
def test_no_pair_of_columns_is_too_odd_to_compare(a, b):
    """Empty, infinite, huge, of another kind: each is compared or said to be of another kind."""
    sides = []
    for values in (a, b):
        data = wb.dataset(pd.DataFrame({"x": pd.Series(values, dtype=object).infer_objects()}))
        sides.append(replace(EMPTY, rows=data.rows, columns=profile_columns(data.table, data.contract)))
    one = sides[0].compare(sides[1])["x"]

    assert 0 <= one.p_value <= 1
    assert 0 <= one.effect <= 1
    assert one.said


EMPTY = wb.Profile(0, (), Contract(()))
