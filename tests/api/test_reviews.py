"""Reviews of films over HTTP."""

import uuid
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.members import PASSWORD, Member, add_film, delete_film, merge_films
from tests.support.service_runner import ApiClient, Response

DRAFT = {
    "title": "Still afraid to swim",
    "body": "The shark is *hardly* seen.",
    "score": 9,
    "spoiler": True,
}


@pytest.fixture
async def member(api: ApiClient) -> Member:
    return await Member.join(api)


async def post_review(member: Member, film: dict[str, Any], **changes: object) -> dict[str, Any]:
    path = f"/movies/{film['id']}/reviews"
    response = await member.send("POST", path, DRAFT | changes)
    assert response.status == 201, response.json
    review: dict[str, Any] = response.json
    return review


async def read_counts(api: ApiClient, film: dict[str, Any]) -> dict[str, Any]:
    response = await api.get(f"/api/v1/movies/{film['id']}")
    counts: dict[str, Any] = response.json["reviews"]
    return counts


async def list_ids(api: ApiClient, film: dict[str, Any], query: str = "") -> list[str]:
    response = await api.get(f"/api/v1/movies/{film['id']}/reviews{query}")
    assert response.status == 200, response.json
    return [review["id"] for review in response.json["results"]]


def assert_problem(response: Response, status: int, code: str) -> None:
    assert (response.status, response.json["code"]) == (status, code), response.json


async def test_a_review_is_written_read_by_anybody_changed_and_deleted_and_counted(
    api: ApiClient, member: Member
) -> None:
    film = await add_film(api)
    created = await member.send("POST", f"/movies/{film['id']}/reviews", DRAFT)
    assert created.status == 201, created.json
    review = created.json
    path = f"/api/v1/reviews/{review['id']}"
    assert created.headers["Location"] == path
    assert {name: review[name] for name in DRAFT} == DRAFT
    assert review["html"] == "<p>The shark is <em>hardly</em> seen.</p>"
    assert (review["author"], review["mine"], review["edited_at"]) == (member.name, True, None)
    assert review["movie"] == {
        "id": film["id"],
        "title": film["title"],
        "year": None,
        "deleted": False,
    }
    shown = await api.get(path)
    assert shown.json == review | {"mine": False}
    assert await list_ids(api, film) == [review["id"]]
    assert await read_counts(api, film) == {"count": 1, "average": 9.0}
    changed = await member.send(
        "PUT", f"/reviews/{review['id']}", {"title": "Afraid", "body": "**No.**", "score": 2}
    )
    assert changed.status == 200, changed.json
    assert (changed.json["html"], changed.json["spoiler"]) == ("<p><strong>No.</strong></p>", False)
    assert changed.json["edited_at"] is not None
    assert await read_counts(api, film) == {"count": 1, "average": 2.0}
    assert (await member.send("DELETE", f"/reviews/{review['id']}")).status == 204
    assert_problem(await api.get(path), 404, "review_not_found")
    assert await list_ids(api, film) == []
    assert await read_counts(api, film) == {"count": 0, "average": None}


async def test_a_second_review_of_a_film_is_refused_and_names_the_first(
    api: ApiClient, member: Member
) -> None:
    film = await add_film(api)
    review = await post_review(member, film)
    again = await member.send("POST", f"/movies/{film['id']}/reviews", DRAFT)
    assert_problem(again, 409, "review_exists")
    assert review["id"] in again.json["detail"]
    own = await member.get(f"/me/reviews?movie={film['id']}")
    assert [entry["id"] for entry in own["results"]] == [review["id"]]


async def test_a_retry_under_one_key_writes_one_review(api: ApiClient, member: Member) -> None:
    film, headers = await add_film(api), {"Idempotency-Key": uuid.uuid4().hex}
    path = f"/movies/{film['id']}/reviews"
    first = await member.send("POST", path, DRAFT, headers=headers)
    again = await member.send("POST", path, DRAFT, headers=headers)
    assert (again.status, again.json) == (201, first.json)
    assert await list_ids(api, film) == [first.json["id"]]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"title": ""}, "/title"),
        ({"title": "x" * 201}, "/title"),
        ({"body": " \n "}, "/body"),
        ({"body": "x" * 10_001}, "/body"),
        ({"body": "bell \x07"}, "/body"),
        ({"score": 11}, "/score"),
        ({"spoiler": "yes"}, "/spoiler"),
        ({"html": "<b>"}, "/html"),
        ({"user_id": "x"}, "/user_id"),
        ({"likes": 5}, "/likes"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value[1:],
)
async def test_wrong_input_names_the_field(
    api: ApiClient, member: Member, changes: dict[str, object], pointer: str
) -> None:
    film = await add_film(api)
    response = await member.send("POST", f"/movies/{film['id']}/reviews", DRAFT | changes)
    assert response.status == 422, response.json
    assert [error["pointer"] for error in response.json["errors"]] == [pointer]
    assert await list_ids(api, film) == []


