"""Keys: kept to their owner, never overwritten, never quoted."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from rig.errors import UsageError
from rig.records.passport.keys import (
    DEVELOPMENT_FILE,
    chosen_key,
    key_id,
    load_key,
    load_public_key,
    make_key,
    public_pem,
    signed,
)


def test_a_new_key_is_its_owners_alone(tmp_path: Path) -> None:
    made = make_key(tmp_path / "key.pem")
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    assert load_key(tmp_path / "key.pem").public_hex == made.public_hex
    assert [path.name for path in tmp_path.iterdir()] == ["key.pem"]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    made = make_key(tmp_path / "key.pem")
    with pytest.raises(UsageError, match="a key is never overwritten"):
        make_key(tmp_path / "key.pem")
    assert load_key(tmp_path / "key.pem").public_hex == made.public_hex


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_key_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    make_key(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(mode)
    with pytest.raises(UsageError, match=f"found mode {mode:04o}"):
        load_key(tmp_path / "key.pem")


def pem(private: Ed25519PrivateKey, password: bytes | None = None) -> bytes:
    how = NoEncryption() if password is None else BestAvailableEncryption(password)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)


MARK = "SECRETMARK"
OTHER_KIND = generate_private_key(SECP256R1()).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "found no private key"),
        (MARK.encode() * 20, "found no private key"),
        (f"-----BEGIN PRIVATE KEY-----\n{MARK}\n-----END PRIVATE KEY-----\n".encode(), "no private key"),
        (pem(Ed25519PrivateKey.generate(), b"word"), "under a password"),
        (OTHER_KIND, "of another kind"),
        (bytes(20_000), "more than 10000 bytes"),
    ],
)
def test_what_is_no_key_is_refused_and_not_quoted(text: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(text)
    (tmp_path / "key.pem").chmod(0o600)
    with pytest.raises(UsageError, match=says) as refused:
        load_key(tmp_path / "key.pem")
    assert MARK not in str(refused.value)


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load_key(tmp_path / "key.pem")
    with pytest.raises(UsageError, match="found no folder"):
        make_key(tmp_path / "absent" / "key.pem")


def test_the_public_key_is_read_back(tmp_path: Path) -> None:
    made = make_key(tmp_path / "key.pem")
    (tmp_path / "pub.pem").write_text(public_pem(made.public_hex))
    assert load_public_key(tmp_path / "pub.pem") == made.public_hex
    with pytest.raises(UsageError, match="found a private key, expected the public one"):
        load_public_key(tmp_path / "key.pem")
    (tmp_path / "pub.pem").write_text("nothing")
    with pytest.raises(UsageError, match="found no public key"):
        load_public_key(tmp_path / "pub.pem")


def test_openssl_takes_keys_and_signatures(tmp_path: Path) -> None:
    made = make_key(tmp_path / "key.pem")
    (tmp_path / "pub.pem").write_text(public_pem(made.public_hex))
    (tmp_path / "text").write_bytes(b"a statement")
    (tmp_path / "signature").write_bytes(bytes.fromhex(made.sign(b"a statement")))
    checked = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "pub.pem", "-rawin", "-in", "text",
         "-sigfile", "signature"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.strip() == "Signature Verified Successfully"


def test_without_a_key_the_results_get_one_of_their_own(tmp_path: Path) -> None:
    first, second = chosen_key(tmp_path, None), chosen_key(tmp_path, None)
    assert first.development
    assert first.public_hex == second.public_hex
    assert chosen_key(tmp_path, tmp_path / DEVELOPMENT_FILE).development, "named by hand it stays what it is"
    make_key(tmp_path / "real.pem")
    assert not chosen_key(tmp_path, tmp_path / "real.pem").development


def test_a_signature_is_of_one_key_over_one_text(tmp_path: Path) -> None:
    ours, other = make_key(tmp_path / "a.pem"), make_key(tmp_path / "b.pem")
    signature = ours.sign(b"text")
    assert signed(ours.public_hex, b"text", signature)
    assert not signed(ours.public_hex, b"Text", signature)
    assert not signed(other.public_hex, b"text", signature)
    assert not signed("00" * 31, b"text", signature)
    assert key_id(ours.public_hex) != key_id(other.public_hex)
    assert os.fspath(tmp_path) not in repr(ours)
