"""Tables behind URLs: opened by fsspec, and where that fails, what was expected, what came and what to do.

No message holds a user, a password or a query: they may be secrets, and messages are shown, logged and saved.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from workbench.errors import BadTable

_KEY = re.compile(r"token|key|sig|secret|passw|pwd|auth|cred|jwt|session|code", re.IGNORECASE)
_DOWNLOAD = "Or download the file, and give its path."


def opened_remote(url: str) -> Any:
    """A file behind a URL.

    Raises
    ------
    BadTable
        If it can't be had.
    """
    with told_failures(url):
        return fsspec().open(url, mode="rb").open()


def matching_remote(pattern: str) -> list[str]:
    """The URLs that a pattern with ``*`` names.

    Raises
    ------
    BadTable
        If the server can't be asked.
    """
    with told_failures(pattern):
        return [file.full_name for file in fsspec().open_files(pattern, mode="rb")]


def fsspec() -> Any:
    """The library that opens URLs.

    Raises
    ------
    BadTable
        If it is not installed.
    """
    try:
        import fsspec
    except ImportError as error:
        raise BadTable("URLs need fsspec: pip install fsspec, for s3:// also s3fs. Or give a local path.") from error
    return fsspec


def told(url: str) -> str:
    """A URL without user, password, query and fragment.

    >>> told("https://me:secret@host/t.csv?token=1"), told("https://[bad/t.csv?token=1")
    ('https://host/t.csv', 'https://[bad/t.csv')
    """
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
    address, _, query = url.partition("?")
    return "://" in url and ("@" in address.partition("://")[2].partition("/")[0] or bool(_KEY.search(query)))


def without_secrets(text: str, url: str) -> str:
    """A message in which the URL stands as it is told.

    >>> without_secrets("no answer: https://host/t.csv?token=1", "https://host/t.csv?token=1")
    'no answer: https://host/t.csv'
    """
    return text.replace(url, told(url)) if "://" in url else text


def errors() -> tuple[type[Exception], ...]:
    """What reading from a server may raise, as far as its client is loaded."""
    client = sys.modules.get("aiohttp")
    return () if client is None else (client.ClientError,)


@contextmanager
def told_failures(url: str) -> Iterator[None]:
    """Any failure to reach a file is a :class:`~workbench.errors.BadTable`; its cause is kept if it has no secret."""
    try:
        yield
    except BadTable:
        raise
    except Exception as error:  # noqa: BLE001 - each protocol's library has errors of its own, and their texts the URL
        cause = error if told(url) == url else None
        raise BadTable(f"{told(url)} {_failure(url, _chain(error))}") from cause


def _chain(error: BaseException | None) -> list[BaseException]:
    """An error and those that it came from."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def _failure(url: str, chain: list[BaseException]) -> str:
    statuses = [
        status for error in chain if isinstance(status := getattr(error, "status", None), int) and status >= 400
    ]
    if statuses:
        return _answered(statuses[-1])
    scheme = url.partition("://")[0]
    missing = next((error for error in chain if isinstance(error, ImportError)), None)
    if missing is not None:
        return f"can't be opened: {scheme}:// needs another library ({missing}). {_DOWNLOAD}"
    if any("Protocol not known" in str(error) for error in chain):
        return f"can't be opened: {scheme}:// is no known protocol. Give https://, s3://, gs:// or abfs://. {_DOWNLOAD}"
    return _not_reached(chain)


def _answered(status: int) -> str:
    known = {one.value: f"{one.value} ({one.phrase})" for one in HTTPStatus}
    answer = f"should be a table, and the server answers {known.get(status, status)}."
    if status in (401, 403, 407):
        return f"{answer} Give an address that needs no sign-in, or whose token has not run out. {_DOWNLOAD}"
    if status == 429 or status >= 500:
        return f"{answer} Try again later. {_DOWNLOAD}"
    return f"{answer} Check the address. {_DOWNLOAD}"


def _not_reached(chain: list[BaseException]) -> str:
    names = {kind.__name__ for error in chain for kind in type(error).__mro__}
    if any("SSL" in name or "Certificate" in name for name in names):
        return f"can't be read: its server has no secure connection. Check https:// and certificates. {_DOWNLOAD}"
    if "TimeoutError" in names:
        return f"can't be read: its server does not answer in time. Try again later. {_DOWNLOAD}"
    reasons = [error.strerror for error in chain if isinstance(error, OSError) and error.errno and error.strerror]
    if "ClientError" in names or "ConnectionError" in names or "gaierror" in names:
        reason = f" ({reasons[-1]})" if reasons else ""
        return f"can't be read: its server can't be reached{reason}. Check the address and the network. {_DOWNLOAD}"
    if "InvalidURL" in names or "ValueError" in names:
        return "is no address that can be asked for. Check it, as https://host/folder/table.csv."
    return f"can't be opened ({type(chain[0]).__name__}). Check the address, and that you may read it. {_DOWNLOAD}"
