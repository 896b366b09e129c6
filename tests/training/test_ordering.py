"""Classes in an order are scored by ranks, and a candidate asks for the boundaries between them."""

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from tests.training.test_glass_box import alone, claimed
from workbench.core.measures import ORDERED
from workbench.errors import BadParameter, BadTarget

ORDER = ["poor", "fair", "good", "superb"]


def reviews(rows=600, seed=0):
    """How something was liked, by its price, its age and the shop."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"price": rng.lognormal(2, 0.5, rows), "age": rng.uniform(0, 9, rows)})
    frame = frame.assign(shop=rng.choice(["north", "south", "west"], rows))
    liked = np.log(frame["price"]) - 0.25 * frame["age"] + 0.6 * (frame["shop"] == "north") + rng.normal(0, 0.5, rows)
    return frame.assign(liked=np.array(ORDER)[np.digitize(liked, [0.2, 1.0, 1.8])])


@pytest.fixture(scope="module")
def trained(tmp_path_factory, put_store):
    folder = tmp_path_factory.mktemp("ordering")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(put_store(folder / "home")))
        patch.setenv("WORKBENCH_THREADS", "1")
        data = wb.dataset(reviews(), target="liked", task="ordinal", classes=ORDER)
        yield folder, data, wb.train(data, trials=1)


@pytest.fixture
def there(trained, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(trained[0] / "home"))
    return trained[1:]


def test_ranks_decide_and_the_boundaries_are_a_candidate(there):
    data, run = there

    assert data.contract.task == run.task == "multiclass"
    assert tuple(m.name for m in run.metrics) == ORDERED
    assert {c.name for c in run.candidates} == {"baseline", "linear", "lightgbm", "ordinal"}
    assert run.metrics[0].value > 0.5
    assert run.classes == tuple(sorted(ORDER))
    (ordinal,) = (c for c in run.candidates if c.name == "ordinal")
    (plain,) = (c for c in run.candidates if c.name == "lightgbm")
    assert ordinal.metrics[1].value <= plain.metrics[1].value + 0.02, "ranks that answers are off by"


@pytest.mark.slow
def test_the_run_replays_ships_and_is_watched(there):
    data, run = there
    chosen = run.choose("ordinal", data=data)
    rows = reviews(200, seed=7)

    assert wb.replay(run, data).ok
    assert (
        chosen.candidates[0].metrics[0].value == next(c for c in run.candidates if c.name == "ordinal").metrics[0].value
    )
    bundle = wb.package(chosen, name="reviews")
    assert bundle.compiled
    answers = wb.score("reviews", rows.drop(columns="liked"), window="later")
    probabilities = answers[[f"prediction_{k}" for k in range(4)]].to_numpy()
    np.testing.assert_allclose(probabilities, chosen.pipeline.predict_proba(rows[list(chosen.features)]), atol=1e-12)
    wb.feedback("reviews", pd.DataFrame({"id": answers["id"], "liked": rows["liked"].to_numpy()}))
    report = wb.monitor("reviews")
    assert report.windows[0].performance[0].name == "quadratic_kappa"
    assert {part.score.name for part in wb.run(chosen.id).slices(["shop"]).slices} == {"quadratic_kappa"}


@pytest.mark.slow
def test_each_row_is_a_notebook_that_finds_its_scores_again(trained, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(trained[0] / "home"))
    _, data, run = trained
    names = ("ordinal", "linear")

    paths = [run.to_notebook(trained[0] / f"{name}.ipynb", name, data=data) for name in names]
    found = alone(*paths)
    rows = {c.name: c for c in run.candidates}
    assert [found[str(path)] for path in paths] == [claimed(rows[name]) for name in names]


def test_an_ordered_category_of_pandas_needs_no_word():
    kind = pd.CategoricalDtype(ORDER, ordered=True)
    frame = reviews(80)

    said = wb.dataset(frame.assign(liked=frame["liked"].astype(kind)), target="liked").contract["liked"]
    assert (said.ordered, said.categories) == (True, tuple(ORDER))
    plain = wb.dataset(frame.assign(liked=frame["liked"].astype("category")), target="liked").contract["liked"]
    assert not plain.ordered
    overruled = wb.dataset(frame.assign(liked=frame["liked"].astype(kind)), target="liked", task="multiclass")
    assert not overruled.contract["liked"].ordered


def test_numbers_come_by_value_and_texts_by_what_is_said():
    frame = reviews(80)
    stars = frame.assign(liked=[ORDER.index(word) + 1 for word in frame["liked"]])

    assert wb.dataset(stars, target="liked", task="ordinal").contract["liked"].ordered
    with pytest.raises(BadTarget, match="least first"):
        wb.dataset(frame, target="liked", task="ordinal")
    with pytest.raises(BadTarget, match="two classes"):
        wb.dataset(frame.assign(liked=frame["liked"] == "poor"), target="liked", task="ordinal")
    with pytest.raises(BadTarget):
        wb.dataset(frame, target="price", task="ordinal", classes=["1", "2"])


def test_grades_that_nobody_called_ordered_are_told(store):
    frame = reviews(300).rename(columns={"liked": "quality"})
    frame["quality"] = [ORDER.index(word) + 3 for word in frame["quality"]]

    run = wb.train(frame, target="quality", candidates=["baseline", "linear"])
    (told,) = (f for f in run.findings if f.code == "WB224")
    assert told.column == "quality"
    assert run.metrics[0].name == "log_loss", "what nobody has said decides nothing"


def test_a_score_by_ranks_can_be_asked_for_of_numbers_alone(store):
    frame = reviews(300)
    grades = frame.assign(liked=[ORDER.index(word) for word in frame["liked"]])

    run = wb.train(grades, target="liked", metric="quadratic_kappa", candidates=["baseline", "linear"])
    assert run.metrics[0].name == "quadratic_kappa"
    assert "ordinal" not in {c.name for c in run.candidates}
    with pytest.raises(BadParameter, match="task='ordinal'"):
        wb.train(frame, target="liked", metric="quadratic_kappa")


def test_boundaries_of_classes_that_count_differently_are_not_asked_for(there):
    data, _ = there
    run = wb.train(data, trials=1, candidates=["baseline", "linear"], class_weight=dict.fromkeys(ORDER, 1.0))

    assert {c.name for c in run.candidates} == {"baseline", "linear"}
