"""What a page shows of an explanation: nothing is lost in the bins, and what interacts is found."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.explanation import Explanation
from workbench.core.json_values import MASK
from workbench.explanation.ordered_values import LEVELS, MISSING, Coded, code, direction, levels, split
from workbench.explanation.overview import acting, overview
from workbench.explanation.row_lists import errors, found_by, lists
from workbench.explanation.swarms import STACKED, swarm

NUMBERS = st.floats(-1e6, 1e6) | st.just(float("nan")) | st.sampled_from([0.0, 1.0])
COLUMNS = st.lists(NUMBERS, min_size=1, max_size=200).map(np.array)
VALUES = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-9, 9) | st.text(max_size=3) | st.dates().map(str)


def explained(values, columns, **more):
    """An explanation of made-up values; the outputs are what they add up to."""
    values = np.asarray(values, dtype=float)
    told = {name: tuple(v) for name, v in columns.items()}
    given = {"positions": tuple(range(len(values))), **more}
    outputs = 0.5 + values.sum(axis=1)
    return Explanation("r", tuple(columns), values, 0.5, outputs, "units", None, 0.0, "tree paths", told, **given)


@pytest.fixture(scope="module")
def crossed():
    """What ``a`` adds depends on ``b`` alone of the others."""
    made = np.random.default_rng(0)
    a, b, c = made.normal(size=(3, 3_000))
    flag = made.choice(["x", "y", None], 3_000)
    columns = {"a": a.tolist(), "b": b.tolist(), "c": c.tolist(), "flag": flag.tolist()}
    values = np.column_stack([a * (1 + np.sign(b)), 0.3 * b, c**3, np.where(flag == "x", 0.2, -0.1)])
    return explained(values, columns, truth=tuple(a.tolist()), predictions=a + 0.1 * c)


@given(COLUMNS, st.integers(2, 30))
def test_equal_values_are_in_one_part_and_missing_ones_in_the_last(order, count):
    parts = split(order, count)

    known = ~np.isnan(order)
    assert len({(v, p) for v, p in zip(order[known], parts[known], strict=True)}) == len(set(order[known].tolist()))
    assert (parts[~known] == parts.max()).all()
    assert not known.any() or not (parts[known] == parts[~known].max(initial=-1)).any()
    assert len(set(parts.tolist())) <= 2 * count + 1


@given(COLUMNS)
def test_a_larger_value_has_no_lower_level(order):
    found = levels(order)

    known = ~np.isnan(order)
    placed = found[known][np.argsort(order[known], kind="stable")]
    assert (np.diff(placed) >= 0).all()
    assert ((found == MISSING) == ~known).all()
    assert (found[known] < LEVELS).all()


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=400).map(np.array), st.integers(0, 9))
def test_every_row_is_in_a_dot_and_no_two_dots_are_in_one_place(effects, seed):
    values = np.random.default_rng(seed).integers(0, MISSING + 1, len(effects))
    ends = (float(effects.min()), float(effects.max()))

    dots = swarm(effects, values, ends)

    assert len(set(zip(dots.places.tolist(), dots.heights.tolist(), strict=True))) == len(dots.places)
    assert np.abs(dots.heights).max() < STACKED
    assert len(dots.places) * dots.rows >= len(effects)
    assert len(dots.places) <= len(effects)


@given(st.lists(VALUES, min_size=1, max_size=30))
def test_any_values_become_numbers_in_an_order(values):
    coded = code(values, np.arange(len(values), dtype=float))

    assert (np.isnan(coded.order) == np.array([v is None for v in values])).all()
    assert (coded.kind == "category") == bool(coded.categories) or coded.kind == "flag"


def test_texts_that_differ_in_their_end_alone_are_two_categories():
    assert code(["\0", "", "a"], np.array([0.0, 2.0, 1.0])).categories == ("\0", "a", "")


def test_what_changes_the_effect_of_another_column_is_found(crossed):
    seen = overview(crossed)
    names = [c.name for c in seen.columns]
    by_name = {c.name: c for c in seen.columns}

    assert next(iter(by_name["a"].cloud.partners)) == "b"
    strongest = np.unravel_index(seen.strengths.argmax(), seen.strengths.shape)
    assert {names[k] for k in strongest} == {"a", "b"}
    assert seen.strengths[names.index("a"), names.index("c")] < 0.2 * seen.strengths.max()


def test_columns_that_add_up_alone_do_not_interact():
    made = np.random.default_rng(1)
    a, b = made.normal(size=(2, 2_000))
    steep = np.where(made.random(2_000) < 0.93, 0.0, made.uniform(0, 1e5, 2_000))
    columns = {"a": a.tolist(), "b": b.tolist(), "steep": steep.tolist()}

    seen = overview(explained(np.column_stack([3 * a, b, np.where(steep > 5e4, 4.0, -0.2)]), columns))

    assert seen.strengths.max() < 0.05 * max(c.importance for c in seen.columns)


def test_interaction_values_that_were_asked_for_are_shown_as_they_are(crossed):
    from dataclasses import replace

    given = np.arange(16.0).reshape(4, 4)
    seen = overview(replace(crossed, interactions=given))

    places = [c.at for c in seen.crossed]
    assert seen.exact
    assert (seen.strengths == given[np.ix_(places, places)]).all()


def test_a_direction_is_of_the_mean_and_categories_have_none(crossed):
    by_name = {c.name: c for c in overview(crossed).columns}

    assert by_name["c"].direction == pytest.approx(1, abs=0.01)
    assert by_name["flag"].direction is None
    assert direction(Coded("number", np.zeros(5)), np.arange(5.0)) is None


def test_the_table_of_a_column_counts_every_row(crossed):
    for column in overview(crossed).columns:
        assert sum(part.rows for part in column.parts) == 3_000
        means = sum(part.rows * part.mean for part in column.parts) / 3_000
        assert means == pytest.approx(crossed.values[:, column.at].mean())
        assert [part.value for part in column.parts if part.value == "missing"] == ["missing"] * (column.name == "flag")


def test_every_row_lies_in_a_cell_that_is_drawn(crossed):
    for column in overview(crossed).columns:
        cloud = column.cloud
        drawn = set(zip(cloud.x.tolist(), cloud.y.tolist(), strict=True))
        assert {tuple(place) for place in cloud.places.tolist()} == drawn
        assert (cloud.x < cloud.shape[0]).all()
        assert (cloud.y < cloud.shape[1]).all()


def test_a_few_effects_far_off_do_not_squeeze_the_others():
    values = np.random.default_rng(2).normal(size=(4_000, 2))
    values[:3, 0] = 500

    seen = overview(explained(values, {"a": [0.0] * 4_000, "b": [1.0] * 4_000}))

    assert seen.axis[1] < 20
    assert seen.beyond == pytest.approx(3 / 4_000, rel=3)


def test_lists_begin_with_the_worst_error_and_what_is_nearest_to_the_threshold():
    predictions = np.array([0.9, 0.52, 0.1, 0.3])
    told = explained(np.zeros((4, 1)), {"a": [1, 2, 3, 4]}, predictions=predictions, threshold=0.5)
    told = Explanation.from_dict({**told.to_dict(), "label": "Yes", "truth": ["No", "Yes", "Yes", None]})

    found = lists(told)

    assert found["errors"].tolist() == [0, 2, 1], "of the fourth the truth is not known"
    assert found["threshold"].tolist()[:2] == [1, 3]
    assert errors(told)[:3] == pytest.approx([0.9, 0.48, 0.9])


def test_nothing_explained_is_an_empty_page_and_not_an_error():
    seen = overview(explained(np.zeros((0, 2)), {"a": [], "b": []}))

    assert seen.columns == ()
    assert len(seen.others) == 2


@pytest.fixture(params=["UTC", "Pacific/Auckland", "America/New_York"])
def zone(request, monkeypatch):
    """A machine elsewhere."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("zone")
