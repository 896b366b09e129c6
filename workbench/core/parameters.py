"""The steps of the journey and their parameters, declared once.

The keywords of the verbs, the forms of the panel, the check of a job's parameters and the cells that are written into
a notebook all follow from these dataclasses. They load nothing heavy, so a server can offer forms without any stage.
"""

from __future__ import annotations

import types
import typing
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ClassVar

from workbench.errors import BadParameter


def parameter(
    description: str,
    default: Any = MISSING,
    *,
    column: bool = False,
    choices: tuple[Any, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    unit: str = "",
    title: str = "",
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
    choices : tuple
        The values that are allowed (for a tuple: its items).
    minimum, maximum : float, optional
        Range of a number, both ends included.
    unit : str
        Unit shown beside the field.
    title : str
        Its words in the form; by default the name, spelt out.
    examples : tuple
        Values to show where nothing is filled in.
    """
    metadata = {
        "description": description,
        "column": column,
        "choices": choices,
        "minimum": minimum,
        "maximum": maximum,
        "unit": unit,
        "title": title,
        "examples": examples,
    }
    return field(default=default, metadata=metadata) if default is not MISSING else field(metadata=metadata)


@dataclass(frozen=True)
class Step:
    """Base of the steps: what a verb is called, what it takes and what its result is called."""

    verb: ClassVar[str]
    title: ClassVar[str]
    takes: ClassVar[str | None] = None
    gives: ClassVar[str]


@dataclass(frozen=True)
class DatasetStep(Step):
    """Point at a table and say what is to be predicted."""

    verb: ClassVar[str] = "dataset"
    title: ClassVar[str] = "Data"
    gives: ClassVar[str] = "data"

    source: str = parameter(
        "Path of a CSV, Parquet, Feather or JSON-lines file.", title="Table", examples=("customers.csv",)
    )
    target: str | None = parameter("Column to predict.", None, column=True)
    time: str | None = parameter("Column that orders the rows in time.", None, column=True)
    group: str | None = parameter("Column whose rows belong together and are never split.", None, column=True)
    id: str | None = parameter("Column by which labels that come later are joined.", None, column=True, title="Key")
    known_after: tuple[str, ...] = parameter("Columns known only after the moment of prediction.", (), column=True)
    ignore: tuple[str, ...] = parameter("Columns to leave out.", (), column=True)


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
        "Models to try.", ("baseline", "linear", "boosting"), choices=("baseline", "linear", "boosting", "forest")
    )
    metric: str | None = parameter(
        "Score that decides; by default ROC AUC, log loss or RMSE, as the target asks.",
        None,
        choices=("roc_auc", "average_precision", "log_loss", "accuracy", "balanced_accuracy", "rmse", "mae", "r2"),
    )
    trials: int = parameter("Settings of gradient boosting to try.", 6, minimum=1, maximum=200, unit="settings")
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


@dataclass(frozen=True)
class PackageStep(Step):
    """Make the folder that ships: compiled model, contract, card, golden rows."""

    verb: ClassVar[str] = "package"
    title: ClassVar[str] = "Package"
    takes: ClassVar[str | None] = "run"
    gives: ClassVar[str] = "bundle"

    name: str = parameter("Name under which it is registered and served.", examples=("churn",))


@dataclass(frozen=True)
class MonitorStep(Step):
    """Compare what the model saw with what it was made for."""

    verb: ClassVar[str] = "monitor"
    title: ClassVar[str] = "Monitor"
    gives: ClassVar[str] = "report"

    name: str = parameter("Name of the bundle to look after.", title="Bundle", examples=("churn",))
    false_alarm_rate: float = parameter(
        "Share of windows without any drift that may still raise an alarm.", 0.05, minimum=1e-6, maximum=0.5
    )


STEPS: dict[str, type[Step]] = {
    step.verb: step for step in (DatasetStep, ProfileStep, TrainStep, ExplainStep, PackageStep, MonitorStep)
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
    PackageStep(name='flights')
    """
    step = step_of(verb)
    known = {f.name: f for f in fields(step)}
    for name in values:
        if name not in known:
            raise BadParameter.unknown(name, known, f"workbench.{verb}")
    given = {n: v for n, v in values.items() if n not in elsewhere}
    missing = [n for n, f in known.items() if f.default is MISSING and values.get(n) in (None, "")]
    for name in missing:
        if name not in elsewhere:
            raise BadParameter(f"workbench.{verb} needs {name!r}: {known[name].metadata['description']} Give it.")
    unknown = {n: None for n in elsewhere if n in known and known[n].default is MISSING}
    return step(**unknown, **{name: checked_value(step, name, value) for name, value in given.items()})


def problems(verb: str, values: dict[str, Any], elsewhere: tuple[str, ...] = ()) -> dict[str, str]:
    """What is wrong with the values of a step, by the name of the parameter; empty where nothing is.

    Examples
    --------
    >>> problems("train", {"folds": 1})
    {'folds': "'folds' lies between 2 and 20, got 1. Change it."}
    """
    step = step_of(verb)
    known = {f.name: f for f in fields(step)}
    told = {n: str(BadParameter.unknown(n, known, f"workbench.{verb}")) for n in values if n not in known}
    for name, of in known.items():
        if name in elsewhere:
            continue
        if of.default is MISSING and values.get(name) in (None, ""):
            told[name] = f"{name.capitalize()} is needed. {of.metadata['description']}"
        elif name in values:
            try:
                checked_value(step, name, values[name])
            except BadParameter as error:
                told[name] = str(error)
    return told


def checked_value(step: type[Step], name: str, value: Any) -> Any:
    """``value`` in the type of a step's parameter, a list as a tuple, or a clear error.

    >>> checked_value(step_of("train"), "candidates", ["linear"])
    ('linear',)
    """
    of = next(f for f in fields(step) if f.name == name)
    return checked(of, typing.get_type_hints(step)[name], value)


def checked(of: Field[Any], hint: Any, value: Any) -> Any:
    """``value`` in the type of the field, or a clear error."""
    kind, optional, many = _shape(hint)
    if value is None and optional:
        return None
    if many:
        if isinstance(value, str) or not isinstance(value, (list, tuple)):
            raise BadParameter(f"{of.name!r} takes a list of {kind.__name__}, got {value!r}. Put it in brackets.")
        return tuple(_item(of, kind, item) for item in value)
    return _item(of, kind, value)


def _item(of: Field[Any], kind: type, value: Any) -> Any:
    accepts: tuple[type, ...] = (int, float) if kind is float else (kind,)
    if not isinstance(value, accepts) or (isinstance(value, bool) and kind is not bool):
        raise BadParameter(f"{of.name!r} takes {_WORDS[kind]}, got {value!r} ({type(value).__name__}). Change it.")
    choices, low, high = of.metadata["choices"], of.metadata["minimum"], of.metadata["maximum"]
    if choices and value not in choices:
        raise BadParameter.unknown(str(value), [str(c) for c in choices], f"The choice {of.name!r}")
    if (low is not None and value < low) or (high is not None and value > high):
        raise BadParameter(f"{of.name!r} lies between {low:g} and {high:g}, got {value!r}. Change it.")
    return kind(value)


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
    """JSON Schema of a step, with ``x-column: true`` where a value is a column of the dataset.

    Examples
    --------
    >>> schema("package")["required"]
    ['name']
    """
    step = step_of(verb)
    hints = typing.get_type_hints(step)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": step.title,
        "description": (step.__doc__ or "").strip(),
        "type": "object",
        "properties": {f.name: _property(f, hints[f.name]) for f in fields(step)},
        "required": [f.name for f in fields(step) if f.default is MISSING],
        "additionalProperties": False,
    }


def _property(of: Field[Any], hint: Any) -> dict[str, Any]:
    kind, optional, many = _shape(hint)
    item: dict[str, Any] = {"type": _JSON[kind]}
    for key, name in (("minimum", "minimum"), ("maximum", "maximum")):
        if of.metadata[key] is not None:
            item[name] = of.metadata[key]
    if of.metadata["choices"]:
        item["enum"] = [*of.metadata["choices"], *([None] if optional and not many else [])]
    if optional:
        item["type"] = [item["type"], "null"]
    content = {"type": "array", "items": item, "uniqueItems": True} if many else item
    content["title"] = of.metadata["title"] or of.name.capitalize().replace("_", " ")
    content["description"] = of.metadata["description"]
    if of.metadata["examples"]:
        content["examples"] = list(of.metadata["examples"])
    if of.default is not MISSING:
        content["default"] = list(of.default) if many else of.default
    if of.metadata["column"]:
        content["x-column"] = True
    if of.metadata["unit"]:
        content["x-unit"] = of.metadata["unit"]
    return content
