# ruff: noqa: E501 - a list of names, many in a line
"""Whatever a column is called, it goes the whole way: dataset, profile, train, package, score and monitor."""

import random
import string

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.errors import BadTable

QUICK = {"candidates": ["baseline", "linear"], "trials": 1, "folds": 2}
OURS = [
    "prediction",
    "answer",
    "flags",
    "id",
    "row",
    "window",
    "label",
    "target",
    "index",
    "value",
    "columns",
    "features",
]
ODD = [
    "", " ", "a", "A", " a", "a ", "a  b", "a\tb", "a\nb", "a.b", "a,b", "a;b", "a|b", "a/b", "a\\b", "a'b", 'a"b', "a`b", "a$b",
    "$column", "{a}", "{{a}}", "{% a %}", "%s", "%(a)s", "a=b", "a:b", "a[0]", "a(b)", "#a", "@a", "~a", "!a", "?", "*", "-", "_", "__class__",
    "__init__", "0", "1", "-1", "1.0", "1e5", "nan", "NaN", "None", "null", "NA", "true", "False", "inf", "class", "lambda", "import", "self",
    "data", "profile", "run", "wb", "df", "<b>a</b>", "<script>alert(1)</script>", "&amp;", "a&b", "'; DROP TABLE t; --", 't"); exit(); ("',
    "../a", "C:\\a", "~/a", "a" * 300, "ä", "a\u0308", "ß", "İ", "ı", "名前", "имя", "שם", "اسم", "🙂", "\U0001f469\u200d\U0001f467", "\u200b", "a\u200bb", "\u202ea",
    "\ufeffa", "½", "²", "١", "1", "é", "e\u0301", "ﬁ", "Å", "\x7f", "=1+1", "+a", "@SUM(a)", "Unnamed: 0", "Unnamed: 7",
    "^a$", "^.*$", "^$", "^(a|b)$", "^[$", "(?i)^a$", "level_0", "x_y", "x.y", "x y", "time", "group", "count", "sum", "mean", "size", "shape", "T", "values", "name", "dtype", "loc", "iloc",
]  # fmt: skip


def names(how_many, seed=5):
    """Odd ones, names that we use ourselves, and random ones."""
    rng, letters = (
        random.Random(seed),
        string.ascii_letters + string.digits + string.punctuation + " äß名🙂\u00a0\u2028",
    )
    made = ["".join(rng.choices(letters, k=rng.randint(1, 12))) for _ in range(how_many)]
    return list(dict.fromkeys([*OURS, *ODD, *made]))[:how_many]


def table(columns, target="outcome", rows=120):
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(rows, len(columns)))
    frame = pd.DataFrame(numbers, columns=pd.Index(columns, dtype=object))
    frame[target] = np.where(numbers[:, 0] + rng.normal(size=rows) > 0, "yes", "no")
    return frame


def gone_all_the_way(frame, target, name):
    data = wb.dataset(frame, target=str(target))
    assert wb.profile(data).rows == len(frame)
    bundle = wb.package(wb.train(data, **QUICK), name=name)
    return bundle, wb.score(name, frame, window="1")


@pytest.mark.slow
def test_two_hundred_odd_names_go_the_whole_way(store, tmp_path):
    columns = [name for name in names(230) if name.strip() and name != "outcome"][:200]
    frame = table(columns)
    bundle, answers = gone_all_the_way(frame, "outcome", "odd")
    frame.to_csv(tmp_path / "batch.csv", index=False)
    frame.to_parquet(tmp_path / "batch.parquet")

    shuffled = frame[frame.columns[np.random.default_rng(1).permutation(frame.shape[1])]]
    for i, batch in enumerate([shuffled, tmp_path / "batch.csv", tmp_path / "batch.parquet"], start=2):
        again = wb.score("odd", batch, window=str(i))
        np.testing.assert_allclose(again["prediction"], answers["prediction"], rtol=1e-12)
    assert len(bundle.features) == 200
    assert wb.monitor("odd").windows[-1].rows == len(frame)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["count", "prediction", "answer", "index", 0, "a b", "<b>"])
def test_a_target_of_any_name_is_predicted(store, target):
    frame = table([1, "count_", "x"], target=target)
    _, answers = gone_all_the_way(frame, target, "odd-target")

    assert set(answers["answer"]) <= {"yes", "no"}


@pytest.mark.slow
def test_whole_numbers_as_names_are_the_same_names_in_a_batch(store):
    frame = table([0, 1, 2])
    _, answers = gone_all_the_way(frame, "outcome", "numbered")

    renamed = frame.rename(columns=str)
    pd.testing.assert_series_equal(wb.score("numbered", renamed, window="2")["prediction"], answers["prediction"])


@pytest.mark.slow
def test_twins_in_a_batch_are_told(store):
    frame = table(["a", "b"])
    gone_all_the_way(frame, "outcome", "twins")
    twins = pd.concat([frame, frame[["a"]]], axis=1)

    with pytest.raises(BadTable, match="Two columns are called 'a'"):
        wb.score("twins", twins, window="2")
