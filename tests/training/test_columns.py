"""Columns that a model does not use, and why."""

import pandas as pd
import pytest

from workbench.core.codes import CODES
from workbench.core.contract import Column, Contract
from workbench.core.finding import Finding
from workbench.core.profile import Profile
from workbench.profiling.profile import profile_columns
from workbench.training.columns import OWN_TEXT, REASONS, ROLES, left_out, made_of


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


def test_texts_that_are_neither_words_nor_levels_and_empty_columns_are_left_out():
    columns = (Column("note", "text"), Column("hash", "text"), Column("empty", "number"), Column("x", "number"))
    table = pd.DataFrame({"note": ["a b", "c d"], "hash": ["a1", "b2"], "empty": [float("nan")] * 2, "x": [1.0, 2.0]})
    table = table.astype({"note": "str", "hash": "str"})
    contract, found = Contract(columns), Finding("WB116", "info", "…", "note")

    out = left_out(contract, profile_of(contract, [found], table))

    assert out == {"hash": OWN_TEXT, "empty": "has no value"}


@pytest.mark.parametrize(
    ("made", "value"),
    [
        ("words", lambda i: f"the {i}th of them was late"),
        ("levels", lambda i: f"N{i % 400}"),
        ("words and levels", lambda i: f"Officer {i % 400}"),
        (None, lambda i: f"Officer {i % 250}"),
        ("numbers and levels", lambda i: f"{i % 400}+ km"),
        ("numbers and categories", lambda i: f"<{i % 12}"),
        (None, lambda i: f"<{i % 8}"),
        (None, lambda i: f"{i % 12:02d}-{i % 12 + 20}"),
        ("levels", lambda i: f"{i % 400}"),
    ],
)
def test_what_is_made_of_a_text_follows_from_how_many_words_and_levels_it_has(made, value):
    table = pd.DataFrame({"t": pd.Series([value(i) for i in range(1000)], dtype="str"), "x": range(1000)})
    table.loc[::7, "t"] = None

    found = made_of(table, Contract((Column("t", "text"), Column("x", "integer"))))

    assert found == ({} if made is None else {"t": made})
