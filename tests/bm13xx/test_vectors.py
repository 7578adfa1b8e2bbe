"""Every vector from real captures, each its own test, by kind."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rig.bm13xx import pll
from rig.bm13xx.capture import read_capture
from rig.bm13xx.commands import (
    ChainInactive,
    Command,
    CommandDecoder,
    ReadRegister,
    SendJob,
    SetAddress,
    WriteRegister,
    encode,
)
from rig.bm13xx.crc import crc5, crc16
from rig.bm13xx.decode import explain
from rig.bm13xx.jobs import Job, block_hash, difficulty, words_reversed, zero_bits
from rig.bm13xx.models import MODELS, chip_model
from rig.bm13xx.replies import ReplyDecoder, columns, encode_nonces, encode_register
from rig.bm13xx.sweep import window_counts

Vector = dict[str, Any]
_FILE = json.loads((Path(__file__).parents[1] / "data" / "bm13xx.json").read_text())
_VECTORS: list[Vector] = _FILE["vectors"]
BM1370 = chip_model("bm1370")


def test_all_are_there() -> None:
    assert len(_VECTORS) == sum(_FILE["counts"].values()) == 159


def of(*kinds: str) -> pytest.MarkDecorator:
    chosen = [vector for vector in _VECTORS if vector["kind"] in kinds]
    return pytest.mark.parametrize("vector", chosen, ids=[vector["id"] for vector in chosen])


def explained(line: str, model: str = "bm1370") -> list[dict[str, Any]]:
    return list(explain(read_capture([line]), chip_model(model)))


def model_of(vector: Vector) -> str:
    name = vector["model"].lower()
    return name if name in MODELS else "bm1370"


def command_of(vector: Vector) -> Command:
    address = None if vector["broadcast"] else vector.get("address")
    match vector["op"]:
        case "write_register":
            return WriteRegister(vector["register"], vector["value"], address)
        case "read_register":
            return ReadRegister(vector["register"], address)
        case "set_chip_address":
            return SetAddress(vector["address"])
    return ChainInactive()


@of("command_frame")
def test_command_frame(vector: Vector) -> None:
    frame = bytes.fromhex(vector["frame"])
    assert encode(command_of(vector)) == frame
    assert CommandDecoder().feed(frame) == [command_of(vector)]
    assert crc5(frame[2:-1]) == vector["crc5"]
    (said,) = explained(vector["frame"])
    assert said["crc_ok"]
    assert said["direction"] == "host_to_chip"
    assert said["kind"] == {"set_chip_address": "set_address"}.get(vector["op"], vector["op"])
    assert said.get("broadcast", vector["broadcast"]) == vector["broadcast"]
    for key, said_key in (
        ("address", "address"), ("register", "register_address"), ("register_name", "register"),
        ("value", "value"),
    ):
        assert said.get(said_key) == vector.get(key)


@of("pll_frame")
def test_pll_frame(vector: Vector) -> None:
    value = int(vector["value_hex"], 16)
    assert pll.encode(vector["mhz"]) == value
    assert pll.mhz_of(value) == vector["mhz"]
    assert pll.dividers_of(value).vco_mhz == vector["vco_mhz"]
    assert encode(WriteRegister(0x08, value)).hex() == vector["frame"]
    (said,) = explained(vector["frame"])
    assert said["mhz"] == vector["mhz"]
    for part in ("fb_div", "ref_div", "post_div1", "post_div2"):
        assert said["fields"][part] == vector[part]


@of("register_response")
def test_register_response(vector: Vector) -> None:
    frame = bytes.fromhex(vector["frame"])
    block = ReplyDecoder(chip_model(model_of(vector))).feed(frame)
    (reply,) = block.registers
    assert (reply.value, reply.address, reply.register) == (
        vector["value"], vector["chip_address"], vector["register"],
    )
    assert (block.bad_crc, block.skipped, len(block.nonces)) == (0, 0, 0)
    assert encode_register(reply.value, reply.address, reply.register, size=len(frame)) == frame
    (said,) = explained(vector["frame"], model_of(vector))
    assert (said["kind"], said["value"], said["address"]) == ("register", reply.value, reply.address)
    assert said["direction"] == "chip_to_host"


@of("nonce_response")
def test_nonce_response(vector: Vector) -> None:
    frame, model = bytes.fromhex(vector["frame"]), chip_model(model_of(vector))
    block = ReplyDecoder(model).feed(frame)
    assert block.nonces.tobytes() == frame
    found = columns(block.nonces, model)
    assert found.word[0] == int(vector["chip_word"], 16)
    assert found.core[0] == vector["core_id"]
    assert found.sub_core[0] == vector["subcore_id"]
    assert found.job_id[0] == vector["job_id"]
    assert found.version_bits[0] == vector["version_field"]
    assert found.excess[0] == vector["excess_byte"]
    if "counter25" in vector:
        assert found.counter[0] == vector["counter25"]
    again = encode_nonces(
        found.word, found.job_id, found.sub_core, found.version_bits, found.excess, model
    )
    assert again.tobytes() == frame
    (said,) = explained(vector["frame"], model.name)
    assert said["kind"] == "nonce"
    assert said["nonce"] == vector["nonce"]
    assert (said["core"], said["sub_core"]) == (vector["core_id"], vector["subcore_id"])
    assert (said["job_id"], said["version_bits"]) == (vector["job_id"], vector["version_field"])
    assert said["excess_difficulty"] == vector["excess_byte"]
    assert "header" not in said


@of("invalid_frame")
def test_invalid_frame(vector: Vector) -> None:
    data = bytes.fromhex(vector["bytes"])
    if vector.get("direction") == "command":
        decoder = CommandDecoder()
        assert decoder.feed(data) == []
        assert decoder.bad_crc == 1
    else:
        block = ReplyDecoder(BM1370).feed(data)
        assert (len(block.nonces), block.registers) == (0, ())
        assert block.skipped
    said = explained(vector["bytes"])
    assert said
    assert {(each["kind"], each["crc_ok"]) for each in said} == {("invalid", False)}
    assert "".join(each["bytes"] for each in said) == vector["bytes"]


@of("resync_stream")
def test_resync_stream(vector: Vector) -> None:
    data = bytes.fromhex(vector["bytes"])
    block = ReplyDecoder(BM1370).feed(data)
    assert [row.tobytes().hex() for row in block.nonces] == vector["frames"]
    assert block.skipped == data.index(bytes.fromhex(vector["frames"][0]))
    said = explained(vector["bytes"])
    assert [each["kind"] for each in said] == ["invalid", "nonce", "invalid"]
    assert said[1]["offset"] == block.skipped
    assert said[2]["bytes"] == vector["leftover"]


@of("job_frame")
def test_job_frame(vector: Vector) -> None:
    frame = bytes.fromhex(vector["frame"])
    (command,) = CommandDecoder().feed(frame)
    assert isinstance(command, SendJob)
    job = command.job
    assert job.job_id == vector["job_id"] == vector["job_header"] >> 3
    assert job.version == int(vector["version"], 16)
    assert job.nbits == int(vector["nbits"], 16)
    assert (job.ntime, job.starting_nonce) == (vector["ntime"], vector["starting_nonce"])
    assert job.merkle_root.hex() == vector["merkle_root_header_order"]
    assert job.prev_hash.hex() == vector["prev_hash_header_order"]
    assert job.prev_hash[::-1].hex() == vector["prev_block_hash_display"]
    assert crc16(frame[2:-2]) == int(vector["crc16"], 16)
    assert_encodes(job, frame)
    (said,) = explained(vector["frame"])
    assert (said["kind"], said["crc_ok"]) == ("job", True)
    assert said["merkle_root"] == vector["merkle_root_header_order"]
    assert said["prev_hash"] == vector["prev_hash_header_order"]
    assert (said["job_id"], said["version"], said["nbits"]) == (job.job_id, job.version, job.nbits)
    assert (said["ntime"], said["starting_nonce"]) == (job.ntime, job.starting_nonce)


def assert_encodes(job: Job, frame: bytes) -> None:
    """Our frame is the captured one; ESP-Miner's other length byte (and so its CRC) apart."""
    ours = encode(SendJob(job))
    with_their_length = ours[2:3] + frame[3:4] + ours[4:-2]
    assert with_their_length + crc16(with_their_length).to_bytes(2) == frame[2:]
    assert ours[3] == 0x36
    assert crc16(ours[2:]) == 0


