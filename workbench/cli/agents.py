"""The command that lets an agent work: mcp."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.options import Host


def mcp(
    notebook: Annotated[str, typer.Argument(help="Notebook for the steps; made if it is not there.")] = "agent.ipynb",
    folder: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Folder of tables and notebook.")] = Path(),
    allow: Annotated[
        str, typer.Option(help="look: read alone; author: also take steps; approve: also promote and roll back.")
    ] = "look",
    http: Annotated[int | None, typer.Option(metavar="PORT", help="Over HTTP at /mcp, in place of stdio.")] = None,
    host: Host = "127.0.0.1",
    keys: Annotated[
        Path | None,
        typer.Option(help="File of keys, made by workbench keys: read looks, admin does all of --allow."),
    ] = None,
) -> None:
    """Let an agent take the steps, by the Model Context Protocol: over standard input and output, or over HTTP."""
    from workbench.mcp.server import over_http, over_standard_input
    from workbench.mcp.tools import Workplace
    from workbench.scoring.keys import Access, Keys

    place = Workplace.of(folder, notebook)
    if http is None:
        import anyio

        anyio.run(over_standard_input, place, allow)
        return
    import uvicorn

    access = Access.of_environment()
    if keys is not None:
        access = Access(access.key, Keys(keys))
    uvicorn.run(over_http(place, allow, access, host), host=host, port=http, log_level="warning")
