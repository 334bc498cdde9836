"""Filling the new index of a rebuild: throttling, and the vocabulary that it writes."""

import asyncio

import pytest

from indexer import rebuild_fill
from indexer.index_handles import IndexHandles
from indexer.index_worker import IndexWorker
from indexer.rebuild import Rebuild
from service.database.sql import database_clock_ms, fetch_rows
from service.films.catalogue import Catalogue
from service.indexing.models import Step
from service.search.index import generation
from tests.support.indexing import (
    FILMS,
    SAMPLE,
    FaultyWriter,
    build_rebuild,
    run_rebuild,
)


@pytest.mark.parametrize("searched", [False, True])
async def test_a_rebuild_sends_one_page_at_a_time_and_pauses_during_search_traffic(
    catalogue: Catalogue,
    worker: IndexWorker,
    index_handles: IndexHandles,
    writer: FaultyWriter,
    searched: bool,
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    await generation.advance()
    if searched:
        await fetch_rows(f"UPDATE index_state SET searched_ms = {database_clock_ms()} + 600000")
    pauses: list[float] = []

    async def pause(stop: asyncio.Event, seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    writer.delay = 0.2
    job = await run_rebuild(build_rebuild(index_handles, worker, page_size=10, pause=pause))
    assert (job.state, job.done) == (Step.DONE, 30)
    assert (writer.max_concurrent == 1) is searched
    assert len(pauses) == (6 if searched else 0)
    assert all(seconds > 0 for seconds in pauses)


async def test_a_page_that_is_rejected_for_good_fails_the_rebuild_without_a_last_wait(
    catalogue: Catalogue,
    worker: IndexWorker,
    index_handles: IndexHandles,
    writer: FaultyWriter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rebuild_fill, "INITIAL_BACKOFF", 0.0)
    films = (await catalogue.upsert_all(FILMS, SAMPLE)).films
    writer.rejections = {str(films[0].id): True}
    waits: list[int] = []

    def count_wait(attempt: int, *_: object, **__: object) -> float:
        waits.append(attempt)
        return 0.0

    monkeypatch.setattr(rebuild_fill, "backoff", count_wait)
    job = await run_rebuild(build_rebuild(index_handles, worker))
    assert (job.state, "keeps rejecting" in (job.reason or "")) == (Step.FAILED, True)
    assert waits == list(range(1, rebuild_fill.MAX_ATTEMPTS))


async def read_words() -> set[str]:
    return {row["word"] for row in await fetch_rows("SELECT word FROM words")}


@pytest.mark.parametrize(
    "statement", ["DELETE FROM words", "UPDATE index_state SET words_of = words_of - 1"]
)
async def test_words_are_written_again_when_they_are_missing_or_of_another_analysis(
    catalogue: Catalogue, worker: IndexWorker, rebuild: Rebuild, statement: str
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    await worker.process_batch()
    all_words = await read_words()
    await run_rebuild(rebuild)
    await fetch_rows("DELETE FROM words WHERE word LIKE 't%'")
    await fetch_rows(statement)
    await run_rebuild(rebuild)
    assert await read_words() == all_words


async def test_a_complete_vocabulary_is_not_written_again(
    catalogue: Catalogue, worker: IndexWorker, rebuild: Rebuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    await catalogue.upsert_all(FILMS, SAMPLE)
    await worker.process_batch()
    written: list[list[str]] = []

    async def insert(words: list[str]) -> None:
        written.append(words)

    monkeypatch.setattr("service.search.vocabulary.sync._insert_words", insert)
    await run_rebuild(rebuild)
    assert written
    written.clear()
    await run_rebuild(rebuild)
    assert not written
