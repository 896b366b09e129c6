"""The model card: what the model is, what it was made from, how good it is, and where it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from workbench.core.bundle import Bundle
from workbench.core.contract import Column
from workbench.core.cost import Cost
from workbench.core.explanation import Explanation
from workbench.core.fairness import LIMITS, Fairness, Group
from workbench.core.loss import SQUARED, Loss
from workbench.core.needs import ROWS_A_SECOND, Needs
from workbench.core.run import Run
from workbench.core.scores import share_interval
from workbench.core.slices import Slices
from workbench.core.value import DECISIONS, Value
from workbench.packaging.lock import has_hashes
from workbench.packaging.model import Packed
from workbench.scoring.examples import example_row, examples

DRIVERS = 10  # columns that the card names as drivers
LONGEST = 20  # characters of the longest bar
MOST_GROUPS = 12  # groups of one column
# What is told of each group, as far as the task has it.
CARD_MEASURES = (
    "selection_rate", "true_positive_rate", "false_positive_rate", "accuracy", "calibration_gap", "mean_prediction",
    "mean_error", "mae",
)  # fmt: skip
MOST_COLUMNS = 60  # of a row that is shown in every language
LANGUAGES = {"curl": "sh", "Python": "python", "Python without the client": "python", "JavaScript": "js"}
MOST_CLASSES = 50  # labels that are named


class Asked(NamedTuple):
    """What the card has besides, where somebody gave it.

    Parameters
    ----------
    explanation : Explanation, optional
        Adds what drives the predictions.
    slices : Slices, optional
        Adds how parts of the hold-out are answered.
    fairness : Fairness, optional
        Adds how groups are answered, and which surely differ.
    value : Value, optional
        Adds what an answer costs.
    """

    explanation: Explanation | None = None
    slices: Slices | None = None
    fairness: Fairness | None = None
    value: Value | None = None


class Made(NamedTuple):
    """What the card tells of what ships.

    Parameters
    ----------
    packed : Packed
        The model, with the measured difference to the pipeline.
    asked : Asked
        What was given for it.
    needs : Needs
        What its service took.
    """

    packed: Packed
    asked: Asked
    needs: Needs


def card(bundle: Bundle, run: Run, made: Made, lock: str) -> str:
    """The model card as Markdown.

    Parameters
    ----------
    bundle : Bundle
        What is being packaged.
    run : Run
        Its training.
    made : Made
        What ships, and what it needs.
    lock : str
        The packages that it needs, as in ``requirements.lock``.
    """
    packed, asked, needs = made
    parts = (
        _opening(bundle, run),
        _use(run),
        _scores(run),
        _decision(run),
        _costs(asked.value),
        _candidates(run),
        _worst(run),
        _sliced(asked.slices),
        _data(run),
        _features(run),
        _left_out(run),
        _drivers(asked.explanation),
        _fairness(asked.fairness),
        _limits(run, asked.fairness),
        _model(bundle, packed, needs),
        _needs(needs),
        _asking(run),
        _security(bundle, lock),
        _lineage(bundle, run),
    )
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines) + "\n"


def _opening(bundle: Bundle, run: Run) -> Iterator[str]:
    yield f"# {bundle.name}, version {bundle.version}"
    yield ""
    yield f"Predicts {code(run.contract.target or 'the target')} ({run.task}) with the candidate {code(run.best.name)}."
    if run.classes:
        rest = len(run.classes) - MOST_CLASSES
        more = f" and {rest} more" if rest > 0 else ""
        yield f"Classes: {', '.join(code(c) for c in run.classes[:MOST_CLASSES])}{more}."


def _costs(value: Value | None) -> Iterator[str]:
    """What an answer costs, and what that came to."""
    if value is None:
        return
    yield from ("## Costs", "")
    for outcome, price in value.prices.items():
        column = value.columns.get(outcome)
        unit = "" if outcome in DECISIONS else " for each unit"
        yield f"- {outcome.replace('_', ' ')}: {f'the column {code(column)}' if column else f'{price:.4g}'}{unit}"
    yield from ("", f"On {value.rows:,} held-out rows a row costs {value.reference.text}.")


def _use(run: Run) -> Iterator[str]:
    yield from ("## Use", "")
    yield f"- For rows that have the features below, known before {code(run.contract.target or 'the target')} is."
    answer = _number_of(run) if run.task == "regression" else "a probability for each class"
    yield f"- It answers {answer}, with flags for unusual values."
    yield "- Not for rows of another population, another time scale, or another meaning of a column."
    yield "- Not as the only ground for a decision about a person."


def _number_of(run: Run) -> str:
    """What an answered number is of the target."""
    loss = Loss.of(run.loss) if run.loss else SQUARED
    what = {"absolute": ": the median", "quantile": f": what {loss.level or 0.5:.1%} of such rows lie below"}
    count = ": the mean of a count, never below 0" if loss.kind == "poisson" else ""
    return f"a number in the target's unit{what.get(loss.kind, count)}"


def _scores(run: Run) -> Iterator[str]:
    yield "## Scores"
    yield ""
    rows = f"On {run.split.holdout_rows:,} rows that were held out ({run.split.kind} split)."
    yield f"{rows} {plain(run.split.reason)}".rstrip()
    for m in run.at_random[:1]:
        yield f"Rows drawn at random would have promised {m.name} {m.value:.4g}."
    yield from _weights(run)
    yield ""
    yield from ("| metric | value | interval | better |", "|---|---|---|---|")
    for m in run.metrics:
        interval = "" if m.low is None or m.high is None else f"{m.low:.4g} to {m.high:.4g} ({m.level:.0%})"
        yield f"| {m.name} | {m.value:.4g} | {interval} | {'larger' if m.larger_is_better else 'smaller'} |"
    if run.reference is not None:
        yield from ("", f"Later predictions are compared with {run.reference.text}{_in_chunks(run)}.")


def _in_chunks(run: Run) -> str:
    """How rows in time are looked at."""
    if run.chunks is None:
        return ""
    return f"; {len(run.chunks.rows)} chunks of time say how far windows lie apart without any drift"


def _weights(run: Run) -> Iterator[str]:
    """How rows and classes count."""
    if run.unweighted:
        first = run.unweighted[0]
        yield (
            f"Rows count by {code(run.contract.weight)} in fits and scores; each counted the same, {first.name} is "
            f"{first.value:.4g}. Counts below are effective rows."
        )
    if run.asked.get("class_weight"):
        yield f"Classes count in the fit by {code(run.asked['class_weight'])}, in the scores as they come."


def _decision(run: Run) -> Iterator[str]:
    """What the threshold answered on the hold-out."""
    now = run.confusion()
    if now is None or run.threshold is None:
        return
    second, first = code(run.classes[1]), code(run.classes[0])
    yield from ("## Decision", "")
    yield f"{second} is answered from a probability of {run.threshold:.3g} on. On the held-out rows that gave:"
    yield ""
    yield from (f"| | answered {second} | answered {first} |", "|---|---:|---:|")
    yield f"| is {second} | {now.hits:,.0f} | {now.missed:,.0f} |"
    yield f"| is {first} | {now.alarms:,.0f} | {now.quiet:,.0f} |"
    yield ""
    yield from ("| share | value | 90% interval |", "|---|---:|---|")
    for name, (part, whole) in now.shares().items():
        ends = share_interval(part, whole)
        if ends is not None:
            yield f"| {name.replace('_', ' ')} | {part / whole:.1%} | {ends[0]:.1%} to {ends[1]:.1%} |"


def _worst(run: Run) -> Iterator[str]:
    """Where it errs more than elsewhere, by more than chance."""
    slices = run.evaluation.slices if run.evaluation else ()
    if slices:
        quantile = (run.loss or "").startswith("quantile")
        loss = ("mean pinball loss" if quantile else "mean absolute error") if run.task == "regression" else "log loss"
        yield from (
            "## Where it errs more",
            "",
            "Of the held-out rows, by more than chance among all that were tried.",
            "",
        )
        yield from (f"| column | value | rows | {loss} | of the others |", "|---|---|---:|---:|---:|")
        for one in slices:
            yield f"| {code(one.column)} | {code(one.value)} | {one.rows:,} | {one.loss:.4g} | {one.others:.4g} |"


def _sliced(slices: Slices | None) -> Iterator[str]:
    """How the parts of the hold-out that somebody chose are answered."""
    if slices is None or not slices.slices:
        return
    name = slices.overall.name if slices.overall else "score"
    yield from ("## Slices", "")
    yield f"Parts of {slices.rows:,} held-out rows that were asked for. p is corrected for all of them (Holm)."
    yield ""
    yield f"| column | value | rows | {name} | {slices.loss} | less that of the rest | p |"
    yield "|---|---|---:|---|---:|---:|---:|"
    for one in slices.slices:
        score = "" if one.score is None else one.score.text
        apart = f"{one.loss - one.others:+.3g} | {one.p_value:.2g}"
        yield f"| {code(one.column)} | {code(one.value)} | {one.rows:,} | {score} | {one.loss:.4g} | {apart} |"


def _candidates(run: Run) -> Iterator[str]:
    """Every candidate in validation, so that a reader sees what the chosen one was measured against."""
    scored = [(c, c.metrics[0]) for c in run.candidates if c.metrics]
    if len(scored) > 1:
        yield from ("## Candidates", "", f"Mean {scored[0][1].name} of {run.split.folds} folds of the validation.", "")
        yield from ("| candidate | value | size | a row alone | a row of 1,000 |", "|---|---:|---:|---:|---:|")
        yield from (f"| {code(c.name)} | {m.value:.4g} | {_cost(run.costs.get(c.name))} |" for c, m in scored)
        yield from ("", "Times are of the model alone, on the machine that trained.")


def _cost(cost: Cost | None) -> str:
    if cost is None:
        return " | | "
    size = "" if cost.size is None else f"{cost.size / 1e3:,.0f} kB{'' if cost.compiled else ' (pipeline)'}"
    return f"{size} | {cost.one_row:.3g} ms | {cost.many_rows:.3g} µs"


def _data(run: Run) -> Iterator[str]:
    yield "## Data"
    yield ""
    yield f"- Source: {code(run.source)}"
    yield f"- Rows for training and choosing: {run.split.train_rows:,}"
    yield f"- Fingerprint: `{run.fingerprint}`"
    moments = [c.name for c in run.contract.columns if c.role == "time"]
    for name in [n for n in moments if n in run.holdout and len(run.holdout)]:
        yield f"- Period of the held-out rows, by {code(name)}: {code(_period(run.holdout[name]))}"
    if run.split.boundary:
        of = f" of {code(run.split.column)}" if run.split.column else ""
        yield f"- Held-out rows begin at {code(run.split.boundary)}{of}"


def _period(moments: Any) -> str:
    return f"{moments.min()} to {moments.max()}"


def _features(run: Run) -> Iterator[str]:
    yield "## Features"
    yield ""
    yield from ("| column | kind | usual values | missing |", "|---|---|---|---|")
    for name in run.features:
        column = run.contract[name]
        note = " (sensitive)" if column.sensitive else ""
        missing = "allowed" if column.missing_allowed else "refused"
        yield f"| {code(name)}{note} | {column.kind} | {_usual(column)} | {missing} |"
    if run.read_as:
        yield ""
        yield from (f"- {code(name)} is read {plain(how)}." for name, how in run.read_as.items())


def _usual(column: Column) -> str:
    if column.categories is not None:
        rest = len(column.categories) - 8
        return ", ".join(code(c) for c in column.categories[:8]) + (f" and {rest} more" if rest > 0 else "")
    if column.minimum is None or column.maximum is None:
        return ""
    return f"{_number(column.minimum)} to {_number(column.maximum)} {plain(column.unit or '')}".rstrip()


def _number(value: float) -> str:
    """All digits of usual numbers, four of fractions."""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:,.4g}"


def _left_out(run: Run) -> Iterator[str]:
    if run.left_out:
        yield from ("## Left out", "")
        yield from (f"- {code(name)}: {plain(why)}" for name, why in run.left_out.items())


def _drivers(explanation: Explanation | None) -> Iterator[str]:
    if explanation is not None:
        unit = plain(explanation.unit or "the target's unit")
        yield from ("## What drives the predictions", "", f"Mean absolute SHAP value, in {unit}.", "")
        yield from ("| column | value | |", "|---|---:|---|")
        shown = list(explanation.importance().items())[:DRIVERS]
        most = max((value for _, value in shown), default=0.0)
        yield from (f"| {code(name)} | {value:.4g} | {bar(value, most)} |" for name, value in shown)


def bar(value: float, most: float) -> str:
    """A bar of block characters, which every Markdown viewer shows; an eighth of a character is the smallest step.

    >>> bar(0.5, 1.0), bar(0.0, 1.0)
    ('██████████', '')
    """
    eighths = round(8 * LONGEST * value / most) if most > 0 else 0
    return "█" * (eighths // 8) + "▏▎▍▌▋▊▉"[eighths % 8 - 1 : eighths % 8]


def _fairness(fairness: Fairness | None) -> Iterator[str]:
    """How groups are answered, which of them surely differ, and what such numbers can't say."""
    if fairness is None:
        return
    yield from ("## Fairness", "")
    yield f"{plain(fairness.headline())}."
    yield from (f"- {f.code}: {plain(f'{f.column} {f.message}')}" for f in fairness.findings)
    yield ""
    names = [name for name in CARD_MEASURES if any(one.name == name for one in fairness.overall)]
    titles = " | ".join(name.replace("_", " ") for name in names)
    yield from (f"| column | group | rows | {titles} |", f"|---|---|---:|{'---|' * len(names)}")
    for groups in fairness.by_column.values():
        yield from (_group(group, names) for group in groups[:MOST_GROUPS])
    yield ""
    yield f"Bold: differs from all other rows by more than chance ({fairness.false_alarm_rate:.0%} for all together)."
    yield from _gaps(fairness)
    yield from ("", LIMITS)


