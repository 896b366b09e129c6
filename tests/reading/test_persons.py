"""Columns that name persons are no features unless somebody says why; other columns stay what they are."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import workbench as wb
from workbench.core.contract import Column, Contract
from workbench.core.dataset import Dataset
from workbench.errors import BadParameter, ColumnNotFound
from workbench.reading.deciding import decide
from workbench.reading.pandas_tables import from_pandas
from workbench.reading.sensitive import Glance, meaning_of

_SPEC = importlib.util.spec_from_file_location(
    "planted_of_persons", Path(__file__).parents[1] / "benchmarks" / "planted.py"
)
planted = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(planted)
luhn, iban = planted.luhn, planted.iban

ROWS = 300
PERSONAL = {
    "mail": lambda i, d: f"user{i % 40}@mail{i % 7}.com",
    "mail with accents": lambda i, d: f"jörg{i % 40}@müller.de" if i % 3 else None,
    "a phone": lambda i, d: f"+49 171 {d(7)}",
    "bare plus": lambda i, d: f"+49171{d(7)}",
    "phone_number": lambda i, d: int("5" + d(9)),
    "mobile": lambda i, d: float("4917" + d(8)) if i % 4 else None,
    "card": lambda i, d: luhn("4" + d(14)),
    "paid by": lambda i, d: int(luhn("5" + d(14))),
    "card or nothing": lambda i, d: int(luhn("5" + d(14))) if i % 5 == 0 else 0,
    "paid by, with gaps": lambda i, d: float(luhn("4" + d(14))) if i % 3 else None,
    "account": lambda i, d: iban("DE", d(18)),
    "ssn": lambda i, d: f"{100 + i}-{10 + i % 80}-{1000 + i}",
    "contact": lambda i, d: f"u{i}@x.org" if i % 2 else f"(555) 01{i % 10}-{d(4)}",
    "two notes with mail": lambda i, d: f"write to ada{i}@example.org soon" if i in (7, 290) else "nothing to say",
    "notes with phones": lambda i, d: f"call back on 0171 {d(7)} today" if i % 50 == 0 else f"all is well {i}",
    "notes with digits": lambda i, d: f"Tel. {d(10)}, after six" if i % 50 == 0 else "all is well",
    "notes with cards": lambda i, d: f"paid with {luhn('4' + d(14))} in May" if i % 50 == 0 else "in cash",
    "notes with IBANs": lambda i, d: f"refund to {iban('DE', d(18))} please" if i % 50 == 0 else "no refund",
    "long notes": lambda i, d: "word " * 200 + ("ada@example.org" if i % 50 == 0 else "") + str(i),
}  # fmt: skip
ORDINARY = {
    "id": lambda i, d: 10_000_000 + i,
    "long id": lambda i, d: int("4" + d(15)),
    "order": lambda i, d: f"ORD-{d(3)}-{d(4)}",
    "order2": lambda i, d: f"100-{d(3)}-{d(4)}",
    "isbn": lambda i, d: int("978" + d(10)),
    "isbn with lines": lambda i, d: f"978-{d(1)}-{d(4)}-{d(4)}-{d(1)}",
    "unix": lambda i, d: int("17" + d(8)),
    "milliseconds": lambda i, d: int("17" + d(11)),
    "day": lambda i, d: 20_200_101 + i % 28,
    "mobile_since": lambda i, d: 20_200_101 + i % 28,
    "phone_calls": lambda i, d: int(d(3)),
    "price": lambda i, d: f"${1 + i % 9},{d(3)}.{d(2)}",
    "number": lambda i, d: float(d(5)) / 7,
    "signed": lambda i, d: f"+{1 + i}.50",
    "version": lambda i, d: f"{i % 9}.{i % 4}.{i % 30}",
    "stamp": lambda i, d: f"2024-0{1 + i % 9}-1{i % 9} 10:{10 + i % 49}",
    "date": lambda i, d: f"{10 + i % 18}.0{1 + i % 9}.2024",
    "zip": lambda i, d: f"0{d(4)}",
    "plate": lambda i, d: f"AB {d(2)} {d(3)}",
    "at": lambda i, d: f"meet @ {1 + i % 11} pm",
    "handle": lambda i, d: f"@user{i % 30}",
    "event": lambda i, d: f"shipped 08-12-2024 at 10:15, order 2024-{d(4)}",
    "log": lambda i, d: f"transaction 4{d(15)} is done",
    "code": lambda i, d: f"DE{d(2)} {d(4)} {d(4)} {d(4)} {d(2)}",
    "where": lambda i, d: f"lies at {40 + i / 7:.6f}, -{70 + i / 9:.6f}",
    "measures": lambda i, d: f"{100 + i} x {200 + i} x {1000 + i} mm of oak",
    "city": lambda i, d: ["Ulm", "Bonn", "Oslo"][i % 3],
}  # fmt: skip


def column(make, seed=0):
    rng = np.random.default_rng(seed)
    return [make(i, lambda k: "".join(map(str, rng.integers(0, 10, k)))) for i in range(ROWS)]


def table(kinds, seed=0):
    return pd.DataFrame({name: column(make, seed) for name, make in kinds.items()}).assign(
        y=["yes", "no"] * (ROWS // 2)
    )


@pytest.mark.parametrize("name", PERSONAL)
@pytest.mark.parametrize("way", ["frame", "csv", "profile", "contract"])
def test_a_column_that_names_persons_is_no_feature(name, way, tmp_path):
    if (name, way) == ("bare plus", "csv"):
        pytest.skip("the plus is lost where the file is read, and digits alone may be anything")
    frame = table({name: PERSONAL[name]})
    frame.to_csv(tmp_path / "people.csv", index=False)
    hand_made = Contract((Column(name, wb.dataset(frame).contract[name].kind), Column("y", "category", "target")))

    contract = {
        "frame": lambda: wb.dataset(frame, target="y").contract,
        "csv": lambda: wb.dataset(tmp_path / "people.csv", target="y").contract,
        "profile": lambda: wb.profile(frame, target="y").contract,
        "contract": lambda: wb.dataset(frame, contract=hand_made).contract,
    }[way]()

    assert contract[name].role == "personal"
    assert contract[name].sensitive
    assert contract[name].categories is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_no_other_column_loses_its_place(seed):
    frame = table(ORDINARY, seed)

    assert wb.dataset(frame, target="y").contract.with_role("personal") == ()
    assert wb.profile(frame, target="y").contract.with_role("personal") == ()


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("telco_churn.csv", "Churn"),
        ("adult.csv", "income"),
        ("housing.csv", "median_house_value"),
        ("elec.csv", "class"),
        ("bike_hour.csv", "count"),
    ],
)
def test_real_tables_keep_all_their_features(shared_table, name, target):
    data = wb.dataset(shared_table(name), target=target)

    assert len(data.contract.features) == len(data.contract.columns) - 1


def test_it_is_told_and_what_would_make_it_a_feature():
    profile = wb.profile(wb.dataset(table({"mail": PERSONAL["mail"]}), target="y"))

    (told,) = [f for f in profile.findings if f.code == "WB121"]
    assert "so it is no feature" in told.message
    assert 'data.with_personal("mail", reason=' in told.message
    assert told.cure == ""


def test_named_with_a_reason_it_is_a_feature_and_the_cure_leaves_it_out():
    data = wb.dataset(table({"mail": PERSONAL["mail"]}), target="y").with_personal("mail", reason="the provider tells")

    again = wb.dataset(data.table, contract=data.contract)
    profile = wb.profile(again)

    assert again.contract.features == profile.contract.features == ("mail",)
    assert again.contract["mail"].reason == "the provider tells"
    assert [f.cure for f in profile.findings if f.code == "WB121"] == ['data = data.without("mail")']


def test_the_reason_survives_a_file(tmp_path):
    data = wb.dataset(table({"mail": PERSONAL["mail"]})).with_personal("mail", reason="why")

    assert Contract.load(data.contract.save(tmp_path / "contract.json")) == data.contract


@pytest.mark.parametrize("reason", ["", "  "])
def test_without_a_reason_it_is_refused(reason):
    with pytest.raises(BadParameter, match="say why"):
        wb.dataset(table({"mail": PERSONAL["mail"]})).with_personal("mail", reason=reason)


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(ColumnNotFound, match="mial"):
        wb.dataset(table({"mail": PERSONAL["mail"]})).with_personal("mial", reason="why")


def test_roles_that_the_user_gave_stay():
    frame = table({"mail": PERSONAL["mail"], "card": PERSONAL["card"]})

    data = wb.dataset(frame, target="y", id="mail", known_after=["card"])

    assert (data.contract["mail"].role, data.contract["card"].role) == ("id", "known_after")


@pytest.mark.slow
@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("way", ["assigned", "made by hand"])
def test_a_dataset_that_was_changed_afterwards_trains_without_it(way):
    rng = np.random.default_rng(0)
    frame = table({"mail": PERSONAL["mail"]}).assign(x=rng.normal(size=ROWS))
    data = wb.dataset(frame[["x", "y"]], target="y").assign(mail=frame["mail"])
    if way == "made by hand":
        data = Dataset(data.contract, "0" * 64, ROWS, "memory", data.table)
    assert "mail" in data.contract.features

    run = wb.train(data, candidates=["linear"])

    assert run.features == ("x",)
    assert run.contract["mail"].role == "personal"
    assert run.left_out["mail"] == "names persons, and nobody said why it is needed"
    assert list(run.holdout) == ["x", "y"]


@pytest.mark.parametrize("name", [*PERSONAL, *ORDINARY])
@pytest.mark.parametrize("rows", [7, 64])
def test_a_glance_at_chunks_sees_what_one_at_the_whole_sees(name, rows):
    values = from_pandas(table({name: (PERSONAL | ORDINARY)[name]})[name])
    kind = decide(values).kind
    glance = Glance(name, kind)

    for start in range(0, len(values), rows):
        glance.add(values[start : start + rows])

    assert glance.meaning() == meaning_of(name, values, kind)


def test_a_glance_keeps_few_of_very_many_texts_and_still_sees_the_last(monkeypatch):
    monkeypatch.setattr("workbench.reading.sensitive.MOST_SUSPECTS", 50)
    glance = Glance("note", "text")

    for start in range(0, 3000, 100):
        glance.add(pl.Series([f"order 123456{start + i:06d} was packed" for i in range(100)]))
    assert glance.meaning() is None
    glance.add(pl.Series([f"write to ada{i}@example.org" for i in range(400)]))

    assert len(glance._seen._suspects) <= 100
    assert glance.meaning().name == "texts with e-mail addresses"


def test_of_very_many_rows_ever_fewer_are_looked_at(monkeypatch):
    monkeypatch.setattr("workbench.reading.sensitive.LOOKED_THROUGH", 10)
    looked = []
    glance = Glance("x", "integer")
    monkeypatch.setattr(glance._seen, "add", lambda values: looked.append(values.to_list()))

    for start in range(0, 40, 10):
        glance.add(pl.Series(range(start, start + 10)))
    glance.add(pl.Series([None] * 10, dtype=pl.Int64))

    assert looked == [list(range(10)), [10, 12, 14, 16, 18], [20, 23, 26, 29], [30, 34, 38]]
