"""Merging films over HTTP: old addresses lead to the film that stays, on every route."""

import uuid
from collections.abc import Mapping

import pytest

from tests.support.service_runner import ApiClient, Response
from tests.support.waiting import wait_until

ADMIN = "/api/v1/admin"
Film = Mapping[str, object]


def unique_title(word: str) -> str:
    return f"{word} {uuid.uuid4().hex[:8]}"


def unique_imdb_id() -> str:
    return f"tt{uuid.uuid4().int % 10**9:09}"


async def add_film(api: ApiClient, **facts: object) -> Film:
    response = await api.request(
        "POST", "/api/v1/movies", token=await api.admin_token(), json=facts
    )
    assert response.status == 201, response.json
    return dict(response.json)


async def merge(api: ApiClient, movie: object, into: object) -> Response:
    return await api.request(
        "POST",
        f"{ADMIN}/movies/{movie}/merge",
        token=await api.admin_token(),
        json={"into": into},
        allow_redirects=False,
    )


async def add_merged_films(api: ApiClient) -> tuple[Film, Film, Response]:
    """Return the film that stayed, the one that is gone, both as they were, and the answer."""
    target = await add_film(api, title=unique_title("Kestrelmoor"), imdb_id=unique_imdb_id())
    merged = await add_film(
        api, title=unique_title("Windlebury"), imdb_id=unique_imdb_id(), year=1971
    )
    for film in (target, merged):  # fills the caches
        for address in (film["id"], film["imdb_id"]):
            assert (await api.get(f"/api/v1/movies/{address}")).status == 200
    response = await merge(api, merged["imdb_id"], target["imdb_id"])
    assert response.status == 200, response.json
    return target, merged, response


async def test_a_merge_returns_the_film_with_the_facts_and_titles_of_both(api: ApiClient) -> None:
    target, merged, response = await add_merged_films(api)
    film = response.json
    assert (film["id"], film["imdb_id"], film["version"]) == (target["id"], target["imdb_id"], 2)
    assert (film["year"], film["aliases"]) == (1971, [merged["title"]])
    assert response.headers["Index-Token"] == f"{target['id']}:2"
    assert (await api.get(f"/api/v1/movies/{target['id']}")).json == film


async def test_the_index_finds_the_film_by_both_titles_and_the_merged_one_no_more(
    api: ApiClient,
) -> None:
    target, merged, _ = await add_merged_films(api)

    async def find_ids(title: object) -> list[object]:
        response = await api.search(str(title))
        return [result["movie"]["id"] for result in response.json["results"]][:1]

    async def is_found() -> bool:
        return await find_ids(merged["title"]) == await find_ids(target["title"]) == [target["id"]]

    assert await wait_until(is_found)
    by_imdb_id = await api.search(str(merged["imdb_id"]))
    assert [result["movie"]["id"] for result in by_imdb_id.json["results"]] == [target["id"]]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", ["id", "imdb_id"])
async def test_each_method_is_redirected_from_an_old_address_to_the_film(
    api: ApiClient, method: str, name: str
) -> None:
    target, merged, _ = await add_merged_films(api)
    response = await api.request(
        method,
        f"/api/v1/movies/{str(merged[name]).upper()}",
        token=await api.admin_token(),
        headers={"If-Match": "*"},
        json={"title": "Anything"} if method.startswith("P") else None,
        allow_redirects=False,
    )
    assert response.status == (301 if method in ("GET", "HEAD") else 308)
    assert response.headers["Location"] == f"/api/v1/movies/{target['id']}"
    assert response.body == b""


async def test_every_route_of_a_film_redirects_and_keeps_the_query(api: ApiClient) -> None:
    target, merged, _ = await add_merged_films(api)
    for path in ("/api/v1/movies/{}/poster?size=w185", "/film/{}"):
        response = await api.get(path.format(merged["imdb_id"]), allow_redirects=False)
        assert response.status == 301
        assert response.headers["Location"] == path.format(target["id"])
    reindexed = await api.request(
        "POST",
        f"{ADMIN}/movies/{merged['id']}/reindex",
        token=await api.admin_token(),
        allow_redirects=False,
    )
    assert reindexed.headers["Location"] == f"{ADMIN}/movies/{target['id']}/reindex"
    followed = await api.get(f"/api/v1/movies/{merged['imdb_id']}")
    assert (followed.status, followed.json["id"]) == (200, target["id"])


async def test_a_batch_and_a_new_film_under_an_old_imdb_id_mean_the_film(api: ApiClient) -> None:
    target, merged, _ = await add_merged_films(api)
    ids = [merged["id"], merged["imdb_id"], target["id"]]
    batch = await api.request("POST", "/api/v1/movies/batch", json={"ids": ids})
    assert [answer["movie"]["id"] for answer in batch.json["answers"]] == [target["id"]] * 3
    facts = {"title": "Anything", "imdb_id": merged["imdb_id"]}
    added = await api.request("POST", "/api/v1/movies", token=await api.admin_token(), json=facts)
    assert (added.status, added.json["code"]) == (409, "movie_exists")
    assert str(target["id"]) in added.json["detail"]


