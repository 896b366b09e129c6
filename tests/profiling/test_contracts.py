"""A contract refuses in every language what scoring refuses, and flags what scoring flags."""

import builtins
import json
import warnings
from decimal import Decimal
from functools import cache

import jsonschema
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.checking import check
from workbench.core.contract import Column, Contract
from workbench.errors import BadParameter, Damaged, FormatVersion

pandera = pytest.importorskip("pandera.pandas")
REFUSAL = (pandera.errors.SchemaError, pandera.errors.SchemaErrors)

CONTRACT = Contract(
    (
        Column("age", "integer", minimum=18.0, maximum=90.0, missing_allowed=False, unit="years"),
        Column("income", "number", minimum=0.0),
        Column("city", "category", categories=("Ulm", "Bonn")),
        Column("note", "text", sensitive=True),
        Column("member", "boolean", missing_allowed=False),
        Column("when", "datetime"),
        Column("code", "text", "ignored"),
        Column("bought", "category", "target", categories=("yes", "no")),
    ),
    "binary",
)
GOOD = {"age": 40, "income": 1.5, "city": "Ulm", "note": "hi", "member": True, "when": "2013-07-01T16:30:00+02:00"}
REFUSED = {
    "age": ["forty", 40.5, None, True, [1]],
    "income": ["a lot", [1], True],
    "city": [3, True],
    "member": ["perhaps", 2, None],
    "when": ["yesterday", "2013-13-01", 5],
}
FLAGGED = {"age": [17, 91], "income": [-1.0], "city": ["Bern"]}


def each(values):
    return [(field, value) for field, given in values.items() for value in given]


def table(rows=3, **changes):
    """A table that fits; a changed column has the given value in its last row."""
    frame = pd.DataFrame({name: [value] * rows for name, value in GOOD.items()})
    for name, value in changes.items():
        frame[name] = pd.Series([*frame[name][:-1], value], dtype=object).infer_objects()
    return frame


def valid(row, strict=False):
    jsonschema.Draft202012Validator.check_schema(CONTRACT.to_json_schema(strict=strict))
    return jsonschema.Draft202012Validator(CONTRACT.to_json_schema(strict=strict)).is_valid(row)


def codes(frame, contract=CONTRACT):
    return [(f.code, f.column) for f in contract.check(frame)]


@pytest.mark.parametrize("strict", [False, True])
def test_what_fits_passes_everywhere(strict):
    typed = wb.dataset(table(), contract=CONTRACT.only([*GOOD])).table

    assert valid(GOOD, strict)
    assert valid({**GOOD, "income": None, "when": "2013-07-01", "bought": "yes"}, strict)
    assert CONTRACT.check(table()) == ()
    assert CONTRACT.check(typed) == ()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pd.testing.assert_frame_equal(CONTRACT.to_pandera(strict=strict).validate(typed), typed)


@pytest.mark.parametrize(("field", "value"), each(REFUSED))
def test_json_schema_refuses_what_scoring_refuses(field, value):
    assert check({**GOOD, field: value}, CONTRACT, CONTRACT.features).problems
    assert not valid({**GOOD, field: value})


@pytest.mark.parametrize(("field", "value"), each(FLAGGED))
def test_json_schema_notes_what_scoring_flags_and_refuses_it_when_strict(field, value):
    row = {**GOOD, field: value}

    assert check(row, CONTRACT, CONTRACT.features).flags[0]
    assert valid(row)
    assert not valid(row, strict=True)


def test_json_schema_wants_every_feature_and_no_stranger_when_strict():
    absent = {k: v for k, v in GOOD.items() if k != "city"}

    assert not valid(absent)
    assert valid({**GOOD, "new": 1})
    assert not valid({**GOOD, "new": 1}, strict=True)


