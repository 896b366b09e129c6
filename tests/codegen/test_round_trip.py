"""A cell and its form say the same, in both directions."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.codegen import parse, read, render, update
from workbench.codegen.parse import mentioned
from workbench.codegen.render import WIDTH
from workbench.core.parameters import STEPS, make, problems, schema
from workbench.errors import BadParameter


def _value(of: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Any value that a property of a step's JSON Schema allows."""
    if of["type"] == "array":
        return st.lists(_value(of["items"]), min_size=of.get("minItems", 0), max_size=4, unique=of["uniqueItems"])
    if "pattern" in of:
        return st.from_regex(of["pattern"], fullmatch=True)
    if "enum" in of:
        return st.sampled_from(of["enum"])
    kinds = of["type"] if isinstance(of["type"], list) else [of["type"]]
    return st.one_of(*(_plain(kind, of) for kind in kinds))


def _plain(kind: str, of: dict[str, Any]) -> st.SearchStrategy[Any]:
    bounds = {"min_value": of.get("minimum"), "max_value": of.get("maximum")}
    return {
        "string": st.text(st.characters(exclude_categories=()), min_size=of.get("minLength", 0)),
        "null": st.none(),
        "boolean": st.booleans(),
        "integer": st.integers(**bounds),
        "number": st.floats(**bounds, allow_nan=False, allow_infinity=False),
    }[kind]


@st.composite
def steps(draw: st.DrawFn, verb: str | None = None) -> tuple[str, dict[str, Any]]:
    verb = verb or draw(st.sampled_from(list(STEPS)))
    of = schema(verb)
    required = {name: _value(of["properties"][name]).filter(lambda v: v not in (None, "")) for name in of["required"]}
    optional = {name: _value(p) for name, p in of["properties"].items() if name not in required}
    return verb, draw(st.fixed_dictionaries(required, optional=optional))


def _shorter(given: list[Any], unnamed: tuple[str, ...], without_names: bool) -> list[Any]:
    """What may stand without its name, and a list of one without its brackets."""
    for at, argument in enumerate(given):
        name, _, value = argument.partition("=")
        if name in unnamed and without_names:
            listed = ast.literal_eval(value)
            given[at] = json.dumps(listed[0]) if len(listed) == 1 and listed[0].isascii() else value
    return given


@st.composite
def written_by_a_person(draw: st.DrawFn) -> tuple[str, str]:
    """A verb and its cell, with other variables, comments, layout, keywords and statements than the panel's."""
    verb, values = draw(steps())
    step = STEPS[verb]
    name, of = draw(st.sampled_from(["model", "tabelle", "x1"])), draw(st.sampled_from(["flights", "frames[0]", "a.b"]))
    text = render(verb, values, takes=of if step.takes else None, gives=name).removesuffix(f"\n{name}")
    call = ast.parse(text).body[0].value  # type: ignore[attr-defined]
    kept = draw(st.sampled_from(["", "extra=1", "profile=profile  # seen before"]))
    given = [ast.get_source_segment(text, a) for a in [*call.args, *call.keywords]] + [kept] * bool(kept)
    given = _shorter(given, step.unnamed, draw(st.booleans()))
    if draw(st.booleans()) or "#" in kept:
        lines = "".join(f"\n  {a.replace('  #', ',  #') if a == kept and '#' in a else a + ','}" for a in given)
        text = f"{name} = wb.{verb}({lines}\n)"
    else:
        text = f"{name} = wb.{verb}( {', '.join(given)} )"
    above = draw(st.sampled_from(["", "# heute: der erste Monat – \U0001f680\n", "import os\r\nn = 3\n"]))
    return verb, above + text + draw(st.sampled_from(["", "  # done\n", f"\nprint({name})"]))


def _comments(source: str) -> list[str]:
    return [t.string for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type == tokenize.COMMENT]


