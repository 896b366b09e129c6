"""Tables of the terminal."""

import io
from dataclasses import replace

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
        (examples.report(), ("2013-10", "alarm", "27,177", "score, drift, 1 small")),
        (examples.job(), ("FAILED", "5 of 9", "No row is left")),
        (examples.profile(), ("WB120", "dep_delay")),
        (examples.fairness(), ("Female", "0.120 ◆", "400", "Selection rate")),
    ],
    ids=lambda v: getattr(v, "noun", ""),
)
def test_a_table_says_what_matters(result, words):
    shown = text(terminal.table(result))

    for word in words:
        assert word in shown


def test_fairness_tells_groups_gaps_reasons_costs_and_findings():
    shown = text(terminal.fairness(examples.fairness()))

    places = [shown.index(word) for word in (
        "0.120 ◆", "0.220 (0.180 to 0.260)", "hours −0.800, age +0.100", "Accuracy 0.860 to 0.840", "WB308 sex:",
    )]  # fmt: skip
    assert places == sorted(places)
    assert "Demographic parity difference 0.220 to 0.020" in shown


def test_of_very_many_groups_the_largest_are_shown_and_the_rest_counted():
    found = examples.fairness()
    many = replace(found, groups=tuple(replace(found.groups[0], value=f"g{k}") for k in range(60)), findings=())

    shown = text(terminal.fairness(replace(many, gaps=(), drivers=(), remedies=())))
    assert "g39" in shown
    assert "g40" not in shown
    assert "and 20 smaller groups" in shown
    assert "Gaps" not in shown


def test_markup_of_the_terminal_is_shown_and_not_obeyed():
    shown = text(terminal.findings([Finding("WB199", "info", "[bold red]x[/] [link=http://x]y[/link]")]))

    assert "[bold red]x[/]" in shown
