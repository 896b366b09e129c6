"""Steps are declared once; a bad value is refused by name."""

import pytest
from jsonschema import Draft202012Validator

from workbench.core.parameters import STEPS, make, schema
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
