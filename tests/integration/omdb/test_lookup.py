"""A film that is not here yet costs one call, whoever asks for it and however many do."""

import asyncio
import sys
from datetime import timedelta
from uuid import uuid4

import pytest

from service.errors import Invalid, NotFound, Unavailable
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.schemas import FilmFacts, Provenance
from service.omdb import lookup as lookup_module
from service.omdb.bulk_fetch import fetch_all
from service.omdb.client import OmdbClient
from service.omdb.lookup import FilmLookup
from service.omdb.models import OmdbLease
from service.omdb.negative_cache import NegativeCache
from service.outbox.models import Outbox
from tests.integration.omdb.conftest import refused, until
from tests.support import ROOT
from tests.support.clock import FakeClock
from tests.support.omdb_server import Omdb

MATRIX = "tt0133093"
STAR_WARS = "tt0076759"
HOUR = 3_600
DAY = 24 * HOUR


async def test_a_new_film_is_asked_for_once_and_kept(
    lookup: FilmLookup, omdb: Omdb, clock: FakeClock
) -> None:
    film = await lookup.get(MATRIX)
    assert (film.title, film.year, film.source, film.version) == ("The Matrix", 1999, "omdb", 1)
    assert film.fetched_at == clock.now()
    assert film.refresh_after == clock.now() + timedelta(days=90)
    assert (await lookup.get(MATRIX.upper())).id == film.id
    assert (await lookup.get(str(film.id))).id == film.id
    assert len(omdb.calls) == 1
    assert await Outbox.all().count() == 1


async def test_a_title_names_the_film_in_every_way_of_writing_it(
    lookup: FilmLookup, omdb: Omdb
) -> None:
    film = await lookup.get("  the   MATRIX ")
    assert film.imdb_id == MATRIX
    for title in ("Matrix", "The Matrix", "Matrix, The", "the matrix!"):
        assert (await lookup.get(title)).id == film.id
    assert len(omdb.calls) == 1


async def test_of_several_films_of_a_title_the_one_with_most_votes_is_meant(
    lookup: FilmLookup, catalogue: Catalogue, omdb: Omdb
) -> None:
    for year, votes in ((1941, 10), (2003, 3_000), (1999, None)):
        told = FilmFacts.model_validate(
            {"title": "Twin", "year": year, "ratings": {"imdb": {"votes": votes}}}
        )
        await catalogue.upsert(told, Provenance(source="user"))
    assert (await lookup.get("twin")).year == 2003
    assert (await lookup.get_by_title("twin", year=1941)).year == 1941
    assert omdb.calls == []


@pytest.mark.fault("concurrent-lookups")
async def test_a_hundred_who_ask_at_once_make_one_call_and_one_film(
    lookup: FilmLookup, omdb: Omdb
) -> None:
    omdb.pause = 0.1
    films = await asyncio.gather(*(lookup.get("Parasite", "192.0.2.1") for _ in range(100)))
    assert len({film.id for film in films}) == 1
    assert len(omdb.calls) == 1
    assert (await Film.all().count(), await Outbox.all().count()) == (1, 1)
    assert await OmdbLease.all().count() == 0, "the lease is given back"


@pytest.mark.fault("concurrent-lookups")
async def test_processes_that_ask_at_once_make_one_call_and_one_film(
    database: str, omdb: Omdb
) -> None:
    omdb.pause = 0.5
    said = asyncio.subprocess.PIPE
    command = (
        sys.executable,
        "-m",
        "tests.integration.omdb.lookup_process",
        database,
        omdb.url,
        "Parasite",
        "50",
    )
    askers = [
        await asyncio.create_subprocess_exec(*command, stdin=said, stdout=said, cwd=ROOT)
        for _ in range(2)
    ]
    for asker in askers:
        assert asker.stdout is not None
        assert await asker.stdout.readline() == b"ready\n"
    told = await asyncio.gather(*(asker.communicate(b"ask\n") for asker in askers))
    ids = {line for out, _ in told for line in out.split()}
    assert len(ids) == 1
    assert len(omdb.calls) == 1
    assert (await Film.all().count(), await Outbox.all().count()) == (1, 1)


async def test_those_who_share_no_memory_wait_for_the_one_who_asks(
    catalogue: Catalogue, client: OmdbClient, omdb: Omdb, clock: FakeClock
) -> None:
    omdb.pause = 0.2
    lookups = [FilmLookup(catalogue, client, clock.now) for _ in range(4)]
    films = await asyncio.gather(*(one.get("Parasite") for one in lookups for _ in range(10)))
    assert len({film.id for film in films}) == 1
    assert len(omdb.calls) == 1
    assert await Film.all().count() == 1


async def test_those_who_wait_for_a_miss_do_not_ask_again(
    catalogue: Catalogue, client: OmdbClient, omdb: Omdb, clock: FakeClock
) -> None:
    omdb.pause = 0.2
    lookups = [FilmLookup(catalogue, client, clock.now) for _ in range(3)]
    asked = await asyncio.gather(
        *(one.get("no such film") for one in lookups), return_exceptions=True
    )
    assert all(isinstance(one, NotFound) for one in asked)
    assert len(omdb.calls) == 1


async def test_a_process_that_dies_while_asking_is_waited_out(
    lookup: FilmLookup, omdb: Omdb, clock: FakeClock
) -> None:
    assert await NegativeCache(clock.now).claim("t:parasite||", lookup_module.LOOKUP_LEASE)
    asking = asyncio.create_task(lookup.get("parasite"))
    done, _ = await asyncio.wait([asking], timeout=0.3)
    assert not done
    assert omdb.calls == []
    clock.advance(lookup_module.LOOKUP_LEASE)
    assert (await asking).title == "Parasite"


