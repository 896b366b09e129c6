"""Reviews: two words of the text say most of the stars, the shop and the size of the order some, all else nothing."""

import numpy as np
import pandas as pd

WORDS = np.array(["the", "box", "came", "fine", "late", "rude", "quick", "again", "and", "very", "Größe", "was", "ok"])


def reviewers(rows=900, seed=0, shops=300):
    rng = np.random.default_rng(seed)
    shop = rng.integers(0, shops, rows)
    liked = np.random.default_rng(1).normal(size=shops)[shop]
    review = [" ".join(rng.choice(WORDS, rng.integers(4, 20), p=_shares())) for _ in range(rows)]
    kilos = rng.integers(1, 60, rows)
    frame = pd.DataFrame({
        "review": pd.Series(review).mask(rng.random(rows) < 0.05),
        "shop": [f"S{k}" for k in shop],
        "weight": [f"<{k} kg" if k % 3 else f"{1000 * k} g" for k in kilos],
        "x": rng.normal(size=rows),
    })  # fmt: skip
    bad = frame["review"].str.contains("late|rude", na=False)
    return frame.assign(stars=2.0 * ~bad + liked + kilos / 30 + rng.normal(0, 0.5, rows))


def _shares():
    return np.where(np.isin(WORDS, ["late", "rude"]), 0.03, 0.94 / (len(WORDS) - 2))
