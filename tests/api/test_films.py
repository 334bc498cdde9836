"""One film over HTTP: anyone reads it, admins change it under `If-Match`."""

import asyncio
import uuid
from collections.abc import Mapping
from urllib.parse import quote

import pytest

from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until

FACTS = {"year": 1999, "directors": ["A Director"], "genres": ["Drama"]}


def unique_title(word: str) -> str:
    return f"{word} {uuid.uuid4().hex[:8]}"


def tag_of(film: Mapping[str, object], version: int = 1, counters: int = 0) -> str:
    return f'"{film["id"]}.{version}.{counters}"'


async def add_film(api: ApiClient, **facts: object) -> dict[str, object]:
    response = await api.request(
        "POST", "/api/v1/movies", token=await api.admin_token(), json={**FACTS, **facts}
    )
    assert response.status == 201, response.json
    return dict(response.json)


async def test_a_film_that_an_admin_adds_can_be_read_and_found(api: ApiClient) -> None:
    title = unique_title("Quillfeather")
    film = await add_film(api, title=title)
    response = await api.get(f"/api/v1/movies/{film['id']}")
    assert (response.status, response.json["title"], response.json["version"]) == (200, title, 1)

    assert await wait_until(lambda: _is_found(api, title))
    mistyped = title.replace("feather", "faether")
    assert title in await api.search_titles(mistyped)


async def test_an_update_can_be_read_at_once_and_found_soon(api: ApiClient) -> None:
    film = await add_film(api, title=unique_title("Bumbleton"))
    path = f"/api/v1/movies/{film['id']}"
    first = await api.get(path)
    assert (await api.get(path)).headers["Cache-Status"].startswith("movies;")
    new_title = unique_title("Wexcombe")
    token = await api.admin_token()
    changed = await api.request(
        "PATCH",
        path,
        token=token,
        headers={"If-Match": first.headers["ETag"]},
        json={"title": new_title},
    )
    assert (changed.status, changed.json["version"]) == (200, 2)
    assert (await api.get(path)).json["title"] == new_title
    assert await wait_until(lambda: _is_found(api, new_title))
    assert film["title"] not in await api.search_titles(str(film["title"]))


async def _is_found(api: ApiClient, title: str) -> bool:
    return title in await api.search_titles(title)


async def test_a_deleted_film_can_neither_be_read_nor_found(api: ApiClient) -> None:
    film = await add_film(api, title=unique_title("Grundlesham"))
    title = str(film["title"])
    await wait_until(lambda: _is_found(api, title))
    path, token = f"/api/v1/movies/{film['id']}", await api.admin_token()
    deleted = await api.request("DELETE", path, token=token, headers={"If-Match": tag_of(film)})
    assert deleted.status == 204, deleted.json
    assert (await api.get(path)).status == 404

    async def is_missing() -> bool:
        return not await _is_found(api, title)

    assert await wait_until(is_missing)


async def test_a_write_needs_the_current_version_in_if_match(api: ApiClient) -> None:
    film = await add_film(api, title=unique_title("Ottermere"))
    path, token = f"/api/v1/movies/{film['id']}", await api.admin_token()
    missing = await api.request("PATCH", path, token=token, json={"year": 2000})
    assert (missing.status, missing.json["code"]) == (428, "version_required")
    stale = await api.request(
        "PUT", path, token=token, headers={"If-Match": tag_of(film, version=9)}, json={"title": "X"}
    )
    assert (stale.status, stale.json["code"]) == (412, "version_mismatch")
    malformed = await api.request("DELETE", path, token=token, headers={"If-Match": "yesterday"})
    assert (malformed.status, malformed.json["code"]) == (400, "malformed_etag")
    unconditional = await api.request(
        "PATCH", path, token=token, headers={"If-Match": "*"}, json={"year": 2000}
    )
    assert (unconditional.status, unconditional.json["year"]) == (200, 2000)


@pytest.mark.parametrize(
    ("template", "status"),
    [
        ('"{id}.1.0"', 200),
        ('"{id}.1.7"', 200),
        ('"{id}.1.0-gz"', 200),
        ('"{id}.1.0-zst"', 200),
        ('"other", "{id}.1.0"', 200),
        ("*", 200),
        ('W/"{id}.1.0"', 412),
        ('"{id}.2.0"', 412),
        ('"01234567-89ab-7def-8123-456789abcdef.1.0"', 412),
        ('"1.0"', 412),
        ("{id}.1.0", 400),
        ('"{id}.1.0', 400),
        ('"a" "{id}.1.0"', 400),
    ],
)
async def test_if_match_compares_id_and_version_of_strong_tags(
    api: ApiClient, template: str, status: int
) -> None:
    film = await add_film(api, title=unique_title("Fennimore"))
    response = await api.request(
        "PATCH",
        f"/api/v1/movies/{film['id']}",
        token=await api.admin_token(),
        headers={"If-Match": template.format(**film)},
        json={"plot": "It rains."},
    )
    assert response.status == status, response.json


