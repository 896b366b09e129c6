"""The audit log: a chain that shows each change, and intents that show what was left half-way."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import Damaged
from workbench.storage import audit


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "audit.jsonl"
    for version in (1, 2, 3):
        audit.record(path, "promote", name="flights", version=version)
    return path


@pytest.mark.parametrize("line", [b"no JSON", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"number": 2}'])
def test_a_line_that_is_no_entry_is_named(log, line):
    lines = log.read_bytes().splitlines()
    log.write_bytes(b"\n".join([lines[0], line, lines[2], b""]))

    with pytest.raises(Damaged, match="Line 2 of the audit log"):
        audit.entries(log)
    with pytest.raises(Damaged, match="Line 2 of the audit log"):
        audit.record(log, "promote", name="flights", version=4)


@given(st.integers(0, 2), st.sampled_from(["number", "at", "by", "act", "name", "version", "before", "hash"]))
@settings(max_examples=25, deadline=None)
def test_no_field_of_any_line_can_be_changed_or_taken_out(tmp_path_factory, at, field):
    path = tmp_path_factory.mktemp("log") / "audit.jsonl"
    for version in (1, 2, 3):
        audit.record(path, "promote", name="flights", version=version)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    del lines[at][field]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    with pytest.raises(Damaged, match=f"Line {at + 1} "):
        audit.entries(path)


def test_a_folder_in_its_place_is_damaged(tmp_path):
    with pytest.raises(Damaged, match="can't be read"):
        audit.entries(tmp_path)


def test_an_intent_is_open_until_its_end_is_written(log):
    first, second = (audit.intend(log, "promote", name="flights", version=v) for v in (4, 5))
    assert [entry["version"] for entry in audit.open_intents(log)] == [4, 5]

    audit.undone(log, second)
    assert [entry["version"] for entry in audit.open_intents(log)] == [4]
    audit.done(log, first, manifest="ab")

    assert audit.open_intents(log) == []
    assert [entry["version"] for entry in audit.acts(log)] == [1, 2, 3, 4]
    assert audit.acts(log)[-1]["manifest"] == "ab"


def test_an_entry_is_on_the_disk_before_record_returns(log, monkeypatch):
    flushed = []
    monkeypatch.setattr(audit.os, "fsync", flushed.append)

    audit.record(log, "promote", name="flights", version=4)

    assert len(flushed) == 1


@pytest.mark.parametrize("torn", [b'{"number": 4, "at"', b'{"number": 4}' + b" " * 2000])
def test_a_line_that_a_crash_tore_is_cut_off_by_the_next_act(log, torn):
    whole = log.read_bytes()
    log.write_bytes(whole + torn)

    assert [entry["number"] for entry in audit.entries(log)] == [1, 2, 3]
    entry = audit.record(log, "promote", name="flights", version=4)

    assert log.read_bytes() == whole + json.dumps(entry, ensure_ascii=False).encode() + b"\n"
    assert audit.entries(log)[-1] == entry


def test_a_log_makes_the_folders_it_lies_in(tmp_path):
    path = tmp_path / "a" / "b" / "audit.jsonl"

    audit.record(path, "promote", name="flights")

    assert [entry["name"] for entry in audit.entries(path)] == ["flights"]


def test_an_entry_says_when_and_by_whom_and_names_in_their_own_letters(log, monkeypatch):
    monkeypatch.setattr(audit.getpass, "getuser", lambda: "Zoë")
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    entry = audit.record(log, "promote", at=at, name="flüge")

    assert (entry["at"], entry["by"]) == ("2026-01-02T03:04:05+00:00", "Zoë")
    assert "flüge" in log.read_text(encoding="utf-8")
    assert audit.record(log, "promote")["at"] > entry["at"]
    assert audit.record(log, "promote")["at"].endswith("+00:00")


@pytest.mark.parametrize("error", [OSError, KeyError])
def test_a_process_without_a_user_name_is_written_down_as_unknown(log, monkeypatch, error):
    """As in a container whose user is in no list: the act counts, whoever it was."""

    def nobody():
        raise error("no name")

    monkeypatch.setattr(audit.getpass, "getuser", nobody)

    assert audit.record(log, "promote")["by"] == "unknown"


def test_what_was_undone_says_of_which_act_and_with_which_details(log):
    intent = audit.intend(log, "promote", name="flights", version=4)

    entry = audit.undone(log, intent)

    assert {key: entry[key] for key in ("act", "undoes", "intent", "name", "version")} == {
        "act": "undone",
        "undoes": "promote",
        "intent": 4,
        "name": "flights",
        "version": 4,
    }
    assert "intends" not in entry
