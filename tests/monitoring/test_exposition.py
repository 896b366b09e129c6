"""Reports and incidents for Prometheus: it takes what we write, and alerts when it should."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families as parsed

from tests.display import examples
from workbench.core.report import Incident
from workbench.monitoring.exposition import alert_rules, expose, incident_metrics, report_metrics
from workbench.scoring.metrics import Metrics, kept_beside
from workbench.settings import settings

ONE = Incident("w1", "w3", "…", ("age",), True, "1a2b3c4d", "score", "down", "w2", "alarm", ("w1", "w3"))


def values(text):
    """Each sample by its name and labels."""
    return {(s.name, *sorted(s.labels.items())): s.value for family in parsed(text) for s in family.samples}


def test_the_newest_judged_window_is_told():
    report = examples.report()

    told = values(report_metrics(report))

    model = ("model", report.name)
    newest = report.windows[-2]  # the last one has too few rows
    assert told["workbench_window_rows", model] == newest.rows
    assert told["workbench_report_status", model, ("status", report.status)] == 1
    assert sum(value for key, value in told.items() if key[0] == "workbench_report_status") == 1
    assert told["workbench_window_score", ("metric", "roc_auc"), model] == pytest.approx(newest.performance[0].value)


def test_prometheus_takes_reports_of_any_names(promtool):
    text = report_metrics(examples.report(hostile=True)) + incident_metrics('a"b\\c\n', [ONE])

    promtool("check", "metrics", given=text)
    assert values(text)["workbench_incidents", ("model", 'a"b\\c\n'), ("severity", "alarm")] == 1


@given(
    st.lists(
        st.builds(replace, st.just(ONE), owner=st.text(), open=st.booleans(), state=st.sampled_from(["open", "closed"]))
    )
)
def test_each_incident_that_goes_on_is_a_sample(found):
    distinct = {(one.owner.encode("utf-8", "replace").decode(), one.state) for one in found if one.open}

    samples = [key for key in values(incident_metrics("shop", found)) if key[0] == "workbench_incident"]

    assert len(samples) == len(distinct)


def test_rules_alert_when_they_should_and_not_before(tmp_path, promtool):
    labels = 'model="shop", id="1a", kind="score", direction="down", owner=""'
    (tmp_path / "rules.yaml").write_text(alert_rules(timedelta(hours=1)), encoding="utf-8")
    (tmp_path / "test.yaml").write_text(
        f"""
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: 'workbench_incident{{{labels}, severity="alarm", state="open"}}'
        values: "_x5 1x10 _x120"
      - series: 'workbench_incident{{{labels}, severity="alarm", state="acknowledged"}}'
        values: "_x20 1x100"
      - series: 'workbench_report_timestamp_seconds{{model="shop"}}'
        values: "0x200"
    alert_rule_test:
      - {{eval_time: 3m, alertname: WorkbenchAlarm}}
      - eval_time: 10m
        alertname: WorkbenchAlarm
        exp_alerts:
          - exp_labels: {{severity: critical, model: shop, id: 1a, kind: score, direction: down}}
            exp_annotations:
              summary: "shop: alarm, score down, incident 1a"
              action: "workbench incidents shop show 1a"
      - {{eval_time: 40m, alertname: WorkbenchAlarm}}
      - {{eval_time: 59m, alertname: WorkbenchReportStale}}
      - eval_time: 90m
        alertname: WorkbenchReportStale
        exp_alerts:
          - exp_labels: {{severity: warning, model: shop}}
            exp_annotations:
              summary: "shop has not been looked at for 1h 30m 0s."
              action: "Look at the job that monitors it."
""",
        encoding="utf-8",
    )

    assert "3 rules found" in promtool("check", "rules", tmp_path / "rules.yaml")
    promtool("test", "rules", tmp_path / "test.yaml")


def test_files_lie_beside_the_log_and_where_the_collector_looks(home, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_TEXTFILES", str(tmp_path / "collected"))
    report = replace(examples.report(), incidents=(ONE,))

    expose(report, settings())

    served = kept_beside(settings().predictions / report.name / "log.sqlite")
    assert served == report_metrics(report) + incident_metrics(report.name, [ONE])
    files = sorted(path.name for path in (tmp_path / "collected").glob("*.prom"))
    assert files == [f"workbench_{report.name}_incidents.prom", f"workbench_{report.name}_report.prom"]
    values(Metrics().text(1) + served)


def test_a_service_shows_whole_lines_of_what_is_there_alone(tmp_path):
    assert kept_beside(tmp_path / "log.sqlite") == ""

    (tmp_path / "incidents.prom").write_text("a 1\nb", encoding="utf-8")

    assert kept_beside(tmp_path / "log.sqlite") == "a 1\n"
