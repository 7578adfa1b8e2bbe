from __future__ import annotations

import pytest

from rig.bm13xx.capture import Direction, read_capture
from rig.errors import UsageError


def test_lines_blanks_comments_and_marks() -> None:
    host, chip = read_capture(["# a capture\n", "> 55 AA  # so", "<aa55\n", "\n", ">5205", "  # only"])
    assert (host.direction, bytes(host.data)) == (Direction.HOST_TO_CHIP, b"\x55\xAA\x52\x05")
    assert (chip.direction, bytes(chip.data)) == (Direction.CHIP_TO_HOST, b"\xAA\x55")
    assert [host.instant(offset) for offset in range(4)] == [0, 1, 4, 5]
    assert [offset for offset in range(1, 5) if host.ends_burst(offset)] == [2, 4]


def test_unmarked_lines_are_a_stream_of_their_own() -> None:
    unmarked, host = read_capture(["0102", "> 03", "04"])
    assert (unmarked.direction, bytes(unmarked.data)) == (None, b"\x01\x02\x04")
    assert bytes(host.data) == b"\x03"
    assert unmarked.instant(2) == 3


def test_an_empty_capture_is_one() -> None:
    assert read_capture([]) == ()
    assert read_capture(["# nothing", "", ">"]) == ()


@pytest.mark.parametrize("line", ["hello", "55 A", "5 5", "0x55", "> > 55", "55,AA"])
def test_what_is_no_hex_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(UsageError, match=r"line 2 of the capture: found .*, expected whole bytes in hex"):
        read_capture(["55AA", line])
