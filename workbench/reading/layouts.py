"""How a text file is laid out, seen from its first bytes: by many lines and their quotes, never by the header alone.

What somebody says is taken as said; only the rest is looked for. Every separator is tried with every quote, and the
one by which the most lines have equally many values, of clean kinds, is the one (as CleverCSV and DuckDB do it).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from workbench.core.names import counts
from workbench.core.reading import Layout
from workbench.errors import BadParameter
from workbench.reading.below_header import LOGGER, Below, below
from workbench.reading.encodings import encoding_of, known_encoding
from workbench.reading.rows import Rows, split_lines
from workbench.reading.typed_cells import MOSTLY, TYPED, TYPED_ROWS, columns, is_typed, names_columns

# Bytes at the beginning of a file that are looked at.
SAMPLE = 1 << 18
# Lines of them by which separators are compared.
COMPARED = 2000
# How usual each separator is: of two that fit as well, the more usual one. A colon stands in times, a blank in names.
SEPARATORS = {",": 1.0, ";": 1.0, "\t": 1.0, "|": 0.98, "^": 0.9, "~": 0.9, "\x01": 0.9, " ": 0.9, ":": 0.85}
ONE_COLUMN = 0.8
# For each value of a row, up to so many: of two that fit as well, the one that separates more.
WIDE_BONUS = 0.005
WIDEST_BONUS = 20
COMMENTS = ("#", "//", "%")
# Of the rows, those of the usual length from which on a separator is one.
REGULAR = 0.3
# Lines above a header that are looked over for it.
MOST_TITLES = 20
# Share of the values behind a separator that begin with a blank from which on blanks are no part of values.
PADDED = 0.95
_ONE_NUMBER = re.compile(r"\s*[-+]?(?:\d+,\d+|\d{1,3}(?:[,.]\d{3})+(?:[.,]\d+)?)\s*")
_ONE_VALUE = re.compile(
    r"\s*(?:[\d./-]{6,10}[ T])?\d{1,2}:\d\d(?::\d\d)?\S*(?: [AaPp]\.?[Mm]\.?)?\s*|\s*\d{1,3}(?: \d{3})+\s*"
)
_APOSTROPHES = re.compile(r"(?:^|[,;\t|])\s*'[^'\r\n]*'\s*(?=[,;\t|]|$)", re.MULTILINE)
_YEAR = re.compile(r"\s*(?:19|20)\d\d\s*")
_RULE = re.compile(r"(?=.*[|+])[|+]?[ :]*-{2,}[-+|: ]*")
# Of PostgreSQL: what stands for no value, and what for a sign.
_NO_VALUE = re.compile(r"(?:^|\t)\\N(?=[\t\r\n]|\Z)", re.MULTILINE)
_ESCAPE = re.compile(r"\\[\\bfnrtvN.]")
# As Excel writes it into the first line.
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*')


@dataclass(frozen=True)
class Asked:
    """What somebody says of a file; None: to be seen from it.

    Parameters
    ----------
    encoding, separator, quote, comment : str, optional
    header : bool, optional
    skip : int, optional
    sheet : str, optional
        Of a workbook.
    table : str, optional
        Of a database.
    """

    encoding: str | None = None
    header: bool | None = None
    skip: int | None = None
    separator: str | None = None
    quote: str | None = None
    comment: str | None = None
    sheet: str | None = None
    table: str | None = None

    @classmethod
    def checked(cls, options: Mapping[str, Any]) -> Asked:
        """Of keywords.

        Raises
        ------
        BadParameter
            If one is unknown, or not of its type or range.
        """
        known = [one.name for one in fields(cls)]
        for name, value in options.items():
            if name not in known:
                raise BadParameter.unknown(name, known, "Reading a table")
            if value is not None and (problem := _problem(name, value)):
                raise BadParameter(f"{name} must be {problem}, got {value!r}. Leave it out to have it seen.")
        asked = cls(**options)
        return asked if asked.encoding is None else replace(asked, encoding=known_encoding(asked.encoding))

    def given(self) -> dict[str, Any]:
        """What was said."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) is not None}


def _problem(name: str, value: Any) -> str:
    if name == "header":
        return "" if isinstance(value, bool) else "True or False (skip= passes over lines above the header)"
    if name == "skip":
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return "" if whole else "a whole number of lines, at least 0"
    if not isinstance(value, str):
        return "a text"
    if name in ("separator", "quote"):
        return "" if len(value) <= 1 and value not in ("\n", "\r") else "one character, or an empty text for none"
    return ""


