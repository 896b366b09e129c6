"""From fitted transformers to encoders: each made column is followed from its source, one transformer at a time.

Transformers are read by attribute; none is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Literal, TypeGuard

import numpy as np

from workbench.compiling.levels import FEW, Level, Levels, hot, levels
from workbench.compiling.refusals import INSTEAD
from workbench.compiling.texts import Summed, Text, Word, summing
from workbench.errors import CannotCompile
from workbench.tables.dates import PERIODS, pairs
from workbench.tables.encoders import EACH, Categories, Hot, Numbers, unlike
from workbench.tables.links import Array
from workbench.tables.steps import FUNCTIONS, JUMPS, ROUGH, STEPS
from workbench.tables.words import Words

# Parts of a date as encoders read them, in their order: the kind that reads each, and its place there.
_DATE: tuple[Literal["date", "calendar"], ...] = ("date", "calendar")
WRITTEN = -2
PARTS = tuple((kind, place) for kind in _DATE for place in range(EACH[kind]))


@dataclass(frozen=True)
class Plain:
    """A made column that is a number read from its source, and what was done to it since.

    Parameters
    ----------
    source : str
        Original column.
    part : int
        -1 for the number itself, -2 for the one in a text, else which of the :data:`PARTS` of a date.
    steps : tuple of (str, value)
        As :class:`workbench.tables.encoders.Numbers` has them, a table as a tuple; a ``fill`` may be a text.
    until : str, optional
        It is the days from the source to this column.
    """

    source: str
    part: int = -1
    steps: tuple[tuple[str, Any], ...] = ()
    until: str | None = None

    @property
    def kind(self) -> Literal["number", "written", "date", "calendar", "difference"]:
        """Of the encoder that reads it."""
        if self.until is not None:
            return "difference"
        return "written" if self.part == WRITTEN else "number" if self.part < 0 else PARTS[self.part][0]

    def then(self, name: str, operand: Any = 0.0) -> Plain:
        """This column with one step more."""
        if any(before in ROUGH for before, _ in self.steps):
            _check_no_jump(name)
        return replace(self, steps=(*self.steps, (name, operand)))


@dataclass(frozen=True)
class Looked:
    """A made column that is looked up by category; ``values`` are one a key, then for missing, then for unseen."""

    source: str
    keys: tuple[Any, ...]
    values: tuple[float, ...]

    def then(self, name: str, operand: Any = 0.0) -> Looked:
        """This column with one step more, done to its values."""
        done = STEPS[name](np.array(self.values)[:, None], np.array([operand], dtype=np.float64))
        return replace(self, values=tuple(done[:, 0].tolist()))


@dataclass(frozen=True)
class Inner:
    """An output of a member of a stacked model."""

    place: int
    source: str = ""

    def then(self, name: str, operand: Any = 0.0) -> Inner:
        """Nothing can be done to it."""
        raise CannotCompile(f"A transformer on the members' outputs of a stacked model has no table. {INSTEAD}")


@dataclass(frozen=True, eq=False)
class Mixture:
    """Columns that are made of several others together: ``final`` is a node on those of ``state``."""

    state: State
    final: Any


@dataclass(frozen=True)
class Mixed:
    """One of the columns of a mixture, and what was done to it since."""

    mixture: Mixture
    place: int
    steps: tuple[tuple[str, Any], ...] = ()
    source = "of several"

    def then(self, name: str, operand: Any = 0.0) -> Mixed:
        """This column with one step more."""
        _check_no_jump(name)
        return replace(self, steps=(*self.steps, (name, operand)))


def _check_no_jump(name: str) -> None:
    """Behind a number whose last digit may differ, a limit that lies on a training value may be met otherwise."""
    if name in JUMPS:
        raise CannotCompile(
            f"A step by limits ({name}) behind numbers whose last digit may differ has no exact table. {INSTEAD}"
        )


Made = Plain | Looked | Level | Inner | Mixed | Text | Word | Summed
Encoder = Numbers | Categories | Hot | Words
State = tuple[Made, ...]
Through = Callable[[Any, State], State]
TRANSFORMERS: dict[str, Through] = {}


def transformer(*names: str) -> Callable[[Through], Through]:
    """Register a function that goes through the fitted transformers of these class names."""

    def register(function: Through) -> Through:
        TRANSFORMERS.update(dict.fromkeys(names, function))
        return function

    return register


def through(step: Any, state: State) -> State:
    """The made columns behind a fitted transformer.

    Raises
    ------
    CannotCompile
        Naming the transformer that has no table.
    """
    if isinstance(step, str):
        return () if step == "drop" else state
    if step is None:
        return state
    if hasattr(step, "fit_resample"):  # imbalanced-learn's: it draws rows to fit on, and lets all others pass
        return state
    if hasattr(step, "get_support"):
        return tuple(state[i] for i in step.get_support(indices=True).tolist())
    kind = type(step).__name__
    if kind not in TRANSFORMERS:
        raise CannotCompile(f"The transformer {kind} has no exact table. {INSTEAD}")
    return TRANSFORMERS[kind](step, state)


@dataclass(eq=False)
class Matrix:
    """The columns that a model's parts work on, each distinct one once."""

    places: dict[Made, int] = field(default_factory=dict)

    def place(self, state: State) -> Array:
        """Where each column of ``state`` stands; new ones are added behind."""
        return np.array([self.places.setdefault(column, len(self.places)) for column in state], np.int64)

    def encoders(self) -> tuple[Encoder, ...]:
        """What makes the columns, in their order."""
        return tuple(_encoder(list(run)) for _, run in groupby(self.places, _alike))

    def mean(self) -> Array:
        """Mean of the columns, as far as the fitted pipeline tells."""
        return np.array([_mean(column) for column in self.places], dtype=np.float64)


