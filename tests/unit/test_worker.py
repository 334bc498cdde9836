"""The indexer's loop and the rebuild on a real database and a real engine."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from indexer.rebuild import Rebuild
from indexer.worker import Worker, delay_ms
from service.errors import Conflict, NotFound, Unavailable
from service.films import outbox
from service.films.catalogue import Catalogue
from service.films.facts import FilmFacts, FilmPatch, Provenance
from service.films.models import Film, Outbox
from service.films.nudge import Nudge
from service.operation.models import ReindexJob
from service.operation.reindex import Rebuilds
from service.search.document import MovieDocument
from service.search.engines.elastic import Address
from service.search.engines.elastic_writer import ElasticWriter
from service.search.engines.ports import IndexWriter, Refusal
from service.search.engines.tantivy_writer import TantivyWriter
from service.search.generation import Generation
from service.search.lexicon import Recorder
from tests.conftest import now, required

SAMPLE = Provenance(source="sample")
FILMS = [FilmFacts(title=f"Film number {n}", year=1950 + n % 70) for n in range(30)]


class Moody:
    """A real writer that fails when a test says so."""

    def __init__(self, writer: IndexWriter) -> None:
        self._writer = writer
        self.away = False
        self.refuse: dict[str, bool] = {}
        self.written = 0

    async def write(self, documents: Sequence[MovieDocument]) -> tuple[Refusal, ...]:
        if self.away:
            raise Unavailable("the engine is away")
        taken = [made for made in documents if made.film_id not in self.refuse]
        self.written += len(taken)
        refused = [
            Refusal(made.film_id, "not today", self.refuse[made.film_id])
            for made in documents
            if made.film_id in self.refuse
        ]
        return (*refused, *await self._writer.write(taken))

    def __getattr__(self, name: str) -> object:
        return getattr(self._writer, name)


@pytest.fixture
async def writer(stack: str, tmp_path: Path) -> AsyncIterator[Moody]:
    real: IndexWriter
    if stack == "embedded":
        real = TantivyWriter(tmp_path / "index")
    else:
        alias = f"worker-{uuid.uuid4().hex[:8]}"
        real = ElasticWriter(Address.parse(f"{required('elasticsearch')}?index={alias}"))
    await real.open()
    yield Moody(real)
    await real.close()


@pytest.fixture
def worker(writer: Moody, nudge: Nudge) -> Worker:
    return Worker(writer, Recorder(), nudge, now, "tester")  # type: ignore[arg-type]


@pytest.fixture
def rebuild(writer: Moody, worker: Worker) -> Rebuild:
    return Rebuild(writer, Recorder(), worker, now, "tester")  # type: ignore[arg-type]


async def held(writer: Moody) -> int:
    name = await writer.current()  # type: ignore[operator]
    return int(await writer.count(name))  # type: ignore[operator]


async def test_what_is_claimed_is_indexed_once_and_finished(
    catalogue: Catalogue, worker: Worker, writer: Moody
) -> None:
    await catalogue.absorb_all(FILMS, SAMPLE)
    before = await Generation().current()
    assert await worker.step() == 30
    assert await held(writer) == 30
    assert await worker.step() == 0
    assert (await outbox.depth(0)).waiting == 0
    assert await Generation().current() > before


async def test_many_changes_of_a_film_become_one_document(
    catalogue: Catalogue, worker: Worker, writer: Moody
) -> None:
    film = await catalogue.add(FilmFacts(title="Changing"))
    for year in range(1990, 1995):
        await catalogue.amend(str(film.id), None, FilmPatch(year=year))
    assert await worker.step() == 6
    assert writer.written == 1


async def test_a_withdrawn_film_leaves_the_index_and_an_older_pointer_does_not_bring_it_back(
    catalogue: Catalogue, worker: Worker, writer: Moody
) -> None:
    film = await catalogue.add(FilmFacts(title="Passing"))
    await worker.step()
    await catalogue.withdraw(str(film.id), None)
    await worker.step()
    assert await held(writer) == 0
    await outbox.append([(film.id, 1, "film")], 0)
    await worker.step()
    assert await held(writer) == 0


async def test_an_engine_that_is_away_loses_nothing(
    catalogue: Catalogue, worker: Worker, writer: Moody
) -> None:
    await catalogue.absorb_all(FILMS, SAMPLE)
    writer.away = True
    with pytest.raises(Unavailable):
        await worker.step()
    waiting = await Outbox.filter(done_at=None)
    assert {row.reason for row in waiting} == {"the engine is away"}
    assert all(row.due_at > 0 and row.owner is None for row in waiting)
    writer.away = False
    await Outbox.all().update(due_at=0)
    await worker.step()
    assert await held(writer) == 30


async def test_what_is_refused_for_now_is_tried_again_and_what_never_can_is_set_aside(
    catalogue: Catalogue, worker: Worker, writer: Moody
) -> None:
    films = (await catalogue.absorb_all(FILMS, SAMPLE)).films
    later, never = str(films[0].id), str(films[1].id)
    writer.refuse = {later: True, never: False}
    await worker.step()
    assert await held(writer) == 28
    depth = await outbox.depth(0)
    assert (depth.waiting, depth.quarantined) == (1, 1)
    writer.refuse = {}
    await Outbox.all().update(due_at=0)
    assert await worker.step() == 1
    assert await held(writer) == 29


async def test_a_dead_owners_rows_are_free_when_it_starts_again(
    catalogue: Catalogue, worker: Worker, writer: Moody
) -> None:
    await catalogue.absorb_all(FILMS, SAMPLE)
    assert len(await outbox.claim("tester", 500, worker._ms())) == 30
    assert await worker.step() == 0
    await outbox.release("tester")
    assert await worker.step() == 30


async def test_two_indexers_never_claim_the_same_row(catalogue: Catalogue) -> None:
    await catalogue.absorb_all(FILMS, SAMPLE)
    claims = await asyncio.gather(*(outbox.claim(f"owner-{n}", 7, 1000) for n in range(6)))
    ids = [entry.id for claim in claims for entry in claim]
    assert len(ids) == len(set(ids)) == 30


async def test_the_loop_wakes_at_a_nudge_and_ends_when_told(
    catalogue: Catalogue, worker: Worker, writer: Moody, nudge: Nudge
) -> None:
    await nudge.listen()
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    await catalogue.add(FilmFacts(title="Nudged"))
    while not await held(writer):
        await asyncio.sleep(0.02)
    stop.set()
    await nudge.give()
    await asyncio.wait_for(running, 10)


def test_delays_grow_to_a_minute_and_no_further() -> None:
    assert delay_ms(1) < 700
    assert 40_000 < delay_ms(9) <= 75_000
    assert delay_ms(500) <= 75_000


async def done(job_id: str) -> ReindexJob:
    while True:
        job = await ReindexJob.get(id=job_id)
        if job.finished_at is not None:
            return job
        await asyncio.sleep(0.05)


async def carried_out(rebuild: Rebuild) -> ReindexJob:
    filed = await Rebuilds(now).ask()
    stop = asyncio.Event()
    running = asyncio.create_task(rebuild.run(stop))
    job = await asyncio.wait_for(done(filed.id), 60)
    stop.set()
    await running
    return job


async def test_a_rebuild_fills_a_fresh_index_and_takes_the_old_ones_place(
    catalogue: Catalogue, worker: Worker, rebuild: Rebuild, writer: Moody
) -> None:
    await catalogue.absorb_all(FILMS, SAMPLE)
    await worker.step()
    before = await writer.current()  # type: ignore[operator]
    job = await carried_out(rebuild)
    assert (job.state, job.done, job.reason) == ("done", 30, None)
    assert await writer.current() != before  # type: ignore[operator]
    assert await held(writer) == 30
    assert before in await writer.names()  # type: ignore[operator]


async def test_writes_made_but_not_indexed_before_a_rebuild_are_in_it(
    catalogue: Catalogue, rebuild: Rebuild, writer: Moody
) -> None:
    films = (await catalogue.absorb_all(FILMS, SAMPLE)).films
    await catalogue.withdraw(str(films[0].id), None)
    assert (await carried_out(rebuild)).state == "done"
    assert await held(writer) == 29


async def test_a_killed_rebuild_goes_on_where_it_was(
    catalogue: Catalogue, rebuild: Rebuild, writer: Moody
) -> None:
    films = sorted((await catalogue.absorb_all(FILMS, SAMPLE)).films, key=lambda film: film.id)
    filed = await Rebuilds(now).ask()
    job = await ReindexJob.get(id=filed.id)
    await rebuild._prepare(job)
    await rebuild._send(job, [MovieDocument.of(film) for film in films[:20]])
    job.checkpoint, job.done = films[19].id, 20
    await rebuild._note(job)
    stop = asyncio.Event()
    running = asyncio.create_task(rebuild.run(stop))
    finished = await asyncio.wait_for(done(filed.id), 60)
    stop.set()
    await running
    assert (finished.state, finished.done, finished.index_name) == ("done", 30, job.index_name)
    assert await held(writer) == 30


async def test_an_index_that_came_out_short_is_not_promoted(
    catalogue: Catalogue, worker: Worker, rebuild: Rebuild, writer: Moody
) -> None:
    await catalogue.absorb_all(FILMS, SAMPLE)
    await worker.step()
    before = await writer.current()  # type: ignore[operator]
    filed = await Rebuilds(now).ask()
    job = await ReindexJob.get(id=filed.id)
    await rebuild._prepare(job)
    job.checkpoint = (await Film.all().order_by("-id").first()).id  # type: ignore[union-attr]
    await rebuild._note(job)
    await Outbox.all().update(done_at=1)
    stop = asyncio.Event()
    running = asyncio.create_task(rebuild.run(stop))
    finished = await asyncio.wait_for(done(filed.id), 60)
    stop.set()
    await running
    assert finished.state == "failed"
    assert "holds 0 films, the database 30" in str(finished.reason)
    assert await writer.current() == before  # type: ignore[operator]
    assert job.index_name not in await writer.names()  # type: ignore[operator]


async def test_two_rebuilds_at_once_cannot_be_filed(database: str) -> None:
    rebuilds = Rebuilds(now)
    first = await rebuilds.ask()
    with pytest.raises(Conflict) as refused:
        await rebuilds.ask()
    assert first.id in refused.value.detail
    with pytest.raises(NotFound):
        await rebuilds.show("not-an-id")