def sniff(source: bytes | str | Path, asked: Mapping[str, Any] | None = None) -> Layout:
    """The layout of a text file, from its first 256 kB.

    Parameters
    ----------
    source : bytes, or path
        Content, or a file that is not packed.
    asked : mapping, optional
        What is known already: ``encoding``, ``header``, ``skip``, ``separator``, ``quote``, ``comment``.

    Raises
    ------
    BadParameter
        If something else is asked, or not of its type.

    Examples
    --------
    >>> layout = sniff(b"Sales of 2023\\n\\nday;price\\nMon;1,5\\nTue;2,5\\n")
    >>> layout.separator, layout.skip, layout.header
    (';', 2, True)
    """
    if isinstance(source, bytes):
        sample, whole = source[:SAMPLE], len(source) <= SAMPLE
    else:
        with Path(source).open("rb") as file:
            sample = file.read(SAMPLE)
            whole = not file.read(1)
    said = Asked.checked(asked or {})
    encoding = said.encoding or encoding_of(sample, whole)[0]
    return layout_of(decoded(sample, encoding, whole), encoding, said, whole)


def decoded(sample: bytes, encoding: str, whole: bool) -> str:
    """The sample's text; without its last line, which may be cut, unless it is all there is.

    Raises
    ------
    UnicodeDecodeError
        If the encoding does not know one of its bytes.
    """
    import codecs

    text = codecs.getincrementaldecoder(encoding)().decode(sample, final=whole)
    if whole:
        return text
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1] if end >= 0 else text


def layout_of(text: str, encoding: str, asked: Asked, whole: bool = True) -> Layout:
    """The layout of a decoded sample, which may be the whole text."""
    lines = split_lines(text)
    comment = _rules(lines[:COMPARED]) if asked.comment is None else asked.comment
    plain = Layout(encoding=encoding, comment=comment, skip=asked.skip or 0)
    if asked.skip is None and asked.separator is None and lines and (said := SEPARATOR_LINE.fullmatch(lines[0])):
        asked = replace(asked, separator=said[1])
        plain = replace(plain, skip=1)
    above = plain.skip if asked.skip is not None or asked.comment else plain.skip + _comment_lines(lines[plain.skip :])
    compared = lines[above : above + COMPARED]
    cut = not whole or len(lines) > above + COMPARED
    split = _best_split(compared, replace(plain, skip=0), asked, cut)
    if split.separator == "\t" and not asked.quote and _is_copied(text):
        split = replace(split, quote="", escape="", escaped=True)
    return _placed(lines, replace(split, skip=plain.skip), above, asked)


def _is_copied(text: str) -> bool:
    """Whether it is written as PostgreSQL's COPY does: with its word for no value, and no backslash but in escapes."""
    return _NO_VALUE.search(text) is not None and "\\" not in _ESCAPE.sub("", text)


def _rules(lines: Sequence[str]) -> str:
    """How the lines begin that are drawn between rows, as Markdown, SAP and the shells of databases do; else empty."""
    drawn = [line for line in lines if "--" in line and _RULE.fullmatch(line.strip())]
    mark = drawn[0][:2] if drawn and len(lines) >= len(drawn) + 2 else ""
    return mark if sum(line.startswith(mark) for line in lines) == len(drawn) else ""


def _comment_lines(lines: Sequence[str]) -> int:
    """Lines of comments, and empty ones among them, at the top."""
    count = 0
    for i, line in enumerate(lines):
        if line.startswith(COMMENTS):
            count = i + 1
        elif line.strip():
            break
    return count


def _best_split(lines: Sequence[str], plain: Layout, asked: Asked, cut: bool) -> Layout:
    """The separator and the quote that explain the most lines."""
    text = "".join(lines)
    possible = [sep for sep in SEPARATORS if sep in text] if asked.separator is None else [asked.separator]
    if asked.separator is None and " " not in possible and "\t" in possible:
        possible.append(" ")
    trials = [
        trial
        for sep in (*possible, *([""] if asked.separator is None else []))
        for quote in (_quotes(text) if asked.quote is None else [asked.quote])
        for trial in _escaped_or_not(text, replace(plain, separator=sep, quote=quote))
    ]
    trials += [replace(trial, padded=True) for trial in trials if _quoted_behind_blanks(text, lines, trial)]
    best = _best(trials, lines, cut)
    return replace(best, padded=best.padded or _is_padded(lines, best))


