"""Golden rows: no text in them is anybody's."""

import numpy as np
import pandas as pd

from workbench.packaging.golden import SEVERAL, _mixed


def test_texts_are_mixed_from_words_that_several_have():
    written = pd.Series([f"came late and Ada{i} was rude" if i % 4 else None for i in range(40)], dtype="str")

    found = _mixed(written, np.random.default_rng(0))

    assert found.dtype == written.dtype
    assert (found.isna() == written.isna()).all()
    assert set(" ".join(found.dropna()).split()) == {"came", "late", "and", "was", "rude"}
    assert set(found.dropna().str.count(" ")) == {5}
    assert not set(found.dropna()) & set(written.dropna())


def test_texts_without_a_common_word_are_left_empty():
    written = pd.Series([f"word{i}" for i in range(SEVERAL)], dtype="str")

    assert set(_mixed(written, np.random.default_rng(0))) == {""}
