"""The plain forms that links in mails lead to, in a real browser."""

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser import find_violations
from tests.support.service_runner import Service

pytestmark = pytest.mark.once

TOKEN = "dG9rZW4tb2YtYS1saW5rLWluLWEtbWFpbC13aXRoLTQz"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_token_of_a_link_is_filled_in_and_leaves_the_address(
    service: Service, browser: Browser, scheme: str
) -> None:
    page = await browser.new_page(color_scheme=scheme, locale="en-GB")
    await page.goto(f"{service.url}/reset-password#token={TOKEN}")
    await expect(page.locator("#token")).to_have_value(TOKEN)
    await expect(page.locator("#token")).to_be_hidden()
    assert page.url == f"{service.url}/reset-password"
    assert await find_violations(page) == []
    await page.get_by_label("New password").fill("a longer battery, stapled")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("This link does not work.")
    assert await find_violations(page) == []
    await page.close()


async def test_without_scripts_the_link_is_pasted(service: Service, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="de-DE")
    page = await context.new_page()
    await page.goto(f"{service.url}/verify-email#token={TOKEN}")
    await page.get_by_label("Der Link aus der Mail").fill(page.url)
    await page.get_by_role("button", name="Adresse bestätigen").click()
    await expect(page.get_by_role("alert")).to_contain_text("Dieser Link funktioniert nicht.")
    await expect(page.locator("#token")).to_have_value(f"{service.url}/verify-email#token={TOKEN}")
    await context.close()
