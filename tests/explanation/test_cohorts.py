"""Groups of rows: what differs is told with its interval, and chance is not."""

import numpy as np
import pytest

from workbench.core.explanation import Explanation
from workbench.errors import BadParameter, ColumnNotFound


def explained(seed=0, rows=300, north=0.0):
    """Three columns' values, normal; in the north the first adds more. Region, age and a gap beside."""
    random = np.random.default_rng(seed)
    region = random.choice(["north", "south", "west"], rows, p=[0.4, 0.5, 0.1])
    values = random.normal(size=(rows, 3)) * [1.0, 0.5, 0.1]
    values[:, 0] += north * (region == "north")
    age = [None if i % 50 == 0 else float(one) for i, one in enumerate(random.integers(18, 90, rows))]
    columns = {name: tuple(values[:, i].tolist()) for i, name in enumerate("abc")}
    columns |= {"region": tuple(region.tolist()), "age": tuple(age)}
    return Explanation(
        "1", ("a", "b", "c"), values, 0.0, values.sum(axis=1), "log-odds", "yes", 0.0, "linear", columns
    )  # fmt: skip


def test_a_difference_is_found_with_its_interval():
    found = explained(north=1.0).cohorts("region")
    assert found.groups.keys() == {"south", "north", "west"}
    most = found.differences[0]
    assert (most.group, most.column) == ("north", "a")
    assert most.low < 1.0 < most.high
    assert most.p_value < 1e-6
    assert {one.column for one in found.differences} == {"a"}
    assert "a adds +" in str(found)
    assert "in north" in str(found)


@pytest.mark.slow
def test_groups_of_one_population_are_called_alike():
    flagged = sum(bool(explained(seed).cohorts("region").differences) for seed in range(60))
    assert flagged <= 8  # of 60 at 5%: nine or more come once in 300 times


def test_means_are_those_of_the_rows_and_intervals_hold_them():
    explanation = explained()
    north = np.array(explanation.columns["region"]) == "north"
    told = {one.column: one for one in explanation.cohorts("region").values if one.group == "north"}
    for i, name in enumerate("abc"):
        own = explanation.values[north, i]
        assert told[name].mean == pytest.approx(own.mean())
        assert told[name].size == pytest.approx(abs(own).mean())
        assert told[name].others == pytest.approx(explanation.values[~north, i].mean())
        half = 1.96 * own.std(ddof=1) / len(own) ** 0.5
        assert told[name].high - told[name].low == pytest.approx(2 * half, rel=0.25)
        assert told[name].size_low <= told[name].size <= told[name].size_high
    assert list(told) == ["a", "b", "c"]


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say():
    held = 0
    for seed in range(60):
        north = [one for one in explained(seed, north=0.5).cohorts("region").values if one.group == "north"]
        held += north[0].low <= 0.5 <= north[0].high if north[0].column == "a" else 1
    assert held >= 50  # of 60 at 95%


def test_numbers_are_cut_at_their_quarters_or_where_somebody_says():
    explanation = explained()
    quarters = explanation.cohorts("age")
    assert len(quarters.groups) == 4
    assert quarters.left_out == 6  # rows without an age are fewer than ten
    given = explanation.cohorts("age", bins=[30, 65])
    assert list(given.groups) == ["below 30", "30 to below 65", "65 and more"]
    assert sum(given.groups.values()) == 294


def test_groups_may_be_given_by_their_rows():
    explanation = explained()
    found = explanation.cohorts({"first": range(40), "last": range(200, 300)})
    assert found.groups == {"first": 40, "last": 100}
    assert found.left_out == 160
    first = next(one for one in found.values if one.group == "first" and one.column == "a")
    assert first.others == pytest.approx(explanation.values[200:, 0].mean())
    assert found.frame().shape == (6, 11)


@pytest.mark.parametrize(
    ("by", "bins", "error", "said"),
    [
        ("size", None, ColumnNotFound, "size"),
        ("region", [1], BadParameter, "no numbers to bin"),
        ("age", [5, 3], BadParameter, "rise"),
        ({"a": [0, 1], "b": [2]}, None, BadParameter, "Two groups of 10 rows"),
        ({"a": [-1], "b": [400]}, None, BadParameter, "from 0 to 299"),
        ({"a": ["x"], "b": []}, None, BadParameter, "from 0 to 299"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused(by, bins, error, said):
    with pytest.raises(error, match=said):
        explained().cohorts(by, bins=bins)
