"""Clients of older services where not everybody may register, or addresses must be confirmed."""

import re
import uuid
from collections.abc import AsyncIterator

import pytest

from tests.support import service_runner
from tests.support.api_accounts import PASSWORD, log_in
from tests.support.service_runner import ADMIN, ApiClient, Response
from tests.support.waiting import wait_until

pytestmark = pytest.mark.once

RESTRICTIONS = {
    "closed": {"REGISTRATION": "closed"},
    "invite": {"REGISTRATION": "invite"},
    "confirmed": {"EMAIL_VERIFICATION": "required"},
}
REASONS = {
    "closed": "Only admins create accounts in this service.",
    "invite": "A registration needs an invite.",
    "confirmed": "An account needs an e-mail address, which must be confirmed.",
}


@pytest.fixture(scope="module", params=RESTRICTIONS)
async def restricted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, ApiClient]]:
    """Yield the restriction, and a client of a service of its own that has it."""
    name = str(request.param)
    settings = {
        **service_runner.embedded_settings(tmp_path_factory.mktemp(name)),
        **RESTRICTIONS[name],
        "RATE_LIMITS": "off",
    }
    created = service_runner.run_command(settings, "create-admin", ADMIN[0], stdin=f"{ADMIN[1]}\n")
    assert created.returncode == 0, created.stderr
    async with (
        service_runner.open_in_thread(service_runner.run_service(settings)) as service,
        ApiClient.connect(service) as api,
    ):
        yield name, api


def make_account() -> dict[str, str]:
    name = f"user-{uuid.uuid4().hex[:12]}"
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD}


async def post(
    api: ApiClient, path: str, body: dict[str, str], token: str | None = None
) -> Response:
    return await api.request("POST", f"/api/{path}", json=body, token=token)


async def test_an_account_without_an_address_is_refused_with_a_message(
    restricted: tuple[str, ApiClient],
) -> None:
    name, api = restricted
    account = make_account()
    for path in ("v1/register", "v1/signup"):
        refused = await post(api, path, account)
        assert (refused.status, refused.json) == (403, {"message": REASONS[name]})
    without_address = {**account, "email": ""}
    refused = await post(api, "v1/users/register/", without_address)
    assert (refused.status, refused.json) == (403, {"detail": REASONS[name]})
    assert (await post(api, "v1/login", account)).status == 401


async def test_an_admin_may_still_create_one(restricted: tuple[str, ApiClient]) -> None:
    _, api = restricted
    account, admin = make_account(), await log_in(api, *ADMIN)
    created = await post(api, "v1/register", account, admin.token)
    assert (created.status, created.json) == (200, {"message": "Registration successful."})
    assert (await post(api, "v1/login", account)).status == 200


async def test_a_registration_with_an_address_follows_the_restriction(
    restricted: tuple[str, ApiClient],
) -> None:
    name, api = restricted
    account = make_account()
    answer = await post(api, "auth/register", account)
    if name != "confirmed":
        assert (answer.status, answer.json) == (403, {"message": REASONS[name]})
        return
    assert (answer.status, answer.json) == (201, {"message": "User registered successfully"})
    refused = await post(api, "auth/login", account)
    assert (refused.status, refused.json) == (401, {"message": "Invalid email or password"})
    assert (await post(api, "v1/login", account)).status == 401
    assert (await post(api, "v1/auth/token/", account)).status == 401
    await confirm(api, account["email"])
    assert (await post(api, "auth/login", account)).status == 200
    taken = {**make_account(), "email": account["email"]}
    again = await post(api, "auth/register", taken)
    assert (again.status, again.json) == (answer.status, answer.json)
    voter = await post(api, "v1/users/register/", {**make_account(), "email": account["email"]})
    assert (voter.status, voter.json["id"]) == (201, None)


async def confirm(api: ApiClient, address: str) -> None:
    """Follow the link of the mail that the log has."""

    async def find_token() -> str | None:
        log = api.service.log.read_text()
        mail = log[log.rfind(address) :] if address in log else ""
        match = re.search(r"verify-email[^#?]*[#?]token=([\w.-]+)", mail)
        return match[1] if match else None

    token = await wait_until(find_token)
    confirmed = await api.request("POST", "/api/v1/auth/verify-email", json={"token": token})
    assert confirmed.status < 300, confirmed.json
