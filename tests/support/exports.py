"""Parts of exports for tests, and workers that make them."""

import csv
import io
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from uuid import UUID
from zipfile import ZipFile

import orjson

from indexer.export_worker import ExportWorker
from service.accounts.personal_data import ExportPart, Row
from service.exports import jobs
from service.exports.archive import DEFAULT_LIMITS, ArchiveLimits
from service.exports.models import Export
from service.server.personal_data import PERSONAL_DATA
from tests.support.clock import FakeClock

PARTS = [part for data in PERSONAL_DATA for part in data.export_parts]


def create_worker(
    clock: FakeClock,
    owner: str = "one",
    parts: Sequence[ExportPart] = PARTS,
    limits: ArchiveLimits = DEFAULT_LIMITS,
) -> ExportWorker:
    folder = Path(tempfile.gettempdir())
    return ExportWorker(parts, folder, clock, owner, limits=limits, poll_interval=0.02)


def make_part(pages: Sequence[Sequence[Mapping[str, object]]], name: str = "films") -> ExportPart:
    """Return a part with these pages of rows for everybody."""

    async def read(user_id: UUID) -> AsyncIterator[Sequence[Row]]:
        for page in pages:
            yield page

    return ExportPart(name, tuple(pages[0][0]) if pages else ("title",), read)


async def read_archive(export: Export) -> bytes:
    return b"".join([chunk async for chunk in jobs.read_chunks(export)])


def unpack(archive: bytes) -> dict[str, bytes]:
    """Return the files of a ZIP by name, having checked their sums."""
    with ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def read_json(files: Mapping[str, bytes], name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = orjson.loads(files[f"{name}.json"])
    return rows


def read_table(files: Mapping[str, bytes], name: str) -> list[dict[str, str]]:
    text = files[f"{name}.csv"].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))
