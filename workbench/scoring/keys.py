"""Who may ask what: keys with scopes, hashed at rest, and JSON web tokens."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hmac import compare_digest
from importlib import import_module
from pathlib import Path
from typing import Any

from workbench.errors import BadParameter, MissingExtra
from workbench.storage.files import PRIVATE, change, read

SCOPES = ("predict", "explain", "read", "feedback", "admin")
EVERYDAY = frozenset(SCOPES) - {"admin"}
KEY = "WORKBENCH_API_KEY"
ALGORITHMS = ("RS256", "ES256", "EdDSA")


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Parameters
    ----------
    name : str
        Of the key, for the log and the rate limit.
    scopes : frozenset of str
        What it may ask.
    """

    name: str
    scopes: frozenset[str]


ANYONE = Caller("", frozenset(SCOPES) - {"admin"})


@dataclass(frozen=True)
class Key:
    """A key as it is kept: never the token itself, which has 256 random bits and needs no slow hash.

    Parameters
    ----------
    id : str
        Part of the token that is no secret.
    name : str
        Whose it is.
    scopes : tuple of str
        Of ``predict``, ``explain``, ``read``, ``feedback``, ``admin``.
    sha256 : str
        Of the token.
    created : str
        ISO 8601.
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    sha256: str
    created: str


class Keys:
    """The keys of a file; a change of the file counts from the next request on.

    Parameters
    ----------
    path : path
        Of the file; it need not exist yet.

    Examples
    --------
    >>> import tempfile
    >>> keys = Keys(Path(tempfile.mkdtemp()) / "keys.json")
    >>> token = keys.add("billing", ["predict"])
    >>> keys.caller(token).name, sorted(keys.caller(token).scopes), keys.caller(token + "x")
    ('billing', ['predict'], None)
    >>> keys.remove("billing"), keys.caller(token)
    (1, None)
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._turn = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._keys: dict[str, Key] = {}

    def add(self, name: str, scopes: Iterable[str]) -> str:
        """Make a key and return its token, which is shown this once.

        Raises
        ------
        BadParameter
            If a scope is none of ours.
        """
        wanted = tuple(dict.fromkeys(scopes))
        strange = [s for s in wanted if s not in SCOPES]
        if strange or not wanted:
            raise BadParameter(f"A key has scopes of {', '.join(SCOPES)}, got {strange or 'none'}. Name at least one.")
        identity = secrets.token_hex(6)
        token = f"wb_{identity}_{secrets.token_urlsafe(32)}"
        created = datetime.now(UTC).isoformat(timespec="seconds")
        key = Key(identity, name, wanted, _hash(token), created)
        self._change(lambda keys: {**keys, identity: key})
        return token

    def remove(self, name: str) -> int:
        """Take back every key of a name or id; returns how many."""
        removed: set[str] = set()

        def without(keys: dict[str, Key]) -> dict[str, Key]:
            removed.update(k.id for k in keys.values() if name in (k.name, k.id))
            return {identity: k for identity, k in keys.items() if identity not in removed} if removed else keys

        self._change(without)
        return len(removed)

    def list(self) -> list[Key]:
        """All keys."""
        return list(self._current().values())

    def caller(self, token: str) -> Caller | None:
        """Whose token it is."""
        parts = token.split("_", 2)
        key = self._current().get(parts[1]) if len(parts) == 3 else None
        if key is None or not compare_digest(key.sha256, _hash(token)):
            return None
        return Caller(key.name, frozenset(key.scopes))

    def _current(self) -> dict[str, Key]:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return {}
        state = (found.st_mtime_ns, found.st_size, found.st_ino)
        with self._turn:
            if state != self._seen:
                self._keys = read(self.path, _keys_of)
                self._seen = state
            return self._keys

    def _change(self, function: Callable[[dict[str, Key]], dict[str, Key]]) -> None:
        # Not from what this object has seen: another process may have added a key since, or taken one back.
        change(self.path, lambda keys: function(keys or {}), parse=_keys_of, plain=_plain, mode=PRIVATE)


@dataclass(frozen=True)
class Tokens:
    """JSON web tokens, by PyJWT.

    Parameters
    ----------
    key : str
        A public key in PEM, or the shared secret (at least 32 characters).
    audience : str, optional
        What ``aud`` must be.
    issuer : str, optional
        What ``iss`` must be.
    """

    key: str
    audience: str | None = None
    issuer: str | None = None

    def __post_init__(self) -> None:
        _jwt()
        if not self._public and len(self.key) < 32:
            raise BadParameter("A shared secret has at least 32 characters. Make a longer one.")

    @property
    def _public(self) -> bool:
        return "-----BEGIN" in self.key

    def caller(self, token: str) -> Caller | None:
        """Whose token it is: ``sub``, with the words of ``scope``; it must have an end (``exp``)."""
        jwt = _jwt()
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                self.key,
                algorithms=ALGORITHMS if self._public else ("HS256",),
                audience=self.audience,
                issuer=self.issuer,
                options={"require": ["exp"]},
            )
        except jwt.PyJWTError:
            return None
        return Caller(str(claims.get("sub", ""))[:60], frozenset(str(claims.get("scope", "")).split()) & set(SCOPES))


@dataclass(frozen=True)
class Access:
    """All that lets a caller in; nothing at all lets everyone in.

    Parameters
    ----------
    key : str, optional
        One key for everything but ``admin``; by default the environment's ``WORKBENCH_API_KEY``.
    keys : Keys, optional
        A file of keys.
    tokens : Tokens, optional
        JSON web tokens.
    """

    key: str = ""
    keys: Keys | None = None
    tokens: Tokens | None = None

    @classmethod
    def of_environment(cls) -> Access:
        """With the key of the environment, if there is one."""
        return cls(os.environ.get(KEY, ""))

    @property
    def open(self) -> bool:
        """Whether nobody needs a key."""
        return not (self.key or self.keys or self.tokens)

    def caller(self, sent: str) -> Caller | None:
        """Who sent this key or token."""
        if self.open:
            return ANYONE
        # HTTP headers are Latin-1, keys in the environment UTF-8.
        if self.key and compare_digest(sent.encode("latin-1", "replace"), self.key.encode()):
            return Caller("environment", EVERYDAY)
        found = self.keys.caller(sent) if self.keys and sent else None
        return found or (self.tokens.caller(sent) if self.tokens and sent else None)


def _keys_of(content: Any) -> dict[str, Key]:
    return {key.id: key for key in map(_key_of, content["keys"])}


def _key_of(content: Any) -> Key:
    texts = [content[field] for field in ("id", "name", "sha256", "created")]
    scopes = content["scopes"]
    if not all(isinstance(text, str) for text in texts) or not isinstance(scopes, list) or set(scopes) - set(SCOPES):
        raise ValueError(f"a key has texts and scopes of {', '.join(SCOPES)}")
    return Key(**{**content, "scopes": tuple(scopes)})


def _plain(keys: dict[str, Key]) -> dict[str, Any]:
    return {"format_version": 1, "keys": [asdict(key) for key in keys.values()]}


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _jwt() -> Any:
    try:
        return import_module("jwt")
    except ImportError as error:
        raise MissingExtra("JSON web tokens need PyJWT. Install it with: pip install 'pyjwt[crypto]'") from error
