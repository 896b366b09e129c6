"""A row that fits the contract, and how to ask with it from a shell, Python and JavaScript.

The row is made of the contract alone, of its ranges and categories: no row of anybody is shown. Whatever a column is
called, it stays a literal: nothing of it becomes code.
"""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from workbench.core.contract import Column, Contract
from workbench.core.forms import moment
from workbench.core.literals import Code, laid_out, one_below_another, python

DAY = datetime(2026, 1, 31)
KEY = "WORKBENCH_KEY"  # the variable of the environment that examples read a key from
WIDE_RANGE = 100  # times the low end, from which on most values are nearer to that
WIDE = 88  # columns of a line

# What is imported, and what is done with the row; with a key and without.
_IMPORTS = "from workbench.client import Client"
_IMPORTS_WITH_KEY = """import os

from workbench.client import Client"""
_CLIENT = "client = Client($url)"
_CLIENT_WITH_KEY = """client = Client($url, key=os.environ["WORKBENCH_KEY"])"""
_ASKED = """answer = client.predict(row, reasons=3)
print(answer.answer, answer.probability, answer.reasons)"""
_ALONE = """import json
from urllib.request import Request, urlopen"""
_ALONE_WITH_KEY = """import json
import os
from urllib.request import Request, urlopen"""
_HEADERS = """headers = {"Content-Type": "application/json"}"""
_HEADERS_WITH_KEY = """headers = {"Content-Type": "application/json", "X-API-Key": os.environ["WORKBENCH_KEY"]}"""
_URLLIB = """request = Request($url, json.dumps(row).encode(), headers)
with urlopen(request) as response:
    print(json.load(response))"""


def example_row(contract: Contract, features: Sequence[str]) -> dict[str, Any]:
    """A row in the middle of each range, with the first of its categories.

    >>> example_row(Contract((Column("age", "integer", minimum=18.0, maximum=91.0),)), ["age"])
    {'age': 54}
    """
    return {name: example_value(contract[name]) for name in features}


def example_value(column: Column) -> Any:
    """A usual value of a column."""
    if column.kind == "boolean":
        return True
    if column.kind == "datetime":
        return _moment(column)
    if column.kind in ("number", "integer"):
        middle = _middle(column.minimum, column.maximum)
        return round(middle) if column.kind == "integer" else middle
    return next(iter(column.categories or ()), "text")


def examples(url: str, row: Mapping[str, Any], keys: bool = False) -> dict[str, str]:
    """Code that asks for one row, by the name of what runs it.

    Parameters
    ----------
    url : str
        Of the service, without a slash at its end.
    row : dict
        Column to value.
    keys : bool
        Whether a key is needed; it is read from the environment's ``WORKBENCH_KEY``.
    """
    return {
        "curl": curl(url, row, keys),
        "Python": python_client(url, row, keys),
        "Python without the client": python_alone(url, row, keys),
        "JavaScript": javascript(url, row, keys),
    }


def curl(url: str, row: Mapping[str, Any], keys: bool = False) -> str:
    """For a shell.

    >>> print(curl("http://localhost:8080", {"it's": 1}))
    curl -sS 'http://localhost:8080/predict?reasons=3' \\
      -H 'Content-Type: application/json' \\
      -d '{"it'"'"'s": 1}'
    """
    key = f'  -H "X-API-Key: ${KEY}" \\\n' if keys else ""
    address = shlex.quote(f"{url}/predict?reasons=3")
    body = shlex.quote(_json(row))
    return f"curl -sS {address} \\\n  -H 'Content-Type: application/json' \\\n{key}  -d {body}"


def python_client(url: str, row: Mapping[str, Any], keys: bool = False) -> Code:
    """With :mod:`workbench.client`.

    >>> print(python_client("http://localhost:8080", {"age": 54}))
    from workbench.client import Client
    <BLANKLINE>
    row = {"age": 54}
    client = Client("http://localhost:8080")
    answer = client.predict(row, reasons=3)
    print(answer.answer, answer.probability, answer.reasons)
    """
    imports = python(_IMPORTS_WITH_KEY) if keys else python(_IMPORTS)
    client = python(_CLIENT_WITH_KEY, url=url) if keys else python(_CLIENT, url=url)
    return one_below_another(imports, python(""), _row(row), client, python(_ASKED))


def python_alone(url: str, row: Mapping[str, Any], keys: bool = False) -> Code:
    """With the standard library."""
    imports = python(_ALONE_WITH_KEY) if keys else python(_ALONE)
    headers = python(_HEADERS_WITH_KEY) if keys else python(_HEADERS)
    act = python(_URLLIB, url=f"{url}/predict?reasons=3")
    return one_below_another(imports, python(""), _row(row), headers, act)


def javascript(url: str, row: Mapping[str, Any], keys: bool = False) -> str:
    """For browsers, Node, Deno and Bun."""
    key = f', "X-API-Key": process.env.{KEY}' if keys else ""
    # A plain __proto__ in an object would set its prototype.
    members = [f"{f'[{_json(n)}]' if n == '__proto__' else _json(n)}: {_json(v)}" for n, v in row.items()]
    line = f"const row = {{{', '.join(members)}}};"
    if len(line) > WIDE:
        line = "const row = {\n" + "".join(f"  {member},\n" for member in members) + "};"
    return (
        f"{line}\n"
        f"const response = await fetch({_json(f'{url}/predict?reasons=3')}, {{\n"
        f'  method: "POST",\n'
        f'  headers: {{"Content-Type": "application/json"{key}}},\n'
        f"  body: JSON.stringify(row),\n"
        f"}});\n"
        f"console.log(await response.json());"
    )


def _row(row: Mapping[str, Any]) -> Code:
    return laid_out(python("row = $row", row=dict(row)))


def _json(value: Any) -> str:
    """JSON as people read it; whatever can't be seen is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)


def _middle(low: float | None, high: float | None) -> float:
    """The middle of a range, in three digits; of one over several magnitudes that of the magnitudes.

    >>> _middle(17.0, 90.0), _middle(3.0, 35682.0), _middle(None, None)
    (53.5, 327.0, 0.0)
    """
    if low is None or high is None:
        return high if low is None and high is not None else low or 0.0
    wide = low >= 0 and high / max(low, 1.0) >= WIDE_RANGE
    middle = math.sqrt(max(low, 1.0)) * math.sqrt(high) if wide else low / 2 + high / 2
    if not middle or not math.isfinite(middle):
        return 0.0
    rounded = round(middle, 2 - math.floor(math.log10(abs(middle))))
    return rounded if low <= rounded <= high else middle


def _moment(column: Column) -> str:
    """A day as the column's form writes it."""
    for pattern in column.form.moments if column.form is not None else ():
        text = DAY.strftime(pattern.replace("%X", "%H:%M:%S"))
        if column.form is not None and moment(text, column.form) == DAY:
            return text
    return DAY.date().isoformat()
