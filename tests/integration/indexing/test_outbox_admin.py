"""The outbox as operators list and retry it."""

import pytest

from indexer.index_worker import IndexWorker
from service.errors import Conflict, NotFound
from service.films.catalogue import Catalogue
from service.films.schemas import FilmFacts
from service.indexing.outbox_admin import OutboxAdmin
from service.outbox.notifications import OutboxNotifier
from tests.support.indexing import FaultyWriter


async def test_a_quarantined_change_is_retried_when_an_operator_says_so(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter, notifier: OutboxNotifier
) -> None:
    film = await catalogue.add(FilmFacts(title="Refused"))
    writer.rejections = {str(film.id): False}
    admin = OutboxAdmin(catalogue, notifier)
    (pointer,) = (await admin.list_pointers("waiting", 10, 0)).results
    assert pointer.state == "waiting"
    await worker.process_batch()
    (pointer,) = (await admin.list_pointers("quarantined", 10, 0)).results
    assert (pointer.state, pointer.attempts, pointer.reason) == ("quarantined", 1, "not today")
    writer.rejections = {}
    assert (await admin.retry(str(pointer.id))).state == "waiting"
    assert await worker.process_batch() == 1
    done, every = await admin.list_pointers("done", 10, 0), await admin.list_pointers(None, 10, 0)
    assert done.total == every.total
    with pytest.raises(Conflict):
        await admin.retry(str(pointer.id))
    for unknown in ("0", "x", "9" * 30):
        with pytest.raises(NotFound):
            await admin.retry(unknown)
    pointer = await admin.reindex_film(str(film.id))
    assert (pointer.version, pointer.state) == (1, "waiting")