class Inputs(Matrix):
    """The members' outputs of a stacked model, which are there already."""

    def place(self, state: State) -> Array:
        """Where each input stands."""
        if not all(isinstance(column, Inner) for column in state):
            raise CannotCompile(f"A transformer on the members' outputs of a stacked model has no table. {INSTEAD}")
        return np.array([column.place for column in state if isinstance(column, Inner)], np.int64)


# --- containers ---------------------------------------------------------------------------------------------------


@transformer("Pipeline")
def _pipeline(step: Any, state: State) -> State:
    for _, inner in step.steps:
        state = through(inner, state)
    return state


@transformer("ColumnTransformer")
def _column_transformer(step: Any, state: State) -> State:
    outputs: list[Made] = []
    for _, inner, columns in step.transformers_:
        outputs += through(inner, tuple(state[i] for i in _places(step, columns, len(state))))
    return tuple(outputs)


@transformer("FeatureUnion")
def _union(step: Any, state: State) -> State:
    weights = step.transformer_weights or {}
    return tuple(
        column
        for name, inner in step.transformer_list
        for column in each(through(inner, state), "multiply", weights.get(name))
    )


def _places(step: Any, columns: Any, width: int) -> list[int]:
    known = [str(n) for n in getattr(step, "feature_names_in_", ())]
    if isinstance(columns, str):
        return [known.index(columns)]
    if isinstance(columns, slice) and any(isinstance(end, str) for end in (columns.start, columns.stop)):
        first = known.index(columns.start) if columns.start else 0
        return list(range(first, known.index(columns.stop) + 1 if columns.stop else width))
    if isinstance(columns, slice):
        return list(range(width))[columns]
    chosen = np.asarray(columns)
    if chosen.dtype == np.bool_:
        return np.flatnonzero(chosen).tolist()
    several = columns if isinstance(columns, (list, tuple)) else chosen.reshape(-1).tolist()
    return [known.index(c) if isinstance(c, str) else int(c) % width for c in several]


# --- numbers ------------------------------------------------------------------------------------------------------


def each(state: State, name: str, operands: Any) -> State:
    """One step more for every column; ``operands`` is one for all, one a column, or None: no step."""
    if operands is None:
        return state
    values = np.broadcast_to(np.asarray(operands, dtype=np.float64), (len(state),)).tolist()
    return tuple(column.then(name, value) for column, value in zip(state, values, strict=True))


@transformer("StandardScaler")
def _standard(step: Any, state: State) -> State:
    state = each(state, "subtract", step.mean_ if step.with_mean else None)
    return each(state, "divide", step.scale_ if step.with_std else None)


@transformer("MinMaxScaler")
def _min_max(step: Any, state: State) -> State:
    state = each(each(state, "multiply", step.scale_), "add", step.min_)
    low, high = step.feature_range if step.clip else (None, None)
    return each(each(state, "at least", low), "at most", high)


@transformer("RobustScaler")
def _robust(step: Any, state: State) -> State:
    state = each(state, "subtract", step.center_ if step.with_centering else None)
    return each(state, "divide", step.scale_ if step.with_scaling else None)


