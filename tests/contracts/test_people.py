"""Cast and writers are looked at where titles explain little, by each engine and by SQL alone."""

from typing import Any

import pytest

from service.films.models import Film
from service.search.criteria.filters import Filters
from service.search.explanation import describe_reasons, explain_match
from service.search.highlights import find_matches
from service.search.index.document import MovieDocument
from service.search.query.fields import DEFAULT_FIELDS, PEOPLE_FIELDS
from service.search.retrieval.autocomplete import Autocomplete
from service.search.retrieval.database_search import DatabaseSearch
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.search_request import Page, SearchHit, SearchRequest, SearchResult
from service.search.vocabulary.vocabulary import Vocabulary
from tests.support.backends import BACKEND_TIMEOUT
from tests.support.cast_films import load_cast_films
from tests.support.sample_catalogue import SampleIndex, build_film

DIRECTED_BY_AN_ACTOR = {
    "title": "Larry Crowne",
    "year": 2011,
    "directors": ["Tom Hanks"],
    "actors": ["Tom Hanks", "Julia Roberts"],
}


@pytest.fixture(scope="module")
def films() -> list[Film]:
    """Return films with a cast, which take the place of the sample films here."""
    facts = [*load_cast_films(), DIRECTED_BY_AN_ACTOR]
    return [build_film(number, film) for number, film in enumerate(facts, 1)]


async def search_database(films: list[Film], text: str, **options: Any) -> SearchResult:
    vocabulary = Vocabulary()
    vocabulary.add(w for film in films for w in MovieDocument.from_film(film).vocabulary_words())
    database_search = DatabaseSearch(vocabulary, FilmCache(), BACKEND_TIMEOUT)
    options = {"page": Page(100), **options}
    return await database_search.search(SearchRequest(text, **options))


async def search_both(
    index: SampleIndex, films: list[Film], text: str, **options: Any
) -> tuple[SearchResult, SearchResult]:
    """Return the results of the engine and of the database alone."""
    return (
        await index.search(text, 100, **options),
        await search_database(films, text, **options),
    )


def films_with(films: list[Film], *names: str) -> set[str]:
    return {f.title for f in films if {*names} & {*f.directors, *f.writers, *f.actors}}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("tom hanks", "Tom Hanks"),
        ("leonardo dicaprio", "Leonardo DiCaprio"),
        ("DiCaprio", "Leonardo DiCaprio"),
        ("zoe saldana", "Zoe Saldaña"),
        ("charlie kaufman", "Charlie Kaufman"),
        ("j k rowling", "J.K. Rowling"),
    ],
)
async def test_the_name_of_an_actor_or_writer_finds_exactly_their_films(
    sample_index: SampleIndex, films: list[Film], text: str, name: str
) -> None:
    engine, database = await search_both(sample_index, films, text)
    assert {hit.film.title for hit in engine.hits if hit.level == "all"} == films_with(films, name)
    assert films_with(films, name) <= {hit.film.title for hit in database.hits}
    for result in (engine, database):
        assert (result.level, result.fields, result.hits[0].level) == ("all", PEOPLE_FIELDS, "all")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("roy schneider jaws", "Jaws"),
        ("jaws roy scheider", "Jaws"),
        ("titanic leonardo dicaprio", "Titanic"),
        ("dicaprio hardy revenant", "The Revenant"),
        ("matt damon bourne", "The Bourne Identity"),
        ("sigourny weaver alien", "Alien"),
        ("social network aaron sorkin", "The Social Network"),
        ("bogart bergman", "Casablanca"),
        ("gladiator russel crowe", "Gladiator"),
        ("jwas roy scheider", "Jaws"),
        ("roy scheider jaws robert", "Jaws"),
    ],
)
async def test_a_title_with_an_actor_or_writer_finds_the_film_first(
    sample_index: SampleIndex, films: list[Film], text: str, title: str
) -> None:
    for result in await search_both(sample_index, films, text):
        assert result.hits[0].film.title == title


@pytest.mark.parametrize(
    "text", ["jaws", "the godfahter", "spielberg", "inception nolan", "star wars"]
)
async def test_titles_and_directors_that_explain_a_query_are_all_that_is_looked_at(
    sample_index: SampleIndex, films: list[Film], text: str
) -> None:
    for result in await search_both(sample_index, films, text):
        assert (result.level, result.fields) == ("all", DEFAULT_FIELDS)


async def test_a_title_with_somebody_who_is_not_in_the_film_still_finds_the_film(
    sample_index: SampleIndex, films: list[Film]
) -> None:
    for result in await search_both(sample_index, films, "jaws tom hanks"):
        assert "Jaws" in [hit.film.title for hit in result.hits[:10]]
        assert result.level == "some"


async def test_a_first_name_that_is_a_title_does_not_hide_the_actor(
    sample_index: SampleIndex, films: list[Film]
) -> None:
    for result in await search_both(sample_index, films, "logan lerman wallflower perks emma"):
        assert result.hits[0].film.title == "The Perks of Being a Wallflower"


