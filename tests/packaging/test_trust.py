"""Where keys are trusted, only what one of them signed is loaded, served, promoted or verified."""

import json
import os
import stat
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import workbench as wb
from workbench.cli import app
from workbench.core.bundle import Bundle
from workbench.errors import BadParameter, Damaged, MissingExtra, Refused, Unsigned, WorkbenchError
from workbench.packaging.signing import PASSPHRASE, new_key, sign
from workbench.packaging.verify import verify
from workbench.scoring.runtime import Scorer
from workbench.settings import settings
from workbench.storage.signature import Signature, check_signature, read_signature, trusted_keys


@pytest.fixture
def key(tmp_path):
    """Private key of a maker; nobody trusts it yet."""
    new_key(tmp_path / "maker.pem")
    return tmp_path / "maker.pem"


@pytest.fixture
def trusted(tmp_path, monkeypatch, key):
    """Folder of trusted keys, with the maker's."""
    folder = tmp_path / "trusted"
    folder.mkdir()
    (folder / "maker.pem").write_bytes((tmp_path / "maker.pub.pem").read_bytes())
    monkeypatch.setenv("WORKBENCH_TRUSTED_KEYS", str(folder))
    return folder


@pytest.fixture
def signed(bundle, key, trusted):
    sign(bundle, key)
    return bundle


@pytest.mark.slow
def test_without_trusted_keys_no_signature_is_asked_for(bundle):
    assert read_signature(bundle.path) is None
    assert wb.bundle("shop") == bundle


@pytest.mark.slow
def test_a_signed_bundle_is_loaded_served_and_promoted(signed):
    assert wb.bundle("shop") == signed
    assert Scorer(signed.path).bundle == signed
    assert wb.promote("shop", 1) == 1


@pytest.mark.slow
@pytest.mark.parametrize("act", [lambda b: wb.bundle("shop"), lambda b: Scorer(b.path), lambda b: wb.promote("shop", 1),
                                 lambda b: verify("shop"), lambda b: verify(b)])  # fmt: skip
def test_an_unsigned_bundle_is_refused_by_all_that_load_it(bundle, trusted, act):
    with pytest.raises(Unsigned, match="is not signed"):
        act(bundle)


@pytest.mark.slow
def test_a_key_that_nobody_trusts_is_named(signed, tmp_path):
    _, fingerprint = new_key(tmp_path / "stranger.pem")
    sign(signed, tmp_path / "stranger.pem")

    with pytest.raises(Unsigned, match=f"signed by the key {fingerprint[:16]}"):
        wb.bundle("shop")


@pytest.mark.slow
def test_any_changed_byte_is_refused(signed):
    for path in sorted(p for p in signed.path.rglob("*") if p.is_file() and "deploy" not in p.parts):
        content = path.read_bytes()
        path.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:] if len(content) > 1 else b"!")
        with pytest.raises(WorkbenchError) as caught:
            wb.bundle("shop")
        assert isinstance(caught.value, (Damaged, Unsigned)), path
        path.write_bytes(content)
    assert wb.bundle("shop")


@pytest.mark.slow
def test_a_file_whose_hash_was_changed_with_it_is_refused(signed):
    """What an unsigned bundle can't notice."""
    from workbench.core.bundle import file_hash

    card = signed.path / "card.md"
    card.write_text("# perfect")
    manifest = json.loads((signed.path / "bundle.json").read_text())
    manifest["files"]["card.md"] = file_hash(card)
    (signed.path / "bundle.json").write_text(json.dumps(manifest))

    assert Bundle.load_folder(signed.path, ask_signature=False)
    with pytest.raises(Unsigned, match=r"bundle\.json is not what was signed"):
        wb.bundle("shop")


@pytest.mark.slow
def test_compiled_code_beside_the_runtime_is_refused_where_signatures_are_asked_for(signed, monkeypatch):
    """Python would run it in place of the source."""
    cache = signed.path / "scoring" / "workbench" / "__pycache__"
    cache.mkdir()
    (cache / "errors.cpython-311.pyc").write_bytes(b"code")

    with pytest.raises(Damaged, match=r"__pycache__/errors.*is compiled code that nobody signed"):
        wb.bundle("shop")
    monkeypatch.delenv("WORKBENCH_TRUSTED_KEYS")
    assert wb.bundle("shop")


