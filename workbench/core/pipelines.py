"""Fitted pipelines on disk: skops files that may name only types of our own list. Never a pickle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from workbench.core.store import write_bytes
from workbench.errors import Damaged, NotFound, Untrusted

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

# What skops does not trust by itself and our pipelines need. The list lives here and nowhere else: a file's own word
# about what to trust is never asked.
TRUSTED = (
    # A partial can hold only functions and values that are named, and checked, themselves.
    "functools.partial",
    "numpy.dtype",
    "sklearn._loss.link.HalfLogitLink",
    "sklearn._loss.link.IdentityLink",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn._loss.loss.HalfSquaredError",
    "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn._loss._loss.CyHalfMultinomialLoss",
    "sklearn._loss._loss.CyHalfSquaredError",
    "sklearn.compose._column_transformer._RemainderColsList",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    "sklearn.utils.validation.check_array",
    "workbench.core.dates.date_parts",
)


def save_pipeline(pipeline: Pipeline, path: Path) -> Path:
    """Write a fitted pipeline as a skops file, in one step.

    Raises
    ------
    Untrusted
        If the pipeline holds a type that :func:`load_pipeline` would refuse; nothing is written then.
    """
    import skops.io

    content = skops.io.dumps(pipeline)
    _check(skops.io.get_untrusted_types(data=content), path.name)
    write_bytes(path, content)
    return path


def load_pipeline(path: Path) -> Pipeline:
    """Read a skops file; types that are not on our list are refused before anything is built.

    Raises
    ------
    Untrusted
        Naming the types.
    Damaged
        If it is no skops file, or a broken one.
    NotFound
        If there is no such file.
    """
    import skops.io

    if not path.is_file():
        raise NotFound(f"There is no pipeline at {path}. Train one with wb.train(data).")
    try:
        _check(skops.io.get_untrusted_types(file=path), path.name)
        pipeline: Pipeline = skops.io.load(path, trusted=list(TRUSTED))
    except _BROKEN as error:
        raise Damaged(f"{path.name} is no sound skops file ({error}). Train again, or fetch it anew.") from error
    return pipeline


# What skops raises for a file that is no archive, has no schema, or a schema that makes no sense.
_BROKEN = (BadZipFile, KeyError, TypeError, ValueError, AttributeError, EOFError)


def _check(named: list[str], what: str) -> None:
    strange = sorted(set(named) - set(TRUSTED))
    if strange:
        raise Untrusted(f"{what} names types that are not trusted: {', '.join(strange)}. Train with the models of Workbench.")
