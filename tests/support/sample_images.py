"""Pictures good and bad, made on the spot, so that no stranger's picture lies in the project."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

RED, BLUE = (200, 20, 20), (20, 20, 200)


def picture(
    form: str = "JPEG", size: tuple[int, int] = (400, 600), mode: str = "RGB", **how: Any
) -> bytes:
    """A sheet that is red above and blue below, in any of Pillow's forms."""
    sheet = Image.new("RGB", size, RED)
    sheet.paste(BLUE, (0, size[1] // 2, size[0], size[1]))
    return encoded(sheet.convert(mode), form, **how)


def encoded(sheet: Image.Image, form: str, **how: Any) -> bytes:
    """`sheet` as a file's bytes."""
    file = io.BytesIO()
    sheet.save(file, form, **how)
    return file.getvalue()


def detailed(form: str = "JPEG", size: tuple[int, int] = (400, 600), **how: Any) -> bytes:
    """A picture that does not compress to nothing, so that there is something to cut off."""
    return encoded(Image.effect_noise(size, 60).convert("RGB"), form, **how)


def pixel_bomb() -> bytes:
    """A PNG of a few kilobytes that claims 900 million pixels."""
    good = encoded(Image.new("1", (8, 8)), "PNG")
    size = struct.pack(">II", 30_000, 30_000)
    head = good[12:16] + size + good[24:29]
    return good[:12] + head + struct.pack(">I", _crc(head)) + good[33:]


def scan_bomb(scans: int = 3000, width: int = 8000, height: int = 5000) -> bytes:
    """A progressive JPEG of 250 kB, within every size limit, that takes minutes to decode.

    Each of its scans passes over all blocks of the picture and says in 80 bytes that nothing
    changes (runs of end-of-band, ITU T.81 G.1.2.2).
    """
    runs = -(-(width // 8) * (height // 8) // 16384)
    scan = _segment(0xDA, bytes([1, 1, 0x00, 1, 63, 0])) + bytes(-(-runs * 15 // 8) + 1)
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + bytes([1, 0x11, 0])),
            _segment(0xDB, bytes([0]) + bytes([1] * 64)),
            _segment(0xC4, bytes([0x10, 1]) + bytes(15) + bytes([0xE0])),
            scan * scans,
            b"\xff\xd9",
        )
    )


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def _crc(data: bytes) -> int:
    return zlib.crc32(data)
