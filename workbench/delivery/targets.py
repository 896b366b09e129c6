"""Who is told: an address for e-mail, of a webhook or of a topic, as it is or behind a reference, or a file.

A target may say when (``failure:``, ``success:``, ``always:``) and that a webhook takes Slack's form (``slack:``). The
address of many a webhook is its secret: such a one is refused in clear and given as ``env:NAME``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from workbench.core.secrets import is_reference, is_secret, looks_secret, secret
from workbench.errors import BadParameter
from workbench.settings import may_be_path

WHEN = ("always", "failure", "success")
BROKERS = {"mqtts": 8883, "mqtt": 1883}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
LONGEST = 2000  # characters of an address
EXAMPLES = "Write for example 'mailto:anna@example.org', 'https://example.org/hook', 'env:HOOK' or 'failure:env:HOOK'"
# A part of a path that only a machine can have made up.
TOKEN = re.compile(r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[A-Za-z0-9_]{16,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SLACK = re.compile(r"hooks\.slack(?:-gov)?\.com\Z")
_PLAIN = re.compile(r"[\x21-\x7e]+\Z")


@dataclass(frozen=True)
class Target:
    """Who is told, and when.

    Parameters
    ----------
    given : str
        As somebody wrote it; without a secret, since what is one is a reference.
    when : str
        ``always``, ``failure`` or ``success``.
    slack : bool
        Whether Slack's form is asked for.
    place : str
        ``mailto:…``, ``https://…`` or a reference to one.
    """

    given: str
    when: str
    slack: bool
    place: str

    def hears(self, failed: bool, succeeded: bool) -> bool:
        """Whether it is told of such an end."""
        return self.when == "always" or (failed if self.when == "failure" else succeeded)

    def shown(self) -> str:
        """It without what may be a secret: a reference by its name, of an address its host alone.

        >>> target("failure:https://example.org/hook").shown(), target("env:HOOK").shown()
        ('failure:https://example.org/…', 'env:HOOK')
        """
        before = "".join([f"{self.when}:" if self.when != "always" else "", "slack:" if self.slack else ""])
        return before + (self.place if is_reference(self.place) else shown(self.place))


@dataclass(frozen=True)
class Webhook:
    """An address that takes messages over HTTP.

    Parameters
    ----------
    url : str
        May be a secret.
    slack : bool
        Whether it takes Slack's form.
    """

    url: str
    slack: bool


@dataclass(frozen=True)
class Mailbox:
    """An address for e-mail.

    Parameters
    ----------
    address : str
        Such as ``anna@example.org``.
    """

    address: str


@dataclass(frozen=True)
class Lines:
    """A file that gets a line of JSON for each message.

    Parameters
    ----------
    path : Path
        Absolute; it ends in ``.jsonl``, so that no other file is ever written to.
    """

    path: Path


@dataclass(frozen=True)
class Topic:
    """A topic of an MQTT broker.

    Parameters
    ----------
    host : str
    port : int
    name : str
        Of the topic; without wildcards.
    encrypted : bool
        Whether TLS is spoken.
    user, password : str
        Empty where the broker asks for none; the password is a secret.
    """

    host: str
    port: int
    name: str
    encrypted: bool
    user: str = ""
    password: str = field(default="", repr=False)


Place = Webhook | Mailbox | Lines | Topic


def target(given: object) -> Target:
    """A target, if ``given`` is one; where a reference leads is looked at when something is sent.

    Raises
    ------
    BadParameter
        If it is none, or shows a secret; the message never repeats it.

    Examples
    --------
    >>> target("failure:mailto:anna@example.org").when
    'failure'
    """
    if not isinstance(given, str) or len(given) > LONGEST:
        raise BadParameter(f"Who is told is a text of at most {LONGEST:,} characters. {EXAMPLES}.")
    place = given.strip()
    when, place = _prefixed(place, WHEN, "always")
    slack, place = _prefixed(place, ("slack",), "")
    if is_reference(place):
        return Target(given.strip(), when, bool(slack), place)
    found = address(place, bool(slack))
    if isinstance(found, (Webhook, Topic)) and _shows_secret(urlsplit(place)):
        raise BadParameter(
            "The address holds what looks like a secret, and whom a job tells is written down. Put it in "
            "an environment variable, and give 'env:NAME' (or 'keyring:SERVICE/USER')."
        )
    return Target(given.strip(), when, bool(slack), place)


def _prefixed(text: str, known: tuple[str, ...], default: str) -> tuple[str, str]:
    before, colon, after = text.partition(":")
    return (before.lower(), after) if colon and before.lower() in known else (default, text)


def resolved(one: Target) -> Place:
    """Where a target leads, references followed.

    Raises
    ------
    BadParameter
        If a reference leads nowhere, or to what is no address; the message never repeats what it leads to.
    """
    if not is_reference(one.place):
        return address(one.place, one.slack)
    value = secret(one.place).strip()
    slack, place = _prefixed(value, ("slack",), "")
    try:
        return address(place, one.slack or bool(slack))
    except BadParameter:
        message = f"What {one.place} holds is no address to tell. Let it hold 'https://…' or 'mailto:…'."
        raise BadParameter(message) from None  # the error within names parts of it


def address(place: str, slack: bool = False) -> Place:
    """An address for e-mail, of a webhook or of a topic, or a file of lines.

    Raises
    ------
    BadParameter
        If it is neither; it is not repeated.
    """
    if place.lower().startswith("mailto:"):
        return Mailbox(_mailbox(unquote(place[7:])))
    if place.lower().startswith("file:"):
        return Lines(_lines(place[5:]))
    try:
        parts = urlsplit(place)
        whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        whole = False
    if not whole or not _PLAIN.match(place) or parts.scheme not in ("https", "http", *BROKERS):
        raise BadParameter(f"Who is told is an address for e-mail or of a webhook, and this is neither. {EXAMPLES}.")
    if parts.scheme in BROKERS:
        return _topic(urlsplit(place, allow_fragments=False))
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise BadParameter("A webhook is told over https alone, so that nobody reads along. Write https://…")
    if parts.username or parts.password:
        raise BadParameter("The address of a webhook has no user or password in it. Use a token of the service's own.")
    return Webhook(place, slack or bool(SLACK.search(parts.hostname or "")))


def _topic(parts: SplitResult) -> Topic:
    name, host = unquote(parts.path.removeprefix("/")), parts.hostname or ""
    plain = name.isprintable() and not set(name) & set("#+") and not parts.query
    if not name or len(name.encode()) > 1000 or not plain:
        raise BadParameter(
            "A topic is a path behind the broker, without '#' and '+'. Write for example 'mqtts://broker/alarms/churn'."
        )
    if parts.scheme == "mqtt" and host not in LOOPBACK:
        raise BadParameter("A broker is told over TLS alone, so that nobody reads along. Write mqtts://…")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Topic(host, parts.port or BROKERS[parts.scheme], name, parts.scheme == "mqtts", user, password)


def _mailbox(text: str) -> str:
    from email.errors import MessageError
    from email.headerregistry import Address

    try:
        found = Address(addr_spec=text)
    except (MessageError, ValueError, IndexError, AttributeError):
        found = None
    if found is None or not found.domain or found.addr_spec != text or not text.isprintable() or len(text) > 254:
        raise BadParameter(f"An address for e-mail is one name and one host. {EXAMPLES}.")
    return text


def _lines(text: str) -> Path:
    path = Path(text.removeprefix("//"))
    if not path.is_absolute() or path.suffix != ".jsonl" or not may_be_path(text) or ".." in path.parts:
        raise BadParameter(
            "A file of messages is an absolute path that ends in .jsonl. Write for example 'file:/var/log/all.jsonl'."
        )
    return path


def _shows_secret(parts: SplitResult) -> bool:
    """Whether an address gives away what it takes to write there."""
    words = re.split(r"[&=;]", parts.query)
    return bool(
        looks_secret(parts.geturl())
        or SLACK.search(parts.hostname or "")
        or any(map(TOKEN.fullmatch, unquote(parts.path).split("/")))
        or any(map(is_secret, words[::2]))
        or any(TOKEN.fullmatch(word) for word in words)
    )


def shown(place: str) -> str:
    """An address without what may be a secret.

    >>> shown("https://example.org:8443/a/b?c=d"), shown("mailto:anna@example.org")
    ('https://example.org:8443/…', 'mailto:anna@example.org')
    """
    if place.lower().startswith(("mailto:", "file:")):
        return place
    parts = urlsplit(place)
    rest = "/…" if parts.path.strip("/") or parts.query else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{rest}"
