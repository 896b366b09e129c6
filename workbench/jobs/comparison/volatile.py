"""What is another one each time a notebook runs, told apart from what it finds.

One table, :data:`RULES`, says what is passed over in texts when two runs are compared. A moment counts as one of now
only where it lies within its own job's run, a duration only where it is no longer than that and its line calls it one:
so a table's own dates and delays are compared. Whatever no rule knows is compared: an output that a rule should know
is shown as a difference, never taken for the same.

A cell whose outputs are meant to differ says so by the tag ``volatile`` (or nbval's ``nbval-ignore-output``), an
output by ``{"workbench": {"passing": true}}`` in its metadata, an element of a page by ``data-passing`` or by being a
``<time>``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from workbench.storage.said import MAKING

TAGS = frozenset(("volatile", "nbval-ignore-output"))
NOT_SHOWN = ("application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json")
MARGIN = 2.0  # seconds by which clocks of one machine, and rounded moments, may be off
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class When:
    """When a job ran, and what it was called.

    Parameters
    ----------
    start, end : float
        Seconds since 1970.
    names : tuple of str
        Its id, its folder and the like: each stands for the other's.
    zone : str
        Of its clock; UTC counts besides.
    """

    start: float = 0.0
    end: float = 0.0
    names: tuple[str, ...] = ()
    zone: str = ""

    def saw(self, moment: float, lasts: float = 0.0) -> bool:
        """Whether a moment, or a part of one that lasts so many seconds, lies within the run."""
        return self.start - MARGIN <= moment + lasts and moment <= self.end + MARGIN

    def offsets(self) -> set[float]:
        """Seconds from UTC of the clocks that it may have told the time by."""
        at = datetime.fromtimestamp(self.start, UTC)
        try:
            local = at.astimezone(ZoneInfo(self.zone) if self.zone else None).utcoffset()
        except (ValueError, OSError, LookupError):
            local = None
        return {0.0, (local or timedelta()).total_seconds()}


@dataclass(frozen=True)
class Rule:
    """Something that differs each time.

    Parameters
    ----------
    name : str
        What stands in its place; empty: nothing does.
    told : str
        What is passed over.
    pattern : re.Pattern
        How it is found.
    applies : callable
        Whether a match of a run is one.
    """

    name: str
    told: str
    pattern: re.Pattern[str]
    applies: Callable[[re.Match[str], When], bool] = lambda match, when: True

    def settle(self, text: str, when: When) -> str:
        """The text with its name in place of what is passed over."""
        return self.pattern.sub(lambda match: self._instead if self.applies(match, when) else match[0], text)

    @property
    def _instead(self) -> str:
        return f"⟨{self.name}⟩" if self.name else ""


def settled(text: str, when: When, passing: Iterable[str] = ()) -> str:
    """A text with what differs each time replaced by what it is.

    Parameters
    ----------
    text : str
        As an output has it.
    when : When
        Of the job whose output it is.
    passing : iterable of str
        Further texts that differ each time, as a record names them.

    Examples
    --------
    >>> now = When(1_700_000_000, 1_700_000_100)
    >>> settled("<a.B object at 0x7f3c5a2e> took 1.5 s, at 2023-11-14 22:13:21", now)
    '<a.B object at ⟨address⟩> ⟨duration⟩, at ⟨moment⟩'
    >>> settled("flight of 2013-07-01 22:13:21, delayed 1.5 s", now)
    'flight of 2013-07-01 22:13:21, delayed 1.5 s'
    """
    text = _as_a_terminal_shows(text)
    for name in sorted({*when.names, *passing} - {""}, key=len, reverse=True):
        text = re.sub(rf"(?<![\w]){re.escape(name)}(?![\w])", "⟨own⟩", text)
    for rule in RULES:
        text = rule.settle(text, when)
    return text


def settled_page(html: str, when: When, passing: Iterable[str] = ()) -> str:
    """The same of HTML or SVG: ids are numbered, comments, metadata and what its writer calls passing are left out.

    Examples
    --------
    >>> settled_page('<p id="T_3f1c0">1 <time>now</time></p>', When())
    '<p id="⟨id 1⟩">1 ⟨moment⟩</p>'
    """
    html = re.sub(r"<!--.*?-->|<metadata\b.*?</metadata>", "", html, flags=re.DOTALL | re.IGNORECASE)
    html = re.sub(r"<time\b[^>]*>.*?</time>", "⟨moment⟩", html, flags=re.DOTALL | re.IGNORECASE)
    return settled(_numbered(without_passing(html)), when, passing)


_PASSING = re.compile(r"<(\w+)(?:\s[^<>]*)?\sdata-passing\b[^<>]*>")


def without_passing(html: str) -> str:
    """A page without what is in elements that say that it differs each time."""
    kept, start = [], 0
    while found := _PASSING.search(html, start):
        kept += [html[start : found.start()], "⟨own⟩"]
        start = _end_of(found[1], html, found.end())
    return "".join([*kept, html[start:]])


def _end_of(tag: str, html: str, start: int) -> int:
    """Where an element ends that began before ``start``; those of its own kind in it are counted."""
    depth = 1
    for one in re.finditer(rf"<(/?){tag}\b[^<>]*>", html[start:]):
        depth += -1 if one[1] else 1
        if not depth:
            return start + one.end()
    return len(html)


def is_passing(output: dict[str, Any]) -> bool:
    """Whether an output is another one each time, as its own metadata say."""
    metadata = output.get("metadata")
    ours = metadata.get("workbench") if isinstance(metadata, dict) else None
    return isinstance(ours, dict) and ours.get("passing") is True


_ID = re.compile(r"""\bid=(?:"([^"<>\s]{4,})"|'([^'<>\s]{4,})')""")


