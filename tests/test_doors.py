"""Every verb × every kind of thing: the right result, or an error of ours that says what was wanted, came and helps."""

import re
import shutil

import numpy as np
import pandas as pd
import polars as pl
import pytest

import workbench as wb
from workbench.core.finding import Finding
from workbench.errors import BadParameter, BadTable, ColumnNotFound, Refused, WorkbenchError
from workbench.profiling.overlap import overlap
from workbench.settings import settings
from workbench.storage.tracking import client

ROWS = 80
QUICK = {"candidates": ["baseline"], "folds": 2, "trials": 1}


def customers(seed=0):
    draw = np.random.default_rng(seed)
    spent = draw.normal(0, 1, ROWS).round(3)
    return pd.DataFrame(
        {
            "key": [f"k{seed}-{i}" for i in range(ROWS)],
            "spent": spent,
            "city": draw.choice(["Rome", "Oslo"], ROWS),
            "stays": np.where(spent + draw.normal(0, 0.5, ROWS) > 0, "yes", "no"),
        }
    )


def made():
    """One of each noun, of one journey."""
    data = wb.dataset(customers(), target="stays", id="key")
    run = wb.train(data, candidates=["linear"], folds=2)
    first, second = wb.package(run, name="shop"), wb.package(run, name="shop")
    wb.score("shop", customers(1), window="2026-01")
    report, profile = wb.monitor("shop"), wb.profile(data)
    nouns = {
        "dataset": data,
        "a dataset without a target": wb.dataset(customers()),
        "profile": profile,
        "comparison of profiles": profile.compare(profile),
        "run": run,
        "explanation": wb.explain(run, rows=10),
        "fairness": wb.fairness(run, "city", why=False),
        "bundle": first,
        "challenger": second,
        "report": report,
        "contract": data.contract,
        "column": data.contract["spent"],
        "finding": Finding("WB101", "warning", "is constant.", "spent"),
        "verification": wb.Verification("shop version 1", ()),
        "query": wb.query("SELECT 1 AS x", "sqlite://"),
        "a fitted pipeline": run.pipeline,
    }
    plain = {
        "None": None, "True": True, "a number": 7, "a huge number": 10**5000,
        "a float": 0.5, "nan": float("nan"),
        "an empty text": "", "a text": "nowhere", "a name": "shop", "a long text": "x" * 300, "a text with NUL": "a\0b",
        "bytes": b"shop",
        "a list": [1, 2], "an empty list": [], "a tuple": ("a", "b"), "a dict": {"a": 1}, "an empty dict": {},
        "a set": {"a"}, "object": object(), "a class": wb.Run, "a function": wb.train, "a module": wb,
        "a generator": iter([1]), "frame": customers(2), "an empty frame": pd.DataFrame(),
        "polars": pl.DataFrame(customers(2)),
        "a series": customers(2)["spent"], "an index": pd.Index([1, 2]), "an array": np.zeros((3, 2)),
        "a scalar array": np.array(1), "columns": {"spent": [1.0, 2.0], "city": ["Rome", "Oslo"]},
        "records": [{"spent": 1.0, "city": "Rome"}], "uneven columns": {"spent": [1.0, 2.0], "city": ["Rome"]},
        "mixed records": [{"spent": 1.0}, 5], "a timestamp": pd.Timestamp("2026-01-01"),
    }  # fmt: skip
    return {**plain, **nouns}


@pytest.fixture(scope="module")
def _things(tmp_path_factory, put_store):
    folder = put_store(tmp_path_factory.mktemp("journey"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder))
        patch.setenv("WORKBENCH_THREADS", "1")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        return folder, made()


@pytest.fixture
def things(_things, home, monkeypatch, tmp_path):
    folder, values = _things
    shutil.copytree(folder, home, ignore=shutil.ignore_patterns("artifacts"), dirs_exist_ok=True)
    (home / "mlflow.ready").write_text(f"sqlite:///{home / 'mlflow.db'}")
    client(settings())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("workbench.jobs.submit._start", lambda job, *_: job)
    return {**values, "a generator": iter([1])}


