"""Look-ups: a film that the catalogue lacks costs one call, however many users request it."""

import asyncio
import sys
from asyncio import subprocess
from datetime import timedelta
from uuid import uuid4

import pytest

from service.errors import BadUpstream, Invalid, Moved, NotFound, Unavailable
from service.films.catalogue import Catalogue
from service.films.merge import FilmMerger
from service.films.models import Film
from service.films.schemas import FilmFacts, Provenance
from service.omdb.bulk_fetch import fetch_all
from service.omdb.client import OmdbClient
from service.omdb.lookup import LOOKUP_LEASE, MAX_WAIT, FilmLookup
from service.omdb.models import OmdbLease
from service.omdb.negative_cache import NegativeCache
from service.outbox.models import Outbox
from service.outbox.notifications import OutboxNotifier
from service.resilience.rate_limiter import Requester
from tests.integration.omdb.conftest import PatientLookup, get_error
from tests.support import ROOT
from tests.support.clock import FakeClock
from tests.support.omdb_server import FakeOmdb
from tests.support.waiting import wait_until

MATRIX = "tt0133093"
STAR_WARS = "tt0076759"
HOUR = 3_600
DAY = 24 * HOUR


async def test_a_new_film_is_fetched_once_and_stored(
    lookup: FilmLookup, omdb: FakeOmdb, clock: FakeClock
) -> None:
    film = await lookup.get(MATRIX)
    assert (film.title, film.year, film.source, film.version) == ("The Matrix", 1999, "omdb", 1)
    assert film.fetched_at == clock.now()
    assert film.refresh_after == clock.now() + timedelta(days=90)
    assert (await lookup.get(MATRIX.upper())).id == film.id
    assert (await lookup.get(str(film.id))).id == film.id
    assert len(omdb.calls) == 1
    assert await Outbox.all().count() == 1


async def test_every_spelling_of_a_title_finds_the_stored_film(
    lookup: FilmLookup, omdb: FakeOmdb
) -> None:
    film = await lookup.get("  the   MATRIX ")
    assert film.imdb_id == MATRIX
    for title in ("Matrix", "The Matrix", "Matrix, The", "the matrix!"):
        assert (await lookup.get(title)).id == film.id
    assert len(omdb.calls) == 1


async def test_of_several_films_of_a_title_the_one_with_most_votes_is_returned(
    lookup: FilmLookup, catalogue: Catalogue, omdb: FakeOmdb
) -> None:
    for year, votes in ((1941, 10), (2003, 3_000), (1999, None)):
        facts = FilmFacts.model_validate(
            {"title": "Twin", "year": year, "ratings": {"imdb": {"votes": votes}}}
        )
        await catalogue.upsert(facts, Provenance(source="user"))
    assert (await lookup.get("twin")).year == 2003
    assert (await lookup.get_by_title("twin", year=1941)).year == 1941
    assert omdb.calls == []


async def test_of_films_that_differ_in_signs_the_one_that_is_spelt_so_is_returned(
    lookup: FilmLookup, catalogue: Catalogue, omdb: FakeOmdb
) -> None:
    titles = ["Help!", "The Help", "Up", "Up!", "Alive", "#Alive", "Border", "The Border", "Cafe"]
    for votes, title in enumerate(titles, 1):
        facts = FilmFacts.model_validate({"title": title, "ratings": {"imdb": {"votes": votes}}})
        await catalogue.upsert(facts, Provenance(source="user"))
    typed = {title.upper(): title for title in titles} | {"Café": "Cafe", "help": "Help!"}
    typed |= {"a border": "The Border", "up?": "Up!"}
    assert {text: (await lookup.get(text)).title for text in typed} == typed
    assert omdb.calls == []


