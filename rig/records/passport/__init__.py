"""Passports: signed statements of where, how and with what a board was tested (docs/passport.md)."""

from rig.records.passport.issue import PassportState, issue_passport, passport_state
from rig.records.passport.keys import (
    SigningKey,
    chosen_key,
    key_id,
    load_key,
    load_public_key,
    make_key,
    public_pem,
)
from rig.records.passport.lot import Packet, make_packet
from rig.records.passport.lot_statement import LotStatement
from rig.records.passport.seal import NoPassport, Sealed
from rig.records.passport.select import Period
from rig.records.passport.statement import PassportStatement
from rig.records.passport.verify import Report, verify_file, verify_packet

__all__ = [
    "LotStatement", "NoPassport", "Packet", "PassportState", "PassportStatement", "Period", "Report",
    "Sealed", "SigningKey", "chosen_key", "issue_passport", "key_id", "load_key", "load_public_key",
    "make_key", "make_packet", "passport_state", "public_pem", "verify_file", "verify_packet",
]
