"""The benchmark of what a training costs and brings: its machinery on small tables."""

import numpy as np
import pytest
import training
from honesty import Judged


def test_the_made_table_is_the_same_again_and_its_truth_is_apart():
    one, other = training.made(500), training.made(500)
    assert one.known.equals(other.known)
    assert (len(one.known), len(one.later)) == (500, training.LATER)
    assert one.later["y"].value_counts(normalize=True).min() > 0.3
    assert np.isfinite(one.known.select_dtypes("number")).all(axis=None)


@pytest.mark.slow
def test_scores_costs_and_the_first_rows_are_told(store, tmp_path, capsys, monkeypatch):
    small, results = training.made(300), tmp_path / "TRAINING.md"
    monkeypatch.setattr(training, "made", lambda rows: small)
    training.main(["--tables", "diabetes", "--rows", "300", "--results", str(results)])

    text = results.read_text()
    assert text == capsys.readouterr().out
    for name in ("diabetes", "300 rows"):
        row = next(line for line in text.splitlines() if line.startswith(f"| {name} |"))
        assert row.endswith("x |")
    assert "failed" not in text
    assert "The first three rows of the leaderboard" in text


def test_a_tool_that_failed_is_told():
    ours = Judged("t", "workbench", True, 1.0, None, 2.0, 3.0)
    assert "| t | 2, 3.0 | failed |  |" in training.report([ours], ["workbench", "lightgbm"])
    theirs = Judged("t", "lightgbm", True, 1.0, None, 2.5, 1.5)
    assert "| t | 2, 3.0 | 2.5, 1.5 | 2.0x |" in training.report([ours, theirs], ["workbench", "lightgbm"])
