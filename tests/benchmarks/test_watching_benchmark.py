"""Some weeks of flights, day by day through a watch: an alarm is told, and what follows from it is decided and told."""

from collections import Counter
from datetime import UTC, datetime

import pytest
import watching

from workbench.monitoring.windows import windows
from workbench.settings import settings


@pytest.mark.slow
def test_two_weeks_of_flights_are_looked_after(store, tmp_path, monkeypatch):
    """Every third flight of March 2013, with the snow of the 8th: each flight is scored once, and people are told."""
    table = watching.flights(nth=3)

    found = watching.replay(table, datetime(2013, 3, 4, tzinfo=UTC), 10, tmp_path, {"fresh_rows": 300})

    seen = {one.label: one.rows for one in windows(watching.NAME, settings())}
    days = Counter(table["departs"].dt.strftime("%Y-%m-%d"))
    assert seen == {f"2013-03-{k:02d}": days[f"2013-03-{k:02d}"] for k in range(4, 14)}
    told = [d.what for d in found.watch.decisions if d.what not in ("scored", "labels", "waits")]
    assert told[:2] == ["retrain", "trained"]
    assert set(told[2:]) & {"better", "rejected"}
    heard = [(who, what) for _, who, what in found.heard]
    assert ("lead", "a new version is trained") not in heard, "a lead hears of alarms and of what became champion"
    assert ("team", "a new version is trained") in heard
    alarms = [what for who, what in heard if who == "lead" and what.startswith("alarm") and "since" in what]
    assert alarms
    assert len(set(heard)) == len(heard), "nobody is told twice"
    text = watching.section(found)
    assert "| lead, team | alarm" in text
    page = tmp_path / "MONITORING.md"
    page.write_text(f"# Kept\n\n{watching.TITLE}\n\nold\n\n## After\n\nkept\n", encoding="utf-8")
    watching.put(page, text)
    assert page.read_text("utf-8").startswith(f"# Kept\n\n{watching.TITLE}\n")
    assert page.read_text("utf-8").endswith("\n\n## After\n\nkept\n")
    assert "old" not in page.read_text("utf-8")
