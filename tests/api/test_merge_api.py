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
    kept = await add_film(api, title=unique_title("Kestrelmoor"), imdb_id=unique_imdb_id())
    gone = await add_film(
        api, title=unique_title("Windlebury"), imdb_id=unique_imdb_id(), year=1971
    )
    for film in (kept, gone):  # fills the caches
        for address in (film["id"], film["imdb_id"]):
            assert (await api.get(f"/api/v1/movies/{address}")).status == 200
    response = await merge(api, gone["imdb_id"], kept["imdb_id"])
    assert response.status == 200, response.json
    return kept, gone, response


async def test_a_merge_returns_the_film_with_the_facts_and_titles_of_both(api: ApiClient) -> None:
    kept, gone, response = await add_merged_films(api)
    film = response.json
    assert (film["id"], film["imdb_id"], film["version"]) == (kept["id"], kept["imdb_id"], 2)
    assert (film["year"], film["aliases"]) == (1971, [gone["title"]])
    assert response.headers["Index-Token"] == f"{kept['id']}:2"
    assert (await api.get(f"/api/v1/movies/{kept['id']}")).json == film


async def test_the_index_finds_the_film_by_both_titles_and_the_merged_one_no_more(
    api: ApiClient,
) -> None:
    kept, gone, _ = await add_merged_films(api)

    async def find_ids(title: object) -> list[object]:
        response = await api.search(str(title))
        return [result["movie"]["id"] for result in response.json["results"]][:1]

    async def is_found() -> bool:
        return await find_ids(gone["title"]) == await find_ids(kept["title"]) == [kept["id"]]

    assert await wait_until(is_found)
    by_imdb_id = await api.search(str(gone["imdb_id"]))
    assert [result["movie"]["id"] for result in by_imdb_id.json["results"]] == [kept["id"]]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", ["id", "imdb_id"])
async def test_each_method_is_redirected_from_an_old_address_to_the_film(
    api: ApiClient, method: str, name: str
) -> None:
    kept, gone, _ = await add_merged_films(api)
    response = await api.request(
        method,
        f"/api/v1/movies/{str(gone[name]).upper()}",
        token=await api.admin_token(),
        headers={"If-Match": "*"},
        json={"title": "Anything"} if method.startswith("P") else None,
        allow_redirects=False,
    )
    assert response.status == (301 if method in ("GET", "HEAD") else 308)
    assert response.headers["Location"] == f"/api/v1/movies/{kept['id']}"
    assert response.body == b""


async def test_every_route_of_a_film_redirects_and_keeps_the_query(api: ApiClient) -> None:
    kept, gone, _ = await add_merged_films(api)
    for path in ("/api/v1/movies/{}/poster?size=w185", "/film/{}"):
        response = await api.get(path.format(gone["imdb_id"]), allow_redirects=False)
        assert response.status == 301
        assert response.headers["Location"] == path.format(kept["id"])
    reindexed = await api.request(
        "POST",
        f"{ADMIN}/movies/{gone['id']}/reindex",
        token=await api.admin_token(),
        allow_redirects=False,
    )
    assert reindexed.headers["Location"] == f"{ADMIN}/movies/{kept['id']}/reindex"
    followed = await api.get(f"/api/v1/movies/{gone['imdb_id']}")
    assert (followed.status, followed.json["id"]) == (200, kept["id"])


async def test_a_batch_and_a_new_film_under_an_old_imdb_id_mean_the_film(api: ApiClient) -> None:
    kept, gone, _ = await add_merged_films(api)
    ids = [gone["id"], gone["imdb_id"], kept["id"]]
    batch = await api.request("POST", "/api/v1/movies/batch", json={"ids": ids})
    assert [answer["movie"]["id"] for answer in batch.json["answers"]] == [kept["id"]] * 3
    facts = {"title": "Anything", "imdb_id": gone["imdb_id"]}
    added = await api.request("POST", "/api/v1/movies", token=await api.admin_token(), json=facts)
    assert (added.status, added.json["code"]) == (409, "movie_exists")
    assert str(kept["id"]) in added.json["detail"]


async def test_a_merge_into_itself_or_into_nothing_names_the_field(api: ApiClient) -> None:
    kept, gone, _ = await add_merged_films(api)
    for into in (kept["id"], gone["imdb_id"], "tt000000000", "Jaws"):
        response = await merge(api, kept["id"], into)
        assert (response.status, response.json["errors"][0]["pointer"]) == (422, "/into")
    again = await merge(api, gone["id"], kept["id"])
    assert again.status == 308
    assert again.headers["Location"] == f"{ADMIN}/movies/{kept['id']}/merge"
    assert (await merge(api, uuid.uuid4(), kept["id"])).status == 404


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
    kept, gone, _ = await add_merged_films(api)
    for address in (gone["id"], str(gone["imdb_id"]).upper()):
        response = await api.get(f"/film/{address}?q=x", allow_redirects=False)
        assert response.status == 301
        assert response.headers["Location"] == f"/film/{kept['id']}?q=x"
