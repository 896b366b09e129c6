"""Who is told: what is no target is refused, and what is a secret is never repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.delivery.targets import Mailbox, Target, Topic, Webhook, resolved, target
from workbench.errors import BadParameter

SLACK = "https://hooks.slack.com/services/T0000/B0000/abcdefABCDEF1234"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("mailto:anna@example.org", Target("mailto:anna@example.org", "always", False, "mailto:anna@example.org")),
        ("failure:env:HOOK", Target("failure:env:HOOK", "failure", False, "env:HOOK")),
        ("Success:slack:env:HOOK", Target("Success:slack:env:HOOK", "success", True, "env:HOOK")),
        ("always:keyring:chat/anna", Target("always:keyring:chat/anna", "always", False, "keyring:chat/anna")),
        (" https://example.org/jobs ", Target("https://example.org/jobs", "always", False, "https://example.org/jobs")),
        (
            "mqtts://anna@broker.example/alarms/churn",
            Target(
                "mqtts://anna@broker.example/alarms/churn", "always", False, "mqtts://anna@broker.example/alarms/churn"
            ),
        ),
        ("slack:http://localhost:80/x", Target("slack:http://localhost:80/x", "always", True, "http://localhost:80/x")),
    ],
)
def test_a_target_says_who_when_and_in_which_form(given: str, expected: Target) -> None:
    assert target(given) == expected


@pytest.mark.parametrize(
    "given",
    [
        SLACK,
        "https://example.org/hooks/a1b2c3d4e5f6a7b8c9",
        "https://example.org/hook?token=fish",
        "https://example.org/hook?k=a1b2c3d4e5f6a7b8c9",
        "https://example.org/7f9c24e8-3b12-4f1e-9f0a-1c2d3e4f5a6b/x",
        "https://anna:fish@example.org/hook",
        "https://fish@example.org/hook",
        "mqtts://anna:fish@broker.example/alarms",
        "mqtts://broker.example/a1b2c3d4e5f6a7b8c9",
        "failure:https://example.org/ghp_" + "a1B2" * 9,
    ],
)
def test_an_address_that_is_a_secret_is_refused_in_clear(given: str) -> None:
    with pytest.raises(BadParameter) as caught:
        target(given)

    assert not [part for part in ("fish", "a1b2", "a1B2", "abcdef", "7f9c") if part in str(caught.value)]


@pytest.mark.parametrize(
    "given",
    [
        "", "anna@example.org", "http://example.org/hook", "http://127.0.0.1.example.org/", "ftp://example.org", "https://",
        "https://example.org:99999/", "https://exa mple.org/", "https://example.org/a\nb", "file:///etc/passwd",
        "mailto:", "mailto:anna", "mailto:anna@", "mailto:anna@example.org,bert@example.org", "mailto:a@b?bcc=c@d",
        "mailto:anna@example.org%0aBcc:%20x@example.org", "mailto:anna@example.org\r\nBcc: x@example.org",
        "mailto:Anna <anna@example.org>", "never:env:HOOK", "env:", "env:a b", "x" * 3000, None, 7, b"env:HOOK",
        "failure:", "https://[::1", "https://example.org\\@evil.example", "mqtt://example.org/topic", "mqtts://example.org",
        "mqtts://example.org/all/#", "mqtts://example.org/a/+/b", "mqtts://example.org/%00", "mqtts://example.org/a?b=c",
    ],
)  # fmt: skip
def test_what_is_no_target_is_refused_with_an_example(given: object) -> None:
    with pytest.raises(BadParameter, match=r"Write for example '(mailto|file|mqtts):|Write (https|mqtts)|Use a token"):
        target(given)


@given(st.one_of(st.text(), st.text("htps:/@.mailoenv?=#%[]0aA\n").map("https://{}".format)))
def test_any_text_is_a_target_or_refused(text: str) -> None:
    try:
        one = target(text)
    except BadParameter:
        return
    assert one.given == text.strip()
    assert "\n" not in one.shown()


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (SLACK, Webhook(SLACK, True)),
        ("mqtts://anna:fish%40@broker.example/a/b%20c", Topic("broker.example", 8883, "a/b c", True, "anna", "fish@")),
        (
            f"slack:{SLACK.replace('slack.com', 'example.org')}",
            Webhook(SLACK.replace("slack.com", "example.org"), True),
        ),
        (
            "https://example.org/hooks/a1b2c3d4e5f6a7b8c9",
            Webhook("https://example.org/hooks/a1b2c3d4e5f6a7b8c9", False),
        ),
        ("mailto:anna@example.org", Mailbox("anna@example.org")),
    ],
)
def test_a_reference_may_lead_to_a_secret_address(held: str, expected: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", held)

    assert resolved(target("env:HOOK")) == expected
    assert target("failure:env:HOOK").shown() == "failure:env:HOOK"


@pytest.mark.parametrize("held", ["correct-horse", "http://example.org/correct-horse", "https://u:correct-horse@x.org"])
def test_a_reference_that_leads_nowhere_is_not_repeated(held: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", held)

    with pytest.raises(BadParameter, match="What env:HOOK holds is no address") as caught:
        resolved(target("env:HOOK"))
    monkeypatch.delenv("HOOK")
    with pytest.raises(BadParameter, match="HOOK is not set"):
        resolved(target("env:HOOK"))

    assert "correct-horse" not in str(caught.value)
    assert caught.value.__suppress_context__
