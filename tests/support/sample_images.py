"""Valid and hostile images, generated so that the project holds none of other people's."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

RED, BLUE = (200, 20, 20), (20, 20, 200)


def create_image(
    format: str = "JPEG", size: tuple[int, int] = (400, 600), mode: str = "RGB", **options: Any
) -> bytes:
    """Return an image that is red above and blue below, in any of Pillow's formats."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (0, size[1] // 2, size[0], size[1]))
    return encode_image(image.convert(mode), format, **options)


def encode_image(image: Image.Image, format: str, **options: Any) -> bytes:
    """Return the bytes of `image` as a file."""
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def create_noise_image(
    format: str = "JPEG", size: tuple[int, int] = (400, 600), **options: Any
) -> bytes:
    """Return an image that does not compress well, so that there is something to cut off."""
    return encode_image(Image.effect_noise(size, 60).convert("RGB"), format, **options)


def open_jpeg(data: bytes) -> Image.Image:
    """Return the image in `data`, which must be a JPEG."""
    return Image.open(io.BytesIO(data), formats=["JPEG"])


def is_similar(colour: object, expected: tuple[int, int, int]) -> bool:
    """Return whether a pixel has about the expected colour; JPEG is lossy."""
    assert isinstance(colour, tuple)
    return all(abs(a - b) < 12 for a, b in zip(colour, expected, strict=True))


def create_pixel_bomb() -> bytes:
    """Return a small PNG whose header states 900 million pixels."""
    png = encode_image(Image.new("1", (8, 8)), "PNG")
    size = struct.pack(">II", 30_000, 30_000)
    header = png[12:16] + size + png[24:29]
    return png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]


def create_scan_bomb(scans: int = 3000, width: int = 8000, height: int = 5000) -> bytes:
    """Return a progressive JPEG of 250 kB, within every size limit, that decodes for minutes.

    Each of its scans passes over all blocks of the image and states in 80 bytes that nothing
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