@of("job_build")
def test_job_build(vector: Vector) -> None:
    stratum = {key: value for key, value in vector["stratum"].items() if isinstance(value, str)}
    coinbase = "".join(stratum[key] for key in ("coinbase1", "extranonce1", "extranonce2", "coinbase2"))
    root = double_sha(bytes.fromhex(coinbase))
    for branch in vector["stratum"]["merkle_branches"]:
        root = double_sha(root + bytes.fromhex(branch))
    assert root.hex() == vector["merkle_root_header_order"]
    previous = np.frombuffer(bytes.fromhex(stratum["prevhash"]), ">u4").astype("<u4").tobytes()
    job = Job(
        vector["job_header"] >> 3, int(stratum["version"], 16), previous, root,
        int(stratum["ntime"], 16), int(stratum["nbits"], 16),
    )
    assert_encodes(job, bytes.fromhex(vector["frame"]))
    assert words_reversed(words_reversed(root)) == root


def double_sha(data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


@of("job_nonce")
def test_job_nonce(vector: Vector) -> None:
    header, wire = bytes.fromhex(vector["header"]), bytes.fromhex(vector["nonce_wire"])
    template = bytes.fromhex(vector["base_version"][2:])[::-1] + header[4:]
    job = Job.from_header(0, template)
    word = int.from_bytes(wire)
    assert job.header(wire, vector["rolled_field"]) == header
    assert job.header(word, vector["rolled_field"]) == header
    digest = block_hash(header)
    assert digest[::-1].hex() == vector["hash_display"]
    assert difficulty(digest) == pytest.approx(vector["difficulty"], rel=1e-6)
    assert zero_bits(digest) >= 32
    sub_core = vector["rolled_field"] & 0xF
    frames = encode_nonces(word, 0, sub_core, vector["rolled_field"], 0)
    found = columns(frames, BM1370)
    assert found.core[0] == vector["core_id"]
    assert sub_core == vector.get("logged_subcore", sub_core)
    if "counter25" in vector and "hash_mhz" in vector:
        assert found.counter[0] == vector["counter25"]
        assert vector["counter25"] < window_counts(vector["hash_counting_number"], vector["hash_mhz"])
    if "response_frame" in vector:
        _, said = explained(vector["job_frame"] + vector["response_frame"])
        assert said["header"] == vector["header"]
        assert said["hash"] == vector["hash_display"]
        assert said["zero_bits"] == zero_bits(digest)
        assert said["difficulty"] == pytest.approx(vector["difficulty"], rel=1e-6)
        assert said["excess_difficulty"] == vector["excess_byte"]


@of("bitcoin_block")
def test_bitcoin_block(vector: Vector) -> None:
    header = bytes.fromhex(vector["header"])
    job = Job.from_header(3, header)
    assert (job.version, job.nbits) == (int(vector["version"], 16), int(vector["nbits"], 16))
    assert job.ntime == vector["ntime"]
    assert job.header(header[76:], 0) == header
    digest = block_hash(header)
    assert digest[::-1].hex() == vector["hash_display"]
    assert difficulty(digest) == pytest.approx(vector["difficulty"], rel=1e-6)
    target = (job.nbits & 0xFF_FFFF) << 8 * ((job.nbits >> 24) - 3)
    assert int.from_bytes(digest, "little") <= target
