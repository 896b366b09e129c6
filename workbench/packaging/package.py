"""From a run to a bundle: the folder that ships, registered in MLflow."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from workbench.core.arguments import described
from workbench.core.bundle import MANIFEST, UNCERTAINTY, Bundle, file_hash
from workbench.core.bundles import load
from workbench.core.chunks import FILE as CHUNKS
from workbench.core.estimation import FILE as ESTIMATION
from workbench.core.estimation import LOSSES
from workbench.core.explanation import Explanation
from workbench.core.fairness import FILE as FAIRNESS
from workbench.core.fairness import Fairness
from workbench.core.needs import FILE as NEEDS
from workbench.core.needs import Asked as AskedReasons
from workbench.core.nouns import expect_or_none, fairness_of, run_of
from workbench.core.parameters import PackageStep, take
from workbench.core.run import Run
from workbench.core.seen_rows import FILE as SEEN
from workbench.core.segments import FILE as SEGMENTS
from workbench.core.slices import Slices
from workbench.core.value import FILE as VALUE
from workbench.errors import BadParameter, Unsigned
from workbench.packaging.card import Asked, Made, card
from workbench.packaging.deploy import write_deploy
from workbench.packaging.explained import explanation_of, write_explanation
from workbench.packaging.golden import write_golden
from workbench.packaging.lineage import lineage
from workbench.packaging.lock import hashed, requirements
from workbench.packaging.model import Packed, pack
from workbench.packaging.runtime import write_runtime
from workbench.packaging.sbom import sbom
from workbench.packaging.segmented import segments_of
from workbench.packaging.signing import sign
from workbench.packaging.trial import tried
from workbench.packaging.valued import value_of
from workbench.settings import Settings, may_be_path, settings
from workbench.storage import anchors, audit
from workbench.storage.aliases import current, point, settle
from workbench.storage.files import lock, sync_folder, write_json, write_text
from workbench.storage.registry import check_name, folder_of, version_of
from workbench.storage.signature import SIGNATURE, Signature
from workbench.storage.tracking import CHALLENGER, CHAMPION, client


def package(
    run: Run | Any,
    data: Any = None,
    *,
    name: str,
    target: str | None = None,
    holdout: Any = None,
    explanation: Explanation | None = None,
    slices: Slices | None = None,
    fairness: Fairness | None = None,
    costs: Mapping[str, float | str] | None = None,
    promote: bool | None = None,
    reasons: AskedReasons = "auto",
) -> Bundle:
    """Make the folder that ships, start it, and register it in MLflow.

    The fitted pipeline is compiled to tables and compared with itself on the hold-out. What has no exact tables
    ships as an audited pipeline, and the card says why. Then the folder's own service is started, answers golden and
    bad rows, and is measured: what does not serve as it must is not registered. That takes a second or two.

    Parameters
    ----------
    run : Run, or fitted pipeline
        What :func:`workbench.train` gave, or a model of your own, which :func:`workbench.adopt` scores first.
    data, target, holdout : optional
        For a model of your own, as :func:`workbench.adopt` takes them.
    name : str
        Name under which it is registered and served: letters, digits, ``.``, ``_``, ``-``.
    explanation : Explanation, optional
        Its importances go on the model card, and its values, without the rows, into the bundle: see
        :meth:`Bundle.explanation`. By default the one that :func:`workbench.explain` kept with the run, if there is
        one.
    slices : Slices, optional
        What ``run.slices(…)`` gave: they go on the model card, too, and :func:`workbench.monitor` follows them. By
        default it follows those that the run found to be worse than the rest.
    fairness : Fairness, optional
        What :func:`workbench.fairness` gave: its verdict goes on the card, and :func:`workbench.monitor` follows the
        groups. By default the one that it kept with the run, if that tells of all sensitive columns that make groups;
        else that of these columns.
    costs : mapping of str to float or str, optional
        What an answer costs by what comes of it, a number or the name of a column of money; below 0 it is a gain.
        Two classes: ``false_alarm``, ``missed``, ``hit``, ``quiet``, as ``{"false_alarm": 25, "missed": "amount"}``.
        Numbers: each unit ``above`` or ``below`` what came. :func:`workbench.monitor` tells what a row costs. By
        default what ``threshold="cost 1:10"`` says.
    promote : bool, optional
        True: this version becomes ``champion``, and ends what is tried out; False: ``challenger``. By default the first
        version of a name becomes champion and every later one challenger.
    reasons : {"auto", "always", "never"}
        Whether its service tells reasons. ``auto``: where a row's take at most 50 ms of CPU
        (``WORKBENCH_REASONS_CPU``) and a batch's at most 500 MB (``WORKBENCH_REASONS_MEMORY``); what they took is on
        the card.

    Returns
    -------
    Bundle
        Its ``path`` is the folder ``NAME/VERSION``; ``version`` is the one in MLflow's registry.

    Raises
    ------
    BadParameter
        If the name can't be a folder's name, or something else than a run, or a pipeline with data, came; or a cost is
        none.
    ColumnNotFound
        If a cost names a column that is not there.
    Refused
        If the run's scores are of another pipeline than the one it holds, or what was made does not serve as it must.
    Damaged
        If the audit log is not what was written; nothing is packaged then.
    Unsigned
        If ``promote`` is True, ``WORKBENCH_TRUSTED_KEYS`` is set, and the bundle is not signed by one of those keys:
        ``WORKBENCH_SIGNING_KEY`` signs each new one.

    Examples
    --------
    >>> import workbench as wb
    >>> run = wb.train(wb.dataset("churn.csv", target="Churn"), candidates=["linear"])
    >>> bundle = wb.package(run, name="leavers")
    >>> bundle.version, bundle.features, bundle.compiled
    (1, ('tenure', 'Contract', 'MonthlyCharges'), True)
    """
    name = take(PackageStep, {"name": name, "reasons": reasons}).name
    run = run_of(run, data, "wb.package", target=target, holdout=holdout)
    explanation = expect_or_none(explanation, Explanation, "wb.package(explanation=…)")
    slices = expect_or_none(slices, Slices, "wb.package(slices=…)")
    if slices is not None and slices.run != run.id:
        raise BadParameter(f"The slices are of the run {slices.run}, not of {run.id}. Give run.slices(…) of this one.")
    fairness = expect_or_none(fairness, Fairness, "wb.package(fairness=…)")
    if fairness is not None and not fairness.is_of(run):
        of = f"the run {fairness.run}" if fairness.run != run.id else f"the threshold {fairness.threshold}"
        own = run.id if fairness.run != run.id else run.threshold
        raise BadParameter(f"The fairness is of {of}, not of {own}. Give wb.fairness(run, …) of this one.")
    force = settings()
    packed = pack(run)
    value = value_of(run, costs)
    asked = Asked(explanation_of(run, explanation), slices, fairness or _fairness(run), value)
    with lock(force.bundles / f".{name}.lock"):
        _settle(name, force)
        with _built(run, name, packed, asked, force) as built:
            needs = tried(built, reasons)
            artifacts = f"bundles/{name}-{token_hex(4)}"
            intent = audit.intend(force.audit_log, "package", name=name, run=run.id, artifacts=artifacts)
            with _registered(run, name, artifacts, force) as version:
                ready = _finished(built, version, run, Made(packed, asked, needs), anchors.Head.of(intent))
                client(force).log_artifacts(run.id, str(ready.path), artifacts)
                bundle = _take_place(ready, force.bundles / name / str(version))
        _packaged(intent, bundle, force)
        # Under the lock too: of two first versions at once, one alone becomes champion.
        _set_alias(bundle, promote, force)
    return bundle


def _fairness(run: Run) -> Fairness | None:
    """What is kept with the run, but for sensitive columns that nobody asked about."""
    kept = run.fairness
    told = {one.column for one in kept.by} if kept else set()
    if kept and all(column.name in told for column in run.contract.columns if column.sensitive):
        return kept
    sensitive = fairness_of(run)
    return kept if sensitive is None or {one.column for one in sensitive.by} <= told else sensitive


def bundle(name: str | Path | Bundle) -> Bundle:
    """Fetch a bundle and check every file of it.

    Parameters
    ----------
    name : str, path or Bundle
        ``"flights"`` (its champion), ``"flights@challenger"``, ``"flights/3"``, the path of a bundle's folder, or a
        bundle, whose files are checked anew.

    Returns
    -------
    Bundle
        With ``path``, ``contract`` and ``reference`` ready to read.

    Raises
    ------
    BadParameter
        If it is none of these.
    NotFound
        If there is no such bundle, version or alias.
    Damaged, Untrusted
        If a file is not what was packaged, or is none that a bundle has.
    Unsigned
        If ``WORKBENCH_TRUSTED_KEYS`` is set, and none of those keys has signed it as it is.

    Examples
    --------
    >>> import workbench as wb
    >>> wb.bundle("churn@champion").version
    1
    """
    name = name.path if isinstance(name, Bundle) else name
    place = place_of(name)
    # A path is taken as it is; a name must lead to the version that it means.
    return Bundle.load_folder(place) if _is_path(name) else load(place.parent.name, place.name)


def sign_registered(name: str | Path, key: str | Path) -> Signature:
    """Sign a bundle in its folder, and in the copy that MLflow keeps where it is registered.

    Parameters
    ----------
    name : str or path
        As :func:`bundle` takes it.
    key : path
        As :func:`workbench.packaging.signing.sign` takes it.

    Raises
    ------
    NotFound
        If there is no such bundle, version or alias.
    Damaged, Untrusted, BadParameter, Refused
        As :func:`workbench.packaging.signing.sign`.
    """
    place, force = place_of(name).absolute(), settings()
    signature = sign(place, key)
    if place.parent.parent == force.bundles:
        store, registered = client(force), Bundle.load_folder(place, ask_signature=False)
        source = store.get_model_version(registered.name, str(registered.version)).source
        store.log_artifact(registered.run_id, str(place / SIGNATURE), source.rpartition("/artifacts/")[2])
    return signature


def place_of(name: str | Path) -> Path:
    """Folder of a bundle by its name, as :func:`bundle` takes it; nothing in it is looked at.

    Raises
    ------
    NotFound
        If there is no such bundle, version or alias.
    BadParameter
        If it is neither text nor path.
    """
    if not isinstance(name, (str, Path)):
        raise BadParameter(f"A bundle is given by its name or folder, got {described(name)}. Give for example 'churn'.")
    if _is_path(name):
        return Path(name)
    base, _, version = str(name).partition("/")
    base, _, alias = base.partition("@")
    force = settings()
    check_name(base, force)
    return folder_of(base, version or version_of(base, alias or CHAMPION, force), force)


def _is_path(name: str | Path) -> bool:
    return isinstance(name, Path) or (may_be_path(name) and (Path(name) / MANIFEST).is_file())


@contextmanager
def _registered(run: Run, name: str, artifacts: str, force: Settings) -> Iterator[int]:
    """A new version in the registry, its artifacts at that place of the run; taken back if the folder can't be made."""
    store = client(force)
    new = not store.search_registered_models(f"name = '{name}'")
    if new:
        store.create_registered_model(name)
    source = f"{store.get_run(run.id).info.artifact_uri}/{artifacts}"
    model_version = store.create_model_version(
        name, source, run.id, tags={"fingerprint": run.fingerprint, "model": run.best.name}
    )
    try:
        yield int(model_version.version)
    except BaseException:
        store.delete_model_version(name, model_version.version)
        if new:
            store.delete_registered_model(name)
        raise


