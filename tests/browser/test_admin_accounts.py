"""Accounts, invites, mails and the audit log in the operator's view, in a real browser."""

import re
import uuid
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.support.admin_failures import (
    MAIL,
    MAILS,
    MAILS_TAB,
    USER,
    USERS,
    USERS_TAB,
    one_page,
)
from tests.support.browser import WIDTHS, answer_with_problem, assert_is_clean, open_as, open_page
from tests.support.page_failures import PASSWORD
from tests.support.service_runner import ADMIN, ApiClient

pytestmark = pytest.mark.once

HOSTILE = "<img src=x onerror=alert(1)>"


def rows(page: Page) -> Any:
    return page.locator(".row")


async def shorten(route: Route) -> None:
    """Ask for pages of one row."""
    await route.continue_(url=route.request.url.replace("limit=30", "limit=1"))


async def get_user(api: ApiClient, name: str) -> dict[str, Any] | None:
    """Return the account as the API lists it."""
    token = await api.admin_token()
    page = await api.get("/api/v1/admin/users", params={"q": name}, token=token)
    return next(iter(page.json["results"]), None)


async def test_an_account_is_made_found_changed_and_deleted(
    browser: Browser, api: ApiClient
) -> None:
    name = f"made-{uuid.uuid4().hex[:12]}"
    async with open_as(browser, api, USERS_TAB, ADMIN) as page:
        await page.get_by_role("button", name="New account").press("Enter")
        await page.keyboard.type(name)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text(f"The account “{name}” is made")).to_be_visible()
        await expect(page.get_by_role("heading", name="Accounts")).to_be_focused()
        await page.get_by_label("Find by name or address").fill(name)
        await expect(rows(page)).to_have_count(1)

        async def act(*buttons: str, done: str) -> None:
            await page.get_by_role("button", name=f"Manage {name}").press("Enter")
            for button in buttons:
                dialog = page.get_by_role("dialog")
                await dialog.get_by_role("button", name=button, exact=True).press("Enter")
            await expect(page.locator(".notice-title")).to_contain_text(done)

        await act("Make an admin", done="is an admin now")
        await expect(rows(page)).to_contain_text("Admin")
        await act("Withdraw the admin rights", done="no admin any more")
        await act("Disable the account", done="is disabled")
        await expect(rows(page)).to_contain_text("disabled")
        user = await get_user(api, name)
        assert user is not None
        assert (user["state"], user["is_admin"]) == ("disabled", False)
        await page.get_by_label("Show", exact=True).select_option("Disabled ones")
        await expect(rows(page)).to_have_count(1)
        await act("Enable the account", done="is enabled")
        await expect(page.get_by_text("No account fits.")).to_be_visible()
        await page.get_by_label("Show", exact=True).select_option("All accounts")
        await act("Log out everywhere", done="have ended")
        await act("Delete the account", "Delete the account", done="is deleted")
        await expect(page.get_by_text("No account fits.")).to_be_visible()
    assert await get_user(api, name) is None


async def test_errors_of_accounts_are_explained_and_names_stay_text(
    browser: Browser, api: ApiClient
) -> None:
    width = WIDTHS["phone"]
    async with open_as(browser, api, "/names", ADMIN, width=width, has_failures=True) as page:
        hostile = USER | {"username": HOSTILE, "email": f"{'x' * 200}@films.example"}
        await page.route(re.compile(USERS), lambda route: route.fulfill(json=one_page(hostile)))
        await page.route(
            "**/admin/users/*", lambda route: answer_with_problem(route, 409, code="last_admin")
        )
        await page.goto(api.service.url + USERS_TAB)
        await page.get_by_role("button", name="New account").click()
        await page.get_by_label("Name", exact=True).fill(ADMIN[0])
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator(".field-error")).to_have_text("This name is taken")
        await page.get_by_role("button", name=f"Manage {HOSTILE}").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("heading", name=HOSTILE)).to_be_visible()
        await dialog.get_by_role("button", name="Disable the account").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("This is the last admin")
        assert await page.locator("main img").count() == 0
        await assert_is_clean(page)


async def test_an_invite_is_a_link_that_fills_in_the_registration(
    browser: Browser, api: ApiClient
) -> None:
    async with open_as(browser, api, USERS_TAB, ADMIN) as page:
        await page.get_by_label("Valid for").select_option("1 day")
        await page.get_by_role("button", name="Make an invite").click()
        link = await page.get_by_label("The link", exact=True).input_value()
        assert link.startswith(f"{api.service.url}/register?invite=")
        await page.get_by_role("button", name="I have it").click()
        await expect(page.get_by_role("button", name="Make an invite")).to_be_focused()
    async with open_page(browser, link) as page:
        await expect(page.get_by_label("Invite")).to_have_value(link.partition("invite=")[2])


