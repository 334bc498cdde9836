"""`Idempotency-Key`: a retry creates nothing twice and gets the first answer again."""

import asyncio
import sqlite3
import uuid
from typing import Any

import asyncpg
import pytest

from service.database.connection import to_driver_url
from tests.support.service_runner import ApiClient, Response

MOVIES, REGISTER, REINDEX = "/api/v1/movies", "/api/v1/auth/register", "/api/v1/admin/reindex"
PASSWORD = "correct horse battery"


def new_film() -> dict[str, object]:
    return {"title": f"Quillfeather {uuid.uuid4().hex}", "year": 1999}


def new_account(**changes: object) -> dict[str, object]:
    name = f"user-{uuid.uuid4().hex[:12]}"
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD, **changes}


def new_key() -> str:
    return str(uuid.uuid4())


async def post(
    api: ApiClient, path: str, key: str, body: object = None, token: str | None = None
) -> Response:
    headers = {"Idempotency-Key": key}
    return await api.request("POST", path, json=body, headers=headers, token=token)


def is_replayed(response: Response) -> bool:
    return response.headers.get("Idempotent-Replayed") == "true"


async def test_a_repeated_film_gets_the_first_answer_again(api: ApiClient) -> None:
    token, key, film = await api.admin_token(), new_key(), new_film()
    first = await post(api, MOVIES, key, film, token)
    assert (first.status, is_replayed(first)) == (201, False)
    patched = await api.request(
        "PATCH",
        first.headers["Location"],
        json={"year": 2001},
        token=token,
        headers={"If-Match": first.headers["ETag"]},
    )
    assert patched.status == 200
    again = await post(api, MOVIES, key, film, token)
    assert (again.status, again.body, is_replayed(again)) == (201, first.body, True)
    for name in ("Location", "ETag", "Index-Token", "Content-Type"):
        assert again.headers[name] == first.headers[name], name
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    other = await post(api, MOVIES, new_key(), film | {"year": 2001}, token)
    assert (other.status, other.json["code"]) == (409, "movie_exists")


async def test_a_repeated_registration_gets_the_account_and_no_secret_is_stored(
    api: ApiClient, service_database_url: str
) -> None:
    key, account = new_key(), new_account()
    first = await post(api, REGISTER, key, account)
    again = await post(api, REGISTER, key, account)
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert (is_replayed(again), again.headers["Cache-Control"]) == (True, "no-store")
    login = {"username": account["username"], "password": PASSWORD}
    assert (await api.request("POST", "/api/v1/auth/login", json=login)).status == 200
    changed = await post(api, REGISTER, key, account | {"password": PASSWORD + "!"})
    assert (changed.status, changed.json["code"]) == (422, "idempotency_key_reused")
    stored = await read_table(service_database_url, "idempotent_requests")
    assert account["username"] in stored
    assert PASSWORD not in stored and key not in stored


async def read_table(database_url: str, table: str) -> str:
    if database_url.startswith("sqlite"):
        with sqlite3.connect(database_url.removeprefix("sqlite://")) as database:
            return str(database.execute(f"SELECT * FROM {table}").fetchall())
    connection = await asyncpg.connect(to_driver_url(database_url))
    try:
        return str([tuple(row) for row in await connection.fetch(f"SELECT * FROM {table}")])
    finally:
        await connection.close()


async def test_another_body_under_the_same_key_is_refused(api: ApiClient) -> None:
    token, key = await api.admin_token(), new_key()
    assert (await post(api, MOVIES, key, new_film(), token)).status == 201
    other = new_film()
    refused = await post(api, MOVIES, key, other, token)
    assert (refused.status, refused.json["code"]) == (422, "idempotency_key_reused")
    assert (await post(api, MOVIES, new_key(), other, token)).status == 201


