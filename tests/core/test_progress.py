"""Progress shows where somebody looks, and escapes what it shows."""

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
