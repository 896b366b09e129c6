"""What other people's code may see of this process's environment: a list of what is passed on, never of what is not.

Secrets have any name, so a list of names to hide misses some. A bundle's own code gets what a Python process needs to
start and compute, and no more; the installer gets besides what says where packages come from and how to get there,
which may hold a password, and it runs no code of a bundle (it installs wheels only, see ``environment.py``).

This is no sandbox: code that runs with somebody's rights can read what they can read, files and other processes too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

# Where programs and libraries lie, how texts and times are written, how many threads compute on which instructions.
COMPUTING = frozenset((
    "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "LANG", "LANGUAGE", "LC_ALL",
    "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME", "TZ", "SSL_CERT_FILE",
    "SSL_CERT_DIR", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS", "OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES",
    "NPY_ENABLE_CPU_FEATURES", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT",
    "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE",
))  # fmt: skip
# Where an installer finds its settings, its cache and the index.
INSTALLING = frozenset((
    "HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "TMPDIR", "TEMP", "TMP", "XDG_CONFIG_HOME",
    "XDG_CONFIG_DIRS", "XDG_CACHE_HOME", "XDG_DATA_HOME", "NETRC", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
    "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
))  # fmt: skip
HOMES = ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP")


def code_environment(scratch: Path, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a process that runs a bundle's code; its home and temporary folder are ``scratch``.

    Parameters
    ----------
    scratch : Path
        A folder that is thrown away afterwards.
    given : mapping of str to str, optional
        An environment; by default this process's.

    Examples
    --------
    >>> seen = code_environment(Path("/tmp/x"), {"PATH": "/bin", "TZ": "UTC", "AWS_SECRET_ACCESS_KEY": "fish"})
    >>> seen["PATH"], seen["TZ"], "AWS_SECRET_ACCESS_KEY" in seen
    ('/bin', 'UTC', False)
    """
    # What it would compile is thrown away with its home.
    return {**_only(COMPUTING, given), **dict.fromkeys(HOMES, str(scratch)), "WORKBENCH_COMPILER": "off"}


def installer_environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of uv and pip: with the index and the way to it, without the secrets of anything else.

    Examples
    --------
    >>> sorted(installer_environment({"UV_OFFLINE": "1", "UV_PUBLISH_TOKEN": "fish", "https_proxy": "h", "TOKEN": "x"}))
    ['UV_OFFLINE', 'https_proxy']
    """
    own = os.environ if given is None else given
    settings = {k: v for k, v in own.items() if k.startswith(("UV_", "PIP_")) and not k.startswith("UV_PUBLISH_")}
    return {**_only(COMPUTING | INSTALLING, own), **settings}


def _only(names: frozenset[str], given: Mapping[str, str] | None) -> dict[str, str]:
    """Proxies are written in small letters too, and Windows knows no difference."""
    return {k: v for k, v in (os.environ if given is None else given).items() if k.upper() in names}
