"""Where and how the service listens: loopback unless told, keys beyond it, TLS, a graceful end."""

from __future__ import annotations

import argparse
import gc
import ipaddress
import logging
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import BadParameter, Refused, WorkbenchError
from workbench.scoring.keys import Access, Keys, Tokens
from workbench.scoring.limits import Limits, setting, use
from workbench.scoring.patience import Patience
from workbench.scoring.service import HOSTS, Service, log_requests
from workbench.scoring.spans import tracer

if TYPE_CHECKING:
    import uvicorn

    from workbench.scoring.log import PredictionLog
    from workbench.scoring.runtime import Scorer
    from workbench.scoring.traffic import Traffic

GRACE = 20  # seconds that requests in progress get at the end
MOST_WORKERS, MOST_MILLISECONDS = 512, 1000


@dataclass(frozen=True)
class Listen:
    """How to listen.

    Parameters
    ----------
    host, port : str, int
        Address; loopback unless told otherwise.
    keys : path, optional
        File of keys.
    open_to_all : bool
        Listen beyond loopback without any key.
    allow_hosts : tuple of str
        Names that the ``Host`` header may have; on loopback those of loopback are always allowed.
    rate : float
        Requests a second of each caller; 0: no limit.
    certificate, certificate_key : path, optional
        TLS, in PEM.
    jwt_key : path, optional
        File with a public key in PEM or a shared secret; then JSON web tokens are accepted.
    jwt_audience, jwt_issuer : str, optional
        What the tokens must say.
    grpc : int, optional
        Port of the Open Inference Protocol over gRPC; it needs ``ml-workbench[grpc]``.
    requests : bool
        A line of JSON for each request on standard error.
    workers : int, optional
        Processes that answer; by default what ``WORKBENCH_WORKERS`` says, or one.
    micro_batch : float, optional
        Milliseconds that a single row waits for others, to be scored with them; by default what
        ``WORKBENCH_MICRO_BATCH`` says, or 0: it does not wait.
    limits : Limits, optional
        What one client may take; by default what the environment says of each bound.
    deadline, most_wait : float
        Seconds, as :class:`workbench.scoring.patience.Patience` has them.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    keys: Path | None = None
    open_to_all: bool = False
    allow_hosts: tuple[str, ...] = ()
    rate: float = 0.0
    certificate: Path | None = None
    certificate_key: Path | None = None
    jwt_key: Path | None = None
    jwt_audience: str | None = None
    jwt_issuer: str | None = None
    grpc: int | None = None
    requests: bool = False
    workers: int | None = None
    micro_batch: float | None = None
    limits: Limits | None = None
    deadline: float = Patience.deadline
    most_wait: float = Patience.most_wait

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        """The options of a command line."""
        take = parser.add_argument
        take("--host", default="127.0.0.1", help="address to listen on; loopback unless you say otherwise")
        take("--port", type=int, default=8080)
        take("--keys", type=Path, help="file of keys, made by: scoring keys add NAME --keys FILE")
        take("--open-to-all", action="store_true", help="listen beyond loopback without any key")
        take("--allow-host", dest="allow_hosts", action="append", default=[], help="a name this service answers for")
        take("--rate", type=float, default=0.0, help="requests a second of each caller; 0: no limit")
        take("--certificate", type=Path, help="TLS certificate in PEM")
        take("--certificate-key", type=Path, help="its private key in PEM")
        take("--jwt-key", type=Path, help="public key in PEM or shared secret of JSON web tokens")
        take("--jwt-audience")
        take("--jwt-issuer")
        take("--grpc", type=int, metavar="PORT", help="answer the Open Inference Protocol over gRPC there, too")
        take("--requests", action="store_true", help="a line of JSON for each request on standard error")
        take("--workers", type=int, help="processes that answer on the one port; WORKBENCH_WORKERS, or 1, by default")
        take(
            "--micro-batch", type=float, metavar="MS", help="milliseconds that a row waits to be scored with others; 0"
        )
        Limits.add_arguments(parser)
        take("--deadline", type=float, default=Patience.deadline, help="seconds that an answer may take")
        take(
            "--most-wait", type=float, default=Patience.most_wait, help="seconds of waiting beyond which it is refused"
        )

    @classmethod
    def of_arguments(cls, given: argparse.Namespace) -> Listen:
        """From parsed options."""
        options = {name: getattr(given, name) for name in cls.__dataclass_fields__ if name != "limits"}
        limits = Limits.of(vars(given))
        return cls(**{**options, "allow_hosts": tuple(given.allow_hosts), "limits": limits})

    @property
    def processes(self) -> int:
        """How many answer.

        Raises
        ------
        BadParameter
            If it is no number from 1 to 512.
        """
        told = self.workers if self.workers is not None else setting("workers", int, os.environ)
        number = 1 if told is None else told
        if not 1 <= number <= MOST_WORKERS:
            raise BadParameter(f"Workers are from 1 to {MOST_WORKERS}, got {number}. Take about one a core.")
        return int(number)

    @property
    def gathering(self) -> float:
        """Seconds that a single row waits for others.

        Raises
        ------
        BadParameter
            If it is no number of milliseconds from 0 to 1,000.
        """
        told = self.micro_batch if self.micro_batch is not None else setting("micro_batch", float, os.environ)
        milliseconds = 0.0 if told is None else told
        if not 0 <= milliseconds <= MOST_MILLISECONDS:
            allowed = f"A row waits for others from 0 to {MOST_MILLISECONDS} milliseconds"
            raise BadParameter(f"{allowed}, got {milliseconds}. Give such a time.")
        return float(milliseconds) / 1000

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can ask."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def access(self) -> Access:
        """Who may ask.

        Raises
        ------
        Refused
            If it would listen beyond loopback without any key.
        BadParameter
            If a file can't be read.
        """
        tokens = Tokens(_read(self.jwt_key), self.jwt_audience, self.jwt_issuer) if self.jwt_key else None
        keys = Keys(self.keys) if self.keys else None
        access = Access(Access.of_environment().key, keys, tokens)
        if access.open and not self.on_loopback and not self.open_to_all:
            raise Refused(
                f"Listening on {self.host} without a key would let everyone ask. Give --keys FILE, set "
                "WORKBENCH_API_KEY, or say --open-to-all."
            )
        return access

    @property
    def patience(self) -> Patience:
        """How long a client is kept waiting.

        Raises
        ------
        BadParameter
            If one is no positive number.
        """
        return Patience(self.deadline, self.most_wait)

    def hosts(self) -> tuple[str, ...] | None:
        """Names that the ``Host`` header may have; None: any."""
        if self.on_loopback:
            return (*HOSTS, self.host, *self.allow_hosts)
        return self.allow_hosts or None


def builder(
    listen: Listen,
    access: Access,
    log: Callable[[Scorer], PredictionLog | None],
    reload: Callable[[], Scorer],
) -> Callable[..., Service]:
    """What makes the service of a traffic: here once, in workers once for each, of a kind of their own.

    Parameters
    ----------
    listen : Listen
        What the command line says.
    access : Access
        Who is let in.
    log : callable
        Opens the prediction log for the champion; None: nothing is kept.
    reload : callable
        Gives the version that is named now.
    """

    def build(traffic: Traffic, kind: type[Service] = Service) -> Service:
        return kind(
            traffic.champion,
            log(traffic.champion),
            access,
            hosts=listen.hosts(),
            rate=listen.rate,
            arms=traffic.arms,
            shadow=traffic.shadow,
            reload=reload,
            tracer=tracer(),
            patience=listen.patience,
            micro_batch=listen.gathering,
        )

    return build


def run(service: Service, listen: Listen) -> None:
    """Listen until SIGINT or SIGTERM; requests in progress are answered first, then the log is committed.

    ``SIGHUP`` loads the version that is named now; requests carry on meanwhile. A second signal ends it at once.
    """
    from workbench.scoring.server import Server

    config = configured(service, listen)
    _reload_on_hangup(service)
    gc.collect()
    gc.freeze()  # what is loaded stays: no request waits while the collector looks at it again
    gc.enable()  # which a bundle's own start has switched off

    def close() -> None:
        if service.log is not None:
            service.log.close()

    try:
        Server(config, close).run()
    finally:
        close()


def configured(service: Service, listen: Listen) -> uvicorn.Config:
    """How uvicorn serves, within the limits that hold from now on in this process.

    Raises
    ------
    BadParameter
        If a file of TLS is not there.
    """
    import uvicorn

    from workbench.scoring.connection import PatientConnection

    limits = (listen.limits or Limits.of({})).fitting()
    use(limits)
    if listen.requests:
        log_requests()
    for path in (listen.certificate, listen.certificate_key):
        if path is not None and not path.is_file():
            raise BadParameter(f"There is no file {path}. Give the certificate and its key in PEM.")
    return uvicorn.Config(
        _with_rpc(service, listen),
        host=listen.host,
        port=listen.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        http=PatientConnection,
        timeout_keep_alive=limits.idle_seconds,  # type: ignore[arg-type]  # seconds with a fraction are as good
        timeout_graceful_shutdown=GRACE,
        **_tls(listen),
    )


def _with_rpc(service: Service, listen: Listen) -> Any:
    """The service, with gRPC beside it where that was asked for."""
    if listen.grpc is None:
        return service
    from workbench.scoring.rpc import WithRpc

    if not 1 <= listen.grpc <= 65535:
        raise BadParameter(f"The port of gRPC is from 1 to 65535, got {listen.grpc}. Give one that is free.")
    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    known = next(iter(listen.hosts() or ("localhost",)))
    shared = listen.processes > 1
    return WithRpc(service, f"{host}:{listen.grpc}", known, listen.certificate, listen.certificate_key, shared)


def _tls(listen: Listen) -> dict[str, Any]:
    if listen.certificate is None:
        return {}
    key = None if listen.certificate_key is None else str(listen.certificate_key)
    return {"ssl_certfile": str(listen.certificate), "ssl_keyfile": key}


def _reload_on_hangup(service: Service) -> None:
    if not hasattr(signal, "SIGHUP") or threading.current_thread() is not threading.main_thread():
        return
    signal.signal(signal.SIGHUP, lambda *_: threading.Thread(target=_reloaded, args=(service,), daemon=True).start())


def _reloaded(service: Service) -> None:
    try:
        service.reload()
    except (WorkbenchError, OSError) as error:
        # The old version keeps answering.
        logging.getLogger(__name__).warning("The new version can't be loaded: %s", error)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadParameter(f"The file {path} can't be read ({error}). Give a key in PEM or a secret.") from error
