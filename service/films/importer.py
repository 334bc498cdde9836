"""Import films from files into the catalogue.

A file of a million lines has some bad ones. A bad line is reported with its number and the reason,
and the others are imported. Importing the same file twice changes nothing the second time.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import structlog
from tortoise.exceptions import IntegrityError, ValidationError

from service.films.catalogue import Catalogue
from service.films.file_reader import FilmFile, UnreadableFile
from service.films.file_streams import ReadingStopped
from service.films.line_parser import ParsedLine, parse_line
from service.films.schemas import FilmFacts, Provenance, Source

log = structlog.get_logger()

BATCH_SIZE = 500  # films in one transaction: other writers wait about 30 ms for it
MAX_BAD_LINES = 20  # reported one by one; the rest is counted
MAX_UNKNOWN_FIELDS = 100  # names that are counted; a file of random keys has millions
MAX_REASON_LENGTH = 500  # characters
UNFORESEEN_FAULT = "cannot be understood"

LINE_ERRORS = (IntegrityError, ValidationError, ValueError, OverflowError, asyncpg.DataError)
"""What the database says about one film of a batch that no check has foreseen."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was not imported, and why; the first line is number 1."""

    number: int
    reason: str


@dataclass(slots=True)
class ImportProgress:
    """The progress of an import; `bytes_read` counts bytes of the file as stored (compressed)."""

    read: int = 0
    added: int = 0
    changed: int = 0
    same: int = 0
    left_out: int = 0
    bytes_read: int = 0
    bad_lines: list[BadLine] = field(default_factory=list)
    """The first bad lines."""
    unknown_fields: Counter[str] = field(default_factory=Counter)
    """How often fields occurred that films do not have."""

    def add_bad_line(self, number: int, reason: str) -> None:
        """Count a bad line, and keep it if it is one of the first."""
        self.left_out += 1
        if len(self.bad_lines) < MAX_BAD_LINES:
            self.bad_lines.append(BadLine(number, reason[:MAX_REASON_LENGTH]))

    def count_unknown_fields(self, names: tuple[str, ...]) -> None:
        """Count fields that were left out."""
        for name in names:
            if name in self.unknown_fields or len(self.unknown_fields) < MAX_UNKNOWN_FIELDS:
                self.unknown_fields[name] += 1


@dataclass(slots=True)
class _ImportRun:
    """How a file is imported, how far it is, and the films that it has described so far."""

    source: Source
    is_strict: bool
    progress: ImportProgress
    described: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Batch:
    """The next films of a file, with their line numbers; `failure` ends the file."""

    numbers: list[int] = field(default_factory=list)
    lines: list[ParsedLine] = field(default_factory=list)
    failure: UnreadableFile | None = None


class FilmImporter:
    """Merges files into the catalogue.

    `parse_omdb` converts an object in OMDb's shape into facts. It is passed in because `films` must
    not import `omdb`.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        parse_omdb: Callable[[dict[str, Any]], FilmFacts],
        batch_size: int = BATCH_SIZE,
    ) -> None:
        self._catalogue = catalogue
        self._parse_omdb = parse_omdb
        self._batch_size = batch_size

    async def import_file(
        self,
        path: Path,
        source: Source = "user",
        *,
        is_strict: bool = False,
        progress: ImportProgress | None = None,
    ) -> AsyncIterator[ImportProgress]:
        """Import the file's films in batches; yield the progress after each batch.

        The next batch is read, in a thread, while the last one is written. If the import is
        interrupted, what has been read is written and counted first.

        Args:
            path: the file; `-` is standard input.
            source: what the films' source is.
            is_strict: leave out films with fields that films do not have.
            progress: what is yielded; for callers that want it after an interruption, too.

        Raises:
            UnreadableFile: the file cannot be read any further; what was read is imported.
        """
        run = _ImportRun(source, is_strict, progress or ImportProgress())
        with await asyncio.to_thread(FilmFile, path) as file:
            batches = self._read_batches(file, run)
            reading = asyncio.create_task(asyncio.to_thread(next, batches, None))
            writing: asyncio.Task[None] | None = None
            try:
                while batch := await asyncio.shield(reading):
                    run.progress.bytes_read = file.bytes_read
                    reading = asyncio.create_task(asyncio.to_thread(next, batches, None))
                    writing = asyncio.create_task(self._write_batch(batch, run))
                    await asyncio.shield(writing)
                    yield run.progress
                    if batch.failure is not None:
                        raise batch.failure
            except (asyncio.CancelledError, GeneratorExit):
                file.stop()
                if writing is not None:
                    await asyncio.wait([writing])
                if rest := await reading:
                    await self._write_batch(rest, run)
                raise
            finally:
                file.stop()
                await asyncio.wait([reading])
        yield run.progress

    def _read_batches(self, file: FilmFile, run: _ImportRun) -> Iterator[_Batch]:
        batch, progress = _Batch(), run.progress
        try:
            for record in file.read_records():
                progress.read += 1
                try:
                    if record.fault is not None:
                        raise ValueError(record.fault)
                    line = parse_line(record.film, self._parse_omdb, is_strict=run.is_strict)
                except ValueError as error:
                    progress.add_bad_line(record.number, str(error))
                    continue
                except Exception:  # a mistake of ours, which must not end the whole file
                    log.debug("film_unreadable", line=record.number, exc_info=True)
                    progress.add_bad_line(record.number, UNFORESEEN_FAULT)
                    continue
                progress.count_unknown_fields(line.unknown_fields)
                batch.numbers.append(record.number)
                batch.lines.append(line)
                if len(batch.lines) >= self._batch_size:
                    yield batch
                    batch = _Batch()
        except UnreadableFile as error:
            batch.failure = error
        except ReadingStopped:
            pass
        if batch.lines or batch.failure:
            yield batch

    async def _write_batch(self, batch: _Batch, run: _ImportRun) -> None:
        if not batch.lines:
            return
        try:
            result = await self._catalogue.upsert_all(
                [line.facts for line in batch.lines],
                Provenance(source=run.source),
                film_ids=[line.film_id for line in batch.lines],
                described=run.described,
            )
        except LINE_ERRORS as error:
            await self._write_each(batch, run, error)
            return
        run.progress.added += result.added
        run.progress.changed += result.changed
        run.progress.same += result.outcomes.count("same")

    async def _write_each(self, batch: _Batch, run: _ImportRun, error: Exception) -> None:
        """Write the films of a batch that the database refuses one by one, to find the bad one."""
        if len(batch.lines) == 1:
            run.progress.add_bad_line(batch.numbers[0], f"the database refuses it: {error}")
            return
        for number, line in zip(batch.numbers, batch.lines, strict=True):
            await self._write_batch(_Batch([number], [line]), run)
