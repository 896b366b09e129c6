"""The quick way reads and writes what the standard library does, or leaves it to it."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.scoring.bodies import read_json
from workbench.scoring.http import Rejected, answer_json
from workbench.scoring.quick_json import NotPlain, line_writer, read, writer

VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
ROWS = st.dictionaries(st.text(), VALUES, max_size=5)
BODIES = ROWS | st.builds(lambda rows: {"rows": rows}, st.lists(ROWS)) | st.recursive(
    VALUES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=6
)  # fmt: skip


@given(BODIES, st.booleans(), st.sampled_from(((",", ":"), (", ", ": "), (" ,\n", "\t :\r\n"))))
def test_a_body_is_read_as_the_standard_library_reads_it(body, ascii_only, between):
    content = json.dumps(body, ensure_ascii=ascii_only, separators=between)

    found = read_json(content.encode("utf-8", "surrogatepass"))

    assert repr(found) == repr(json.loads(content))


@given(BODIES)
def test_what_is_written_is_read_back(body):
    assert repr(json.loads(answer_json(body).body)) == repr(json.loads(json.dumps(body)))


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": 1, "a": 1}',
        b'{"a" :1, "a":2}',
        b'{"rows": [{"a": 1}, {"a": "x:y", "a" : 2}]}',
        b'{"rows": [{"a": ":", "a": "b"}]}',
        b'{"rows": [], "rows": []}',
        b'{"deep": [[{"a": 1, "a": 2}]]}',
        b'{"deep": {"er": {"a": 1, "a": 2}}}',
    ],
)
def test_a_name_that_is_there_twice_is_never_let_through(content):
    with pytest.raises(NotPlain):
        read(content)
    with pytest.raises(Rejected, match="twice"):
        read_json(content)


def test_rows_with_colons_in_their_texts_are_read_quickly_too():
    assert read(b'{"rows": [{"when": "2013-07-01T14:30:00", "a": 1}]}')["rows"][0]["a"] == 1


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": NaN}', b'{"a": "\\ud800"}', b'"\xff"', b"[" * 100_000])
def test_what_is_out_of_the_ordinary_is_left_to_the_standard_library(content):
    with pytest.raises(NotPlain):
        read(content)


@pytest.mark.parametrize("value", ["\ud800", 10**40, [[1.5, {"a": [None]}]], math.pi, {"a": 2**64}])
def test_a_writer_writes_everything(value):
    written = writer(str, json.dumps)(value)

    assert json.loads(written) == value


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)) | st.just("a\nb"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


def by_the_library(value):
    return json.dumps(value, default=str)


@pytest.mark.slow
@given(st.lists(ANYTHING))
def test_lines_are_what_each_value_would_be_alone(values):
    one, many = writer(str, by_the_library), line_writer(str, by_the_library)

    assert many(values) == [one(value).decode() for value in values]


def test_lines_make_plain_what_json_has_not():
    assert line_writer(lambda value: value.tolist(), by_the_library)([np.array([1, 2]), 3]) == ["[1,2]", "3"]


@pytest.mark.parametrize("value", [["xy", "z:"], [1, 2], [[1], {}], "x:y", {}, []])
def test_what_are_no_rows_has_no_names_that_count(value):
    assert read(json.dumps({"rows": value, "n": 1}).encode()) == {"rows": value, "n": 1}


def test_what_json_has_not_is_made_plain_on_the_quick_way():
    def never(value):
        pytest.fail(f"the slow way was taken for {value!r}")

    values = [np.array([1, 2]), {"a": np.array([3])}]

    assert [writer(np.ndarray.tolist, never)(value) for value in values] == [b"[1,2]", b'{"a":[3]}']
    assert line_writer(np.ndarray.tolist, never)(values) == ["[1,2]", '{"a":[3]}']


def test_a_line_that_the_quick_way_refuses_is_written_by_the_slow_one():
    assert line_writer(str, json.dumps)(["\ud800", 1]) == ['"\\ud800"', "1"]
