import pytest

import workbench as wb
from workbench.errors import BadTable, NotFound, Refused
from workbench.monitoring.policy import retrain_if_needed
from workbench.settings import settings
from workbench.storage import audit


def test_promotions_and_rollbacks_form_a_chain(shop):
    assert wb.promote(shop, 2, reason="better") == 2
    assert wb.bundle(shop).version == 2
    assert wb.rollback(shop) == 1
    assert wb.bundle(shop).version == 1

    told = [(e["act"], e["version"], e.get("previous")) for e in audit.entries(settings().audit_log)]
    assert told[-2:] == [("promote", 2, 1), ("rollback", 1, 2)]
    with pytest.raises(Refused, match="No version of shop was champion before"):
        wb.rollback(shop)


def test_a_version_that_is_not_there_is_named(shop):
    with pytest.raises(NotFound, match="7"):
        wb.promote(shop, 7)
    assert wb.bundle(shop).version == 1


def test_versions_are_compared_on_the_same_rows(shop, customers):
    same = wb.challenge(shop, 1, customers(300, 9))
    other = wb.challenge(shop, "challenger", customers(300, 9))

    assert (same.better, same.difference.value) == (False, 0.0)
    assert other.versions == (1, 2)
    assert other.difference.low <= other.difference.value <= other.difference.high
    assert "roc_auc" in other.verdict


def test_a_challenge_on_the_training_table_is_refused(shop, customers):
    with pytest.raises(Refused, match="trained on this very table"):
        wb.challenge(shop, 2, customers(800, 2))


def test_a_challenge_needs_labels(shop, customers):
    with pytest.raises(BadTable, match="no column 'stays'"):
        wb.challenge(shop, 2, customers(100, 9).drop(columns="stays"))


def test_without_alarm_nothing_is_submitted(shop):
    assert retrain_if_needed(wb.monitor(shop), {"source": "x.csv"}) is None
