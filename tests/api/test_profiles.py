"""Profiles over HTTP: what users show of themselves, and to whom."""

from urllib.parse import quote

import pytest

from tests.support.members import PASSWORD, Member, add_film
from tests.support.service_runner import ApiClient


@pytest.fixture
async def member(api: ApiClient) -> Member:
    return await Member.join(api)


async def test_a_profile_is_private_until_its_owner_makes_it_public(
    api: ApiClient, member: Member
) -> None:
    path = f"/users/{member.name}"
    other = await Member.join(api)
    for response in (await other.send("GET", path), await api.get(f"/api/v1{path}")):
        assert (response.status, response.json["code"]) == (404, "user_not_found")
    assert (await member.get(path))["profile"] == "private"
    assert (await member.get("/me"))["profile"] == "private"
    changed = await member.send("PATCH", "/me", {"profile": "public"})
    assert (changed.status, changed.json["profile"]) == (200, "public")
    assert (await other.send("GET", path)).status == 200
    shown = await api.get(f"/api/v1/users/{member.name.upper()}")
    assert (shown.status, shown.json["username"]) == (200, member.name)
    await member.send("PATCH", "/me", {"profile": "private"})
    assert (await other.send("GET", path)).status == 404
    wrong = await member.send("PATCH", "/me", {"profile": "secret"})
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/profile")


async def test_a_profile_counts_what_was_seen_and_lists_public_lists_alone(
    api: ApiClient, member: Member
) -> None:
    film, second = await add_film(api), await add_film(api)
    for movie in (film["id"], film["id"], second["id"]):
        await member.send("POST", "/me/history", {"movie": movie})
    ids = {}
    await member.send("POST", "/ratings", {"movie": film["id"], "score": 8})
    for visibility in ("private", "unlisted", "public"):
        created = await member.send(
            "POST", "/lists", {"name": visibility, "visibility": visibility}
        )
        ids[visibility] = created.json["id"]
    await member.send("PUT", f"/lists/{ids['public']}/items/{film['id']}")
    await member.send("PATCH", "/me", {"profile": "public"})
    other = await Member.join(api)
    shown = await other.get(f"/users/{member.name}")
    assert shown["counts"] == {
        "films_seen": 2,
        "viewings": 3,
        "ratings": 1,
        "reviews": 0,
        "lists": 1,
    }
    [listed] = shown["lists"]
    assert (listed["id"], listed["movies"], listed["owner"]) == (ids["public"], 1, member.name)
    page = await other.get(f"/users/{member.name}/lists")
    assert (page["results"], page["total"]["value"]) == ([listed], 1)
    hidden = await other.send("GET", f"/users/{(await Member.join(api)).name}/lists")
    assert hidden.status == 404


async def disable(api: ApiClient, member: Member, *, is_disabled: bool) -> None:
    listed = await api.get(
        "/api/v1/admin/users", params={"q": member.name}, token=await api.admin_token()
    )
    [account] = listed.json["results"]
    path = f"/api/v1/admin/users/{account['id']}"
    changed = await api.request(
        "PATCH", path, token=await api.admin_token(), json={"is_disabled": is_disabled}
    )
    assert changed.status == 200, changed.json


async def ask_for_deletion(member: Member) -> None:
    answer = await member.send("POST", "/me/deletion", {"password": PASSWORD})
    assert answer.status == 202, answer.json


@pytest.mark.parametrize("state", ["disabled", "to be erased"])
async def test_a_public_profile_and_lists_are_not_found_while_the_account_is_not_usable(
    api: ApiClient, member: Member, state: str
) -> None:
    await member.send("PATCH", "/me", {"profile": "public"})
    created = [
        await member.send("POST", "/lists", {"name": "Sharks", "visibility": visibility})
        for visibility in ("public", "unlisted")
    ]
    user = f"/users/{member.name}"
    paths = [user, *(f"{user}/{part}" for part in ("lists", "reviews", "statistics"))]
    paths += [f"/lists/{answer.json['id']}" for answer in created]
    other = await Member.join(api)
    for path in paths:
        assert (await other.send("GET", path)).status == 200, path
    if state == "disabled":
        await disable(api, member, is_disabled=True)
    else:
        await ask_for_deletion(member)
    for path in paths:
        code = "list_not_found" if path.startswith("/lists") else "user_not_found"
        for response in (await other.send("GET", path), await api.get(f"/api/v1{path}")):
            assert (response.status, response.json["code"]) == (404, code), path
    if state == "disabled":
        await disable(api, member, is_disabled=False)
        for path in paths:
            assert (await other.send("GET", path)).status == 200, path


