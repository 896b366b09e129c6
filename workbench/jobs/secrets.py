"""Secrets are given to a job by reference, so that neither its record nor its notebook holds one."""

from __future__ import annotations

import os
import re
from typing import Any

from workbench.errors import BadParameter

_REFERENCE = re.compile(r"^env:([A-Za-z_][A-Za-z0-9_]*)$")
_WORDS = {"pwd", "token", "secret", "credential", "credentials"}
# Found in any spelling: dbPassword, API_KEY, privatekey.
_PARTS = ("password", "passwd", "passphrase", "apikey", "privatekey", "accesskey", "secretkey")


def is_secret(name: str) -> bool:
    """Whether a parameter's name says that its value is a secret.

    >>> [is_secret(n) for n in ("dbPassword", "api_key", "accessToken", "max_tokens", "target")]
    [True, True, True, False, False]
    """
    words = (word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name))
    joined = name.lower().replace("_", "")
    return bool(_WORDS.intersection(words)) or any(part in joined for part in _PARTS)


def check_reference(name: str, value: Any) -> None:
    """Refuse a secret in clear.

    Raises
    ------
    BadParameter
        If ``value`` is anything but empty, None or ``env:NAME``.
    """
    if value not in (None, "") and not (isinstance(value, str) and _REFERENCE.match(value)):
        raise BadParameter(
            f"{name!r} looks like a secret, and what a job is given is written down. Put it in an environment "
            f"variable, give {name}='env:NAME', and read it in the notebook with workbench.jobs.secrets.secret({name})."
        )


def secret(reference: str) -> str:
    """The value behind ``env:NAME``, in the process that asks.

    Raises
    ------
    BadParameter
        If it is no reference, or the variable is not set.

    Examples
    --------
    >>> import os
    >>> os.environ["WAREHOUSE_PASSWORD"] = "fish"
    >>> secret("env:WAREHOUSE_PASSWORD")
    'fish'
    """
    match = _REFERENCE.match(reference)
    if not match or match[1] not in os.environ:
        # What came is not shown: it may be the secret itself.
        raise BadParameter("A secret is given as 'env:NAME', and NAME is set where the job starts. Set it.")
    return os.environ[match[1]]
