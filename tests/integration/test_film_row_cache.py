"""Rows that a process has read before are read again when they have changed, and only then."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from tortoise.expressions import F

from service.films.models import Film
from service.films.responses import film_view
from service.http.responses import encode_json
from service.search.retrieval.film_rows import FilmRows
from service.search.retrieval.work_threads import WorkThreads, search_budget

NOW = datetime(2026, 1, 1, 12, 30, 15, tzinfo=UTC)


async def create_film(title: str, **facts: object) -> Film:
    return await Film.create(
        title=title, whole_title=title.lower(), created_at=NOW, updated_at=NOW, **facts
    )


@pytest.fixture
def rows(database: str) -> FilmRows:
    return FilmRows(WorkThreads())


async def get_titles(rows: FilmRows, *films: Film) -> list[str]:
    read = await rows.get([str(film.id) for film in films], search_budget())
    return [film.title for film in read.values()]


async def test_rows_come_in_the_order_asked_for_whether_they_were_read_before_or_not(
    rows: FilmRows,
) -> None:
    films = [await create_film(title) for title in ("Jaws", "Alien", "M")]
    assert await get_titles(rows, films[1]) == ["Alien"]
    assert await get_titles(rows, *films) == ["Jaws", "Alien", "M"]
    assert await get_titles(rows, *reversed(films)) == ["M", "Alien", "Jaws"]


async def test_a_row_that_has_not_changed_is_the_same_object(rows: FilmRows) -> None:
    film = await create_film("Jaws")
    first, second = [await rows.get([str(film.id)], search_budget()) for _ in range(2)]
    assert first[str(film.id)] is second[str(film.id)]


async def test_a_film_with_another_version_is_read_again(rows: FilmRows) -> None:
    film = await create_film("Jows")
    assert await get_titles(rows, film) == ["Jows"]
    await Film.filter(id=film.id).update(title="Jaws", version=F("version") + 1)
    assert await get_titles(rows, film) == ["Jaws"]


async def test_a_film_with_other_counters_is_read_and_encoded_again(rows: FilmRows) -> None:
    film = await create_film("Jaws")

    async def read_votes() -> int:
        (row,) = (await rows.get([str(film.id)], search_budget())).values()
        votes = orjson.loads(encode_json(rows.view(row, NOW)))["votes"]["up"]
        assert isinstance(votes, int)
        return votes

    assert await read_votes() == 0
    await Film.filter(id=film.id).update(votes_up=1, counters=F("counters") + 1)
    assert await read_votes() == 1


async def test_a_film_that_was_deleted_is_left_out_at_once(rows: FilmRows) -> None:
    films = [await create_film(title) for title in ("Jaws", "Alien")]
    assert await get_titles(rows, *films) == ["Jaws", "Alien"]
    await films[0].delete()
    assert await get_titles(rows, *films) == ["Alien"]


async def test_an_encoded_film_is_what_clients_see_and_becomes_stale_in_time(
    rows: FilmRows,
) -> None:
    film = await create_film("Jaws – “½”", refresh_after=NOW, actors=["Roy Scheider"])
    (row,) = (await rows.get([str(film.id)], search_budget())).values()
    for now in (NOW - timedelta(seconds=1), NOW, NOW - timedelta(seconds=1)):
        expected = encode_json(film_view(row, now))
        assert encode_json(rows.view(row, now)) == expected
        assert encode_json(rows.view(row, now)) == expected


async def test_a_row_that_was_replaced_meanwhile_is_shown_as_it_was_read(rows: FilmRows) -> None:
    film = await create_film("Jows")
    (before,) = (await rows.get([str(film.id)], search_budget())).values()
    await Film.filter(id=film.id).update(title="Jaws", version=F("version") + 1)
    (after,) = (await rows.get([str(film.id)], search_budget())).values()
    assert encode_json(rows.view(before, NOW)) == encode_json(film_view(before, NOW))
    assert encode_json(rows.view(after, NOW)) == encode_json(film_view(after, NOW))


async def test_no_more_films_are_remembered_than_allowed(database: str) -> None:
    rows = FilmRows(WorkThreads(), max_films=2)
    films = [await create_film(title) for title in ("Jaws", "Alien", "M")]
    for _ in range(2):
        assert await get_titles(rows, *films) == ["Jaws", "Alien", "M"]