async def test_the_tag_of_a_deleted_film_is_stale_for_its_successor(api: ApiClient) -> None:
    token, imdb_id = await api.admin_token(), f"tt{uuid.uuid4().int % 10**8:08d}"
    first = await add_film(api, title=unique_title("Ludgrove"), imdb_id=imdb_id)
    path = f"/api/v1/movies/{imdb_id}"
    tag = (await api.get(path)).headers["ETag"]
    deleted = await api.request("DELETE", path, token=token, headers={"If-Match": tag})
    assert deleted.status == 204
    second = await add_film(api, title=first["title"], imdb_id=imdb_id)
    again = await api.get(path, headers={"If-None-Match": tag})
    assert (again.status, again.json["id"]) == (200, second["id"])
    change = await api.request(
        "PATCH", path, token=token, headers={"If-Match": tag}, json={"year": 2000}
    )
    assert (change.status, change.json["code"]) == (412, "version_mismatch")


async def test_of_two_concurrent_updates_one_is_refused(api: ApiClient) -> None:
    film = await add_film(api, title=unique_title("Pellworth"))
    path, token = f"/api/v1/movies/{film['id']}", await api.admin_token()
    responses = await asyncio.gather(
        *(
            api.request(
                "PATCH", path, token=token, headers={"If-Match": tag_of(film)}, json={"year": year}
            )
            for year in (1990, 1991)
        )
    )
    assert sorted(response.status for response in responses) == [200, 412]


async def test_only_admins_may_write(api: ApiClient) -> None:
    film = await add_film(api, title=unique_title("Harkness"))
    path = f"/api/v1/movies/{film['id']}"
    name = f"user{uuid.uuid4().hex[:8]}"
    account = {"username": name, "email": f"{name}@example.org", "password": "a fine long password"}
    assert (await api.request("POST", "/api/v1/auth/register", json=account)).status == 201
    session = await api.request(
        "POST",
        "/api/v1/auth/login",
        json={"username": name, "password": account["password"]},
    )
    token = session.json["access_token"]
    for method, target in (
        ("POST", "/api/v1/movies"),
        ("PUT", path),
        ("PATCH", path),
        ("DELETE", path),
        ("POST", "/api/v1/admin/reindex"),
    ):
        body = {"json": {"title": "X"}} if method != "DELETE" else {}
        headers = {"headers": {"If-Match": "*"}}
        anonymous = await api.request(method, target, **body, **headers)
        assert (anonymous.status, anonymous.headers["WWW-Authenticate"]) == (401, "Bearer")
        as_user = await api.request(method, target, token=token, **body, **headers)
        assert (as_user.status, as_user.json["code"]) == (403, "admin_required")
    assert (await api.get(path)).json["version"] == 1


async def test_a_duplicate_and_an_unknown_genre_are_refused(api: ApiClient) -> None:
    film = await add_film(api, title=unique_title("Marrowby"))
    token = await api.admin_token()
    duplicate = await api.request(
        "POST", "/api/v1/movies", token=token, json={**FACTS, "title": film["title"]}
    )
    assert (duplicate.status, duplicate.json["code"]) == (409, "movie_exists")
    unknown_genre = await api.request(
        "POST", "/api/v1/movies", token=token, json={"title": "X", "genres": ["Nonesuch"]}
    )
    assert (unknown_genre.status, unknown_genre.json["code"]) == (422, "genre_not_found")


async def test_every_invalid_field_is_named(api: ApiClient) -> None:
    invalid = {"title": " ", "year": "long ago", "is_admin": True, "end_year": 99999}
    response = await api.request(
        "POST", "/api/v1/movies", token=await api.admin_token(), json=invalid
    )
    assert response.status == 422
    pointers = {error["pointer"] for error in response.json["errors"]}
    assert pointers == {"/title", "/year", "/is_admin", "/end_year"}


