"""What only later rows show of a column decides as if it had stood in front."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.contract import NUMERIC, Column
from workbench.reading.columns import read_column

PLAIN = [str(n) for n in range(10, 60)]
LATE = {
    "a code with a zero in front, of one length": [*PLAIN, "07"],
    "more digits than a float has": [*PLAIN, str(2**60 + 1)],
    "beyond 64 bits": [*PLAIN, str(2**63 + 5)],
    "below them": [*PLAIN, str(-(2**60) - 1)],
    "with a gap beside": [*PLAIN, None, str(2**60 + 1)],
    "many codes": [*PLAIN, "007", "0014"],
}


def in_parts(values, at):
    return [pl.Series("x", values[:at], dtype=pl.String), pl.Series("x", values[at:], dtype=pl.String)]


@pytest.mark.parametrize("name", LATE)
def test_a_late_text_makes_the_column_a_text_and_keeps_every_digit(name):
    values, notes = read_column(in_parts(LATE[name], 40))

    assert notes.kind == "category"
    assert values.to_list() == LATE[name]


@pytest.mark.parametrize("late", ["1.5", "61", "0", "0.5", "1e3", "-7", str(2**53)])
def test_other_late_numbers_change_nothing(late):
    assert read_column(in_parts([*PLAIN, late], 40))[1].kind in NUMERIC


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize(("dtype", "late"), [("uint64", 2**63 + 5), ("int64", -(2**60) - 1)])
def test_a_typed_column_keeps_its_digits_too(dtype, late, missing, tmp_path):
    numbers = np.arange(40_000, dtype=dtype)
    numbers[-1] = late
    column = pl.Series("x", numbers)
    column = pl.concat([pl.Series("x", [None], dtype=column.dtype), column]) if missing else column
    pl.DataFrame({"x": column, "y": 1}).write_parquet(tmp_path / "t.parquet")

    table = wb.dataset(tmp_path / "t.parquet").table

    assert table["x"].iloc[-1] == str(late)
    assert wb.profile(tmp_path / "t.parquet")["x"].kind in ("category", "text")


def test_by_contract_a_number_beyond_64_bits_is_told_as_unread():
    values, notes = read_column([pl.Series("x", [1, 2**63 + 5], dtype=pl.UInt64)], Column("x", "integer"))

    assert (values.to_list(), notes.unread, notes.examples) == ([1, None], 1, ("9223372036854775813",))


NUMBERS = st.one_of(
    st.integers(-99, 99),
    st.integers(2**53 - 2, 2**53 + 2),
    st.integers(2**63 - 2, 2**64),
).map(str) | st.sampled_from(["007", "01", "0", "1.5", None])


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.lists(NUMBERS, min_size=2, max_size=30).filter(any), st.data())
def test_where_a_chunk_ends_changes_nothing(values, data):
    at = data.draw(st.integers(1, len(values) - 1))

    whole, seen = read_column([pl.Series("x", values, dtype=pl.String)])
    parted, seen_too = read_column(in_parts(values, at))

    assert (seen.kind in NUMERIC) == (seen_too.kind in NUMERIC)
    if seen.kind in NUMERIC:
        assert parted.cast(pl.Float64).to_list() == whole.cast(pl.Float64).to_list()
    else:
        assert parted.to_list() == whole.to_list()
