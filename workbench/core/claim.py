"""A claim: the scores of a model, bound to that very model by hashes.

Whoever exchanges the model, changes a number of it, or puts other scores beside it, has a claim that does not hold.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, dataclass, fields, is_dataclass
from hashlib import sha256
from typing import Any


@dataclass(frozen=True)
class Claim:
    """What binds scores to a model.

    Parameters
    ----------
    model : str
        Hash of the fitted pipeline that was scored, as :func:`workbench.storage.model_digest.digest` has it.
    scores : str
        Hash of that, and of what is told of it, as :func:`scores_hash` has it.
    """

    model: str
    scores: str


def scores_hash(model: str, **told: Any) -> str:
    """One hash of a model and of what is told of it.

    Parameters
    ----------
    model : str
        Hash of the model.
    **told
        Plain data and dataclasses: scores, columns, how rows were held out. A field that has its default counts as one
        that is not there, so that fields that come later change no hash.

    Returns
    -------
    str
        SHA-256 in hexadecimal digits.

    Examples
    --------
    >>> from workbench.core.metric import Metric
    >>> one, other = (scores_hash("5d2c", metrics=(Metric("roc_auc", value),)) for value in (0.81, 0.82))
    >>> one == other, one == scores_hash("5d2c", metrics=[Metric("roc_auc", 0.81)])
    (False, True)
    """
    content = json.dumps([model, _plain(told)], sort_keys=True, default=str)
    return sha256(content.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        set_ = {f.name: getattr(value, f.name) for f in fields(value) if getattr(value, f.name) != _default(f)}
        return {name: _plain(part) for name, part in set_.items()}
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value


def _default(field: Any) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default
