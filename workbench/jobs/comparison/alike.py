"""What came out of the cells of two jobs: output by output, and of our results number by number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import unescape
from itertools import zip_longest
from typing import Any

from workbench.core.job_comparison import CellPair, FigurePair, Pair
from workbench.jobs.comparison.likeness import PICTURES, PLOTLY, SVG, Sides, changes, figure
from workbench.jobs.comparison.ran import Ran, Shown
from workbench.jobs.comparison.told import Told
from workbench.jobs.comparison.volatile import When, without_passing
from workbench.jobs.comparison.whys import Whys

MOST = 100  # differences of one output that are told one by one
FIGURES = (PLOTLY, SVG, *PICTURES)
# Of the other kinds of an output the first that both sides have is compared: what people see.
TEXTS = ("text/html", "text/latex", "text/markdown", "text/plain")
_AS_THEY_STAND = Sides(When(), When())


@dataclass
class Outcomes:
    """Compares cells, and gathers the numbers and findings of their results.

    Parameters
    ----------
    told : Told
        Where differences are written.
    whys : Whys
        What likely caused them.
    """

    told: Told
    whys: Whys
    scores: list[Pair] = field(default_factory=list)
    findings: list[Pair] = field(default_factory=list)
    tables: dict[tuple[Any, Any], None] = field(default_factory=dict)

    def cell(self, before: Ran | None, after: Ran | None) -> CellPair:
        """Compare one cell, None where a side does not have it."""
        number, there = len(self.told.differences), after or before
        assert there is not None, "a pair has one cell at least"
        self.told.compared["cells"] += 1
        same_code = _same_code(before, after)
        if not same_code:
            lines = _first_other((before.source if before else "", after.source if after else ""), _AS_THEY_STAND)
            self.told.differ("notebook", there.line, (lines[0] or None, lines[1] or None), there.position)
        skipped = any(side is not None and side.volatile for side in (before, after))
        if skipped:
            self.told.unknown.append(f"Cell {there.position + 1} is tagged volatile: its outputs are not compared.")
        figures: tuple[FigurePair, ...] = ()
        if before is not None and after is not None and not skipped:
            figures = tuple(_Cell(self, after.position, "" if same_code else "its code differs").outputs(before, after))
        return CellPair(
            (before.position if before else None, after.position if after else None),
            there.line,
            same_code,
            (before.seconds if before else None, after.seconds if after else None),
            (before.status if before else "", after.status if after else ""),
            len(self.told.differences) - number,
            figures,
            skipped,
        )


@dataclass(frozen=True)
class _Cell:
    """One cell on both sides: its position in the second notebook, and why it differs where that is known already."""

    of: Outcomes
    position: int
    why: str

    def outputs(self, before: Ran, after: Ran) -> Iterator[FigurePair]:
        """Compare all outputs; the figures among them."""
        one, other = before.streams or {}, after.streams or {}
        for name in sorted({*one, *other}):
            self._text(name, (one.get(name, ""), other.get(name, "")))
        for errors in zip_longest(before.errors, after.errors, fillvalue=""):
            self._text("error", errors)
        for place, (shown, now) in enumerate(zip_longest(before.shown, after.shown), 1):
            if shown is None or now is None:
                two = (shown and _what(shown), now and _what(now))
                self._differ("output", f"output {place}", two, self.of.whys.any())
            elif shown.record and now.record:
                self._record(shown, now, shown.record, now.record)
            else:
                yield from self._shown(f"output {place}", shown.data, now.data)

    def _differ(self, kind: str, name: str, two: tuple[Any, Any] = (None, None), why: str = "") -> None:
        self.of.told.differ(kind, name, two, self.position, self.why or why)

    def _text(self, name: str, two: tuple[str, str]) -> None:
        sides = self.of.told.sides
        self.of.told.compared["outputs"] += 1
        if not sides.same_text(*two):
            self._differ("output", name, _first_other(two, sides), self.of.whys.of_text(*two))

    def _shown(self, name: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[FigurePair]:
        """What is no result of ours: its figures, else its text or page, else its values."""
        drawn = [mime for mime in FIGURES if mime in before or mime in after]
        for mime in drawn:
            self.of.told.compared["figures"] += 1
            found = figure(mime, before.get(mime), after.get(mime), self.of.told.sides)
            if not found.same:
                self._differ("figure", f"{name}, {found.kind}: {found.told}", why=self.of.whys.any())
            yield found
        if not drawn:
            self._told(name, before, after)

    def _told(self, name: str, before: dict[str, Any], after: dict[str, Any]) -> None:
        """What has no figure: its page or text, else its values."""
        mime = next((one for one in TEXTS if one in before and one in after), "")
        two = joined(before.get(mime, "")), joined(after.get(mime, ""))
        if mime == "text/html":
            self._page(name, two)
        elif mime:
            self._text(name, two)
        else:
            self._values(name, before, after)

    def _page(self, name: str, two: tuple[str, str]) -> None:
        sides = self.of.told.sides
        self.of.told.compared["outputs"] += 1
        if not sides.same_page(*two):
            self._differ("output", name, _first_other(_bare(two), sides), self.of.whys.of_text(*two))

    def _values(self, name: str, before: dict[str, Any], after: dict[str, Any]) -> None:
        self.of.told.compared["outputs"] += 1
        found = list(changes(before, after, self.of.told.sides))
        for path, *two in found[:MOST]:
            self._differ("output", f"{name} {path}", (two[0], two[1]), self.of.whys.any())
        self._further("output", name, len(found))

    def _further(self, kind: str, name: str, number: int) -> None:
        if number > MOST:
            self._differ(kind, f"{name}, {number - MOST:,} further values")

    # A result of ours

    def _record(self, before: Shown, after: Shown, one: dict[str, Any], other: dict[str, Any]) -> None:
        """Its numbers, what it was made of, its findings; where these are the same, its headline and its page."""
        number = len(self.of.told.differences)
        sides = replace(self.of.told.sides, passing=(_passing(one), _passing(other)))
        inner = replace(
            self, why=self.why or self._origin(_dict(one, "origin"), _dict(other, "origin"), str(other["noun"]))
        )
        inner._numbers(str(other["noun"]), _dict(one, "results"), _dict(other, "results"), sides)
        inner._findings(str(other["noun"]), _findings_of(one), _findings_of(other))
        if len(self.of.told.differences) == number:
            pages = (joined(before.data.get("text/html", "")), joined(after.data.get("text/html", "")))
            inner._looks(
                str(other["noun"]),
                (_headline(one), _headline(other)),
                (_unstyled(pages[0]), _unstyled(pages[1])),
                sides,
            )

    def _origin(self, one: dict[str, Any], other: dict[str, Any], noun: str) -> str:
        """Compare what a result was made of; why it differs, where that does."""
        why, prints = "", (one.get("fingerprint"), other.get("fingerprint"))
        if any(prints):
            source = str(other.get("source") or one.get("source") or "a table")
            if prints[0] != prints[1]:
                why = f"the table {source} is another one"
                if prints not in self.of.tables:
                    self._differ("data", source, (_table(one), _table(other)))
            self.of.tables[prints] = None
        if one.get("seed") != other.get("seed"):
            why = why or f"the seed is another one: {one.get('seed')} → {other.get('seed')}"
            self._differ("seed", noun, (one.get("seed"), other.get("seed")))
        return why

    def _numbers(self, noun: str, one: dict[str, Any], other: dict[str, Any], sides: Sides) -> None:
        found = list(changes(one, other, sides))
        paths = {path for path, *_ in found}
        for path, value in _leaves(other):
            self.of.told.compared["results"] += 1
            if path not in paths:
                self.of.scores.append(Pair(path, value, value, same=True, cell=self.position, noun=noun))
        for path, before, after in found:
            self.of.scores.append(Pair(path, before, after, same=False, cell=self.position, noun=noun))
        for path, before, after in found[:MOST]:
            self._differ("result", f"{noun} {path}", (before, after), self.of.whys.any())
        self._further("result", noun, len(found))

    def _findings(self, noun: str, one: dict[str, str], other: dict[str, str]) -> None:
        for code in sorted({*one, *other}):
            two = one.get(code), other.get(code)
            self.of.findings.append(Pair(code, *two, same=two[0] == two[1], cell=self.position, noun=noun))
            if two[0] != two[1]:
                self._differ("finding", f"{noun} {code}", two, self.of.whys.any())

    def _looks(self, noun: str, heads: tuple[str, str], pages: tuple[str, str], sides: Sides) -> None:
        self.of.told.compared["outputs"] += 1
        if not sides.same_text(*heads):
            self._differ("output", f"{noun}, its headline", heads, self.of.whys.any())
        elif not sides.same_page(*pages):
            self._differ("output", f"{noun}, its page", _first_other(_bare(pages), sides), self.of.whys.any())


def _same_code(before: Ran | None, after: Ran | None) -> bool:
    """Parameters are compared by themselves; the cell that holds those that were given follows."""
    if all(side is None or side.injected for side in (before, after)):
        return True
    return before is not None and after is not None and before.source == after.source


def _first_other(two: tuple[str, str], sides: Sides) -> tuple[str, str]:
    """The first line of both that differs, as it stands there."""
    lines = zip_longest(two[0].splitlines(), two[1].splitlines(), fillvalue="")
    other = next(((a.strip(), b.strip()) for a, b in lines if not sides.same_text(a, b)), None)
    return other or (two[0].strip()[:200], two[1].strip()[:200])


def _bare(pages: tuple[str, str]) -> tuple[str, str]:
    """The texts of two pages, one a line."""
    one, other = (re.sub(r"<[^>]*>", "\n", _unstyled(page)).splitlines() for page in pages)
    return tuple("\n".join(filter(None, (unescape(part).strip() for part in parts))) for parts in (one, other))  # type: ignore[return-value]


def _unstyled(page: str) -> str:
    """A page without its style and script, which are those of a version of Workbench, and without what is passing."""
    return without_passing(re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.DOTALL | re.IGNORECASE))


def joined(text: Any) -> str:
    """A text that a notebook has as one, or as its lines."""
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _what(shown: Shown) -> str:
    return _headline(shown.record) if shown.record else ", ".join(sorted(shown.data))


def _headline(record: dict[str, Any]) -> str:
    return f"{record['noun']}: {record['headline']}"


def _passing(record: dict[str, Any]) -> tuple[str, ...]:
    told = record.get("passing")
    return tuple(map(str, told)) if isinstance(told, list) else ()


def _dict(record: dict[str, Any], name: str) -> dict[str, Any]:
    part = record.get(name)
    return part if isinstance(part, dict) else {}


def _table(origin: dict[str, Any]) -> str | None:
    if not origin.get("fingerprint"):
        return None
    rows = f", {origin['rows']:,} rows" if isinstance(origin.get("rows"), int) else ""
    return f"{str(origin['fingerprint'])[:12]}{rows}"


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _leaves(part, f"{path}[{place}]")
    else:
        yield path, value


def _findings_of(record: dict[str, Any]) -> dict[str, str]:
    told = record.get("findings")
    listed = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    return {f"{one.get('code')} {one.get('column') or ''}".strip(): str(one.get("severity")) for one in listed}
