"""The live view of a fairness."""

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.errors import BadParameter, ColumnNotFound

pytestmark = pytest.mark.slow  # a model is fitted


@pytest.fixture(scope="module")
def folder(tmp_path_factory, put_store):
    return put_store(tmp_path_factory.mktemp("view"))


@pytest.fixture(autouse=True)
def _there(folder, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(folder))


@pytest.fixture(scope="module")
def run(folder):
    made = np.random.default_rng(4)
    sex, city = made.choice(["f", "m"], 900), made.choice(["Ulm", "Bonn", "Köln"], 900)
    income = made.normal(np.where(sex == "m", 1.0, 0.0), 1.0)
    loan = np.where(income + made.normal(0, 0.5, 900) > 0.5, "yes", "no")
    table = pd.DataFrame({"income": income, "city": city, "sex": sex, "age": made.integers(18, 90, 900), "loan": loan})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder))
        patch.setenv("WORKBENCH_THREADS", "1")
        yield wb.train(wb.dataset(table, target="loan", ignore=["sex"]), candidates=["linear"], folds=2)


@pytest.fixture
def shown(run):
    view = wb.view(wb.fairness(run, "sex", why=False), run)
    view.told = []
    view.send = view.told.append
    return view


def test_columns_are_offered_in_the_order_in_which_they_are_worth_a_look(shown):
    assert shown.columns == ["sex", "age", "city"]
    assert (shown.by, shown.labels, shown.label) == (["sex"], ["no", "yes"], 1)
    assert shown.code == 'wb.fairness(run, by=["sex"], label="yes")'


def test_other_groups_and_another_answer_are_told_at_once(shown, run):
    shown._asked(None, {"by": ["sex", "city"]}, [])
    shown._asked(None, {"label": 0}, [])

    expected = wb.fairness(run, ["sex", "city"], label="no", why=False)
    assert shown.fairness.groups == expected.groups
    assert (shown.by, shown.label) == (["sex", "city"], 0)
    assert "sex × city" in shown.html
    assert [set(told) for told in shown.told] == [{"text"}] * 2


def test_what_is_explored_takes_no_place_of_what_is_kept(run):
    kept = wb.fairness(run, "sex")
    wb.view(kept, run).choose(["city"])

    assert run.fairness == wb.run(run.id).fairness == kept


def test_parts_of_a_number_stay_where_somebody_cut_them(run):
    view = wb.view(wb.fairness(run, "age", bins={"age": [30, 60]}, why=False), run)

    view.choose(["sex", "age"])

    assert view.fairness.by[1].edges == (30.0, 60.0)


def test_what_can_not_be_is_told_in_the_page_and_changes_nothing(shown):
    before = shown.html
    shown._asked(None, {"by": []}, [])
    shown._asked(None, {"by": ["sexx"]}, [])

    assert "at least one column" in shown.told[0]["text"]
    assert "sexx" in shown.told[1]["text"]
    assert (shown.html, shown.by) == (before, ["sex"])
    with pytest.raises(ColumnNotFound):
        shown.choose(["sexx"])


def test_without_a_run_and_without_a_kernel_the_page_is_the_same(shown, run):
    alone = wb.view(shown.fairness)

    assert alone.columns == []
    with pytest.raises(BadParameter, match=r"wb\.view\(fairness, run\)"):
        alone.choose(["city"])
    bundle = alone._repr_mimebundle_()
    assert "wb-fairness" in (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]
    with pytest.raises(BadParameter, match="another run"):
        wb.view(shown.fairness, run.decide(0.9))
