"""The diagnosis of one film: in the database, the outbox, the index and the search."""

from pathlib import Path

from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.schemas import FilmFacts, FilmPatch
from service.indexing.diagnosis import IndexDiagnosis
from service.indexing.outbox_admin import OutboxAdmin
from service.outbox.models import Outbox
from service.outbox.notifications import OutboxNotifier
from service.server import container
from service.settings import Settings
from tests.support.backends import BACKEND_TIMEOUT, require_backend
from tests.support.indexing import FaultyWriter, corrupt_index


async def test_each_state_of_a_film_is_explained_in_plain_words(
    catalogue: Catalogue,
    worker: IndexWorker,
    writer: FaultyWriter,
    index_handles: IndexHandles,
    notifier: OutboxNotifier,
) -> None:
    engine = index_handles.build_engine("movies-1")
    await engine.open()
    outbox_admin = OutboxAdmin(catalogue, notifier)
    diagnosis = IndexDiagnosis(catalogue, outbox_admin, index_handles.inventory, engine)
    missing, stale, newer, orphaned = await corrupt_index(catalogue, worker, writer)

    async def explain(movie: str) -> str:
        await engine.refresh(1)
        return " ".join((await diagnosis.explain(movie)).lines)

    assert "holds it as deleted" in await explain(missing)
    assert "with other content" in await explain(stale)
    assert "holds version 9, the database 1" in await explain(newer)
    assert "The index still holds it" in await explain(orphaned)
    indexed = await explain("Film number 10")
    assert "exactly what the database does" in indexed
    assert "A search for its exact title finds it" in indexed
    pilot = await catalogue.add(FilmFacts(title="Pilot of a test", type="episode"))
    await worker.process_batch()
    explained = await explain(str(pilot.id))
    assert "A search with type=episode for its exact title finds it: hit 1 of 1" in explained
    assert "Without the type no search does." in explained
    assert "has no film called" in await explain("Nothing Of The Kind")
    film = await catalogue.get_by_title("film number 11")
    film_id = str(film.id)
    await catalogue.update(film_id, None, FilmPatch(plot="more"))
    assert "waiting in the outbox" in await explain(film_id)
    writer.rejections = {film_id: True}
    await worker.process_batch()
    retrying = await explain(film_id)
    assert "failed 1 times" in retrying and "not today" in retrying
    writer.rejections = {film_id: False}
    await Outbox.all().update(due_at=0)
    await worker.process_batch()
    assert "is in quarantine: not today" in await explain(film_id)
    endless = await catalogue.add(FilmFacts(title="Endless " * 40))
    not_indexed = await explain(str(endless.id))
    assert "does not hold it" in not_indexed
    assert "cannot be searched for" in not_indexed
    await catalogue.delete(film_id, None)
    await Outbox.all().update(due_at=0)
    writer.rejections = {}
    await worker.process_batch()
    assert "was deleted in version 3; the index knows" in await explain(film_id)
    await Film.filter(id=stale).update(directors=[None])
    assert "No document can be made of it" in await explain(stale)
    await engine.close()
    assert "A search for its title failed" in " ".join(
        (await diagnosis.explain("Film number 10")).lines
    )


async def test_a_missing_index_is_explained_by_a_missing_indexer(
    catalogue: Catalogue, notifier: OutboxNotifier, stack: str, tmp_path: Path
) -> None:
    url = f"tantivy://{tmp_path}/nothing"
    if stack == "full":
        address = require_backend("elasticsearch")
        url = f"{address}?index=nothing-{tmp_path.name}&timeout={BACKEND_TIMEOUT}"
    settings = Settings(search_url=url)
    inventory, engine = container.build_inventory(settings), container.build_engine(settings)
    diagnosis = IndexDiagnosis(catalogue, OutboxAdmin(catalogue, notifier), inventory, engine)
    assert (await diagnosis.explain("jaws")).lines == [
        "There is no index yet: no indexer has been started."
    ]
    await inventory.close()
    await engine.close()
