"""Progress shows where somebody looks, and escapes what it shows."""

import re

import pytest

from workbench.core import progress


def test_nothing_is_shown_where_nobody_looks(capsys):
    with progress.progress("Training", total=1) as tracker:
        tracker.advance("linear", rows=[{"candidate": "linear"}])

    assert capsys.readouterr() == ("", "")


def test_a_table_of_hostile_names_is_escaped():
    shown = progress._table([{"<b>": "<img src=x onerror=alert(1)>", "score": 0.123456}])

    assert "<img" not in shown
    assert "&lt;b&gt;" in shown
    assert "0.1235" in shown


class Shown:
    """A display that remembers what it shows."""

    def update(self, html, metadata):
        assert metadata == progress.PASSING, "a clock is no result that a repeat has to find again"
        self.text = html.data


@pytest.mark.parametrize("total", [None, 3])
def test_a_bar_is_full_when_it_is_done_also_where_nobody_knew_its_end(monkeypatch, total):
    shown = Shown()
    monkeypatch.setattr("IPython.display.display", lambda *given, **keywords: shown)
    bar = progress._Notebook("Training", total)
    for name in "abc":
        bar.advance(name)
    bar.close()
    assert 'max="3" value="3"' in shown.text


@pytest.fixture
def clock(monkeypatch):
    """Moves by what a test says."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_the_best_score_is_drawn_as_it_goes_and_is_gone_when_it_is_done(monkeypatch, clock):
    shown = Shown()
    monkeypatch.setattr("IPython.display.display", lambda *given, **keywords: shown)
    bar = progress._Notebook("Training", 4)

    for k, best in enumerate([0.5, 0.7, 0.7, 0.8]):
        clock[0] = float(k + 1)
        bar.advance("lightgbm", best=best)

    places = re.search(r'points="([^"]+)"', shown.text)[1].split()
    heights = [float(place.split(",")[1]) for place in places]
    assert len(places) == 4
    assert heights == sorted(heights, reverse=True)
    assert "best after 4: 0.8" in shown.text
    bar.close()
    assert "<svg" not in shown.text


def test_a_budget_is_counted_down_by_the_clock(monkeypatch, clock):
    shown = Shown()
    monkeypatch.setattr("IPython.display.display", lambda *given, **keywords: shown)
    bar = progress._Notebook("Training", None, seconds=60.0)

    clock[0] = 15.0
    bar.advance("lightgbm")

    assert 'max="60" value="15"' in shown.text
    assert "about 45 s left" in shown.text
    bar.close()
    assert "left" not in shown.text
