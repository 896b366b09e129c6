"""The split follows from evidence: time, groups, or neither, on made tables and real ones."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.errors import BadTable
from workbench.training.evidence import comes_round, counts, evidence, in_blocks, likeness, told_by

ROWS = 1_200


def found(frame, target="y", asked="auto", **roles):
    data = wb.dataset(frame, target=target, **roles)
    known = data.take(data.target.notna())
    return evidence(known.frame(), known.contract, wb.profile(data), asked=asked)


def noise(rows=ROWS, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({name: rng.normal(size=rows) for name in "abcdef"})


def waves(rows=ROWS, seed=0):
    """A target that moves slowly from row to row, and features that say a part of it."""
    rng = np.random.default_rng(seed)
    slow = np.convolve(rng.normal(size=rows + 40), np.ones(40) / 6, "valid")[:rows]
    return noise(rows, seed).assign(a=lambda t: t["a"] + slow, y=slow + rng.normal(0, 0.3, rows))


HOURS = pd.date_range("2020-01-01", periods=ROWS, freq="h")
IN_TIME = {
    "a date in the order of the rows": lambda t: t.assign(at=HOURS),
    "a date, newest first": lambda t: t.assign(at=HOURS)[::-1],
    "a date, rows shuffled": lambda t: t.assign(at=HOURS).sample(frac=1, random_state=0),
    "parts of a date": lambda t: t.assign(year=HOURS.year, month=HOURS.month, day=HOURS.day, hour=HOURS.hour),
    "years alone": lambda t: t.assign(year=1950 + np.arange(ROWS) // 20),
    "hours that come round": lambda t: t.assign(hour=HOURS.hour),
    "halves of hours as shares of a day": lambda t: t.assign(period=np.resize(np.arange(48) / 47, ROWS)),
    "a counter": lambda t: t.assign(number=np.arange(1, ROWS + 1)),
    "a measured time": lambda t: t.assign(seconds=np.sort(np.random.default_rng(1).uniform(0, 1e5, ROWS))),
    "nothing but the order": lambda t: t,
}
NOT = {
    "rows without an order": lambda t: t.sample(frac=1, random_state=0),
    "an id, rows shuffled": lambda t: t.sample(frac=1, random_state=0).assign(id=np.arange(ROWS)),
    "sorted by the target": lambda t: t.sort_values("y"),
    "sorted by a class": lambda t: t.assign(y=(t["y"] > 0).map({True: "yes", False: "no"})).sort_values("y"),
    "blocks of shops": lambda t: (
        noise().assign(shop=np.repeat([f"shop {i}" for i in range(30)], 40))
        .assign(y=lambda t: np.repeat(np.random.default_rng(2).normal(size=30), 40) + t["a"] / 3)
    ),
    "districts in order of place": lambda t: t.assign(latitude=t["b"] + 40, longitude=t["c"] - 100),
    "a date of birth": lambda t: (
        noise().assign(birth_date=pd.Timestamp("1950-01-01") + pd.to_timedelta(np.arange(ROWS) * 7 % 20_000, unit="D"))
        .assign(y=lambda t: (pd.Timestamp("2020-01-01") - t["birth_date"]).dt.days + t["a"])
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_TIME)
def test_rows_in_time_are_split_in_time(name):
    how = found(IN_TIME[name](waves()).reset_index(drop=True))
    assert (how.kind, how.found) == ("time", True), how.reason


@pytest.mark.parametrize("name", NOT)
def test_what_only_looks_like_time_is_none(name):
    how = found(NOT[name](waves()).reset_index(drop=True))
    assert (how.kind, how.found) == ("random", False), how.reason


def test_the_reason_names_the_columns_and_the_moments_rise():
    how = found(IN_TIME["parts of a date"](waves()))
    assert how.columns == ("year", "month", "day", "hour")
    assert how.by.is_monotonic_increasing
    assert "year, month, day and hour say when each row happened" in how.reason


@pytest.mark.parametrize(
    ("table", "target", "kind", "column"),
    [
        ("bike_hour.csv", "count", "time", "dateday"),
        ("elec.csv", "class", "time", None),
        ("telco_churn.csv", "Churn", "random", None),
        ("adult.csv", "income", "random", None),
        ("housing.csv", "median_house_value", "random", None),
    ],
)
@pytest.mark.slow
def test_real_tables(shared_table, table, target, kind, column):
    frame = pd.read_csv(shared_table(table))
    how = found(frame.drop(columns=["casual", "registered"], errors="ignore"), target)
    assert (how.kind, how.column) == (kind, column), how.reason


@pytest.mark.parametrize("loader", ["iris", "wine", "breast_cancer", "diabetes"])
def test_tables_that_are_sorted_by_class_are_drawn_at_random(loader):
    from sklearn import datasets

    assert found(getattr(datasets, f"load_{loader}")(as_frame=True).frame, "target").kind == "random"


def patients(seed=0, **more):
    """300 patients, each seen five times: nearly equal rows, and an illness that nothing tells."""
    rng = np.random.default_rng(seed)
    persons = np.repeat(rng.normal(size=(300, 8)), 5, axis=0)
    frame = pd.DataFrame(persons + rng.normal(0, 0.02, persons.shape), columns=list("abcdefgh"))
    return frame.assign(**more, y=np.repeat(rng.choice(["ill", "well"], 300), 5))


@pytest.mark.parametrize("order", ["by patient", "shuffled"])
@pytest.mark.parametrize("name", ["numbers", "texts"])
def test_a_column_that_says_whose_row_it_is_makes_groups(order, name):
    who = np.repeat(np.arange(300), 5)
    frame = patients(patient=who if name == "numbers" else [f"P-{w:04d}" for w in who])
    how = found(frame if order == "by patient" else frame.sample(frac=1, random_state=1))
    assert (how.kind, how.column, how.found) == ("group", "patient", True), how.reason
    assert "patient comes again and tells 100% of the other columns" in how.reason


def test_nearly_equal_rows_without_a_name_are_no_order_in_time():
    assert found(patients()).kind == "random"


def test_customers_who_come_again_are_groups_where_half_of_the_columns_are_theirs():
    rng = np.random.default_rng(0)
    who = rng.integers(0, 200, ROWS)
    age, city, since = rng.integers(18, 90, 200), rng.choice(list("PQRST"), 200), rng.uniform(0, 9, 200)
    frame = pd.DataFrame({"customer": who, "age": age[who], "city": city[who], "since": since[who]})
    frame = frame.assign(paid=rng.normal(size=ROWS), basket=rng.normal(size=ROWS), y=rng.choice(["a", "b"], ROWS))
    assert (found(frame).kind, found(frame).column) == ("group", "customer")


def test_a_category_that_tells_one_column_is_no_group():
    rng = np.random.default_rng(0)
    code = rng.integers(0, 60, ROWS)
    frame = noise().assign(airline=code, name=[f"air {c}" for c in code], y=rng.choice(["a", "b"], ROWS))
    assert found(frame).kind == "random"


def test_what_the_user_says_comes_first():
    frame = waves().assign(at=HOURS, who=np.repeat(np.arange(ROWS // 4), 4))
    assert found(frame, group="who").column == "who"
    assert not found(frame, group="who").found
    assert found(frame, time="at").column == "at"
    assert found(frame, asked="random").kind == "random"
    assert found(noise().assign(y=noise(seed=1)["a"]), asked="time").by.tolist() == list(range(ROWS))
    assert found(frame, group="who", asked="time").column == "at"


def test_groups_that_are_not_there_are_refused_with_what_to_do():
    with pytest.raises(BadTable, match=r"Name it: wb.train\(…, group='column'\)"):
        found(noise().assign(y=noise(seed=1)["a"]), asked="group")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["number", "classes"]))
@pytest.mark.slow
def test_rows_in_any_order_are_never_taken_for_time(seed, kind):
    """Five standard errors: of a million tables without an order one is."""
    frame = noise(300, seed)
    signal = frame["a"] + np.random.default_rng(seed + 1).normal(size=300)
    frame["y"] = signal if kind == "number" else np.where(signal > 0, "yes", "no")
    assert found(frame.assign(id=np.arange(300), code=np.resize(list("kzmtq"), 300))).kind == "random"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=60, max_size=200))
def test_likeness_of_two_classes_is_a_correlation(values):
    """Of classes it is Cohen's kappa of neighbours, with the shares of both sides alike."""
    target = np.array(values) % 2
    alike, surely = likeness(target, "binary")
    assert -1.5 <= alike <= 1
    assert surely == pytest.approx(alike * (len(target) - 20) ** 0.5)


