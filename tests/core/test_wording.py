"""No sentence shows what only Python has."""

import decimal
import re
import uuid

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.core.wording import listed_values, worded
from workbench.errors import WorkbenchError

PYTHON_ONLY = re.compile(r"\bnp\.|\w+\(|<NA>\s*$|dtype=|array\(")
SCALARS = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(np.int64),
    st.floats(width=32).map(np.float32),
    st.booleans().map(np.bool_),
    st.sampled_from(["yes", "yes ", "no"]).map(np.str_),
    st.datetimes(pd.Timestamp("1700-01-01"), pd.Timestamp("2200-01-01")).map(pd.Timestamp),
    st.dates(pd.Timestamp("1700-01-01").date(), pd.Timestamp("2200-01-01").date()).map(np.datetime64),
    st.timedeltas(pd.Timedelta(days=-99), pd.Timedelta(days=99)).map(pd.Timedelta),
    st.decimals(allow_nan=False, allow_infinity=False, places=2),
    st.sampled_from([uuid.UUID(int=7), pd.NaT, None, decimal.Decimal("1.50"), pd.Period("2024-01"), np.int8(3)]),
)


@given(st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.lists(SCALARS, max_size=3).map(tuple)))
def test_a_value_is_worded_as_a_person_writes_it(value):
    assert not PYTHON_ONLY.search(worded(value))


def test_arrays_and_long_lists():
    assert worded(np.arange(3)) == "[0, 1, 2]"
    assert worded({"a": np.int64(1)}) == "{'a': 1}"
    assert listed_values(np.array(["a", "b"])) == "'a', 'b'"
    assert listed_values([1, 2, 3], most=2) == "1, 2, …"


def rare(labels):
    """A table whose rarest class has two rows."""
    values = [labels[0]] * 60 + [labels[1]] * 60 + [labels[2]] * 2
    return pd.DataFrame({"x": np.arange(122) % 7, "y": values})


@pytest.mark.parametrize("labels", [
    (1, 2, 3), np.array([1, 2, 3], dtype=np.int8), ("a", "b", "c"), tuple(map(np.str_, "abc")),
])  # fmt: skip
def test_a_class_that_is_too_rare_is_named_as_it_stands_in_the_table(labels):
    run = wb.train(wb.dataset(rare(labels), target="y", task="multiclass"), candidates=["linear"])
    (told,) = [f.message for f in run.findings if f.code == "WB226"]

    assert f"too few to validate: {labels[2]!s} (2). Their 2 rows of 122" in told.replace("'", "")
    assert not re.search(r"\bnp\.|Timestamp\(", told)


@pytest.mark.parametrize(("verb", "values"), [
    ("dataset", {"target": np.int64(3)}), ("train", {"folds": np.int64(99)}), ("train", {"metric": np.int64(1)}),
    ("train", {"seed": pd.Timestamp("2024-01-01")}), ("profile", {"bins": np.float64(0.5)}),
    ("dataset", {"ignore": [np.int64(1)]}), ("dataset", {"ignore": np.int64(1)}),
])  # fmt: skip
def test_what_somebody_gave_is_worded_too(verb, values):
    data = wb.dataset(rare("abc"), target="y", task="multiclass")
    with pytest.raises(WorkbenchError) as caught:
        getattr(wb, verb)(data.table if verb == "dataset" else data, **values)

    assert not re.search(r"\bnp\.|Timestamp\(", str(caught.value))
