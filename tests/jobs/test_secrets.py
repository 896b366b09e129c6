"""Secrets are refused in clear and masked on the way out; twelve planted ones leave none on disk."""

from __future__ import annotations

import base64
import html
import json
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.core.secrets import check_secrets, is_secret, references, secret
from workbench.errors import BadParameter, JobFailed
from workbench.jobs.run.masking import MASK, Masker, Stream

TOKEN = "ghp_" + "a1B2" * 9
SECRETS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=4, max_size=30
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("source", "postgres://anna:fish@db/x"),
        ("source", TOKEN),
        ("source", f"see {TOKEN}, please"),
        ("source", "sk-" + "a1" * 12),
        ("source", "AKIA" + "A1B2" * 4),
        ("source", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.s5C3kf0q"),
        ("source", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"),
        ("source", "Server=db;Uid=me;Password=fish;"),
        ("headers", {"Authorization": "Bearer abcdef123456"}),
        ("db", {"host": "x", "password": "fish"}),
        ("db", {"a": [{"api_key": "fish"}]}),
        ("db", {"a": [1, TOKEN]}),
        ("db", {TOKEN: 1}),
        ("password", "fish"),
        ("password", 1234),
        ("tokens", {"token": 7}),
    ],
)
def test_a_secret_in_clear_is_refused_and_not_repeated(name: str, value: Any) -> None:
    with pytest.raises(BadParameter, match="looks like a secret") as caught:
        check_secrets(name, value)

    assert "fish" not in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        "2013-07",
        "postgres://anna@db/x",
        "http://host:8080/a@b",
        "a basic understanding",
        "sk-learn",
        "d41d8cd98f00b204",
    ],
)
def test_what_is_no_secret_is_taken(value: str) -> None:
    check_secrets("source", {"a": [value]})


def test_names_say_what_is_a_secret() -> None:
    assert [n for n in ("max_tokens", "target", "tokenizer", "keys", "compass") if is_secret(n)] == []
    assert all(map(is_secret, ("dbPassword", "API_KEY", "access-token", "client_secret", "aws_secret_access_key")))


