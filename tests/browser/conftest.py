"""One browser for all tests of the page."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.support.browser import run_chromium


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with run_chromium() as started:
        yield started


def pytest_itemcollected(item: pytest.Item) -> None:
    """Run the tests of pages with one stack only: a browser cannot tell them apart."""
    item.add_marker("once")
