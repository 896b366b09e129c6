"""Results of our verbs that a job keeps, so that a later one need not compute them again.

This module works in the kernel, next to what the cells have made. A result lies in the job's folder under a hash of all
that it depends on: the cell's text, the values that its call is given, the content of the table and its contract, the
run that it builds on, Workbench itself and every package that is installed. What can't be told so is computed again,
and so is a result that does not come back from its file exactly as it was. Runs and bundles lie where their verbs put
them; only where is kept. Nothing is pickled.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from workbench.core.json_values import plain
from workbench.core.parameters import STEPS, unnamed
from workbench.core.result import Result
from workbench.core.saved import Flat
from workbench.settings import settings

# Verbs whose result depends on nothing but what they are given, and what each makes.
VERBS = {"profile": "Profile", "train": "Run", "explain": "Explanation", "fairness": "Fairness", "package": "Bundle"}
MOST = 200_000  # numbers of a result that is written as JSON, in a fraction of a second
LARGEST = 4 * 2**20  # its bytes
UNKEPT = "WB209"  # a run whose pipeline can't be read back as it is

# What verbs tell of a run later, and leave beside it in MLflow's store, where others find it by the run.
TOLD = ("workbench/explanation.parquet", "workbench/fairness.json")
RUNS = "runs.json"

# Runs that came from a cell of this kernel, by their identity: others may have been changed by hand.
_RUNS: dict[int, Any] = {}
_taken: list[Any] = [None]


class Unknown(Exception):
    """It can't be told what a result depends on."""


@dataclass(frozen=True)
class Kept(Flat):
    """One result.

    Parameters
    ----------
    job : str
        Which computed it.
    cell : int
        Position of its cell there, from 0.
    verb : str
        What made it.
    place : dict
        Where it lies: ``run``, ``bundle``, or the ``document`` itself.
    digest : str
        Of what the result says of itself.
    """

    job: str
    cell: int
    verb: str
    place: dict[str, Any]
    digest: str

    noun: ClassVar[str] = "kept result"


@dataclass(frozen=True)
class Runs(Flat):
    """What the store had beside each run of a job when its last cell had finished.

    Parameters
    ----------
    beside : dict
        By the run's id: the hash of each file.
    """

    beside: dict[str, dict[str, str]]

    noun: ClassVar[str] = "runs of a job"


def keep(folder: str, job: str, cell: int, source: str, call: Any, given: Mapping[str, Any], result: Any) -> str:
    """Keep the result of a cell, if it is one of our verbs' and can be read back as it is.

    Parameters
    ----------
    folder : str
        Where results of the job are kept.
    job, cell
        Whose and where.
    source : str
        What stands in the cell.
    call : callable
        What it calls.
    given : mapping
        The arguments, by name; by place as numbers.
    result : object
        What came of it.

    Returns
    -------
    str
        Its key, empty where nothing is kept.
    """
    try:
        verb = _verb(call)
        place = {**_place(verb, result), "beside": _is_beside(result, given)}
        kept = Kept(job, cell, verb, place, _digest(result))
        key = _key(verb, source, given)
        kept.save(Path(folder) / f"{key}.json")
    except Exception:  # noqa: BLE001 - whatever it is, the job goes on and the result is computed again
        return ""
    _known(result)
    return key


def look(folder: str) -> None:
    """Write down what the store has beside the runs of this kernel, after each cell that has finished."""
    if _RUNS:
        with suppress(Exception):  # what can't be looked at is not taken over
            Runs({run.id: _in_store(run.id) for run in _RUNS.values()}).save(Path(folder) / RUNS)


def take(folder: str, as_before: bool, source: str, call: Any, given: Mapping[str, Any]) -> str:
    """Find and load the result of a cell, if nothing that it depends on has changed; :func:`taken` gives it.

    Parameters
    ----------
    folder : str
        Where results of the earlier job are kept.
    as_before : bool
        Whether all that the earlier job did to its runs will be done again, in the same order.
    source, call, given
        As :func:`keep` takes them.

    Returns
    -------
    str
        Its key, empty where the cell has to run.
    """
    _taken[0] = None
    try:
        key = _key(_verb(call), source, given)
        kept = Kept.load(Path(folder) / f"{key}.json")
        result = _load(kept)
        if _digest(result) != kept.digest or (kept.verb == "train" and not _is_alone(result, folder, as_before)):
            return ""
    except Exception:  # noqa: BLE001 - whatever it is, the cell runs
        return ""
    _taken[0] = result
    _known(result)
    if kept.place["beside"]:
        for run in _runs(given):
            run.beside[kept.verb] = result
    return key


def taken() -> Any:
    """What :func:`take` has loaded."""
    return _taken[0]


def _is_alone(run: Any, folder: str, as_before: bool) -> bool:
    """Whether the store has nothing beside a run that a new one would not have by the end.

    What a failed cell, or somebody else, has told of it since would be found by whoever packages the run.
    """
    beside = _in_store(run.id)
    return not beside or (as_before and Runs.load(Path(folder) / RUNS).beside.get(run.id) == beside)


def _in_store(run_id: str) -> dict[str, str]:
    from workbench.storage.tracking import client

    store = client()
    names = [file.path for file in store.list_artifacts(run_id, "workbench") if file.path in TOLD]
    with TemporaryDirectory() as place:
        files = {name: Path(store.download_artifacts(run_id, name, place)) for name in names}
        return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}


