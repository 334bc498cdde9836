"""Turn untrusted bytes into three clean JPEG images of a poster.

The bytes decide what they are, whatever their sender states. A sandboxed process (`image_worker`)
decodes them and encodes the result anew: no metadata, no second meaning, three widths, always
JPEG, which every client can show. A poster's key is the hash of its images, so an address never
changes what it shows, and storing the same poster twice is harmless.
"""

import asyncio
import hashlib
import json
import os
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from service.films.poster_response import POSTER_WIDTHS
from service.posters.errors import PosterRejected, PosterUnavailable
from service.resilience.process_group import kill_process_group

MEDIA_TYPE = "image/jpeg"

MAX_MEMORY_BYTES = 1024**3  # of address space; 40 million pixels need half of it
MAX_CPU_SECONDS = 5  # a poster takes 0.1 s; the slowest legitimate one stays under 2 s
REPLY_TIMEOUT = 60.0  # seconds of wall time, since a busy machine is not the image's fault
START_TIMEOUT = 60.0  # seconds until the process is ready; 1 s on an idle machine
DECODER_FAILED = "the picture breaks the decoder"
JPEG_MAGIC = b"\xff\xd8\xff"
WORKER_SCRIPT = Path(__file__).with_name("image_worker.py")


@dataclass(frozen=True, slots=True)
class ProcessedPoster:
    """The images by size, and the SHA-256 over all of them in hexadecimal."""

    key: str
    sizes: Mapping[str, bytes]

    @classmethod
    def from_images(cls, images: list[bytes]) -> "ProcessedPoster":
        """Compute the key of `images`, which are in the order of `POSTER_WIDTHS`."""
        digest = hashlib.sha256()
        for image in images:
            digest.update(hashlib.sha256(image).digest())
        return cls(digest.hexdigest(), dict(zip(POSTER_WIDTHS, images, strict=True)))


class ImageProcessor:
    """One worker process that makes posters one after the other; the first one starts it.

    Args:
        max_memory_bytes: address space that one image may take.
        max_cpu_seconds: CPU time that one image may take.
        timeout: seconds of wall time after which the process is killed.
    """

    def __init__(
        self,
        max_memory_bytes: int = MAX_MEMORY_BYTES,
        max_cpu_seconds: int = MAX_CPU_SECONDS,
        timeout: float = REPLY_TIMEOUT,
    ) -> None:
        self._limits = (str(max_memory_bytes), str(max_cpu_seconds))
        self._timeout = timeout
        self._process: Process | None = None
        self._lock = asyncio.Lock()

    async def process(self, data: bytes) -> ProcessedPoster:
        """Decode all of `data` and return the three sizes.

        Raises:
            PosterRejected: it is not a complete image of an allowed format and size.
            PosterUnavailable: the worker process failed.
        """
        if not data:
            raise PosterRejected("the picture is empty")
        async with self._lock:
            try:
                process = self._process or await self._start_worker()
                async with asyncio.timeout(self._timeout):
                    images = await _send_image(process, data)
            except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                await self._kill_worker()
                raise PosterUnavailable("the picture could not be examined") from error
            except asyncio.CancelledError:
                await self._kill_worker()
                raise
        return ProcessedPoster.from_images(images)

    async def close(self) -> None:
        """End the worker process; safe to repeat."""
        async with self._lock:
            await self._kill_worker()

    async def _start_worker(self) -> Process:
        environment = {k: v for k, v in os.environ.items() if k == "LD_LIBRARY_PATH"}
        process = self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(WORKER_SCRIPT), *self._limits),
            *(str(width) for width in POSTER_WIDTHS.values()),
            stdin=PIPE,
            stdout=PIPE,
            env=environment,
            start_new_session=True,
        )
        async with asyncio.timeout(START_TIMEOUT):
            await _read_frame(process)
        return process

    async def _kill_worker(self) -> None:
        process, self._process = self._process, None
        await kill_process_group(process)


async def _send_image(process: Process, data: bytes) -> list[bytes]:
    """Return the images that the worker makes of `data`."""
    assert process.stdin is not None, "it is a pipe"
    process.stdin.write(struct.pack(">I", len(data)))
    process.stdin.write(data)
    await process.stdin.drain()
    return parse_result(await _read_frame(process))


async def _read_frame(process: Process) -> bytes:
    """Return the worker's next message, which its length precedes."""
    assert process.stdout is not None, "it is a pipe"
    (length,) = struct.unpack(">I", await process.stdout.readexactly(4))
    return await process.stdout.readexactly(length)


def parse_result(message: bytes) -> list[bytes]:
    """Return the images in a worker's message; a hostile image may have corrupted it.

    Raises:
        PosterRejected: the worker rejected the image, or the message is malformed.
    """
    header, _, payload = message.partition(b"\n")
    try:
        result = json.loads(header)
        if "invalid" in result:
            raise PosterRejected(f"the picture {result['invalid']}")
        offsets = list(accumulate(result["lengths"], initial=0))
        images = [payload[begin:end] for begin, end in pairwise(offsets)]
    except (ValueError, KeyError, TypeError):
        raise PosterRejected(DECODER_FAILED) from None
    if len(images) != len(POSTER_WIDTHS) or not all(i.startswith(JPEG_MAGIC) for i in images):
        raise PosterRejected(DECODER_FAILED)
    return images
