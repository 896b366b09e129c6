"""The proof that what was trained is what is served: a fresh process replays the golden and the bad rows."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.core.bundle import Bundle
from workbench.core.store import read_json
from workbench.core.verification import Check, Verification
from workbench.errors import Refused
from workbench.packaging.golden import close
from workbench.packaging.package import bundle as fetch
from workbench.packaging.process import Service, started

PREDICTION = 1e-12  # the processor's exp may differ in the last digit
REASON = 1e-9
HEAVY = ("pandas", "sklearn", "scipy", "mlflow", "shap")


def verify(name: str | Path | Bundle, *, fresh: bool = False) -> Verification:
    """Start a bundle in a fresh process, from its folder alone, and replay its golden and bad rows over HTTP.

    Parameters
    ----------
    name : str, path or Bundle
        As :func:`workbench.bundle` takes it.
    fresh : bool
        True: first build a new environment from the bundle's own ``requirements.lock`` (takes a minute, needs a
        package index). False: use the packages of this environment, isolated from the
        working folder and ``PYTHONPATH``.

    Returns
    -------
    Verification
        ``ok`` and one line a check.

    Raises
    ------
    NotFound, Damaged
        As :func:`workbench.bundle`.
    Refused
        If the service does not start.

    Examples
    --------
    >>> import workbench as wb
    >>> wb.verify("churn").ok
    True
    """
    bundle = name if isinstance(name, Bundle) else fetch(name)
    Bundle.load_folder(bundle.path)
    files = Check("files", True, f"{len(bundle.files)} files are what was packaged")
    with tempfile.TemporaryDirectory() as scratch:
        python = _environment(bundle, Path(scratch)) if fresh else sys.executable
        checks = _replay(bundle, python, Path(scratch))
    return Verification(f"{bundle.name} version {bundle.version}", (files, *checks))


def _environment(bundle: Bundle, scratch: Path) -> str:
    """A new virtual environment with nothing but the bundle's lock; returns its Python."""
    subprocess.run([sys.executable, "-m", "venv", scratch / "env"], check=True, capture_output=True)
    python = str(scratch / "env" / "bin" / "python")
    command = [python, "-m", "pip", "install", "-q", "--no-deps", "-r", str(bundle.path / "requirements.lock")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"The bundle's requirements can't be installed: {done.stderr[-500:]} Check the package index.")
    return python


def _replay(bundle: Bundle, python: str, scratch: Path) -> list[Check]:
    with started(bundle, python, scratch) as service:
        checks = [*_golden(bundle, service), *_bad(bundle, service)]
    return [*checks, *_imports(bundle, service.told)]


def _golden(bundle: Bundle, service: Service) -> Iterator[Check]:
    golden = read_json(bundle.path / "golden" / "rows.json")
    status, answer = service.post("/predict", {"rows": golden["rows"]})
    found = [a["prediction"] for a in answer.get("predictions", [])]
    same = status == 200 and close(golden["predictions"], found, PREDICTION)
    yield Check("predictions", same, f"{len(golden['rows'])} golden rows, {_apart(golden['predictions'], found)}")
    if golden["values"] is not None:
        _, answer = service.post("/explain", {"rows": golden["rows"]})
        found = answer.get("values", [])
        yield Check("reasons", close(golden["values"], found, REASON), _apart(golden["values"], found))


def _bad(bundle: Bundle, service: Service) -> Iterator[Check]:
    for case in read_json(bundle.path / "golden" / "bad.json"):
        status, answer = service.post("/predict", case["row"])
        expected = case["problems"][0]
        told = f"{expected['field']!r}: expected {expected['expected']}, got {expected['got']}"
        yield Check("bad row", status == 422 and answer.get("problems") == case["problems"], f"{status}, {told}")
    status, _ = service.send("/predict", b'{"a": ')
    yield Check("malformed JSON", status == 400, str(status))


def _imports(bundle: Bundle, told: dict[str, Any]) -> Iterator[Check]:
    own = str(told.get("workbench", "")).startswith(str(bundle.path))
    yield Check("runs alone", own, f"code from {'the bundle' if own else told.get('workbench', 'nowhere')}")
    if bundle.compiled:
        heavy = [m for m in HEAVY if m in told.get("modules", HEAVY)]
        yield Check(
            "light", not heavy, f"imports {', '.join(heavy)}" if heavy else "no pandas, scikit-learn or MLflow imported"
        )


def _apart(expected: Any, found: Any) -> str:
    pairs = list(zip(_flat(expected), _flat(found), strict=False))
    most = max((abs(a - b) for a, b in pairs), default=float("nan"))
    return f"largest difference {most:.1e}" if most else "equal to the last digit"


def _flat(values: Any) -> Iterator[float]:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        else:
            yield value
