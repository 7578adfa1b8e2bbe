"""Full-strength proof of byte orders and versions: answers we mined, and headers of the real chain."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rig.bm13xx.chain import ChainLayout
from rig.bm13xx.jobs import Job, block_hash, zero_bits
from rig.bm13xx.models import chip_model
from rig.bm13xx.replies import columns, encode_nonces

ANSWERS = json.loads((Path(__file__).parents[1] / "data" / "difficulty1.json").read_text())["answers"]
BM1370 = chip_model("bm1370")
_ROLLED = 0xFFFF << 13


@pytest.mark.parametrize("answer", ANSWERS, ids=[answer["nonce_wire"] for answer in ANSWERS])
def test_difficulty_one_answers(answer: dict[str, object]) -> None:
    template, wire = bytes.fromhex(str(answer["template"])), bytes.fromhex(str(answer["nonce_wire"]))
    version_bits = int(str(answer["version_bits"]))
    header = Job.from_header(0, template).header(wire, version_bits)
    digest = block_hash(header)
    assert header.hex() == answer["header"]
    assert digest[::-1].hex() == answer["hash_display"]
    assert zero_bits(digest) == answer["zero_bits"]
    found = columns(encode_nonces(int.from_bytes(wire), 0, version_bits & 15, version_bits, 0), BM1370)
    assert (found.core[0], found.sub_core[0]) == (answer["core"], answer["sub_core"])
    layout = ChainLayout(65, 2)
    assert layout.chip_of(found.counter)[0] == answer["s21pro_chip"]
    assert (layout.position(found.counter)[0] < 360_000) == answer["inside_window"]


def test_headers_of_the_real_chain(shared: Path) -> None:
    folder = shared / "known_answers"
    headers = np.fromfile(folder / "real_headers.bin", np.uint8).reshape(-1, 80)
    assert len(headers) == json.loads((folder / "real_headers.json").read_text())["records"]
    for row in headers:
        header = row.tobytes()
        version = int.from_bytes(header[:4], "little")
        template = (version & ~_ROLLED).to_bytes(4, "little") + header[4:]
        job = Job.from_header(1, template)
        rebuilt = job.header(header[76:], (version & _ROLLED) >> 13)
        assert rebuilt == header
        digest = block_hash(rebuilt)
        assert zero_bits(digest) >= 32
        target = (job.nbits & 0xFF_FFFF) << 8 * ((job.nbits >> 24) - 3)
        assert int.from_bytes(digest, "little") <= target
