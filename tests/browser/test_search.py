"""The search view in a real browser."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import WIDTHS, find_violations, open_page
from tests.support.service_runner import Service

pytestmark = pytest.mark.once


def titles(page: Page):  # type: ignore[no-untyped-def]
    return page.locator(".film-card-title")


async def test_a_misspelt_title_is_found_letter_by_letter(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, service.url) as page:
        await expect(page.locator("#search-input")).to_be_focused()
        await page.keyboard.type("godfahter", delay=20)
        await expect(titles(page).first).to_have_text("The Godfather")
        await expect(page.locator(".correction")).to_contain_text("Showing results for")
        await expect(page).to_have_url(f"{service.url}/?q=godfahter")


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_results_meet_the_rules_of_accessibility(
    service: Service, browser: Browser, scheme: str, width: int
) -> None:
    address = f"{service.url}/?q=godfahter&genre=Drama"
    async with open_page(browser, address, scheme=scheme, width=width) as page:
        await expect(titles(page).first).to_be_visible()
        assert await find_violations(page) == []
