"""Votes and scores of films over HTTP."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.members import Member, add_film, delete_film
from tests.support.service_runner import ApiClient

PATH = "/ratings"


@pytest.fixture
async def member(api: ApiClient) -> Member:
    return await Member.join(api)


async def read_film(api: ApiClient, film_id: object) -> dict[str, Any]:
    response = await api.get(f"/api/v1/movies/{film_id}")
    assert response.status == 200, response.json
    film: dict[str, Any] = response.json
    return film


async def test_a_rating_is_made_read_changed_and_deleted_and_the_film_counts_it(
    api: ApiClient, member: Member
) -> None:
    film = await add_film(api)
    created = await member.send("POST", PATH, {"movie": film["id"], "vote": "up", "score": 9})
    assert created.status == 201, created.json
    rating = created.json
    path = f"{PATH}/{rating['id']}"
    assert created.headers["Location"] == f"/api/v1{path}"
    assert (rating["vote"], rating["score"], rating["movie"]["id"]) == ("up", 9, film["id"])
    age = datetime.now(UTC) - datetime.fromisoformat(rating["rated_at"])
    assert abs(age) < timedelta(minutes=5)
    shown = await read_film(api, film["id"])
    assert shown["votes"] == {"up": 1, "down": 0}
    assert shown["user_rating"] == {"value": 9.0, "count": 1}
    assert shown["version"] == film["version"]
    replaced = await member.send("PUT", path, {"vote": "down"})
    assert (replaced.json["vote"], replaced.json["score"]) == ("down", None)
    patched = await member.send("PATCH", path, {"score": 4, "vote": None})
    assert (patched.json["vote"], patched.json["score"]) == (None, 4)
    assert (await member.get(path)) == patched.json | {"movie": (await member.get(path))["movie"]}
    shown = await read_film(api, film["id"])
    assert (shown["votes"], shown["user_rating"]) == (
        {"up": 0, "down": 0},
        {"value": 4.0, "count": 1},
    )
    assert (await member.send("DELETE", path)).status == 204
    assert (await member.send("GET", path)).status == 404
    shown = await read_film(api, film["id"])
    assert shown["user_rating"] == {"value": None, "count": 0}


async def test_a_vote_changes_the_entity_tag_but_not_the_version_that_a_write_is_based_on(
    api: ApiClient, member: Member
) -> None:
    film = await add_film(api)
    path = f"/api/v1/movies/{film['id']}"
    tag = (await api.get(path)).headers["ETag"]
    unchanged = await api.get(path, headers={"If-None-Match": tag})
    assert unchanged.status == 304
    await member.send("POST", PATH, {"movie": film["id"], "vote": "up"})
    changed = await api.get(path, headers={"If-None-Match": tag})
    assert (changed.status, changed.json["votes"]["up"]) == (200, 1)
    written = await api.request(
        "PATCH",
        path,
        token=await api.admin_token(),
        headers={"If-Match": tag},
        json={"plot": "Anything."},
    )
    assert (written.status, written.json["votes"]["up"]) == (200, 1)


async def test_a_second_rating_of_a_film_is_refused_and_names_the_first(
    api: ApiClient, member: Member
) -> None:
    film = await add_film(api)
    first = await member.send("POST", PATH, {"movie": film["id"], "vote": "up"})
    again = await member.send("POST", PATH, {"movie": film["id"], "score": 3})
    assert (again.status, again.json["code"]) == (409, "rating_exists")
    assert first.json["id"] in again.json["detail"]
    page = await member.get(f"{PATH}?movie={film['id']}")
    assert [rating["id"] for rating in page["results"]] == [first.json["id"]]
    assert (await read_film(api, film["id"]))["user_rating"]["count"] == 0


async def test_a_rating_of_somebody_else_does_not_exist(api: ApiClient, member: Member) -> None:
    film = await add_film(api)
    rating = (await member.send("POST", PATH, {"movie": film["id"], "vote": "up"})).json
    other = await Member.join(api)
    for method, body in (
        ("GET", None),
        ("PUT", {"vote": "down"}),
        ("PATCH", {"score": 1}),
        ("DELETE", None),
    ):
        response = await other.send(method, f"{PATH}/{rating['id']}", body)
        assert (response.status, response.json["code"]) == (404, "rating_not_found")
    assert (await other.get(PATH))["results"] == []
    assert (await read_film(api, film["id"]))["votes"] == {"up": 1, "down": 0}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/"),
        ({"vote": "sideways"}, "/vote"),
        ({"score": 0}, "/score"),
        ({"score": 11}, "/score"),
        ({"score": 7.5}, "/score"),
        ({"score": "7"}, "/score"),
        ({"score": 7, "rated_at": "2999-01-01T00:00:00Z"}, "/rated_at"),
        ({"score": 7, "rated_at": "9999-12-31T23:59:59-12:00"}, "/rated_at"),
        ({"score": 7, "rated_at": "2026-01-01T00:00:00"}, "/rated_at"),
        ({"score": 7, "rated_at": "0001-01-01T00:00:00+12:00"}, "/rated_at"),
        ({"score": 7, "rated_at": 1_700_000_000}, "/rated_at"),
        ({"score": 7, "user_id": "x"}, "/user_id"),
        ({"score": 7, "id": "x"}, "/id"),
    ],
    ids=str,
)
async def test_wrong_input_names_the_field_and_counts_nothing(
    api: ApiClient, member: Member, body: dict[str, object], pointer: str
) -> None:
    film = await add_film(api)
    response = await member.send("POST", PATH, {"movie": film["id"], **body})
    assert response.status == 422, response.json
    assert {error["pointer"] for error in response.json["errors"]} == {pointer}
    assert (await member.get(PATH))["results"] == []


async def test_an_unknown_film_and_no_token_are_refused(api: ApiClient, member: Member) -> None:
    for movie in (str(uuid.uuid4()), "tt000000001", "Jaws"):
        response = await member.send("POST", PATH, {"movie": movie, "vote": "up"})
        assert (response.status, response.json["code"]) == (404, "movie_not_found")
    assert (await api.request("POST", "/api/v1/ratings", json={})).status == 401
    assert (await api.get("/api/v1/ratings")).status == 401


async def test_a_rating_must_keep_a_vote_or_a_score(api: ApiClient, member: Member) -> None:
    film = await add_film(api)
    rating = (await member.send("POST", PATH, {"movie": film["id"], "vote": "up"})).json
    response = await member.send("PATCH", f"{PATH}/{rating['id']}", {"vote": None})
    assert response.status == 422
    same = await member.send("PATCH", f"{PATH}/{rating['id']}", {})
    assert (same.status, same.json["updated_at"]) == (200, rating["updated_at"])


async def test_a_retry_under_one_key_rates_once_and_gets_the_first_answer(
    api: ApiClient, member: Member
) -> None:
    film = await add_film(api)
    body, headers = {"movie": film["id"], "score": 8}, {"Idempotency-Key": uuid.uuid4().hex}
    first = await member.send("POST", PATH, body, headers=headers)
    again = await member.send("POST", PATH, body, headers=headers)
    assert (again.status, again.json) == (201, first.json)
    assert (await read_film(api, film["id"]))["user_rating"]["count"] == 1


async def test_pages_continue_by_cursor_in_the_order_asked_for(
    api: ApiClient, member: Member
) -> None:
    days = [f"2026-03-{day:02}T12:00:00+00:00" for day in range(1, 8)]
    for day in days:
        film = await add_film(api)
        body = {"movie": film["id"], "score": 5, "rated_at": day}
        assert (await member.send("POST", PATH, body)).status == 201
    for sort, expected in (("-rated_at", days[::-1]), ("rated_at", days)):
        seen, path = [], f"{PATH}?limit=3&sort={sort}"
        while path:
            page = await member.get(path)
            assert page["total"]["value"] == len(days)
            seen += [rating["rated_at"] for rating in page["results"]]
            path = (page["next"] or "").removeprefix("/api/v1")
        assert seen == expected
    assert (await member.get(f"{PATH}?vote=up"))["results"] == []


async def test_each_item_of_a_batch_is_answered_on_its_own(api: ApiClient, member: Member) -> None:
    films = [await add_film(api) for _ in range(3)]
    ids = [film["id"] for film in films]
    await member.send("POST", PATH, {"movie": ids[1], "vote": "up"})
    items = [
        {"movie": ids[0], "score": 7, "rated_at": "2020-05-01T00:00:00Z"},
        {"movie": ids[1], "score": 2},
        {"movie": str(uuid.uuid4()), "score": 2},
        {"movie": ids[2]},
        {"movie": ids[2], "vote": "down"},
        {"movie": ids[2], "action": "remove"},
    ]
    response = await member.send("POST", f"{PATH}/batch", {"items": items})
    assert response.status == 200, response.json
    statuses = [answer["status"] for answer in response.json["answers"]]
    assert statuses == [201, 200, 404, 422, 201, 204]
    assert response.json["answers"][3]["problem"]["errors"][0]["pointer"] == "/items/3/"
    assert (await member.get(PATH))["total"]["value"] == 2
    tallies = [await read_film(api, film_id) for film_id in ids]
    assert [film["votes"]["up"] + film["votes"]["down"] for film in tallies] == [0, 0, 0]
    assert [film["user_rating"]["value"] for film in tallies] == [7.0, 2.0, None]
    many = [{"movie": ids[0], "score": 1}] * 101
    assert (await member.send("POST", f"{PATH}/batch", {"items": many})).status == 422


async def test_a_rating_outlives_its_film(api: ApiClient, member: Member) -> None:
    film = await add_film(api, year=1999)
    rating = (await member.send("POST", PATH, {"movie": film["id"], "vote": "up"})).json
    await delete_film(api, film["id"])
    shown = await member.get(f"{PATH}/{rating['id']}")
    assert shown["movie"] is None
    assert shown["deleted_movie"] == {"id": film["id"], "title": film["title"], "year": 1999}
    assert (await member.send("PATCH", f"{PATH}/{rating['id']}", {"score": 5})).status == 200
    assert (await member.send("DELETE", f"{PATH}/{rating['id']}")).status == 204


async def test_a_merge_moves_ratings_and_of_two_of_one_user_the_newer_stays(
    api: ApiClient, member: Member
) -> None:
    film, merged = await add_film(api), await add_film(api)
    other = await Member.join(api)
    older, newer = "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"
    for movie, score, rated_at in ((film, 3, older), (merged, 8, newer)):
        body = {"movie": movie["id"], "score": score, "rated_at": rated_at}
        assert (await member.send("POST", PATH, body)).status == 201
    assert (await other.send("POST", PATH, {"movie": merged["id"], "vote": "down"})).status == 201
    answer = await api.request(
        "POST",
        f"/api/v1/admin/movies/{merged['id']}/merge",
        token=await api.admin_token(),
        json={"into": film["id"]},
    )
    shown = await read_film(api, film["id"])
    for counted in (answer.json, shown):
        assert counted["votes"] == {"up": 0, "down": 1}
        assert counted["user_rating"] == {"value": 8.0, "count": 1}
    [rating] = (await member.get(PATH))["results"]
    assert (rating["score"], rating["movie"]["id"]) == (8, film["id"])
    by_old_id = await other.send("POST", PATH, {"movie": merged["id"], "vote": "up"})
    assert by_old_id.json["code"] == "rating_exists"
