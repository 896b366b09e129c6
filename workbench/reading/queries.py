"""A SQL query as a source of rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.core.arguments import text
from workbench.errors import BadTable

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import Connection


@dataclass(frozen=True)
class Query:
    """Rows of a database. Made by :func:`workbench.query`; shows neither user nor password.

    Parameters
    ----------
    sql : str
        A SELECT; values go in as ``:name`` and come from ``parameters``, never by formatting the text.
    url : str
        As SQLAlchemy reads it: ``sqlite:///shop.db``, ``postgresql://host/shop``.
    parameters : dict
        Values of the statement's ``:name``.
    """

    sql: str
    url: str = field(repr=False)
    parameters: dict[str, Any] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        from sqlalchemy.engine import make_url

        bare = make_url(self.url)
        return f"query on {bare.get_backend_name()} {bare.database or ''}".strip()

    def names(self) -> tuple[str, ...]:
        """The columns."""
        with self._rows() as rows:
            return tuple(map(str, rows.keys()))

    def chunks(self, most: int) -> Iterator[pl.DataFrame]:
        """The rows, from the database's own cursor, at most ``most`` at a time."""
        import polars as pl

        with self._rows() as rows:
            names = [str(n) for n in rows.keys()]  # noqa: SIM118 - a result of SQLAlchemy is no dict
            for part in rows.partitions(most):
                columns = zip(*part, strict=True)
                yield pl.DataFrame([column(n, list(v)) for n, v in zip(names, columns, strict=True)])

    @contextmanager
    def _rows(self) -> Iterator[Any]:
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with _connected(self.url) as connection:
                yield connection.execution_options(stream_results=True).execute(text(self.sql), self.parameters)
        except SQLAlchemyError as error:
            # The message of the driver alone: SQLAlchemy's own repeats the values of the parameters.
            reason = str(getattr(error, "orig", None) or type(error).__name__).replace(self.url, "…")
            raise BadTable(f"The {self} failed: {reason}. Check the statement and the database.") from None


def query(sql: str, url: str, **parameters: Any) -> Query:
    """A query whose rows :func:`workbench.profile` and :func:`workbench.dataset` read.

    Parameters
    ----------
    sql : str
        A SELECT statement.
    url : str
        Of the database, as SQLAlchemy reads it; its driver must be installed. Keep passwords in the environment.
    **parameters
        Values for ``:name`` in the statement.

    Raises
    ------
    BadParameter
        If the statement or the URL is no text.
    BadTable
        When it is read: if the database or the statement is of no use. The message names neither user nor password.

    Examples
    --------
    >>> query("SELECT 1 AS x", "sqlite://").names()
    ('x',)
    """
    return Query(text(sql, "sql", "wb.query"), text(url, "url", "wb.query"), parameters)


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError

    try:
        engine = create_engine(url)
    except (ArgumentError, ImportError) as error:
        reason = "its driver is not installed" if isinstance(error, ImportError) else "it can't be read"
        raise BadTable(f"The database's URL is of no use: {reason}. Write it as sqlite:///file.db.") from None
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def column(name: str, values: list[Any]) -> pl.Series:
    """Values of a row-wise source as a column; those of several kinds as texts."""
    import polars as pl

    try:
        return pl.Series(name, values, strict=True)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return pl.Series(name, [None if v is None else str(v) for v in values], dtype=pl.String)
