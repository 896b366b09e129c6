"""Code that we build: whatever a value is, it stays inside its literal."""

import ast
import keyword
from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.hostile_names import ANY as TEXTS
from workbench.core.literals import (
    Written,
    assigned,
    call,
    corrected,
    dotted,
    expression,
    identifier,
    imported,
    in_brackets,
    laid_out,
    literal,
    looks,
    python,
)
from workbench.errors import BadParameter

PLAIN = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def constants(source: str) -> list[object]:
    return [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]


@given(PLAIN)
@example(float("inf"))
@example(-0.0)
def test_a_literal_reads_back_as_its_value(value):
    text = literal(value)

    assert ast.literal_eval(text) == value
    assert text.isprintable()


@given(st.sampled_from([np.int64(3), np.float64(0.5), np.float32(0.25), np.str_('a"b'), np.uint8(7)]))
def test_values_of_numpy_are_written_as_pythons_own(value):
    assert ast.literal_eval(literal(value)) == value.item()


@pytest.mark.parametrize("value", [float("nan"), object(), b"x", {1, 2}, 1j, [object()], np.datetime64("NaT")])
def test_what_has_no_literal_is_refused(value):
    with pytest.raises(BadParameter, match="Give a"):
        literal(value)


def test_a_number_of_more_digits_than_python_reads_is_refused():
    with pytest.raises(BadParameter, match="Give a smaller one"):
        literal(10**5000)


@given(TEXTS, TEXTS)
def test_a_template_stays_the_code_that_it_is(column, value):
    template = "data = data.assign(**{$new: data.table[$column] == $value})  # a note"
    source = python(template, new=column, column=column, value=value)
    plain = python(template, new="n", column="n", value="v")

    assert Counter(constants(source)) == Counter([column, column, value])
    assert shape(source) == shape(plain)


@given(st.lists(TEXTS, max_size=4), TEXTS)
def test_a_call_has_literals_alone(names, target):
    source = assigned("data", call("wb.dataset", *names, target=target))

    (statement,) = ast.parse(source).body
    assert ast.unparse(statement.value.func) == "wb.dataset"
    assert [ast.literal_eval(a) for a in statement.value.args] == names
    assert {k.arg: ast.literal_eval(k.value) for k in statement.value.keywords} == {"target": target}


@given(TEXTS)
def test_only_a_name_is_taken_as_a_name(text):
    if text.isidentifier() and not keyword.iskeyword(text):
        assert identifier(text) == text
        return
    uses = [lambda: assigned(text, call("f")), lambda: call("f", **{text: 1})]
    if "." not in text:  # a verb may be a method of a method
        uses.append(lambda: call(f"wb.{text}"))
    for use in uses:
        with pytest.raises(BadParameter, match="not a Python name"):
            use()


@pytest.mark.parametrize("word", ["class", "None", "a.b", "a;b", ""])
def test_a_keyword_or_two_words_are_no_name(word):
    with pytest.raises(BadParameter):
        identifier(word)


@pytest.mark.parametrize(
    ("template", "values"),
    [
        ("f('$x')", {"x": 1}),
        ("f(f'{$x}')", {"x": 1}),
        ("f(1)  # $x", {"x": 1}),
        ("$x = 1", {"x": 1}),
        ("f($x)", {}),
        ("f(1)", {"x": 1}),
        ("f(", {}),
    ],
)
def test_a_mark_stands_where_an_expression_may_and_has_a_value(template, values):
    with pytest.raises(BadParameter, match=r"has the marks|has a mark inside a text|is not Python"):
        python(template, **values)


@pytest.mark.parametrize("text", ["a b", "a; b", "a = 1", "", "(", "import os", "a\nb"])
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(BadParameter, match="not a Python expression"):
        expression(text)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("frames[ 0 ] ", "frames[ 0 ]"),
        ("frames[0]  # the first", "frames[0]"),
        ("(frames\n)", "frames"),
        ("f('#',\n x)", "f('#', x)"),
    ],
)
def test_an_expression_stands_in_one_line_and_stays_as_it_was_written_where_it_can(text, same):
    assert expression(text) == same


@pytest.mark.parametrize("source", ["f'{x}' 'a'", "'''a\nb'''", "x = 'b'", "%time x('a", "x(", "b'a'"])
def test_what_does_not_say_the_text_is_not_corrected(source):
    assert corrected(source, "c", "d") == ""


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_corrected_line_says_the_other_text(wrong, right):
    cure = corrected(f"x = [{literal(wrong)}, 'other and longer than twenty']", wrong, right)

    names = {}
    exec(cure, names)
    assert names["x"] == [right, "other and longer than twenty"]


def test_a_correction_leaves_everything_else_of_a_longer_cell_as_it_is():
    source = (
        'a = "tenur"  # tenur\n\nb = wb.train(data, target=\'tenur\', without=["tenur", "age"])\nc = """\ntenur"""\n'
    )

    assert corrected(source, "tenur", "tenure") == (
        'a = "tenure"  # tenur\n\nb = wb.train(data, target="tenure", without=["tenure", "age"])\nc = """\ntenur"""\n'
    )


def shape(source: str) -> str:
    """The syntax tree without its constants."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = None
    return ast.dump(tree)


NESTED = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda values: Written(in_brackets(values)))
        | st.lists(inner, max_size=3).map(lambda values: Written(call("Made", *values)))
        | st.dictionaries(st.sampled_from(["alpha", "steps", "b"]), inner, max_size=3).map(
            lambda named: Written(call("module.Made", **named))
        )
    ),
    max_leaves=8,
)


@given(NESTED, st.integers(10, 100))
def test_code_that_is_laid_out_is_the_same_code(value, width):
    code = assigned("made", call("Outer", value, named=value))

    assert ast.dump(ast.parse(laid_out(code, width))) == ast.dump(ast.parse(code))


@given(st.lists(st.sampled_from(["a", "long name", 3]), min_size=1, max_size=40))
def test_no_line_is_wider_than_asked_where_its_parts_are_not(values):
    text = laid_out(assigned("made", call("Outer", values, Written(call("Inner", values)))), width=40)

    assert all(len(line) <= 40 for line in text.splitlines())
    assert text.count("\n") == 0 or not text.endswith("\n")


@given(st.lists(PLAIN, max_size=4))
def test_a_tuple_reads_back_as_one(values):
    assert ast.literal_eval(in_brackets(values)) == tuple(values)


@pytest.mark.parametrize("name", ["os; import sys", "a b", "", "class", "sklearn.", "a\nb"])
def test_what_is_imported_or_called_is_a_name(name):
    with pytest.raises(BadParameter, match="not a Python name"):
        imported(name)
    with pytest.raises(BadParameter, match="not a Python name"):
        imported("sklearn", ["Pipeline", name])
    with pytest.raises(BadParameter, match="not a Python name"):
        dotted("np", name)


@pytest.mark.parametrize(("code", "only_looks"), [
    ("data.table['day'].sort_values().tail(20)  # look at them", True),
    ("np.log1p(data.table['fare'])", True),
    ("data = data.without('id')", False),
    ("data.table['x'] = 1", False),
    ("wb.feedback('a', 'labels.csv')", False),
    ("table = 1\ntable", False),
    ("'><script>", False),
    ("(" * 5000, False),
])  # fmt: skip
def test_code_that_changes_nothing_is_a_look(code, only_looks):
    assert looks(code) == only_looks
