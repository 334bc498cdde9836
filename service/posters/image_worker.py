"""The room in which strangers' pictures are opened: a process of its own, with little to lose.

Decoders are where hostile files strike, so none runs beside the database's password. This script
is started bare (no environment, no project code), loads Pillow once, and forks a child for each
picture: the child has limited memory and time, can open no file and reach no socket, and takes
nothing along from the picture before. Starting Python and Pillow anew for each poster would be as
safe, and costs several times what the picture itself does.
"""

import io
import json
import os
import resource
import signal
import struct
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress

from PIL import (
    Image,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

LOADED = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin)
"""Imported before a child may no longer open files; an MPO is a JPEG that holds several."""

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 40_000_000  # 160 MB while decoded; the largest posters on offer have 6 million
QUALITY = 85  # above it JPEG files grow much faster than anybody can see
BACKGROUND = (255, 255, 255)  # what shows through where a picture is transparent
NICENESS = 10  # niceness: answering searches comes before making pictures
LARGEST_RESULT = 32 * 1024 * 1024  # bytes; three pictures of any allowed size fit many times


class InvalidImage(Exception):
    """The bytes do not make a poster; the message is a clause that says why."""


def process(data: bytes, widths: Sequence[int]) -> list[bytes]:
    """Turn `data` into one JPEG for each width, never wider than the source.

    Raises:
        Unfit: it is no JPEG, PNG or WebP, is cut short, or is too large.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks on odd metadata, which is dropped anyway
        picture = _upright(_opened(data))
    made: dict[int, bytes] = {}
    for width in sorted(set(widths), reverse=True):
        if width < picture.width:
            height = max(1, round(picture.height * width / picture.width))
            picture = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        paper = io.BytesIO()
        picture.save(paper, "JPEG", quality=QUALITY, optimize=True, progressive=True)
        made[width] = paper.getvalue()
    return [made[width] for width in widths]


def _opened(data: bytes) -> Image.Image:
    """The whole picture, decoded to its last row."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as glance:
            if glance.width * glance.height > MOST_PIXELS:
                raise InvalidImage(f"is larger than {MOST_PIXELS // 1_000_000} million pixels")
            glance.verify()
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
        picture.load()
    except UnidentifiedImageError:
        raise InvalidImage("is not a JPEG, PNG or WebP picture") from None
    except (InvalidImage, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise InvalidImage(f"is larger than {MOST_PIXELS // 1_000_000} million pixels") from None
    except Exception:  # decoders fail in every way there is
        raise InvalidImage("is cut short or damaged") from None
    return picture


def _upright(picture: Image.Image) -> Image.Image:
    """As its camera meant it, in plain colours, without metadata."""
    with suppress(Exception):  # damaged EXIF says nothing about the picture beside it
        picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut, not scale
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.has_transparency_data:
        seen = picture.convert("RGBA")
        sheet = Image.new("RGBA", seen.size, (*BACKGROUND, 255))
        picture = Image.alpha_composite(sheet, seen)
    plain = picture.convert("RGB")
    plain.info = {}
    return plain


def _confine(memory: int, seconds: int) -> None:
    """Give up, for good, what a decoder does not need; not every system knows every limit."""
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most + 1 if limit == resource.RLIMIT_CPU else most))


def _result(data: bytes, widths: Sequence[int]) -> bytes:
    """One line of JSON, then the pictures it announces."""
    try:
        pictures = process(data, widths)
    except InvalidImage as fault:
        return _refusal(str(fault))
    except MemoryError:
        return _refusal("needs too much memory to decode")
    except Exception:
        return _refusal("cannot be made into a poster")
    lengths = [len(picture) for picture in pictures]
    return json.dumps({"lengths": lengths}).encode() + b"\n" + b"".join(pictures)


def _refusal(reason: str) -> bytes:
    return json.dumps({"unfit": reason}).encode() + b"\n"


def _apart(data: bytes, widths: Sequence[int], memory: int, seconds: int) -> bytes:
    """`_result`, made by a child that may die of it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            os.close(0)
            os.close(1)
            _confine(memory, seconds)
            _give(writer, _result(data, widths))
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        result_bytes = pipe.read(LARGEST_RESULT + 1)
    if len(result_bytes) > LARGEST_RESULT:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
        return _refusal("takes too long to decode")
    return result_bytes if status == 0 else _refusal("breaks the decoder")


def main(widths: Sequence[int], memory: int, seconds: int) -> None:
    """Develop pictures from standard input, each preceded by its length, until it ends."""
    os.nice(NICENESS)
    process(_warming(), widths)
    _give(1, _framed(b""))  # ready: the first picture may come
    while len(header := sys.stdin.buffer.read(4)) == 4:
        (length,) = struct.unpack(">I", header)
        data = sys.stdin.buffer.read(length)
        _give(1, _framed(_apart(data, widths, memory, seconds)))


def _framed(result: bytes) -> bytes:
    """`result` after its length, so that no result can run into the next one."""
    return struct.pack(">I", len(result)) + result


def _give(descriptor: int, data: bytes) -> None:
    """Write all of `data`, past Python's buffers: what is given is given, whoever dies next."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _warming() -> bytes:
    """A first picture, so that whatever Pillow loads late is loaded before the first child."""
    sheet = io.BytesIO()
    Image.new("RGB", (8, 8)).save(sheet, "JPEG")
    return sheet.getvalue()


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # whoever asked is gone; nobody misses the answer
        main([int(width) for width in sys.argv[3:]], int(sys.argv[1]), int(sys.argv[2]))
