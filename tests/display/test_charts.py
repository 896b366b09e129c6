"""The small charts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.display import charts
from workbench.display.charts import Point

finite = st.floats(-1e9, 1e9, allow_nan=False)


@given(st.lists(st.floats(0, 1e12), max_size=60))
def test_a_histogram_has_a_bar_for_each_bin_within_its_frame(counts):
    drawn = charts.histogram(counts, "label")
    heights = [float(h) for h in re.findall(r' height="([\d.]+)"/>', drawn)]

    assert len(heights) == len(counts)
    assert all(0 <= h <= 28.01 for h in heights)
    assert all(h > 0 for h, n in zip(heights, counts, strict=True) if n)


@given(st.lists(st.one_of(st.none(), finite), max_size=80))
def test_a_line_draws_known_values_only(values):
    points = [Point(str(i), v) for i, v in enumerate(values)]
    drawn = charts.line(points, None, "label")

    assert drawn.count("<g>") == sum(v is not None for v in values)
    assert "nan" not in drawn


@given(finite, finite, finite)
def test_an_interval_stays_on_its_scale(value, low, high):
    low, value, high = sorted((value, low, high))
    drawn = charts.interval(value, low, high, (low, high), "label")
    at = [float(x) for x in re.findall(r'(?:cx|x1|x2)="([\d.-]+)"', drawn)]

    assert all(5.9 <= x <= 194.1 for x in at)


@pytest.mark.parametrize(("status", "shape"), [("ok", "circle"), ("warning", "polygon"), ("alarm", "polygon")])
def test_a_status_has_a_shape(status, shape):
    assert f'<{shape} class="wb-{status}"' in charts.line([Point("a", 1.0, status=status)], None, "label")


def test_labels_are_escaped():
    assert "<b>" not in charts.histogram([1], "<b>")


def test_a_bar_without_a_scale_is_empty():
    assert 'width="0.00"' in charts.bar(0, 0, "nothing")


def test_a_sparkline_without_values_is_a_dash():
    assert "–" in charts.sparkline([None, None], "label")
