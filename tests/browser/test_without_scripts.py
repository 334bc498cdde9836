"""The document in a browser that runs no scripts."""

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser import open_page
from tests.support.service_runner import Service

pytestmark = pytest.mark.once


async def test_a_film_is_named_and_a_search_answers(service: Service, browser: Browser) -> None:
    address = f"{service.url}/film/tt0068646"
    async with open_page(browser, address, java_script_enabled=False) as page:
        await expect(page).to_have_title("The Godfather (1972) · Movies")
        await expect(page.get_by_role("heading", level=1)).to_have_text("The Godfather (1972)")
        await page.get_by_label("Title, director, year").fill("spilberg jaws")
        await page.get_by_role("button", name="Search").click()
        await expect(page).to_have_url(f"{service.url}/api/v1/search?q=spilberg+jaws")
        await expect(page.locator("body")).to_contain_text('"title":"Jaws"')


async def test_an_address_that_does_not_exist_says_so(service: Service, browser: Browser) -> None:
    async with open_page(
        browser, f"{service.url}/nothing/here", java_script_enabled=False, has_failures=True
    ) as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text("No such page")