def test_json_schema_tells_what_it_has_no_word_for():
    schema = json.loads(json.dumps(CONTRACT.to_json_schema()))

    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["x-task"] == "binary"
    assert schema["properties"]["age"]["x-unit"] == "years"
    assert schema["properties"]["age"]["x-usual"] == {"minimum": 18, "maximum": 90}
    assert schema["properties"]["city"]["examples"] == ["Ulm", "Bonn"]
    assert schema["properties"]["note"]["x-sensitive"] is True
    assert "code" not in schema["properties"]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("age", "forty", "WB161"), ("age", 40.5, "WB161"), ("age", float("inf"), "WB161"), ("age", None, "WB162"),
        ("age", [1], "WB161"),
        ("age", 17, "WB163"), ("income", "a lot", "WB161"), ("income", -1.0, "WB163"), ("city", "Bern", "WB164"),
        ("member", "perhaps", "WB161"), ("member", None, "WB162"), ("when", "yesterday", "WB161"),
        ("income", {"a": 1}, "WB161"), ("when", [2], "WB161"),
    ],
)  # fmt: skip
def test_each_violation_of_a_table_is_named(field, value, code):
    (finding,) = CONTRACT.check(table(**{field: value}))

    assert (finding.code, finding.column) == (code, field)
    assert finding.evidence == {"rows": 1, "first": [2]}
    assert finding.severity == ("error" if code < "WB163" else "warning")


def test_blanks_of_a_table_are_gaps_and_no_faults():
    assert codes(table(income=" ")) == []
    assert codes(table(city="  ")) == []
    assert codes(table(age="n/a")) == [("WB162", "age")]


def test_absent_and_unknown_columns_of_a_table_are_named():
    assert codes(table().drop(columns="city").assign(new=1)) == [("WB160", "city"), ("WB165", "new")]


def test_a_sensitive_value_is_not_repeated():
    hidden = CONTRACT.change("city", sensitive=True).change("age", sensitive=True)
    told = " ".join(f.message for f in hidden.check(table(city="Atlantis", age="secret")))

    assert "does not know in 1 of 3 rows." in told
    assert "Atlantis" not in told
    assert "secret" not in told
    assert "Ulm" not in json.dumps(hidden.to_json_schema())


PANDERA = {
    "age": (40.5, None, np.inf), "income": (np.inf, "a lot"), "member": (2.0, None), "when": ("2013", 5),
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), each(PANDERA))
def test_pandera_refuses_what_scoring_refuses(field, value):
    typed = wb.dataset(table(), contract=CONTRACT.only([*GOOD])).table
    bad = typed.assign(**{field: pd.Series([*typed[field][:-1], value], dtype=object).infer_objects()})

    with pytest.raises(REFUSAL, match=field):
        CONTRACT.to_pandera().validate(bad)


def test_pandera_takes_a_number_among_texts_for_an_unseen_text_as_a_batch_does():
    mixed = table(city=3)

    with pytest.warns(pandera.errors.SchemaWarning, match="city"):
        assert CONTRACT.to_pandera().validate(mixed)["city"].tolist() == ["Ulm", "Ulm", "3"]
    with pytest.raises(REFUSAL, match="city"):
        CONTRACT.to_pandera(strict=True).validate(mixed)


@pytest.mark.parametrize(("field", "value"), each(FLAGGED))
def test_pandera_warns_of_what_scoring_flags_and_refuses_it_when_strict(field, value):
    typed = wb.dataset(table(**{field: value}), contract=CONTRACT.only([*GOOD])).table

    with pytest.warns(pandera.errors.SchemaWarning, match=field):
        CONTRACT.to_pandera().validate(typed)
    with pytest.raises(REFUSAL, match=field):
        CONTRACT.to_pandera(strict=True).validate(typed)


def test_pandera_wants_every_feature_and_no_stranger_when_strict():
    typed = wb.dataset(table(), contract=CONTRACT.only([*GOOD])).table

    with pytest.raises(REFUSAL, match="city"):
        CONTRACT.to_pandera().validate(typed.drop(columns="city"))
    CONTRACT.to_pandera().validate(typed.assign(new=1))
    CONTRACT.to_pandera(strict=True).validate(typed.assign(code="c"))  # ignored, yet known
    with pytest.raises(REFUSAL, match="new"):
        CONTRACT.to_pandera(strict=True).validate(typed.assign(new=1))