@pytest.mark.slow
@given(written_by_a_person(), st.data())
def test_a_form_changes_the_values_and_nothing_else(cell: tuple[str, str], data: st.DataObject) -> None:
    verb, source = cell
    before = read(source)
    _, values = data.draw(steps(verb))

    changed = update(source, values)
    after = read(changed)

    assert before is not None
    assert after is not None
    assert make(verb, after.values) == make(verb, values)
    assert (after.kept, after.takes, after.gives) == (before.kept, before.takes, before.gives)
    assert _comments(changed) == _comments(source)
    assert len(ast.parse(changed).body) == len(ast.parse(source).body)


@pytest.mark.slow
@given(written_by_a_person())
def test_the_values_that_stand_there_change_nothing(cell: tuple[str, str]) -> None:
    source = cell[1]
    found = read(source)

    assert found is not None
    assert update(source, found.values, found.code) == source


@pytest.mark.slow
@given(steps(), st.data())
def test_a_cell_of_the_panel_stays_as_the_panel_lays_it_out(
    step: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    verb, values = data.draw(steps(step[0]))

    assert update(render(*step), values) == render(verb, values)


@pytest.mark.parametrize(
    ("source", "values", "code", "expected"),
    [
        ("run = wb.train(data,folds=2 , seed=3)", {"folds": 4, "seed": 3}, {}, "run = wb.train(data,folds=4 , seed=3)"),
        ("run = wb.train(data,folds=2 , seed=3)", {"seed": 3}, {}, "run = wb.train(data,seed=3)"),
        ("run = wb.train(data,folds=2,  )", {"trials": 1}, {}, "run = wb.train(data, trials=1,  )"),
        ("run = wb.train(\n  data,  # ours\n  folds=2  # few\n)", {}, {}, "run = wb.train(\n  data,  # ours  # few\n)"),
        (
            'd = wb.dataset(\n  "a",  # all\n  id="i"  # key\n)',
            {"source": "a", "id": "i", "time": "t"},
            {},
            'd = wb.dataset(\n  "a",  # all\n  id="i",  # key\n  time="t",\n)',
        ),
        ('f = wb.fairness(run, "sex", why=False)', {"by": ["sex"]}, {}, 'f = wb.fairness(run, "sex")'),
        ('f = wb.fairness(run, "sex")', {"by": ["age", "b"]}, {}, 'f = wb.fairness(run, ["age", "b"])'),
        ('f = wb.fairness(run, ["sex"], data=new)', {}, {}, "f = wb.fairness(run, data=new)"),
        ("f = wb.fairness(run, names)", {"why": False}, {"by": "names"}, "f = wb.fairness(run, names, why=False)"),
        ("run = wb.train(data, folds=n)", {"seed": 1}, {"folds": "n"}, "run = wb.train(data, folds=n, seed=1)"),
        ("run = wb.train(data, folds=n)", {"folds": 2}, {}, "run = wb.train(data, folds=2)"),
        ("d = wb.dataset(path)", {}, {"source": "frame"}, "d = wb.dataset(frame)"),
        ("run = wb.train(data, folds=100)", {"folds": 5}, {}, "run = wb.train(data, folds=5)"),
        ("import workbench as w\nw.dataset('ü')", {"source": "ö"}, {}, 'import workbench as w\nw.dataset("ö")'),
    ],
)
def test_an_update_keeps_how_a_person_writes(
    source: str, values: dict[str, Any], code: dict[str, str], expected: str
) -> None:
    assert update(source, values, code) == expected


def test_a_cell_edited_by_hand_is_not_updated() -> None:
    with pytest.raises(BadParameter, match="edited by hand"):
        update("for p in paths:\n    wb.dataset(p)", {"source": "a.csv"})


@pytest.mark.parametrize(
    "options", [{"gives": "a b"}, {"gives": "x = 1; y"}, {"takes": "data, folds=9"}, {"code": {"folds": "1)"}}]
)
def test_code_that_comes_from_outside_stays_one_expression(options: dict[str, Any]) -> None:
    with pytest.raises(BadParameter, match="is not a Python"):
        render("train", {}, **options)


@pytest.mark.slow
@given(steps())
def test_values_that_fit_have_no_problems(step: tuple[str, dict[str, Any]]) -> None:
    assert problems(*step) == {}


def test_every_value_that_does_not_fit_is_told_by_name() -> None:
    told = problems("train", {"folds": 1, "metric": "f11", "seed": "a", "fold": 2, "trials": 3})

    assert sorted(told) == ["fold", "folds", "metric", "seed"]
    assert problems("package", {}).keys() == {"name"}
    assert problems("package", {}, elsewhere=("name",)) == {}


@pytest.mark.slow
@given(steps(), st.booleans())
def test_what_is_rendered_parses_to_the_same_step(step: tuple[str, dict[str, Any]], first: bool) -> None:
    verb, values = step

    parsed = parse(render(verb, values, first=first))

    assert parsed is not None
    assert make(*parsed) == make(verb, values)


@pytest.mark.slow
@given(steps())
def test_rendering_what_was_parsed_changes_nothing(step: tuple[str, dict[str, Any]]) -> None:
    source = render(*step)

    assert render(*parse(source)) == source


@pytest.mark.slow
@given(steps())
def test_a_cell_is_one_call_of_literals_and_its_name(step: tuple[str, dict[str, Any]]) -> None:
    body = ast.parse(render(*step)).body

    calls = [node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Call)]
    assert len(body) == 2
    assert len(calls) == 1