def _group(group: Group, names: Sequence[str]) -> str:
    told = (f"**{one.text}**" if one.differs else one.text for one in map(group.__getitem__, names))
    few = " (too few to judge)" if group.small else ""
    return f"| {code(group.column)} | {code(group.value)}{few} | {group.rows:,} | {' | '.join(told)} |"


def _gaps(fairness: Fairness) -> Iterator[str]:
    gaps = [gap for gap in fairness.gaps if gap.name.endswith("_difference")]
    if gaps:
        yield from ("", "| column | gap | value with interval | smallest | largest |", "|---|---|---|---|---|")
        for gap in gaps:
            ends = f"{code(gap.least)} | {code(gap.most)}"
            yield f"| {code(gap.column)} | {gap.name.replace('_', ' ')} | {gap.text} | {ends} |"


def _limits(run: Run, fairness: Fairness | None) -> Iterator[str]:
    yield from ("## Limits", "")
    yield "- Valid for rows like those it was trained on: the usual values are those of the features above."
    yield "- Unseen categories and numbers out of range are answered and flagged, not refused."
    yield "- A missing column, another type, or a missing value where none is allowed is refused by name."
    yield "- Reasons say what moved the model's answer, not what causes the outcome."
    sensitive = [c for c in run.features if run.contract[c].sensitive]
    if sensitive:
        names = ", ".join(map(code, sensitive))
        look = "Its fairness is told above." if fairness else "Look at its fairness before it decides about people."
        yield f"- Uses sensitive columns: {names}. {look}"
    yield from (
        f"- Uses {code(c.name)} although it names persons: {plain(c.reason)}"
        for c in run.contract.columns
        if c.reason and c.name in run.features
    )
    yield from (f"- {f.code}: {plain(f.message)}" for f in run.findings if f.severity != "info")


