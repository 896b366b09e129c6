"""Vocabularies on disk: one text with a line a term.

skops keeps each entry of a mapping by itself, which of twenty thousand terms takes it seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from workbench.errors import Damaged

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def without_vocabularies(pipeline: Pipeline) -> Pipeline:
    """A copy in which each vocabulary is a text; the pipeline itself where there is none."""
    texts: dict[int, Any] = {id(v): text for v in _vocabularies(pipeline) if (text := _written(v)) is not None}
    return deepcopy(pipeline, texts) if texts else pipeline


def with_vocabularies(pipeline: Pipeline, what: str) -> Pipeline:
    """The pipeline with a vocabulary in the place of each text.

    Raises
    ------
    Damaged
        If a term comes twice.
    """
    for vectorizer in _vectorizers(pipeline, set()):
        if isinstance(vectorizer.vocabulary_, str):
            vectorizer.vocabulary_ = _read(vectorizer.vocabulary_, what)
    return pipeline


def _vocabularies(pipeline: Any) -> Iterator[dict[str, int]]:
    return (v.vocabulary_ for v in _vectorizers(pipeline, set()) if type(v.vocabulary_) is dict)


def _vectorizers(thing: Any, seen: set[int]) -> Iterator[Any]:
    """Every fitted vectorizer inside."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    own = getattr(thing, "__dict__", {})
    if type(thing).__module__ == "sklearn.feature_extraction.text" and "vocabulary_" in own:
        yield thing
        return
    for part in (*_parts(thing), *own.values()):
        yield from _vectorizers(part, seen)


def _parts(thing: Any) -> tuple[Any, ...]:
    if isinstance(thing, dict):
        return tuple(thing.values())
    if isinstance(thing, (list, tuple)):
        return tuple(thing)
    return tuple(thing.ravel().tolist()) if getattr(getattr(thing, "dtype", None), "kind", "") == "O" else ()


def _written(vocabulary: dict[str, int]) -> str | None:
    """The terms in their places, a line each; None where they can't be read back from that."""
    terms = sorted(vocabulary, key=vocabulary.__getitem__)
    whole = all(type(term) is str and "\n" not in term for term in terms)
    in_order = [vocabulary[term] for term in terms] == list(range(len(terms)))
    return "\n".join(terms) if terms and whole and in_order else None


def _read(text: str, what: str) -> dict[str, int]:
    vocabulary = {term: place for place, term in enumerate(text.split("\n"))}
    if len(vocabulary) != text.count("\n") + 1:
        raise Damaged(f"{what} holds a vocabulary in which a term comes twice. Train again, or fetch it anew.")
    return vocabulary
