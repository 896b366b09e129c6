"""The live view of an explanation."""

import base64
import importlib.util
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.core.json_values import MASK
from workbench.display.rendering import signed
from workbench.errors import BadParameter, BadRow

spec = importlib.util.spec_from_file_location("examples", Path(__file__).parents[1] / "display" / "examples.py")
examples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(examples)

pytestmark = pytest.mark.slow  # a model is fitted


def people(rows=1_200):
    made = np.random.default_rng(4)
    age, city = made.integers(18, 80, rows), made.choice(["Ulm", "Bonn", "Köln"], rows)
    mail = [f"person{i}@example.org" for i in range(rows)]
    paid = np.round(made.gamma(2, 50, rows), 2)
    person = [f"P-{i:05d}" for i in range(rows)]
    leaves = made.random(rows) < 1 / (1 + np.exp((age - 45) / 8 + (city == "Ulm") - paid / 200))
    return pd.DataFrame(
        {"age": age, "city": city, "paid": paid, "mail": mail, "person": person, "left": np.where(leaves, "Yes", "No")}
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory, put_store):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(put_store(tmp_path_factory.mktemp("view"))))
        patch.setenv("WORKBENCH_THREADS", "1")
        data = wb.dataset(people(), target="left", id="person")
        data = replace(data, contract=data.contract.change("city", sensitive=True))
        return wb.train(data, candidates=["boosting"], folds=2, trials=1)


@pytest.fixture(scope="module")
def explanation(run, tmp_path_factory, put_store):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(put_store(tmp_path_factory.mktemp("explained"))))
        from workbench.explanation import explain as explaining

        patch.setattr(explaining, "_record", lambda _: None)
        return wb.explain(run)