PERIOD = 60
DRAW = np.random.default_rng(0)
HOSTILE = pd.DataFrame(
    {
        "Int64": pd.array(DRAW.integers(0, 9, PERIOD), "Int64"),
        "Int64 with gaps": pd.array([None, 1, 2] * 20, "Int64"),
        "Float64 with gaps": pd.array([None, 1.5] * 30, "Float64"),
        "boolean": pd.array([True, False] * 30, "boolean"),
        "boolean with gaps": pd.array([None, False, True] * 20, "boolean"),
        "bool": [True, False] * 30,
        "objects of bool": pd.Series([True, None, False] * 20, dtype=object),
        "categories": pd.Categorical(["a", None, "b"] * 20),
        "categories of numbers": pd.Categorical([1, 2] * 30),
        "string": pd.array(["x", None] * 30, "string"),
        "mixed": pd.Series(["x", 3] * 30, dtype=object),
        "dates": pd.date_range("2024-01-01", periods=PERIOD).date,
        "moments": [pd.NaT, *pd.date_range("2024-01-01", periods=PERIOD - 1, freq="7h")],
        "moments with a zone": pd.date_range("2024-01-01", periods=PERIOD, tz="Europe/Rome"),
        "periods": pd.period_range("2024-01", periods=PERIOD, freq="M"),
        "nan alone": np.nan,
        "None alone": None,
        "NaT alone": pd.NaT,
        "NA alone": pd.array([None] * PERIOD, "Int64"),
        "texts of numbers": ["1.5", "n.d."] * 30,
        "texts of dates": ["02.01.2024", "31.01.2024"] * 30,
        "yes and no": ["yes", "no"] * 30,
        "float32": DRAW.random(PERIOD).astype("float32"),
        "uint8": np.arange(PERIOD, dtype="uint8"),
        "decimals": [Decimal("1.1"), Decimal("2")] * 30,
        " blanks around ": range(PERIOD),
        7: range(PERIOD),
    }
)


def proposals(frame):
    return {"dataset": wb.dataset(frame).contract, "profile": wb.profile(frame).contract}


@cache
def hostile(*columns):
    """A frame of these columns, the contracts that both verbs propose for it, and its values as a dataset has them."""
    frame = HOSTILE[list(columns)].assign(other=range(PERIOD))
    return frame, proposals(frame), wb.dataset(frame).table


@pytest.mark.parametrize("maker", ["dataset", "profile"])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("columns", [list(HOSTILE), *([name] for name in HOSTILE)], ids=str)
def test_pandera_accepts_the_very_frame_that_a_contract_was_made_from(columns, maker, strict):
    made_from, contracts, typed = hostile(*columns)
    frame = made_from.copy()
    schema = contracts[maker].to_pandera(strict=strict)

    with warnings.catch_warnings():
        warnings.simplefilter("error", pandera.errors.SchemaWarning)
        once = schema.validate(frame)
        twice = schema.validate(once)
        schema.validate(typed)

    pd.testing.assert_frame_equal(once, twice)
    pd.testing.assert_frame_equal(frame, made_from)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["adult.csv", "bike_hour.csv", "elec.csv", "housing.csv", "telco_churn.csv"])
def test_pandera_accepts_the_very_file_that_a_contract_was_made_from(name, shared_table):
    path = shared_table(name)
    frame = pd.read_csv(path, nrows=3000)

    for source in (frame, str(path)):
        for contract in proposals(source).values():
            with warnings.catch_warnings():
                warnings.simplefilter("error", pandera.errors.SchemaWarning)
                contract.to_pandera(strict=True).validate(frame)


