"""Read-your-writes: a search that waits for an earlier write."""

import asyncio

import pytest

from indexer.index_worker import IndexWorker
from service.errors import Invalid
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts, FilmPatch
from service.search.index.generation import Generation
from service.search.index.read_your_writes import wait_until_indexed


async def test_a_search_after_a_write_waits_until_it_is_indexed_or_the_timeout(
    catalogue: Catalogue, worker: IndexWorker
) -> None:
    film = await catalogue.add(FilmFacts(title="Mine"))
    generation = Generation()
    before = await generation.current()
    token = f"{film.id}:{film.version}"
    wait = asyncio.create_task(wait_until_indexed(token, generation, timeout=60.0))
    await worker.process_batch()
    assert await wait
    assert await generation.current() > before
    await catalogue.update(str(film.id), None, FilmPatch(year=1990))
    assert await wait_until_indexed(token, generation, timeout=60.0)
    assert not await wait_until_indexed(f"{film.id}:2", generation, timeout=0.1)
    for malformed in ("", "1", f"{film.id}", f"{film.id}:x", "not-a-film:1"):
        with pytest.raises(Invalid):
            await wait_until_indexed(malformed, generation)
