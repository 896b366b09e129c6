"""A dataset: its columns and their roles."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from workbench.core.dataset import Dataset
from workbench.display.rendering import fragment

if TYPE_CHECKING:
    import plotly.graph_objects as go


def html(dataset: Dataset) -> str:
    """Rows, target, fingerprint and the contract's columns; none of the values."""
    return fragment("dataset", d=dataset, headline=dataset.headline())


def figure(dataset: Dataset) -> go.Figure:
    """Columns by kind."""
    from workbench.display.figures import bars

    kinds = Counter(c.kind for c in dataset.contract.columns)
    return bars(list(kinds), list(kinds.values()), "Columns by kind", "columns")
