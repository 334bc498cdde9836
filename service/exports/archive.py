"""Write what is stored about a person as a ZIP of JSON and CSV files, in bounded memory."""

import asyncio
import csv
import io
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson

from service.accounts.personal_data import ExportPart, Row
from service.text.csv_cells import encode_cell

FORMAT_VERSION = 1
MANIFEST_NAME = "export.json"
MAX_ARCHIVE_BYTES = 64 * 1024 * 1024  # of a ZIP: 600,000 films seen, 10 MB for each 100,000
MAX_UNPACKED_BYTES = 1024 * 1024 * 1024  # of its files; also what a temporary file may take
MAX_BLOCKING_BYTES = 64 * 1024  # compressed without letting other tasks run: about 3 ms
COPY_BYTES = 64 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # without it, Excel reads another encoding
FILE_MODE = 0o600 << 16  # of a file that is unpacked: it is private


class ArchiveTooLargeError(Exception):
    """The archive would have more bytes than may be stored."""


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How large an archive may become, as a ZIP and unpacked."""

    archive_bytes: int = MAX_ARCHIVE_BYTES
    unpacked_bytes: int = MAX_UNPACKED_BYTES


DEFAULT_LIMITS = ArchiveLimits()


class ArchiveWriter:
    """Writes one archive.

    Args:
        file: where it goes; empty and seekable.
        folder: for temporary files, which have no name.
        now: the time that the archive states.
        on_progress: called before each page of rows, and between the files.
        limits: of the sizes.
    """

    def __init__(
        self,
        file: IO[bytes],
        folder: Path,
        now: datetime,
        on_progress: Callable[[], Awaitable[None]],
        limits: ArchiveLimits = DEFAULT_LIMITS,
    ) -> None:
        self._file = file
        self._folder = folder
        self._now = now
        self._on_progress = on_progress
        self._limits = limits
        self._unpacked_bytes = 0
        self._unyielded_bytes = 0

    async def write(self, user_id: UUID, parts: Sequence[ExportPart]) -> None:
        """Write the archive of this user. Raises ArchiveTooLargeError."""
        counts = {}
        with ZipFile(self._file, "w", ZIP_DEFLATED) as archive:
            for part in parts:
                counts[part.name] = await self._write_part(archive, part, user_id)
            manifest = {
                "format": FORMAT_VERSION,
                "created_at": self._now,
                "account_id": user_id,
                "rows": counts,
            }
            archive.writestr(self._describe(MANIFEST_NAME), _encode(manifest, indent=True) + b"\n")
        self._check_size()

    async def _write_part(self, archive: ZipFile, part: ExportPart, user_id: UUID) -> int:
        """Write the two files of a part in one pass over its rows; return the number of rows.

        A ZIP takes one file after the other, so the second one waits outside of it.
        """
        count = 0
        with tempfile.TemporaryFile(dir=self._folder) as table:
            with archive.open(self._describe(f"{part.name}.json"), "w") as objects:
                objects.write(b"[")
                await self._write(table, BYTE_ORDER_MARK + _encode_line(part.columns))
                async for page in part.read(user_id):
                    await self._on_progress()
                    for row in page:
                        separator = b",\n" if count else b"\n"
                        await self._write(objects, separator + _encode(_order(row, part.columns)))
                        await self._write(table, _encode_line([row[c] for c in part.columns]))
                        count += 1
                objects.write(b"\n]\n" if count else b"]\n")
            await self._on_progress()
            table.seek(0)
            with archive.open(self._describe(f"{part.name}.csv"), "w") as copy:
                while data := table.read(COPY_BYTES):
                    copy.write(data)
                    self._check_size()
                    await asyncio.sleep(0)
        return count

    async def _write(self, file: IO[bytes], data: bytes) -> None:
        """Write to a file in the archive, or beside it. Raises ArchiveTooLargeError."""
        file.write(data)
        self._unpacked_bytes += len(data)
        self._unyielded_bytes += len(data)
        self._check_size()
        if self._unyielded_bytes >= MAX_BLOCKING_BYTES:
            self._unyielded_bytes = 0
            await asyncio.sleep(0)

    def _check_size(self) -> None:
        """Return if the archive may go on. Raises ArchiveTooLargeError."""
        is_too_large = self._file.tell() > self._limits.archive_bytes
        if is_too_large or self._unpacked_bytes > self._limits.unpacked_bytes:
            raise ArchiveTooLargeError

    def _describe(self, name: str) -> ZipInfo:
        info = ZipInfo(name, self._now.timetuple()[:6])
        info.compress_type = ZIP_DEFLATED
        info.external_attr = FILE_MODE
        return info


def _order(row: Row, columns: Sequence[str]) -> dict[str, object]:
    return {column: row[column] for column in columns}


def _encode(value: object, *, indent: bool = False) -> bytes:
    options = orjson.OPT_UTC_Z | (orjson.OPT_INDENT_2 if indent else 0)
    return orjson.dumps(value, default=_encode_id, option=options)


def _encode_id(value: object) -> str:
    """Return an id as PostgreSQL's driver makes it, of a class of its own."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"cannot be encoded as JSON: {type(value).__name__}")


def _encode_line(values: Sequence[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_NONNUMERIC).writerow(
        [encode_cell(value) for value in values]
    )
    return line.getvalue().encode()
