"""The key that signs sessions: kept, so that readers stay known when the server starts again."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress

from workbench.errors import StoreError
from workbench.settings import Settings
from workbench.storage.files import PRIVATE, change


def session_secret(force: Settings, *tokens: str) -> bytes:
    """The key for these tokens: with another token all sessions end.

    Parameters
    ----------
    force : Settings
    *tokens : str
        That let people in.

    Examples
    --------
    >>> import tempfile
    >>> from workbench.settings import settings
    >>> force = settings(home=tempfile.mkdtemp())
    >>> [session_secret(force, "a") == session_secret(force, token) for token in "ab"]
    [True, False]
    """
    return hashlib.sha256("\0".join([_kept(force), *tokens]).encode()).digest()


def _kept(force: Settings) -> str:
    """What is in the file; where none can be kept, another one at each start."""
    with suppress(OSError, StoreError):
        path = force.home / "pages" / "session.json"
        return change(path, _known, parse=_secret, plain=_plain, mode=PRIVATE)
    return secrets.token_hex(32)


def _known(before: str | None) -> str:
    return before or secrets.token_hex(32)


def _plain(secret: str) -> dict[str, object]:
    return {"noun": "session", "format_version": 1, "secret": secret}


def _secret(content: dict[str, str]) -> str:
    return content["secret"]
