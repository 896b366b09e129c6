"""``python -m workbench.scoring --bundle PATH``: answer rows over HTTP."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from workbench.errors import BadParameter, WorkbenchError
from workbench.scoring.keys import SCOPES, Keys
from workbench.scoring.listen import Listen, builder, run
from workbench.scoring.log import PredictionLog
from workbench.scoring.runtime import Scorer
from workbench.scoring.traffic import Arm, Traffic
from workbench.settings import log_days

USUAL = ("predict", "explain")  # scopes of a key for which none are named
__all__ = ["main", "manage_keys", "run"]


def main(arguments: Sequence[str] | None = None, bundle: Path | None = None) -> None:
    """Serve a bundle until stopped; ``bundle`` is the default for ``--bundle``."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] == ["keys"]:
            _keys(given[1:])
        else:
            _serve(_parser(bundle).parse_args(given))
    except WorkbenchError as error:
        sys.stderr.write(f"scoring: {error}\n")
        raise SystemExit(2) from None


def manage_keys(act: str, name: str, scopes: Sequence[str], file: Path) -> list[str]:
    """Add, list or remove keys; returns the lines to show. A new token is shown this once.

    Raises
    ------
    BadParameter
        If there is no such act or scope, or no name.
    """
    keys = Keys(file)
    if act == "list":
        return [f"{k.id}  {k.name}  {','.join(k.scopes)}  {k.created}" for k in keys.list()]
    if act not in ("add", "remove") or not name:
        raise BadParameter(f"Say add NAME, list, or remove NAME, got {act!r} and the name {name!r}.")
    return [keys.add(name, scopes or USUAL)] if act == "add" else [f"{keys.remove(name)} removed"]


def _serve(given: argparse.Namespace) -> None:
    listen = Listen.of_arguments(given)
    access, days = listen.access(), log_days(given.log_days)
    arms = tuple(Arm(f"version {a.bundle.version}", a, share) for a, share in map(_share, given.ab))
    traffic = Traffic(Scorer(given.bundle), arms, Scorer(given.shadow) if given.shadow else None)

    def reload() -> Scorer:
        return Scorer(given.bundle)

    def log(champion: Scorer) -> PredictionLog | None:
        return PredictionLog(given.log, champion.sensitive, days) if given.log else None

    build = builder(listen, access, log, reload)

    if listen.processes == 1:
        run(build(traffic), listen)
    else:
        from workbench.scoring.workers import Workers

        Workers(build, traffic, listen, reload).run()


def _parser(bundle: Path | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scoring",
        description="Answer rows over HTTP with predictions and reasons.",
        epilog="Keys: scoring keys add NAME --keys FILE --scope predict. SIGHUP loads the bundle's folder again.",
    )
    take = parser.add_argument
    take("--bundle", type=Path, default=bundle, required=bundle is None, help="folder of the bundle")
    take("--log", type=Path, help="folder of the prediction log; without it nothing is kept")
    take("--log-days", type=int, help="days of which the log keeps records; WORKBENCH_LOG_DAYS, or all, by default")
    take("--ab", action="append", default=[], metavar="PATH=SHARE", help="a version that answers a share of the rows")
    take("--shadow", type=Path, help="a version that scores the same rows; only the log sees it")
    Listen.add_arguments(parser)
    return parser


def _share(text: str) -> tuple[Scorer, float]:
    path, _, share = text.rpartition("=")
    try:
        return Scorer(path), float(share)
    except ValueError:
        raise SystemExit(f"scoring: --ab takes PATH=SHARE, such as bundles/churn/2=0.1, got {text!r}.") from None


def _keys(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="scoring keys", description="Make, list and take back keys.")
    parser.add_argument("act", choices=("add", "list", "remove"))
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--keys", type=Path, required=True, help="file of the keys; only hashes are kept")
    parser.add_argument("--scope", action="append", default=[], choices=SCOPES)
    given = parser.parse_args(arguments)
    for line in manage_keys(given.act, given.name, given.scope, given.keys):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
