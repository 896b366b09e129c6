"""Keys that sign bundles: make a pair, sign a folder."""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.core.bundle import Bundle
from workbench.errors import BadParameter, Refused
from workbench.storage.files import write_json
from workbench.storage.manifest import read_manifest
from workbench.storage.signature import SIGNATURE, Signature, fingerprint

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import KeySerializationEncryption

PASSPHRASE = "WORKBENCH_SIGNING_PASSPHRASE"  # noqa: S105  (the name of a variable)
OPEN_TO_OTHERS = 0o077


def new_key(path: str | Path) -> tuple[Path, str]:
    """Make a pair of keys: the private one in ``path``, readable by its owner alone, the public one beside it.

    If ``WORKBENCH_SIGNING_PASSPHRASE`` is set, the private key is encrypted with it.

    Returns
    -------
    public : Path
        File of the public key, to be given to whoever loads the bundles.
    fingerprint : str
        By which the two sides compare the key.

    Raises
    ------
    BadParameter
        If a file of either name is there: a key is never overwritten.

    Examples
    --------
    >>> import tempfile
    >>> public, fingerprint = new_key(Path(tempfile.mkdtemp()) / "release.pem")
    >>> public.name, len(fingerprint)
    ('release.pub.pem', 64)
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat

    place = Path(path)
    public = place.with_name(f"{place.stem}.pub.pem")
    for taken in (place, public):
        if taken.exists():
            raise BadParameter(f"{taken} is there already, and a key is never overwritten. Name another file.")
    key = Ed25519PrivateKey.generate()
    place.parent.mkdir(parents=True, exist_ok=True)
    _write_new(place, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, _encryption()), 0o600)
    _write_new(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)
    return public, fingerprint(key.public_key())


def sign(bundle: Bundle | str | Path, key: str | Path) -> Signature:
    """Sign a bundle's folder as it is now; every file is checked first.

    Parameters
    ----------
    bundle : Bundle, str or path
        The bundle, or its folder.
    key : path
        The private key, in PEM. Its passphrase, if it has one, is read from ``WORKBENCH_SIGNING_PASSPHRASE``.

    Returns
    -------
    Signature
        As it lies in the folder's file ``signature`` now.

    Raises
    ------
    Damaged, Untrusted
        If the folder is not what was packaged.
    BadParameter
        If the key can't be read.
    Refused
        If others than its owner may read the key.

    Examples
    --------
    >>> import tempfile
    >>> import workbench as wb
    >>> folder = Path(tempfile.mkdtemp())
    >>> public, fingerprint = new_key(folder / "release.pem")
    >>> sign(wb.bundle("churn"), folder / "release.pem").key == fingerprint
    True
    """
    folder = bundle.path if isinstance(bundle, Bundle) else Path(bundle)
    private = _private_key(Path(key))
    Bundle.load_folder(folder, ask_signature=False)
    made = Signature(
        fingerprint(private.public_key()),
        private.sign(read_manifest(folder)),
        datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_json(folder / SIGNATURE, made.to_dict())
    return made


def _private_key(path: Path) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not path.is_file():
        command = shlex.join(["workbench", "sign", "--new-key", path.name])
        raise BadParameter(f"There is no key {path}. Make one with: {command}")
    if os.name == "posix" and path.stat().st_mode & OPEN_TO_OTHERS:
        raise Refused(
            f"Others may read the private key {path.name}. Close it first: chmod 600 {shlex.quote(str(path))}"
        )
    try:
        found = load_pem_private_key(path.read_bytes(), _passphrase())
    except TypeError as error:
        wrong = "has a passphrase" if _passphrase() is None else "has no passphrase, and one was given"
        raise BadParameter(f"The key {path.name} {wrong}. Set {PASSPHRASE}, or unset it.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadParameter(
            f"{path.name} is no private key in PEM, or {PASSPHRASE} is not its passphrase. Give another."
        ) from error
    if not isinstance(found, Ed25519PrivateKey):
        raise BadParameter(f"{path.name} is no Ed25519 key. Make one with: workbench sign --new-key private.pem")
    return found


def _passphrase() -> bytes | None:
    """From the environment, never from a command line: those are seen by every user of the machine."""
    return (os.environ.get(PASSPHRASE) or "").encode() or None


def _encryption() -> KeySerializationEncryption:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption

    word = _passphrase()
    return NoEncryption() if word is None else BestAvailableEncryption(word)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """The file has its mode from its first moment on."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
