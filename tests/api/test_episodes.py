"""Episodes: they are found only by their type or IMDb id, beside the series that they are of."""

import uuid
from typing import Any

import pytest

from tests.support.service_runner import ApiClient


async def add_film(api: ApiClient, title: str, film_type: str, **facts: object) -> Any:
    """Add a film and wait until it is searchable; return it as the API shows it."""
    film = {"title": title, "type": film_type, "imdb_id": f"tt{uuid.uuid4().int % 10**8:08}"}
    token = await api.admin_token()
    added = await api.request("POST", "/api/v1/movies", token=token, json=film | facts)
    assert added.status == 201, added.json
    after = added.headers["Index-Token"]
    assert (await api.search(title, after=after)).json["degraded"] == []
    return added.json


@pytest.fixture
async def title(api: ApiClient) -> str:
    """Return the title of an episode and of a series; a film has it as a part of its own."""
    # Letters alone: figures in a file name may be a season and an episode.
    return f"Zanzibar{uuid.uuid4().hex[:12].translate(str.maketrans('0123456789', 'ghijklmnop'))}"


@pytest.fixture
async def series(api: ApiClient, title: str) -> Any:
    return await add_film(api, title, "series", directors=[f"Director {title}"])


@pytest.fixture
async def episode(api: ApiClient, title: str, series: Any) -> Any:
    directors = [f"Director {title}"]
    return await add_film(api, title, "episode", directors=directors, genres=["Drama"])


async def find_ids(api: ApiClient, path: str, **params: Any) -> list[str]:
    """Return the ids of the films that a list or a search answers with."""
    response = await api.get(path, params=params)
    assert response.status == 200, response.json
    return [hit.get("movie", hit)["id"] for hit in response.json["results"]]


async def test_a_search_finds_an_episode_only_by_its_type(
    api: ApiClient, title: str, series: Any, episode: Any
) -> None:
    misspelt = title[:6] + title[7:]
    for text in (title, misspelt):
        assert await find_ids(api, "/api/v1/search", q=text) == [series["id"]]
        assert await find_ids(api, "/api/v1/search", q=text, type="episode") == [episode["id"]]
        both = await find_ids(api, "/api/v1/search", q=text, type="episode,series")
        assert sorted(both) == sorted([series["id"], episode["id"]])


async def test_a_list_has_an_episode_only_by_its_type(api: ApiClient, episode: Any) -> None:
    newest = {"sort": "-year", "limit": 100}
    assert episode["id"] in await find_ids(api, "/api/v1/movies", **newest, type="episode")
    page: str | None = "/api/v1/movies?limit=100"
    while page is not None:
        response = (await api.get(page)).json
        assert {film["type"] for film in response["results"]} <= {"movie", "series", "game"}
        page = response["next"]


async def test_searches_in_a_batch_find_an_episode_only_by_its_type(
    api: ApiClient, title: str, series: Any, episode: Any
) -> None:
    searches = [{"q": title}, {"q": title, "type": "episode"}]
    batch = await api.request("POST", "/api/v1/search/batch", json={"searches": searches})
    pages = [answer["answer"] for answer in batch.json["answers"]]
    ids = [[hit["movie"]["id"] for hit in page["results"]] for page in pages]
    assert ids == [[series["id"]], [episode["id"]]]


async def test_an_imdb_id_finds_an_episode_without_its_type(api: ApiClient, episode: Any) -> None:
    for text in (episode["imdb_id"], f"https://www.imdb.com/title/{episode['imdb_id']}/"):
        assert await find_ids(api, "/api/v1/search", q=text) == [episode["id"]]
        assert await find_ids(api, "/api/v1/search", q=text, type="movie") == []
        (suggestion,) = (await api.get("/api/v1/suggest", params={"q": text})).json["suggestions"]
        assert suggestion["movie_id"] == episode["id"]


async def test_suggestions_complete_a_series_and_never_an_episode(
    api: ApiClient, title: str, series: Any, episode: Any
) -> None:
    suggested = await api.get("/api/v1/suggest", params={"q": title[:-2]})
    assert [s["movie_id"] for s in suggested.json["suggestions"]] == [series["id"]]