@pytest.fixture(scope="module")
def linear(run, tmp_path_factory, put_store):
    """Another model's explanation, of the same rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(put_store(tmp_path_factory.mktemp("other"))))
        patch.setenv("WORKBENCH_THREADS", "1")
        data = wb.dataset(people(), target="left", id="person")
        data = replace(data, contract=data.contract.change("city", sensitive=True))
        return wb.train(data, candidates=["linear"], folds=2)


@pytest.fixture(scope="module")
def beside(explanation, run, linear):
    return wb.view(explanation, run, other=linear).other


@pytest.fixture
def shown(explanation, run, beside):
    view = wb.view(explanation, run, other=beside)
    view.told = []
    view.send = view.told.append
    return view


def asked(view, **message):
    view._asked(None, message, None)
    return view.told[-1]


def test_a_row_as_it_is_gets_the_answer_that_was_explained(shown, explanation):
    for row in (0, 7, 100):
        answer = shown.ask(row, {})

        assert answer.output == pytest.approx(explanation.outputs[row])
        assert answer.probability == pytest.approx(explanation.predictions[row])


def test_a_turned_value_is_answered_by_the_pipeline_itself(shown, explanation, run):
    changed = run.holdout[list(run.features)].iloc[[int(explanation.positions[3])]].assign(age=79)

    answer = shown.ask(3, {"age": 79})

    assert answer.probability == pytest.approx(run.pipeline.predict_proba(changed)[0, 1])


def test_turning_takes_less_than_fifty_milliseconds(shown):
    shown.ask(0, {})
    start = time.process_time()
    for age in range(20, 60):
        asked(shown, kind="turn", row=0, changes={"age": age}, asked=age)

    assert (time.process_time() - start) / 40 < 0.05


def test_what_is_sensitive_is_neither_offered_nor_told(shown):
    started = asked(shown, kind="start", row=0)
    turned = asked(shown, kind="turn", row=0, changes={"age": 30}, asked=1)
    features = shown.explanation.features
    values = {features[at]: value for at, _, value in turned["steps"]}

    assert "city" not in {control["column"] for control in shown.controls} | set(started["start"])
    assert values["city"] == MASK
    assert not {"Ulm", "Bonn", "Köln"} & set(str(shown.told) + shown.html)


def test_a_value_that_breaks_the_contract_is_told_on_the_page(shown):
    with pytest.raises(BadRow):
        shown.ask(0, {"age": "old"})

    assert "age" in asked(shown, kind="turn", row=0, changes={"age": "old"}, asked=1)["text"]


def test_the_smallest_changes_lead_to_the_other_answer(shown):
    row = int(np.abs(shown.explanation.predictions - shown.explanation.threshold).argmin())

    told = asked(shown, kind="changes", row=row)

    assert told["found"]
    for way in told["found"]:
        answer = shown.ask(row, way["changes"])
        assert answer.prediction != shown.ask(row, {}).prediction


def test_a_column_that_is_kept_is_in_no_change(shown):
    row = int(np.abs(shown.explanation.predictions - shown.explanation.threshold).argmin())

    told = asked(shown, kind="changes", row=row, immutable=["age"])

    assert all("age" not in way["changes"] for way in told["found"])


def test_a_cell_has_its_rows_and_every_row_is_in_one(shown, explanation):
    column = shown.seen.columns[0]
    cells = set(map(tuple, column.cloud.places.tolist()))
    rows = sorted(row for x, y in cells for row in shown.cell(column.at, x, y))

    assert rows == list(range(len(explanation.values)))


def test_a_row_that_was_not_explained_is_told(shown, explanation):
    assert asked(shown, kind="row", at=explanation.positions[5])["rows"][0][0] == 5
    assert "was not explained" in asked(shown, kind="row", at=10**6)["text"]


@pytest.mark.parametrize(
    ("panel", "said"),
    [
        ("effect", "Accumulated local effects"),
        ("joint", "Beyond what each does alone"),
        ("pairs", "do most together"),
        ("cohorts", "groups by"),
        ("compare", "weigh otherwise"),
        ("beside", "The other: "),
        ("neighbours", "nearest rows"),
        ("path", "conditions"),
        ("line", "fidelity"),
    ],
)
def test_each_panel_is_drawn(shown, panel, said):
    features = list(shown.explanation.features)

    told = asked(shown, kind="panel", name=panel, row=2, column=features.index("age"))

    assert said in told["html"]


def test_a_panel_that_is_opened_again_is_not_asked_for_again(shown, monkeypatch):
    features = list(shown.explanation.features)
    first = shown.panel("joint", 0, features.index("age"), features.index("paid"))
    monkeypatch.setattr(type(shown.run), "effect", None)

    assert shown.panel("joint", 7, features.index("age"), features.index("paid")) == first
    with pytest.raises(TypeError):
        shown.panel("joint", 0, features.index("paid"), features.index("age"))


def test_a_heat_map_without_a_choice_takes_the_strongest_other_column(shown):
    features = list(shown.explanation.features)
    first, second = list(shown.explanation.importance())[:2]

    assert f"{first} and {second}:" in shown.panel("joint", 0, features.index(first))
    assert f"{second} and {first}:" in shown.panel("joint", 0, features.index(second))


def test_a_row_is_found_by_its_id_typed_in_part(shown, explanation):
    whole = asked(shown, kind="find", text=explanation.columns["person"][9])
    part = asked(shown, kind="find", text="p-00")

    assert whole["rows"][0][0] == 9
    assert whole["rows"][0][10] == explanation.columns["person"][9]
    assert [row[10] for row in part["rows"]] == [p for p in explanation.columns["person"] if "P-00" in p][:200]
    assert asked(shown, kind="find", text="nobody")["rows"] == []


def test_an_id_that_is_sensitive_names_no_row(explanation):
    hidden = replace(explanation, columns={**explanation.columns, "person": (MASK,) * len(explanation.values)})
    alone = wb.view(hidden)
    alone.told = []
    alone.send = alone.told.append

    assert hidden.named_by is None
    assert asked(alone, kind="find", text="*")["rows"] == []
    assert "wb-named" not in alone.html.partition("</style>")[2].partition("</style>")[2]


def test_both_models_are_told_of_the_same_row(shown, beside):
    row = 11
    place = shown.place_in_other(row)
    html = shown.panel("beside", row, 0)

    assert beside.positions[place] == shown.explanation.positions[row]
    for name in ("age", "paid"):
        assert signed(float(shown.explanation.values[row, shown.explanation.features.index(name)])) in html
        assert signed(float(beside.values[place, beside.features.index(name)])) in html


def test_another_explanation_of_other_rows_is_told(explanation, run, beside):
    turned = replace(beside, positions=tuple(p + 1_000 for p in beside.positions))
    view = wb.view(explanation, run, other=turned)

    with pytest.raises(BadParameter, match="same rows"):
        view.place_in_other(0)


def test_what_cannot_be_compared_is_refused_at_once(explanation, run, beside):
    with pytest.raises(BadParameter, match="one unit"):
        wb.view(explanation, run, other=replace(beside, unit="probability"))
    with pytest.raises(BadParameter, match=r"profile\.compare"):
        wb.view(run.profile, other=beside)


def test_a_view_without_a_run_says_what_it_needs(explanation):
    alone = wb.view(explanation)

    assert alone.controls == []
    assert [name for name, *_ in alone.panels] == ["cohorts", "neighbours"]
    with pytest.raises(BadParameter, match=r"wb.view\(explanation, run\)"):
        alone.ask(0, {})


def test_an_explanation_of_another_run_is_refused(run):
    with pytest.raises(BadParameter, match="another run"):
        wb.view(examples.explanation(), run)


def test_another_class_is_shown_where_all_were_explained():
    first, second = examples.explanation(), replace(examples.explanation(seed=2), label="late")
    shown = wb.view(replace(first, others=(second,)))
    before = shown.html

    shown.choose_label("late")

    assert shown.labels == ["True", "late"]
    assert shown.label == 1
    assert shown.html != before


def test_a_reader_without_a_kernel_sees_the_page_with_more_rows(shown):
    bundle = shown._repr_mimebundle_()
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle

    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "wb-drivers" in bundle["text/html"]


def test_names_and_values_of_the_data_open_no_element_in_panels():
    shown = wb.view(examples.explanation(hostile=True, rows=200))
    shown.told = []
    shown.send = shown.told.append

    for name, *_ in shown.panels:
        for column in (0, len(shown.explanation.features) - 4):
            html = asked(shown, kind="panel", name=name, row=0, column=column)["html"]
            assert "<img" not in html
            assert "<script" not in html


PAGE = """async ([source, traits]) => {
  const module = await import(`data:text/javascript;base64,${source}`);
  const heard = {};
  const model = {
    get: name => traits[name], on: (name, then) => (heard[name] = then), off: name => delete heard[name],
    send: async message => { for (const answer of await askPython(message)) heard['msg:custom'](answer); }
  };
  module.default.render({ model, el: document.querySelector('main') });
}"""


@pytest.mark.browser
def test_values_are_turned_in_the_page_and_the_steps_follow(chromium, shown, monkeypatch):
    """The widget's own module and Python's own answers, with nothing between them but a page."""
    monkeypatch.setattr("workbench.widgets.in_turns.running_loop", lambda: None)  # the browser's driver runs one
    page = chromium.new_page(viewport={"width": 1200, "height": 900})
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def answers(message):
        shown.told.clear()
        shown._asked(None, message, None)
        return list(shown.told)

    page.expose_function("askPython", answers)
    page.set_content("<!doctype html><title>x</title><main></main>")
    source = base64.b64encode(str(shown._esm).encode()).decode()
    page.evaluate(PAGE, [source, {name: getattr(shown, name) for name in ("html", "controls", "panels", "labels")}])

    page.get_by_role("button", name="Nearest to the threshold").click()
    row = int(page.locator(".wb-rows tr[aria-current=true]").get_attribute("data-row"))
    age = page.get_by_role("slider", name="age")
    page.wait_for_function(
        "at => document.querySelector('[aria-label=age]').value == at", arg=str(shown._start(row)["age"])
    )
    age.focus()
    page.keyboard.press("End")
    page.locator(".wb-turned", has_text="instead of").wait_for()
    expected = shown.ask(row, {"age": float(age.input_value())})

    assert page.locator(".wb-step .wb-num").all_inner_texts() == [signed(added) for _, _, added in expected.reasons]
    assert page.locator(".wb-changed").inner_text().startswith("age")

    page.get_by_role("button", name="Back to the row").click()
    page.get_by_role("checkbox", name="Keep age").check()
    page.get_by_role("button", name="Find the smallest changes").click()
    assert "age" not in page.locator(".wb-changes", has_text="→").inner_text()
    page.get_by_role("button", name="Show:").first.click()
    page.locator(".wb-turned", has_text="instead of").wait_for()
    other = page.locator(".wb-turned").inner_text()
    assert f"answered {shown.ask(row, {}).prediction}" not in other

    page.get_by_text("Rows that are most like this one").click()
    page.locator("[data-go] button").first.click()
    assert page.locator("[data-show=row]").inner_text().startswith("Row ")
    page.get_by_text("If every row had another value").click()
    page.locator(".wb-panel figcaption", has_text="Partial dependence").wait_for()
    page.locator(".wb-drivers tbody button").nth(1).click()
    page.locator(".wb-panel .wb-sub", has_text=shown.seen.columns[1].name).wait_for()

    page.get_by_text("This column with another one").click()
    page.get_by_label("The other column").select_option(label=shown.seen.columns[0].name)
    page.locator(".wb-panel .wb-sub", has_text=f"and {shown.seen.columns[0].name}:").wait_for()
    heat = page.locator(".wb-heatmap").first
    heat.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    counts = [[int(n) for n in row] for row in heat.evaluate("one => JSON.parse(one.dataset.counts)")]
    assert page.locator(".wb-heatmap + output").first.inner_text().endswith(f", {counts[1][1]} rows")

    page.get_by_text("This row by both models").click()
    page.locator(".wb-panel .wb-sub", has_text="The other: ").wait_for()
    shown.panel_of = shown._answered
    shown._answered = lambda asked: {"kind": "progress", "name": asked["name"], "done": 0.25}
    page.get_by_text("Which columns do more together").click()
    assert page.locator(".wb-panel progress").evaluate("one => one.value") == 0.25
    page.locator(".wb-panel").get_by_role("button", name="Cancel").click()
    page.locator(".wb-panel", has_text="Called off").wait_for()
    shown._answered = shown.panel_of

    page.get_by_label("Find a row by person").fill(shown.explanation.columns["person"][5])
    assert page.locator(".wb-rows tr[aria-current=true]").get_attribute("data-row") == "5"
    assert page.locator("[data-show=name]").inner_text() == shown.explanation.columns["person"][5]
    assert complaints == []
