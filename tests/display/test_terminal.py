"""Tables of the terminal."""

import io

import examples
import pytest
from rich.console import Console

from workbench.core.finding import Finding
from workbench.display import terminal


def text(table):
    console = Console(width=220, record=True, file=io.StringIO())
    console.print(table)
    return console.export_text()


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (examples.run(), ("boosting", "0.742 (0.735 to 0.749)", "41.2 s")),
        (examples.bundle(), ("flights version 3", "0.731")),
        (examples.report(), ("2013-10", "alarm", "27,177")),
        (examples.job(), ("FAILED", "5 of 9", "No row is left")),
        (examples.profile(), ("WB120", "dep_delay")),
    ],
    ids=lambda v: getattr(v, "noun", ""),
)
def test_a_table_says_what_matters(result, words):
    shown = text(terminal.table(result))

    for word in words:
        assert word in shown


def test_markup_of_the_terminal_is_shown_and_not_obeyed():
    shown = text(terminal.findings([Finding("WB199", "info", "[bold red]x[/] [link=http://x]y[/link]")]))

    assert "[bold red]x[/]" in shown
