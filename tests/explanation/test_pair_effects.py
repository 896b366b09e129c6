"""What two columns do together that neither does alone: Friedman's H by its definition, of any model."""

import numpy as np
import pytest

import workbench as wb
from tests.explanation.runs import made
from tests.explanation.test_effects import Product, run_with
from workbench.core.pair_effects import PairEffects
from workbench.errors import BadParameter, ColumnNotFound
from workbench.explanation.answering import Answering
from workbench.explanation.asking import drawn_rows


def dependence(run, frame, names, label):
    """Partial dependence at each row's own values, one by one, around 0."""
    found = []
    for place in range(len(frame)):
        rows = frame.assign(**{name: frame[name].iloc[place] for name in names}).astype(frame.dtypes.to_dict())
        answered = (
            run.pipeline.predict_proba(rows)[:, run.classes.index(label)] if run.classes else run.pipeline.predict(rows)
        )
        found.append(answered.mean())
    return np.array(found) - np.mean(found)


@pytest.mark.slow
@pytest.mark.parametrize(("target", "model"), [("amount", "boosting"), ("leaves", "network")])
def test_size_and_share_are_those_of_the_definition(target, model):
    run = made(target, model)
    names = ["tenure", "contract"]
    found = run.interactions(names, rows=20)
    frame = run.holdout[list(run.features)].iloc[drawn_rows(Answering.of(run, "test"), 20)]

    both, first, second = (dependence(run, frame, which, found.label) for which in (names, names[:1], names[1:]))
    more = ((both - first - second) ** 2).mean()
    assert found.size[0, 1] == pytest.approx(more**0.5, abs=1e-9)
    assert found.strength[0, 1] == pytest.approx(min(1.0, more / (both**2).mean()), abs=1e-9)


def test_what_adds_up_has_none_and_a_product_has_all():
    found = run_with(Product).interactions(rows=100)
    place = {name: at for at, name in enumerate(found.columns)}

    assert found.pairs[0][:2] == ("a", "idle")
    assert found.strength[place["a"], place["idle"]] > 0.8
    assert found.size[place["a"], place["b"]] < 1e-9
    assert "a and idle do most together" in found.headline()


def test_a_straight_line_has_none():
    found = made("amount", "linear").interactions(["tenure", "charge"])

    assert found.size.max() < 1e-9 * abs(made("amount", "linear").holdout["amount"]).max()


def test_the_table_is_symmetric_and_its_pairs_come_largest_first():
    found = made().interactions(rows=30)

    assert np.array_equal(found.size, found.size.T)
    assert not found.size.diagonal().any()
    assert ((found.strength >= 0) & (found.strength <= 1)).all()
    sizes = [size for *_, size, _ in found.pairs]
    assert sizes == sorted(sizes, reverse=True)
    assert len(found.frame()) == len(found.pairs) == len(found.columns) * (len(found.columns) - 1) / 2
    assert isinstance(found.to_dict()["size"], list)


def test_without_names_the_columns_that_move_the_answers_are_crossed():
    found = made().interactions(rows=30)

    assert set(found.columns) <= set(made().features)
    assert list(found.columns) == [name for name in made().features if name in found.columns]
    assert len(found.columns) == min(8, len(made().features))


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"columns": ["tenure"]}, BadParameter, "Two columns or more"),
        ({"columns": "tenure"}, BadParameter, "Two columns or more"),
        ({"columns": ["tenure", "tenur"]}, ColumnNotFound, "Did you mean 'tenure'"),
        ({"rows": 3}, BadParameter, "from 20"),
        ({"rows": True}, BadParameter, "from 20"),
        ({"label": "perhaps"}, BadParameter, "label is"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused(asked, error, said):
    with pytest.raises(error, match=said):
        made().interactions(**asked)


def test_interactions_down_the_paths_that_a_model_has_not_say_what_to_ask_instead():
    with pytest.raises(BadParameter, match=r"run\.interactions\(\)"):
        wb.explain(made("leaves", "network"), rows=20, interactions=True)


def test_a_pair_is_drawn_with_its_size():
    seen = PairEffects("r", ("<b>a", "c"), np.array([[0, 0.5], [0.5, 0]]), np.eye(2), 40, None, "km")

    drawn = seen.plot()
    assert drawn.data[0].z.tolist() == [[0, 0.5], [0.5, 0]]
    assert "<b>" not in drawn.data[0].x[0]