@pytest.mark.fault("concurrent-lookups")
async def test_a_hundred_concurrent_requests_make_one_call_and_one_film(
    lookup: FilmLookup, omdb: FakeOmdb
) -> None:
    omdb.delay = 0.1
    requester = Requester("192.0.2.1")
    films = await asyncio.gather(*(lookup.get("Parasite", requester) for _ in range(100)))
    assert len({film.id for film in films}) == 1
    assert len(omdb.calls) == 1
    assert (await Film.all().count(), await Outbox.all().count()) == (1, 1)
    assert await OmdbLease.all().count() == 0, "the lease is released"


@pytest.mark.fault("concurrent-lookups")
async def test_concurrent_processes_make_one_call_and_one_film(
    database: str, omdb: FakeOmdb
) -> None:
    omdb.delay = 0.5
    command = (
        *(sys.executable, "-m", "tests.integration.omdb.lookup_process"),
        *(database, omdb.url, "Parasite", "50"),
    )
    processes = [
        await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    outputs = await asyncio.gather(*(process.communicate(b"start\n") for process in processes))
    ids = {line for stdout, _ in outputs for line in stdout.split()}
    assert len(ids) == 1
    assert len(omdb.calls) == 1
    assert (await Film.all().count(), await Outbox.all().count()) == (1, 1)


async def test_other_processes_wait_for_the_one_that_fetches(
    catalogue: Catalogue, client: OmdbClient, omdb: FakeOmdb, clock: FakeClock
) -> None:
    omdb.delay = 0.2
    lookups = [PatientLookup(catalogue, client, clock.now) for _ in range(4)]
    films = await asyncio.gather(*(lookup.get("Parasite") for lookup in lookups for _ in range(10)))
    assert len({film.id for film in films}) == 1
    assert len(omdb.calls) == 1
    assert await Film.all().count() == 1


async def test_processes_that_wait_for_a_miss_do_not_fetch_again(
    catalogue: Catalogue, client: OmdbClient, omdb: FakeOmdb, clock: FakeClock
) -> None:
    omdb.delay = 0.2
    lookups = [PatientLookup(catalogue, client, clock.now) for _ in range(3)]
    results = await asyncio.gather(
        *(lookup.get("no such film") for lookup in lookups), return_exceptions=True
    )
    assert all(isinstance(result, NotFound) for result in results)
    assert len(omdb.calls) == 1


async def test_a_lease_of_a_dead_process_expires(
    lookup: FilmLookup, omdb: FakeOmdb, clock: FakeClock
) -> None:
    assert await NegativeCache(clock.now).claim("t:parasite||", LOOKUP_LEASE)
    task = asyncio.create_task(lookup.get("parasite"))
    done, _ = await asyncio.wait([task], timeout=0.3)
    assert not done
    assert omdb.calls == []
    clock.advance(LOOKUP_LEASE)
    assert (await task).title == "Parasite"


async def test_the_wait_for_another_process_is_limited(
    catalogue: Catalogue, client: OmdbClient, clock: FakeClock
) -> None:
    seconds = iter([0.0, 1.0, MAX_WAIT])
    lookup = FilmLookup(catalogue, client, clock.now, clock=lambda: next(seconds))
    assert await NegativeCache(clock.now).claim("t:parasite||", LOOKUP_LEASE)
    error = await get_error(lookup.get("parasite"))
    assert (type(error), error.retry_after) == (Unavailable, 1)


async def test_a_cancelled_request_does_not_cancel_the_fetch(
    lookup: FilmLookup, omdb: FakeOmdb
) -> None:
    omdb.delay = 0.3
    first = asyncio.create_task(lookup.get("Parasite"))
    second = asyncio.create_task(lookup.get("Parasite"))

    async def has_been_called() -> bool:
        return len(omdb.calls) == 1

    await wait_until(has_been_called)
    first.cancel()
    assert (await second).title == "Parasite"
    assert first.cancelled()

    third = asyncio.create_task(lookup.get("Jaws"))

    async def has_been_called_again() -> bool:
        return len(omdb.calls) == 2

    await wait_until(has_been_called_again)
    third.cancel()

    async def is_in_catalogue() -> bool:
        return await Film.filter(title="Jaws").exists()

    await wait_until(is_in_catalogue)


async def test_a_miss_is_believed_for_longer_each_time(
    lookup: FilmLookup, omdb: FakeOmdb, clock: FakeClock
) -> None:
    for calls, wait in enumerate((HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 30 * DAY), 1):
        assert isinstance(await get_error(lookup.get("no such film")), NotFound)
        clock.advance(wait - 1)
        assert (await get_error(lookup.get("No  such FILM"))).code == "movie_not_found"
        assert len(omdb.calls) == calls
        clock.advance(1)
    omdb.films["tt0000001"] = {**omdb.films[MATRIX], "Title": "No Such Film"}
    assert (await lookup.get("no such film")).title == "No Such Film"


async def test_a_miss_of_one_spelling_does_not_answer_for_another(
    lookup: FilmLookup, omdb: FakeOmdb
) -> None:
    assert isinstance(await get_error(lookup.get("8 1/2")), NotFound)
    assert (await lookup.get("8½")).imdb_id == "tt0056801"
    assert len(omdb.calls) == 2


async def test_another_film_is_stored_under_its_own_id_and_not_returned_for_the_title(
    lookup: FilmLookup, omdb: FakeOmdb
) -> None:
    for _ in range(2):
        error = await get_error(lookup.get("star wars"))
        assert isinstance(error, NotFound)
        assert STAR_WARS in error.detail
    assert len(omdb.calls) == 1
    assert (await lookup.get(STAR_WARS)).title == "Star Wars: Episode IV - A New Hope"
    assert len(omdb.calls) == 1


async def test_the_year_and_the_type_are_part_of_the_look_up(
    lookup: FilmLookup, omdb: FakeOmdb
) -> None:
    omdb.reply_with(Title="Dune", Year="1984", imdbID="tt0087182", Type="movie", Response="True")
    assert isinstance(await get_error(lookup.get_by_title("Dune", year=2021)), NotFound)
    assert isinstance(await get_error(lookup.get_by_title("Dune", type="series")), NotFound)
    assert (await lookup.get_by_title("Dune", year=1984, type="movie")).imdb_id == "tt0087182"
    assert len(omdb.calls) == 2, "the third look-up finds the film that the first stored"


@pytest.mark.parametrize("title", ["", "   ", "a\x00b", "a\nb", "\ud800", "x" * 700, "ﷺ" * 10_000])
async def test_an_invalid_title_is_rejected_without_a_call(
    lookup: FilmLookup, omdb: FakeOmdb, title: str
) -> None:
    assert isinstance(await get_error(lookup.get(title)), Invalid)
    assert omdb.calls == []


@pytest.mark.parametrize("title", ["'; DROP TABLE films; --", "x&i=tt0133093", "%", "日本", "🎬"])
async def test_a_title_with_special_characters_is_only_a_title(
    lookup: FilmLookup, omdb: FakeOmdb, title: str
) -> None:
    assert isinstance(await get_error(lookup.get(title)), NotFound)
    assert omdb.calls[0]["t"] == title


async def test_an_unknown_id_of_the_catalogue_is_not_sent_to_omdb(
    lookup: FilmLookup, omdb: FakeOmdb
) -> None:
    assert isinstance(await get_error(lookup.get(str(uuid4()))), NotFound)
    assert isinstance(await get_error(lookup.fetch(str(uuid4()))), NotFound)
    assert omdb.calls == []


async def test_bulk_fetch_shows_stored_films_and_fetches_the_others(
    lookup: FilmLookup, catalogue: Catalogue, omdb: FakeOmdb
) -> None:
    stored = await catalogue.upsert(
        FilmFacts(title="Jaws", imdb_id="tt0073195"), Provenance(source="sample")
    )
    films = ["tt0073195", "Breaking Bad", "no such film", "star wars", str(stored.id), "JAWS"]
    results = [result async for result in fetch_all(lookup, films)]
    assert [result.error is None for result in results] == [True, True, False, False, True, True]
    assert results[0].line == "tt0073195: Jaws (no year), tt0073195, already here"
    assert results[1].line == "Breaking Bad: Breaking Bad (2008), tt0903747"
    error = results[3].error
    assert error is not None and STAR_WARS in error.detail
    assert len(omdb.calls) == 3


async def test_bulk_fetch_with_refresh_requests_stored_films_too(
    lookup: FilmLookup, catalogue: Catalogue, omdb: FakeOmdb
) -> None:
    await catalogue.upsert(
        FilmFacts(title="Jaws", imdb_id="tt0073195"), Provenance(source="sample")
    )
    [result] = [result async for result in fetch_all(lookup, ["jaws"], refresh=True)]
    assert (result.line, len(omdb.calls)) == ("jaws: Jaws (1975), tt0073195", 1)
    assert (await catalogue.get("tt0073195")).runtime_minutes == 124


async def test_bulk_fetch_requests_stale_films_and_shows_the_old_facts_if_that_fails(
    lookup: FilmLookup, omdb: FakeOmdb, clock: FakeClock
) -> None:
    await lookup.get("Jaws")
    clock.advance(90 * DAY)
    omdb.films["tt0073195"]["Year"] = "1976"
    [refreshed] = [result async for result in fetch_all(lookup, ["Jaws"])]
    assert (refreshed.line, len(omdb.calls)) == ("Jaws: Jaws (1976), tt0073195", 2)
    clock.advance(90 * DAY)
    omdb.fail("Incorrect IMDb ID.")
    [old] = [result async for result in fetch_all(lookup, ["tt0073195"])]
    assert old.error is None
    assert old.line.startswith("tt0073195: Jaws (1976), tt0073195, already here but sta")


async def test_an_unreadable_reply_is_remembered_for_that_film_alone(
    lookup: FilmLookup, omdb: FakeOmdb, clock: FakeClock
) -> None:
    omdb.raw_reply = b'{"Title": "Jaws", "Year'
    for _ in range(3):
        error = await get_error(lookup.get("jaws"))
        assert (type(error), error.code) == (BadUpstream, "omdb_unreadable")
    calls = len(omdb.calls)
    omdb.raw_reply = None
    assert (await lookup.get("the matrix")).title == "The Matrix"
    assert isinstance(await get_error(lookup.get("jaws")), BadUpstream)
    assert len(omdb.calls) == calls + 1
    clock.advance(3_601)
    assert (await lookup.get("jaws")).title == "Jaws"


async def test_a_merged_film_is_neither_looked_up_nor_fetched_under_its_old_address(
    lookup: FilmLookup,
    catalogue: Catalogue,
    notifier: OutboxNotifier,
    omdb: FakeOmdb,
    clock: FakeClock,
) -> None:
    target = await lookup.get(MATRIX)
    facts = FilmFacts(title="Matrix, an old row", imdb_id="tt9999990")
    merged = await catalogue.upsert(facts, Provenance(source="user"))
    await FilmMerger(catalogue, notifier, clock.now).merge(str(merged.id), MATRIX)
    omdb.calls.clear()
    for address in ("tt9999990", str(merged.id)):
        assert isinstance(await get_error(lookup.get(address)), Moved)
        assert (await lookup.fetch(address)).id == target.id
    assert [call["i"] for call in omdb.calls] == [MATRIX, MATRIX]


async def test_what_omdb_knows_under_a_merged_imdb_id_goes_to_the_film_that_stays(
    lookup: FilmLookup, catalogue: Catalogue, notifier: OutboxNotifier, clock: FakeClock
) -> None:
    target = await catalogue.upsert(
        FilmFacts(title="Another", imdb_id="tt9999991"), Provenance(source="user")
    )
    await lookup.get(MATRIX)
    await FilmMerger(catalogue, notifier, clock.now).merge(MATRIX, str(target.id))
    film = await lookup.get_by_title("The Matrix", type="movie")
    assert (film.id, film.imdb_id, film.title) == (target.id, "tt9999991", "Another")
    assert "The Matrix" in film.aliases and await Film.all().count() == 1
