"""The contract: what columns there are, what each is for, and which values are usual."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from sys import float_info
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from workbench.core.late import late
from workbench.core.reading import Form, Layout, Reading
from workbench.core.saved import Saved
from workbench.errors import ColumnNotFound, Damaged

if TYPE_CHECKING:
    import pandas as pd
    from pandera.pandas import DataFrameSchema

    from workbench.core.finding import Finding

Kind = Literal["number", "integer", "boolean", "category", "text", "datetime"]
Role = Literal["feature", "target", "time", "group", "id", "weight", "known_after", "personal", "ignored"]
Task = Literal["binary", "multiclass", "regression"]

# 2: columns have a form and the table a layout, by which later rows are read.
FORMAT_VERSION = 2
NUMERIC: tuple[Kind, ...] = ("number", "integer")
_TYPES: dict[str, Callable[[Any], bool]] = {
    "name": lambda value: isinstance(value, str),
    "kind": lambda value: value in get_args(Kind),
    "role": lambda value: value in get_args(Role),
    "minimum": lambda value: value is None or _is_number(value),
    "maximum": lambda value: value is None or _is_number(value),
    "categories": lambda value: value is None or (isinstance(value, (list, tuple)) and all(map(_is_text, value))),
    "missing_allowed": lambda value: isinstance(value, bool),
    "unit": lambda value: value is None or isinstance(value, str),
    "sensitive": lambda value: isinstance(value, bool),
    "reason": lambda value: value is None or isinstance(value, str),
    "ordered": lambda value: isinstance(value, bool),
}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        As in the table.
    kind : {"number", "integer", "boolean", "category", "text", "datetime"}
        What the values are. *category*: text with few distinct values. *text*: text with many.
    role : {"feature", "target", "time", "group", "id", "weight", "known_after", "personal", "ignored"}
        What it is for. *weight*: how much a row counts, in fits and in scores. *known_after*: known only after the
        moment of prediction, so never a feature. *personal*: names persons (e-mail, phone, card, …), so no feature
        unless somebody says why.
    minimum, maximum : float, optional
        Usual range of numbers, in the column's unit; what lies outside is scored and flagged.
    categories : tuple of str, optional
        Usual values of a category or boolean; others are scored and flagged.
    missing_allowed : bool
        False: a row without a value is refused.
    unit : str, optional
        Such as ``minutes`` or ``US dollar``.
    sensitive : bool
        True: kept out of logs in clear.
    reason : str, optional
        Why it is a feature although it names persons.
    ordered : bool
        Whether its classes come in an order: that of ``categories``, the least first, else of their values.
    form : Form, optional
        How its texts are written, such as the order of day and month; later rows are read by it. None: by their own
        values.
    """

    name: str
    kind: Kind
    role: Role = "feature"
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] | None = None
    missing_allowed: bool = True
    unit: str | None = None
    sensitive: bool = False
    reason: str | None = None
    ordered: bool = False
    form: Form | None = None

    @cached_property
    def usual(self) -> frozenset[str] | None:
        """The categories as a set; None: any."""
        return None if self.categories is None else frozenset(self.categories)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "form"}
        if not self.ordered:  # what older readers do not know is written where it is so alone
            del plain["ordered"]
        return plain if self.form is None else {**plain, "form": self.form.to_dict()}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Column:
        """Read what :meth:`to_dict` wrote.

        Raises
        ------
        Damaged
            If a value is not of the type that it must have.
        """
        for name, value in content.items():
            if name in _TYPES and not _TYPES[name](value):
                raise Damaged(f"The contract is not what was written: {name} is {str(value)[:40]!r}. Make it again.")
        categories, form = content.get("categories"), content.get("form")
        read = {
            "categories": None if categories is None else tuple(categories),
            "form": None if form is None else Form.from_dict(form),
        }
        return cls(**{**content, **read})


