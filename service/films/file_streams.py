"""Byte streams of files of films: counted, stoppable, and looked into without being read."""

import gzip
import io
import select
import zlib
from typing import BinaryIO

START_BYTES = 65_536  # read to find out the format
STOP_INTERVAL = 0.2  # seconds after which a reader that waits for a pipe notices that it must stop
GZIP_MAGIC = b"\x1f\x8b"
BROKEN_GZIP_ERRORS = (EOFError, zlib.error, gzip.BadGzipFile)


class ReadingStopped(Exception):
    """The file was not read to its end, since `FilmFile.stop` was called."""


class FileSource(io.RawIOBase):
    """A file or pipe: counts what is read, and can be stopped while it waits for a pipe."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._is_regular = file.seekable()
        self.count = 0
        self.is_stopped = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # buffers only
        while not self._is_regular and not self.is_stopped:
            if select.select([self._file], [], [], STOP_INTERVAL)[0]:
                break
        if self.is_stopped:  # an end of the file would make half a line look like a whole one
            raise ReadingStopped
        chunk = self._file.read(len(buffer))
        buffer[: len(chunk)] = chunk
        self.count += len(chunk)
        return len(chunk)


def peek(source: io.RawIOBase) -> tuple[io.BufferedReader, bytes]:
    """Return a reader of the source, and its first two lines without reading them."""
    start = bytearray()
    while len(start) < START_BYTES and len(start.strip().splitlines()) < 3:
        try:
            chunk = _read_available(source, START_BYTES)
        except BROKEN_GZIP_ERRORS:
            if not start:
                raise
            break  # the reader meets it again, behind what was read
        if not chunk:
            break
        start += chunk
        if start.startswith(GZIP_MAGIC):
            break
    return io.BufferedReader(_Rewound(bytes(start), source), START_BYTES), bytes(start)


class _Rewound(io.RawIOBase):
    """A stream with the bytes that were read from it in front again."""

    def __init__(self, start: bytes, rest: io.RawIOBase) -> None:
        self._start = memoryview(start)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # buffers only
        chunk = self._start[: len(buffer)] or _read_available(self._rest, len(buffer))
        self._start = self._start[len(buffer) :]
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _read_available(source: io.RawIOBase, size: int) -> bytes:
    """Return what one read gives: a `GzipFile` would read on, and lose it all if it breaks off."""
    if isinstance(source, gzip.GzipFile):
        return source.read1(size)
    return source.read(size) or b""
