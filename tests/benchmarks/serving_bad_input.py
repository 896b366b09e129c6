"""The same bad rows for every server, and what each made of them."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from serving_peers import BODIES, OURS, Peer

PATIENCE = 20.0  # seconds for an answer
REFUSE, FLAG, SCORE = "refuse", "flag", "score"
_PATH = re.compile(r"(?:/[\w.+-]+){2,}\.py|site-packages|Traceback")


@dataclass(frozen=True)
class Case:
    """A request that is wrong, or unusual.

    Parameters
    ----------
    name : str
        In the table.
    right : {"refuse", "flag", "score"}
        A 4xx; an answer that says what is unusual; an answer.
    rows : callable, optional
        From a good row to the bad ones.
    field : str
        Column that a refusal should name.
    raw : callable, optional
        From a good body to a bad one, where it is the body that is wrong.
    """

    name: str
    right: str
    rows: Callable[[dict], list[dict]] | None = None
    field: str = ""
    raw: Callable[[bytes], bytes] | None = None


def changed(column: str, value: Any) -> Callable[[dict], list[dict]]:
    return lambda row: [{**row, column: value}]


def without(column: str) -> Callable[[dict], list[dict]]:
    return lambda row: [{name: value for name, value in row.items() if name != column}]


def literal(text: str) -> Callable[[bytes], bytes]:
    """In place of the ``"@"``: what JSON's grammar lacks, or doubles."""
    return lambda body: body.replace(b'"@"', text.encode())


def two_of_three(row: dict) -> list[dict]:
    return [{**row, "age": "thirty"}, row, {**row, "hours_per_week": "many"}]


