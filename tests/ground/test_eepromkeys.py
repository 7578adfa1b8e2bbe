"""The customer's key file: what is wrong is told by its place, never by its value."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.eepromkeys import EepromEntry, EepromKeys, load_keys
from rig.errors import FileError, UsageError

MARK = "5ec4e75ec4e75ec4e75ec4e75ec4e700"
FIRST = "schema_version: 1\n"
WHOLE = f'''{FIRST}xxtea: {{1: "{MARK}", 12: "{"ab" * 16}"}}
aes: {{key: "{MARK * 2}", iv: "{MARK}"}}
'''


def read(folder: Path, text: str, mode: int = 0o600) -> EepromKeys:
    file = folder / "keys.yaml"
    file.write_text(text)
    file.chmod(mode)
    return load_keys(file)


def test_keys_are_read_and_not_shown(tmp_path: Path) -> None:
    keys = read(tmp_path, WHOLE)
    assert keys.xxtea == {1: bytes.fromhex(MARK), 12: bytes([0xAB]) * 16}
    assert keys.aes == (bytes.fromhex(MARK * 2), bytes.fromhex(MARK))
    assert repr(keys) == "EepromKeys()"
    assert read(tmp_path, "schema_version: 1\n") == EepromKeys()


@pytest.mark.parametrize(
    "text",
    [
        MARK, f"- {MARK}", f"{FIRST}{MARK}: 1", f"schema_version: {MARK}", f"{FIRST}xxtea: {MARK}",
        f'{FIRST}xxtea: {{16: "{MARK}"}}', f'{FIRST}xxtea: {{1: "{MARK}00"}}',
        f'{FIRST}xxtea: {{1: "x{MARK[1:]}"}}', f"{FIRST}xxtea: {{1: 1234}}",
        f'{FIRST}aes: {{key: "{MARK}", iv: "{MARK}"}}', f'{FIRST}aes: {{key: "{MARK}"}}',
        f'{FIRST}xxtea: {{1: "{MARK}", 1: "{MARK}"}}', f"{FIRST}xxtea: {{{MARK}: {MARK}}}",
        f"xxtea: {{1: !!int {MARK}}}", f"%{MARK}",
    ],
)
def test_a_wrong_file_is_refused_without_a_word_of_it(text: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"keys\.yaml") as refused:
        read(tmp_path, text)
    told = [refused.value, refused.value.__cause__]
    assert not [one for one in told if MARK[:12] in str(one)]


@pytest.mark.parametrize("mode", [0o640, 0o644, 0o606])
def test_a_file_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=f"found mode {mode:04o}, expected a secret that its owner"):
        read(tmp_path, WHOLE, mode)


def test_a_bench_file_names_them(tmp_path: Path) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text(WHOLE)
    file.chmod(0o600)
    one_line = f'{{schema_version: 1, xxtea: {{1: "{MARK}"}}}}'

    by_file = EepromEntry(secret_file=file).keys()
    by_name = EepromEntry(secret_env="BOARD_KEYS").keys({"BOARD_KEYS": one_line})

    assert by_file.says() == "XXTEA key 1, 12, AES"
    assert by_name == EepromKeys({1: bytes.fromhex(MARK)})
    assert EepromKeys().says() == "no key"


@pytest.mark.parametrize("held", [{}, {"BOARD_KEYS": ""}, {"BOARD_KEYS": f"{{{MARK}"}, {"BOARD_KEYS": MARK}])
def test_a_variable_that_holds_no_keys_is_told_by_its_name(held: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="variable BOARD_KEYS") as refused:
        EepromEntry(secret_env="BOARD_KEYS").keys(held)
    assert MARK[:12] not in str(refused.value)


def test_a_section_names_one_place() -> None:
    for places in ({}, {"secret_env": "A", "secret_file": Path("a")}):
        with pytest.raises(ValueError, match="secret_file"):
            EepromEntry.model_validate(places)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        load_keys(tmp_path / "absent.yaml")