# Each place of a verb where a noun, a table, a name or a text goes.
PLACES = {
    "dataset": lambda it, _: wb.dataset(it),
    "dataset contract=": lambda it, has: wb.dataset(has["frame"], contract=it),
    "dataset target=": lambda it, has: wb.dataset(has["frame"], target=it),
    "dataset ignore=": lambda it, has: wb.dataset(has["frame"], ignore=it),
    "query": lambda it, _: wb.query(it, "sqlite://"),
    "query url": lambda it, _: wb.query("SELECT 1", it),
    "profile": lambda it, _: wb.profile(it),
    "profile contract=": lambda it, has: wb.profile(has["frame"], contract=it),
    "profile target=": lambda it, has: wb.profile(has["frame"], target=it),
    "profile known_after=": lambda it, has: wb.profile(has["frame"], known_after=it),
    "profile memory_budget=": lambda it, has: wb.profile(has["frame"], memory_budget=it),
    "log_profile": lambda it, _: wb.log_profile(it),
    "log_profile run_id": lambda it, has: wb.log_profile(has["profile"], it),
    "view": lambda it, _: wb.view(it),
    "view data": lambda it, has: wb.view(has["profile"], it),
    "view run": lambda it, has: wb.view(has["explanation"], it),
    "view fairness": lambda it, has: wb.view(has["fairness"], it),
    "train": lambda it, _: wb.train(it, **QUICK),
    "train target=": lambda it, has: wb.train(has["frame"], target=it, **QUICK),
    "train profile=": lambda it, has: wb.train(has["dataset"], profile=it, **QUICK),
    "adopt": lambda it, has: wb.adopt(it, has["dataset"], folds=2),
    "adopt data": lambda it, has: wb.adopt(has["a fitted pipeline"], it, target="stays", folds=2),
    "adopt holdout=": lambda it, has: wb.adopt(has["a fitted pipeline"], has["dataset"], holdout=it, folds=2),
    "run": lambda it, _: wb.run(it),
    "explain": lambda it, _: wb.explain(it, rows=5),
    "explain data": lambda it, has: wb.explain(has["a fitted pipeline"], it, rows=5),
    "fairness": lambda it, _: wb.fairness(it, "city", why=False),
    "fairness by": lambda it, has: wb.fairness(has["run"], it, why=False),
    "fairness data=": lambda it, has: wb.fairness(has["run"], "city", data=it, why=False),
    "fairness bins=": lambda it, has: wb.fairness(has["run"], "city", bins=it, why=False),
    "fairness label=": lambda it, has: wb.fairness(has["run"], "city", label=it, why=False),
    "fairness smallest=": lambda it, has: wb.fairness(has["run"], "city", smallest=it, why=False),
    "fairness reweigh=": lambda it, has: wb.fairness(has["run"], "city", reweigh=it, why=False),
    "fairness.reweigh": lambda it, has: has["fairness"].reweigh(it),
    "fairness.reweigh column=": lambda it, has: has["fairness"].reweigh(has["dataset"], column=it),
    "run.reweighed": lambda it, has: has["run"].reweighed(it, data=has["dataset"]),
    "package": lambda it, _: wb.package(it, name="other"),
    "package fairness=": lambda it, has: wb.package(has["run"], name="other", fairness=it),
    "package data": lambda it, has: wb.package(has["a fitted pipeline"], it, name="other"),
    "package name=": lambda it, has: wb.package(has["run"], name=it),
    "package explanation=": lambda it, has: wb.package(has["run"], name="other", explanation=it),
    "bundle": lambda it, _: wb.bundle(it),
    "verify": lambda it, _: wb.verify(it),
    "score": lambda it, has: wb.score(it, has["frame"], window="w"),
    "score source": lambda it, _: wb.score("shop", it, window="w"),
    "score window=": lambda it, has: wb.score("shop", has["frame"], window=it),
    "score id=": lambda it, has: wb.score("shop", has["frame"], window="w", id=it),
    "feedback": lambda it, has: wb.feedback(it, has["frame"]),
    "feedback labels": lambda it, _: wb.feedback("shop", it),
    "feedback id=": lambda it, has: wb.feedback("shop", has["frame"], id=it),
    "feedback label=": lambda it, has: wb.feedback("shop", has["frame"], label=it),
    "monitor": lambda it, _: wb.monitor(it),
    "monitor home=": lambda it, _: wb.monitor("shop", home=it),
    "incident": lambda it, _: wb.incident(it, "1a"),
    "incident id": lambda it, _: wb.incident("shop", it),
    "report.alarms": lambda it, has: has["report"].alarms(it),
    "report.alarms bad=": lambda it, has: has["report"].alarms(bad=it),
    "report.alarms missed_cost=": lambda it, has: has["report"].alarms(missed_cost=it),
    "watch": lambda it, _: wb.watch(it, window="file"),
    "watch act": lambda it, _: wb.watch("shop", it),
    "watch source=": lambda it, _: wb.watch("shop", source=it, window="file"),
    "watch policy=": lambda it, _: wb.watch("shop", policy=it),
    "challenge": lambda it, has: wb.challenge(it, 2, has["frame"]),
    "challenge challenger": lambda it, has: wb.challenge("shop", it, has["frame"]),
    "challenge source": lambda it, _: wb.challenge("shop", 2, it),
    "challenge level=": lambda it, has: wb.challenge("shop", 2, has["frame"], level=it),
    "promote": lambda it, _: wb.promote(it, 2),
    "promote version": lambda it, _: wb.promote("shop", it),
    "promote reason=": lambda it, _: wb.promote("shop", 2, reason=it),
    "rollback": lambda it, _: wb.rollback(it),
    "submit": lambda it, _: wb.submit(it, wait=False),
    "submit parameters": lambda it, _: wb.submit("profile.ipynb", it, wait=False),
    "submit timeout=": lambda it, _: wb.submit("profile.ipynb", timeout=it, wait=False),
    "contract.check": lambda it, has: has["contract"].check(it),
    "profile.merge": lambda it, has: has["profile"].merge(it),
    "profile.compare": lambda it, has: has["profile"].compare(it),
    "profile.compare rate=": lambda it, has: has["profile"].compare(has["profile"], rate=it),
    "overlap": lambda it, has: overlap(it, has["profile"]),
    "overlap current": lambda it, has: overlap(has["profile"], it),
}  # fmt: skip
# What cannot be told by the thing alone: to start the service takes seconds for each.
NOT_RUN = {"verify": ("bundle", "challenger", "a name")}


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr("workbench.profiling.profile.progress", Silent)
    monkeypatch.setattr("workbench.training.search.progress", Silent)


