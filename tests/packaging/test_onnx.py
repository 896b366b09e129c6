"""A bundle's model as an ONNX file: what it differs by is measured, and too much is not written."""

import pytest
from typer.testing import CliRunner

import workbench as wb
from workbench.cli import app
from workbench.errors import CannotCompile, Refused
from workbench.packaging.onnx import export_onnx

onnxruntime = pytest.importorskip("onnxruntime")


def test_a_bundle_is_exported_with_its_difference(run, tmp_path):
    bundle = wb.package(run, name="shop")

    exported = export_onnx(bundle, tmp_path / "shop.onnx")

    session = onnxruntime.InferenceSession(exported.path)
    assert [i.name for i in session.get_inputs()] == list(run.features)
    assert exported.difference < 1e-12
    assert exported.rows > 400


@pytest.mark.slow
def test_the_command_says_where_it_lies_and_how_exact_it_is(run, tmp_path):
    wb.package(run, name="shop")

    told = CliRunner().invoke(app, ["export", "onnx", "shop", "--output", str(tmp_path / "shop.onnx")])

    assert told.exit_code == 0, told.output
    assert "largest difference" in told.output
    assert (tmp_path / "shop.onnx").is_file()


def test_an_unknown_format_is_named(run):
    told = CliRunner().invoke(app, ["export", "pmml", "shop"])

    assert told.exit_code != 0
    assert "Formats: onnx" in str(told.exception)


@pytest.mark.slow
def test_too_large_a_difference_is_not_written(run, tmp_path):
    bundle = wb.package(run, name="shop")

    with pytest.raises(Refused, match="It is not written"):
        export_onnx(bundle, tmp_path / "shop.onnx", limit=-1.0)
    assert not list(tmp_path.glob("*.onnx"))


@pytest.mark.slow
def test_a_bundle_without_tables_has_no_graph(run, monkeypatch):
    monkeypatch.setattr("workbench.compiling.pipeline.difference", lambda *_: 1e-6)
    bundle = wb.package(run, name="shop")

    with pytest.raises(CannotCompile, match="ships as a pipeline"):
        export_onnx(bundle)
