"""A bundle as MLflow's Python function answers as ``wb.score`` does, or refuses in the words of the service."""

import subprocess
import sys
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.errors import BadRow, BadTable, ColumnNotFound

mlflow = pytest.importorskip("mlflow")
ROWS = 240
ODD = 'it\'s: "x" {z} ü'


def table(rows=ROWS):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": draw.normal(size=rows).round(3),
            "whole": draw.integers(0, 50, rows),
            "flag": draw.random(rows) > 0.5,
            "city": draw.choice(["Rome", "Oslo", "7"], rows),
            "day": pd.date_range("2024-01-01", periods=rows, freq="7h")[draw.permutation(rows)],
            ODD: draw.random(rows),
        }
    )
    frame["bought"] = np.where(frame["number"] + frame["flag"] + draw.normal(size=rows) > 0.5, "yes", "no")
    frame.loc[::9, "number"] = np.nan
    return frame


FRAME = table().drop(columns="bought")


@pytest.fixture(scope="module")
def _packaged(tmp_path_factory, put_store):
    folder = put_store(tmp_path_factory.mktemp("pyfunc"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder))
        patch.setenv("WORKBENCH_THREADS", "1")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        run = wb.train(table(), target="bought", candidates=["boosting"], trials=1, folds=2)
        return folder, wb.package(run, name="shop")


@pytest.fixture
def packaged(_packaged, monkeypatch):
    folder, bundle = _packaged
    monkeypatch.setenv("WORKBENCH_HOME", str(folder))
    return bundle


@pytest.fixture
def model(packaged):
    return mlflow.pyfunc.load_model(str(packaged.path))


def with_gaps():
    frame = FRAME.convert_dtypes()
    frame.loc[3, :] = pd.NA
    return frame