@dataclass(frozen=True)
class Contract(Saved):
    """The columns of a table in order, the task that its target sets, and how the table was read.

    Parameters
    ----------
    columns : tuple of Column
        In the table's order.
    task : {"binary", "multiclass", "regression"}, optional
        Set by the target.
    layout : Layout, optional
        Of the file of text that it was read from; later files are tried by it first.

    Examples
    --------
    >>> contract = Contract((Column("tenure", "integer"), Column("Churn", "category", "target")), task="binary")
    >>> contract.features
    ('tenure',)
    >>> contract.target
    'Churn'
    """

    columns: tuple[Column, ...]
    task: Task | None = None
    layout: Layout | None = None

    noun: ClassVar[str] = "contract"
    format_version: ClassVar[int] = FORMAT_VERSION

    @property
    def names(self) -> tuple[str, ...]:
        """All column names, in the table's order."""
        return tuple(c.name for c in self.columns)

    @property
    def reading(self) -> Reading:
        """How the table was read, and how every later row is."""
        return Reading(self.layout, {c.name: c.form for c in self.columns if c.form is not None})

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns that a model may use."""
        return self.with_role("feature")

    @property
    def target(self) -> str | None:
        """Name of what is to be predicted."""
        return next(iter(self.with_role("target")), None)

    @property
    def time(self) -> str | None:
        """Name of the column that orders the rows."""
        return next(iter(self.with_role("time")), None)

    @property
    def group(self) -> str | None:
        """Name of the column whose rows belong together."""
        return next(iter(self.with_role("group")), None)

    @property
    def id(self) -> str | None:
        """Name of the column by which labels that come later are joined."""
        return next(iter(self.with_role("id")), None)

    @property
    def weight(self) -> str | None:
        """Name of the column that says how much a row counts."""
        return next(iter(self.with_role("weight")), None)

    def with_role(self, role: Role) -> tuple[str, ...]:
        """Names of the columns in ``role``."""
        return tuple(c.name for c in self.columns if c.role == role)

    def __getitem__(self, name: str) -> Column:
        try:
            return self.by_name[name]
        except KeyError:
            raise ColumnNotFound.named(name, self.names) from None

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """Every column by its name; of two with one name, the first."""
        return {c.name: c for c in reversed(self.columns)}

    def __call__(self) -> Contract:
        """The contract itself, so that ``profile.contract()`` proposes one as ``profile.contract`` does."""
        return self

    def change(self, name: str, **changes: Any) -> Contract:
        """A contract in which one column differs.

        >>> Contract((Column("age", "integer"),)).change("age", maximum=120.0)["age"].maximum
        120.0
        """
        return self.change_each({name: changes})

    def change_each(self, changes: Mapping[str, Mapping[str, Any]]) -> Contract:
        """A contract in which some columns differ, each in what is said of it.

        >>> both = Contract((Column("age", "integer"), Column("name", "text")))
        >>> [c.role for c in both.change_each({"age": {"role": "group"}, "name": {"role": "id"}}).columns]
        ['group', 'id']
        """
        for name in changes:
            self[name]
        return replace(
            self, columns=tuple(replace(c, **changes[c.name]) if c.name in changes else c for c in self.columns)
        )

    def set_role(self, role: Role, names: Iterable[str]) -> Contract:
        """A contract in which the named columns have ``role``."""
        return self.set_roles(dict.fromkeys(names, role))

    def set_roles(self, roles: Mapping[str, Role]) -> Contract:
        """A contract in which the named columns have these roles."""
        return self.change_each({name: {"role": role} for name, role in roles.items()})

    def only(self, names: Iterable[str]) -> Contract:
        """A contract of the named columns alone, in this contract's order."""
        wanted = set(names)
        return replace(self, columns=tuple(c for c in self.columns if c.name in wanted))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        layout = {} if self.layout is None else {"layout": self.layout.to_dict()}
        return {"columns": [c.to_dict() for c in self.columns], "task": self.task, **layout}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Contract:
        """Read what :meth:`to_dict` wrote; other entries of a file are left alone."""
        layout = content.get("layout")
        columns = tuple(map(Column.from_dict, content["columns"]))
        return cls(columns, content.get("task"), None if layout is None else Layout.from_dict(layout))

    def to_json_schema(self, *, strict: bool = False) -> dict[str, Any]:
        """JSON Schema (draft 2020-12) of one row, as an object of columns and values.

        It refuses what scoring refuses: an absent feature, a value of another kind, a gap where none is allowed.

        Parameters
        ----------
        strict : bool
            False: usual ranges and categories are notes (``x-usual``, ``examples``), since scoring flags what lies
            outside and does not refuse it. True: they are bounds and enumerations, and other columns are refused.

        Examples
        --------
        >>> age = Column("age", "integer", minimum=0.0, maximum=99.0, missing_allowed=False)
        >>> Contract((age,)).to_json_schema(strict=True)["properties"]["age"]
        {'type': 'integer', 'minimum': 0.0, 'maximum': 99.0, 'x-role': 'feature'}
        """
        return late("Contract.to_json_schema")(self, strict=strict)

    def to_pandera(self, *, strict: bool = False) -> DataFrameSchema:
        """A pandera schema of the whole table, as it came or typed by :func:`workbench.dataset`.

        It reads a frame by the contract, as every batch is read, and gives it back typed.

        Parameters
        ----------
        strict : bool
            False: a number out of the usual range and an unseen category make a ``SchemaWarning``. True: they are
            refused, and so are columns that the contract lacks.

        Raises
        ------
        BadParameter
            If pandera is not installed; it comes with ``ml-workbench[pandera]``.

        Examples
        --------
        >>> import pandas as pd
        >>> schema = Contract((Column("age", "number", maximum=99.0),)).to_pandera(strict=True)
        >>> len(schema.validate(pd.DataFrame({"age": [7.0, None]})))
        2
        """
        return late("Contract.to_pandera")(self, strict=strict)

    def check(self, frame: pd.DataFrame) -> tuple[Finding, ...]:
        """What in a table breaks the contract (*error*), and what is merely unusual; empty where all fits.

        Parameters
        ----------
        frame : pandas.DataFrame, or whatever else :func:`workbench.dataset` reads
            Shape (rows, columns); numbers and dates may be kept as text, as :func:`workbench.dataset` reads them.

        Returns
        -------
        tuple of Finding
            WB160 to WB165, worst first, with the rows in ``evidence``.

        Examples
        --------
        >>> import pandas as pd
        >>> contract = Contract((Column("age", "integer", missing_allowed=False),))
        >>> [str(f) for f in contract.check(pd.DataFrame({"age": [31, None]}))]
        ['WB162 error: age is missing in 1 of 2 rows, and the contract allows no gap.']
        """
        return late("Contract.check")(self, frame)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= float_info.max
