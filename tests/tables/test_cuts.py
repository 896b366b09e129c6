"""Limits of raw columns say what the steps and thresholds say, to the last bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.tables.cuts import cuts
from workbench.tables.encoders import Numbers

FINITE = st.floats(-1e9, 1e9)
POSITIVE = st.floats(1e-6, 1e6)
STEP = st.one_of(
    st.tuples(st.sampled_from(("fill", "subtract", "add")), FINITE),
    st.tuples(st.sampled_from(("divide", "multiply")), POSITIVE),
    st.tuples(st.just("single"), st.just(0.0)),
)


def single(numbers):
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32).astype(np.float64)


def encoder(*steps) -> Numbers:
    return Numbers(("age",), "number", np.array([0]), tuple((name, np.array([by])) for name, by in steps))


@given(
    steps=st.lists(STEP, max_size=4),
    points=st.lists(FINITE | st.sampled_from((0.0, np.inf, -1e308)), min_size=1, max_size=6),
    others=st.lists(st.none() | st.floats(allow_nan=False), max_size=6),
    rounded=st.sampled_from((single, lambda numbers: numbers)),
)
def test_a_raw_number_has_the_code_of_the_made_one(steps, points, others, rounded):
    points, made = np.unique(points), encoder(*steps)
    found = cuts(made, 0, points, rounded)
    near = [n for end in found.ends for n in (end, np.nextafter(end, np.inf), np.nextafter(end, -np.inf))]
    values = [*others, *near, None, np.inf, -np.inf]

    with np.errstate(over="ignore"):
        numbers = rounded(made.encode({"age": values})[:, 0])
    expected = np.where(np.isnan(numbers), len(points) + 1, np.searchsorted(points, numbers)).tolist()
    assert found.codes(values).tolist() == expected
    assert [found.code(value) for value in values] == expected


@pytest.mark.parametrize("step", [("divide", -1.0), ("missing", 0.0), ("above", 1.0), ("at least", 5.0)])
def test_what_does_not_keep_the_order_or_has_no_number_small_enough_has_none(step):
    assert cuts(encoder(step), 0, np.array([0.5]), lambda numbers: numbers) is None


def test_dates_have_none():
    moments = Numbers(("at",), "date", np.array([0]))

    assert cuts(moments, 0, np.array([6.5]), lambda numbers: numbers) is None
