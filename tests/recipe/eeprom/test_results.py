"""A result put into images: its region alone changes, under the image's own cipher."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.eepromkeys import EepromKeys
from rig.recipe.eeprom import Layout, RegionState, decode, encode
from rig.recipe.eeprom.layouts import S21_V4, S21_V5, S21PRO_V1, Cipher
from rig.recipe.eeprom.results import CarriedResults, SweptClocks
from rig.recipe.eeprom_layout import BoardIdentity, encode_image
from rig.recipe.eeprom_result import PT2_SIZE, PT2_START, WorkResult, encode_pt2

CHANCE = random.Random(18)
KEYS = EepromKeys({1: CHANCE.randbytes(16)}, (CHANCE.randbytes(32), CHANCE.randbytes(16)))
GOOD = WorkResult(13.60, 588, 0.9991, (24, 57), passed=True, count=1)
IDENTITY = BoardIdentity(
    serial="SMTTYABCDE1234567", board_name="BHB68701", factory_job="J1", chip_die="AB", chip_marking="BM1370",
    ft_version="F1", chip_technology="N5", chip_bin=2, pcb_version=286, bom_version=16, sensor_type=4,
    pt1_result=1, pt1_count=3,
)
CLEAR = encode_image(IDENTITY)


def v1() -> bytes:
    return encode(replace(decode(CLEAR), cipher=Cipher.AES), KEYS)


def v4() -> bytes:
    return _s21(S21_V4, 4)


def v5() -> bytes:
    return _s21(S21_V5, 5)


def _s21(layout: Layout, version: int) -> bytes:
    """Zeros but for its first two bytes; under XXTEA key 1."""
    plain = bytearray([version, 0]).ljust(256, b"\0")
    for spec in layout.regions:
        plain[spec.start + spec.size - 1] = spec.checked(
            bytes([version, 0x11]), bytes(plain[spec.start : spec.start + spec.size])
        )
    image = replace(decode(bytes(plain)), keyed=0x11, cipher=Cipher.XXTEA)
    regions = tuple(replace(one, state=RegionState.SOUND, values={
        field.name: field.read(bytes(spec.size)) for field in spec.fields
    }) for spec, one in zip(layout.regions, image.regions, strict=True))
    return encode(replace(image, regions=regions), KEYS)


def test_in_clear_it_is_the_pt2_record_and_nothing_else() -> None:
    after = CarriedResults(CLEAR, EepromKeys()).with_result(GOOD)
    assert after == CLEAR[:PT2_START] + encode_pt2(GOOD) + CLEAR[PT2_START + PT2_SIZE :]


@pytest.mark.parametrize(("layout", "make"), [(S21PRO_V1, v1), (S21_V4, v4), (S21_V5, v5)])
def test_under_a_cipher_its_region_alone_changes(layout: Layout, make: Callable[[], bytes]) -> None:
    image = make()

    after = CarriedResults(image, KEYS).with_result(GOOD)

    work = next(spec for spec in layout.regions if spec.name == "work")
    changed = {at for at in range(256) if after[at] != image[at]}
    assert changed <= set(range(work.start, work.start + work.size))
    found = decode(after, KEYS)
    assert found.problems == ()
    told = next(region for region in found.regions if region.name == "work").values
    assert {name: told[name] for name in ("volts", "mhz", "answer_share", "celsius_in", "celsius_out",
                                          "pt2_result", "pt2_count")} == {
        "volts": 13.6, "mhz": 588, "answer_share": 0.9991, "celsius_in": 24, "celsius_out": 57,
        "pt2_result": 1, "pt2_count": 1,
    }
    again = CarriedResults(after, KEYS)
    assert (again.times_tested(), again.is_torn) == (1, False)
    assert encode_pt2(GOOD)[:8].hex() not in after.hex(), "it stands there enciphered"


def test_a_torn_result_is_seen_and_counts_for_none() -> None:
    image = v1()
    after = CarriedResults(image, KEYS).with_result(replace(GOOD, count=7))
    torn = after[: PT2_START + 8] + image[PT2_START + 8 :]

    found = CarriedResults(torn, KEYS)

    assert (found.is_torn, found.times_tested()) == (True, 0)
    assert decode(found.with_result(GOOD), KEYS).problems == ()


def test_a_short_checksum_that_is_right_by_chance_counts_for_none() -> None:
    odd = replace(GOOD, volts=600.0, count=200)
    after = CarriedResults(v5(), KEYS).with_result(odd)
    assert CarriedResults(after, KEYS).times_tested() == 0


@settings(max_examples=40)
@given(st.lists(st.floats(50, 700), min_size=1, max_size=110), st.booleans())
def test_swept_clocks_are_never_told_too_high(mhz: list[float], passed: bool) -> None:
    after = CarriedResults(v1(), KEYS).with_result(GOOD, SweptClocks(tuple(mhz), 13.6, passed))

    found = decode(after, KEYS)
    sweep = found.regions[2].values
    assert found.problems == ()
    base, step, levels = sweep["base_mhz"], sweep["step_mhz"], sweep["chip_levels"]
    assert isinstance(base, int)
    assert isinstance(step, int)
    assert isinstance(levels, tuple)
    told = [base + step * level for level in levels[: len(mhz)]]
    assert all(one - step < low <= one for low, one in zip(told, mhz, strict=True))
    assert (sweep["sweep_result"], sweep["sweep_count"], sweep["volts"]) == (int(passed), 1, 13.6)
    assert sweep["sweep_rate"] == round(math.fsum(mhz))


@pytest.mark.parametrize("clocks", [(600.0, math.nan), (math.nan,)])
def test_a_chip_that_was_good_at_no_clock_spoils_the_sweep(clocks: tuple[float, ...]) -> None:
    after = CarriedResults(v1(), KEYS).with_result(GOOD, SweptClocks(clocks, 13.6, passed=True))
    assert decode(after, KEYS).regions[2].values["sweep_result"] == 0


def test_the_sweep_of_an_s21_is_left_as_it_was() -> None:
    image = v5()
    after = CarriedResults(image, KEYS).with_result(GOOD, SweptClocks((600.0,), 13.6, passed=True))
    assert after[0x72:] == image[0x72:]


def test_sweeps_are_counted() -> None:
    once = CarriedResults(v1(), KEYS).with_result(GOOD, SweptClocks((600.0,), 13.6, passed=True))
    twice = CarriedResults(once, KEYS).with_result(GOOD, SweptClocks((600.0,), 13.6, passed=True))
    assert decode(twice, KEYS).regions[2].values["sweep_count"] == 2


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="volts: found"):
        CarriedResults(v1(), KEYS).with_result(replace(GOOD, volts=700.0))
