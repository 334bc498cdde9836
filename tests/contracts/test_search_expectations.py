"""What users of film searches expect most, one test each, on each engine over the sample films."""

from typing import Any
from uuid import UUID

import pytest

from service.errors import Invalid
from service.search.criteria.filters import Filters, Range
from service.search.filenames.parser import ParsedName
from service.search.retrieval.autocomplete import Autocomplete
from service.search.retrieval.film_cache import FilmCache
from tests.support.filename_matching import create_patient_matcher
from tests.support.sample_catalogue import SampleIndex
from tests.support.search_expectations import (
    EXACT_TITLES,
    LOCAL_TITLES,
    ODD_TEXTS,
    SHORT_TITLES,
    SPELLINGS,
    SPELLINGS_OF_JAWS,
    TITLES_WITH_YEAR,
    TYPOS,
    WRITER_NAMES,
)

pytestmark = pytest.mark.usefixtures("sample_index")
WRITER = frozenset({"writer"})


async def find_ids(sample_index: SampleIndex, text: str) -> list[UUID]:
    return [hit.film.id for hit in (await sample_index.search(text, 10)).hits]


@pytest.mark.parametrize("text", ["Stanley Kubrick", "kubrick", "kubrik", "Kubrick, Stanley"])
async def test_films_are_found_by_their_director(sample_index: SampleIndex, text: str) -> None:
    result = await sample_index.search(text)
    assert len(result.hits) == 5
    assert all("Stanley Kubrick" in hit.film.directors for hit in result.hits)


@pytest.mark.parametrize("text", ["Ingrid Thulin", "ingrid tulin", "mifune"])
async def test_films_are_found_by_their_actors(sample_index: SampleIndex, text: str) -> None:
    assert await sample_index.first_title(text, fields=frozenset({"cast"})) == "Nothing Else"


@pytest.mark.parametrize("text", WRITER_NAMES)
async def test_films_are_found_by_their_writers(sample_index: SampleIndex, text: str) -> None:
    assert await sample_index.first_title(text, fields=WRITER) == "Nothing Else"


@pytest.mark.parametrize("text", ["nothing lindgren", "lindgren nothng", "nothing else jhabvla"])
async def test_a_title_word_and_a_writer_together_find_the_film(
    sample_index: SampleIndex, text: str
) -> None:
    fields = frozenset({"title", "writer"})
    assert await sample_index.first_title(text, fields=fields) == "Nothing Else"


async def test_writers_are_not_searched_when_only_titles_and_directors_are(
    sample_index: SampleIndex,
) -> None:
    assert "Nothing Else" not in await sample_index.titles("jhabvala", with_people=False)


@pytest.mark.parametrize("typo_tolerance", [True, False])
async def test_an_unknown_writer_finds_nothing(
    sample_index: SampleIndex, typo_tolerance: bool
) -> None:
    result = await sample_index.search(
        "xyzzy", fields=WRITER, typo_tolerance=typo_tolerance, facets=("genre",)
    )
    assert (result.hits, result.total, result.facets) == ((), 0, {"genre": ()})


async def test_without_typo_tolerance_an_unknown_name_beside_a_writer_finds_nothing(
    sample_index: SampleIndex,
) -> None:
    result = await sample_index.search("lindgren xyzzy", fields=WRITER, typo_tolerance=False)
    assert result.total == 0


@pytest.mark.parametrize("text", SPELLINGS_OF_JAWS)
async def test_surrounding_spaces_and_signs_and_case_change_nothing(
    sample_index: SampleIndex, text: str
) -> None:
    assert await find_ids(sample_index, text) == await find_ids(sample_index, "jaws")


@pytest.mark.parametrize(("text", "title"), TYPOS)
async def test_a_typo_still_finds_the_film(
    sample_index: SampleIndex, text: str, title: str
) -> None:
    assert await sample_index.first_title(text) == title


