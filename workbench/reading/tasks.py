"""What a target sets as the task, and what may order the rows in time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from workbench.core.contract import Contract, Kind, Task
from workbench.core.wording import listed_values
from workbench.errors import BadParameter, BadTable, BadTarget

if TYPE_CHECKING:
    from workbench.core.profile import ColumnProfile

# Distinct texts up to which a target is classes whatever their rows; with more, each needs some rows in the mean.
MOST_CLASSES = 50
MOST_ASKED = 1000
ROWS_OF_A_CLASS = 10
# Whole numbers are classes where there are at most so many, each in at least so many rows: rarer ones can't be learnt
# as classes, while a number is learnt from its neighbours too.
MOST_WHOLE = 10
FEWEST_OF_A_CLASS = 10
# Codes from 0 or 1 on that come equally often, each in at least so many rows, are classes however many they are.
ROWS_OF_A_CODE = 50
# What counts are: from five values on a shape can be told from chance; a mean beyond this is a number as any other.
FEWEST_COUNTED = 5
LARGEST_MEAN = 30.0
# By so many standard deviations chance makes a number come more often than one nearer to the peak; and the share of
# numbers that it leaves out.
CHANCE, MOST_GAPS = 2.5, 0.1
# What has an order that may be that of time.
ORDERED: tuple[Kind, ...] = ("datetime", "number", "integer")
# Words in a column's name that say what its whole numbers are.
OF_COUNTS = re.compile(
    "counts?|cnt|numbers?|num|nbr?|quantity|qty|visits|claims|accidents|incidents|events|children|kids|siblings|goals"
    "|orders|purchases|clicks|calls|visitors|admissions|rentals|rings|crashes|complaints|anzahl|menge"
)
OF_CLASSES = re.compile(
    "class|classes|labels?|category|kind|type|code|species|genus|family|cluster|segment|digit|letter|genre|klasse"
    "|kategorie|typ"
)


@dataclass(frozen=True)
class Seen:
    """What is known of the values of a target.

    Parameters
    ----------
    name, kind : str
        Of the column.
    known, distinct : int
        Rows with a value, and distinct values.
    counts : sequence of (value, rows)
        Of each distinct value, in any order; empty where not all were counted.
    categorical : bool
        Whether the table itself says that they are categories, whatever these are called.
    """

    name: str
    kind: Kind
    known: int
    distinct: int
    counts: Sequence[tuple[Any, int]] = ()
    categorical: bool = False

    @classmethod
    def of(cls, column: ColumnProfile, categorical: bool = False) -> Seen:
        """What a profile knows of them."""
        counts = column.state.get("counts") or ()
        return cls(column.name, column.kind, column.count, column.distinct, counts, categorical)

    @property
    def rarest(self) -> int | None:
        """Rows of its rarest value, where that is known."""
        return min((n for _, n in self.counts), default=None)


@dataclass(frozen=True)
class Reason:
    """How whole numbers are taken, and why.

    Parameters
    ----------
    classes : bool
        Whether they are classes.
    why : str
        In words; empty where there is no more to it than that they are few or many.
    """

    classes: bool
    why: str = ""


def infer_task(seen: Seen) -> Task:
    """The task that a target sets.

    Two values are two classes, unless they have decimals. Texts are classes, up to 50, and up to 1,000 where each has
    10 rows in the mean. Whole numbers are what :func:`whole_numbers` says.

    Raises
    ------
    BadTarget
        If it has no value, one class only, is a date, or has too many classes.

    Examples
    --------
    >>> infer_task(Seen("Churn", "category", 7043, 2)), infer_task(Seen("price", "number", 100, 90))
    ('binary', 'regression')
    """
    _check_values(seen.name, seen.kind, seen.known, seen.distinct)
    if seen.distinct == 2 and seen.kind != "number":
        return "binary"
    if seen.kind in ("text", "category"):
        _check_texts(seen)
    few = seen.kind == "integer" and whole_numbers(seen).classes
    return "multiclass" if few or seen.kind in ("category", "text", "boolean") else "regression"


def whole_numbers(seen: Seen) -> Reason:
    """Whether whole numbers are classes or a number: by their name, their range and how often each comes.

    What the table calls categories are classes, up to 1,000; else a name that says it decides. Numbers from 0 on that
    fall off after their peak, as counts do, are a number. Up to 10 different ones, each in at least 10 rows, are
    classes; more are, if they begin at 0 or 1, leave none out and come equally often. All others are a number.

    Examples
    --------
    >>> scores = [(3, 40), (4, 90), (5, 90), (6, 90), (7, 50), (8, 10)]
    >>> whole_numbers(Seen("quality", "integer", 370, 6, scores)).classes
    True
    >>> whole_numbers(Seen("num_visits", "integer", 370, 6, scores)).why
    'its name says so'
    >>> visits = [(0, 300), (1, 200), (2, 90), (3, 40), (4, 12)]
    >>> whole_numbers(Seen("y", "integer", 642, 5, visits)).why
    'they fall off from 0 on as counts do'
    """
    if seen.categorical and seen.distinct <= MOST_ASKED:
        return Reason(True, "the table calls them categories")
    says = _said(seen.name)
    if says is not None and 2 < seen.distinct <= MOST_ASKED and (not says or _enough(seen)):
        return Reason(says, "its name says so")
    if falls_off(seen.counts):
        return Reason(False, "they fall off from 0 on as counts do")
    if seen.distinct > MOST_WHOLE:
        codes = _equally_often(seen)
        return Reason(codes, "they come equally often, as codes do" if codes else "")
    if seen.rarest is not None and seen.rarest < FEWEST_OF_A_CLASS:
        value, n = min(seen.counts, key=lambda pair: pair[1])
        return Reason(False, f"{value:g} has {n} rows of {FEWEST_OF_A_CLASS}")
    return Reason(True)


def is_count(name: str, counts: Sequence[tuple[Any, int]]) -> bool:
    """Whether numbers are counts of a few things, whose spread grows with their mean: none is below 0, all are whole,
    their mean is at most 30, and they are called so or fall off as counts do.

    Parameters
    ----------
    name : str
        Of the column.
    counts : sequence of (value, rows)
        Of each distinct value.

    Examples
    --------
    >>> is_count("visits", [(0, 300), (1, 200), (2, 90)]), is_count("visits", [(-1, 300), (1, 200), (2, 90)])
    (True, False)
    """
    if len(counts) < 2 or any(v < 0 or v != int(v) for v, _ in counts):
        return False
    mean = sum(v * n for v, n in counts) / sum(n for _, n in counts)
    return mean <= LARGEST_MEAN and (_said(name) is False or falls_off(counts))


def falls_off(counts: Sequence[tuple[Any, int]]) -> bool:
    """Whether numbers begin at 0, rise to a peak and fall off from there, but for chance.

    The last one has less than a quarter of the peak's rows, and up to where nine in ten rows lie none is left out. Many
    numbers may begin above 0, where they spread as counts of their mean do.

    Examples
    --------
    >>> falls_off([(0, 20), (1, 50), (2, 40), (3, 12), (4, 3), (6, 1)]), falls_off([(v, 40) for v in range(9)])
    (True, False)
    """
    ordered = sorted((v, n) for v, n in counts)
    if len(ordered) < FEWEST_COUNTED or ordered[0][0] < 0 or (ordered[0][0] > 0 and not _dispersed(ordered)):
        return False
    rows = [n for _, n in ordered]
    peak, body = rows.index(max(rows)), _body(rows)
    whole = ordered[body - 1][0] - ordered[0][0] <= body - 1 + MOST_GAPS * body
    rises = all(a - b <= CHANCE * (a + b) ** 0.5 for a, b in pairwise(rows[: peak + 1]))
    falls = all(b - a <= CHANCE * (a + b) ** 0.5 for a, b in pairwise(rows[peak:body]))
    return whole and rises and falls and rows[-1] < rows[peak] / 4


def _dispersed(counts: Sequence[tuple[Any, int]]) -> bool:
    """Whether there are many values that begin well below their mean and spread about as much as counts of it do."""
    rows = sum(n for _, n in counts)
    mean = sum(v * n for v, n in counts) / rows
    spread = sum((v - mean) ** 2 * n for v, n in counts) / rows
    return len(counts) > MOST_WHOLE and min(v for v, _ in counts) <= mean / 2 and spread >= mean / 2


def _body(rows: Sequence[int]) -> int:
    """How many of the first values hold nine in ten rows, and at least five."""
    held = next(k for k, n in enumerate(accumulate(rows), 1) if n >= 0.9 * sum(rows))
    return max(held, FEWEST_COUNTED)


def _said(name: str) -> bool | None:
    """Whether a column's name says that it holds classes (True) or counts (False).

    >>> _said("numVisits"), _said("Cover_Type"), _said("target"), _said("label_count")
    (False, True, None, None)
    """
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]
    counts, classes = (any(map(one.fullmatch, words)) for one in (OF_COUNTS, OF_CLASSES))
    return None if counts == classes else classes


def categorical_columns(table: Any) -> frozenset[str]:
    """Columns of a frame of pandas whose type says that they are categories.

    Examples
    --------
    >>> import pandas as pd
    >>> categorical_columns(pd.DataFrame({"size": pd.Categorical([3, 1, 3]), "n": [1, 2, 3]}))
    frozenset({'size'})
    """
    types = getattr(table, "dtypes", None)
    found = types.items() if types is not None and type(types).__name__ == "Series" else ()
    return frozenset(str(name) for name, kind in found if type(kind).__name__ == "CategoricalDtype")


def ordered_categories(table: Any, name: str) -> tuple[str, ...]:
    """The categories of a column of pandas whose type says that they come in an order, the least first; else none.

    Examples
    --------
    >>> import pandas as pd
    >>> sizes = pd.CategoricalDtype(["small", "large"], ordered=True)
    >>> ordered_categories(pd.DataFrame({"size": pd.Series(["large"], dtype=sizes)}), "size")
    ('small', 'large')
    """
    if name not in categorical_columns(table) or not table.dtypes[name].ordered:
        return ()
    return tuple(str(label) for label in table.dtypes[name].categories)


def check_order(name: str, kind: Kind, distinct: int, labels: Sequence[str]) -> None:
    """Whether classes can come in an order: there are three or more, and somebody has said it where they are texts.

    Raises
    ------
    BadTarget
        If not.

    Examples
    --------
    >>> check_order("quality", "integer", 6, ())
    """
    if distinct == 2:
        raise BadTarget(f"The target {name!r} has two classes only, in whatever order. Use task='binary'.")
    if kind not in ("integer", "boolean") and not labels:
        raise BadTarget(
            f"The order of {name!r} stands in no table: its classes are texts. Give them, the least first: "
            "wb.dataset(…, task='ordinal', classes=['low', 'middle', 'high'])."
        )


def _enough(seen: Seen) -> bool:
    return seen.known >= ROWS_OF_A_CLASS * seen.distinct


def _equally_often(seen: Seen) -> bool:
    """Whether there are codes from 0 or 1 on, none left out, whose rows differ by no more than chance makes them."""
    values, rows = sorted(v for v, _ in seen.counts), [n for _, n in seen.counts]
    if not rows or min(rows) < ROWS_OF_A_CODE or values[0] not in (0, 1) or values[-1] - values[0] != len(values) - 1:
        return False
    mean = seen.known / len(rows)
    spread = sum((n - mean) ** 2 for n in rows) / mean  # chi-square, as large as the number of codes by chance
    return len(rows) <= MOST_ASKED and (spread <= 2 * len(rows) or max(rows) <= 1.5 * min(rows))


def _check_texts(seen: Seen) -> None:
    if seen.distinct <= MOST_CLASSES or (seen.distinct <= MOST_ASKED and _enough(seen)):
        return
    rows = "" if seen.distinct > MOST_ASKED else f", in {seen.known:,} rows"
    raise BadTarget(
        f"The target {seen.name!r} has {seen.distinct:,} distinct {seen.kind} values{rows}: more than {MOST_CLASSES} "
        f"need {ROWS_OF_A_CLASS} rows each in the mean. Choose another column, or say that they are classes with "
        f"task='multiclass' (up to {MOST_ASKED:,})."
    )


def check_task(task: Task, name: str, kind: Kind, known: int, distinct: int) -> Task:
    """The task that somebody asks for, if the target allows it.

    Raises
    ------
    BadTarget
        If the target is of another kind, or has too many or too few classes for it.

    Examples
    --------
    >>> check_task("regression", "score", "integer", 500, 6), check_task("multiclass", "plant", "category", 5000, 80)
    ('regression', 'multiclass')
    """
    _check_values(name, kind, known, distinct)
    if task == "regression":
        if kind in ("category", "text"):
            raise BadTarget(f"A regression needs numbers, the target {name!r} has texts. Leave task= out.")
        return task
    if kind == "number":
        raise BadTarget(f"Classes need labels, the target {name!r} has numbers with fractions. Use task='regression'.")
    if task == "binary" and distinct != 2:
        raise BadTarget(
            f"task='binary' needs two classes, the target {name!r} has {distinct:,}. Use task='multiclass'."
        )
    if task == "multiclass" and distinct == 2:
        raise BadTarget(f"The target {name!r} has two classes only. Use task='binary', or leave it out.")
    if distinct > MOST_ASKED:
        raise BadTarget(
            f"The target {name!r} has {distinct:,} classes, at most {MOST_ASKED:,} are learnt. Merge the rare ones."
        )
    return task


def check_classes(classes: tuple[str, ...], name: str, counts: Mapping[str, int]) -> None:
    """Whether the classes that somebody names are those of the target.

    Parameters
    ----------
    classes : tuple of str
        As they stand in the table; whole numbers as ``"3"``, booleans as ``"true"`` and ``"false"``.
    name : str
        Of the target.
    counts : mapping of str to int
        Rows of each of its labels.

    Raises
    ------
    BadParameter
        If fewer than two are named.
    BadTarget
        If the target has others, or none of them.

    Examples
    --------
    >>> check_classes(("no", "yes"), "sold", {"yes": 3, "no": 9})
    """
    if len(classes) < 2:
        raise BadParameter(f"'classes' has {len(classes)} item. Name at least two, or leave it out.")
    strange = {label: n for label, n in counts.items() if label not in classes}
    if strange:
        raise BadTarget(
            f"The target {name!r} has {sum(strange.values()):,} rows with {listed_values(strange)}, none of the "
            f"classes {listed_values(classes)}. Name them too, or correct or leave out these rows."
        )


def label_of(value: Any, kind: Kind) -> str:
    """How a label of the target is written in ``classes``.

    >>> label_of(3.0, "integer"), label_of(1.0, "boolean"), label_of("yes ", "category")
    ('3', 'true', 'yes ')
    """
    if kind == "boolean":
        return "true" if value else "false"
    return str(int(value)) if kind == "integer" else str(value)


def check_time(contract: Contract, examples: Iterable[Any] = ()) -> None:
    """Whether the time column orders rows.

    Parameters
    ----------
    contract : Contract
    examples : iterable
        Some of its values.

    Raises
    ------
    BadTable
        If its values are neither moments nor numbers; the message names columns that may be the time.

    Examples
    --------
    >>> from workbench.core.contract import Column
    >>> check_time(Contract((Column("at", "datetime", "time"),)))
    """
    name = contract.time
    if name is None or contract[name].kind in ORDERED:
        return
    what = {"boolean": "true and false"}.get(contract[name].kind, "texts that are no moments")
    shown = listed_values(dict.fromkeys(examples), 3)
    others = [c.name for c in contract.columns if c.name != name and c.role == "feature" and c.kind in ORDERED]
    moments = [n for n in others if contract[n].kind == "datetime"]
    advice = f"Moments are in {listed_values(moments)}." if moments else "No column holds moments"
    if not moments:
        advice += f"; numbers that may rise with time are in {listed_values(others)}." if others else "."
    raise BadTable(
        f"time= takes a column of moments or of numbers that rise with time; {name!r} holds {what}"
        f"{f', such as {shown}' if shown else ''}. {advice} Name such a column, make one, or leave time= out."
    )


def _check_values(name: str, kind: Kind, known: int, distinct: int) -> None:
    if not known:
        raise BadTarget(f"The target {name!r} has no value in any row. Choose another column.")
    if distinct == 1:
        raise BadTarget(f"The target {name!r} has one class only. Give rows of at least two classes.")
    if kind == "datetime":
        raise BadTarget(f"The target {name!r} has {distinct:,} distinct {kind} values. Choose classes or a number.")
