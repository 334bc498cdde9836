"""One browser for all tests of the page."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.support.browser import run_chromium


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with run_chromium() as started:
        yield started
