"""Decode untrusted images in a sandboxed process that holds no secrets.

Hostile files attack decoders, so no decoder runs beside the database's password. This script is
started bare (no environment, no project code), loads Pillow once, and forks a child for each
image: the child has limited memory and time, can open no file and no socket, and inherits nothing
from the image before. Starting Python and Pillow for each poster would be as safe, and costs
several times what the image itself does.
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

PRELOADED_PLUGINS = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin)
"""Imported before a child may no longer open files; an MPO is a JPEG that holds several."""

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 40_000_000  # 160 MB while decoded; the largest posters in use have 6 million
JPEG_QUALITY = 85  # above it files grow much faster than any visible difference
BACKGROUND = (255, 255, 255)  # replaces transparent parts
NICENESS = 10  # answering searches takes precedence over processing images
MAX_RESULT_BYTES = 32 * 1024 * 1024  # many times three images of any allowed size


class InvalidImage(Exception):
    """The bytes do not make a poster; the message is a clause that says why."""


def process(data: bytes, widths: Sequence[int]) -> list[bytes]:
    """Return one JPEG of `data` for each width, never wider than the source.

    Raises:
        InvalidImage: it is no JPEG, PNG or WebP, is cut short, or is too large.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata, which is dropped anyway
        image = _normalize(_decode(data))
    jpegs: dict[int, bytes] = {}
    for width in sorted(set(widths), reverse=True):
        if width < image.width:
            height = max(1, round(image.height * width / image.width))
            image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        file = io.BytesIO()
        image.save(file, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
        jpegs[width] = file.getvalue()
    return [jpegs[width] for width in widths]


def _decode(data: bytes) -> Image.Image:
    """Return the whole image, decoded to its last row."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as header:
            if header.width * header.height > MAX_PIXELS:
                raise InvalidImage(f"is larger than {MAX_PIXELS // 1_000_000} million pixels")
            header.verify()
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        image.load()
    except UnidentifiedImageError:
        raise InvalidImage("is not a JPEG, PNG or WebP picture") from None
    except (InvalidImage, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise InvalidImage(f"is larger than {MAX_PIXELS // 1_000_000} million pixels") from None
    except Exception:  # decoders raise exceptions of every type
        raise InvalidImage("is cut short or damaged") from None
    return image


def _normalize(image: Image.Image) -> Image.Image:
    """Return `image` rotated as its camera states, in RGB, without metadata."""
    with suppress(Exception):  # damaged EXIF says nothing about the image itself
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut, not scale
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        foreground = image.convert("RGBA")
        background = Image.new("RGBA", foreground.size, (*BACKGROUND, 255))
        image = Image.alpha_composite(background, foreground)
    rgb = image.convert("RGB")
    rgb.info = {}
    return rgb


def _limit_resources(memory: int, cpu_seconds: int) -> None:
    """Give up, for good, what a decoder does not need; some systems lack some of the limits."""
    for limit, maximum in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        hard = maximum + 1 if limit == resource.RLIMIT_CPU else maximum
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (maximum, hard))


def _encode_result(data: bytes, widths: Sequence[int]) -> bytes:
    """Return one line of JSON, followed by the images whose lengths it states."""
    try:
        images = process(data, widths)
    except InvalidImage as error:
        return _encode_rejection(str(error))
    except MemoryError:
        return _encode_rejection("needs too much memory to decode")
    except Exception:
        return _encode_rejection("cannot be made into a poster")
    lengths = [len(image) for image in images]
    return json.dumps({"lengths": lengths}).encode() + b"\n" + b"".join(images)


def _encode_rejection(reason: str) -> bytes:
    return json.dumps({"invalid": reason}).encode() + b"\n"


def _process_in_child(data: bytes, widths: Sequence[int], memory: int, cpu_seconds: int) -> bytes:
    """Return `_encode_result` from a child process that the image may crash."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            os.close(0)
            os.close(1)
            _limit_resources(memory, cpu_seconds)
            _write_all(writer, _encode_result(data, widths))
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        result = pipe.read(MAX_RESULT_BYTES + 1)
    if len(result) > MAX_RESULT_BYTES:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
        return _encode_rejection("takes too long to decode")
    return result if status == 0 else _encode_rejection("breaks the decoder")


def main(widths: Sequence[int], memory: int, cpu_seconds: int) -> None:
    """Process images from standard input, each preceded by its length, until it ends."""
    os.nice(NICENESS)
    process(_create_warm_up_image(), widths)
    _write_all(1, _encode_frame(b""))  # ready for the first image
    while len(header := sys.stdin.buffer.read(4)) == 4:
        (length,) = struct.unpack(">I", header)
        data = sys.stdin.buffer.read(length)
        _write_all(1, _encode_frame(_process_in_child(data, widths, memory, cpu_seconds)))


def _encode_frame(message: bytes) -> bytes:
    """Return `message` after its length, so that no message can run into the next one."""
    return struct.pack(">I", len(message)) + message


def _write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data` unbuffered, so that nothing is lost if this process dies next."""
    remaining = memoryview(data)
    while remaining:
        remaining = remaining[os.write(descriptor, remaining) :]


def _create_warm_up_image() -> bytes:
    """Return a first image, so that Pillow's lazy imports happen before the first fork."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG")
    return file.getvalue()


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # the parent is gone and needs no result
        main([int(width) for width in sys.argv[3:]], int(sys.argv[1]), int(sys.argv[2]))
