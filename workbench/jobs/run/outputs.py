"""A copy of the executed notebook, where somebody asked for one: at a path, or behind a URL of fsspec.

It is written when the notebook is masked and signed and nothing changes in it any more, in one step where the place
can, and tried again where the place does not answer. Credentials are fsspec's own, of the environment or its
configuration; none stands in a URL, because what a job is asked for is written down.
"""

from __future__ import annotations

import re
import secrets
import string
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.core.job import Cause, Job, JobState
from workbench.core.job_options import JobOptions
from workbench.core.secrets import is_reference, is_secret
from workbench.errors import BadParameter, InputError
from workbench.jobs.liveness import BEAT, beat
from workbench.jobs.records import tell
from workbench.storage.files import write_bytes
from workbench.storage.urls import Purpose, fsspec, holds_secret, is_url, told, told_failures

UNDELIVERED = "Its output could not be copied: {why} It is complete in the job's own folder."
WAITS = (1.0, 4.0, 15.0)  # seconds before it is tried again
LONGEST = 120.0  # seconds of one try
OUTPUT = Purpose(
    should="should take the output",
    done="written",
    may="write there",
    protocols="s3://, gs:// or abfs://",
    example="s3://bucket/folder/{id}.ipynb",
)
# Of these a file is there as a whole or not at all; elsewhere it is written under another name and moved.
WHOLE = {"abfs", "abfss", "adl", "az", "gcs", "gs", "hf", "memory", "oci", "oss", "s3", "s3a"}
READ_ONLY = {"blockcache", "cached", "data", "filecache", "git", "github", "gitlab", "http", "https", "libarchive",
             "reference", "simplecache", "tar", "zip"}  # fmt: skip
# What another try does not change.
SETTLED = (BadParameter, FileExistsError, FileNotFoundError, ImportError, IsADirectoryError, NotADirectoryError,
           NotImplementedError, PermissionError)  # fmt: skip


def checked(options: JobOptions, parameters: Mapping[str, Any], folder: str) -> JobOptions:
    """The options with a place for the output that can be one, seen from the job's working folder.

    Raises
    ------
    BadParameter
        If nothing can be written there, a name in braces stands for nothing, or the URL holds a secret.
    InputError
        If the library behind its protocol is not installed.
    """
    if options.output is None:
        return options
    if holds_secret(options.output):
        raise BadParameter(
            f"'output' has a user or a key in its URL ({told(options.output)}), and what a job is given is written "
            "down. Leave it out, and give credentials as fsspec takes them, by environment or configuration."
        )
    _filled(options.output, "ID", "notebook", parameters)
    place = options.output if is_url(options.output) else str(Path(folder, Path(options.output).expanduser()))
    if is_url(place):
        _check_protocol(place)
    if not place.endswith(".ipynb"):
        raise BadParameter(f"'output' is the place of a notebook, got {told(place)!r}. Let its name end in .ipynb.")
    return replace(options, output=place)


def _check_protocol(url: str) -> None:
    scheme = url.partition("://")[0].lower()
    if "::" in url or scheme in READ_ONLY:
        raise BadParameter(f"Nothing can be written to {told(url)}. Give for example s3://bucket/folder/{{id}}.ipynb")
    if scheme == "memory":
        raise BadParameter("memory:// is gone with the process that has it, and a job has its own. Give another place.")
    with told_failures(url, OUTPUT):
        fsspec().get_filesystem_class(scheme)


def _filled(template: str, job: str, notebook: str, parameters: Mapping[str, Any]) -> str:
    """The place with what its names in braces stand for.

    >>> _filled("s3://b/{region}/{notebook}-{id}.ipynb", "7", "score", {"region": "../a b"})
    's3://b/a-b/score-7.ipynb'
    """
    known = {**{name: _part(value) for name, value in parameters.items()}, "id": job, "notebook": _part(notebook)}
    try:
        named = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise BadParameter(f"'output' has a brace without its other half ({error}). Write {{{{ for a brace.") from None
    for name in named:
        if name not in known or is_secret(name) or is_reference(parameters.get(name)):
            raise BadParameter.unknown(name, [n for n in known if not is_secret(n)], "The place of the output")
    return template.format(**known)


