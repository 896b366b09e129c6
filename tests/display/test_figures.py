"""The interactive figures."""

import json

import examples
import plotly.graph_objects as go
import pytest

from workbench.display import figure
from workbench.errors import BadParameter, ColumnNotFound

NOUNS = {result.noun: result for result in examples.every()}


@pytest.mark.parametrize("noun", NOUNS)
def test_each_noun_has_a_small_plain_figure(noun):
    """A ``Figure``, not the widget, and small enough for a saved notebook."""
    drawn = NOUNS[noun].plot()

    assert type(drawn) is go.Figure
    assert len(json.dumps(drawn.to_plotly_json(), default=str)) < 60_000


def test_a_row_is_a_waterfall_from_base_to_output():
    explanation = NOUNS["explanation"]
    drawn = figure(explanation, row=3)

    assert drawn.data[0].base + sum(drawn.data[0].x) == pytest.approx(explanation.outputs[3])


def test_a_column_of_a_profile_is_its_histogram():
    drawn = figure(NOUNS["profile"], "humid")

    assert list(drawn.data[0].y) == list(NOUNS["profile"]["humid"].histogram.counts)


def test_a_column_of_a_report_is_its_drift():
    drawn = figure(NOUNS["report"], "precip")

    assert max(drawn.data[0].y) == pytest.approx(0.42)


def test_the_reasons_of_a_column_are_its_importance_over_the_windows():
    drawn = figure(NOUNS["report"], "precip", reasons=True)

    assert list(drawn.data[0].y) == [0.61, 0.61, 0.61, 0.9, 0.61, 0.61]
    assert drawn.data[0].error_y.array[3] == pytest.approx(0.03)
    with pytest.raises(ColumnNotFound):
        figure(NOUNS["report"], "visib", reasons=True)


@pytest.mark.parametrize("noun", ["profile", "report"])
def test_a_wrong_column_is_named(noun):
    with pytest.raises(ColumnNotFound, match="Did you mean"):
        figure(NOUNS[noun], "humidd")


def test_a_wrong_row_is_named():
    with pytest.raises(BadParameter, match="Row 99"):
        figure(NOUNS["explanation"], row=99)


@pytest.mark.parametrize("result", examples.every(hostile=True), ids=lambda r: r.noun)
def test_texts_are_no_markup_of_plotly(result):
    assert "<img" not in json.dumps(result.plot().to_plotly_json(), default=str)
