"""Logging in, registering and one's own account in a real browser."""

import asyncio
import re
import uuid
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.support.browser import (
    answer_with_problem,
    each_look,
    find_violations,
    open_as,
    open_page,
)
from tests.support.page_failures import PASSWORD
from tests.support.service_runner import ADMIN, ApiClient, Service

pytestmark = pytest.mark.once

NEW_PASSWORD = "a longer battery, stapled"


async def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Fill in the login and send it."""
    await page.get_by_label("Name or e-mail address").fill(name)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.keyboard.press("Enter")


def avatar(page: Page) -> Any:
    return page.locator(".header .avatar")


async def test_a_login_leads_on_to_the_wanted_page_and_survives_a_reload(
    service: Service, browser: Browser, account: str
) -> None:
    async with open_page(browser, f"{service.url}/?q=jaws") as page:
        await page.get_by_role("link", name="Log in").click()
        await log_in(page, f"{account}@example.org")
        await expect(page).to_have_url(f"{service.url}/?q=jaws")
        await expect(avatar(page)).to_have_attribute("title", account)
        await page.reload()
        await expect(avatar(page)).to_have_attribute("title", account)
        stored = await page.evaluate(
            "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
        )
        assert "eyJ" not in stored, "no token where a script can read it"
        [cookie] = await page.context.cookies(f"{service.url}/api/v1/auth/refresh")
        assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (
            "refresh",
            True,
            "Strict",
        )


async def test_a_foreign_address_is_not_followed_after_the_login(
    service: Service, browser: Browser, account: str
) -> None:
    for foreign in ("https://films.example/", "//films.example", "javascript:alert(1)"):
        async with open_page(browser, f"{service.url}/login?next={foreign}") as page:
            await log_in(page, account)
            await expect(avatar(page)).to_be_visible()
            assert page.url.startswith(f"{service.url}/")


async def test_a_wrong_password_is_explained_and_nothing_typed_is_lost(
    service: Service, browser: Browser, account: str
) -> None:
    async with open_page(browser, f"{service.url}/login", has_failures=True) as page:
        await log_in(page, account, "not the password")
        await expect(page.get_by_role("alert")).to_contain_text("Name or password is wrong")
        await expect(page.get_by_label("Name or e-mail address")).to_have_value(account)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(avatar(page)).to_be_visible()


async def test_registering_by_keyboard_alone_logs_in(service: Service, browser: Browser) -> None:
    name = f"user-{uuid.uuid4().hex[:12]}"
    async with open_page(browser, f"{service.url}/register") as page:
        await expect(page.get_by_label("Name", exact=True)).to_be_focused()
        await page.keyboard.type(name)
        await page.keyboard.press("Tab")
        await page.keyboard.type(f"{name}@example.org")
        await page.keyboard.press("Tab")
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(avatar(page)).to_have_attribute("title", name)


async def test_each_error_of_a_registration_is_at_its_field_and_the_first_is_focused(
    service: Service, browser: Browser, account: str
) -> None:
    async with open_page(browser, f"{service.url}/register", has_failures=True) as page:
        await page.get_by_role("button", name="Create the account").click()
        name = page.get_by_label("Name", exact=True)
        await expect(name).to_be_focused()
        await expect(name).to_have_attribute("aria-invalid", "true")
        await expect(page.locator(".field-error")).to_have_count(3)
        await name.fill("ab")
        await page.get_by_label("E-mail address").fill("nobody")
        password = page.get_by_label("Password", exact=True)
        await password.fill("short")
        await page.keyboard.press("Enter")
        await expect(page.locator(".field-error").nth(0)).to_contain_text("Must have 3 to 40")
        await expect(page.locator(".field-error").nth(1)).to_contain_text("e-mail address")
        await expect(page.locator(".field-error").nth(2)).to_contain_text("8 characters")
        error_id = await page.locator(".field-error").nth(2).get_attribute("id")
        assert error_id in str(await password.get_attribute("aria-describedby"))
        await expect(name).to_be_focused()
        await name.fill(f"{account}x")
        await page.get_by_label("E-mail address").fill("nobody@example.org")
        await password.fill("password123")
        await page.keyboard.press("Enter")
        await expect(page.locator(".field-error")).to_contain_text("Is easy to guess")
        await expect(password).to_be_focused()
        await name.fill(account)
        await password.fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator(".field-error")).to_have_text("This name is taken")
        await expect(password).to_have_value(PASSWORD)


@pytest.mark.parametrize(
    ("path", "answer", "shown"),
    [
        ("login", {"status": 500}, "Something went wrong"),
        ("login", {"status": 429, "code": "too_many_logins"}, "Too many requests"),
        ("login", {"status": 503}, "unavailable"),
        ("login", None, "cannot be reached"),
        ("register", {"status": 500}, "Something went wrong"),
        ("register", None, "cannot be reached"),
    ],
)
async def test_a_failed_request_is_explained_and_can_be_sent_again(
    service: Service,
    browser: Browser,
    account: str,
    path: str,
    answer: dict[str, Any] | None,
    shown: str,
) -> None:
    async with open_page(browser, f"{service.url}/{path}", has_failures=True) as page:

        async def fail(route: Route) -> None:
            await (answer_with_problem(route, **answer) if answer else route.abort())

        await page.route(f"**/auth/{path}", fail)
        if path == "register":
            await page.get_by_label("Name", exact=True).fill(f"{account}x")
            await page.get_by_label("E-mail address").fill(f"{account}x@example.org")
            await page.get_by_label("Password", exact=True).fill(PASSWORD)
            await page.keyboard.press("Enter")
        else:
            await log_in(page, account)
        await expect(page.get_by_role("alert")).to_contain_text(shown)
        await page.unroute(f"**/auth/{path}")
        await page.keyboard.press("Enter")
        await expect(avatar(page)).to_be_visible()


async def test_the_password_is_changed_once_the_present_one_is_right(
    service: Service, browser: Browser, account: str, api: ApiClient
) -> None:
    async with open_page(browser, f"{service.url}/account", has_failures=True) as page:
        await expect(page).to_have_url(re.compile(r"/login\?next=%2Faccount$"))
        await log_in(page, account)
        await expect(page.get_by_role("heading", name=account)).to_be_visible()
        current = page.get_by_label("Current password")
        await current.fill("not the password")
        await page.get_by_label("New password").fill(NEW_PASSWORD)
        await page.get_by_role("button", name="Change the password").click()
        await expect(page.locator(".field-error")).to_have_text("This is not your current password")
        await expect(current).to_be_focused()
        await current.fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("The password is changed")).to_be_visible()
        await expect(current).to_have_value("")
        await page.reload()
        await expect(page.get_by_role("heading", name=account)).to_be_visible()
    login = {"username": account, "password": NEW_PASSWORD}
    assert (await api.request("POST", "/api/v1/auth/login", json=login)).status == 200


async def test_who_sees_the_profile_and_the_language_of_mails_are_chosen_by_keyboard(
    service: Service, browser: Browser, api: ApiClient, account: str
) -> None:
    async with open_as(browser, api, "/account", (account, PASSWORD)) as page:
        await expect(page.get_by_label("Only you")).to_be_checked()
        await page.get_by_label("Only you").focus()
        async with page.expect_response("**/api/v1/me"):
            await page.keyboard.press("ArrowDown")
        await expect(page.get_by_label("Everybody")).to_be_checked()
        await expect(page.get_by_label("Everybody")).to_be_enabled()
        mails = page.get_by_role("group", name="Language of mails to you")
        await mails.get_by_label("That of your browser").focus()
        async with page.expect_response("**/api/v1/me"):
            await page.keyboard.press("ArrowUp")
        await page.reload()
        await expect(page.get_by_label("Everybody")).to_be_checked()
        await expect(mails.get_by_label("Deutsch")).to_be_checked()
    assert (await api.get(f"/api/v1/users/{account}")).status == 200


async def test_a_logout_leads_to_the_search_even_if_that_loads_slowly(
    service: Service, browser: Browser, account: str
) -> None:
    async with open_page(browser, f"{service.url}/login?next=/account") as page:

        async def wait_and_continue(requested_module: Route) -> None:
            await asyncio.sleep(0.5)
            await requested_module.continue_()

        await page.route("**/views/search.js", wait_and_continue)
        await log_in(page, account)
        await page.get_by_role("button", name="Log out", exact=True).click()
        await expect(page.get_by_role("heading", name="Well-known films")).to_be_visible()
        await expect(page).to_have_url(f"{service.url}/")


async def test_a_logout_in_one_tab_holds_in_the_other(
    service: Service, browser: Browser, account: str
) -> None:
    async with open_page(browser, f"{service.url}/login?next=/account") as page:
        await log_in(page, account)
        await expect(page.get_by_role("heading", name=account)).to_be_visible()
        other = await page.context.new_page()
        await other.goto(f"{service.url}/account")
        await expect(other.get_by_role("heading", name=account)).to_be_visible()
        await page.get_by_role("button", name="Log out", exact=True).click()
        await expect(page).to_have_url(f"{service.url}/")
        await expect(page.get_by_role("link", name="Log in")).to_be_visible()
        await expect(other).to_have_url(re.compile(r"/login\?next=%2Faccount$"))
        assert await page.context.cookies(f"{service.url}/api/v1/auth/refresh") == []


async def test_several_tabs_that_open_at_once_all_stay_logged_in(
    service: Service, browser: Browser, account: str
) -> None:
    async with open_page(browser, f"{service.url}/login?next=/account") as page:
        await log_in(page, account)
        await expect(avatar(page)).to_be_visible()
        tabs = [await page.context.new_page() for _ in range(4)]
        for tab in tabs:
            await tab.evaluate("address => { location.href = address }", f"{service.url}/account")
        for tab in [*tabs, page]:
            await expect(tab.get_by_role("heading", name=account)).to_be_visible()


async def test_a_logout_everywhere_is_asked_for_and_ends_other_browsers_sessions(
    service: Service, browser: Browser, account: str
) -> None:
    async with (
        open_page(browser, f"{service.url}/login?next=/account%3Ftab=sessions") as page,
        open_page(browser, f"{service.url}/login?next=/account", has_failures=True) as elsewhere,
    ):
        for tab in (page, elsewhere):
            await log_in(tab, account)
            await expect(tab.get_by_role("heading", name=account)).to_be_visible()
        await page.get_by_role("button", name="Log out everywhere").click()
        dialog = page.get_by_role("dialog")
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await page.get_by_role("button", name="Log out everywhere").click()
        await dialog.get_by_role("button", name="Log out everywhere").click()
        await expect(page.get_by_role("link", name="Log in")).to_be_visible()
        await elsewhere.reload()
        await expect(elsewhere).to_have_url(re.compile(r"/login\?next="))


@each_look
async def test_the_views_meet_the_rules_of_accessibility(
    service: Service, browser: Browser, scheme: str, width: int
) -> None:
    async with open_page(browser, f"{service.url}/register", scheme=scheme, width=width) as page:
        await page.get_by_role("button", name="Create the account").click()
        await expect(page.locator(".field-error")).to_have_count(3)
        assert await find_violations(page) == []
        await page.goto(f"{service.url}/login?next=/account")
        await expect(page.get_by_label("Name or e-mail address")).to_be_focused()
        assert await find_violations(page) == []
        await log_in(page, *ADMIN)
        await expect(page.get_by_role("heading", name=ADMIN[0])).to_be_visible()
        assert await find_violations(page) == []
        overflow = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0


async def test_the_account_view_switches_language_and_scheme(
    service: Service, browser: Browser, account: str
) -> None:
    async with open_page(browser, f"{service.url}/login?next=/account") as page:
        await log_in(page, account)
        choices = page.locator('[aria-labelledby="account-appearance"]')
        await choices.get_by_label("Deutsch").check()
        await expect(page.get_by_role("button", name="Passwort ändern")).to_be_visible()
        await choices.get_by_label("Dunkel").check()
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        await page.reload()
        await expect(page.locator("html")).to_have_attribute("lang", "de")
        await expect(page.get_by_role("button", name="Passwort ändern")).to_be_visible()
