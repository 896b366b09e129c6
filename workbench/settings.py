"""Where Workbench keeps things and how much of the machine it may take.

An argument wins over the environment (``WORKBENCH_*``), which wins over the default.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import BadParameter

SCHEDULER = "WORKBENCH_SCHEDULER"
MOST_BYTES = 255  # of a file's name


@dataclass(frozen=True)
class Settings:
    """The settings in force.

    Parameters
    ----------
    home : Path
        Folder of everything that Workbench writes (``WORKBENCH_HOME``; default ``.workbench`` in the working folder).
    tracking_uri : str
        MLflow's store (``MLFLOW_TRACKING_URI``; default SQLite in ``home``).
    threads : int
        Threads that a fit may take (``WORKBENCH_THREADS``; default: what the machine can give now, at least 1).
    trusted_keys : Path, optional
        Public key, or folder of them (``*.pem``), of whom bundles are taken from (``WORKBENCH_TRUSTED_KEYS``).
        Without it no signature is asked for; with it an unsigned or changed bundle is refused.
    signing_key : Path, optional
        Private key that signs each new bundle (``WORKBENCH_SIGNING_KEY``; its passphrase, if it has one, in
        ``WORKBENCH_SIGNING_PASSPHRASE``).
    """

    home: Path
    tracking_uri: str
    threads: int
    trusted_keys: Path | None = None
    signing_key: Path | None = None

    @property
    def bundles(self) -> Path:
        """Folder of the bundles, one folder a name and version."""
        return self.home / "bundles"

    @property
    def jobs(self) -> Path:
        """Folder of the jobs, one folder each."""
        return self.home / "jobs"

    @property
    def batches(self) -> Path:
        """Folder of the batches, one folder each; their jobs are among the jobs."""
        return self.home / "batches"

    @property
    def queue(self) -> Path:
        """Folder of the jobs that wait: their tickets, and the slots of what runs."""
        return self.home / "queue"

    @property
    def predictions(self) -> Path:
        """Folder of the prediction logs, one a bundle name."""
        return self.home / "predictions"

    @property
    def reports(self) -> Path:
        """Folder of the monitoring reports, one folder a bundle name."""
        return self.home / "reports"

    @property
    def incidents(self) -> Path:
        """Folder of what is known of incidents and what people did about them, one folder a bundle name."""
        return self.home / "incidents"

    @property
    def rollouts(self) -> Path:
        """Folder of the versions that are tried out, one file a bundle name."""
        return self.home / "rollouts"

    @property
    def audit_log(self) -> Path:
        """The append-only, hash-chained record of promotions and rollbacks."""
        return self.home / "audit.jsonl"


def settings(home: str | Path | None = None, tracking_uri: str | None = None, threads: int | None = None) -> Settings:
    """Return the settings in force.

    Examples
    --------
    >>> settings(home="/tmp/wb").bundles.as_posix()
    '/tmp/wb/bundles'
    """
    if not (home is None or (isinstance(home, (str, os.PathLike)) and may_be_path(home))):
        raise BadParameter(f"'home' is a folder's path, got a {type(home).__name__}. Give a path that can be one.")
    where = Path(home or os.environ.get("WORKBENCH_HOME") or ".workbench").expanduser().absolute()
    uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{where / 'mlflow.db'}"
    return Settings(
        home=where,
        tracking_uri=uri,
        threads=threads or _count("WORKBENCH_THREADS") or _idle_cores(),
        trusted_keys=path_setting("WORKBENCH_TRUSTED_KEYS"),
        signing_key=path_setting("WORKBENCH_SIGNING_KEY"),
    )


def may_be_path(value: str | os.PathLike[str]) -> bool:
    """Whether a text can be a path at all: systems refuse to look for others.

    >>> may_be_path("data/july.csv"), may_be_path("x" * 300), may_be_path("a\\0b")
    (True, False, False)
    """
    parts = str(value).replace("\\", "/").split("/")
    return "\0" not in str(value) and all(len(p.encode(errors="replace")) <= MOST_BYTES for p in parts)


def path_setting(name: str) -> Path | None:
    """A path from the environment, None where it is not set or empty."""
    value = os.environ.get(name)
    return Path(value).expanduser().absolute() if value else None


def dear_reasons() -> tuple[float, float]:
    """CPU milliseconds a row, and MB, beyond which a bundle's service tells no reasons unless it is asked to.

    ``WORKBENCH_REASONS_CPU`` (default 50) and ``WORKBENCH_REASONS_MEMORY`` (default 500), when it is packaged.

    Raises
    ------
    BadParameter
        If one of them is no number above 0.
    """
    return _amount("WORKBENCH_REASONS_CPU", 50.0), _amount("WORKBENCH_REASONS_MEMORY", 500.0)


def _amount(name: str, default: float) -> float:
    text = os.environ.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise BadParameter(f"{name} is a number above 0, got {text[:40]!r}. Set it to {default:g}, or leave it out.")
    return value


def debugging() -> bool:
    """Whether errors are shown with their whole traceback everywhere (``WORKBENCH_DEBUG=1``)."""
    return os.environ.get("WORKBENCH_DEBUG", "0") not in ("", "0")


def instant_seconds() -> float:
    """How long what processes are forked from waits for work (``WORKBENCH_INSTANT``, default 600; 0: no forks).

    Raises
    ------
    BadParameter
        If the variable is no number of seconds.
    """
    value = os.environ.get("WORKBENCH_INSTANT", "600")
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise BadParameter(
            f"WORKBENCH_INSTANT is a number of seconds, 0 for no forks; got {value!r}. Set it, or unset it."
        )
    return seconds


def jobs_at_once() -> int | None:
    """How many jobs may run at once (``WORKBENCH_JOBS``; default None: as cores and free memory allow).

    Raises
    ------
    BadParameter
        If the variable is no whole number of at least 1.
    """
    return _count("WORKBENCH_JOBS")


def log_days(days: int | None = None) -> int | None:
    """Days of which prediction logs keep records beside the present one (``WORKBENCH_LOG_DAYS``; default None: all).

    Parameters
    ----------
    days : int, optional
        What somebody asked for; it wins over the variable.

    Raises
    ------
    BadParameter
        If it is no whole number of at least 1.

    Examples
    --------
    >>> log_days(30)
    30
    """
    if days is None:
        return _count("WORKBENCH_LOG_DAYS")
    if days < 1:
        raise BadParameter(f"Days of a log are a whole number of at least 1, got {days!r}. Give one, or none.")
    return days


def compiler() -> str | None:
    """The C compiler that compiles the loops over trees once (``WORKBENCH_COMPILER``, default ``cc``; ``off``: none).

    Without one, and without what it compiled before, numpy reckons: the same predictions, more slowly.
    """
    named = os.environ.get("WORKBENCH_COMPILER", "").strip() or "cc"
    return None if named.lower() in ("off", "0", "no") else named


def compiled_folder() -> Path | None:
    """Where compiled loops are kept (``WORKBENCH_COMPILED``; default: the user's cache; None where there is none)."""
    named = path_setting("WORKBENCH_COMPILED")
    if named is not None:
        return named
    caches = {"darwin": "Library/Caches", "win32": "AppData/Local"}.get(sys.platform, ".cache")
    try:
        place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / caches)
    except RuntimeError:  # a user without a home
        return None
    return place / "ml-workbench" / "compiled" if place.is_absolute() else None


def textfiles() -> Path | None:
    """Folder of which Prometheus' node exporter takes files of metrics (``WORKBENCH_TEXTFILES``; default None)."""
    return path_setting("WORKBENCH_TEXTFILES")


def scheduler() -> str | None:
    """The Dask scheduler that runs the jobs (``WORKBENCH_SCHEDULER``; default None: this machine does).

    Raises
    ------
    BadParameter
        If the variable is no address of one.
    """
    address = os.environ.get(SCHEDULER)
    if address and not re.fullmatch(r"(tcp|tls|ws|wss|ucx)://[^\s/@]+:\d{1,5}", address):
        raise BadParameter(f"{SCHEDULER} is a Dask scheduler's address, tcp://HOST:PORT or tls://HOST:PORT. Set it so.")
    return address or None


def in_kernel() -> bool:
    """Whether this code runs in a Jupyter kernel; IPython is asked only if somebody has loaded it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


def _count(name: str) -> int | None:
    value = os.environ.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 9) or int(value) < 1:
        raise BadParameter(f"{name} must be a whole number of at least 1, got {value!r}. Set it, or unset it.")
    return int(value)


def _idle_cores() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(1, cores - round(busy))
