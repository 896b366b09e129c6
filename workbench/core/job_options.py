"""How a job is to run, beside its notebook and parameters; declared once.

The keywords of :func:`workbench.submit`, the options of the command, the fields of REST and of the form and what a
schedule keeps all follow from this dataclass.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from workbench.core.parameters import Step, parameter

LONGEST = 10.0**9  # seconds; thirty years
SHORTEST = 1e-3
# How they lie together in a form.
TIME, RETRIES, QUEUE, FAILURE, NOTIFY = "Time limits", "Retries", "Queue", "After a failure", "Notification"
OUTPUT = "Output"


@dataclass(frozen=True)
class JobOptions(Step):
    """How long it may take, when it is tried again, what comes before it and who hears of it."""

    verb: ClassVar[str] = "submit"
    title: ClassVar[str] = "Job"
    gives: ClassVar[str] = "job"

    timeout: float | None = parameter(
        "Time that the whole job may take.",
        None,
        minimum=SHORTEST,
        maximum=LONGEST,
        unit="s",
        title="Time limit",
        group=TIME,
    )
    cell_timeout: float | None = parameter(
        "Time that one cell may take.",
        None,
        minimum=SHORTEST,
        maximum=LONGEST,
        unit="s",
        title="Time limit of a cell",
        group=TIME,
    )
    retries: int = parameter("How often a job that failed is tried again.", 0, minimum=0, maximum=100, group=RETRIES)
    backoff: float = parameter(
        "Wait before it is tried again; each further wait is twice as long.",
        30.0,
        minimum=0.0,
        maximum=86400.0,
        unit="s",
        title="Wait before a retry",
        group=RETRIES,
    )
    priority: int = parameter(
        "Who waits with a higher number is started first.",
        0,
        minimum=-1000,
        maximum=1000,
        title="Priority",
        group=QUEUE,
    )
    park: float = parameter(
        "Time that the kernel is kept after a failure, so that the job can go on at the failed cell.",
        0.0,
        minimum=0.0,
        maximum=7 * 86400.0,
        unit="s",
        title="Keep the kernel after a failure",
        group=FAILURE,
    )
    notify: tuple[str, ...] = parameter(
        "Who is told when it has ended: an address for e-mail, or the https address of a webhook.",
        (),
        alone=True,
        title="Tell",
        examples=("mailto:anna@example.org", "https://example.org/hook", "failure:env:HOOK"),
        group=NOTIFY,
    )
    output: str | None = parameter(
        "Where a copy of the executed notebook goes at the end: a path, or a URL of fsspec; {id}, {notebook} and "
        "the names of parameters stand for their values.",
        None,
        title="Copy the output to",
        group=OUTPUT,
        examples=("s3://bucket/reports/{notebook}-{id}.ipynb",),
    )

    def asked(self) -> dict[str, Any]:
        """What differs from the defaults, as plain JSON."""
        defaults = asdict(JobOptions())
        differing = {name: value for name, value in asdict(self).items() if value != defaults[name]}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in differing.items()}