def test_a_reference_to_nothing_is_refused_before_anything_runs(
    home: Path, notebook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = notebook("1", parameters="password = ''\ndb = {}")
    monkeypatch.setenv("SHORT", "abc")

    for value, message in [("env:NOT_SET", "NOT_SET is not set"), ("env:SHORT", "at least 4"), ("env:a b", "a secret")]:
        with pytest.raises(BadParameter, match=message):
            wb.submit(path, {"password": value})
    with pytest.raises(BadParameter, match="NOT_SET is not set"):
        wb.submit(path, {"db": {"login": "env:NOT_SET"}})
    assert not (home / "jobs").exists()


def test_a_keyring_gives_secrets_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    import types

    class KeyringError(Exception):
        pass

    fake = types.SimpleNamespace(get_password=lambda s, u: {("db", "anna"): "correct-horse"}.get((s, u)))
    fake.errors = types.SimpleNamespace(KeyringError=KeyringError)
    monkeypatch.setitem(sys.modules, "keyring", fake)

    assert secret("keyring:db/anna") == "correct-horse"
    with pytest.raises(BadParameter, match="no entry db/bert"):
        secret("keyring:db/bert")
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(BadParameter, match="pip install keyring"):
        secret("keyring:db/anna")


def _ways(value: str) -> dict[str, str]:
    data = value.encode()
    return {
        "as it is": value,
        "quoted": repr(value),
        "as JSON": json.dumps(value),
        "as JSON in JSON": json.dumps(json.dumps({"a": value})),
        "in a URL": quote(value, safe=""),
        "in a page": html.escape(value),
        "in hexadecimal": data.hex(),
        "behind a name in base64": base64.b64encode(b"anna:" + data + b":x").decode() if len(data) > 8 else value,
        "in base64": base64.b64encode(data).decode() if len(data) > 8 else value,
        "in base64 for URLs": base64.urlsafe_b64encode(b"?" + data).decode() if len(data) > 8 else value,
        "coloured": value[:2] + "\x1b[31m" + value[2:] + "\x1b[0m",
    }


@given(SECRETS, st.text(max_size=10))
def test_a_secret_is_found_in_each_of_its_forms(value: str, around: str) -> None:
    masker = Masker([value])

    for way, text in _ways(value).items():
        core = text.strip("\"'=") if "base64" not in way else text[8:-8]
        masked = masker.text(around + text + around)
        assert MASK in masked, way
        assert not core or core in around or core not in masked, way


@given(SECRETS, st.lists(st.integers(0, 30), max_size=4), st.text("ab \n", max_size=20))
def test_a_secret_in_pieces_of_a_stream_is_found(value: str, cuts: list[int], around: str) -> None:
    whole = around + value + around
    ends = sorted({0, len(whole), *(min(c, len(whole)) for c in cuts)})
    pieces = [whole[a:b] for a, b in pairwise(ends)]
    masker, stream = Masker([value]), Stream(Masker([value]))
    outputs = [{"output_type": "stream", "name": "stdout", "text": piece} for piece in pieces]
    outputs.insert(1, {"output_type": "stream", "name": "stderr", "text": "between"})

    kept = [o["text"] for o in masker.outputs(outputs) if o["name"] == "stdout"]
    shown = "".join([*map(stream.feed, pieces), stream.rest()])

    assert "".join(kept) == shown == masker.text(whole)
    assert MASK in shown


def test_a_key_of_several_lines_is_masked_line_by_line_and_as_it_goes() -> None:
    key = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkq\n" * 3 + "-----END PRIVATE KEY-----"
    unknown, known = Stream(Masker()), Masker([key])

    shown = "".join([*(unknown.feed(f"{line}\n") for line in f"a\n{key}\nb".splitlines()), unknown.rest()])

    assert shown == f"a\n{MASK}\nb\n"
    assert "MIIE" not in known.text(f"  File 'x'\n    MIIEvQIBADANBgkq\n{key!r}")


def test_what_is_no_secret_is_kept_as_it_is() -> None:
    text = "loss=0.31 [1m\x1b[31mred\x1b[0m] token count: 4096, http://host:8080/x@y, /home/anna/keys"

    assert Masker(["correct-horse"]).text(text) == text
    assert Masker.of({}, {"PWD": "/", "API_TOKEN": "short", "PATH": "/usr/bin"}).text("short /usr/bin /") == (
        "short /usr/bin /"
    )


def test_references_are_found_however_deep() -> None:
    assert list(references({"a": [{"b": "env:X"}], "c": "keyring:s/u", "d": "env:"})) == ["env:X", "keyring:s/u"]


PLANTED = {f"WORKBENCH_PLANTED_{n}": f"{word}-{n}/{n * 7}\"é+&" for n, word in enumerate([
    "correct-horse", "battery", "staple", "hunter", "swordfish", "opensesame", "letmein", "trustno", "dragon", "monkey",
])}  # fmt: skip
# Known by nobody: the shape alone tells them.
SHAPED = {"token": TOKEN, "address": "swordfish-of-the-address"}
LEAKS = """
import base64, json, logging, os, sys, urllib.parse
from workbench.jobs.secrets import secret
own = [secret(r) for r in refs]
print(own[0]); print(own[1], file=sys.stderr)
print(own[2][:5], end="", flush=True); print(own[2][5:], flush=True)
logging.warning(own[3])
os.system("printf '%s\\n' '" + own[4] + "'")
os.write(1, own[5].encode() + b"\\n"); os.write(2, own[5].encode() + b"\\n")
print(json.dumps({"a": own[6]}), urllib.parse.quote(own[6], safe=""), base64.b64encode(b"me:" + own[6].encode()))
from IPython.display import HTML, JSON, display, publish_display_data
display(HTML("<b>" + own[7] + "</b>")); display(JSON({"deep": {own[7]: [own[7]]}}))
handle = display("first", display_id=True); handle.update(own[8])
print("ghp_" + "a1B2" * 9, "postgres://anna:" + "swordfish-of" + "-the-address" + "@db/x")
class Odd(Exception): pass
"""
RAISES = "raise Odd('could not log in with ' + own[9])"


@pytest.mark.slow
def test_of_twelve_planted_secrets_none_is_on_disk(
    home: Path, notebook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    path = notebook(LEAKS, RAISES, parameters="refs = []")

    with pytest.raises(JobFailed, match="could not log in with") as caught:
        wb.submit(path, {"refs": [f"env:{name}" for name in PLANTED]})

    planted = [*PLANTED.values(), SHAPED["token"], SHAPED["address"]]
    assert len(planted) == 12
    files = {f: f.read_bytes() for f in home.rglob("*") if f.is_file()}
    shown = {"error": str(caught.value).encode(), "terminal": "".join(capfd.readouterr()).encode()}
    needles = {form.encode() for value in planted for form in _ways(value).values()}
    needles |= {value.encode("unicode_escape") for value in planted} - {b""}
    found = [(str(where), needle) for where, text in {**files, **shown}.items() for needle in needles if needle in text]
    assert found == []
    output = next(text for f, text in files.items() if f.name == "output.ipynb").decode()
    log = next(text for f, text in files.items() if f.name == "log").decode()
    assert output.count(MASK) >= 15
    assert MASK in log
    assert os.environ["WORKBENCH_PLANTED_0"] == PLANTED["WORKBENCH_PLANTED_0"]
