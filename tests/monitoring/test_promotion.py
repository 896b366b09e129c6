"""Promotions are checked, recorded and taken back."""

import pytest

import workbench as wb
from workbench.core import audit
from workbench.core.registry import version_of
from workbench.errors import Damaged, NotFound, Refused
from workbench.settings import settings


@pytest.fixture
def three(shop, made):
    made(2)
    made(3)


def test_a_promotion_moves_the_alias_and_is_recorded(three):
    assert wb.promote("shop", 2, reason="better").version == 2
    last = audit.entries(settings().audit_log)[-1]

    assert version_of("shop", "champion") == 2
    assert (last["act"], last["version"], last["previous"], last["reason"]) == ("promote", 2, "1", "better")


def test_a_rollback_returns_to_the_champion_before_step_by_step(three):
    wb.promote("shop", 2)
    wb.promote("shop", 3)

    assert [wb.rollback("shop"), wb.rollback("shop")] == [2, 1]
    assert version_of("shop", "champion") == 1
    with pytest.raises(Refused, match="no champion before version 1"):
        wb.rollback("shop")


def test_a_promotion_after_a_rollback_leads_back_to_it(three):
    wb.promote("shop", 2)
    wb.rollback("shop")
    wb.promote("shop", 3)

    assert wb.rollback("shop") == 1


def test_what_cannot_be_promoted_is_refused(three, home):
    with pytest.raises(Refused, match="champion already"):
        wb.promote("shop", 1)
    with pytest.raises(NotFound, match="There are: 1, 2, 3"):
        wb.promote("shop", 9)
    (home / "bundles" / "shop" / "2" / "model.npz").write_bytes(b"changed")
    with pytest.raises(Damaged, match=r"model\.npz"):
        wb.promote("shop", 2)
    assert version_of("shop", "champion") == 1


def test_a_challenger_that_wins_challenges_no_more(three):
    wb.promote("shop", 3)

    with pytest.raises(NotFound, match="challenger"):
        version_of("shop", "challenger")