async def test_a_client_with_the_current_etag_gets_304(api: ApiClient) -> None:
    film = await api.get("/api/v1/movies/tt0073195")
    again = await api.get(
        "/api/v1/movies/tt0073195", headers={"If-None-Match": film.headers["ETag"]}
    )
    assert (film.status, again.status, again.body) == (200, 304, b"")


async def test_a_film_is_read_by_its_full_title_in_any_case(api: ApiClient) -> None:
    for name in ("jaws", "JAWS", "the%20godfather", "godfather", "am%C3%A9lie"):
        response = await api.get(f"/api/v1/movies/{name}")
        assert response.status == 200, (name, response.json)
    assert (await api.get("/api/v1/movies/the%20godfather")).json["title"] == "The Godfather"


async def test_a_film_that_is_requested_again_comes_from_the_cache(api: ApiClient) -> None:
    path = "/api/v1/movies/tt0068646"

    async def is_hit() -> bool:
        return "hit" in (await api.get(path)).headers["Cache-Status"]

    assert await wait_until(is_hit)


@pytest.mark.parametrize("movie", ["TT0073195", "Tt0073195"])
async def test_an_imdb_id_is_read_in_any_letter_case(api: ApiClient, movie: str) -> None:
    assert (await api.get(f"/api/v1/movies/{movie}")).json["title"] == "Jaws"
    assert (await api.get(f"/api/v1/movies/{movie}/poster")).status == 200


async def test_a_write_under_an_id_in_capitals_can_be_read_at_once(api: ApiClient) -> None:
    film = await add_film(api, title=unique_title("Kettleby"))
    path = f"/api/v1/movies/{str(film['id']).upper()}"
    assert (await api.get(path)).status == 200
    token = await api.admin_token()
    patch = {"token": token, "headers": {"If-Match": "*"}, "json": {"imdb_id": "TT98765432"}}
    changed = await api.request("PATCH", path, **patch)
    assert (changed.status, changed.json["imdb_id"]) == (200, "tt98765432")
    assert (await api.get(path)).json["imdb_id"] == "tt98765432"
    reindexed = await api.request(
        "POST", path.replace("/movies", "/admin/movies") + "/reindex", token=token
    )
    assert reindexed.status == 202
    gone = await api.request("DELETE", path, token=token, headers={"If-Match": "*"})
    assert gone.status == 204


@pytest.mark.parametrize("media_type", ["application/json", "application/merge-patch+json"])
async def test_null_in_a_patch_empties_a_field(api: ApiClient, media_type: str) -> None:
    film = await add_film(api, title=unique_title("Nettlecombe"), ratings={"metacritic": 50})
    response = await api.request(
        "PATCH",
        f"/api/v1/movies/{film['id']}",
        token=await api.admin_token(),
        headers={"If-Match": "*", "Content-Type": media_type},
        data=b'{"year": null, "directors": null, "ratings": null}',
    )
    assert response.status == 200, response.json
    assert (response.json["year"], response.json["directors"]) == (None, [])
    assert response.json["ratings"]["metacritic"] is None
    assert response.json["genres"] == ["Drama"]


@pytest.mark.parametrize("title", ["ﷺ" * 40, "½" * 350, "x" * 501])
async def test_a_title_longer_than_its_column_is_refused(api: ApiClient, title: str) -> None:
    token = await api.admin_token()
    added = await api.request("POST", "/api/v1/movies", token=token, json={"title": title})
    assert (added.status, added.json["errors"][0]["pointer"]) == (422, "/title")
    film = await add_film(api, title=unique_title("Overbury"))
    changed = await api.request(
        "PATCH",
        f"/api/v1/movies/{film['id']}",
        token=token,
        headers={"If-Match": "*"},
        json={"title": title},
    )
    assert changed.status == 422
    assert (await api.get(f"/api/v1/movies/{quote(title)}")).status in (404, 422)
    assert (await api.get(f"/api/v1/movies/{quote(title)}/poster")).status == 404


@pytest.mark.parametrize("movie", ["tt99999999999", "tt" + "9" * 500, "a" * 2000, "%00", "%F0%9F"])
async def test_an_id_that_no_film_can_have_is_not_found(api: ApiClient, movie: str) -> None:
    for method, path in (
        ("GET", f"/api/v1/movies/{movie}"),
        ("GET", f"/api/v1/movies/{movie}/poster"),
        ("PATCH", f"/api/v1/movies/{movie}"),
        ("DELETE", f"/api/v1/movies/{movie}"),
        ("POST", f"/api/v1/admin/movies/{movie}/reindex"),
        ("GET", f"/api/v1/admin/reindex/{movie}"),
        ("POST", f"/api/v1/admin/outbox/{movie}/retry"),
    ):
        options = {"json": {"year": 2000}} if method == "PATCH" else {}
        response = await api.request(
            method, path, token=await api.admin_token(), headers={"If-Match": "*"}, **options
        )
        assert response.status in (400, 404, 422), (method, path, response.json)


