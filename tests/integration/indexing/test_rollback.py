"""The rollback to the index before a rebuild."""

import pytest

from indexer.index_worker import IndexWorker
from indexer.rebuild import Rebuild
from service.clock import utc_now
from service.database.sql import now_ms
from service.errors import Conflict
from service.films.catalogue import Catalogue
from service.films.schemas import FilmPatch
from service.indexing.models import ReindexJob, Step
from service.indexing.reindex_jobs import ReindexJobs
from service.outbox.models import Outbox
from service.search.engines.base import Inventory
from tests.support.indexing import FILMS, SAMPLE, find_differences, run_rebuild


async def test_a_rollback_makes_the_previous_index_live_with_all_changes_since(
    catalogue: Catalogue, worker: IndexWorker, rebuild: Rebuild, inventory: Inventory
) -> None:
    with pytest.raises(Conflict) as error:
        await ReindexJobs(utc_now).request_rollback()
    assert error.value.code == "nothing_to_roll_back"
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    await worker.process_batch()
    previous = await inventory.live_index()
    new = await run_rebuild(rebuild)
    await catalogue.update(str(films[3].id), None, FilmPatch(plot="changed since"))
    await catalogue.delete(str(films[4].id), None)
    await worker.process_batch()
    job = await run_rebuild(rebuild, (await ReindexJobs(utc_now).request_rollback()).id)
    assert (job.state, job.reason, job.kind) == (Step.DONE, None, "rollback")
    assert await inventory.live_index() == previous
    assert await find_differences(inventory) == []
    second = await run_rebuild(rebuild, (await ReindexJobs(utc_now).request_rollback()).id)
    assert (second.state, await inventory.live_index()) == (Step.DONE, new.index_name)


async def test_a_previous_index_older_than_the_outbox_is_compared_as_a_whole(
    catalogue: Catalogue, worker: IndexWorker, rebuild: Rebuild, inventory: Inventory
) -> None:
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    await worker.process_batch()
    await run_rebuild(rebuild)
    await catalogue.update(str(films[3].id), None, FilmPatch(plot="changed long ago"))
    await catalogue.delete(str(films[4].id), None)
    await worker.process_batch()
    await Outbox.all().delete()
    await ReindexJob.all().update(swapped_ms=await now_ms() - 10 * 86_400_000)
    job = await run_rebuild(rebuild, (await ReindexJobs(utc_now).request_rollback()).id)
    assert (job.state, await inventory.live_index()) == (Step.DONE, "movies-1")
    assert await find_differences(inventory) == []
