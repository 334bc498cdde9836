"""One browser for all tests of the page."""

import uuid
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.support.browser import run_chromium
from tests.support.page_failures import PASSWORD
from tests.support.service_runner import ApiClient


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with run_chromium() as started:
        yield started


@pytest.fixture
async def account(api: ApiClient) -> str:
    """Return the name of a new account."""
    name = f"user-{uuid.uuid4().hex[:12]}"
    body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    registered = await api.request("POST", "/api/v1/auth/register", json=body)
    assert registered.status == 201, registered.json
    return name
