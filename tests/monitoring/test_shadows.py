"""Who scores behind another one's answers has answered nobody: windows and alarms are of answers that were given."""

import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.monitoring.sealing import seal
from workbench.scoring.log import PredictionLog
from workbench.scoring.runtime import Scorer
from workbench.settings import settings as at_home

MANY = 32  # records of a batch
DAY = datetime(2026, 11, 1, tzinfo=UTC)
ARMS = st.sampled_from([None, "champion", "canary", "fallback", "shadow"])
PUT = st.tuples(st.sampled_from([1, 2, None]), st.lists(ARMS, min_size=1, max_size=2), st.integers(1, 2 * MANY))


@settings(max_examples=15, deadline=None)
@given(puts=st.lists(PUT, min_size=1, max_size=6), sealed=st.booleans())
def test_records_are_counted_by_who_answered_however_they_are_kept(puts, sealed):
    """Alone, in batches of one arm or of several, sealed or not."""
    with tempfile.TemporaryDirectory() as folder:
        log = PredictionLog(folder)
        for version, arms, many in puts:
            some = [{"version": version, "row": {}, "prediction": 0.5, "arm": arms[i % len(arms)]} for i in range(many)]
            log.append(some)
        if sealed:
            seal(folder, datetime.now(UTC) + timedelta(hours=2))
        counted, records = log.versions("", "~"), log.read()
        log.close()

    assert counted == Counter(record["version"] for record in records if record["arm"] != "shadow")


def test_a_shadow_that_is_wrong_alarms_nobody_and_a_canary_that_is_does(shop, customers):
    """Version 2 turned round: nobody was answered by it as a shadow."""
    champion = Scorer(wb.bundle(shop).path)
    log = PredictionLog(at_home().predictions / shop)
    for day, arm in enumerate(["shadow", "shadow", "canary"]):
        table = customers(300, 50 + day)
        rows, ids = table.drop(columns="stays").to_dict("records"), table["customer"].tolist()
        at = (DAY + timedelta(days=day)).isoformat()
        answers = [{**a, "at": at, "row": row} for a, row in zip(champion.predict(rows, 0, ids), rows, strict=True)]
        log.append(answers if arm == "shadow" else answers[150:])
        wrong = [{**a, "prediction": 1 - a["prediction"], "version": 2, "arm": arm} for a in answers]
        log.append(wrong if arm == "shadow" else wrong[:150])
        log.label(zip(table["customer"], table["stays"], strict=True))
    log.close()

    report = wb.monitor(shop)

    assert [(w.label, w.version, w.rows, w.status) for w in report.windows] == [
        ("live-2026-11-01", 1, 300, "ok"), ("live-2026-11-02", 1, 300, "ok"),
        ("live-2026-11-03.v1", 1, 150, "ok"), ("live-2026-11-03.v2", 2, 150, "alarm"),
    ]  # fmt: skip
    assert {one.start for one in report.incidents} == {"live-2026-11-03.v2"}
