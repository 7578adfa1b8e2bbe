"""What a board is: the shipped product, and products that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.datafile import check, load
from rig.errors import FileError
from rig.recipe.product import Product, SerialFormat

ROOT = Path(__file__).resolve().parents[2]

SMALL: dict[str, Any] = {
    "product": "small", "name": "Small board", "serial": {"pattern": "[A-Z]{4}", "says": "four letters"},
    "board_name": "SMALL-6", "chip": "bm1370", "chips": 6, "domains": 3, "chips_per_domain": 2,
    "address_interval": 2, "sweep_length": 7861, "core_clock_delay": 12, "sensors": 2,
    "simulated_silicon": {"pack": "small.kap", "required_zero_bits": 14},
}


def read(**changes: Any) -> Product:
    return check(Path("product.yaml"), SMALL | changes, Product)


def test_the_s21_pro_is_what_its_sources_say() -> None:
    product = load(ROOT / "testplans" / "s21pro" / "product.yaml", Product)
    assert (product.chips, product.domains, product.chips_per_domain) == (65, 13, 5)
    assert (product.chip, product.sweep_length, product.address_interval) == ("bm1370", 0x1EB5, 2)
    assert product.address_interval * (product.chips - 1) == 0x80
    assert product.silicon is None


def test_chips_fill_the_domains_from_the_host() -> None:
    assert [read().domain_of(chip) for chip in range(6)] == [0, 0, 1, 1, 2, 2]


def test_defaults_are_the_familys() -> None:
    product = read()
    assert (product.boot_baud, product.chain_baud, product.idle_mhz) == (115_200, 3_125_000, 50.0)
    assert (product.i2c.eeprom, product.i2c.mux, product.i2c.sensor) == (0x50, 0x70, 0x4C)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"domains": 4}, "not 4 x 2 = 6"),
        ({"address_interval": 52}, "within one byte"),
        ({"chips": 0}, "chips"),
        ({"product": "Small Board"}, "product"),
        ({"product": "../small"}, "product"),
        ({"board_name": "S" * 16}, "board_name"),
        ({"serial": {"pattern": "[A-Z", "says": "x"}}, "serial.pattern"),
        ({"sweep_length": 0x10000}, "sweep_length"),
        ({"core_clock_delay": 256}, "core_clock_delay"),
        ({"boot_baud": 0}, "boot_baud"),
        ({"chain_baud": -1}, "chain_baud"),
        ({"idle_mhz": 0}, "idle_mhz"),
        ({"sensors": 9}, "sensors"),
        ({"i2c": {"eeprom": 2}}, "i2c.eeprom"),
        ({"simulated_silicon": {"pack": "x", "required_zero_bits": 0}}, "required_zero_bits"),
        ({"colour": "red"}, "unknown key"),
    ],
)
def test_a_product_that_cannot_be_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(FileError) as caught:
        read(**changes)
    assert says in str(caught.value)


def test_the_last_address_may_be_the_highest_of_a_byte() -> None:
    assert read(address_interval=51).address_interval * 5 == 0xFF


@pytest.mark.parametrize(
    "serial", ["", "S21PROTEST000000", "S21PROTEST00000011", "s21protest0000001", "S21PROTEST 000001",
               "S21PROTEST0000001\n", "S21PROTEST000000١"],
)
def test_a_serial_is_accepted_whole_or_not_at_all(serial: str) -> None:
    rule = load(ROOT / "testplans" / "s21pro" / "product.yaml", Product).serial
    assert rule.accepts("S21PROTEST0000001")
    assert not rule.accepts(serial)


@given(st.text(max_size=6))
def test_only_ascii_digits_are_digits(serial: str) -> None:
    rule = SerialFormat(pattern=r"\d{3}", says="three digits")
    assert rule.accepts(serial) == (len(serial) == 3 and set(serial) <= set("0123456789"))