def _numbered(html: str) -> str:
    """Ids that hold a digit, and so may be drawn, by the order in which they come."""
    found = dict.fromkeys(a or b for a, b in _ID.findall(html) if re.search(r"\d", a or b))
    if not found:
        return html
    places = {name: f"⟨id {number}⟩" for number, name in enumerate(found, 1)}
    longest_first = "|".join(map(re.escape, sorted(places, key=len, reverse=True)))
    return re.sub(rf"(?<![\w-])(?:{longest_first})(?![\w-])", lambda match: places[match[0]], html)


def _as_a_terminal_shows(text: str) -> str:
    """Without colours; of a line that was written over, what stands in the end."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r\n", "\n")
    return re.sub(r"[^\n]*\r(?=[^\n])", "", text).replace("\r", "")


# --- moments ----------------------------------------------------------------------------------------------------------


def _is_moment(match: re.Match[str], when: When) -> bool:
    """A date with a time of day, by its own zone or by one of the job's clocks."""
    told = match.groupdict()
    month = told.get("month") or ""
    number = MONTHS.index(month) + 1 if month in MONTHS else int(month)
    year, day, hour, minute = (int(told[name]) for name in ("year", "day", "hour", "minute"))
    try:
        at = datetime(year, number, day, hour, minute, int(told.get("second") or 0), tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return False
    lasts = 1.0 if told.get("second") else 60.0
    zone = told.get("zone")
    offsets = when.offsets() if zone is None else {_seconds_of_zone(zone)}
    return any(when.saw(at - offset, lasts) for offset in offsets)


def _seconds_of_zone(zone: str) -> float:
    sign = re.fullmatch(r"([+-])(\d{2}):?(\d{2})", zone)
    return 0.0 if sign is None else float(f"{sign[1]}1") * (int(sign[2]) * 3600 + int(sign[3]) * 60)


def _is_day(match: re.Match[str], when: When) -> bool:
    """The day of the run, by one of the job's clocks."""
    days = {
        datetime.fromtimestamp(at, timezone(timedelta(seconds=offset))).date().isoformat()
        for at in (when.start, when.end)
        for offset in when.offsets()
    }
    return match[0] in days


def _is_time_of_day(match: re.Match[str], when: When) -> bool:
    at = int(match["hour"]) * 3600 + int(match["minute"]) * 60 + int(match["second"])
    length = when.end - when.start + 2 * MARGIN + 1
    return any((at - (when.start + offset - MARGIN)) % 86400 <= length for offset in when.offsets())


def _is_epoch(match: re.Match[str], when: When) -> bool:
    whole, _, rest = match[0].partition(".")
    return when.saw(float(f"{whole[:10]}.{whole[10:]}{rest}"))


_DAY = r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"
_CLOCK = r"(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?"
_ZONE = r"(?:\s?(?P<zone>Z|UTC|[+-]\d{2}:?\d{2}))?"
_WORDS = "|".join(MONTHS)

# --- durations --------------------------------------------------------------------------------------------------------

_UNITS = {
    "ns": 1e-9, "µs": 1e-6, "μs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0,
    "seconds": 1.0, "min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0, "h": 3600.0, "hour": 3600.0,
    "hours": 3600.0,
}  # fmt: skip
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_PART = rf"(\d+(?:\.\d+)?(?:e-?\d+)?)\s?({_UNIT})\b"
_CALLED = r"\b(?:took|takes|taken|elapsed|duration|runtime|run time|wall time|time|total|in|after|within|testing was)"


def _is_duration(match: re.Match[str], when: When) -> bool:
    """No longer than the whole run was: a delay of hours that a table tells is none of a job of a minute."""
    seconds = sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, match[0]))
    return seconds <= when.end - when.start + MARGIN


