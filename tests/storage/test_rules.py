"""Two rules of the house, held over its whole source: one door to change a file of ours, one to read it."""

import ast
from functools import cache
from pathlib import Path

import workbench

SOURCE = Path(workbench.__file__).parent
WRITES = {"write_json", "write_text", "write_bytes", "in_one_step"}
# Functions that write and lie in a module that reads files too, each with why nothing that was read can be lost.
WRITE_ONLY = {
    "storage/tracking.py": "a marker whose content does not depend on what was there; under a lock",
    "storage/pipelines.py": "a new file",
    "packaging/lock.py": "an answer that is kept: whoever writes it later writes the same",
    "packaging/onnx.py": "reads golden rows, writes a graph",
    "packaging/deploy/__init__.py": "reads templates, writes files of a folder that nobody has yet",
    "packaging/runtime.py": "copies our own source into a folder that nobody has yet",
    "packaging/package.py": "writes a folder that nobody has yet",
    "packaging/signing.py": "reads a key, writes a signature",
    "display/compiled.py": "whoever compiles a template again writes the same",
    "monitoring/windows.py": "a window is replaced as a whole; under a lock",
    "core/report_file.py": "lines are added, the head is replaced as a whole; under a lock",
    "storage/rollouts.py": "written as a whole by what the audit log says; under the lock of the name",
    "storage/lines.py": "lines that are only ever added to, each with its checksum; under the caller's lock",
    "jobs/batch.py": "writes a folder that nobody has yet",
    "jobs/run/outputs.py": "reads the notebook of a job that has ended, writes a copy",
    "jobs/run/execution.py": "a copy of the notebook that failed; the notebook of a job that its runner alone writes",
    "jobs/run/environment.py": "what a job runs in is written by its runner alone, as a whole",
    "jobs/submit.py": "reads the notebook, writes a copy",
    "mcp/notebook.py": "what somebody wrote since is read anew and stays; editors of notebooks know no lock of ours",
    "jobs/line/starting.py": "a file of a job's folder that nobody has yet; it is written once",
    "jobs/scheduler.py": "who is at work, written by the one that holds the lock",
    "core/explanation_file.py": "save writes a whole explanation",
    "core/saved.py": "save writes a whole noun; what is on disk is changed through files.change",
    "tables/compiled.py": "save writes a whole model",
    "training/journal.py": "a trial is computed, never changed: two writers write the same",
    "training/recording.py": "writes a folder of its own, which MLflow takes over",
    "training/glass_box/notebook.py": "one that somebody edited is refused, another is written anew as a whole",
}
# Who parses JSON that is no file of ours, or lines of one, with why.
PARSES = {
    "storage/files.py": "the door itself",
    "cli/batches.py": "a list on the command line",
    "apps/fixed.py": "a notebook of the user's",
    "apps/roles.py": "a cookie that the server has signed",
    "storage/audit.py": "lines, each checked against its hash",
    "storage/manifest.py": "written by anybody: every field is looked at",
    "core/explanation_file.py": "the header inside a binary file",
    "jobs/records.py": "lines of events",
    "jobs/run/kept.py": "a copy in memory",
    "jobs/run/environment.py": "a kernel's answer",
    "mcp/notebook.py": "a kernel's answer",
    "jobs/notebook/outcome.py": "text inside a notebook's output",
    "jobs/notebook/notebooks.py": "a notebook of the user's",
    "server/columns.py": "a table of the user's",
    "reading/formats.py": "a table of the user's",
    "compiling/boosters.py": "what a library gave",
    "compiling/catboost.py": "what a library gave",
    "instant/wire.py": "a line on a socket",
    "tables/compiled.py": "the header inside a binary file",
    "display/sketches.py": "a figure that a notebook has drawn",
    "display/language.py": "a catalogue of the package's own",
    "packaging/process.py": "an answer of a process",
    "packaging/deploy/loadtest.py": "runs without Workbench",
    "scoring/log_records.py": "fields of a database",
    "monitoring/places.py": "a field of an index, checked by its types",
    "monitoring/watch_book.py": "lines of decisions, each with its checksum",
    "scoring/bodies.py": "a request",
    "scoring/streaming.py": "a line of a request",
    "scoring/rpc.py": "an answer of the service in the same process",
    "scoring/v1.py": "a request",
    "client.py": "an answer of a service; it is one file that needs nothing of ours",
    "scoring/workers.py": "a line on a pair of sockets",
    "training/journal.py": "the header inside a binary file",
    "training/recording.py": "a tag of MLflow's, by anybody",
    "training/weighing.py": "weights by class that somebody wrote into a form, or that a run was asked for",
}


def _calls(tree: ast.AST) -> set[str]:
    names = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {ast.unparse(f) for f in names if isinstance(f, (ast.Attribute, ast.Name))}


def _called(calls: set[str]) -> set[str]:
    """The last names of what is called."""
    return {call.rpartition(".")[2] for call in calls}


@cache
def _modules():
    """Each module's name, with its calls as they are written: its trees, parsed once, are not kept."""
    paths = sorted(SOURCE.rglob("*.py"))
    return [
        (path.relative_to(SOURCE).as_posix(), _calls(ast.parse(path.read_text(encoding="utf-8")))) for path in paths
    ]


def _reads(called: set[str]) -> bool:
    return bool(called & {"read", "read_json", "load", "read_text", "read_bytes"})


def test_who_reads_and_writes_files_changes_them_by_the_one_door():
    both = {
        name
        for name, calls in _modules()
        if name != "storage/files.py" and (called := _called(calls)) & WRITES and _reads(called)
    }

    assert both == set(WRITE_ONLY), "Read, change and write by storage.files.change, or say here why nothing is lost."


def test_json_of_ours_is_parsed_by_the_one_door():
    parsing = {
        name
        for name, calls in _modules()
        if calls & {"json.loads", "json.load", "read_json"}
        if name != "scoring/service.py"  # its read_json is that of a request's body
    }

    assert parsing == set(PARSES), "Read a file of ours by storage.files.read, or say here what it is."


def test_a_new_file_is_never_closed_to_others_only_afterwards():
    late = [name for name, calls in _modules() if "chmod" in _called(calls)]

    assert not late, "Give in_one_step or change the mode; until chmod runs, others may read."
