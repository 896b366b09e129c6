"""A verification: each check with its mark, what failed first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.core.verification import Verification
from workbench.display.rendering import fragment

if TYPE_CHECKING:
    import plotly.graph_objects as go


def html(verification: Verification) -> str:
    """The outcome, and one row a check."""
    return fragment("verification", v=verification, checks=sorted(verification.checks, key=lambda c: c.ok))


def figure(verification: Verification) -> go.Figure:
    """Checks that held, and checks that failed."""
    from workbench.display.figures import bars

    held = sum(c.ok for c in verification.checks)
    return bars(["held", "failed"], [held, len(verification.checks) - held], verification.bundle, "checks")
