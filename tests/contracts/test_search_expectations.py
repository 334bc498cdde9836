"""What users of such services ask for most when they look for a film, one test each, on each engine
over the sample films."""

from dataclasses import replace
from uuid import UUID

import pytest

from service.errors import Invalid
from service.films.models import Film
from service.search.criteria.filters import Filters, Range
from service.search.filenames.matcher import FilenameMatcher
from service.search.filenames.parser import ParsedName
from service.search.retrieval.autocomplete import Autocomplete
from service.search.retrieval.film_cache import FilmCache as Prepared
from service.search.retrieval.search_request import Page, SearchRequest
from tests.support.sample_catalogue import Shelf

pytestmark = pytest.mark.usefixtures("shelf")


async def ids(shelf: Shelf, typed: str, wish: SearchRequest | None = None) -> list[UUID]:
    found = await shelf.finder.search(replace(wish or SearchRequest(), text=typed, page=Page(10)))
    return [result.film.id for result in found.hits]


async def first(shelf: Shelf, typed: str) -> str | None:
    return next(iter(await shelf.titles(typed, 1)), None)


@pytest.mark.parametrize("typed", ["Stanley Kubrick", "kubrick", "kubrik", "Kubrick, Stanley"])
async def test_films_are_found_by_their_director(shelf: Shelf, typed: str) -> None:
    found = await shelf.finder.search(SearchRequest(typed, page=Page(5)))
    assert len(found.hits) == 5
    assert all("Stanley Kubrick" in result.film.directors for result in found.hits)


@pytest.mark.parametrize("typed", ["Ingrid Thulin", "ingrid tulin", "mifune"])
async def test_films_are_found_by_their_actors(shelf: Shelf, typed: str) -> None:
    found = await shelf.finder.search(
        SearchRequest(typed, fields=frozenset({"cast"}), page=Page(1))
    )
    assert [result.film.title for result in found.hits] == ["Nothing Else"]


WRITTEN = ["Astrid Lindgren", "lindgren", "Lindgren, Astrid", "astrid lingren", "jhabvla"]


@pytest.mark.parametrize("typed", WRITTEN)
async def test_films_are_found_by_their_writers(shelf: Shelf, typed: str) -> None:
    found = await shelf.finder.search(
        SearchRequest(typed, fields=frozenset({"writer"}), page=Page(1))
    )
    assert [result.film.title for result in found.hits] == ["Nothing Else"]


@pytest.mark.parametrize("typed", ["nothing lindgren", "lindgren nothng", "nothing else jhabvla"])
async def test_a_word_of_a_title_and_a_writer_find_the_film(shelf: Shelf, typed: str) -> None:
    found = await shelf.finder.search(
        SearchRequest(typed, fields=frozenset({"title", "writer"}), page=Page(1))
    )
    assert [result.film.title for result in found.hits] == ["Nothing Else"]


async def test_a_writer_is_looked_for_only_when_asked(shelf: Shelf) -> None:
    assert "Nothing Else" not in await shelf.titles("jhabvala")


async def test_what_no_writer_is_called_finds_nothing(shelf: Shelf) -> None:
    for typos in (True, False):
        wish = SearchRequest(fields=frozenset({"writer"}), typo_tolerance=typos, facets=("genre",))
        found = await shelf.finder.search(replace(wish, text="xyzzy", page=Page(5)))
        assert (found.hits, found.total, found.facets) == ((), 0, {"genre": ()})
    both = SearchRequest(fields=frozenset({"writer"}), typo_tolerance=False)
    assert (
        await shelf.finder.search(replace(both, text="lindgren xyzzy", page=Page(5)))
    ).total == 0


SAME = ["jaws ", " jaws", "JAWS", "jaws.", "\tjaws\n", "“Jaws”"]


@pytest.mark.parametrize("typed", SAME)
async def test_blanks_case_and_signs_around_change_nothing(shelf: Shelf, typed: str) -> None:
    assert await ids(shelf, typed) == await ids(shelf, "jaws")


TYPOS = [
    ("jasw", "Jaws"),
    ("casablnca", "Casablanca"),
    ("the shawshenk redemtion", "The Shawshank Redemption"),
    ("pulb ficton", "Pulp Fiction"),
    ("schindlrs lsit", "Schindler's List"),
]


@pytest.mark.parametrize(("typed", "title"), TYPOS)
async def test_typos_do_not_mean_nothing(shelf: Shelf, typed: str, title: str) -> None:
    assert await first(shelf, typed) == title


ONE_TITLE = [
    ("Charlie's Angels", "Charlies Angels", "charlie’s angels", "charlie s angels"),
    ("The Fast and the Furious", "fast & furious", "fast and the furious", "fast + furious"),
    ("Star Wars", "starwars", "star-wars", "star.wars", "STAR_WARS"),
    ("WALL·E", "WALL-E", "wall e", "walle", "Wall.E"),
    ("Amélie", "amelie", "AMÉLIE", "ame\u0301lie"),
    ("8½", "8 1/2", "eight 1/2", "8 and a half", "eight and a half", "Eight & a half"),
    ("[REC]", "rec", "(rec)", "REC!"),
    ("[REC]²", "rec 2", "rec ii", "rec two"),
    ("Rocky II", "rocky 2", "rocky two", "Rocky: II"),
    ("M*A*S*H", "mash", "m.a.s.h.", "M A S H"),
    ("(500) Days of Summer", "500 days of summer", "five hundred days of summer"),
    ("Se7en", "seven", "se7en!", "7even"),
    ("300", "three hundred"),
    ("The Godfather", "godfather", "Godfather, The", "a godfather"),
    ("Romeo + Juliet", "romeo & juliet", "romeo and juliet", "romeo juliet"),
    ("+1", "plus 1", "plus one"),
    ("$", " $ "),
]


