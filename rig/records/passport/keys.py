"""Ed25519 keys of a station: PEM files as openssl writes them, read by their owner alone.

Nothing here prints or quotes what a private key file holds, not even a broken one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from rig.datafile import demand_private
from rig.errors import UsageError
from rig.records.files import keeping

DEVELOPMENT_FILE = "passport-development-key.pem"       # in the results folder
ID_DIGITS = 16
MOST_BYTES = 10_000                                     # of a key file; one is 119 bytes


@dataclass(frozen=True)
class SigningKey:
    """A private key, and whether it is only the development key of a results folder."""

    _private: Ed25519PrivateKey = field(repr=False)
    development: bool

    @property
    def public_hex(self) -> str:
        """The public key's 32 bytes in hex."""
        return self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def sign(self, text: bytes) -> str:
        """The 64 bytes of the signature in hex."""
        return self._private.sign(text).hex()


def signed(public_hex: str, text: bytes, signature_hex: str) -> bool:
    """Whether ``signature_hex`` was made over ``text`` by the key of ``public_hex``."""
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_hex))
        public.verify(bytes.fromhex(signature_hex), text)
    except (ValueError, InvalidSignature):
        return False
    return True


def key_id(public_hex: str) -> str:
    """What people tell a key by: the first 16 hex digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(bytes.fromhex(public_hex)).hexdigest()[:ID_DIGITS]


def public_pem(public_hex: str) -> str:
    """The public key as openssl reads it."""
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_hex))
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def make_key(path: Path) -> SigningKey:
    """A new private key in a file of mode 0600. Raises UsageError when the file is there already."""
    if not path.parent.is_dir():
        raise UsageError(f"{path}: found no folder {path.parent}, expected one to put the key in")
    private = Ed25519PrivateKey.generate()
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with keeping(path):
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, path)            # never over a key that is there
        except FileExistsError:
            raise UsageError(
                f"{path}: found a file, expected none: a key is never overwritten; name another file"
            ) from None
        finally:
            temporary.unlink(missing_ok=True)
    return SigningKey(private, development=False)


def load_key(path: Path, *, development: bool = False) -> SigningKey:
    """The private key in a PEM file that nobody else may read. Raises UsageError."""
    demand_private(path)
    text = _text_of(path, "an Ed25519 private key in PEM")
    try:
        private = load_pem_private_key(text, password=None)
    except TypeError:
        raise UsageError(
            f"{path}: found a key under a password, expected one without: the station signs unattended"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{path}: found no private key, expected Ed25519 in PEM") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise UsageError(f"{path}: found a private key of another kind, expected Ed25519")
    return SigningKey(private, development)


def load_public_key(path: Path) -> str:
    """The 32 bytes in hex of the public key in a PEM file. Raises UsageError."""
    text = _text_of(path, "an Ed25519 public key in PEM")
    if b"PRIVATE KEY" in text:
        raise UsageError(
            f"{path}: found a private key, expected the public one (rig passport key show): who only "
            "verifies should not have the private one"
        )
    try:
        public = load_pem_public_key(text)
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{path}: found no public key, expected Ed25519 in PEM") from None
    if not isinstance(public, Ed25519PublicKey):
        raise UsageError(f"{path}: found a public key of another kind, expected Ed25519")
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def chosen_key(results: Path, configured: Path | None) -> SigningKey:
    """The configured key, else the development key of ``results``, made when it is not there.

    Raises UsageError, StationFault.
    """
    own = results / DEVELOPMENT_FILE
    if configured is not None:
        return load_key(configured, development=own.exists() and configured.resolve() == own.resolve())
    if not own.exists():
        with contextlib.suppress(UsageError):       # another process was quicker; its key is the one
            make_key(own)
    return load_key(own, development=True)


def _text_of(path: Path, expected: str) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: found {error.strerror or error}, expected {expected}") from error
    if len(text) > MOST_BYTES:
        raise UsageError(f"{path}: found more than {MOST_BYTES} bytes, expected {expected}")
    return text
