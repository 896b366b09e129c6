"""The script of the mutants knows modules and tests that are there, and counts none as killed that was not tried."""

import pytest

from tests.mutants import CENTRAL, ROOT, UNTRIED, _drawn, _outcome


@pytest.mark.parametrize("module", CENTRAL)
def test_a_central_module_and_its_tests_are_there(module):
    assert (ROOT / "workbench" / f"{module}.py").is_file()
    assert all((ROOT / test).is_file() for test in CENTRAL[module])


def test_a_mutant_counts_as_killed_only_where_a_test_saw_it():
    codes = {"killed": 1, "slow": 36, "crash": -11, "lived": 0, "unreached": 33, "not drawn": None}

    outcome = _outcome("core/late", codes, [name for name in codes if name != "not drawn"], "")

    assert (outcome.mutants, outcome.tried, outcome.killed, outcome.endless) == (6, 5, 3 / 5, 1)
    assert list(outcome.lived) == ["lived", "unreached"]


@pytest.mark.parametrize("code", UNTRIED)
def test_a_mutant_that_was_not_tried_is_an_error_with_what_mutmut_said(code):
    with pytest.raises(RuntimeError, match=r"did not try one(.|\n)*clean tests failed"):
        _outcome("core/late", {"one": code}, ["one"], "clean tests failed")


def test_the_same_mutants_are_drawn_each_time():
    names = [f"m{i:03}" for i in range(100)]

    assert _drawn(names, 10) == _drawn(names, 10) != names[:10]
    assert _drawn(names, None) == _drawn(names, 200) == names
