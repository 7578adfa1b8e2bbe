"""A station's runs in the formats that others read: files, written whole or not at all, and messages."""

from rig.records.exports.formats import Format, write_export
from rig.records.exports.place import Place
from rig.records.exports.selection import Selected, Selection

__all__ = ["Format", "Place", "Selected", "Selection", "write_export"]