class Silent:
    """Stands for a progress bar."""

    def __init__(self, *_, **__): ...
    def __enter__(self):
        return self

    def __exit__(self, *_): ...
    def advance(self, *_, **__): ...


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_a_verb_does_it_or_says_what_to_do(place, things):
    """Never an AttributeError, TypeError or KeyError from somewhere below."""
    strange, unclear = {}, {}
    for name, thing in things.items():
        if name in NOT_RUN.get(place, ()):
            continue
        try:
            PLACES[place](thing, things)
        except WorkbenchError as error:
            if not is_clear(str(error)):
                unclear[name] = str(error)
        except Exception as error:  # noqa: BLE001 - what must not be is what is looked for
            strange[name] = f"{type(error).__name__}: {error}"[:300]

    assert strange == {}
    assert unclear == {}


def is_clear(message):
    """Two sentences at least, or one with a cure, and not a page."""
    return len(re.findall(r"[.?:!)](?:\s|$)", message)) >= 2 and len(message) < 1500


# What must not be refused: (place, thing).
TAKEN = [
    *(("dataset", t) for t in ("frame", "polars", "a series", "columns", "records", "dataset", "query")),
    *(("profile", t) for t in ("frame", "polars", "a series", "columns", "records", "dataset", "query")),
    *((p, t) for p in ("view data", "contract.check") for t in ("frame", "polars", "columns", "dataset")),
    *(("score source", t) for t in ("frame", "polars", "columns", "records", "dataset")),
    *(("run", t) for t in ("run", "bundle", "explanation")),
    *((p, t) for p in ("score", "feedback", "challenge") for t in ("bundle", "a name")),
    *((p, t) for p in ("monitor", "promote", "bundle") for t in ("bundle", "challenger", "a name")),
    *(("promote version", t) for t in ("bundle", "challenger")),
    *(("log_profile run_id", t) for t in ("None", "run", "bundle")),
    *((p, "profile") for p in ("log_profile", "view", "profile.merge", "profile.compare", "overlap", "train profile=")),
    *((p, "contract") for p in ("dataset contract=", "profile contract=")),
    ("train", "dataset"), ("explain", "run"), ("adopt", "a fitted pipeline"), ("adopt data", "frame"),
    ("adopt holdout=", "frame"), ("explain data", "dataset"), ("package data", "dataset"),
    ("package", "run"), ("package explanation=", "explanation"), ("package fairness=", "fairness"),
    *(("fairness data=", t) for t in ("frame", "polars", "dataset")),
    ("fairness", "run"), ("fairness.reweigh", "dataset"), ("fairness reweigh=", "dataset"),
    ("run.reweighed", "fairness"), ("view", "fairness"), ("view fairness", "run"),
    ("challenge challenger", "challenger"), ("submit parameters", "an empty dict"),
]  # fmt: skip


@pytest.mark.slow
def test_what_can_be_meant_in_one_way_is_taken(things):
    refused = {}
    for place, name in TAKEN:
        try:
            PLACES[place](things[name], things)
        except WorkbenchError as error:
            refused[place, name] = str(error)

    assert refused == {}


