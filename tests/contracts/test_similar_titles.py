"""Well-known films with nearly the typed title are offered, behind those with the typed words."""

import pytest

from service.films.models import Film
from service.search.criteria.filters import Filters, Range
from service.search.retrieval.database_search import DatabaseSearch
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.search_request import Page, SearchHit, SearchRequest
from service.search.vocabulary.vocabulary import Vocabulary
from tests.support.backends import BACKEND_TIMEOUT
from tests.support.sample_catalogue import SampleIndex, build_film

FACTS = [
    {"title": "Gladiator", "year": 2000, "votes": 1_400_000},
    {"title": "Demetrius and the Gladiators", "year": 1954, "votes": 3_000},
    {"title": "Iron Man", "year": 2008, "votes": 990_000},
    {"title": "Eight Iron Men", "year": 1952, "votes": 200},
    {"title": "Toy Story", "year": 1995, "votes": 920_000},
    {"title": "Scary Stories to Tell in the Dark", "year": 2019, "votes": 66_000},
    {"title": "X-Men", "year": 2000, "votes": 590_000},
    {"title": "The Man from Planet X", "year": 1951, "votes": 2_700},
    {"title": "Hannah", "year": 2017, "votes": 4_000},
    {"title": "Hanna", "year": 2011, "votes": 12_000},
    {"title": "Crash", "year": 2004, "votes": 430_000},
    {"title": "Crush", "year": 2013, "votes": 5_000},
    *({"title": f"Crush {n} Cars", "year": 1990, "votes": 10} for n in range(1, 31)),
    {"title": "Predator", "year": 1987, "votes": 420_000},
    {"title": "Predators", "year": 2010, "votes": 230_000},
]


@pytest.fixture(scope="module")
def films() -> list[Film]:
    return [build_film(number, facts) for number, facts in enumerate(FACTS, 1)]


OFFERED = [
    ("gladiators", "Demetrius and the Gladiators", "Gladiator"),
    ("iron men", "Eight Iron Men", "Iron Man"),
    ("x man", "The Man from Planet X", "X-Men"),
    ("crush", "Crush", "Crash"),
]


@pytest.mark.parametrize(("text", "first", "offered"), OFFERED)
async def test_a_far_better_known_film_is_listed_behind_the_one_with_the_words(
    sample_index: SampleIndex, text: str, first: str, offered: str
) -> None:
    result = await sample_index.search(text, 10)
    titles = [hit.film.title for hit in result.hits]
    assert titles[0] == first and offered in titles[1:]
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    assert result.level == "all"


@pytest.mark.parametrize("text", [*(text for text, _, _ in OFFERED), "toy stories"])
async def test_a_far_better_known_film_is_among_ten_without_an_engine(
    films: list[Film], database: str, text: str
) -> None:
    await Film.bulk_create(films)
    database_search = DatabaseSearch(Vocabulary(), FilmCache(), BACKEND_TIMEOUT)
    result = await database_search.search(SearchRequest(text, page=Page(10)))
    offered = {text: offered for text, _, offered in OFFERED} | {"toy stories": "Toy Story"}
    assert offered[text] in [hit.film.title for hit in result.hits]


async def test_a_plural_that_no_title_has_finds_the_film_first(sample_index: SampleIndex) -> None:
    assert await sample_index.first_title("toy stories") == "Toy Story"


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("hannah", "Hanna"),  # three times its votes are not far better known
        ("predators", "Predator"),
        ("crush 2 cars", "Crash"),
    ],
)
async def test_other_films_with_similar_titles_are_not_offered(
    sample_index: SampleIndex, text: str, absent: str
) -> None:
    assert absent not in await sample_index.titles(text, 100)


async def test_an_offered_film_passes_the_filters_and_can_be_left_out(
    sample_index: SampleIndex,
) -> None:
    old = Filters(years=Range(1900, 1999))
    assert await sample_index.titles("gladiators", filters=old) == ["Demetrius and the Gladiators"]
    for options in ({"match": "all"}, {"typo_tolerance": False}):
        titles = await sample_index.titles("gladiators", **options)
        assert titles == ["Demetrius and the Gladiators"]


async def test_a_list_with_an_offered_film_has_each_film_once_over_all_pages(
    sample_index: SampleIndex,
) -> None:
    whole = await sample_index.search("crush", 100)
    assert (whole.total, len(whole.hits)) == (32, 32)
    hits: list[SearchHit] = []
    page = await sample_index.search("crush", 3)
    while True:
        hits += page.hits
        assert page.total == whole.total
        if page.cursor is None:
            break
        page = await sample_index.search("crush", 3, cursor=page.cursor)
    assert hits == list(whole.hits)