@given(st.text())
def test_any_typed_text_is_either_a_step_or_edited_by_hand(source: str) -> None:
    found = read(source)

    assert found is None or isinstance(make(found.verb, found.values, tuple(found.code)), tuple(STEPS.values()))


@pytest.mark.parametrize(
    ("verb", "values", "source"),
    [
        ("dataset", {"source": "churn.csv", "target": "Churn"}, 'data = wb.dataset("churn.csv", target="Churn")\ndata'),
        ("profile", {}, "profile = wb.profile(data)\nprofile"),
        ("train", {"metric": "roc_auc", "trials": None}, 'run = wb.train(data, metric="roc_auc")\nrun'),
        ("explain", {"rows": 50}, "explanation = wb.explain(run, rows=50)\nexplanation"),
        ("fairness", {"by": ["sex", "race"]}, 'fairness = wb.fairness(run, by=["sex", "race"])\nfairness'),
        ("package", {"name": "churn"}, 'bundle = wb.package(run, name="churn")\nbundle'),
        (
            "score",
            {"name": "churn", "source": "july.csv", "window": "2026-07", "id": ["key"], "add": False},
            'answers = wb.score("churn", "july.csv", window="2026-07", id=["key"])\nanswers',
        ),
        ("feedback", {"name": "churn", "labels": "a.csv"}, 'joined = wb.feedback("churn", "a.csv")\njoined'),
        ("monitor", {"name": "churn"}, 'report = wb.monitor("churn")\nreport'),
    ],
)
def test_cells_read_as_a_person_would_write_them(verb: str, values: dict[str, Any], source: str) -> None:
    assert render(verb, values) == source


@pytest.mark.parametrize(("width", "lines"), [(WIDTH, 1), (WIDTH + 1, 3)])
def test_a_call_has_one_line_as_long_as_it_fits(width: int, lines: int) -> None:
    path = "a" * (width - len('data = wb.dataset("")'))
    first, second = render("dataset", {"source": path}), f'data = wb.dataset("{path}x")'

    assert len(first.splitlines()) == lines + 1
    assert update(first, {"source": path}) == first
    assert update(second, {"source": path}) == f'data = wb.dataset("{path}")', "laid out by hand"


def test_a_long_call_has_one_argument_a_line() -> None:
    source = render("dataset", {"source": "a" * 60 + ".csv", "target": "late", "time": "scheduled_departure"})

    assert source.splitlines()[1:3] == [f'    "{"a" * 60}.csv",', '    target="late",']


