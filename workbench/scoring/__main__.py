"""``python -m workbench.scoring --bundle PATH``: answer rows over HTTP."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.scoring.log import PredictionLog
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service


def main(arguments: Sequence[str] | None = None, bundle: Path | None = None) -> None:
    """Serve a bundle until stopped; ``bundle`` is the default for ``--bundle``."""
    parser = argparse.ArgumentParser(
        prog="scoring", description="Answer JSON rows over HTTP with predictions and reasons."
    )
    parser.add_argument("--bundle", type=Path, default=bundle, required=bundle is None, help="folder of the bundle")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; loopback unless you say otherwise")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--log", type=Path, help="folder of the prediction log; without it nothing is kept")
    given = parser.parse_args(arguments)
    try:
        scorer = Scorer(given.bundle)
    except WorkbenchError as error:
        sys.stderr.write(f"scoring: {error}\n")
        raise SystemExit(2) from None
    log = PredictionLog(given.log, scorer.sensitive) if given.log else None
    run(Service(scorer, log), given.host, given.port)


def run(service: Service, host: str, port: int) -> None:
    """Listen until SIGINT or SIGTERM; requests in progress are answered first."""
    import uvicorn

    uvicorn.run(
        service.application(),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=20,
    )


if __name__ == "__main__":
    main()
