"""Where and how the service listens: loopback unless told, keys beyond it, TLS, a graceful end."""

from __future__ import annotations

import argparse
import gc
import ipaddress
import logging
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import BadParameter, Refused, WorkbenchError
from workbench.scoring.keys import Access, Keys, Tokens
from workbench.scoring.service import HOSTS, Service, log_requests

GRACE = 20  # seconds that requests in progress get at the end


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
    requests : bool
        A line of JSON for each request on standard error.
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
    requests: bool = False

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
        take("--requests", action="store_true", help="a line of JSON for each request on standard error")

    @classmethod
    def of_arguments(cls, given: argparse.Namespace) -> Listen:
        """From parsed options."""
        options = {name: getattr(given, name) for name in cls.__dataclass_fields__}
        return cls(**{**options, "allow_hosts": tuple(given.allow_hosts)})

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

    def hosts(self) -> tuple[str, ...] | None:
        """Names that the ``Host`` header may have; None: any."""
        if self.on_loopback:
            return (*HOSTS, self.host, *self.allow_hosts)
        return self.allow_hosts or None


def run(service: Service, listen: Listen) -> None:
    """Listen until SIGINT or SIGTERM; requests in progress are answered first, then the log is committed.

    ``SIGHUP`` loads the version that is named now; requests carry on meanwhile.
    """
    import uvicorn

    from workbench.scoring.connection import PatientConnection

    if listen.requests:
        log_requests()
    for path in (listen.certificate, listen.certificate_key):
        if path is not None and not path.is_file():
            raise BadParameter(f"There is no file {path}. Give the certificate and its key in PEM.")
    config = uvicorn.Config(
        service,
        host=listen.host,
        port=listen.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        http=PatientConnection,
        timeout_graceful_shutdown=GRACE,
        **_tls(listen),
    )
    _reload_on_hangup(service)
    gc.collect()
    gc.freeze()  # what is loaded stays: no request waits while the collector looks at it again
    gc.enable()  # which a bundle's own start has switched off
    try:
        uvicorn.Server(config).run()
    finally:
        if service.log is not None:
            service.log.close()


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
