"""Lines below a header are no rows where they surely hold none; a row is never taken for one of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.reading.below_header import below
from workbench.reading.dataset import read_table

HEAD, UNITS = "time,name,temp\n", "s,-,[°C]\n"
ROWS = "".join(f"{i},n{i % 3},{i / 2}\n" for i in range(6))


@pytest.fixture(scope="module")
def contract(tmp_path_factory):
    """Of a file with units below its names."""
    path = tmp_path_factory.mktemp("units") / "first.csv"
    path.write_text(HEAD + UNITS + ROWS, encoding="utf-8")
    return wb.dataset(path).contract


@pytest.fixture
def read_later(contract, tmp_path):
    def read(text):
        path = tmp_path / "later.csv"
        path.write_text(text, encoding="utf-8")
        return read_table(path, like=contract)

    return read


def test_a_profile_has_the_units_too(contract, tmp_path):
    (tmp_path / "t.csv").write_text(HEAD + UNITS + ROWS, encoding="utf-8")

    seen = wb.profile(tmp_path / "t.csv").contract

    assert [(c.name, c.kind, c.unit) for c in seen.columns] == [(c.name, c.kind, c.unit) for c in contract.columns]


def test_units_are_those_of_the_columns(contract):
    assert [(c.name, c.kind, c.unit) for c in contract.columns] == [
        ("time", "integer", "s"), ("name", "category", None), ("temp", "number", "°C"),
    ]  # fmt: skip


def test_a_later_file_may_have_the_units_or_lack_them(read_later):
    with_units, without = read_later(HEAD + UNITS + ROWS), read_later(HEAD + ROWS)

    assert with_units.equals(without)
    assert len(without) == 6


@pytest.mark.parametrize("row", [",n1,", "NA,n1,NA", "unknown,m,-", ",,"])
def test_a_later_row_without_numbers_is_a_row(read_later, row):
    table = read_later(f"{HEAD}{row}\n{ROWS}")

    assert len(table) == 7


WORDS = st.sampled_from(["1", "2.5", "", "NA", "-", "unknown", "none", "x", "n/a", "never", "Ada", "2024-01-01"])


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=6))
def test_words_that_are_no_units_stand_in_rows(rows):
    body = [*map(list, rows), ["1", "a", "2"], ["2", "b", "3"]]

    assert below(["time", "name", "temp"], body) == (0, False)


@pytest.mark.parametrize(
    "line",
    [["W/m^2", "kg m-3", "µmol m⁻² s⁻¹"], ["%", "-", ""], ["[any]", "(other)", "[x]"], ["Deg C", "m/s", "mm"]],
    ids=" ".join,
)
def test_units_with_powers_and_in_brackets_are_known(line):
    assert below(list("abc"), [line, ["1", "2", "3"], ["2", "3", "4"], ["3", "4", "5"]]).below == 1


def test_a_column_without_a_name_above_missing_values_is_no_group():
    rows = [["a", "NA", "n/a"], ["b", "1", "2"], ["c", "3", "4"]]

    assert below(["name", "x", ""], rows) == (0, False)
