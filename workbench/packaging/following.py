"""How a running service follows the alias of its bundle, and what is tried out beside it."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path
from typing import Protocol

from workbench.core.bundle import MANIFEST
from workbench.core.rollout import Rollout
from workbench.errors import Refused, WorkbenchError
from workbench.packaging.package import bundle
from workbench.scoring.metrics import Metrics
from workbench.scoring.runtime import Scorer
from workbench.scoring.traffic import Traffic, Trial
from workbench.settings import settings
from workbench.storage.registry import version_of
from workbench.storage.rollouts import path_of
from workbench.storage.tracking import CHAMPION

SECONDS = 2.0  # between two looks
AGAIN = 30  # looks after which what was refused is tried again


class Followed(Protocol):
    """What answers: one service, or the parent of several."""

    metrics: Metrics

    @property
    def traffic(self) -> Traffic:
        """Who answers at this moment."""

    @property
    def scorer(self) -> Scorer:
        """The champion."""

    def follow(self, scorer: Scorer) -> None:
        """Answer with another version from now on."""

    def try_out(self, trial: Trial | None) -> None:
        """Try a version out from now on; None: none."""


class Follower:
    """Keeps one service at what the store says.

    Only a move counts: what ``/admin/rollback`` has set stays until somebody promotes or rolls back by name. Whatever
    goes wrong leaves the service as it is, for it must not stop because a file can't be read.

    Parameters
    ----------
    service : Service or Workers
        What answers.
    name : str
        A plain name or ``NAME@alias``; only who answers as the champion tries versions out.
    """

    def __init__(self, service: Followed, name: str) -> None:
        self.service = service
        self.base, _, alias = name.partition("@")
        self.alias = alias or CHAMPION
        self._version = service.scorer.bundle.version
        self._rollout: Rollout | None = None
        self._looks_left = 0
        self._refused: tuple[int, int] | None = None  # a version, and the looks until it is tried again
        self._said = ""

    def follow(self, stop: threading.Event) -> None:
        """Look every :data:`SECONDS` until told to stop."""
        while not stop.wait(SECONDS):
            self.look()

    def look(self) -> None:
        """Do what is named now, where it is something else than before."""
        try:
            followed = self._look_at_alias()
            if self.alias == CHAMPION:
                self._look_at_rollout()
            self._said = "" if followed else self._said
        except (WorkbenchError, OSError) as error:
            self._tell_once(f"The alias can't be followed: {error}")

    def _look_at_alias(self) -> bool:
        """Go over to the version that is named, if it can answer here; whether it does."""
        version = version_of(self.base, self.alias)
        if version == self._version:
            self._refused = None
            return True
        if self._refused is not None and self._refused[0] == version and self._refused[1] > 0:
            self._refused = version, self._refused[1] - 1
            return False
        try:
            self._go_over(version)
        except Refused as error:
            self._refused = version, AGAIN
            self._tell_once(f"The alias is not followed: {error}")
            return False
        return True

    def _go_over(self, version: int) -> None:
        if version != self.service.scorer.bundle.version:
            self.service.follow(self._loaded(version))
            sys.stderr.write(f"Now serving {self.service.scorer.bundle.headline()}\n")
        # What is tried out must fit the new champion.
        self._version, self._rollout = version, None

    def _look_at_rollout(self) -> None:
        wanted = Rollout.of_file(path_of(self.base, settings()))
        if wanted is not None and wanted.version == self.service.scorer.bundle.version:
            wanted = None  # it has just become the champion
        self._looks_left -= 1
        refused = self.service.metrics.refused
        if wanted == self._rollout and (refused is None or self._looks_left > 0):
            return
        self._rollout, self._looks_left = wanted, AGAIN
        self._try_out(wanted)

    def _try_out(self, rollout: Rollout | None) -> None:
        """A version that can't be loaded, or does not fit, takes no row."""
        self.service.metrics.refused = None
        try:
            self.service.try_out(None if rollout is None else Trial(rollout, self._loaded(rollout.version)))
            sys.stderr.write(f"Now trying out {rollout}\n" if rollout else f"Nothing of {self.base} is tried out\n")
        except Exception as error:  # noqa: BLE001 - whatever is wrong with what is tried out, the champion answers
            self.service.try_out(None)
            self.service.metrics.refused = rollout
            self._tell_once(f"What is tried out is refused, the champion answers all rows: {error}")

    def _loaded(self, version: int) -> Scorer:
        return self.service.traffic.loaded(version) or Scorer(bundle(f"{self.base}/{version}").path)

    def _tell_once(self, text: str) -> None:
        if text != self._said:
            logging.getLogger(__name__).warning(text)
        self._said = text


def is_fixed(name: str) -> bool:
    """Whether a name means one version for ever."""
    return "/" in name or (Path(name) / MANIFEST).is_file()