@pytest.mark.slow
def test_the_runtime_leaves_no_compiled_code_beside_itself_where_signatures_are_asked_for(signed, monkeypatch):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # it would hide what is left
    command = [sys.executable, "-m", "scoring", "--help"]
    subprocess.run(command, cwd=signed.path, check=True, capture_output=True)

    assert not list(signed.path.rglob("__pycache__"))
    assert Bundle.load_folder(signed.path)


@pytest.mark.slow
def test_a_signed_bundle_of_another_name_or_version_is_refused_in_its_place(signed, packaged_run, key):
    import shutil

    second = wb.package(packaged_run, name="shop")
    sign(second, key)
    shutil.rmtree(second.path)
    shutil.copytree(signed.path, second.path)

    with pytest.raises(Damaged, match="holds shop version 1"):
        wb.bundle("shop/2")
    with pytest.raises(Damaged, match="holds shop version 1"):
        wb.promote("shop", 2)


SPOILT = {
    "algorithm": {"algorithm": "none"},
    "key": {"key": "short"},
    "length": {"signature": "AAAA"},
    "no base64": {"signature": "§§§"},
    "type": {"signature": 3},
    "file": {"file": "card.md"},
}


@pytest.mark.slow
@pytest.mark.parametrize("change", SPOILT.values(), ids=SPOILT)
def test_a_signature_file_that_is_none_is_refused(signed, change):
    path = signed.path / "signature"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))

    with pytest.raises(Damaged, match="is no signature"):
        wb.bundle("shop")


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b" " * 20_000, b"[" * 9_000])
def test_a_signature_file_of_any_bytes_is_refused(signed, content):
    (signed.path / "signature").write_bytes(content)

    with pytest.raises(Damaged):
        wb.bundle("shop")


