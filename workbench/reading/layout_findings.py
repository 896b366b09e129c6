"""What was unusual in the layout of a file, as findings with their cures."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.core.finding import Finding
from workbench.core.literals import Cure
from workbench.core.wording import how_many, quoted
from workbench.errors import shortened
from workbench.reading.again import Again
from workbench.reading.heads import Head

# Lines that are named.
NAMED = 5

NO_HEADER = "WB130"
UNUSUAL = "WB132"
ESCAPED = (
    "Values are written as PostgreSQL's COPY does: tabs, line breaks and backslashes were read for \\t, \\n and \\\\, "
    "and no value for \\N."
)
UNITS = "The first row has words above all columns of numbers: perhaps units, and no values."


@dataclass
class Irregular:
    """What the rows of a file had beside the usual, counted while they are read.

    Parameters
    ----------
    short : list of int
        The first lines of rows with too few values.
    shorter : int
        How many of those there are.
    longer : int
        Rows with separators behind the last value.
    footer : list of str
        Lines at the end that are no rows.
    """

    short: list[int] = field(default_factory=list)
    shorter: int = 0
    longer: int = 0
    footer: list[str] = field(default_factory=list)

    def add_short(self, line: int) -> None:
        """One more row with too few values."""
        self.shorter += 1
        if len(self.short) < NAMED:
            self.short.append(line)


def findings(path: str, head: Head, guessed: bool, irregular: Irregular, given: Container[str]) -> tuple[Finding, ...]:
    """All that somebody should know of how a file was read, but for what they said themselves.

    Parameters
    ----------
    path : str
        As it was given, for the cures.
    head : Head
    guessed : bool
        Whether the encoding was found by what the text looks like.
    irregular : Irregular
    given : container of str
        Names of the options that were given.
    """
    header = [] if "header" in given else _header(path, head)
    unusual = [
        *([] if "skip" in given else _titles(path, head)),
        *(_encoding(path, head) if guessed and "encoding" not in given else []),
        *_columns(path, head, irregular),
        *_rows(head, irregular),
    ]
    evidence = head.layout.to_dict()
    told = [Finding(UNUSUAL, "info", message, cure=cure, evidence=evidence) for message, cure in unusual]
    return (*header, *_short(head, irregular), *told)


def _header(path: str, head: Head) -> list[Finding]:
    names = shortened(head.names, 3)
    if head.layout.header and not head.doubtful:
        return []
    sure = f"The file has no line with names: its first row holds values as the others do. Its columns are {names}."
    doubt = f"The names of the columns ({names}) look like values: perhaps the file has no header."
    cure = Again(path).by(header=False)
    return [Finding(NO_HEADER, "warning", doubt if head.layout.header else sure, cure=cure)]


def _short(head: Head, irregular: Irregular) -> list[Finding]:
    if not irregular.shorter:
        return []
    lines = listed_lines(irregular.short, irregular.shorter)
    rows = how_many(irregular.shorter, "row") + (" has" if irregular.shorter == 1 else " have")
    message = f"{rows} fewer than {head.width - head.trailing} values ({lines}); the last ones are taken as missing."
    return [Finding("WB131", "warning", message, evidence={"rows": irregular.shorter, "lines": irregular.short})]


def _titles(path: str, head: Head) -> list[tuple[str, Cure]]:
    if not head.titles:
        return []
    skip = head.layout.skip
    lines = "The line above the header was" if skip == 1 else f"{skip} lines above the header were"
    return [(f"{lines} passed over: {_quoted(head.titles)}.", Again(path).by(skip=skip))]


def _encoding(path: str, head: Head) -> list[tuple[str, Cure]]:
    encoding = head.layout.encoding
    message = f"The file does not say its encoding; {encoding} fits the text best."
    return [(message, Again(path).by(encoding=encoding))]


def _columns(path: str, head: Head, irregular: Irregular) -> list[tuple[str, Cure]]:
    unusual: list[tuple[str, Cure]] = []
    if head.trailing or irregular.longer:
        unusual.append(("Separators behind the last value of the rows were left out: nothing is behind them.", ""))
    if head.layout.row_names or head.counted:
        what = "names of the rows" if not head.counted else "a saved index that counts the rows"
        message = f"The first column has no name: it holds {what}, and is called {head.names[0]!r}."
        unusual.append((message, Again(path).by(ignore=[head.names[0]])))
    return unusual


def _rows(head: Head, irregular: Irregular) -> list[tuple[str, Cure]]:
    unusual: list[tuple[str, Cure]] = []
    if head.protected:
        unusual.append(('Texts are written as ="00123", as Excel protects them: they were read without that.', ""))
    if head.layout.escaped:
        unusual.append((ESCAPED, ""))
    if head.units:
        unusual.append((UNITS, ""))
    if head.below:
        unusual.append((lines_below(head.below, head.names, None if head.layout.joined else head.measured), ""))
    if irregular.footer:
        unusual.append((footer(irregular.footer), ""))
    return unusual


def lines_below(lines: int, names: Sequence[str], measured: Mapping[str, str] | None) -> str:
    """The message of lines below the header that are no rows: units by column, or None where they are names.

    >>> lines_below(1, ["t", "v"], {"v": "kg"})
    "The line below the header holds no values: units (kg of 'v'), which the columns have now."
    """
    if measured is None:
        shown = shortened([repr(name) for name in names if "_" in name], 3)
        return f"The names of the columns stand in {1 + lines} lines: they were joined, as {shown}."
    units = shortened([f"{unit} of {name!r}" for name, unit in measured.items()], 3) if measured else "none known"
    which = "The line below the header holds" if lines == 1 else f"The {lines} lines below the header hold"
    return f"{which} no values: units ({units}), which the columns have now."


def footer(lines: Sequence[str]) -> str:
    """The message of lines at the end that are no rows."""
    return f"The last lines are no rows and were left out: {_quoted(lines)}."


def listed_lines(lines: Sequence[int], times: int) -> str:
    """Numbers of lines in words.

    >>> listed_lines([3], 1), listed_lines([3, 7], 9)
    ('line 3', 'lines 3, 7 and 7 more')
    """
    more = f" and {times - len(lines):,} more" if times > len(lines) else ""
    return ("line " if times == 1 else "lines ") + ", ".join(f"{line}" for line in lines) + more


def _quoted(texts: Sequence[str]) -> str:
    return shortened(list(map(quoted, texts)), 3)
