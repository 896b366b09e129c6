"""Signatures of bundles: who packaged a folder, and that not one byte of it has changed since.

``signature`` lies beside ``bundle.json`` and signs its bytes with Ed25519. ``bundle.json`` holds the SHA-256 of every
other file, so one signature covers the folder. The public keys that are trusted come from whoever loads a bundle
(``WORKBENCH_TRUSTED_KEYS``), never from the bundle. Where none are set, a signature is not asked for.

A runtime can't vouch for itself: who changes a bundle can change the code in its ``scoring/`` too. So the signature is
checked by an installed Workbench (``workbench verify``, ``workbench serve``, ``wb.bundle``) before that code runs.

The format's change procedure: a reader reads every older ``format_version``; whatever changes what is signed, or how,
raises ``FORMAT``, and a file of the old format is kept in the tests.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import Damaged, MissingExtra, Refused, Unsigned
from workbench.storage.files import read

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNATURE = "signature"
ALGORITHM = "Ed25519"
FORMAT = 1
MOST_BYTES = 10_000  # of a key or a signature; real ones have some hundred
_FINGERPRINT = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class Signature:
    """What lies in the file ``signature``.

    Parameters
    ----------
    key : str
        Fingerprint of the signing key: SHA-256 of its public half in DER, 64 hexadecimal digits.
    signature : bytes
        Ed25519, over the bytes of ``bundle.json``.
    signed : str
        When, ISO 8601 with zone. Told, not proven: it is not part of what is signed.
    """

    key: str
    signature: bytes
    signed: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        text = base64.b64encode(self.signature).decode()
        return {
            "format_version": FORMAT,
            "algorithm": ALGORITHM,
            "file": "bundle.json",
            "key": self.key,
            "signature": text,
            "signed": self.signed,
        }

    @classmethod
    def from_dict(cls, content: Any) -> Signature:
        """Read what :meth:`to_dict` wrote.

        Raises
        ------
        Damaged
            If it is not a signature.
        """
        try:
            found = cls(content["key"], base64.b64decode(content["signature"], validate=True), content["signed"])
            sound = content["algorithm"] == ALGORITHM and content["file"] == "bundle.json"
            sound = sound and bool(_FINGERPRINT.match(found.key)) and len(found.signature) == 64
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise _no_signature(str(error)) from error
        if not sound:
            raise _no_signature("a wrong algorithm, key or length")
        return found


def check_signature(folder: Path, manifest: bytes, trusted: Path) -> Signature:
    """Refuse a bundle that no trusted key has signed.

    Parameters
    ----------
    folder : Path
        Of the bundle.
    manifest : bytes
        Its ``bundle.json``, as it was read.
    trusted : Path
        A public key in PEM, or a folder of such files (``*.pem``).

    Returns
    -------
    Signature
        Sound, and by a trusted key.

    Raises
    ------
    Unsigned
        If there is no signature, its key is not trusted, or ``bundle.json`` is not what was signed.
    Damaged
        If the signature's file is none.
    Refused
        If ``trusted`` holds no key.
    """
    keys = trusted_keys(trusted)
    found = read_signature(folder)
    if found is None:
        raise Unsigned(
            f"The bundle {folder.parent.name}/{folder.name} is not signed, and only signed ones are trusted here. "
            "Sign it with `workbench sign BUNDLE --key private.pem`, or take it from its maker again."
        )
    if found.key not in keys:
        raise Unsigned(
            f"The bundle is signed by the key {found.key[:16]}…, which is not among the {len(keys)} trusted here. "
            f"If you trust its maker, put the public key into {trusted.name}."
        )
    if not _is_by(keys[found.key], found.signature, manifest):
        raise Unsigned("bundle.json is not what was signed. Take the bundle from its maker again.")
    return found


def read_signature(folder: Path) -> Signature | None:
    """The signature of a bundle's folder, None where there is none; nothing is checked against a key.

    Raises
    ------
    Damaged
        If the file is no signature.
    """
    path = folder / SIGNATURE
    if not path.is_file():
        return None
    if path.stat().st_size > MOST_BYTES:
        raise _no_signature("it is too long")
    return read(path, Signature.from_dict, FORMAT)


def trusted_keys(place: Path) -> dict[str, Ed25519PublicKey]:
    """Public keys by their fingerprints.

    Parameters
    ----------
    place : Path
        A public key in PEM, or a folder of such files (``*.pem``).

    Raises
    ------
    Refused
        If there is none, or one that is no Ed25519 key: to trust nobody by mistake is better than everybody.
    """
    files = sorted(place.glob("*.pem")) if place.is_dir() else [place]
    keys = [_public_key(path) for path in files if path.is_file()]
    if not keys:
        raise Refused(
            f"WORKBENCH_TRUSTED_KEYS is set, and there is no public key (*.pem) in {place}. Put one there, or unset it."
        )
    return {fingerprint(key): key for key in keys}


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of a public key in DER, as ``openssl pkey -pubin -outform DER | sha256sum`` tells it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _public_key(path: Path) -> Ed25519PublicKey:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError as error:
        raise MissingExtra(
            "To check a bundle's signature the package 'cryptography' is needed. Install it with: "
            "pip install cryptography"
        ) from error
    try:
        key = load_pem_public_key(path.read_bytes()[:MOST_BYTES])
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refused(f"{path.name} is no public key in PEM. Take it out of the trusted keys.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise Refused(f"{path.name} is no {ALGORITHM} key. Make a pair with `workbench sign --new-key private.pem`.")
    return key


def _is_by(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _no_signature(why: str) -> Damaged:
    return Damaged(f"The bundle's file 'signature' is no signature ({why}). Take the bundle from its maker again.")
