"""The sessions of an account, in a real browser."""

import re
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import WIDTHS, assert_is_clean, find_violations, has_overflow, open_as
from tests.support.page_failures import PASSWORD, SESSION, SESSIONS
from tests.support.service_runner import ApiClient

pytestmark = pytest.mark.once

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
HOSTILE = "<img src=x onerror=alert(1)>\u202e" + "x" * 200


def rows(page: Page) -> Any:
    return page.locator(".row")


async def log_in_elsewhere(api: ApiClient, name: str, client: str) -> str:
    """Start a session with this `User-Agent`; return its refresh token."""
    body = {"username": name, "password": PASSWORD}
    login = await api.request(
        "POST", "/api/v1/auth/login", json=body, headers={"User-Agent": client}
    )
    return str(login.json["refresh_token"])


async def test_a_session_elsewhere_is_ended_by_keyboard_and_this_one_goes_on(
    browser: Browser, api: ApiClient, account: str
) -> None:
    token = await log_in_elsewhere(api, account, FIREFOX)
    async with open_as(browser, api, SESSIONS, (account, PASSWORD)) as page:
        await expect(rows(page)).to_have_count(2)
        await expect(rows(page).first).to_contain_text("This browser")
        await expect(rows(page).nth(1)).to_contain_text("Firefox on Windows")
        await expect(rows(page).nth(1)).to_contain_text("127.0.0.1 · last seen")
        await page.get_by_role("button", name="End the session of Firefox on Windows").focus()
        await page.keyboard.press("Enter")
        await expect(rows(page)).to_have_count(1)
        await expect(page.get_by_role("heading", name="Sessions")).to_be_focused()
        await expect(page.get_by_role("status").last).to_contain_text("has ended")
        refreshed = await api.request("POST", "/api/v1/auth/refresh", json={"refresh_token": token})
        assert refreshed.status == 401
        await page.reload()
        await expect(rows(page)).to_have_count(1)


async def test_of_many_sessions_the_first_are_shown_and_names_of_programs_stay_text(
    browser: Browser, api: ApiClient, account: str
) -> None:
    clients = [HOSTILE, None, "curl/8.5.0", *["x/1"] * 4]
    sessions = [SESSION | {"id": str(n), "client": name} for n, name in enumerate(clients)]
    width = WIDTHS["phone"]
    async with open_as(browser, api, "/names", (account, PASSWORD), width=width) as page:
        await page.route(
            re.compile("/me/sessions$"), lambda route: route.fulfill(json={"results": sessions})
        )
        await page.goto(api.service.url + SESSIONS)
        await expect(rows(page)).to_have_count(5)
        await expect(rows(page).nth(0)).to_contain_text("<img")
        await expect(rows(page).nth(1)).to_contain_text("Unknown program")
        await expect(rows(page).nth(2)).to_contain_text("curl/8.5.0")
        assert await page.locator("main img").count() == 0
        assert not await has_overflow(page)
        await page.get_by_role("button", name="Show all 7").click()
        await expect(rows(page)).to_have_count(7)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_sessions_meet_the_rules_of_accessibility(
    browser: Browser, api: ApiClient, account: str, scheme: str
) -> None:
    await log_in_elsewhere(api, account, FIREFOX)
    phone = {"width": WIDTHS["phone"], "scheme": scheme, "locale": "de-DE"}
    async with open_as(browser, api, SESSIONS, (account, PASSWORD), **phone) as page:
        await expect(rows(page).nth(1)).to_contain_text("Firefox auf Windows")
        await assert_is_clean(page)
        await page.get_by_role("button", name="Überall abmelden").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        assert await find_violations(page) == []
