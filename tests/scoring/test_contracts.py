"""Whatever answers or listens takes the same rows and answers the same question; else it takes none."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from workbench.core.reading import Form
from workbench.core.rollout import Rollout
from workbench.errors import Refused
from workbench.scoring.runtime import Scorer
from workbench.scoring.runtime import _model as model_of
from workbench.scoring.service import Service
from workbench.scoring.traffic import Arm, Trial

GOOD = {"customer": "c1", "age": 60, "city": "Ulm"}
TRIAL = Rollout("shop", 2, "canary", 0.25, "2026-11-30T09:00:00+00:00", "anna")


def contract(scorer, change) -> Scorer:
    """A version whose contract was changed before it was packaged."""
    vars(scorer.bundle)["contract"] = change(scorer.contract)
    return scorer


def fields(scorer, **changes) -> Scorer:
    for name, value in changes.items():
        object.__setattr__(scorer.bundle, name, value)
    return scorer


DIFFERENCES = [
    (lambda c: c.change("age", kind="category"), "takes 'age' as category and not as integer"),
    (lambda c: c.change("age", unit="months"), "takes 'age' in months and not in years"),
    (lambda c: c.change("age", form=Form(decimal=",", thousands=".")), "reads 'age' with a comma before decimals"),
    (lambda c: c.change("age", form=Form(moments=("%d.%m.%Y",))), "reads 'age' as %d.%m.%Y and not as %m/%d/%Y"),
    (lambda c: c.change("customer", role="ignore"), "takes the id of a row from None and not from 'customer'"),
]


@pytest.mark.parametrize(("change", "said"), DIFFERENCES)
@pytest.mark.parametrize("place", ["arm", "shadow", "trial", "champion", "reload"])
def test_another_contract_takes_no_row_wherever_it_is_put(scorer, second, change, said, place):
    contract(
        scorer, lambda c: c.change("age", unit="years", form=Form(moments=("%m/%d/%Y",)) if "%d" in said else None)
    )
    contract(second, change)
    given = {"arm": {"arms": [Arm("b", second, 0.5)]}, "shadow": {"shadow": second}}.get(place, {})

    with pytest.raises(Refused, match=said):
        put(Service(scorer, **given, reload=lambda: second), second, place)


def put(service: Service, scorer: Scorer, place: str) -> None:
    if place == "trial":
        service.try_out(Trial(TRIAL, scorer))
    elif place == "reload":
        service.reload()
    else:
        service.follow(scorer)


@pytest.mark.parametrize("place", ["champion", "reload"])
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"features": ("age", "city", "bought")}, "needs the column 'bought'"),
        ({"task": "multiclass", "classes": ("a", "b", "c")}, "answers another question"),
        ({"classes": ("yes", "no")}, "answers another question"),
        ({"name": "mall"}, "is another bundle than shop"),
    ],
)
def test_a_champion_that_does_not_fit_leaves_the_one_that_answers(scorer, second, place, changes, said):
    service = Service(scorer, reload=lambda: second)
    fields(second, **changes)

    with pytest.raises(Refused, match=f"{said}.*, so a service can't go over to it .* version 1 answers on"):
        put(service, second, place)

    assert service.scorer is scorer
    with TestClient(service) as client:
        assert client.post("/predict", json=GOOD).json()["version"] == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.change("city", categories=("Ulm",)),
        lambda c: c.change("age", minimum=30.0, maximum=40.0),
        lambda c: c.change("age", form=Form(missing=("?",))),
        lambda c: c.change("age", form=Form(thousands=",")),
    ],
)
def test_what_later_rows_bring_makes_no_other_contract(scorer, second, change):
    """Fewer categories and another range are flagged, row by row."""
    contract(second, change)
    service = Service(scorer, shadow=second)

    service.follow(second)

    assert service.scorer is second


def test_a_column_less_is_no_other_contract(scorer, second):
    """What it does not ask for is in the rows all the same, and flagged."""
    fields(second, features=("age",))

    service = Service(scorer, shadow=second)

    assert service.traffic.shadows == (second,)


def test_another_target_is_another_question(scorer, second):
    contract(second, lambda c: replace(c, columns=tuple(
        replace(one, name="sold") if one.role == "target" else one for one in c.columns
    )))  # fmt: skip

    with pytest.raises(Refused, match="answers another question \\(the target 'sold' and not 'bought'\\)"):
        Service(scorer).follow(second)


def test_a_pipeline_that_the_runtime_can_not_read_is_refused_with_what_to_do(folder, monkeypatch):
    """A compiled bundle's own runtime carries neither scikit-learn nor what loads a pipeline."""
    bundle = replace(Scorer(folder).bundle, compiled=False)
    monkeypatch.setattr("workbench.scoring.runtime.PIPELINES", "workbench.tables.not_there")

    with pytest.raises(
        Refused, match=r"ships as a pipeline of scikit-learn.*Start the service from the folder of that"
    ):
        model_of(bundle)
