import json
import signal

import pytest

import workbench as wb
from workbench.cli.bundles import audit_of
from workbench.errors import BadTable, Damaged, NotFound, Refused
from workbench.monitoring.policy import retrain_if_needed
from workbench.monitoring.promotion import champions
from workbench.settings import settings
from workbench.storage import anchors, audit
from workbench.storage.tracking import client


def test_promotions_and_rollbacks_form_a_chain(shop):
    assert wb.promote(shop, 2, reason="better") == 2
    assert wb.bundle(shop).version == 2
    assert wb.rollback(shop) == 1
    assert wb.bundle(shop).version == 1

    told = [(e["act"], e["version"], e.get("previous")) for e in audit.acts(settings().audit_log)]
    assert told[-2:] == [("promote", 2, 1), ("rollback", 1, 2)]
    with pytest.raises(Refused, match="No version of shop was champion before"):
        wb.rollback(shop)


def test_a_version_that_is_not_there_is_named(shop):
    with pytest.raises(NotFound, match="7"):
        wb.promote(shop, 7)
    assert wb.bundle(shop).version == 1


@pytest.mark.slow
def test_versions_are_compared_on_the_same_rows(shop, customers):
    same = wb.challenge(shop, 1, customers(300, 9))
    other = wb.challenge(shop, "challenger", customers(300, 9))

    assert (same.better, same.difference.value) == (False, 0.0)
    assert other.versions == (1, 2)
    assert other.difference.low <= other.difference.value <= other.difference.high
    assert "roc_auc" in other.verdict


def test_a_challenge_on_the_training_table_is_refused(shop, customers):
    with pytest.raises(Refused, match=r"0 rows of 800 are new .*version 2 was trained on 800\."):
        wb.challenge(shop, 2, customers(800, 2))


def test_a_challenge_needs_labels(shop, customers):
    with pytest.raises(BadTable, match="no column 'stays'"):
        wb.challenge(shop, 2, customers(100, 9).drop(columns="stays"))


def test_without_alarm_nothing_is_submitted(shop):
    assert retrain_if_needed(wb.monitor(shop), {"source": "x.csv"}) is None


KILLED = """
import os, signal, sys
import workbench as wb
from mlflow import MlflowClient
from workbench.storage import audit
point, act = sys.argv[1:3]
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
move, leave = MlflowClient.set_registered_model_alias, MlflowClient.delete_registered_model_alias
if point == "before the intent": audit.intend = die
if point == "after the intent": MlflowClient.set_registered_model_alias = die
if point == "after the move":
    MlflowClient.set_registered_model_alias = lambda *a, **k: (move(*a, **k), die())
if point == "before the record": audit.done = die
wb.promote("shop", 2) if act == "promote" else wb.rollback("shop")
"""


@pytest.mark.slow
@pytest.mark.parametrize("act", ["promote", "rollback"])
@pytest.mark.parametrize(
    "point", ["before the intent", "after the intent", "after the move", "before the record", "nowhere"]
)
def test_who_is_killed_half_way_leaves_what_the_next_act_settles(shop, forks, point, act):
    """The champion is one of the two, the history agrees with it, and going back leads to the other."""
    if act == "rollback":
        wb.promote(shop, 2)
    before, after = (1, 2) if act == "promote" else (2, 1)

    process = forks.start(KILLED, point, act)
    _, said = process.communicate()

    assert process.returncode == (0 if point == "nowhere" else -signal.SIGKILL), said
    moved = point in ("after the move", "before the record", "nowhere")
    answers = after if moved else before
    assert wb.bundle(shop).version == answers
    assert champions(shop, settings())[-1] == answers
    if answers == 2:
        assert wb.rollback(shop) == 1
    else:
        with pytest.raises(Refused, match="No version"):
            wb.rollback(shop)
    assert not audit.open_intents(settings().audit_log)
    assert wb.promote(shop, 2) == 2
    assert champions(shop, settings()) == [1, 2]