async def test_only_the_facet_of_types_counts_episodes_that_are_not_asked_for(
    api: ApiClient, title: str, episode: Any
) -> None:
    params = {"q": title, "facets": "type,genre"}
    facets = (await api.get("/api/v1/search", params=params)).json["facets"]
    both = [{"value": "episode", "count": 1}, {"value": "series", "count": 1}]
    assert facets == {"type": both, "genre": []}
    facets = (await api.get("/api/v1/search", params={**params, "type": "episode"})).json["facets"]
    assert facets == {"type": both, "genre": [{"value": "Drama", "count": 1}]}


async def test_the_file_name_of_an_episode_means_its_series(
    api: ApiClient, title: str, series: Any, episode: Any
) -> None:
    names = [f"{title}.S01E02.720p.mkv", f"{title} {episode['imdb_id']}.mkv"]
    matches = (await api.request("POST", "/api/v1/match", json={"items": names})).json["matches"]
    assert [match["match"] for match in matches] == [series["id"], episode["id"]]
    assert len(matches[0]["candidates"]) == 1


async def test_a_director_has_their_episodes_too(
    api: ApiClient, title: str, series: Any, episode: Any
) -> None:
    page = await api.get(f"/api/v1/directors/Director {title}/movies")
    assert {film["id"] for film in page.json["results"]} == {series["id"], episode["id"]}
    assert page.json["total"]["value"] == sum(c["count"] for c in page.json["counts"]["type"])


async def test_films_like_another_are_episodes_only_for_an_episode(
    api: ApiClient, title: str, series: Any, episode: Any
) -> None:
    other = await add_film(api, f"Other {title}", "episode", directors=[f"Director {title}"])
    similar = await find_ids(api, f"/api/v1/movies/{series['id']}/similar")
    assert not {episode["id"], other["id"]} & set(similar)
    assert other["id"] in await find_ids(api, f"/api/v1/movies/{episode['id']}/similar")


async def test_neither_popular_nor_trending_films_are_episodes(
    api: ApiClient, title: str, series: Any, episode: Any
) -> None:
    token = await api.admin_token()
    for film in (series, episode):
        rating = {"movie": film["id"], "score": 10}
        rated = await api.request("POST", "/api/v1/ratings", token=token, json=rating)
        assert rated.status == 201, rated.json
    for chart in ("popular", "trending"):
        feed = (await api.get(f"/lists/{chart}.json")).json
        assert episode["imdb_id"] not in [film["imdb_id"] for film in feed]


async def test_an_episode_says_of_which_season_and_series_it_is(api: ApiClient) -> None:
    film = (await api.get("/api/v1/movies/tt2301451")).json
    assert (film["type"], film["title"]) == ("episode", "Ozymandias")
    assert (film["season"], film["episode"], film["series"]) == (5, 14, "tt0903747")
    series = (await api.get(f"/api/v1/movies/{film['series']}")).json
    assert (series["title"], series["type"]) == ("Breaking Bad", "series")
    assert [series[name] for name in ("season", "episode", "series")] == [None] * 3


async def test_season_number_and_series_of_an_episode_are_written_and_found(
    api: ApiClient, title: str
) -> None:
    numbers = {"season": 0, "episode": 7, "series": "tt0903747"}
    film = await add_film(api, title, "episode", **numbers)
    page = await api.search(title, type="episode")
    (hit,) = page.json["results"]
    for shown in (film, hit["movie"]):
        assert {name: shown[name] for name in numbers} == numbers
    token, path = await api.admin_token(), f"/api/v1/movies/{film['id']}"
    wrong = {"season": -1, "episode": "x", "series": "Breaking Bad"}
    refused = await api.request("PATCH", path, token=token, json=wrong, headers={"If-Match": "*"})
    pointers = [error["pointer"] for error in refused.json["errors"]]
    assert (refused.status, pointers) == (422, ["/season", "/episode", "/series"])
    patch = {"season": 1, "series": None}
    await api.request("PATCH", path, token=token, json=patch, headers={"If-Match": "*"})
    patched = (await api.get(path)).json
    assert [patched[name] for name in numbers] == [1, 7, None]
