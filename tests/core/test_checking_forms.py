"""A request is read as the table was: by the form of each column, one row or many alike."""

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.checking import MANY, check, check_columns
from workbench.core.contract import Column, Contract
from workbench.core.reading import Form

CONTRACT = Contract((
    Column("n", "number", form=Form(decimal=",", thousands=".", missing=("n.d.",))),
    Column("when", "datetime", form=Form(moments=("%m/%d/%Y",))),
    Column("ok", "boolean", form=Form(true=("ja",), false=("nein",))),
    Column("town", "category", categories=("Ulm", "Bonn"), form=Form(missing=("-",))),
    Column("note", "text", form=Form()),
))  # fmt: skip
ROW = {"n": 1.5, "when": "2024-01-31", "ok": True, "town": "Ulm", "note": "a"}
CLEAN = {"n": 1.5, "when": datetime(2024, 1, 31), "ok": 1.0, "town": "Ulm", "note": "a"}
TEXTS = st.sampled_from([
    "1.003,50", "1,5", "1.5", "n.d.", "", "N/A", "-", "01/31/2024", "31.01.2024", "2024-01-31", "ja", "nein", "true",
    "Ulm", "Rome", "x",
])  # fmt: skip
VALUES = st.one_of(
    TEXTS, st.none(), st.booleans(), st.integers(-3, 3), st.floats(allow_nan=False, allow_infinity=False)
)
ROWS = st.fixed_dictionaries(dict.fromkeys(CONTRACT.names, VALUES))


def rows(how_many, **changes):
    return [{**ROW, **changes} for _ in range(how_many)]


def as_lists(checked):
    columns = {
        n: [None if v is None or v != v else v for v in np.asarray(c, dtype=object)] for n, c in checked.columns.items()
    }
    return columns, checked.problems, checked.flags


@pytest.mark.parametrize("how_many", [1, 2, MANY, 3 * MANY])
@pytest.mark.parametrize(
    ("name", "text", "clean"),
    [
        ("n", "1.003,50", 1003.5),
        ("n", "n.d.", None),
        ("n", " ", None),
        ("when", "01/31/2024", datetime(2024, 1, 31)),
        ("when", "01/31/2024 1:05 PM", datetime(2024, 1, 31, 13, 5)),
        ("ok", "nein", 0.0),
        ("town", "-", None),
        ("town", "N/A", None),
        ("note", "", None),
    ],
)
def test_a_text_is_read_by_the_form_of_its_column(name, text, clean, how_many):
    checked = check(rows(how_many, **{name: text}), CONTRACT, CONTRACT.names)

    columns, problems, flags = as_lists(checked)
    assert problems == []
    assert flags == [[]] * how_many
    assert columns == {n: [clean if n == name else value] * how_many for n, value in CLEAN.items()}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("n", "1,2,3", "a finite number"),
        ("when", "31.01.2024", "a moment such as 2013-07-01T14:30:00Z or as %m/%d/%Y"),
        ("ok", "true", "true or false"),
    ],
)
def test_a_text_that_says_nothing_in_its_form_is_refused(name, text, expected):
    (problem,) = check({**ROW, name: text}, CONTRACT, CONTRACT.names).problems

    assert problem == {"row": 0, "field": name, "expected": expected, "got": f"the text '{text}'"}


@pytest.mark.parametrize("name", ["town", "note"])
def test_a_word_for_missing_among_many_texts_needs_no_second_look(name):
    checked = check_columns([{**ROW, name: "-" if name == "town" else " "}] * MANY, CONTRACT.columns)

    assert checked.columns[name] == [None] * MANY


def test_without_a_form_a_text_is_no_number():
    bare = Contract((Column("n", "number"),))

    assert check({"n": "1.5"}, bare, ("n",)).problems[0]["got"] == "the text '1.5'"


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(ROWS, min_size=MANY, max_size=MANY + 3))
def test_rows_alone_and_together_are_read_alike(several):
    together = as_lists(check(several, CONTRACT, CONTRACT.names))
    alone = [as_lists(check(row, CONTRACT, CONTRACT.names)) for row in several]

    assert together[0] == {n: [columns[n][0] for columns, _, _ in alone] for n in CONTRACT.names}
    assert together[1] == [{**problem, "row": i} for i, (_, problems, _) in enumerate(alone) for problem in problems]
    assert together[2] == [flags[0] for _, _, flags in alone]