def _escaped_or_not(text: str, trial: Layout) -> tuple[Layout, ...]:
    """With a backslash as escape too where one stands before a quote, unless only without it all quotes are closed."""
    if not trial.quote or f"\\{trial.quote}" not in text:
        return (trial,)
    escaped = replace(trial, escape="\\")
    is_text = _well_quoted(text, trial) == 1.0 > _well_quoted(text, escaped)
    return (trial,) if is_text else (trial, escaped)


def _best(trials: Sequence[Layout], lines: Sequence[str], cut: bool) -> Layout:
    """The first of the highest score; what can't come up to one that is known is not tried."""
    best, highest = trials[0], 0.0
    for trial in trials:
        if _most(trial) > highest and (score := _score(lines, trial, cut)) > highest:
            best, highest = trial, score
    return best


def _quoted_behind_blanks(text: str, lines: Sequence[str], trial: Layout) -> bool:
    """Whether a value begins with blanks and a quote; a separator and a blank within quotes are no such begin."""
    separator, quote = trial.separator, trial.quote
    usual = separator not in ("", " ", "\t") and bool(quote)
    if not usual or re.search(f"{re.escape(separator)} +{re.escape(quote)}", text) is None:
        return False
    return any(v.startswith(" ") and v.lstrip(" ").startswith(quote) for row in Rows(lines, trial) for v in row)


def _is_padded(lines: Sequence[str], split: Layout) -> bool:
    """Whether a blank stands behind (nearly) every separator that has a value behind it."""
    text = "".join(lines)
    quoted_blanks = bool(split.quote) and f"{split.separator}{split.quote} " in text
    if split.separator in ("", " ", "\t") or quoted_blanks or f"{split.separator} " not in text:
        return False
    behind = [value for row in Rows(lines, split) for value in row[1:] if value.strip()]
    return bool(behind) and sum(value.startswith(" ") for value in behind) >= PADDED * len(behind)


def _quotes(text: str) -> list[str]:
    quotes = ['"']
    if '"' in text:
        quotes.append("")
    elif text.count("'") >= 4 and len(_APOSTROPHES.findall(text)) >= 2:
        quotes.append("'")
    return quotes


def _score(lines: Sequence[str], trial: Layout, cut: bool) -> float:
    """How well lines are explained: 0 to a little above 1; the last row may be cut."""
    split = Rows(lines, trial)
    rows = [row for row in split if len(row) > 1 or row[0].strip()]
    if not rows:
        return 0.0
    if cut and split.unclosed and len(rows) > 1:
        rows.pop()
        lines = lines[: split.line - 1]
    well_quoted = 0.4 + 0.6 * _well_quoted("".join(lines), trial) - (0.005 if trial.escape or not trial.quote else 0.0)
    if not trial.separator:
        return ONE_COLUMN * _clean(rows, trial) * well_quoted
    width, start = usual_width(rows)
    if width < 2 or _is_one_column(lines, rows, width, trial):
        return 0.0
    counted = _without_footer([row for row in rows[start:] if len(row) == width or not row[0].startswith(COMMENTS)])
    regular = sum(_fits(row, width) for row in counted) / len(counted)
    few_titles = 0.98 ** min(start, 10)
    usual = SEPARATORS.get(trial.separator, 1.0) * (1 + WIDE_BONUS * min(width, WIDEST_BONUS))
    full = [row for row in rows if len(row) == width]
    return usual * regular**2 * few_titles * _clean(full, trial) * well_quoted


def _most(trial: Layout) -> float:
    """What its score can be at most."""
    if not trial.separator:
        return ONE_COLUMN
    return SEPARATORS.get(trial.separator, 1.0) * (1 + WIDE_BONUS * WIDEST_BONUS)


def _fits(row: Sequence[str], width: int) -> bool:
    """Whether a row has as many values, but for separators behind the last one."""
    return len(row) >= width and not any(value.strip() for value in row[width:])


