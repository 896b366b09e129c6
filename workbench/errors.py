"""Every error that Workbench raises on purpose.

::

    WorkbenchError
    ├── InputError (ValueError)        what was given can't be used: a 4xx where it came over HTTP
    │   ├── ColumnNotFound             a name that the data does not have
    │   ├── BadTable                   a table that is empty, unreadable or ambiguous
    │   ├── BadTarget                  a target that can't be learnt
    │   ├── BadRow                     a row that breaks the contract
    │   └── BadParameter               a parameter with a wrong name, type or range
    ├── StoreError                     what is on disk can't be used
    │   ├── NotFound (KeyError)        no run, bundle, job or report of that name
    │   ├── FormatVersion              a file of a newer format
    │   ├── Busy (TimeoutError)        a file that another process holds
    │   └── Damaged                    a file that is not what was written
    ├── Refused                        an act that would be unsafe or untrue
    │   ├── CannotCompile              a model with no exact table
    │   ├── Untrusted                  a file that names types we do not trust
    │   └── Unsigned                   a bundle that no trusted key has signed
    ├── JobFailed                      a notebook that stopped with an error
    └── MissingExtra (ImportError)     a package that is not installed

Each message says what was expected, what came, and what to do.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from workbench.core.literals import Cure


class WorkbenchError(Exception):
    """Base of all errors of Workbench.

    Attributes
    ----------
    cure : Cure
        Python to run instead, where there is such a line; built by :mod:`workbench.core.literals`.
    meant : tuple of str, optional
        A text that was given, and the known one that is nearest: a notebook shows the cell with the second in place.
    """

    cure: Cure = ""
    meant: tuple[str, str] | None = None

    def cured_by(self, cure: Cure) -> Self:
        """The error with a cure, to be raised.

        >>> BadTable("It is empty.").cured_by("").cure
        ''
        """
        self.cure = cure
        return self

    def _with_nearest(self, name: str, known: Sequence[str]) -> Self:
        near = nearest_name(name, known)
        self.meant = None if near is None else (name, near)
        return self

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it: the sentence and where it was raised from; in a notebook after a card."""
        try:
            # By name: no arrow of the house points up, and the runtime inside a bundle has no display.
            shown: list[str] = import_module("workbench.display.error").shown(self)
        except ModuleNotFoundError:
            return "".join(traceback.format_exception(self)).splitlines()
        return shown


class InputError(WorkbenchError, ValueError):
    """What was given can't be used; the message says how to change it."""


class ColumnNotFound(InputError):
    """A column name that the data does not have."""

    @classmethod
    def named(cls, name: str, columns: Iterable[str]) -> ColumnNotFound:
        """Word the error with the nearest name.

        >>> str(ColumnNotFound.named("tenur", ["tenure", "Churn"]))
        "Column 'tenur' is not in the data. Did you mean 'tenure'? Columns: tenure, Churn."
        """
        known = [str(c) for c in columns]
        error = cls(f"Column {str(name)!r} is not in the data. {nearest(str(name), known)}Columns: {shortened(known)}.")
        return error._with_nearest(str(name), known)


class BadTable(InputError):
    """A table that is empty, unreadable or ambiguous."""


class BadTarget(InputError):
    """A target that can't be learnt."""


class BadRow(InputError):
    """One or more rows that break the contract.

    Parameters
    ----------
    problems : sequence of dict
        One entry a fault: ``row`` (position), ``field``, ``expected``, ``got``.
    """

    def __init__(self, problems: Sequence[dict[str, object]]) -> None:
        self.problems = list(problems)
        first = self.problems[0]
        more = f" ({len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
        super().__init__(
            f"Row {first['row']}, field {first['field']!r}: expected {first['expected']}, got {first['got']}{more}. "
            "Correct the field and send the row again."
        )


class BadParameter(InputError):
    """A parameter with a wrong name, type or range."""

    @classmethod
    def unknown(cls, name: str, known: Iterable[str], what: str) -> BadParameter:
        """Word the error for a name that ``what`` does not take."""
        names = list(known)
        error = cls(f"{what} has no parameter {name!r}. {nearest(name, names)}Parameters: {shortened(names)}.")
        return error._with_nearest(name, names)


class StoreError(WorkbenchError):
    """What is on disk can't be used.

    Attributes
    ----------
    retry_after : int
        Seconds after which to try again, where it may pass by itself.
    """

    retry_after: int | None = None


class NotFound(StoreError, KeyError):
    """No run, bundle, job or report of that name."""

    def __str__(self) -> str:
        return str(self.args[0])

    @classmethod
    def named(cls, kind: str, name: str, known: Iterable[str], cure: str) -> NotFound:
        """Word the error with what there is, and how to make one."""
        names = list(known)
        there = f"There are: {shortened(names)}." if names else f"There is no {kind} yet."
        error = cls(f"No {kind} named {name!r}. {nearest(name, names)}{there} {cure}")
        return error._with_nearest(name, names)


class FormatVersion(StoreError):
    """A file of a newer format than this Workbench reads."""


class Busy(StoreError, TimeoutError):
    """A file that another process holds for longer than one may wait."""


class Damaged(StoreError):
    """A file that is not what was written."""


class Refused(WorkbenchError):
    """An act that would be unsafe or untrue."""


class CannotCompile(Refused):
    """A model that has no exact table; it ships as an audited pipeline instead."""


class Untrusted(Refused):
    """A file that names types which are not on our list."""


class Unsigned(Refused):
    """A bundle that no trusted key has signed as it is."""


class JobFailed(WorkbenchError):
    """A notebook that stopped with an error.

    Parameters
    ----------
    message : str
        What failed, where its output lies and what to do.
    cell : int, optional
        Position of the failed cell, from 0.
    output : str, optional
        Path of the output notebook.
    cause : str, optional
        Why, where it is known: a :class:`workbench.core.job.Cause`.
    """

    def __init__(
        self, message: str, cell: int | None = None, output: str | None = None, cause: str | None = None
    ) -> None:
        super().__init__(message)
        self.cell = cell
        self.output = output
        self.cause = cause


class MissingExtra(WorkbenchError, ImportError):
    """A package that is not installed."""

    @classmethod
    def of(cls, feature: str, package: str, extra: str) -> MissingExtra:
        """Word the error with the line that installs it."""
        return cls(f"{feature} needs the package {package!r}. Install it with: pip install 'ml-workbench[{extra}]'")


def nearest(name: str, known: Sequence[str]) -> str:
    """A question with the nearest known name and a trailing blank, or nothing."""
    near = nearest_name(name, known)
    return "" if near is None else f"Did you mean {near!r}? "


def nearest_name(name: str, known: Sequence[str]) -> str | None:
    """The nearest known name, if one is near.

    >>> nearest_name("tenur", ["tenure", "Churn"]), nearest_name("tenur", ["Churn"])
    ('tenure', None)
    """
    from difflib import get_close_matches

    by_lower = {k.lower(): k for k in known}
    match = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[match[0]] if match else None


def shortened(names: Sequence[str], most: int = 20) -> str:
    """The first names of a list, in words."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
