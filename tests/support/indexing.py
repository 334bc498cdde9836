"""What tests of the indexer share: some films, and a real writer with moods."""

import asyncio
from collections.abc import Sequence

from service.errors import Unavailable
from service.films.schemas import FilmFacts, Provenance
from service.search.engines.base import IndexWriter, SerializedDocument, WriteError
from service.search.index.document import MovieDocument

SAMPLE = Provenance(source="sample")
FILMS = [FilmFacts(title=f"Film number {n}", year=1950 + n % 70) for n in range(30)]


class Moody:
    """A real writer that fails when a test says so."""

    def __init__(self, writer: IndexWriter) -> None:
        self._writer = writer
        self.away = False
        self.refuse: dict[str, bool] = {}
        self.breaks: set[str] = set()
        self.loses: set[str] = set()
        self.written = 0
        self.at_once = self.most_at_once = 0
        self.takes = 0.0

    async def write(self, documents: Sequence[MovieDocument]) -> tuple[WriteError, ...]:
        if self.away:
            raise Unavailable("the engine is away")
        if self.breaks & {made.film_id for made in documents}:
            raise RuntimeError("nobody thought of this film")
        taken = [made for made in documents if made.film_id not in self.refuse]
        self.written += len(taken)
        refused = [
            WriteError(made.film_id, "not today", self.refuse[made.film_id])
            for made in documents
            if made.film_id in self.refuse
        ]
        return (*refused, *await self._writer.write(taken))

    async def fill(
        self, name: str, documents: Sequence[SerializedDocument]
    ) -> tuple[WriteError, ...]:
        if self.away:
            raise Unavailable("the engine is away")
        kept = [made for made in documents if made.film_id not in self.loses]
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.takes)
        try:
            return await self._writer.fill(name, kept)
        finally:
            self.at_once -= 1

    def __getattr__(self, name: str) -> object:
        return getattr(self._writer, name)


async def held(writer: Moody) -> int:
    name = await writer.live_index()  # type: ignore[operator]
    return int(await writer.count(name))  # type: ignore[operator]
