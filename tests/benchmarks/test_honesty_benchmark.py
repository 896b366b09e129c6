"""The benchmark of honest scores: its machinery on small tables, and what it counts."""

import honesty
import numpy as np
import pytest
from honesty import Judged, report
from honesty_tables import TABLES, cases


def test_ours_and_a_peer_are_judged_on_the_same_rows(store, tmp_path, capsys):
    results = tmp_path / "TRAINING.md"
    honesty.main(
        ["--tables", "diabetes", "--tools", "workbench", "lightgbm", "--draws", "1", "--results", str(results)]
    )

    text = results.read_text()
    assert text == capsys.readouterr().out.removesuffix("\n")[: len(text)]
    row = next(line for line in text.splitlines() if line.startswith("| diabetes"))
    assert row.count("→") == 2
    assert "| workbench | " in text
    assert "gives none" in text


@pytest.mark.parametrize("name", ["bike", "patients", "noise, each row five times", "breast cancer"])
def test_the_truth_is_measured_on_rows_that_nobody_has_seen(name, shared_table):
    shared_table("bike_hour.csv")
    one, other = cases(name, 2)
    table = TABLES[name]
    assert not one.known.index.intersection(one.later.index).size
    assert "_person" not in one.known
    if table.rows == "time":
        assert one.known.index.max() < one.later.index.min()
        assert len(other.known) < len(one.known)
    elif table.rows in one.known:
        assert not set(one.known[table.rows]) & set(one.later[table.rows])
    assert one.target in one.later


def test_what_was_promised_is_counted():
    right = Judged("t", "a", True, 10.0, (8.0, 12.0), 10.9, 1.0)
    wrong = Judged("t", "a", True, 10.0, (9.0, 11.0), 12.0, 3.0)
    ranks = Judged("u", "a", False, 0.9, None, 0.85, 2.0)
    assert (right.honest, right.inside, wrong.honest, wrong.inside) == (True, True, False, False)
    assert (ranks.honest, ranks.promised_too_much) == (False, pytest.approx(0.05))
    text = report([right, wrong, ranks], ["a", "b"])
    assert "| a | 1 of 3 | 1 of 2 | 2.0 |" in text
    assert "| t | 10 → 12 (1.20x) | failed |" in text
    assert np.isfinite(right.promised_too_much)