def _model(bundle: Bundle, packed: Packed, needs: Needs) -> Iterator[str]:
    yield from ("## Model", "")
    if packed.compiled is not None:
        largest = f"largest difference to the fitted pipeline on the hold-out: {_difference(packed.difference)}"
        yield f"- Compiled to numpy tables; {largest}. Allowed here and on another processor: {packed.allowed}."
        if packed.raw is not None:
            differs = _difference(packed.raw)
            yield f"- Its own output before the link differs by {differs}; allowed: {packed.raw_allowed}."
        exact = "are exact SHAP values" if packed.compiled.model.exact else "add up, but are carried through a curve"
        yield f"- Reasons ({packed.compiled.method}) {exact}."
        yield from _without_reasons(needs)
    else:
        yield f"- Ships as an audited scikit-learn pipeline, without reasons for single answers. {plain(packed.reason)}"
    if bundle.threshold is not None:
        yield f"- Threshold of the second class: {bundle.threshold:.3g}."


def _asking(run: Run) -> Iterator[str]:
    """How to ask the service, with a row of the contract's ranges and categories; its names stay literals.

    No line of the code begins with what came from the data, so none of them ends the block.
    """
    row = example_row(run.contract, run.features)
    made = examples("http://localhost:8080", row)
    told = list(made) if len(row) <= MOST_COLUMNS else ["curl"]
    yield from ("## Ask it", "", "`python -m scoring` in this folder listens there; its page `/docs` has a form, too.")
    for name in told:
        yield from ("", f"{name}:", "", f"```{LANGUAGES[name]}", made[name], "```")


