"""Parameters are what their cell annotates or shows, however people give them."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path, PurePath
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.cli.parameters import given as given_by
from workbench.errors import BadParameter, InputError, WorkbenchError
from workbench.jobs.notebook.parameters import check, declared, form, from_form, from_texts, typed
from workbench.jobs.notebook.shapes import plain, source

CELL = """
import datetime as dt
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Optional
import pandas as pd
Size = Literal["s", "m"]

name = "2012"  # a text that # looks like a number
count = 3
share = 0.5
flag = False
day = date(2026, 1, 31)
moment = dt.datetime(2026, 1, 31, 14, 0)
stamp = pd.Timestamp("2026-01-31")
place = Path("data")
maybe: int | None = None
size: Size = "s"
either: Optional[Literal[1, 2]] = None
month: Annotated[int, Field(ge=1, le=12)] = 7
rate: Annotated[float, Gt(0), Lt(1)] = 0.5
span: Annotated[int, range(0, 10)] = 0
many: list[int] = [1]
pair = (1, 2)
unique = {1}
table: dict[str, float] = {}
nothing = None
computed = len("abc")
commented = None  # type: int how many
"""
KNOWN = declared(CELL, "n.ipynb")


def _content(cell: str) -> dict[str, Any]:
    return {"cells": [{"metadata": {"tags": ["parameters"]}, "source": cell}], "metadata": {}}


def _text(name: str, text: str) -> Any:
    return from_texts(Path("n.ipynb"), [(name, text)], _content(CELL))[name]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("name", "2013", "2013"),
        ("name", "01", "01"),
        ("name", "None", "None"),
        ("name", "true", "true"),
        ("name", "1,2", "1,2"),
        ("name", "", ""),
        ("name", "x" * 5000, "x" * 5000),
        ("count", "007", 7),
        ("count", "-1", -1),
        ("share", "1", 1.0),
        ("share", "1e-3", 1e-3),
        ("share", "inf", math.inf),
        ("flag", "True", True),
        ("flag", "true", True),
        ("flag", "0", False),
        ("day", "2013-07-01", date(2013, 7, 1)),
        ("moment", "2013-07-01", datetime(2013, 7, 1)),
        ("moment", "2013-07-01T12:30", datetime(2013, 7, 1, 12, 30)),
        ("stamp", "2013-07-01 12:30", datetime(2013, 7, 1, 12, 30)),
        ("place", "/data/x y.csv", PurePath("/data/x y.csv")),
        ("maybe", "None", None),
        ("maybe", "null", None),
        ("maybe", "5", 5),
        ("size", "m", "m"),
        ("either", "2", 2),
        ("either", "none", None),
        ("month", "12", 12),
        ("many", "[1, 2]", [1, 2]),
        ("pair", "[3, 4]", (3, 4)),
        ("unique", "[3, 4]", {3, 4}),
        ("table", '{"a": 1}', {"a": 1.0}),
        ("table", "{'a': 1}", {"a": 1.0}),
        ("nothing", "2013", 2013),
        ("nothing", "01", "01"),
        ("nothing", "1,2", "1,2"),
        ("computed", "[1]", [1]),
        ("commented", "4", 4),
    ],
)
def test_the_type_decides_what_a_text_means(name: str, text: str, value: Any) -> None:
    read = _text(name, text)

    assert (type(read), read) == (type(value), value)


def test_nan_is_a_number_where_a_number_is_asked_for() -> None:
    assert math.isnan(_text("share", "nan"))
    assert check(Path("n"), {"share": math.nan}, _content(CELL)) == {"share": "nan"}
    assert source(math.nan, KNOWN["share"].shape) == 'float("nan")'


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("count", "x", "'count' is int .by default 3., got 'x'"),
        ("count", 3.5, "is int"),
        ("count", True, "is int"),
        ("name", 2013, "is str"),
        ("flag", 1, "is bool"),
        ("share", 10**400, "float can hold"),
        ("share", 2**53 + 1, "float can hold"),
        ("day", "31.1.2026", "is a date such as"),
        ("month", 13, "is int from 1 and up to 12 .by default 7., got 13"),
        ("rate", 0.0, "above 0 and below 1"),
        ("rate", math.nan, "above 0"),
        ("span", 10, "up to 9"),
        ("size", "l", "one of 's', 'm'"),
        ("either", 3, "one of 1, 2"),
        ("many", (1, 2), "a tuple would arrive as a list"),
        ("many", {1}, "a set would arrive as a list"),
        ("many", [1, "2"], "'many' is int"),
        ("table", {1: 2.0}, "keys are texts"),
        ("nothing", (1,), "a tuple would arrive as a list"),
        ("nothing", {"a": {2: 1}}, "keys are texts"),
        ("nothing", [b"x"], "a bytes can't be carried"),
        ("nothing", math.nan, "annotate the parameter as float"),
        ("nothing", date(2026, 1, 1), "a date can't be carried"),
        ("nothing", object(), "plain JSON"),
        ("name", "\ud800", "UTF-8 can hold"),
        ("place", "a\0b", "is a path"),
        pytest.param("nothing", 10**5000, "4000 digits", id="many digits"),
        ("typo", 1, "has no parameter 'typo'"),
        ("", 1, "Python name"),
        (None, 1, "Python name"),
        ("class", 1, "Python name"),
        ("x" * 5000, 1, "has no parameter"),
        ("\ud800", 1, "Python name"),
    ],
)
def test_what_does_not_fit_or_cant_be_carried_is_refused(name: Any, value: Any, message: str) -> None:
    with pytest.raises(BadParameter, match=message) as caught:
        check(Path("n.ipynb"), {name: value}, _content(CELL))

    assert len(str(caught.value)) < 1500
    str(caught.value).encode()


@pytest.mark.parametrize("text", ["x", "", "3.0", "[", "True", "\ud800", "9" * 5000])
def test_a_text_that_is_no_such_value_is_refused(text: str) -> None:
    with pytest.raises(BadParameter, match="'count' is"):
        _text("count", text)


def test_the_form_has_types_choices_and_ranges() -> None:
    shown = form(KNOWN)["properties"]

    assert (shown["month"]["type"], shown["month"]["minimum"], shown["month"]["maximum"]) == ("integer", 1, 12)
    assert (shown["rate"]["exclusiveMinimum"], shown["rate"]["exclusiveMaximum"]) == (0, 1)
    assert (shown["size"]["enum"], shown["size"]["default"]) == (["s", "m"], "s")
    assert (shown["either"]["enum"], shown["either"]["type"]) == ([1, 2, None], ["integer", "null"])
    assert shown["maybe"]["type"] == ["integer", "null"]
    assert (shown["day"]["format"], shown["day"]["default"]) == ("date", "2026-01-31")
    assert (shown["place"]["type"], shown["place"]["default"]) == ("string", "data")
    assert shown["many"]["items"] == {"type": "integer"}
    assert shown["commented"] == {"title": "commented", "type": "integer", "description": "how many", "default": None}
    assert shown["name"]["description"] == "a text that # looks like a number"
    assert "Size" not in shown


def test_what_is_typed_into_a_form_is_read_by_the_same_types(notebook: Callable[..., Path]) -> None:
    path = notebook("1", parameters=CELL)
    typed_in = {"name": "2013", "many": ["1", "2"], "table": '{"a": 1}', "maybe": "5", "nothing": "01", "month": "x"}

    assert from_form(path, typed_in) == {
        "name": "2013", "many": [1, 2], "table": {"a": 1.0}, "maybe": 5, "nothing": "01", "month": "x",
    }  # fmt: skip
    assert form(KNOWN)["properties"]["table"]["default"] == "{}"


def test_what_is_only_annotated_must_be_given() -> None:
    content = _content("month: int\nnote: str | None = None")

    with pytest.raises(BadParameter, match=r"needs 'month' .int."):
        check(Path("n.ipynb"), {}, content)
    assert form(declared("month: int", "n"))["required"] == ["month"]


VALUES = {
    "name": st.text(st.characters(codec="utf-8"), max_size=20),
    "count": st.integers(),
    "share": st.floats(),
    "flag": st.booleans(),
    "day": st.dates(),
    "moment": st.datetimes(),
    "stamp": st.datetimes(),
    "place": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20).map(PurePath),
    "maybe": st.none() | st.integers(),
    "size": st.sampled_from(["s", "m"]),
    "month": st.integers(1, 12),
    "many": st.lists(st.integers(), max_size=4),
    "pair": st.tuples(st.integers(), st.integers()),
    "unique": st.sets(st.integers(), max_size=4),
    "table": st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), st.floats(), max_size=3),
    "nothing": st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(codec="utf-8"), max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
        max_leaves=5,
    ),
}


@settings(max_examples=60)
@given(st.data())
def test_what_is_carried_arrives_as_it_was_given(data: st.DataObject) -> None:
    """Through the check, the record's JSON and the cell's Python: the same value of the same type."""
    import datetime as dt
    import json

    import pandas as pd

    name = data.draw(st.sampled_from(sorted(VALUES)))
    given_value = data.draw(VALUES[name])
    kept = json.loads(json.dumps(check(Path("n"), {name: given_value}, _content(CELL)), allow_nan=False))

    value = typed(kept, KNOWN)[name]
    arrived = eval(source(value, KNOWN[name].shape), {"dt": dt, "date": date, "Path": Path, "pd": pd})

    assert plain(value) == kept[name]
    if name == "stamp":
        assert arrived == pd.Timestamp(given_value)
    elif name == "place":
        assert arrived == Path(given_value)
    else:
        assert repr(arrived) == repr(given_value) or arrived == given_value
        assert type(arrived) is type(given_value)


@given(st.text(max_size=8), st.sampled_from(sorted(KNOWN)))
def test_whatever_is_typed_is_read_or_refused(text: str, name: str) -> None:
    try:
        value = _text(name, text)
        plain = check(Path("n"), {name: value}, _content(CELL))  # env:NAME refers to what may not be there
    except BadParameter:
        return
    assert typed(plain, KNOWN)[name] == value or value != value


def test_a_cell_that_spells_it_otherwise_is_understood() -> None:
    cell = (
        "import datetime\nfrom datetime import datetime as D\n"
        "a: 'int' = 1\nb: 'Optional[int]' = None\nc = D(2026, 1, 1)\nd = datetime.date.today()\n"
        "e = D.fromisoformat('2026-01-01')\n"
        "f = float('nan')\ng: tuple[int, ...] = (1,)\nh: Unknown = 3\ni: datetime.time = None\nj = list()"
    )
    known = declared(cell, "n")

    kinds = {name: p.shape.kind for name, p in known.items()}
    assert kinds == {
        "a": "whole", "b": "either", "c": "moment", "d": "date", "e": "moment", "f": "number", "g": "tuple",
        "h": "whole", "i": "clock", "j": "list",
    }  # fmt: skip
    assert source(date(2026, 1, 2), known["d"].shape) == "datetime.date(2026, 1, 2)"
    assert source(datetime(2026, 1, 2), known["e"].shape) == "D(2026, 1, 2, 0, 0)"
    assert known["i"].shape.read("14:00") == time(14)


def test_files_yaml_texts_and_raw_texts_come_together(notebook: Callable[..., Path], tmp_path: Path) -> None:
    path = notebook("1", parameters=CELL)
    (tmp_path / "p.yaml").write_text("count: 1\nday: 2013-07-01\nname: file\n")

    values = given_by(str(path), [tmp_path / "p.yaml"], ["count: 2"], ["share=0.25"], ["name=07"])

    assert values == {"count": 2, "day": "2013-07-01", "name": "07", "share": 0.25}
    assert check(path, values)["day"] == "2013-07-01"


@pytest.mark.parametrize("text", ["[1]", "a: [", "- x", "3", "!!python/object:os.system {}", "a: &x [*x]"])
def test_yaml_of_another_kind_is_a_clear_error(notebook: Callable[..., Path], text: str) -> None:
    with pytest.raises((InputError, BadParameter)):
        check(notebook("1", parameters="a = 1"), given_by(str(notebook("1", parameters="a = 1")), yaml=[text]))


@pytest.mark.parametrize(
    "name", [None, "", "/", ".", "..", "~nobody/x", "x" * 5000, "\ud800", "a\0b", 3, [], "/dev/null"]
)
def test_no_path_of_a_notebook_is_a_traceback(home: Path, name: Any) -> None:
    with pytest.raises(WorkbenchError) as caught:
        wb.submit(name)

    str(caught.value).encode()


@pytest.mark.parametrize("timeout", ["5", 0, -1, math.nan, math.inf, True, [], 10**400])
def test_a_timeout_is_a_number_of_seconds(home: Path, notebook: Callable[..., Path], timeout: Any) -> None:
    with pytest.raises(BadParameter, match=r"'timeout' (takes a number|lies between)"):
        wb.submit(notebook("1"), timeout=timeout)


@pytest.mark.slow
def test_papermill_itself_checks_and_types_the_same(notebook: Callable[..., Path], tmp_path: Path) -> None:
    from workbench.instant.packages import skip_slow_grammar

    skip_slow_grammar()
    import papermill

    path = notebook(
        "print(repr(day), repr(month))",
        parameters="from datetime import date\nday = date(2026, 1, 1)\nmonth: int | None = None",
    )
    run = {"engine_name": "workbench", "progress_bar": False}

    papermill.execute_notebook(path, tmp_path / "out.ipynb", {"day": "2013-07-01", "month": 7}, **run)

    output = nbformat.read(tmp_path / "out.ipynb", 4)
    assert output.cells[-1].outputs[0].text == "datetime.date(2013, 7, 1) 7\n"
    assert output.metadata.papermill.parameters == {"day": "2013-07-01", "month": 7}
    for wrong in ({"month": "x"}, {"mounth": 7}, {"day": "July"}):
        with pytest.raises(BadParameter):
            papermill.execute_notebook(path, tmp_path / "none.ipynb", wrong, **run)
    assert not (tmp_path / "none.ipynb").exists()


# What the annotations of the cell need to run.
_RUNS = "def Field(*limits, **named): return None\nGt = Lt = Field\n"


@pytest.mark.slow
def test_a_job_gets_what_its_cell_is_made_for(home: Path, notebook: Callable[..., Path]) -> None:
    names = ", ".join(["day", "place", "pair", "unique", "share", "maybe", "name"])
    path = notebook(f"print([repr(v) for v in ({names})])", parameters=_RUNS + CELL)
    texts = ["day=2013-07-01", "place=a b.csv", "pair=[3, 4]", "unique=[3]", "share=nan", "maybe=None", "name=2013"]

    ended = wb.submit(path, given_by(str(path), texts=texts), show=False)

    told = nbformat.read(ended.output, 4).cells[-1].outputs[0].text
    assert eval(told) == [
        "datetime.date(2013, 7, 1)", "PosixPath('a b.csv')", "(3, 4)", "{3}", "nan", "None", "'2013'"
    ]  # fmt: skip
    assert ended.parameters["share"] == "nan"
