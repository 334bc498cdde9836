"""One film over HTTP: shown to all, written by admins who have seen what they change."""

import asyncio
import uuid

from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until

PLAIN = {"year": 1999, "directors": ["A Director"], "genres": ["Drama"]}


def title(word: str) -> str:
    return f"{word} {uuid.uuid4().hex[:8]}"


async def added(api: ApiClient, **facts: object) -> dict[str, object]:
    made = await api.request(
        "POST", "/api/v1/movies", token=await api.admin_token(), json={**PLAIN, **facts}
    )
    assert made.status == 201, made.json
    return dict(made.json)


async def test_a_film_added_by_an_admin_is_shown_and_found(api: ApiClient) -> None:
    named = title("Quillfeather")
    film = await added(api, title=named)
    shown = await api.get(f"/api/v1/movies/{film['id']}")
    assert (shown.status, shown.json["title"], shown.json["version"]) == (200, named, 1)

    async def found() -> bool:
        return named in await api.search_titles(named)

    assert await wait_until(found)
    mistyped = named.replace("feather", "faether")
    assert named in await api.search_titles(mistyped)


async def test_a_change_is_shown_at_once_and_searchable_soon(api: ApiClient) -> None:
    film = await added(api, title=title("Bumbleton"))
    path = f"/api/v1/movies/{film['id']}"
    first = await api.get(path)
    assert (await api.get(path)).headers["Cache-Status"].startswith("movies;")
    renamed = title("Wexcombe")
    token = await api.admin_token()
    changed = await api.request(
        "PATCH",
        path,
        token=token,
        headers={"If-Match": first.headers["ETag"]},
        json={"title": renamed},
    )
    assert (changed.status, changed.json["version"]) == (200, 2)
    assert (await api.get(path)).json["title"] == renamed
    assert await wait_until(lambda: _finds(api, renamed))
    assert film["title"] not in await api.search_titles(str(film["title"]))


async def _finds(api: ApiClient, named: str) -> bool:
    return named in await api.search_titles(named)


async def test_a_deleted_film_is_neither_shown_nor_found(api: ApiClient) -> None:
    film = await added(api, title=title("Grundlesham"))
    named = str(film["title"])
    await wait_until(lambda: _finds(api, named))
    path, token = f"/api/v1/movies/{film['id']}", await api.admin_token()
    gone = await api.request("DELETE", path, token=token, headers={"If-Match": '"1.0"'})
    assert gone.status == 204, gone.json
    assert (await api.get(path)).status == 404

    async def forgotten() -> bool:
        return not await _finds(api, named)

    assert await wait_until(forgotten)


async def test_writes_want_to_know_what_was_seen(api: ApiClient) -> None:
    film = await added(api, title=title("Ottermere"))
    path, token = f"/api/v1/movies/{film['id']}", await api.admin_token()
    missing = await api.request("PATCH", path, token=token, json={"year": 2000})
    assert (missing.status, missing.json["code"]) == (428, "version_required")
    stale = await api.request(
        "PUT", path, token=token, headers={"If-Match": '"9.0"'}, json={"title": "X"}
    )
    assert (stale.status, stale.json["code"]) == (412, "version_mismatch")
    nonsense = await api.request("DELETE", path, token=token, headers={"If-Match": "yesterday"})
    assert (nonsense.status, nonsense.json["code"]) == (400, "malformed_etag")
    anyway = await api.request(
        "PATCH", path, token=token, headers={"If-Match": "*"}, json={"year": 2000}
    )
    assert (anyway.status, anyway.json["year"]) == (200, 2000)


async def test_of_two_admins_at_once_one_is_told(api: ApiClient) -> None:
    film = await added(api, title=title("Pellworth"))
    path, token = f"/api/v1/movies/{film['id']}", await api.admin_token()
    answers = await asyncio.gather(
        *(
            api.request(
                "PATCH", path, token=token, headers={"If-Match": '"1.0"'}, json={"year": year}
            )
            for year in (1990, 1991)
        )
    )
    assert sorted(answer.status for answer in answers) == [200, 412]


async def test_only_admins_write(api: ApiClient) -> None:
    film = await added(api, title=title("Harkness"))
    path = f"/api/v1/movies/{film['id']}"
    name = f"user{uuid.uuid4().hex[:8]}"
    given = {"username": name, "email": f"{name}@example.org", "password": "a fine long password"}
    assert (await api.request("POST", "/api/v1/auth/register", json=given)).status == 201
    session = await api.request(
        "POST",
        "/api/v1/auth/login",
        json={"username": name, "password": given["password"]},
    )
    token = session.json["access_token"]
    for method, where in (
        ("POST", "/api/v1/movies"),
        ("PUT", path),
        ("PATCH", path),
        ("DELETE", path),
        ("POST", "/api/v1/admin/reindex"),
    ):
        body = {"json": {"title": "X"}} if method != "DELETE" else {}
        head = {"headers": {"If-Match": "*"}}
        nobody = await api.request(method, where, **body, **head)
        assert (nobody.status, nobody.headers["WWW-Authenticate"]) == (401, "Bearer")
        somebody = await api.request(method, where, token=token, **body, **head)
        assert (somebody.status, somebody.json["code"]) == (403, "admin_required")
    assert (await api.get(path)).json["version"] == 1


async def test_a_twin_and_an_unknown_genre_are_refused(api: ApiClient) -> None:
    film = await added(api, title=title("Marrowby"))
    token = await api.admin_token()
    twin = await api.request(
        "POST", "/api/v1/movies", token=token, json={**PLAIN, "title": film["title"]}
    )
    assert (twin.status, twin.json["code"]) == (409, "movie_exists")
    genre = await api.request(
        "POST", "/api/v1/movies", token=token, json={"title": "X", "genres": ["Nonesuch"]}
    )
    assert (genre.status, genre.json["code"]) == (422, "genre_not_found")


async def test_wrong_fields_are_named_each(api: ApiClient) -> None:
    wrong = {"title": " ", "year": "long ago", "is_admin": True, "end_year": 99999}
    refused = await api.request("POST", "/api/v1/movies", token=await api.admin_token(), json=wrong)
    assert refused.status == 422
    told = {error["pointer"] for error in refused.json["errors"]}
    assert told == {"/title", "/year", "/is_admin", "/end_year"}


async def test_who_has_it_already_gets_304(api: ApiClient) -> None:
    film = await api.get("/api/v1/movies/tt0073195")
    again = await api.get(
        "/api/v1/movies/tt0073195", headers={"If-None-Match": film.headers["ETag"]}
    )
    assert (film.status, again.status, again.body) == (200, 304, b"")


async def test_a_plain_title_names_the_film_of_exactly_that_title(api: ApiClient) -> None:
    for named in ("jaws", "JAWS", "the%20godfather", "godfather", "am%C3%A9lie"):
        shown = await api.get(f"/api/v1/movies/{named}")
        assert shown.status == 200, (named, shown.json)
    assert (await api.get("/api/v1/movies/the%20godfather")).json["title"] == "The Godfather"


async def test_a_film_that_was_asked_for_twice_comes_from_the_cache(api: ApiClient) -> None:
    path = "/api/v1/movies/tt0068646"

    async def hit() -> bool:
        return "hit" in (await api.get(path)).headers["Cache-Status"]

    assert await wait_until(hit)
