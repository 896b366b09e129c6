"""What rows cost is measured when a version is loaded, and corrected by what real ones take."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.odd_models import odd
from workbench.core.contract import Column
from workbench.scoring import costs
from workbench.scoring.costs import Cost, Price, golden


def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_nothing_is_known_before_it_is_measured_and_all_of_it_is_too_dear_for_the_loop(scorer):
    price = Price()
    before = price.of(1, 0), price.of(1, 5)
    price.learn(1, 0, 1e-9)

    assert (price.known, before) == (False, (price.of(1, 0), price.of(1, 5)))
    assert min(before) > 0.0015
    price.measure(scorer)
    assert price.known
    assert 0 < price.of(1, 0) < price.of(1, 5)


def test_a_model_whose_reasons_are_dear_is_measured_so(scorer):
    price = Price()
    inner = odd(scorer, lambda columns: None).model
    inner.explain = lambda columns: burn(0.03)

    price.measure(scorer)

    assert price.of(1, 5) > 0.03 > 10 * price.of(1, 0)
    assert price.of(10, 5) > 0.3


def test_the_cost_of_a_call_is_told_apart_from_that_of_a_row(scorer):
    price = Price()
    odd(scorer, lambda columns: burn(0.002 + 0.0005 * len(columns["age"])))

    price.measure(scorer)

    assert 0.002 <= price.of(0, 0) < 0.01
    assert 0.0005 <= price.of(101, 0) / 100 < 0.002


def test_no_row_is_timed_again_and_again_where_one_takes_long(scorer):
    calls = []

    def act(columns):
        calls.append(len(columns["age"]))
        burn(costs.ENOUGH)

    Price().measure(odd(scorer, act))

    assert calls == [1] * 4


def test_rows_are_those_that_were_packaged_or_usual_ones(scorer):
    usual = golden(scorer)
    place = scorer.bundle.path / "golden" / "rows.json"
    place.parent.mkdir()
    place.write_text(json.dumps({"format_version": 1, "rows": [{"age": i, "city": "Bonn"} for i in range(30)]}))

    assert usual == [{"age": 54, "city": "Ulm"}] * costs.ROWS
    assert golden(scorer) == [{"age": i, "city": "Bonn"} for i in range(costs.ROWS)]
    place.write_text("[]")
    assert golden(scorer) == usual


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (Column("a", "number"), 0),
        (Column("a", "number", maximum=7.0), 7),
        (Column("a", "category"), None),
        (Column("a", "text"), None),
        (Column("a", "boolean"), None),
        (Column("a", "datetime"), None),
    ],
)
def test_a_usual_value_is_one_that_the_contract_takes(column, value):
    assert costs._usual(column) == value


def test_what_rows_take_corrects_the_price_step_by_step_and_within_bounds():
    price = Price(Cost(0.0, 0.001), Cost(0.0, 0.01))
    for _ in range(50):
        price.learn(10, 0, 0.1)
        price.learn(10, 5, 1000.0)

    assert price.of(10, 0) == pytest.approx(0.1, rel=0.01)
    assert price.of(10, 5) == pytest.approx(0.1 * costs.HIGHEST, rel=0.01)
    price.learn(1, 0, 1000.0)
    assert price.of(10, 0) < 0.01 * costs.HIGHEST


@given(
    rows=st.integers(0, 5000),
    call=st.floats(0, 0.1),
    row=st.floats(1e-6, 0.5),
    seconds=st.floats(1e-4, 0.1),
)
def test_slices_are_all_rows_once_in_order_and_none_longer_than_it_may_be(rows, call, row, seconds):
    price = Price(Cost(call, row))
    parts = list(price.slices(rows, 0, seconds))

    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(rows))
    sizes = [part.stop - part.start for part in parts]
    assert all(n == 1 or price.of(n, 0) <= seconds * 1.001 for n in sizes)