@pytest.mark.parametrize("spellings", SPELLINGS, ids=lambda spellings: spellings[0])
async def test_signs_accents_and_numbers_may_be_typed_in_any_way(
    sample_index: SampleIndex, spellings: tuple[str, ...]
) -> None:
    first = {text: await sample_index.first_title(text) for text in spellings}
    assert first == dict.fromkeys(spellings, spellings[0])


@pytest.mark.parametrize("title", SHORT_TITLES)
async def test_a_short_title_comes_first(sample_index: SampleIndex, title: str) -> None:
    for text in (title, title.lower(), f" {title} "):
        assert await sample_index.first_title(text) == title


@pytest.mark.parametrize(("text", "title", "year"), TITLES_WITH_YEAR)
async def test_a_year_may_be_typed_with_the_title(
    sample_index: SampleIndex, text: str, title: str, year: int
) -> None:
    film = (await sample_index.search(text, 1)).hits[0].film
    assert (film.title, film.year) == (title, year)


async def test_filters_for_a_genre_and_years_narrow_the_hits(sample_index: SampleIndex) -> None:
    filters = Filters(genres=("drama",), years=Range(1970, 1979))
    result = await sample_index.search("the", 10, filters=filters)
    assert result.hits
    assert all("Drama" in hit.film.genres for hit in result.hits)
    assert all(1970 <= (hit.film.year or 0) <= 1979 for hit in result.hits)


@pytest.mark.parametrize(("text", "title"), LOCAL_TITLES)
async def test_original_and_local_titles_find_the_film(
    sample_index: SampleIndex, text: str, title: str
) -> None:
    assert await sample_index.first_title(text) == title


@pytest.mark.parametrize("text", ["jaws part 2", "jaws part ii", "jaws chapter two", "jaws 2"])
async def test_a_film_that_shares_the_number_alone_is_not_listed(
    sample_index: SampleIndex, text: str
) -> None:
    assert await sample_index.titles(text) == ["Jaws"]


async def test_a_title_that_is_a_number_is_found_beside_other_words(
    sample_index: SampleIndex,
) -> None:
    assert await sample_index.first_title("1917 leonardo dicaprio") == "1917"


async def test_a_file_name_matches_a_film_with_a_confidence(sample_index: SampleIndex) -> None:
    matcher = create_patient_matcher(sample_index.engine_search.search)
    names: list[str | ParsedName] = ["Dune.2021.1080p", "dune", "The Nightmare Before Thursday"]
    certain, ambiguous, unknown = await matcher.match(names)
    await matcher.close()
    assert certain.film is not None
    assert (certain.film.title, certain.film.year) == ("Dune", 2021)
    assert certain.candidates[0].confidence > 0.9
    assert {scored.film.year for scored in ambiguous.candidates} >= {1984, 2021}
    assert ambiguous.candidates[0].confidence < 0.9
    assert unknown.film is None


async def test_a_filter_leaves_the_counts_of_its_own_facet_as_they_are(
    sample_index: SampleIndex,
) -> None:
    options: dict[str, Any] = {"facets": ("genre",)}
    unfiltered = await sample_index.search("the", 1, **options)
    filtered = await sample_index.search("the", 1, filters=Filters(genres=("drama",)), **options)
    assert filtered.total < unfiltered.total
    assert filtered.facets is not None
    assert unfiltered.facets is not None
    assert filtered.facets["genre"] == unfiltered.facets["genre"]


@pytest.mark.parametrize("title", EXACT_TITLES)
async def test_an_exact_title_comes_before_every_other(
    sample_index: SampleIndex, title: str
) -> None:
    result = await sample_index.search(title, 10)
    assert result.hits[0].film.title == title
    assert result.did_you_mean is None
    scores = [hit.score for hit in result.hits]
    assert scores[1:] == sorted(scores[1:], reverse=True)


@pytest.mark.parametrize("text", ODD_TEXTS)
async def test_completing_never_fails_on_odd_texts(sample_index: SampleIndex, text: str) -> None:
    index = sample_index.index
    autocomplete = Autocomplete(index.engine, index.vocabulary, FilmCache())
    try:
        assert len(await autocomplete.suggest(text, 5)) <= 5
    except Invalid as error:
        assert error.code == "query_empty"