@contextmanager
def _built(run: Run, name: str, packed: Packed, asked: Asked, force: Settings) -> Iterator[Bundle]:
    """All that runs, in a folder of a temporary name beside its place; taken away where it has not taken that."""
    bundle = Bundle(
        name=name,
        version=1,
        run_id=run.id,
        model=run.best.name,
        task=run.task,
        classes=run.classes,
        features=run.features,
        threshold=run.threshold,
        metrics=run.metrics,
        fingerprint=run.fingerprint,
        compiled=packed.compiled is not None,
        files={},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        lineage=lineage(run),
        path=force.bundles / name / f".{token_hex(4)}.tmp",
    )
    bundle.path.mkdir(parents=True)
    try:
        _write_parts(bundle, run, packed, asked)
        yield _listed(bundle, run)
    finally:
        shutil.rmtree(bundle.path, ignore_errors=True)


def _write_parts(bundle: Bundle, run: Run, packed: Packed, asked: Asked) -> None:
    folder = bundle.path
    packed.write(folder)
    write_json(folder / "contract.json", run.contract.to_dict())
    run.profile.save(folder / "reference.profile")
    if run.chunks is not None:
        run.chunks.save(folder / CHUNKS)
    if run.seen is not None:
        run.seen.save(folder / SEEN)
    if run.uncertainty is not None:
        run.uncertainty.save(folder / UNCERTAINTY)
    if run.estimation is not None:
        run.estimation.save(folder / ESTIMATION)
    for score, model in run.losses.items():
        model.save(folder / LOSSES / f"{score}.npz")
    write_explanation(bundle, asked.explanation, packed.compiled, folder)
    if asked.fairness is not None:
        asked.fairness.save(folder / FAIRNESS)
    if (segments := segments_of(run, asked.slices)) is not None:
        segments.save(folder / SEGMENTS)
    if asked.value is not None:
        asked.value.save(folder / VALUE)
    write_text(folder / "requirements.lock", hashed(requirements(bundle.compiled, packed.libraries)))
    write_golden(bundle, run, packed)
    write_runtime(folder, bundle)


