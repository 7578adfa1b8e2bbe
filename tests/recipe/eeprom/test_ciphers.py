"""XXTEA against published vectors; both ciphers there and back."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.recipe.eeprom.ciphers import aes_decipher, aes_encipher, xxtea_decipher, xxtea_encipher


@pytest.mark.parametrize(
    ("key", "plain", "secret"),
    [   # little-endian words, as several public implementations' tests have them
        ("00" * 16, "00" * 8, "ab043705808c5d57"),
        ("0102040810204080fffefcf8f0e0c080", "00" * 8, "d1e78be2c746728a"),
        ("9e3779b99b9773e9b979379e6b695156", "ff" * 8, "67ed0ea8e8973fc5"),
    ],
)
def test_xxtea_is_the_published_one(key: str, plain: str, secret: str) -> None:
    assert xxtea_encipher(bytes.fromhex(plain), bytes.fromhex(key)).hex() == secret
    assert xxtea_decipher(bytes.fromhex(secret), bytes.fromhex(key)).hex() == plain


@given(st.sampled_from([16, 64, 72, 96, 136]).flatmap(lambda size: st.binary(min_size=size, max_size=size)),
       st.binary(min_size=16, max_size=16))
def test_xxtea_there_and_back(plain: bytes, key: bytes) -> None:
    assert xxtea_decipher(xxtea_encipher(plain, key), key) == plain


def test_aes_is_nists() -> None:
    """SP 800-38A, F.2.5, its first two blocks."""
    key = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
    iv = bytes(range(16))
    plain = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    secret = bytes.fromhex("f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d")
    assert aes_encipher(plain, key, iv) == secret
    assert aes_decipher(secret, key, iv) == plain


def test_the_library_is_loaded_when_it_is_wanted_and_not_before() -> None:
    said = subprocess.run(
        [sys.executable, "-c",
         "import sys\n"
         "from rig.recipe.eeprom.ciphers import load_aes, xxtea_encipher\n"
         "xxtea_encipher(bytes(8), bytes(16))\n"
         "before = 'cryptography.hazmat.primitives.ciphers' in sys.modules\n"
         "load_aes()\n"
         "print(before, 'cryptography.hazmat.primitives.ciphers' in sys.modules)"],
        capture_output=True, text=True, check=True,
    )
    assert said.stdout == "False True\n"