@transformer("MaxAbsScaler")
def _max_abs(step: Any, state: State) -> State:
    if getattr(step, "clip", False):
        return each(each(each(state, "divide", step.scale_), "at least", -1.0), "at most", 1.0)
    return each(state, "divide", step.scale_)


@transformer("FunctionTransformer")
def _function(step: Any, state: State) -> State:
    name = getattr(step.func, "__name__", "")
    if step.func is None:
        return state
    if name == "date_parts":
        return _parts_of(state, range(EACH["date"]))
    if name == "date_features":
        return _date_features(state, **(step.kw_args or {}))
    if name == "written_numbers":
        return tuple(Plain(_untouched(column).source, WRITTEN) for column in state)
    if name == "in_order":
        return state
    if name == "texts":
        return tuple(Text(_untouched(column).source) for column in state)
    short = {"absolute": "abs"}.get(name, name)
    if not isinstance(step.func, np.ufunc) or short not in FUNCTIONS or step.kw_args:
        raise CannotCompile(f"FunctionTransformer({name or 'a function'}) has no exact table. {INSTEAD}")
    return tuple(column.then(short) for column in state)


def _parts_of(state: State, parts: range) -> State:
    return tuple(Plain(_untouched(column).source, part) for column in state for part in parts)


def _date_features(state: State, cyclic: bool = False) -> State:
    """As :func:`workbench.tables.dates.date_features` lays them out."""
    names = [_untouched(column).source for column in state]
    between = [Plain(start, until=end) for start, end in pairs(names)]
    angles = [Plain(n, part).then("multiply", by) for n in names for part, by in enumerate(PERIODS)] if cyclic else []
    waves = [angle.then(wave) for wave in ("sin", "cos") for angle in angles]
    again, once = range(EACH["date"]), range(EACH["date"], len(PARTS))
    return (*_parts_of(state, again), *_parts_of(state, once), *between, *waves)


def _untouched(column: Made) -> Plain:
    if not isinstance(column, Plain) or column.steps or column.kind != "number":
        raise CannotCompile(f"A second encoder of column {column.source!r} has no table. {INSTEAD}")
    return column


@transformer("SimpleImputer")
def _imputer(step: Any, state: State) -> State:
    if not _is_nothing(step.missing_values):
        raise CannotCompile(f"SimpleImputer(missing_values={step.missing_values!r}) has no table. Use NaN.")
    statistics = step.statistics_.tolist()
    kept = [i for i, fill in enumerate(statistics) if not _is_nothing(fill)]
    filled = tuple(state[i].then("fill", statistics[i]) for i in kept)
    return (*filled, *(_indicators(step, state) if step.add_indicator else ()))


def _indicators(step: Any, state: State) -> State:
    return tuple(_indicator(state[i]) for i in step.indicator_.features_.tolist())


def _indicator(column: Made) -> Made:
    if isinstance(column, Plain) and not column.steps and column.kind == "number":
        # By look-up, for the column may hold texts.
        return Looked(column.source, (), (1.0, 0.0))
    return column.then("missing")


def _is_nothing(value: Any) -> bool:
    return value is None or bool(value != value)


# --- categories ---------------------------------------------------------------------------------------------------


@transformer("OneHotEncoder")
def _one_hot(step: Any, state: State) -> State:
    if step.handle_unknown == "error":
        raise CannotCompile("OneHotEncoder must take unseen categories: OneHotEncoder(handle_unknown='ignore').")
    outputs: list[Made] = []
    for i, column in enumerate(state):
        categories, place, unseen = _codes(step, i)
        width = max(place, default=-1) + 1
        if width > FEW:
            outputs += _many_hot(step, i, column)
            continue
        rows = np.vstack([np.eye(width)[place], np.zeros((1, width)) if unseen is None else np.eye(width)[[unseen]]])
        dropped = None if step.drop_idx_ is None else step.drop_idx_[i]
        if dropped is not None:
            rows = np.delete(rows, place[int(dropped)], axis=1)
        outputs += looked_up(column, categories, rows)
    return tuple(outputs)