def test_without_pandera_the_error_says_how_to_get_it(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("pandera"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BadParameter, match=r"pip install 'ml-workbench\[pandera\]'"):
        CONTRACT.to_pandera()


NAMES = st.sampled_from(["a", "b", "a b", "ä", "x-1", "0", "class", "$ref", "*"])
ENDS = st.one_of(st.none(), st.floats(-100, 100))
WORDS = st.sampled_from(["red", "green", "blue", "Ünï", "1", "a,b", "\\d"])
COLUMNS = st.builds(
    lambda name, kind, role, ends, words, missing: Column(
        name, kind, role, *(sorted(ends) if None not in ends else ends),
        categories=tuple(sorted(words)) if words and kind == "category" else None, missing_allowed=missing,
    ),
    NAMES, st.sampled_from(["number", "integer", "boolean", "category", "text", "datetime"]),
    st.sampled_from(["feature", "feature", "feature", "known_after", "ignored"]), st.tuples(ENDS, ENDS),
    st.sets(WORDS, max_size=4), st.booleans(),
)  # fmt: skip
CONTRACTS = st.lists(COLUMNS, min_size=1, max_size=5, unique_by=lambda c: c.name).map(lambda c: Contract(tuple(c)))
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-200, 200), st.floats(-200, 200), WORDS, st.just([]),
    st.datetimes(min_value=pd.Timestamp("1700-01-01"), max_value=pd.Timestamp("2200-01-01")).map(
        lambda t: t.isoformat()
    ),
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(CONTRACTS, st.data())
def test_json_schema_and_scoring_agree_on_every_row(contract, data):
    names = data.draw(st.sets(st.sampled_from([*contract.features, "other"])))
    row = {name: data.draw(VALUES, label=name) for name in names}
    told = check(row, contract, contract.features)
    loose, strict = (jsonschema.Draft202012Validator(contract.to_json_schema(strict=s)) for s in (False, True))

    assert loose.is_valid(row) == (not told.problems)
    assert strict.is_valid(row) == (not told.problems and not told.flags[0])


def fitting(column, rng, n):
    """Values that a column of the contract allows."""
    low = -100 if column.minimum is None else column.minimum
    high = max(100, low) if column.maximum is None else column.maximum
    if column.kind == "integer":
        values = rng.integers(int(np.ceil(low)), max(int(np.floor(high)), int(np.ceil(low))) + 1, n)
    else:
        values = {
            "number": lambda: rng.uniform(low, high, n).clip(low, high), "boolean": lambda: rng.random(n) < 0.5,
            "category": lambda: rng.choice(column.categories or ["x", "y"], n), "text": lambda: rng.choice(["p"], n),
            "datetime": lambda: np.datetime64("2020-01-01") + rng.integers(0, 1000, n).astype("timedelta64[D]"),
        }[column.kind]()  # fmt: skip
    made = pd.Series(values, name=column.name)
    return made.mask(rng.random(n) < 0.2) if column.missing_allowed else made


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(CONTRACTS, st.integers(0, 2**32 - 1))
def test_a_table_made_by_the_contract_passes_its_own_check_and_pandera(contract, seed):
    rng = np.random.default_rng(seed)
    whole = [c for c in contract.columns if c.kind == "integer" and c.minimum is not None and c.maximum is not None]
    if any(np.ceil(c.minimum) > np.floor(c.maximum) for c in whole):
        return  # no whole number lies between the ends
    frame = pd.DataFrame({c.name: fitting(c, rng, 20) for c in contract.columns})

    assert contract.check(frame) == ()
    typed = wb.dataset(frame, contract=contract).table
    contract.to_pandera(strict=True).validate(typed)
    for name in contract.features:
        assert codes(frame.drop(columns=name), contract) == [("WB160", name)]


@pytest.mark.slow
def test_the_contract_of_a_profile_fits_its_table_and_is_edited(shared_table, tmp_path):
    data = wb.dataset(shared_table("telco_churn.csv"), target="Churn")
    contract = wb.profile(data).contract()
    raw = pd.read_csv(shared_table("telco_churn.csv"))

    assert contract.check(raw) == ()
    assert len(contract.to_pandera(strict=True).validate(data.table)) == len(raw)
    edited = contract.change("tenure", maximum=60.0).change("Contract", categories=("One year", "Two year"))
    assert codes(raw, edited) == [("WB163", "tenure"), ("WB164", "Contract")]
    assert wb.Contract.load(edited.save(tmp_path / "contract.json")) == edited


@settings(max_examples=50, deadline=None)
@given(contract=CONTRACTS)
def test_a_contract_is_saved_and_loaded(contract, tmp_path_factory):
    path = tmp_path_factory.mktemp("contract") / "c.json"

    assert Contract.load(contract.save(path)) == contract


def test_a_file_that_is_none_or_too_new_is_refused(tmp_path):
    path = CONTRACT.save(tmp_path / "c.json")
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "format_version": 99}))
    with pytest.raises(FormatVersion, match="Upgrade"):
        Contract.load(path)
    path.write_text("{")
    with pytest.raises(Damaged):
        Contract.load(path)