# --- the table --------------------------------------------------------------------------------------------------------

RULES = (
    Rule(
        "", "What Workbench says of a window that is there already, as after each run but the first.",
        re.compile(r"^Window .+ of .+ was there; it is replaced\.$\n?", re.M),
    ),
    Rule(
        "", "What Workbench says once, when it makes its store.", re.compile(rf"^{re.escape(MAKING)}$\n?", re.M)
    ),
    Rule(
        "duration", "Lines of %time, %%time and %timeit.",
        re.compile(r"^(?:CPU times|Wall time|Compiler *):.*$|^.* per loop \(mean ± std\. dev\. of .*$", re.M),
    ),
    Rule(
        "duration", "The clock and the pace of a progress bar.",
        re.compile(r"\[?(?:\d+:)?\d+:\d{2}<(?:\?|(?:\d+:)?\d+:\d{2})(?:, *(?:\?|[\d.]+) ?\w*/\w+)?\]?"),
    ),
    Rule(
        "duration", "The pace of steps, such as 12ms/step and 3.2it/s.",
        re.compile(
            r"(?:\b\d+(?:s|ms) )?\b[\d.]+ ?(?:ns|us|µs|ms|s)/(?:step|epoch|iter|it|sample)\b"
            r"|\b[\d.]+ ?(?:it|steps|rows)/s\b"
        ),
    ),
    Rule(
        "duration", "A duration that its line calls one (took, elapsed, in, after, total …), up to that of the run.",
        re.compile(rf"{_CALLED}(?: (?:about|only|was|is|of))?\s?[:=≈~]?\s*{_PART}(?: {_PART})?", re.I), _is_duration,
    ),
    Rule(
        "job", "The id of a job that was submitted during the run.",
        re.compile(
            r"\b(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})T(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})"
            r"(?:\d{3})?-[A-Za-z0-9-]+-[0-9a-f]{4}\b"
        ), _is_moment,
    ),
    Rule(
        "moment", "A moment within the run, with its zone, in UTC or by the job's clock.",
        re.compile(rf"(?<!\d){_DAY}[T ]{_CLOCK}{_ZONE}(?![\d:])"), _is_moment,
    ),
    Rule(
        "moment", "The same in words.",
        re.compile(rf"\b(?P<day>\d{{1,2}}) (?P<month>{_WORDS}) (?P<year>\d{{4}}),? {_CLOCK}{_ZONE}(?![\d:])"),
        _is_moment,
    ),
    Rule(
        "moment", "The same as the C library writes it.",
        re.compile(
            rf"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<month>{_WORDS}) +(?P<day>\d{{1,2}}) {_CLOCK} (?P<year>\d{{4}})\b"
        ), _is_moment,
    ),
    Rule(
        "moment", "The same without signs between, as in names of files.",
        re.compile(
            r"(?<!\d)(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})[T_-]?"
            r"(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})(?!\d)"
        ), _is_moment,
    ),
    Rule("day", "The day of the run.", re.compile(r"(?<![\d-])\d{4}-\d{2}-\d{2}(?![\d-]|[T ]\d{2}:\d{2})"), _is_day),
    Rule(
        "moment", "A time of day with seconds, within the run.",
        re.compile(
            r"(?<![\d:.])(?<!\d[T ])(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})(?:[.,]\d{1,9})?(?![\d:])"
        ),
        _is_time_of_day,
    ),
    Rule(
        "moment", "Seconds since 1970 (or thousandths, millionths, billionths) within the run.",
        re.compile(r"(?<![\w.])1\d{9}(?:\d{9}|\d{6}|\d{3}|\.\d+)?(?![\w.])"), _is_epoch,
    ),
    Rule("address", "An address in memory, as an object without a text of its own shows it.",
         re.compile(r"(?<=\bat )0x[0-9a-fA-F]+\b")),
    Rule("id", "A UUID, and 32 hexadecimal digits that are a random one, as MLflow's runs have.",
         re.compile(
             r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}\b", re.I)),
    Rule("temporary", "A name in a temporary folder, as Python draws it.",
         re.compile(r"(?<=[/\\])(?:tmp|wb-)[a-z0-9_]{8}\b")),
    Rule("temporary", "The file that a kernel gives a cell.", re.compile(r"ipykernel_\d+[/\\]\d+\.py")),
    Rule("process", "The number of a process that is called one.", re.compile(r"\bpid[ =:]+\d+\b", re.I)),
    Rule("port", "The port of an address of this machine.",
         re.compile(r"(?:\b(?:127\.0\.0\.1|localhost|0\.0\.0\.0)|\[::1\]):\d{2,5}\b")),
)  # fmt: skip
