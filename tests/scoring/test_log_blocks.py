"""A block holds exactly the records that it was made of, in a tenth of the place."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import Damaged
from workbench.scoring.ids import new_ids
from workbench.scoring.log_blocks import described, pack, unpack
from workbench.scoring.log_records import FIELDS, decoded, encoded, id_key, id_of_key, iso

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | FLOATS | st.text(st.characters(), max_size=4)
ROWS = st.dictionaries(st.text(st.characters(), max_size=3), VALUES, max_size=4)
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda moment: iso(moment.replace(tzinfo=UTC)))
IDS = st.text(min_size=1, max_size=5) | st.uuids().map(str) | st.uuids().map(lambda one: one.hex)
LINES = st.tuples(
    IDS,
    MOMENTS | st.just("yesterday"),
    st.none() | st.integers(0, 9),
    ROWS,
    FLOATS | st.lists(FLOATS, max_size=3) | st.integers(),
    VALUES,
    st.lists(st.text(max_size=3), max_size=2),
    st.none() | FLOATS,
    st.sampled_from([None, "shadow"]),
)


def same(value) -> str:
    """Equal texts are equal values of the same types: 1 is not 1.0, nor True."""
    return repr(value)


@given(st.lists(st.tuples(st.integers(0, 2**60), LINES), min_size=1, max_size=12))
def test_a_block_is_read_as_the_records_that_it_was_made_of(pairs):
    numbers, lines = [number for number, _ in pairs], [line for _, line in pairs]
    content = pack(numbers, lines)

    columns = unpack(content, (*FIELDS, "number"))

    assert columns["number"] == numbers
    for place, name in enumerate(FIELDS):
        assert same(columns[name]) == same([line[place] for line in lines])
    assert described(content)["rows"] == len(lines)
    assert set(described(content)["names"]) == {name for line in lines for name in line[3]}


@given(st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner)))
def test_what_is_written_is_read_again(value):
    assert same(decoded(encoded(value))) == same(value)


@given(IDS | st.text(st.characters(exclude_categories=["Cs"]), min_size=30, max_size=38))
def test_an_id_is_itself_after_the_index(text):
    assert id_of_key(id_key(text)) == text


@given(st.lists(IDS, unique=True))
def test_no_two_ids_have_one_key(ids):
    assert len({id_key(one) for one in ids}) == len(ids)


def lines_of(rows: int) -> list[tuple]:
    return [
        (one, iso(datetime(2026, 3, 1, 9, 0, i % 60, i, UTC)), 1, {"age": 20 + i % 50, "job": "clerk", "hours": 40},
         (i * 7919 % 1000) / 1000, "no", [], 0.25, None)
        for i, one in enumerate(new_ids(rows))
    ]  # fmt: skip


def test_a_block_takes_a_fifth_of_its_lines():
    lines = lines_of(4_096)

    assert 5 * len(pack([1] * len(lines), lines)) < len(encoded(lines))


@pytest.mark.parametrize("place", [0, 1, -20])
def test_a_flipped_bit_is_seen(place):
    content = bytearray(pack([1] * 50, lines_of(50)))
    content[len(content) // 2 if place == 1 else place] ^= 64

    with pytest.raises(Damaged, match="Restore a copy"):
        unpack(bytes(content))


def test_some_fields_are_read_without_the_others():
    assert unpack(pack([3], lines_of(1)), ("version", "arm")) == {"version": [1], "arm": [None]}
