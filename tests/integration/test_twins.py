"""Twins: stored films that are one by the rule, listed, and merged if nothing contradicts that."""

import pytest

from service.clock import utc_now
from service.films.catalogue import Catalogue
from service.films.film_writes import create_film, save_films
from service.films.merge import FilmMerger
from service.films.models import Film
from service.films.schemas import FilmFacts, Provenance
from service.films.twins import find_twins, list_twins, merge_twins
from service.outbox.notifications import OutboxNotifier

FIRST_ID, SECOND_ID = {"imdb_id": "tt0000001"}, {"imdb_id": "tt0000002"}


@pytest.fixture
def merger(catalogue: Catalogue, notifier: OutboxNotifier) -> FilmMerger:
    return FilmMerger(catalogue, notifier, utc_now)


async def store(**facts: object) -> Film:
    """Store a film even if the catalogue has it already, as an earlier release did."""
    film = create_film(
        FilmFacts.model_validate({"title": "Heat", "year": 1995, **facts}),
        Provenance(source="user"),
        utc_now(),
    )
    await save_films([film], [], utc_now())
    return film


async def test_only_films_that_are_one_by_the_rule_are_twins(database: str) -> None:
    lee = await store(directors=("Lee",))
    unnamed = await store()
    await store(directors=("Mann",), **FIRST_ID)
    await store(year=1996)
    await store(type="series")
    await store(title="Heat 2")
    pairs = {twins.films[0].id: twins.films[1].directors async for twins in find_twins()}
    assert pairs == {lee.id: [], unnamed.id: ["Mann"]}


@pytest.mark.parametrize("page_size", [1, 2, 500])
async def test_each_pair_is_found_once_whatever_the_size_of_a_page(
    database: str, page_size: int
) -> None:
    films = [await store() for _ in range(4)] + [await store(**FIRST_ID), await store(**SECOND_ID)]
    pairs = [tuple(film.id for film in twins.films) async for twins in find_twins(page_size)]
    ids = [film.id for film in films]
    expected = {(a, b) for n, a in enumerate(ids) for b in ids[n + 1 :]} - {(ids[4], ids[5])}
    assert len(pairs) == len(set(pairs)) and set(pairs) == expected


async def test_twins_are_listed_in_pages(database: str) -> None:
    for _ in range(4):
        await store()
    first, rest = await list_twins(4, 0), await list_twins(4, 4)
    assert (first.total, first.relation, len(first.results), len(rest.results)) == (6, "eq", 4, 2)


async def test_differences_name_the_facts_that_both_films_know(database: str) -> None:
    await store(plot="One.", rated="R", genres=("Crime",), ratings={"metacritic": 76})
    await store(plot="Two.", runtime_minutes=170, genres=("Crime",), ratings={"metacritic": 77})
    [twins] = [twins async for twins in find_twins()]
    assert set(twins.differences) == {"plot", "ratings.metacritic"}
    assert not twins.is_mergeable


async def test_copies_are_merged_into_the_oldest(database: str, merger: FilmMerger) -> None:
    oldest = await store(runtime_minutes=170)
    for number in range(4):
        await store(**({"plot": "A robbery."} if number == 2 else {}))
    await store(**FIRST_ID, rated="R")
    assert len([merge async for merge in merge_twins(merger)]) == 5
    film = await Film.get()
    assert (film.id, film.imdb_id, film.aliases) == (oldest.id, "tt0000001", [])
    assert (film.runtime_minutes, film.plot, film.rated) == (170, "A robbery.", "R")
    assert [merge async for merge in merge_twins(merger)] == []


@pytest.mark.parametrize(
    ("one", "other", "third"),
    [
        ({}, FIRST_ID, SECOND_ID),  # the film without an id may be either
        ({}, {"directors": ("Lee",)}, {"directors": ("Mann",)}),
    ],
)
async def test_a_film_that_may_be_either_of_two_is_left_to_people(
    database: str,
    merger: FilmMerger,
    one: dict[str, object],
    other: dict[str, object],
    third: dict[str, object],
) -> None:
    for facts in (one, other, third):
        await store(**facts)
    assert [twins.differences async for twins in find_twins()] == [(), ()]
    assert [merge async for merge in merge_twins(merger)] == []
    assert await Film.all().count() == 3


async def test_a_film_that_comes_to_differ_while_twins_are_merged_stays(
    database: str, merger: FilmMerger
) -> None:
    await store()
    await store(plot="One.")
    await store(plot="Two.")
    assert len([merge async for merge in merge_twins(merger)]) == 1
    assert await Film.all().count() == 2
    assert [twins.differences async for twins in find_twins()] == [("plot",)]
