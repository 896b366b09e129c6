"""New values for a cell that is there: only what changes is touched."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from workbench.codegen.parse import CALLS, Reading, read
from workbench.codegen.render import arguments, call
from workbench.core.parameters import STEPS, bare, unnamed
from workbench.errors import BadParameter

Edit = tuple[int, int, str]


def update(
    source: str, values: Mapping[str, Any], code: Mapping[str, str] | None = None, calls: Mapping[str, str] = CALLS
) -> str:
    """Source of a step's cell with other values.

    Variables, other statements, comments, layout and keywords that no form knows stay as they are. A call that is laid
    out as :func:`workbench.codegen.render` does is laid out so again.

    Parameters
    ----------
    source : str
        The cell as it is.
    values : mapping
        All its parameters, as plain JSON; one that is missing or equals the default is taken out.
    code : mapping of str, optional
        Parameters that are expressions.
    calls : mapping
        The verb of each way to call a step.

    Raises
    ------
    BadParameter
        If a value does not fit, or the cell was edited by hand so that it can't be read.

    Examples
    --------
    >>> print(update("model = wb.train(data, folds=2)  # quick", {"trials": 1}))
    model = wb.train(data, trials=1)  # quick
    """
    reading = read(source, calls)
    if reading is None:
        raise BadParameter("The cell was edited by hand and can't be updated. Write the step into a new cell.")
    text = _Text.of(source, reading.call)
    whole = _call(reading, values, code or {}, text)
    if text.between(text.start, text.end) == _call(reading, reading.values, reading.code, text):
        return text.edited([(text.start, text.end, whole)])
    changed = text.edited(_changes(reading, _given(reading.verb, values, code or {}), text))
    again = read(changed, calls)
    # Whatever odd layout the places of the arguments did not tell of: the values count more than the layout.
    wanted = read(text.edited([(text.start, text.end, whole)]), calls)
    return changed if again and _meaning(again) == _meaning(wanted) else text.edited([(text.start, text.end, whole)])


def _call(reading: Reading, values: Mapping[str, Any], code: Mapping[str, str], text: _Text) -> str:
    before = text.start - text.lines[reading.call.lineno - 1]
    return call(reading.verb, values, code, reading.takes, reading.callee, before, reading.kept)


def _given(verb: str, values: Mapping[str, Any], code: Mapping[str, str]) -> dict[str, str]:
    """Text of each parameter that is not the default, by name."""
    without = iter(bare(STEPS[verb]))
    return {name or next(without): text for name, text in arguments(verb, values, code, None)}


def _meaning(reading: Reading | None) -> tuple[Any, ...]:
    if reading is None:
        return ()
    given = _given(reading.verb, reading.values, reading.code)
    return reading.verb, given, reading.kept, reading.takes, reading.gives


def _changes(reading: Reading, wanted: dict[str, str], text: _Text) -> Iterator[Edit]:
    """The edits from the arguments that stand there to those that are wanted."""
    step = STEPS[reading.verb]
    there = text.arguments(unnamed(step))
    before = _given(reading.verb, reading.values, reading.code)
    for parameter in fields(step):
        if parameter.name in there and parameter.name in wanted:
            if wanted[parameter.name] != before.get(parameter.name):
                yield (*there[parameter.name].value, wanted[parameter.name])
        elif parameter.name in there and parameter.name in before:
            yield text.without(parameter.name, list(there.values()))
    added = [f"{name}={value}" for name, value in wanted.items() if name not in there]
    if added:
        yield from text.appended(added, list(there.values())[-1])


@dataclass(frozen=True)
class _Argument:
    """Where an argument and its value stand, in bytes."""

    name: str | None
    whole: tuple[int, int]
    value: tuple[int, int]


@dataclass(frozen=True)
class _Text:
    """A source in bytes, as the syntax tree counts them."""

    raw: bytes
    lines: tuple[int, ...]
    call: ast.Call
    start: int
    end: int

    @classmethod
    def of(cls, source: str, call: ast.Call) -> _Text:
        raw = source.encode()
        lines = (0, *(match.end() for match in re.finditer(rb"\r\n|\r|\n", raw)))
        return cls(raw, lines, call, *_span(lines, call))

    def between(self, start: int, end: int) -> str:
        return self.raw[start:end].decode()

    def edited(self, edits: Iterator[Edit] | list[Edit]) -> str:
        raw = self.raw
        for start, end, text in sorted(edits, reverse=True):
            raw = raw[:start] + text.encode() + raw[end:]
        return raw.decode()

    def arguments(self, places: Sequence[str]) -> dict[str | None, _Argument]:
        """All arguments in their order, by name; ``places`` are those without one."""
        spans = [_span(self.lines, argument) for argument in self.call.args]
        unnamed = [_Argument(name, span, span) for name, span in zip(places, spans, strict=False)]
        named = [_Argument(k.arg, _span(self.lines, k), _span(self.lines, k.value)) for k in self.call.keywords]
        return {a.name: a for a in sorted([*unnamed, *named], key=lambda a: a.whole)}

    def without(self, name: str, there: list[_Argument]) -> Edit:
        """Take an argument out, with the comma that belongs to it and the comment behind it."""
        at = next(i for i, a in enumerate(there) if a.name == name)
        start, end = there[at].whole
        if at + 1 < len(there):
            return start, there[at + 1].whole[0], ""
        if b"#" not in self.raw[there[at - 1].whole[1] : start]:
            return there[at - 1].whole[1], end, ""
        comma = re.match(rb"\s*,", self.raw[end:])
        return self.raw.rfind(b"\n", 0, start), end + (comma.end() if comma else 0), ""

    def appended(self, added: list[str], last: _Argument) -> Iterator[Edit]:
        """Put arguments behind the last one, each on a line of its own where that one has one."""
        end = last.whole[1]
        tail = self.raw[end : self.end - 1]
        if b"\n" not in tail:
            yield end, end, "".join(f", {text}" for text in added)
            return
        if not tail.lstrip().startswith(b","):
            yield end, end, ","
        line = self.raw.rfind(b"\n", 0, last.whole[0]) + 1
        indent = self.between(line, last.whole[0])
        indent = indent if not indent.strip() else "    "
        closing = self.raw.rfind(b"\n", 0, self.end - 1) + 1
        yield closing, closing, "".join(f"{indent}{text},\n" for text in added)


def _span(lines: tuple[int, ...], node: ast.expr | ast.keyword) -> tuple[int, int]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return lines[node.lineno - 1] + node.col_offset, lines[node.end_lineno - 1] + node.end_col_offset
