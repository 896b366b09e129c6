"""The steps of the journey and their parameters, declared once.

The keywords of the verbs, the forms of the panel, the check of a job's parameters and the cells that are written into
a notebook all follow from these dataclasses. They load nothing heavy, so a server can offer forms without any stage.

The check and the schema are written here and not taken from msgspec, which scoring has: it stops at the first fault,
lets unknown names and doubled items pass, refuses the whole number ``3.0`` that JSON Schema calls an integer, and its
errors name neither what is near nor what to do. A property test holds check, schema and verbs together.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from sys import float_info
from typing import Any, ClassVar, TypeVar

from workbench.core.wording import worded
from workbench.errors import BadParameter

# What becomes a folder; its end is written so that Python and browsers agree on a trailing line break.
# A span of time: a number and its unit.
SPAN = r"^\d+(\.\d+)? ?(s|min|h)(?![\s\S])"
GAP = r"^\d{1,6}(\.\d{1,6})? ?(rows|min|h|d)(?![\s\S])"
FOLDER_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?![\s\S])"
# How a threshold is chosen; a share is a number between 0 and 1, without its ends.
_SHARE, _COST = r"0?\.\d*[1-9]\d*", r"\d{1,9}(?:\.\d{1,6})?"
_RULES = rf"f1|(?:recall|precision) ?>= ?{_SHARE}|top \d{{1,2}}(?:\.\d{{1,3}})?%|cost {_COST}:{_COST}|{_SHARE}"
DECISION = rf"^(?:{_RULES})(?![\s\S])"
DECISIONS = ("f1", "recall >= 0.9", "precision >= 0.8", "top 5%", "cost 1:10", "0.5")
LOSS = rf"^(?:auto|squared|absolute|poisson|quantile {_SHARE})(?![\s\S])"
LOSSES = ("auto", "squared", "absolute", "poisson", "quantile 0.9")
# By which classes count: balanced, or a JSON object of numbers by class.
_LABEL = r'"(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"'
_ABOVE_0 = r"(?=[\d.]*[1-9])(?:0|[1-9]\d{0,17})(?:\.\d{1,18})?(?:e[+-]?\d{1,2})?"
_OF_CLASS = rf" ?{_LABEL} ?: ?{_ABOVE_0} ?"
CLASS_WEIGHT = rf"^(?:balanced|\{{{_OF_CLASS}(?:,{_OF_CLASS})*\}})(?![\s\S])"
SIGN_OR_NONE = r"^[^\r\n]?(?![\s\S])"
# What the form shows the fields under that say how a file is written.
READING = "How the file is read"
_SHAPES = {
    SPAN: "is a number of s, min or h, such as 60s",
    GAP: "is a number of min, h, d or rows, such as 7d",
    DECISION: f"is a rule such as {', '.join(DECISIONS)}",
    LOSS: f"is {', '.join(LOSSES[:-1])} or a quantile such as {LOSSES[-1]}",
    CLASS_WEIGHT: 'is balanced, or a weight for each class such as {"yes": 10}',
    SIGN_OR_NONE: "is one character, or an empty text for none",
    FOLDER_NAME: "has letters, digits, '.', '_' and '-', starts with a letter or digit, and has at most 100",
}


def parameter(
    description: str,
    default: Any = MISSING,
    *,
    column: bool = False,
    table: bool = False,
    named_after: str = "",
    alone: bool = False,
    choices: tuple[Any, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    fewest: int = 0,
    pattern: str = "",
    unit: str = "",
    title: str = "",
    group: str = "",
    examples: tuple[Any, ...] = (),
) -> Any:
    """A field of a step.

    Parameters
    ----------
    description : str
        One sentence for the form.
    default : object
        Its default; without one the parameter is required.
    column : bool
        True: the value is a column name of the dataset (or several).
    table : bool
        True: the value is the path of a table, whose columns the others of the step are.
    named_after : str
        Another parameter: a form takes the name of its file until somebody gives one.
    alone : bool
        True: where several texts are meant, one may stand in a cell without brackets.
    choices : tuple
        The values that are allowed (for a tuple: its items).
    minimum, maximum : float, optional
        Range of a number, both ends included.
    fewest : int
        Items that a tuple has at least; none may stand in it twice.
    pattern : str
        Regular expression that a text matches, in the syntax that Python and ECMAScript share.
    unit : str
        Unit shown beside the field.
    title : str
        Its words in the form; by default the name, spelt out.
    group : str
        What the form shows it under, together with others.
    examples : tuple
        Values to show where nothing is filled in.
    """
    metadata = {
        "description": description,
        "column": column,
        "table": table,
        "named_after": named_after,
        "alone": alone,
        "choices": choices,
        "minimum": minimum,
        "maximum": maximum,
        "fewest": fewest,
        "pattern": pattern,
        "unit": unit,
        "title": title,
        "group": group,
        "examples": examples,
    }
    return field(default=default, metadata=metadata) if default is not MISSING else field(metadata=metadata)


@dataclass(frozen=True)
class Step:
    """Base of the steps: what a verb is called, what it takes and what its result is called.

    An optional one is advised only where there is reason to. What ``unnamed`` has may follow the input without a name.
    """

    verb: ClassVar[str]
    title: ClassVar[str]
    takes: ClassVar[str | None] = None
    unnamed: ClassVar[tuple[str, ...]] = ()
    optional: ClassVar[bool] = False
    gives: ClassVar[str]


@dataclass(frozen=True)
class DatasetStep(Step):
    """Point at a table and say what is to be predicted."""

    verb: ClassVar[str] = "dataset"
    title: ClassVar[str] = "Data"
    gives: ClassVar[str] = "data"

    source: str = parameter(
        "Path of a table: text such as CSV, Excel, Parquet, JSON and others.",
        title="Table",
        table=True,
        examples=("customers.csv",),
    )
    target: str | None = parameter("Column to predict.", None, column=True)
    task: str | None = parameter(
        "What is predicted, where the target can be read in several ways.",
        None,
        choices=("binary", "multiclass", "ordinal", "regression"),
    )
    classes: tuple[str, ...] = parameter(
        "All labels that the target may have; of ordinal ones the least first.",
        (),
        examples=(("low", "middle", "high"),),
    )
    time: str | None = parameter("Column that orders the rows in time.", None, column=True)
    group: str | None = parameter("Column whose rows belong together and are never split.", None, column=True)
    id: str | None = parameter("Column by which labels that come later are joined.", None, column=True, title="Key")
    weight: str | None = parameter(
        "Column of numbers that says how much a row counts in fits and scores.", None, column=True
    )
    known_after: tuple[str, ...] = parameter("Columns known only after the moment of prediction.", (), column=True)
    ignore: tuple[str, ...] = parameter("Columns to leave out.", (), column=True)
    encoding: str | None = parameter(
        "Encoding of a file of text; seen by default.", None, group=READING, examples=("cp1252",)
    )
    separator: str | None = parameter(
        "Sign between its columns; seen by default.", None, pattern=SIGN_OR_NONE, group=READING, examples=(";",)
    )
    header: bool | None = parameter(
        "Whether a line has the names of its columns; seen by default.", None, group=READING
    )
    skip: int | None = parameter(
        "Lines above its header; seen by default.", None, minimum=0, unit="lines", group=READING
    )
    quote: str | None = parameter(
        "Sign around values that hold the separator; seen by default.",
        None,
        pattern=SIGN_OR_NONE,
        group=READING,
        examples=("'",),
    )
    comment: str | None = parameter(
        "What begins a line that is no row; seen by default.", None, group=READING, examples=("#",)
    )
    sheet: str | None = parameter("Sheet of a workbook; the first with values by default.", None, group=READING)
    table: str | None = parameter(
        "Table of a database in a file, where it has several.", None, title="Database table", group=READING
    )
    decimal: str | None = parameter(
        "Mark before the decimals of numbers kept as text.", None, choices=(".", ","), group=READING
    )
    missing: tuple[str, ...] = parameter(
        "Words for a missing value, and no others.", (), group=READING, examples=("n.d.",)
    )
    dates: tuple[str, ...] = parameter("Patterns of dates.", (), group=READING, examples=("%d/%m/%Y",))


@dataclass(frozen=True)
class ProfileStep(Step):
    """Look at every column and find what is wrong with it."""

    verb: ClassVar[str] = "profile"
    title: ClassVar[str] = "Profile"
    takes: ClassVar[str | None] = "data"
    gives: ClassVar[str] = "profile"

    bins: int = parameter("Bars of each histogram.", 20, minimum=2, maximum=200, unit="bars")


@dataclass(frozen=True)
class TrainStep(Step):
    """Fit candidates, compare them honestly and keep the best."""

    verb: ClassVar[str] = "train"
    title: ClassVar[str] = "Train"
    takes: ClassVar[str | None] = "data"
    gives: ClassVar[str] = "run"

    candidates: tuple[str, ...] = parameter(
        "Models to try; xgboost and catboost where these libraries are installed.",
        ("baseline", "linear", "lightgbm"),
        choices=("baseline", "linear", "lightgbm", "boosting", "xgboost", "catboost", "forest"),
        fewest=1,
    )
    metric: str | None = parameter(
        "Score that decides; by default ROC AUC, log loss, quadratic kappa or RMSE, as the target asks, or that of the "
        "loss.",
        None,
        choices=(
            *("roc_auc", "average_precision", "log_loss", "accuracy", "balanced_accuracy", "rmse", "mae", "r2"),
            *("poisson_deviance", "pinball", "quadratic_kappa", "rank_mae"),
            # Of scikit-learn's others, which the verb takes all, those that are asked for most.
            *("f1", "precision", "recall", "matthews_corrcoef", "neg_brier_score", "f1_macro", "f1_weighted"),
            *("roc_auc_ovr", "neg_median_absolute_error", "neg_mean_absolute_percentage_error"),
        ),
    )
    loss: str = parameter(
        "Numbers: what predictions are fitted by: squared (the mean), absolute (the median), poisson (the mean of a "
        "count) or quantile 0.9 (what nine in ten lie below); by default poisson for counts, else squared.",
        "auto",
        pattern=LOSS,
        examples=LOSSES,
    )
    split: str = parameter(
        "How rows are held out: as the evidence says, in time order, by whole groups, or drawn at random.",
        "auto",
        choices=("auto", "time", "group", "random"),
    )
    gap: str | None = parameter(
        "In time: how long it takes until a row's outcome is known; rows that close before scored ones are not fitted "
        "on.",
        None,
        pattern=GAP,
        examples=("7d", "12h", "24 rows"),
    )
    trend: str = parameter(
        "In time: whether dates that follow the clock are features, and a line goes below the trees, where later rows "
        "say that it pays.",
        "auto",
        choices=("auto", "none"),
    )
    trials: int | None = parameter(
        "Settings of gradient boosting to try; by default 3 of up to 10,000 rows, and 1 of more.",
        None,
        minimum=1,
        maximum=200,
        unit="settings",
    )
    budget: str | None = parameter(
        "Time that the search may take; it tries settings until then, and the clock is looked at between them only.",
        None,
        pattern=SPAN,
        examples=("60s", "10min"),
    )
    threshold: str = parameter(
        "Two classes: how the threshold is chosen: f1, recall >= 0.9, precision >= 0.8, top 5%, cost 1:10 (a false "
        "alarm to a missed one) or a number.",
        "f1",
        pattern=DECISION,
        examples=DECISIONS,
    )
    ensemble: str = parameter(
        "What is made of the candidates together: the weighted mean of their answers, or a linear model upon them.",
        "none",
        choices=("none", "blend", "stack"),
    )
    calibration: str = parameter(
        "Classes: whether a calibrator stands behind the best model, so that of rows with 30% three in ten come true.",
        "none",
        choices=("none", "auto", "sigmoid", "isotonic"),
    )
    class_weight: str | None = parameter(
        "Classes: how much each counts in the fits: balanced (rarer ones more), or weights by class. Probabilities of "
        "rarer classes become too large; a threshold deals with rare classes without that.",
        None,
        pattern=CLASS_WEIGHT,
        examples=("balanced", '{"yes": 10}'),
    )
    feature_selection: str = parameter(
        "Whether columns that tell no more than shuffled copies of themselves (random probes) are left out.",
        "none",
        choices=("none", "probes"),
    )
    learning_curve: bool = parameter(
        "Whether to fit the best model on fewer rows too, to see what more of them would bring.", False
    )
    folds: int = parameter("Parts of the validation.", 3, minimum=2, maximum=20, unit="parts")
    seed: int = parameter("Seed of everything random.", 0, minimum=0, maximum=2**32 - 1)


@dataclass(frozen=True)
class ExplainStep(Step):
    """Say which columns drive the predictions, over all rows and for one."""

    verb: ClassVar[str] = "explain"
    title: ClassVar[str] = "Explain"
    takes: ClassVar[str | None] = "run"
    gives: ClassVar[str] = "explanation"

    rows: int = parameter("Held-out rows to explain.", 1000, minimum=1, maximum=100_000, unit="rows")
    space: str = parameter(
        "Classes: what is shared out among the columns: the model's own output, mostly log-odds, or the probability.",
        "raw",
        choices=("raw", "probability"),
        title="What is shared out",
    )
    background: str = parameter(
        "What a column is when it is not known: what training rows were down each tree's path, or what it is in some "
        "of these rows, whatever the others are.",
        "paths",
        choices=("paths", "rows"),
        title="Measured against",
    )
    interactions: bool = parameter("Whether to tell what each two columns add together, of models of trees.", False)


@dataclass(frozen=True)
class FairnessStep(Step):
    """Say how groups are answered, what makes the gap and what closing it costs."""

    verb: ClassVar[str] = "fairness"
    title: ClassVar[str] = "Fairness"
    takes: ClassVar[str | None] = "run"
    unnamed: ClassVar[tuple[str, ...]] = ("by",)
    optional: ClassVar[bool] = True
    gives: ClassVar[str] = "fairness"

    by: tuple[str, ...] = parameter(
        "Columns whose groups are compared, by themselves and crossed; sensitive ones by default.",
        (),
        column=True,
        alone=True,
        title="Groups of",
    )
    why: bool = parameter(
        "Whether to tell what makes the gap, which columns tell the groups, and what thresholds by group would cost.",
        True,
        title="Tell why",
    )
    smallest: int = parameter(
        "Rows below which a group is shown and not judged.",
        50,
        minimum=2,
        maximum=1_000_000,
        unit="rows",
        title="Smallest group",
    )
    false_alarm_rate: float = parameter(
        "Chance that any group is said to differ where none does.", 0.05, minimum=1e-6, maximum=0.5
    )
    reweigh: bool = parameter(
        "Classes: whether to fit the model anew on rows whose weights make group and outcome independent, and tell "
        "what that costs.",
        False,
        title="Try reweighed rows",
    )


@dataclass(frozen=True)
class PackageStep(Step):
    """Make the folder that ships: compiled model, contract, card, golden rows."""

    verb: ClassVar[str] = "package"
    title: ClassVar[str] = "Package"
    takes: ClassVar[str | None] = "run"
    gives: ClassVar[str] = "bundle"

    name: str = parameter("Name under which it is registered and served.", pattern=FOLDER_NAME, examples=("churn",))
    reasons: str = parameter(
        "Whether its service tells reasons; auto: where they take no more CPU and memory than the settings allow.",
        "auto",
        choices=("auto", "always", "never"),
    )


@dataclass(frozen=True)
class ScoreStep(Step):
    """Let the champion answer a table, and keep what it saw as one window."""

    verb: ClassVar[str] = "score"
    title: ClassVar[str] = "Score"
    unnamed: ClassVar[tuple[str, ...]] = ("source",)
    gives: ClassVar[str] = "answers"

    name: str = parameter("Name of the bundle that answers.", title="Bundle", pattern=FOLDER_NAME, examples=("churn",))
    source: str = parameter(
        "Path of a table with the columns that the model knows; the target may be missing.",
        title="Table",
        table=True,
        examples=("july.csv",),
    )
    window: str = parameter(
        "Name of the stretch of time or batch; one that is there already is replaced.",
        pattern=FOLDER_NAME,
        named_after="source",
        examples=("2026-07",),
    )
    id: tuple[str, ...] = parameter(
        "Columns by which labels are joined later; the key of the data by default.",
        (),
        column=True,
        alone=True,
        title="Key",
    )
    add: bool = parameter(
        "Whether rows that come late fill the window up, in place of replacing it.", False, title="Fill up"
    )


@dataclass(frozen=True)
class FeedbackStep(Step):
    """Give the labels that are known by now, so that the score is measured and not estimated."""

    verb: ClassVar[str] = "feedback"
    title: ClassVar[str] = "Labels"
    unnamed: ClassVar[tuple[str, ...]] = ("labels",)
    optional: ClassVar[bool] = True
    gives: ClassVar[str] = "joined"

    name: str = parameter("Name of the bundle that answered.", title="Bundle", pattern=FOLDER_NAME, examples=("churn",))
    labels: str = parameter(
        "Path of a table with the key of each row, or what tells it, and its label.",
        title="Table of labels",
        table=True,
        examples=("july-labels.csv",),
    )
    id: tuple[str, ...] = parameter(
        "Columns of the key; as the rows were scored by default.", (), column=True, alone=True, title="Key"
    )
    label: str | None = parameter("Column of the labels; the target by default.", None, column=True)
    window: str | None = parameter("Of which the rows are, where several hold such rows.", None, examples=("2026-07",))
    withdraw: bool = parameter("Whether to take back what was said of these rows.", False, title="Take back")


@dataclass(frozen=True)
class MonitorStep(Step):
    """Compare what the model saw with what it was made for."""

    verb: ClassVar[str] = "monitor"
    title: ClassVar[str] = "Monitor"
    gives: ClassVar[str] = "report"

    name: str = parameter("Name of the bundle to look after.", title="Bundle", pattern=FOLDER_NAME, examples=("churn",))
    false_alarm_rate: float = parameter(
        "Share of windows without any drift that may still raise an alarm.", 0.05, minimum=1e-6, maximum=0.5
    )
    history: int = parameter(
        "Windows in a row that the rate is for: 1 is each by itself, 12 a year of months.", 1, minimum=1, maximum=1000
    )


STEPS: dict[str, type[Step]] = {
    step.verb: step
    for step in (
        *(DatasetStep, ProfileStep, TrainStep, ExplainStep, FairnessStep, PackageStep),
        *(ScoreStep, FeedbackStep, MonitorStep),
    )
}


def step_of(verb: str) -> type[Step]:
    """The step of a verb.

    Raises
    ------
    BadParameter
        If there is no such step.
    """
    if verb not in STEPS:
        raise BadParameter.unknown(verb, STEPS, "The journey")
    return STEPS[verb]


def positional(step: type[Step]) -> str | None:
    """Name of the parameter that a step without an input takes first and unnamed.

    >>> positional(step_of("dataset")), positional(step_of("train"))
    ('source', None)
    """
    if step.takes:
        return None
    return next((f.name for f in fields(step) if f.default is MISSING), None)


def bare(step: type[Step]) -> tuple[str, ...]:
    """Parameters that a cell gives without their names: the first of a step without an input, and what must follow it.

    >>> bare(step_of("dataset")), bare(step_of("score")), bare(step_of("fairness"))
    (('source',), ('name', 'source'), ())
    """
    first = positional(step)
    return tuple(f.name for f in fields(step) if f.default is MISSING and f.name in (first, *step.unnamed))


def unnamed(step: type[Step]) -> tuple[str, ...]:
    """What a call of a step may give without a name, in order.

    >>> unnamed(step_of("fairness")), unnamed(step_of("package")), unnamed(step_of("dataset"))
    (('run', 'by'), ('run',), ('source',))
    """
    first = step.takes or positional(step)
    return (*([first] if first else []), *step.unnamed)


def make(verb: str, values: dict[str, Any], elsewhere: tuple[str, ...] = ()) -> Step:
    """A checked step from plain values, lists becoming tuples.

    Parameters
    ----------
    verb : str
        The step.
    values : dict
        Its parameters.
    elsewhere : tuple of str
        Required parameters that are not known here, as an expression in a cell is; they become None.

    Raises
    ------
    BadParameter
        If a name is unknown, a required one is missing, or a value has the wrong type or range.

    Examples
    --------
    >>> make("package", {"name": "flights"})
    PackageStep(name='flights', reasons='auto')
    """
    return take(step_of(verb), values, elsewhere)


S = TypeVar("S", bound=Step)


def take(step: type[S], values: Mapping[str, Any], elsewhere: tuple[str, ...] = ()) -> S:
    """The same as :func:`make` where the step is known: the first line of each verb.

    Examples
    --------
    >>> take(TrainStep, {"folds": 4.0}).folds
    4
    """
    known = {f.name: f for f in fields(step)}
    for name in values:
        if name not in known:
            raise BadParameter.unknown(name, known, f"workbench.{step.verb}")
    given = {n: v for n, v in values.items() if n not in elsewhere}
    for name, declared in known.items():
        if name not in elsewhere and _lacks(declared, values):
            raise BadParameter(f"workbench.{step.verb} needs {name!r}: {declared.metadata['description']} Give it.")
    unknown = {n: None for n in elsewhere if n in known and known[n].default is MISSING}
    return step(**unknown, **{name: checked_value(step, name, value) for name, value in given.items()})


def take_beside(step: type[S], name: str, value: Any, values: Mapping[str, Any]) -> S:
    """The same where ``value``, which a form gives as a path, may be a table too: that is checked where it is read.

    >>> take_beside(DatasetStep, "source", {"age": [31, 52]}, {"target": "age"}).target
    'age'
    """
    text = isinstance(value, str)
    return take(step, {name: value, **values} if text else values, elsewhere=() if text else (name,))


def seconds(span: str | None) -> float | None:
    """A span of time in seconds.

    >>> seconds("60s"), seconds("1.5 min"), seconds(None)
    (60.0, 90.0, None)
    """
    if span is None:
        return None
    number, unit = re.fullmatch(r"([\d.]+) ?(\w+)", span).groups()  # type: ignore[union-attr]
    return float(number) * {"s": 1, "min": 60, "h": 3600}[unit]


def twice(span: str) -> str:
    """A span of time that is twice as long.

    >>> twice("60s"), twice("1.5 min")
    ('120s', '3 min')
    """
    return re.sub(r"[\d.]+", lambda number: f"{2 * float(number[0]):g}", span)


def listed(values: Any) -> Any:
    """What a verb takes for several names: any iterable; a text or a mapping stays, and the check refuses it.

    >>> listed(name for name in "ab"), listed("ab")
    (('a', 'b'), 'ab')
    """
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        return values
    try:
        return tuple(values)
    except TypeError:
        return values  # an array of no dimension calls itself iterable


def _lacks(declared: Field[Any], values: Mapping[str, Any]) -> bool:
    """Whether a required parameter is not there, or empty as a form leaves it."""
    value = values.get(declared.name)
    return declared.default is MISSING and (value is None or (isinstance(value, str) and not value))


def problems(verb: str, values: dict[str, Any], elsewhere: tuple[str, ...] = ()) -> dict[str, str]:
    """What is wrong with the values of a step, by the name of the parameter; empty where nothing is.

    Examples
    --------
    >>> problems("train", {"folds": 1})
    {'folds': "'folds' lies between 2 and 20, got 1. Change it."}
    """
    return problems_of(step_of(verb), values, elsewhere)


def problems_of(step: type[Step], values: Mapping[str, Any], elsewhere: tuple[str, ...] = ()) -> dict[str, str]:
    """The same as :func:`problems` where the step is known."""
    known = {f.name: f for f in fields(step)}
    messages = {n: str(BadParameter.unknown(n, known, f"workbench.{step.verb}")) for n in values if n not in known}
    for name, declared in known.items():
        if name in elsewhere:
            continue
        if _lacks(declared, values):
            messages[name] = f"{name.capitalize()} is needed. {declared.metadata['description']}"
        elif name in values:
            try:
                checked_value(step, name, values[name])
            except BadParameter as error:
                messages[name] = str(error)
    return messages


def checked_value(step: type[Step], name: str, value: Any) -> Any:
    """``value`` in the type of a step's parameter, a list as a tuple, or a clear error.

    >>> checked_value(step_of("train"), "candidates", ["linear"])
    ('linear',)
    """
    declared = next(f for f in fields(step) if f.name == name)
    return checked(declared, _types(step)[name], value)


# Compiled once from the annotations' texts, which costs more than all checks of a call together.
_types: Callable[[Any], Mapping[str, Any]] = cache(typing.get_type_hints)


def checked(declared: Field[Any], hint: Any, value: Any) -> Any:
    """``value`` in the type of the field, or a clear error."""
    kind, optional, many = _shape(hint)
    if value is None and optional:
        return None
    if many:
        if isinstance(value, str) or not isinstance(value, (list, tuple)):
            raise BadParameter(
                f"{declared.name!r} takes a list of {kind.__name__}, got {_shown(value)}. Put it in brackets."
            )
        return _distinct(declared, tuple(_item(declared, kind, item) for item in value))
    return _item(declared, kind, value)


def _distinct(declared: Field[Any], items: tuple[Any, ...]) -> tuple[Any, ...]:
    doubled = [item for i, item in enumerate(items) if item in items[:i]]
    if doubled:
        raise BadParameter(f"{declared.name!r} has {worded(doubled[0])} twice. Name each once.")
    if len(items) < declared.metadata["fewest"]:
        counted = "1 item" if len(items) == 1 else f"{len(items) or 'no'} items"
        known = f" of {', '.join(map(str, declared.metadata['choices']))}" if declared.metadata["choices"] else ""
        raise BadParameter(f"{declared.name!r} has {counted}. Name at least {declared.metadata['fewest']}{known}.")
    return items


def _item(declared: Field[Any], kind: type, value: Any) -> Any:
    if not _is_a(kind, value):
        raise BadParameter(
            f"{declared.name!r} takes {_WORDS[kind]}, got {_shown(value)} ({type(value).__name__}). Change it."
        )
    choices, pattern = declared.metadata["choices"], declared.metadata["pattern"]
    if choices and value not in choices:
        raise BadParameter.unknown(
            _shown(value) if kind is not str else value, [str(c) for c in choices], f"The choice {declared.name!r}"
        )
    if pattern and not re.search(pattern, value):
        raise BadParameter(
            f"{declared.name!r} {_SHAPES.get(pattern, f'matches {pattern}')}, got {worded(value)}. Change it."
        )
    low, high = _range(declared, kind)
    # Said so that NaN, which compares with nothing, is outside.
    if not ((low is None or low <= value) and (high is None or value <= high)):
        raise BadParameter(f"{declared.name!r} {_bounds(low, high)}, got {_shown(value)}. Change it.")
    return kind(value)


def _shown(value: Any) -> str:
    """A value in words, if they are few.

    >>> _shown("a"), _shown(10**5000)
    ("'a'", 'a very long int')
    """
    try:
        text = worded(value)
    except ValueError:  # a number of more digits than Python writes
        text = ""
    return text if 0 < len(text) <= 500 else f"a very long {type(value).__name__}"


def _is_a(kind: type, value: Any) -> bool:
    """As JSON Schema has it: True is no number, and 3.0 is a whole one."""
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    if kind is int and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, (int, float) if kind is float else kind)


def _range(declared: Field[Any], kind: type) -> tuple[float | None, float | None]:
    """Its own, or what a float can hold: infinity and 10**400 are no numbers that arrive."""
    widest = float_info.max if kind is float else None
    low, high = declared.metadata["minimum"], declared.metadata["maximum"]
    return (-widest if low is None and widest else low), (widest if high is None else high)


def _bounds(low: float | None, high: float | None) -> str:
    """In words.

    >>> _bounds(0, 2**32 - 1), _bounds(1e-6, None)
    ('lies between 0 and 4294967295', 'is at least 1e-06')
    """
    ends = [None if end is None else f"{end:g}" if isinstance(end, float) else str(end) for end in (low, high)]
    if None not in ends:
        return f"lies between {ends[0]} and {ends[1]}"
    return f"is at most {ends[1]}" if low is None else f"is at least {ends[0]}"


_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "True or False"}
_JSON = {str: "string", int: "integer", float: "number", bool: "boolean"}


def _shape(hint: Any) -> tuple[type, bool, bool]:
    """Plain type, whether None is allowed, whether it is a tuple of the type."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        inner = next(a for a in args if a is not type(None))
        kind, _, many = _shape(inner)
        return kind, True, many
    if origin is tuple:
        return args[0], False, True
    return hint, False, False


