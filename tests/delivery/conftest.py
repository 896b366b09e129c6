"""Receivers of messages, and waits that take no time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.broker import broker  # noqa: F401 - a fixture
from tests.receivers import hook, post  # noqa: F401 - fixtures


@pytest.fixture
def waits() -> tuple[list[float], Callable[[float], None]]:
    """How long was waited for, and what waits without doing so."""
    told: list[float] = []
    return told, told.append