def _part(value: Any) -> str:
    """A value as part of a path; it can't lead out of its folder."""
    return re.sub(r"[^\w.=+-]+", "-", str(value)).strip(".-")[:100] or "empty"


def delivered(
    job: Job, waits: tuple[float, ...] = WAITS, longest: float = LONGEST, sleep: Callable[[float], None] = time.sleep
) -> dict[str, Any]:
    """Copy the output of a job that has ended to where it was asked for; what of that belongs into its record.

    Parameters
    ----------
    job : Job
        In its last state; its output is masked and signed.
    waits : tuple of float
        Seconds before each further try.
    longest : float
        Seconds that one try may take.
    sleep : callable
        Waits so long.

    Returns
    -------
    dict
        A note and, of a COMPLETED job, the cause, where the copy could not be made.
    """
    if job.options.output is None or not job.state.final:
        return {}
    place = _filled(job.options.output, job.id, job.name.removesuffix(".ipynb"), job.parameters)
    content = job.output.read_bytes()
    left = list(waits) if job.state is not JobState.STOPPED else []
    while True:
        try:
            _within(longest, lambda: put(place, content), job.path)
        except InputError as error:
            if not left or isinstance(error.__context__, SETTLED):
                return _undelivered(job, error)
            sleep(left.pop(0))
        else:
            tell(job.path, "output_delivered", place=told(place))
            return {}


def _undelivered(job: Job, error: InputError) -> dict[str, Any]:
    note = {"notes": (*job.notes, UNDELIVERED.format(why=error))}
    return {**note, "cause": Cause.OUTPUT} if job.state is JobState.COMPLETED else note


def _within(longest: float, act: Callable[[], None], folder: Path) -> None:
    """Act in a thread of its own and send heartbeats: a server that never answers keeps no job from ending."""
    failed: list[Exception] = []

    def acted() -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - raised again below, in the thread that waits
            failed.append(error)

    thread = threading.Thread(target=acted, name="output", daemon=True)
    thread.start()
    until = time.monotonic() + longest
    while thread.is_alive() and time.monotonic() < until:
        thread.join(BEAT)
        beat(folder)
    if thread.is_alive():
        raise InputError(f"its place does not answer within {longest:g} s.")
    if failed:
        raise failed[0]


def put(place: str, content: bytes) -> None:
    """Write a file to a path or a URL, in one step where the place can.

    Raises
    ------
    InputError
        If it can't be written; without what is secret in the URL.
    """
    with told_failures(place, OUTPUT):
        path = _local(place)
        if path is not None:
            write_bytes(path, content)
            return
        files, name = fsspec().core.url_to_fs(place)
        protocols = {files.protocol} if isinstance(files.protocol, str) else set(files.protocol)
        if protocols & WHOLE:
            files.pipe_file(name, content)
        else:
            _moved(files, name, content)


def _local(place: str) -> Path | None:
    if not is_url(place):
        return Path(place)
    if place.partition("://")[0] not in ("file", "local"):
        return None
    return Path(fsspec().get_filesystem_class("file")._strip_protocol(place))


def _moved(files: Any, name: str, content: bytes) -> None:
    """Write under another name in the same folder, and move; not every file system moves onto what is there."""
    folder, _, last = name.rpartition("/")
    temporary = f"{folder}/.{last}.{secrets.token_hex(4)}.tmp"
    files.makedirs(folder, exist_ok=True)
    try:
        files.pipe_file(temporary, content)
        try:
            files.mv(temporary, name)
        except OSError:
            if not files.exists(name):
                raise
        if files.exists(temporary):
            files.rm_file(name)
            files.mv(temporary, name)
    finally:
        if files.exists(temporary):
            files.rm_file(temporary)