@pytest.mark.slow
def test_a_table_with_a_target_is_trained_on(tmp_path, store):
    frame = customers()
    frame.to_csv(tmp_path / "x.csv", index=False)
    of_dataset = wb.train(wb.dataset(frame, target="stays", id="key"), **QUICK)

    for table in (frame, pl.DataFrame(frame), frame.to_dict("list"), str(tmp_path / "x.csv"), tmp_path / "x.csv"):
        run = wb.train(table, target="stays", id="key", **QUICK)

        assert (run.contract.columns, run.metrics) == (of_dataset.contract.columns, of_dataset.metrics)


@pytest.mark.slow
def test_a_dataset_gets_the_roles_that_it_lacks_and_keeps_those_that_it_has(things):
    bare, data = things["a dataset without a target"], things["dataset"]

    assert wb.train(bare, target="stays", ignore=["key"], **QUICK).contract.target == "stays"
    assert wb.train(data, target="stays", **QUICK).contract.target == "stays"
    assert wb.profile(bare, target="stays").contract.task == "binary"
    for verb in (wb.train, wb.profile):
        with pytest.raises(
            BadParameter, match=r"has 'stays' as its target, and target='city' asks for another\. Leave"
        ):
            verb(data, target="city")
        with pytest.raises(BadParameter, match=r"made without time=.*anew: wb\.dataset\(source, time=.spent.\)"):
            verb(data, time="spent")


@pytest.mark.parametrize(
    ("act", "error", "sentence"),
    [
        (lambda it: wb.train(it["frame"]), BadTable, "Which column is to be predicted? Say it: "
         "wb.train(frame, target='column'). Columns: key, spent, city, stays."),
        (lambda it: wb.train(it["a dataset without a target"]), BadTable, "wb.train(data, target='column')"),
        (lambda it: wb.train(it["run"], target="y"), BadTable, "A table can't be made of a Run. Give a path"),
        (lambda it: wb.train(it["frame"], target="stay"), ColumnNotFound, "Did you mean 'stays'?"),
        (lambda it: wb.explain("x"), BadParameter, 'wb.explain takes a Run, got the text \'x\'. Give wb.run("x").'),
        (lambda it: wb.explain(it["frame"]), BadParameter, "got a DataFrame. Give wb.train(data)."),
        (lambda it: wb.package(it["bundle"], name="a"), BadParameter, "got a Bundle. Give wb.run("),
        (lambda it: wb.score(it["run"], None, window="w"), BadParameter, "wb.score takes the name of a bundle, "
         "got a Run. Package it first: wb.package(run, name='customers')."),
        (lambda it: wb.score(it["challenger"], it["frame"], window="w"), Refused, "Version 1 of shop answers, and the"),
        (lambda it: wb.profile(it["frame"], known_after="city"), BadParameter, "'known_after' takes a list of str"),
        (lambda it: wb.dataset(it["an array"]), BadTable, "An array of 3 x 2 values has no names of columns. Give pd."),
        (lambda it: wb.dataset(it["frame"], contract=it["profile"]), BadParameter, "Give profile.contract."),
        (lambda it: wb.submit("profile.ipynb", ["a"]), BadParameter, "got a list. Write for example {"),
    ],
)  # fmt: skip
def test_the_sentence_says_what_to_do(act, error, sentence, things):
    with pytest.raises(error) as caught:
        act(things)

    assert sentence in str(caught.value)


@pytest.mark.parametrize("noun", ["bundle", "explanation"])
def test_the_cure_leads_from_what_came_to_what_is_wanted(noun, things):
    with pytest.raises(BadParameter) as caught:
        wb.package(things[noun], name="other")
    names = {"wb": wb}
    exec(caught.value.cure, names)

    assert names["run"].id == things["run"].id


def test_a_file_with_a_column_that_is_called_like_a_target_has_a_cure(tmp_path, store):
    path = str(tmp_path / "x.csv")
    customers().rename(columns={"stays": "Target"}).to_csv(path, index=False)

    with pytest.raises(BadTable) as caught:
        wb.train(path)

    assert caught.value.cure == f'wb.train("{path}", target="Target")'


@pytest.mark.parametrize("missing", ["stays", "day"])
def test_a_contract_is_taken_by_a_table_without_its_target_or_time(missing):
    frame = customers().assign(day=range(ROWS))
    contract = wb.dataset(frame, target="stays", time="day").contract

    data = wb.dataset(frame.drop(columns=missing), contract=contract)

    assert data.contract == contract
    assert missing not in data.table
