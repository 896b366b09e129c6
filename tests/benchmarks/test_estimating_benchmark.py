"""The benchmark of estimates runs, and says whom to trust."""

import estimating
import pytest


@pytest.mark.slow
def test_customers_without_drift_are_estimated_and_trusted(tmp_path, capsys, shared_table, monkeypatch):
    shared_table("telco_churn.csv")
    monkeypatch.setitem(estimating.CASES, "telco", estimating.Case(_some, "Churn", True, "no drift"))
    kept = tmp_path / "MONITORING.md"
    kept.write_text("# Monitoring\n\nof others\n", encoding="utf-8")

    for _ in range(2):  # the section is replaced, and others stay
        lines = ["## Scores without labels", *estimating.table_of_cases({"telco": _outcome()})]
        estimating.keep(kept, lines)
    assert estimating.main(["--cases", "telco", "--seeds", "0", "--no-peer", "--results", str(kept)]) == 0

    told = kept.read_text(encoding="utf-8")
    assert told.count(estimating.START) == told.count("| telco: no drift | 2 | roc_auc |") == 1
    assert "of others" in told
    assert "| 2 of 2 | trust |" in told
    assert capsys.readouterr().out.startswith("## Scores without labels")


def _some():
    train, later = estimating.telco()
    return train[:1500], dict(list(later.items())[:2])


def _outcome():
    ones = estimating.np.ones(2)
    return estimating.Outcome("roc_auc", 1.0, ones, ones, ones, ones, ones > 0, ("so",))
