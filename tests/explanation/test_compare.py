"""Comparing explanations: what is chance is not told, what changed is, by column and by segment."""

from dataclasses import replace

import numpy as np
import pytest

from workbench.core.explanation import Explanation
from workbench.core.explanation_comparison import ExplanationComparison
from workbench.errors import BadParameter, ColumnNotFound


def explained(seed=0, rows=400, tenure=1.0, price=0.5, north=None, run="1", names=("tenure", "price", "idle")):
    """Values of a linear model of standard normal columns; in the north its price may weigh otherwise."""
    random = np.random.default_rng(seed)
    given = random.normal(size=(rows, 3))
    region = random.choice(["north", "south"], rows)
    weights = np.tile([tenure, price, 0.0], (rows, 1))
    if north is not None:
        weights[region == "north", 1] = north
    values = given * weights
    columns = {name: tuple(given[:, i].tolist()) for i, name in enumerate(names)} | {"region": tuple(region)}
    return Explanation(
        run, tuple(names), values, 0.0, values.sum(axis=1), "log-odds", "yes", 0.0, "linear", columns
    )  # fmt: skip


def test_samples_of_one_population_are_called_alike():
    told = [explained(seed).compare(explained(seed + 1000), by="region") for seed in range(60)]
    flagged = sum(any(d.differs for d in one.differences) for one in told)
    assert flagged <= 3  # of 60 at a rate of 1%: four or more come once in 300 times
    assert all(one.differing == () and not one.findings for one in told if not any(d.differs for d in one))


def test_a_kept_explanation_is_alike_to_the_fresh_one(tmp_path):
    """Also where a column has two values only, whose last digits a file does not keep."""
    fresh = explained()
    fresh = replace(fresh, values=np.where(fresh.values > 0, 1 / 3, -1 / 7))
    kept = Explanation.load(fresh.save(tmp_path / "e.parquet"))
    assert all(d.effect == 0 for d in kept.compare(fresh).differences)


def test_a_column_that_weighs_more_is_told_with_its_interval():
    found = explained().compare(explained(1, tenure=2.0, run="2"))
    assert found.differing == ("tenure",)
    one = found["tenure"]
    assert one.low < 2 * np.sqrt(2 / np.pi) - np.sqrt(2 / np.pi) < one.high
    assert one.low > 0
    assert (one.rank, one.turned) == ((1, 1), False)
    assert found["idle"].p_value == 1
    (told,) = found.findings
    assert told.code == "WB237"
    assert told.message.startswith("The reasons changed by more than chance: tenure weighs 1.59")
    assert found.headline() == "1 of 3 columns weigh otherwise by more than chance between the two models"


def test_a_column_that_speaks_the_other_way_is_told_though_it_weighs_the_same():
    """Its values are spread alike, so only their direction tells."""
    found = explained(price=0.5).compare(explained(1, price=-0.5))
    assert found["price"].turned
    assert found.differing == ("price",)
    assert found.findings[0].message.endswith("price now speaks the other way.")


def test_what_changed_in_one_segment_is_found_there():
    found = explained(rows=800).compare(explained(1, rows=800, north=2.0), by="region")
    assert found.segments == ("north", "south") or found.segments == ("south", "north")
    changed = {(d.column, d.segment) for d in found.differences if d.differs}
    assert ("price", "north") in changed
    assert ("price", "south") not in changed


def test_numbers_make_quarters_of_the_reference_and_small_segments_are_left_out():
    found = explained().compare(explained(1), by="tenure")
    assert len(found.segments) == 4
    assert all(min(d.rows) >= 20 for d in found.differences)
    assert explained(rows=30).compare(explained(1, rows=30), by="tenure").segments == ()


def test_columns_of_one_model_alone_are_named():
    other = explained(1, names=("tenure", "cost", "idle"))
    found = explained().compare(other)
    assert (found.only_reference, found.only_current) == (("price",), ("cost",))
    assert [d.column for d in found.differences if d.column == "price"] == []


@pytest.mark.parametrize(
    ("other", "by", "rate", "error", "said"),
    [
        ({"unit": "probability"}, None, 0.01, BadParameter, "of one unit, got 'log-odds' and 'probability'"),
        ({"label": "no"}, None, 0.01, BadParameter, "of one class"),
        ({"features": ("a", "b", "c")}, None, 0.01, BadParameter, "no column in common"),
        ({}, "regoin", 0.01, ColumnNotFound, "region"),
        ({}, None, 0, BadParameter, "between 0 and 1"),
    ],
)
def test_what_cant_be_compared_is_refused(other, by, rate, error, said):
    with pytest.raises(error, match=said):
        explained().compare(replace(explained(1), **other), by=by, rate=rate)


def test_a_comparison_comes_back_from_its_file(tmp_path):
    found = explained().compare(explained(1, tenure=2.0), by="region")
    assert ExplanationComparison.load(found.save(tmp_path / "comparison.json")) == found
    assert found.frame()["segment"].isna().sum() == 3