def _finished(built: Bundle, version: int, run: Run, made: Made, head: anchors.Head) -> Bundle:
    """The folder with what tells of its version and of what was measured, signed where there is a key."""
    bundle = replace(built, version=version, lineage={**built.lineage, anchors.LINEAGE: str(head)})
    folder, lock_text = bundle.path, (built.path / "requirements.lock").read_text(encoding="utf-8")
    made.needs.save(folder / NEEDS)
    write_text(folder / "card.md", card(bundle, run, made, lock_text))
    write_text(folder / "sbom.cdx.json", sbom(bundle, lock_text))
    write_deploy(folder, bundle, made.needs)
    bundle = _listed(bundle, run)
    key = settings().signing_key
    if key is not None:
        sign(bundle, key)
    return bundle


def _listed(bundle: Bundle, run: Run) -> Bundle:
    """The bundle with the hashes of its files, written to its folder and read again: what is refused there is here."""
    listed = replace(bundle, files=_hashes(bundle.path)).bound(run.claim)
    listed.save(bundle.path / MANIFEST)
    Bundle.load_folder(bundle.path, ask_signature=False).check_parts()
    return listed


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p != folder / MANIFEST)
    return {p.relative_to(folder).as_posix(): file_hash(p) for p in files}


def _take_place(built: Bundle, place: Path) -> Bundle:
    built.path.rename(place)
    sync_folder(place.parent)
    return Bundle.load_folder(place, ask_signature=False)


