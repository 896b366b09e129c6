"""The model card: what the model is, what it was made from, how good it is, and where it ends."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.bundle import Bundle
from workbench.core.contract import Column
from workbench.core.explanation import Explanation
from workbench.core.run import Run
from workbench.packaging.model import Packed


def card(bundle: Bundle, run: Run, packed: Packed, explanation: Explanation | None = None) -> str:
    """The model card as Markdown.

    Parameters
    ----------
    bundle : Bundle
        What is being packaged.
    run : Run
        Its training.
    packed : Packed
        Its model, with the measured difference to the pipeline.
    explanation : Explanation, optional
        Adds what drives the predictions.
    """
    parts = (
        _opening(bundle, run),
        _scores(run),
        _data(run),
        _features(run),
        _left_out(run),
        _drivers(explanation),
        _model(bundle, packed),
        _limits(run),
        _lineage(bundle),
    )
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines) + "\n"


def _opening(bundle: Bundle, run: Run) -> Iterator[str]:
    yield f"# {bundle.name}, version {bundle.version}"
    yield ""
    yield f"Predicts {code(run.contract.target or 'the target')} ({run.task}) with the candidate {code(run.best.name)}."
    if run.classes:
        yield f"Classes: {', '.join(code(c) for c in run.classes)}."
    if run.threshold is not None:
        yield f"The second class is answered from a probability of {run.threshold:.3g} on."


def _scores(run: Run) -> Iterator[str]:
    yield "## Scores"
    yield ""
    rows = f"On {run.split.holdout_rows:,} rows that were held out ({run.split.kind} split)."
    yield f"{rows} {plain(run.split.reason)}".rstrip()
    yield ""
    yield from ("| metric | value | interval |", "|---|---|---|")
    for m in run.metrics:
        interval = "" if m.low is None or m.high is None else f"{m.low:.4g} to {m.high:.4g} ({m.level:.0%})"
        yield f"| {m.name} | {m.value:.4g} | {interval} |"


def _data(run: Run) -> Iterator[str]:
    yield "## Data"
    yield ""
    yield f"- Source: {code(run.source)}"
    yield f"- Rows for training and choosing: {run.split.train_rows:,}"
    yield f"- Fingerprint: `{run.fingerprint}`"
    if run.split.boundary:
        yield f"- Held-out rows begin at {code(run.split.boundary)} of {code(run.split.column)}"


def _features(run: Run) -> Iterator[str]:
    yield "## Features"
    yield ""
    yield from ("| column | kind | usual values | missing |", "|---|---|---|---|")
    for name in run.features:
        column = run.contract[name]
        note = " (sensitive)" if column.sensitive else ""
        missing = "allowed" if column.missing_allowed else "refused"
        yield f"| {code(name)}{note} | {column.kind} | {_usual(column)} | {missing} |"


def _usual(column: Column) -> str:
    if column.categories is not None:
        rest = len(column.categories) - 8
        return ", ".join(code(c) for c in column.categories[:8]) + (f" and {rest} more" if rest > 0 else "")
    if column.minimum is None or column.maximum is None:
        return ""
    return f"{column.minimum:g} to {column.maximum:g} {plain(column.unit or '')}".rstrip()


def _left_out(run: Run) -> Iterator[str]:
    if run.left_out:
        yield from ("## Left out", "")
        yield from (f"- {code(name)}: {plain(why)}" for name, why in run.left_out.items())


def _drivers(explanation: Explanation | None) -> Iterator[str]:
    if explanation is not None:
        yield from (
            "## What drives the predictions",
            "",
            f"Mean absolute SHAP value, in {plain(explanation.unit)}.",
            "",
        )
        for name, value in list(explanation.importance().items())[:10]:
            yield f"- {code(name)}: {value:.4g}"


def _model(bundle: Bundle, packed: Packed) -> Iterator[str]:
    yield from ("## Model", "")
    if bundle.compiled:
        yield "Compiled to numpy tables; largest difference to the fitted pipeline on the hold-out: "
        yield f"{packed.difference:.1e}."
    else:
        yield f"Ships as an audited scikit-learn pipeline, without reasons for single answers. {plain(packed.reason)}"


def _limits(run: Run) -> Iterator[str]:
    yield from ("## Limits", "")
    yield "- Valid for rows like those it was trained on."
    yield "- Unseen categories and numbers out of range are answered and flagged."
    yield "- Reasons say what moved the model's answer, not what causes the outcome."
    sensitive = [c for c in run.features if run.contract[c].sensitive]
    if sensitive:
        names = ", ".join(map(code, sensitive))
        yield f"- Uses sensitive columns: {names}. Look at its fairness before it decides about people."
    yield from (f"- {f.code}: {plain(f.message)}" for f in run.findings if f.severity != "info")


def _lineage(bundle: Bundle) -> Iterator[str]:
    yield from ("## Lineage", "")
    yield f"- MLflow run: `{bundle.run_id}`"
    yield f"- Packaged: {bundle.created}"
    yield f"- Commit: {bundle.lineage['commit'] or 'not in git'}"
    yield "- Environment: " + ", ".join(f"{k} {v}" for k, v in bundle.lineage["environment"].items())


def code(value: object) -> str:
    """A value from the data as Markdown code that can't break out of its place.

    >>> code("a`<b>|c")
    "`a'‹b›¦c`"
    """
    text = " ".join(str(value).split())[:120]
    return "`" + text.translate(str.maketrans("`|<>", "'¦‹›")) + "`"


_HARMLESS = {ord("<"): "&lt;", ord(">"): "&gt;", ord("|"): "\\|", ord("["): "\\[", ord("`"): "'"}


def plain(text: str) -> str:
    """A sentence that may quote the data, without HTML, links or tables."""
    return " ".join(text.split()).translate(_HARMLESS)
