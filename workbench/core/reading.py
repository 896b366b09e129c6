"""How a table was read: it is kept in the contract, and every later row is read in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.errors import Damaged

if TYPE_CHECKING:
    from workbench.core.contract import Kind

# Values that could not be read which are shown.
EXAMPLES = 5
MARKS = {",": "a comma", ".": "a point", " ": "a blank", "'": "an apostrophe"}
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}


@dataclass(frozen=True)
class Layout:
    """How a file of text is laid out.

    Parameters
    ----------
    encoding : str
        As Python names it, such as ``utf-8`` or ``cp1252``.
    separator : str
        What stands between two values: one character; a blank means any number of blanks and tabs, and an empty text
        that each line is one value.
    quote : str
        What stands around a value that holds the separator: one character, or an empty text where nothing does.
    escape : str
        What makes the character behind it a part of the value: a backslash, or an empty text where quotes within
        quotes are doubled.
    skip : int
        Lines above the header, or above the first row where there is none.
    header : bool
        Whether a line has the names of the columns.
    comment : str
        What a line that is no row begins with; an empty text where there is none.
    row_names : bool
        Whether each row begins with a name that has none in the header, as R writes them.
    padded : bool
        Whether a blank stands behind each separator, so that blanks around values are no part of them.
    below : int
        Lines below the header that are no rows, at most: units of measurement, or more lines of names.
    joined : bool
        Whether the names stand in the lines below too.
    escaped : bool
        Whether values are written as PostgreSQL's ``COPY`` does: ``\\t`` and ``\\n`` for tabs and line breaks, and
        ``\\N`` for none.
    """

    encoding: str = "utf-8"
    separator: str = ","
    quote: str = '"'
    escape: str = ""
    skip: int = 0
    header: bool = True
    comment: str = ""
    row_names: bool = False
    padded: bool = False
    below: int = 0
    joined: bool = False
    escaped: bool = False

    def described(self) -> str:
        """In words.

        >>> Layout("cp1252", ";", skip=2).described()
        'cp1252, semicolons between the columns, 2 lines above the header'
        """
        above = f"{self.skip} line{'s' if self.skip > 1 else ''} above the {'header' if self.header else 'first row'}"
        between = f"{SEPARATORS.get(self.separator, repr(self.separator))} between the columns"
        parts = [
            self.encoding,
            between if self.separator else "one column",
            above if self.skip else "",
            "" if self.header else "no header",
            f"lines that begin with {self.comment} left out" if self.comment else "",
            "names of rows" if self.row_names else "",
            "blanks around values left out" if self.padded else "",
            "tabs and line breaks as \\t and \\n" if self.escaped else "",
            f"names in {1 + self.below} lines" if self.joined else "units below the header" if self.below else "",
        ]
        return ", ".join(part for part in parts if part)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Layout:
        """Read what :meth:`to_dict` wrote.

        Raises
        ------
        Damaged
            If a value is not of its type.
        """
        return _checked(cls, content)


@dataclass(frozen=True)
class Form:
    """How the texts of one column become values.

    Parameters
    ----------
    decimal : str
        Mark before the decimals of a number: ``.`` or ``,``.
    thousands : str
        Mark between groups of digits: ``,``, ``.``, ``'``, a blank (any kind of it), or an empty text for none.
    unit : str
        What may stand before or behind each number, such as ``$`` or ``kg``; empty for none.
    multiples : bool
        Whether ``k``, ``M`` and ``bn`` behind a number mean thousands, millions and billions.
    moments : tuple of str
        Patterns of dates in the letters of ``strptime``, such as ``%m/%d/%Y``, tried in this order; the time of the day
        is read in any form, and ISO 8601 in any case.
    missing : tuple of str
        Words that stand for a missing value, beside those that do so everywhere (``core.forms.NOTHING``).
    true, false : tuple of str
        Words of a boolean, in small letters.

    Examples
    --------
    >>> Form(decimal=",", thousands=".").to_dict()
    {'decimal': ',', 'thousands': '.'}
    """

    decimal: str = "."
    thousands: str = ""
    unit: str = ""
    multiples: bool = False
    moments: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    true: tuple[str, ...] = ("true", "1", "1.0")
    false: tuple[str, ...] = ("false", "0", "0.0")

    def __repr__(self) -> str:
        """What differs from the usual form."""
        return f"Form({', '.join(f'{name}={value!r}' for name, value in self.to_dict().items())})"

    def described(self) -> str:
        """How numbers and dates are written, in words; empty where that is as programs write them.

        >>> Form(",", ".").described(), Form(moments=("%d.%m.%Y",)).described(), Form().described()
        ('with a comma before decimals and a point between thousands', 'as %d.%m.%Y', '')
        """
        parts = [
            f"{MARKS[self.decimal]} before decimals" if self.decimal != "." else "",
            f"{MARKS[self.thousands]} between thousands" if self.thousands else "",
            self.unit,
            "words for thousands and millions" if self.multiples else "",
        ]
        numbers = " and ".join(part for part in parts if part)
        return f"with {numbers}" if numbers else f"as {' or '.join(self.moments)}" if self.moments else ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data: what differs from the usual form."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Form:
        """Read what :meth:`to_dict` wrote.

        Raises
        ------
        Damaged
            If a value is not of its type.
        """
        return _checked(cls, content)


@dataclass(frozen=True)
class Notes:
    """What was noticed while a column was read.

    Parameters
    ----------
    kind : str
        What it was read as, as in the contract.
    form : Form
        How its texts are written.
    unread : int
        Values that are there and could not be read: they are missing now.
    examples : tuple of str
        Some of them.
    words : dict of str to int
        Rows of each word that stands for a missing value here.
    doubt : str
        What else its values could mean; else empty.
    as_text : bool
        Whether it came as text.
    """

    kind: Kind
    form: Form = Form()
    unread: int = 0
    examples: tuple[str, ...] = ()
    words: dict[str, int] = field(default_factory=dict)
    doubt: str = ""
    as_text: bool = False

    def merge(self, other: Notes) -> Notes:
        """Of the rows of both."""
        examples = tuple(dict.fromkeys((*self.examples, *other.examples)))[:EXAMPLES]
        words = {w: self.words.get(w, 0) + other.words.get(w, 0) for w in {**self.words, **other.words}}
        lost, doubt, texts = self.unread + other.unread, self.doubt or other.doubt, self.as_text or other.as_text
        return Notes(self.kind, self.form, lost, examples, words, doubt, texts)


@dataclass(frozen=True)
class Reading:
    """How a table was read: the layout of its file, and the form of every column. Made by :func:`workbench.dataset`.

    Parameters
    ----------
    layout : Layout, optional
        None where the table was no file of text.
    forms : dict of str to Form
        By column.

    Examples
    --------
    >>> Reading(Layout(separator=";"), {"price": Form(decimal=",")}).to_dict()["forms"]
    {'price': {'decimal': ','}}
    """

    layout: Layout | None = None
    forms: dict[str, Form] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "layout": None if self.layout is None else self.layout.to_dict(),
            "forms": {name: form.to_dict() for name, form in self.forms.items()},
        }


T = TypeVar("T", Layout, Form)


def _checked(noun: type[T], content: Mapping[str, Any]) -> T:
    """Of what a file holds; an unknown entry is left to a newer Workbench, which says so by its format."""
    usual = {one.name: one.default for one in fields(noun)}
    return noun(**{name: _like(usual[name], content[name], name) for name in usual if name in content})


def _like(usual: Any, value: Any, name: str) -> Any:
    """The value, if it is of the usual one's type; a JSON list is a tuple."""
    value = tuple(value) if isinstance(usual, tuple) and isinstance(value, list) else value
    if type(value) is not type(usual) or (isinstance(value, tuple) and not all(type(v) is str for v in value)):
        raise Damaged(f"The contract is not what was written: {name} is {str(value)[:40]!r}. Make it again.")
    return value