def _many_hot(step: Any, i: int, column: Made) -> Iterator[Level]:
    """One-hot columns of so many categories that a table of them would be their square."""
    categories, place, unseen = _codes(step, i)
    codes = np.array([*place, -1 if unseen is None else unseen], np.int64)
    dropped = None if step.drop_idx_ is None else place[int(step.drop_idx_[i])]
    known = _levels_of(column, categories, codes)
    return (Level(known, at) for at in range(max(place) + 1) if at != dropped)


def _levels_of(column: Made, categories: list[Any], codes: Array) -> Levels:
    """As :func:`looked_up`: ``codes`` has one a category, and the last for what was not seen."""
    if isinstance(column, Looked):
        places = _places_of([None if v != v else v for v in column.values], categories)
        return levels(column.source, column.keys, codes[places])
    if not _raw(column):
        raise CannotCompile(
            f"A one-hot encoder of {len(categories):,} values that an earlier transformer made of column "
            f"{column.source!r} has no table: at most {FEW} have one. {INSTEAD}"
        )
    names, rows = _keyed(column, categories)
    return levels(column.source, names, codes[rows])


@transformer("OrdinalEncoder")
def _ordinal(step: Any, state: State) -> State:
    if step.handle_unknown == "error":
        raise CannotCompile("OrdinalEncoder must take unseen categories: handle_unknown='use_encoded_value'.")
    outputs: list[Made] = []
    for i, column in enumerate(state):
        categories, place, _ = _codes(step, i)
        rows = np.array([*place, step.unknown_value], dtype=np.float64)[:, None]
        if i in step._missing_indices:
            rows[len(categories) - 1] = step.encoded_missing_value
        outputs += looked_up(column, categories, rows)
    return tuple(outputs)


@transformer("TargetEncoder")
def _target(step: Any, state: State) -> State:
    """The mean of the target by category, and the overall mean for what was not seen; by class for several."""
    classes = len(step.classes_) if step.target_type_ == "multiclass" else 1
    means = np.broadcast_to(np.asarray(step.target_mean_, dtype=np.float64).reshape(-1), (classes,))
    outputs: list[Made] = []
    for i, column in enumerate(state):
        categories, _, _ = _codes(step, i)
        values = np.column_stack([step.encodings_[i * classes + k] for k in range(classes)])
        outputs += looked_up(column, categories, np.vstack([values, means]))
    return tuple(outputs)


def _codes(step: Any, i: int) -> tuple[list[Any], list[int], int | None]:
    """Categories of column ``i``, the place of each, and the place of unseen ones, infrequent ones being one."""
    categories = [_plain_value(c) for c in step.categories_[i].tolist()]
    mapping = step._default_to_infrequent_mappings[i] if getattr(step, "_infrequent_enabled", False) else None
    if mapping is None:
        return categories, list(range(len(categories))), None
    infrequent = int(mapping[step._infrequent_indices[i][0]])
    places = mapping.tolist() + list(range(len(mapping), len(categories)))
    return categories, places, infrequent if step.handle_unknown in ("infrequent_if_exist", "warn") else None


def looked_up(column: Made, categories: list[Any], rows: Array) -> list[Made]:
    """Look-ups of ``rows``: one a category, and the last for what was not seen; a column of ``rows`` is one made."""
    if isinstance(column, Looked):
        places = _places_of([None if v != v else v for v in column.values], categories)
        return [replace(column, values=tuple(values)) for values in rows[places].T.tolist()]
    if isinstance(column, Inner):
        raise CannotCompile(f"A transformer on the members' outputs of a stacked model has no table. {INSTEAD}")
    if _raw(column):
        names, places = _keyed(column, categories)
        table = np.asarray(rows, dtype=np.float64)[places]
        return [Looked(column.source, names, tuple(values)) for values in table.T.tolist()]
    return [column.then("look up", _table(categories, values)) for values in np.asarray(rows, np.float64).T]


def _raw(column: Made) -> TypeGuard[Plain]:
    """Whether it is a column as it came, or filled and no more."""
    return isinstance(column, Plain) and column.kind == "number" and [n for n, _ in column.steps] in ([], ["fill"])


def _keyed(column: Plain, categories: list[Any]) -> tuple[tuple[Any, ...], list[int]]:
    """The categories that a value may have, and the row of each, of a missing and of an unseen value."""
    fill = _plain_value(column.steps[0][1]) if column.steps else None
    keys = [i for i, c in enumerate(categories) if c is not None]
    return tuple(categories[i] for i in keys), [*keys, _place(fill, categories), len(categories)]


