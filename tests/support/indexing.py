"""What tests of the indexer share: some films, and a real writer with moods."""

import asyncio
from collections.abc import Sequence

from service.errors import Unavailable
from service.films.schemas import FilmFacts, Provenance
from service.search.engines.base import IndexWriter, SerializedDocument, WriteError
from service.search.index.document import MovieDocument

SAMPLE = Provenance(source="sample")
FILMS = [FilmFacts(title=f"Film number {n}", year=1950 + n % 70) for n in range(30)]


class FaultyWriter:
    """A real writer that fails when a test says so."""

    def __init__(self, writer: IndexWriter) -> None:
        self._writer = writer
        self.unavailable = False
        self.rejections: dict[str, bool] = {}
        self.crash_on: set[str] = set()
        self.dropped: set[str] = set()
        self.written = 0
        self.concurrent = self.max_concurrent = 0
        self.delay = 0.0

    async def write(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        if self.unavailable:
            raise Unavailable("the engine is away")
        if self.crash_on & {document.film_id for document in documents}:
            raise RuntimeError("nobody thought of this film")
        accepted = [made for made in documents if made.film_id not in self.rejections]
        self.written += len(accepted)
        errors = [
            WriteError(made.film_id, "not today", self.rejections[made.film_id])
            for made in documents
            if made.film_id in self.rejections
        ]
        return (*errors, *await self._writer.write(accepted))

    async def fill(
        self, name: str, documents: Sequence[SerializedDocument]
    ) -> tuple[WriteError, ...]:
        if self.unavailable:
            raise Unavailable("the engine is away")
        accepted = [made for made in documents if made.film_id not in self.dropped]
        self.concurrent += 1
        self.max_concurrent = max(self.max_concurrent, self.concurrent)
        await asyncio.sleep(self.delay)
        try:
            return await self._writer.fill(name, accepted)
        finally:
            self.concurrent -= 1

    def __getattr__(self, name: str) -> object:
        return getattr(self._writer, name)


async def count_films(writer: FaultyWriter) -> int:
    name = await writer.live_index()  # type: ignore[operator]
    return int(await writer.count(name))  # type: ignore[operator]
