"""Templates in, escaped HTML out: the one Jinja environment, its filters, and the stylesheet inside each fragment."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from workbench.core.literals import python
from workbench.core.metric import metric_name, short
from workbench.display import charts
from workbench.display.compiled import Compiled

__all__ = [
    "clipped",
    "fragment",
    "functions",
    "metric_name",
    "moment",
    "needed",
    "number",
    "own",
    "percent",
    "piece",
    "scoped",
    "signed",
    "some",
    "sparing",
    "squeezed",
    "stylesheet",
    "whole_page",
]


def fragment(template: str, **context: Any) -> str:
    """Render ``templates/TEMPLATE.html.j2`` as a self-contained piece of a page.

    Parameters
    ----------
    template : str
        Name of the template, without its ending.
    **context
        What the template shows; every value is escaped unless it is ``Markup``.

    Returns
    -------
    str
        One ``div`` of class ``wb`` that carries its own stylesheet and no script.
    """
    return f'<div class="wb wb-{template}"><style>{stylesheet()}</style>{piece(template, **context)}</div>'


def sparing(template: str, *styles: str, **context: Any) -> str:
    """As :func:`fragment`, of a page without any script: with those rules alone that it has classes for.

    Parameters
    ----------
    template : str
    *styles : str
        Stylesheets of ``static`` beside the one that all share.
    **context
        As of :func:`fragment`.
    """
    start, markup = f'<div class="wb wb-{template}">', piece(template, **context)
    style = needed(" ".join([stylesheet(), *map(squeezed, styles)]), start + markup)
    style = style.replace(".wb.wb", ".wb")  # twice it wins over JupyterLab, which is not there
    return f"{start}<style>{style}</style>{markup}</div>"


def piece(template: str, **context: Any) -> str:
    """The same without the stylesheet around it: what goes into a fragment that is shown already."""
    return re.sub(r">\s+<", "> <", _environment().get_template(f"{template}.html.j2").render(**context))


def whole_page(title: str, body: str) -> str:
    """A page around a fragment that is safe HTML already; the title is escaped.

    >>> whole_page("a < b", "<p>yes</p>").startswith("<!doctype html>")
    True
    """
    return _environment().get_template("page.html.j2").render(title=title, body=Markup(body))  # noqa: S704 - see above


@cache
def stylesheet() -> str:
    """The stylesheet that all fragments share."""
    return squeezed("workbench.css")


@cache
def squeezed(name: str) -> str:
    """A stylesheet of ``static``, without comments and line breaks."""
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", own(name), flags=re.DOTALL)).strip()


@cache
def scoped(view: str, *names: str) -> Markup:
    """Stylesheets of ``static`` for one kind of view: other views of the same page keep their looks.

    Parameters
    ----------
    view : str
        The template that is shown by :func:`fragment`.
    *names : str
        The stylesheets, whose rules begin with ``.wb.wb``.

    Examples
    --------
    >>> scoped("run", "run.css").startswith(".wb.wb.wb-run ")
    True
    """
    style = " ".join(map(squeezed, names))
    return Markup(re.sub(rf"\.wb\.wb(?![\w-]|\.wb-{view}\b)", f".wb.wb.wb-{view}", style))  # noqa: S704 - our own files


@cache
def functions(name: str) -> str:
    """A script of ``static``, after what all scripts share; whoever shows it adds the line that starts it."""
    return "\n".join(own(one) for one in ("controls.js", name))


def needed(style: str, markup: str) -> str:
    """The rules of a squeezed stylesheet that some markup has classes for; no script may add others to it.

    >>> needed(".a { x: 1 } .b .a, .c { y: 2 } @media print { .b { z: 3 } .a { z: 4 } }", '<p class="a">')
    '.a { x: 1 } @media print {.a { z: 4 } }'
    """
    there = {name for names in re.findall(r'class="([^"]*)"', markup) for name in names.split()}

    def kept(rule: re.Match[str]) -> str:
        named = [set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", one)) for one in rule[1].split(",")]
        return rule[0] if any(names <= there for names in named) else ""

    return re.sub(r"(?:^|(?<=[{}\s]))([^{}@]+)\{[^{}]*\} ?", kept, style).replace("  ", " ").strip()


def own(name: str) -> str:
    """A file of ``static`` as it is."""
    return files("workbench.display").joinpath("static", name).read_text(encoding="utf-8")


def number(value: Any) -> str:
    """A number as people read it; a dash where there is none.

    >>> number(0.71234), number(None), number(-0.00012), number(48211.7)
    ('0.712', '–', '−0.00012', '48,212')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    text = f"{value:.2g}" if 0 < abs(value) < 0.001 else short(value)
    return f"−{text[1:]}" if text.startswith("-") else text


def signed(value: float) -> str:
    """A number with its sign.

    >>> signed(0.5), signed(-0.25)
    ('+0.500', '−0.250')
    """
    return ("−" if value < 0 else "+") + number(abs(value))


def percent(share: float | None) -> str:
    """A share in [0, 1] as a percentage; a share that is not none never reads as none.

    >>> percent(0.123), percent(0.0002), percent(0.0)
    ('12%', '<0.1%', '0%')
    """
    if share is None:
        return "–"
    if 0 < share < 0.001:
        return "<0.1%"
    return f"{100 * share:.1f}%" if 0 < share < 0.1 else f"{100 * share:.0f}%"


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def moment(text: str | None) -> str:
    """An ISO 8601 time in words; what is none is shown as it came.

    >>> moment("2026-11-21T02:10:05+00:00"), moment(None)
    ('21 Nov 2026, 02:10 UTC', '–')
    """
    if not text:
        return "–"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    zone = " UTC" if at.tzinfo else ""
    at = at.astimezone(UTC) if at.tzinfo else at
    # %b would be in the language of the process, if something set one; the page is in English.
    return f"{at.day:02} {MONTHS[at.month - 1]} {at.year}, {at.hour:02}:{at.minute:02}{zone}"


def some(labels: Sequence[Any], most: int = 20) -> str | None:
    """The first of many labels and how many there are more; None of none.

    >>> some(["a", "b"]), some(range(30), 3), some(())
    ('a, b', '0, 1, 2 and 27 more', None)
    """
    shown, more = ", ".join(map(str, labels[:most])), len(labels) - most
    return f"{shown} and {more} more" if more > 0 else shown or None


def clipped(text: Any, most: int = 60) -> str:
    """A text that keeps its place; what is longer ends in an ellipsis.

    >>> clipped("abcdef", most=4)
    'abc…'
    """
    text = str(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def command(*words: Any) -> str:
    """A line for a shell in which each word stays one.

    >>> command("workbench", "serve", "a b; rm -r c")
    "workbench serve 'a b; rm -r c'"
    """
    return shlex.join(map(str, words))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("workbench.display"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=Compiled(),
    )
    for one in (number, signed, percent, moment, metric_name, clipped):
        environment.filters[one.__name__] = one
    environment.globals["python"] = python
    environment.globals["command"] = command
    environment.globals["charts"] = charts
    environment.globals["nothing"] = Markup('<span class="wb-faint">–</span>')
    return environment