def _table(categories: list[Any], values: Array) -> tuple[float, ...]:
    """The operand of a ``look up``: missing, unseen, the numbers in their order, what they become."""
    if any(isinstance(c, str) for c in categories):
        raise CannotCompile(f"A text that an earlier transformer made has no table. {INSTEAD}")
    keys = sorted((c, i) for i, c in enumerate(categories) if c is not None)
    becomes = [values[i] for _, i in keys]
    return (float(values[_place(None, categories)]), float(values[-1]), *(k for k, _ in keys), *map(float, becomes))


def _place(value: Any, categories: list[Any]) -> int:
    """Where a value (None where missing) stands among the categories; behind them if it does not."""
    return categories.index(value) if value in categories else len(categories)


def _places_of(values: Sequence[Any], categories: list[Any]) -> list[int]:
    """As :func:`_place`, of many values."""
    places = {category: i for i, category in reversed(list(enumerate(categories)))}
    return [places.get(value, len(categories)) for value in values]


def _plain_value(value: Any) -> Any:
    """A category as text, float or None (missing): 1, 1.0 and True are the same one."""
    if _is_nothing(value):
        return None
    return value if isinstance(value, str) else float(value)


# --- to encoders --------------------------------------------------------------------------------------------------


def steps_of(column: Plain | Mixed | Summed) -> tuple[tuple[str, int], ...]:
    """The kinds of steps, with the lengths of their tables: columns that agree in them go through together."""
    return tuple((name, np.size(by)) for name, by in column.steps)


def _alike(column: Made) -> tuple[Any, ...]:
    """Neighbours with the same answer share an encoder."""
    if isinstance(column, Looked):
        return ("category", column.source, column.keys)
    if isinstance(column, Level):
        return ("hot", id(column.levels))
    if isinstance(column, Summed):
        return column.alike
    if isinstance(column, (Text, Word)):
        raise CannotCompile(f"What is made of the single words of {column.source!r} here has no table. {INSTEAD}")
    if not isinstance(column, Plain):
        raise CannotCompile(f"A model inside a model, on columns made of several others, has no table. {INSTEAD}")
    return (column.kind, steps_of(column))


def _encoder(run: Sequence[Any]) -> Encoder:
    if isinstance(run[0], Summed):
        return summing(run)
    if isinstance(run[0], Level):
        return hot(run)
    if isinstance(run[0], Looked):
        table = np.array([c.values for c in run], dtype=np.float64).T.copy()
        return Categories(run[0].source, run[0].keys, table).checked()
    columns, take = _differences(run) if run[0].kind == "difference" else _parts(run)
    steps = tuple(
        (name, np.array([_operand(c, i) for c in run], dtype=np.float64)) for i, (name, _) in enumerate(run[0].steps)
    )
    return Numbers(columns, run[0].kind, np.array(take, np.int64), steps).checked()


def _parts(run: Sequence[Plain]) -> tuple[tuple[str, ...], list[int]]:
    """The columns that are read, and which of the numbers read becomes which column."""
    columns, each = unlike([c.source for c in run]), EACH[run[0].kind]
    return columns, [columns.index(c.source) * each + (PARTS[c.part][1] if c.part >= 0 else 0) for c in run]


def _differences(run: Sequence[Plain]) -> tuple[tuple[str, ...], list[int]]:
    """As :func:`_parts`, where each two columns that are read give one number."""
    return tuple(name for c in run for name in (c.source, str(c.until))), list(range(len(run)))


def _operand(column: Plain, step: int) -> float | tuple[float, ...]:
    operand = column.steps[step][1]
    if isinstance(operand, str):
        raise CannotCompile(f"Column {column.source!r} holds texts, but no encoder numbers them. Add an encoder.")
    return operand if isinstance(operand, tuple) else float(operand)


def _mean(column: Made) -> float:
    if isinstance(column, Looked):
        seen = [v for v in column.values[:-2] if v == v]
        return float(np.mean(seen)) if seen else 0.0
    if isinstance(column, Level):
        return column.mean
    steps = column.steps if isinstance(column, Plain) else ()
    places = [i for i, (name, _) in enumerate(steps) if name in ("subtract", "fill")]
    if not places or steps[places[-1]][0] == "subtract":
        return 0.0  # behind a scaler, or unknown
    value = np.array([[np.nan]])
    for name, operand in steps[places[-1] :]:
        value = STEPS[name](value, np.array([operand], dtype=np.float64))
    return float(value[0, 0])
