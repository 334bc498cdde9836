"""Popular, trending and similar films, genres and directors, over HTTP."""

from typing import Any
from urllib.parse import quote

from tests.support.members import Member, add_film, clear_cache, merge_films
from tests.support.service_runner import ApiClient, Response
from tests.support.waiting import wait_until

JAWS = "tt0073195"
POPULAR, TRENDING = "/api/v1/movies/popular", "/api/v1/movies/trending"


async def read_ids(api: ApiClient, path: str) -> list[str]:
    response = await api.get(path)
    assert response.status == 200, response.json
    return [result["movie"]["id"] for result in response.json["results"]]


async def read_trending(api: ApiClient) -> list[str]:
    """Return all trending films as they are now; other tests add to them."""
    await clear_cache(api, "?scope=trending")
    ids, path = [], f"{TRENDING}?limit=100"
    while path:
        ids += await read_ids(api, path)
        path = (await api.get(path)).json["next"]
    return ids


async def wait_for_hit(api: ApiClient, path: str) -> Response:
    """Return the first response from the cache; the index may get a new generation meanwhile."""
    responses: list[Response] = []

    async def is_hit() -> bool:
        responses.append(await api.get(path))
        return responses[-1].headers["Cache-Status"].startswith("movies; hit")

    assert await wait_until(is_hit)
    return responses[-1]


async def test_popular_films_are_ordered_by_score_and_the_cache_says_hit_or_miss(
    api: ApiClient,
) -> None:
    await clear_cache(api, "?scope=popular")
    first = await api.get(f"{POPULAR}?limit=30")
    again = await wait_for_hit(api, f"{POPULAR}?limit=30")
    assert "fwd=miss" in first.headers["Cache-Status"]
    assert first.json == again.json
    scores = [result["score"] for result in first.json["results"]]
    assert len(scores) == 30
    assert scores == sorted(scores, reverse=True)
    next_page = await read_ids(api, first.json["next"])
    assert not set(next_page) & {result["movie"]["id"] for result in first.json["results"]}


async def test_a_cleared_cache_answers_anew_and_only_admins_clear_it(api: ApiClient) -> None:
    await api.get(f"{POPULAR}?limit=7")
    assert await clear_cache(api, "?scope=genres") >= 0
    await wait_for_hit(api, f"{POPULAR}?limit=7")
    assert await clear_cache(api) >= 1
    assert "fwd=miss" in (await api.get(f"{POPULAR}?limit=7")).headers["Cache-Status"]
    wrong = await api.request(
        "DELETE", "/api/v1/admin/cache?scope=all", token=await api.admin_token()
    )
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "scope")
    member = await Member.join(api)
    assert (await member.send("DELETE", "/admin/cache")).status == 403
    assert (await api.request("DELETE", "/api/v1/admin/cache")).status == 401


async def test_what_users_do_with_a_film_makes_it_trend(api: ApiClient) -> None:
    quiet, busy = await add_film(api), await add_film(api)
    for _ in range(3):
        member = await Member.join(api)
        await member.send("PUT", f"/me/watchlist/{busy['id']}")
        await member.send("POST", "/me/history", {"movie": busy["id"]})
    assert (await api.get(f"/api/v1/movies/{quiet['id']}")).status == 200

    async def is_trending() -> bool:
        ids = await read_trending(api)
        if not {quiet["id"], busy["id"]} <= set(ids):
            return False
        return ids.index(busy["id"]) < ids.index(quiet["id"])

    assert await wait_until(is_trending)
    await merge_films(api, busy["id"], quiet["id"])
    ids = await read_trending(api)
    assert quiet["id"] in ids
    assert busy["id"] not in ids


async def test_films_by_the_same_people_are_similar(api: ApiClient) -> None:
    response = await api.get(f"/api/v1/movies/{JAWS}/similar?limit=20")
    assert response.status == 200, response.json
    results: list[dict[str, Any]] = response.json["results"]
    assert JAWS not in [result["movie"]["imdb_id"] for result in results]
    scores = [result["score"] for result in results]
    assert scores == sorted(scores, reverse=True)
    by_director = [result for result in results if "directors" in result["because"]]
    assert by_director
    assert all("Steven Spielberg" in result["movie"]["directors"] for result in by_director)
    await wait_for_hit(api, f"/api/v1/movies/{JAWS}/similar?limit=20")


async def test_an_address_of_a_merged_film_leads_to_what_is_like_the_other(
    api: ApiClient,
) -> None:
    target, merged = await add_film(api), await add_film(api)
    await merge_films(api, merged["id"], target["id"])
    path = "/api/v1/movies/{}/similar"
    moved = await api.get(path.format(merged["id"]), allow_redirects=False)
    assert (moved.status, moved.headers["Location"]) == (301, path.format(target["id"]))
    alone = await api.get(path.format(target["id"]))
    assert (alone.status, alone.json["results"]) == (200, [])
    unknown = await api.get(path.format("tt000000000"))
    assert (unknown.status, unknown.json["code"]) == (404, "movie_not_found")


async def test_genres_have_the_number_of_their_films(api: ApiClient) -> None:
    response = await api.get("/api/v1/genres")
    assert (response.status, response.json["degraded"]) == (200, [])
    counts = {genre["name"]: genre["movies"] for genre in response.json["results"]}
    facets = await api.get("/api/v1/movies?facets=genre&genre=Western&limit=1")
    assert counts["Western"] == facets.json["total"]["value"] > 0
    assert list(counts.values()) == sorted(counts.values(), reverse=True)


async def test_films_of_a_director_are_listed_with_counts(api: ApiClient) -> None:
    name = "steven SPIELBERG"
    page = await api.get(f"/api/v1/directors/{quote(name)}/movies?limit=3")
    assert page.status == 200, page.json
    total = page.json["total"]["value"]
    assert total > 3
    assert sum(count["count"] for count in page.json["counts"]["type"]) == total
    years = [film["year"] for film in page.json["results"]]
    assert years == sorted(years, reverse=True)
    seen, path = [], f"/api/v1/directors/{quote(name)}/movies?limit=3&sort=title"
    while path:
        response = await api.get(path)
        assert response.status == 200, response.json
        seen += [film["id"] for film in response.json["results"]]
        path = response.json["next"]
    assert len(seen) == len(set(seen)) == total
    unknown = await api.get("/api/v1/directors/Nobody%20At%20All/movies")
    assert (unknown.status, unknown.json["code"]) == (404, "director_not_found")