async def test_a_file_name_with_the_imdb_id_of_a_merged_film_means_the_film_that_stays(
    api: ApiClient,
) -> None:
    target, merged, _ = await add_merged_films(api)
    name = f"Any.Name.{merged['imdb_id']}.mkv"
    response = await api.request("POST", "/api/v1/match", json={"items": [name]})
    assert response.status == 200, response.json
    (result,) = response.json["matches"]
    assert result["match"] == target["id"]
    assert result["candidates"][0]["confidence"] == 0.99


async def test_a_merge_into_itself_or_into_nothing_names_the_field(api: ApiClient) -> None:
    target, merged, _ = await add_merged_films(api)
    for into in (target["id"], merged["imdb_id"], "tt000000000", "Jaws"):
        response = await merge(api, target["id"], into)
        assert (response.status, response.json["errors"][0]["pointer"]) == (422, "/into")
    again = await merge(api, merged["id"], target["id"])
    assert again.status == 308
    assert again.headers["Location"] == f"{ADMIN}/movies/{target['id']}/merge"
    assert (await merge(api, uuid.uuid4(), target["id"])).status == 404


async def test_only_admins_merge_and_see_twins(api: ApiClient) -> None:
    film = await add_film(api, title=unique_title("Ferncastle"))
    path = f"{ADMIN}/movies/{film['id']}/merge"
    assert (await api.request("POST", path, json={"into": "x"})).status == 401
    assert (await api.get(f"{ADMIN}/twins")).status == 401


async def test_twins_are_listed_in_pages_with_what_they_differ_in(api: ApiClient) -> None:
    token, title = await api.admin_token(), unique_title("Ottermere")
    first = await add_film(api, title=title, year=1980, plot="One.")
    second = await add_film(api, title=title, year=1981, plot="Two.")
    patched = await api.request(
        "PATCH",
        f"/api/v1/movies/{second['id']}",
        token=token,
        headers={"If-Match": "*"},
        json={"year": 1980},
    )
    assert patched.status == 200
    page = await api.get(f"{ADMIN}/twins?limit=100", token=token)
    [twins] = [pair for pair in page.json["results"] if pair["movies"][0]["id"] == first["id"]]
    assert [movie["id"] for movie in twins["movies"]] == [first["id"], second["id"]]
    assert (twins["differences"], twins["mergeable"]) == (["plot"], False)
    total = page.json["total"]["value"]
    last = await api.get(f"{ADMIN}/twins?limit=1&offset={total - 1}", token=token)
    assert (len(last.json["results"]), last.json["next"]) == (1, None)


async def test_the_page_of_a_merged_film_leads_to_that_of_the_other(api: ApiClient) -> None:
    target, merged, _ = await add_merged_films(api)
    for address in (merged["id"], str(merged["imdb_id"]).upper()):
        response = await api.get(f"/film/{address}?q=x", allow_redirects=False)
        assert response.status == 301
        assert response.headers["Location"] == f"/film/{target['id']}?q=x"


async def add_series(api: ApiClient, *episodes: int) -> str:
    """Add a series with these episodes of its first season; return its IMDb id."""
    series = unique_imdb_id()
    await add_film(api, title=unique_title("Windlebury"), type="series", imdb_id=series)
    for episode in episodes:
        await add_episode(api, series, episode)
    return series


async def add_episode(api: ApiClient, series: str, episode: int) -> Film:
    place = {"series": series, "season": 1, "episode": episode}
    return await add_film(api, title="Pilot", type="episode", year=2005, **place)


async def list_episodes(api: ApiClient, series: str) -> list[int]:
    response = await api.get(f"/api/v1/movies/{series}/episodes", params={"season": 1})
    assert response.status == 200, response.json
    (season,) = response.json["seasons"]
    return sorted(entry["episode"] for entry in season["episodes"])


async def test_the_episodes_of_a_merged_series_are_those_of_the_one_that_stays(
    api: ApiClient,
) -> None:
    merged, target = await add_series(api, 1, 2), await add_series(api, 3)
    assert (await merge(api, merged, target)).status == 200
    assert await list_episodes(api, target) == [1, 2, 3]
    late = await add_episode(api, merged, 4)
    assert late["series"] == target
    assert await list_episodes(api, target) == [1, 2, 3, 4]


async def test_the_episodes_of_a_series_follow_it_to_another_imdb_id(api: ApiClient) -> None:
    series, other_id = await add_series(api, 1), unique_imdb_id()
    response = await api.request(
        "PATCH",
        f"/api/v1/movies/{series}",
        token=await api.admin_token(),
        json={"imdb_id": other_id},
        headers={"If-Match": "*"},
    )
    assert response.status == 200, response.json
    assert await list_episodes(api, other_id) == [1]
