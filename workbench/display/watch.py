"""A watch: when it runs, what it may do, what it asks, and every decision with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.core.literals import call
from workbench.core.watch import Decision, Watch
from workbench.display.rendering import fragment

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST = 60  # decisions that are drawn; .frame() has them all
USUAL = ("scored", "labels")  # what happens each day is counted
KINDS = {
    "better": "ok",
    "passed": "ok",
    "kept": "ok",
    "approved": "ok",
    "promote": "ok",
    "asks": "warning",
    "unread": "warning",
    "rejected": "warning",
    "refused": "warning",
    "given up": "warning",
    "failed": "error",
    "rollback": "error",
}


def html(watch: Watch) -> str:
    """When it runs and within which policy, what it asks, and the newest decisions first."""
    told = watch.decisions
    scored = sum(d.saw.get("rows", 0) for d in told if d.what == "scored" and isinstance(d.saw.get("rows"), int))
    shown = [one for one in told[::-1] if one.what not in USUAL][:MOST]
    asked, plan = watch.asks, watch.plan
    return fragment(
        "watch",
        w=watch,
        kind="warning" if asked else "unknown" if plan.paused else "ok",
        word="asks" if asked else "paused" if plan.paused else "at work",
        tiles=[
            ("Rows scored", f"{scored:,}", ""),
            ("Retrained", f"{sum(d.what == 'retrain' for d in told)}", ""),
            ("Promoted", f"{sum(d.what == 'promote' for d in told)}", ""),
            ("Gone back", f"{sum(d.what == 'rollback' for d in told)}", ""),
        ],
        facts=[
            ("Runs", watch.when()),
            ("Rows come from", _source(plan.source) or "the service's log"),
            ("Labels come from", _source(plan.labels)),
            ("Policy", plan.policy.words()),
            ("To answer", str(call("wb.watch", plan.name, "approve")) if asked else None),
        ],
        rows=[_row(one) for one in shown],
        left=len(told) - len(shown),
    )


def figure(watch: Watch) -> go.Figure:
    """How often it has decided what."""
    from workbench.display.figures import bars

    counted = watch.results()["decisions"]
    return bars(list(counted), list(counted.values()), watch.name, "decisions")


def _source(source: Any) -> str | None:
    """Without the address of a database, which may be a secret."""
    return f"query: {source['sql']}" if isinstance(source, dict) else source


def _row(one: Decision) -> dict[str, Any]:
    return {"one": one, "kind": KINDS.get(one.what, "info"), "who": ": ".join(filter(None, (one.by, one.note)))}
