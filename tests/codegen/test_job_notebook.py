"""One click makes a notebook that runs by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.codegen.cells import CodeCell
from workbench.codegen.job_notebook import EMPTY, convert, problems
from workbench.codegen.journey import journey
from workbench.jobs.notebook.parameters import declared

CELLS = [
    CodeCell("a", 'import workbench as wb\n\ndata = wb.dataset("churn.csv", target="Churn")  # ours\ndata'),
    CodeCell("b", "run = wb.train(data, trials=1)\nrun"),
    CodeCell("c", 'bundle = wb.package(run, name="churn")\nbundle'),
    CodeCell("d", 'report = wb.monitor("churn")\nreport'),
]


def test_what_changes_from_run_to_run_becomes_parameters() -> None:
    made = convert(CELLS)

    assert made.cell is None
    assert [(p.name, p.default) for p in declared(made.source, "n").values()] == [
        ("source", "churn.csv"),
        ("target", "Churn"),
        ("name", "churn"),
    ]
    assert made.changes == {
        "a": "import workbench as wb\n\ndata = wb.dataset(source, target=target)  # ours\ndata",
        "c": "bundle = wb.package(run, name=name)\nbundle",
        "d": "report = wb.monitor(name)\nreport",
    }
    assert made.problems == ()


def test_what_was_lifted_once_is_not_lifted_again() -> None:
    made = convert(CELLS)
    cells = [CodeCell("p", made.source), *(CodeCell(c.id, made.changes.get(c.id, c.source)) for c in CELLS)]

    again = convert(cells, "p")

    assert (again.cell, again.source, again.changes) == ("p", made.source, {})
    assert journey(cells).value("dataset", "source") == "churn.csv"


def test_the_tables_that_are_scored_and_their_labels_become_parameters_too() -> None:
    month = [
        CodeCell("e", 'answers = wb.score("churn", "july.csv", window="2026-07")\nanswers'),
        CodeCell("f", 'joined = wb.feedback("churn", "labels.csv", window="2026-07")\njoined'),
    ]

    made = convert([*CELLS[:3], *month, CELLS[3]])

    assert [(p.name, p.default) for p in declared(made.source, "n").values()][2:] == [
        ("name", "churn"),
        ("score_source", "july.csv"),
        ("window", "2026-07"),
        ("labels", "labels.csv"),
    ]
    assert made.changes["e"] == "answers = wb.score(name, score_source, window=window)\nanswers"
    assert made.changes["f"] == "joined = wb.feedback(name, labels, window=window)\njoined"
    assert made.changes["d"] == "report = wb.monitor(name)\nreport"


def test_only_the_tag_where_nothing_is_to_be_lifted() -> None:
    assert convert(CELLS, lift=False).source == EMPTY
    assert convert([CodeCell("x", "month = 7\nfolder = 'a'"), *CELLS], lift=False).cell == "x"


def test_a_name_of_the_notebook_is_not_taken() -> None:
    made = convert([CodeCell("x", "source = open('a')\ndataset_source = 1"), *CELLS])

    assert list(declared(made.source, "n")) == ["dataset_source_2", "target", "name"]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("n = input('month')", "nobody answers"),
        ("import getpass\ngetpass.getpass()", "by reference"),
        ("breakpoint()", "breakpoint"),
        ("%debug", "debugger"),
        ("from ipywidgets import interact\ninteract(print, x=3)", "widget"),
        ("import b\nb.on_click(print)", "nobody clicks"),
        ("data = wb.dataset(", "not Python yet"),
        ("print(later)", "which only a cell below"),
        ("print(never)", "which no cell makes"),
        ("print(own)\nown = 1", "before it makes it"),
    ],
)
def test_what_needs_a_person_is_told_with_its_cell(source: str, told: str) -> None:
    (found,) = problems([CodeCell("a", "1"), CodeCell("b", source), CodeCell("c", "later = 1")])

    assert told in found[0]
    assert found[1] == "2"


@given(st.lists(st.text(max_size=40), max_size=4))
def test_any_notebook_is_looked_at(sources: list[str]) -> None:
    made = convert([CodeCell(str(i), s) for i, s in enumerate(sources)])

    assert all(isinstance(text, str) for told in made.problems for text in told)
