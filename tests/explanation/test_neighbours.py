"""Rows that are like one, and rows worth a look."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.explanation import Explanation
from workbench.errors import BadParameter, ColumnNotFound
from workbench.explanation.neighbours import numbers_of


def explained(rows=60, label="yes", seed=0):
    """Reasons of a line of two numbers; a category, a moment and an id beside them."""
    random = np.random.default_rng(seed)
    a, b = random.normal(size=rows), random.normal(size=rows)
    values = np.column_stack([2 * a, b, np.zeros(rows)])
    outputs = values.sum(axis=1)
    predicted = 1 / (1 + np.exp(-outputs))
    columns = {
        "a": tuple(a.tolist()), "b": (None, *b[1:].tolist()), "kind": tuple(random.choice(["x", "y"], rows).tolist()),
        "id": tuple(f"c{i}" for i in range(rows)),
    }  # fmt: skip
    truth = tuple(("yes" if p > 0.5 else "no") for p in predicted) if label else tuple(outputs.tolist())
    return Explanation(
        "1", ("a", "b", "kind"), values, 0.0, outputs, "log-odds" if label else "EUR", label, 0.0, "linear", columns,
        truth=truth, predictions=predicted if label else outputs, threshold=0.7 if label else None,
    )  # fmt: skip


def gower(explanation, row, other):
    total = 0.0
    for name in explanation.features:
        column = explanation.columns[name]
        one, two = column[row], column[other]
        if one is None or two is None or isinstance(one, str):
            total += one != two
        else:
            there = [value for value in column if value is not None]
            total += abs(one - two) / (max(there) - min(there))
    return total / len(explanation.features)


def test_nearest_rows_are_those_of_the_definition():
    found = explained()
    for row in (0, 7, 59):
        distances = {i: gower(found, row, i) for i in range(60) if i != row}
        expected = sorted(distances, key=distances.get)[:5]
        alike = found.nearest(row)
        assert [one.row for one in alike.rows] == expected
        np.testing.assert_allclose([one.distance for one in alike.rows], [distances[i] for i in expected])


def test_a_row_that_was_not_explained_has_neighbours_by_its_columns_alone():
    found = explained()
    row = {name: found.columns[name][9] for name in found.features}
    assert found.nearest(row, n=1).rows[0].row == 9
    assert found.nearest(row, n=1).rows[0].distance == 0
    with pytest.raises(BadParameter, match="by='columns'"):
        found.nearest(row, by="reasons")
    with pytest.raises(ColumnNotFound, match="kind"):
        found.nearest({"a": 1.0, "b": 2.0})


def test_by_reasons_rows_are_near_that_are_answered_alike_for_the_same_reasons():
    found = explained()
    alike = found.nearest(3, n=4, by="reasons")
    apart = np.sqrt(((found.values - found.values[3]) ** 2).sum(axis=1))
    assert [one.row for one in alike.rows] == np.argsort(apart, kind="stable")[1:5].tolist()


def test_outcomes_are_shares_of_the_label_or_means():
    found = explained()
    alike = found.nearest(0, n=10)
    assert alike.outcome == np.mean([found.truth[one.row] == "yes" for one in alike.rows])
    assert str(alike) == f"10 nearest rows; {alike.outcome:.0%} of them turned out 'yes'"
    number = explained(label=None).nearest(0, n=3)
    assert number.outcome == pytest.approx(np.mean([one.truth for one in number.rows]))
    assert replace(found, truth=None).nearest(0).outcome is None
    assert alike.frame().shape == (10, 4 + 4)


def test_picks_by_error_threshold_and_prediction():
    found = explained()
    truth = tuple("no" if i == 11 else one for i, one in enumerate(found.truth))
    wrong = replace(found, truth=truth, predictions=np.where(np.arange(60) == 11, 0.999, found.predictions))
    assert wrong.pick("error") == (11,)
    assert wrong.pick("highest") == (int(wrong.predictions.argmax()),)
    assert wrong.pick("lowest", 2) == tuple(np.argsort(wrong.predictions)[:2].tolist())
    nearest = wrong.pick("threshold", 3)
    assert nearest == tuple(np.argsort(abs(wrong.predictions - 0.7), kind="stable")[:3].tolist())
    number = explained(label=None)
    off = replace(number, truth=(number.truth[0] + 50, *number.truth[1:]))
    assert off.pick("error") == (0,)
    assert replace(off, truth=(None, *off.truth[1:])).pick("error") != (0,)


def test_picks_by_the_value_of_a_column():
    assert explained().pick("id", value="c42") == (42,)
    kinds = explained().pick("kind", 100, value="x")
    assert kinds == tuple(i for i, kind in enumerate(explained().columns["kind"]) if kind == "x")


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        (lambda e: e.nearest(60), BadParameter, "from 0 to 59"),
        (lambda e: e.nearest(True), BadParameter, "from 0 to 59"),
        (lambda e: e.nearest(0, n=0), BadParameter, "n is a whole number"),
        (lambda e: e.nearest(0, by="likeness"), BadParameter, "'columns' or 'reasons'"),
        (lambda e: e.pick("size", value=3), ColumnNotFound, "size"),
        (lambda e: e.pick("id", value="nobody"), BadParameter, "nobody"),
        (lambda e: e.pick("error", 0), BadParameter, "n is a whole number"),
        (lambda e: replace(e, truth=None).pick("error"), BadParameter, "not known"),
        (lambda e: replace(e, predictions=None).pick("highest"), BadParameter, "older version"),
        (lambda e: replace(e, label=None).pick("threshold"), BadParameter, "no threshold"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused(asked, error, said):
    with pytest.raises(error, match=said):
        asked(explained())


@given(
    st.lists(st.one_of(st.none(), st.integers(-9, 9), st.floats(-1, 1), st.datetimes().map(lambda d: d.isoformat())))
)
def test_columns_are_numbers_or_moments_or_neither(values):
    told = numbers_of(values)
    kinds = {isinstance(value, str) for value in values if value is not None}
    assert (told is None) == (len(kinds) == 2)
    assert told is None or [bool(np.isnan(one)) for one in told] == [value is None for value in values]
