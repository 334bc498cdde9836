"""Films from files: JSON or JSON lines, plain or gzipped, in three shapes.

A file of a million lines has some bad ones, so a bad line is told with its number and its reason
and the rest is kept. Loading the same file twice changes nothing.
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

BATCH = 500  # films in one transaction: some 30 ms in which others wait their turn
GLANCE = 25  # lines read before what is on its way to the database has a turn
MAX_LINE_BYTES = 1_000_000  # bytes; a film is some 2 kB, so a longer line is not one
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
"""Fields of an exported film that the catalogue gives itself."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was left out, and why."""

    number: int
    reason: str


@dataclass(slots=True)
class ImportProgress:
    """How far a load is; `bytes_read` counts the file as it lies on the disk."""

    read: int = 0
    added: int = 0
    changed: int = 0
    bytes_read: int = 0
    bad_lines: list[BadLine] = field(default_factory=list)


class FilmImporter:
    """Merges files into the catalogue.

    `read_omdb` turns a mapping in OMDb's shape into facts; it is given, because this room does
    not know that one.
    """

    def __init__(
        self, catalogue: Catalogue, read_omdb: Callable[[dict[str, Any]], FilmFacts]
    ) -> None:
        self._catalogue = catalogue
        self._read_omdb = read_omdb

    async def import_file(
        self, path: Path, source: Source = "user"
    ) -> AsyncIterator[ImportProgress]:
        """Merge the file's films, batch by batch, saying after each how far it is.

        Raises:
            OSError: the file cannot be read.
            DomainError: it is not JSON at all.
        """
        progress = ImportProgress()
        with path.open("rb") as raw:
            merging: asyncio.Task[None] | None = None
            try:
                async for batch in self._batches(raw, progress):
                    if merging is not None:
                        await merging
                        yield progress
                    progress.bytes_read = raw.tell()
                    merging = asyncio.create_task(self._merge(batch, source, progress))
            finally:
                if merging is not None:
                    await merging
            progress.bytes_read = raw.tell()
        yield progress

    async def _batches(
        self, raw: io.BufferedReader, progress: ImportProgress
    ) -> AsyncIterator[list[FilmFacts]]:
        """The file's films; the next ones are read while the last ones are on their way."""
        batch: list[FilmFacts] = []
        for number, line in _lines(raw):
            progress.read += 1
            try:
                batch.append(self.parse_line(line))
            except ValueError as fault:
                progress.bad_lines.append(BadLine(number, _reason(fault)))
            if len(batch) >= BATCH:
                yield batch
                batch = []
            elif progress.read % GLANCE == 0:
                await asyncio.sleep(0)
        if batch:
            yield batch

    async def _merge(
        self, batch: list[FilmFacts], source: Source, progress: ImportProgress
    ) -> None:
        absorbed = await self._catalogue.upsert_all(batch, Provenance(source=source))
        progress.added += absorbed.added
        progress.changed += absorbed.changed

    def parse_line(self, line: bytes | dict[str, Any]) -> FilmFacts:
        """One line's facts, in whichever of the three shapes it is. Raises ValueError."""
        if isinstance(line, bytes):
            if len(line) > MAX_LINE_BYTES:
                raise ValueError(f"longer than {MAX_LINE_BYTES} bytes")
            line = orjson.loads(line)
        if not isinstance(line, dict):
            raise ValueError("not an object")
        if "Title" in line:
            return self._read_omdb(line)
        if "name" in line:
            return FilmFacts.model_validate(_from_short(line))
        return FilmFacts.model_validate(_from_own(line))


def _from_own(line: dict[str, Any]) -> dict[str, Any]:
    """The service's own shape, as it shows films; what it gives itself is left out."""
    return {name: value for name, value in line.items() if name not in READ_ONLY_FIELDS}


def _from_short(line: dict[str, Any]) -> dict[str, Any]:
    """`name`, `director`, `imdb_score`, `genre[]`, `99popularity`: a shape of small data sets."""
    told: dict[str, Any] = {"title": line["name"]}
    if line.get("director"):
        told["directors"] = [line["director"]]
    if line.get("imdb_score") is not None:
        told["ratings"] = {"imdb": {"value": line["imdb_score"]}}
    if line.get("genre"):
        told["genres"] = [str(name).strip() for name in line["genre"]]
    popularity = line.get("99popularity", line.get("popularity"))
    if popularity is not None:
        told["popularity"] = popularity
    return told


def _lines(raw: io.BufferedReader) -> Iterator[tuple[int, bytes | dict[str, Any]]]:
    """Numbered films of a file: lines, or the members of one JSON array."""
    packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    reader = io.BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw
    if reader.peek(64).lstrip()[:1] == b"[":
        try:
            members = orjson.loads(reader.read())
        except orjson.JSONDecodeError as fault:
            raise DomainError(f"The file is not JSON: {fault}") from None
        yield from enumerate(members, 1)
        return
    number = 0
    while line := reader.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := reader.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                continue
        if line.strip():
            yield number, line


def _reason(fault: ValueError) -> str:
    if isinstance(fault, ValidationError):
        first = fault.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"{where}: {first['msg']}" if where else first["msg"]
    return str(fault)
