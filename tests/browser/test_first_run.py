"""The first steps of an operator, on the start page in a real browser."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import answer_with_problem, each_look, find_violations, open_page
from tests.support.service_runner import Service

pytestmark = pytest.mark.once

STATUS = "**/api/v1/status"
FACETS = ("genre", "type", "decade", "rating", "language", "country")
EMPTY = {
    "results": [],
    "total": {"value": 0, "relation": "eq"},
    "facets": {name: [] for name in FACETS},
    "next": None,
    "previous": None,
    "degraded": [],
}


async def set_up(page: Page, **setup: Any) -> None:
    """Have the page learn this of the service from now on."""
    await page.unroute(STATUS)
    body = {"status": "OK", "database": "Connected", "setup": setup}
    await page.route(STATUS, lambda route: route.fulfill(json=body))


async def test_with_only_the_samples_the_steps_that_are_left_are_shown(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, f"{service.url}/robots.txt") as page:
        await set_up(page, films="samples", lookups=True, admin=True)
        await page.goto(service.url)
        panel = page.get_by_role("region", name="Make this service your own")
        await expect(panel).to_contain_text("movies load FILE")
        await expect(panel.locator(".first-run-done")).to_have_count(2)
        await expect(panel).not_to_contain_text("movies create-admin")
        await page.get_by_role("button", name="Hide these steps").click()
        await expect(panel).to_have_count(0)
        await page.reload()
        await expect(page.locator(".film-card").first).to_be_visible()
        await expect(panel).to_have_count(0)


async def test_each_step_is_ticked_as_it_is_done_and_the_last_one_ends_the_panel(
    service: Service, browser: Browser
) -> None:
    async with open_page(browser, f"{service.url}/robots.txt") as page:
        await page.clock.install()
        await set_up(page, films="samples", lookups=False, admin=False)
        await page.goto(service.url)
        panel = page.get_by_role("region", name="Make this service your own")
        await expect(panel).to_contain_text("OMDB_API_KEY=")
        await expect(panel).to_contain_text("movies create-admin NAME")
        await set_up(page, films="own", lookups=False, admin=False)
        await page.clock.fast_forward(6000)
        await expect(panel.locator(".first-run-done")).to_have_text("Load your films Done")
        await set_up(page, films="own", lookups=False, admin=True)
        await page.clock.fast_forward(6000)
        await expect(panel).to_have_count(0)


async def test_other_machines_do_not_learn_of_the_admin(service: Service, browser: Browser) -> None:
    async with open_page(browser, f"{service.url}/robots.txt") as page:
        await set_up(page, films="samples", lookups=False, admin=None)
        await page.goto(service.url)
        await expect(page.locator(".first-run-steps li")).to_have_count(2)


async def test_an_empty_catalogue_says_how_to_fill_it(service: Service, browser: Browser) -> None:
    async with open_page(browser, f"{service.url}/robots.txt") as page:
        await page.clock.install()
        await set_up(page, films="none", lookups=False, admin=False)
        await page.route("**/api/v1/movies?*", lambda route: route.fulfill(json=EMPTY))
        await page.goto(service.url)
        panel = page.get_by_role("region", name="There are no films yet")
        await expect(panel).to_contain_text("movies load --sample")
        await expect(page.get_by_role("button", name="Hide these steps")).to_have_count(0)
        await expect(page.get_by_text("No film found")).to_have_count(0)
        assert await find_violations(page) == []
        await set_up(page, films="samples", lookups=False, admin=False)
        await page.clock.fast_forward(6000)
        await expect(page.get_by_text("The films are being indexed")).to_be_visible()
        await page.unroute("**/api/v1/movies?*")
        await page.clock.fast_forward(6000)
        await expect(page.locator(".film-card").first).to_be_visible()


async def test_without_a_status_the_start_page_is_whole(service: Service, browser: Browser) -> None:
    async with open_page(browser, f"{service.url}/robots.txt", has_failures=True) as page:
        await page.route(STATUS, answer_status_with_error)
        await page.goto(service.url)
        await expect(page.locator(".film-card").first).to_be_visible()
        await expect(page.locator(".first-run")).to_have_count(0)


async def answer_status_with_error(route: Any) -> None:
    await answer_with_problem(route, 503)


@each_look
async def test_the_steps_meet_the_rules_of_accessibility(
    service: Service, browser: Browser, scheme: str, width: int
) -> None:
    address = f"{service.url}/robots.txt"
    async with open_page(browser, address, scheme=scheme, width=width) as page:
        await set_up(page, films="samples", lookups=False, admin=False)
        await page.goto(service.url)
        await expect(page.locator(".first-run")).to_be_visible()
        assert await find_violations(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