async def test_a_review_of_somebody_else_is_not_changed(api: ApiClient, member: Member) -> None:
    film = await add_film(api)
    review, other = await post_review(member, film), await Member.join(api)
    for method, body in (("PUT", DRAFT), ("DELETE", None)):
        response = await other.send(method, f"/reviews/{review['id']}", body)
        assert_problem(response, 404, "review_not_found")
    assert_problem(
        await other.send("GET", f"/reviews/{review['id']}/edits"), 404, "review_not_found"
    )
    assert (await api.get(f"/api/v1/reviews/{review['id']}")).json["title"] == DRAFT["title"]
    anonymous = await api.request("POST", f"/api/v1/movies/{film['id']}/reviews", json=DRAFT)
    assert anonymous.status == 401


async def test_what_a_review_said_before_is_kept_for_its_author_and_admins(
    api: ApiClient, member: Member
) -> None:
    film = await add_film(api)
    review = await post_review(member, film)
    path = f"/reviews/{review['id']}"
    for title in ("Second", "Second", "Third"):
        assert (await member.send("PUT", path, DRAFT | {"title": title})).status == 200
    edits = await member.get(f"{path}/edits")
    assert [edit["title"] for edit in edits["results"]] == ["Second", DRAFT["title"]]
    assert edits["results"][1]["body"] == DRAFT["body"]
    by_admin = await api.get(f"/api/v1{path}/edits", token=await api.admin_token())
    assert by_admin.json == edits
    assert (await api.get(f"/api/v1{path}/edits")).status == 401


async def test_reviews_come_in_the_order_asked_for_and_in_pages(api: ApiClient) -> None:
    film = await add_film(api)
    members = [await Member.join(api) for _ in range(4)]
    reviews = [(await post_review(author, film))["id"] for author in members]
    assert (await members[0].send("PUT", f"/reviews/{reviews[2]}/like")).status == 204
    assert await list_ids(api, film) == reviews[::-1]
    assert await list_ids(api, film, "?sort=oldest") == reviews
    assert (await list_ids(api, film, "?sort=likes"))[0] == reviews[2]
    for sort in ("newest", "likes"):
        whole, seen = await list_ids(api, film, f"?sort={sort}"), []
        path = f"/api/v1/movies/{film['id']}/reviews?limit=3&sort={sort}"
        while path:
            page = (await api.get(path)).json
            assert page["total"]["value"] == 4
            seen += [review["id"] for review in page["results"]]
            path = page["next"]
        assert seen == whole


async def test_each_user_likes_a_review_once_and_nobody_their_own(
    api: ApiClient, member: Member
) -> None:
    film = await add_film(api)
    review, reader = await post_review(member, film), await Member.join(api)
    path = f"/reviews/{review['id']}"
    for _ in range(2):
        assert (await reader.send("PUT", f"{path}/like")).status == 204
    liked = await reader.get(path)
    assert (liked["likes"], liked["liked"]) == (1, True)
    assert (await member.get(path))["liked"] is False
    assert_problem(await member.send("PUT", f"{path}/like"), 409, "own_review")
    for _ in range(2):
        assert (await reader.send("DELETE", f"{path}/like")).status == 204
    assert (await reader.get(path))["likes"] == 0
    assert_problem(
        await reader.send("PUT", f"/reviews/{uuid.uuid4()}/like"), 404, "review_not_found"
    )


async def test_reviews_of_a_blocked_user_vanish_for_the_user_who_blocks_them(
    api: ApiClient, member: Member
) -> None:
    film, reader = await add_film(api), await Member.join(api)
    review = await post_review(member, film)
    own = await post_review(reader, film)
    path, list_path = f"/reviews/{review['id']}", f"/movies/{film['id']}/reviews"
    assert (await reader.send("PUT", f"/me/blocks/{member.name.upper()}")).status == 204
    assert [entry["id"] for entry in (await reader.get(list_path))["results"]] == [own["id"]]
    assert_problem(await reader.send("GET", path), 404, "review_not_found")
    assert_problem(await reader.send("PUT", f"{path}/like"), 404, "review_not_found")
    assert len(await list_ids(api, film)) == 2
    assert await read_counts(api, film) == {"count": 2, "average": 9.0}
    await member.send("PATCH", "/me", {"profile": "public"})
    profile = f"/users/{member.name}"
    assert (await reader.get(profile))["blocked"] is True
    assert (await member.get(profile))["blocked"] is False
    assert (await reader.get(f"{profile}/reviews"))["results"] == []
    blocks = await reader.get("/me/blocks")
    assert [block["username"] for block in blocks["results"]] == [member.name]
    assert (await member.get("/me/blocks"))["results"] == []
    assert (await reader.send("DELETE", f"/me/blocks/{member.name}")).status == 204
    assert len((await reader.get(list_path))["results"]) == 2
    assert_problem(await reader.send("PUT", f"/me/blocks/{reader.name}"), 409, "own_account")
    for name in ("nobody-at-all", "x" * 121, quote("\ufdfa" * 13), "a%00b"):
        for method in ("PUT", "DELETE"):
            response = await reader.send(method, f"/me/blocks/{name}")
            assert_problem(response, 404, "user_not_found")


