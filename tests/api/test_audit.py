"""The audit log, as admins read it."""

import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.service_runner import ADMIN, ApiClient

AUDIT = "/api/v1/admin/audit"


async def _list(api: ApiClient, **params: Any) -> dict[str, Any]:
    response = await api.get(AUDIT, params=params, token=await api.admin_token())
    assert response.status == 200, response.json
    assert response.headers["Cache-Control"] == "no-store"
    return dict(response.json)


async def _write_film(api: ApiClient) -> str:
    """Add, change and delete a film; return its id."""
    token = await api.admin_token()
    title = f"Audited {uuid.uuid4().hex}"
    added = await api.request("POST", "/api/v1/movies", token=token, json={"title": title})
    film = added.json["id"]
    path = f"/api/v1/movies/{film}"
    changed = await api.request(
        "PATCH", path, token=token, json={"year": 1975}, headers={"If-Match": added.headers["ETag"]}
    )
    assert changed.status == 200, changed.json
    headers = {"If-Match": changed.headers["ETag"]}
    assert (await api.request("DELETE", path, token=token, headers=headers)).status == 204
    return str(film)


async def test_writes_of_an_admin_are_listed_with_who_when_and_from_where(api: ApiClient) -> None:
    film = await _write_film(api)
    page = await _list(api, subject=film)
    actions = [entry["action"] for entry in page["results"]]
    assert actions == ["film_deleted", "film_changed", "film_added"]
    assert page["total"] == {"value": 3, "relation": "eq"}
    changed = page["results"][1]
    assert changed["details"] == {"fields": ["year"], "version": 2}
    assert changed["subject"]["kind"] == "film"
    assert changed["subject"]["name"].startswith("Audited ")
    actor = changed["actor"]
    assert (actor["kind"], actor["name"], actor["address"]) == ("user", ADMIN[0], "127.0.0.1")
    times = [entry["at"] for entry in page["results"]]
    assert times == sorted(times, reverse=True)
    for name in (ADMIN[0].upper(), actor["id"]):
        assert (await _list(api, subject=film, actor=name))["results"] == page["results"]
    assert (await _list(api, subject=film, actor=film))["results"] == []


async def test_a_change_that_changes_nothing_is_not_listed(api: ApiClient) -> None:
    token = await api.admin_token()
    title = f"Audited {uuid.uuid4().hex}"
    added = await api.request("POST", "/api/v1/movies", token=token, json={"title": title})
    headers = {"If-Match": added.headers["ETag"]}
    path = f"/api/v1/movies/{added.json['id']}"
    same = await api.request("PATCH", path, token=token, json={"title": title}, headers=headers)
    assert same.status == 200
    refused = await api.request("POST", "/api/v1/movies", token=token, json={"title": title})
    assert refused.status == 409
    page = await _list(api, subject=added.json["id"])
    assert [entry["action"] for entry in page["results"]] == ["film_added"]


async def test_the_log_is_read_page_by_page_without_gaps(api: ApiClient) -> None:
    film = await _write_film(api)
    first = await _list(api, subject=film, limit=2)
    await _write_film(api)
    link = urlsplit(first["next"])
    second = await _list(api, **{name: values[0] for name, values in parse_qs(link.query).items()})
    actions = [entry["action"] for page in (first, second) for entry in page["results"]]
    assert actions == ["film_deleted", "film_changed", "film_added"]
    assert second["next"] is None
    assert second["total"]["value"] == 3
    other_list = {**parse_qs(link.query), "subject": [str(uuid.uuid4())]}
    refused = await api.get(AUDIT, params=other_list, token=await api.admin_token())
    assert (refused.status, refused.json["code"]) == (400, "cursor_invalid")


async def test_an_invite_is_recorded_without_its_code(api: ApiClient) -> None:
    token = await api.admin_token()
    invite = await api.request("POST", "/api/v1/admin/invites", token=token, json={"days": 3})
    page = await _list(api, subject=invite.json["id"])
    assert [entry["action"] for entry in page["results"]] == ["invite_created"]
    assert invite.json["code"] not in str(page)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("action", "film_painted"),
        ("actor", "a name of nobody"),
        ("actor", "x" * 121),
        ("actor", "\u00bd" * 60),
        ("actor", "a\0b"),
        ("subject", "a\0b"),
        ("actor_kind", "robot"),
        ("since", "2026-11-27T20:00:00"),
        ("until", "yesterday"),
        ("subject", "x" * 65),
    ],
)
async def test_a_wrong_filter_is_refused(api: ApiClient, name: str, value: str) -> None:
    response = await api.get(AUDIT, params={name: value}, token=await api.admin_token())
    assert response.status == 422
    assert response.json["errors"][0]["pointer"] == name


async def test_only_admins_read_the_log(api: ApiClient) -> None:
    assert (await api.get(AUDIT)).status == 401


async def test_what_is_done_by_an_api_key_names_the_key(api: ApiClient) -> None:
    body = {"name": "of tests", "scopes": ["admin"]}
    key = await api.request("POST", "/api/v1/me/keys", token=await api.admin_token(), json=body)
    headers = {"X-API-Key": key.json["key"]}
    invite = await api.request("POST", "/api/v1/admin/invites", json={"days": 3}, headers=headers)
    assert invite.status == 201, invite.json
    (entry,) = (await _list(api, subject=invite.json["id"]))["results"]
    assert (entry["actor"]["name"], entry["actor"]["key"]) == (ADMIN[0], key.json["id"])
    path = f"/api/v1/me/keys/{key.json['id']}"
    assert (await api.request("DELETE", path, token=await api.admin_token())).status == 204
    page = await _list(api, subject=key.json["id"])
    assert [entry["action"] for entry in page["results"]] == ["key_deleted", "key_created"]
    assert key.json["key"] not in str(page)
