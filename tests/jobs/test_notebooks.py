"""Notebooks are found where people expect them, and their parameters are read without running anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.errors import InputError, NotFound
from workbench.jobs.notebook.notebooks import find
from workbench.jobs.notebook.parameters import parameters_of

Make = Callable[..., Path]


def test_a_notebook_in_the_working_folder_is_found_with_or_without_suffix(
    notebook: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = notebook("1")
    monkeypatch.chdir(path.parent)

    assert find("small") == find("small.ipynb") == find(path) == path


@pytest.mark.parametrize("name", ["no-such", "/no/such.ipynb", "../../etc/passwd", "notebooks/../../x"])
def test_a_missing_notebook_is_a_clear_error(name: str) -> None:
    with pytest.raises(NotFound, match="Give the path of a notebook"):
        find(name)


def test_parameters_are_read_with_defaults_and_comments(notebook: Make) -> None:
    cell = "name = 'flights'  # the bundle\nmonths: list[int] = [\n    7,\n    8,\n]\nwhen = compute()\nprint(1)"

    found = parameters_of(notebook("1", parameters=cell))

    assert [(p.name, p.default) for p in found.values()] == [("name", "flights"), ("months", [7, 8]), ("when", None)]
    assert found["name"].description == "the bundle"


def test_papermill_reads_the_same_names(notebook: Make) -> None:
    import papermill

    path = notebook("1", parameters="name = 'flights'\nshare = 0.5\nmonths = [1, 2]")

    assert list(parameters_of(path)) == list(papermill.inspect_notebook(path))


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"nbformat": 3, "cells": []}', "not json"])
def test_what_is_no_notebook_is_a_clear_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(content)

    with pytest.raises(InputError, match="not a Jupyter notebook"):
        parameters_of(path)


def test_a_parameters_cell_that_is_not_python_is_a_clear_error(notebook: Make) -> None:
    with pytest.raises(InputError, match="not Python"):
        parameters_of(notebook("1", parameters="name ="))