@pytest.mark.parametrize("act", [lambda name: wb.promote(name, 2), wb.rollback], ids=["promote", "rollback"])
def test_on_a_damaged_log_nothing_moves(shop, act):
    log = settings().audit_log
    log.write_bytes(b"no JSON\n" + log.read_bytes())

    with pytest.raises(Damaged, match="Line 1"):
        act(shop)

    assert wb.bundle(shop).version == 1


# --- a log that lacks lines -----------------------------------------------------------------------------------------


def _cut(lines):
    return lines[:-1]


def _rehashed(lines):
    """Somebody takes a line out and computes the rest anew, so that the chain is whole."""
    chain, before = [], audit.FIRST
    for number, line in enumerate(lines[1:], 1):
        entry = {**json.loads(line), "number": number, "before": before}
        entry["hash"] = before = audit._hash(entry)
        chain.append(json.dumps(entry, ensure_ascii=False).encode())
    return chain


@pytest.mark.parametrize("act", [lambda name: wb.promote(name, 2), wb.rollback], ids=["promote", "rollback"])
@pytest.mark.parametrize(
    "tamper", [_cut, _rehashed, lambda _: [], None], ids=["cut", "re-hashed", "emptied", "deleted"]
)
def test_a_log_that_lacks_lines_is_noticed_and_nothing_moves(shop, act, tamper):
    """The chain alone does not show it: what is kept in MLflow's store and in each bundle does."""
    log = settings().audit_log
    if tamper is None:
        log.unlink()
    else:
        log.write_bytes(b"".join(line + b"\n" for line in tamper(log.read_bytes().splitlines())))
    audit.entries(log)  # no line of it is wrong

    with pytest.raises(
        Damaged, match=r"The audit log (ends at|has another) line .* shop .* `workbench audit shop --acc"
    ):
        act(shop)

    assert wb.bundle(shop).version == 1


@pytest.mark.parametrize("kept", ["store", "bundle"])
def test_either_place_notices_it(shop, kept):
    force = settings()
    if kept == "store":
        for folder in (force.bundles / shop).glob("[0-9]*"):
            document = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
            del document["lineage"][anchors.LINEAGE]
            (folder / "bundle.json").write_text(json.dumps(document), encoding="utf-8")
    else:
        for version in ("1", "2"):
            client(force).delete_model_version_tag(shop, version, anchors.TAG)
    assert anchors.check(shop, force) == 2
    force.audit_log.unlink()

    with pytest.raises(Damaged, match="ends at line 0"):
        anchors.check(shop, force)


def test_whoever_accepts_the_loss_goes_on_and_the_log_says_so_for_ever(shop):
    force = settings()
    force.audit_log.unlink()

    entry = anchors.accept(shop, "the disk broke", force)

    assert len(entry["lost"]) == anchors.check(shop, force) == 4
    assert wb.promote(shop, 2) == 2
    assert [e["act"] for e in audit.acts(force.audit_log)] == ["accept", "promote"]
    log = force.audit_log.read_bytes().splitlines(keepends=True)
    force.audit_log.write_bytes(b"".join(log[:-1]))
    with pytest.raises(Damaged, match="lines are gone"):
        wb.rollback(shop)


def test_versions_of_another_home_in_the_same_store_have_a_log_of_their_own(shop):
    force = settings()
    store = client(force)
    theirs = store.create_model_version(shop, "elsewhere").version
    store.set_model_version_tag(shop, theirs, anchors.TAG, f"999:{'a' * 64}")

    assert anchors.check(shop, force) == 4


def test_the_command_shows_what_was_done_and_that_the_log_is_whole(shop, capsys):
    wb.promote(shop, 2, reason="better by 0.02")

    audit_of(shop)

    *told, last = capsys.readouterr().out.splitlines()
    assert told[-1].endswith("promote  version 2  better by 0.02")
    assert last == "The log is what was written: its chain is whole, and 4 heads kept elsewhere fit."