ANSWERED = {
    "as it came": FRAME,
    "nullable types": FRAME.convert_dtypes(),
    "nullable types with gaps": with_gaps(),
    "Arrow types": FRAME.convert_dtypes(dtype_backend="pyarrow"),
    "texts": FRAME.astype(str),
    "objects": FRAME.astype(object).where(FRAME["number"] > 0, None),
    "categories": FRAME.astype({"city": "category"}),
    "whole numbers as floats with gaps": FRAME.assign(whole=FRAME["whole"].where(FRAME["whole"] > 3)),
    "whole numbers for floats": FRAME.assign(number=3),
    "durations for numbers": FRAME.assign(number=pd.to_timedelta(FRAME["number"], unit="s")),
    "durations for whole numbers": FRAME.assign(whole=pd.to_timedelta(FRAME["whole"], unit="s")),
    "durations as objects": FRAME.assign(whole=pd.to_timedelta(FRAME["whole"], unit="s").astype(object)),
    "periods for moments": FRAME.assign(day=pd.PeriodIndex(FRAME["day"], freq="D")),
    "truth values for texts": FRAME.assign(city=True),
    "truth values with gaps for texts": FRAME.assign(city=pd.Series([True, None] * (ROWS // 2), dtype=object)),
    "small floats": FRAME.astype({"number": "float32"}),
    "decimals": FRAME.assign(number=Decimal("1.5")),
    "numbers for truth values": FRAME.astype({"flag": int}),
    "numbers for texts": FRAME.assign(city=7),
    "floats with gaps for texts": FRAME.assign(city=np.where(FRAME["number"] > 0, 7.0, np.nan)),
    "mixed texts": FRAME.assign(city=pd.Series([7, "Rome", None, "Atlantis"] * (ROWS // 4), dtype=object)),
    "moments as texts": FRAME.assign(day=FRAME["day"].astype(str)),
    "moments with a zone": FRAME.assign(day=FRAME["day"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")),
    "dates": FRAME.assign(day=FRAME["day"].dt.date),
    "further columns": FRAME.assign(new=1),
    "another order": FRAME[FRAME.columns[::-1]],
    "another index": FRAME.set_index(FRAME.index + 5),
    "nothing but gaps": FRAME.assign(number=np.nan, whole=None, flag=None, city=None, day=pd.NaT),
    "columns": FRAME.to_dict("list"),
    "records": FRAME.to_dict("records"),
}


@pytest.mark.parametrize("name", ANSWERED)
def test_a_frame_is_answered_as_a_batch_is(name, model, packaged):
    frame = ANSWERED[name]
    batch = wb.score("shop", frame, window="w")

    assert not batch["flags"].str.contains("unreadable").any()
    assert model.predict(frame).tolist() == batch["prediction"].tolist()


@pytest.mark.parametrize(
    ("frame", "error", "sentence"),
    [
        (FRAME.assign(number="a lot"), BadRow, "field 'number': expected a finite number, got the text 'a lot' (239"),
        (FRAME.assign(number=True), BadRow, "field 'number': expected a finite number, got the truth value True (239"),
        (FRAME.assign(whole=1.5), BadRow, "field 'whole': expected a whole number, got the number 1.5 (239"),
        (FRAME.assign(flag="perhaps"), BadRow, "field 'flag': expected true or false, got the text 'perhaps'"),
        (FRAME.assign(day="soon"), BadRow, "field 'day': expected a moment such as"),
        (FRAME.assign(number=np.inf), BadRow, "field 'number': expected a finite number, got the number inf"),
        (FRAME.drop(columns="city"), ColumnNotFound, "Column 'city' is not in the data."),
        (FRAME.head(0), BadTable, "The table has no row."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_the_words_of_the_service(frame, error, sentence, model):
    with pytest.raises(error) as caught:
        model.predict(frame)
    if error is BadRow:
        assert wb.score("shop", frame, window="w")["flags"].str.contains("unreadable").all()

    assert sentence in str(caught.value)


def test_a_problem_names_its_own_row_in_a_long_table(packaged, monkeypatch):
    from workbench.scoring import pyfunc

    monkeypatch.setattr(pyfunc, "ROWS", 100)
    model = pyfunc._load_pyfunc(str(packaged.path))
    frame = FRAME.astype({"whole": object})
    frame.loc[230, "whole"] = "many"

    assert model.predict(FRAME).tolist() == wb.score("shop", FRAME, window="w")["prediction"].tolist()
    with pytest.raises(BadRow, match="Row 230, field 'whole'"):
        model.predict(frame)


def test_two_columns_of_one_name_are_refused(packaged):
    from workbench.scoring.pyfunc import _load_pyfunc

    twice = pd.concat([FRAME, FRAME[["city"]]], axis=1)

    with pytest.raises(BadTable, match="Two columns are called 'city'"):
        _load_pyfunc(str(packaged.path)).predict(twice)
    with pytest.raises(BadTable, match=r"got a ndarray\. Give a frame"):
        _load_pyfunc(str(packaged.path)).predict(FRAME.to_numpy())


def test_names_have_one_normal_form_unless_mlflow_leaves_the_columns_out_before(packaged, model):
    from workbench.scoring.pyfunc import _load_pyfunc

    renamed = FRAME.rename(columns=lambda name: f" {name} ")

    assert _load_pyfunc(str(packaged.path)).predict(renamed).tolist() == model.predict(FRAME).tolist()
    with pytest.raises(BadTable, match=r"has no column\. .* leaves out columns .* Name them as the contract does"):
        model.predict(renamed)
    with pytest.raises(ColumnNotFound, match=r"Column 'city' is not .* leaves out columns .* with a blank around"):
        model.predict(FRAME.rename(columns={"city": " city"}))


def test_mlflow_shows_the_signature(packaged):
    shown = mlflow.models.get_model_info(str(packaged.path))

    assert shown.signature.inputs.input_names() == list(packaged.features)
    assert [spec.required for spec in shown.signature.inputs] == [False] * len(packaged.features)
    assert str(shown.signature.outputs) == "[Tensor('float64', (-1,))]"
    assert '"whole": "integer"' in shown.metadata["workbench"]


def test_a_packaging_without_mlflow_models_stays_light():
    code = "import workbench.packaging.model, sys; print('mlflow' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


@pytest.mark.slow
def test_the_copy_inside_the_bundle_reads_with_numpy_alone(packaged):
    """Plain columns come in without pandas, and none is loaded for them."""
    rows = {name: FRAME[name].iloc[1:4].astype(str).tolist() for name in packaged.features}
    code = (
        f"import sys; sys.path.insert(0, {str(packaged.path / 'scoring')!r})\n"
        "from workbench.scoring.pyfunc import _load_pyfunc\n"
        f"print(_load_pyfunc('.').predict({rows!r}).tolist())\n"
        "import workbench.scoring.pyfunc as p; print(p.__file__)\n"
        "print([m for m in ('pandas', 'polars', 'mlflow', 'sklearn') if m in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-B", "-c", code], capture_output=True, text=True, check=False, cwd=packaged.path
    )
    assert done.returncode == 0, done.stderr
    answers, place, loaded = done.stdout.splitlines()

    assert answers == str(wb.score("shop", FRAME.iloc[1:4], window="w")["prediction"].tolist())
    assert str(packaged.path / "scoring") in place
    assert loaded == "[]"
