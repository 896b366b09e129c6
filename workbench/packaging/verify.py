"""The proof that what was trained is what is served: a fresh process replays the golden and the bad rows.

The process runs a copy of what the bundle lists, never what else may lie in its folder. It runs the bundle's own code
with the rights of whoever verifies it: a bundle of somebody else is verified where its maker's key is trusted. Of the
caller's environment that code sees what ``child_environment.py`` lists and no secret, but it is in no sandbox: it can
read the caller's files and use the network.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from workbench.core.bundle import MANIFEST, Bundle
from workbench.core.verification import Check, Verification
from workbench.packaging.environment import build, present
from workbench.packaging.package import bundle as fetch
from workbench.packaging.process import started
from workbench.packaging.replay import imports, replayed
from workbench.settings import settings
from workbench.storage.signature import read_signature


def verify(name: str | Path | Bundle, *, fresh: bool = False) -> Verification:
    """Start a bundle in a fresh process, from its folder alone, and replay its golden and bad rows over HTTP.

    Parameters
    ----------
    name : str, path or Bundle
        As :func:`workbench.bundle` takes it.
    fresh : bool
        True: first build a new environment from the bundle's own ``requirements.lock``, by its hashes where it has
        them; needs a package index. ``workbench verify`` does so. False: use the packages of this environment,
        isolated from the working folder and ``PYTHONPATH``, which takes a second.

    Returns
    -------
    Verification
        ``ok`` and one line a check.

    Notes
    -----
    The bundle's code runs with your rights, in no sandbox: it can read your files and use the network. It does not get
    your environment (keys, tokens, passwords), nor your home folder as its own. Where nobody is trusted by key, the
    line *signature* says so of a bundle from outside this workspace; name trusted keys in ``WORKBENCH_TRUSTED_KEYS``.

    Raises
    ------
    BadParameter, NotFound, Damaged, Untrusted, Unsigned
        As :func:`workbench.bundle`.
    Refused
        If the environment can't be built, or the service does not start.

    Examples
    --------
    >>> import workbench as wb
    >>> wb.verify("churn").ok
    True
    """
    given = name if isinstance(name, Bundle) else fetch(name)
    with tempfile.TemporaryDirectory() as scratch:
        bundle = _copied(Bundle.load_folder(given.path), Path(scratch, "bundle"))
        python, environment = build(bundle, Path(scratch, "env")) if fresh else (sys.executable, present(bundle))
        checks = [_signed(given), _files(bundle), *_claim(bundle), environment, *_replay(bundle, python, Path(scratch))]
    return Verification(f"{bundle.name} version {bundle.version}", tuple(checks))


def _copied(bundle: Bundle, place: Path) -> Bundle:
    """What the bundle lists and nothing else; checked as the copy that will run."""
    for name in (*bundle.files, MANIFEST):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bundle.path / name, place / name)
    Bundle.load_folder(place, ask_signature=False)
    return replace(bundle, path=place)


def _signed(bundle: Bundle) -> Check:
    signature = read_signature(bundle.path)
    by = "none" if signature is None else f"by the key {signature.key[:16]}…"
    if settings().trusted_keys is not None and signature is not None:
        return Check("signature", True, f"{by}, which is trusted here")
    asked = "none is asked for here" if signature is None else "no keys are trusted here"
    return Check("signature", True, f"{by}, and {asked} (WORKBENCH_TRUSTED_KEYS is not set); {_origin(bundle)}")


def _origin(bundle: Bundle) -> str:
    """Whose code it was, where no key says so."""
    if bundle.path.resolve().is_relative_to(settings().bundles.resolve()):
        return "it lies in this workspace"
    return "it comes from outside this workspace, and its code ran with your rights: this is no sandbox"


def _files(bundle: Bundle) -> Check:
    return Check("files", True, f"{len(bundle.files)} files are what was packaged")


def _claim(bundle: Bundle) -> Iterator[Check]:
    """Loading has compared it."""
    if bundle.claim is not None:
        yield Check("scores", True, f"{bundle.metrics[0]}, of the model {bundle.claim.model[:16]}… that ships here")


def _replay(bundle: Bundle, python: str, scratch: Path) -> list[Check]:
    with started(bundle, python, scratch) as service:
        checks = replayed(bundle, service)
    return [*checks, *imports(bundle, service.imported)]