async def test_nobody_waits_for_another_process_for_ever(
    catalogue: Catalogue, client: OmdbClient, clock: FakeClock
) -> None:
    seconds = iter([0.0, 1.0, lookup_module.MAX_WAIT])
    lookup = FilmLookup(catalogue, client, clock.now, clock=lambda: next(seconds))
    assert await NegativeCache(clock.now).claim("t:parasite||", lookup_module.LOOKUP_LEASE)
    error = await refused(lookup.get("parasite"))
    assert (type(error), error.retry_after) == (Unavailable, 1)


async def test_a_caller_who_goes_away_takes_nothing_with_them(
    lookup: FilmLookup, omdb: Omdb
) -> None:
    omdb.pause = 0.3
    first = asyncio.create_task(lookup.get("Parasite"))
    second = asyncio.create_task(lookup.get("Parasite"))

    async def asked() -> bool:
        return len(omdb.calls) == 1

    await until(asked)
    first.cancel()
    assert (await second).title == "Parasite"
    assert first.cancelled()

    third = asyncio.create_task(lookup.get("Jaws"))

    async def asked_again() -> bool:
        return len(omdb.calls) == 2

    await until(asked_again)
    third.cancel()

    async def kept() -> bool:
        return await Film.filter(title="Jaws").exists()

    await until(kept)


async def test_what_omdb_does_not_know_is_remembered_for_longer_each_time(
    lookup: FilmLookup, omdb: Omdb, clock: FakeClock
) -> None:
    for calls, wait in enumerate((HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 30 * DAY), 1):
        assert isinstance(await refused(lookup.get("no such film")), NotFound)
        clock.advance(wait - 1)
        assert (await refused(lookup.get("No  such FILM"))).code == "movie_not_found"
        assert len(omdb.calls) == calls
        clock.advance(1)
    omdb.films["tt0000001"] = {**omdb.films[MATRIX], "Title": "No Such Film"}
    assert (await lookup.get("no such film")).title == "No Such Film"


async def test_one_spellings_miss_does_not_answer_for_another(
    lookup: FilmLookup, omdb: Omdb
) -> None:
    assert isinstance(await refused(lookup.get("8 1/2")), NotFound)
    assert (await lookup.get("8½")).imdb_id == "tt0056801"
    assert len(omdb.calls) == 2


async def test_another_film_is_kept_under_its_own_id_and_not_given_for_the_asked_title(
    lookup: FilmLookup, omdb: Omdb
) -> None:
    for _ in range(2):
        error = await refused(lookup.get("star wars"))
        assert isinstance(error, NotFound)
        assert STAR_WARS in error.detail
    assert len(omdb.calls) == 1
    assert (await lookup.get(STAR_WARS)).title == "Star Wars: Episode IV - A New Hope"
    assert len(omdb.calls) == 1


async def test_the_year_and_the_type_are_part_of_the_question(
    lookup: FilmLookup, omdb: Omdb
) -> None:
    omdb.says(Title="Dune", Year="1984", imdbID="tt0087182", Type="movie", Response="True")
    assert isinstance(await refused(lookup.get_by_title("Dune", year=2021)), NotFound)
    assert isinstance(await refused(lookup.get_by_title("Dune", type="series")), NotFound)
    assert (await lookup.get_by_title("Dune", year=1984, type="movie")).imdb_id == "tt0087182"
    assert len(omdb.calls) == 2, "the third question is answered by what the first has kept"


@pytest.mark.parametrize("title", ["", "   ", "a\x00b", "a\nb", "\ud800", "x" * 700, "ﷺ" * 10_000])
async def test_what_can_be_no_title_is_refused_before_anybody_is_asked(
    lookup: FilmLookup, omdb: Omdb, title: str
) -> None:
    assert isinstance(await refused(lookup.get(title)), Invalid)
    assert omdb.calls == []


@pytest.mark.parametrize("title", ["'; DROP TABLE films; --", "x&i=tt0133093", "%", "日本", "🎬"])
async def test_an_odd_title_is_only_a_title(lookup: FilmLookup, omdb: Omdb, title: str) -> None:
    assert isinstance(await refused(lookup.get(title)), NotFound)
    assert omdb.calls[0]["t"] == title


async def test_an_id_of_ours_that_is_not_known_is_not_asked_of_omdb(
    lookup: FilmLookup, omdb: Omdb
) -> None:
    assert isinstance(await refused(lookup.get(str(uuid4()))), NotFound)
    assert isinstance(await refused(lookup.fetch(str(uuid4()))), NotFound)
    assert omdb.calls == []


async def test_fetching_by_hand_always_asks_and_tells_one_line_a_film(
    lookup: FilmLookup, catalogue: Catalogue, omdb: Omdb
) -> None:
    known = await catalogue.upsert(
        FilmFacts(title="Jaws", imdb_id="tt0073195"), Provenance(source="sample")
    )
    named = ["tt0073195", "Breaking Bad", "no such film", "star wars", str(known.id)]
    told = [one async for one in fetch_all(lookup, named)]
    assert [one.ok for one in told] == [True, True, False, False, True]
    assert told[0].line == "tt0073195: Jaws (1975), tt0073195"
    assert STAR_WARS in told[3].line
    assert len(omdb.calls) == 5
    assert (await catalogue.get("tt0073195")).runtime_minutes == 124
