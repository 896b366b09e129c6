"""A version is tried out by intent, act and record: whoever is killed leaves what the next one settles."""

import json
import signal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import workbench as wb
from workbench.cli.bundles import audit_of
from workbench.core.rollout import Rollout
from workbench.errors import BadParameter, Damaged, NotFound, Refused
from workbench.monitoring.promotion import champions
from workbench.monitoring.rollout import current
from workbench.settings import settings
from workbench.storage import audit
from workbench.storage.aliases import settle
from workbench.storage.rollouts import path_of
from workbench.storage.tracking import client


def told():
    """What was done, oldest first."""
    return [(e["act"], e["version"], e.get("stage"), e.get("share")) for e in audit.acts(settings().audit_log)]


def test_a_version_goes_from_shadow_to_canary_to_champion_and_each_step_is_recorded(shop):
    force = settings()

    assert wb.promote(shop, 2, stage="shadow", reason="retrained in May") == 2
    shadow = current(shop, force)
    assert (shadow.version, shadow.stage, shadow.share, shadow.reason) == (2, "shadow", 0.0, "retrained in May")
    assert wb.promote(shop, 2, stage="canary") == 2
    assert current(shop, force).share == 0.1
    assert wb.promote(shop, 2, stage="canary", share=0.5) == 2
    assert wb.bundle(shop).version == 1
    assert wb.promote(shop, 2) == 2
    assert current(shop, force) is None
    assert told()[-4:] == [
        ("stage", 2, "shadow", 0.0), ("stage", 2, "canary", 0.1), ("stage", 2, "canary", 0.5),
        ("promote", 2, None, None),
    ]  # fmt: skip
    assert audit.acts(force.audit_log)[-1]["ends"]["share"] == 0.5


def test_a_rollback_ends_what_is_tried_out_before_it_touches_the_champion(shop):
    wb.promote(shop, 2)
    wb.promote(shop, 1, stage="canary", share=0.2)

    assert wb.rollback(shop, reason="slow") == 2
    assert current(shop, settings()) is None
    assert wb.rollback(shop) == 1
    assert [(act, version) for act, version, *_ in told()[-2:]] == [("end", 2), ("rollback", 1)]


ACTS = st.one_of(
    st.tuples(st.just("shadow"), st.sampled_from([1, 2]), st.none()),
    st.tuples(st.just("canary"), st.sampled_from([1, 2]), st.sampled_from([0.1, 0.7])),
    st.tuples(st.just("champion"), st.sampled_from([1, 2]), st.none()),
    st.just(("rollback", None, None)),
)


def expected(line, trial, act, version, share):
    """The champions one after the other, and what is tried out; None where an act is refused."""
    if act == "champion":
        return (line if line[-1] == version else [*line, version]), None
    if act == "rollback":
        return (line, None) if trial else (line[:-1], None) if len(line) > 1 else None
    return None if version == line[-1] else (line, (version, act, share or 0.0))


@pytest.mark.slow
@hypothesis_settings(max_examples=7, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, min_size=1, max_size=6))
def test_whatever_is_promoted_tried_out_and_rolled_back_the_store_and_the_log_say_the_same(shop, acts):
    force = settings()
    wb.promote(shop, 1)
    line, trial = champions(shop, force), None
    for act, version, share in acts:
        wanted, before = expected(line, trial, act, version, share), len(audit.entries(force.audit_log))
        try:
            if act == "rollback":
                wb.rollback(shop)
            else:
                wb.promote(shop, version, stage=act, share=share)
        except Refused:
            assert wanted is None
            assert len(audit.entries(force.audit_log)) == before
            continue
        assert wanted is not None
        line, trial = wanted
        stands = current(shop, force)
        assert champions(shop, force) == line
        assert wb.bundle(shop).version == line[-1]
        assert (stands and (stands.version, stands.stage, stands.share)) == trial
        assert not audit.open_intents(force.audit_log)


def test_another_champion_and_another_trial_take_the_place_of_what_is_tried_out(shop):
    wb.promote(shop, 2, stage="shadow")
    wb.promote(shop, 1)

    assert current(shop, settings()) is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"stage": "canari"}, "'shadow', 'canary' or 'champion' as 'stage', got the text 'canari'"),
        ({"stage": None}, "got None"),
        ({"stage": "canary", "share": 0}, "between 0 and 1, got the number 0"),
        ({"stage": "canary", "share": 1}, "between 0 and 1"),
        ({"stage": "canary", "share": True}, "between 0 and 1, got True"),
        ({"stage": "canary", "share": float("nan")}, "between 0 and 1"),
        ({"stage": "canary", "share": "half"}, "got the text 'half'"),
        ({"share": 0.1}, "share is that of a canary"),
        ({"stage": "shadow", "share": 0.1}, "share is that of a canary"),
    ],
)
def test_a_stage_or_share_that_is_none_is_named(shop, asked, said):
    with pytest.raises(BadParameter, match=said):
        wb.promote(shop, 2, **asked)
    assert current(shop, settings()) is None


def test_the_champion_is_not_tried_out_beside_itself(shop):
    with pytest.raises(Refused, match="version 1 is the champion already"):
        wb.promote(shop, 1, stage="shadow")