async def test_an_actor_who_directs_few_films_finds_all_of_them(
    sample_index: SampleIndex, films: list[Film]
) -> None:
    for result in await search_both(sample_index, films, "tom hanks"):
        titles = [hit.film.title for hit in result.hits]
        assert "Forrest Gump" in titles[:10] and "Larry Crowne" in titles


async def test_a_search_in_titles_and_directors_leaves_the_others_out(
    sample_index: SampleIndex, films: list[Film]
) -> None:
    for result in await search_both(sample_index, films, "leonardo dicaprio", with_people=False):
        assert result.level != "all" and result.fields == DEFAULT_FIELDS


async def test_the_reason_names_the_actor_and_the_writer(
    sample_index: SampleIndex, films: list[Film]
) -> None:
    for result in await search_both(sample_index, films, "jaws roy schneider benchley"):
        film, query = result.hits[0].film, result.query
        assert query is not None
        [matches] = find_matches(query, [film], result.fields)
        assert describe_reasons(explain_match(query, film, matches)) == (
            "title word ‘Jaws’ exact; cast ‘Roy’ exact; cast ‘Scheider’, one letter off; "
            "writer ‘Benchley’ exact"
        )


async def test_a_list_of_an_actors_films_goes_on_behind_a_cursor(
    sample_index: SampleIndex, films: list[Film]
) -> None:
    hits: list[SearchHit] = []
    page = await sample_index.search("robert downey jr", 2)
    total = page.total
    while True:
        hits += page.hits
        assert (page.total, page.fields, page.level) == (total, PEOPLE_FIELDS, "all")
        if page.cursor is None:
            break
        page = await sample_index.search("robert downey jr", 2, cursor=page.cursor)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert len({hit.film.id for hit in hits}) == len(hits) == total
    assert {hit.film.title for hit in hits} >= films_with(films, "Robert Downey Jr.")


@pytest.mark.parametrize("options", [{"sort": "year"}, {"match": "all"}, {"typo_tolerance": False}])
async def test_an_actors_films_are_found_with_every_option(
    sample_index: SampleIndex, films: list[Film], options: dict[str, Any]
) -> None:
    for result in await search_both(sample_index, films, "uma thurman", **options):
        assert {hit.film.title for hit in result.hits} == {"Pulp Fiction", "Kill Bill: Vol. 1"}


@pytest.fixture
def autocomplete(sample_index: SampleIndex) -> Autocomplete:
    index = sample_index.index
    return Autocomplete(index.engine, index.vocabulary, FilmCache())


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("leonardo dic", "Leonardo DiCaprio", "actor"),
        ("dicap", "Leonardo DiCaprio", "actor"),
        ("zoe sald", "Zoe Saldaña", "actor"),
        ("leonrdo dicap", "Leonardo DiCaprio", "actor"),
        ("charlie kau", "Charlie Kaufman", "writer"),
        ("tom han", "Tom Hanks", "director"),  # who also acts
        ("simon peg", "Simon Pegg", "actor"),  # who also writes
        ("spielb", "Steven Spielberg", "director"),
    ],
)
async def test_people_of_all_kinds_are_suggested_once(
    autocomplete: Autocomplete, films: list[Film], text: str, name: str, kind: str
) -> None:
    vocabulary = Vocabulary()
    vocabulary.add(w for film in films for w in MovieDocument.from_film(film).vocabulary_words())
    database_search = DatabaseSearch(vocabulary, FilmCache(), BACKEND_TIMEOUT)
    for fetch_hits in (None, database_search.fetch_hits):
        suggestions = await autocomplete.suggest(text, 10, fetch_hits)
        people = [(s.text, s.kind, s.movie_id) for s in suggestions if s.kind != "title"]
        assert people[:1] == [(name, kind, None)]
        assert len({text for text, _, _ in people}) == len(people)


async def test_titles_that_are_being_typed_come_before_actors(autocomplete: Autocomplete) -> None:
    suggestions = await autocomplete.suggest("alien", 10)
    assert [s.text for s in suggestions[:2]] == ["Alien", "Aliens"]
    assert all(s.kind == "title" for s in suggestions)


async def test_films_are_filtered_by_actors_and_writers(
    sample_index: SampleIndex, films: list[Film]
) -> None:
    for result in await search_both(
        sample_index, films, "kill bill", filters=Filters(actors=("umathurman",))
    ):
        assert [hit.film.title for hit in result.hits] == ["Kill Bill: Vol. 1"]
    listed = await sample_index.search(None, 100, filters=Filters(writers=("charliekaufman",)))
    assert [hit.film.title for hit in listed.hits] == ["Eternal Sunshine of the Spotless Mind"]
    both = Filters(actors=("alpacino", "marlonbrando"), writers=("michaelmann",))
    assert [h.film.title for h in (await sample_index.search(None, filters=both)).hits] == ["Heat"]
