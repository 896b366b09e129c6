"""A message to a webhook: one POST over verified TLS, no redirect followed, nothing of its answer believed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

from workbench.delivery.failure import Undelivered
from workbench.delivery.message import Message
from workbench.delivery.targets import Webhook

CONNECT, ANSWER = 5.0, 15.0  # seconds
AGAIN = (408, 425, 429)
LONGEST_WAIT = 60.0  # seconds that an answer may ask for


def post(hook: Webhook, message: Message) -> None:
    """Send it once.

    Raises
    ------
    Undelivered
        Saying why in one sentence, and whether it may go better another time.
    """
    import requests

    content = message.slack() if hook.slack else message.json()
    headers = {"Idempotency-Key": quote(message.key, safe="/@:"), "User-Agent": "ml-workbench"}
    try:
        with requests.Session() as session, _unlogged():
            session.auth = _no_login  # a password that lies in ~/.netrc is not for whoever is told
            answer = session.post(
                hook.url, json=content, headers=headers, timeout=(CONNECT, ANSWER), allow_redirects=False, stream=True
            )
            answer.close()
    # The errors of the library show the address: none of them is passed on, not even as a cause.
    except requests.exceptions.SSLError:
        why = (
            f"The certificate of {_host(hook)} can't be verified. Let its administrator renew it, or trust its issuer."
        )
        raise Undelivered(why, again=False) from None
    except requests.exceptions.Timeout:
        raise Undelivered(f"{_host(hook)} did not answer in {ANSWER:g} seconds.", again=True) from None
    except requests.exceptions.ConnectionError:
        raise Undelivered(f"{_host(hook)} can't be reached.", again=True) from None
    except (requests.exceptions.RequestException, ValueError):
        raise Undelivered(
            f"{_host(hook)} can't be asked: its address is none, or its answer no HTTP.", again=False
        ) from None
    _judge(hook, answer)


@contextmanager
def _unlogged() -> Iterator[None]:
    """The library tells whoever logs everything the path of each address, which may be a secret."""
    logger = logging.getLogger("urllib3.connectionpool")

    def silent(_: logging.LogRecord) -> bool:
        return False

    logger.addFilter(silent)
    try:
        yield
    finally:
        logger.removeFilter(silent)


def _judge(hook: Webhook, answer: Any) -> None:
    status = answer.status_code
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        why = f"{_host(hook)} leads elsewhere (HTTP {status}), and that is not followed."
        raise Undelivered(f"{why} Give the address that it leads to.", again=False)
    again = status >= 500 or status in AGAIN
    what = "" if again else " Look at the address, and whether it is still valid."
    raise Undelivered(f"{_host(hook)} answered HTTP {status}.{what}", again, _wait(answer.headers.get("Retry-After")))


def _wait(asked: str | None) -> float:
    return min(float(asked), LONGEST_WAIT) if asked is not None and asked.isascii() and asked.isdigit() else 0.0


def _no_login(request: Any) -> Any:
    return request


def _host(hook: Webhook) -> str:
    return urlsplit(hook.url).netloc
