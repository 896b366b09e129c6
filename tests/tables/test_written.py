"""Numbers in texts, as a model takes them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.tables.encoders import in_texts
from workbench.tables.written import written, written_numbers
from workbench.training.glass_box import plain


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("<5", 5.0), ("> 1,000", 1000.0), ("1000+", 1000.0), ("~ 7", 7.0), ("about 12", 12.0), ("20-29", 24.5),
        ("20 – 29 min", 1470.0), ("$ 1.5M", 1.5e6), ("12 €", 12.0), ("3.4 GB", 3.4e9),
        ("340 MB", 3.4e8), ("1,5 kg", 1500.0), ("12%", 12.0), ("2 hours", 7200.0), ("19M", 19e6), ("-3.5", -3.5),
        ("10+ years", 315_576_000.0), ("1,234.5 kg", 1_234_500.0),
    ],
)  # fmt: skip
def test_what_stands_beside_a_number_is_understood(text, number):
    assert written(text) == pytest.approx(number, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    ["", "none", "007", "0123-4", "12345-6789-1", "29-20", "1.2.3", "5:30", "2024-01-02", "3 boxes", "B747", None, 5.0],
)
def test_codes_and_words_are_no_numbers(text):
    assert np.isnan(written(text))


PIECES = st.lists(st.sampled_from(["<", "~", "$", "€", "1", "0", "25", ",", ".", "-", "to", " ", "+", "GB", "k", "M",
                                   "bn", "years", "%", "x"]), max_size=9).map("".join)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=10) | st.none(), min_size=1))
def test_files_services_and_notebooks_read_the_same(texts):
    frame = pd.DataFrame({"size": pd.Series(texts, dtype="str")})

    found = written_numbers(frame)

    np.testing.assert_array_equal(in_texts(texts), found)
    np.testing.assert_array_equal(plain.written_numbers(frame), found)
    assert not np.isinf(found).any()
