"""Odd models, ours beside the server that most people write: wide, many levels, many classes, forests, products, texts.

Each is one scikit-learn pipeline with rows of its own; what a service makes of a single row, of its reasons and of a
thousand rows is told for both, with memory and the time to the first answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from serving_peers import OURS, PEERS, REASONS, Peer
from serving_report import FIGURES, Turn, better, figures_cells, plain, value

PLAIN = "FastAPI + pandas"
SERVERS = (OURS, REASONS, PLAIN)
SHOWN = ("cold", "p50", "p99", "cpu", "batch", "pss")
HELD_OUT = 1200


@dataclass(frozen=True)
class Odd:
    """One model.

    Parameters
    ----------
    name : str
        In the table.
    rows : int
        That it is fitted on; a quick look takes fewer.
    frame : callable
        Makes so many rows, with the column ``target``; takes the census table and the number.
    pipeline : callable
        The unfitted pipeline; takes the frame without its target.
    """

    name: str
    rows: int
    frame: Callable[[Any, int], Any]
    pipeline: Callable[[Any], Any]


def census(table: Any, rows: int) -> Any:
    """Rows of the census; its target is called as in the others."""
    part = table.sample(min(rows, len(table)), random_state=0).reset_index(drop=True)
    return part.rename(columns={part.columns[-1]: "target"})


def wide(table: Any, rows: int) -> Any:
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(rows, 500)).round(3), columns=[f"x{i}" for i in range(500)])
    return frame.assign(target=np.where(frame.iloc[:, :20].sum(axis=1) + rng.normal(size=rows) > 0, "yes", "no"))


def levels(table: Any, rows: int) -> Any:
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    code = np.concatenate([np.arange(4000), rng.integers(0, 4000, max(0, rows - 4000))])
    effect = rng.normal(size=4000)[code]
    numbers = rng.normal(size=(len(code), 3)).round(3)
    frame = pd.DataFrame({"code": [f"c{c:04}" for c in code], **{f"x{i}": numbers[:, i] for i in range(3)}})
    frame["target"] = np.where(effect + numbers[:, 0] + rng.normal(size=len(code)) > 0, "yes", "no")
    return frame.sample(frac=1, random_state=0).reset_index(drop=True)


def classes(table: Any, rows: int) -> Any:
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    label = rng.integers(0, 50, rows)
    centre = rng.normal(size=(50, 8))
    frame = pd.DataFrame((centre[label] + rng.normal(size=(rows, 8))).round(3), columns=[f"x{i}" for i in range(8)])
    return frame.assign(target=[f"class {k:02}" for k in label])


def texts(table: Any, rows: int) -> Any:
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    words = np.array([f"{a}{b}" for a in ("bar", "cos", "din", "fel", "gor", "hut") for b in range(60)])
    said = [" ".join(words[rng.integers(0, len(words), 20)]) for _ in range(rows)]
    frame = pd.DataFrame({"said": said, "length": rng.normal(20, 5, rows).round(1)})
    return frame.assign(target=np.where(frame["said"].str.count("bar") + rng.normal(size=rows) > 3.3, "yes", "no"))


def encoded(frame: Any, model: Any, *between: Any, sparse: bool = False) -> Any:
    """Impute, scale, one-hot, then what is given."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers, others = make_column_selector(dtype_include="number"), make_column_selector(dtype_exclude="number")
    one_hot = OneHotEncoder(handle_unknown="ignore", min_frequency=300 if between else None)
    parts = [(make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers)]
    if others(frame):
        parts.append((make_pipeline(SimpleImputer(strategy="most_frequent"), one_hot), others))
    encode = make_column_transformer(*parts, sparse_threshold=0.3 if sparse else 0.0)
    return make_pipeline(encode, *between, model)


