"""Lists of films over HTTP: their films, their order, and who sees them."""

import uuid
from typing import Any

import pytest

from service.community.lists.schemas import MAX_ITEMS
from tests.support.members import Member, add_film, delete_film, merge_films
from tests.support.service_runner import ApiClient

JAWS, ALIEN = "tt0073195", "tt0078748"


@pytest.fixture
async def member(api: ApiClient) -> Member:
    return await Member.join(api)


async def create_list(member: Member, **fields: object) -> str:
    response = await member.send("POST", "/lists", {"name": "Sharks", **fields})
    assert response.status == 201, response.json
    assert response.headers["Location"] == f"/api/v1/lists/{response.json['id']}"
    return str(response.json["id"])


async def list_films(member: Member, list_id: str) -> list[str]:
    page = await member.get(f"/lists/{list_id}")
    return [(entry["movie"] or entry["deleted_movie"])["id"] for entry in page["results"]]


async def create_filled_list(member: Member, films: list[dict[str, Any]]) -> str:
    list_id = await create_list(member)
    items = [{"movie": film["id"]} for film in films]
    response = await member.send("POST", f"/lists/{list_id}/items/batch", {"items": items})
    assert [answer["status"] for answer in response.json["answers"]] == [201] * len(films)
    return list_id


async def test_a_list_is_made_changed_and_deleted(member: Member) -> None:
    list_id = await create_list(member, description="From old to new.")
    shown = (await member.get(f"/lists/{list_id}"))["list"]
    assert (shown["name"], shown["visibility"], shown["movies"]) == ("Sharks", "private", 0)
    assert (shown["owner"], shown["description"]) == (member.name, "From old to new.")
    patched = await member.send("PATCH", f"/lists/{list_id}", {"visibility": "unlisted"})
    assert (patched.json["visibility"], patched.json["description"]) == (
        "unlisted",
        "From old to new.",
    )
    replaced = await member.send("PUT", f"/lists/{list_id}", {"name": "Whales"})
    assert (replaced.json["name"], replaced.json["visibility"], replaced.json["description"]) == (
        "Whales",
        "private",
        None,
    )
    assert [entry["id"] for entry in (await member.get("/lists"))["results"]] == [list_id]
    assert (await member.send("PATCH", f"/lists/{list_id}", {"name": None})).status == 422
    assert (await member.send("DELETE", f"/lists/{list_id}")).status == 204
    gone = await member.send("GET", f"/lists/{list_id}")
    assert (gone.status, gone.json["code"]) == (404, "list_not_found")


async def test_films_are_added_with_notes_ordered_and_removed(
    api: ApiClient, member: Member
) -> None:
    films = [await add_film(api) for _ in range(3)]
    a, b, c = (film["id"] for film in films)
    list_id = await create_filled_list(member, films)
    noted = await member.send("PUT", f"/lists/{list_id}/items/{b}", {"note": "With Ada."})
    assert (noted.status, noted.json["note"]) == (200, "With Ada.")
    assert await list_films(member, list_id) == [a, b, c]
    ordered = await member.send("POST", f"/lists/{list_id}/order", {"movies": [c, a]})
    assert (ordered.status, ordered.json["movies"]) == (200, 3)
    assert await list_films(member, list_id) == [c, a, b]
    added = await member.send("PUT", f"/lists/{list_id}/items/{JAWS}")
    assert (added.status, added.json["note"]) == (201, None)
    assert (await member.send("DELETE", f"/lists/{list_id}/items/{a}")).status == 204
    left = (await member.get(f"/lists/{list_id}"))["results"]
    assert [entry["movie"]["id"] for entry in left][:2] == [c, b]
    assert left[2]["movie"]["imdb_id"] == JAWS
    for movies in ([a], [c, c], ["Jaws"]):
        wrong = await member.send("POST", f"/lists/{list_id}/order", {"movies": movies})
        assert (wrong.status, wrong.json["code"]) == (422, "invalid")
    page = await member.get(f"/lists/{list_id}?limit=2")
    rest = await member.get(page["next"].removeprefix("/api/v1"))
    assert [entry["movie"]["id"] for entry in page["results"]] == [c, b]
    assert (len(rest["results"]), rest["next"]) == (1, None)


async def test_the_order_of_as_many_films_as_a_list_may_have_is_read(
    api: ApiClient, member: Member
) -> None:
    list_id = await create_list(member)
    movies = [str(uuid.uuid4()) for _ in range(MAX_ITEMS)]
    response = await member.send("POST", f"/lists/{list_id}/order", {"movies": movies})
    assert (response.status, response.json["code"]) == (422, "invalid")
    assert "values" not in response.json["detail"]


