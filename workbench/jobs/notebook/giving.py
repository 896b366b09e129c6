"""What a notebook gives to those that run after it, beside the results that it shows."""

from __future__ import annotations

import json
from typing import Any

from workbench.core.references import OUTPUT
from workbench.core.result import MIME
from workbench.core.secrets import check_secrets
from workbench.core.wording import worded
from workbench.errors import BadParameter
from workbench.jobs.notebook.shapes import Unfit, plain, shape_of
from workbench.settings import in_kernel

GIVEN = "given"
LONGEST = 100_000  # characters of all values: a record is no place for a table


def give(**values: Any) -> None:
    """Show values in the output of this cell, where a job that runs after this notebook finds them.

    A job is given one as ``job:ID#NAME``, or ``submitted.result("NAME")``. Runs, bundles and jobs that the notebook
    shows need no ``give``: ``job:ID#run``, ``job:ID#bundle``, ``job:ID#job``.

    Parameters
    ----------
    **values
        Plain data by name: texts, numbers, dates, paths, lists and dicts of them. Of a table give the path.

    Raises
    ------
    BadParameter
        If a value is none of these or longer than a record should be, is a secret, or is called ``output``.

    Examples
    --------
    >>> import workbench as wb
    >>> wb.give(rows=1204, table="clean.parquet")
    rows = 1204, table = 'clean.parquet'
    """
    bundle = _bundle(_plain(values))
    if in_kernel():
        from IPython.display import display

        display(bundle, raw=True)
    else:
        print(bundle["text/plain"])


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    if not values:
        raise BadParameter('wb.give takes values by name. Write for example wb.give(table="clean.parquet").')
    if OUTPUT in values:
        raise BadParameter(f"{OUTPUT!r} is the executed notebook itself. Give the value another name.")
    content = {name: _one(name, value) for name, value in values.items()}
    if len(json.dumps(content)) > LONGEST:
        raise BadParameter(f"wb.give takes at most {LONGEST:,} characters. Write a file, and give its path.")
    return content


def _one(name: str, value: Any) -> Any:
    shown = getattr(value, "as_parameter", None)
    value = shown() or value if callable(shown) else value
    value = value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value  # numpy's
    check_secrets(name, value)
    try:
        return plain(shape_of(value).read(value))
    except (Unfit, RecursionError) as error:
        kind = type(value).__name__
        raise BadParameter(
            f"{name!r} must be plain data that a record can hold, got a {kind} ({error}). Give its path or its id."
        ) from error


def _bundle(values: dict[str, Any]) -> dict[str, Any]:
    headline = ", ".join(f"{name} = {worded(value)}" for name, value in values.items())
    headline = headline if len(headline) <= 200 else f"{headline[:199]}…"
    record = {"noun": GIVEN, "format_version": 1, "headline": headline, "findings": [], "results": values}
    return {"text/plain": headline, MIME: record}
