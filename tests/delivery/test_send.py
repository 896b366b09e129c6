"""Delivery: once, tried again where that helps, never elsewhere, and a sentence without the secret where it fails."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from workbench.delivery import mail as mail_module
from workbench.delivery import send as sending
from workbench.delivery import webhook
from workbench.delivery.failure import Undelivered
from workbench.delivery.mail import letter, server
from workbench.delivery.message import Message
from workbench.delivery.send import deliver, is_due, lines, send
from workbench.delivery.targets import target
from workbench.errors import Busy, Damaged

MESSAGE = Message("job/1/FAILED", "a.ipynb FAILED in cell 4: ValueError: no", {"Job": "1"}, "Cell 4:\n1 / 0")
HOSTILE = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


def test_a_webhook_gets_json_with_a_key(hook: Any, tmp_path: Path) -> None:
    done = deliver(MESSAGE, [hook.url], tmp_path)

    path, headers, body = hook.requests[0]
    assert (done, path, headers["Idempotency-Key"], body["key"]) == (True, "/hook", MESSAGE.key, MESSAGE.key)
    assert body["title"] == MESSAGE.title
    assert body["text"] == "a.ipynb FAILED in cell 4: ValueError: no\n\nJob: 1\n\nCell 4:\n1 / 0"
    assert [line["state"] for line in lines(tmp_path).values()] == ["delivered"]


def test_slack_gets_its_form_in_which_nothing_is_markup(hook: Any, tmp_path: Path) -> None:
    message = Message("k", "<!channel> *x* & <http://evil.example|here>", {"A": "@here\n<b>"}, "```\n@channel <!here>")

    deliver(message, [f"slack:{hook.url}"], tmp_path)

    text = hook.texts[0]
    assert not any(sign in text.replace("&lt;", "").replace("&gt;", "") for sign in "<>")
    assert not any(call in text for call in ("@here", "@channel", "!channel", "!here"))
    assert text.count("```") == 2
    assert set(hook.requests[0][2]) == {"text", "mrkdwn", "unfurl_links", "unfurl_media"}


def test_a_broker_gets_json_on_its_topic_behind_a_reference(
    broker: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOPIC", broker.address("alarms/churn%20eu"))

    done = deliver(MESSAGE, ["env:TOPIC"], tmp_path)
    again = deliver(MESSAGE, ["env:TOPIC"], tmp_path)

    ((topic, told),) = broker.until(1)
    assert (done, again, topic, told["key"], told["title"]) == (
        True, True, "alarms/churn eu", MESSAGE.key, MESSAGE.title,
    )  # fmt: skip
    assert [line["target"] for line in lines(tmp_path).values()] == ["env:TOPIC"]


def test_a_broker_that_refuses_or_is_not_there_is_told_without_the_password(
    broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    for address, why, again in (
        (broker.address("a", password="wrong-horse"), "takes no connection", False),
        (f"mqtt://anna:wrong-horse@127.0.0.1:{port}/a", "can't be reached", True),
        (f"mqtts://anna:wrong-horse@127.0.0.1:{broker.port}/a", "can't be reached", True),
    ):
        monkeypatch.setenv("TOPIC", address)
        with pytest.raises(Undelivered, match=why) as raised:
            send(target("env:TOPIC"), MESSAGE)

        assert raised.value.again is again
        assert "horse" not in str(raised.value)
    closed.close()
    assert broker.heard == []


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_what_may_go_better_is_tried_again_with_growing_waits(
    status: int, hook: Any, tmp_path: Path, waits: tuple[list[float], Callable[[float], None]]
) -> None:
    hook.answers = [status, status]

    done = deliver(MESSAGE, [hook.url], tmp_path, sleep=waits[1])

    (line,) = lines(tmp_path).values()
    assert (done, line["state"], line["tries"], waits[0]) == (True, "delivered", 3, [1.0, 4.0])
    assert {headers["Idempotency-Key"] for _, headers, _ in hook.requests} == {MESSAGE.key}
    assert [body["repeated"] for _, _, body in hook.requests] == [False] * 3


def test_an_answer_may_say_how_long_to_wait(
    hook: Any, tmp_path: Path, waits: tuple[list[float], Callable[[float], None]]
) -> None:
    hook.answers, hook.headers = [429, 429], {"Retry-After": "30"}
    deliver(MESSAGE, [hook.url], tmp_path, sleep=waits[1])

    hook.answers, hook.headers = [503, 503], {"Retry-After": "99999999"}
    deliver(replace(MESSAGE, key="2"), [hook.url], tmp_path, sleep=waits[1])

    assert waits[0] == [30.0, 30.0, 60.0, 60.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_what_will_not_go_better_is_given_up(status: int, hook: Any, tmp_path: Path) -> None:
    hook.answers = [status] * 5

    done = deliver(MESSAGE, [hook.url], tmp_path)
    deliver(MESSAGE, [hook.url], tmp_path)

    (line,) = lines(tmp_path).values()
    assert (done, line["state"], len(hook.requests)) == (True, "given up", 1)
    assert f"answered HTTP {status}" in line["error"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int, hook: Any, tmp_path: Path) -> None:
    hook.answers, hook.headers = [status], {"Location": f"{hook.url}/elsewhere"}

    deliver(MESSAGE, [hook.url], tmp_path)

    (line,) = lines(tmp_path).values()
    assert ("leads elsewhere" in line["error"], len(hook.requests)) == (True, 1)


def test_who_does_not_answer_is_not_waited_for(hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook.delay = 1.0
    monkeypatch.setattr(webhook, "ANSWER", 0.1)

    done = deliver(MESSAGE, [hook.url], tmp_path, tries=1)

    (line,) = lines(tmp_path).values()
    assert (done, line["state"]) == (False, "failed")
    assert "did not answer in 0.1 seconds" in line["error"]


def _closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_an_outage_is_waited_out_by_whoever_comes_by(hook: Any, tmp_path: Path) -> None:
    hook.answers = [500] * 5
    waits: list[float] = []

    first = deliver(MESSAGE, [hook.url], tmp_path, sleep=waits.append)
    at = datetime.now(UTC)
    soon, later = is_due(tmp_path, at), is_due(tmp_path, at + timedelta(minutes=10))
    second, third = deliver(MESSAGE, [hook.url], tmp_path, tries=1), deliver(MESSAGE, [hook.url], tmp_path, tries=1)

    (line,) = lines(tmp_path).values()
    assert (first, soon, later, second, third) == (False, False, True, False, True)
    assert (line["state"], line["tries"], waits) == ("delivered", 6, [1.0, 4.0, 16.0])


@pytest.mark.slow
def test_it_is_given_up_after_many_tries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "send", _fails)

    told = [deliver(MESSAGE, ["env:HOOK"], tmp_path, tries=1) for _ in range(sending.MOST_TRIES)]

    assert told == [False] * (sending.MOST_TRIES - 1) + [True]
    assert next(iter(lines(tmp_path).values()))["state"] == "given up"


def _fails(*_: object) -> None:
    raise Undelivered("It can't be reached.", again=True)


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.slow
@hypothesis_settings(max_examples=30)
@given(st.lists(st.sampled_from(["before", "after", "noted", None]), max_size=4))
def test_a_kill_leaves_no_message_out_and_doubles_it_only_where_that_is_told(
    tmp_path_factory: pytest.TempPathFactory, kills: list[str | None]
) -> None:
    """Between what was sent and the note of it there is a moment; what is sent again says so, with the same key."""
    where, got = tmp_path_factory.mktemp("job"), list[Message]()

    for kill in [*kills, None]:
        with pytest.MonkeyPatch.context() as patch, suppress(Killed):
            patch.setattr(sending, "send", lambda one, message, kill=kill: _sends(got, message, kill))
            if kill == "noted":
                patch.setattr(sending, "_note", partial(_dies_noting, sending._note))
            deliver(MESSAGE, ["env:HOOK"], where)

    assert next(iter(lines(where).values()))["state"] == "delivered"
    assert {message.key for message in got} == {MESSAGE.key}
    assert [message.repeated for message in got][:1] == [any(k == "before" for k in kills[: _first(kills)])]
    assert all(message.repeated for message in got[1:])
    assert deliver(MESSAGE, ["env:HOOK"], where)


def _first(kills: list[str | None]) -> int:
    """How many tries there were before the first message got out."""
    return next((i for i, kill in enumerate(kills) if kill != "before"), len(kills))


def _sends(got: list[Message], message: Message, kill: str | None) -> None:
    if kill == "before":
        raise Killed
    got.append(message)
    if kill == "after":
        raise Killed


def _dies_noting(note: Callable[..., None], *arguments: Any, **news: Any) -> None:
    if news["state"] != "sending":
        raise Killed
    note(*arguments, **news)


def test_many_at_once_tell_once(hook: Any, tmp_path: Path) -> None:
    def one(_: int) -> bool | None:
        try:
            return deliver(MESSAGE, [hook.url, hook.url], tmp_path)
        except Busy:
            return None

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(one, range(12)))

    assert len(hook.requests) == 1
    assert True in told


def test_one_target_that_fails_keeps_no_other_from_being_told(hook: Any, tmp_path: Path) -> None:
    gone = f"http://127.0.0.1:{_closed_port()}/x"

    done = deliver(MESSAGE, [gone, "env:NOT_SET_ANYWHERE", "nonsense", hook.url], tmp_path, tries=1)

    told = {line["target"]: line["state"] for line in lines(tmp_path).values()}
    assert (done, len(hook.requests)) == (False, 1)
    assert sorted(told.values()) == ["delivered", "failed", "failed", "given up"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"lines": {"a": 3}}', '{"lines": {"a": {"target": "x"}}}'])
def test_a_damaged_record_of_deliveries_says_so(content: str, tmp_path: Path) -> None:
    (tmp_path / "delivered.json").write_text(content)

    with pytest.raises(Damaged, match=r"delivered\.json"):
        lines(tmp_path)


SECRETS = ("a1B2c3D4e5F6a7B8", "correct-horse")


@pytest.mark.parametrize("answers", [[200], [404], [302], [500, 500, 500, 500]])
def test_no_secret_is_in_a_record_an_error_or_a_log(
    answers: list[int], hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hook.answers, hook.headers = answers, {"Location": f"{hook.url}/{SECRETS[0]}"}
    monkeypatch.setenv("HOOK", f"{hook.url}/{SECRETS[0]}?token={SECRETS[1]}")
    caplog.set_level(logging.DEBUG)

    deliver(MESSAGE, ["env:HOOK"], tmp_path, sleep=lambda _: None)
    monkeypatch.setenv("HOOK", f"http://127.0.0.1:{_closed_port()}/{SECRETS[0]}?token={SECRETS[1]}")
    with pytest.raises(Undelivered) as caught:
        send(target("env:HOOK"), MESSAGE)

    written = "".join(p.read_text() for p in tmp_path.rglob("*") if p.is_file())
    shown = "".join([written, caplog.text, str(caught.value), str(caught.value.__cause__)])
    assert not [secret for secret in SECRETS if secret in shown]
    assert caught.value.__suppress_context__
    assert SECRETS[0] in hook.requests[0][0]


def test_a_password_of_netrc_is_not_sent(hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login anna password correct-horse\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    send(target(hook.url), MESSAGE)

    assert "Authorization" not in hook.requests[0][1]


def test_e_mail_is_sent_with_a_login(post: Any, tmp_path: Path) -> None:
    done = deliver(MESSAGE, ["mailto:bert@example.org"], tmp_path)

    (to, mail), *_ = post.received
    assert (done, to, post.logins) == (True, ["bert@example.org"], [("anna", "correct-horse")])
    assert (mail["Subject"], mail["From"], mail["To"]) == (MESSAGE.title, "workbench@example.org", "bert@example.org")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().splitlines() == MESSAGE.text().splitlines()
    assert mail.get_content_type() == "text/plain"


def test_e_mail_that_is_sent_again_has_the_same_id(post: Any, tmp_path: Path) -> None:
    post.answers = ["451 later", "250 OK"]

    deliver(MESSAGE, ["mailto:bert@example.org"], tmp_path, sleep=lambda _: None)
    send(target("mailto:bert@example.org"), replace(MESSAGE, repeated=True))

    first, second = (mail for _, mail in post.received)
    assert first["Message-ID"] == second["Message-ID"]
    assert "may have been delivered before" in second.get_content()
    assert next(iter(lines(tmp_path).values()))["tries"] == 2


@pytest.mark.parametrize(
    ("change", "sentence", "state"),
    [
        ({"WORKBENCH_SMTP_PASSWORD": "wrong-horse"}, "does not take the login", "given up"),
        ({"WORKBENCH_SMTP_PASSWORD": ""}, "has a user and no password", "failed"),
        ({"WORKBENCH_SMTP": ""}, "E-mail needs a server. Set WORKBENCH_SMTP to", "failed"),
        ({"WORKBENCH_SMTP": "https://x"}, "E-mail needs a server", "failed"),
        ({"WORKBENCH_SMTP": "smtp://x:port"}, "E-mail needs a server", "failed"),
        ({"WORKBENCH_SMTP_FROM": "a\nb"}, "WORKBENCH_SMTP_FROM is the address", "failed"),
        ({"WORKBENCH_SMTP_PASSWORD": "env:NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE is not set", "failed"),
    ],
)
def test_a_server_that_is_named_wrongly_is_told_in_a_sentence(
    change: dict[str, str], sentence: str, state: str, post: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in change.items():
        monkeypatch.setenv(name, value)

    deliver(MESSAGE, ["mailto:bert@example.org"], tmp_path, tries=1)

    (line,) = lines(tmp_path).values()
    assert (sentence in line["error"], line["state"]) == (True, state)
    assert "horse" not in (tmp_path / "delivered.json").read_text()


def test_an_address_that_is_refused_is_given_up_and_a_busy_server_is_not(post: Any, tmp_path: Path) -> None:
    post.refused = "550 no such user"
    gone = deliver(MESSAGE, ["mailto:bert@example.org"], tmp_path, tries=1)
    post.refused = "450 mailbox busy"
    busy = deliver(replace(MESSAGE, key="2"), ["mailto:bert@example.org"], tmp_path, tries=1)

    assert (gone, busy) == (True, False)
    assert [line["error"] for line in lines(tmp_path).values()] == [
        "127.0.0.1 does not take the address (SMTP 550).",
        "127.0.0.1 does not take the address (SMTP 450).",
    ]


def test_a_password_is_never_said_unencrypted_to_another_machine(post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_module, "LOOPBACK", ())

    with pytest.raises(Undelivered, match="can't do what is needed"):
        send(target("mailto:bert@example.org"), MESSAGE)

    assert (post.logins, post.received) == ([], [])


def test_a_password_may_stand_in_the_address_or_be_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "smtps://an%40na:cor%2Frect@mail.example.org")
    monkeypatch.setenv("WORKBENCH_SMTP", "env:OURS")
    monkeypatch.delenv("WORKBENCH_SMTP_FROM", raising=False)

    found = server()

    assert (found.host, found.port, found.tls, found.user, found.password) == (
        "mail.example.org", 465, True, "an@na", "cor/rect")  # fmt: skip
    assert "cor/rect" not in repr(found)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_text_adds_a_header_or_a_line_to_them(title: str, fact: str, details: str) -> None:
    """A notebook's name, an error and an output may hold anything."""
    message = Message("k", f"{title}\r\nBcc: x@example.org", {"Error": f"{fact}\r\nX: y"}, details)

    made = letter(message, "workbench@example.org", "bert@example.org", datetime(2027, 1, 1, tzinfo=UTC))
    head = made.as_bytes().partition(b"\n\n")[0].decode()

    names = [line.partition(":")[0] for line in head.splitlines() if line[:1] not in " \t"]
    assert set(names) == {"Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "Content-Type",
                          "Content-Transfer-Encoding", "MIME-Version"}  # fmt: skip
    assert len(names) == len(set(names))
    assert "\x1b" not in message.text()
    assert json.loads(json.dumps(message.json())) == message.json()
    assert "<" not in message.slack()["text"]


def test_long_details_keep_their_end() -> None:
    message = Message("k", "t" * 900, {}, "x" * 10_000 + "the end")

    assert len(message.subject()) == 150
    assert message.shown_details().endswith("the end")
    assert len(message.text()) < 4000
