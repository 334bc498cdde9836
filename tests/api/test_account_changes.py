"""Changing one's own account: only what is named changes, and wrong values change nothing."""

import pytest

from tests.support.api_accounts import PASSWORD, ApiUser, create_user
from tests.support.service_runner import ApiClient

ME = "/api/v1/me"


@pytest.fixture
async def user(api: ApiClient) -> ApiUser:
    return await create_user(api)


async def test_only_what_is_named_changes(api: ApiClient, user: ApiUser) -> None:
    before = (await api.get(ME, token=user.token)).json
    assert (before["language"], before["profile"]) == (None, "private")
    expected = before
    for change in ({"language": "de"}, {"profile": "public"}, {}, {"language": None}):
        expected = {**expected, **change}
        changed = await api.request("PATCH", ME, token=user.token, json=change)
        assert (changed.status, changed.json) == (200, expected)
        assert changed.headers["Cache-Control"] == "no-store"
    assert (await api.get(ME, token=user.token)).json == expected


async def test_several_things_change_at_once(api: ApiClient, user: ApiUser) -> None:
    change = {"language": "en", "profile": "public", "email": f"new-{user.name}@example.org"}
    body = {**change, "current_password": PASSWORD}
    changed = await api.request("PATCH", ME, token=user.token, json=body)
    assert changed.status == 200, changed.json
    assert {name: changed.json[name] for name in change} == change


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"language": "fr"}, "/language"),
        ({"language": "DE"}, "/language"),
        ({"profile": "secret"}, "/profile"),
        ({"is_admin": True}, "/is_admin"),
        ({"username": "root"}, "/username"),
        ({"id": "01993f7e-8a4b-7c21-b7de-5f0a9c3e1d42"}, "/id"),
    ],
)
async def test_a_wrong_or_foreign_field_is_refused_and_nothing_changes(
    api: ApiClient, user: ApiUser, change: dict[str, object], pointer: str
) -> None:
    before = (await api.get(ME, token=user.token)).json
    refused = await api.request("PATCH", ME, token=user.token, json={"language": "de", **change})
    assert refused.status == 422
    assert [error["pointer"] for error in refused.json["errors"]] == [pointer]
    assert (await api.get(ME, token=user.token)).json == before
