"""Database and index compared, repaired, and explained, on a real database and a real engine."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.drift_scanner import DriftScanner
from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from service.admin.metrics_endpoint import render_metrics
from service.clock import utc_now
from service.database.sql import now_ms
from service.errors import Conflict, DomainError, Invalid, NotFound
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.schemas import FilmFacts, FilmPatch
from service.indexing import comparison
from service.indexing.diagnosis import IndexDiagnosis
from service.indexing.drift import Drift, DriftReport
from service.indexing.models import DriftState
from service.indexing.outbox_admin import OutboxAdmin
from service.outbox import store
from service.outbox.models import Outbox
from service.outbox.notifications import OutboxNotifier
from service.search.engines.base import Inventory
from service.search.index.document import MovieDocument
from service.search.index.generation import Generation
from service.search.index.read_your_writes import wait_until_indexed
from service.server import container
from service.settings import Settings
from tests.support.backends import BACKEND_TIMEOUT, require_backend
from tests.support.indexing import FILMS, SAMPLE, FaultyWriter
from tests.support.waiting import wait_until


@pytest.fixture
def drift(inventory: Inventory, notifier: OutboxNotifier) -> Drift:
    return Drift(inventory, notifier, utc_now)


async def walked(drift: Drift, repair: bool = False) -> DriftReport:
    tally = None
    async for tally in drift.compare_all():
        if repair:
            await drift.repair(tally.page_differences)
    assert tally is not None
    return tally


async def spoilt(catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter) -> dict[str, str]:
    """An index with a film missing, two stale, one of them from the future, and one orphaned."""
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    await worker.process_batch()
    missing, stale, future, orphaned = films[:4]
    spoiling = [
        MovieDocument.tombstone(str(missing.id), missing.version),
        replace(MovieDocument.from_film(stale), title="Something else"),
        replace(MovieDocument.from_film(future), version=9),
    ]
    assert await writer.write(spoiling) == ()
    await Film.filter(id=orphaned.id).delete()
    await Outbox.all().update(done_at=1)
    return {
        str(missing.id): "missing",
        str(stale.id): "stale",
        str(future.id): "stale",
        str(orphaned.id): "orphaned",
    }


async def test_each_kind_of_difference_is_found_named_and_repaired(
    catalogue: Catalogue,
    worker: IndexWorker,
    writer: FaultyWriter,
    drift: Drift,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(comparison, "PAGE_SIZE", 7)
    expected = await spoilt(catalogue, worker, writer)
    tally = await walked(drift)
    assert {each.film_id: each.kind for each in tally.named} == expected
    assert (tally.compared, tally.drift) == (29, 4)
    shown = await drift.show()
    assert (shown.drift, shown.missing, shown.stale, shown.orphaned) == (4, 1, 2, 1)
    assert {each.film_id for each in shown.films} == set(expected)
    with pytest.raises(DomainError, match=r"4 of 29 films differ.*--repair"):
        await drift.check()
    await walked(drift, repair=True)
    assert await worker.process_batch() == 4
    assert (await walked(drift)).drift == 0
    assert "0 of 29 films differ" in await drift.check()


async def test_a_film_on_its_way_is_no_drift_and_one_set_aside_is(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter, drift: Drift
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    assert (await walked(drift)).drift == 0
    writer.rejections = {str(films[0].id): False}
    await worker.process_batch()
    assert [each.kind for each in (await walked(drift)).named] == ["missing"]


async def test_the_background_round_publishes_the_number_and_one_indexer_does_it(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter, drift: Drift
) -> None:
    await spoilt(catalogue, worker, writer)
    assert (await drift.show()).drift is None
    assert "not compared" in await drift.check()
    stop = asyncio.Event()
    first, second = DriftScanner(drift, "first"), DriftScanner(drift, "second")
    assert await first._claim()
    assert not await second._claim()
    running = asyncio.create_task(first.run(stop))

    async def published() -> bool:
        return (await drift.show()).drift == 4

    await wait_until(published)
    measured = (await render_metrics()).decode()
    for kind, number in (("missing", 1), ("stale", 2), ("orphaned", 1)):
        assert f'movies_index_drift{{kind="{kind}"}} {number}.0' in measured
    assert "movies_index_compared_timestamp_seconds" in measured
    stop.set()
    await running
    await DriftState.all().update(leased_until=0)
    assert await second._claim()


async def test_one_film_is_explained_in_plain_words(
    catalogue: Catalogue,
    worker: IndexWorker,
    writer: FaultyWriter,
    index_handles: IndexHandles,
    notifier: OutboxNotifier,
) -> None:
    engine = index_handles.build_engine("movies-1")
    await engine.open()
    pointers = OutboxAdmin(catalogue, notifier)
    why = IndexDiagnosis(catalogue, pointers, index_handles.inventory, engine)
    expected = await spoilt(catalogue, worker, writer)
    missing, stale, future, orphaned = expected

    async def told(movie: str) -> str:
        await engine.refresh(1)
        return " ".join(await why.explain(movie))

    assert "holds it as deleted" in await told(missing)
    assert "with other content" in await told(stale)
    assert "holds version 9, the database 1" in await told(future)
    assert "The index still holds it" in await told(orphaned)
    fine = await told("Film number 10")
    assert "exactly what the database does" in fine and "typed as it is, finds it" in fine
    assert "no film by the name" in await told("Nothing Of The Kind")
    film = await catalogue.get_by_title("film number 11")
    await catalogue.update(str(film.id), None, FilmPatch(plot="more"))
    assert "on its way" in await told(str(film.id))
    writer.rejections = {str(film.id): True}
    await worker.process_batch()
    assert "failed 1 times" in await told(str(film.id)) and "not today" in await told(str(film.id))
    writer.rejections = {str(film.id): False}
    await Outbox.all().update(due_at=0)
    await worker.process_batch()
    assert "set aside: not today" in await told(str(film.id))
    endless = await catalogue.add(FilmFacts(title="Endless " * 40))
    assert "does not hold it" in await told(str(endless.id))
    assert "nothing that one can search for" in await told(str(endless.id))
    await catalogue.delete(str(film.id), None)
    await Outbox.all().update(due_at=0)
    writer.rejections = {}
    await worker.process_batch()
    assert "was deleted in version 3; the index knows" in await told(str(film.id))
    await Film.filter(id=stale).update(directors=[None])
    assert "No document can be made of it" in await told(stale)
    await engine.close()
    assert "could not be tried" in " ".join(await why.explain("Film number 10"))


async def test_where_no_indexer_ever_ran_that_is_what_is_explained(
    catalogue: Catalogue, notifier: OutboxNotifier, stack: str, tmp_path: Path
) -> None:
    url = f"tantivy://{tmp_path}/nothing"
    if stack == "full":
        address = require_backend("elasticsearch")
        url = f"{address}?index=nothing-{tmp_path.name}&timeout={BACKEND_TIMEOUT}"
    chosen = Settings(search_url=url)
    inventory, engine = container.build_inventory(chosen), container.build_engine(chosen)
    why = IndexDiagnosis(catalogue, OutboxAdmin(catalogue, notifier), inventory, engine)
    assert await why.explain("jaws") == ["There is no index yet: no indexer has been started."]
    await inventory.close()
    await engine.close()


async def test_a_change_set_aside_is_tried_again_when_an_operator_says_so(
    catalogue: Catalogue, worker: IndexWorker, writer: FaultyWriter, notifier: OutboxNotifier
) -> None:
    film = await catalogue.add(FilmFacts(title="Refused"))
    writer.rejections = {str(film.id): False}
    pointers = OutboxAdmin(catalogue, notifier)
    assert [row.state for row in (await pointers.list_pointers("waiting", 10, 0)).results] == [
        "waiting"
    ]
    await worker.process_batch()
    (row,) = (await pointers.list_pointers("quarantined", 10, 0)).results
    assert (row.state, row.attempts, row.reason) == ("quarantined", 1, "not today")
    writer.rejections = {}
    assert (await pointers.retry(str(row.id))).state == "waiting"
    assert await worker.process_batch() == 1
    assert (await pointers.list_pointers("done", 10, 0)).total == (
        await pointers.list_pointers(None, 10, 0)
    ).total
    with pytest.raises(Conflict):
        await pointers.retry(str(row.id))
    for unknown in ("0", "x", "9" * 30):
        with pytest.raises(NotFound):
            await pointers.retry(unknown)
    filed = await pointers.reindex_film(str(film.id))
    assert (filed.version, filed.state) == (1, "waiting")


async def test_a_search_after_a_write_waits_for_it_and_not_for_ever(
    catalogue: Catalogue, worker: IndexWorker
) -> None:
    film = await catalogue.add(FilmFacts(title="Mine"))
    generation = Generation()
    before = await generation.current()
    token = f"{film.id}:{film.version}"
    waiting = asyncio.create_task(wait_until_indexed(token, generation, timeout=60.0))
    await worker.process_batch()
    assert await waiting
    assert await generation.current() > before
    await catalogue.update(str(film.id), None, FilmPatch(year=1990))
    assert await wait_until_indexed(token, generation, timeout=60.0)
    assert not await wait_until_indexed(f"{film.id}:2", generation, timeout=0.1)
    for wrong in ("", "1", f"{film.id}", f"{film.id}:x", "not-a-film:1"):
        with pytest.raises(Invalid):
            await wait_until_indexed(wrong, generation)


async def test_finished_changes_count_as_settled_by_the_databases_own_clock(
    catalogue: Catalogue, worker: IndexWorker
) -> None:
    film = await catalogue.add(FilmFacts(title="Timed"))
    before = await now_ms()
    await worker.process_batch()
    assert await store.changing_film_ids([str(film.id)], before) == {str(film.id)}
    assert await store.changing_film_ids([str(film.id)], await now_ms() + 1) == set()
