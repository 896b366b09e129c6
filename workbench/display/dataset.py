"""A dataset: its columns and their roles."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from workbench.core.contract import Column
from workbench.core.dataset import Dataset
from workbench.core.rows import OFTEN, SHOWN, Rows
from workbench.display.rendering import fragment

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


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
    columns = [_shown(dataset, c) for c in dataset.contract.columns if c.name in dataset.names]
    return [list(row) for row in zip(*columns, strict=True)]


def _shown(dataset: Dataset, column: Column) -> list[str]:
    values = dataset.values
    first = (values.first if isinstance(values, Rows) else values.head(SHOWN))[column.name]
    if column.sensitive or column.role == "personal":
        return [HIDDEN] * len(first)
    if column.kind not in ("category", "text"):
        return [_plain(value, column) for value in first.tolist()]
    often = _often(values, column.name, first)
    return ["" if value != value else str(value) if value in often else HIDDEN for value in first.tolist()]


def _often(values: pd.DataFrame | Rows, name: str, first: pd.Series) -> frozenset[str]:
    """Which of the first texts stand in several rows; of a file that is kept what is known of it, nothing is read."""
    if isinstance(values, Rows):
        return values.often.get(name, frozenset())
    return frozenset(value for value in first.dropna().unique() if int((values[name] == value).sum()) >= OFTEN)


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
