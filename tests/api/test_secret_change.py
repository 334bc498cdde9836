"""The JWT secret changes: a second service has the next one, and accepts what the first signed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support import service_runner
from tests.support.api_accounts import PASSWORD, create_user
from tests.support.service_runner import JWT_SECRET, ApiClient, Service

NEXT_SECRET = "the secret that comes after the one of tests, 32+"


@pytest.fixture(scope="module")
async def successor(
    service: Service, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """Yield a second service on the same database, with the next secret."""
    previous: Path = tmp_path_factory.mktemp("secrets") / "previous"
    previous.write_text(f"{JWT_SECRET}\n")
    settings = {
        **service.environment,
        "JWT_SECRET": NEXT_SECRET,
        "JWT_SECRET_PREVIOUS_FILE": str(previous),
        "CACHE_URL": "memory://",
        "INDEXER": "external",
    }
    async with service_runner.open_in_thread(service_runner.run_service(settings)) as started:
        yield started


@pytest.fixture
async def next_api(successor: Service) -> AsyncIterator[ApiClient]:
    async with ApiClient.connect(successor) as client:
        yield client


async def test_tokens_and_cursors_of_the_previous_secret_stay_valid(
    api: ApiClient, next_api: ApiClient
) -> None:
    user = await create_user(api)
    account = await next_api.get("/api/v1/me", token=user.token)
    assert (account.status, account.json["username"]) == (200, user.name)
    first_page = await api.get("/api/v1/movies?limit=2&sort=title")
    second_page = await next_api.get(first_page.json["next"])
    assert second_page.status == 200, second_page.json
    assert second_page.json["results"]


async def test_a_session_goes_on_and_only_its_new_tokens_have_the_new_secret(
    api: ApiClient, next_api: ApiClient
) -> None:
    user = await create_user(api)
    credentials = {"username": user.name, "password": PASSWORD}
    session = (await api.request("POST", "/api/v1/auth/login", json=credentials)).json
    body = {"refresh_token": session["refresh_token"]}
    renewed = await next_api.request("POST", "/api/v1/auth/refresh", json=body)
    assert renewed.status == 200, renewed.json
    token = renewed.json["access_token"]
    assert (await next_api.get("/api/v1/me", token=token)).status == 200
    refused = await api.get("/api/v1/me", token=token)
    assert (refused.status, refused.json["code"]) == (401, "invalid_token")
    again = await next_api.request("POST", "/api/v1/auth/refresh", json=body)
    assert again.json["refresh_token"] == renewed.json["refresh_token"], "the answer was lost"
