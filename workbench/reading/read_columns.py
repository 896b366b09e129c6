"""What a column is, once all of its values were seen."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from workbench.core.contract import Column
from workbench.core.reading import Notes
from workbench.reading.deciding import text_or_category


def in_unit(column: Column, unit: str | None) -> Column:
    """A column in the unit that stands with its name; one beside its values says more."""
    return replace(column, unit=unit) if unit and column.unit is None else column


class ColumnRead(NamedTuple):
    """A column that was read.

    Parameters
    ----------
    column : Column
        By its contract, or as its values say.
    notes : Notes
        What was noticed.
    meaning : str, optional
        What people mean by its values, where that can be seen and matters.
    """

    column: Column
    notes: Notes
    meaning: str | None


def column_of(name: str, notes: Notes, distinct: int, count: int) -> Column:
    """What a column is; every role is *feature*.

    Parameters
    ----------
    name : str
    notes : Notes
        Whether texts are categories was seen from the first rows, and now is from all.
    distinct, count : int
        Distinct values, and rows with a value.

    Examples
    --------
    >>> column_of("x", Notes("text"), 2, 100).kind
    'category'
    """
    kind = text_or_category(distinct, count) if notes.kind in ("category", "text") else notes.kind
    return Column(name, kind, unit=notes.form.unit or None, form=notes.form)
