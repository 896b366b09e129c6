"""Progress shows where somebody looks, and escapes what it shows."""

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

    def update(self, html):
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
