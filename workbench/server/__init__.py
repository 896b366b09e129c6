"""The extension of the Jupyter server: forms, cells, jobs and events for the panel.

It loads neither a table nor a model: whatever computes runs in a kernel or in the process of a job.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jupyter_server.utils import url_path_join

from workbench.kernels.kept import keep_ahead
from workbench.server import incidents
from workbench.server.events import SCHEMA, Watcher
from workbench.server.line import tend
from workbench.server.routes import ROUTES


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "workbench.server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Add the routes and the event schema to a Jupyter server, and give its kernels one home.

    The schema has to be known when the first browser listens, so it can't wait for the first job.
    """
    server.event_logger.register_event_schema(SCHEMA)
    server.event_logger.register_event_schema(incidents.SCHEMA)
    # The kernels of all folders, the jobs and the panel look at the same bundles and records.
    os.environ.setdefault("WORKBENCH_HOME", str(Path(server.root_dir).expanduser() / ".workbench"))
    base = server.web_app.settings["base_url"]
    server.web_app.add_handlers(".*$", [(url_path_join(base, "workbench", path), handler) for path, handler in ROUTES])
    tend(server)
    # Jobs of before, too, and those that others start.
    Watcher(server.io_loop, lambda told: server.event_logger.emit(schema_id=SCHEMA["$id"], data=told)).start()
    incidents.IncidentWatcher(
        server.io_loop, lambda told: server.event_logger.emit(schema_id=incidents.SCHEMA["$id"], data=told)
    ).start()
    keep_ahead()  # whoever explains a model later does not wait for a compiler
    server.log.info("Workbench is at %s", url_path_join(base, "workbench"))