@pytest.mark.parametrize("visibility", ["private", "unlisted", "public"])
async def test_others_see_a_list_as_its_user_lets_them(
    api: ApiClient, member: Member, visibility: str
) -> None:
    list_id = await create_list(member, visibility=visibility)
    await member.send("PUT", f"/lists/{list_id}/items/{JAWS}")
    other = await Member.join(api)
    readers = [
        await other.send("GET", f"/lists/{list_id}"),
        await api.get(f"/api/v1/lists/{list_id}"),
    ]
    for response in readers:
        if visibility == "private":
            assert (response.status, response.json["code"]) == (404, "list_not_found")
        else:
            assert (response.status, response.json["list"]["owner"]) == (200, None)
            assert len(response.json["results"]) == 1
    await member.send("PATCH", "/me", {"profile": "public"})
    named = await other.send("GET", f"/lists/{list_id}")
    if visibility != "private":
        assert named.json["list"]["owner"] == member.name


@pytest.mark.parametrize("visibility", ["private", "public"])
async def test_nobody_else_changes_a_list(api: ApiClient, member: Member, visibility: str) -> None:
    list_id = await create_list(member, visibility=visibility)
    other = await Member.join(api)
    attempts: list[tuple[str, str, object]] = [
        ("PUT", "", {"name": "Mine"}),
        ("PATCH", "", {"name": "Mine"}),
        ("DELETE", "", None),
        ("PUT", f"/items/{JAWS}", None),
        ("DELETE", f"/items/{JAWS}", None),
        ("POST", "/items/batch", {"items": [{"movie": JAWS}]}),
        ("POST", "/order", {"movies": [JAWS]}),
    ]
    for method, suffix, body in attempts:
        response = await other.send(method, f"/lists/{list_id}{suffix}", body)
        assert (response.status, response.json["code"]) == (404, "list_not_found"), suffix
        anonymous = await api.request(method, f"/api/v1/lists/{list_id}{suffix}", json=body)
        assert anonymous.status == 401, suffix
    shown = await member.get(f"/lists/{list_id}")
    assert (shown["list"]["name"], shown["results"]) == ("Sharks", [])


async def test_of_two_merged_films_in_a_list_the_newer_stays(
    api: ApiClient, member: Member
) -> None:
    films = [await add_film(api) for _ in range(3)]
    target, merged, other = (film["id"] for film in films)
    list_id = await create_filled_list(member, films)
    await member.send("PUT", f"/lists/{list_id}/items/{merged}", {"note": "newer"})
    await merge_films(api, merged, target)
    items = (await member.get(f"/lists/{list_id}"))["results"]
    assert [item["movie"]["id"] for item in items] == [target, other]
    assert items[0]["note"] == "newer"


async def test_a_deleted_film_of_a_list_is_shown_by_its_title(
    api: ApiClient, member: Member
) -> None:
    films = [await add_film(api) for _ in range(2)]
    list_id = await create_filled_list(member, films)
    await delete_film(api, films[0]["id"])
    first = (await member.get(f"/lists/{list_id}"))["results"][0]
    assert (first["movie"], first["deleted_movie"]["title"]) == (None, films[0]["title"])
    order = {"movies": [films[1]["id"], films[0]["id"]]}
    assert (await member.send("POST", f"/lists/{list_id}/order", order)).status == 200
    removal = await member.send("DELETE", f"/lists/{list_id}/items/{films[0]['id']}")
    assert removal.status == 204
    assert await list_films(member, list_id) == [films[1]["id"]]


async def test_an_unknown_list_is_not_found(member: Member) -> None:
    for name in (str(uuid.uuid4()), "no-id"):
        response = await member.send("GET", f"/lists/{name}")
        assert (response.status, response.json["code"]) == (404, "list_not_found")


@pytest.mark.parametrize("blank", ["\u200b", "\u3164"])
async def test_what_a_user_writes_must_be_visible(member: Member, blank: str) -> None:
    film = await add_film(member.api)
    for path, body in (
        ("/lists", {"name": blank}),
        ("/lists", {"name": "Sharks", "description": blank}),
        (f"/movies/{film['id']}/reviews", {"title": blank, "body": "Seen."}),
        (f"/movies/{film['id']}/reviews", {"title": "Seen", "body": blank}),
        ("/me/keys", {"name": blank, "scopes": ["read"]}),
    ):
        refused = await member.send("POST", path, body)
        assert (refused.status, refused.json["code"]) == (422, "invalid"), path
