"""A batch is read by its contract as the check of a row reads it: what one refuses, the other marks as unread."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workbench.core.checking import MANY, check
from workbench.core.contract import Column, Contract
from workbench.core.reading import Form
from workbench.reading.by_contract import read_by

FORMS = [
    Form(),
    Form(decimal=",", thousands="."),
    Form(thousands=",", unit="$", missing=("-", "NA")),
    Form(thousands="'", unit="%", multiples=True),
    Form(true=("ja", "x"), false=("nein", "-")),
    Form(moments=("%d/%m/%Y",)),
    Form(moments=("%m-%d-%Y %X",), missing=("01.01.1900",)),
    Form(moments=("%Y%m%d", "%d.%m.%y")),
]
TEXTS = st.sampled_from([
    "", " ", "1", "0", "1.0", "-1", "5.5", "5,5", "1.234", "1,234", "1.234,5", "1'234", "$ 5", "5 %", "1.5k", "(5)",
    "5-", "1e3", "1e999", "inf", "-inf", "Infinity", "nan", "NA", "-", "n/a", "1_000", "0x10", "\u0661\u0662", "true",
    "TRUE", "ja", "nein", "x", "yes", "2024-02-03", "2024-02-03T10:00", "2024-02-03 10:00:00+02:00",
    "2024-02-03T10:00:00Z", "2024-02-03T10", "20240203", "2024-W05-1", "03/02/2024",
    "02/13/2024", "3.2.24", "2024-02-30", "01.01.1900",
    "100000000000000000000", "9007199254740993", "18446744073709551615",
])  # fmt: skip
VALUES = st.one_of(
    TEXTS, st.text("0123456789.,-+()'$% ek/:TZ", max_size=8), st.none(), st.booleans(), st.integers(-(10**21), 10**21),
    st.integers(-3, 3),
    st.floats(allow_nan=False), st.sampled_from([2.0**63, 2**63, 2**64, 10**400, 0.5, 2.0]),
    st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)),
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.sampled_from(["number", "integer", "boolean", "datetime"]), st.sampled_from(FORMS), VALUES)
@example("integer", FORMS[0], 5.5)
@example("number", FORMS[0], np.inf)
@example("number", FORMS[0], True)
@example("datetime", FORMS[5], "20240203")
def test_a_batch_and_a_row_are_read_alike(kind, form, value):
    contract = Contract((Column("x", kind, form=form),))
    together = check([{"x": value}] * MANY, contract, ("x",))
    alone = check({"x": value}, contract, ("x",))

    for frame in (pd.DataFrame({"x": pd.Series([value], dtype=object)}), pd.DataFrame({"x": [value]})):
        typed = read_by(frame, contract)
        assert bool(alone.problems) == bool(together.problems) == ("x" in typed.unread), frame.dtypes
        if not alone.problems:
            assert _plain(typed.table["x"].iloc[0]) == alone.columns["x"][0]


def _plain(value):
    if pd.isna(value):
        return None
    return value.tz_convert("UTC").tz_localize(None) if getattr(value, "tzinfo", None) is not None else value


def test_rarer_spellings_of_iso_are_read_beside_a_form_and_a_zone():
    contract = Contract((Column("x", "datetime", form=Form(moments=("%d/%m/%Y",))),))

    typed = read_by(
        pd.DataFrame({"x": ["03/02/2024 02:00 +02:00", "20240203", "2024-W05-6", "soon", "20240230"]}), contract
    )
    assert [_plain(v) for v in typed.table["x"]] == [datetime(2024, 2, 3)] * 3 + [None] * 2
    assert typed.unread["x"].tolist() == [False, False, False, True, True]


@pytest.mark.parametrize("kind", ["number", "integer"])
def test_what_is_no_number_of_a_contract_is_unread_and_the_others_are_kept(kind):
    contract = Contract((Column("x", kind),))

    typed = read_by(pd.DataFrame({"x": [1.0, np.inf, np.nan, -np.inf, 3.0]}), contract)
    assert typed.unread["x"].tolist() == [False, True, False, True, False]
    assert typed.table["x"].tolist()[::4] == [1.0, 3.0]
    assert read_by(pd.DataFrame({"x": [True, False]}), contract).unread["x"].all()


def test_a_duration_is_its_seconds():
    spans = pd.to_timedelta([90, None], unit="s")

    for values in (spans, spans.astype(object)):
        typed = read_by(pd.DataFrame({"x": values}), Contract((Column("x", "integer"),)))
        assert typed.table["x"].tolist()[0] == 90
        assert typed.unread == {}