def _without_footer(rows: list[list[str]]) -> list[list[str]]:
    """Without the last rows of one value, such as a total; three at most, and never most of them."""
    footer = next((i for i, row in enumerate(reversed(rows)) if len(row) > 1), 0)
    return rows[: len(rows) - footer] if footer <= min(3, len(rows) // 3) else rows


def usual_width(rows: Sequence[Sequence[str]]) -> tuple[int, int]:
    """How many values most rows have, and the position of the first that has as many.

    Rows of one value are titles, if there are enough others.
    """
    widths = Counter(map(len, rows))
    several = {width: times for width, times in widths.items() if width > 1}
    best = max(several, key=lambda width: (several[width], width), default=1)
    if not several or several[best] < REGULAR * len(rows):
        best = 1
    return best, next(i for i, row in enumerate(rows) if len(row) == best or best == 1)


def _is_one_column(lines: Sequence[str], rows: Sequence[Sequence[str]], width: int, trial: Layout) -> bool:
    """Whether what separates stands within the values of one column: decimal commas, times, words of a name."""
    body = [line for line in lines[1:] if line.strip()]
    if trial.separator in " :":
        start = next(i for i, row in enumerate(rows) if len(row) == width)
        full = [row for row in rows[start + 1 :] if len(row) == width]
        named = len(rows[0]) == width or (len(rows[0]) == width - 1 > 1) or '"' in lines[0]
        named = named or names_columns(rows[start], full)
        typed = any(is_typed(columns(full, width)))
        return not (named and typed) or _mostly(_ONE_VALUE, body) or (trial.separator == ":" and width == 2)
    if width != 2 or len(rows[0]) != 1 or len(rows) < 2:
        return False
    firsts = [row[0] for row in rows[1:]]
    if (len(firsts) >= 5 and counts(firsts)) or (trial.quote and body[0].startswith(trial.quote)):
        return False  # names of the rows
    names = not any(TYPED.fullmatch(value) or value.startswith(" ") for value in rows[1])
    titled = names or " " in rows[0][0].strip() or not lines[1].strip() or names_columns(rows[1], rows[2:])
    return not titled or _mostly(_ONE_NUMBER, body)


def _mostly(pattern: re.Pattern[str], lines: Sequence[str]) -> bool:
    return bool(lines) and sum(bool(pattern.fullmatch(line)) for line in lines) >= MOSTLY * len(lines)


def _well_quoted(text: str, trial: Layout) -> float:
    """Share of the quotes at the beginning of a value that are closed at the end of one."""
    if not trial.quote or trial.quote not in text:
        return 1.0
    quote, between = re.escape(trial.quote), r"\s" if trial.separator == " " else re.escape(trial.separator or "\0")
    blanks = "[ \t]*" if trial.padded else ""
    inner = rf"(?:[^{quote}\\]|\\.|{quote}{quote})*" if trial.escape else rf"(?:[^{quote}]|{quote}{quote})*"
    values = re.findall(
        rf"(?:^|{between}){blanks}{quote}({inner}{quote}[ \t]*(?=$|{between}|[\r\n]))?", text, re.MULTILINE
    )
    return sum(map(bool, values)) / len(values) if values else 1.0


def _clean(rows: Sequence[Sequence[str]], trial: Layout) -> float:
    """How much values look like those of a table: numbers and dates most, texts with other separators in them least."""
    others = [sep for sep in ",;\t|" if sep != trial.separator]
    values = Counter(value for row in rows[:TYPED_ROWS] for value in row)
    whole = not trial.separator
    marks = Counter[float]()
    for value, times in values.items():
        marks[_cleanness(value, others, whole)] += times
    return sum(mark * times for mark, times in sorted(marks.items())) / values.total() if values else 0.0


def _cleanness(value: str, others: Iterable[str], whole: bool) -> float:
    """Of one value, which may be a whole line: then its comma may be the one that separates."""
    if not value.strip() or (TYPED.fullmatch(value) and not (whole and "," in value)):
        return 1.0
    return 0.5 if any(sep in value for sep in others) or "  " in value.strip() else 0.9


class _Row(NamedTuple):
    line: int
    until: int
    values: list[str]


def _placed(lines: Sequence[str], split: Layout, above: int, asked: Asked) -> Layout:
    """The layout with the place of its header."""
    rows = _rows(lines, replace(split, skip=above))
    if not rows:
        return replace(split, skip=above, header=True if asked.header is None else asked.header)
    width, _ = usual_width([row.values for row in rows])
    if not split.separator:
        width = 1
    comment = asked.comment if asked.comment is not None else split.comment or _comment_within(rows, width)
    rows = [row for row in rows if not (comment and row.values[0].startswith(comment))]
    logged = len(rows) > 1 and rows[0].values[0] == LOGGER
    at = 0 if asked.skip is not None else 1 if logged else _header_at(rows, width)
    titled = _named_in_comment(lines, split, rows, at, width, above) if asked.skip is None and above else None
    if titled is not None:
        return replace(split, skip=titled, header=True, comment=comment)
    body = [row.values for row in rows[at + 1 :]]
    row_names = len(rows[at].values) == width - 1 and _are_row_names(rows[at].values, body, width)
    sure = asked.header if asked.header is not None else not without_header(rows[at].values, body)
    header = True if row_names and asked.header is None else sure
    skip = asked.skip if asked.skip is not None else (rows[at].line - 1 if at or not comment else above)
    lower = _below_names(rows, at, width) if header and split.separator and not row_names else Below()
    return replace(split, skip=skip, header=header, comment=comment, row_names=header and row_names, **lower._asdict())


def _below_names(rows: Sequence[_Row], at: int, width: int) -> Below:
    names = rows[at].values
    return below([*names, *[""] * (width - len(names))], _below(rows, at, width), rows[0].values[0] if at else "")


def placed(cells: Sequence[Sequence[str]]) -> Layout:
    """Where the header stands in cells that are split already, as those of a sheet.

    >>> placed([["Sales", ""], ["", ""], ["day", "price"], ["Mon", "2"], ["Tue", "3"]]).skip
    2
    """
    rows = [_Row(i + 1, i + 2, list(values)) for i, values in enumerate(cells) if any(map(str.strip, values))]
    width = max(_filled_until(row.values) for row in rows)
    rows = [row._replace(values=row.values[:width]) for row in rows]
    at = _header_at(rows, width)
    header = not without_header(rows[at].values, [row.values for row in rows[at + 1 :]])
    lower = _below_names(rows, at, width) if header else Below()
    return Layout(skip=rows[at].line - 1, header=header, **lower._asdict())


def _filled_until(values: Sequence[str]) -> int:
    return max((i + 1 for i, value in enumerate(values) if value.strip()), default=0)


def _rows(lines: Sequence[str], layout: Layout) -> list[_Row]:
    rows = Rows(lines, layout)
    return [_Row(rows.line, rows.until, row) for row in rows if len(row) > 1 or row[0].strip() or not layout.separator]


def _comment_within(rows: Sequence[_Row], width: int) -> str:
    """What begins the few lines that have not the length of a row."""
    for mark in COMMENTS:
        marked = [row for row in rows if row.values[0].startswith(mark)]
        if width > 1 and marked and len(marked) < 0.25 * len(rows) and all(len(r.values) != width for r in marked):
            return mark
    return ""


def _header_at(rows: Sequence[_Row], width: int) -> int:
    """Position of the first row that is no title."""
    at = next((i for i, row in enumerate(rows) if _may_be_header(row.values, width)), 0)
    while at + 2 < len(rows) and _is_title(rows, at, width):
        at += 1
    return at


def _may_be_header(values: Sequence[str], width: int) -> bool:
    return width - 1 <= len(values) <= width and _filled(values) > 0


def _is_title(rows: Sequence[_Row], at: int, width: int) -> bool:
    """Whether names come only later: this row has fewer, and the next full one is apart from it or names columns."""
    if _names_come_apart(rows, at, width):
        return True
    row, following = rows[at], rows[at + 1]
    apart = following.line > row.until
    sparse = _filled(row.values) < min(2, width) and (width > 2 or apart)
    fewer = len(row.values) < width or sparse or (width == 1 and apart)
    full = next((i for i in range(at + 1, len(rows)) if _filled(rows[i].values) >= min(2, width)), None)
    if not fewer or full is None:
        return False
    if len(rows[full].values) != width:
        full = next((i for i in range(full, len(rows)) if _filled(rows[i].values) == width), None)
        return full is not None and names_columns(rows[full].values, _below(rows, full, width))
    names, body = rows[full].values, _below(rows, full, width)
    above_texts = _filled(row.values) == 1 and not any(map(TYPED.fullmatch, names))
    above_years = sparse and width > 2 and _filled(names) == width and _are_names_or_years(names)
    titles = apart or full > at + 1 or above_texts or above_years
    return bool(body) and (titles or names_columns(names, body))


def _are_names_or_years(values: Sequence[str]) -> bool:
    """Whether the first is a text, and all that look like numbers are years."""
    typed = [value for value in values if TYPED.fullmatch(value)]
    return not TYPED.fullmatch(values[0]) and all(map(_YEAR.fullmatch, typed))


def _names_come_apart(rows: Sequence[_Row], at: int, width: int) -> bool:
    """Whether a row behind an empty line names every column, and those up to it are no table of their own."""
    for i in range(at + 1, min(at + 1 + MOST_TITLES, len(rows))):
        apart = rows[i].line > rows[i - 1].until and len(rows[i].values) == width == _filled(rows[i].values)
        if apart and names_columns(rows[i].values, _below(rows, i, width)):
            between = [row.values for row in rows[at + 1 : i] if len(row.values) == width]
            return len(between) < 2 or not names_columns(rows[at].values, between)
    return False


def _below(rows: Sequence[_Row], at: int, width: int) -> list[list[str]]:
    """The rows behind one that have as many values as most have."""
    return [row.values for row in rows[at + 1 :] if len(row.values) == width]


def _filled(values: Sequence[str]) -> int:
    return sum(bool(value.strip()) for value in values)


def _are_row_names(names: Sequence[str], body: Sequence[Sequence[str]], width: int) -> bool:
    """Whether rows have one value more than there are names because each has a name of its own, as R writes them."""
    full = [row for row in body if len(row) == width]
    firsts = [row[0] for row in full]
    trailing = all(not row[-1].strip() for row in full)
    return bool(full) and not trailing and len(set(firsts)) == len(firsts) and all(first.strip() for first in firsts)


def _named_in_comment(
    lines: Sequence[str], split: Layout, rows: Sequence[_Row], at: int, width: int, above: int
) -> int | None:
    """Lines above the last comment, where that has the names of the columns."""
    last = max((i for i in range(above) if lines[i].startswith(COMMENTS)), default=None)
    if last is None or width < 2 or rows[at].line != above + 1:
        return None
    names = next(iter(Rows([without_mark(lines[last])], replace(split, skip=0))), [])
    body = [row.values for row in rows]
    fits = len(names) == width and all(name.strip() for name in names)
    return last if fits and not names_columns(rows[at].values, body[at + 1 :]) else None


def without_mark(line: str) -> str:
    """A comment without what begins it.

    >>> without_mark("## a,b")
    'a,b'
    """
    return re.sub(r"^(?:#+|//|%+)[ \t]*", "", line)


def without_header(values: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether the first row surely is one as the others are.

    Its numbers and dates stand in columns of those, are no numbering or years, and its texts come again below.

    >>> without_header(["-1.2", "p"], [["0.5", "q"], ["0.1", "p"]])
    True
    >>> without_header(["country", "2019", "2020"], [["Chad", "1.5", "2.5"], ["Mali", "3.5", "4.5"]])
    False
    """
    return bool(body) and looks_like_row(values, body) and (_can_not_name(values) or _texts_again(values, body))


def looks_like_row(values: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether some value of the first row is a number or date as those below, and none is a text above those."""
    typed = is_typed(columns(body, len(values)))
    pairs = [value for value, is_number in zip(values, typed, strict=True) if is_number and value.strip()]
    return bool(pairs) and all(TYPED.fullmatch(value) for value in pairs)


def _can_not_name(values: Sequence[str]) -> bool:
    """Numbers with decimals and signs, dates, and numbers that come twice name no column."""
    numbers = [value.strip() for value in values if TYPED.fullmatch(value)]
    texts = [value for value in values if value.strip() and not TYPED.fullmatch(value)]
    odd = len(set(numbers)) < len(numbers) or any(not value.isdigit() for value in numbers)
    return odd and len(texts) <= len(numbers) and not _is_numbering(numbers)


def _texts_again(values: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Every text is one of those below, and the numbers are no numbering."""
    below = columns(body, len(values))
    texts = [(value, column) for value, column in zip(values, below, strict=True) if not TYPED.fullmatch(value)]
    again = all(value in column for value, column in texts if value.strip())
    return again and not _is_numbering([value.strip() for value in values if TYPED.fullmatch(value)])


def _is_numbering(numbers: Sequence[str]) -> bool:
    """0, 1, 2, … or 1, 2, 3, …, or years: such names are given."""
    if not all(number.isdigit() and len(number) < 10 for number in numbers):
        return False
    whole = [int(number) for number in numbers]
    steps = {b - a for a, b in pairwise(whole)}
    years = all(1900 <= number <= 2100 for number in whole)
    return len(steps) <= 1 and 0 not in steps and (years or (len(whole) > 2 and whole[0] in (0, 1) and steps == {1}))
