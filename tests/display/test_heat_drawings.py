"""A heat map of two columns: a cell a pair of values, where no row is it says so, and nothing of the data is markup."""

import json
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.explanation.runs import made
from workbench.core.effect import JointEffect
from workbench.display.explanation_panels import joint
from workbench.display.heat_drawings import LEVELS, ends, heat, levels
from workbench.errors import BadParameter

HOSTILE = "<img src=x onerror=alert(1)>"


def seen(down=3, across=4, counts=None, names=("a", "b")):
    values = np.arange(down * across, dtype=float).reshape(down, across)
    counts = np.ones((down, across), np.intp) if counts is None else np.asarray(counts, np.intp)
    grids = (tuple(float(k) for k in range(down)), tuple(f"v{k}" for k in range(across)))
    kinds = ("number", "category")
    return JointEffect("r", names, kinds, grids, values, values - values.mean(), counts, 0.25, 100, None, "km")


def boxes(drawn, kind):
    """How many cells are drawn of a kind."""
    paths = re.findall(rf'<path class="wb-f\d{kind}" d="([^"]*)"', drawn)
    return sum(path.count("M") for path in paths)


def test_each_cell_is_drawn_once_and_those_without_rows_otherwise():
    counts = [[1, 0, 5, 2], [0, 0, 1, 1], [3, 3, 3, 0]]
    drawn = str(heat(seen(counts=counts)))

    assert boxes(drawn, "") == 8
    assert boxes(drawn, " wb-nobody") == 4


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), st.lists(st.integers(0, 3), min_size=4, max_size=4),
    st.booleans(),
)  # fmt: skip
def test_a_larger_answer_has_no_lower_level_and_zero_is_in_the_middle(values, counts, around):
    values, counts = np.array([values]), np.array([counts])
    found = levels(values, counts, around)
    low, high = ends(values, counts, around)

    assert (np.diff(found[0][np.argsort(values[0], kind="stable")]) >= 0).all()
    assert found.min() >= 0
    assert found.max() < LEVELS
    if around and high > 0:
        assert -low == high
        assert levels(np.array([[0.0]]), counts[:, :1], True)[0, 0] in (0, 3)


def test_the_colours_are_of_answers_about_rows_that_exist():
    """An answer about nobody, however far off, takes no colour from the others."""
    one = seen(1, 3, [[1, 1, 0]])
    far = replace(one, pdp=np.array([[0.0, 1.0, 99.0]]))

    assert levels(far.pdp, far.counts, False).tolist() == [[0, 6, 6]]
    assert ends(far.pdp, far.counts, False) == (0.0, 1.0)


def test_what_the_keys_read_is_what_is_drawn():
    one = seen(counts=[[1, 0, 5, 2], [0, 0, 1, 1], [3, 3, 3, 0]])
    read = {name: json.loads(unescape(value)) for name, value in re.findall(r'data-(\w+)="(\[[^"]*)"', heat(one))}

    assert read["counts"] == one.counts.tolist()
    assert read["columns"] == list(one.columns)
    assert read["grids"][1] == list(one.grids[1])
    assert [[float(v) for v in row] for row in read["values"]] == one.pdp.tolist()


def test_the_table_below_has_answer_interaction_and_rows_of_each_cell():
    page = joint(seen(2, 2, [[1_500, 0], [7, 1]]))

    assert "0.000 (−1.500); 1,500" in page
    assert "3.000 (+1.500); 1" in page
    assert "small and pale: no rows" in page
    assert "small and pale" not in joint(seen(2, 2))


def test_names_and_values_of_the_data_open_no_element():
    hostile = replace(seen(1, 2, names=(HOSTILE, HOSTILE)), grids=((HOSTILE,), (HOSTILE, None)), label=HOSTILE)

    assert "<img" not in joint(hostile)
    assert "<img" not in hostile._repr_mimebundle_()["text/html"]
    assert "<img" not in hostile.plot().to_json()


def test_a_figure_leaves_out_where_no_row_is_and_has_the_rows_of_each_cell():
    one = seen(2, 2, [[4, 0], [7, 1]])
    drawn = one.plot()

    assert np.isnan(drawn.data[0].z).tolist() == [[False, True], [False, False]]
    assert drawn.data[0].customdata.tolist() == one.counts.tolist()
    assert one.plot("interaction").data[0].zmin == -one.plot("interaction").data[0].zmax
    with pytest.raises(BadParameter, match="There are: together, interaction"):
        one.plot("pdp")


def test_effects_of_one_column_are_drawn_and_what_has_no_picture_says_so():
    run = made()

    assert len(run.effect("tenure").plot("pdp").data[-1].x) == len(run.effect("tenure").grid)
    assert run.effect("contract").plot("ale").data[0].mode == "markers"
    assert sum(len(trace.x) for trace in run.effect("tenure").plot().data) <= 2_000
    with pytest.raises(BadParameter, match=r"\.frame\(\)"):
        run.lime(0, samples=100).plot()


def test_two_columns_of_a_run_show_themselves_as_two_maps():
    shown = made().effect("tenure", "contract")

    assert shown._repr_mimebundle_()["text/html"].count("wb-heatmap") >= 2