def boosting(trees: int) -> Callable[[Any], Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return lambda frame: encoded(frame, HistGradientBoostingClassifier(max_iter=trees, random_state=0))


def forest(trees: int) -> Callable[[Any], Any]:
    from sklearn.ensemble import RandomForestClassifier

    return lambda frame: encoded(frame, RandomForestClassifier(trees, random_state=0, n_jobs=1))


def polynomial(frame: Any) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import PolynomialFeatures

    return encoded(frame, LogisticRegression(max_iter=50), PolynomialFeatures(2, include_bias=False))


def line(frame: Any) -> Any:
    from sklearn.linear_model import LogisticRegression

    return encoded(frame, LogisticRegression(max_iter=50), sparse=True)


def stacked(frame: Any) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, StackingClassifier
    from sklearn.linear_model import LogisticRegression

    members = [("line", LogisticRegression(max_iter=50)), ("boosting", HistGradientBoostingClassifier(random_state=0)),
               ("forest", RandomForestClassifier(50, min_samples_leaf=3, random_state=0))]  # fmt: skip
    return encoded(frame, StackingClassifier(members, LogisticRegression(), cv=3))


def words(frame: Any) -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    encode = make_column_transformer((TfidfVectorizer(), "said"), (StandardScaler(), ["length"]), sparse_threshold=0)
    return make_pipeline(encode, LogisticRegression(max_iter=50))


MODELS = (
    Odd("500 columns, boosting of 100", 10_000, wide, lambda frame: boosting(100)(frame)),
    Odd("4,000 levels, a line", 20_000, levels, line),
    Odd("50 classes, boosting of 1,000", 10_000, classes, lambda frame: boosting(20)(frame)),
    Odd("forest of 100 deep trees", 40_000, census, lambda frame: forest(100)(frame)),
    Odd("forest of 500 deep trees", 40_000, census, lambda frame: forest(500)(frame)),
    Odd("polynomial of degree 2", 20_000, census, polynomial),
    Odd("stacked", 10_000, census, stacked),
    Odd("text", 10_000, texts, words),
)
QUICK_ROWS = 6000


def chosen(only: list[str]) -> list[Odd]:
    """Models by a part of their names; ``odd``, or nothing at all, means all.

    >>> [odd.name for odd in chosen(["text", "KServe"])]
    ['text']
    """
    parts = [part.lower() for part in only]
    return [odd for odd in MODELS if not parts or "odd" in parts or any(part in odd.name for part in parts)]


def peers() -> list[Peer]:
    """The servers, each with two windows, and the probability of the second class of an answer that has several."""
    there = [peer for peer in PEERS if peer.name in SERVERS]
    return [replace(peer, windows=("c1", "batch"), answered=_second_of(peer.answered)) for peer in there]


def _second_of(answered: Callable[[Any], list[Any]]) -> Callable[[Any], list[Any]]:
    return lambda answer: [each[1] if isinstance(each, list) else each for each in answered(answer)]


def linked(folder: Path, place: Path) -> None:
    """The environments of the whole benchmark are those of the odd models, too."""
    place.mkdir(parents=True, exist_ok=True)
    (folder / "environments").mkdir(parents=True, exist_ok=True)
    if not (place / "environments").exists():
        (place / "environments").symlink_to(folder / "environments")


def odd_section(odd: dict[str, dict[str, list[Turn]]]) -> Iterator[str | list[str]]:
    """A line a model and server, and how many times better ours is."""
    if not odd:
        return
    yield "## Odd models"
    yield (
        "Each a pipeline of its own, ours with and without reasons beside FastAPI with pandas; one start each, the "
        "same windows. *times* compares with FastAPI's line: time to the first answer, p50 of a row, rows/s, memory."
    )
    titles = " | ".join(FIGURES[figure].title for figure in SHOWN)
    lines = [f"| model | server | {titles} | times |", "|---|---|" + "---:|" * (len(SHOWN) + 1)]
    yield lines + [line for name, turns in odd.items() for line in odd_lines(name, turns)]


def odd_lines(model: str, turns: dict[str, list[Turn]]) -> Iterator[str]:
    for server, those in turns.items():
        if all(turn.reason for turn in those):
            yield f"| {model} | {server} | {'– | ' * len(SHOWN)}{plain(those[-1].reason)[:120]} |"
        else:
            cells = [model, server, *figures_cells(turns, server, SHOWN), _times(turns, server)]
            yield f"| {' | '.join(cells)} |"


def _times(turns: dict[str, list[Turn]], server: str) -> str:
    if server == PLAIN:
        return ""
    found = []
    for figure in ("cold", "p50", "batch", "pss"):
        mine, theirs = value(turns, server, figure), value(turns, PLAIN, figure)
        found.append(f"{better(figure, mine, theirs):.1f}" if mine and theirs else "–")
    return ", ".join(found)