@pytest.mark.parametrize("forms", ONE_TITLE, ids=lambda forms: forms[0])
async def test_signs_accents_and_numbers_are_typed_in_any_way(
    shelf: Shelf, forms: tuple[str, ...]
) -> None:
    assert {typed: await first(shelf, typed) for typed in forms} == dict.fromkeys(forms, forms[0])


SHORT = ["It", "Up", "M", "Ma", "9", "24", "300", "1917", "2012", "$", "+1", "8½"]


@pytest.mark.parametrize("title", SHORT)
async def test_a_short_title_is_found_and_comes_first(shelf: Shelf, title: str) -> None:
    for typed in (title, title.lower(), f" {title} "):
        assert await first(shelf, typed) == title


WITH_A_YEAR = [
    ("dune 2021", "Dune", 2021),
    ("dune (2021)", "Dune", 2021),
    ("Dune [1984]", "Dune", 1984),
    ("2021 dune", "Dune", 2021),
    ("dune 1985", "Dune", 1984),
    ("dnue 1984", "Dune", 1984),
    ("blade runner 2049", "Blade Runner 2049", 2017),
    ("blade runner 2049 2017", "Blade Runner 2049", 2017),
    ("1917 2019", "1917", 2019),
    ("1917 (2019)", "1917", 2019),
    ("jaws 1975", "Jaws", 1975),
]


@pytest.mark.parametrize(("typed", "title", "year"), WITH_A_YEAR)
async def test_a_year_may_be_typed_with_the_title(
    shelf: Shelf, typed: str, title: str, year: int
) -> None:
    film = (await shelf.finder.search(SearchRequest(typed, page=Page(1)))).hits[0].film
    assert (film.title, film.year) == (title, year)


async def test_a_genre_and_years_narrow_what_is_found(shelf: Shelf) -> None:
    wish = SearchRequest(filters=Filters(genres=("drama",), years=Range(1970, 1979)))
    found = await shelf.finder.search(replace(wish, text="the", page=Page(10)))
    assert found.hits
    assert all("Drama" in result.film.genres for result in found.hits)
    assert all(1970 <= (result.film.year or 0) <= 1979 for result in found.hits)


LOCAL = [
    ("sen to chihiro", "千と千尋の神隠し"),
    ("千と千尋の神隠し", "千と千尋の神隠し"),
    ("stalker", "Сталкер"),
    ("СТАЛКЕР", "Сталкер"),
]


@pytest.mark.parametrize(("typed", "title"), LOCAL)
async def test_original_and_local_titles_find_the_film(
    shelf: Shelf, typed: str, title: str
) -> None:
    assert await first(shelf, typed) == title


async def test_which_film_is_meant_is_said_with_how_sure_that_is(
    shelf: Shelf, films: list[Film]
) -> None:
    async def found(text: str, limit: int) -> list[Film]:
        return [
            result.film
            for result in (await shelf.finder.search(SearchRequest(text, page=Page(limit)))).hits
        ]

    matching = FilenameMatcher(found)
    said: list[str | ParsedName] = ["Dune.2021.1080p", "dune", "The Nightmare Before Thursday"]
    sure, open_, nobody = await matching.match(said)
    matching.close()
    assert sure.film is not None
    assert (sure.film.title, sure.film.year) == ("Dune", 2021)
    assert sure.candidates[0].confidence > 0.9
    assert {judged.film.year for judged in open_.candidates} >= {1984, 2021}
    assert open_.candidates[0].confidence < 0.9
    assert nobody.film is None


async def test_a_chosen_facet_leaves_the_others_to_be_chosen(shelf: Shelf) -> None:
    free = await shelf.finder.search(SearchRequest("the", facets=("genre",), page=Page(1)))
    chosen = SearchRequest(filters=Filters(genres=("drama",)), facets=("genre",))
    narrowed = await shelf.finder.search(replace(chosen, text="the", page=Page(1)))
    assert narrowed.total < free.total
    assert narrowed.facets is not None
    assert free.facets is not None
    assert narrowed.facets["genre"] == free.facets["genre"]


EXACT = ["It", "Up", "M", "9", "1917", "2012", "300", "Se7en", "WALL·E", "Amélie", "8½", "[REC]"]
EXACT += ["M*A*S*H", "(500) Days of Summer", "Star Wars", "Rocky II", "The Godfather"]


@pytest.mark.parametrize("title", EXACT)
async def test_an_exact_title_comes_before_every_other(shelf: Shelf, title: str) -> None:
    found = await shelf.finder.search(SearchRequest(title, page=Page(10)))
    assert found.hits[0].film.title == title
    assert found.did_you_mean is None
    scores = [result.score for result in found.hits]
    assert scores[1:] == sorted(scores[1:], reverse=True)


ANYTHING = ["%", "*", "((", "a" * 200, "t t t t t t", "½", "\u200b"]


@pytest.mark.parametrize("typed", ANYTHING)
async def test_completing_never_fails_on_what_is_typed(shelf: Shelf, typed: str) -> None:
    suggester = Autocomplete(shelf.engine, shelf.vocabulary, Prepared())
    try:
        assert len(await suggester.suggest(typed, 5)) <= 5
    except Invalid as refused:
        assert refused.code == "query_empty"