async def test_a_request_that_created_nothing_leaves_its_key_free(api: ApiClient) -> None:
    token, key, film = await api.admin_token(), new_key(), new_film()
    assert (await post(api, MOVIES, key, {"year": 1999}, token)).status == 422
    assert (await post(api, MOVIES, key, film)).status == 401
    response = await post(api, MOVIES, key, film, token)
    assert (response.status, is_replayed(response)) == (201, False)


async def test_a_key_belongs_to_its_caller(api: ApiClient) -> None:
    token, key, film = await api.admin_token(), new_key(), new_film()
    assert (await post(api, MOVIES, key, film, token)).status == 201
    admin = new_account(is_admin=True)
    assert (await post(api, REGISTER, new_key(), admin, token)).status == 201
    login = {"username": admin["username"], "password": PASSWORD}
    session = await api.request("POST", "/api/v1/auth/login", json=login)
    other = await post(api, MOVIES, key, film, session.json["access_token"])
    assert (other.status, other.json["code"]) == (409, "movie_exists")
    for wrong in (None, "no-token"):
        assert (await post(api, MOVIES, key, film, wrong)).status == 401


async def test_a_key_belongs_to_its_address_and_may_be_quoted(api: ApiClient) -> None:
    token, key, film = await api.admin_token(), new_key(), new_film()
    first = await post(api, MOVIES, f'"{key}"', film, token)
    again = await post(api, f"{MOVIES}/", key, film, token)
    assert (first.status, again.status, is_replayed(again)) == (201, 201, True)
    path = f"/api/v1/admin/movies/{first.json['id']}/reindex"
    indexed = await post(api, path, key, token=token)
    assert (indexed.status, is_replayed(indexed)) == (202, False)
    repeated = await post(api, path, key, token=token)
    assert (repeated.status, repeated.body, is_replayed(repeated)) == (202, indexed.body, True)


async def test_a_repeated_rebuild_names_the_same_job(api: ApiClient) -> None:
    token, key = await api.admin_token(), new_key()
    first = await post(api, REINDEX, key, token=token)
    again = await post(api, REINDEX, key, token=token)
    assert (first.status, again.status, again.json["id"]) == (202, 202, first.json["id"])
    assert again.headers["Location"] == first.headers["Location"]
    await api.request("DELETE", first.headers["Location"], token=token)


@pytest.mark.parametrize(
    "key", ["", " ", "a b", "ключ", "é", "x" * 201, '"', '""', '"a" "b"', "a,\tb"]
)
async def test_a_request_with_a_malformed_idempotency_key_is_refused(
    api: ApiClient, key: str
) -> None:
    response = await post(api, MOVIES, key, new_film(), await api.admin_token())
    assert (response.status, response.json["code"]) == (400, "idempotency_key_malformed")


@pytest.mark.parametrize("key", ["1", "x" * 200, '"a-b_c.d:e/f"', "{key}"])
async def test_any_short_visible_text_is_a_key(api: ApiClient, key: str) -> None:
    account = new_account()
    assert (await post(api, REGISTER, key, account)).status == 201


async def test_a_request_with_two_idempotency_keys_is_refused(api: ApiClient) -> None:
    headers: Any = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    async with api.session.post(REGISTER, json=new_account(), headers=headers) as response:
        assert response.status == 400


async def test_of_concurrent_repetitions_one_creates_and_the_others_replay_or_wait(
    api: ApiClient,
) -> None:
    token = await api.admin_token()
    for path, body in ((MOVIES, new_film()), (REGISTER, new_account())):
        key = new_key()
        responses = await asyncio.gather(*(post(api, path, key, body, token) for _ in range(20)))
        created = [r for r in responses if r.status == 201 and not is_replayed(r)]
        assert len(created) == 1
        for response in responses:
            if response.status != 201:
                assert (response.status, response.json["code"]) == (409, "idempotency_key_in_use")
                assert response.headers["Retry-After"] == "1"
        again = await post(api, path, key, body, token)
        assert (again.status, again.body, is_replayed(again)) == (201, created[0].body, True)
