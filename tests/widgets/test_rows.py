"""Looking through explained rows."""

import importlib.util
from pathlib import Path

import pytest

from workbench.errors import BadParameter
from workbench.widgets.rows import Rows

spec = importlib.util.spec_from_file_location("examples", Path(__file__).parents[1] / "display" / "examples.py")
examples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(examples)


def test_turning_the_number_shows_another_row():
    rows = Rows(examples.explanation())

    rows.row = 4

    assert "row 4:" in rows.children[1].value


def test_a_reader_without_a_kernel_sees_the_chosen_row():
    rows = Rows(examples.explanation(), row=2)
    bundle = rows._repr_mimebundle_()

    assert "row 2:" in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_a_row_beyond_the_last_is_refused():
    with pytest.raises(BadParameter, match="there are 50 rows"):
        Rows(examples.explanation(), row=50)


def test_texts_of_the_data_are_escaped():
    assert "<img" not in Rows(examples.explanation(hostile=True)).children[1].value
