"""Columns that a model does not use, and why."""

import pytest

from workbench.core.codes import CODES
from workbench.core.contract import Column, Contract
from workbench.core.finding import Finding
from workbench.core.profile import Profile
from workbench.profiling.profile import profile_columns
from workbench.training.columns import REASONS, ROLES, left_out


def profile_of(contract, findings=(), table=None):
    columns = () if table is None else profile_columns(table, contract)
    return Profile(10, tuple(columns), contract, tuple(findings))


@pytest.mark.parametrize("role", ROLES)
def test_a_column_with_another_role_is_left_out_with_its_reason(role):
    contract = Contract((Column("x", "number"), Column("other", "number", role), Column("y", "number", "target")))
    assert left_out(contract, profile_of(contract)) == {"other": ROLES[role]}


@pytest.mark.parametrize("code", REASONS)
def test_a_finding_takes_its_column_out_with_its_reason(code):
    contract = Contract((Column("x", "number"), Column("odd", "category"), Column("y", "number", "target")))
    found = Finding(code, CODES[code].severities[0], "…", "odd")
    assert left_out(contract, profile_of(contract, [found])) == {"odd": REASONS[code]}


def test_other_findings_take_nothing_out():
    contract = Contract((Column("x", "number"), Column("y", "number", "target")))
    assert left_out(contract, profile_of(contract, [Finding("WB103", "warning", "…", "x")])) == {}


def test_a_role_says_more_than_a_finding_and_the_first_finding_more_than_the_next():
    contract = Contract((Column("who", "category", "id"), Column("odd", "category")))
    found = [
        Finding("WB120", "error", "…", "odd"),
        Finding("WB107", "warning", "…", "odd"),
        Finding("WB107", "warning", "…", "who"),
    ]
    assert left_out(contract, profile_of(contract, found)) == {"who": ROLES["id"], "odd": REASONS["WB120"]}


def test_the_target_is_never_left_out():
    contract = Contract((Column("x", "number"), Column("y", "number", "target")))
    assert left_out(contract, profile_of(contract, [Finding("WB107", "warning", "…", "y")])) == {}


def test_text_and_empty_columns_are_left_out():
    import pandas as pd

    contract = Contract((Column("note", "text"), Column("empty", "number"), Column("x", "number")))
    table = pd.DataFrame({"note": pd.Series(["a b", "c d"], dtype="str"), "empty": [float("nan")] * 2, "x": [1.0, 2.0]})
    assert left_out(contract, profile_of(contract, table=table)) == {"note": REASONS["WB116"], "empty": "has no value"}
