"""Options and arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")]
Host = Annotated[str, typer.Option(help="Address to listen on; loopback unless you say otherwise.")]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")]
BundleName = Annotated[str, typer.Argument(help="NAME, NAME@alias, NAME/VERSION, or the path of a bundle folder.")]
