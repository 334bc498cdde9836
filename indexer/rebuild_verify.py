"""Verify a new index before it goes live: against the database, and against the live index.

A rebuild that fails here leaves the live index as it is.
"""

from indexer.golden_queries import run_golden_queries, summarize_golden_queries
from indexer.index_handles import IndexHandles
from indexer.rebuild_fill import IndexFiller
from indexer.rebuild_lease import RebuildFailed, RebuildLease, index_name_of
from service.films.models import Film
from service.indexing.comparison import Difference, compare_pages
from service.indexing.models import ReindexJob
from service.outbox import store

MAX_NAMED_FILMS = 3  # films named in the reason of a failure


class IndexVerifier:
    """Compares the index that a job makes with the database and the live index."""

    def __init__(self, handles: IndexHandles, filler: IndexFiller, lease: RebuildLease) -> None:
        self._handles = handles
        self._filler = filler
        self._lease = lease

    async def verify(self, job: ReindexJob) -> None:
        """Compare every film, the number of films, and the results of the golden queries.

        Raises:
            RebuildFailed: the index must not go live; the message says why.
        """
        await self._handles.writer.count(index_name_of(job))  # makes all that was filled visible
        await self._compare_films(job)
        await self.check_film_count(job)
        await self._compare_golden_queries(job)

    async def check_film_count(self, job: ReindexJob) -> None:
        """Check that index and database hold the same number of films, but for recent changes.

        Raises:
            RebuildFailed: the numbers differ by more films than have changed.
        """
        in_index = await self._handles.writer.count(index_name_of(job))
        in_database = await Film.all().count()
        gap = abs(in_index + len(self._filler.rejected_ids) - in_database)
        if not await self._filler.have_changed(job, gap):
            raise RebuildFailed(f"the new index holds {in_index} films, the database {in_database}")

    async def _compare_films(self, job: ReindexJob) -> None:
        assert job.began_ms is not None
        unexplained: list[Difference] = []
        pages = compare_pages(self._handles.inventory, index_name_of(job), since_ms=job.began_ms)
        async for page in pages:
            unexplained += await self._filler.find_unexplained(job, page.differences)
            if len(unexplained) >= MAX_NAMED_FILMS:
                break
        if unexplained:
            films = ", ".join(
                f"{diff.film_id} is {diff.kind}" for diff in unexplained[:MAX_NAMED_FILMS]
            )
            raise RebuildFailed(f"the new index differs from the database: {films}")

    async def _compare_golden_queries(self, job: ReindexJob) -> None:
        assert job.began_ms is not None
        queries = await run_golden_queries(
            self._handles.build_engine, await self._handles.writer.live_index(), index_name_of(job)
        )
        job.golden = await summarize_golden_queries(queries)
        await self._lease.save(job)
        regressions = [query for query in queries if query.is_regression]
        changing = await store.changing_film_ids(
            [query.film_id for query in regressions], job.began_ms
        )
        if failed := [query.text for query in regressions if query.film_id not in changing]:
            raise RebuildFailed(f"the new index does not find what the old one does: {failed[0]!r}")