def test_openssl_agrees(signed, key, tmp_path):
    """No format of our own: the signature is plain Ed25519 over the bytes of bundle.json."""
    made = read_signature(signed.path)
    (tmp_path / "raw").write_bytes(made.signature)
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(tmp_path / "maker.pub.pem")]
    files = ["-in", str(signed.path / "bundle.json"), "-sigfile", str(tmp_path / "raw")]
    try:
        done = subprocess.run([*command, *files], capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("no openssl here")
    assert "Verified Successfully" in done.stdout


def test_the_private_key_is_its_owners_alone(key):
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no such modes there")
def test_a_private_key_that_others_may_read_is_refused(bundle, key):
    key.chmod(0o644)

    with pytest.raises(Refused, match="chmod 600"):
        sign(bundle, key)


def test_a_key_is_never_overwritten(key):
    with pytest.raises(BadParameter, match="never overwritten"):
        new_key(key)


@pytest.mark.slow
def test_a_passphrase_comes_from_the_environment(bundle, tmp_path, monkeypatch):
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    new_key(tmp_path / "locked.pem")

    assert b"ENCRYPTED" in (tmp_path / "locked.pem").read_bytes()
    sign(bundle, tmp_path / "locked.pem")
    monkeypatch.setenv(PASSPHRASE, "wrong")
    with pytest.raises(BadParameter, match="not its passphrase"):
        sign(bundle, tmp_path / "locked.pem")
    monkeypatch.delenv(PASSPHRASE)
    with pytest.raises(BadParameter, match="has a passphrase"):
        sign(bundle, tmp_path / "locked.pem")


@pytest.mark.slow
def test_what_is_damaged_is_not_signed(bundle, key):
    (bundle.path / "card.md").write_text("# perfect")

    with pytest.raises(Damaged, match=r"card\.md"):
        sign(bundle, key)


@pytest.mark.slow
def test_trusted_keys_without_a_key_trust_nobody(bundle, tmp_path, monkeypatch):
    for place in (tmp_path / "nowhere", tmp_path):
        monkeypatch.setenv("WORKBENCH_TRUSTED_KEYS", str(place))
        with pytest.raises(Refused, match="no public key"):
            wb.bundle("shop")


@pytest.mark.parametrize("content", [b"hello", b""])
def test_a_trusted_key_that_is_none_is_refused(trusted, content):
    (trusted / "other.pem").write_bytes(content)

    with pytest.raises(Refused, match=r"other\.pem is no public key"):
        trusted_keys(trusted)


def test_a_key_of_another_kind_is_refused(trusted):
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = generate_private_key(SECP256R1()).public_key()
    (trusted / "ec.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    with pytest.raises(Refused, match="no Ed25519 key"):
        trusted_keys(trusted)


@pytest.mark.slow
def test_one_file_may_be_the_trusted_key(signed, trusted):
    manifest = (signed.path / "bundle.json").read_bytes()

    assert isinstance(check_signature(signed.path, manifest, trusted / "maker.pem"), Signature)


@pytest.mark.slow
def test_without_cryptography_a_check_says_what_is_missing(signed, monkeypatch):
    """The runtime inside a bundle does not bring it."""
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)

    with pytest.raises(MissingExtra, match="pip install cryptography"):
        Scorer(signed.path)


@pytest.mark.slow
def test_packaging_signs_where_a_key_is_set(run, key, trusted, monkeypatch):
    monkeypatch.setenv("WORKBENCH_SIGNING_KEY", str(key))

    bundle = wb.package(run, name="shop")

    assert wb.bundle("shop@champion") == bundle
    assert "signature" not in bundle.files


@pytest.mark.slow
def test_an_unsigned_first_version_does_not_become_champion_where_keys_are_trusted(run, trusted):
    wb.package(run, name="shop")

    with pytest.raises(Unsigned):
        wb.bundle("shop@challenger")
    with pytest.raises(Unsigned):
        wb.package(run, name="shop", promote=True)


@pytest.mark.slow
def test_the_command_makes_keys_and_signs(bundle, tmp_path, monkeypatch):
    made = CliRunner().invoke(app, ["sign", "shop", "--new-key", str(tmp_path / "release.pem")])

    assert made.exit_code == 0, made.output
    assert read_signature(bundle.path).key in made.output
    assert "PRIVATE" not in made.output
    monkeypatch.setenv("WORKBENCH_TRUSTED_KEYS", str(tmp_path / "release.pub.pem"))
    assert wb.bundle("shop") == bundle


@pytest.mark.slow
def test_mlflows_copy_is_signed_too(bundle, key, trusted, monkeypatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", settings().tracking_uri)
    with pytest.raises(Unsigned, match="is not signed"):
        mlflow.pyfunc.load_model("models:/shop@champion")

    CliRunner().invoke(app, ["sign", "shop", "--key", str(key)], catch_exceptions=False)

    assert mlflow.pyfunc.load_model("models:/shop@champion")


@pytest.mark.slow
def test_the_folders_own_runtime_asks_for_the_signature_too(signed, key, monkeypatch):
    """And starts again: Python has left no compiled code behind at the first start."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    for _ in range(2):
        assert "loaded shop" in started(signed).stdout
    (signed.path / "signature").unlink()

    assert "is not signed" in started(signed).stderr


def started(bundle: Bundle) -> subprocess.CompletedProcess:
    """The folder's own entry point, up to the moment at which it would listen."""
    code = """
import runpy, sys
sys.argv, sys.path[0] = ["scoring"], "scoring"
import workbench.scoring.__main__ as entry
entry.run = lambda service, listen: print("loaded", service.scorer.bundle.name)
sys.path[0] = ""
runpy.run_module("scoring", run_name="__main__")
"""
    command = [sys.executable, "-c", code]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(command, cwd=bundle.path, capture_output=True, text=True, timeout=120, env=clean)


@pytest.mark.slow
def test_the_command_without_a_key_says_how_to_make_one(bundle):
    with pytest.raises(BadParameter, match="--new-key"):
        CliRunner().invoke(app, ["sign", "shop"], catch_exceptions=False)
