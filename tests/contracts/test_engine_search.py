"""What people type, and the film that must come first: on each engine, over the sample films."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from service.errors import Invalid
from service.films.models import Film
from service.search.criteria.filters import Filters, Range
from service.search.index.document import MovieDocument
from service.search.retrieval.cursors import Cursor
from service.search.retrieval.paging import RERANK_SIZE
from service.search.retrieval.search_request import Page, SearchRequest
from service.text.analysis import full_title_key
from tests.support.sample_catalogue import Shelf, row

GOLDEN = [
    ("godfahter", "The Godfather"),
    ("the godfather", "The Godfather"),
    ("god father", "The Godfather"),
    ("Godfather, The", "The Godfather"),
    ("godfather 2", "The Godfather: Part II"),
    ("the godfather part two", "The Godfather: Part II"),
    ("spilberg jaws", "Jaws"),
    ("jaws spielberg", "Jaws"),
    ("se7en", "Se7en"),
    ("seven", "Se7en"),
    ("leon", "Léon: The Professional"),
    ("starwars", "Star Wars"),
    ("star wras", "Star Wars"),
    ("It", "It"),
    ("Up", "Up"),
    ("M", "M"),
    ("Ma", "Ma"),
    ("9", "9"),
    ("24", "24"),
    ("1917", "1917"),
    ("2012", "2012"),
    ("300", "300"),
    ("WALL·E", "WALL·E"),
    ("walle", "WALL·E"),
    ("wall-e", "WALL·E"),
    ("Amélie", "Amélie"),
    ("amelie", "Amélie"),
    ("8½", "8½"),
    ("8 1/2", "8½"),
    ("[REC]", "[REC]"),
    ("rec", "[REC]"),
    ("rec 2", "[REC]²"),
    ("M*A*S*H", "M*A*S*H"),
    ("mash", "M*A*S*H"),
    ("(500) Days of Summer", "(500) Days of Summer"),
    ("500 days of summer", "(500) Days of Summer"),
    ("five hundred days of sumer", "(500) Days of Summer"),
    ("rocky 2", "Rocky II"),
    ("rocky two", "Rocky II"),
    ("charlies angels", "Charlie's Angels"),
    ("charlie's angels", "Charlie's Angels"),
    ("fast & furious", "The Fast and the Furious"),
    ("fast and furious", "The Fast and the Furious"),
    ("blade runner 2049", "Blade Runner 2049"),
    ("romeo juliet", "Romeo + Juliet"),
    ("romeo & juliet", "Romeo + Juliet"),
    ("+1", "+1"),
    ("$", "$"),
    ("千と千尋の神隠し", "千と千尋の神隠し"),
    ("sen to chihro", "千と千尋の神隠し"),
    ("сталкер", "Сталкер"),
    ("stalker", "Сталкер"),
    ("watch jaws full movie", "Jaws"),
    ("  jaws  ", "Jaws"),
]


async def test_what_people_type_finds_the_film_first(shelf: Shelf) -> None:
    answers = {typed: (await shelf.titles(typed) or [None])[0] for typed, _ in GOLDEN}
    assert answers == dict(GOLDEN)


async def test_every_title_typed_exactly_finds_its_film_first(
    shelf: Shelf, films: list[Film]
) -> None:
    missed = []
    for film in films:
        first = (await shelf.titles(film.title, 1) or [""])[0]
        if full_title_key(first) != full_title_key(film.title):
            missed.append((film.title, first))
    assert missed == []


async def test_a_year_beside_the_title_tells_films_of_one_title_apart(shelf: Shelf) -> None:
    for typed, year in (("dune 2021", 2021), ("dune (1984)", 1984), ("1984 dune", 1984)):
        found = await shelf.finder.search(SearchRequest(typed, page=Page(1)))
        assert (found.hits[0].film.title, found.hits[0].film.year) == ("Dune", year)


async def test_a_director_alone_gives_the_directors_films(shelf: Shelf) -> None:
    found = await shelf.finder.search(SearchRequest("spielburg", page=Page(10)))
    assert all("Steven Spielberg" in result.film.directors for result in found.hits[:8])


@pytest.mark.parametrize(
    "typed", ["tt0068646", "https://www.imdb.com/title/tt0068646/?ref_=x", "TT0068646"]
)
async def test_a_pasted_imdb_id_finds_its_film_alone(shelf: Shelf, typed: str) -> None:
    found = await shelf.finder.search(SearchRequest(typed, page=Page(5)))
    assert [result.film.title for result in found.hits] == ["The Godfather"]
    assert found.total == 1


async def test_an_imdb_id_that_nobody_has_finds_nothing(shelf: Shelf) -> None:
    assert (await shelf.finder.search(SearchRequest("tt9999999", page=Page(5)))).total == 0


async def test_nonsense_finds_nothing_and_says_so(shelf: Shelf) -> None:
    found = await shelf.finder.search(SearchRequest("qqqqxxxxzzzz", page=Page(5)))
    assert (found.hits, found.total) == ((), 0)


async def test_pages_show_every_hit_once_in_one_order(shelf: Shelf, films: list[Film]) -> None:
    walked: list[UUID] = []
    total = (await shelf.finder.search(SearchRequest("the", page=Page(1)))).total
    assert total > RERANK_SIZE
    for offset in range(0, total, 30):
        found = await shelf.finder.search(SearchRequest("the", page=Page(30, offset)))
        assert found.total == total
        walked += [result.film.id for result in found.hits]
    assert len(walked) == len(set(walked)) == total
    assert [
        r.film.id for r in (await shelf.finder.search(SearchRequest("the", page=Page(60, 70)))).hits
    ] == walked[70:130]


async def test_a_film_whose_row_is_gone_is_not_shown(shelf: Shelf) -> None:
    await Film.filter(title="Jaws").delete()
    assert "Jaws" not in await shelf.titles("jaws")


async def test_a_changed_row_is_shown_as_it_is_now(shelf: Shelf) -> None:
    assert (await shelf.finder.search(SearchRequest("jaws", page=Page(1)))).hits[
        0
    ].film.poster_status == "missing"
    await Film.filter(title="Jaws").update(poster_status="stored", counters=1)
    assert (await shelf.finder.search(SearchRequest("jaws", page=Page(1)))).hits[
        0
    ].film.poster_status == "stored"


async def test_an_unreadable_query_is_refused(shelf: Shelf) -> None:
    with pytest.raises(Invalid):
        await shelf.finder.search(SearchRequest("\x00", page=Page(5)))


async def test_filters_and_a_second_look_go_together(shelf: Shelf) -> None:
    wish = SearchRequest(filters=Filters(directors=("stevenspielberg",), years=Range(1980, 1995)))
    found = await shelf.finder.search(replace(wish, text="jurasic", page=Page(5)))
    assert found.hits[0].film.title == "Jurassic Park"
    for result in found.hits:
        assert wish.filters.accepts(result.film)
    assert (await shelf.finder.search(replace(wish, text="jaws", page=Page(5)))).hits[:1] == ()


async def test_words_are_looked_for_where_one_says(shelf: Shelf) -> None:
    async def first(typed: str, *parts: Any) -> str | None:
        found = await shelf.finder.search(
            SearchRequest(typed, fields=frozenset(parts), page=Page(1))
        )
        return found.hits[0].film.title if found.hits else None

    assert await first("toshiro mifune", "cast") == "Nothing Else"
    assert await first("mifnue", "cast") == "Nothing Else"
    assert await first("albatrosses", "plot") == "Nothing Else"
    assert await first("nothing mifune", "title", "cast") == "Nothing Else"
    assert await first("mifune", "title", "director") != "Nothing Else"
    assert await first("jaws", "director") != "Jaws"
    found = await shelf.finder.search(
        SearchRequest("spielberg", fields=frozenset({"director"}), page=Page(5))
    )
    assert found.hits
    assert all("Steven Spielberg" in result.film.directors for result in found.hits)


async def test_with_typos_off_only_what_is_typed_counts(shelf: Shelf) -> None:
    assert (
        await shelf.finder.search(SearchRequest("godfahter", typo_tolerance=False, page=Page(5)))
    ).total == 0
    exact = await shelf.finder.search(
        SearchRequest("godfather", typo_tolerance=False, page=Page(1))
    )
    assert exact.hits[0].film.title == "The Godfather"


async def test_counts_leave_their_own_filter_out(shelf: Shelf, films: list[Film]) -> None:
    wish = SearchRequest(filters=Filters(genres=("drama",)), facets=("genre", "decade"))
    found = await shelf.finder.search(replace(wish, page=Page(1)))
    assert found.facets is not None
    counts = {count.value: count.count for count in found.facets["genre"]}
    assert counts["Comedy"] == sum("Comedy" in film.genres for film in films)
    decades = {count.value: count.count for count in found.facets["decade"]}
    dramas = [film for film in films if "Drama" in film.genres]
    assert decades[1990] == sum(film.year // 10 == 199 for film in dramas if film.year)


async def test_a_misspelt_query_is_told_what_was_meant(shelf: Shelf) -> None:
    assert (
        await shelf.finder.search(SearchRequest("spilberg jaws", page=Page(1)))
    ).did_you_mean == "spielberg jaws"
    assert (await shelf.finder.search(SearchRequest("jaws", page=Page(1)))).did_you_mean is None


@pytest.mark.parametrize(
    "wish",
    [
        SearchRequest(),
        SearchRequest(sort="-year"),
        SearchRequest(filters=Filters(genres=("drama",)), sort="title"),
    ],
)
async def test_a_walk_meets_every_film_once_though_others_come_and_go(
    shelf: Shelf, films: list[Film], wish: SearchRequest
) -> None:
    there = {r.film.id for r in await everything(shelf, "the", wish)}
    walked: list[UUID] = []
    walk: Cursor | None = None
    number, added = 0, []
    while True:
        page = await shelf.finder.search(replace(wish, text="the", page=Page(9, cursor=walk)))
        walked += [result.film.id for result in page.hits]
        number += 1
        facts = {"title": f"The The {number}", "year": 2030, "votes": 3_000_000 // number}
        added.append(row(10_000 + number, facts | {"genres": ["Drama"]}))
        await Film.bulk_create(added[-1:])
        await shelf.put(added[-1:])
        if (walk := page.cursor) is None:
            break
    gone = [MovieDocument.tombstone(str(film.id), 2) for film in added]
    await shelf.writer.write(gone)
    await shelf.engine.refresh(3)
    assert len(walked) == len(set(walked))
    assert there <= set(walked)


async def everything(shelf: Shelf, typed: str, wish: SearchRequest) -> list[Any]:
    found, offset = [], 0
    while page := (
        await shelf.finder.search(replace(wish, text=typed, page=Page(100, offset)))
    ).hits:
        found += page
        offset += 100
    return found
