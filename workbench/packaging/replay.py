"""Golden and bad rows, asked of a bundle's service: what it must answer, and how it must refuse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

from workbench.compiling.rounding import CANCELLED_MOST, WEIGHTED, Bound, bound
from workbench.core.bundle import Bundle
from workbench.core.verification import Check
from workbench.packaging.golden import close
from workbench.packaging.process import Service
from workbench.storage.files import read
from workbench.tables.compiled import CompiledModel

REASON = 1e-9  # reasons are added up in another order where they are looked up
PIPELINE = Bound(WEIGHTED, "a pipeline: what its library does by another processor")
DEAR = 501  # the status of reasons that a bundle does not tell
HEAVY = ("pandas", "sklearn", "scipy", "mlflow", "shap")


def replayed(
    bundle: Bundle, service: Service, patience: float | None = None, *, predictions: bool = True, reasons: bool = True
) -> list[Check]:
    """What the service answers to the golden and the bad rows.

    Parameters
    ----------
    bundle : Bundle
        Whose golden rows.
    service : Service
        That was started from its folder.
    patience : float, optional
        Seconds after which no reasons of further rows are asked for; by default those of all rows are.
    predictions, reasons : bool
        Whether answers, with those to bad rows, and whether reasons are asked for.
    """
    golden = golden_rows(bundle)
    checks = [_predictions(bundle, golden, service)] if predictions else []
    if golden["values"] is not None and reasons:
        checks.append(_values(golden, service, patience, bundle.needs is not None))
    return [*checks, *(_bad(bundle, service) if predictions else ())]


def imports(bundle: Bundle, imported: dict[str, Any]) -> Iterator[Check]:
    """Whether a service that has stopped ran the folder's own code, and nothing heavy."""
    own = str(imported.get("workbench", "")).startswith(str(bundle.path.resolve()))
    yield Check("runs alone", own, f"code from {'the bundle' if own else imported.get('workbench', 'nowhere')}")
    if bundle.compiled:
        heavy = [m for m in HEAVY if m in imported.get("modules", HEAVY)]
        yield Check(
            "light", not heavy, f"imports {', '.join(heavy)}" if heavy else "no pandas, scikit-learn or MLflow imported"
        )


def golden_rows(bundle: Bundle) -> dict[str, Any]:
    """``rows`` with their ``predictions`` and ``values``; these None where the model gives no reasons."""
    return read(bundle.path / "golden" / "rows.json", _golden_rows)


def _predictions(bundle: Bundle, golden: dict[str, Any], service: Service) -> Check:
    status, answer = service.post("/predict?reasons=0", {"rows": golden["rows"]})
    predictions = [a["prediction"] for a in answer.get("predictions", [])]
    allowed = _allowed(bundle, golden["allowed"])
    same = status == 200 and close(golden["predictions"], predictions, allowed.limit)
    apart = _apart(golden["predictions"], predictions)
    return Check("predictions", same, f"{len(golden['rows'])} golden rows, {apart}; allowed {allowed}")


def _values(golden: dict[str, Any], service: Service, patience: float | None, may_refuse: bool) -> Check:
    """One row first: it tells how many more are asked for, and whether reasons are told at all."""
    rows, began = golden["rows"], monotonic()
    status, answer = service.post("/explain", {"rows": rows[:1]})
    if status == DEAR and may_refuse:
        return Check("reasons", "reasons=" in answer.get("error", ""), f"refused: {answer.get('error')}")
    many = len(rows) if patience is None else 1 + int(patience / max(monotonic() - began, 1e-3))
    values = [*answer.get("values", ()), *_explained(rows[1:many], service)]
    expected = golden["values"][:many]
    return Check("reasons", close(expected, values, REASON), f"{_apart(expected, values)}; allowed {REASON:.0e}")


def _explained(rows: Sequence[Any], service: Service) -> list[Any]:
    values: list[Any] = service.post("/explain", {"rows": rows})[1].get("values", []) if rows else []
    return values


def _allowed(bundle: Bundle, told: float | None) -> Bound:
    """How far golden rows, answered by the pipeline and perhaps on another processor, may be from the answers here."""
    if not bundle.compiled:
        return PIPELINE
    usual = bound(CompiledModel.load(bundle.path / "model.npz"))
    # Where the terms of a sum cancel out on the rows that were held out, more is: but never all digits.
    more = told is not None and usual.limit < told <= CANCELLED_MOST
    return replace(usual, limit=told) if more and told is not None else usual


def _bad(bundle: Bundle, service: Service) -> Iterator[Check]:
    for row, problems, expectation in read(bundle.path / "golden" / "bad.json", _bad_cases):
        status, answer = service.post("/predict", row)
        yield Check("bad row", status == 422 and answer.get("problems") == problems, f"{status}, {expectation}")
    status, _ = service.send("/predict", b'{"a": ')
    yield Check("malformed JSON", status == 400, str(status))


def _golden_rows(content: Any) -> dict[str, Any]:
    told = {"rows": list(content["rows"]), "predictions": list(content["predictions"]), "values": content["values"]}
    return told | {"allowed": content.get("allowed")}


def _bad_cases(content: Any) -> list[tuple[Any, list[Any], str]]:
    return [(case["row"], case["problems"], _expectation(case["problems"][0])) for case in content]


def _expectation(problem: Any) -> str:
    return f"{problem['field']!r}: expected {problem['expected']}, got {problem['got']}"


def _apart(expected: Any, answered: Any) -> str:
    pairs = list(zip(_flat(expected), _flat(answered), strict=False))
    most = max((abs(a - b) for a, b in pairs), default=float("nan"))
    return f"largest difference {most:.1e}" if most else "difference 0.0"


def _flat(values: Any) -> Iterator[float]:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        else:
            yield value