def test_dates_keep_their_order_and_are_told_as_dates():
    days = [f"2024-{month:02}-01" for month in range(1, 13)] * 10
    one = acting(explained(np.arange(120.0)[:, None] % 12, {"when": days}), "when")

    assert one.kind == "moment"
    assert one.direction == pytest.approx(1)
    assert one.parts[0].value.startswith("2024-01-01")


NAMES = st.lists(st.none() | st.text("ab1-", max_size=4) | st.integers(0, 99), min_size=1, max_size=30)


@given(NAMES, st.text("aAb1-", max_size=3))
def test_a_row_is_found_by_any_part_of_its_name_the_whole_name_first(names, wanted):
    one = explained(np.zeros((len(names), 1)), {"x": [0.0] * len(names)})
    one = replace(one, columns={**one.columns, "id": tuple(names)})
    found = found_by(one, "id", wanted, most=99)

    text = wanted.strip().lower()
    held = [row for row, name in enumerate(names) if name is not None and text and text in str(name).lower()]
    assert sorted(found) == held
    whole = [str(names[row]).lower() == text for row in found]
    assert whole == sorted(whole, reverse=True)
    assert found_by(one, "id", wanted, most=2) == found[:2]


def test_rows_are_named_by_what_is_no_feature_and_not_masked():
    one = explained(np.zeros((2, 1)), {"x": [0.0, 1.0]})
    beside = {**one.columns, "id": (MASK, MASK), "day": ("2024-01-01", None)}

    assert one.named_by is None
    assert replace(one, columns=beside).named_by == "day"
    assert found_by(replace(one, columns=beside), "id", MASK) == []
    assert found_by(one, "no such column", "a") == []
