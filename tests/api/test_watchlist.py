"""The films that a user wants to see, over HTTP."""

from collections.abc import Sequence

import pytest

from tests.support.members import Member, add_film, delete_film, merge_films
from tests.support.service_runner import ApiClient

PATH = "/me/watchlist"


@pytest.fixture
async def member(api: ApiClient) -> Member:
    return await Member.join(api)


async def list_titles(member: Member, query: str = "") -> list[str]:
    page = await member.get(f"{PATH}?{query}")
    return [(entry["movie"] or entry["deleted_movie"])["title"] for entry in page["results"]]


async def add_all(member: Member, films: Sequence[object]) -> None:
    for film_id in films:
        assert (await member.send("PUT", f"{PATH}/{film_id}")).status == 201


async def test_a_film_is_added_once_and_removed_any_number_of_times(
    api: ApiClient, member: Member
) -> None:
    film = await add_film(api)
    added = await member.send("PUT", f"{PATH}/{film['id']}")
    again = await member.send("PUT", f"{PATH}/{film['id']}")
    assert (added.status, again.status) == (201, 200)
    assert added.json == again.json
    assert added.json["movie"]["id"] == film["id"]
    assert await list_titles(member) == [film["title"]]
    for _ in range(2):
        assert (await member.send("DELETE", f"{PATH}/{film['id']}")).status == 204
    assert await list_titles(member) == []
    unknown = await member.send("PUT", f"{PATH}/tt000000000")
    assert (unknown.status, unknown.json["code"]) == (404, "movie_not_found")


async def test_the_entry_of_one_film_can_be_asked_for(api: ApiClient, member: Member) -> None:
    on_it, another, missing = [await add_film(api) for _ in range(3)]
    await add_all(member, [on_it["id"], another["id"]])
    assert await list_titles(member, f"movie={on_it['id']}&sort=year") == [on_it["title"]]
    assert await list_titles(member, f"movie={missing['id']}") == []
    unknown = await member.send("GET", f"{PATH}?movie=tt000000000")
    assert (unknown.status, unknown.json["code"]) == (404, "movie_not_found")


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("-added", "dcba"),
        ("added", "abcd"),
        ("year", "bacd"),
        ("-year", "acbd"),
        ("rating", "cabd"),
        ("-rating", "bacd"),
        ("title", "abcd"),
    ],
)
async def test_a_watchlist_is_sorted_as_a_search_is(
    api: ApiClient, member: Member, sort: str, order: str
) -> None:
    facts: dict[str, dict[str, object]] = {
        "a": {"year": 1990, "ratings": {"imdb": {"value": 7, "votes": 10}}},
        "b": {"year": 1980, "ratings": {"imdb": {"value": 9, "votes": 20}}},
        "c": {"year": 1990, "ratings": {"imdb": {"value": 5, "votes": 5}}},
        "d": {},
    }
    films = {name: await add_film(api, f"{name}loe", **values) for name, values in facts.items()}
    await add_all(member, [film["id"] for film in films.values()])
    titles = await list_titles(member, f"sort={sort}")
    assert "".join(title[0] for title in titles) == order
    paged = []
    path = f"{PATH}?sort={sort}&limit=1"
    while path:
        page = await member.get(path)
        paged += [entry["movie"]["title"] for entry in page["results"]]
        path = (page["next"] or "").removeprefix("/api/v1")
    assert paged == titles


async def test_a_batch_adds_and_removes_each_on_its_own(api: ApiClient, member: Member) -> None:
    film = await add_film(api)
    items = [
        {"movie": film["id"]},
        {"movie": film["id"]},
        {"movie": "tt0073195"},
        {"movie": "Jaws"},
        {"movie": "tt0073195", "action": "remove"},
    ]
    response = await member.send("POST", f"{PATH}/batch", {"items": items})
    assert [answer["status"] for answer in response.json["answers"]] == [201, 200, 201, 404, 204]
    assert await list_titles(member) == [film["title"]]


async def test_of_two_merged_films_the_newer_entry_stays(api: ApiClient, member: Member) -> None:
    target, merged, other = [await add_film(api) for _ in range(3)]
    await add_all(member, [target["id"], other["id"], merged["id"]])
    second = await Member.join(api)
    await add_all(second, [merged["id"]])
    newer = (await member.get(PATH))["results"][0]["added_at"]
    await merge_films(api, merged["id"], target["id"])
    entries = (await member.get(PATH))["results"]
    assert [entry["movie"]["id"] for entry in entries] == [target["id"], other["id"]]
    assert entries[0]["added_at"] == newer
    [entry] = (await second.get(PATH))["results"]
    assert entry["movie"]["id"] == target["id"]
    moved = await member.send("PUT", f"{PATH}/{merged['id']}", allow_redirects=False)
    assert (moved.status, moved.headers["Location"]) == (308, f"/api/v1{PATH}/{target['id']}")


async def test_a_deleted_film_is_shown_by_its_title_and_can_be_removed(
    api: ApiClient, member: Member
) -> None:
    film = await add_film(api)
    await add_all(member, [film["id"], "tt0073195"])
    await delete_film(api, film["id"])
    for sort in ("-added", "rating", "title"):
        assert film["title"] in await list_titles(member, f"sort={sort}")
    assert (await member.send("DELETE", f"{PATH}/{film['id']}")).status == 204
    assert await list_titles(member) == ["Jaws"]


async def test_a_watchlist_is_of_one_user(api: ApiClient, member: Member) -> None:
    await add_all(member, ["tt0073195"])
    other = await Member.join(api)
    await other.send("DELETE", f"{PATH}/tt0073195")
    assert await list_titles(other) == []
    assert await list_titles(member) == ["Jaws"]
    assert (await api.get(f"/api/v1{PATH}")).status == 401
