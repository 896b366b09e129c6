"""Steps are declared once; a bad value is refused by name."""

import re
from dataclasses import dataclass, fields
from typing import ClassVar

import pytest
from jsonschema import Draft202012Validator

from workbench.core.parameters import FOLDER_NAME, STEPS, Step, make, parameter, problems, schema, take
from workbench.errors import BadParameter


@pytest.mark.parametrize("verb", STEPS)
def test_each_schema_is_valid_and_describes_every_field(verb):
    content = schema(verb)

    Draft202012Validator.check_schema(content)
    assert all(p["description"].endswith(".") for p in content["properties"].values())


@pytest.mark.parametrize("verb", STEPS)
def test_the_defaults_fit_their_own_schema(verb):
    content = schema(verb)
    required = dict.fromkeys(content["required"], "x")
    defaults = {n: p["default"] for n, p in content["properties"].items() if "default" in p}

    Draft202012Validator(content).validate({**required, **defaults})
    make(verb, {**required, **defaults})


@pytest.mark.parametrize(
    ("verb", "values", "told"),
    [
        ("train", {"trails": 3}, "Did you mean 'trials'"),
        ("train", {"trials": 0}, "between 1 and 200"),
        ("train", {"trials": "3"}, "a whole number"),
        ("train", {"trials": True}, "a whole number"),
        ("train", {"candidates": ["bosting"]}, "Did you mean 'boosting'"),
        ("train", {"candidates": "boosting"}, "list of str"),
        ("package", {}, "needs 'name'"),
        ("dataset", {"source": ""}, "needs 'source'"),
        ("pakage", {}, "Did you mean 'package'"),
    ],
)
def test_a_bad_value_says_what_to_change(verb, values, told):
    with pytest.raises(BadParameter, match=told):
        make(verb, values)


@pytest.mark.parametrize(
    ("verb", "name", "content"),
    [
        (
            "dataset",
            "source",
            {"type": "string", "minLength": 1, "title": "Table", "x-table": True, "examples": ["customers.csv"]},
        ),
        ("dataset", "target", {"type": ["string", "null"], "title": "Target", "default": None, "x-column": True}),
        (
            "dataset",
            "known_after",
            {
                "type": "array",
                "items": {"type": "string"},
                "uniqueItems": True,
                "title": "Known after",
                "default": [],
                "x-column": True,
            },
        ),
        (
            "train",
            "candidates",
            {
                "type": "array",
                "items": {
                    "type": "string",
                    "enum": ["baseline", "linear", "lightgbm", "boosting", "xgboost", "catboost", "forest"],
                },
                "uniqueItems": True,
                "minItems": 1,
                "title": "Candidates",
                "default": ["baseline", "linear", "lightgbm"],
            },
        ),
        (
            "train",
            "trials",
            {
                "type": ["integer", "null"],
                "minimum": 1,
                "maximum": 200,
                "title": "Trials",
                "default": None,
                "x-unit": "settings",
            },
        ),
        (
            "dataset",
            "decimal",
            {
                "type": ["string", "null"],
                "enum": [".", ",", None],
                "title": "Decimal",
                "default": None,
                "x-group": "How the file is read",
            },
        ),
        ("package", "name", {"type": "string", "pattern": FOLDER_NAME, "title": "Name", "examples": ["churn"]}),
    ],
)
def test_a_form_is_told_what_the_declaration_says(verb, name, content):
    declared = next(f for f in fields(STEPS[verb]) if f.name == name)

    assert schema(verb)["properties"][name] == {**content, "description": declared.metadata["description"]}


def test_a_schema_says_which_step_it_is_of_and_lets_nothing_else_in():
    content = schema("package")

    del content["properties"]
    assert content == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Package",
        "description": "Make the folder that ships: compiled model, contract, card, golden rows.",
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
    }


def test_what_stands_elsewhere_is_not_asked_for_and_not_looked_at():
    """As an expression in a cell: its value is known when the cell runs."""
    assert make("package", {}, elsewhere=("name",)).name is None
    assert make("train", {"folds": "n", "trials": 2}, elsewhere=("folds",)) == make("train", {"trials": 2})
    assert problems("package", {"name": "a/b"}, elsewhere=("name",)) == {}


@dataclass(frozen=True)
class Open(Step):
    """Numbers with one end."""

    verb: ClassVar[str] = "open"
    least: int = parameter("One end.", 1, minimum=1)
    most: float = parameter("The other.", 0.5, maximum=1.5)
    level: int = parameter("One of a few.", 1, choices=(1, 2, 3))
    ids: tuple[int, ...] = parameter("At least two.", (1, 2), fewest=2)
    letters: str = parameter("Letters alone.", "a", pattern="^[a-z]+$")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"least": 0}, "'least' is at least 1, got 0. Change it."),
        ({"most": 2.0}, "'most' lies between -1.79769e+308 and 1.5, got 2.0. Change it."),
        ({"level": 4}, "The choice 'level' has no parameter '4'. Parameters: 1, 2, 3."),
        ({"ids": 3}, "'ids' takes a list of int, got 3. Put it in brackets."),
        ({"ids": [3]}, "Name at least 2."),
        ({"ids": [3, 4, 3]}, "'ids' has 3 twice. Name each once."),
        ({"letters": "A"}, "'letters' matches ^[a-z]+$, got 'A'. Change it."),
        ({"letters": "A" * 498}, f"got '{'A' * 498}'. Change it."),
        ({"least": "A" * 498}, f"'least' takes a whole number, got '{'A' * 498}' (str). Change it."),
        ({"least": "A" * 499}, "'least' takes a whole number, got a very long str (str). Change it."),
        ({"least": -(10**5000)}, "got a very long int. Change it."),
    ],
)
def test_what_is_refused_is_told_with_what_would_do(values, message):
    with pytest.raises(BadParameter, match=re.escape(message)):
        take(Open, values)


@pytest.mark.parametrize("values", [{"least": 1}, {"most": 1.5}, {"level": 3}, {"ids": (4, 3)}, {"letters": "b"}])
def test_the_ends_of_a_range_are_in_it(values):
    (name, value) = next(iter(values.items()))

    assert getattr(take(Open, values), name) == value
