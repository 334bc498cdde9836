"""From a stranger's bytes to three pictures of our own.

The bytes decide what they are, whatever their sender says. They are opened in the darkroom, a
process apart, and what leaves it is encoded anew: no metadata, no second meaning, three widths,
always JPEG, since nothing fails to show that. The pictures' own content names them, so that an
address never changes what it shows, and storing the same poster twice is harmless.
"""

import asyncio
import hashlib
import json
import os
import signal
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from service.films.poster_response import POSTER_WIDTHS
from service.posters.errors import PosterRejected, PosterTemporarilyUnavailable

MEDIA_TYPE = "image/jpeg"

MEMORY = 1024**3  # bytes of address space; 40 million pixels need half of it
CPU_SECONDS = 5  # a poster takes a tenth of one; the slowest honest one stays under two
PATIENCE = 60.0  # seconds on the clock, since a busy machine is not the picture's fault
START_SECONDS = 60.0  # seconds until it is ready; one where nothing else runs
BROKEN = "the picture breaks the decoder"
JPEG = b"\xff\xd8\xff"  # how every one of ours begins
SCRIPT = Path(__file__).with_name("image_worker.py")


@dataclass(frozen=True, slots=True)
class ProcessedPoster:
    """The finished pictures by size, and the SHA-256 over all of them in hexadecimal."""

    key: str
    sizes: Mapping[str, bytes]

    @classmethod
    def of(cls, pictures: list[bytes]) -> "ProcessedPoster":
        digest = hashlib.sha256()
        for picture in pictures:
            digest.update(hashlib.sha256(picture).digest())
        return cls(digest.hexdigest(), dict(zip(POSTER_WIDTHS, pictures, strict=True)))


class ImageProcessor:
    """One process that makes posters, one after the other; it starts with the first.

    Args:
        memory: bytes of address space that one picture may take.
        cpu_seconds: seconds of computing that one picture may take.
        patience: seconds on the clock after which the process itself is given up.
    """

    def __init__(
        self, memory: int = MEMORY, cpu_seconds: int = CPU_SECONDS, patience: float = PATIENCE
    ) -> None:
        self._limits = (str(memory), str(cpu_seconds))
        self._patience = patience
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def process(self, data: bytes) -> ProcessedPoster:
        """Check `data` by decoding all of it, and make the three sizes.

        Raises:
            Rejected: it is no whole picture of the allowed kinds and sizes.
            Passing: the darkroom itself failed.
        """
        if not data:
            raise PosterRejected("the picture is empty")
        async with self._turn:
            try:
                process = self._process or await self._started()
                async with asyncio.timeout(self._patience):
                    pictures = await _asked(process, data)
            except (OSError, TimeoutError, asyncio.IncompleteReadError) as fault:
                await self._end()
                raise PosterTemporarilyUnavailable("the picture could not be examined") from fault
            except asyncio.CancelledError:
                await self._end()
                raise
        return ProcessedPoster.of(pictures)

    async def close(self) -> None:
        """End the process; safe to repeat."""
        async with self._turn:
            await self._end()

    async def _started(self) -> Process:
        kept = {k: v for k, v in os.environ.items() if k == "LD_LIBRARY_PATH"}
        process = self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(SCRIPT), *self._limits),
            *(str(width) for width in POSTER_WIDTHS.values()),
            stdin=PIPE,
            stdout=PIPE,
            env=kept,
            start_new_session=True,
        )
        async with asyncio.timeout(START_SECONDS):
            await _told(process)
        return process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _asked(process: Process, data: bytes) -> list[bytes]:
    """The pictures that `develop` makes of `data`."""
    assert process.stdin is not None, "it is a pipe"
    process.stdin.write(struct.pack(">I", len(data)))
    process.stdin.write(data)
    await process.stdin.drain()
    return unpacked(await _told(process))


async def _told(process: Process) -> bytes:
    """The next thing that `develop` says, after its length."""
    assert process.stdout is not None, "it is a pipe"
    (length,) = struct.unpack(">I", await process.stdout.readexactly(4))
    return await process.stdout.readexactly(length)


def unpacked(told: bytes) -> list[bytes]:
    """The pictures in what a child of the darkroom said, which may have lost its mind."""
    head, _, rest = told.partition(b"\n")
    try:
        said = json.loads(head)
        if "unfit" in said:
            raise PosterRejected(f"the picture {said['unfit']}")
        ends = list(accumulate(said["lengths"], initial=0))
        pictures = [rest[begin:end] for begin, end in pairwise(ends)]
    except (ValueError, KeyError, TypeError):
        raise PosterRejected(BROKEN) from None
    if len(pictures) != len(POSTER_WIDTHS) or not all(p.startswith(JPEG) for p in pictures):
        raise PosterRejected(BROKEN)
    return pictures
