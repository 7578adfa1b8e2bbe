"""What a product is: the board type's own facts (testplans/<product>/product.yaml)."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, field_validator, model_validator

from rig.datafile import Data


class SerialFormat(Data):
    pattern: str
    says: str                                   # the rule in words, for the person who mistyped

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"a regular expression ({error})") from error
        return pattern

    def accepts(self, serial: str) -> bool:
        return re.fullmatch(self.pattern, serial, re.ASCII) is not None


class Silicon(Data):
    """Which work proves the chips: the known-answer pack and how strong its answers are."""

    pack: str                                   # file beside product.yaml, or of the product it is like
    required_zero_bits: int = Field(ge=1, le=64)


class I2cMap(Data):
    """The board's devices on the side channel."""

    eeprom: int = Field(default=0x50, ge=3, le=0x77)
    mux: int = Field(default=0x70, ge=3, le=0x77)
    sensor: int = Field(default=0x4C, ge=3, le=0x77)


class Product(Data):
    product: str = Field(pattern=r"^[a-z0-9_-]{1,40}$")
    like: str | None = Field(default=None, pattern=r"^[a-z0-9_-]{1,40}$")   # has what this folder has not
    name: str
    serial: SerialFormat
    board_name: str = Field(max_length=15)      # as the EEPROM carries it
    chip: str                                   # a key of rig.bm13xx.models
    chips: int = Field(ge=1, le=255)
    domains: int = Field(ge=1)
    chips_per_domain: int = Field(ge=1)
    address_interval: int = Field(ge=1)
    boot_baud: int = Field(default=115_200, gt=0)
    chain_baud: int = Field(default=3_125_000, gt=0)
    idle_mhz: float = Field(default=50.0, gt=0)
    sweep_length: int = Field(ge=1, le=0xFFFF)  # HASH_COUNTING_NUMBER
    core_clock_delay: int = Field(ge=0, le=0xFF)
    sensors: int = Field(ge=1, le=8)
    i2c: I2cMap = I2cMap()
    simulated_silicon: Silicon
    simulated_judged_by: str | None = None      # a pack recorded from it, to judge by instead of its own
    silicon: Silicon | None = None              # full-strength work, 32 zero bits, for real boards

    @model_validator(mode="after")
    def _stack_adds_up(self) -> Self:
        if self.domains * self.chips_per_domain != self.chips:
            raise ValueError(
                f"domains x chips_per_domain = chips, not {self.domains} x "
                f"{self.chips_per_domain} = {self.chips}"
            )
        if self.address_interval * (self.chips - 1) > 0xFF:
            raise ValueError("addresses of all chips within one byte")
        return self

    def domain_of(self, chip: int) -> int:
        return chip // self.chips_per_domain