async def test_mails_are_listed_by_state_and_tried_again(browser: Browser, api: ApiClient) -> None:
    mails = [MAIL | {"reason": HOSTILE}, MAIL | {"id": "2", "state": "sent", "reason": None}]
    asked: list[str] = []
    async with open_as(browser, api, MAILS_TAB, ADMIN) as page:
        await expect(page.get_by_role("heading", name="Mails")).to_be_visible()
        await page.route(re.compile(MAILS), lambda route: route.fulfill(json=one_page(*mails)))
        await page.route(
            "**/admin/mail/*/retry",
            lambda route: (asked.append(route.request.url), route.fulfill(status=202, json=MAIL))[
                1
            ],
        )
        await page.get_by_role("button", name="Refresh").click()
        await expect(rows(page)).to_have_count(2)
        await expect(rows(page).first).to_contain_text("Password reset")
        await expect(rows(page).first).to_contain_text(HOSTILE)
        await expect(rows(page).nth(1).get_by_role("button")).to_have_count(0)
        mails[0] |= {"state": "waiting"}
        await page.get_by_role("button", name="Try the mail to ada@films.example again").click()
        await expect(rows(page).first).to_contain_text("waiting")
        assert [url.split("/")[-2] for url in asked] == [MAIL["id"]]
        async with page.expect_request(re.compile("state=given_up")):
            await page.get_by_label("Show", exact=True).select_option("given up")


async def test_the_audit_log_says_who_did_what_and_shows_the_history_of_one_thing(
    browser: Browser, api: ApiClient
) -> None:
    film = {"title": f"{HOSTILE} {uuid.uuid4().hex[:8]}", "year": 1999}
    token = await api.admin_token()
    added = await api.request("POST", "/api/v1/movies", json=film, token=token)
    path, headers = f"/api/v1/movies/{added.json['id']}", {"If-Match": "*"}
    await api.request("PATCH", path, json={"year": 1998}, token=token, headers=headers)
    async with open_as(browser, api, "/admin?tab=audit", ADMIN) as page:
        await page.get_by_label("What").select_option("Films")
        entry = rows(page).filter(has_text=film["title"]).first
        await expect(entry).to_contain_text("Film changed")
        await expect(entry).to_contain_text(f"{ADMIN[0]} · 127.0.0.1")
        await entry.get_by_role("link", name="History").click()
        await expect(rows(page)).to_have_count(2)
        await expect(rows(page).nth(1)).to_contain_text("Film added")
        await page.get_by_label("Who").select_option("Command line")
        await expect(page.get_by_text("There are no entries.")).to_be_visible()
        await page.get_by_label("Who").select_option("User")
        await page.get_by_label("Since").fill("2020-01-01")
        await page.keyboard.press("Tab")
        await expect(rows(page)).to_have_count(2)
        await rows(page).first.get_by_role("link", name=ADMIN[0]).click()
        await expect(page).to_have_url(re.compile("actor="))
        await page.route(re.compile("limit=30"), shorten)
        await page.get_by_role("link", name="Show all").click()
        await expect(rows(page)).to_have_count(1)
        await page.get_by_role("button", name="Show more").click()
        await expect(rows(page)).to_have_count(2)
        assert await page.locator("main img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_accounts_mails_and_audit_log_meet_the_rules_of_accessibility(
    browser: Browser, api: ApiClient, scheme: str
) -> None:
    options = {"width": WIDTHS["phone"], "scheme": scheme, "locale": "de-DE"}
    async with open_as(browser, api, USERS_TAB, ADMIN, **options) as page:
        await expect(rows(page).first).to_be_visible()
        await page.get_by_role("button", name="Neues Konto").click()
        await page.get_by_role("button", name="Einladung erzeugen").click()
        await expect(page.get_by_label("Der Link", exact=True)).to_be_focused()
        await assert_is_clean(page)
        await page.get_by_role("button", name="verwalten").first.click()
        await page.get_by_role("dialog").get_by_role("button", name="Konto löschen").click()
        await expect(page.get_by_role("heading", name="Dieses Konto löschen?")).to_be_visible()
        await assert_is_clean(page)
        await page.route(re.compile(MAILS), lambda route: route.fulfill(json=one_page(MAIL)))
        await page.goto(api.service.url + MAILS_TAB)
        await expect(rows(page)).to_contain_text("aufgegeben")
        await assert_is_clean(page)
        await page.goto(f"{api.service.url}/admin?tab=audit")
        await expect(rows(page).first).to_be_visible()
        await assert_is_clean(page)
