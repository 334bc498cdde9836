"""Tallies of films change by deltas, whatever else changes the row meanwhile."""

import asyncio
from uuid import UUID

from service.clock import utc_now
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.films.responses import film_view
from service.films.rows import get_film_rows, is_current
from service.films.schemas import FilmFacts, FilmPatch, Provenance
from service.films.tallies import Tallies, add_to_tallies
from service.outbox.models import Outbox

LIKED = Tallies(votes_up=1, score_count=1, score_sum=9)


async def add_film(catalogue: Catalogue) -> Film:
    return await catalogue.add(FilmFacts(title="Jaws", year=1975))


async def read(film_id: UUID) -> Film:
    return await Film.get(id=film_id)


async def test_tallies_added_at_once_are_all_counted(catalogue: Catalogue) -> None:
    film = await add_film(catalogue)
    await asyncio.gather(*(add_to_tallies(film.id, LIKED) for _ in range(40)))
    counted = await read(film.id)
    assert Tallies.of(counted) == Tallies(votes_up=40, score_count=40, score_sum=360)
    assert counted.counters == 40


async def test_a_change_of_tallies_is_neither_a_new_version_nor_work_for_the_index(
    catalogue: Catalogue,
) -> None:
    film = await add_film(catalogue)
    pointers = await Outbox.all().count()
    tag = f"{film.id}.1.0"
    assert await is_current(tag)
    await add_to_tallies(film.id, LIKED)
    assert (await read(film.id)).version == 1
    assert await Outbox.all().count() == pointers
    assert not await is_current(tag)


async def test_no_difference_leaves_the_entity_tag(catalogue: Catalogue) -> None:
    film = await add_film(catalogue)
    await add_to_tallies(film.id, Tallies())
    assert await is_current(f"{film.id}.1.0")


async def test_no_film_is_current_under_any_tag_once_it_is_deleted(catalogue: Catalogue) -> None:
    film = await add_film(catalogue)
    await catalogue.delete(str(film.id), None)
    assert not await is_current(f"{film.id}.1.0")


async def test_changes_of_facts_keep_the_tallies(catalogue: Catalogue) -> None:
    film = await add_film(catalogue)
    await add_to_tallies(film.id, LIKED)
    await catalogue.update(str(film.id), None, FilmPatch(plot="A shark."))
    provenance = Provenance(source="omdb", fetched_at=utc_now())
    await catalogue.upsert(FilmFacts(title="Jaws", year=1975, runtime_minutes=124), provenance)
    assert Tallies.of(await read(film.id)) == LIKED


async def test_votes_and_changes_of_facts_at_once_lose_nothing(catalogue: Catalogue) -> None:
    film = await add_film(catalogue)
    await asyncio.gather(
        *(add_to_tallies(film.id, LIKED) for _ in range(10)),
        *(
            catalogue.update(str(film.id), None, FilmPatch(runtime_minutes=100 + number))
            for number in range(5)
        ),
    )
    changed = await read(film.id)
    assert (changed.votes_up, changed.counters, changed.version) == (10, 10, 6)


async def test_a_film_shows_means_of_its_sums_and_nothing_without_scores(
    catalogue: Catalogue,
) -> None:
    film = await add_film(catalogue)
    view = film_view(film, utc_now())
    assert (view.user_rating.value, view.reviews.average) == (None, None)
    await add_to_tallies(film.id, Tallies(2, 1, 3, 20, 4, 3, 25))
    [row] = await get_film_rows([str(film.id)])
    view = film_view(row, utc_now())
    assert (view.votes.up, view.votes.down) == (2, 1)
    assert (view.user_rating.value, view.user_rating.count) == (6.67, 3)
    assert (view.reviews.count, view.reviews.average) == (4, 8.33)
