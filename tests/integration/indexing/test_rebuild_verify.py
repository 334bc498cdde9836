"""A new index that fails its verification does not go live."""

from dataclasses import replace

import pytest

from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from indexer.rebuild import Rebuild
from service.clock import utc_now
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.indexing.models import Step
from service.indexing.reindex_jobs import ReindexJobs
from service.outbox.models import Outbox
from service.search.engines.base import Engine, Inventory, SerializedDocument
from service.search.index.document import MovieDocument
from tests.support.indexing import (
    FILMS,
    SAMPLE,
    FaultyWriter,
    build_rebuild,
    count_films,
    run_rebuild,
)


async def test_an_index_that_differs_from_the_database_does_not_go_live(
    catalogue: Catalogue,
    worker: IndexWorker,
    rebuild: Rebuild,
    writer: FaultyWriter,
    inventory: Inventory,
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    await worker.process_batch()
    await Outbox.all().update(done_at=1)
    requested = await ReindexJobs(utc_now).request()
    job = await rebuild._lease.claim()
    assert job is not None
    await rebuild._create(job)
    different = replace(MovieDocument.from_film(films[5]), title="Something else")
    await writer.fill(job.index_name, [SerializedDocument.of(different, writer.serialize)])
    job.checkpoint = (await Film.all().order_by("-id").first()).id
    job.state = Step.FILLING
    await rebuild._lease.save(job)
    finished = await run_rebuild(rebuild, requested.id)
    assert finished.state == Step.FAILED
    assert "differs from the database" in str(finished.reason)
    assert await inventory.live_index() == "movies-1"
    assert await writer.list_indexes() == ["movies-1"]


@pytest.mark.fault("new-index-incomplete")
@pytest.mark.parametrize("lost", [1, 30], ids=["one film lost", "all lost"])
async def test_an_index_with_missing_films_does_not_go_live(
    lost: int,
    catalogue: Catalogue,
    worker: IndexWorker,
    rebuild: Rebuild,
    writer: FaultyWriter,
    inventory: Inventory,
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    await worker.process_batch()
    await Outbox.all().update(done_at=1)  # else the lost films would count as still in the outbox
    writer.dropped = {str(film.id) for film in films[:lost]}
    finished = await run_rebuild(rebuild)
    assert finished.state == Step.FAILED
    assert "missing" in str(finished.reason)
    assert await writer.list_indexes() == [await inventory.live_index()] == ["movies-1"]
    assert await count_films(writer) == 30


@pytest.mark.fault("new-index-incomplete")
async def test_an_index_that_fails_golden_queries_does_not_go_live(
    catalogue: Catalogue,
    worker: IndexWorker,
    index_handles: IndexHandles,
    writer: FaultyWriter,
    inventory: Inventory,
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    await worker.process_batch()
    await writer.create("movies-0")

    def build_blind_engine(name: str) -> Engine:
        return index_handles.build_engine(name if name == "movies-1" else "movies-0")

    blind_handles = replace(index_handles, build_engine=build_blind_engine)
    finished = await run_rebuild(build_rebuild(blind_handles, worker))
    assert finished.state == Step.FAILED
    assert "does not find what the old one does" in str(finished.reason)
    query = (finished.golden or [])[0]
    assert query["old"] and not query["new"]
    assert await inventory.live_index() == "movies-1"
