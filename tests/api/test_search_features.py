"""The features that users of search services request most, tested through the real service.

The films are the samples and some that are hard to find.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.support import service_runner
from tests.support.backends import BACKEND_TIMEOUT, temporary_database, temporary_index
from tests.support.sample_catalogue import TRICKY_FILMS, to_import_record
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
from tests.support.service_runner import ApiClient, Service


@pytest.fixture(scope="module")
async def search_service(
    stack: str, service_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """Yield a service of its own, since its films would disturb other tests."""
    folder = tmp_path_factory.mktemp("search-features")
    films = folder / "films.jsonl"
    films.write_text("\n".join(json.dumps(to_import_record(film)) for film in TRICKY_FILMS))
    async with AsyncExitStack() as opened:
        if stack == "embedded":
            database, index = f"sqlite://{folder}/movies.db", f"tantivy://{folder}/index"
        else:
            database = await anext(urls := temporary_database())
            opened.push_async_callback(anext, urls, None)
            index = await anext(indexes := temporary_index("wishes", f"&timeout={BACKEND_TIMEOUT}"))
            opened.push_async_callback(anext, indexes, None)
        settings = {"DATABASE_URL": database, "SEARCH_URL": index, "CACHE_URL": "memory://"}
        serving = service_runner.run_sample_service({**service_environment, **settings})
        started = await opened.enter_async_context(service_runner.open_in_thread(serving))
        # The readiness would not do: it may be a second old, from before the load.
        process = await asyncio.to_thread(started.run, "load", "--wait", str(films))
        assert process.returncode == 0, process.stderr + process.stdout
        yield started


@pytest.fixture
async def api(search_service: Service) -> AsyncIterator[ApiClient]:
    async with ApiClient.connect(search_service) as client:
        yield client


async def search_page(api: ApiClient, q: str, **params: Any) -> dict[str, Any]:
    answer = await api.search(q, **params)
    assert answer.status == 200, answer.json
    assert answer.json["degraded"] == []
    page: dict[str, Any] = answer.json
    return page


async def search_movies(api: ApiClient, q: str, **params: Any) -> list[dict[str, Any]]:
    return [hit["movie"] for hit in (await search_page(api, q, **params))["results"]]


async def first_title(api: ApiClient, q: str, **params: Any) -> str | None:
    return next((movie["title"] for movie in await search_movies(api, q, limit=1, **params)), None)


async def list_movies(api: ApiClient, **params: Any) -> list[dict[str, Any]]:
    answer = await api.get("/api/v1/movies", params={"limit": "100", **params})
    assert answer.status == 200, answer.json
    assert answer.json["degraded"] == []
    results: list[dict[str, Any]] = answer.json["results"]
    return results


async def test_films_are_found_by_director_actor_and_writer(api: ApiClient) -> None:
    for typed in ("Stanley Kubrick", "kubrik"):
        for params in ({}, {"in": "director"}):
            assert "Stanley Kubrick" in (await search_movies(api, typed, **params))[0]["directors"]
    for typed in ("Ingrid Thulin", "ingrid tulin", "mifune"):
        assert await first_title(api, typed, **{"in": "cast"}) == "Nothing Else"
    for typed in WRITER_NAMES:
        assert await first_title(api, typed, **{"in": "writer"}) == "Nothing Else"
    everywhere = {"in": "title,director,cast,writer,plot"}
    for typed in ("lindgren mifune", "albatrosses jhabvala", "nothing else lingren"):
        assert await first_title(api, typed, **everywhere) == "Nothing Else"


async def test_a_title_and_its_writer_match_together_and_are_explained(
    api: ApiClient,
) -> None:
    params = {"in": "title,writer", "explain": "1", "limit": "1"}
    (hit,) = (await search_page(api, "nothing lingren", **params))["results"]
    assert hit["movie"]["title"] == "Nothing Else"
    assert hit["matches"] == {"title": [[0, 7]], "writers": [[7, 15]]}
    assert hit["why"] == "title word ‘Nothing’ exact; writer ‘Lindgren’, one letter off"


async def test_a_search_without_parts_looks_at_people_where_titles_explain_little(
    api: ApiClient,
) -> None:
    page = await search_page(api, "thulin jhabvala", explain="1", limit="1")
    (hit,) = page["results"]
    assert (hit["movie"]["title"], hit["matched"], page["matched"]) == (
        "Nothing Else",
        "all",
        "all",
    )
    assert hit["matches"] == {"actors": [[23, 29]], "writers": [[29, 37]]}
    assert hit["why"] == "cast ‘Thulin’ exact; writer ‘Jhabvala’ exact"


async def test_films_are_filtered_by_names_of_actors_and_writers_with_commas(
    api: ApiClient,
) -> None:
    for name, value in (("actor", "toshiro mifune"), ("writer", "Astrid Lindgren")):
        for movies in (
            await search_movies(api, "nothing", **{name: value}),
            await list_movies(api, **{name: value}),
        ):
            assert [movie["title"] for movie in movies] == ["Nothing Else"]
        assert await list_movies(api, **{name: f"Nobody,{value}"}) == []
    searches = [{"q": "nothing", "writer": ["Nobody", "astrid lindgren"]}, {"q": "x", "actor": ""}]
    answer = await api.request("POST", "/api/v1/search/batch", json={"searches": searches})
    listed, refused = answer.json["answers"]
    assert [hit["movie"]["title"] for hit in listed["answer"]["results"]] == ["Nothing Else"]
    assert refused["status"] == 422


async def test_searches_with_a_list_of_parts_look_at_these_alone(api: ApiClient) -> None:
    for parts in ("title,director", "director,title", "title,cast"):
        movies = await search_movies(api, "jhabvala", **{"in": parts})
        assert "Nothing Else" not in [movie["title"] for movie in movies]
    page = await search_page(api, "xyzzyplugh", **{"in": "writer", "facets": "genre,language"})
    assert page["total"] == {"value": 0, "relation": "eq"}
    assert page["facets"] == {"genre": [], "language": []}
    refused = await api.search("x", **{"in": "title,author"})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "in/1")


@pytest.mark.parametrize(("typed", "title"), TYPOS)
async def test_a_misspelt_query_finds_the_film(api: ApiClient, typed: str, title: str) -> None:
    assert await first_title(api, typed) == title


async def test_blanks_case_and_surrounding_punctuation_change_nothing(api: ApiClient) -> None:
    plain = [movie["id"] for movie in await search_movies(api, "jaws")]
    for typed in SPELLINGS_OF_JAWS:
        assert [movie["id"] for movie in await search_movies(api, typed)] == plain, typed


@pytest.mark.parametrize("forms", SPELLINGS, ids=lambda forms: forms[0])
async def test_punctuation_accents_and_numbers_match_in_any_form(
    api: ApiClient, forms: tuple[str, ...]
) -> None:
    assert {typed: await first_title(api, typed) for typed in forms} == dict.fromkeys(
        forms, forms[0]
    )


@pytest.mark.parametrize("title", SHORT_TITLES)
async def test_a_short_title_is_found_and_comes_first(api: ApiClient, title: str) -> None:
    for typed in (title, title.lower(), f" {title} "):
        assert await first_title(api, typed) == title


@pytest.mark.parametrize(("typed", "title", "year"), TITLES_WITH_YEAR)
async def test_a_year_may_be_typed_with_the_title(
    api: ApiClient, typed: str, title: str, year: int
) -> None:
    movie = (await search_movies(api, typed, limit=1))[0]
    assert (movie["title"], movie["year"]) == (title, year)


SPANISH = ["[REC]", "[REC]²"]
GODFATHERS = ["The Godfather", "The Godfather: Part II"]  # samples, partly in Italian
FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({"language": "spanish"}, SPANISH),
    ({"language": " SPANISH "}, SPANISH),
    ({"language": ["Catalan", "Italian"]}, ["8½", "[REC]²", *GODFATHERS]),
    ({"country": "Spain"}, SPANISH),
    ({"country": ["united states", "FRANCE"], "year_max": 1971}, ["8½"]),
    ({"country": "unitedstates", "language": "catalan", "genre": "horror"}, ["[REC]²"]),
    ({"country": "Spain", "year_max": 2008}, ["[REC]"]),
    ({"country": "Spain", "language": "Italian"}, []),
    ({"language": "Klingon"}, []),
]


@pytest.mark.parametrize(("filters", "titles"), FILTERS, ids=str)
async def test_genre_language_and_country_filter_lists_and_searches(
    api: ApiClient, filters: dict[str, Any], titles: list[str]
) -> None:
    assert sorted(movie["title"] for movie in await list_movies(api, **filters)) == sorted(titles)
    for title in titles:
        assert (await search_movies(api, title, **filters))[0]["title"] == title
    within = await search_movies(api, "rec", **filters)
    assert {movie["title"] for movie in within} == {*titles} & {*SPANISH}
    batch = {"searches": [{"q": "rec", **filters}]}
    (one,) = (await api.request("POST", "/api/v1/search/batch", json=batch)).json["answers"]
    assert [hit["movie"] for hit in one["answer"]["results"]] == within


async def test_filters_apply_to_every_page(api: ApiClient) -> None:
    seen: list[str] = []
    address: str | None = "/api/v1/movies?language=spanish&language=italian&sort=year&limit=1"
    while address:
        page = await api.get(address)
        assert page.status == 200, page.json
        seen += [movie["title"] for movie in page.json["results"]]
        address = page.json["next"]
    assert seen == ["8½", *GODFATHERS, *SPANISH]
    refused = await api.get("/api/v1/movies?language=&country=x")
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "language/0")


@pytest.mark.parametrize(("typed", "title"), LOCAL_TITLES)
async def test_original_and_local_titles_find_the_film(
    api: ApiClient, typed: str, title: str
) -> None:
    assert await first_title(api, typed) == title


async def test_a_match_has_a_confidence(api: ApiClient) -> None:
    items = ["Dune.2021.1080p", "dune", "The Nightmare Before Thursday"]
    response = await api.request("POST", "/api/v1/match", json={"items": items})
    assert response.status == 200, response.json
    certain, ambiguous, unknown = response.json["matches"]
    assert certain["match"] == certain["candidates"][0]["movie"]["id"]
    assert certain["candidates"][0]["movie"]["year"] == 2021
    assert certain["candidates"][0]["confidence"] > 0.9
    years = {candidate["movie"]["year"] for candidate in ambiguous["candidates"]}
    assert {1984, 2021} <= years
    assert ambiguous["candidates"][0]["confidence"] < 0.9
    assert unknown["match"] is None


@pytest.mark.parametrize(
    ("facet", "value"), [("genre", "Horror"), ("language", "Spanish"), ("country", "Spain")]
)
async def test_a_filter_narrows_the_other_facets_and_not_its_own(
    api: ApiClient, facet: str, value: str
) -> None:
    facets = "genre,language,country,decade,type,rating"
    for count_facets in (search_counts, browse_counts):
        free, everything = await count_facets(api, facets=facets)
        counts, total = await count_facets(api, facets=facets, **{facet: value})
        assert set(counts) == set(facets.split(","))
        assert counts[facet] == free[facet] and len(counts[facet]) > 1
        assert {"value": value, "count": total} in counts[facet]
        assert 0 < total < everything
        for other in {"genre", "language", "country", "type"} - {facet}:
            assert counts[other] != free[other]
            assert all(0 < entry["count"] <= total for entry in counts[other])


async def search_counts(api: ApiClient, **params: Any) -> tuple[dict[str, Any], int]:
    page = await search_page(api, "2", **params)
    return page["facets"], page["total"]["value"]


async def browse_counts(api: ApiClient, **params: Any) -> tuple[dict[str, Any], int]:
    answer = await api.get("/api/v1/movies", params=params)
    assert answer.status == 200, answer.json
    return answer.json["facets"], answer.json["total"]["value"]


@pytest.mark.parametrize("title", EXACT_TITLES)
async def test_an_exact_title_comes_before_every_other(api: ApiClient, title: str) -> None:
    page = await search_page(api, title)
    assert page["results"][0]["movie"]["title"] == title
    assert page["did_you_mean"] is None
    scores = [hit["score"] for hit in page["results"]]
    assert scores[1:] == sorted(scores[1:], reverse=True)
    assert page["results"] == (await search_page(api, title, sort="relevance"))["results"]


@pytest.mark.parametrize("typed", ODD_TEXTS)
async def test_suggestions_accept_any_text(api: ApiClient, typed: str) -> None:
    answer = await api.get("/api/v1/suggest", params={"q": typed, "limit": "5"})
    assert answer.status == 200 or answer.json["code"] == "query_empty", answer.json
