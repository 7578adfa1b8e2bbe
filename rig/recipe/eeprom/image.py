"""A 256-byte image taken apart and put together again; what is wrong with it, region by region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from rig.eepromkeys import EepromKeys
from rig.recipe.eeprom.ciphers import aes_decipher, aes_encipher, xxtea_decipher, xxtea_encipher
from rig.recipe.eeprom.fields import Value
from rig.recipe.eeprom.layouts import LAYOUTS, TRAILER, XXTEA_NUMBER, Cipher, Layout, RegionSpec
from rig.recipe.eeprom_layout import SIZE, UNWRITTEN, EepromDamaged


class RegionState(Enum):
    """What is known of a region."""

    SOUND = "sound"                 # its checksum is right
    DAMAGED = "damaged"             # its checksum is wrong, with the key, too
    ENCIPHERED = "enciphered"       # and there is no key for it
    UNWRITTEN = "unwritten"         # nothing but 0xFF


@dataclass(frozen=True, slots=True)
class Region:
    """One region as found. ``raw``: its bytes as they stand; ``values``: of a sound one.

    ``reads``: its texts are text, whatever its checksum says: it is in clear, or its key is the right one.
    """

    name: str
    start: int
    state: RegionState
    raw: bytes
    says: str
    values: Mapping[str, Value]
    reads: bool = False


@dataclass(frozen=True, slots=True)
class Image:
    """What an image holds. ``problems``: what is wrong with it, a sentence each.

    ``keyed``: the byte with cipher and key number, None where the layout has none; ``unused``: the bytes
    that nothing uses, in their order.
    """

    layout: Layout
    cipher: Cipher
    keyed: int | None
    clear: Mapping[str, Value]
    regions: tuple[Region, ...]
    unused: bytes
    trailer: int | None
    problems: tuple[str, ...]


def decode(image: bytes, keys: EepromKeys | None = None) -> Image:
    """Take an image apart, as far as the keys go. Raises EepromDamaged when it has no known layout."""
    layout = _layout_of(image)
    keys = keys or EepromKeys()
    keyed = None if layout.keyed is None else image[layout.keyed]
    cipher = _cipher_of(layout, keyed, image)
    regions = tuple(_region(spec, image, cipher, keyed, keys) for spec in layout.regions)
    found = Image(
        layout, cipher, keyed,
        {field.name: field.read(image) for field in layout.clear},
        regions,
        bytes(image[place] for place in layout.unused()),
        image[-1] if layout.trailer else None,
        (),
    )
    return _with_problems(found)


def encode(image: Image, keys: EepromKeys | None = None) -> bytes:
    """The 256 bytes: sound regions from their values, checksum and cipher; others as they stood.

    Raises ValueError when a value does not fit its place, or the key it needs is not there.
    """
    layout, keys = image.layout, keys or EepromKeys()
    out = bytearray([UNWRITTEN]) * SIZE
    for place, byte in zip(layout.unused(), image.unused, strict=True):
        out[place] = byte
    if layout.first is not None:
        out[0] = layout.first
    if layout.length is not None:
        out[1] = layout.length
    if layout.keyed is not None and image.keyed is not None:
        out[layout.keyed] = image.keyed
    if image.trailer is not None:
        out[-1] = image.trailer
    for field in layout.clear:
        field.write(out, image.clear)
    for spec, region in zip(layout.regions, image.regions, strict=True):
        sound = region.state is RegionState.SOUND
        raw = sealed(spec, region.values, bytes(out[:2]), image, keys) if sound else region.raw
        out[spec.start : spec.start + spec.size] = raw
    return bytes(out)


def _layout_of(image: bytes) -> Layout:
    if len(image) != SIZE:
        raise EepromDamaged(f"EEPROM: found {len(image)} bytes, expected {SIZE}")
    for layout in LAYOUTS:
        if layout.fits(image):
            return layout
    if image == bytes([UNWRITTEN]) * SIZE:
        raise EepromDamaged("EEPROM: found nothing but 0xFF, expected one that was written")
    raise EepromDamaged(
        f"EEPROM: found 0x{image[0]:02X} 0x{image[1]:02X} at its beginning, expected 0x11 0x42 or 0x11 0x4A "
        "(S19 family), 0x04 or 0x05 (S21), 0x01 (S21 Pro class)"
    )


def _cipher_of(layout: Layout, keyed: int | None, image: bytes) -> Cipher:
    if keyed is not None:
        return Cipher.NONE if keyed >> 4 == 0 else Cipher.XXTEA
    spec = layout.regions[0]
    return Cipher.NONE if spec.reads(image[spec.start : spec.start + spec.size]) else Cipher.AES


def _region(spec: RegionSpec, image: bytes, cipher: Cipher, keyed: int | None, keys: EepromKeys) -> Region:
    raw = image[spec.start : spec.start + spec.size]
    if raw == bytes([UNWRITTEN]) * spec.size:
        return Region(spec.name, spec.start, RegionState.UNWRITTEN, raw, "never written", {})
    plain, why = _deciphered(raw, cipher, keyed, keys)
    if plain is None:
        return Region(spec.name, spec.start, RegionState.ENCIPHERED, raw, why, {})
    expected, reads = spec.checked(image, plain), spec.reads(plain)
    if plain[-1] != expected:
        says = f"found checksum 0x{plain[-1]:02X}, expected 0x{expected:02X}"
        if cipher is not Cipher.NONE:
            says += ": damaged" if reads else ": damaged, or not the right key"
        return Region(spec.name, spec.start, RegionState.DAMAGED, raw, says, {}, reads)
    values = {field.name: field.read(plain) for field in spec.fields}
    says = f"checksum 0x{expected:02X} right"
    return Region(spec.name, spec.start, RegionState.SOUND, raw, says, values, reads)


def _deciphered(raw: bytes, cipher: Cipher, keyed: int | None, keys: EepromKeys) -> tuple[bytes | None, str]:
    if cipher is Cipher.NONE:
        return raw, ""
    if cipher is Cipher.AES:
        if keys.aes is None:
            return None, "enciphered (or damaged), no key configured"
        return aes_decipher(raw, *keys.aes), ""
    algorithm, number = (keyed or 0) >> 4, (keyed or 0) & 15
    if algorithm != XXTEA_NUMBER:
        return None, f"enciphered by algorithm {algorithm}, which is not known"
    if number not in keys.xxtea:
        return None, f"enciphered, no key configured (XXTEA, key {number})"
    return xxtea_decipher(raw, keys.xxtea[number]), ""


def sealed(
    spec: RegionSpec, values: Mapping[str, Value], head: bytes, image: Image, keys: EepromKeys
) -> bytes:
    """A region's bytes from its values: checksum, then the image's cipher. ``head``: its first two bytes.

    Raises ValueError as ``encode``.
    """
    plain = bytearray(spec.size)
    for field in spec.fields:
        field.write(plain, values)
    plain[-1] = spec.checked(head, bytes(plain))
    if image.cipher is Cipher.NONE:
        return bytes(plain)
    if image.cipher is Cipher.AES:
        if keys.aes is None:
            raise ValueError(f"region {spec.name}: found no AES key, expected one to encipher it with")
        return aes_encipher(bytes(plain), *keys.aes)
    number = (image.keyed or 0) & 15
    if number not in keys.xxtea:
        raise ValueError(f"region {spec.name}: found no XXTEA key {number}, expected one to encipher it with")
    return xxtea_encipher(bytes(plain), keys.xxtea[number])


def _with_problems(found: Image) -> Image:
    problems = [
        f"region {one.name} at 0x{one.start:02X}: {one.says}"
        for one in found.regions if one.state is RegionState.DAMAGED
    ]
    first = found.regions[0]
    if first.state is RegionState.UNWRITTEN:
        problems.append(f"region {first.name}: {first.says}, expected the board's identity")
    if found.keyed is not None and found.keyed >> 4 > XXTEA_NUMBER:
        problems.append(f"found cipher number {found.keyed >> 4}, expected 1 (XXTEA)")
    if found.trailer not in (None, TRAILER):
        problems.append(f"found 0x{found.trailer:02X} as its last byte, expected 0x{TRAILER:02X}")
    written = sum(byte != UNWRITTEN for byte in found.unused)
    if found.layout.trailer and written:
        problems.append(f"found {written} bytes written where none belong, expected 0xFF")
    declared, expected = first.values.get("format"), found.layout.format
    if first.state is RegionState.SOUND and declared != expected:
        problems.append(f"region {first.name}: found format {declared!r}, expected {expected} by its length")
    return replace(found, problems=tuple(problems))
