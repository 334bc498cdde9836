"""Import films from files: JSON or JSON lines, plain or gzipped, in three shapes.

A file of a million lines has some bad ones. A bad line is reported with its number and the reason,
and the others are imported. Importing the same file twice changes nothing.
"""

import asyncio
import gzip
import io
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from service.errors import DomainError
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts, Provenance, Source

BATCH_SIZE = 500  # films in one transaction: other writers wait about 30 ms for it
LINES_PER_SLICE = 25  # lines read before the event loop can go on with the pending write
MAX_LINE_BYTES = 1_000_000  # a film takes about 2 kB
READ_ONLY_FIELDS = [
    "id",
    "source",
    "fetched_at",
    "refresh_after",
    "stale",
    "attribution",
    "created_at",
    "updated_at",
    "version",
    "poster",
]
"""Fields of an exported film that the service sets itself; an import ignores them."""


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
    bytes_read: int = 0
    bad_lines: list[BadLine] = field(default_factory=list)


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
        self, path: Path, source: Source = "user"
    ) -> AsyncIterator[ImportProgress]:
        """Import the file's films in batches; yield the progress after each batch.

        The next batch is read while the last one is written.

        Raises:
            OSError: the file cannot be read.
            DomainError: the file is not JSON at all.
        """
        progress = ImportProgress()
        with path.open("rb") as raw:
            writing: asyncio.Task[None] | None = None
            try:
                async for batch in self._read_batches(raw, progress):
                    if writing is not None:
                        await writing
                        yield progress
                    progress.bytes_read = raw.tell()
                    writing = asyncio.create_task(self._write_batch(batch, source, progress))
            finally:
                if writing is not None:
                    await writing
            progress.bytes_read = raw.tell()
        yield progress

    async def _read_batches(
        self, raw: io.BufferedReader, progress: ImportProgress
    ) -> AsyncIterator[list[FilmFacts]]:
        batch: list[FilmFacts] = []
        for number, line in _read_lines(raw):
            progress.read += 1
            try:
                batch.append(self._parse_line(line))
            except ValueError as error:
                progress.bad_lines.append(BadLine(number, _describe_error(error)))
            if len(batch) >= self._batch_size:
                yield batch
                batch = []
            elif progress.read % LINES_PER_SLICE == 0:
                await asyncio.sleep(0)
        if batch:
            yield batch

    async def _write_batch(
        self, batch: list[FilmFacts], source: Source, progress: ImportProgress
    ) -> None:
        result = await self._catalogue.upsert_all(batch, Provenance(source=source))
        progress.added += result.added
        progress.changed += result.changed

    def _parse_line(self, line: bytes | dict[str, Any]) -> FilmFacts:
        """Return the facts of one line in any of the three shapes. Raises ValueError."""
        if isinstance(line, bytes):
            if len(line) > MAX_LINE_BYTES:
                raise ValueError(f"longer than {MAX_LINE_BYTES} bytes")
            line = orjson.loads(line)
        if not isinstance(line, dict):
            raise ValueError("not an object")
        if "Title" in line:
            return self._parse_omdb(line)
        if "name" in line:
            return FilmFacts.model_validate(_convert_compact(line))
        return FilmFacts.model_validate(_drop_read_only(line))


def _drop_read_only(line: dict[str, Any]) -> dict[str, Any]:
    """Convert the service's own shape, as the API shows films."""
    return {name: value for name, value in line.items() if name not in READ_ONLY_FIELDS}


def _convert_compact(line: dict[str, Any]) -> dict[str, Any]:
    """Convert a shape of small data sets: name, director, imdb_score, genre[], 99popularity."""
    facts: dict[str, Any] = {"title": line["name"]}
    if line.get("director"):
        facts["directors"] = [line["director"]]
    if line.get("imdb_score") is not None:
        facts["ratings"] = {"imdb": {"value": line["imdb_score"]}}
    if line.get("genre"):
        facts["genres"] = [str(name).strip() for name in line["genre"]]
    popularity = line.get("99popularity", line.get("popularity"))
    if popularity is not None:
        facts["popularity"] = popularity
    return facts


def _read_lines(raw: io.BufferedReader) -> Iterator[tuple[int, bytes | dict[str, Any]]]:
    """Yield the numbered films of a file: its lines, or the elements of one JSON array."""
    is_gzip = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    reader = io.BufferedReader(gzip.GzipFile(fileobj=raw)) if is_gzip else raw
    if reader.peek(64).lstrip()[:1] == b"[":
        try:
            elements = orjson.loads(reader.read())
        except orjson.JSONDecodeError as error:
            raise DomainError(f"The file is not JSON: {error}") from None
        yield from enumerate(elements, 1)
        return
    number = 0
    while line := reader.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := reader.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                continue
        if line.strip():
            yield number, line


def _describe_error(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False)[0]
        field_path = ".".join(str(part) for part in first["loc"])
        return f"{field_path}: {first['msg']}" if field_path else first["msg"]
    return str(error)
