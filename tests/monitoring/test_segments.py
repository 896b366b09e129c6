"""Segments: the slices of a bundle, window by window."""

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.core.grouping import Grouping
from workbench.core.metric import Metric
from workbench.core.report import MonitorReport
from workbench.core.segments import Segment, Segments
from workbench.errors import Damaged
from workbench.monitoring.segments import segments_of


def test_they_are_read_as_they_were_written(tmp_path):
    some = Segments((Grouping("age", edges=(30.0,)),), (Segment("age", "below 30", 90, Metric("mae", 2.0)),))

    path = some.save(tmp_path / "segments.json")

    assert Segments.load(path) == some
    path.write_text(path.read_text(encoding="utf-8").replace("90", '"many"'), encoding="utf-8")
    with pytest.raises(Damaged):
        Segments.load(path)


@pytest.mark.slow
def test_a_segment_that_lost_its_score_is_told_where_others_held(home, customers, tmp_path):
    """What was chosen is followed; without a change nothing is told of it."""
    run = wb.train(wb.dataset(customers(1500, 1), target="stays", id="customer"), candidates=("linear",), folds=2)
    chosen = run.slices(["spent"], bins={"spent": [0.0]})
    spent = wb.package(run, name="spent", slices=chosen)
    wb.package(run, name="shop", slices=run.slices(["city"]))
    quiet, turned = customers(1200, 5), customers(1200, 6)
    other = customers(1200, 6, flip=True)
    turned["stays"] = np.where(turned["city"] == "Rome", other["stays"], turned["stays"])

    for label, batch in (("w1", quiet), ("w2", turned)):
        wb.score("shop", batch, window=label)
        wb.feedback("shop", batch)
    first, second = wb.monitor("shop").windows

    assert segments_of(spent).by == (Grouping("spent", edges=(0.0,)),)
    assert {one.name for one in first.segments} == {"city Rome", "city Oslo"}
    assert [one.name for one in first.segments if one.differs] == []
    assert [one.name for one in second.segments if one.differs] == ["city Rome"]
    (signal,) = [one for one in second.signals if one.kind == "segment"]
    assert (signal.level, signal.columns, signal.direction) == ("alarm", ("city",), "down")
    assert signal.text in second.reasons
    report = wb.monitor("shop")
    assert MonitorReport.load(report.save(tmp_path / "report.json")) == report
    assert "lost more than all rows" in report._repr_mimebundle_()["text/html"]
    pd.testing.assert_frame_equal(report.frame(), MonitorReport.load(tmp_path / "report.json").frame())
