"""A hundred requests of each kind of client at once: each gets its own whole answer."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.support.api_accounts import PASSWORD, create_key
from tests.support.members import Member, add_film
from tests.support.service_runner import ApiClient, Response

AT_ONCE = 100
IMDB_ID = "tt0073195"

Send = Callable[[int], Awaitable[Response]]


async def send_at_once(send: Send) -> list[Any]:
    """Return the answers in the order of the requests; all must be 200."""
    answers = await asyncio.gather(*(send(number) for number in range(AT_ONCE)))
    assert [answer.status for answer in answers] == [200] * AT_ONCE
    return [json.loads(answer.body) for answer in answers]


@pytest.fixture
async def member(api: ApiClient) -> Member:
    return await Member.join(api)


async def test_radarr_gets_each_watchlist_by_its_own_key(api: ApiClient) -> None:
    members = [await Member.join(api) for _ in range(3)]
    keys, expected = [], []
    for member in members:
        film = await add_film(api, imdb_id=f"tt{random.randrange(10**8, 10**9)}")
        await member.send("PUT", f"/me/watchlist/{film['id']}")
        keys.append((await create_key(api, member.token, "read"))["key"])
        expected.append([{"title": film["title"], "imdb_id": film["imdb_id"]}])
    lists = await send_at_once(lambda n: api.get(f"/lists/watchlist.json?apikey={keys[n % 3]}"))
    assert lists == [expected[number % 3] for number in range(AT_ONCE)]


async def test_stremio_gets_catalogues_and_films(api: ApiClient, member: Member) -> None:
    key = (await create_key(api, member.token, "read"))["key"]
    paths = [
        "/stremio/manifest.json",
        f"/stremio/{key}/manifest.json",
        "/stremio/catalog/movie/popular.json",
        f"/stremio/{key}/catalog/movie/popular/genre=Drama.json",
        "/stremio/catalog/movie/search/search=godfahter.json",
        f"/stremio/meta/movie/{IMDB_ID}.json",
    ]
    one_by_one = [(await api.get(path)).json for path in paths]
    answers = await send_at_once(lambda n: api.get(paths[n % len(paths)]))
    for number, answer in enumerate(answers):
        assert set(answer) == set(one_by_one[number % len(paths)])
    assert answers[5]["meta"]["name"] == "Jaws"
    assert answers[4]["metas"][0]["name"] == "The Godfather"


async def test_clients_of_the_older_services_get_their_films(
    api: ApiClient, member: Member
) -> None:
    def search(number: int) -> Awaitable[Response]:
        if number % 3 == 0:
            return api.request("POST", "/api/v1/search_movie", json={"name": "godfahter"})
        if number % 3 == 1:
            return api.get("/api/movies/search?title=godfahter")
        return api.get("/api/v1/movies/?query=godfahter")

    answers = await send_at_once(search)
    for number, answer in enumerate(answers):
        films = answer.get(("movies", "data", "results")[number % 3])
        assert films[0]["name" if number % 3 == 0 else "title"] == "The Godfather"


async def test_one_vote_of_a_hundred_at_once_counts(api: ApiClient, member: Member) -> None:
    film = await add_film(api)
    body = {"movie": film["id"], "rating": "UPVOTE"}
    votes = await asyncio.gather(
        *(
            api.request("POST", "/api/v1/movies/ratings/", json=body, token=member.token)
            for _ in range(AT_ONCE)
        )
    )
    statuses = [vote.status for vote in votes]
    assert sorted(statuses) == [201] + [400] * (AT_ONCE - 1)
    assert (await api.get(f"/api/v1/movies/{film['id']}")).json["votes"] == {"up": 1, "down": 0}


async def test_a_refresh_token_serves_a_hundred_requests_at_once(
    api: ApiClient, member: Member
) -> None:
    account = {"username": member.name, "password": PASSWORD}
    pair = await api.request("POST", "/api/v1/auth/token/", json=account)
    body = {"refresh": pair.json["refresh"]}
    answers = await send_at_once(lambda _: api.request("POST", "/api/v1/auth/refresh/", json=body))
    newest = answers[-1]["access"]
    assert (await api.get("/api/v1/me", token=newest)).json["username"] == member.name
