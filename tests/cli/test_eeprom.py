"""``rig eeprom decode`` as people call it."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rig.cli import main
from rig.eepromkeys import EepromKeys
from rig.recipe.eeprom import decode, encode
from rig.recipe.eeprom.layouts import S21_V5, Cipher

KEY = "00112233445566778899aabbccddeeff"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    file = tmp_path / "keys.yaml"
    file.write_text(f'schema_version: 1\nxxtea: {{1: "{KEY}"}}\n')
    file.chmod(0o600)
    return file


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A v5 image under the key, made from one in clear."""
    clear = bytearray([5, 0x00, *b"SMTTYABCDE1234567"]).ljust(256, b"\0")
    for spec in S21_V5.regions:
        region = clear[spec.start : spec.start + spec.size]
        clear[spec.start + spec.size - 1] = spec.checked(bytes(clear), bytes(region))
    found = decode(bytes(clear))
    assert found.problems == ()
    secret = encode(replace(found, cipher=Cipher.XXTEA, keyed=0x11), EepromKeys({1: bytes.fromhex(KEY)}))
    file = tmp_path / "board.hex"
    file.write_text(secret.hex(" ", 16))
    return file


def eeprom(*words: str | Path) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["rig", "eeprom", "decode", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0)


def test_without_a_key_the_structure_is_told(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert eeprom(image) == 0
    told = capsys.readouterr().out
    assert "S21, version 5; cipher XXTEA, key 1" in told
    assert "region work, 0x62 to 0x71: enciphered, no key configured (XXTEA, key 1)" in told
    assert told.endswith("nothing found wrong; 3 of 3 regions could not be checked\n")


def test_with_the_key_everything_is(image: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert eeprom(image, "--key-file", keys) == 0
    told = capsys.readouterr().out
    assert "serial                 SMTTYABCDE1234567" in told
    assert told.endswith("nothing found wrong\n")
    assert KEY not in told
    assert eeprom(image, "--key-file", keys, "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert [one["state"] for one in data["regions"]] == ["sound"] * 3
    assert data["regions"][0]["values"]["serial"] == "SMTTYABCDE1234567"
    assert data["problems"] == []


def test_a_damaged_region_is_exit_1(image: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = bytearray(bytes.fromhex(image.read_text()))
    data[0x70] ^= 1
    image.write_text(data.hex())
    assert eeprom(image, "--key-file", keys) == 1
    assert "WRONG  region work at 0x62: found checksum" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "no hex", "00" * 255, "00" * 256, "ff" * 256, "é", "0" * 20_000])
def test_what_is_no_image_is_one_sentence(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "odd.hex").write_text(text)
    assert eeprom(tmp_path / "odd.hex") == 2
    told = capsys.readouterr().err
    assert told.startswith("rig: ")
    assert "found" in told
    assert told.count("\n") == 1


def test_files_that_are_not_there(image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert eeprom(tmp_path / "absent.hex") == 2
    assert eeprom(image, "--key-file", tmp_path / "absent.yaml") == 2
    assert capsys.readouterr().err.count("\n") == 2
