"""Methods that a higher floor provides: one table, each entry there, and saying the same on both floors."""

import copy
import importlib
import inspect
import pickle
import re
import sys
from pathlib import Path

import pytest

import workbench as wb
from workbench.core import late as table
from workbench.core.contract import Column, Contract
from workbench.core.late import LIBRARIES, PLACES, VERBS, late
from workbench.core.result import Result
from workbench.core.shown import Shown
from workbench.errors import MissingExtra

NOUNS = {
    "Bundle": wb.Bundle,
    "Contract": wb.Contract,
    "Explanation": wb.Explanation,
    "Fairness": wb.Fairness,
    "MonitorReport": wb.MonitorReport,
    "Profile": wb.Profile,
    "Result": Result,
    "Run": wb.Run,
    "Shown": Shown,
}
CONTRACT = Contract((Column("age", "integer"),))


def method_of(entry):
    noun, _, name = entry.partition(".")
    return getattr(NOUNS[noun], name)


def parameters(function):
    """Name, kind, default and annotation of all but the noun itself."""
    _, *others = inspect.signature(function).parameters.values()
    return [(p.name, p.kind, p.default, p.annotation) for p in others]


def errors_of(function):
    raises = (inspect.getdoc(function) or "").partition("Raises\n------\n")[2].partition("\n\n")[0]
    return set(re.findall(r"^\w+$", raises, re.MULTILINE))


@pytest.mark.parametrize("entry", PLACES)
def test_a_method_and_the_function_behind_it_have_one_signature(entry):
    method, function = method_of(entry), late(entry)

    assert parameters(method) == parameters(function)
    assert inspect.signature(method).return_annotation == inspect.signature(function).return_annotation


@pytest.mark.parametrize("entry", PLACES)
def test_a_method_and_the_function_behind_it_say_the_same(entry):
    method, function = method_of(entry), late(entry)
    first, second = (inspect.getdoc(f).splitlines()[0] for f in (method, function))

    assert first.replace(":meth:`record`", "the result's own record") == second
    assert errors_of(method) == errors_of(function)
    for name, *_ in parameters(method) if "Parameters" in inspect.getdoc(method) else ():
        assert re.search(rf"\b{name}\b", inspect.getdoc(method))
        assert re.search(rf"\b{name}\b", inspect.getdoc(function))


@pytest.mark.parametrize("entry", PLACES)
def test_a_method_hands_on_all_that_it_is_given(entry, monkeypatch):
    """By the name of the entry and with every argument, each where the function expects it."""
    calls = []
    monkeypatch.setattr(
        importlib.import_module(method_of(entry).__module__),
        "late",
        lambda name: lambda *args, **kwargs: calls.append((name, args, kwargs)),
    )
    kinds = {name: kind for name, kind, *_ in parameters(method_of(entry))}
    given = [n for n, kind in kinds.items() if kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    named = {n: n for n, kind in kinds.items() if kind is inspect.Parameter.KEYWORD_ONLY}

    method_of(entry)("noun", *given, **named)

    assert calls == [(entry, ("noun", *given), named)]


@pytest.mark.parametrize("entry", [*PLACES, *LIBRARIES])
def test_each_entry_is_used_by_the_noun_that_it_names(entry):
    source = inspect.getsource(sys.modules[NOUNS[entry.partition(".")[0]].__module__])

    assert f'late("{entry}")' in source


def test_no_noun_asks_for_what_is_not_in_the_table():
    folder = Path(table.__file__).parent
    asked = {n for path in folder.glob("*.py") for n in re.findall(r'(?<!>>> )late\("([^"]+)"\)', path.read_text())}

    assert asked == {*PLACES, *LIBRARIES, *VERBS}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_in_the_table_is_the_public_one(verb):
    assert late(verb) is getattr(wb, verb)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda noun: pickle.loads(pickle.dumps(noun))])
def test_a_copy_of_a_noun_keeps_its_late_methods(again):
    assert again(CONTRACT).to_json_schema() == CONTRACT.to_json_schema()


def test_a_late_method_works_on_a_subclass():
    class Narrower(Contract):
        """A contract of somebody else."""

    assert Narrower(CONTRACT.columns).to_json_schema() == CONTRACT.to_json_schema()


@pytest.mark.parametrize("gone", ["workbench.profiling", "workbench.profiling.merge"])
def test_a_module_that_is_not_there_is_told_with_what_to_do(gone, monkeypatch):
    """As in a bundle's own runtime, which has no profiling."""
    monkeypatch.delitem(sys.modules, "workbench.profiling.merge", raising=False)
    monkeypatch.setitem(sys.modules, gone, None)

    with pytest.raises(
        MissingExtra, match=r"Profile\.merge needs workbench\.profiling\.merge, which is not here"
    ) as caught:
        late.__wrapped__("Profile.merge")

    assert "pip install ml-workbench" in str(caught.value)


def test_a_library_that_the_function_needs_keeps_its_own_error(monkeypatch):
    """It is not the function that is missing, and no advice of ours would help."""

    def lacking(name):
        raise ModuleNotFoundError("No module named 'datasketches'", name="datasketches")

    monkeypatch.setattr(table, "import_module", lacking)

    with pytest.raises(ModuleNotFoundError, match="datasketches") as caught:
        late.__wrapped__("Profile.merge")

    assert not isinstance(caught.value, MissingExtra)
