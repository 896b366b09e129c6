"""The page of a service, of plain HTML: what the model is, a form to try a row, and how to ask from elsewhere.

It loads nothing from anywhere, and a browser runs nothing but its one script and style, by their hashes. Every text is
escaped; what the script needs of the contract stands in a block of JSON. Without JavaScript all but answers is there.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from workbench.core.bundle import Bundle
from workbench.core.contract import Column
from workbench.core.metric import METRIC_NAMES, Metric
from workbench.scoring.examples import example_row, example_value, examples
from workbench.scoring.page_parts import SCRIPT, STYLE
from workbench.scoring.routes import ROUTES
from workbench.scoring.runtime import Scorer

MOST_FIELDS = 60  # of a form; a row of more columns is written as JSON
MOST_CHOICES = 50  # of a list; of more categories some are named
SHOWN = 8  # categories that a note names
LONGEST = 120  # characters of a text that is shown
REASONS = 10  # columns that the form asks for


@dataclass(frozen=True)
class Seen:
    """How the one who looks has reached the service.

    Parameters
    ----------
    url : str
        Without a path.
    keys : bool
        Whether a key is needed.
    """

    url: str
    keys: bool = False


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; style-src {_hash(STYLE)}; script-src {_hash(SCRIPT)}; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(scorer: Scorer, seen: Seen) -> str:
    """The whole page.

    Parameters
    ----------
    scorer : Scorer
        Whose contract and card it is of.
    seen : Seen
        Where examples ask.
    """
    row = example_row(scorer.contract, scorer.features)
    parts = (
        _opening(scorer),
        _key_field() if seen.keys else "",
        _try(scorer, row),
        _examples(examples(seen.url, row, seen.keys)),
        _addresses(seen.keys),
    )
    return _whole(scorer.bundle, "\n".join(parts), _data(scorer))


def key_page(bundle: Bundle) -> str:
    """What is shown to who has sent no key: a place for one."""
    told = "<p>Give a key with the scope <code>read</code> to see what it takes, and to try a row.</p>"
    return _whole(bundle, f"{_title(bundle)}{told}{_key_field()}", {})


def _whole(bundle: Bundle, content: str, data: dict[str, Any]) -> str:
    # In ASCII and without <: nothing in it ends the block.
    block = json.dumps(data).replace("<", "\\u003c")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{shown(bundle.name)} {bundle.version}</title>'
        f'<style>{STYLE}</style></head><body><main id="page">{content}'
        f'<script type="application/json" id="data">{block}</script></main><script>{SCRIPT}</script></body></html>'
    )


def _data(scorer: Scorer) -> dict[str, Any]:
    """What the script has to know."""
    columns = [scorer.contract[name] for name in scorer.features]
    return {
        "classes": list(scorer.bundle.classes),
        "threshold": scorer.bundle.threshold,
        "reasons": REASONS,
        "columns": [
            {"name": c.name, "kind": c.kind, **({"choices": list(c.categories or ())} if _has_choices(c) else {})}
            for c in columns
        ],
    }


def _title(bundle: Bundle) -> str:
    return f'<p class="noun">Scoring service</p><h1>{shown(bundle.name)} <span>version {bundle.version}</span></h1>'


def _opening(scorer: Scorer) -> str:
    bundle = scorer.bundle
    asked = f"Predicts <strong>{shown(scorer.contract.target or 'the target')}</strong> ({shown(bundle.task)})"
    of = f": {', '.join(shown(c) for c in bundle.classes[:SHOWN])}" if bundle.classes else ""
    more = f" and {len(bundle.classes) - SHOWN} more" if len(bundle.classes) > SHOWN else ""
    facts = [
        *((_metric_name(m), _metric(m)) for m in bundle.metrics[:3]),
        ("Columns", f"{len(scorer.features)}"),
        *([("Packaged", shown(bundle.created[:10]))] if bundle.created else []),
    ]
    tiles = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    note = "<p class=soft>Scores are of held-out rows, with their interval.</p>" if bundle.metrics else ""
    return f"<header>{_title(bundle)}<p>{asked}{of}{more}.</p><dl class=tiles>{tiles}</dl>{note}</header>"


def _metric_name(metric: Metric) -> str:
    return shown(METRIC_NAMES.get(metric.name, metric.name))


def _metric(metric: Metric) -> str:
    if metric.low is None or metric.high is None:
        return _number(metric.value)
    return f"{_number(metric.value)} <small>{_number(metric.low)} to {_number(metric.high)}</small>"


def _number(value: float, digits: int = 3) -> str:
    """Some digits, and all of large ones.

    >>> _number(0.84712), _number(68812.3), _number(1490400.0), _number(-124.35, 6)
    ('0.847', '68,812', '1,490,400', '-124.35')
    """
    return f"{value:,.0f}" if 10**digits <= abs(value) < 1e15 else f"{value:,.{digits}g}"


def _key_field() -> str:
    return (
        '<section class=key><label for="key">Key</label><input id="key" type="password" autocomplete="off" '
        'spellcheck="false"><button type="button" id="open">Use it</button>'
        '<p class=soft>Kept in this page alone, and forgotten when you leave it. <span id="key-said" role="status">'
        "</span></p></section>"
    )


def _try(scorer: Scorer, row: dict[str, Any]) -> str:
    columns = [scorer.contract[name] for name in scorer.features]
    fields = "".join(_fields(columns)) if len(columns) <= MOST_FIELDS else _as_json(row)
    return (
        '<section id="try"><h2>Try a row</h2>'
        "<p class=soft>Filled from the usual ranges and categories, not from anybody's row. "
        "Whatever is unusual is answered and flagged.</p><noscript><p>The form needs JavaScript; all else does not.</p>"
        f'</noscript><form id="form" autocomplete="off"><div class=grid>{fields}</div>'
        '<p class=go><button type="submit">Predict</button><button type="reset" class=plain>Start again</button></p>'
        '</form><div id="answer" aria-live="polite" tabindex="-1"></div></section>'
    )


def _fields(columns: Iterable[Column]) -> Iterator[str]:
    for i, column in enumerate(columns):
        unit = f" <small>{shown(column.unit)}</small>" if column.unit else ""
        required = "" if column.missing_allowed else " required"
        said = f'id="c{i}" data-i="{i}" aria-describedby="n{i}"{required}'
        yield (
            f'<div class=field><label for="c{i}">{shown(column.name)}{unit}</label>{_control(column, said)}'
            f'<p id="n{i}" class=note>{_note(column)}</p></div>'
        )


def _control(column: Column, said: str) -> str:
    usual = example_value(column)
    if column.kind == "boolean" or _has_choices(column):
        named = ["true", "false"] if column.kind == "boolean" else list(column.categories or ())
        options = "".join(f'<option value="{k}">{shown(name) or "(empty)"}</option>' for k, name in enumerate(named))
        return (
            f"<select {said}>{options}{'<option value=>(missing)</option>' if column.missing_allowed else ''}</select>"
        )
    if column.kind in ("number", "integer"):
        step = "1" if column.kind == "integer" else "any"
        return f'<input type="number" step="{step}" inputmode="decimal" {said} value="{usual}">'
    return f'<input type="text" {said} value="{_attribute(str(usual))}">'


def _note(column: Column) -> str:
    """What is usual, and whether it may be missing."""
    told = _usual(column)
    gap = "may be missing" if column.missing_allowed else "needed"
    return f"{told}; {gap}" if told else gap


def _usual(column: Column) -> str:
    if column.kind in ("number", "integer"):
        low, high = column.minimum, column.maximum
        if low is None and high is None:
            return "a whole number" if column.kind == "integer" else "a number"
        ends = (
            f"from {_number(low, 6)}" if low is not None else "",
            f"to {_number(high, 6)}" if high is not None else "",
        )
        return " ".join(filter(None, ends))
    if column.kind == "datetime":
        written = column.form.moments if column.form is not None else ()
        return f"a moment, as {shown(example_value(column))}" if written else "a moment in ISO 8601"
    if column.kind == "boolean":
        return "true or false"
    if column.categories is None:
        return "a text"
    rest = len(column.categories) - SHOWN
    named = ", ".join(shown(c)[:40] for c in column.categories[:SHOWN])
    return f"{len(column.categories)} categories" if _has_choices(column) else f"{named} and {rest} more"


def _has_choices(column: Column) -> bool:
    return column.kind == "category" and 0 < len(column.categories or ()) <= MOST_CHOICES


def _as_json(row: dict[str, Any]) -> str:
    text = json.dumps(row, indent=1)
    return (
        f'<div class=wide><label for="row">The row, of {len(row)} columns, as JSON</label>'
        f'<textarea id="row" rows="16" spellcheck="false">{escape(text)}</textarea></div>'
    )


def _examples(code: dict[str, str]) -> str:
    parts = "".join(
        f"<details{' open' if not i else ''}><summary>{escape(name)}</summary><div class=code>"
        f'<pre tabindex="0"><code>{_code(text)}</code></pre>'
        '<button type="button" class="plain copy">Copy</button></div></details>'
        for i, (name, text) in enumerate(code.items())
    )
    client = 'The client of Python is one file: <a href="client.py">client.py</a>.'
    return f"<section><h2>Ask from elsewhere</h2><p class=soft>{client}</p>{parts}</section>"


def _addresses(keys: bool) -> str:
    lines = "".join(
        f"<tr><td><code>{escape(f'{r.method} {r.path}')}</code></td><td>{escape(r.summary)}</td>"
        f"<td>{escape(r.scope) or '&ndash;'}</td></tr>"
        for r in ROUTES
        if not r.path.startswith("/admin")
    )
    # A link brings no key.
    one, other = (f"<code>/{n}</code>" if keys else f'<a href="{n}">{n}</a>' for n in ("openapi.json", "metrics"))
    links = f"{one} describes them, {other} counts requests, predictions and flags."
    return (
        f"<section><h2>Addresses</h2><p class=soft>{links}</p><details><summary>All of them</summary><div class=scroll>"
        "<table><thead><tr><th>address</th><th>does</th><th>scope of the key</th></tr></thead>"
        f"<tbody>{lines}</tbody></table></div></details></section>"
    )


def shown(value: Any) -> str:
    """A text from the data as HTML: short, on one line, with escapes for what can't be seen or turns the writing.

    >>> shown("<b>\\u202ea\\n")
    '&lt;b&gt;\\\\u202ea\\\\n'
    """
    text = str(value)
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return escape("".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text))


def _attribute(text: str) -> str:
    return escape(text).replace("\r", "&#13;").replace("\n", "&#10;")


def _code(text: str) -> str:
    return escape(text, quote=False)
