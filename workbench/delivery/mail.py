"""A message by e-mail, over the server that ``WORKBENCH_SMTP`` names.

``smtps://anna@mail.example.org`` (TLS from the start, port 465) or ``smtp://anna@mail.example.org`` (port 587, STARTTLS
before anything is said; without it only on loopback). The password is in ``WORKBENCH_SMTP_PASSWORD``, the sender in
``WORKBENCH_SMTP_FROM`` (by default the user). Each may be a reference itself, such as ``keyring:mail/anna``.
"""

from __future__ import annotations

import hashlib
import os
import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from workbench.core.secrets import is_reference, secret
from workbench.delivery.failure import Undelivered, unverified
from workbench.delivery.message import Message
from workbench.delivery.targets import LOOPBACK, Mailbox, address
from workbench.errors import BadParameter

SECONDS = 15.0
PORTS = {"smtps": 465, "smtp": 587}
SERVER, PASSWORD, SENDER = "WORKBENCH_SMTP", "WORKBENCH_SMTP_PASSWORD", "WORKBENCH_SMTP_FROM"
HOW = f"Set {SERVER} to 'smtps://user@host' or 'smtp://user@host:587', and {PASSWORD}"


@dataclass(frozen=True)
class Server:
    """The server that takes e-mail.

    Parameters
    ----------
    host : str
    port : int
    tls : bool
        From the start; else by STARTTLS.
    user, password : str
        Empty without a login.
    sender : str
        Address that it comes from.
    """

    host: str
    port: int
    tls: bool
    user: str
    password: str = field(repr=False)
    sender: str

    @property
    def loopback(self) -> bool:
        """Whether nobody can read along."""
        return self.host in LOOPBACK


def server() -> Server:
    """The server that the environment names.

    Raises
    ------
    BadParameter
        If it names none, or not rightly; no part of it is repeated.
    """
    try:
        parts = urlsplit(_value(SERVER))
        host, port, user = parts.hostname, parts.port or PORTS.get(parts.scheme, 0), unquote(parts.username or "")
    except ValueError:
        host, port, user = None, 0, ""
    if not host or not port or parts.scheme not in PORTS or parts.path.strip("/") or parts.query:
        raise BadParameter(f"E-mail needs a server. {HOW}.")
    password = unquote(parts.password or "") or (_value(PASSWORD) if user else "")
    if user and not password:
        raise BadParameter(f"The server for e-mail has a user and no password. {HOW}.")
    return Server(host, port, parts.scheme == "smtps", user, password, _sender(user, host))


def _value(name: str) -> str:
    value = os.environ.get(name, "").strip()
    return secret(value) if is_reference(value) else value


def _sender(user: str, host: str) -> str:
    given = _value(SENDER) or (user if "@" in user else f"workbench@{host}")
    try:
        found = address(f"mailto:{given}")
    except BadParameter as error:
        message = f"{SENDER} is the address that e-mail comes from, such as 'workbench@example.org'. Set it."
        raise BadParameter(message) from error
    assert isinstance(found, Mailbox)
    return found.address


def letter(message: Message, sender: str, to: str, now: datetime | None = None) -> EmailMessage:
    """The e-mail; whatever a notebook is called or says, it has the headers that are written here and no others."""
    made = EmailMessage()
    made["Subject"] = message.subject()
    made["From"], made["To"] = sender, to
    made["Date"] = format_datetime(now or datetime.now(UTC))
    made["Message-ID"] = f"<{hashlib.sha256(f'{message.key} {to}'.encode()).hexdigest()[:32]}@{_domain(sender)}>"
    made["Auto-Submitted"] = "auto-generated"  # so that no absent person's machine answers
    made.set_content(message.text())
    return made


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2].encode("idna").decode()


def mail(to: Mailbox, message: Message) -> None:
    """Send it once.

    Raises
    ------
    Undelivered
        Saying why in one sentence, and whether it may go better another time.
    BadParameter
        If no server is named.
    """
    used = server()
    try:
        made = letter(message, used.sender, to.address)
        with _connected(used) as connection:
            if used.user:
                connection.login(used.user, used.password)
            connection.send_message(made)
    except smtplib.SMTPAuthenticationError as error:
        raise Undelivered(f"{used.host} does not take the login. Look at {SERVER} and {PASSWORD}.", False) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Undelivered(f"{used.host} can't do what is needed: a login, TLS or such an address.", False) from error
    except smtplib.SMTPResponseException as error:
        raise _answered(used, error.smtp_code) from error
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()), (550, b""))[0]
        raise _answered(used, code, "the address") from error
    except ssl.SSLError as error:
        raise Undelivered(unverified(used.host), again=False) from error
    except TimeoutError as error:
        raise Undelivered(f"{used.host} did not answer in {SECONDS:g} seconds.", again=True) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Undelivered(f"{used.host} can't be reached, or ended the talk.", again=True) from error
    except (ValueError, UnicodeError) as error:
        raise Undelivered("The message can't be written as e-mail.", again=False) from error


def _answered(used: Server, code: int, what: str = "the message") -> Undelivered:
    return Undelivered(f"{used.host} does not take {what} (SMTP {code}).", again=400 <= code < 500)


def _connected(used: Server) -> smtplib.SMTP:
    """A connection that is encrypted before a name or a password is said."""
    context = ssl.create_default_context()
    if used.tls:
        return smtplib.SMTP_SSL(used.host, used.port, timeout=SECONDS, context=context)
    connection = smtplib.SMTP(used.host, used.port, timeout=SECONDS)
    try:
        connection.ehlo_or_helo_if_needed()
        if connection.has_extn("starttls"):
            connection.starttls(context=context)
        elif not used.loopback:
            raise smtplib.SMTPNotSupportedError
    except BaseException:
        connection.close()
        raise
    return connection
