"""Exports over HTTP: requested, awaited, downloaded by their owner alone."""

import re
from uuid import uuid4

import pytest

from tests.support.api_accounts import ApiUser, create_user
from tests.support.exports import read_json, unpack
from tests.support.service_runner import ApiClient, Response
from tests.support.waiting import wait_until

EXPORTS = "/api/v1/me/exports"


async def wait_for_archive(api: ApiClient, address: str, token: str) -> Response:
    async def is_made() -> Response | None:
        response = await api.get(address, token=token)
        assert response.status in (200, 202), response.json
        return response if response.status == 200 else None

    archive: Response = await wait_until(is_made)
    return archive


@pytest.fixture
async def person(api: ApiClient) -> ApiUser:
    return await create_user(api)


async def test_a_person_gets_an_archive_of_all_that_is_stored(
    api: ApiClient, person: ApiUser
) -> None:
    requested = await api.request("POST", EXPORTS, token=person.token)
    assert requested.status == 202
    assert requested.json["state"] == "pending"
    assert requested.headers["Cache-Control"] == "no-store"
    address = requested.headers["Location"]
    assert address == f"{EXPORTS}/{requested.json['id']}"
    archive = await wait_for_archive(api, address, person.token)
    assert archive.headers["Content-Type"] == "application/zip"
    assert archive.headers["Cache-Control"] == "no-store"
    disposition = r'attachment; filename="movies-export-\d{4}-\d\d-\d\d\.zip"'
    assert re.fullmatch(disposition, archive.headers["Content-Disposition"])
    assert archive.headers["X-Content-Type-Options"] == "nosniff"
    assert int(archive.headers["Content-Length"]) == len(archive.body)
    files = unpack(archive.body)
    assert read_json(files, "account")[0]["username"] == person.name
    head = await api.request("HEAD", address, token=person.token)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == archive.headers["Content-Length"]
    [entry] = (await api.get(EXPORTS, token=person.token)).json["results"]
    assert (entry["state"], entry["size_bytes"]) == ("done", len(archive.body))


async def test_an_archive_needs_the_login_of_its_owner(api: ApiClient, person: ApiUser) -> None:
    requested = await api.request("POST", EXPORTS, token=person.token)
    address = requested.headers["Location"]
    await wait_for_archive(api, address, person.token)
    assert (await api.get(address)).status == 401
    for token in ((await create_user(api)).token, await api.admin_token()):
        response = await api.get(address, token=token)
        assert (response.status, response.json["code"]) == (404, "export_not_found")


async def test_a_second_request_is_refused_and_a_repeated_one_gets_its_first_answer(
    api: ApiClient, person: ApiUser
) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    first = await api.request("POST", EXPORTS, token=person.token, headers=key)
    again = await api.request("POST", EXPORTS, token=person.token, headers=key)
    assert (again.status, again.headers["Location"]) == (202, first.headers["Location"])
    assert again.headers["Idempotent-Replayed"] == "true"
    second = await api.request("POST", EXPORTS, token=person.token)
    assert second.status in (409, 429)
    assert second.json["code"] in ("export_running", "export_too_soon")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_exports_without_a_login_are_refused(api: ApiClient, method: str) -> None:
    assert (await api.request(method, EXPORTS)).status == 401


async def test_an_export_that_does_not_exist_is_not_found(api: ApiClient, person: ApiUser) -> None:
    for name in (str(uuid4()), "no-uuid"):
        response = await api.get(f"{EXPORTS}/{name}", token=person.token)
        assert (response.status, response.json["code"]) == (404, "export_not_found")