async def test_year_and_type_narrow_a_title(api: ApiClient) -> None:
    title = unique_title("Twinbrook")
    older = await add_film(api, title=title, year=1960)
    newer = await add_film(api, title=title, year=1990, type="series")
    path = f"/api/v1/movies/{quote(title)}"
    assert (await api.get(f"{path}?year=1960")).json["id"] == older["id"]
    assert (await api.get(f"{path}?type=series")).json["id"] == newer["id"]
    narrowed = await api.get(f"/api/v1/movies/lookup?title={quote(title)}&year=1990&type=series")
    assert (narrowed.status, narrowed.json["id"]) == (200, newer["id"])
    missing = await api.get(f"/api/v1/movies/lookup?title={quote(title)}&year=1991")
    assert (missing.status, missing.json["code"]) == (404, "movie_not_found")
    for name, value in (("year", "1975"), ("type", "movie")):
        refused = await api.get(f"/api/v1/movies/tt0073195?{name}={value}")
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, name)


async def test_of_two_titles_that_fold_alike_the_one_spelt_so_is_read(api: ApiClient) -> None:
    word = uuid.uuid4().hex[:8]
    plain = await add_film(api, title=f"Zort {word}", year=1960)
    signed = await add_film(api, title=f"Zort! {word}", year=1990)
    for film in (plain, signed):
        path = f"/api/v1/movies/{quote(str(film['title']).upper())}"
        assert (await api.get(path)).json["id"] == film["id"]


async def test_a_batch_answers_each_id_on_its_own(api: ApiClient) -> None:
    film = await add_film(api, title=unique_title("Batchworth"))
    ids = ["TT0073195", str(film["id"]).upper(), "tt9999999", "jaws", "tt0073195"]
    response = await api.request("POST", "/api/v1/movies/batch", json={"ids": ids})
    assert response.status == 200, response.json
    answers = response.json["answers"]
    assert [answer["status"] for answer in answers] == [200, 200, 404, 422, 200]
    assert answers[0]["movie"]["title"] == answers[4]["movie"]["title"] == "Jaws"
    assert answers[1]["movie"]["id"] == film["id"]
    assert answers[2]["problem"]["code"] == "movie_not_found"
    assert answers[3]["problem"]["errors"][0]["pointer"] == "/ids/3"
    for body in ({"ids": []}, {"ids": ["tt0073195"] * 101}, {}, {"ids": [1]}):
        assert (await api.request("POST", "/api/v1/movies/batch", json=body)).status == 422


async def test_the_tag_of_a_compressed_film_serves_writes_and_conditional_reads(
    api: ApiClient,
) -> None:
    film = await add_film(api, title=unique_title("Gzipham"), plot="It rains again. " * 200)
    path = f"/api/v1/movies/{film['id']}"
    packed = await api.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    tag = packed.headers["ETag"]
    assert tag == f'"{film["id"]}.1.0-gz"'
    assert (await api.get(path, headers={"If-None-Match": tag})).status == 304
    changed = await api.request(
        "PATCH",
        path,
        token=await api.admin_token(),
        headers={"If-Match": tag},
        json={"year": 2000},
    )
    assert changed.status == 200


@pytest.mark.parametrize("blank", ["\u200b", "\u3164", "\u2800\ufe0f"])
async def test_a_text_that_cannot_be_seen_is_refused_in_every_field(
    api: ApiClient, blank: str
) -> None:
    token = await api.admin_token()
    film = {"title": "Kestrelmoor in fog", "year": 1999}
    for field, value in (
        *((name, blank) for name in ("title", "plot", "awards", "rated")),
        *((name, ["Ada", blank]) for name in ("aliases", "directors", "actors", "languages")),
    ):
        body = film | {field: value}
        refused = await api.request("POST", "/api/v1/movies", json=body, token=token)
        pointer = f"/{field}" if value == blank else f"/{field}/1"
        assert refused.status == 422, field
        assert refused.json["errors"] == [
            {"pointer": pointer, "detail": "must have a visible character"}
        ]
