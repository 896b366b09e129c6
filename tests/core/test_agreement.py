"""The form's schema, the checker and the verb itself accept and refuse the same values."""

import json
import math
from dataclasses import dataclass, fields
from functools import cache
from typing import ClassVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import workbench as wb
from workbench.core.parameters import STEPS, MonitorStep, Step, make, parameter, problems, schema, take
from workbench.errors import BadParameter

PARAMETERS = [(verb, f.name) for verb, step in STEPS.items() for f in fields(step)]
REQUIRED = {
    "dataset": {"source": "t.csv"},
    "package": {"name": "churn"},
    "score": {"name": "churn", "source": "t.csv", "window": "2026-07"},
    "feedback": {"name": "churn", "labels": "t.csv"},
    "monitor": {"name": "churn"},
}
TEXTS = st.sampled_from(
    ["", " ", "3", "0.05", "nan", "true", "null", "a", "a\n", "ü", "..", "a" * 100, "a" * 101, "linear", "roc_auc"]
)
NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([True, False, 0, 1, 3.0, -0.0, 0.05, 1e-6, 0.5, 2**32 - 1, 2**32, 2**64, -(10**400), 10**400]),
    st.sampled_from([math.nan, math.inf, -math.inf, 1e308, 5e-324]),
)
SCALARS = st.one_of(st.none(), TEXTS, st.text(max_size=5), NUMBERS)
NAMES = st.sampled_from(["baseline", "linear", "lightgbm", "boosting", "forest", "bosting", "", "a"])
LISTS = st.one_of(st.lists(NAMES, max_size=5), st.lists(SCALARS, max_size=3))
VALUES = st.one_of(
    SCALARS, LISTS, LISTS.map(tuple), st.dictionaries(NAMES, SCALARS, max_size=2), st.lists(LISTS, max_size=2)
)


class Reached(Exception):
    """The verb has checked its parameters and begins."""


class Anything:
    """Stands for the dataset or the run: to look at it is to have begun."""

    def __getattribute__(self, name):
        raise Reached


def begins(*_, **__):
    raise Reached


@pytest.fixture(scope="module", autouse=True)
def verbs_that_stop_where_they_begin():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.reading.dataset.source_of", begins)
        for verb in ("score", "feedback", "monitor"):
            patch.setattr(f"workbench.monitoring.{verb}.champion", begins)
        patch.setattr("workbench.packaging.package.pack", begins)
        patch.setattr("workbench.profiling.profile.source_of", begins)
        yield


@cache
def validator(step):
    return Draft202012Validator(schema(step.verb))


def schema_accepts(verb, values):
    """As a form sends it: JSON, in which there is no NaN, and a tuple is a list."""
    try:
        content = json.loads(json.dumps(values, allow_nan=False))
    except ValueError:
        return False
    return validator(STEPS[verb]).is_valid(content)


def checker_accepts(verb, values):
    try:
        make(verb, values)
    except BadParameter:
        return False
    return True


def verb_accepts(verb, values):
    nouns = [Anything()] if STEPS[verb].takes else []
    try:
        getattr(wb, verb)(*nouns, **values)
    except BadParameter:
        return False
    except Reached:
        return True
    raise AssertionError(f"{verb} neither refused {values!r} nor began")


@pytest.mark.slow
@pytest.mark.parametrize(("verb", "name"), PARAMETERS)
@settings(max_examples=40)
@given(value=VALUES)
@example(value=math.nan)
@example(value=math.inf)
@example(value=())
@example(value=["linear", "linear"])
@example(value=True)
@example(value=3.0)
@example(value=10**400)
@example(value="3")
@example(value='{"yes": 10, "no": 0.5}')
@example(value='{"yes": 0.0}')
@example(value="a\n")
@example(value=None)
def test_schema_checker_and_verb_agree(verb, name, value):
    values = {**REQUIRED.get(verb, {}), name: value}
    verdict = checker_accepts(verb, values)

    assert schema_accepts(verb, values) == verdict
    assert (problems(verb, values) == {}) == verdict
    # A verb takes a frame too where the form takes a path, and words by column where the form takes words;
    # and positions of rows where the form takes their number.
    by_column = isinstance(value, dict)
    wider = {name: not isinstance(value, str) for name in ("source", "labels")}
    wider |= {"missing": by_column, "dates": by_column, "class_weight": by_column}
    wider["threshold"] = isinstance(value, float)  # a number, beside its text
    wider["by"] = isinstance(value, str)  # one column without brackets
    if verb in ("score", "feedback"):
        wider["id"] = value is None or isinstance(value, str)
    positions = (verb, name) == ("explain", "rows") and isinstance(value, (list, tuple))
    if not positions and (verb not in ("dataset", "train", "fairness", "score", "feedback") or not wider.get(name)):
        assert verb_accepts(verb, values) == verdict


@pytest.mark.parametrize("verb", STEPS)
def test_each_verb_begins_with_its_defaults(verb):
    """So that the agreement above is not one of refusals only."""
    assert verb_accepts(verb, REQUIRED.get(verb, {}))


@pytest.mark.parametrize("value", [{"linear", "boosting"}, iter(["linear"]), dict.fromkeys(["linear"]).keys()])
def test_a_verb_takes_names_in_any_iterable(value):
    assert verb_accepts("train", {"candidates": value})


@dataclass(frozen=True)
class Loose(Step):
    """A step whose numbers have no range, or one end of it."""

    verb: ClassVar[str] = "loose"
    title: ClassVar[str] = "Loose"
    gives: ClassVar[str] = "nothing"

    share: float = parameter("Any number.", 0.0)
    count: int = parameter("Any whole number.", 0)
    positive: float | None = parameter("One end.", None, minimum=0)
    pair: tuple[int, ...] = parameter("At least two.", (1, 2), fewest=2)
    flag: bool = parameter("Yes or no.", False)


@pytest.mark.parametrize("name", [f.name for f in fields(Loose)])
@given(value=st.one_of(VALUES, st.lists(NUMBERS, max_size=4)))
@example(value=math.inf)
@example(value=10**400)
@example(value=[1, 1.0])
@example(value=[0, False])
def test_a_step_of_tomorrow_agrees_too(name, value):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(STEPS, "loose", Loose)

        assert schema_accepts("loose", {name: value}) == checker_accepts("loose", {name: value})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"false_alarm_rate": math.nan}, "'false_alarm_rate' lies between 1e-06 and 0.5, got nan. Change it."),
        ({"name": "a/b"}, "'name' has letters, digits, '.', '_' and '-', starts with a letter or digit, and has at"),
    ],
)
def test_what_is_refused_is_told(values, message):
    with pytest.raises(BadParameter, match=f"^{message}"):
        take(MonitorStep, {"name": "churn", **values})


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        (
            [],
            "'candidates' has no items. Name at least 1 of baseline, linear, lightgbm, boosting, xgboost, catboost, "
            "forest.",
        ),
        (["linear", "linear"], "'candidates' has 'linear' twice. Name each once."),
    ],
)
def test_an_empty_or_doubled_choice_is_told(candidates, message):
    assert problems("train", {"candidates": candidates}) == {"candidates": message}


def test_a_whole_number_as_a_float_is_one():
    step = make("train", {"folds": 4.0})

    assert (step.folds, type(step.folds)) == (4, int)