def _without_reasons(needs: Needs) -> Iterator[str]:
    """Where its service refuses them."""
    here, elsewhere = needs.refusal(loops=True), needs.refusal(loops=False)
    if here:
        yield f"- **Its service tells no reasons.** {plain(here)}"
    elif elsewhere:
        yield f"- **Its service tells no reasons where there is no C compiler.** {plain(elsewhere)}"


def _needs(needs: Needs) -> Iterator[str]:
    """What its service took, and what to give it."""
    yield from ("## What it needs", "")
    yield f"Measured when it was packaged: its own service, in one process on {plain(needs.machine)}."
    yield ""
    yield from (f"| | most memory | {'CPU' if needs.clock == 'cpu' else 'time'} |", "|---|---:|---:|")
    yield from (f"| {what} | {memory} | {cpu} |" for what, memory, cpu in needs.lines())
    if needs.memory is not None:
        yield ""
        yield (
            f"`deploy/` asks for {needs.memory} MB, a quarter more than the most of it, and {needs.cpu / 1000:.2g} of "
            f"a core, which {ROWS_A_SECOND} single rows a second take (0.05 to 1). It allows {needs.most_memory} MB, "
            "twice the most and 64 MB, and one core."
        )


def _difference(difference: float) -> str:
    return f"{difference:.1e}" if difference else "0.0"


