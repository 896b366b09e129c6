"""The benchmark of false alarms runs, and writes its part of the page."""

import false_alarms
import pytest


@pytest.mark.slow
def test_a_period_is_judged_by_its_own_windows(tmp_path, capsys, monkeypatch, store, shared_table):
    """Nine months of rented bikes: taken for independent rows each of them warns, and none does."""
    shared_table("bike_hour.csv")
    page = tmp_path / "MONITORING.md"
    page.write_text(f"# Kept\n\n{false_alarms.TITLE}\n\nold\n\n## After\n\nkept\n", encoding="utf-8")
    monkeypatch.setattr(false_alarms, "measured", lambda names, *_: [
        false_alarms.judged(names[0], "count", *false_alarms.of_period(false_alarms.CASES[names[0]], False), 0.05)
    ])  # fmt: skip

    assert false_alarms.main(["--cases", "bike by months", "--results", str(page)]) == 0

    line = next(one for one in capsys.readouterr().out.splitlines() if one.startswith("| bike"))
    assert line.split(" | ")[1:7] == ["9", "0.0%", "0.0%", "0.0%", "0.0%", "100.0%"]
    told = page.read_text(encoding="utf-8")
    assert told.startswith("# Kept\n\n## False alarms\n")
    assert told.endswith("\n\n## After\n\nkept\n")
    assert line in told
    assert "old" not in told


def test_loans_are_drawn_anew_for_each_window():
    trained, cut = false_alarms.drawn(false_alarms.CASES["credit-like"], 200, 3, seed=0)

    assert (len(trained), [len(rows) for _, rows in cut]) == (20_000, [200] * 3)
    assert not trained.equals(false_alarms.drawn(false_alarms.CASES["credit-like"], 200, 3, seed=1)[0])
    assert 0.03 < (trained["default"] == "yes").mean() < 0.2