def _may_answer(bundle: Bundle, asked: bool) -> bool:
    """Where only signed bundles are trusted, another one does not become champion."""
    if settings().trusted_keys is None:
        return True
    try:
        Bundle.load_folder(bundle.path)
    except Unsigned:
        if asked:
            raise
        return False
    return True


def _set_alias(bundle: Bundle, promote: bool | None, force: Settings) -> None:
    first = current(bundle.name, CHAMPION, force) is None
    champion = (first if promote is None else promote) and _may_answer(bundle, bool(promote))
    alias, act = (CHAMPION, "promote") if champion else (CHALLENGER, "challenge")
    reason = "first version" if champion and first else "asked for" if champion else "packaged"
    point(bundle.name, alias, bundle.version, act, force, reason=reason, run=bundle.run_id)


def _settle(name: str, force: Settings) -> None:
    """End what a killed process began: a version whose folder is whole is kept, what has none leaves the registry."""
    settle(name, force)
    for left in (force.bundles / name).glob(".*.tmp"):  # nobody else makes one now: whoever does has the lock
        shutil.rmtree(left)
    for intent in audit.open_intents(force.audit_log):
        if intent["name"] == name and intent["intends"] == "package":
            _settle_package(intent, force)


def _settle_package(intent: dict[str, Any], force: Settings) -> None:
    name, store = intent["name"], client(force)
    known = store.search_model_versions(f"name = '{name}'")
    begun = next((int(v.version) for v in known if str(v.source).endswith(f"/{intent['artifacts']}")), None)
    place = force.bundles / name / str(begun)
    if begun is not None and (place / MANIFEST).is_file():
        _packaged(intent, Bundle.load_folder(place, ask_signature=False), force)
        return
    if begun is not None:
        store.delete_model_version(name, str(begun))
    audit.undone(force.audit_log, intent)


def _packaged(intent: dict[str, Any], bundle: Bundle, force: Settings) -> None:
    audit.done(force.audit_log, intent, version=bundle.version, manifest=file_hash(bundle.path / MANIFEST))
