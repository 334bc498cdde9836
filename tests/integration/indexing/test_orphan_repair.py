"""Films that a search met in the index and not in the database, on a real index."""

from collections.abc import AsyncIterator

import pytest

from indexer.index_worker import IndexWorker
from service.clock import utc_now
from service.errors import Unavailable
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.indexing.drift import Drift
from service.indexing.orphan_repair import OrphanRepair
from service.outbox.models import Outbox
from service.outbox.notifications import OutboxNotifier
from service.search.engines.base import Inventory
from tests.support.indexing import FILMS, SAMPLE, FaultyWriter, count_films


@pytest.fixture
async def suspects(inventory: Inventory, notifier: OutboxNotifier) -> AsyncIterator[OrphanRepair]:
    made = OrphanRepair(Drift(inventory, notifier, utc_now), inventory)
    yield made
    await made.close()


async def test_the_document_of_a_row_that_went_behind_the_services_back_is_removed(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter, suspects: OrphanRepair
) -> None:
    films = (await catalogue.upsert_all(FILMS[:3], SAMPLE)).films
    await worker.process_batch()
    await Outbox.all().update(done_at=1)  # long since
    await Film.filter(id=films[0].id).delete()
    suspects.enqueue([str(films[0].id), str(films[1].id)])
    await suspects.wait_until_repaired()
    filed = await Outbox.filter(done_at=None)
    assert [(row.film_id, row.kind) for row in filed] == [(films[0].id, "withdrawn")]
    suspects.enqueue([str(films[0].id)])
    await suspects.wait_until_repaired()
    assert await worker.process_batch() == 1, "filed once, however often it is met"
    assert await count_films(writer) == 2


async def test_a_film_that_is_about_to_leave_the_index_is_left_alone(
    catalogue: Catalogue, worker: IndexWorker, suspects: OrphanRepair
) -> None:
    films = (await catalogue.upsert_all(FILMS[:2], SAMPLE)).films
    await worker.process_batch()
    await catalogue.delete(str(films[0].id), None)
    suspects.enqueue([str(films[0].id)])
    await suspects.wait_until_repaired()
    assert await Outbox.filter(done_at=None).count() == 1


async def test_an_index_that_cannot_be_asked_is_no_error_of_the_search(
    catalogue: Catalogue,
    worker: IndexWorker,
    inventory: Inventory,
    suspects: OrphanRepair,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    films = (await catalogue.upsert_all(FILMS[:1], SAMPLE)).films
    await worker.process_batch()
    await Outbox.all().update(done_at=1)
    await Film.filter(id=films[0].id).delete()

    async def away() -> str | None:
        raise Unavailable("the engine is away")

    with monkeypatch.context() as patched:
        patched.setattr(inventory, "live_index", away)
        suspects.enqueue([str(films[0].id)])
        await suspects.wait_until_repaired()
    assert not await Outbox.filter(done_at=None).exists()
    suspects.enqueue([str(films[0].id)])
    await suspects.wait_until_repaired()
    assert await Outbox.filter(done_at=None).count() == 1
