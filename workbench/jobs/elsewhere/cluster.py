"""Jobs on a Dask cluster: who would start a job asks the cluster to, and one of its workers does.

``WORKBENCH_SCHEDULER=tcp://HOST:PORT`` (or ``tls://``) sends jobs there. The queue stays where it is: a job keeps its
ticket until a worker takes it, so that a task that Dask loses, or runs twice, loses nothing and runs nothing twice.
What the cluster is given is one plain function of ours with a path; record, events and output are files of the job's
folder, so ``WORKBENCH_HOME`` and the notebook's working folder are to be shared, under the same path, with the workers.

Dask's messages carry pickles. Whoever answers at the scheduler's address can run code as whoever asks it, so that
address is trusted as a program is that one starts; on a network that is not one's own use ``tls://`` and certificates
(Dask's settings ``distributed.comm.tls``).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from workbench.core.job import Job
from workbench.errors import Busy
from workbench.jobs.liveness import is_held, locked

WATCHED = "WORKBENCH_WORKER"  # the file, of a try, whose lock the worker holds: a job's process ends with its worker
PATIENCE = 5.0  # seconds that a scheduler may take to answer
ASKED = 60.0  # seconds after which a cluster is asked again for what still waits
UNREACHED = "It waits: the Dask scheduler {address} can't be reached ({why}). Start it; the job goes on then."
BLIND = "It waits: no worker of {address} sees {home}. Share that folder with them, under the same path."
ABSENT = "It waits: a Dask cluster needs the package distributed. Install it with: pip install 'ml-workbench[dask]'"
_UNREACHED: dict[str, tuple[float, str]] = {}  # who has not answered is left alone for a while


def ask(record: Job, address: str) -> str:
    """Ask a cluster to start a job that waits; why it can't be asked, in a sentence, or nothing.

    Asking again for the same try of the same job changes nothing: Dask knows it by its key, and a worker starts only
    what has a ticket.

    Parameters
    ----------
    record : Job
        With its ``path``.
    address : str
        Of the scheduler.
    """
    number = len(record.attempts)
    asked = record.path / f".asked-{number}"
    if _age(asked) < ASKED:
        return ""
    since, why = _UNREACHED.get(address, (0.0, ""))
    if why and time.monotonic() - since < PATIENCE:
        return why
    why = _told(record, address, number)
    if why:
        _UNREACHED[address] = (time.monotonic(), why)
    else:
        _UNREACHED.pop(address, None)
        asked.touch()
    return why


def _told(record: Job, address: str, number: int) -> str:
    home = record.path.parent.parent
    try:
        with _client(address) as client:
            seen = client.run(sees, str(home), on_error="return")
            if seen and not any(one is True for one in seen.values()):
                return BLIND.format(address=address, home=home)
            from distributed import fire_and_forget

            key = f"workbench-{record.id}-{number}"
            priority = record.options.priority
            fire_and_forget(client.submit(start, str(record.path), number, key=key, pure=False, priority=priority))
    except ImportError:
        return ABSENT
    except (OSError, ValueError, RuntimeError) as error:
        why = f"{type(error).__name__}" if not str(error) else str(error).splitlines()[0][:120]
        return UNREACHED.format(address=address, why=why)
    return ""


@contextmanager
def _client(address: str) -> Iterator[Any]:
    from distributed import Client

    client = Client(address, timeout=PATIENCE, set_as_default=False, name="workbench")
    try:
        yield client
    finally:
        client.close(timeout=PATIENCE)  # what was sent is sent before


def sees(folder: str) -> bool:
    """Whether a worker has a folder."""
    return Path(folder).is_dir()


def start(folder: str, number: int) -> str:
    """Run a try of a job, on the worker that Dask has chosen; its state then.

    By name, because no arrow of the house points up: starting is the queue's, which asks the cluster.
    """
    state: str = import_module("workbench.jobs.elsewhere.worker").run(Path(folder), number)
    return state


@contextmanager
def watched(folder: Path, number: int) -> Iterator[dict[str, str]]:
    """Hold what tells the process of a try that its worker lives; the variable that it looks for it by."""
    name = f".worker-{number}"
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not locked(descriptor):
            raise Busy(f"Another worker has the job {folder.name}. Wait for its end.")
        yield {WATCHED: name}
    finally:
        os.close(descriptor)


def is_lost(folder: Path) -> bool:
    """Whether the process of a job has lost the worker that started it; False where it was started otherwise."""
    name = os.environ.get(WATCHED)
    return name is not None and is_held(folder / name) is False


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")
