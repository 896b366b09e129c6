"""Serve a bundle by name; the service follows it, so a promotion, a trial or a rollback needs no restart."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from typing import Any

from workbench.core.ports import free_port
from workbench.errors import BadParameter
from workbench.packaging.following import SECONDS, Follower, is_fixed
from workbench.packaging.package import bundle
from workbench.scoring.listen import Listen, builder, run
from workbench.scoring.log import PredictionLog
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service
from workbench.scoring.traffic import Arm, Traffic
from workbench.settings import log_days as kept_days
from workbench.settings import settings


def serve(
    name: str,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    ab: Sequence[str] = (),
    shadow: str | None = None,
    log_days: int | None = None,
    **options: Any,
) -> None:
    """Answer rows over HTTP until stopped, and log what is seen.

    Parameters
    ----------
    name : str
        As :func:`workbench.bundle` takes it. A plain name or an alias is followed, and a plain name's versions are
        tried out as :func:`workbench.promote` says; a version or a folder is fixed.
    host : str
        Address to listen on; loopback by default. Beyond it, a key is needed.
    port : int
        Port to listen on; 0 takes a free one, and tells it.
    ab : sequence of str
        ``NAME@alias=SHARE``: versions that answer a share of the rows.
    shadow : str, optional
        A version that scores the same rows; only the log sees it.
    log_days : int, optional
        Days of which the log keeps records; by default as ``WORKBENCH_LOG_DAYS`` says, or all.
    options : Any
        More of :class:`workbench.scoring.listen.Listen`: keys, TLS, rate limit, workers, limits.

    Raises
    ------
    NotFound, Damaged
        As :func:`workbench.bundle`.
    Refused
        If it would listen beyond loopback without a key.
    """
    listen = Listen(host, port or free_port(host), **options)
    access = listen.access()
    traffic = Traffic(_scorer(name), tuple(map(_arm, ab)), _scorer(shadow) if shadow else None)
    served, days = traffic.champion.bundle, kept_days(log_days)

    def reload() -> Scorer:
        return _scorer(name)

    def log(champion: Scorer) -> PredictionLog:
        return PredictionLog(settings().predictions / served.name, champion.sensitive, days)

    build = builder(listen, access, log, reload)

    kind = "https" if listen.certificate else "http"
    where = f"{kind}://{host}:{listen.port}"
    told = f"{served.headline()}\nListening on {where} (POST /predict, GET /contract). Stop with Ctrl-C.\n"
    if listen.processes == 1:
        _run_alone(build(traffic), listen, name, told)
    else:
        from workbench.scoring.workers import Workers

        workers = Workers(build, traffic, listen, reload)
        sys.stderr.write(told)
        workers.run(None if is_fixed(name) else Follower(workers, name).look, SECONDS)


def _run_alone(service: Service, listen: Listen, name: str, told: str) -> None:
    stop = threading.Event()
    if not is_fixed(name):
        follower = Follower(service, name)
        follower.look()
        threading.Thread(target=follower.follow, args=(stop,), daemon=True).start()
    sys.stderr.write(told)
    try:
        run(service, listen)
    finally:
        stop.set()


def _scorer(name: str) -> Scorer:
    return Scorer(bundle(name).path)


def _arm(text: str) -> Arm:
    name, _, share = text.rpartition("=")
    try:
        part = float(share)
    except ValueError:
        raise BadParameter(f"An arm is NAME@alias=SHARE, such as churn@challenger=0.1, got {text!r}.") from None
    scorer = _scorer(name)
    return Arm(f"version {scorer.bundle.version}", scorer, part)
