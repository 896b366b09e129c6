"""A cell and its form say the same, in both directions."""

from __future__ import annotations

import ast
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.codegen import parse, render
from workbench.core.parameters import STEPS, make, schema
from workbench.errors import BadParameter


def _value(of: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Any value that a property of a step's JSON Schema allows."""
    if of["type"] == "array":
        return st.lists(_value(of["items"]), max_size=4)
    if "enum" in of:
        return st.sampled_from(of["enum"])
    kinds = of["type"] if isinstance(of["type"], list) else [of["type"]]
    return st.one_of(*(_plain(kind, of) for kind in kinds))


def _plain(kind: str, of: dict[str, Any]) -> st.SearchStrategy[Any]:
    bounds = {"min_value": of.get("minimum"), "max_value": of.get("maximum")}
    return {
        "string": st.text(st.characters(exclude_categories=())),
        "null": st.none(),
        "boolean": st.booleans(),
        "integer": st.integers(**bounds),
        "number": st.floats(**bounds, allow_nan=False, allow_infinity=False),
    }[kind]


@st.composite
def steps(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    verb = draw(st.sampled_from(list(STEPS)))
    of = schema(verb)
    required = {name: _value(of["properties"][name]).filter(lambda v: v not in (None, "")) for name in of["required"]}
    optional = {name: _value(p) for name, p in of["properties"].items() if name not in required}
    return verb, draw(st.fixed_dictionaries(required, optional=optional))


@given(steps(), st.booleans())
def test_what_is_rendered_parses_to_the_same_step(step: tuple[str, dict[str, Any]], first: bool) -> None:
    verb, values = step

    parsed = parse(render(verb, values, first=first))

    assert parsed is not None
    assert make(*parsed) == make(verb, values)


@given(steps())
def test_rendering_what_was_parsed_changes_nothing(step: tuple[str, dict[str, Any]]) -> None:
    source = render(*step)

    assert render(*parse(source)) == source


@given(steps())
def test_a_cell_is_one_call_of_literals_and_its_name(step: tuple[str, dict[str, Any]]) -> None:
    body = ast.parse(render(*step)).body

    calls = [node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Call)]
    assert len(body) == 2
    assert len(calls) == 1


@given(st.text())
def test_any_typed_text_is_either_a_step_or_edited_by_hand(source: str) -> None:
    assert parse(source) is None or isinstance(make(*parse(source)), tuple(STEPS.values()))


@pytest.mark.parametrize(
    ("verb", "values", "source"),
    [
        ("dataset", {"source": "churn.csv", "target": "Churn"}, 'data = wb.dataset("churn.csv", target="Churn")\ndata'),
        ("profile", {}, "profile = wb.profile(data)\nprofile"),
        ("train", {"metric": "roc_auc", "trials": 6}, 'run = wb.train(data, metric="roc_auc")\nrun'),
        ("explain", {"rows": 50}, "explanation = wb.explain(run, rows=50)\nexplanation"),
        ("package", {"name": "churn"}, 'bundle = wb.package(run, name="churn")\nbundle'),
        ("monitor", {"name": "churn"}, 'report = wb.monitor("churn")\nreport'),
    ],
)
def test_cells_read_as_a_person_would_write_them(verb: str, values: dict[str, Any], source: str) -> None:
    assert render(verb, values) == source


def test_a_long_call_has_one_argument_a_line() -> None:
    source = render("dataset", {"source": "a" * 60 + ".csv", "target": "late", "time": "scheduled_departure"})

    assert source.splitlines()[1:3] == [f'    "{"a" * 60}.csv",', '    target="late",']


@pytest.mark.parametrize(
    "source",
    [
        "",
        "data",
        "data = 3",
        "data = wb.dataset(path)",
        "d = wb.dataset('a.csv')",
        "data = wb.dataset('a.csv')\nprint(1)",
        "data = wb.dataset('a.csv')  # old\ndata",
        "data = wb.dataset('a.csv', **m)",
        "run = wb.train()",
        "run = wb.train(other)",
        "run = wb.train(data, folds=100)",
        "run = wb.train(data, fold=3)",
        "run = wb.train(data, 3)",
        "data = other.dataset('a.csv')",
        "data = wb.dataset('a.csv'",
        "import os\ndata = wb.dataset('a.csv')",
        "data = run = wb.dataset('a.csv')",
        "data = wb.dataset('a.csv')\ndata = data",
        "data = wb.dataset('a.csv', 'b')",
        "data = wb.dataset('a.csv', source='b.csv')",
    ],
)
def test_what_a_form_could_not_write_back_is_edited_by_hand(source: str) -> None:
    assert parse(source) is None


@pytest.mark.parametrize(
    "source",
    [
        "data = wb.dataset('a.csv')",
        'import workbench as wb\ndata = wb.dataset(\n    source="a.csv",\n)\ndata',
    ],
)
def test_other_spellings_of_the_same_step_are_understood(source: str) -> None:
    assert parse(source) == ("dataset", {"source": "a.csv"})


def test_a_wrong_value_is_refused_before_a_cell_is_written() -> None:
    with pytest.raises(BadParameter, match="folds"):
        render("train", {"folds": 1})


def test_every_step_can_be_written_with_all_its_defaults() -> None:
    for verb, step in STEPS.items():
        required = {f.name: "x" for f in fields(step) if f.name in schema(verb)["required"]}
        assert parse(render(verb, required)) == (verb, required)
