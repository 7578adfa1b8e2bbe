"""STDF V4 records to bytes: their fields in order, little-endian, each with its word for "missing".

Field types are the format's: U1 U2 U4 I1 I2 R4 numbers, B1 flags, C1 one character, Cn text with its
length before it, kU1 an array whose length stands in the field before.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MOST_TEXT: Final = 255
_PACKED = {"U1": "<B", "U2": "<H", "U4": "<I", "I1": "<b", "I2": "<h", "R4": "<f", "B1": "<B"}
_MOST = {"U1": 0xFF, "U2": 0xFFFF, "U4": 0xFFFFFFFF}
_LARGEST = 3.4028234663852886e38                # of a 32-bit float


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of record. ``missing``: what a field holds when nothing is known; else 0, space, ""."""

    name: str
    typ: int
    sub: int
    fields: tuple[tuple[str, str], ...]
    missing: Mapping[str, int]

    def encode(self, through: str | None = None, /, **values: Any) -> bytes:
        """The record with its header; optional fields after ``through`` are left out.

        Raises ValueError for a field that the record does not have.
        """
        unknown = values.keys() - dict(self.fields).keys()
        if unknown:
            raise ValueError(f"{self.name} has no {', '.join(sorted(unknown))}")
        body = bytearray()
        for name, kind in self.fields:
            body += _field(kind, values.get(name, self.missing.get(name)))
            if name == through:
                break
        return struct.pack("<HBB", len(body), self.typ, self.sub) + bytes(body)


def _layout(name: str, typ: int, sub: int, fields: str, **missing: int) -> Layout:
    return Layout(name, typ, sub, tuple(
        (field, kind) for field, _, kind in (word.partition(":") for word in fields.split())
    ), missing)


FAR = _layout("FAR", 0, 10, "CPU_TYPE:U1 STDF_VER:U1")
MIR = _layout(
    "MIR", 1, 10,
    "SETUP_T:U4 START_T:U4 STAT_NUM:U1 MODE_COD:C1 RTST_COD:C1 PROT_COD:C1 BURN_TIM:U2 CMOD_COD:C1 "
    "LOT_ID:Cn PART_TYP:Cn NODE_NAM:Cn TSTR_TYP:Cn JOB_NAM:Cn JOB_REV:Cn SBLOT_ID:Cn OPER_NAM:Cn "
    "EXEC_TYP:Cn EXEC_VER:Cn TEST_COD:Cn TST_TEMP:Cn USER_TXT:Cn AUX_FILE:Cn PKG_TYP:Cn FAMLY_ID:Cn "
    "DATE_COD:Cn FACIL_ID:Cn FLOOR_ID:Cn PROC_ID:Cn OPER_FRQ:Cn SPEC_NAM:Cn SPEC_VER:Cn FLOW_ID:Cn "
    "SETUP_ID:Cn DSGN_REV:Cn ENG_ID:Cn ROM_COD:Cn SERL_NUM:Cn SUPR_NAM:Cn",
    BURN_TIM=0xFFFF,
)
MRR = _layout("MRR", 1, 20, "FINISH_T:U4 DISP_COD:C1 USR_DESC:Cn EXC_DESC:Cn")
PCR = _layout(
    "PCR", 1, 30, "HEAD_NUM:U1 SITE_NUM:U1 PART_CNT:U4 RTST_CNT:U4 ABRT_CNT:U4 GOOD_CNT:U4 FUNC_CNT:U4",
    **dict.fromkeys(("RTST_CNT", "ABRT_CNT", "GOOD_CNT", "FUNC_CNT"), 0xFFFFFFFF),
)
HBR = _layout(
    "HBR", 1, 40, "HEAD_NUM:U1 SITE_NUM:U1 HBIN_NUM:U2 HBIN_CNT:U4 HBIN_PF:C1 HBIN_NAM:Cn"
)
SBR = _layout(
    "SBR", 1, 50, "HEAD_NUM:U1 SITE_NUM:U1 SBIN_NUM:U2 SBIN_CNT:U4 SBIN_PF:C1 SBIN_NAM:Cn"
)
SDR = _layout(
    "SDR", 1, 80,
    "HEAD_NUM:U1 SITE_GRP:U1 SITE_CNT:U1 SITE_NUM:kU1 HAND_TYP:Cn HAND_ID:Cn CARD_TYP:Cn CARD_ID:Cn "
    "LOAD_TYP:Cn LOAD_ID:Cn DIB_TYP:Cn DIB_ID:Cn CABL_TYP:Cn CABL_ID:Cn CONT_TYP:Cn CONT_ID:Cn "
    "LASR_TYP:Cn LASR_ID:Cn EXTR_TYP:Cn EXTR_ID:Cn",
)
PIR = _layout("PIR", 5, 10, "HEAD_NUM:U1 SITE_NUM:U1")
PRR = _layout(
    "PRR", 5, 20,
    "HEAD_NUM:U1 SITE_NUM:U1 PART_FLG:B1 NUM_TEST:U2 HARD_BIN:U2 SOFT_BIN:U2 X_COORD:I2 Y_COORD:I2 "
    "TEST_T:U4 PART_ID:Cn PART_TXT:Cn",
    X_COORD=-32768, Y_COORD=-32768, SOFT_BIN=0xFFFF,
)
TSR = _layout(
    "TSR", 10, 30,
    "HEAD_NUM:U1 SITE_NUM:U1 TEST_TYP:C1 TEST_NUM:U4 EXEC_CNT:U4 FAIL_CNT:U4 ALRM_CNT:U4 TEST_NAM:Cn "
    "SEQ_NAME:Cn TEST_LBL:Cn OPT_FLAG:B1 TEST_TIM:R4 TEST_MIN:R4 TEST_MAX:R4 TST_SUMS:R4 TST_SQRS:R4",
    ALRM_CNT=0xFFFFFFFF,
)
PTR = _layout(
    "PTR", 15, 10,
    "TEST_NUM:U4 HEAD_NUM:U1 SITE_NUM:U1 TEST_FLG:B1 PARM_FLG:B1 RESULT:R4 TEST_TXT:Cn ALARM_ID:Cn "
    "OPT_FLAG:B1 RES_SCAL:I1 LLM_SCAL:I1 HLM_SCAL:I1 LO_LIMIT:R4 HI_LIMIT:R4 UNITS:Cn C_RESFMT:Cn "
    "C_LLMFMT:Cn C_HLMFMT:Cn LO_SPEC:R4 HI_SPEC:R4",
)
LAYOUTS: Final = (FAR, MIR, MRR, PCR, HBR, SBR, SDR, PIR, PRR, TSR, PTR)


def fits(value: float | None) -> bool:
    """Whether it is a number that the format can hold."""
    return value is not None and math.isfinite(value) and abs(value) <= _LARGEST


def ascii_text(text: str) -> str:
    """As a Cn field has it: printable ASCII, at most 255 bytes; the rest as backslash escapes."""
    escaped = "".join(
        one if " " <= one <= "~" else one.encode("unicode_escape", "surrogatepass").decode("ascii")
        for one in text
    )
    return escaped[:MOST_TEXT]


def _field(kind: str, value: Any) -> bytes:
    if kind == "Cn":
        text = ascii_text(value or "").encode("ascii")
        return bytes([len(text)]) + text
    if kind == "C1":
        return (ascii_text(value or "") or " ")[:1].encode("ascii")
    if kind == "kU1":
        return bytes(value or ())
    if kind in _MOST:
        value = min(max(int(value or 0), 0), _MOST[kind])
    return struct.pack(_PACKED[kind], value or 0)
