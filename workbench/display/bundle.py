"""A bundle: what ships, how good it is, and where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.core.bundle import Bundle
from workbench.display.rendering import fragment, metric_name, number, some
from workbench.display.run import interval

if TYPE_CHECKING:
    import plotly.graph_objects as go


def html(bundle: Bundle) -> str:
    """Scores, lineage, the next commands to type, features and files."""
    lineage = [
        ("Run", bundle.run_id),
        ("Training data", bundle.fingerprint[:16]),
        ("Classes", some(bundle.classes)),
        ("Threshold", None if bundle.threshold is None else number(bundle.threshold)),
        ("Folder", str(bundle.path)),
    ]
    return fragment("bundle", b=bundle, interval=interval(bundle.metrics[0]), lineage=lineage)


def figure(bundle: Bundle) -> go.Figure:
    """Scores on the hold-out with their intervals."""
    from workbench.display.figures import intervals

    metrics = bundle.metrics[::-1]
    return intervals([metric_name(m.name) for m in metrics], list(metrics), "On the hold-out")
