"""Secrets are masked on the way out: in streams, tracebacks, outputs, logs and records.

Known secrets (those that parameters refer to, and those that the environment names so) are found as they are, quoted,
escaped for JSON, URLs and HTML, in base64 and in hexadecimal, across colours and across pieces of a stream; unknown
ones by what they look like. Not found: a secret that the notebook itself changes (reversed, split over cells,
encrypted, drawn into an image), and one that a person wrote into the notebook and gave no telling name.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from workbench.core.secrets import PASSWORD, SHAPE, SHORTEST, is_reference, is_secret, references, secret

MASK = "********"
COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# Of the environment's own secrets nobody said that the job uses them: short ones are words, too.
SHORTEST_OF_ENVIRONMENT = 8
# A line of a secret of many lines, and the core of one in base64.
SHORTEST_PART = 8
# Held back from a stream, so that a secret that comes in two pieces is seen whole.
LONGEST_LINE = 65536


class Masker:
    """Replaces secrets in whatever is shown.

    Parameters
    ----------
    known : iterable of str
        Secrets that are known to this process.

    Examples
    --------
    >>> masker = Masker(["correct-horse"])
    >>> masker.text("user=me&p=correct-horse"), masker.text("ghp_" + "a1" * 18)
    ('user=me&p=********', '********')
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        self._known: re.Pattern[str] | None = None
        self.longest = 0
        self.of_lines = False
        self.learn(known)

    def learn(self, values: Iterable[Any]) -> None:
        """Know further secrets; what is no text, or too short, is none."""
        told = [value for value in values if isinstance(value, str) and len(value) >= SHORTEST]
        self._forms |= {form for value in told for form in _forms(value)}
        self.longest = max(map(len, self._forms), default=0)
        self.of_lines = any("\n" in form for form in self._forms)
        longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    @classmethod
    def of(cls, parameters: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Masker:
        """A masker for a run: what its parameters refer to, and the environment's own secrets."""
        environment = os.environ if environment is None else environment
        return cls([*map(secret, references(parameters)), *_of_environment(environment)])

    @staticmethod
    def environment(environment: Mapping[str, str]) -> Iterator[str]:
        """The secrets that an environment names so."""
        return _of_environment(environment)

    def text(self, text: str) -> str:
        """A text without secrets."""
        return self._pieces([text])[0]

    def plain(self, value: Any) -> Any:
        """Plain JSON without secrets, in names too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return type(value)({self.plain(name): self.plain(part) for name, part in value.items()})
        if isinstance(value, (list, tuple)):
            # Texts in a list are lines of one text, or parts of one traceback.
            if value and all(isinstance(part, str) for part in value):
                return self._pieces(list(value))
            return [self.plain(part) for part in value]
        return value

    def outputs(self, outputs: list[Any]) -> list[Any]:
        """The outputs of a cell; the pieces of a stream are one text, whatever came between them."""
        masked = list(outputs)
        for name in ("stdout", "stderr"):
            places = [i for i, o in enumerate(outputs) if o.get("output_type") == "stream" and o.get("name") == name]
            texts = self._pieces(["".join(outputs[i]["text"]) for i in places])
            for i, text in zip(places, texts, strict=True):
                masked[i] = type(outputs[i])({**outputs[i], "text": text})
        return [o if o.get("output_type") == "stream" else self.plain(o) for o in masked]

    def _pieces(self, pieces: list[str]) -> list[str]:
        """Pieces of one text, each without its part of a secret; the mask stands where a secret begins."""
        whole = "".join(pieces)
        spans = self._spans(whole)
        if not spans:
            return [_encodable(piece) for piece in pieces]
        told, start = [], 0
        for piece in pieces:
            told.append(_encodable(_without(whole, spans, start, start + len(piece))))
            start += len(piece)
        return told

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand, in order and without overlap; colours within one don't hide it."""
        bare, places = _bare(text)
        found = [m.span() for m in self._known.finditer(bare)] if self._known else []
        found += [m.span() for m in SHAPE.finditer(bare)]
        found += [m.span(m.lastgroup or 0) for m in PASSWORD.finditer(bare)]
        spans: list[tuple[int, int]] = []
        for start, end in sorted((places(a), places(b - 1) + 1) for a, b in found if b > a):
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            else:
                spans.append((start, end))
        return spans


class Stream:
    """A stream that is masked as it goes, line by line.

    Examples
    --------
    >>> stream = Stream(Masker(["correct-horse"]))
    >>> stream.feed("it is correct-"), stream.feed("horse\\n"), stream.rest()
    ('', 'it is ********\\n', '')
    """

    def __init__(self, masker: Masker) -> None:
        self._masker, self._held = masker, ""

    def feed(self, text: str) -> str:
        """What may be shown now; the begun line is held back, and of a very long one its end."""
        self._held += text
        cut = self._begun()
        if len(self._held) - cut > LONGEST_LINE:
            cut = len(self._held) - max(self._masker.longest, 1024)
        return self._release(cut)

    def _begun(self) -> int:
        """Where the begun line stands, or a secret of several lines that may have begun before."""
        last = self._held.rfind("\n") + 1
        key = self._held.rfind("-----BEGIN ")
        if key >= 0 and "-----END " not in self._held[key:]:
            last = min(last, key)
        if self._masker.of_lines:
            last = min(last, max(0, len(self._held) - self._masker.longest))
        return self._held.rfind("\n", 0, last) + 1

    def rest(self) -> str:
        """What was held back."""
        return self._release(len(self._held))

    def _release(self, cut: int) -> str:
        for start, end in self._masker._spans(self._held):
            if start < cut < end:
                cut = start
        shown, self._held = self._held[:cut], self._held[cut:]
        return self._masker.text(shown)


def without_colours(text: str) -> str:
    """A text without the signs that colour it in a terminal."""
    return COLOURS.sub("", text)


def _of_environment(environment: Mapping[str, str]) -> Iterator[str]:
    """What variables hold that are called secrets; a path says only where one lies."""
    for name, value in environment.items():
        long = len(value) >= SHORTEST_OF_ENVIRONMENT
        if is_secret(name) and long and not is_reference(value) and not os.path.lexists(value):
            yield value


def _bare(text: str) -> tuple[str, Any]:
    """The text without colours, and from places in it to places in the text."""
    if "\x1b" not in text:
        return text, lambda place: place
    places: list[int] = []
    last = 0
    for match in COLOURS.finditer(text):
        places.extend(range(last, match.start()))
        last = match.end()
    places.extend(range(last, len(text)))
    return COLOURS.sub("", text), places.__getitem__


def _without(text: str, spans: list[tuple[int, int]], start: int, end: int) -> str:
    shown, at = [], start
    for first, last in spans:
        if last <= start or first >= end:
            continue
        shown.append(text[at : max(first, at)])
        if first >= start:
            shown.append(MASK)
        at = min(last, end)
    return "".join([*shown, text[at:end]])


def _encodable(text: str) -> str:
    """A text that UTF-8 can hold: half of a pair is written as its escape."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _forms(value: str) -> set[str]:
    """The ways in which a secret appears in what programs show."""
    forms = {value, *_written(value)}
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) > 1:
        for line in lines:
            forms |= {line, *_written(line)} if len(line) >= SHORTEST_PART else set()
    return {form for form in forms if len(form) >= SHORTEST}


def _written(value: str) -> set[str]:
    quoted = {
        repr(value)[1:-1],
        ascii(value)[1:-1],
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
    }
    data = value.encode("utf-8", "surrogatepass")
    urls = {quote(data, safe=""), quote(data), quote_plus(data), quote(data, safe="").lower()}
    markup = {html.escape(value), html.escape(value, quote=False)}
    twice = {json.dumps(form)[1:-1] for form in {*quoted, *markup}}
    hexadecimal = {data.hex(), data.hex().upper()} if len(data) >= SHORTEST else set()
    return {*quoted, *urls, *markup, *twice, *hexadecimal, *_base64(data)}


def _base64(data: bytes) -> set[str]:
    """In base64, alone or within a longer text: there its first signs depend on what stands before."""
    found = set()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data).decode()
        # The signs that depend on this secret alone.
        first = -(-before * 8 // 6)
        last = (before + len(data)) * 8 // 6
        core = encoded[first:last]
        if len(core) >= SHORTEST_PART or (before == 0 and len(core) >= SHORTEST):
            found |= {core, core.replace("+", "-").replace("/", "_")}
    return found