def _is_beside(result: Any, given: Mapping[str, Any]) -> bool:
    """Whether the verb has put what it tells beside the run that it tells of."""
    return any(told is result for run in _runs(given) for told in run.beside.values())


def _runs(given: Mapping[str, Any]) -> list[Any]:
    return [value for value in given.values() if id(value) in _RUNS]


def _known(result: Any) -> None:
    if type(result).__name__ == "Run":
        _RUNS[id(result)] = result


def _verb(call: Callable[..., Any]) -> str:
    """The verb that is called, by identity: a name may mean anything."""
    import workbench

    name = getattr(call, "__name__", "")
    ours = str(getattr(call, "__module__", "")).startswith("workbench.")
    if not (ours and name in VERBS and call is getattr(workbench, name)):
        raise Unknown
    return str(name)


def _place(verb: str, result: Any) -> dict[str, Any]:
    if type(result).__name__ != VERBS[verb] or not type(result).__module__.startswith("workbench.core."):
        raise Unknown
    if verb == "train":
        if result.beside or UNKEPT in {finding.code for finding in result.findings}:
            raise Unknown
        return {"run": result.id}
    if verb == "package":
        return {"bundle": f"{result.name}/{result.version}"}
    if _numbers(result) > MOST:
        raise Unknown
    document = json.dumps(result.document(), default=plain)
    if len(document) > LARGEST or not same(result, type(result).parse(json.loads(document))):
        raise Unknown
    return {"document": json.loads(document)}


def _numbers(result: Any) -> int:
    """How many numbers lie in the arrays of a result."""
    parts = [getattr(result, f.name) for f in fields(result)]
    others = [other for part in parts if isinstance(part, tuple) for other in part if isinstance(other, type(result))]
    return sum(getattr(part, "size", 0) for part in parts) + sum(map(_numbers, others))


def _load(kept: Kept) -> Any:
    import workbench

    if "run" in kept.place:
        # What was told of it later stands beside it in its store, and not beside one that has just been trained.
        return replace(workbench.run(kept.place["run"]), beside={})
    if "bundle" in kept.place:
        return workbench.bundle(kept.place["bundle"])
    noun = getattr(workbench, VERBS[kept.verb])
    return noun.parse(kept.place["document"])


def _digest(result: Result) -> str:
    return _hash(result.document())


def _key(verb: str, source: str, given: Mapping[str, Any]) -> str:
    told = {name: _told(value, verb, name) for name, value in _named(verb, given).items()}
    return _hash([verb, source, told, _environment(), settings().tracking_uri])


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, default=plain, sort_keys=True).encode()).hexdigest()


def _named(verb: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Each argument by the name of its parameter."""
    places = unnamed(STEPS[verb])
    if any(name.isdecimal() and int(name) >= len(places) for name in given):
        raise Unknown
    return {places[int(name)] if name.isdecimal() else name: value for name, value in given.items()}


def _told(value: Any, verb: str, name: str) -> Any:
    """What a result depends on, of one argument; a text means itself only where no table can be meant."""
    kind = type(value)
    if value is None or kind in (bool, int, float):
        return value
    if kind is str and name in {parameter.name for parameter in fields(STEPS[verb])}:
        return value
    if kind in (list, tuple):
        return [_told(item, verb, name) for item in value]
    if kind.__module__ == "workbench.core.dataset" and kind.__name__ == "Dataset":
        return {"dataset": _dataset(value)}
    if id(value) in _RUNS:
        return {"run": _run(value, verb)}
    raise Unknown


def _dataset(data: Any) -> Any:
    """Its description, and the values as they are now: a table in memory may have been changed."""
    import pandas as pd

    from workbench.core.dataset import fingerprint

    values = fingerprint(data.values) if isinstance(data.values, pd.DataFrame) else data.fingerprint
    return [data.to_dict(), [asdict(finding) for finding in data.findings], values]


def _run(run: Any, verb: str) -> Any:
    """All that it says and holds; what the verb itself puts beside it is what comes out, not what goes in."""
    from workbench.core.dataset import fingerprint

    run.checked()  # its scores are of the pipeline that it holds
    rows = [None if table is None else fingerprint(table) for table in (run.holdout, run.background)]
    held = None if run.held is None else hashlib.sha256(run.held.tobytes()).hexdigest()
    beside = {name: _digest(told) for name, told in run.beside.items() if name != verb}
    return [run.document(), rows, held, beside, _in_store(run.id) if verb == "package" else None]


@cache
def _environment() -> list[Any]:
    """What computes: Workbench's own files, the interpreter, and the packages by their names and versions."""
    import workbench

    root = Path(workbench.__file__).parent
    stamps = [(p.relative_to(root).as_posix(), p.stat().st_size, p.stat().st_mtime_ns) for p in root.rglob("*.py")]
    packages = {each.name for folder in sys.path if Path(folder).is_dir() for each in Path(folder).glob("*.dist-info")}
    return [workbench.__version__, _hash(sorted(stamps)), sys.version, platform.machine(), sorted(packages)]


def same(one: Any, other: Any) -> bool:
    """Whether two results are the same to the last bit, all that they hold included.

    >>> same({"a": (1.0, float("nan"))}, {"a": (1.0, float("nan"))}), same((1,), (1.0,)), same((1,), [1])
    (True, False, False)
    """
    if type(one) is not type(other):
        return False
    if is_dataclass(one) and not isinstance(one, type):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(same(one[name], other[name]) for name in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "tobytes"):  # arrays and numbers of numpy
        return bool(one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes())
    return bool(one == other or (one != one and other != other))
