"""The benchmark of explanations: its machinery on few rows."""

import explaining
import numpy as np
import pytest


def test_the_middle_of_interleaved_calls_is_told():
    asked = []
    calls = {name: lambda name=name: asked.append(name) or name for name in ("ours", "theirs")}

    found = explaining.interleaved(calls, repeats=3, times=2)

    assert asked == ["ours", "ours", "theirs", "theirs"] * 3
    assert {name: took.result for name, took in found.items()} == {"ours": "ours", "theirs": "theirs"}


def test_a_peers_columns_are_added_up_before_they_are_compared():
    class Kept:
        def source(self):
            return np.array([1, 0, 1])

    own, theirs = np.array([[2.0, 5.0]]), np.array([[1.0, 2.0, 4.5]])

    assert explaining._apart(Kept(), own, theirs) == 0.5


@pytest.mark.slow
def test_ours_and_a_peers_values_are_told_side_by_side(monkeypatch, shared_table):
    monkeypatch.setattr(explaining, "CALLS", 2)
    folder = shared_table("adult.csv").parent

    (model,) = explaining.models(folder, ["LightGBM 100"], [1, 20])

    one, many = explaining.values([model], 1, 30.0).splitlines()[2:]
    assert one.startswith("| LightGBM 100 | 1 | ")
    assert "served" in one
    assert " LightGBM: " in many
    assert float(many.split("|")[-2]) < 1e-9
