from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig.datafile import load
from rig.errors import FileError
from rig.recipe import Product
from rig.work import packformat
from rig.work.pack import Pack, check_pack, load_pack, save_pack
from rig.work.packformat import Columns, PackHeader, decode, encode

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ("templates", "job", "chip_index", "word", "version_bits", "zero_bits")


@pytest.fixture
def file(small_pack: Pack, tmp_path: Path) -> Path:
    path = tmp_path / "small.kap"
    save_pack(small_pack, path)
    return path


@pytest.fixture
def parts(file: Path) -> tuple[PackHeader, np.ndarray, Columns]:
    """A sound file taken apart, to be put together unsoundly."""
    header, templates, columns = decode(file.read_bytes(), file)
    fields = {field.name: getattr(columns, field.name).copy() for field in dataclasses.fields(columns)}
    return header, templates.copy(), Columns(**fields)


def refusal(file: Path, header: PackHeader, templates: np.ndarray, columns: Columns) -> str:
    file.write_bytes(encode(header, templates, columns))
    with pytest.raises(FileError) as refused:
        load_pack(file)
    assert refused.value.file == file
    return str(refused.value)


def test_what_is_saved_is_loaded(small_pack: Pack, file: Path) -> None:
    loaded = load_pack(file)
    for field in dataclasses.fields(Pack):
        if field.name in COLUMNS:
            np.testing.assert_array_equal(getattr(loaded, field.name), getattr(small_pack, field.name))
            assert getattr(loaded, field.name).dtype == getattr(small_pack, field.name).dtype
            assert not getattr(loaded, field.name).flags.writeable
        else:
            assert getattr(loaded, field.name) == getattr(small_pack, field.name)
    assert list(file.parent.iterdir()) == [file]


def test_answers_of_a_job(small_pack: Pack) -> None:
    assert [small_pack.answers_of(job) for job in range(3)] == [
        slice(0, 1200), slice(1200, 2400), slice(2400, 3600)
    ]
    assert set(small_pack.job[small_pack.answers_of(1)]) == {1}
    assert np.all(np.diff(small_pack.batch[small_pack.answers_of(2)]) >= 0)


def test_the_clock_that_reaches_the_whole_window(small_pack: Pack) -> None:
    # 360,000 counts / (2 x (7861 + 134) / 25 MHz)
    assert small_pack.full_window_mhz == pytest.approx(562.85, abs=0.01)


def test_absent_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="unreadable"):
        load_pack(tmp_path / "none.kap")
    (tmp_path / "text.kap").write_text("not a pack")
    with pytest.raises(FileError, match="no known-answer pack"):
        load_pack(tmp_path / "text.kap")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_truncated(file: Path, share: float) -> None:
    data = file.read_bytes()
    with pytest.raises(FileError):
        decode(data[: int(len(data) * share)], file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), turned=st.integers(1, 255))
def test_any_byte_tampered_with(file: Path, share: float, turned: int) -> None:
    data = bytearray(file.read_bytes())
    data[int(len(data) * share)] ^= turned
    with pytest.raises(FileError):
        decode(bytes(data), file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), turned=st.integers(1, 255))
def test_tampered_with_and_signed_again_still_only_file_errors(file: Path, share: float, turned: int) -> None:
    """Damage under a right checksum is found by the fields, or is another sound pack: never a crash."""
    data = bytearray(file.read_bytes()[:-32])
    data[int(len(data) * share)] ^= turned
    copy = file.with_suffix(".again")
    copy.write_bytes(bytes(data) + hashlib.sha256(data).digest())
    with contextlib.suppress(FileError):
        load_pack(copy)


