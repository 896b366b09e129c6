"""A dataset: its columns and their roles."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from workbench.core.contract import Column
from workbench.core.dataset import Dataset
from workbench.display.rendering import fragment

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


# Rows of the sample, and how often a text must stand in the table to be shown: what is rarer may name a person.
ROWS = 5
OFTEN = 3
HIDDEN = "•••"


def html(dataset: Dataset) -> str:
    """Rows, target, how the table was read, some of its rows, and the contract's columns."""
    return fragment("dataset", d=dataset, headline=dataset.headline(), sample=sample(dataset))


def sample(dataset: Dataset) -> list[list[str]]:
    """The first rows, as texts; of sensitive columns nothing, of other texts those that stand in several rows.

    >>> import pandas as pd, workbench as wb
    >>> sample(wb.dataset(pd.DataFrame({"x": [1, 2], "name": ["Ada", "Alan"]})))
    [['1', '•••'], ['2', '•••']]
    """
    columns = [_shown(dataset.table[c.name], c) for c in dataset.contract.columns if c.name in dataset.table]
    return [list(row) for row in zip(*columns, strict=True)]


def _shown(values: pd.Series, column: Column) -> list[str]:
    first = values.head(ROWS)
    if column.sensitive or column.role == "personal":
        return [HIDDEN] * len(first)
    if column.kind not in ("category", "text"):
        return [_plain(value, column) for value in first.tolist()]
    often = {value for value in first.dropna().unique() if int((values == value).sum()) >= OFTEN}
    return ["" if value != value else str(value) if value in often else HIDDEN for value in first.tolist()]


def _plain(value: Any, column: Column) -> str:
    if value is None or value != value:
        return ""
    if column.kind == "boolean":
        return "true" if value else "false"
    return f"{value:.15g}" if isinstance(value, float) else str(value).removesuffix(" 00:00:00")


def figure(dataset: Dataset) -> go.Figure:
    """Columns by kind."""
    from workbench.display.figures import bars

    kinds = Counter(c.kind for c in dataset.contract.columns)
    return bars(list(kinds), list(kinds.values()), "Columns by kind", "columns")
