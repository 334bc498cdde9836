"""Deleting one's account and restoring it, in a real browser."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser import WIDTHS, assert_is_clean, open_as
from tests.support.page_failures import DATA, HIDDEN_SESSION, PASSWORD
from tests.support.service_runner import ADMIN, ApiClient

pytestmark = pytest.mark.once


async def test_an_account_is_deleted_by_keyboard_and_restored_after_a_login(
    browser: Browser, api: ApiClient, account: str
) -> None:
    user, url = (account, PASSWORD), api.service.url
    async with open_as(browser, api, DATA, user, has_failures=True) as page:
        await page.get_by_role("button", name="Delete my account").press("Enter")
        dialog = page.get_by_role("dialog", name="Delete your account?")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await page.get_by_role("button", name="Delete my account").press("Enter")
        await dialog.get_by_label("Password", exact=True).fill("not the password")
        await page.keyboard.press("Enter")
        await expect(dialog.locator(".field-error")).to_have_text(
            "This is not your current password"
        )
        await dialog.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(r"/login\?next="))
        await expect(page.get_by_text("Your account is deleted")).to_be_visible()
        await expect(page.locator(".notice-detail")).to_contain_text("It is erased on")
        await page.goto(f"{url}/login?next=/names")
        await page.get_by_label("Name or e-mail address").fill(account)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(
            page.get_by_role("heading", name="This account is to be erased")
        ).to_be_visible()
        await expect(page).to_have_url(f"{url}/account")
        await expect(page.get_by_role("link", name="API keys")).to_have_count(0)
        await page.get_by_role("button", name="Restore my account").press("Enter")
        await expect(page.get_by_role("link", name="API keys")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("link", name="API keys")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_deletion_and_restoration_meet_the_rules_of_accessibility(
    browser: Browser, api: ApiClient, scheme: str
) -> None:
    phone = {"width": WIDTHS["phone"], "scheme": scheme, "locale": "de-DE"}
    async with open_as(browser, api, DATA, ADMIN, **phone) as page:
        await page.get_by_role("button", name="Mein Konto löschen").click()
        await expect(page.get_by_role("dialog", name="Ihr Konto löschen?")).to_be_visible()
        await assert_is_clean(page)
        await page.route("**/auth/refresh", lambda route: route.fulfill(json=HIDDEN_SESSION))
        await page.goto(f"{api.service.url}/admin")
        await expect(page.get_by_role("button", name="Mein Konto wiederherstellen")).to_be_visible()
        await assert_is_clean(page)