def test_another_format_version(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[8] = 2
    file.write_bytes(data)
    with pytest.raises(FileError, match="format version: found 2, expected 1"):
        load_pack(file)


@pytest.mark.parametrize(("field", "value", "says"), [
    ("chip", "bm9999", "unknown chip"),
    ("chip", "bm1366", "4-bit sub-core"),
    ("address_interval", 200, "beyond 0xFF"),
    ("window_counts", 9_000_000, "the shortest slice"),
    ("chips", 3, "beyond the chain"),
    ("required_zero_bits", 9, "too weak"),
    ("window_counts", 100_000, "outside the window"),
])
def test_headers_that_contradict_the_answers(
    file: Path, parts: tuple[PackHeader, np.ndarray, Columns], field: str, value: Any, says: str
) -> None:
    header, templates, columns = parts
    assert says in refusal(file, header.model_copy(update={field: value}), templates, columns)


def test_an_answer_outside_the_window_is_named(
    file: Path, parts: tuple[PackHeader, np.ndarray, Columns]
) -> None:
    header, templates, columns = parts
    columns.position[77] = 360_000
    assert "answer 77: found an answer outside the window" in refusal(file, header, templates, columns)


def test_an_absent_sub_core(file: Path, parts: tuple[PackHeader, np.ndarray, Columns]) -> None:
    header, templates, columns = parts
    row = int(np.flatnonzero((columns.version_bits & 15) == 12)[0])
    columns.core[row] = 127
    assert f"answer {row}: found a sub-core that is not there" in refusal(file, header, templates, columns)


def test_an_answer_twice(file: Path, parts: tuple[PackHeader, np.ndarray, Columns]) -> None:
    header, templates, columns = parts
    for column in (columns.version_bits, columns.chip, columns.core, columns.position):
        column[11] = column[10]
    assert "answer 11: found an answer out of order or twice" in refusal(file, header, templates, columns)


def test_version_bits_in_a_template(file: Path, parts: tuple[PackHeader, np.ndarray, Columns]) -> None:
    header, templates, columns = parts
    templates[1, 3] |= 0x10                     # version bit 28
    assert "template 1: found version 0x30000000" in refusal(file, header, templates, columns)


def test_a_nonce_in_a_template(file: Path, parts: tuple[PackHeader, np.ndarray, Columns]) -> None:
    header, templates, columns = parts
    templates[2, 79] = 1
    assert "nonce bytes zero" in refusal(file, header, templates, columns)


def test_saving_refuses_what_loading_would(small_pack: Pack, tmp_path: Path) -> None:
    words = small_pack.word.copy()
    words[5] ^= 1 << 24                         # into another chip's slice
    with pytest.raises(FileError, match="another chip's slice"):
        save_pack(dataclasses.replace(small_pack, word=words), tmp_path / "bad.kap")
    templates = small_pack.templates.copy()
    templates[0, 2] |= 0x20
    with pytest.raises(FileError, match=re.escape("version bits 28..13 zero")):
        save_pack(dataclasses.replace(small_pack, templates=templates), tmp_path / "bad.kap")
    assert list(tmp_path.iterdir()) == []


def test_more_data_than_the_header_says_is_not_unpacked(
    file: Path, parts: tuple[PackHeader, np.ndarray, Columns]
) -> None:
    header, templates, columns = parts
    short = header.model_copy(update={"answers": (10, 10, 10)})
    data = encode(header, templates, columns)
    text = json.dumps(short.model_dump(), sort_keys=True).encode()
    old = json.dumps(header.model_dump(), sort_keys=True).encode()
    assert old in data
    body = data[:10] + len(text).to_bytes(4, "little") + text + data[14 + len(old):-32]
    with pytest.raises(FileError, match="241 bytes or more, expected 240"):
        decode(body + hashlib.sha256(body).digest(), file)
    assert packformat.PLANES == 8


@pytest.fixture
def product() -> Product:
    return load(ROOT / "testplans" / "s21pro" / "product.yaml", Product)


def test_a_pack_for_another_board(small_pack: Pack, product: Product) -> None:
    fitting = {
        "chip": "bm1370", "chips": 65, "address_interval": 2, "sweep_length": 7861, "required_zero_bits": 14
    }
    pack = dataclasses.replace(small_pack, **fitting)
    path = Path("s21pro-sim.kap")
    check_pack(pack, product, path)
    for field, other in (
        ("chip", "bm1368"), ("chips", 64), ("address_interval", 1), ("sweep_length", 7862),
        ("required_zero_bits", 15),
    ):
        with pytest.raises(FileError, match=f"{field}: found {other}, expected .*product s21pro"):
            check_pack(dataclasses.replace(pack, **{field: other}), product, path)
