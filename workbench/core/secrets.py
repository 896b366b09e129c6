"""Secrets are given to a job by reference, so that neither its record nor its notebook holds one.

``env:NAME`` is a variable of the environment in which the job starts, ``keyring:SERVICE/USER`` an entry of the system's
keyring (needs the package keyring). What a name or a value gives away as a secret is refused in clear.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.errors import BadParameter

_ENVIRONMENT = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)\Z")
_KEYRING = re.compile(r"keyring:([^/\s][^/]*)/(.+)\Z")
_WORDS = {"pwd", "token", "secret", "secrets", "credential", "credentials", "passcode"}
# Found in any spelling: dbPassword, API_KEY, privatekey.
_PARTS = ("password", "passwd", "passphrase", "apikey", "privatekey", "accesskey", "secretkey", "authkey",
          "connectionstring", "bearer")  # fmt: skip
# What tokens and keys look like, by those who issue them. A text of letters and digits alone is no evidence: ids and
# hashes look the same.
SHAPES = (
    r"gh[pousr]_[A-Za-z0-9]{20,255}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{20,255}",
    r"glpat-[A-Za-z0-9_-]{16,255}",  # GitLab
    r"(?:sk|rk|pk)[-_](?:live|test|proj|ant|or|svcacct)[-_][A-Za-z0-9_-]{8,255}",  # Stripe, OpenAI, Anthropic
    r"sk-[A-Za-z0-9]{16,255}",
    r"whsec_[A-Za-z0-9]{16,255}",
    r"xox[abeoprs]-[A-Za-z0-9-]{8,255}",  # Slack
    r"https://hooks\.slack\.com/services/[A-Za-z0-9/]{16,255}",
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",  # Amazon
    r"AIza[A-Za-z0-9_-]{30,255}",  # Google
    r"ya29\.[A-Za-z0-9_-]{16,1000}",
    r"hf_[A-Za-z0-9]{16,255}",  # Hugging Face
    r"npm_[A-Za-z0-9]{30,255}",
    r"pypi-[A-Za-z0-9_-]{16,1000}",
    r"dapi[0-9a-f]{32}",  # Databricks
    r"dop_v1_[0-9a-f]{32,255}",  # DigitalOcean
    r"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}",  # SendGrid
    r"eyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{4,8000}\.[A-Za-z0-9_-]{4,4000}",  # JWT
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:.{0,16000}?-----END [A-Z ]{0,40}PRIVATE KEY-----)?",
)
SHAPE = re.compile("|".join(rf"(?<![A-Za-z0-9])(?:{shape})" for shape in SHAPES), re.DOTALL)
# The password within an address, within a connection string, behind a word of HTTP's.
PASSWORD = re.compile(
    r"(?<=://)(?P<user>[^\s:/@'\"?#]{0,255}):(?P<address>[^\s@/'\"]{1,255})(?=@)"
    r"|(?i:(?:^|(?<=;))(?:password|accountkey|sharedaccess\w{3,9})=|(?<=;)pwd=)(?P<pair>[^;\s'\"]{1,1000})"
    r"|(?i:\b(?:bearer|basic) )(?P<header>(?=\S{0,4000}\d)[A-Za-z0-9._~+/=-]{12,4000})"
)
SHORTEST = 4  # characters of a secret: what is shorter can't be masked without masking everything


def is_secret(name: str) -> bool:
    """Whether a parameter's name says that its value is a secret.

    >>> [is_secret(n) for n in ("dbPassword", "api_key", "accessToken", "max_tokens", "target")]
    [True, True, True, False, False]
    """
    words = (word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name))
    joined = re.sub(r"[^a-z0-9]", "", name.lower())
    return bool(_WORDS.intersection(words)) or any(part in joined for part in _PARTS)


def looks_secret(text: str) -> bool:
    """Whether a value is a secret by what it looks like: a token of a known issuer, a key, a password in an address.

    >>> [looks_secret(t) for t in ("postgres://me:fish@db/x", "postgres://me@db/x", "ghp_" + "a1" * 18, "2013-07")]
    [True, False, True, False]
    """
    return bool(SHAPE.search(text) or PASSWORD.search(text))


def is_reference(value: Any) -> bool:
    """Whether a value names a secret without holding it.

    >>> is_reference("env:DB_PASSWORD"), is_reference("keyring:db/anna"), is_reference("fish")
    (True, True, False)
    """
    return isinstance(value, str) and bool(_ENVIRONMENT.match(value) or _KEYRING.match(value))


def check_secrets(name: str, value: Any, resolve: bool = True) -> None:
    """Refuse a secret in clear, by its name or by what it looks like, however deep; and a reference to nothing.

    Parameters
    ----------
    name : str
        Of the parameter.
    value : object
        What was given.
    resolve : bool
        False: what a reference leads to is looked at later, where it is needed.

    Raises
    ------
    BadParameter
        It never shows the value.
    """
    for path, part in _walk(name, value):
        if is_reference(part):
            _ = resolve and secret(part)
        elif (isinstance(part, str) and part and (looks_secret(part) or any(map(is_secret, path)))) or (
            part is not None and not isinstance(part, (str, bool)) and is_secret(path[-1])
        ):
            raise _in_clear(name, path)


def references(value: Any) -> Iterator[str]:
    """The references within parameters.

    >>> list(references({"db": {"password": "env:DB"}, "n": 1}))
    ['env:DB']
    """
    return (part for _, part in _walk("", value) if is_reference(part))


def secret(reference: str) -> str:
    """The value behind ``env:NAME`` or ``keyring:SERVICE/USER``, in the process that asks.

    Raises
    ------
    BadParameter
        If it is no reference, or there is no such variable or entry.
    MissingExtra
        If the package keyring is asked for and not installed.

    Examples
    --------
    >>> import os
    >>> os.environ["WAREHOUSE_PASSWORD"] = "fish"
    >>> secret("env:WAREHOUSE_PASSWORD")
    'fish'
    """
    if isinstance(reference, str) and (match := _ENVIRONMENT.match(reference)):
        return _checked(
            os.environ.get(match[1]), f"The environment variable {match[1]} is not set where the job starts"
        )
    if isinstance(reference, str) and (match := _KEYRING.match(reference)):
        return _checked(_from_keyring(match[1], match[2]), f"The keyring has no entry {match[1]}/{match[2]}")
    # What came is not shown: it may be the secret itself.
    raise BadParameter("A secret is given as 'env:NAME' or 'keyring:SERVICE/USER'. Put it there and give its name.")


def _from_keyring(service: str, user: str) -> str | None:
    try:
        import keyring  # optional, and not in any extra: whoever has one has set it up
    except ImportError as error:
        raise BadParameter("'keyring:…' needs the package keyring. Install it with: pip install keyring") from error
    try:
        return keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise BadParameter(
            f"The keyring can't be read ({type(error).__name__}). Unlock it, or use env:NAME."
        ) from error


def _checked(value: str | None, missing: str) -> str:
    if not value:
        raise BadParameter(f"{missing}, or is empty. Set it.")
    if len(value) < SHORTEST:
        raise BadParameter(f"A secret has at least {SHORTEST} characters, so that it can be masked. Set a longer one.")
    return value


def _walk(name: str, value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each value that holds no others, with the names that lead to it."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from (((name, *path), leaf) for path, leaf in _walk(str(key), part))
            if isinstance(key, str):
                yield (name,), key if looks_secret(key) else None
    elif isinstance(value, (list, tuple, set, frozenset)):
        for part in value:
            yield from _walk(name, part)
    else:
        yield (name,), value


def _in_clear(name: str, path: tuple[str, ...]) -> BadParameter:
    where = "" if len(path) == 1 else f" (its part {path[-1]!r})"
    return BadParameter(
        f"{name!r}{where} looks like a secret, and what a job is given is written down. Put it in an environment "
        f"variable, give 'env:NAME' (or 'keyring:SERVICE/USER'), and read it in the notebook with "
        f"workbench.jobs.secrets.secret({name})."
    )
