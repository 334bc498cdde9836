"""Queries in parts of titles without blanks, in another script or in the wrong keyboard layout.

Each is asked of the engine and of the database alone.
"""

import pytest

from service.films.models import Film
from service.search.highlights import find_matches, match_ranges
from service.search.query.fields import DEFAULT_FIELDS
from service.search.retrieval.database_search import DatabaseSearch
from service.search.retrieval.film_cache import FilmCache
from service.search.retrieval.search_request import Page, SearchRequest, SearchResult
from service.search.retrieval.work_threads import search_budget
from tests.support.sample_catalogue import SampleIndex, build_film, load_sample_films

BACKEND_TIMEOUT = 60  # seconds
TITLES = (
    "東京特許許可局",
    "菊次郎の夏",
    "火垂るの墓",
    "ラヂオの時間",
    "ความสุขของกะทิ",
    "霸王别姬",
    "Тихие зори",
    "Служебный роман",
    "Щит и меч",
    "Ο Θίασος",
    "Летят журавли",
    "パパだ",
    "ハハた",
)


@pytest.fixture(scope="module")
def films() -> list[Film]:
    facts = load_sample_films() + [{"title": title, "year": 2001} for title in TITLES]
    return [build_film(number, film) for number, film in enumerate(facts, 1)]


@pytest.fixture(params=["engine", "database"])
def way(request: pytest.FixtureRequest) -> str:
    way: str = request.param
    return way


async def search(
    sample_index: SampleIndex, way: str, text: str, limit: int = 10, offset: int = 0
) -> SearchResult:
    request = SearchRequest(text, page=Page(limit, offset))
    if way == "engine":
        return await sample_index.engine_search.search(request)
    vocabulary = sample_index.index.vocabulary
    return await DatabaseSearch(vocabulary, FilmCache(), BACKEND_TIMEOUT).search(request)


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("特許", "東京特許許可局"),
        ("許可局", "東京特許許可局"),
        ("特許許可", "東京特許許可局"),
        ("京特許許可", "東京特許許可局"),
        ("次郎", "菊次郎の夏"),
        ("郎の夏", "菊次郎の夏"),
        ("垂る", "火垂るの墓"),
        ("オの時間", "ラヂオの時間"),
        ("กะทิ", "ความสุขของกะทิ"),
        ("ของ", "ความสุขของกะทิ"),
        ("别姬", "霸王别姬"),
    ],
)
async def test_a_part_of_a_title_without_blanks_finds_it(
    sample_index: SampleIndex, way: str, typed: str, title: str
) -> None:
    result = await search(sample_index, way, typed)
    assert [hit.film.title for hit in result.hits] == [title]
    assert (result.level, result.did_you_mean) == ("all", None)
    assert result.query is not None
    (matches,) = find_matches(result.query, [result.hits[0].film], DEFAULT_FIELDS, search_budget())
    [[start, end]] = match_ranges(matches)["title"]
    assert title[start:end] == typed


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("tikhie zori", "Тихие зори"),
        ("tihie zory", "Тихие зори"),
        ("sluzhebnyy roman", "Служебный роман"),
        ("shchit i mech", "Щит и меч"),
        ("letyat zhuravli", "Летят журавли"),
        ("o thiasos", "Ο Θίασος"),
        ("thiasos", "Ο Θίασος"),
        ("терминатор", "The Terminator"),
        ("гладиатор", "Gladiator"),
        ("инсепшн", None),
        ("пщваферук", "The Godfather"),
        ("ыефк цфкы", "Star Wars: Episode IV - A New Hope"),
        ("vtx", "Щит и меч"),
        ("obn b vtx", "Щит и меч"),
        ("ktnzn ;ehfdkb", "Летят журавли"),
        ("φαςσ", None),
        ("γλαδιατορ", "Gladiator"),
    ],
)
async def test_a_query_that_fits_only_in_another_writing_finds_its_film(
    sample_index: SampleIndex, way: str, typed: str, title: str | None
) -> None:
    result = await search(sample_index, way, typed)
    titles = [hit.film.title for hit in result.hits]
    if title is None:
        assert result.level != "all"
    else:
        assert (titles[:1], result.level) == ([title], "all")


async def test_pages_of_another_writing_continue_by_offset(
    sample_index: SampleIndex, way: str
) -> None:
    whole = await search(sample_index, way, "ыефк цфкы", limit=8)
    first = await search(sample_index, way, "ыефк цфкы", limit=4)
    second = await search(sample_index, way, "ыефк цфкы", limit=4, offset=4)
    assert first.cursor is None and first.has_more
    assert [hit.film.id for hit in (*first.hits, *second.hits)] == [h.film.id for h in whole.hits]


async def test_a_query_that_fits_as_typed_is_not_written_otherwise(
    sample_index: SampleIndex, way: str
) -> None:
    for typed, title in (("パパだ", "パパだ"), ("ハハた", "ハハた"), ("jaws", "Jaws")):
        result = await search(sample_index, way, typed)
        assert result.hits[0].film.title == title
        assert result.query is not None and result.query.text == typed
