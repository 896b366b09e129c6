"""What a row holds, as an id: the same wherever it stands and in whichever type of its kind it came."""

import pandas as pd
import pytest

from workbench.monitoring.row_keys import contents

MOMENTS = pd.to_datetime(pd.Series(["2026-03-29T00:30", "2026-03-29T01:30", None]), format="ISO8601")
COLUMNS = {
    "moments": [MOMENTS, MOMENTS.dt.tz_localize("UTC"), MOMENTS.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")],
    "numbers": [
        pd.Series([1.0, 2.0, None]),
        pd.Series([1, 2, None], dtype="Int64"),
        pd.Series([1, 2, None], dtype="f4"),
    ],
    "texts": [pd.Series(["a", "b", None], dtype=dtype) for dtype in ("str", "object", "category", "string")],
    "truths": [pd.Series([True, False, None], dtype=dtype) for dtype in ("object", "boolean")],
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_equal_rows_have_one_id_in_every_type_and_every_order(kind):
    found = [contents(pd.DataFrame({"x": column, "y": 1}), b"key") for column in COLUMNS[kind]]
    turned = [contents(pd.DataFrame({"y": 1, "x": column}).iloc[::-1], b"key")[::-1] for column in COLUMNS[kind]]

    assert all(one == found[0] for one in (*found, *turned))
    assert len(set(found[0])) == 3
