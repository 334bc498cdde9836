"""The repair of hits whose film is not in the database, on a real index."""

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
async def orphan_repair(
    inventory: Inventory, notifier: OutboxNotifier
) -> AsyncIterator[OrphanRepair]:
    repair = OrphanRepair(Drift(inventory, notifier, utc_now), inventory)
    yield repair
    await repair.close()


async def test_the_document_of_a_row_deleted_outside_the_service_is_removed(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter, orphan_repair: OrphanRepair
) -> None:
    films = (await catalogue.upsert_all(FILMS[:3], SAMPLE)).films
    await worker.process_batch()
    await Outbox.all().update(done_at=1)  # long ago
    await Film.filter(id=films[0].id).delete()
    orphan_repair.enqueue([str(films[0].id), str(films[1].id)])
    await orphan_repair.wait_until_repaired()
    pointers = await Outbox.filter(done_at=None)
    assert [(row.film_id, row.kind) for row in pointers] == [(films[0].id, "withdrawn")]
    orphan_repair.enqueue([str(films[0].id)])
    await orphan_repair.wait_until_repaired()
    assert await worker.process_batch() == 1, "one pointer, however often a search finds it"
    assert await count_films(writer) == 2


async def test_a_film_that_is_about_to_leave_the_index_is_not_repaired(
    catalogue: Catalogue, worker: IndexWorker, orphan_repair: OrphanRepair
) -> None:
    films = (await catalogue.upsert_all(FILMS[:2], SAMPLE)).films
    await worker.process_batch()
    await catalogue.delete(str(films[0].id), None)
    orphan_repair.enqueue([str(films[0].id)])
    await orphan_repair.wait_until_repaired()
    assert await Outbox.filter(done_at=None).count() == 1


async def test_an_unavailable_index_does_not_fail_the_search(
    catalogue: Catalogue,
    worker: IndexWorker,
    inventory: Inventory,
    orphan_repair: OrphanRepair,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    films = (await catalogue.upsert_all(FILMS[:1], SAMPLE)).films
    await worker.process_batch()
    await Outbox.all().update(done_at=1)
    await Film.filter(id=films[0].id).delete()

    async def unavailable() -> str | None:
        raise Unavailable("the engine is unavailable")

    with monkeypatch.context() as patched:
        patched.setattr(inventory, "live_index", unavailable)
        orphan_repair.enqueue([str(films[0].id)])
        await orphan_repair.wait_until_repaired()
    assert not await Outbox.filter(done_at=None).exists()
    orphan_repair.enqueue([str(films[0].id)])
    await orphan_repair.wait_until_repaired()
    assert await Outbox.filter(done_at=None).count() == 1
