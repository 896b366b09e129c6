"""Nouns that lie in a JSON file of their own: written in one step, read by the one door, checked by their types."""

from __future__ import annotations

import sys
from dataclasses import asdict, fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar, Self

from workbench.storage.files import check_format, read, write_json


class Saved:
    """What has ``to_dict`` and ``from_dict`` lies in a file that says its noun and its format."""

    noun: ClassVar[str]
    format_version: ClassVar[int] = 1

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, without ``format_version``."""
        raise NotImplementedError

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        raise NotImplementedError

    def document(self) -> dict[str, Any]:
        """What its file holds: :meth:`to_dict` with noun and format."""
        return {"noun": self.noun, "format_version": self.format_version, **self.to_dict()}

    @classmethod
    def parse(cls, content: Any) -> Self:
        """Read what :meth:`document` gave; what is not of its types raises what :func:`read` turns into ``Damaged``."""
        cls._check_noun(content)
        value = cls.from_dict({name: part for name, part in content.items() if name not in ("noun", "format_version")})
        check_types(value)
        return value

    def save(self, path: str | Path) -> Path:
        """Write the whole to a JSON file, in one step, and return its path."""
        path = Path(path)
        write_json(path, self.document())
        return path

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        NotFound
            If there is no such file.
        Damaged
            If the file is not what was written.
        FormatVersion
            If a newer Workbench wrote it.
        """
        path = Path(path)

        return read(path, partial(cls.parse_file, path.name), newest=sys.maxsize)

    @classmethod
    def parse_file(cls, name: str, content: Any) -> Self:
        """What a file of that name holds; of a newer format it is refused."""
        cls._check_noun(content)  # first: the format of another noun says nothing
        check_format(content, cls.format_version, name)
        return cls.parse(content)

    @classmethod
    def _check_noun(cls, content: Any) -> None:
        if content.get("noun", cls.noun) != cls.noun:
            raise ValueError(f"expected a {cls.noun}, got a {content['noun']}")


class Flat(Saved):
    """A dataclass whose fields are plain JSON as they are."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)  # type: ignore[call-overload]  # those that are this are dataclasses

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        return cls(**content)


def check_types(value: Any) -> None:
    """Compare every field of a dataclass with its annotation, nested ones too; msgspec does it.

    A dataclass takes anything; without this a text where a number belongs is found by whoever computes with it.

    Raises
    ------
    ValueError
        Naming the first field that is of another type.

    Examples
    --------
    >>> from workbench.core.metric import Metric
    >>> check_types(Metric("roc_auc", 0.9))
    >>> check_types(Metric("roc_auc", "high"))
    Traceback (most recent call last):
    ...
    msgspec.ValidationError: Metric.value: Expected `float`, got `str`
    """
    import msgspec

    kind: type = type(value)
    for name, annotation in _annotations(kind).items():
        part = getattr(value, name)
        for nested in part if isinstance(part, tuple) else (part,):
            if is_dataclass(nested):
                check_types(nested)
        try:
            msgspec.convert(part, annotation)
        except msgspec.ValidationError as error:
            raise msgspec.ValidationError(f"{kind.__name__}.{name}: {error}") from error


@cache
def _annotations(kind: type) -> dict[str, Any]:
    """Types of the fields; Any for one whose package is loaded by type checkers alone, such as pandas.

    What a comparison leaves out is no part of the file: it is filled in by whoever reads it.
    """
    scope = vars(sys.modules[kind.__module__])
    return {field.name: _resolved(field.type, scope) for field in fields(kind) if field.init and field.compare}


def _resolved(annotation: Any, scope: dict[str, Any]) -> Any:
    try:
        return eval(annotation, scope) if isinstance(annotation, str) else annotation  # noqa: S307 - our own source
    except (NameError, AttributeError):
        return Any