def test_without_a_champion_nothing_can_be_tried_out(shop):
    client(settings()).delete_registered_model_alias(shop, "champion")

    with pytest.raises(NotFound, match="champion"):
        wb.promote(shop, 2, stage="shadow")


def test_of_no_bundle_nothing_is_tried_out(shop):
    with pytest.raises(NotFound, match="nowhere"):
        current("nowhere", settings())


@pytest.mark.parametrize("act", ["stage", "end"])
def test_on_a_damaged_log_nothing_changes(shop, act):
    force = settings()
    wb.promote(shop, 2, stage="shadow")
    before = current(shop, force)
    force.audit_log.write_bytes(b"no JSON\n" + force.audit_log.read_bytes())

    with pytest.raises(Damaged, match="Line 1"):
        wb.promote(shop, 2, stage="canary") if act == "stage" else wb.rollback(shop)
    assert current(shop, force) == before


@pytest.mark.parametrize(
    "content",
    [b"no JSON", b"[]", b"{}", {"stage": "champion"}, {"share": 2.0}, {"share": "half"}, {"since": "soon"}, {"x": 1}],
)
def test_a_file_that_is_none_is_damaged_and_a_rollback_or_another_trial_mends_it(shop, content):
    force = settings()
    wb.promote(shop, 2, stage="canary")
    path = path_of(shop, force)
    whole = json.loads(path.read_bytes())
    path.write_bytes(content if isinstance(content, bytes) else json.dumps({**whole, **content}).encode())

    with pytest.raises(Damaged):
        current(shop, force)
    assert wb.rollback(shop) == 1
    assert current(shop, force) is None
    path.write_bytes(b"no JSON")
    wb.promote(shop, 2, stage="shadow")
    assert current(shop, force).stage == "shadow"


def test_a_rollout_comes_back_from_its_file(tmp_path):
    one = Rollout("shop", 2, "canary", 0.125, "2026-11-30T09:00:00+00:00", "anna", "ä <b>")

    assert Rollout.load(one.save(tmp_path / "shop.json")) == one
    assert "canary, answers 12.5% of rows, since 2026-11-30 09:00 (anna: ä <b>)" in str(one)


def test_whoever_only_looks_writes_nothing(shop):
    force = settings()
    before = force.audit_log.read_bytes()

    assert current(shop, force) is None
    assert not force.rollouts.exists()
    assert force.audit_log.read_bytes() == before


def test_the_audit_tells_what_was_tried_out(shop, capsys):
    wb.promote(shop, 2, stage="canary", share=0.2, reason="first rows")

    audit_of(shop)

    assert "stage  version 2  canary 0.2  first rows" in capsys.readouterr().out


KILLED = """
import os, signal, sys
import workbench as wb
from mlflow import MlflowClient
from workbench.storage import audit, rollouts
point, act = sys.argv[1:3]
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
write, take, move = rollouts.write_json, rollouts.take_away, MlflowClient.set_registered_model_alias
if point == "before the intent": audit.intend = die
if point == "after the intent": rollouts.act = MlflowClient.set_registered_model_alias = die
if point == "after the act":
    rollouts.write_json = lambda *a: (write(*a), die())
    rollouts.take_away = lambda *a: (take(*a), die())
if point == "after the move":
    MlflowClient.set_registered_model_alias = lambda *a, **k: (move(*a, **k), die())
if point == "before the record": audit.done = die
if act == "stage": wb.promote("shop", 2, stage="canary", share=0.3)
elif act == "end": wb.rollback("shop")
else: wb.promote("shop", 2)
"""
POINTS = ["before the intent", "after the intent", "after the act", "before the record", "nowhere"]
WAYS = [(act, point) for act in ("stage", "end") for point in POINTS] + [
    ("promote", point) for point in (*POINTS[:2], "after the move", *POINTS[2:])
]


@pytest.mark.slow
@pytest.mark.parametrize(("act", "point"), WAYS)
def test_who_is_killed_half_way_leaves_what_the_next_act_settles(shop, forks, act, point):
    """What is tried out is what stood before or what was asked for, and the history agrees with it."""
    force = settings()
    wb.promote(shop, 2, stage="shadow")
    before = current(shop, force)
    acts = len(audit.acts(force.audit_log))

    process = forks.start(KILLED, point, act)
    _, said = process.communicate()

    assert process.returncode == (0 if point == "nowhere" else -signal.SIGKILL), said
    settle(shop, force)  # as whoever acts next does first
    stands, done = current(shop, force), told()[acts:]
    acted = point not in ("before the intent", "after the intent")
    if not acted:
        assert (stands, done) == (before, [])
    elif act == "stage":
        assert (stands.stage, stands.share) == ("canary", 0.3)
        assert done == [("stage", 2, "canary", 0.3)]
    else:
        assert stands is None
        assert [what for what, *_ in done] == [act]
    assert wb.bundle(shop).version == (2 if act == "promote" and acted else 1)
    assert not audit.open_intents(force.audit_log)
    settle(shop, force)  # twice is the same as once
    assert (current(shop, force), told()[acts:]) == (stands, done)
