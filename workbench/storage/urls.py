"""Files behind URLs: opened by fsspec, and where that fails, what was expected, what came and what to do.

No message holds a user, a password or a query: they may be secrets, and messages are shown, logged and saved.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from workbench.errors import InputError

_KEY = re.compile(r"token|key|sig|secret|passw|pwd|auth|cred|jwt|session|code", re.IGNORECASE)
# Between the links of a chain, such as zip://t.csv::https://host/t.zip; the colons of an address in IPv6 are none.
_LINK = re.compile(r"::(?=[A-Za-z][A-Za-z0-9+.-]*(?:://|::|\Z))")


def is_url(text: object) -> bool:
    """Whether it is a URL as fsspec has them, and no path.

    >>> is_url("s3://bucket/t.csv"), is_url("zip://t.csv::t.zip"), is_url("data/t.csv")
    (True, True, False)
    """
    return isinstance(text, str) and "://" in text


def told(url: str) -> str:
    """A URL without user, password, query and fragment.

    >>> told("https://me:secret@host/t.csv?token=1"), told("https://[bad/t.csv?token=1")
    ('https://host/t.csv', 'https://[bad/t.csv')
    >>> told("zip://t.csv::https://me:secret@host/t.zip?token=1")
    'zip://t.csv::https://host/t.zip'
    """
    return "::".join(map(_told, _LINK.split(url)))


def _told(url: str) -> str:
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        scheme, _, rest = url.partition("://")
        return f"{scheme}://{rest.partition('?')[0].partition('#')[0].rpartition('@')[2]}"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def holds_secret(url: str) -> bool:
    """Whether a URL has a user, or something in its query that may be a key.

    >>> holds_secret("https://me:pw@host/t.csv"), holds_secret("https://host/t.csv?sig=1"), holds_secret("t.csv?a=1")
    (True, True, False)
    """
    return any(map(_holds_secret, _LINK.split(url)))


def _holds_secret(url: str) -> bool:
    address, _, query = url.partition("?")
    return "://" in url and ("@" in address.partition("://")[2].partition("/")[0] or bool(_KEY.search(query)))


def without_secrets(text: str, url: str) -> str:
    """A message in which the URL stands as it is told.

    >>> without_secrets("no answer: https://host/t.csv?token=1", "https://host/t.csv?token=1")
    'no answer: https://host/t.csv'
    """
    for part in (url, *_LINK.split(url)):
        if is_url(part):
            text = text.replace(part, told(part))
    return text


def fsspec(kind: type[InputError] = InputError) -> Any:
    """The library that opens URLs.

    Parameters
    ----------
    kind : type
        Of the error that says that it is not installed.
    """
    try:
        import fsspec
    except ImportError as error:
        raise kind("URLs need fsspec: pip install fsspec, for s3:// also s3fs. Or give a local path.") from error
    return fsspec


def errors() -> tuple[type[Exception], ...]:
    """What reading from a server may raise, as far as its client is loaded."""
    client = sys.modules.get("aiohttp")
    return () if client is None else (client.ClientError,)


@dataclass(frozen=True)
class Purpose:
    """What a URL was for, in the words of its failure.

    Parameters
    ----------
    kind : type
        Of the error.
    should : str
        What was expected of it.
    done, may : str
        What can't be done, and what it needs the right to do.
    protocols : str
        Some that would do.
    example : str
        An address of that sort.
    instead : str
        What else can be done.
    """

    kind: type[InputError] = InputError
    should: str = "should be a file"
    done: str = "read"
    may: str = "read it"
    protocols: str = "https://, s3://, gs:// or abfs://"
    example: str = "https://host/folder/file"
    instead: str = ""


@contextmanager
def told_failures(url: str, purpose: Purpose) -> Iterator[None]:
    """Any failure to reach a file is told by what it was for; its cause is kept if the URL has no secret."""
    try:
        yield
    except purpose.kind:
        raise
    except Exception as error:  # noqa: BLE001 - each protocol's library has errors of its own, and their texts the URL
        cause = error if told(url) == url else None
        raise purpose.kind(f"{told(url)} {_failure(url, _chain(error), purpose)}".rstrip()) from cause


def _chain(error: BaseException | None) -> list[BaseException]:
    """An error and those that it came from."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def _failure(url: str, chain: list[BaseException], purpose: Purpose) -> str:
    statuses = [
        status for error in chain if isinstance(status := getattr(error, "status", None), int) and status >= 400
    ]
    if statuses:
        return _answered(statuses[-1], purpose)
    scheme, instead = url.partition("://")[0], purpose.instead
    missing = next((error for error in chain if isinstance(error, ImportError)), None)
    if missing is not None:
        return f"can't be opened: {scheme}:// needs another library ({missing}). {instead}"
    if any("Protocol not known" in str(error) for error in chain):
        return f"can't be opened: {scheme}:// is no known protocol. Give {purpose.protocols}. {instead}"
    return _not_reached(chain, purpose)


def _answered(status: int, purpose: Purpose) -> str:
    known = {one.value: f"{one.value} ({one.phrase})" for one in HTTPStatus}
    answer, instead = f"{purpose.should}, and the server answers {known.get(status, status)}.", purpose.instead
    if status in (401, 403, 407):
        return f"{answer} Give an address that needs no sign-in, or whose token has not run out. {instead}"
    if status == 429 or status >= 500:
        return f"{answer} Try again later. {instead}"
    return f"{answer} Check the address. {instead}"


def _not_reached(chain: list[BaseException], purpose: Purpose) -> str:
    names = {kind.__name__ for error in chain for kind in type(error).__mro__}
    cannot, instead = f"can't be {purpose.done}", purpose.instead
    if any("SSL" in name or "Certificate" in name for name in names):
        return f"{cannot}: its server has no secure connection. Check https:// and certificates. {instead}"
    if "TimeoutError" in names:
        return f"{cannot}: its server does not answer in time. Try again later. {instead}"
    reasons = [error.strerror for error in chain if isinstance(error, OSError) and error.errno and error.strerror]
    if "ClientError" in names or "ConnectionError" in names or "gaierror" in names:
        reason = f" ({reasons[-1]})" if reasons else ""
        return f"{cannot}: its server can't be reached{reason}. Check the address and the network. {instead}"
    if "InvalidURL" in names or "ValueError" in names:
        return f"is no address that can be asked for. Check it, as {purpose.example}."
    kind = type(chain[0]).__name__
    return f"can't be opened ({kind}). Check the address, and that you may {purpose.may}. {instead}"