async def test_a_merge_moves_reviews_and_of_two_of_one_user_the_newer_stays(
    api: ApiClient, member: Member
) -> None:
    film, merged = await add_film(api), await add_film(api)
    other = await Member.join(api)
    await post_review(member, film, score=3)
    newer = await post_review(member, merged, score=8)
    moved = await post_review(other, merged, score=None)
    await merge_films(api, merged["id"], film["id"])
    assert await list_ids(api, film) == [moved["id"], newer["id"]]
    assert await read_counts(api, film) == {"count": 2, "average": 8.0}
    old = await api.get(f"/api/v1/movies/{merged['id']}/reviews", allow_redirects=False)
    assert old.status == 301
    assert old.headers["Location"] == f"/api/v1/movies/{film['id']}/reviews"
    again = await member.send("POST", f"/movies/{merged['id']}/reviews", DRAFT)
    assert_problem(again, 409, "review_exists")


async def test_a_review_outlives_its_film(api: ApiClient, member: Member) -> None:
    film = await add_film(api, year=1999)
    review = await post_review(member, film)
    await delete_film(api, film["id"])
    shown = await member.get(f"/reviews/{review['id']}")
    assert shown["movie"] == {
        "id": film["id"],
        "title": film["title"],
        "year": 1999,
        "deleted": True,
    }
    assert (await api.get(f"/api/v1/movies/{film['id']}/reviews")).status == 404
    assert (
        await member.send("PUT", f"/reviews/{review['id']}", DRAFT | {"score": 1})
    ).status == 200
    assert (await member.send("DELETE", f"/reviews/{review['id']}")).status == 204


@pytest.mark.parametrize("keep_reviews", [True, False], ids=["kept", "not kept"])
async def test_reviews_of_an_account_that_is_to_be_deleted_stay_nameless_or_vanish(
    api: ApiClient, member: Member, keep_reviews: bool
) -> None:
    film = await add_film(api)
    review = await post_review(member, film)
    rated = await member.send("POST", "/ratings", {"movie": film["id"], "vote": "up"})
    assert rated.status == 201
    body = {"password": PASSWORD, "keep_reviews": keep_reviews}
    assert (await member.send("POST", "/me/deletion", body)).status == 202
    shown = await api.get(f"/api/v1/movies/{film['id']}")
    assert shown.json["votes"] == {"up": 0, "down": 0}
    assert shown.json["reviews"]["count"] == int(keep_reviews)
    listed = await api.get(f"/api/v1/movies/{film['id']}/reviews")
    authors = [entry["author"] for entry in listed.json["results"]]
    assert authors == ([None] if keep_reviews else [])
    credentials = {"username": member.name, "password": PASSWORD}
    session = await api.request("POST", "/api/v1/auth/login", json=credentials)
    back = Member(api, member.name, session.json["access_token"])
    assert (await back.send("DELETE", "/me/deletion")).status == 204
    restored = await api.get(f"/api/v1/reviews/{review['id']}")
    assert (restored.status, restored.json["author"]) == (200, member.name)
    shown = await api.get(f"/api/v1/movies/{film['id']}")
    assert (shown.json["votes"]["up"], shown.json["reviews"]["count"]) == (1, 1)


async def test_a_public_profile_shows_the_reviews_that_are_not_hidden(
    api: ApiClient, member: Member
) -> None:
    film, path = await add_film(api), f"/users/{member.name}/reviews"
    review = await post_review(member, film)
    other = await Member.join(api)
    assert_problem(await other.send("GET", path), 404, "user_not_found")
    assert (await member.send("PATCH", "/me", {"profile": "public"})).status == 200
    shown = (await other.get(path))["results"]
    assert [entry["id"] for entry in shown] == [review["id"]]
    assert (await other.get(f"/users/{member.name}"))["counts"]["reviews"] == 1
    assert (await other.send("PUT", f"/me/blocks/{member.name}")).status == 204
    assert (await other.get(path))["results"] == []