async def test_reviews_and_votes_of_a_disabled_account_are_neither_shown_nor_counted(
    api: ApiClient, member: Member
) -> None:
    film, other = await add_film(api), await Member.join(api)
    draft = {"title": "Fine", "body": "Fine.", "score": 9}
    review = await member.send("POST", f"/movies/{film['id']}/reviews", draft)
    await member.send("POST", "/ratings", {"movie": film["id"], "vote": "up", "score": 8})
    await other.send("POST", f"/movies/{film['id']}/reviews", {**draft, "score": 3})
    path = f"/reviews/{review.json['id']}"

    async def read() -> tuple[list[str], int, object, object, object]:
        listed = (await other.get(f"/movies/{film['id']}/reviews"))["results"]
        shown = (await other.get(f"/movies/{film['id']}")).copy()
        status = (await other.send("GET", path)).status
        authors = sorted(str(entry["author"]) for entry in listed)
        return authors, status, shown["reviews"], shown["votes"], shown["user_rating"]

    before = await read()
    assert before[0] == sorted([member.name, other.name])
    assert before[1:3] == (200, {"count": 2, "average": 6.0})
    await disable(api, member, is_disabled=True)
    assert await read() == (
        [other.name],
        404,
        {"count": 1, "average": 3.0},
        {"up": 0, "down": 0},
        {"value": None, "count": 0},
    )
    by_admin = await api.get(f"/api/v1{path}", token=await api.admin_token())
    assert by_admin.json["author"] == member.name
    await disable(api, member, is_disabled=False)
    assert await read() == before


async def test_statistics_count_films_by_month_decade_genre_and_score(
    api: ApiClient, member: Member
) -> None:
    old = await add_film(api, year=1975, genres=["Drama", "Thriller"])
    recent, unknown = await add_film(api, year=2021, genres=["Drama"]), await add_film(api)
    viewings = [(old, "2025-12-31"), (old, "2026-02-01"), (recent, "2026-02-28T23:30:00Z")]
    for film, day in [*viewings, (unknown, "2026-02-02")]:
        entry = {"movie": film["id"], "watched_at": day}
        assert (await member.send("POST", "/me/history", entry)).status == 201
    for film, score in ((old, 9), (recent, 9), (unknown, 2)):
        rating = {"movie": film["id"], "score": score}
        assert (await member.send("POST", "/ratings", rating)).status == 201
    assert await member.get(f"/users/{member.name}/statistics") == {
        "months": [{"month": "2025-12", "viewings": 1}, {"month": "2026-02", "viewings": 3}],
        "decades": [{"decade": 1970, "films": 1}, {"decade": 2020, "films": 1}],
        "genres": [{"genre": "Drama", "films": 2}, {"genre": "Thriller", "films": 1}],
        "scores": [{"score": 2, "films": 1}, {"score": 9, "films": 2}],
    }
    hidden = await (await Member.join(api)).send("GET", f"/users/{member.name}/statistics")
    assert (hidden.status, hidden.json["code"]) == (404, "user_not_found")


async def test_an_unknown_or_endless_name_is_not_found(api: ApiClient) -> None:
    names = (
        "x" * 121,
        "x" * 200,
        "x" * 5_000,
        "\u00bd" * 60,
        "\ufdfa" * 13,
        "\0",
        "a\0b",
        "\U0001f3ac",
    )
    for name in ("nobody-of-that-name", *map(quote, names)):
        response = await api.get(f"/api/v1/users/{name}")
        assert (response.status, response.json["code"]) == (404, "user_not_found")