@pytest.mark.parametrize(
    "source",
    [
        "",
        "data",
        "data = 3",
        "data = wb.dataset('a.csv', **m)",
        "data = wb.dataset(*paths)",
        "run = wb.train()",
        "run = wb.train(data, 3)",
        "data = other.dataset('a.csv')",
        "data = wb.dataset('a.csv'",
        "%time data = wb.dataset('a.csv')",
        "data = run = wb.dataset('a.csv')",
        "data = wb.dataset('a.csv')\nrun = wb.train(data)",
        "data = wb.dataset('a.csv').known_after('b')",
        "run = wb.train(wb.dataset('a.csv'))",
        "for path in paths:\n    data = wb.dataset(path)",
        "data = wb.dataset('a.csv', 'b')",
        "data = wb.dataset('a.csv', source='b.csv')",
        "fair = wb.fairness(run, 'sex', by='race')",
        "fair = wb.fairness(run, 'sex', False)",
        "fair = wb.fairness(by='sex')",
    ],
)
def test_what_a_form_could_not_write_back_is_edited_by_hand(source: str) -> None:
    assert parse(source) is None


@pytest.mark.parametrize(
    "source",
    [
        "data = wb.dataset('a.csv')",
        'import workbench as wb\ndata = wb.dataset(\n    source="a.csv",\n)\ndata',
        "import os\n\n# the first month\nflights = wb.dataset('a.csv')  # all of it\nprint(flights)",
        "import workbench\nworkbench.dataset('a.csv')",
        "import workbench as w\ndata = w.dataset(('a.csv'))",
        "from workbench import dataset\ndata: Any = dataset('a.csv')",
    ],
)
def test_other_spellings_of_the_same_step_are_understood(source: str) -> None:
    assert parse(source) == ("dataset", {"source": "a.csv"})


@pytest.mark.parametrize(
    "call",
    ['run, "sex"', 'run, ["sex"]', 'run, by="sex"', "by=('sex',), run=run", 'run, ["sex"],'],
)
def test_groups_may_be_named_as_the_verb_takes_them(call: str) -> None:
    assert parse(f"fair = wb.fairness({call})") == ("fairness", {"by": ["sex"]})


def test_what_is_no_value_is_kept_as_it_is_written() -> None:
    found = read("model = wb.train(flights.known_after('x'), folds=n, trials=2, profile=profile)")

    assert found is not None
    assert (found.gives, found.takes) == ("model", "flights.known_after('x')")
    assert (found.values, found.code, found.kept) == ({"trials": 2}, {"folds": "n"}, {"profile": "profile"})


def test_a_value_that_does_not_fit_is_told_beside_its_name() -> None:
    found = read('run = wb.train(data, folds=100, metric="f11", trials=True)')

    assert found is not None
    assert found.code == {"folds": "100", "metric": "'f11'", "trials": "True"}
    assert "lies between 2 and 20" in found.errors["folds"]
    assert list(found.errors) == ["folds", "metric", "trials"]


@pytest.mark.parametrize(
    ("source", "steps"),
    [
        ("for path in paths:\n    data = wb.dataset(path)", ["dataset"]),
        ("run = wb.train(wb.dataset('a.csv'))", ["train", "dataset"]),
        ("data = wb.dataset('a.csv', tar", ["dataset"]),
        ("wb.dataset('a.csv', tar", ["dataset"]),
        ("%time run = wb.train(data)", ["train"]),
        ("training = 1", []),
    ],
)
def test_a_step_that_was_edited_by_hand_is_still_recognised(source: str, steps: list[str]) -> None:
    assert mentioned(source) == steps


def test_a_wrong_value_is_refused_before_a_cell_is_written() -> None:
    with pytest.raises(BadParameter, match="folds"):
        render("train", {"folds": 1})


def test_every_step_can_be_written_with_all_its_defaults() -> None:
    for verb, step in STEPS.items():
        required = {f.name: "x" for f in fields(step) if f.name in schema(verb)["required"]}
        assert parse(render(verb, required)) == (verb, required)