def schema(verb: str) -> dict[str, Any]:
    """JSON Schema of a step, with ``x-column: true`` where a value is a column, ``x-table`` where it is a table.

    Examples
    --------
    >>> schema("package")["required"]
    ['name']
    """
    return schema_of(step_of(verb))


def schema_of(step: type[Step]) -> dict[str, Any]:
    """The same as :func:`schema` where the step is known."""
    hints = _types(step)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": step.title,
        "description": (step.__doc__ or "").strip(),
        "type": "object",
        "properties": {f.name: _property(f, hints[f.name]) for f in fields(step)},
        "required": [f.name for f in fields(step) if f.default is MISSING],
        "additionalProperties": False,
    }


def _property(declared: Field[Any], hint: Any) -> dict[str, Any]:
    kind, optional, many = _shape(hint)
    item: dict[str, Any] = {"type": _JSON[kind]}
    bounds = zip(("minimum", "maximum"), _range(declared, kind), strict=True)
    item |= {name: bound for name, bound in bounds if bound is not None}
    if declared.metadata["choices"]:
        item["enum"] = [*declared.metadata["choices"], *([None] if optional and not many else [])]
    if declared.metadata["pattern"]:
        item["pattern"] = declared.metadata["pattern"]
    elif kind is str and declared.default is MISSING:
        item["minLength"] = 1  # an empty field is no answer
    if optional:
        item["type"] = [item["type"], "null"]
    content = {"type": "array", "items": item, "uniqueItems": True} if many else item
    if declared.metadata["fewest"]:
        content["minItems"] = declared.metadata["fewest"]
    content["title"] = declared.metadata["title"] or declared.name.capitalize().replace("_", " ")
    content["description"] = declared.metadata["description"]
    if declared.metadata["examples"]:
        content["examples"] = list(declared.metadata["examples"])
    if declared.default is not MISSING:
        content["default"] = list(declared.default) if many else declared.default
    if declared.metadata["column"]:
        content["x-column"] = True
    if declared.metadata["table"]:
        content["x-table"] = True
    if declared.metadata["named_after"]:
        content["x-named-after"] = declared.metadata["named_after"]
    if declared.metadata["unit"]:
        content["x-unit"] = declared.metadata["unit"]
    if declared.metadata["group"]:
        content["x-group"] = declared.metadata["group"]
    return content
