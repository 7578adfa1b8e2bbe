from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rig.bm13xx.capture import read_capture
from rig.bm13xx.commands import ChainInactive, ReadRegister, SendJob, SetAddress, WriteRegister, encode
from rig.bm13xx.decode import explain
from rig.bm13xx.jobs import Job, block_hash
from rig.bm13xx.models import MODELS, chip_model
from rig.bm13xx.replies import encode_nonces, encode_register

JOB = "55aa2156680100000000043a0217d76854685519a7cb044f88726355919e61a98bcf71a0c28795ea54db8c36414b06ddf5f0" \
      "0000000000000000965201001d3996bca3f4670dfcd4f201c162b96dfd55646b00000020721c"
SHARE = "aa554c0352750cd205a29c"
HASH = "0000000000023704cface997bcf7388694ea43dae96c51d80658687a7d8827fe"


def said(*lines: str, chip: str = "bm1370") -> list[dict[str, Any]]:
    return list(explain(read_capture(lines), chip_model(chip)))


def kinds(*lines: str) -> list[str]:
    return [each["kind"] for each in said(*lines)]


def test_a_session_in_both_directions_keeps_its_order() -> None:
    found = said(
        "> 55 AA 52 05 00 00 0A", "< AA 55 13 70 00 00 00 00 00 00 10", "> " + JOB, "< " + SHARE,
    )
    assert [(each["offset"], each["direction"], each["kind"]) for each in found] == [
        (0, "host_to_chip", "read_register"), (7, "chip_to_host", "register"),
        (18, "host_to_chip", "job"), (106, "chip_to_host", "nonce"),
    ]
    assert found[3]["hash"] == HASH
    assert found[3]["zero_bits"] == 46


def test_a_nonce_before_its_job_has_no_proof() -> None:
    early, _job, late = said("< " + SHARE, "> " + JOB, "< " + SHARE)
    assert "hash" not in early
    assert late["hash"] == HASH


def test_frames_span_lines_and_directions_interleave() -> None:
    found = said("> " + JOB[:40], "< " + SHARE[:10], "> " + JOB[40:], "< " + SHARE[10:])
    assert [each["kind"] for each in found] == ["job", "nonce"]
    assert found[1]["hash"] == HASH


def test_unmarked_frames_are_told_by_their_preamble() -> None:
    found = said(JOB + SHARE, "55aa53050000", "03")
    assert [(each["offset"], each["direction"]) for each in found] == [
        (0, "host_to_chip"), (88, "chip_to_host"), (99, "host_to_chip"),
    ]


def test_a_marked_direction_is_believed() -> None:
    assert kinds("< 55 AA 53 05 00 00 03") == ["invalid"]


def test_the_last_job_of_an_id_counts_and_ids_come_back_cut() -> None:
    old = Job(2, 0x2000_0000, b"\x01" * 32, bytes(32), 1, 2)
    new = Job(2 + 16, 0x2000_0000, b"\x02" * 32, bytes(32), 1, 2)
    reply = encode_nonces(0x0102_0304, 2, 1, 0x11, 0).tobytes().hex()
    stream = encode(SendJob(old)).hex(), encode(SendJob(new)).hex(), reply
    assert said(*stream)[2]["header"] == new.header(0x0102_0304, 0x11).hex()
    assert said(*stream, chip="bm1366")[2].get("header") is None      # there it reads as job 4


def test_a_five_bit_job_id_and_three_bit_sub_core() -> None:
    (found,) = said("aa552fd596ce029394fb86", chip="bm1366")
    assert (found["job_id"], found["sub_core"], found["core"]) == (18, 3, 23)


def test_broadcast_and_single_writes_are_told_apart() -> None:
    found = said(
        encode(WriteRegister(0x08, 0x50C0_0230)).hex(), encode(WriteRegister(0x34, 1, 0)).hex(),
        encode(SetAddress(6)).hex(), encode(ChainInactive()).hex(), encode(ReadRegister(0x8C, 4)).hex(),
    )
    assert [each.get("broadcast") for each in found] == [True, False, None, None, False]
    assert [each.get("address") for each in found] == [0, 0, 6, None, 4]
    assert found[0]["mhz"] == 600
    assert (found[1]["register"], found[1]["fields"]) == ("UNKNOWN_34", {})
    assert "mhz" not in said(encode(WriteRegister(0x08, 0)).hex())[0]


def test_short_replies_between_bursts_and_in_one() -> None:
    short = encode_register(0xC100, 4, 0x18, size=9).hex()
    assert kinds(short, short + short, JOB) == ["register"] * 3 + ["job"]
    assert kinds("< " + short, "< 00 11", "< " + SHARE) == ["register", "invalid", "nonce"]


def test_garbage_is_cut_where_frames_seem_to_begin() -> None:
    bad = "aa551370000000000000ff"
    found = said("0102" + bad + bad + SHARE + "03")
    assert [(each["kind"], each.get("length"), each["direction"]) for each in found] == [
        ("invalid", 2, None), ("invalid", 11, "chip_to_host"), ("invalid", 11, "chip_to_host"),
        ("nonce", None, "chip_to_host"), ("invalid", 1, None),
    ]
    assert all(each["crc_ok"] is (each["kind"] == "nonce") for each in found)


def test_a_frame_that_lost_a_byte_spares_its_neighbour() -> None:
    found = said(SHARE[:-2] + SHARE)
    assert [(each["kind"], each["offset"]) for each in found] == [("invalid", 0), ("nonce", 10)]


BURSTS = st.tuples(st.sampled_from(["", "> ", "< "]), st.one_of(
    st.binary(max_size=60),
    st.binary(max_size=20).map(lambda data: b"\xAA\x55" + data),
    st.binary(max_size=20).map(lambda data: b"\x55\xAA" + data),
    st.sampled_from([bytes.fromhex(JOB), bytes.fromhex(SHARE), bytes.fromhex("55aa53050000")]),
))


@given(st.lists(BURSTS, max_size=12), st.sampled_from(sorted(MODELS)))
def test_any_capture_is_explained_byte_for_byte(bursts: list[tuple[str, bytes]], chip: str) -> None:
    streams = read_capture([mark + data.hex() for mark, data in bursts])
    found = list(explain(streams, chip_model(chip)))
    json.dumps(found, allow_nan=False)
    invalid = sum(each["length"] for each in found if each["kind"] == "invalid")
    sizes = {"set_address": 7, "chain_inactive": 7, "read_register": 7, "write_register": 11, "job": 88}
    sound = sum(sizes.get(each["kind"], 0) for each in found)
    replies = sum(each["kind"] in ("nonce", "register") for each in found)
    total = sum(len(data) for _, data in bursts)
    assert 9 * replies <= total - invalid - sound <= 11 * replies


def test_long_garbage_is_explained_in_linear_time() -> None:
    found = said("aa55" * 20_000 + "55aa" * 20_000 + "55aa2136" * 5_000)
    assert {each["kind"] for each in found} == {"invalid"}
    assert sum(each["length"] for each in found) == 100_000


def test_the_proof_is_the_hash_of_the_header() -> None:
    _, nonce = said(JOB, SHARE)
    assert block_hash(bytes.fromhex(nonce["header"]))[::-1].hex() == nonce["hash"]
