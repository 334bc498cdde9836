"""The mails to people, as admins see them."""

import uuid

import pytest

from tests.support.service_runner import ApiClient
from tests.support.waiting import wait_until

PASSWORD, NEW_PASSWORD = "correct horse battery", "a staple in the stable"


async def register_and_log_in(api: ApiClient, name: str) -> str:
    """Return an access token of a new user."""
    body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    assert (await api.request("POST", "/api/v1/auth/register", json=body)).status == 201
    credentials = {"username": name, "password": PASSWORD}
    session = await api.request("POST", "/api/v1/auth/login", json=credentials)
    return str(session.json["access_token"])


async def test_a_change_of_the_password_is_told_by_mail(api: ApiClient) -> None:
    name = f"user-{uuid.uuid4().hex[:12]}"
    token = await register_and_log_in(api, name)
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    headers = {"Accept-Language": "de-AT, en;q=0.5"}
    response = await api.request(
        "POST", "/api/v1/auth/password", json=change, token=token, headers=headers
    )
    assert response.status == 204

    async def find_sent_mail() -> dict[str, object] | None:
        mails = await api.get(
            "/api/v1/admin/mail?state=sent&limit=100", token=await api.admin_token()
        )
        assert mails.status == 200
        assert mails.headers["Cache-Control"] == "no-store"
        recipient = f"{name}@example.org"
        return next((m for m in mails.json["results"] if m["recipient"] == recipient), None)

    mail = await wait_until(find_sent_mail)
    assert (mail["kind"], mail["language"], mail["attempts"]) == ("password_changed", "de", 1)
    again = await api.request(
        "POST", f"/api/v1/admin/mail/{mail['id']}/retry", token=await api.admin_token()
    )
    assert (again.status, again.json["code"]) == (409, "mail_sent")


async def test_an_unknown_mail_cannot_be_retried(api: ApiClient) -> None:
    for mail_id in (uuid.uuid4(), "1", "%00"):
        response = await api.request(
            "POST", f"/api/v1/admin/mail/{mail_id}/retry", token=await api.admin_token()
        )
        assert (response.status, response.json["code"]) == (404, "mail_not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/mail"), ("POST", "/mail/01a21f41-4504-7049-a2d1-aff030dc576e/retry")],
)
async def test_only_admins_see_mails(api: ApiClient, method: str, path: str) -> None:
    assert (await api.request(method, f"/api/v1/admin{path}")).status == 401
    token = await register_and_log_in(api, f"user-{uuid.uuid4().hex[:12]}")
    response = await api.request(method, f"/api/v1/admin{path}", token=token)
    assert (response.status, response.json["code"]) == (403, "admin_required")