def _security(bundle: Bundle, lock: str) -> Iterator[str]:
    yield from ("## Security", "")
    yield "- No pickle in the folder: " + (
        "the model is arrays that are checked when they are loaded."
        if bundle.compiled
        else "the pipeline is a skops file, and only types that Workbench's own code trusts are loaded."
    )
    yield "- Every package that it needs is named with its version" + (
        " and the hashes of its files: nothing else is installed."
        if has_hashes(lock)
        else "; no package index answered when it was packaged, so their hashes are not known."
    )
    yield "- `bundle.json` holds the SHA-256 of every file; a changed byte is refused at load."
    yield "- Values of sensitive columns are hashed in the log, and exchanged between the golden rows."


def _lineage(bundle: Bundle, run: Run) -> Iterator[str]:
    lineage = bundle.lineage
    yield from ("## Lineage", "")
    yield f"- MLflow run: `{bundle.run_id}`"
    yield f"- Trained: {lineage.get('trained') or 'not known'}, seed {lineage.get('seed')}"
    yield f"- Packaged: {bundle.created}"
    if run.claim is not None:
        yield f"- Fingerprint of the fitted model that was scored: `{run.claim.model}`"
    yield f"- Commit: {lineage['commit'] or 'not in git'}"
    yield "- Environment: " + ", ".join(f"{k} {v}" for k, v in lineage["environment"].items())


def code(value: object) -> str:
    """A value from the data as Markdown code that can't break out of its place.

    >>> code("a`<b>|c")
    "`a'‹b›¦c`"
    """
    text = visible(str(value))[:120].strip()
    return "`" + (text.translate(str.maketrans("`|<>", "'¦‹›")) or " ") + "`"


_HARMLESS = {
    ord(c): harmless for c, harmless in {"<": "&lt;", ">": "&gt;", "`": "'", **{c: f"\\{c}" for c in "|[\\"}}.items()
}


def plain(text: str) -> str:
    """A sentence that may quote the data, without HTML, links or tables."""
    return visible(text).translate(_HARMLESS)


def visible(text: str) -> str:
    """One line, with escapes for what can't be seen, turns the order of writing, or has no UTF-8.

    >>> visible("a\\u202eb\\n c")
    'a\\\\u202eb c'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in " ".join(text.split()))