CASES = (
    Case("a good row", SCORE, lambda row: [row]),
    Case("number column missing", REFUSE, without("education_num"), "education_num"),
    Case("text column missing", REFUSE, without("relationship"), "relationship"),
    Case("number column missing in one row of two", REFUSE, lambda row: [*without("education_num")(row), row],
         "education_num"),
    Case("all columns missing", REFUSE, lambda row: [{}], "age"),
    Case("text in a number", REFUSE, changed("age", "thirty"), "age"),
    Case("number in a text", REFUSE, changed("workclass", 3), "workclass"),
    Case("object in a number", REFUSE, changed("age", {"years": 39}), "age"),
    Case("11.5 in a whole number", REFUSE, changed("education_num", 11.5), "education_num"),
    Case("null in a text that had some", SCORE, changed("workclass", None)),
    Case("null in a number that had none", REFUSE, changed("age", None), "age"),
    Case("unseen category", FLAG, changed("workclass", "Asteroid-miner"), "workclass"),
    Case("number out of range, -5e9", FLAG, changed("age", -5_000_000_000), "age"),
    Case("absurd number, 1e308", FLAG, changed("capital_gain", 1e308), "capital_gain"),
    Case("number beyond a double, 1e999", REFUSE, changed("capital_gain", "@"), "capital_gain", literal("1e999")),
    Case("NaN, which is not JSON", REFUSE, changed("capital_gain", "@"), "capital_gain", literal("NaN")),
    Case("extra column", FLAG, changed("favourite_colour", "red"), "favourite_colour"),
    Case("two bad rows of three", REFUSE, two_of_three, "hours_per_week"),
    Case("no row", REFUSE, lambda row: []),
    Case("malformed JSON", REFUSE, raw=lambda body: body[: len(body) // 2]),
    Case("not UTF-8", REFUSE, raw=lambda body: body.replace(b"Male", b"M\xffle")),
    Case("empty body", REFUSE, raw=lambda body: b""),
    Case("a JSON text", REFUSE, raw=lambda body: b'"a row"'),
    Case("100,000 brackets", REFUSE, raw=lambda body: b"[" * 100_000),
    Case("a body of 40 MB", REFUSE, changed("workclass", "x" * (40 * 2**20))),
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What a server made of a case.

    Parameters
    ----------
    status : int
        Of the answer; 0 if there was none.
    text : str
        The answer's beginning.
    named, echoed, path, flagged : bool
        Whether it names the column, repeats other values of the row, shows a path or trace, flags something.
    value : object, optional
        The first prediction.
    """

    status: int
    text: str = ""
    named: bool = False
    echoed: bool = False
    path: bool = False
    flagged: bool = False
    value: Any = None

    def right(self, case: Case) -> bool:
        """Whether that is what a service should do."""
        if case.right == REFUSE:
            return 400 <= self.status < 500 and (self.named or not case.field) and not (self.echoed or self.path)
        return self.status == 200 and (case.right == SCORE or self.flagged)

    def told(self, case: Case) -> str:
        """For the table; what is wrong is bold."""
        words = self._refusal(case) if self.status != 200 else self._answer(case)
        return words if self.right(case) else f"**{words}**"

    def _refusal(self, case: Case) -> str:
        if not self.status:
            return "no answer"
        notes = [("names it" if self.named else "does not name it") if case.field else ""]
        notes += ["repeats the row"] * self.echoed + ["shows a path"] * self.path
        return ", ".join([str(self.status), *filter(None, notes if self.status < 500 else notes[1:])])

    def _answer(self, case: Case) -> str:
        value = f"{self.value:.3f}" if isinstance(self.value, float) else str(self.value)[:12]
        return f"200{', flagged' if self.flagged else ', silent' if case.right != SCORE else ''}: {value}"


def good_row(rows: list[dict]) -> dict:
    """The first without a missing value."""
    return next(row for row in rows if None not in row.values() and row["sex"] == "Male")


def all_cases(peer: Peer, port: int, row: dict, numbers: Collection[str]) -> Iterator[tuple[str, Seen]]:
    """Each case, one after the other, to a server that runs."""
    for case in CASES:
        body = body_of(case, peer, row, numbers)
        status, answer = ask(port, peer.path, body)
        yield case.name, seen(case, peer, row, status, answer)


def body_of(case: Case, peer: Peer, row: dict, numbers: Collection[str]) -> bytes:
    rows = case.rows(row) if case.rows else [row]
    form = BODIES[peer.body]
    made = {"rows": []} if peer.ours and not rows else form(rows, numbers)
    body = json.dumps(made).encode()
    return case.raw(body) if case.raw else body


def ask(port: int, path: str, body: bytes) -> tuple[int, str]:
    """Status and text; 0 and the reason where there was none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.connect()
        with suppress(OSError):  # a server that refuses early closes while we still send; its answer may be there
            connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, repr(error)
    finally:
        connection.close()


def seen(case: Case, peer: Peer, row: dict, status: int, text: str) -> Seen:
    found = answer_of(text) if status == 200 else None
    value = first(peer, found) if found is not None else None
    return Seen(status, text[:2000], bool(case.field) and names(case.field, text), status != 200 and echoes(row, text),
                bool(_PATH.search(text)), flags(found), value)  # fmt: skip


def answer_of(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def first(peer: Peer, answer: Any) -> Any:
    try:
        values = peer.answered(answer)
    except (KeyError, TypeError, IndexError, AttributeError):
        return answer
    return values[0] if values else "nothing"


def flags(answer: Any) -> bool:
    """Whether an answer says anywhere that something was unusual."""
    if isinstance(answer, dict):
        marks = [v for k, v in answer.items() if k in ("flags", "warnings", "warning")]
        return any(map(says, marks)) or any(map(flags, answer.values()))
    return isinstance(answer, list) and any(map(flags, answer))


def says(mark: Any) -> bool:
    """Whether there is anything in it: a list of empty lists has nothing."""
    return any(map(says, mark)) if isinstance(mark, list) else bool(mark)


def names(column: str, text: str) -> bool:
    """As a word of its own: every message has an ``age`` in it."""
    return re.search(rf"\b{column}\b", text) is not None


def echoes(row: dict, text: str) -> bool:
    """Whether values that the case did not touch stand in the answer."""
    return str(row["fnlwgt"]) in text or row["marital_status"] in text


def bad_input_table(found: dict[str, dict[str, Seen]]) -> Iterator[str]:
    """Cases down, servers across; the last line counts what was right."""
    yield "| case | should | " + " | ".join(found) + " |"
    yield "|---|---|" + "---|" * len(found)
    for case in CASES:
        cells = [seen[case.name].told(case) for seen in found.values()]
        yield f"| {case.name} | {case.right} | " + " | ".join(map(plain, cells)) + " |"
    right = [sum(seen[c.name].right(c) for c in CASES) for seen in found.values()]
    yield "| right | | " + " | ".join(f"{n} of {len(CASES)}" for n in right) + " |"


def our_words(found: dict[str, dict[str, Seen]]) -> Iterator[str]:
    """What ours says to each case, shortened."""
    for case in CASES if OURS in found else ():
        one = found[OURS][case.name]
        yield f"- {case.name}: {one.status}, {plain(short_words(answer_of(one.text)))[:200]}"


def short_words(answer: Any) -> str:
    """The faults of an answer, or its error, or what it flags."""
    if not isinstance(answer, dict):
        return str(answer)
    faults = [f"`{p['field']}`: expected {p['expected']}, got {p['got']}" for p in answer.get("problems", [])]
    flagged = ", ".join(answer.get("flags", []))
    return "; ".join(faults) or answer.get("error") or f"{answer.get('prediction', 0):.3f}, flags: {flagged or 'none'}"


def plain(text: str) -> str:
    """Text that can't break a table."""
    return " ".join(text.split()).replace("|", "/")
