"""The two ciphers of the layouts: XXTEA over little-endian words, AES-256-CBC without padding.

XXTEA is the published algorithm (Wheeler and Needham, 1998); cryptography has no XXTEA.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

DELTA = 0x9E3779B9
WORD = 0xFFFFFFFF


def xxtea_encipher(plain: bytes, key: bytes) -> bytes:
    """``plain``: whole words, two at least; ``key``: 16 bytes."""
    v, k = _words(plain), _words(key)
    n, total, z = len(v), 0, v[-1]
    for _ in range(6 + 52 // n):
        total = (total + DELTA) & WORD
        for p in range(n):
            v[p] = z = (v[p] + _mix(v[(p + 1) % n], z, total, p, k)) & WORD
    return _bytes(v)


def xxtea_decipher(secret: bytes, key: bytes) -> bytes:
    """What ``xxtea_encipher`` made it from."""
    v, k = _words(secret), _words(key)
    n, y = len(v), v[0]
    total = ((6 + 52 // n) * DELTA) & WORD
    while total:
        for p in reversed(range(n)):
            v[p] = y = (v[p] - _mix(y, v[p - 1], total, p, k)) & WORD
        total = (total - DELTA) & WORD
    return _bytes(v)


def aes_encipher(plain: bytes, key: bytes, iv: bytes) -> bytes:
    """``plain``: whole blocks of 16; ``key``: 32 bytes, ``iv``: 16."""
    cipher = _aes(key, iv).encryptor()
    return cipher.update(plain) + cipher.finalize()


def aes_decipher(secret: bytes, key: bytes, iv: bytes) -> bytes:
    """What ``aes_encipher`` made it from."""
    cipher = _aes(key, iv).decryptor()
    return cipher.update(secret) + cipher.finalize()


def load_aes() -> None:
    """Load the library now: for a process that must not stand still later."""
    _aes(bytes(32), bytes(16))


def _aes(key: bytes, iv: bytes) -> Cipher[modes.CBC]:
    """Loaded when it is wanted: runs on boards in clear do without."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher(algorithms.AES(key), modes.CBC(iv))


def _mix(y: int, z: int, total: int, place: int, key: list[int]) -> int:
    shifted = ((z >> 5) ^ (y << 2)) + ((y >> 3) ^ (z << 4))
    return shifted ^ ((total ^ y) + (key[(place & 3) ^ ((total >> 2) & 3)] ^ z))


def _words(data: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(data) // 4}I", data))


def _bytes(words: list[int]) -> bytes:
    return struct.pack(f"<{len(words)}I", *words)
