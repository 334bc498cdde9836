"""What people type, and the film that must come first among the sample films, on each engine."""

from typing import Any
from uuid import UUID

import pytest

from service.errors import Invalid
from service.films.models import Film
from service.search.criteria.filters import Filters, Range
from service.search.index.document import MovieDocument
from service.search.query.fields import DEFAULT_FIELDS
from service.search.retrieval.cursors import Cursor
from service.search.retrieval.paging import RERANK_SIZE
from service.search.retrieval.search_request import SearchResult
from service.text.analysis import full_title_key
from tests.support.sample_catalogue import SampleIndex, build_film

GOLDEN_QUERIES = [
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
    ("500 days of summer", "500 Days of Summer"),
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


async def test_what_people_type_finds_the_film_first(sample_index: SampleIndex) -> None:
    first = {text: await sample_index.first_title(text) for text, _ in GOLDEN_QUERIES}
    assert first == dict(GOLDEN_QUERIES)


async def test_every_title_typed_exactly_finds_its_film_first(
    sample_index: SampleIndex, films: list[Film]
) -> None:
    missed = []
    for film in films:
        first = await sample_index.first_title(film.title) or ""
        if full_title_key(first) != full_title_key(film.title):
            missed.append((film.title, first))
    assert missed == []


@pytest.mark.parametrize(
    ("text", "year"), [("dune 2021", 2021), ("dune (1984)", 1984), ("1984 dune", 1984)]
)
async def test_a_year_beside_the_title_picks_among_films_of_that_title(
    sample_index: SampleIndex, text: str, year: int
) -> None:
    (hit,) = (await sample_index.search(text, 1)).hits
    assert (hit.film.title, hit.film.year) == ("Dune", year)


async def test_a_director_alone_gives_the_directors_films(sample_index: SampleIndex) -> None:
    result = await sample_index.search("spielburg", 10)
    assert all("Steven Spielberg" in hit.film.directors for hit in result.hits[:8])


@pytest.mark.parametrize(
    "text", ["tt0068646", "https://www.imdb.com/title/tt0068646/?ref_=x", "TT0068646"]
)
async def test_a_pasted_imdb_id_finds_only_its_film(sample_index: SampleIndex, text: str) -> None:
    result = await sample_index.search(text)
    assert [hit.film.title for hit in result.hits] == ["The Godfather"]
    assert result.total == 1


async def test_an_unknown_imdb_id_finds_nothing(sample_index: SampleIndex) -> None:
    assert (await sample_index.search("tt9999999")).total == 0


async def test_nonsense_finds_nothing(sample_index: SampleIndex) -> None:
    result = await sample_index.search("qqqqxxxxzzzz")
    assert (result.hits, result.total) == ((), 0)


async def test_pages_show_every_hit_once_in_one_order(sample_index: SampleIndex) -> None:
    paged: list[UUID] = []
    total = (await sample_index.search("the", 1)).total
    assert total > RERANK_SIZE
    for offset in range(0, total, 30):
        page = await sample_index.search("the", 30, offset)
        assert page.total == total
        paged += film_ids(page)
    assert len(paged) == len(set(paged)) == total
    assert film_ids(await sample_index.search("the", 60, 70)) == paged[70:130]


async def test_a_film_without_its_row_is_not_shown(sample_index: SampleIndex) -> None:
    await Film.filter(title="Jaws").delete()
    assert "Jaws" not in await sample_index.titles("jaws")


async def test_a_changed_row_is_shown_in_its_present_state(sample_index: SampleIndex) -> None:
    assert (await sample_index.search("jaws")).hits[0].film.poster_status == "missing"
    await Film.filter(title="Jaws").update(poster_status="stored", counters=1)
    assert (await sample_index.search("jaws")).hits[0].film.poster_status == "stored"


async def test_an_unreadable_query_is_refused(sample_index: SampleIndex) -> None:
    with pytest.raises(Invalid):
        await sample_index.search("\x00")


async def test_reranking_respects_the_filters(sample_index: SampleIndex) -> None:
    filters = Filters(directors=("stevenspielberg",), years=Range(1980, 1995))
    result = await sample_index.search("jurasic", filters=filters)
    assert result.hits[0].film.title == "Jurassic Park"
    assert all(filters.accepts(hit.film) for hit in result.hits)
    assert (await sample_index.search("jaws", filters=filters)).hits[:1] == ()


async def test_words_are_looked_for_only_in_the_requested_fields(
    sample_index: SampleIndex,
) -> None:
    async def first_title(text: str, *fields: str) -> str | None:
        return await sample_index.first_title(text, fields=frozenset(fields))

    assert await first_title("toshiro mifune", "cast") == "Nothing Else"
    assert await first_title("mifnue", "cast") == "Nothing Else"
    assert await first_title("albatrosses", "plot") == "Nothing Else"
    assert await first_title("nothing mifune", "title", "cast") == "Nothing Else"
    titles = await sample_index.titles("mifune", fields=DEFAULT_FIELDS, with_people=False)
    assert titles[:1] != ["Nothing Else"]
    assert await first_title("jaws", "director") != "Jaws"
    result = await sample_index.search("spielberg", fields=frozenset({"director"}))
    assert result.hits
    assert all("Steven Spielberg" in hit.film.directors for hit in result.hits)


async def test_without_typo_tolerance_only_exact_words_match(sample_index: SampleIndex) -> None:
    assert (await sample_index.search("godfahter", typo_tolerance=False)).total == 0
    assert await sample_index.first_title("godfather", typo_tolerance=False) == "The Godfather"


async def test_facet_counts_leave_out_their_own_filter(
    sample_index: SampleIndex, films: list[Film]
) -> None:
    filters = Filters(genres=("drama",))
    result = await sample_index.search(limit=1, filters=filters, facets=("genre", "decade"))
    assert result.facets is not None
    genres = {count.value: count.count for count in result.facets["genre"]}
    assert genres["Comedy"] == sum("Comedy" in film.genres for film in films)
    decades = {count.value: count.count for count in result.facets["decade"]}
    dramas = [film for film in films if "Drama" in film.genres]
    assert decades[1990] == sum(film.year // 10 == 199 for film in dramas if film.year)


async def test_a_misspelt_query_gets_a_did_you_mean(sample_index: SampleIndex) -> None:
    assert (await sample_index.search("spilberg jaws")).did_you_mean == "Spielberg Jaws"
    assert (await sample_index.search("jaws")).did_you_mean is None


@pytest.mark.parametrize(
    "options",
    [{}, {"sort": "-year"}, {"filters": Filters(genres=("drama",)), "sort": "title"}],
)
async def test_a_cursor_meets_every_film_once_although_others_come_and_go(
    sample_index: SampleIndex, options: dict[str, Any]
) -> None:
    present = await find_all_ids(sample_index, "the", options)
    paged: list[UUID] = []
    cursor: Cursor | None = None
    added: list[Film] = []
    while True:
        page = await sample_index.search("the", 9, cursor=cursor, **options)
        paged += film_ids(page)
        number = len(added) + 1
        facts = {"title": f"The The {number}", "year": 2030, "votes": 3_000_000 // number}
        added.append(build_film(10_000 + number, facts | {"genres": ["Drama"]}))
        await Film.bulk_create(added[-1:])
        await sample_index.add_films(added[-1:])
        if (cursor := page.cursor) is None:
            break
    await sample_index.index.write(*(MovieDocument.tombstone(str(f.id), 2) for f in added))
    assert len(paged) == len(set(paged))
    assert present <= set(paged)


async def test_a_stored_title_without_words_leaves_its_film_and_all_others_findable(
    sample_index: SampleIndex,
) -> None:
    facts = {"title": "Kestrelmoor", "year": 1999, "directors": ["Steven Spielberg"]}
    film = build_film(20_001, facts | {"aliases": ["\u200b"]})
    await Film.bulk_create([film])
    await sample_index.add_films([film])
    try:
        for text in ("kestrelmoor", "kestrelmor spielberg", "spielberg"):
            assert film.id in film_ids(await sample_index.search(text, 100)), text
        assert film_ids(await sample_index.search("jaws spielberg", 100))[0] != film.id
    finally:
        await Film.filter(id=film.id).delete()
        await sample_index.index.write(MovieDocument.tombstone(str(film.id), 2))


def film_ids(result: SearchResult) -> list[UUID]:
    return [hit.film.id for hit in result.hits]


async def find_all_ids(sample_index: SampleIndex, text: str, options: dict[str, Any]) -> set[UUID]:
    ids: list[UUID] = []
    while page := film_ids(await sample_index.search(text, 100, len(ids), **options)):
        ids += page
    return set(ids)