def test_likeness_is_the_autocorrelation():
    rng = np.random.default_rng(0)
    y = np.zeros(50_000)
    for i in range(1, len(y)):
        y[i] = 0.6 * y[i - 1] + rng.normal()
    assert likeness(y, "regression")[0] == pytest.approx(0.6, abs=0.02)
    assert likeness((y > 0).astype(int), "binary")[0] == pytest.approx(2 / np.pi * np.arcsin(0.6), abs=0.02)


def test_what_comes_round_and_what_does_not():
    rng = np.random.default_rng(0)
    weekdays = pd.Series(np.resize(np.repeat(list("MTWtFSs"), 24), 3000))
    assert comes_round(weekdays)
    assert comes_round(weekdays.mask(rng.random(3000) < 0.0005).ffill())
    assert not comes_round(pd.Series(rng.choice(list("MTWtFSs"), 3000)))
    assert not comes_round(pd.Series(np.arange(3000)))
    assert not comes_round(pd.Series([None, "a", "b", "c", "d"] * 50))


def test_what_counts_rows_and_what_they_are_sorted_by():
    rng = np.random.default_rng(0)
    prices = pd.Series(np.sort(rng.lognormal(size=500)))
    assert counts(pd.Series(range(500)), "number")
    assert counts(prices, "time")
    assert not counts(prices, "price")
    assert not counts(prices[::-1], "time")
    assert in_blocks(pd.Series(np.repeat(list("abc"), 50)))
    assert not in_blocks(pd.Series(np.resize(list("abc"), 150)))


def test_what_a_name_tells():
    rng = np.random.default_rng(0)
    who = pd.Series(np.repeat(np.arange(200), 4))
    own = pd.Series(rng.normal(size=200)[who])
    assert told_by(who, own) == 1
    assert told_by(who, pd.Series(rng.normal(size=800))) < 0.2
    assert told_by(who, own + rng.normal(0, 0.5, 800)) == pytest.approx(0.8, abs=0.06)
    assert told_by(who, pd.Series(rng.choice(list("abc"), 200)[who])) == 1
    assert told_by(who.mask(who < 3), own) == 1
